"""Deleted bytes leave the files of vault and records: SQLite zeroes them, and its log is emptied."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


class StillInTheLog(Exception):
    """Deleted bytes are still in SQLite's log, since others hold it; the message says so. gone: how many
    rows were deleted nevertheless."""

    gone = 0


class Scrubbing:
    """Of one store. due: it was not possible last time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.due = False

    async def now(self) -> None:
        """Raises StillInTheLog."""
        if self._engine.dialect.name == "sqlite":
            self.due = True
            async with self._engine.connect() as connection:
                busy = (await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))).one()[0]
            if busy:
                raise StillInTheLog(
                    "deleted, but the database's log still holds it while another program reads"
                )
            self.due = False

    async def after(self, gone: int) -> int:
        """So many rows were just deleted. Raises StillInTheLog, which tells how many."""
        if gone or self.due:
            try:
                await self.now()
            except StillInTheLog as fault:
                fault.gone = gone
                raise
        return gone
