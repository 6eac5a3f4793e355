"""How much of a kind a store holds, since when, and when the next goes."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, Table, func, literal, select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.store.moments import epoch_ms


class Held(NamedTuple):
    """So many. since_ms: the oldest's time; next_ms: when the next one goes, by a deadline of its own (epoch
    ms; 0: not known)."""

    number: int
    since_ms: int = 0
    next_ms: int = 0


async def held(
    engine: AsyncEngine, table: Table, since: Column[Any] | None = None, until: Column[Any] | None = None
) -> Held:
    """Of a table, with columns of times: since each row is there, and until when."""
    first, last = (literal(None) if each is None else func.min(each) for each in (since, until))
    async with engine.connect() as connection:
        found = await connection.execute(select(func.count(), first, last).select_from(table))
        number, oldest, soonest = found.one()
    return Held(number, _ms(oldest), _ms(soonest))


def _ms(at: datetime | int | None) -> int:
    return epoch_ms(at) if isinstance(at, datetime) else at or 0
