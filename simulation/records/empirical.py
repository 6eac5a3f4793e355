"""The distribution of durations that no family fits, as the quantiles that a scenario file holds.

A sample's distribution function, straight between points (A. M. Law, Simulation Modeling and Analysis): no
more of them than the simulator holds, closer at the ends, then scaled and bent to the sample's mean and
variation. Of patience it is Kaplan-Meier's curve (1958) as far as enough wait, and an exponential that leaves
the same share beyond (B. W. Brown, M. Hollander and R. M. Korwar, 1974).
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import optimize

from simulation.records import censored
from simulation.records.censored import Waits
from simulation.records.measured import Interval

Floats = npt.NDArray[np.float64]

MIDDLE: Final = 40
"""Equal steps of the share; as many halves of the first and the last as a sample has room for."""
BELOW: Final = 3
ABOVE: Final = 9
ROUNDS: Final = 199
RESAMPLED_MAX: Final = 20_000
DIGITS: Final = 5


class Empirical(NamedTuple):
    """Quantiles in means: `values` at `shares`, which rise from 0 to 1."""

    shares: tuple[float, ...]
    values: tuple[float, ...]


def of_sample(values: Floats) -> Empirical:
    """Of durations above 0 that are not all alike; mean and variation are the sample's."""
    count, mean = len(values), float(values.mean())
    ordered = np.sort(values) / mean
    shares = _shares(1 / count, min(MIDDLE, count // 5))
    found = np.quantile(ordered, shares)
    variation = float(ordered.var(ddof=1))

    def bent(power: float) -> Floats:
        made: Floats = found**power
        return made / _moments(shares, made)[0]

    def off(power: float) -> float:
        return _moments(shares, bent(power))[1] - variation

    return _written(shares, bent(float(optimize.brentq(off, 0.2, 5.0))))


def of_waits(waits: Waits) -> tuple[Empirical, float, float]:
    """Of who gave up or was answered before: the distribution, its mean (s), and the wait (s) from which on
    the exponential holds. Raises ValueError if nobody gave up."""
    curve = censored.kaplan_meier(waits)
    known = curve.at_risk >= censored.AT_RISK
    times, gone = curve.seconds[known], 1 - curve.patient[known]
    if not len(times) or gone[-1] <= 0:
        raise ValueError("nobody gave up while enough waited")
    times, gone = np.append(0.0, times), np.append(0.0, gone)
    end, left = float(times[-1]), 1 - float(gone[-1])
    shares = _shares(1 / len(waits.seconds), MIDDLE)
    inside = shares[shares < gone[-1]]
    shares, found = np.append(inside, gone[-1]), np.append(np.interp(inside, gone, times), end)
    if left > 0:
        scale = -end / np.log(left)
        beyond = np.arange(1, ABOVE + 1)
        shares = np.append(shares, 1 - left * 0.5**beyond)
        found = np.append(found, end + scale * np.log(2) * beyond)
        shares[-1] = 1
    mean, _ = _moments(shares, found)
    return _written(shares, found / mean), mean, end


def mean_of_waits(waits: Waits, chance: np.random.Generator) -> Interval:
    """The mean (s) of that distribution with its interval, by the bootstrap."""
    _, mean, _ = of_waits(waits)
    count, drawn = min(len(waits.seconds), RESAMPLED_MAX), []
    for _ in range(ROUNDS):
        some = chance.integers(len(waits.seconds), size=count)
        try:
            drawn.append(np.log(of_waits(Waits(waits.seconds[some], waits.ended[some]))[1] / mean))
        except ValueError:
            continue
    half = 1.96 * float(np.std(drawn)) * (count / len(waits.seconds)) ** 0.5
    return Interval(mean, mean * float(np.exp(-half)), mean * float(np.exp(half)))


def _shares(least: float, middle: int) -> Floats:
    """Rising from 0 to 1: equal steps, the first and the last halved as long as `least` lies between."""
    step = 1 / middle
    near = [step * 0.5**n for n in range(1, ABOVE + 1) if step * 0.5**n > least]
    inside, above = np.arange(1, middle) * step, [1 - each for each in near]
    return np.array([0.0, *sorted(near[:BELOW]), *inside, *above, 1.0])


def _moments(shares: Floats, values: Floats) -> tuple[float, float]:
    """Mean and variance of the distribution that is straight between its points."""
    wide, low, high = np.diff(shares), values[:-1], values[1:]
    mean = float((wide * (low + high)).sum() / 2)
    return mean, float((wide * (low * low + low * high + high * high)).sum() / 3) - mean * mean


def _written(shares: Floats, values: Floats) -> Empirical:
    return Empirical(
        tuple(float(f"{each:.{DIGITS + 2}g}") for each in shares),
        tuple(float(f"{each:.{DIGITS}g}") for each in values),
    )
