"""The visits of a day, as the list of who was not reached needs them."""

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.missed import Call
from acd.store.moments import epoch_ms
from acd.store.tables import visits

LONGEST = timedelta(days=31)
"""Nothing that is promised lasts longer; older visits need not be looked through."""
CALLS_MAX = 20_000
"""More visits of one day are not looked at: the first ones of the day are left out."""


async def calls(engine: AsyncEngine, begin: datetime, end: datetime) -> list[Call]:
    """All that began or ended in [begin, end), CALLS_MAX at most: who came before midnight and hung up after
    it, and who was promised a call for today."""
    query = (
        select(visits)
        .where(
            visits.c.arrived_at >= begin - LONGEST,
            visits.c.arrived_at < end,
            or_(visits.c.arrived_at >= begin, and_(visits.c.ended_at >= begin, visits.c.ended_at < end)),
        )
        .order_by(visits.c.arrived_at.desc())
        .limit(CALLS_MAX)
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(query)).all()
    return [
        Call(
            row.id,
            row.token,
            row.kind,
            row.language,
            row.concern,
            row.case,
            epoch_ms(row.arrived_at),
            epoch_ms(row.ended_at) if row.ended_at else 0,
            row.wait_since_queue_ms or 0,
            row.outcome,
            row.ended_by,
            row.origin,
        )
        for row in rows
    ]
