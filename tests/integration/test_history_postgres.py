"""The history on a real PostgreSQL: kept and made anew alike, looked back upon, forgotten, as on SQLite."""

from datetime import date

from sqlalchemy import delete

from acd.history.view import BY, STEPS, View
from acd.past import Past
from acd.store.moments import moment
from acd.store.open import ready
from acd.store.purging import old_visits
from acd.store.records import SqlRecorder
from acd.store.summing import rebuild
from acd.store.tables import history_counts, history_waits
from routing import facts
from tests.fakes.centre import Bench
from tests.integration.test_postgres import url
from tests.properties.test_history_sums import DAY_MS, call, kept
from tests.unit.test_history_page import AGREED, NOON, Known

__all__ = ["url"]


async def test_the_history_is_the_same_on_a_server(url: str) -> None:
    engine = await ready("records", url)
    recorder = SqlRecorder(engine)
    for day in range(20):
        end = facts.ABANDONED_QUEUE if day % 5 == 4 else facts.ANSWERED
        told = call(day + 1, NOON + day * DAY_MS, "a" if day % 3 else "b", end, 1_000 * day)
        await recorder.record([(day + 1, told)])
    await recorder.record([(30, [facts.WrapUpEnded(NOON + 60_000, 1, "amal")])])
    as_kept = await kept(engine)
    await rebuild(engine)
    assert await kept(engine) == as_kept
    bench = Bench()
    past = Past(engine, Known(), lambda: AGREED, lambda: bench.engine.world)
    for step in STEPS:
        for by in BY:
            view = View(date(2026, 3, 9), date(2026, 3, 28), step, by)
            total = (await past.answer(view)).total
            assert (total.visits, total.answered, total.abandoned) == (20, 16, 4)
    assert await old_visits(engine, moment(NOON + 5 * DAY_MS)) == 5
    await rebuild(engine)
    assert await kept(engine) == as_kept
    async with engine.begin() as connection:
        for table in (history_counts, history_waits):
            await connection.execute(delete(table))
    assert await rebuild(engine) == 7, "of what is left, from a week after what is forgotten on"
    await engine.dispose()
