"""Intervals: those of the textbook, and right as often as they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from simulation.runs.spread import Spread


def test_the_mean_s_interval_is_student_s() -> None:
    values = np.array([3.0, 5.0, 4.0, 8.0, 6.0])
    spread = Spread(1)
    for each in values:
        spread.add(np.array([each]))
    (found,) = spread.estimates(0.95)
    low, high = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    assert (found.mean, found.low, found.high) == pytest.approx((values.mean(), low, high))
    year = stats.t.ppf(0.975, 4) * values.std(ddof=1) * (1 + 1 / 5) ** 0.5
    assert (found.year_low, found.year_high) == pytest.approx((values.mean() - year, values.mean() + year))


@given(arrays(np.float64, (7, 3), elements=st.floats(-1e6, 1e6) | st.just(np.nan)))
def test_what_is_not_defined_is_left_out_of_its_own_figure_alone(rows: np.ndarray) -> None:
    spread = Spread(3)
    for row in rows:
        spread.add(row)
    for column, found in zip(rows.T, spread.estimates(), strict=True):
        known = column[~np.isnan(column)]
        assert found.known == len(known)
        if len(known):
            assert found.mean == pytest.approx(known.mean(), abs=1e-6)
        assert np.isnan(found.low) == (len(known) < 2)


def test_95_percent_intervals_hold_the_truth_in_95_percent() -> None:
    """4,000 experiments of 10 normal numbers: between 94 and 96 % (three standard errors), for both kinds."""
    chance = np.random.default_rng(7)
    experiments = chance.normal(3.0, 2.0, (4_000, 11))
    spread = Spread(4_000)
    for each in experiments.T[:10]:
        spread.add(each)
    found = spread.estimates(0.95)
    mean = np.mean([each.low <= 3.0 <= each.high for each in found])
    year = np.mean(
        [each.year_low <= new <= each.year_high for each, new in zip(found, experiments[:, 10], strict=True)]
    )
    assert 0.94 <= mean <= 0.96
    assert 0.94 <= year <= 0.96
