"""A forecast of few calls: per week and day, with intervals, and how well it would have done before.

The way is chosen by a backtest with a rolling origin: from each of the last weeks, what came after is
forecast from what was known then (R. Hyndman and A. Koehler, 2006, for the scaled error). Intervals that
would have been too narrow are widened by what was missing.
"""

from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from config.schema import Centre
from simulation.records.forecasters import WAYS, YEARS, Coming, Way, interval
from simulation.records.history import Daily
from simulation.records.measured import ENOUGH
from simulation.records.weeks import WEEK, Ahead, Weeks, ahead, weekday_shares, whole_weeks

Floats = npt.NDArray[np.float64]

FEW_WEEKS: Final = 8
"""Below so many weeks nothing but a mean is said."""
TRIED_FROM: Final = 4
"""So many origins a backtest has at least."""
ORIGINS_MAX: Final = 26
FARTHEST: Final = 8
"""Weeks ahead that a backtest looks."""
BETTER: Final = 0.02
"""A way less plain has to be better by this share of the error."""


class Tried(NamedTuple):
    """A way in the backtest. error: mean absolute scaled error (1: as the week before, in the data before);
    covered of checked: weeks that lay in their 95 % interval; width: the intervals' mean width; wider: by
    what they have to be multiplied for 95 %, at least 1."""

    way: Way
    error: float
    covered: int
    checked: int
    width: float
    wider: float


class Row(NamedTuple):
    """A week or a day to come: expected calls and their 95 % interval. open: open days."""

    begin: date
    open: int
    mean: float
    low: float
    high: float


class Forecast(NamedTuple):
    """total: calls of the record, those outside whole weeks too. way None: too few for any; then `weeks` is
    all there is to say."""

    name: str
    total: int
    weeks: Weeks
    way: Way | None
    tried: list[Tried]
    coming: list[Row]
    days: list[Row]
    said: list[str]


def forecast(name: str, daily: Daily, whole: Daily, centre: Centre, count: int) -> Forecast:
    """Of the calls in `daily` for `count` weeks. whole: all calls; they say what a usual week is like."""
    shares = weekday_shares(whole, centre)
    weeks = whole_weeks(daily, shares)
    total, known = int(daily.counts.sum()), len(weeks.begins)
    if total < ENOUGH:
        said = [f"{total} calls are too few to forecast (n < {ENOUGH}): the counts are all that is known."]
        return Forecast(name, total, weeks, None, [], [], [], said)
    if known < 2:
        said = [f"{_whole(known)}: what a week brings cannot be known, let alone how far weeks differ."]
        return Forecast(name, total, weeks, None, [], [], [], said)
    coming = ahead(centre, weeks.begins[-1] + WEEK, count, shares)
    tried = backtest(weeks, count) if known >= FEW_WEEKS + TRIED_FROM else []
    best = _best(tried) if tried else None
    way, wider = (best.way, best.wider) if best else (WAYS[0], 1.0)
    found = way.forecast(weeks, coming)
    found = Coming(found.mean, found.variance * wider**2)
    return Forecast(
        name,
        total,
        weeks,
        way,
        tried,
        _rows(coming, found),
        _days(daily, weeks, coming, found, shares),
        _said(known, best),
    )


