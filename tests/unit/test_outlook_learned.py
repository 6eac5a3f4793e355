"""What the outlook learns from the records: few observations move it little, many make it theirs."""

from datetime import UTC, datetime
from math import inf
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.outlook.beliefs import Lasts, Pauses, Phones, Share
from acd.outlook.learned import CELL_MOST, credibility, learned, moved, together
from acd.outlook.prior import Believed, prior
from acd.prospects import Observed, Seen
from acd.store.observed import observed
from acd.store.open import ready, urls
from acd.store.records import SqlRecorder
from config.hours import opening
from config.load import SHIPPED, load
from routing import facts
from routing.events import Leg
from routing.index import Choice

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MONDAY = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1000)
OPENING = tuple((MONDAY + day * DAY + 8 * HOUR, MONDAY + day * DAY + 16 * HOUR) for day in range(70))
K = 30.0


def seen(*durations: float) -> Seen:
    found = Seen()
    for each in durations:
        found = found.with_(each)
    return found


def drawn(chance: Random, mean: float, n: int) -> Seen:
    return seen(*(chance.gammavariate(1, mean) for _ in range(n)))


def believed() -> Believed:
    """Ten calls each open hour of five weekdays."""
    day = tuple(2.5 if 32 <= quarter < 64 else 0.0 for quarter in range(96))
    return Believed(
        talk=Lasts(7.0 * MINUTE, 1.2, K),
        talks={},
        wrap_up=None,
        patience_ms=6.0 * MINUTE,
        menu_ms=30_000.0,
        phones=Phones(2_000, 9_000, 0.02, 15_000),
        pauses=Pauses(90.0 * MINUTE, Lasts(10.0 * MINUTE, 1.0, K), Lasts(10.0 * MINUTE, 1.0, K)),
        week=(day,) * 7,
        shares=(Share("de", "other", 0.5), Share("tr", "other", 0.5)),
        day_variation=0.05,
        second=0.4,
    )


def nothing(days: int = 0) -> Observed:
    return Observed(MONDAY, MONDAY + days * DAY, {}, {}, {})


def after(found: Observed) -> Believed:
    return learned(believed(), found, UTC, OPENING, K)


def test_who_saw_nothing_believes_what_the_file_says() -> None:
    told = after(nothing())
    assert told == believed()._replace(shares=tuple(sorted(believed().shares)))


def test_the_mean_is_weighed_by_how_many_were_seen() -> None:
    """The formula, by hand: 30 talks of 5 minutes and a prior of 7 that counts as 30 give 6."""
    told = moved(Lasts(7.0 * MINUTE, 1.2, K), seen(*[5.0 * MINUTE] * 30), K)
    assert told.mean_ms == pytest.approx(6.0 * MINUTE)
    assert told.n == 60
    assert told.scv == pytest.approx(1.2 * 30 / 59)


@given(st.lists(st.floats(1_000, 3_600_000), min_size=1, max_size=50), st.floats(1, 1_000))
def test_what_is_learned_lies_between_prior_and_what_was_seen(durations: list[float], k: float) -> None:
    prior_mean = 400_000.0
    told = moved(Lasts(prior_mean, 1.0, k), seen(*durations), k)
    mean = sum(durations) / len(durations)
    assert min(mean, prior_mean) - 1 <= told.mean_ms <= max(mean, prior_mean) + 1
    assert told.scv > 0


def test_cells_that_differ_by_chance_alone_have_the_wholes_mean() -> None:
    """Forty cells of the same truth: a quarter of what was seen is left of their differences."""
    chance = Random(1)
    cells = {(f"l{i}", "other"): drawn(chance, 420_000, 12) for i in range(40)}
    told = after(nothing()._replace(talks=cells))
    apart = [abs(told.talks[key].mean_ms - told.talk.mean_ms) for key in cells]
    raw = [abs(each.mean - together(cells.values()).mean) for each in cells.values()]
    assert sum(apart) < sum(raw) / 4


def test_a_cell_that_is_truly_another_is_told_apart_once_enough_was_seen() -> None:
    chance = Random(2)
    cells = {(f"l{i}", "other"): drawn(chance, 300_000 + 400_000 * (i % 2), 200) for i in range(10)}
    told = after(nothing()._replace(talks=cells))
    assert told.talks["l1", "other"].mean_ms > 600_000
    assert told.talks["l0", "other"].mean_ms < 370_000
    few = after(nothing()._replace(talks=cells | {("l99", "other"): drawn(chance, 900_000, 2)}))
    assert few.talks["l99", "other"].mean_ms < 800_000, "two talks say little"


