"""Records become arrays as they were written, by the centre's days; what cannot be read has one sentence."""

import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from acd.plan import app, records
from acd.store.open import StoreFault, ready, urls
from acd.store.records import SqlRecorder
from config.load import load
from routing import facts
from routing.events import Leg
from routing.facts import Fact
from routing.index import Choice
from simulation.records.history import (
    ABANDONED,
    AGAIN_MS,
    ANSWERED,
    OTHER,
    UNKNOWN,
    attempts,
    daily,
    left_out,
    open_hours,
)
from tests import histories

CONFIG = Path(__file__).resolve().parents[2] / "config"
CENTRE = load(CONFIG / "welcomecenter.toml")
NOON = int(datetime(2026, 3, 9, 11, tzinfo=UTC).timestamp() * 1000)
"""A Monday at 12:00 in Essen."""
CHOICE = Choice(1, "amal", 0, "ar", 7, 4, "", 2, "concern", ())


def _calls(visit: int, at: int, token: str, end: str, wait: int) -> list[Fact]:
    """A visit that is answered after `wait` and talks for a minute, or ends after it."""
    leg = Leg("pbx1", f"{visit}")
    begun: list[Fact] = [
        facts.VisitBegan(at, visit, leg, "line", at, False),
        facts.CallerRecognised(at, visit, token),
        facts.NeedKnown(at + 5, visit, "ar", "study", "en"),
    ]
    if end == facts.CLOSED:
        return [*begun, facts.VisitEnded(at + wait, visit, end, "caller", "")]
    begun.append(facts.Queued(at + 10, visit, at + 10))
    if end != facts.ANSWERED:
        return [*begun, facts.VisitEnded(at + 10 + wait, visit, end, "caller", "")]
    talk = at + 10 + wait
    return [
        *begun,
        facts.OfferMade(talk - 4_000, visit, visit, "amal", CHOICE._replace(visit=visit)),
        facts.OfferRang(talk - 3_000, visit, visit, "amal"),
        facts.OfferEnded(talk, visit, visit, "amal", facts.ANSWERED, 0),
        facts.TalkBegan(talk, visit, "amal", visit),
        facts.TalkEnded(talk + 60_000, visit, "amal"),
        facts.VisitEnded(talk + 60_000, visit, facts.ANSWERED, "caller", ""),
        facts.WrapUpEnded(talk + 85_000, visit, "amal"),
    ]


@pytest.fixture
async def recorded(tmp_path: Path) -> Path:
    told = [
        *_calls(1, NOON, "a", facts.ANSWERED, 20_000),
        *_calls(2, NOON + 1_000, "b", facts.ABANDONED_QUEUE, 90_000),
        *_calls(3, NOON + 300_000, "b", facts.ABANDONED_RINGING, 30_000),
        *_calls(4, NOON + 600_000, "b", facts.ANSWERED, 7_000),
        *_calls(5, NOON + 700_000, "", facts.LOST, 8_000),
        *_calls(6, NOON + 9 * 3_600_000, "c", facts.CLOSED, 9_000),
        *_calls(7, NOON + 48 * 3_600_000, "d", facts.ANSWERED, 100),
        facts.AgentChanged(NOON, "cem", "away", "no_answer"),
        facts.AgentChanged(NOON + 600_000, "cem", "ready", ""),
    ]
    return await histories.record(tmp_path, [(1, told)])


def test_what_was_recorded_is_read(recorded: Path) -> None:
    history = records.read(str(recorded), CENTRE, None, None)
    assert (history.first, history.last) == (date(2026, 3, 9), date(2026, 3, 11))
    assert (history.arrived_ms - NOON).tolist()[:3] == [0, 1_000, 300_000]
    assert history.queued.tolist() == [True, True, True, True, True, False, True]
    assert history.wait_ms.tolist() == [20_000, 90_000, 30_000, 7_000, 8_000, UNKNOWN, 100]
    assert history.ended.tolist() == [ANSWERED, ABANDONED, ABANDONED, ANSWERED, OTHER, OTHER, ANSWERED]
    assert [history.names[each] for each in (history.language[0], history.concern[0], history.second[0])] == [
        "ar",
        "study",
        "en",
    ]
    assert history.caller.tolist() == [0, 1, 1, 1, UNKNOWN, 2, 3]
    assert history.talk_ms.tolist() == [60_000] * 3
    assert history.wrap_ms.tolist() == [25_000] * 3
    assert history.offers[facts.ANSWERED] == 3
    assert history.answer_ms.tolist() == [4_000] * 3
    assert history.away_ms.tolist() == [600_000]


def test_only_the_asked_days_are_read(recorded: Path) -> None:
    assert len(records.read(str(recorded), CENTRE, None, date(2026, 3, 9)).arrived_ms) == 6
    assert len(records.read(str(recorded), CENTRE, date(2026, 3, 10), None).arrived_ms) == 1
    with pytest.raises(StoreFault, match="no calls from 2026-03-10 to 2026-03-10"):
        records.read(str(recorded), CENTRE, date(2026, 3, 10), date(2026, 3, 10))
    with pytest.raises(StoreFault, match="they go from 2026-03-09 to 2026-03-11"):
        records.read(str(recorded), CENTRE, date(2027, 1, 1), None)


