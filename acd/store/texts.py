"""Free text of the staff, in the vault: under a random reference, about a caller's token, with a deadline.

Journal, records and audit hold the reference; what is erased here is gone everywhere.
"""

import json
import re
import secrets
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.store.plain import plain
from acd.store.scrubbing import Scrubbing
from acd.store.tables import texts

DAY_MS = 86_400_000
FIELD_MAX = 500
FIELDS_MAX = 8
REFS_MAX = 200
NAME_MAX = 40
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ufeff]")
"""Control characters, and marks that are not seen or turn the direction of what follows."""


def cleaned(text: str) -> str:
    """One line of FIELD_MAX characters at most, without what hides or turns others around it."""
    return plain(" ".join(_HIDDEN.sub(" ", text).split()), FIELD_MAX)


class SqlTexts:
    """Implements acd.desk.Texts. scrubbing: of the vault that they lie in."""

    def __init__(self, engine: AsyncEngine, scrubbing: Scrubbing, days: int) -> None:
        self._engine = engine
        self._scrubbing = scrubbing
        self.use(days)

    def use(self, days: int) -> None:
        """From now on new ones are kept so long; deadlines that were set stay."""
        self._keep_ms = days * DAY_MS

    async def keep(self, text: Mapping[str, str], about: str, by: str, now_ms: int) -> str:
        """Its reference. Fields that are empty are left out; each is cut to FIELD_MAX characters."""
        named = list(text.items())[:FIELDS_MAX]
        fields = {name[:NAME_MAX]: said for name, value in named if (said := cleaned(value))}
        ref = secrets.token_hex(16)
        row = {
            "ref": ref,
            "about": about[:40],
            "by": plain(by, 80),
            "at_ms": now_ms,
            "forget_ms": now_ms + self._keep_ms,
            "fields": json.dumps(fields, ensure_ascii=False),
        }
        async with self._engine.begin() as connection:
            await connection.execute(insert(texts), row)
        return ref

    async def read(self, refs: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """Those of the first REFS_MAX that are still there."""
        query = select(texts.c.ref, texts.c.fields).where(texts.c.ref.in_(list(refs)[:REFS_MAX]))
        async with self._engine.connect() as connection:
            return {row.ref: json.loads(row.fields) for row in await connection.execute(query)}

    async def erase(self, ref: str) -> bool:
        """Forget one for good; True if it was there. Raises StillInTheLog."""
        async with self._engine.begin() as connection:
            gone = await connection.execute(delete(texts).where(texts.c.ref == ref))
        await self._scrubbing.now()
        return bool(gone.rowcount)

    async def erase_about(self, about: str) -> int:
        """Forget all about a token; how many there were. Raises StillInTheLog."""
        async with self._engine.begin() as connection:
            gone = await connection.execute(delete(texts).where(texts.c.about == about))
        await self._scrubbing.now()
        return int(gone.rowcount)

    async def about(self, about: str) -> list[tuple[int, int, Mapping[str, str]]]:
        """All about a token: since when, until when (epoch ms), the text; the oldest first."""
        query = select(texts.c.at_ms, texts.c.forget_ms, texts.c.fields).where(texts.c.about == about)
        async with self._engine.connect() as connection:
            rows = await connection.execute(query.order_by(texts.c.at_ms))
            return [(row.at_ms, row.forget_ms, json.loads(row.fields)) for row in rows]

    async def purge(self, now_ms: int) -> int:
        """Forget every one past its deadline; how many. Raises StillInTheLog."""
        async with self._engine.begin() as connection:
            gone = await connection.execute(delete(texts).where(texts.c.forget_ms <= now_ms))
        return await self._scrubbing.after(gone.rowcount)
