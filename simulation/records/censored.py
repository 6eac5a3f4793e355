"""Durations of which many were cut short: the patience of callers who were answered before they gave up.

Kaplan-Meier's curve (1958) beside an exponential and a Weibull by maximum likelihood. How well they fit is
told by the widest gap between curve and family; its p-value comes from the parametric bootstrap, in which
waits are cut as they were in the data.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

EXPONENTIAL, WEIBULL = "exponential", "Weibull"
ROUNDS: Final = 199
TESTED_MAX: Final = 5_000
AT_RISK: Final = 10
"""The curve is compared where so many still wait."""
LEAST: Final = 1e-3
"""Shorter durations count as this long: their logarithm is needed."""


class Waits(NamedTuple):
    """Durations in s; ended: by the person (True) or by something else (False: censored)."""

    seconds: Floats
    ended: Flags


class Exponential(NamedTuple):
    """Its mean with a 95 % interval, and the mean that would come out if who was answered were left out."""

    mean: float
    low: float
    high: float
    naive: float


class Weibull(NamedTuple):
    """S(t) = exp(-(t/scale)^shape). shape with its 95 % interval by likelihood ratio; p: chance of so much
    better a fit than the exponential's if the shape were 1."""

    shape: float
    low: float
    high: float
    scale: float
    p: float


class Curve(NamedTuple):
    """Kaplan-Meier: at each time at which somebody gave up, the share that is still patient, its 95 %
    interval (log-log), and how many waited."""

    seconds: Floats
    patient: Floats
    low: Floats
    high: Floats
    at_risk: Floats


class Goodness(NamedTuple):
    """gap: the widest between curve and family, as a share; p: chance of so wide a gap or a wider one."""

    tested: int
    gap: float
    p: float


def exponential(waits: Waits) -> Exponential:
    """Total time by those who ended it. The interval is that of a Poisson count (F. Garwood, 1936). Raises
    ValueError if nobody ended theirs."""
    count, total = int(waits.ended.sum()), float(waits.seconds.sum())
    if count == 0 or total <= 0:
        raise ValueError("nobody gave up")
    low = 2 * total / float(special.chdtri(2 * count + 2, 0.025))
    high = 2 * total / float(special.chdtri(2 * count, 0.975))
    return Exponential(total / count, low, high, float(waits.seconds[waits.ended].mean()))


def weibull(waits: Waits) -> Weibull:
    """Raises ValueError if nobody ended theirs, or all at the same time."""
    seconds = np.maximum(waits.seconds, LEAST)
    logs, count = np.log(seconds), int(waits.ended.sum())
    if count == 0 or np.ptp(seconds[waits.ended]) == 0:
        raise ValueError("needs waits that ended at different times")
    of_ended = float(logs[waits.ended].sum())
    top = float(logs.max())

    def likelihood(shape: float) -> float:
        """With the best scale for this shape."""
        summed = float(np.log(np.exp(shape * (logs - top)).sum())) + shape * top
        return float(count * (np.log(shape) + np.log(count) - summed - 1) + (shape - 1) * of_ended)

    def slope(shape: float) -> float:
        weight = np.exp(shape * (logs - top))
        return float((weight * logs).sum() / weight.sum()) - 1 / shape - of_ended / count

    shape = float(optimize.brentq(slope, 0.01, 100))
    best = likelihood(shape)
    allowed = float(special.chdtri(1, 0.05)) / 2

    def drop(other: float) -> float:
        return best - likelihood(other) - allowed

    low = float(optimize.brentq(drop, shape / 50, shape)) if drop(shape / 50) > 0 else shape / 50
    high = float(optimize.brentq(drop, shape, shape * 50)) if drop(shape * 50) > 0 else shape * 50
    scale = float(np.exp(top) * (np.exp(shape * (logs - top)).sum() / count) ** (1 / shape))
    p = float(special.chdtrc(1, max(0.0, 2 * (best - likelihood(1.0)))))
    return Weibull(shape, low, high, scale, p)


def kaplan_meier(waits: Waits) -> Curve:
    """The share still patient, as far as somebody gave up."""
    order = np.argsort(waits.seconds, kind="stable")
    seconds, ended = waits.seconds[order], waits.ended[order]
    times, begins = np.unique(seconds, return_index=True)
    at_risk = (len(seconds) - begins).astype(np.float64)
    gone = np.add.reduceat(ended.astype(np.float64), begins) if len(seconds) else np.zeros(0)
    there = gone > 0
    times, at_risk, gone = times[there], at_risk[there], gone[there]
    patient = np.cumprod(1 - gone / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        summed = np.cumsum(gone / (at_risk * (at_risk - gone)))
        half = 1.96 * np.sqrt(summed) / np.abs(np.log(patient))
        low = np.nan_to_num(np.power(patient, np.exp(half)))
        high: Floats = np.nan_to_num(np.power(patient, np.exp(-half)), nan=1.0)
    return Curve(times, np.asarray(patient, np.float64), low, high, at_risk)


def goodness(waits: Waits, family: str, chance: np.random.Generator) -> Goodness:
    """Of EXPONENTIAL or WEIBULL, fitted to these waits (or to some of them, if many)."""
    if len(waits.seconds) > TESTED_MAX:
        some = chance.choice(len(waits.seconds), TESTED_MAX, replace=False)
        waits = Waits(waits.seconds[some], waits.ended[some])
    gap, (k, scale) = _gap(waits, family)
    cut = kaplan_meier(Waits(waits.seconds, ~waits.ended))
    last = float(waits.seconds.max())
    count, wider = len(waits.seconds), 0
    for _ in range(ROUNDS):
        patience = scale * chance.weibull(k, count)
        answered = _drawn(cut, last, chance.random(count))
        drawn = Waits(np.minimum(patience, answered), patience <= answered)
        wider += drawn.ended.sum() >= 2 and _gap(drawn, family)[0] >= gap
    return Goodness(count, gap, (1 + wider) / (ROUNDS + 1))


def _gap(waits: Waits, family: str) -> tuple[float, tuple[float, float]]:
    """The widest gap, and the (shape, scale) that was fitted."""
    if family == EXPONENTIAL:
        k, scale = 1.0, exponential(waits).mean
    else:
        fitted = weibull(waits)
        k, scale = fitted.shape, fitted.scale
    curve = kaplan_meier(waits)
    there = curve.at_risk >= AT_RISK
    if not there.any():
        return 0.0, (k, scale)
    after = curve.patient[there]
    before = np.append(1.0, after[:-1])
    fitted_curve = np.exp(-((curve.seconds[there] / scale) ** k))
    return float(np.maximum(np.abs(fitted_curve - after), np.abs(fitted_curve - before)).max()), (k, scale)


def _drawn(curve: Curve, last: float, uniform: Floats) -> Floats:
    """Times from a Kaplan-Meier curve; what it leaves over is at the last time."""
    place = np.searchsorted(-curve.patient, -uniform, side="left")
    return np.append(curve.seconds, last)[np.minimum(place, len(curve.seconds))]
