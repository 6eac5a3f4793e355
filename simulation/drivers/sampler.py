"""Random numbers by what they are for: the same draw for the same purpose, whoever asks and when.

Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011) keyed by the seed, counted by (entity, attempt and
purpose, replication): nothing depends on the order of events, on the number of workers or on the scenario
next door. Both drivers of the engine draw here. Times are integer ms, rounded to a tick.
"""

from math import exp, log, sqrt
from typing import Any, Final

import numpy as np
from numba import njit

from simulation.drivers.cache import CACHED

ARRIVAL: Final = 0
CALLER: Final = 1
OWNER: Final = 2
RETRIAL: Final = 3
PHONE: Final = 4
CASE: Final = 5
"""Purposes of a draw."""

CONSTANT: Final = 0
EXPONENTIAL: Final = 1
LOGNORMAL: Final = 2
UNIFORM: Final = 3
EMPIRICAL: Final = 4
DISTRIBUTIONS: Final = {
    "constant": CONSTANT,
    "exponential": EXPONENTIAL,
    "lognormal": LOGNORMAL,
    "uniform": UNIFORM,
    "empirical": EMPIRICAL,
}
POINTS_MAX: Final = 64
"""Of an empirical distribution."""

OFFERS_MAX: Final = 1 << 10
"""Offers of one visit that have draws of their own; later ones begin anew."""

GUIDE: Final = 1_024
BLOCK: Final = 256
"""So many entities are drawn for at once."""

_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)


@njit(cache=CACHED, inline="always")
def philox(a: int, b: int, c: int, d: int, key0: int, key1: int) -> Any:
    """Philox4x32-10 of a counter of four 32-bit words and a key of two, as two 64-bit words (low first)."""
    x0, x1, x2, x3 = np.uint64(a), np.uint64(b), np.uint64(c), np.uint64(d)
    k0, k1 = np.uint64(key0), np.uint64(key1)
    for _ in range(10):
        p0, p1 = _M0 * x0, _M1 * x2
        x0, x1, x2, x3 = (p1 >> _32) ^ x1 ^ k0, p1 & _LOW, (p0 >> _32) ^ x3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return x0 | (x1 << _32), x2 | (x3 << _32)


@njit(cache=CACHED, inline="always")
def draw(seed: int, replication: int, purpose: int, entity: int, attempt: int) -> tuple[float, float]:
    """Two independent uniform numbers in the open interval (0, 1), 53 bits each.

    entity, replication: below 2**32; attempt: below 2**28.
    """
    a, b = philox(entity, attempt * 8 + purpose, replication, 0, seed & 0xFFFFFFFF, seed >> 32)
    shift, half, scale = np.uint64(11), 0.5, 1.1102230246251565e-16
    return (float(a >> shift) + half) * scale, (float(b >> shift) + half) * scale


@njit(cache=CACHED)
def draws(seed: int, replication: int, purpose: int, first: int, count: int, a: Any, b: Any) -> None:
    """The first `draw` of each entity first .. first + count - 1, into a and b: a loop of nothing else, so
    that the processor makes several at a time."""
    for i in range(count):
        a[i], b[i] = draw(seed, replication, purpose, first + i, 0)


