"""Forecasts hold what comes at the stated rate, take the way that would have done best, know the calendar,
and say what few data cannot tell."""

import asyncio
import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from acd.plan import app, records
from config.load import load
from simulation.records import forecast as forecasting
from simulation.records.forecast import Forecast, backtest, forecast
from simulation.records.forecasters import WAYS, Coming, Way, interval
from simulation.records.history import Daily, daily
from simulation.records.weeks import WEEK, Ahead, Weeks, weekday_shares, whole_weeks
from tests import histories

CONFIG = Path(__file__).resolve().parents[2] / "config"
CENTRE = load(CONFIG / "welcomecenter.toml")
MONDAY = date(2025, 1, 6)
BY_DAY = (1.3, 1.1, 0.7, 1.2, 0.7, 1.0, 1.0)
ROUNDS = 400
AT_LEAST = int(stats.binom.ppf(1e-4, ROUNDS, 0.95))
"""So many of ROUNDS intervals at 95 % hold the truth, but for one run in 10,000."""


def _weeks(counts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Weeks:
    begins = tuple(MONDAY + each * WEEK for each in range(len(counts)))
    return Weeks(begins, counts.astype(np.float64), np.ones(len(counts)))


def _ahead(weeks: Weeks, count: int = 1) -> Ahead:
    begins = tuple(weeks.begins[-1] + (1 + each) * WEEK for each in range(count))
    return Ahead(begins, np.ones(count), np.zeros((count, 7)))


def _way(name: str) -> Way:
    return next(each for each in WAYS if each.name == name)


def _recorded(first: date, last: date, a_day: float, seed: int = 1, variation: float = 0.0) -> Daily:
    chance = np.random.default_rng(seed)
    arrived = histories.arrivals(CENTRE, first, last, a_day, chance, by_weekday=BY_DAY, variation=variation)
    return daily(histories.made(first, last, arrived), CENTRE, np.ones(len(arrived), np.bool_))


def _forecast(recorded: Daily, weeks: int = 8) -> Forecast:
    return forecast("all", recorded, recorded, CENTRE, weeks)


# --- intervals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [3, 6, 30])
@pytest.mark.parametrize("variation", [0.0, 0.05])
def test_the_next_week_lies_in_the_interval(known: int, variation: float) -> None:
    """Few weeks or many, Poisson or more varied: the interval is wide enough by itself."""
    chance, held = np.random.default_rng(known), 0
    for _ in range(ROUNDS):
        busy = chance.gamma(1 / variation, variation, known + 1) if variation else np.ones(known + 1)
        counts = chance.poisson(25 * busy)
        weeks = _weeks(counts[:-1])
        low, high = interval(*_way("mean").forecast(weeks, _ahead(weeks)))
        held += low[0] <= counts[-1] <= high[0]
    assert held >= AT_LEAST


def test_an_interval_counts() -> None:
    """Poisson where nothing more varies, else negative binomial of the given variance."""
    low, high = interval(np.array([10.0, 10.0, 0.0]), np.array([10.0, 40.0, 0.0]))
    assert (low[0], high[0]) == tuple(stats.poisson.ppf([0.025, 0.975], 10))
    assert (low[1], high[1]) == tuple(stats.nbinom.ppf([0.025, 0.975], 10 / 3, 0.25))
    assert (low[2], high[2]) == (0, 0)


def test_fewer_weeks_make_wider_intervals() -> None:
    counts = np.array([20, 26, 23, 19, 27, 25, 22, 24, 21, 26, 23, 24] * 3)
    widths = []
    for known in (2, 4, 8, 36):
        weeks = _weeks(counts[:known])
        low, high = interval(*_way("mean").forecast(weeks, _ahead(weeks)))
        widths.append(float((high - low)[0]))
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 2 * widths[-1]


# --- which way ---------------------------------------------------------------------------------------------


def _errors(counts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[str, float]:
    return {each.way.name: each.error for each in backtest(_weeks(counts), 4)}


def test_noise_is_forecast_by_its_mean_and_better_than_by_the_week_before() -> None:
    errors = _errors(np.random.default_rng(1).poisson(30, 52))
    assert errors["mean"] < 0.9 < errors["week before"]
    assert errors["mean"] <= min(errors.values()) * (1 + forecasting.BETTER)


def test_a_level_that_moved_is_followed() -> None:
    errors = _errors(np.random.default_rng(2).poisson(np.repeat((20, 60), (16, 14))))
    assert errors["level"] < 0.6 * errors["mean"]


def test_growth_is_followed() -> None:
    errors = _errors(np.random.default_rng(3).poisson(20 * 1.03 ** np.arange(50)))
    assert errors["trend"] == min(errors.values())


def test_a_season_is_found_from_the_third_year_on_and_not_before() -> None:
    """Twice as many in autumn: three years show it, one does not and says so."""
    begins = [MONDAY + each * WEEK for each in range(156)]
    usual = np.array([60 if (each + timedelta(days=3)).month in (9, 10) else 30 for each in begins])
    counts = np.random.default_rng(4).poisson(usual)
    errors = _errors(counts)
    assert errors["season"] == min(errors.values())
    assert errors["season"] < 0.8 * errors["mean"]
    assert not {"season", "year before"} & {*_errors(counts[:100])}


def test_a_month_that_was_never_seen_is_forecast_by_the_mean() -> None:
    """Two years without any March are no reason to expect a single call in March."""
    whole = _weeks(np.random.default_rng(6).poisson(30, 112))
    kept = [i for i, each in enumerate(whole.begins) if (each + timedelta(days=3)).month != 3]
    weeks = Weeks(tuple(whole.begins[i] for i in kept), whole.counts[kept], whole.open[kept])
    made = _way("season").forecast(weeks, Ahead((date(2027, 3, 1),), np.ones(1), np.zeros((1, 7))))
    assert made.mean[0] == pytest.approx(30, rel=0.1)


def test_the_backtest_knows_nothing_of_what_comes_after(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[date, date]] = []

    def spy(weeks: Weeks, ahead: Ahead) -> Coming:
        seen.append((weeks.begins[-1], ahead.begins[0]))
        assert len(weeks.begins) == len(weeks.counts) == len(weeks.open)
        return Coming(np.full(len(ahead.begins), 5.0), np.full(len(ahead.begins), 5.0))

    monkeypatch.setattr(forecasting, "WAYS", (Way("spy", "spy", 2, spy),))
    tried = backtest(_weeks(np.array([5] * 20 + [500])), 8)
    assert [after - before for before, after in seen] == [WEEK] * 7
    assert tried[0].checked == sum(min(8, 21 - origin) for origin in range(14, 21))
    assert tried[0].covered == tried[0].checked - 7


def test_intervals_that_were_too_narrow_are_widened() -> None:
    """Half as many again from one week on: the mean's intervals miss them."""
    counts = np.random.default_rng(5).poisson(np.repeat((30, 45), (26, 10)))
    mean = backtest(_weeks(counts), 8)[0]
    assert mean.covered < 0.9 * mean.checked
    assert mean.wider > 1.1
    assert all(each.wider == 1 for each in backtest(_weeks(np.array([20, 22, 24, 21] * 10)), 8))


def test_a_year_before_is_found_by_date() -> None:
    """A week that was closed altogether is missing: the weeks after it keep their own year before."""
    counts = np.arange(1, 121) * 10
    whole = _weeks(counts)
    gone = [each for each in range(120) if each != 80]
    weeks = Weeks(tuple(whole.begins[each] for each in gone), whole.counts[gone], whole.open[gone])
    ahead = _ahead(weeks, 2)
    of_all, of_fewer = (_way("year before").forecast(each, ahead).mean for each in (whole, weeks))
    assert of_fewer == pytest.approx(of_all)
    assert of_all[1] > of_all[0]


# --- the calendar ------------------------------------------------------------------------------------------


def test_holidays_take_their_share_and_days_add_up_to_their_week() -> None:
    """Good Friday and Easter Monday 2026 are 3 and 6 April; the records end on 22 March."""
    made = _forecast(_recorded(date(2025, 10, 6), date(2026, 3, 22), 20), 4)
    assert [each.begin for each in made.coming] == [date(2026, 3, 23) + each * WEEK for each in range(4)]
    assert [each.open for each in made.coming] == [5, 4, 4, 5]
    full, friday, monday, _ = (each.mean for each in made.coming)
    assert friday / full == pytest.approx(4.3 / 5, abs=0.03)
    assert monday / full == pytest.approx(3.7 / 5, abs=0.03)
    days = {each.begin: each for each in made.days}
    assert date(2026, 4, 3) not in days
    assert date(2026, 4, 6) not in days
    for week in made.coming:
        mine = [
            days[each].mean for each in (week.begin + timedelta(days=i) for i in range(7)) if each in days
        ]
        assert len(mine) == week.open
        assert sum(mine) == pytest.approx(week.mean)
    assert all(each.low <= each.mean <= each.high for each in (*made.coming, *made.days))


def test_days_lie_in_their_intervals() -> None:
    """Eight weeks of days that the forecast has not seen, 20 times; days vary more than Poisson."""
    held = total = 0
    for seed in range(20):
        whole = _recorded(date(2025, 8, 4), date(2025, 12, 21), 12, seed, 0.15)
        known = (date(2025, 10, 26) - date(2025, 8, 4)).days + 1
        seen = Daily(whole.dates[:known], whole.counts[:known], whole.open_ms[:known], whole.silent[:known])
        counts = dict(zip(whole.dates, whole.counts.sum(1).tolist(), strict=True))
        for day in _forecast(seen).days:
            held += day.low <= counts[day.begin] <= day.high
            total += 1
    assert held >= stats.binom.ppf(1e-4, total, 0.95)
    assert held < total


def test_only_whole_weeks_count_and_a_day_that_was_not_recorded_takes_its_share() -> None:
    recorded = _recorded(date(2026, 1, 14), date(2026, 2, 17), 30)
    weeks = whole_weeks(recorded, weekday_shares(recorded, CENTRE))
    assert weeks.begins == tuple(date(2026, 1, 19) + each * WEEK for each in range(4))
    assert weeks.open == pytest.approx(1)
    silent = recorded.silent.copy()
    silent[recorded.dates.index(date(2026, 1, 26))] = True
    fewer = whole_weeks(recorded._replace(silent=silent), weekday_shares(recorded, CENTRE))
    assert fewer.open[1] == pytest.approx(3.7 / 5, abs=0.05)


def test_a_week_may_end_on_its_last_open_day() -> None:
    """Records that end on a Friday have the whole week: nobody calls at the weekend."""
    recorded = _recorded(date(2026, 1, 12), date(2026, 1, 30), 30)
    assert len(whole_weeks(recorded, weekday_shares(recorded, CENTRE)).begins) == 3


def test_one_day_is_no_week() -> None:
    """Of the weekdays that were not recorded it is not concluded that nobody calls on them."""
    recorded = _recorded(date(2026, 1, 12), date(2026, 1, 12), 60)
    shares = weekday_shares(recorded, CENTRE)
    assert shares[:5].min() > 0.1
    assert shares[5:].max() == 0
    assert whole_weeks(recorded, shares).begins == ()


# --- few data ----------------------------------------------------------------------------------------------


def test_below_thirty_calls_only_counts_are_shown() -> None:
    recorded = _recorded(date(2026, 1, 12), date(2026, 3, 22), 0.4)
    assert 0 < recorded.counts.sum() < 30
    made = _forecast(recorded)
    assert made.way is None
    assert made.coming == made.days == []
    assert len(made.weeks.begins) == 10
    assert "too few to forecast" in made.said[0]


def test_below_eight_weeks_only_a_mean_is_said() -> None:
    made = _forecast(_recorded(date(2026, 1, 12), date(2026, 2, 22), 10))
    assert made.way is not None
    assert made.way.name == "mean"
    assert made.tried == []
    assert "6 whole weeks: only their mean can be said" in made.said[0]
    assert "no yearly season" in made.said[1]


def test_one_week_says_nothing() -> None:
    made = _forecast(_recorded(date(2026, 1, 12), date(2026, 1, 18), 20))
    assert made.way is None
    assert made.coming == []
    assert "1 whole week: what a week brings cannot be known" in made.said[0]


# --- the command -------------------------------------------------------------------------------------------


async def test_the_command_forecasts_from_the_daemon_s_records(tmp_path: Path) -> None:
    """Every language has its own block; below thirty calls it is only counts."""
    path = await histories.record(tmp_path, histories.simulated(histories.weeks_of_calls(16, cases=4_000), 3))
    out = tmp_path / "forecast.csv"
    made = await _run("forecast", str(path), "--weeks", "3", "--by", "language", "--daily", "--out", str(out))
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert {each["of"] for each in rows} <= {"all calls", *CENTRE.languages}
    assert [each["span"] for each in rows if each["of"] == "all calls"].count("week") == 3
    assert all(float(each["low"]) <= float(each["expected"]) <= float(each["high"]) for each in rows)
    assert "all calls:" in made
    assert made.count("week of") >= 10
    for code in CENTRE.languages:
        assert f"\n{code}: " in made
    assert "are too few to forecast (n < 30)" in made
    assert "<- taken" in made
    assert "no yearly season" in made
    history = await records.reading(f"sqlite+aiosqlite:///{path}", CENTRE, None, None)
    monday = history.last - timedelta(days=history.last.weekday())
    assert f"  {monday if history.last.weekday() < 4 else monday + WEEK} Mon " in made


async def _run(*arguments: str) -> str:
    given = [*arguments, "--file", str(CONFIG / "planning.toml")]
    result = await asyncio.to_thread(CliRunner().invoke, app, given)
    assert result.exit_code == 0, result.output
    return result.output
