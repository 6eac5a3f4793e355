"""How a journal is written: one transaction a batch, over the one connection that may.

On SQLite plain sqlite3, in a thread of its own or, while commits are swift (acd.store.swift), in the loop
itself, since a hop between threads costs more than the commit; on a server over a session that holds the
leader's lock.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Table, insert, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.store import lock
from acd.store.swift import Swift
from acd.store.tables import blobs, decisions, events, skipped
from acd.store.worker import Worker

PROOF = "UPDATE journal_schema SET version_num = version_num"
"""Changes nothing, and is written all the same: a page on SQLite, a row on PostgreSQL."""
BUSY_MS = 5_000

Row = Mapping[str, Any]


class Conflict(Exception):
    """Rows of these numbers are there already."""


class Refused(Exception):
    """Nothing was written, or nobody knows whether it was; the message says why."""


class Taken(Refused):
    """Another session holds the leader's lock."""


class _Locked(Exception):
    """Somebody else writes just now; nothing was written."""


class Batch(NamedTuple):
    """What is written at once. blobs: digest -> value of what events name. durable: with full sync."""

    events: Sequence[Row]
    blobs: Mapping[str, str]
    decisions: Sequence[Row]
    durable: bool = False


class Writer(Protocol):
    """The connection that writes. After a fault it is as good as new, or the next call says why not."""

    async def write(self, batch: Batch) -> None:
        """One transaction. Raises Conflict, Refused."""

    async def skip(self, row: Row) -> None:
        """Mark an event as set aside, once. Raises Refused."""

    async def close(self) -> None:
        """No more is written."""


def reason(fault: Exception) -> str:
    """A database's fault in a few words."""
    origin = getattr(fault, "orig", None) or fault
    return str(origin).splitlines()[0][:160] if str(origin) else type(origin).__name__


