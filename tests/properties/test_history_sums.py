"""The history's sums: what the recorder keeps fact by fact is what is made anew from all rows, whatever the
facts, their order, their batches, and however often the daemon starts anew in between."""

import asyncio
import shutil
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.history.figures import Aim, figures
from acd.history.sums import (
    AGAIN,
    CASE_ASKED,
    CASE_ENOUGH,
    CASE_HEARD,
    COUNTS,
    HELPED,
    KNOWN,
    LATE,
    PROMISES,
    QUARTER_MS,
    REPEATS,
    SUITED,
    TALK_MS,
    TALKS,
    VISITS,
    WAIT_QUEUE,
    WEEK_MS,
    bin_of,
)
from acd.history.view import WHOLE, View
from acd.store.looking_back import look
from acd.store.moments import moment
from acd.store.open import ready, urls
from acd.store.purging import old_visits
from acd.store.records import SqlRecorder
from acd.store.summing import rebuild
from acd.store.tables import history_cells, history_counts, history_waits
from routing import facts
from routing.events import Leg
from routing.facts import Fact
from routing.index import Choice

NOON = 1_772_000_000_000
CHOICE = Choice(1, "amal", 0, "ar", 7, 4, "", 2, "concern", ())
DAY_MS = 86_400_000


async def kept(engine: AsyncEngine) -> Counter[tuple[object, ...]]:
    """All sums, by value: quarter hour, the cell's parts, measure, bin."""
    found: Counter[tuple[object, ...]] = Counter()
    async with engine.connect() as connection:
        cells = {row.id: tuple(row[1:]) for row in await connection.execute(select(history_cells))}
        assert len(set(cells.values())) == len(cells)
        for row in await connection.execute(select(history_counts)):
            for name in COUNTS:
                found[row.quarter, *cells[row.cell], name, 0] = getattr(row, name)
        for row in await connection.execute(select(history_waits)):
            found[row.quarter, *cells[row.cell], row.clock, row.bin] = row.n
            assert row.n > 0
    return +found


