"""The audit: who did what to whom when and why, and what was denied. Only appended to; never a secret."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.identity import Audited
from acd.store import tables
from acd.store.plain import plain

DENIED_A_MINUTE: Final = 60
"""Denied attempts that are written down; of the others their number is, so that nobody fills the disk."""
PAGE_MAX: Final = 500
MINUTE_MS: Final = 60_000


class Audit:
    """Lines are written in the transaction of what they are about."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._minute = 0
        self._denied = 0

    async def done(
        self,
        connection: AsyncConnection,
        actor: str,
        action: str,
        subject: str = "",
        reason: str = "",
        address: str = "",
    ) -> None:
        """What was done, and allowed."""
        await self._write(connection, actor, action, subject, reason, True, address)

    async def denied(
        self,
        connection: AsyncConnection,
        actor: str,
        action: str,
        subject: str = "",
        reason: str = "",
        address: str = "",
    ) -> None:
        """What was tried in vain; at most so many a minute, then how many more there were."""
        minute = self._now_ms() // MINUTE_MS
        if minute != self._minute:
            left_out = self._denied - DENIED_A_MINUTE
            self._minute, self._denied = minute, 0
            if left_out > 0:
                await self._write(connection, "daemon", "denied", "", f"{left_out} more left out", False, "")
        self._denied += 1
        if self._denied <= DENIED_A_MINUTE:
            await self._write(connection, actor, action, subject, reason, False, address)

    async def _write(
        self,
        connection: AsyncConnection,
        actor: str,
        action: str,
        subject: str,
        reason: str,
        allowed: bool,
        address: str,
    ) -> None:
        row = {
            "at_ms": self._now_ms(),
            "actor": plain(actor, 80),
            "action": plain(action, 40),
            "subject": plain(subject, 120),
            "reason": plain(reason, 200),
            "allowed": allowed,
            "address": plain(address, 60),
        }
        await connection.execute(insert(tables.audit), row)


async def commanded(engine: AsyncEngine, actor: str, action: str, subject: str = "") -> None:
    """What an `acd` command did on the stores itself."""
    async with engine.begin() as connection:
        await Audit(lambda: time.time_ns() // 1_000_000).done(connection, actor, action, subject)


async def purge(connection: AsyncConnection, before_ms: int) -> int:
    """What is older goes; returns how many lines. The database refuses what is younger than a year."""
    gone = await connection.execute(delete(tables.audit).where(tables.audit.c.at_ms < before_ms))
    return int(gone.rowcount)


async def lines(connection: AsyncConnection, before: int, limit: int) -> Sequence[Audited]:
    """The newest first, from below the id `before`; 0: from the newest."""
    query = select(tables.audit).order_by(tables.audit.c.id.desc()).limit(max(1, min(limit, PAGE_MAX)))
    if before > 0:
        query = query.where(tables.audit.c.id < before)
    return [Audited(*row) for row in await connection.execute(query)]
