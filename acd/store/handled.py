"""What a desk asks of the records: what a caller called about before, and one person's own day in numbers."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.deskwork import Day, Earlier, Word
from acd.store.moments import epoch_ms
from acd.store.tables import handlings, offers, visits
from routing.offers import REFUSALS

EARLIER_MAX = 20


async def earlier(
    engine: AsyncEngine, token: str, before: int, limit: int, agent: str | None
) -> tuple[Earlier, ...]:
    """The last visits under this token, the newest first, but for `before` itself; none for "".

    agent: who asks, if they may see of nobody else who said what; None: they may.
    """
    if not token:
        return ()
    found = (
        select(visits)
        .where(visits.c.token == token, visits.c.id != before)
        .order_by(visits.c.arrived_at.desc(), visits.c.id.desc())
        .limit(min(limit, EARLIER_MAX))
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(found)).all()
        query = select(handlings).where(handlings.c.visit.in_([row.id for row in rows]))
        talks = (await connection.execute(query.order_by(handlings.c.began_at))).all()
    said: dict[int, list[Word]] = {}
    for each in talks:
        who = each.agent if agent in (None, each.agent) else ""
        word = Word(epoch_ms(each.began_at), who, each.outcome, each.note, each.case)
        said.setdefault(each.visit, []).append(word)
    return tuple(
        Earlier(
            row.id,
            epoch_ms(row.arrived_at),
            row.language,
            row.concern,
            row.outcome,
            tuple(said.get(row.id, ())),
        )
        for row in rows
    )


async def day(engine: AsyncEngine, agent: str, begin: datetime, end: datetime) -> Day:
    """What this person did in [begin, end)."""
    mine = select(handlings.c.began_at, handlings.c.ended_at, handlings.c.wrapped_at).where(
        handlings.c.agent == agent, handlings.c.began_at >= begin, handlings.c.began_at < end
    )
    refused = select(offers.c.id).where(
        offers.c.agent == agent,
        offers.c.made_at >= begin,
        offers.c.made_at < end,
        offers.c.outcome.in_(sorted(REFUSALS)),
    )
    async with engine.connect() as connection:
        talks = (await connection.execute(mine)).all()
        missed = (await connection.execute(refused)).all()
    talk = [epoch_ms(each.ended_at) - epoch_ms(each.began_at) for each in talks if each.ended_at]
    wrap_up = [
        epoch_ms(each.wrapped_at) - epoch_ms(each.ended_at)
        for each in talks
        if each.wrapped_at and each.ended_at
    ]
    return Day(len(talks), sum(talk), sum(wrap_up), len(missed))