class SqliteWriter:
    """Implements Writer on a file. The connection is made with the first write; one at a time has it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._worker = Worker("journal")
        self._given = self._done = 0
        self._swift = Swift()
        self._connection: sqlite3.Connection | None = None
        self.busy_ms = BUSY_MS

    async def write(self, batch: Batch) -> None:
        work = partial(self._write, batch)
        rows = len(batch.events) + len(batch.decisions)
        idle = self._given == self._done
        if idle and not (batch.durable or batch.blobs) and self._swift.may(rows):
            with suppress(_Locked):
                self._guarded(work, waits=False)
                return
        await self._in_thread(partial(self._guarded, work, batch.durable))

    async def skip(self, row: Row) -> None:
        with suppress(Conflict):
            await self._in_thread(partial(self._guarded, partial(self._insert, skipped, [row])))

    async def _in_thread(self, work: Callable[[], None]) -> None:
        """Whoever is cancelled meanwhile leaves it there: until it is done, the loop makes none itself.

        Given is counted by the loop alone, done by the thread alone.
        """
        self._given += 1
        await self._worker.do(partial(self._counted, work))

    async def close(self) -> None:
        await self._worker.do(self._leave)
        self._worker.end()

    # --- in the thread, or in the loop while nothing is in the thread ----------------------------------

    def _counted(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            self._done += 1

    def _guarded(self, work: "partial[None]", durable: bool = False, waits: bool = True) -> None:
        """In a transaction. waits: for others who write. Raises Conflict, Refused, _Locked if it does not."""
        began = perf_counter()
        try:
            connection = self._connected(self.busy_ms if waits else 0)
            connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            work(connection)
            self._commit(connection)
        except sqlite3.IntegrityError as fault:
            self._back()
            raise Conflict(reason(fault)) from None
        except (sqlite3.Error, OSError) as fault:
            self._back()
            self._swift.failed()
            if not waits and getattr(fault, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise _Locked from None
            raise Refused(reason(fault)) from None
        if not durable:
            self._swift.took(perf_counter() - began)

    def _connected(self, busy_ms: int) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(
                f"file:{self._path}?mode=rw", uri=True, isolation_level=None, check_same_thread=False
            )
            for pragma in ("journal_mode=WAL", "wal_autocheckpoint=0"):
                self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(f"PRAGMA busy_timeout={busy_ms}")
        return self._connection

    def _write(self, batch: Batch, connection: sqlite3.Connection) -> None:
        for digest, value in batch.blobs.items():
            connection.execute(f"INSERT OR IGNORE INTO {blobs.name} VALUES (?, ?)", (digest, value))  # noqa: S608
        self._insert(events, batch.events, connection)
        self._insert(decisions, batch.decisions, connection)
        if not batch.events and not batch.decisions:
            connection.execute(PROOF)

    def _insert(self, table: Table, rows: Sequence[Row], connection: sqlite3.Connection) -> None:
        if rows:
            names = list(rows[0])
            places = ", ".join(f":{name}" for name in names)
            connection.executemany(
                f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places})",  # noqa: S608 our own names
                rows,
            )

    def _commit(self, connection: sqlite3.Connection) -> None:
        connection.execute("COMMIT")

    def _back(self) -> None:
        """Undo what was begun; a connection that cannot is given up."""
        if self._connection is None:
            return
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._leave()

    def _leave(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()


class ServerWriter:
    """Implements Writer over a session of a server. Make one with `open`. leads: it holds the lock."""

    def __init__(self, engine: AsyncEngine, connection: AsyncConnection, leads: bool) -> None:
        self._engine = engine
        self._connection = connection
        self._leads = leads

    @classmethod
    async def open(cls, engine: AsyncEngine, leads: bool) -> "ServerWriter":
        """Take a session and keep it. Raises StoreTaken if another daemon leads."""
        connection = await engine.connect()
        if leads and not await lock.taken(connection):
            await connection.close()
            raise lock.StoreTaken("the journal database: another daemon runs on it; stop that one first")
        return cls(engine, connection, leads)

    async def write(self, batch: Batch) -> None:
        try:
            await self._connected()
            for digest, value in batch.blobs.items():
                await self._once(blobs, {"digest": digest, "value": value})
            for table, rows in ((events, batch.events), (decisions, batch.decisions)):
                if rows:
                    await self._connection.execute(insert(table), rows)
            if not batch.events and not batch.decisions:
                await self._connection.execute(text(PROOF))
            await self._connection.commit()
        except IntegrityError as fault:
            await self._recover(fault)
            raise Conflict(reason(fault)) from None
        except (SQLAlchemyError, OSError) as fault:
            await self._recover(fault)
            raise Refused(reason(fault)) from None

    async def skip(self, row: Row) -> None:
        try:
            await self._connected()
            await self._once(skipped, row)
            await self._connection.commit()
        except IntegrityError as fault:
            await self._recover(fault)
        except (SQLAlchemyError, OSError) as fault:
            await self._recover(fault)
            raise Refused(reason(fault)) from None

    async def close(self) -> None:
        await self._connection.close()

    async def _once(self, table: Table, row: Row) -> None:
        (key,) = table.primary_key.columns
        there = await self._connection.execute(select(key).where(key == row[key.name]))
        if there.first() is None:
            await self._connection.execute(insert(table), row)

    async def _connected(self) -> None:
        """A session that may write: after a lost one, a new one, with the lock. Raises Taken."""
        if not self._connection.invalidated and not self._connection.closed:
            return
        fresh = await self._engine.connect()
        try:
            if self._leads and not await lock.taken(fresh):
                raise Taken("another session holds the journal: another daemon, or ours that was lost")
        except BaseException:
            await fresh.close()
            raise
        lost, self._connection = self._connection, fresh
        await lost.close()

    async def _recover(self, fault: Exception) -> None:
        """After a failure: roll back, or give the session up if it is dead; `_connected` takes another."""
        try:
            if isinstance(fault, OSError):
                await self._connection.invalidate()
            await self._connection.rollback()
        except (SQLAlchemyError, OSError):
            await self._connection.invalidate()
