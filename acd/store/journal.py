"""The journal on a database: one commit a batch, on a connection of its own."""

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.ports import JournalRefused, Snapshot
from acd.store import codec
from acd.store.tables import blobs, events, skipped, snapshots
from routing.events import Envelope, TermBegan

PAGE = 2_000
SNAPSHOTS_KEPT = 3
CHECKPOINT_EVERY = 500
"""Batches between two checkpoints of SQLite's write-ahead log."""


class SqlJournal:
    """Implements ports.Journal. Make one with `SqlJournal.open`."""

    def __init__(self, engine: AsyncEngine, connection: AsyncConnection) -> None:
        self._engine = engine
        self._connection = connection
        self._sqlite = engine.dialect.name == "sqlite"
        self._blobs: set[str] = set()
        self._batches = 0

    @classmethod
    async def open(cls, engine: AsyncEngine) -> "SqlJournal":
        """Take a connection and keep it."""
        return cls(engine, await engine.connect())

    async def append(self, batch: Sequence[Envelope]) -> None:
        rows, new = [], {}
        for envelope in batch:
            row = codec.encode(envelope.event)
            if row.blob and row.body not in self._blobs:
                new[row.body] = row.blob
            rows.append(
                {
                    "seq": envelope.seq,
                    "term": envelope.term,
                    "at_ms": envelope.at_ms,
                    "kind": row.kind,
                    "version": row.version,
                    "actor": envelope.actor[:80],
                    "reason": envelope.reason[:200],
                    "cause": envelope.cause,
                    "body": row.body,
                }
            )
        durable = self._sqlite and any(isinstance(envelope.event, TermBegan) for envelope in batch)
        try:
            if durable:
                await self._pragma("synchronous=FULL")
            for digest, value in new.items():
                await self._keep(digest, value)
            await self._connection.execute(insert(events), rows)
            await self._connection.commit()
            if durable:
                await self._pragma("synchronous=NORMAL")
        except (SQLAlchemyError, OSError) as fault:
            await self._recover()
            raise JournalRefused(self._why(fault)) from None
        self._blobs |= set(new)
        self._batches += 1
        if self._sqlite and self._batches % CHECKPOINT_EVERY == 0:
            await self._checkpoint()

    async def _pragma(self, pragma: str) -> None:
        await self._connection.execute(text(f"PRAGMA {pragma}"))
        await self._connection.commit()

    async def _keep(self, digest: str, value: str) -> None:
        there = await self._connection.execute(select(blobs.c.digest).where(blobs.c.digest == digest))
        if there.first() is None:
            await self._connection.execute(insert(blobs), {"digest": digest, "value": value})

    async def _recover(self) -> None:
        """After a failure: roll back, or take a new connection if this one is dead."""
        try:
            await self._connection.rollback()
        except (SQLAlchemyError, OSError):
            await self._connection.invalidate()
        if self._connection.invalidated or self._connection.closed:
            try:
                self._connection = await self._engine.connect()
            except (SQLAlchemyError, OSError):
                return

    def _why(self, fault: Exception) -> str:
        origin = getattr(fault, "orig", None) or fault
        said = str(origin).splitlines()[0][:160] if str(origin) else type(origin).__name__
        hint = ": another daemon writes to this journal" if "UNIQUE" in said or "unique" in said else ""
        return f"the journal takes nothing ({said}){hint}"

    async def _checkpoint(self) -> None:
        async with self._engine.connect() as other:
            await other.execute(text("PRAGMA wal_checkpoint(PASSIVE)"))

    async def read(self, after: int) -> AsyncIterator[Envelope]:
        values: dict[str, str] = {}
        hidden = select(skipped.c.seq)
        while True:
            query = (
                select(events)
                .where(events.c.seq > after, events.c.seq.not_in(hidden))
                .order_by(events.c.seq)
                .limit(PAGE)
            )
            async with self._engine.connect() as connection:
                rows = (await connection.execute(query)).all()
                wanted = {row.body for row in rows if row.kind in codec.WITH_BLOB}
                if missing := wanted - values.keys():
                    found = await connection.execute(select(blobs).where(blobs.c.digest.in_(missing)))
                    values |= {row.digest: row.value for row in found}
            for row in rows:
                after = row.seq
                event = codec.decode(row.kind, row.version, row.body, values.get(row.body, ""))
                yield Envelope(row.seq, row.term, row.at_ms, row.actor, row.reason, row.cause, event)
            if len(rows) < PAGE:
                return

    async def last(self) -> tuple[int, int, int]:
        query = select(events.c.seq, events.c.term, events.c.at_ms).order_by(events.c.seq.desc()).limit(1)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return (row.seq, row.term, row.at_ms) if row else (0, 0, 0)

    async def skip(self, seq: int, error: str) -> None:
        await self._connection.execute(insert(skipped), {"seq": seq, "error": error[:300]})
        await self._connection.commit()

    async def save_snapshot(self, snapshot: Snapshot) -> None:
        try:
            async with self._engine.begin() as connection:
                await connection.execute(delete(snapshots).where(snapshots.c.seq == snapshot.seq))
                await connection.execute(insert(snapshots), snapshot._asdict())
                newest = select(snapshots.c.seq).order_by(snapshots.c.seq.desc()).limit(SNAPSHOTS_KEPT)
                kept = [row.seq for row in await connection.execute(newest)]
                await connection.execute(delete(snapshots).where(snapshots.c.seq.not_in(kept)))
        except (DBAPIError, OSError) as fault:
            raise JournalRefused(self._why(fault)) from None

    async def latest_snapshot(self, not_after: int) -> Snapshot | None:
        query = select(snapshots).where(snapshots.c.seq <= not_after)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query.order_by(snapshots.c.seq.desc()).limit(1))).first()
        return Snapshot(row.seq, row.release, row.world) if row else None

    async def begin(self) -> Snapshot | None:
        """The kept world from which every kept event follows; None if the first event of all is kept."""
        async with self._engine.connect() as connection:
            first = (await connection.execute(select(func.min(events.c.seq)))).scalar()
            if first is None or first == 1:
                return None
            enough = select(snapshots).where(snapshots.c.seq >= first - 1).order_by(snapshots.c.seq)
            row = (await connection.execute(enough.limit(1))).first()
        return Snapshot(row.seq, row.release, row.world) if row else None

    async def trim(self, before_ms: int) -> int:
        """Forget events older than `before_ms` that no kept snapshot needs; returns how many."""
        async with self._engine.begin() as connection:
            oldest = (await connection.execute(select(func.min(snapshots.c.seq)))).scalar()
            if oldest is None:
                return 0
            gone = await connection.execute(
                delete(events).where(events.c.seq <= oldest, events.c.at_ms < before_ms)
            )
            return int(gone.rowcount)

    async def close(self) -> None:
        await self._connection.close()
        await self._engine.dispose()
