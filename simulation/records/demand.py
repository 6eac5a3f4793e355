"""When callers come: weights of months, weekdays and hours from daily counts, and whether they are Poisson.

Days are a Poisson regression on month and weekday with the variance left free (P. McCullagh and J. Nelder,
1989): where days vary more than Poisson, every interval widens with them. A day is shared out to its hours by
weight times open time, fitted by D. R. Hunter's iteration (2004): short days make no late hour look rare.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM

from config.tables.kinds import DAYS
from simulation.records.history import Daily
from simulation.records.measured import ENOUGH
from simulation.scenarios.scenario import HOURS, MONTHS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ROUNDS: Final = 200


class Weight(NamedTuple):
    """How many calls a month, weekday or hour has by the side of the others, with a 95 % interval."""

    key: str
    value: float
    low: float
    high: float
    n: int


class Dispersion(NamedTuple):
    """Pearson's statistic by its degrees of freedom: 1 for Poisson. p: chance of so much or more."""

    ratio: float
    p: float
    days: int


class Demand(NamedTuple):
    """months, weekdays, hours: only those with enough calls; dispersion None: too few days to say."""

    months: list[Weight]
    weekdays: list[Weight]
    hours: list[Weight]
    dispersion: Dispersion | None


def demand(daily: Daily) -> Demand:
    """Weights whose mean over what was fitted is 1."""
    used = daily.used
    counts = daily.counts[used].sum(1)
    dates = [day for day, there in zip(daily.dates, used.tolist(), strict=True) if there]
    month = np.array([day.month - 1 for day in dates], np.int64)
    weekday = np.array([day.weekday() for day in dates], np.int64)
    months, weekdays = _enough(counts, month), _enough(counts, weekday)
    there = np.isin(month, months) & np.isin(weekday, weekdays)
    free = there.sum() - len(months) - len(weekdays) + 1
    if free < 1 or not months:
        return Demand([], [], _hours(daily), None)
    design = np.column_stack(
        [np.ones(there.sum())]
        + [month[there] == each for each in months[1:]]
        + [weekday[there] == each for each in weekdays[1:]]
    ).astype(np.float64)
    fitted = GLM(counts[there], design, family=Poisson()).fit()
    statistic = float(fitted.pearson_chi2)
    dispersion = Dispersion(statistic / free, float(special.chdtrc(free, statistic)), len(dates))
    covariance = np.asarray(fitted.normalized_cov_params) * max(1.0, dispersion.ratio)
    beta, split = np.asarray(fitted.params), len(months)
    wide = float(special.stdtrit(free, 0.975))
    return Demand(
        _weights(months, MONTHS, beta[1:split], covariance[1:split, 1:split], wide, counts, month),
        _weights(weekdays, DAYS, beta[split:], covariance[split:, split:], wide, counts, weekday),
        _hours(daily),
        dispersion,
    )


def _enough(counts: Ints, level: Ints) -> list[int]:
    return [each for each in range(12) if counts[level == each].sum() >= ENOUGH]


def _weights(
    levels: list[int],
    names: tuple[str, ...],
    effects: Floats,
    covariance: Floats,
    wide: float,
    counts: Ints,
    level: Ints,
) -> list[Weight]:
    """From effects against the first level to weights with mean 1, by the delta method on the logarithms."""
    if len(levels) < 2:
        return []
    log = np.append(0.0, effects)
    whole = np.zeros((len(log), len(log)))
    whole[1:, 1:] = covariance
    weight = np.exp(log) / np.exp(log).mean()
    slope = np.eye(len(log)) - weight / len(log)
    error = np.sqrt(np.diag(slope @ whole @ slope.T))
    return [
        Weight(
            names[each],
            float(weight[i]),
            float(weight[i] * np.exp(-wide * error[i])),
            float(weight[i] * np.exp(wide * error[i])),
            int(counts[level == each].sum()),
        )
        for i, each in enumerate(levels)
    ]


def _hours(daily: Daily) -> list[Weight]:
    """Given a day's calls, an hour's share is its weight times its open time by the same of all hours."""
    used = daily.used
    opened = daily.open_ms[used] / 3_600_000
    counts = np.where(opened > 0, daily.counts[used], 0)
    total = counts.sum(0)
    levels = np.flatnonzero(total >= ENOUGH)
    if len(levels) < 2:
        return []
    opened, counts, total = opened[:, levels], counts[:, levels], total[levels]
    of_day, weight = counts.sum(1, keepdims=True), np.ones(len(levels))
    for _ in range(ROUNDS):
        before = weight
        passed = opened @ weight
        weight = total / np.maximum((of_day * opened / np.maximum(passed, 1e-12)[:, None]).sum(0), 1e-12)
        weight = weight / weight.mean()
        if np.abs(weight - before).max() < 1e-10:
            break
    error = 1.96 * np.sqrt(1 / total - 1 / total.sum())
    low, high = weight * np.exp(-error), weight * np.exp(error)
    return [
        Weight(HOURS[hour], float(weight[i]), float(low[i]), float(high[i]), int(total[i]))
        for i, hour in enumerate(levels.tolist())
    ]
