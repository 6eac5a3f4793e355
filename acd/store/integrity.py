"""Looks whether what is stored is whole, beside the serving: at the start, and once a day."""

import asyncio
from collections.abc import Mapping

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.store.journal import SqlJournal
from acd.store.open import BROKEN

DAY_S = 86_400.0

log = structlog.get_logger(__name__)


class Integrity:
    """engines: by store; SQLite's are looked through. journal: its events have checksums of their own.

    trouble: "" while no damage of a file is known, else one sentence with what to do; the journal says itself
    which of its events are damaged.
    """

    def __init__(self, engines: Mapping[str, AsyncEngine], journal: SqlJournal) -> None:
        self._journal = journal
        self._engines = {
            store: engine for store, engine in engines.items() if engine.dialect.name == "sqlite"
        }
        self.trouble = ""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(DAY_S)

    async def look(self) -> None:
        """Once through everything; the work is done in threads."""
        found = [said for store, engine in self._engines.items() if (said := await _look(store, engine))]
        self.trouble = "; ".join(found)
        for said in found:
            log.error("a store is damaged", why=said)
        if not found:
            await self._journal.check()


async def _look(store: str, engine: AsyncEngine) -> str:
    try:
        async with engine.connect() as connection:
            row = (await connection.execute(text("PRAGMA quick_check(1)"))).scalar()
    except SQLAlchemyError as fault:
        row = str(getattr(fault, "orig", None) or fault)
    if row == "ok":
        return ""
    said = " ".join(str(row).split())[:120]
    return (
        f"{engine.url.database}: is damaged ({said}); stop the daemon, and restore it from the backup, or "
        f"move it away with its -wal and -shm: {BROKEN[store]}"
    )
