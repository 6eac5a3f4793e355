"""Choosing among simulated systems with a stated probability: which of them keep their limits, which is best.

Both procedures are fully sequential: they look at the running sums after each round of replications and stop
as soon as the sums leave a triangle that narrows as replications come, so a clear case ends early.

`check` is the feasibility check of S. Andradottir and S.-H. Kim (Fully sequential procedures for comparing
constrained systems via simulation, Naval Research Logistics 57, 2010), with the error shared out over the
measures as D. Batur and S.-H. Kim do (Finding feasible systems in the presence of constraints on multiple
performance measures, ACM TOMACS 20, 2010). `best` is KN of S.-H. Kim and B. L. Nelson (A fully sequential
procedure for indifference-zone selection in simulation, ACM TOMACS 11, 2001), with c = 1. Systems may share
their random numbers. Replications of a system are taken as independent and normal, which sums of many calls
over a year nearly are.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Observe = Callable[[Sequence[int], int, int], Floats]
"""(systems, first replication, number) -> figures by (system, replication, measure)."""

FIRST: Final = 20
"""Replications from which variances are estimated, and before which nothing is decided."""
ROUND: Final = 10
MOST: Final = 2_000

KEEPS, FAILS, OPEN = "keeps", "fails", "open"
"""Decisions; OPEN: not decided when the replications ended, so the figure lies close to its limit."""


class Checked(NamedTuple):
    """A system's decision. means: by measure, over `number` replications (nan where never defined)."""

    decision: str
    number: int
    means: Floats


class Chosen(NamedTuple):
    """The best system. numbers: replications of each until it dropped out; sure: whether the procedure ended
    by itself, so that its probability holds."""

    system: int
    numbers: tuple[int, ...]
    means: Floats
    sure: bool


def check(
    observe: Observe,
    systems: Sequence[int],
    limits: Floats,
    delta: Floats,
    *,
    alpha: float,
    among: int,
    first: int = FIRST,
    each: int = ROUND,
    most: int = MOST,
    progress: Callable[[int], None] = lambda number: None,
) -> list[Checked]:
    """Which systems have means at or above all limits.

    With probability >= 1 - alpha at once for all of `among` systems that are ever checked: a system whose
    means all lie at limit + delta or above is not decided FAILS, and one of whose means lies at limit -
    delta or below is not decided KEEPS. Between the two either may be said. limits, delta: by measure.
    progress: told the replications of each round times the systems in it.
    """
    width = len(limits)
    beta = alpha / (among * width)
    sums, counts = np.zeros((len(systems), width)), np.zeros((len(systems), width), np.int64)
    intercepts = np.zeros((len(systems), width))
    above = np.zeros((len(systems), width), np.bool_)
    found: dict[int, Checked] = {}
    number = 0
    while len(found) < len(systems) and number < most:
        running = [i for i in range(len(systems)) if i not in found]
        more = min(first if number == 0 else each, most - number)
        rows = observe([systems[i] for i in running], number, more) - limits
        there = ~np.isnan(rows)
        sums[running] += np.where(there, rows, 0.0).sum(1)
        counts[running] += there.sum(1)
        if number == 0:
            heights = _intercept(beta, np.maximum(counts - 1, 1)) * _variances(rows) / delta
            intercepts = np.where(counts > 1, heights, np.inf)
        number += more
        progress(more * len(running))
        bound = np.maximum(0.0, intercepts - delta / 2 * counts)
        above |= sums >= bound
        below = (sums <= -bound) & ~above
        for i in running:
            means = np.divide(sums[i], counts[i], out=np.full(width, np.nan), where=counts[i] > 0) + limits
            if below[i].any():
                found[i] = Checked(FAILS, number, means)
            elif above[i].all():
                found[i] = Checked(KEEPS, number, means)
            elif number == most:
                found[i] = Checked(OPEN, number, means)
    return [found[i] for i in range(len(systems))]


def best(
    observe: Observe,
    systems: Sequence[int],
    delta: float,
    *,
    alpha: float,
    first: int = FIRST,
    each: int = ROUND,
    most: int = MOST,
    progress: Callable[[int], None] = lambda number: None,
) -> Chosen:
    """The system with the greatest mean of the one measure that `observe` gives.

    With probability >= 1 - alpha the best, if its mean is greater by delta or more than every other;
    otherwise one that is near it. progress: as for `check`.
    """
    if len(systems) == 1:
        rows = observe(systems, 0, first)[..., 0]
        progress(first)
        return Chosen(0, (first,), rows.mean(1), True)
    a = float(_intercept(alpha / (len(systems) - 1), np.array(first - 1)))
    running = list(range(len(systems)))
    sums, numbers = np.zeros(len(systems)), np.zeros(len(systems), np.int64)
    squares = np.zeros((len(systems), len(systems)))
    number = 0
    while len(running) > 1 and number < most:
        more = min(first if number == 0 else each, most - number)
        rows = observe([systems[i] for i in running], number, more)[..., 0]
        sums[running] += rows.sum(1)
        if number == 0:
            squares = (rows[:, None] - rows[None]).var(axis=2, ddof=1)
        number += more
        numbers[running] = number
        progress(more * len(running))
        bound = np.maximum(0.0, a * squares / delta - delta / 2 * number)
        if not bound[np.ix_(running, running)].any():
            break
        running = [i for i in running if all(sums[i] >= sums[other] - bound[i, other] for other in running)]
    chosen = max(running, key=lambda i: sums[i])
    sure = len(running) == 1 or not bound[np.ix_(running, running)].any()
    return Chosen(chosen, tuple(numbers.tolist()), sums / numbers, sure)


def _intercept(beta: float, freedom: Ints) -> Floats:
    """What a triangle's height is in units of variance / delta, so that a sum with drift delta leaves it on
    the wrong side with probability beta at most (V. Fabian, 1974, and the mean over the variance's own
    chance).

    freedom: degrees of freedom of the variance.
    """
    height: Floats = ((2 * beta) ** (-2 / freedom) - 1) / 2 * freedom
    return height


def _variances(rows: Floats) -> Floats:
    """By system and measure, of what is defined."""
    count = (~np.isnan(rows)).sum(1)
    mean = np.nansum(rows, axis=1) / np.maximum(count, 1)
    found: Floats = np.nansum((rows - mean[:, None]) ** 2, axis=1) / np.maximum(count - 1, 1)
    return found
