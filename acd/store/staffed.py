"""How long people were at work, all together: never one by one."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.store.moments import epoch_ms
from acd.store.tables import staff_intervals
from agents.state import LOGGED_OUT


class AtWork(NamedTuple):
    """Hours for which somebody was logged in, and how many people that were."""

    hours: float
    people: int


async def at_work(engine: AsyncEngine, begin: datetime, end: datetime) -> AtWork:
    """In [begin, end); a stretch that goes on counts until its end."""
    column = staff_intervals.c
    asked = select(column.agent, column.from_at, column.to_at).where(
        column.state != LOGGED_OUT, column.from_at < end, or_(column.to_at.is_(None), column.to_at > begin)
    )
    first, last, whole, people = epoch_ms(begin), epoch_ms(end), 0, set()
    async with engine.connect() as connection:
        for agent, since, until in await connection.execute(asked):
            ended = last if until is None else min(last, epoch_ms(until))
            whole += max(0, ended - max(first, epoch_ms(since)))
            people.add(agent)
    return AtWork(whole / 3_600_000, len(people))
