"""What is past its time leaves the records, whole visits in slices; a line a day says how much went."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Table, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.store.summing import forgotten
from acd.store.tables import (
    RECORDS,
    case_callers,
    incidents,
    purges,
    shadow_differences,
    staff_intervals,
    visits,
)

OF_VISITS: Final = tuple(table for table in RECORDS.sorted_tables if "visit" in table.c)
"""Every table with rows of single visits: these go with them."""
SLICE: Final = 200
"""Visits, or tokens, of one transaction: the recorder waits for no more."""
UNENDED: Final = timedelta(days=91)
"""A visit whose end is not known stays so much longer: a message waits for 90 days at most, after which its
sound is gone and it with it (acd.lost_messages)."""


class Purged(NamedTuple):
    """On a day (the centre's) so many of a kind went, which were kept for `days`; at: the last time."""

    day: date
    kind: str
    days: int
    gone: int
    at: datetime


async def old_visits(engine: AsyncEngine, before: datetime) -> int:
    """Forget visits that ended before, with all that hangs by them; how many."""
    over = or_(
        visits.c.ended_at < before, visits.c.ended_at.is_(None) & (visits.c.arrived_at < before - UNENDED)
    )
    old = select(visits.c.id).where(over).limit(SLICE)
    gone = 0
    while True:
        async with engine.begin() as connection:
            ids = list((await connection.execute(old)).scalars())
            if ids:
                await forgotten(connection, before)
            for table in OF_VISITS:
                await connection.execute(delete(table).where(table.c.visit.in_(ids)))
            await connection.execute(delete(visits).where(visits.c.id.in_(ids)))
        gone += len(ids)
        if len(ids) < SLICE:
            return gone


async def old_incidents(engine: AsyncEngine, before: datetime) -> int:
    """Forget incidents, and what a shadow would have decided, from before; how many."""
    return sum([await _old(engine, each, each.c.at < before) for each in (incidents, shadow_differences)])


async def old_staff_states(engine: AsyncEngine, before: datetime) -> int:
    """Forget what the staff was doing until then; how many states."""
    return await _old(engine, staff_intervals, staff_intervals.c.to_at < before)


async def _old(engine: AsyncEngine, table: Table, over: object) -> int:
    async with engine.begin() as connection:
        return int((await connection.execute(delete(table).where(over))).rowcount)  # type: ignore[arg-type]


async def lost_callers(
    engine: AsyncEngine, known: Callable[[Collection[str]], Awaitable[Collection[str]]]
) -> int:
    """Forget which case callers had whose number is forgotten; how many. known: the tokens that still lead
    to a number, of these."""
    gone, last = 0, ""
    while True:
        query = select(case_callers.c.token).where(case_callers.c.token > last).order_by(case_callers.c.token)
        async with engine.connect() as connection:
            tokens = list((await connection.execute(query.limit(SLICE))).scalars())
        if not tokens:
            return gone
        lost = set(tokens) - set(await known(tokens))
        if lost:
            gone += await _old(engine, case_callers, case_callers.c.token.in_(sorted(lost)))
        last = tokens[-1]


async def write_down(engine: AsyncEngine, found: Sequence[Purged]) -> None:
    """Add these to the lines of their days."""
    async with engine.begin() as connection:
        for day, kind, days, gone, at in found:
            mine = (purges.c.day == day) & (purges.c.kind == kind)
            more = {"gone": purges.c.gone + gone, "days": days, "at": at}
            if not (await connection.execute(update(purges).where(mine).values(more))).rowcount:
                row = {"day": day, "kind": kind, "days": days, "gone": gone, "at": at}
                await connection.execute(insert(purges), row)


async def written_down(engine: AsyncEngine, since: date) -> list[Purged]:
    """The lines from this day on, the oldest first; SQLite gives UTC without saying so."""
    query = select(purges).where(purges.c.day >= since).order_by(purges.c.day, purges.c.kind)
    async with engine.connect() as connection:
        rows = [Purged(*row) for row in await connection.execute(query)]
    return [each._replace(at=each.at if each.at.tzinfo else each.at.replace(tzinfo=UTC)) for each in rows]


async def old_lines(engine: AsyncEngine, before: date) -> int:
    """Forget the lines of days before; how many."""
    return await _old(engine, purges, purges.c.day < before)
