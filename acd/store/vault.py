"""The vault: the one table where callers' numbers lie, each under a random token and with a deadline."""

import secrets
from collections.abc import Collection

import phonenumbers
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.numbering import REGION, read
from acd.store.scrubbing import Scrubbing
from acd.store.tables import numbers

DAY_MS = 86_400_000
WITHHELD = frozenset({"", "anonymous", "unknown", "withheld", "private", "restricted", "unavailable"})


def normal(number: str) -> str:
    """A telephone number in E.164, or "" for what is none. Nothing but digits and + comes out. Whoever is
    called (acd.dialling) has the token of their number, however it was written."""
    if number.strip().lower() in WITHHELD or len(number) > 64:
        return ""
    try:
        parsed = read(number) or phonenumbers.parse(number, REGION)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


class SqlVault:
    """Implements ports.Vault. A number's deadline is set when it is first seen, and extended only for who is
    promised a call."""

    def __init__(self, engine: AsyncEngine, days: int, switchboards: list[str]) -> None:
        self._engine = engine
        self.scrubbing = Scrubbing(engine)
        self.use(days, switchboards)

    def use(self, days: int, switchboards: list[str]) -> None:
        """From now on new numbers are kept so long; deadlines that were set stay."""
        self._keep_ms = days * DAY_MS
        self._switchboards = {normal(number) for number in switchboards}

    async def token(self, number: str, now_ms: int) -> str:
        plain = normal(number)
        if not plain or plain in self._switchboards or not self._keep_ms:
            return ""
        mine = numbers.c.number == plain
        async with self._engine.begin() as connection:
            await connection.execute(delete(numbers).where(mine, numbers.c.forget_ms <= now_ms))
            known = (await connection.execute(select(numbers.c.token).where(mine))).scalar()
            if known:
                return str(known)
            made = secrets.token_hex(16)
            row = {"token": made, "number": plain, "forget_ms": now_ms + self._keep_ms}
            try:
                async with connection.begin_nested():
                    await connection.execute(insert(numbers), row)
            except IntegrityError:
                return str((await connection.execute(select(numbers.c.token).where(mine))).scalar() or "")
            return made

    async def promised(self, number: str, now_ms: int, until_ms: int) -> str:
        token = await self.token(number, now_ms)
        if token:
            sooner = (numbers.c.token == token) & (numbers.c.forget_ms < until_ms)
            async with self._engine.begin() as connection:
                await connection.execute(update(numbers).where(sooner).values(forget_ms=until_ms))
        return token

    async def known(self, number: str) -> str:
        """The token of a number, "" if it has none."""
        async with self._engine.connect() as connection:
            mine = select(numbers.c.token).where(numbers.c.number == normal(number))
            return str((await connection.execute(mine)).scalar() or "")

    async def until(self, token: str) -> int:
        """When its number is forgotten (epoch ms); 0 if it is not known."""
        async with self._engine.connect() as connection:
            mine = select(numbers.c.forget_ms).where(numbers.c.token == token)
            return int((await connection.execute(mine)).scalar() or 0)

    async def number(self, token: str) -> str:
        async with self._engine.connect() as connection:
            mine = select(numbers.c.number).where(numbers.c.token == token)
            return str((await connection.execute(mine)).scalar() or "")

    async def leading(self, tokens: Collection[str]) -> set[str]:
        """Those of these that still lead to a number."""
        async with self._engine.connect() as connection:
            mine = select(numbers.c.token).where(numbers.c.token.in_(list(tokens)))
            return set((await connection.execute(mine)).scalars())

    async def erase(self, number: str) -> bool:
        async with self._engine.begin() as connection:
            gone = await connection.execute(delete(numbers).where(numbers.c.number == normal(number)))
        await self.scrubbing.now()
        return bool(gone.rowcount)

    async def purge(self, now_ms: int) -> int:
        async with self._engine.begin() as connection:
            gone = await connection.execute(delete(numbers).where(numbers.c.forget_ms <= now_ms))
        return await self.scrubbing.after(gone.rowcount)

    async def close(self) -> None:
        await self._engine.dispose()
