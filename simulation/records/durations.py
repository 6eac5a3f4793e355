"""Durations that were seen to their end: their moments, and lognormal, gamma and exponential by maximum
likelihood.

Mean and variation are the sample's own, whatever the family; a family is a shape only. The best is told by
AIC (H. Akaike, 1974). How well it fits is told by the Kolmogorov-Smirnov and
Anderson-Darling statistics, whose p-values come from the parametric bootstrap, because the parameters were
estimated from the same data (W. Stute, W. Gonzales Manteiga and M. Presedo Quindimil, 1993).
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from simulation.records.measured import Interval

Floats = npt.NDArray[np.float64]

EXPONENTIAL, GAMMA, LOGNORMAL = "exponential", "gamma", "lognormal"
ROUNDS: Final = 199
"""Bootstrap samples: p-values in steps of 1/200."""
TESTED_MAX: Final = 2_000
"""So many durations are tested, drawn from all of them: with more, every family would be refused."""


class Fitted(NamedTuple):
    """A family with its parameters: lognormal (log-mean, log-deviation), gamma (shape, scale), exponential
    (mean, 0). mean and variation (squared coefficient of variation) with 95 % intervals; mean in the data's
    unit."""

    family: str
    parameters: tuple[float, float]
    aic: float
    mean: float
    mean_low: float
    mean_high: float
    variation: float
    variation_low: float
    variation_high: float


class Goodness(NamedTuple):
    """How far data and family lie apart. tested: of how many durations; p: chance of so far or further."""

    tested: int
    ks: float
    ks_p: float
    ad: float
    ad_p: float


def moments(values: Floats) -> tuple[Interval, Interval]:
    """Mean and variation (squared coefficient of variation) of a sample, each with its 95 % interval by the
    delta method on the logarithm; no family is asked. Needs 2 durations above 0."""
    if len(values) < 2 or not values.min() > 0:
        raise ValueError("needs 2 durations above 0")
    n, mean, variance = len(values), float(values.mean()), float(values.var(ddof=1))
    wide = float(special.stdtrit(n - 1, 0.975)) / n**0.5
    apart = values - mean
    of_mean = wide * variance**0.5 / mean
    of_variation = wide * float((apart**2 / variance - 2 * apart / mean).std(ddof=1)) if variance > 0 else 0.0
    variation = variance / mean**2
    return (
        Interval(mean, mean * float(np.exp(-of_mean)), mean * float(np.exp(of_mean))),
        Interval(
            variation, variation * float(np.exp(-of_variation)), variation * float(np.exp(of_variation))
        ),
    )


def fit(values: Floats) -> list[Fitted]:
    """All families for durations above 0, the best (least AIC) first. Needs 3 durations that differ."""
    if len(values) < 3 or not values.min() > 0 or values.min() == values.max():
        raise ValueError("needs 3 durations above 0 that differ")
    made = [_lognormal(values), _gamma(values), _exponential(values)]
    return sorted(made, key=lambda each: each.aic)


def quantiles(fitted: Fitted, at: Floats) -> Floats:
    """Durations of a family at shares between 0 and 1."""
    a, b = fitted.parameters
    if fitted.family == LOGNORMAL:
        return np.asarray(np.exp(a + b * special.ndtri(at)), np.float64)
    if fitted.family == GAMMA:
        return np.asarray(special.gammaincinv(a, at) * b, np.float64)
    return np.asarray(-a * np.log1p(-at), np.float64)


def goodness(values: Floats, fitted: Fitted, chance: np.random.Generator) -> Goodness:
    """Of a family that was fitted to these durations."""
    if len(values) > TESTED_MAX:
        values = chance.choice(values, TESTED_MAX, replace=False)
    family, count = fitted.family, len(values)
    own = _parameters(family, values[None])
    ks, ad = _distances(family, values[None], own)
    worse = np.zeros(2)
    block = max(1, 400_000 // count)
    for begin in range(0, ROUNDS, block):
        drawn = _draw(
            family, (float(own[0][0, 0]), float(own[1][0, 0])), count, ROUNDS - begin, block, chance
        )
        drawn_ks, drawn_ad = _distances(family, drawn, _parameters(family, drawn))
        worse += (drawn_ks >= ks[0]).sum(), (drawn_ad >= ad[0]).sum()
    p = (1 + worse) / (ROUNDS + 1)
    return Goodness(count, float(ks[0]), float(p[0]), float(ad[0]), float(p[1]))


def _lognormal(values: Floats) -> Fitted:
    """The mean's interval is D. R. Cox's, that of the log-variance exact."""
    logs, n = np.log(values), len(values)
    middle, variance = float(logs.mean()), float(logs.var())
    likelihood = float(-n / 2 * (np.log(2 * np.pi * variance) + 1) - logs.sum())
    unbiased = variance * n / (n - 1)
    error = (unbiased / n + unbiased**2 / (2 * (n - 1))) ** 0.5
    mean = float(np.exp(middle + variance / 2))
    half = float(special.stdtrit(n - 1, 0.975)) * error
    low, high = (unbiased * (n - 1) / special.chdtri(n - 1, p) for p in (0.025, 0.975))
    return Fitted(
        LOGNORMAL,
        (middle, variance**0.5),
        4 - 2 * likelihood,
        mean,
        mean * float(np.exp(-half)),
        mean * float(np.exp(half)),
        float(np.expm1(variance)),
        float(np.expm1(low)),
        float(np.expm1(high)),
    )


def _gamma(values: Floats) -> Fitted:
    """Intervals by Fisher's information, on the logarithms."""
    n, mean = len(values), float(values.mean())
    shape = float(_shape(values[None])[0, 0])
    scale = mean / shape
    of_one = (shape - 1) * np.log(values) - values / scale
    likelihood = float(of_one.sum()) - n * float(special.gammaln(shape) + shape * np.log(scale))
    of_mean = 1.96 / (shape * n) ** 0.5
    of_shape = 1.96 / (n * shape * (shape * float(special.polygamma(1, shape)) - 1)) ** 0.5
    return Fitted(
        GAMMA,
        (shape, scale),
        4 - 2 * likelihood,
        mean,
        mean * float(np.exp(-of_mean)),
        mean * float(np.exp(of_mean)),
        1 / shape,
        float(np.exp(-of_shape)) / shape,
        float(np.exp(of_shape)) / shape,
    )