async def test_whom_the_dialplan_served_came_and_did_not_wait_by_our_rules(tmp_path: Path) -> None:
    leg = Leg("pbx1", "1")
    alone: list[Fact] = [
        facts.VisitBegan(NOON, 1, leg, "line", NOON, False),
        facts.Degraded(NOON + 10, 1),
        facts.VisitEnded(NOON + 50_000, 1, facts.ABANDONED_QUEUE, "caller", ""),
        *_calls(2, NOON + 1, "b", facts.ABANDONED_QUEUE, 5_000),
        facts.Degraded(NOON + 2_000, 2),
    ]
    path = await histories.record(tmp_path, [(1, alone)])
    history = await records.reading(f"sqlite+aiosqlite:///{path}", CENTRE, None, None)
    assert history.queued.tolist() == [True, True]
    assert history.wait_ms.tolist() == [UNKNOWN, UNKNOWN]


async def test_a_day_that_is_not_over_is_left_out(tmp_path: Path) -> None:
    now = int(datetime.now(UTC).timestamp() * 1000)
    told = [
        *_calls(1, now - 72 * 3_600_000, "a", facts.ANSWERED, 1),
        *_calls(2, now + 26 * 3_600_000, "b", facts.ANSWERED, 1),
    ]
    path = await histories.record(tmp_path, [(1, told)])
    history = await records.reading(f"sqlite+aiosqlite:///{path}", CENTRE, None, None)
    assert len(history.arrived_ms) == 1
    assert history.last < datetime.now(CENTRE.centre.zone).date()


def test_reading_changes_nothing_and_leaves_nothing(recorded: Path) -> None:
    before = recorded.read_bytes()
    recorded.chmod(0o400)
    records.read(str(recorded), CENTRE, None, None)
    assert recorded.read_bytes() == before
    assert [each.name for each in recorded.parent.iterdir()] == ["records.db"]


async def test_what_a_running_daemon_has_just_recorded_is_read(tmp_path: Path) -> None:
    """It is still in the write-ahead log, not in the file itself."""
    url = urls(tmp_path, {})["records"]
    recorder = SqlRecorder(await ready("records", url))
    await recorder.record([(1, _calls(1, NOON, "a", facts.ANSWERED, 5))])
    history = await records.reading(url, CENTRE, None, None)
    assert history.wait_ms.tolist() == [5]
    await recorder.record([(2, _calls(2, NOON + 1, "b", facts.ANSWERED, 6))])
    assert (await records.reading(url, CENTRE, None, None)).wait_ms.tolist() == [5, 6]
    await recorder.close()


def test_second_attempts_are_found_by_token(recorded: Path) -> None:
    again = attempts(records.read(str(recorded), CENTRE, None, None))
    assert again.second.tolist() == [False, False, True, True, False, False, False]
    assert sorted(again.delay_ms.tolist()) == [299_000, 300_000]
    assert again.answered_ms.tolist() == [UNKNOWN, UNKNOWN]


def test_who_gave_up_too_late_to_be_waited_for_is_not_counted() -> None:
    arrived = np.array([0, 10, AGAIN_MS + 5], np.int64)
    ended = np.array([ABANDONED, ABANDONED, ANSWERED])
    caller = np.array([1, 2, 3])
    day = date(1970, 1, 1)
    again = attempts(histories.made(day, day + timedelta(days=1), arrived, ended=ended, caller=caller))
    assert again.delay_ms.tolist() == [UNKNOWN]


def test_days_and_hours_are_the_centre_s_own() -> None:
    """09:30 in Essen is 08:30 UTC in winter and 07:30 in summer."""
    times = [datetime(2026, 3, 27, 8, 30, tzinfo=UTC), datetime(2026, 3, 30, 7, 30, tzinfo=UTC)]
    arrived = np.array([int(each.timestamp() * 1000) for each in times], np.int64)
    by_day = daily(
        histories.made(date(2026, 3, 27), date(2026, 3, 30), arrived), CENTRE, np.ones(2, np.bool_)
    )
    assert np.argwhere(by_day.counts).tolist() == [[0, 9], [3, 9]]


def test_open_hours_follow_weekdays_and_holidays() -> None:
    opened = open_hours(CENTRE, (date(2026, 4, 1), date(2026, 4, 2), date(2026, 4, 3))) / 3_600_000
    assert opened.sum(1).tolist() == [5.0, 10.0, 0.0]
    assert opened[0, 8:13].tolist() == [1.0] * 5


