"""Single visits as the records have them: found by time, need and case, and each with all that happened."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.history.single import VISITS_MAX, Course, PastVisit, Search, Step
from acd.store.moments import epoch_ms, moment
from acd.store.tables import (
    announcements,
    callback_attempts,
    handlings,
    handovers,
    offers,
    overflows,
    recordings,
    told_waits,
    visits,
)


async def find(engine: AsyncEngine, sought: Search) -> list[PastVisit]:
    """The newest first, VISITS_MAX at most. Only visits that ended."""
    asked = select(visits).where(visits.c.ended_at.is_not(None))
    if sought.token:
        asked = asked.where(visits.c.token == sought.token)
    else:
        since, until = moment(sought.since_ms), moment(sought.until_ms)
        asked = asked.where(visits.c.arrived_at >= since, visits.c.arrived_at < until)
    for name in ("language", "concern", "outcome", "case"):
        if value := getattr(sought, name):
            asked = asked.where(visits.c[name] == value)
    if sought.before:
        asked = asked.where(visits.c.id < sought.before)
    async with engine.connect() as connection:
        rows = (await connection.execute(asked.order_by(visits.c.id.desc()).limit(VISITS_MAX))).all()
    return [_line(row) for row in rows]


async def course(engine: AsyncEngine, visit: int) -> Course | None:
    """All that happened in a visit that ended; None for one that is not known."""
    async with engine.connect() as connection:
        asked = select(visits).where(visits.c.id == visit, visits.c.ended_at.is_not(None))
        row = (await connection.execute(asked)).first()
        if row is None:
            return None
        steps = [Step(epoch_ms(row.arrived_at), "arrived", "", {"line": row.line, "kind": row.kind})]
        steps += _at(row.queued_at, "queued")
        steps += _at(row.ended_at, "ended", "", outcome=row.outcome, by=row.ended_by, reason=row.reason)
        for each in await _of(connection, announcements, visit):
            steps += _at(each.at, "told", "", sentence=each.sentence)
        for each in await _of(connection, told_waits, visit):
            if each.spoken:
                high = "" if each.high_ms is None else each.high_ms // 60_000
                steps += _at(
                    each.told_at, "wait_told", "", low=each.low_ms // 60_000, high=high, came=each.came
                )
        for each in await _of(connection, overflows, visit):
            steps += _at(each.at, "overflowed", "", rule=each.rule, then=each.then)
        for each in await _of(connection, recordings, visit):
            steps += _at(each.at, "recording", "", did=each.what, by=each.by)
        for each in await _of(connection, offers, visit):
            steps += _offer(each)
        for each in await _of(connection, callback_attempts, visit):
            steps += _at(each.dialled_at, "dialled", each.agent, attempt=each.attempt, status=each.status)
        for each in await _of(connection, handlings, visit):
            steps += _at(each.began_at, "talk", each.agent)
            steps += _at(each.ended_at, "talk_ended", each.agent)
            steps += _at(each.wrapped_at, "wrapped", each.agent, outcome=each.outcome)
        for each in await _of(connection, handovers, visit):
            steps += _at(each.at, "handed_over", each.agent)
    return Course(_line(row), tuple(sorted(steps, key=lambda each: each.at_ms)))


def _line(row: Any) -> PastVisit:
    wait = row.wait_since_queue_ms
    return PastVisit(
        row.id,
        epoch_ms(row.arrived_at),
        row.language,
        row.concern,
        row.kind,
        row.classes,
        row.case,
        row.outcome,
        -1 if wait is None or row.queued_at is None else wait,
        row.answered_by,
    )


def _offer(row: Any) -> Iterable[Step]:
    said = {
        "step": row.step + 1,
        "language": row.language,
        "language_level": row.language_level,
        "concern_level": row.concern_level,
        "interpreter": row.interpreter,
        "candidates": row.candidates,
        "decided_by": row.decided_by,
    }
    yield from _at(row.made_at, "offered", row.agent, **said)
    yield from _at(row.rang_at, "rang", row.agent)
    yield from _at(row.ended_at, "offer_ended", row.agent, outcome=row.outcome)


def _at(at: datetime | None, what: str, who: str = "", **values: object) -> list[Step]:
    if at is None:
        return []
    named = {name: str(value) for name, value in values.items() if value not in ("", None)}
    return [Step(epoch_ms(at), what, who, named)]


async def _of(connection: AsyncConnection, table: Table, visit: int) -> list[Any]:
    return list(await connection.execute(select(table).where(table.c.visit == visit)))
