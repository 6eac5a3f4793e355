"""Proof by case number and PIN that a caller may hear in what state a case is: keyed hashes, locks, a cap."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from datetime import date
from hashlib import blake2b
from hmac import compare_digest
from typing import Final, Literal, NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.store.tables import case_failures, case_files, case_pins
from config.cases_csv import is_pin

KEY_BYTES: Final = 32
ALL: Final = "*"
NONE: Final = "?"
"""No case is called so: numbers of cases begin with a letter or a digit."""
_SALT: Final = bytes(16)


class Limits(NamedTuple):
    """Failures of one case, and over all, in a day: then the case is refused whatever is keyed, and the line
    is closed for everybody."""

    per_case: int
    over_all: int


class Proved(NamedTuple):
    """became: "heard", with the state; "refused", whatever the reason; "closed" for today, for everybody."""

    became: Literal["heard", "refused", "closed"]
    state: str = ""


REFUSED: Final = Proved("refused")
CLOSED: Final = Proved("closed")


def digest(key: bytes, salt: bytes, reference: str, pin: str) -> bytes:
    """What is kept of a PIN."""
    said = f"{reference}\0{pin}".encode()
    return blake2b(said, key=key, salt=salt, person=b"case line", digest_size=32).digest()


async def drop_pins(connection: AsyncConnection) -> None:
    """Forget those of cases that are no longer known."""
    known = select(case_files.c.reference)
    gone = case_pins.c.reference.not_in(known) & (case_pins.c.reference != NONE)
    await connection.execute(delete(case_pins).where(gone))
    counts = case_failures.c.reference.not_in(known) & case_failures.c.reference.not_in((ALL, NONE))
    await connection.execute(delete(case_failures).where(counts))


async def keep_pins(connection: AsyncConnection, key: bytes, pins: Mapping[str, str]) -> None:
    """From now on these are the PINs, by case; of no other case one is known.

    NONE has a digest too, by which another key is seen. Each gets its count of failures at once, so that a
    first try costs what a try of an unknown case does.
    """
    rows = [
        {"reference": reference, "salt": salt, "digest": digest(key, salt, reference, pin)}
        for reference, pin in (*pins.items(), (NONE, ""))
        for salt in (secrets.token_bytes(len(_SALT)),)
    ]
    await connection.execute(delete(case_pins))
    if rows:
        await connection.execute(insert(case_pins), rows)
    counted = set((await connection.execute(select(case_failures.c.reference))).scalars())
    wanted = {*pins, ALL, NONE}
    if new := [{"reference": each, "day": 0, "times": 0} for each in sorted(wanted - counted)]:
        await connection.execute(insert(case_failures), new)
    if over := [{"gone": each} for each in sorted(counted - wanted)]:
        await connection.execute(
            delete(case_failures).where(case_failures.c.reference == bindparam("gone")), over
        )


class CaseProof:
    """today: by the centre's calendar.

    An unknown case and a wrong PIN cost the same work and have the same answer, and so has a locked case.
    """

    def __init__(
        self, engine: AsyncEngine, key: bytes, today: Callable[[], date], limits: Callable[[], Limits]
    ) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self._engine = engine
        self._key = key
        self._today = today
        self._limits = limits
        self._one = asyncio.Lock()

    async def fits(self) -> bool:
        """Whether the PINs were kept with this key, if there are any."""
        query = select(case_pins.c.salt, case_pins.c.digest).where(case_pins.c.reference == NONE)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return row is None or compare_digest(digest(self._key, row.salt, NONE, ""), row.digest)

    async def closed(self) -> bool:
        """Whether the line is closed for today: there were too many failures."""
        async with self._engine.connect() as connection:
            failed = await self._times(connection, ALL, self._today().toordinal())
        return failed >= self._limits().over_all

    async def prove(self, reference: str, pin: str) -> Proved:
        """What may be said to who keyed this. One at a time: tries side by side gain nothing.

        Raises what the driver does; nothing is said then.
        """
        if not reference.isalnum() or not reference.isascii():
            reference = NONE
        async with self._one, self._engine.begin() as connection:
            day, limits = self._today().toordinal(), self._limits()
            # Counted first, so that who breaks off while it is compared was counted; it takes the lock, too.
            for each in (ALL, NONE):
                await self._made(connection, each)
            query = (
                select(case_pins, case_files.c.state)
                .join(case_files, case_files.c.reference == case_pins.c.reference)
                .where(case_pins.c.reference == reference)
            )
            row = (await connection.execute(query)).first()
            counted = reference if row else NONE
            await self._made(connection, counted)
            in_all = await self._times(connection, ALL, day)
            of_case = await self._times(connection, counted, day)
            salt, kept = (row.salt, row.digest) if row else (_SALT, bytes(32))
            same = compare_digest(digest(self._key, salt, reference, pin), kept)
            right = same and row is not None and of_case < limits.per_case and is_pin(pin)
            more = 0 if right or not is_pin(pin) or in_all >= limits.over_all else 1
            await self._count(connection, ALL, day, in_all + more)
            await self._count(connection, counted, day, of_case + more)
        if in_all >= limits.over_all:
            return CLOSED
        return Proved("heard", str(row.state)) if right and row is not None else REFUSED

    async def _times(self, connection: AsyncConnection, reference: str, day: int) -> int:
        mine = case_failures.c.reference == reference, case_failures.c.day == day
        return int((await connection.execute(select(case_failures.c.times).where(*mine))).scalar() or 0)

    async def _made(self, connection: AsyncConnection, reference: str) -> None:
        """A row of its own; also the write that keeps others from writing until we are done."""
        mine = case_failures.c.reference == reference
        changed = await connection.execute(
            update(case_failures).where(mine).values(times=case_failures.c.times)
        )
        if not changed.rowcount:
            await connection.execute(insert(case_failures), {"reference": reference, "day": 0, "times": 0})

    async def _count(self, connection: AsyncConnection, reference: str, day: int, times: int) -> None:
        mine = case_failures.c.reference == reference
        await connection.execute(update(case_failures).where(mine).values(day=day, times=times))
