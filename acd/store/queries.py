"""What pages and commands ask of the records: service level by its named variants, visits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.store.moments import epoch_ms, moment
from acd.store.tables import offers, shadow_differences, visits
from routing import facts
from routing.facts import ANSWERED, ShadowDiffered
from routing.index import Choice
from routing.service_level import service_level
from routing.visit import VOICE

_CHOICE: TypeAdapter[Choice | None] = TypeAdapter(Choice | None)
DAY_S = 86_400


@dataclass(frozen=True)
class Counts:
    """Calls of a span. answered A, of these in time a; abandoned B, of these in time b; short ones apart.
    Who waited and was turned away at closing is in B, and never in time: they were not served. Who was
    answered by somebody outside is in neither."""

    answered: int = 0
    answered_in_time: int = 0
    abandoned: int = 0
    abandoned_in_time: int = 0
    abandoned_short: int = 0


def fraction(counts: Counts, variant: str) -> tuple[int, int]:
    """(met, out of) of a named service level (see routing.service_level). Raises KeyError."""
    return service_level(
        variant, counts.answered, counts.answered_in_time, counts.abandoned, counts.abandoned_in_time
    )


async def counts(
    engine: AsyncEngine, begin: datetime, end: datetime, *, seconds: int, clock: str, short_seconds: int
) -> Counts:
    """The counts of calls that queued and arrived in [begin, end); whom we call back is in neither: a promise
    has a figure of its own."""
    wait = visits.c.wait_since_queue_ms if clock == "since_queue" else visits.c.wait_since_answer_ms
    left = (facts.ABANDONED_QUEUE, facts.ABANDONED_RINGING)
    answered, gave_up = visits.c.answered_at.is_not(None), visits.c.outcome.in_(left)
    unserved = visits.c.outcome.in_((*left, facts.TURNED_AWAY))
    in_time, short = wait <= seconds * 1000, wait < short_seconds * 1000
    query = select(
        func.count().filter(answered),
        func.count().filter(answered & in_time),
        func.count().filter(unserved),
        func.count().filter(gave_up & in_time),
        func.count().filter(gave_up & short),
    ).where(
        visits.c.arrived_at >= begin,
        visits.c.arrived_at < end,
        visits.c.queued_at.is_not(None),
        visits.c.kind == VOICE,
    )
    async with engine.connect() as connection:
        return Counts(*(await connection.execute(query)).one())


async def given_up(engine: AsyncEngine, begin: datetime) -> dict[tuple[str, str], tuple[int, int]]:
    """Of who called since then, waited and is gone, by (language, concern): how many were answered or gave
    up, and how many of them gave up."""
    left = visits.c.outcome.in_((facts.ABANDONED_QUEUE, facts.ABANDONED_RINGING))
    query = (
        select(visits.c.language, visits.c.concern, func.count(), func.count().filter(left))
        .where(
            visits.c.arrived_at >= begin,
            visits.c.queued_at.is_not(None),
            visits.c.ended_at.is_not(None),
            visits.c.kind == VOICE,
            left | visits.c.answered_at.is_not(None),
        )
        .group_by(visits.c.language, visits.c.concern)
    )
    async with engine.connect() as connection:
        rows = await connection.execute(query)
        return {(language, concern): (callers, gave_up) for language, concern, callers, gave_up in rows}


async def ended(engine: AsyncEngine, node: str, calls: Sequence[str]) -> set[str]:
    """Of these Uniqueids (EPOCH.NUMBER) of a PBX, those of visits whose end is in the rows; of those of
    callbacks (cbOFFER), which led to no talk or to one that is over."""
    made = {int(call.removeprefix("cb")): call for call in calls if call.startswith("cb")}
    found = await _ended_callbacks(engine, made) if made else set()
    calls = [call for call in calls if not call.startswith("cb")]
    seconds = [int(call.partition(".")[0]) for call in calls]
    if not seconds:
        return found
    first, last = moment((min(seconds) - DAY_S) * 1000), moment((max(seconds) + DAY_S) * 1000)
    query = select(visits.c.call).where(
        visits.c.arrived_at.between(first, last),
        visits.c.node == node,
        visits.c.call.in_(calls),
        visits.c.ended_at.is_not(None),
    )
    async with engine.connect() as connection:
        return found | set((await connection.execute(query)).scalars())


async def _ended_callbacks(engine: AsyncEngine, made: Mapping[int, str]) -> set[str]:
    over = (offers.c.outcome != ANSWERED) | visits.c.ended_at.is_not(None)
    query = (
        select(offers.c.id)
        .join(visits, visits.c.id == offers.c.visit)
        .where(offers.c.id.in_(list(made)), offers.c.ended_at.is_not(None), over)
    )
    async with engine.connect() as connection:
        return {made[offer] for offer in (await connection.execute(query)).scalars()}


async def differences(engine: AsyncEngine, limit: int) -> list[ShadowDiffered]:
    """The last decisions that the shadow policy would have made otherwise, the newest first."""
    query = select(shadow_differences).order_by(shadow_differences.c.id.desc()).limit(limit)
    async with engine.connect() as connection:
        rows = await connection.execute(query)
        return [
            ShadowDiffered(
                epoch_ms(row.at), _CHOICE.validate_json(row.live), _CHOICE.validate_json(row.shadow)
            )
            for row in rows
        ]