def backtest(weeks: Weeks, count: int) -> list[Tried]:
    """Every way from the origins in the last third of the weeks on, what follows each of them forecast from
    what is before it. A way that needs more weeks than are before the first origin is not tried."""
    known = len(weeks.begins)
    first = known - min(ORIGINS_MAX, known // 3)
    origins = range(first, known)
    found = []
    for way in WAYS:
        if way.least > first:
            continue
        errors, covered, widths, apart = [], 0, [], []
        for origin in origins:
            upto = min(origin + min(count, FARTHEST), known)
            before = weeks.until(origin)
            after = Ahead(weeks.begins[origin:upto], weeks.open[origin:upto], np.zeros((upto - origin, 7)))
            made = way.forecast(before, after)
            truth = weeks.counts[origin:upto]
            low, high = interval(made.mean, made.variance)
            errors += (np.abs(truth - made.mean) / _usual_error(before)).tolist()
            covered += int(((low <= truth) & (truth <= high)).sum())
            widths += (high - low).tolist()
            apart += (np.abs(truth - made.mean) / np.sqrt(np.maximum(made.variance, 0.5))).tolist()
        wider = max(1.0, float(np.quantile(apart, 0.95)) / 1.96) if covered < 0.95 * len(errors) else 1.0
        found.append(Tried(way, float(np.mean(errors)), covered, len(errors), float(np.mean(widths)), wider))
    return found


def _usual_error(weeks: Weeks) -> float:
    """Mean absolute error of taking each week as the one before."""
    rate = weeks.counts / weeks.open
    return max(0.5, float(np.abs(weeks.counts[1:] - rate[:-1] * weeks.open[1:]).mean()))


def _best(tried: list[Tried]) -> Tried:
    """The plainest that no other beats by more than BETTER."""
    least = min(each.error for each in tried)
    return next(each for each in tried if each.error <= least * (1 + BETTER))


def _rows(coming: Ahead, found: Coming) -> list[Row]:
    low, high = interval(found.mean, found.variance)
    opened = (coming.of_day > 0).sum(1)
    return [
        Row(begin, int(opened[i]), float(found.mean[i]), float(low[i]), float(high[i]))
        for i, begin in enumerate(coming.begins)
    ]


def _days(daily: Daily, weeks: Weeks, coming: Ahead, found: Coming, shares: Floats) -> list[Row]:
    """A week's forecast shared out to its open days. A day's variance has its own part, as far as days
    differed from their share of the week, and its part of what is not known of the week."""
    ratio = _spread_of_days(daily, weeks, shares)
    share = coming.of_day / np.maximum(coming.open, 1e-9)[:, None]
    mean = found.mean[:, None] * share
    beyond = np.maximum(found.variance - found.mean, 0.0)[:, None] * share**2
    low, high = interval(mean.ravel(), (mean * ratio + beyond).ravel())
    rows = []
    for place, expected in enumerate(mean.ravel().tolist()):
        week, weekday = divmod(place, 7)
        if coming.of_day[week, weekday] > 0:
            day = coming.begins[week] + timedelta(days=weekday)
            rows.append(Row(day, 1, expected, float(low[place]), float(high[place])))
    return rows


def _spread_of_days(daily: Daily, weeks: Weeks, shares: Floats) -> float:
    """Pearson's ratio of days to their share of their own week; 1 for Poisson."""
    counts, used = daily.counts.sum(1), daily.used
    rate = dict(zip(weeks.begins, (weeks.counts / weeks.open).tolist(), strict=True))
    squares, free = 0.0, -len(weeks.begins)
    for place in np.flatnonzero(used).tolist():
        day = daily.dates[place]
        of_week = rate.get(day - timedelta(days=day.weekday()), 0.0)
        expected = of_week * shares[day.weekday()]
        if expected > 0:
            squares += float(counts[place] - expected) ** 2 / expected
            free += 1
    return max(1.0, squares / free) if free > 0 else 1.0


def _whole(known: int) -> str:
    return f"{known} whole week{'' if known == 1 else 's'}"


def _said(known: int, best: Tried | None) -> list[str]:
    said = []
    if best is not None and best.wider > 1:
        said.append(
            f"Only {best.covered} of {best.checked} weeks lay in their interval: those below are "
            f"{best.wider:.2f} times as wide as the way itself says."
        )
    if known < FEW_WEEKS:
        said.append(
            f"{_whole(known)}: only their mean can be said. Growth and season cannot be known, and how "
            "far weeks differ hardly."
        )
    elif known < FEW_WEEKS + TRIED_FROM:
        said.append(f"{_whole(known)} are too few for a backtest: the mean, untested.")
    if known < YEARS:
        said.append(f"{_whole(known)} are less than two years: no yearly season can be known from them.")
    return said
