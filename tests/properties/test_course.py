"""Figures of visits at /metrics: the same as the records say, and nothing of what may not stand alone."""

import asyncio
import shutil
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from acd.metrics.course import OPEN_MAX, TALKS_S, Course, Target
from acd.store.open import ready, urls
from acd.store.queries import counts, fraction
from acd.store.records import SqlRecorder
from routing import facts
from routing.events import Leg
from routing.facts import Fact
from routing.privacy import MERGED
from routing.service_level import VARIANTS
from tests.fakes.centre import PHONES, Bench

NOON = 1_772_000_000_000
UNSERVED = (facts.ABANDONED_QUEUE, facts.ABANDONED_RINGING, facts.TURNED_AWAY)
OUTCOMES = (*UNSERVED, facts.ABANDONED_MENU, facts.FORWARDED, facts.CALLBACK, facts.LOST)


@st.composite
def _visit(draw: st.DrawFn) -> list[Fact]:
    """From beginning to end, without a number: waits or not, is answered or not, a talk may be none."""
    kind = draw(st.sampled_from(["voice", "voice", "voice", "callback"]))
    at = NOON + draw(st.integers(0, 60_000))
    told: list[Any] = [facts.VisitBegan(at, 0, Leg("pbx1", ""), "line", at, False, kind)]

    def later() -> int:
        nonlocal at
        at += draw(st.sampled_from([1, 4_999, 5_000, 19_999, 20_000, 20_001, 90_000]))
        return at

    if draw(st.booleans()):
        told.append(facts.NeedKnown(later(), 0, draw(st.sampled_from(["ar", "de", "uk"])), "other", ""))
    if draw(st.integers(0, 5)):
        then = later()
        told.append(facts.Queued(then, 0, then))
        for failed in draw(st.sampled_from([(), (True,), (False,), (True, False), (False, False)])):
            told.append(facts.TalkBegan(later(), 0, "amal", 1))
            told.append(
                (facts.TalkFailed(at, 0, "amal", 1)) if failed else facts.TalkEnded(later(), 0, "amal")
            )
    talked = any(isinstance(each, facts.TalkEnded) for each in told)
    outcome = facts.ANSWERED if talked else draw(st.sampled_from(OUTCOMES))
    return [*told, facts.VisitEnded(later(), 0, outcome, "caller", "")]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with records in which nothing stands."""
    folder = tmp_path_factory.mktemp("empty")

    async def made() -> None:
        await (await ready("records", urls(folder, {})["records"])).dispose()

    asyncio.run(made())
    return folder


def figures(course: Course) -> dict[tuple[str, ...], float]:
    """(Name, label values in the order of their names) -> value."""
    registry = CollectorRegistry()
    registry.register(course)
    return {
        (each.name, *(value for _, value in sorted(each.labels.items()))): each.value
        for family in registry.collect()
        for each in family.samples
    }


def summed(told: dict[tuple[str, ...], float], name: str) -> float:
    return sum(value for (each, *_), value in told.items() if each == name)


@settings(max_examples=40, deadline=None)
@given(
    visits=st.lists(_visit(), max_size=8),
    target=st.sampled_from([Target(20, "since_queue"), Target(5, "since_answer")]),
)
def test_service_level_and_waits_are_those_of_the_records(
    empty: Path, visits: list[list[Any]], target: Target
) -> None:
    """Every variant; whatever the calls went through, and however they mix."""
    told: list[Fact] = []
    for number, visit in enumerate(visits, 1):
        told += [each._replace(visit=number) for each in visit]
    told.sort(key=lambda each: each.at_ms)

    async def recorded() -> Any:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(empty / "records.db", folder)
            engine = await ready("records", urls(Path(folder), {})["records"])
            await SqlRecorder(engine).record([(1, told)])
            day = datetime.fromtimestamp(NOON / 1000, UTC).replace(tzinfo=None)
            found = await counts(
                engine,
                day - timedelta(days=1),
                day + timedelta(days=1),
                seconds=target.seconds,
                clock=target.clock,
                short_seconds=5,
            )
            await engine.dispose()
            return found

    course = Course(lambda: target)
    for place, fact in enumerate(told):
        course.facts(place, [fact])
    shown, found = figures(course), asyncio.run(recorded())
    for variant in VARIANTS:
        labels = (target.clock, str(target.seconds), variant)
        told_level = (
            shown["acd_service_level_met_total", *labels],
            shown["acd_service_level_calls_total", *labels],
        )
        assert told_level == fraction(found, variant), variant
    waited = Counter(
        came
        for (name, came, *_), n in shown.items()
        if name == "acd_wait_seconds_count"
        for _ in range(int(n))
    )
    assert waited["answered"] == found.answered
    talks = sum(isinstance(each, facts.TalkEnded) for each in told)
    assert summed(shown, "acd_talk_seconds_count") == talks


def one_call(course: Course, visit: int, language: str, wait_ms: int = 30_000) -> None:
    at = NOON
    course.facts(
        1,
        [
            facts.VisitBegan(at, visit, None, "line", at, False),
            facts.NeedKnown(at, visit, language, "other", ""),
            facts.Queued(at, visit, at),
            facts.TalkBegan(at + wait_ms, visit, "amal", 1),
            facts.TalkEnded(at + wait_ms + 60_000, visit, "amal"),
            facts.VisitEnded(at + wait_ms + 60_000, visit, facts.ANSWERED, "caller", ""),
            facts.WaitJudged(at, visit, language, at, 0, 60_000, True, wait_ms, facts.HELD),
        ],
    )


def test_a_language_that_may_not_stand_alone_any_more_is_told_no_more() -> None:
    """Neither what it had by then, nor what comes: that is counted with the others. Counters only grow."""
    merged: set[str] = set()
    course = Course(lambda: Target(20, "since_queue"), lambda each: MERGED if each in merged else each)
    one_call(course, 1, "uk")
    one_call(course, 2, "de")
    before = figures(course)
    assert before["acd_wait_seconds_count", "answered", "uk"] == 1
    assert before["acd_talk_seconds_count", "uk"] == 1
    assert before["acd_announced_waits_total", "held", "uk"] == 1
    merged.add("uk")
    one_call(course, 3, "uk")
    after = figures(course)
    assert not [each for each in after if "uk" in each]
    assert after["acd_wait_seconds_count", "answered", MERGED] == 1
    assert after["acd_wait_seconds_count", "answered", "de"] == 1
    assert after["acd_service_level_calls_total", "since_queue", "20", "all_offered"] == 3


def test_who_waits_when_the_daemon_starts_is_counted_and_who_talks_is_not() -> None:
    bench = Bench()
    bench.login(PHONES[0])
    bench.call("1", "ar")
    waiting = bench.call("2", "tr")
    assert waiting is not None
    course = Course(lambda: Target(20, "since_queue"))
    course.begin(bench.engine.world)
    (left,) = [each for each in bench.engine.world.visits.values() if each.language == "tr"]
    course.facts(1, [facts.VisitEnded(left.queued_ms + 7_000, left.id, facts.ABANDONED_QUEUE, "caller", "")])
    course.facts(2, [facts.VisitEnded(NOON, 999, facts.ANSWERED, "caller", "")])
    shown = figures(course)
    assert shown["acd_wait_seconds_bucket", "abandoned", "tr", "10.0"] == 1
    assert summed(shown, "acd_wait_seconds_count") == 1


def test_callbacks_are_told_from_promise_to_end_and_only_those() -> None:
    course = Course(lambda: Target(20, "since_queue"))
    course.facts(
        1,
        [
            facts.VisitBegan(NOON, 1, None, "", NOON, False, "callback"),
            facts.CallbackPromised(NOON, 1, 0, 0, 0, False),
            facts.CallbackPromised(NOON, 1, 0, 0, 0, True),
            facts.CallbackRefused(NOON, 0, "full"),
            facts.VisitEnded(NOON, 1, facts.NOT_REACHED, "pbx", ""),
        ],
    )
    shown = {
        came: n
        for (name, *rest), n in figures(course).items()
        if name == "acd_callbacks_total"
        for came in rest
    }
    assert {came for came, n in shown.items() if n} == {
        "promised",
        "promised_again",
        "refused",
        "not_reached",
    }
    assert shown["answered"] == 0


def test_what_is_open_has_a_limit() -> None:
    """The oldest is counted nowhere; everything else is."""
    course = Course(lambda: Target(20, "since_queue"))
    for visit in range(OPEN_MAX + 1):
        course.facts(
            1, [facts.VisitBegan(NOON, visit, None, "", NOON, False), facts.Queued(NOON, visit, NOON)]
        )
    for visit in range(OPEN_MAX + 1):
        course.facts(1, [facts.VisitEnded(NOON, visit, facts.ABANDONED_QUEUE, "caller", "")])
    assert summed(figures(course), "acd_wait_seconds_count") == OPEN_MAX


def test_classes_are_upper_bounds_and_all_are_in_the_last() -> None:
    course = Course(lambda: Target(20, "since_queue"))
    one_call(course, 1, "de", 20_000)
    one_call(course, 2, "de", 20_001)
    shown = figures(course)
    told = {
        bound: shown["acd_wait_seconds_bucket", "answered", "de", bound]
        for bound in ("10.0", "20.0", "30.0", "+Inf")
    }
    assert told == {"10.0": 0, "20.0": 1, "30.0": 2, "+Inf": 2}
    assert shown["acd_wait_seconds_sum", "answered", "de"] == pytest.approx(40.001)
    assert shown["acd_talk_seconds_bucket", "de", "60.0"] == 2
    assert len([each for each in shown if each[0] == "acd_talk_seconds_bucket"]) == len(TALKS_S) + 1