def test_credibility_is_the_ratio_of_variances() -> None:
    assert credibility([]) == inf
    assert credibility([seen(1.0), seen(2.0)]) == inf, "one talk each tells nothing of chance"
    assert credibility([seen(5.0, 5.0), seen(5.0, 5.0)]) == inf, "nothing differs"
    chance, cells = Random(3), []
    for _ in range(400):
        truth = chance.gauss(100, 10)
        cells.append(seen(*(chance.gauss(truth, 20) for _ in range(10))))
    assert credibility(cells) == pytest.approx(400 / 100, rel=0.25)
    assert CELL_MOST > 4


def test_patience_counts_the_waits_of_those_who_were_served() -> None:
    """All waits over those who gave up: ten minutes here, whatever these themselves waited."""
    told = learned(
        believed(), nothing()._replace(gave_up=10_000, waited_ms=100_000 * MINUTE), UTC, OPENING, K
    )
    assert told.patience_ms == pytest.approx(10 * MINUTE, rel=0.01)


def test_twice_the_calls_are_expected_where_twice_came() -> None:
    """Eight weeks in which 20 came each hour, and 40 on Mondays at nine, where ten were expected."""
    calls = {(weekday, hour): 20 * 8 for weekday in range(7) for hour in range(8, 16)}
    calls[0, 9] = 40 * 8
    told = after(nothing(56)._replace(calls=calls))
    assert sum(told.week[1][36:40]) == pytest.approx(20, rel=0.1)
    assert sum(told.week[0][36:40]) == pytest.approx(40, rel=0.15)
    assert sum(told.week[0][:32]) == 0, "nobody calls while we are closed"


def test_one_day_of_records_moves_the_week_a_little() -> None:
    """One Monday without a single call: fewer are expected, and far from none."""
    told = after(nothing(1))
    monday, tuesday = sum(told.week[0]), sum(told.week[1])
    assert 5 < monday < tuesday < 80


def test_shares_follow_what_was_asked_for() -> None:
    told = after(nothing()._replace(needs={("uk", "study"): 100}))
    shares = {(each.language, each.concern): each.share for each in told.shares}
    assert shares == {
        ("de", "other"): pytest.approx(0.25),
        ("tr", "other"): pytest.approx(0.25),
        ("uk", "study"): pytest.approx(0.5),
    }


def test_phones_and_pauses_follow_too() -> None:
    chance = Random(4)
    found = nothing()._replace(
        answers=seen(*(chance.uniform(4_000, 8_000) for _ in range(5_000))),
        offers=5_000,
        missed=500,
        pauses=seen(*[20.0 * MINUTE] * 1_000),
        ready=seen(*[200.0 * MINUTE] * 1_000),
    )
    told = after(found)
    assert told.phones.from_ms == pytest.approx(4_000, rel=0.05)
    assert told.phones.to_ms == pytest.approx(8_000, rel=0.05)
    assert told.phones.missed == pytest.approx(0.1, rel=0.02)
    assert told.pauses.every_ms == pytest.approx(197 * MINUTE, rel=0.01)
    assert told.pauses.lasts.mean_ms == pytest.approx(19.7 * MINUTE, rel=0.01)


def test_wrap_up_is_all_that_the_rules_give_until_people_take_less() -> None:
    assert after(nothing()._replace(wrap_ups=seen(*[5_000.0] * 10))).wrap_up is None, "ten are too few"
    assert after(nothing()._replace(wrap_ups=seen(*[30_000.0] * 100))).wrap_up is None, "all took the same"
    less = after(nothing()._replace(wrap_ups=seen(*[10_000.0, 30_000.0] * 50))).wrap_up
    assert less is not None
    assert less.mean_ms == pytest.approx(20_000)


def test_the_shipped_centre_learns_from_nothing_and_from_much() -> None:
    """With its own hours, holidays and daylight saving."""
    centre = load(SHIPPED)
    hours = opening(centre, MONDAY, 60)
    file = prior(centre)
    assert learned(file, nothing(56), centre.centre.zone, hours, K).talk == file.talk
    some = nothing(56)._replace(calls={(0, 9): 1_000})
    told = learned(file, some, centre.centre.zone, hours, K)
    assert sum(told.week[0][36:40]) > 5 * sum(file.week[0][36:40])


# --- from the records ----------------------------------------------------------------------------------

AT = MONDAY + 9 * HOUR
LEG = Leg("pbx1", "1.1")


def choice(visit: int, agent: str) -> Choice:
    return Choice(visit, agent, 0, "tr", 7, 5, "", 1, "only_candidate", ())


