"""The procedures keep the probability they state, on normal systems whose means are known, and stop early.

Bounds are stated in advance: with N repetitions and a promised share p, the share seen lies above
p - 3 sqrt(p (1 - p) / N), except with a chance below 0.2 %. Seeds are fixed.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np
import pytest

from simulation.runs.selection import FAILS, KEEPS, OPEN, Observe, best, check

ALPHA = 0.1
REPEATED = 200
LEAST = 1 - ALPHA - 3 * sqrt(ALPHA * (1 - ALPHA) / REPEATED)


def normal(
    seed: int, means: Sequence[Sequence[float]], deviation: float = 1.0, shared: float = 0.0
) -> Observe:
    """Systems with these means by measure. shared: the part of the variance that all have in common."""
    means_ = np.array(means)

    def observe(systems: Sequence[int], first: int, number: int) -> np.ndarray:
        rows = np.empty((len(systems), number, means_.shape[1]))
        for nth in range(number):
            common = np.random.default_rng((seed, first + nth, 999)).normal(size=means_.shape[1])
            for place, system in enumerate(systems):
                own = np.random.default_rng((seed, first + nth, system)).normal(size=means_.shape[1])
                mixed = sqrt(shared) * common + sqrt(1 - shared) * own
                rows[place, nth] = means_[system] + deviation * mixed
        return rows

    return observe


@pytest.mark.parametrize("shared", [0.0, 0.8], ids=["independent", "common random numbers"])
def test_the_best_is_chosen_as_often_as_stated(shared: float) -> None:
    """Slippage: four systems exactly delta below the best, which is the hardest case."""
    means = [[0.0], [0.0], [0.5], [0.0], [0.0]]
    right = sum(
        best(normal(seed, means, 1.0, shared), range(5), 0.5, alpha=ALPHA, first=10, each=4).system == 2
        for seed in range(REPEATED)
    )
    assert right / REPEATED >= LEAST


def test_limits_are_judged_as_stated() -> None:
    """Six systems at limit +- delta in one of two measures: all six right at once, often enough."""
    limits, delta = np.array([0.8, 0.8]), np.array([0.5, 0.5])
    means = [[1.3, 1.3], [0.3, 2.0], [2.0, 0.3], [1.3, 2.0], [0.3, 0.3], [1.3, 1.3]]
    wanted = [KEEPS, FAILS, FAILS, KEEPS, FAILS, KEEPS]
    right = 0
    for seed in range(REPEATED):
        found = check(normal(seed, means), range(6), limits, delta, alpha=ALPHA, among=6, first=10, each=4)
        right += [each.decision for each in found] == wanted
    assert right / REPEATED >= LEAST


def test_a_clear_case_ends_early() -> None:
    """A mean ten deltas off is decided with the first replications; one at the limit takes many more."""
    limits, delta = np.array([0.0]), np.array([0.2])
    found = check(
        normal(1, [[2.0], [-2.0], [0.0]]), range(3), limits, delta, alpha=0.05, among=3, first=20, each=10
    )
    assert [each.decision for each in found[:2]] == [KEEPS, FAILS]
    assert max(found[0].number, found[1].number) <= 40
    assert found[2].number > 100


def test_those_that_are_far_behind_drop_out_first() -> None:
    means = [[0.0], [-3.0], [-0.4]]
    found = best(normal(2, means), range(3), 0.2, alpha=0.05)
    assert found.system == 0
    assert found.sure
    assert found.numbers[1] < found.numbers[2]


def test_common_random_numbers_save_replications() -> None:
    means = [[0.1], [0.0]]
    alone, together = (
        best(normal(3, means, 1.0, shared), range(2), 0.1, alpha=0.05) for shared in (0.0, 0.9)
    )
    assert together.system == 0
    assert sum(together.numbers) < sum(alone.numbers) / 2


def test_too_few_replications_leave_it_open() -> None:
    """Exactly at the limit, with a small budget: nothing is claimed."""
    found = check(normal(4, [[0.0]]), [0], np.array([0.0]), np.array([0.01]), alpha=0.05, among=1, most=60)
    assert found[0].decision == OPEN
    assert found[0].number == 60
    chosen = best(normal(4, [[0.0], [0.0]]), range(2), 0.01, alpha=0.05, most=60)
    assert not chosen.sure


def test_equal_systems_end_with_either() -> None:
    """The same numbers in both: no difference varies, so it ends at once."""
    found = best(normal(5, [[1.0], [1.0]], 1.0, shared=1.0), range(2), 0.1, alpha=0.05)
    assert found.sure
    assert found.numbers == (20, 20)


def test_a_figure_that_is_never_defined_decides_nothing() -> None:
    found = check(
        lambda systems, _, number: np.full((len(systems), number, 1), np.nan),
        [0],
        np.zeros(1),
        np.ones(1),
        alpha=0.05,
        among=1,
        most=40,
    )
    assert found[0].decision == OPEN
    assert np.isnan(found[0].means).all()


def test_a_figure_that_is_not_defined_counts_for_nothing() -> None:
    """Every second replication has no caller of the kind; the rest decides."""
    inner = normal(6, [[1.0, 1.0]])

    def observe(systems: Sequence[int], first: int, number: int) -> np.ndarray:
        rows = inner(systems, first, number)
        rows[:, ::2, 1] = np.nan
        return rows

    found = check(observe, [0], np.zeros(2), np.full(2, 0.5), alpha=0.05, among=1)
    assert found[0].decision == KEEPS
    assert found[0].means == pytest.approx([1.0, 1.0], abs=0.9)
