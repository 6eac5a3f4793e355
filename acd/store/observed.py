"""What the records say of the last weeks, for the outlook: durations and counts, and nobody's name."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.prospects import Observed, Seen
from acd.store.moments import epoch_ms, moment
from acd.store.needs import own_need
from acd.store.tables import handlings, offers, staff_intervals, visits
from agents import state as staff
from routing import facts
from routing.visit import VOICE

ROWS_MAX: Final = 50_000
"""Of each kind the newest so many are looked at."""
AT_ONCE: Final = 500
STRETCH_MAX: Final = timedelta(hours=12)
"""A stretch that is longer was forgotten to be ended."""
NOT_TAKEN: Final = frozenset({facts.NO_ANSWER, facts.DECLINED, facts.BUSY, facts.UNREACHABLE})
LEFT: Final = frozenset({facts.ABANDONED_QUEUE, facts.ABANDONED_RINGING})


class _Looking:
    """One look at the records: what was found so far."""

    def __init__(self, records: AsyncEngine, since_ms: int, until_ms: int) -> None:
        self._records = records
        self._span = moment(since_ms), moment(until_ms)
        self.found = Observed(until_ms, until_ms, {}, {}, {})

    async def at_callers(self, zone: tzinfo) -> None:
        found, columns = self.found, visits.c
        since_ms, gave_up, waited_ms, menus = found.since_ms, 0, 0.0, Seen()
        asked = select(
            columns.arrived_at, columns.queued_at, columns.answered_at, columns.ended_at, columns.outcome
        ).add_columns(*own_need())
        here = columns.queued_at.is_not(None) & (columns.kind == VOICE)  # whom we call comes by no chance
        async for row in self._rows(asked.where(here), columns.arrived_at):
            since_ms = epoch_ms(row.arrived_at)
            need = (row.language, row.concern)
            found.needs[need] = found.needs.get(need, 0) + 1
            local = datetime.fromtimestamp(epoch_ms(row.queued_at) / 1000, zone)
            hour = (local.weekday(), local.hour)
            found.calls[hour] = found.calls.get(hour, 0) + 1
            menus = menus.with_(_ms(row.queued_at - row.arrived_at))
            gave_up += row.outcome in LEFT
            if (until := row.answered_at or row.ended_at) is not None:
                waited_ms += max(0.0, _ms(until - row.queued_at))
        self.found = found._replace(
            since_ms=since_ms, gave_up=gave_up, waited_ms=round(waited_ms), menus=menus
        )

    async def at_talks(self) -> None:
        talks, wrap_ups, columns = self.found.talks, Seen(), handlings.c
        asked = select(columns.began_at, columns.ended_at, columns.wrapped_at)
        asked = asked.add_columns(visits.c.language, visits.c.concern)
        asked = asked.join(visits, visits.c.id == columns.visit).where(columns.ended_at.is_not(None))
        async for row in self._rows(asked, columns.began_at):
            need = (row.language, row.concern)
            talks[need] = talks.get(need, Seen()).with_(_ms(row.ended_at - row.began_at))
            if row.wrapped_at is not None:
                wrap_ups = wrap_ups.with_(_ms(row.wrapped_at - row.ended_at))
        self.found = self.found._replace(wrap_ups=wrap_ups)

    async def at_phones(self) -> None:
        made, missed, answers, columns = 0, 0, Seen(), offers.c
        asked = select(columns.made_at, columns.ended_at, columns.outcome)
        async for row in self._rows(asked.where(columns.ended_at.is_not(None)), columns.made_at):
            made += row.outcome == facts.ANSWERED or row.outcome in NOT_TAKEN
            missed += row.outcome in NOT_TAKEN
            if row.outcome == facts.ANSWERED:
                answers = answers.with_(_ms(row.ended_at - row.made_at))
        self.found = self.found._replace(offers=made, missed=missed, answers=answers)

    async def at_people(self) -> None:
        pauses, away, ready, columns = Seen(), Seen(), Seen(), staff_intervals.c
        asked = select(columns.state, columns.from_at, columns.to_at).where(columns.to_at.is_not(None))
        async for row in self._rows(asked.where(columns.state != staff.LOGGED_OUT), columns.from_at):
            if (lasted := row.to_at - row.from_at) > STRETCH_MAX:
                continue
            if row.state == staff.NOT_READY:
                pauses = pauses.with_(_ms(lasted))
            elif row.state == staff.AWAY:
                away = away.with_(_ms(lasted))
            else:
                ready = ready.with_(_ms(lasted))
        self.found = self.found._replace(pauses=pauses, away=away, ready=ready)

    async def _rows(self, asked: Select[Any], began: ColumnElement[Any]) -> AsyncIterator[Any]:
        """Row by row, the newest first, while others use the loop."""
        asked = asked.where(began >= self._span[0], began < self._span[1]).order_by(began.desc())
        async with self._records.connect() as connection:
            found = await connection.stream(asked.limit(ROWS_MAX))
            async for some in found.partitions(AT_ONCE):
                await asyncio.sleep(0)
                for row in some:
                    yield row


async def observed(records: AsyncEngine, zone: tzinfo, since_ms: int, until_ms: int) -> Observed:
    """Of calls, offers and people's stretches that began in [since_ms, until_ms), epoch ms. Weekdays and
    hours are those of `zone`. The time that is told of begins with the first call in it."""
    looking = _Looking(records, since_ms, until_ms)
    await looking.at_callers(zone)
    await looking.at_talks()
    await looking.at_phones()
    await looking.at_people()
    return looking.found


def _ms(lasted: timedelta) -> float:
    return lasted.total_seconds() * 1000