def _exponential(values: Floats) -> Fitted:
    n, mean = len(values), float(values.mean())
    low, high = (2 * n * mean / float(special.chdtri(2 * n, p)) for p in (0.025, 0.975))
    aic = 2 + 2 * n * (float(np.log(mean)) + 1)
    return Fitted(EXPONENTIAL, (mean, 0.0), aic, mean, low, high, 1.0, 1.0, 1.0)


def _shape(values: Floats) -> Floats:
    """The gamma's shape by row (T. P. Minka, 2002)."""
    gap = np.log(values.mean(1, keepdims=True)) - np.log(values).mean(1, keepdims=True)
    shape: Floats = (3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
    for _ in range(6):
        slope = 1 / shape - special.polygamma(1, shape)
        shape = 1 / (1 / shape + (np.log(shape) - special.digamma(shape) - gap) / (shape**2 * slope))
    return shape


def _parameters(family: str, rows: Floats) -> tuple[Floats, Floats]:
    """By row, each of shape (rows, 1)."""
    if family == LOGNORMAL:
        logs = np.log(rows)
        return logs.mean(1, keepdims=True), logs.std(1, keepdims=True)
    mean = rows.mean(1, keepdims=True)
    if family == GAMMA:
        shape = _shape(rows)
        return shape, mean / shape
    return mean, np.zeros_like(mean)


def _draw(
    family: str,
    parameters: tuple[float, float],
    count: int,
    left: int,
    block: int,
    chance: np.random.Generator,
) -> Floats:
    a, b = parameters
    shape = (min(left, block), count)
    if family == LOGNORMAL:
        return chance.lognormal(a, b, shape)
    if family == GAMMA:
        return np.maximum(chance.gamma(a, b, shape), 1e-300)
    return chance.exponential(a, shape)


def _distances(family: str, rows: Floats, parameters: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Kolmogorov-Smirnov and Anderson-Darling by row."""
    a, b = parameters
    rows = np.sort(rows, axis=1)
    if family == LOGNORMAL:
        chances = special.ndtr((np.log(rows) - a) / b)
    elif family == GAMMA:
        chances = special.gammainc(a, rows / b)
    else:
        chances = -np.expm1(-rows / a)
    n = rows.shape[1]
    place = np.arange(1, n + 1)
    ks = np.maximum(place / n - chances, chances - (place - 1) / n).max(1)
    inside = np.clip(chances, 1e-15, 1 - 1e-15)
    ad = -n - ((2 * place - 1) * (np.log(inside) + np.log1p(-inside[:, ::-1]))).sum(1) / n
    return ks, ad
