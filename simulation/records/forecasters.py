"""Ways to forecast a week's calls, from plain to less plain: each gives a mean and a variance by week ahead.

Calls are counts: a forecast's distribution is Poisson, or negative binomial where its variance, that of the
estimated mean included, is larger.
"""

import warnings
from collections.abc import Callable
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special, stats
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from simulation.records.weeks import Ahead, Weeks

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

YEARS: Final = 104
"""Weeks of two years: below them no yearly season can be known."""


class Coming(NamedTuple):
    """By week ahead."""

    mean: Floats
    variance: Floats


class Way(NamedTuple):
    """A way to forecast. least: weeks that it needs."""

    name: str
    what: str
    least: int
    forecast: Callable[[Weeks, Ahead], Coming]


def interval(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """95 % of the predictive distribution: from its 2.5 % to its 97.5 % quantile, whole numbers."""
    wide = variance > mean * (1 + 1e-9)
    size = np.where(wide, mean**2 / np.where(wide, variance - mean, 1.0), 1.0)
    chance = np.where(wide, mean / np.where(wide, variance, 1.0), 0.5)
    low, high = (
        np.where(
            mean <= 0,
            0.0,
            np.where(wide, stats.nbinom.ppf(at, np.maximum(size, 1e-9), chance), stats.poisson.ppf(at, mean)),
        )
        for at in (0.025, 0.975)
    )
    return low, high


def _as_before(weeks: Weeks, ahead: Ahead) -> Coming:
    """The last week, each weekday as a week earlier: the seasonal naive forecast. Its variance is that of
    weeks as far apart."""
    rate = weeks.counts / weeks.open
    mean = rate[-1] * ahead.open
    ratio = []
    for lag in range(1, len(ahead.begins) + 1):
        lag = min(lag, max(1, len(rate) // 2))
        expected = np.maximum(rate[:-lag] * weeks.open[lag:], 0.5)
        ratio.append(float(((weeks.counts[lag:] - expected) ** 2 / expected).mean()))
    return Coming(mean, np.maximum(np.maximum(mean, 0.5) * np.array(ratio), mean))


def _year_before(weeks: Weeks, ahead: Ahead) -> Coming:
    """The same week a year before, times the growth of the last eight weeks against theirs."""
    rate = weeks.counts / weeks.open
    known = np.array([each.toordinal() for each in weeks.begins])

    def before(begins: Ints) -> Ints:
        """Places of the weeks 52 weeks earlier, or of the next one where that was closed."""
        return np.minimum(np.searchsorted(known, begins - 364), len(known) - 1)

    growth = float(rate[-8:].sum() / max(0.5, rate[before(known[-8:])].sum()))
    mean = rate[before(np.array([each.toordinal() for each in ahead.begins]))] * growth * ahead.open
    later = known >= known[0] + 364
    expected = np.maximum(rate[before(known[later])] * weeks.open[later], 0.5)
    ratio = float(((weeks.counts[later] - expected) ** 2 / expected).mean())
    return Coming(mean, np.maximum(mean * ratio, mean))


def _regression(columns: Callable[[Weeks | Ahead, date], Floats]) -> Callable[[Weeks, Ahead], Coming]:
    """Poisson regression with the open share as exposure; the variance is free, the mean's own is added, and
    both are widened as Student's t is where weeks are few."""

    def forecast(weeks: Weeks, ahead: Ahead) -> Coming:
        if not weeks.counts.any():
            return Coming(np.zeros(len(ahead.begins)), np.zeros(len(ahead.begins)))
        design, rows = columns(weeks, weeks.begins[0]), columns(ahead, weeks.begins[0])
        there = design.any(0)
        if rows[:, ~there].any():  # a month to come that was never seen
            return _regression(_constant)(weeks, ahead)
        design, rows = design[:, there], rows[:, there]
        model = GLM(weeks.counts, design, family=Poisson(), exposure=weeks.open)
        fitted = model.fit()
        free = max(1, len(weeks.counts) - design.shape[1])
        ratio = max(1.0, float(fitted.pearson_chi2) / free)
        mean = np.exp(rows @ np.asarray(fitted.params)) * ahead.open
        covariance = np.asarray(fitted.normalized_cov_params) * ratio
        of_mean = mean**2 * np.einsum("ij,jk,ik->i", rows, covariance, rows)
        wider = (float(special.stdtrit(free, 0.975)) / 1.96) ** 2
        return Coming(mean, (ratio * mean + of_mean) * wider)

    return forecast


def _constant(weeks: Weeks | Ahead, _first: date) -> Floats:
    return np.ones((len(weeks.begins), 1))


def _trend(weeks: Weeks | Ahead, first: date) -> Floats:
    passed = np.array([(each - first).days / 364 for each in weeks.begins])
    return np.column_stack([np.ones(len(passed)), passed])


def _season(weeks: Weeks | Ahead, first: date) -> Floats:
    """The month of a week's Thursday, and growth."""
    month = np.array([date.fromordinal(each.toordinal() + 3).month for each in weeks.begins])
    months = np.stack([month == each for each in range(1, 13)], axis=1).astype(np.float64)
    return np.column_stack([months, _trend(weeks, first)[:, 1]])


def _level(weeks: Weeks, ahead: Ahead) -> Coming:
    """Exponential smoothing without trend, ETS(A,N,N), of calls a usual week: a level that wanders."""
    rate = weeks.counts / weeks.open
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a likelihood that is flat gives a level all the same
        fitted = SimpleExpSmoothing(rate, initialization_method="estimated").fit()
    smoothing, level = float(fitted.params["smoothing_level"]), float(np.asarray(fitted.level)[-1])
    expected = np.maximum(np.asarray(fitted.fittedvalues) * weeks.open, 0.5)
    ratio = max(1.0, float(((weeks.counts - expected) ** 2 / expected).sum()) / max(1, len(rate) - 2))
    mean = np.maximum(level, 0.0) * ahead.open
    grown = 1 + np.arange(len(ahead.begins)) * smoothing**2
    return Coming(mean, np.maximum(mean, 0.5 * ahead.open) * ratio * grown)


WAYS: Final = (
    Way("mean", "the mean of all weeks", 2, _regression(_constant)),
    Way("level", "exponential smoothing, ETS(A,N,N)", 12, _level),
    Way("trend", "Poisson regression with growth", 26, _regression(_trend)),
    Way("season", "Poisson regression with months and growth", YEARS, _regression(_season)),
    Way("year before", "the same week a year before", YEARS, _year_before),
    Way("week before", "as the week before (seasonal naive)", 3, _as_before),
)
"""The plainest first; the last is the one that all are measured by."""
