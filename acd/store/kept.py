"""The worlds that a journal keeps, and how far behind them its events go: never ahead of the recorder.

recorded: seq of the last event whose facts are in the records, 0 where it is not known.
"""

import asyncio
import zlib

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.ports import Snapshot
from acd.store import codec
from acd.store.tables import blobs, decisions, events, skipped, snapshots

NEWEST = 3
SLICE = 20_000
"""Events that are forgotten in one transaction: an append waits for no more."""


async def save(engine: AsyncEngine, snapshot: Snapshot, recorded: int) -> None:
    """Keep a world; the newest ones stay, and the one from which the recorder can go on."""
    row = snapshot._asdict() | {"crc": zlib.crc32(snapshot.world)}
    async with engine.begin() as connection:
        await connection.execute(delete(snapshots).where(snapshots.c.seq == snapshot.seq))
        await connection.execute(insert(snapshots), row)
        newest = select(snapshots.c.seq).order_by(snapshots.c.seq.desc()).limit(NEWEST)
        kept = list((await connection.execute(newest)).scalars())
        behind = select(func.max(snapshots.c.seq)).where(snapshots.c.seq <= recorded)
        oldest = select(func.min(snapshots.c.seq))
        anchor = (await connection.execute(behind)).scalar()
        if anchor is None:
            anchor = (await connection.execute(oldest)).scalar()
        await connection.execute(delete(snapshots).where(snapshots.c.seq.not_in([*kept, anchor])))


async def find(engine: AsyncEngine, not_after: int) -> tuple[Snapshot | None, list[int]]:
    """The newest whole world not after this event, and the seqs of newer ones that are damaged."""
    damaged: list[int] = []
    while True:
        query = select(snapshots).where(snapshots.c.seq <= not_after).order_by(snapshots.c.seq.desc())
        async with engine.connect() as connection:
            row = (await connection.execute(query.limit(1))).first()
        if row is None:
            return None, damaged
        if isinstance(row.world, bytes) and row.crc in (None, zlib.crc32(row.world)):
            return Snapshot(row.seq, row.release, row.world), damaged
        damaged.append(row.seq)
        not_after = row.seq - 1


async def begin(engine: AsyncEngine) -> Snapshot | None:
    """The kept world from which every kept event follows; None if the first event of all is kept."""
    async with engine.connect() as connection:
        first = (await connection.execute(select(func.min(events.c.seq)))).scalar()
        if first is None or first == 1:
            return None
        enough = select(snapshots).where(snapshots.c.seq >= first - 1).order_by(snapshots.c.seq)
        row = (await connection.execute(enough.limit(1))).first()
    return Snapshot(row.seq, row.release, row.world) if row else None


async def trim(engine: AsyncEngine, naming: asyncio.Lock, before_ms: int, recorded: int) -> int:
    """Forget events older than `before_ms` that neither a kept world nor the recorder needs, what they led
    to, and the policies and rosters that no kept event names; returns how many events.

    What goes is looked for first, and goes in slices: the writing, for which an append waits, is short.
    """
    async with naming:
        async with engine.connect() as connection:
            oldest = (await connection.execute(select(func.min(snapshots.c.seq)))).scalar()
            young = select(events.c.seq).where(events.c.at_ms >= before_ms).order_by(events.c.seq)
            first = (await connection.execute(young.limit(1))).scalar()
            if oldest is None or oldest > recorded:
                return 0
            newest = (await connection.execute(select(func.max(events.c.seq)))).scalar()
            # The last one stays: it says which seq, term and time the next one follows.
            until = min(oldest, (newest or 1) - 1, *([] if first is None else [first - 1]))
            names = select(events.c.body).where(events.c.kind.in_(codec.WITH_BLOB), events.c.seq > until)
            named = (await connection.execute(names.distinct())).scalars().all()
            least = (await connection.execute(select(func.min(events.c.seq)))).scalar()
        gone = 0
        for cut in [*range((least or until) + SLICE, until, SLICE), until]:
            async with engine.begin() as connection:
                gone += (await connection.execute(delete(events).where(events.c.seq <= cut))).rowcount
                for table in (skipped, decisions):
                    await connection.execute(delete(table).where(table.c.seq <= cut))
        if gone:
            async with engine.begin() as connection:
                await connection.execute(delete(blobs).where(blobs.c.digest.not_in(named)))
        return gone
