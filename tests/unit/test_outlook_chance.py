"""What futures are drawn from: log-normal times and what is left of them, calls, quantiles, the prior."""

from datetime import datetime
from math import log, sqrt
from random import Random
from statistics import fmean, variance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.outlook.ahead import Seen, beliefs, between
from acd.outlook.beliefs import Lasts
from acd.outlook.chance import LogNormal, Weighted, moments
from acd.outlook.drawn import Drawn
from acd.outlook.prior import WEEKS_A_YEAR, prior
from acd.outlook.quantiles import quantile
from config.load import SHIPPED, load
from config.people import policy

CENTRE = load(SHIPPED)
ZONE = CENTRE.centre.zone
THURSDAY = int(datetime(2026, 3, 5, tzinfo=ZONE).timestamp() * 1000)
MINUTE = 60_000
HOUR = 60 * MINUTE
RULES = policy(CENTRE, THURSDAY)


# --- times ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scv", [0.05, 0.5, 1.2])
def test_times_have_the_mean_and_the_variation_that_is_believed(scv: float) -> None:
    chance, law = Random(1), LogNormal(Lasts(420_000, scv))
    some = [law.drawn(chance) for _ in range(40_000)]
    assert fmean(some) == pytest.approx(420_000, rel=0.03)
    assert variance(some) / fmean(some) ** 2 == pytest.approx(scv, rel=0.2)
    assert fmean(law.drawn(chance, 2.0) for _ in range(40_000)) == pytest.approx(840_000, rel=0.03)


def test_what_is_left_is_distributed_as_among_those_that_lasted_so_long() -> None:
    """Against the plain way: draw whole times, keep those that are longer, take off what is spent."""
    law, spent = LogNormal(Lasts(420_000, 1.2)), 600_000
    chance = Random(2)
    plainly = sorted(each - spent for _ in range(60_000) if (each := law.drawn(chance)) > spent)
    left = sorted(law.left(chance, spent) for _ in range(len(plainly)))
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        place = int(share * len(left))
        assert left[place] == pytest.approx(plainly[place], rel=0.06)


@given(st.floats(1, 1e8), st.floats(0, 20), st.integers(-5, 10**12), st.floats(0.1, 10), st.integers())
def test_whatever_has_been_spent_something_is_left(
    mean: float, scv: float, spent: int, factor: float, seed: int
) -> None:
    """A talk that is longer than any ever was ends all the same, and not before now."""
    left = LogNormal(Lasts(mean, scv)).left(Random(seed), spent, factor)
    assert left >= 1


@given(st.lists(st.floats(0, 5), min_size=1, max_size=9), st.integers())
def test_one_is_drawn_of_those_that_weigh_something(weights: list[float], seed: int) -> None:
    place = Weighted(weights).drawn(Random(seed))
    assert weights[place] > 0 or not any(weights)


# --- calls ---------------------------------------------------------------------------------------------


def test_calls_come_where_they_are_expected_and_as_many() -> None:
    """None in the second step; behind the moment from which on; the count varies as Poisson's does."""
    chance, expected = Random(3), [10.0, 0.0, 30.0]
    runs = [list(moments(chance, expected, 1_000, 100, 1_050, 2.0)) for _ in range(3_000)]
    for run in runs:
        assert run == sorted(run)
        assert all(1_050 <= at < 1_100 or 1_200 <= at < 1_300 for at in run)
    counts = [len(run) for run in runs]
    assert fmean(counts) == pytest.approx(2 * (5 + 30), rel=0.02)
    assert variance(counts) == pytest.approx(2 * (5 + 30), rel=0.1)


def test_a_week_has_the_calls_of_its_share_of_a_year() -> None:
    week = prior(CENTRE).week
    assert sum(map(sum, week)) == pytest.approx(CENTRE.outlook.calls_per_year / WEEKS_A_YEAR)
    assert sum(week[6]) == 0, "on Sunday we are closed"
    assert sum(week[2][4 * 13 :]) == 0, "on Wednesday from one on"
    assert sum(week[0]) / sum(week[2]) == pytest.approx(1.3 / 0.7)


def test_needs_have_the_shares_of_languages_and_concerns() -> None:
    shares = prior(CENTRE).shares
    assert sum(each.share for each in shares) == pytest.approx(1)
    turkish = sum(each.share for each in shares if each.language == "tr")
    assert turkish == pytest.approx(0.09)
    assert sum(each.share for each in shares if each.concern == "study") == pytest.approx(0.2)


def test_a_day_on_which_many_came_goes_on_so_and_not_wholly() -> None:
    """Gamma(1/v + n, 1/v + m): after three times as many as expected more are expected, not three times."""
    believed = prior(CENTRE)
    now, until = THURSDAY + 12 * HOUR, THURSDAY + 18 * HOUR
    due = between(believed, ZONE, THURSDAY + 8 * HOUR, now, RULES.opening)
    assert due > 20
    seen = Seen(THURSDAY + 8 * HOUR, now, round(3 * due))
    calls = beliefs(believed, CENTRE, now, until, RULES.opening, seen).calls
    before = 1 / believed.day_variation
    assert calls.shape / calls.rate == pytest.approx((before + round(3 * due)) / (before + due))
    assert 1.5 < calls.shape / calls.rate < 3
    nothing = beliefs(believed, CENTRE, now, until, RULES.opening).calls
    assert nothing.shape == nothing.rate


def test_nobody_calls_after_we_have_closed() -> None:
    now = THURSDAY + 17 * HOUR
    calls = beliefs(prior(CENTRE), CENTRE, now, now + 5 * HOUR, RULES.opening).calls
    assert sum(calls.expected[:4]) > 0
    assert sum(calls.expected[4:]) == 0


# --- how sure ------------------------------------------------------------------------------------------


def test_the_fewer_talks_were_seen_the_farther_the_mean_may_be_off() -> None:
    believed = prior(CENTRE)
    now = THURSDAY + 9 * HOUR
    spread = []
    for n in (10.0, 1_000.0):
        surer = believed._replace(talk=believed.talk._replace(n=n))
        drawn = Drawn(beliefs(surer, CENTRE, now, now + HOUR, RULES.opening), RULES)
        chance = Random(4)
        factors = [drawn.talk_factor(chance) for _ in range(5_000)]
        assert fmean(factors) == pytest.approx(1, abs=0.02)
        spread.append(sqrt(variance(log(each) for each in factors)))
    assert spread[0] == pytest.approx(sqrt(log(1 + 1.2 / 10)), rel=0.05)
    assert spread[1] == pytest.approx(sqrt(1.2 / 1_000), rel=0.05)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_quantiles_are_rounded_outward(values: list[int]) -> None:
    ranked = sorted(values)
    low, middle, high = (quantile(ranked, share) for share in (0.1, 0.5, 0.9))
    assert low <= middle <= high
    n = len(ranked)
    assert sum(each < low for each in ranked) <= 0.1 * (n + 1)
    assert sum(each > high for each in ranked) <= 0.1 * (n + 1)


def test_of_exchangeable_values_the_next_lies_in_the_band_in_four_of_five() -> None:
    """For 19 futures: (n + 1) * 0.1 is whole, so the band holds exactly 80 %."""
    chance, held, tries = Random(5), 0, 20_000
    for _ in range(tries):
        ranked = sorted(chance.random() for _ in range(19))
        held += quantile(ranked, 0.1) <= chance.random() <= quantile(ranked, 0.9)
    assert held / tries == pytest.approx(0.8, abs=0.012)