async def test_the_records_tell_durations_and_counts(tmp_path: Path) -> None:
    """One caller served after a miss, one who gives up, one who is still here; a break and an absence."""
    recorder = SqlRecorder(await ready("records", urls(tmp_path, {})["records"]))
    said: list[facts.Fact] = [
        facts.AgentChanged(AT - HOUR, "amal", "not_ready", "break"),
        facts.AgentChanged(AT - HOUR + 5 * MINUTE, "amal", "ready", ""),
    ]
    for visit, ago in ((1, 0), (2, 1_000), (3, 2_000)):
        leg = Leg("pbx1", f"1.{visit}")
        said += [
            facts.VisitBegan(AT + ago, visit, leg, "line", AT + ago, False, "voice"),
            facts.NeedKnown(AT + ago, visit, "tr", "study", ""),
            facts.Queued(AT + ago + 30_000, visit, AT + ago + 30_000),
        ]
    said += [
        facts.OfferMade(AT + 40_000, 11, 1, "amal", choice(1, "amal")),
        facts.OfferEnded(AT + 55_000, 11, 1, "amal", facts.NO_ANSWER, 0),
        facts.OfferMade(AT + 56_000, 12, 1, "amal", choice(1, "amal")),
        facts.OfferEnded(AT + 60_000, 12, 1, "amal", facts.ANSWERED, 0),
        facts.TalkBegan(AT + 60_000, 1, "amal", 12),
        facts.VisitEnded(AT + 91_000, 2, facts.ABANDONED_QUEUE, facts.BY_CALLER, ""),
        facts.TalkEnded(AT + 360_000, 1, "amal"),
        facts.WrapUpEnded(AT + 372_000, 1, "amal"),
        facts.VisitEnded(AT + 372_000, 1, facts.ANSWERED, facts.BY_CALLER, ""),
        facts.AgentChanged(AT + HOUR, "amal", "away", "no_answer"),
        facts.AgentChanged(AT + HOUR + MINUTE, "amal", "logged_out", ""),
    ]
    await recorder.record([(1, said)])
    found = await observed(recorder.engine, UTC, MONDAY, AT + 2 * HOUR)
    assert found == Observed(
        since_ms=AT,
        until_ms=AT + 2 * HOUR,
        talks={("tr", "study"): seen(300_000.0)},
        needs={("tr", "study"): 3},
        calls={(0, 9): 3},
        gave_up=1,
        waited_ms=30_000 + 60_000,
        menus=seen(30_000.0, 30_000.0, 30_000.0),
        wrap_ups=seen(12_000.0),
        answers=seen(4_000.0),
        offers=2,
        missed=1,
        pauses=seen(5.0 * MINUTE),
        away=seen(1.0 * MINUTE),
        ready=seen(1.0 * HOUR + 55 * MINUTE),
    )
    nobody = await observed(recorder.engine, UTC, MONDAY - DAY, MONDAY)
    assert nobody == Observed(MONDAY, MONDAY, {}, {}, {})
    await recorder.close()


async def test_a_need_given_by_hand_is_what_was_talked_about_and_not_what_came(tmp_path: Path) -> None:
    """Callers like this one will come with the need that they chose; a talk lasts as long as one about what a
    supervisor made of it. Given back, it is their own in both."""
    recorder = SqlRecorder(await ready("records", urls(tmp_path, {})["records"]))
    for visit, back in ((1, False), (2, True)):
        at, leg = AT + visit, Leg("pbx1", f"1.{visit}")
        said: list[facts.Fact] = [
            facts.VisitBegan(at, visit, leg, "line", at, False, "voice"),
            facts.NeedKnown(at, visit, "tr", "study", ""),
            facts.Queued(at, visit, at),
            facts.NeedKnown(at + 1, visit, "de", "other", "", ("tr", "study")),
        ]
        if back:
            said.append(facts.NeedKnown(at + 2, visit, "tr", "study", ""))
        said += [
            facts.TalkBegan(at + 10_000, visit, "amal", 0),
            facts.TalkEnded(at + 70_000 * visit, visit, "amal"),
            facts.VisitEnded(at + 70_000 * visit, visit, facts.ANSWERED, facts.BY_CALLER, ""),
        ]
        await recorder.record([(visit, said)])
    found = await observed(recorder.engine, UTC, MONDAY, AT + HOUR)
    assert found.needs == {("tr", "study"): 2}
    assert found.talks == {("de", "other"): seen(60_000.0), ("tr", "study"): seen(130_000.0)}
    await recorder.close()
