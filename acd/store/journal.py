"""The journal on a database: one commit a batch, on a connection of its own."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.ports import Decision, JournalRefused, Snapshot
from acd.store import codec
from acd.store.tables import blobs, decisions, events, skipped, snapshots
from routing.events import Envelope, TermBegan

PAGE = 2_000
PROOF = text("UPDATE journal_schema SET version_num = version_num")
"""Changes nothing, and is written all the same: a page on SQLite, a row on PostgreSQL."""
SNAPSHOTS_KEPT = 3
CHECKPOINT_EVERY = 500
"""Batches between two checkpoints of SQLite's write-ahead log."""


class SqlJournal:
    """Implements ports.Journal. Make one with `SqlJournal.open`."""

    def __init__(self, engine: AsyncEngine, connection: AsyncConnection) -> None:
        self._engine = engine
        self._connection = connection
        self._sqlite = engine.dialect.name == "sqlite"
        self._naming = asyncio.Lock()
        self._batches = 0

    @classmethod
    async def open(cls, engine: AsyncEngine) -> "SqlJournal":
        """Take a connection and keep it."""
        return cls(engine, await engine.connect())

    async def append(self, batch: Sequence[Envelope], decided: Sequence[Decision] = ()) -> None:
        rows, named = [], {}
        for envelope in batch:
            row = codec.encode(envelope.event)
            if row.blob:
                named[row.body] = row.blob
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
        if named:
            async with self._naming:
                await self._write(rows, named, decided, durable)
        else:
            await self._write(rows, named, decided, durable)
        self._batches += 1
        if self._sqlite and self._batches % CHECKPOINT_EVERY == 0:
            await self._checkpoint()

    async def _write(
        self,
        rows: list[dict[str, Any]],
        named: dict[str, str],
        decided: Sequence[Decision],
        durable: bool,
    ) -> None:
        """One transaction. Raises JournalRefused."""
        try:
            if durable:
                await self._pragma("synchronous=FULL")
            for digest, value in named.items():
                await self._keep(digest, value)
            if rows:
                await self._connection.execute(insert(events), rows)
            if decided:
                await self._connection.execute(insert(decisions), [each._asdict() for each in decided])
            if not rows and not decided:
                await self._connection.execute(PROOF)
            await self._connection.commit()
            if durable:
                await self._pragma("synchronous=NORMAL")
        except (SQLAlchemyError, OSError) as fault:
            await self._recover()
            raise JournalRefused(self._why(fault)) from None

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

    async def decisions(self, after: int) -> list[Decision]:
        query = select(decisions).where(decisions.c.seq > after).order_by(decisions.c.seq, decisions.c.offer)
        async with self._engine.connect() as connection:
            rows = await connection.execute(query)
            return [Decision(row.seq, row.offer, row.visit, row.agent) for row in rows]

    async def skip(self, seq: int, error: str) -> None:
        try:
            await self._connection.execute(delete(skipped).where(skipped.c.seq == seq))
            await self._connection.execute(insert(skipped), {"seq": seq, "error": error[:300]})
            await self._connection.commit()
        except (SQLAlchemyError, OSError) as fault:
            await self._recover()
            raise JournalRefused(self._why(fault)) from None

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
        """Forget events older than `before_ms` that no kept snapshot needs, what they led to, and the
        policies and rosters that no kept event names; returns how many events.

        What goes is looked for first: the writing, for which an append has to wait, is short.
        """
        async with self._naming:
            async with self._engine.connect() as connection:
                oldest = (await connection.execute(select(func.min(snapshots.c.seq)))).scalar()
                young = select(events.c.seq).where(events.c.at_ms >= before_ms).order_by(events.c.seq)
                first = (await connection.execute(young.limit(1))).scalar()
                if oldest is None:
                    return 0
                until = oldest if first is None else min(oldest, first - 1)
                names = select(events.c.body).where(events.c.kind.in_(codec.WITH_BLOB), events.c.seq > until)
                named = (await connection.execute(names.distinct())).scalars().all()
            async with self._engine.begin() as connection:
                gone = await connection.execute(delete(events).where(events.c.seq <= until))
                for table in (skipped, decisions):
                    await connection.execute(delete(table).where(table.c.seq <= until))
                if gone.rowcount:
                    await connection.execute(delete(blobs).where(blobs.c.digest.not_in(named)))
                return int(gone.rowcount)

    async def close(self) -> None:
        await self._connection.close()
        await self._engine.dispose()
