"""The journal on a database: one commit a batch, over the one connection that writes (acd.store.writers)."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Row, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.ports import Decision, Fenced, JournalRefused, Snapshot
from acd.store import codec, kept
from acd.store.plain import plain
from acd.store.tables import blobs, decisions, events, skipped
from acd.store.writers import Batch, Conflict, Refused, ServerWriter, SqliteWriter, Taken, Writer, reason
from routing.events import Envelope, TermBegan

PAGE = 2_000
CHECK_PAGE = 500
CHECKPOINT_EVERY = 500
"""Batches between two checkpoints of SQLite's write-ahead log."""
NAMED_MAX = 3
"""Damaged events that a sentence names."""

log = structlog.get_logger(__name__)


class SqlJournal:
    """Implements ports.Journal. Make one with `SqlJournal.open`.

    trouble: what is wrong beside the writing, "" if nothing is.
    """

    def __init__(self, engine: AsyncEngine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer
        self._sqlite = engine.dialect.name == "sqlite"
        self._naming = asyncio.Lock()
        self._batches = 0
        self._term = 0
        self._checkpointing: asyncio.Task[None] | None = None
        self._unchecked = ""
        self._damaged: set[int] = set()

    @classmethod
    async def open(cls, engine: AsyncEngine, *, leads: bool = False) -> "SqlJournal":
        """leads: with the lock of who writes, on a server (a file has one beside it). Raises StoreTaken."""
        if engine.dialect.name == "sqlite":
            return cls(engine, SqliteWriter(Path(engine.url.database or "")))
        return cls(engine, await ServerWriter.open(engine, leads))

    @property
    def trouble(self) -> str:
        """Damage, or a log that cannot be emptied; "" if all is well."""
        if not self._damaged:
            return self._unchecked
        first = ", ".join(map(str, sorted(self._damaged)[:NAMED_MAX]))
        return (
            f"{len(self._damaged)} events or worlds of the journal are damaged and left out (seq {first}): "
            "look after the disk; stop the daemon, and restore the journal from the backup or move it away"
        )

    # --- writing -------------------------------------------------------------------------------------

    async def append(self, batch: Sequence[Envelope], decided: Sequence[Decision] = ()) -> None:
        rows, named = [], {}
        for envelope in batch:
            row = codec.encode(envelope.event)
            if row.blob:
                named[row.body] = row.blob
            values = {
                "seq": envelope.seq,
                "term": envelope.term,
                "at_ms": envelope.at_ms,
                "kind": row.kind,
                "version": row.version,
                "actor": plain(envelope.actor, 80),
                "reason": plain(envelope.reason, 200),
                "cause": envelope.cause,
                "body": row.body,
            }
            rows.append(values | {"crc": _checksum(values)})
            self._term = max(self._term, envelope.term)
        durable = self._sqlite and any(isinstance(envelope.event, TermBegan) for envelope in batch)
        written = Batch(rows, named, [each._asdict() for each in decided], durable)
        if named:
            async with self._naming:
                await self._write(written, decided)
        else:
            await self._write(written, decided)
        self._batches += 1
        idle = self._checkpointing is None or self._checkpointing.done()
        if self._sqlite and idle and self._batches % CHECKPOINT_EVERY == 0:
            self._checkpointing = asyncio.create_task(self._checkpoint(), name="checkpoint")

    async def _write(self, batch: Batch, decided: Sequence[Decision]) -> None:
        """Raises JournalRefused, Fenced."""
        try:
            await self._writer.write(batch)
        except Conflict as fault:
            if await self._is_in(batch.events, decided):
                return
            raise JournalRefused(f"{_refused(fault)}: another daemon writes to this journal") from None
        except Refused as fault:
            raise await self._fault(fault) from None

    async def _fault(self, refused: Refused) -> JournalRefused:
        """What to raise for it. Raises Fenced if whoever holds the lock leads by now."""
        if isinstance(refused, Taken):
            with suppress(SQLAlchemyError, OSError):
                async with self._engine.connect() as other:
                    await self._not_fenced(other)
        return JournalRefused(_refused(refused))

    async def _is_in(self, rows: Sequence[Mapping[str, Any]], decided: Sequence[Decision]) -> bool:
        """Whether all of it stands in the journal already: committed, and only the word of it was lost.

        Raises Fenced if a higher term stands there, JournalRefused if it cannot be read.
        """
        try:
            async with self._engine.connect() as other:
                await self._not_fenced(other)
                if rows:
                    query = select(events).where(events.c.seq.in_([row["seq"] for row in rows]))
                    found = {row.seq: row for row in await other.execute(query)}
                    return all(row["seq"] in found and found[row["seq"]]._asdict() == row for row in rows)
                query = select(decisions).where(decisions.c.offer.in_([each.offer for each in decided]))
                there = {
                    Decision(row.seq, row.offer, row.visit, row.agent) for row in await other.execute(query)
                }
                return there == set(decided)
        except (SQLAlchemyError, OSError) as fault:
            raise JournalRefused(_refused(fault)) from None

    async def _not_fenced(self, connection: AsyncConnection) -> None:
        """Raises Fenced if somebody writes under a higher term than ours."""
        newest = select(events.c.term).order_by(events.c.seq.desc()).limit(1)
        term = (await connection.execute(newest)).scalar()
        if term is not None and self._term and term > self._term:
            raise Fenced(f"another daemon leads under term {term}; this one led under term {self._term}")

    async def _checkpoint(self) -> None:
        """Beside the writing. One that fails is told of; the log grows until one goes well."""
        try:
            async with self._engine.connect() as other:
                await other.execute(text("PRAGMA wal_checkpoint(PASSIVE)"))
            self._unchecked = ""
        except (SQLAlchemyError, OSError) as fault:
            self._unchecked = f"the journal's log cannot be emptied ({reason(fault)}): is the disk full?"
            log.warning("no checkpoint", why=self._unchecked)

    async def skip(self, seq: int, error: str) -> None:
        try:
            await self._writer.skip({"seq": seq, "error": plain(error, 300)})
        except Refused as fault:
            raise await self._fault(fault) from None

    # --- reading -------------------------------------------------------------------------------------

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
                try:
                    if row.crc is not None and row.crc != _checksum(row._mapping):
                        raise codec.DamagedEvent("its checksum is another")
                    event = codec.decode(row.kind, row.version, row.body, values.get(row.body, ""))
                except codec.DamagedEvent as fault:
                    self._damage(row.seq, str(fault))
                    continue
                yield Envelope(row.seq, row.term, row.at_ms, row.actor, row.reason, row.cause, event)
            if len(rows) < PAGE:
                return

    async def check(self) -> None:
        """Look through every event for damage, beside the serving: `trouble` says what was found."""
        after = 0
        while True:
            query = select(events).where(events.c.seq > after, events.c.crc.is_not(None))
            async with self._engine.connect() as connection:
                rows = (await connection.execute(query.order_by(events.c.seq).limit(CHECK_PAGE))).all()
            for seq in await asyncio.to_thread(_damaged, rows):
                self._damage(seq, "its checksum is another")
            if len(rows) < CHECK_PAGE:
                return
            after = rows[-1].seq

    def _damage(self, seq: int, why: str) -> None:
        if seq not in self._damaged:
            self._damaged.add(seq)
            log.error("a damaged part of the journal is left out", seq=seq, why=why)

    async def last(self) -> tuple[int, int, int]:
        query = select(events.c.seq, events.c.term, events.c.at_ms).order_by(events.c.seq.desc()).limit(1)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return (row.seq, row.term, row.at_ms) if row else (0, 0, 0)

    async def reached(self, seq: int, term: int) -> int:
        column = events.c.seq
        async with self._engine.connect() as connection:
            first = (await connection.execute(select(func.min(column)))).scalar()
            there = (await connection.execute(select(events.c.term).where(column == seq))).scalar()
            if not term or there == term or (first is not None and first > seq):
                return seq
            survived = select(func.max(column)).where(column <= seq, events.c.term <= term)
            return int((await connection.execute(survived)).scalar() or 0)

    async def decisions(self, after: int) -> list[Decision]:
        query = select(decisions).where(decisions.c.seq > after).order_by(decisions.c.seq, decisions.c.offer)
        async with self._engine.connect() as connection:
            rows = await connection.execute(query)
            return [Decision(row.seq, row.offer, row.visit, row.agent) for row in rows]

    # --- kept worlds ---------------------------------------------------------------------------------

    async def save_snapshot(self, snapshot: Snapshot, recorded: int) -> None:
        try:
            await kept.save(self._engine, snapshot, recorded)
        except (SQLAlchemyError, OSError) as fault:
            raise JournalRefused(_refused(fault)) from None

    async def latest_snapshot(self, not_after: int) -> Snapshot | None:
        found, damaged = await kept.find(self._engine, not_after)
        for seq in damaged:
            self._damage(seq, "the kept world's checksum is another")
        return found

    async def begin(self) -> Snapshot | None:
        return await kept.begin(self._engine)

    async def trim(self, before_ms: int, recorded: int) -> int:
        """Forget what is older and nobody needs (see acd.store.kept); returns how many events."""
        return await kept.trim(self._engine, self._naming, before_ms, recorded)

    async def close(self) -> None:
        if self._checkpointing is not None:
            await self._checkpointing
        await self._writer.close()
        await self._engine.dispose()


def _refused(fault: Exception) -> str:
    return f"the journal takes nothing ({reason(fault)})"


def _damaged(rows: Sequence[Row[Any]]) -> list[int]:
    return [row.seq for row in rows if row.crc != _checksum(row._mapping)]


def _checksum(row: Mapping[Any, Any]) -> int:
    """CRC-32 over everything that an event's row holds."""
    said = "|".join(str(row[name]) for name in CHECKED)
    return zlib.crc32(said.encode("utf-8", "surrogatepass"))


CHECKED = ("seq", "term", "at_ms", "kind", "version", "actor", "reason", "cause", "body")