@njit(cache=CACHED)
def normal(u: float) -> float:
    """The standard normal quantile, relative error below 1.2e-9 (P. J. Acklam, 2003)."""
    if u < 0.02425:
        q = sqrt(-2.0 * log(u))
        return (
            (
                (
                    ((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838) * q
                    - 2.549732539343734
                )
                * q
                + 4.374664141464968
            )
            * q
            + 2.938163982698783
        ) / (
            (
                ((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996) * q
                + 3.754408661907416
            )
            * q
            + 1.0
        )
    if u > 0.97575:
        return -normal(1.0 - u)
    q = u - 0.5
    r = q * q
    return (
        (
            (
                (
                    ((-3.969683028665376e01 * r + 2.209460984245205e02) * r - 2.759285104469687e02) * r
                    + 1.383577518672690e02
                )
                * r
                - 3.066479806614716e01
            )
            * r
            + 2.506628277459239
        )
        * q
    ) / (
        (
            (
                ((-5.447609879822406e01 * r + 1.615858368580409e02) * r - 1.556989798598866e02) * r
                + 6.680131188771972e01
            )
            * r
            - 1.328068155288572e01
        )
        * r
        + 1.0
    )


@njit(cache=CACHED)
def duration(kind: int, a: float, b: float, u: float, tick: int, shapes: Any) -> int:
    """A time in ms, a multiple of `tick`, rising with u.

    CONSTANT a; EXPONENTIAL mean a; LOGNORMAL with log-mean a and log-deviation b (see `lognormal`);
    UNIFORM from a to b; EMPIRICAL mean a, row b of `shapes` (see `shapes_of`).
    """
    if kind == 0:
        value = a
    elif kind == 1:
        value = -a * log(1.0 - u)
    elif kind == 2:
        value = exp(a + b * normal(u))
    elif kind == 4:
        value = a * _shaped(shapes[int(b)], u)
    else:
        value = a + (b - a) * u
    return int(value / tick + 0.5) * tick


@njit(cache=CACHED)
def _shaped(shape: Any, u: float) -> Any:
    """In means: between the last point whose share is not above u and the next one, on a straight line."""
    low, high = 0, shape.shape[1] - 1
    while high - low > 1:
        middle = (low + high) // 2
        if shape[0, middle] <= u:
            low = middle
        else:
            high = middle
    part = (u - shape[0, low]) / (shape[0, high] - shape[0, low])
    return shape[1, low] + part * (shape[1, high] - shape[1, low])


def shapes_of(shapes: Any) -> Any:
    """Empirical distributions as `duration` reads them: by shape, shares and then values in means, filled up
    with the last point. shapes: (share, value) pairs each, at most POINTS_MAX of them, from share 0 to 1."""
    made = np.ones((max(1, len(shapes)), 2, POINTS_MAX))
    for row, points in zip(made, shapes, strict=False):
        row[:, : len(points)] = np.transpose(points)
        row[:, len(points) :] = np.transpose(points[-1:])
    return made


def lognormal(mean_ms: float, scv: float) -> tuple[float, float]:
    """Log-mean and log-deviation of the lognormal with this mean and squared coefficient of variation."""
    variance = log(1 + scv)
    return log(mean_ms) - variance / 2, sqrt(variance)


def cumulated(shares: Any) -> Any:
    """Cumulative shares by mix and kind, the last kind's exactly 1."""
    return np.array([[*np.cumsum(each)[:-1], 1.0] for each in shares])


def guide_to(shares: Any) -> Any:
    """Where to begin to look for a number in cumulative shares, by mix (H.-C. Chen and Y. Asau, 1974)."""
    steps = np.arange(GUIDE) / GUIDE
    return np.array([np.searchsorted(each, steps) for each in shares], np.int64)


@njit(cache=CACHED)
def arrivals(
    seed: int,
    replication: int,
    begins: Any,
    ends: Any,
    expected: Any,
    mixes: Any,
    shares: Any,
    guide: Any,
    tick: int,
    levels: Any,
    picks: Any,
    known: int,
    times: Any,
    kinds: Any,
) -> tuple[int, int]:
    """Fill `times` (ms, sorted) and `kinds` with one replication's callers; how many, -1 if they do not
    fit, and of how many the draws are known now.

    levels, picks: one place longer than `times`; of so many callers as are `known` they hold the draws
    already, for however many are expected.

    A Poisson process whose expected number in each interval [begins, ends) is `expected`: a process of rate
    one, stretched, so that a busier scenario shares its draws. mixes: which shares hold in each interval;
    shares: see `cumulated`; guide: see `guide_to`.
    """
    count, passed, sum_before = 0, 0, 0.0
    while True:
        if count == known:
            more = min(BLOCK, len(levels) - known)
            draws(seed, replication, 0, known, more, levels[known:], picks[known:])
            level = levels[known - 1] if known else 0.0
            for i in range(known, known + more):
                level -= log(levels[i])
                levels[i] = level
            known += more
        level, v = levels[count], picks[count]
        while passed < len(begins) and level >= sum_before + expected[passed]:
            sum_before += expected[passed]
            passed += 1
        if passed == len(begins):
            return count, known
        if count == len(times):
            return -1, known
        part = (level - sum_before) / expected[passed]
        at = begins[passed] + int(part * (ends[passed] - begins[passed]))
        times[count] = at // tick * tick
        mix = mixes[passed]
        kind = guide[mix, int(v * GUIDE)]
        while v > shares[mix, kind]:
            kind += 1
        kinds[count] = kind
        count += 1
