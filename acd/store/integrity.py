"""Looks whether SQLite's files are whole, beside the serving: at the start, and once a day."""

import asyncio
from collections.abc import Mapping

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.store.open import BROKEN

DAY_S = 86_400.0

log = structlog.get_logger(__name__)


class Integrity:
    """engines: by store. trouble: "" while no damage is known, else one sentence with what to do."""

    def __init__(self, engines: Mapping[str, AsyncEngine]) -> None:
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
        """Once through every file; a thread of SQLite's own does the work."""
        found = [said for store, engine in self._engines.items() if (said := await _look(store, engine))]
        self.trouble = "; ".join(found)
        for said in found:
            log.error("a store is damaged", why=said)


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