visit = st.integers(1, 6)
time = st.integers(0, 20 * 96).map(lambda quarters: NOON + quarters * QUARTER_MS // 4 * 4)
small = st.integers(0, 400_000)
agent = st.sampled_from(["amal", "cem"])


def _began(visit: int, at: int, kind: str) -> Fact:
    return facts.VisitBegan(at, visit, Leg("pbx1", f"{visit}"), "line", at, False, kind)


def later(kind: type, **more: st.SearchStrategy[object]) -> st.SearchStrategy[Fact]:
    """A fact of this kind, at any time."""
    return st.builds(kind, at_ms=time, visit=visit, **more)  # type: ignore[arg-type]


FACT = st.one_of(
    later(
        facts.CallerRecognised,
        token=st.sampled_from(["", "a", "b"]),
        owner=st.sampled_from(["", "amal"]),
        classes=st.sampled_from([(), ("urgent",)]),
    ),
    later(
        facts.NeedKnown,
        language=st.sampled_from(["", "ar", "tr"]),
        concern=st.sampled_from(["study", "other"]),
        second=st.just(""),
    ),
    later(facts.Queued, queued_ms=time),
    later(facts.TalkBegan, agent=agent, offer=st.integers(0, 4)),
    later(facts.TalkEnded, agent=agent),
    later(facts.TalkFailed, agent=agent, offer=st.just(0)),
    later(facts.WrapUpEnded, agent=agent),
    later(
        facts.CallbackPromised, asked_on=st.just(0), from_ms=st.just(0), until_ms=time, again=st.just(False)
    ),
    later(
        facts.WaitJudged,
        language=st.just("ar"),
        told_ms=time,
        low_ms=small,
        high_ms=small,
        spoken=st.booleans(),
        waited_ms=small,
        came=st.sampled_from(facts.CAME),
    ),
    later(facts.CaseTold, became=st.sampled_from(facts.CASE_LINE)),
    later(
        facts.VisitEnded,
        outcome=st.sampled_from(facts.VISIT_OUTCOMES),
        ended_by=st.just("caller"),
        reason=st.just(""),
    ),
)


@st.composite
def _served(draw: st.DrawFn) -> list[Fact]:
    """One of few callers is served, or is not, for one of two concerns: others of theirs follow."""
    id, at = draw(visit), draw(time)
    end = draw(st.sampled_from([facts.ANSWERED, facts.ABANDONED_QUEUE]))
    told: list[Fact] = [
        facts.CallerRecognised(at, id, draw(st.sampled_from(["a", "b"]))),
        facts.NeedKnown(at, id, "ar", draw(st.sampled_from(["study", "other"])), ""),
    ]
    told += [facts.TalkBegan(at, id, "amal", 0)] if end == facts.ANSWERED else []
    return [*told, facts.VisitEnded(at + 1_000, id, end, "caller", "")]


BATCH = st.one_of(st.lists(FACT, max_size=6), _served())
BEGUN = st.lists(st.tuples(time, st.sampled_from(["voice", "callback", "message"])), min_size=6, max_size=6)


@settings(max_examples=40, deadline=None)
@given(begun=BEGUN, told=st.lists(BATCH, max_size=12), anew=st.sets(st.integers(0, 11)))
def test_what_is_kept_is_what_is_made_anew(
    empty: Path, begun: list[tuple[int, str]], told: list[list[Fact]], anew: set[int]
) -> None:
    """anew: before which batches another recorder goes on, that remembers nothing."""

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(empty / "records.db", folder)
            engine = await ready("records", urls(Path(folder), {})["records"])
            try:
                recorder = SqlRecorder(engine)
                first = [_began(id, at, kind) for id, (at, kind) in enumerate(begun, 1)]
                offers: list[Fact] = [
                    facts.OfferMade(NOON, offer, offer, "amal", CHOICE._replace(visit=offer, step=offer % 2))
                    for offer in range(1, 5)
                ]
                await recorder.record([(1, [*first, *offers])])
                for place, batch in enumerate(told):
                    if place in anew:
                        recorder = SqlRecorder(engine)
                    await recorder.record([(place + 2, batch)])
                as_kept = await kept(engine)
                await rebuild(engine)
                assert await kept(engine) == as_kept
                async with engine.begin() as connection:
                    for table in (history_counts, history_waits):
                        await connection.execute(delete(table))
                await rebuild(engine)
                assert await kept(engine) == as_kept
            finally:
                await engine.dispose()

    asyncio.run(run())


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with records in which nothing stands."""
    folder = tmp_path_factory.mktemp("empty")

    async def made() -> None:
        await (await ready("records", urls(folder, {})["records"])).dispose()

    asyncio.run(made())
    return folder


def call(visit: int, at: int, token: str, outcome: str, wait_ms: int) -> list[Fact]:
    """A call from beginning to end."""
    told: list[Fact] = [
        _began(visit, at, "voice"),
        facts.CallerRecognised(at, visit, token),
        facts.NeedKnown(at, visit, "ar", "study", ""),
        facts.Queued(at, visit, at),
    ]
    then = at + wait_ms
    if outcome == facts.ANSWERED:
        told += [
            facts.OfferMade(at, visit, visit, "amal", CHOICE._replace(visit=visit)),
            facts.OfferEnded(then, visit, visit, "amal", facts.ANSWERED, 0),
            facts.TalkBegan(then, visit, "amal", visit),
            facts.TalkEnded(then + 60_000, visit, "amal"),
        ]
        then += 60_000
    return [*told, facts.VisitEnded(then, visit, outcome, "caller", "")]


async def test_who_asked_for_their_case_heard_it_and_was_content_is_counted(tmp_path: Path) -> None:
    """One heard it and hung up, another asked twice, heard it the second time and came to a person; a third
    never heard it. Another call asked for nothing."""
    engine = await ready("records", urls(tmp_path, {})["records"])
    told: list[Fact] = [*call(4, NOON, "d", facts.ANSWERED, 1_000)]
    for visit, asked, outcome in (
        (1, [facts.CASE_HEARD], facts.INFORMED),
        (2, [facts.CASE_REFUSED, facts.CASE_HEARD], facts.ANSWERED),
        (3, [facts.CASE_REFUSED], facts.ABANDONED_QUEUE),
    ):
        begun = call(visit, NOON, "abc"[visit - 1], outcome, 1_000)
        told += [*begun[:3], *(facts.CaseTold(NOON, visit, became) for became in asked), *begun[3:]]
    await SqlRecorder(engine).record([(1, told)])
    day = datetime.fromtimestamp(NOON / 1000, UTC).date()
    found = await look(engine, View(day, day, WHOLE), UTC, lambda cell: ())
    (group,) = found.groups.values()
    assert (group[VISITS], group[CASE_ASKED], group[CASE_HEARD], group[CASE_ENOUGH]) == (4, 3, 2, 1)
    shown = figures(group, Aim("all_offered", 20, 5))
    assert (shown.case_asked, shown.content) == (3, (1, 2))
    await engine.dispose()


async def test_each_measure_is_what_happened(tmp_path: Path) -> None:
    """Two calls of one caller within a week and one after it; one who gave up; a promise that was kept
    late; a wait that was told and held."""
    engine = await ready("records", urls(tmp_path, {})["records"])
    recorder = SqlRecorder(engine)
    told = [
        *call(1, NOON, "a", facts.ANSWERED, 20_000),
        *call(2, NOON + 6 * DAY_MS, "a", facts.ANSWERED, 20_001),
        *call(3, NOON + 14 * DAY_MS, "a", facts.ABANDONED_QUEUE, 4_000),
        facts.WaitJudged(NOON, 1, "ar", NOON, 10_000, 30_000, True, 20_000, facts.HELD),
        _began(4, NOON, "callback"),
        facts.CallbackPromised(NOON, 4, 0, NOON, NOON + 1_000, False),
        facts.TalkBegan(NOON + 2_000, 4, "amal", 0),
        facts.VisitEnded(NOON + 9_000, 4, facts.ANSWERED, "caller", ""),
    ]
    await recorder.record([(1, told)])
    found: Counter[tuple[str, int]] = Counter()
    for place, n in (await kept(engine)).items():
        if place[4] == "voice" or place[-2] in PROMISES:
            found[str(place[-2]), int(str(place[-1]))] += n
    assert found[VISITS, 0] == 3
    assert found[WAIT_QUEUE, bin_of(20_000)] == 1
    assert found[WAIT_QUEUE, bin_of(20_001)] == 1, "just too late is not in time"
    assert found[WAIT_QUEUE, bin_of(4_000)] == 1
    assert (found[TALKS, 0], found[TALK_MS, 0]) == (2, 120_000)
    assert (found[HELPED, 0], found[AGAIN, 0]) == (2, 1)
    assert (found[KNOWN, 0], found[REPEATS, 0]) == (3, 1)
    assert found[LATE, 0] == 1
    assert found[facts.HELD, 0] == 1
    served = {place[6] for place in await kept(engine) if place[5] == facts.ANSWERED and place[4] == "voice"}
    assert served == {SUITED}
    await engine.dispose()


async def test_sums_outlive_their_rows(tmp_path: Path) -> None:
    """Rows that are forgotten take nothing with them; what is made anew begins a week after what is
    forgotten, since of that week it is not known any more who had called before."""
    engine = await ready("records", urls(tmp_path, {})["records"])
    told = [
        fact
        for day in range(40)
        for fact in call(day + 1, NOON + day * DAY_MS, "a" if day % 3 else "b", facts.ANSWERED, 1_000 * day)
    ]
    await SqlRecorder(engine).record([(1, told)])
    before = await kept(engine)
    assert await old_visits(engine, moment(NOON + 20 * DAY_MS)) == 20
    await rebuild(engine)
    assert await kept(engine) == before
    async with engine.begin() as connection:
        late = (NOON + 30 * DAY_MS) // QUARTER_MS
        for table in (history_counts, history_waits):
            await connection.execute(delete(table).where(table.c.quarter >= late))
    assert await kept(engine) != before
    await rebuild(engine)
    assert await kept(engine) == before
    await engine.dispose()


def test_bins_tell_whole_seconds_exactly() -> None:
    """At most, and less than, so many seconds."""
    assert bin_of(5_000) <= 2 * 5 < bin_of(5_001)
    assert bin_of(4_999) < 2 * 5
    assert bin_of(-3) == 0
    assert WEEK_MS == 7 * DAY_MS
