"""Who calls again because they gave up is told from who would have called again anyway."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from simulation.records import retrials, shares
from simulation.records.fit import fit
from simulation.records.history import ABANDONED, ANSWERED, UNKNOWN, Attempts, History, Ints
from simulation.records.measured import Measured
from simulation.scenarios import scenario_file
from tests import histories

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "planning.toml"
PLAIN = scenario_file.plain(SHIPPED)
BEGIN, END = date(2026, 1, 7), date(2026, 3, 31)
ROUNDS = 100
CUT = 9
MINUTE = 60_000


def _delays(chance: np.random.Generator, count: int, caused: float, usual: float) -> Ints:
    """Of callers of whom `caused` call again after 20 minutes because of the first, and of the others `usual`
    after 5 hours for another reason."""
    because = chance.random(count) < caused
    anyway = chance.random(count) < usual
    delay = np.where(because, chance.exponential(20 * MINUTE, count), chance.exponential(300 * MINUTE, count))
    return np.where(because | anyway, np.minimum(delay, 86_400_000), UNKNOWN).astype(np.int64)


def _attempts(chance: np.random.Generator, gave_up: int, answered: int, caused: float = 0.475) -> Attempts:
    return Attempts(
        np.zeros(0, np.bool_), _delays(chance, gave_up, caused, 0.39), _delays(chance, answered, 0.0, 0.39)
    )


def _history(chance: np.random.Generator) -> tuple[History, int]:
    """Callers of whom 30 % give up; 39 % of all call once more for another reason, and of those who gave up
    more because of it: 68 % in all. With it, how many calls do not come because of another one."""
    first = histories.arrivals(PLAIN.house, BEGIN, date(2026, 3, 20), 60, chance)
    first = first[np.sort(chance.permutation(len(first)))]
    ended = np.where(chance.random(len(first)) < 0.3, ABANDONED, ANSWERED)
    caused = (0.68 - 0.39) / (1 - 0.39)
    delay = np.where(
        ended == ABANDONED,
        _delays(chance, len(first), caused, 0.39),
        _delays(chance, len(first), 0.0, 0.39),
    )
    came = delay != UNKNOWN
    arrived = np.concatenate([first, (first + delay)[came]])
    order = np.argsort(arrived, kind="stable")
    caller = np.concatenate([np.arange(len(first)), np.flatnonzero(came)])[order]
    after = np.concatenate([ended, np.full(int(came.sum()), CUT)])[order]
    made = histories.made(BEGIN, END, arrived, ended=after, caller=caller)
    gave_up = int((ended == ABANDONED).sum())
    return made, len(first) + round(0.39 * (len(first) - gave_up) + (0.68 - caused) * gave_up)


def _numbers(history: History) -> dict[str, Measured]:
    return {each.key: each for part in fit(history, PLAIN) for each in part.numbers if each.key}


def test_the_share_that_is_written_is_the_one_that_giving_up_causes() -> None:
    """68 % of who gave up and 39 % of who was answered call again: 47.5 % do so because of it, soon."""
    history, fresh = _history(np.random.default_rng(1))
    found = _numbers(history)
    share, after = found["calls.retrial"].interval, found["calls.retrial_after"].interval
    assert share.low < (0.68 - 0.39) / (1 - 0.39) < share.high < 0.6
    assert after.low < 20 < after.high < 40
    assert found["cases.calls_per_case"].n == pytest.approx(fresh, rel=0.03)


def test_both_raw_shares_are_told() -> None:
    history, _ = _history(np.random.default_rng(1))
    told = next(part.said for part in fit(history, PLAIN) if part.title == "Second attempts")
    assert any("who gave up, 70" in line for line in told)
    assert any("who were answered, 38" in line for line in told)


@pytest.mark.parametrize(("gave_up", "answered"), [(40, 60), (400, 400), (1_000, 2_000)])
def test_the_intervals_hold_the_truth(gave_up: int, answered: int) -> None:
    """At the stated rate, for few as for many; a time that cannot be told is not told."""
    chance, held, of_after = np.random.default_rng(2), 0, 0
    for _ in range(ROUNDS):
        found = retrials.retrials(_attempts(chance, gave_up, answered))
        held += found.share.low <= 0.475 <= found.share.high
        of_after += bool(found.after_kept) or found.after.low <= 20 <= found.after.high
    assert held >= stats.binom.ppf(1e-4, ROUNDS, 0.94)
    assert of_after >= stats.binom.ppf(1e-4, ROUNDS, 0.93)


def test_who_calls_again_as_often_as_the_answered_does_so_for_nothing() -> None:
    """No cause: the interval holds 0 at the stated rate; the estimate is never below it."""
    chance, held = np.random.default_rng(3), 0
    for _ in range(ROUNDS):
        found = retrials.retrials(_attempts(chance, 200, 400, caused=0.0))
        held += found.share.low == 0
        assert 0 <= found.share.low <= found.share.value <= found.share.high <= 1
    assert held >= stats.binom.ppf(1e-4, ROUNDS, 0.95)


def test_too_few_on_either_side_keep_the_scenario_s_numbers() -> None:
    chance = np.random.default_rng(4)
    assert retrials.retrials(_attempts(chance, 29, 500)).share_kept == "too few data (n < 30)"
    few = retrials.retrials(_attempts(chance, 500, 29))
    assert few.share_kept == few.after_kept == "too few who were answered (n < 30)"
    assert few.anyway == 0
    numbers = retrials.part(few).numbers
    assert all(each.kept for each in numbers)


@pytest.mark.parametrize("met", range(6))
@pytest.mark.parametrize("other", range(6))
def test_a_caused_share_of_any_counts_is_one(met: int, other: int) -> None:
    """None, all and everything between, on either side; with nobody on a side nothing is known."""
    found = shares.caused(shares.wilson(met, 5), shares.wilson(other, 5))
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.value == pytest.approx(max(0, (met - other) / (5 - other)) if other < 5 else 0)
    assert shares.caused(shares.wilson(0, 0), shares.wilson(other, 5))[:3] == (0, 0, 1)
