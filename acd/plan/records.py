"""Reads a daemon's records into a planner's arrays, in chunks and without changing anything."""

import asyncio
from array import array
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.store import open as stores
from acd.store.moments import epoch_ms
from acd.store.needs import own_need
from acd.store.open import StoreFault
from acd.store.tables import handlings, offers, staff_intervals, visits
from agents import state
from config.schema import Centre
from routing import facts
from routing.visit import VOICE
from simulation.records.history import ABANDONED, ANSWERED, OTHER, UNKNOWN, History, Ints, day_begins

CHUNK: Final = 5_000
GAVE_UP: Final = (facts.ABANDONED_QUEUE, facts.ABANDONED_RINGING)


def read(address: str, centre: Centre, first: date | None, last: date | None) -> History:
    """The records between two local days, both included; without a day, from the first record or to the last
    day that is over. address: the path of records.db, or a URL. Raises StoreFault."""
    url = address if "://" in address else f"sqlite+aiosqlite:///{address}"
    return asyncio.run(reading(url, centre, first, last))


async def reading(url: str, centre: Centre, first: date | None, last: date | None) -> History:
    """The same from a running loop, by URL."""
    engine = await stores.readable("records", url)
    try:
        async with engine.connect() as connection:
            first, last = await _span(connection, centre, first, last)
            return await _history(connection, centre, first, last)
    except DBAPIError as fault:
        said = str(fault.orig).splitlines()[0][:160]
        raise StoreFault(f"the records cannot be read: {said}") from None
    finally:
        await engine.dispose()


async def _span(
    connection: AsyncConnection, centre: Centre, first: date | None, last: date | None
) -> tuple[date, date]:
    """The days that are read. A day that is not over yet is not the last one."""
    edges = select(func.min(visits.c.arrived_at), func.max(visits.c.arrived_at))
    oldest, newest = (await connection.execute(edges)).one()
    if oldest is None:
        raise StoreFault("the records hold no calls; let the daemon run first")
    zone = centre.centre.zone
    begin, end = (datetime.fromtimestamp(epoch_ms(each) / 1000, zone).date() for each in (oldest, newest))
    yesterday = datetime.now(zone).date() - timedelta(days=1)
    first, last = first or begin, last or min(end, yesterday)
    if first > last or first > end or last < begin:
        raise StoreFault(
            f"the records hold no whole day from {first} to {last}; they go from {begin} to {end}"
        )
    return max(first, begin), min(last, end)


async def _history(connection: AsyncConnection, centre: Centre, first: date, last: date) -> History:
    edges = day_begins(centre, first, (last - first).days + 2)
    begin, end = (datetime.fromtimestamp(each / 1000, UTC) for each in (edges[0], edges[-1]))

    def within(column: ColumnElement[Any]) -> ColumnElement[bool]:
        return (column >= begin) & (column < end)

    calls = _Calls()
    async for row in _rows(connection, _CALLS.where(within(visits.c.arrived_at))):
        calls.add(row)
    if not calls.arrived:
        raise StoreFault(f"the records hold no calls from {first} to {last}")
    talk, wrap = array("q"), array("q")
    async for row in _rows(connection, _HANDLINGS.where(within(handlings.c.began_at))):
        talk.append(epoch_ms(row.ended_at) - epoch_ms(row.began_at))
        if row.wrapped_at is not None:
            wrap.append(epoch_ms(row.wrapped_at) - epoch_ms(row.ended_at))
    ended, answer = dict.fromkeys(facts.OFFER_OUTCOMES, 0), array("q")
    async for row in _rows(connection, _OFFERS.where(within(offers.c.made_at))):
        ended[row.outcome] = ended.get(row.outcome, 0) + 1
        if row.outcome == facts.ANSWERED:
            answer.append(epoch_ms(row.ended_at) - epoch_ms(row.made_at))
    away = array("q")
    async for row in _rows(connection, _AWAY.where(within(staff_intervals.c.from_at))):
        away.append(epoch_ms(row.to_at) - epoch_ms(row.from_at))
    return calls.history(first, last, _ints(talk), _ints(wrap), ended, _ints(answer), _ints(away))


_CALLS = select(
    visits.c.arrived_at,
    visits.c.queued_at,
    visits.c.answered_at,
    visits.c.ended_at,
    visits.c.wait_since_queue_ms,
    visits.c.outcome,
    visits.c.token,
    *own_need(),
    visits.c.second,
    visits.c.adopted,
    visits.c.degraded,
)
_CALLS = _CALLS.where(visits.c.kind == VOICE).order_by(visits.c.arrived_at, visits.c.id)
_HANDLINGS = select(handlings.c.began_at, handlings.c.ended_at, handlings.c.wrapped_at).where(
    handlings.c.ended_at.is_not(None)
)
_OFFERS = select(offers.c.made_at, offers.c.ended_at, offers.c.outcome).where(offers.c.outcome != "")
_AWAY = select(staff_intervals.c.from_at, staff_intervals.c.to_at).where(
    staff_intervals.c.state == state.AWAY, staff_intervals.c.to_at.is_not(None)
)


async def _rows(connection: AsyncConnection, query: Select[Any]) -> AsyncIterator[Any]:
    async with connection.stream(query.execution_options(yield_per=CHUNK)) as result:
        async for some in result.partitions():
            for row in some:
                yield row


class _Calls:
    """Columns that grow by call; texts become numbers at once."""

    def __init__(self) -> None:
        self.arrived, self._wait, self._caller = array("q"), array("q"), array("q")
        self._ended, self._queued = array("b"), array("b")
        self._language, self._concern, self._second = array("l"), array("l"), array("l")
        self._names: dict[str, int] = {}
        self._callers: dict[str, int] = {}

    def add(self, row: Any) -> None:
        """A row of visits."""
        self.arrived.append(epoch_ms(row.arrived_at))
        self._queued.append(row.queued_at is not None or row.degraded)
        answered = row.answered_at is not None
        known = not (row.adopted or row.degraded) and row.queued_at is not None
        over = answered or row.ended_at is not None
        waited = row.wait_since_queue_ms if known and over else None
        self._wait.append(UNKNOWN if waited is None else waited)
        self._ended.append(ANSWERED if answered else ABANDONED if row.outcome in GAVE_UP else OTHER)
        for column, text in (
            (self._language, row.language),
            (self._concern, row.concern),
            (self._second, row.second),
        ):
            column.append(self._names.setdefault(text, len(self._names)))
        token = row.token
        self._caller.append(self._callers.setdefault(token, len(self._callers)) if token else UNKNOWN)

    def history(
        self, first: date, last: date, talk: Ints, wrap: Ints, ended: dict[str, int], answer: Ints, away: Ints
    ) -> History:
        """With what is known beside the calls."""
        return History(
            first=first,
            last=last,
            arrived_ms=_ints(self.arrived),
            queued=_ints(self._queued) == 1,
            wait_ms=_ints(self._wait),
            ended=_ints(self._ended),
            language=_ints(self._language),
            concern=_ints(self._concern),
            second=_ints(self._second),
            caller=_ints(self._caller),
            names=tuple(self._names),
            talk_ms=talk,
            wrap_ms=wrap,
            offers=ended,
            answer_ms=answer,
            away_ms=away,
        )


def _ints(values: "array[int]") -> Ints:
    return np.array(values, np.int64)