def test_an_open_day_without_calls_is_left_out_only_where_many_are_usual() -> None:
    chance = np.random.default_rng(1)
    first, last = date(2026, 1, 7), date(2026, 3, 31)
    for a_day, silent in ((30.0, 1), (3.0, 0)):
        arrived = histories.arrivals(CENTRE, first, last, a_day, chance)
        begin = int(datetime(2026, 2, 16, tzinfo=UTC).timestamp() * 1000)
        arrived = arrived[(arrived < begin) | (arrived > begin + 86_400_000)]
        by_day = daily(histories.made(first, last, arrived), CENTRE, np.ones(len(arrived), np.bool_))
        assert by_day.silent.sum() == silent


@pytest.mark.parametrize("a_day", [2.0, 30.0])
def test_months_without_records_are_no_months_without_calls(a_day: float) -> None:
    """Two months are known, the eight between them not: the mean of a day is that of the known ones."""
    chance, first, last = np.random.default_rng(2), date(2025, 3, 1), date(2025, 12, 31)
    arrived = histories.arrivals(CENTRE, first, last, a_day, chance)
    begin, end = (int(datetime(2025, each, 1, tzinfo=UTC).timestamp() * 1000) for each in (4, 12))
    arrived = arrived[(arrived < begin) | (arrived >= end)]
    by_day = daily(histories.made(first, last, arrived), CENTRE, np.ones(len(arrived), np.bool_))
    assert by_day.counts[by_day.used].sum() / by_day.used.sum() == pytest.approx(a_day, rel=0.2)
    gap = max(by_day.gaps(), key=lambda each: each.days)
    assert (gap.first, gap.last) <= (date(2025, 4, 1), date(2025, 11, 30))
    assert gap.last >= date(2025, 11, 28)
    assert any(f"{gap.first} to {gap.last}" in line for line in left_out(by_day))


def test_quiet_days_are_not_taken_for_a_gap() -> None:
    """One call in two days, for a year: nothing is left out, and nothing said."""
    arrived = histories.arrivals(CENTRE, date(2025, 1, 1), date(2025, 12, 31), 0.5, np.random.default_rng(3))
    made = histories.made(date(2025, 1, 1), date(2025, 12, 31), arrived)
    by_day = daily(made, CENTRE, np.ones(len(arrived), np.bool_))
    assert not by_day.silent.any()
    assert left_out(by_day) == []


def _says(*arguments: str) -> str:
    """What the command says when it refuses."""
    result = CliRunner().invoke(app, [*arguments, "--file", str(CONFIG / "planning.toml")])
    assert result.exit_code == 2, result.output
    assert len(result.output.strip().splitlines()) == 1
    return result.output


@pytest.mark.parametrize("command", ["fit", "forecast"])
def test_what_cannot_be_read_has_one_sentence(command: str, tmp_path: Path) -> None:
    assert "cannot be read: No such file" in _says(command, str(tmp_path / "none.db"))
    other = tmp_path / "other.db"
    other.write_text("no database")
    assert "is no SQLite database" in _says(command, str(other))
    empty = tmp_path / "empty.db"
    with sqlite3.connect(empty) as connection:
        connection.execute("CREATE TABLE something (id INTEGER)")
    connection.close()
    assert "holds no records; name the daemon's records.db" in _says(command, str(empty))
    assert "write it like postgresql+asyncpg://" in _says(command, "nothing://somewhere/else")


async def _fresh(folder: Path) -> Path:
    engine = await ready("records", urls(folder, {})["records"])
    await engine.dispose()
    return folder / "records.db"


async def test_records_without_calls_or_of_an_older_release_have_one_sentence(tmp_path: Path) -> None:
    path = await _fresh(tmp_path)
    with pytest.raises(StoreFault, match="hold no calls; let the daemon run first"):
        await records.reading(f"sqlite+aiosqlite:///{path}", CENTRE, None, None)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE records_schema SET version_num = 'records_0001'")
    connection.close()
    with pytest.raises(StoreFault, match="'records_0001' is older; run: acd db upgrade"):
        await records.reading(f"sqlite+aiosqlite:///{path}", CENTRE, None, None)


async def test_a_call_came_with_the_need_that_its_caller_chose(tmp_path: Path) -> None:
    """A supervisor gave the first one another, and the second one theirs back: what is forecast and staffed
    for is what comes, and nobody corrects it then."""
    begun, given = (
        _calls(1, NOON, "a", facts.ABANDONED_QUEUE, 9_000),
        _calls(2, NOON + 1, "b", "closed", 9_000),
    )
    for number, told in ((1, begun), (2, given)):
        told.insert(-1, facts.NeedKnown(NOON + 20, number, "de", "other", "en", ("ar", "study")))
    given.insert(-1, facts.NeedKnown(NOON + 30, 2, "ar", "study", "en"))
    path = await histories.record(tmp_path, [(1, begun), (2, given)])
    history = await records.reading(f"sqlite+aiosqlite:///{path}", CENTRE, None, None)
    assert [history.names[each] for each in history.language] == ["ar", "ar"]
    assert [history.names[each] for each in history.concern] == ["study", "study"]
