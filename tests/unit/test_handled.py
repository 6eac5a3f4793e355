"""What a desk leaves in the records, and what it asks of them: on SQLite here, on PostgreSQL beside."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.deskwork import Day, Earlier, Word
from acd.store.handled import day, earlier
from acd.store.moments import epoch_ms, moment
from acd.store.open import ready, urls
from acd.store.records import SqlRecorder
from acd.store.tables import handlings, handovers, incidents, threats
from routing import facts
from routing.events import Leg
from routing.index import Choice

DAY_MS = 86_400_000


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = await ready("records", urls(tmp_path, {})["records"])
    yield engine
    await engine.dispose()


def visit(number: int, at_ms: int, token: str = "t", agent: str = "amal") -> list[facts.Fact]:
    """A call of ten seconds, with one of wrap-up."""
    choice = Choice(number, agent, 0, "uk", 7, 4, "", 1, "only_candidate", ())
    return [
        facts.VisitBegan(at_ms, number, Leg("n", f"{number}.1"), "+49", at_ms, False),
        facts.CallerRecognised(at_ms, number, token),
        facts.NeedKnown(at_ms, number, "uk", "study", ""),
        facts.Queued(at_ms, number, at_ms),
        facts.OfferMade(at_ms, number + 1, number, "birgit", choice),
        facts.OfferEnded(at_ms, number + 1, number, "birgit", "declined", 21),
        facts.OfferMade(at_ms, number + 2, number, agent, choice),
        facts.OfferEnded(at_ms, number + 2, number, agent, "answered", 0),
        facts.TalkBegan(at_ms, number, agent, number + 2),
        facts.TalkEnded(at_ms + 10_000, number, agent),
        facts.VisitEnded(at_ms + 10_000, number, "answered", "caller", ""),
        facts.WrapUpEnded(at_ms + 11_000, number, agent),
    ]


ONE = 1_000


async def tell(records: AsyncEngine, told: list[facts.Fact], size: int = ONE) -> None:
    """In batches of so many facts."""
    recorder = SqlRecorder(records)
    for start in range(0, len(told), size):
        await recorder.record([(start + 1, told[start : start + size])])


async def rows_of(records: AsyncEngine, query: object) -> list[tuple[object, ...]]:
    async with records.connect() as connection:
        return [tuple(row) for row in await connection.execute(query)]  # type: ignore[call-overload]


SAID = select(handlings.c.agent, handlings.c.outcome, handlings.c.note, handlings.c.case).order_by(
    handlings.c.began_at
)


@pytest.mark.parametrize("size", [ONE, 1, 2, 3, 5])
async def test_what_was_said_of_a_call_stands_at_the_talk_it_is_about_and_the_last_word_counts(
    records: AsyncEngine, size: int
) -> None:
    """They may talk with the same caller twice in one call."""
    told = [
        *visit(7, 1_000)[:-2],
        facts.HandlingClosed(12_000, 7, "amal", "first", "n0", ""),
        facts.HandlingClosed(12_500, 7, "amal", "answered", "n1", "K-1"),
        facts.TalkBegan(13_000, 7, "amal", 0),
        facts.HandlingClosed(13_500, 7, "amal", "again", "", "x" * 60),
    ]
    await tell(records, told, size)
    assert await rows_of(records, SAID) == [
        ("amal", "answered", "n1", "K-1"),
        ("amal", "again", "", "x" * 40),
    ]


@pytest.mark.parametrize("size", [ONE, 1, 2, 3, 5])
async def test_a_follow_up_has_a_row_with_who_has_it_and_who_did_it(records: AsyncEngine, size: int) -> None:
    told: list[facts.Fact] = [
        facts.HandedOver(1_000, 90, 7, "amal", "cem", "n1"),
        facts.HandedOver(1_500, 91, 7, "amal", "dora", ""),
        facts.HandoverGivenBack(2_000, 90, 7, "amal"),
        facts.HandoverDone(3_000, 90, 7, "amal"),
    ]
    await tell(records, told, size)
    found = await rows_of(records, select(handovers).order_by(handovers.c.id))
    done = [epoch_ms(row[6]) if row[6] else 0 for row in found]  # type: ignore[arg-type]
    assert [(*row[:5], row[7]) for row in found] == [
        (90, 7, "amal", "amal", "n1", "amal"),
        (91, 7, "amal", "dora", "", ""),
    ]
    assert done == [3_000, 0]


@pytest.mark.parametrize("size", [ONE, 1, 2, 3, 5])
async def test_a_threat_has_a_row_with_what_became_of_it(records: AsyncEngine, size: int) -> None:
    told: list[facts.Fact] = [
        facts.ThreatTold(1_000, 7, "amal", "n1", DAY_MS),
        facts.ThreatTold(1_500, 8, "amal", "", 0),
        facts.ThreatSeen(2_000, 7),
        facts.TokenUnblocked(3_000, 7),
    ]
    await tell(records, told, size)
    found = await rows_of(records, select(threats).order_by(threats.c.id))
    times = [[epoch_ms(each) if each else 0 for each in row[4:]] for row in found]  # type: ignore[arg-type]
    assert [row[1:4] for row in found] == [(7, "amal", "n1"), (8, "amal", "")]
    assert times == [[1_000, DAY_MS, 2_000, 3_000], [1_500, 0, 0, 0]]


async def test_what_is_one_persons_own_leaves_no_row(records: AsyncEngine) -> None:
    told: list[facts.Fact] = [
        facts.QuietChanged(1_000, "amal", 10),
        facts.WrapUpExtended(1_000, 7, "amal", 2_000),
    ]
    await tell(records, told)
    assert await rows_of(records, select(incidents)) == []


async def many(records: AsyncEngine) -> None:
    """Three visits of one caller and one of another; the middle one was said something of."""
    told = [
        *visit(10, 1_000),
        facts.HandlingClosed(13_000, 10, "amal", "answered", "n1", "K-1"),
        *visit(20, 50_000, agent="cem"),
        facts.HandlingClosed(63_000, 20, "cem", "sent_on", "n2", ""),
        *visit(30, 90_000, token="other"),
        *visit(40, 95_000),
    ]
    await tell(records, told)


async def what_a_desk_asks(records: AsyncEngine) -> None:
    """Is held against the same on PostgreSQL."""
    await many(records)
    first = Earlier(10, 1_000, "uk", "study", "answered", (Word(1_000, "amal", "answered", "n1", "K-1"),))
    second = Earlier(20, 50_000, "uk", "study", "answered", (Word(50_000, "cem", "sent_on", "n2", ""),))
    assert await earlier(records, "t", 40, 5, None) == (second, first)
    mine = second._replace(said=(second.said[0]._replace(agent=""),))
    assert await earlier(records, "t", 40, 5, "amal") == (mine, first)
    assert [each.visit for each in await earlier(records, "t", 40, 1, None)] == [20]
    assert await earlier(records, "", 40, 5, None) == ()
    assert await earlier(records, "nobody", 40, 5, None) == ()
    assert await day(records, "amal", moment(0), moment(DAY_MS)) == Day(3, 30_000, 3_000, 0)
    assert await day(records, "birgit", moment(0), moment(DAY_MS)) == Day(0, 0, 0, 4)
    assert await day(records, "amal", moment(50_000), moment(95_000)) == Day(1, 10_000, 1_000, 0)


async def test_earlier_visits_and_the_own_day_are_found(records: AsyncEngine) -> None:
    await what_a_desk_asks(records)


async def test_neither_looks_at_every_row(records: AsyncEngine) -> None:
    """A desk asks while a phone rings."""
    for table, column in (("visit", "token"), ("handling", "agent"), ("offer", "agent")):
        async with records.connect() as connection:
            plan = await connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE {column} = 'x'"
            )
            assert f"{table}_by_{column}" in str(plan.all())
