"""Mean, interval and year-to-year range of figures over replications, in memory that does not grow."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]


class Estimate(NamedTuple):
    """One figure: its mean with a confidence interval, and between what a single year lies.

    known: replications in which it was defined. low, high: the mean's interval; year_low, year_high: a
    prediction interval for one more replication, both at the asked level and by Student's t.
    """

    known: int
    mean: float
    low: float
    high: float
    year_low: float
    year_high: float

    @property
    def half_width(self) -> float:
        """Of the mean's interval."""
        return (self.high - self.low) / 2

    def within(self, unit: str) -> "Estimate":
        """With intervals as far as a figure can lie: nothing counted or timed is below 0, no share
        (unit "1") above 1. Not for differences."""
        most = max(1.0, self.mean) if unit == "1" else float("inf")
        return self._replace(
            low=_cut(self.low, most),
            high=_cut(self.high, most),
            year_low=_cut(self.year_low, most),
            year_high=_cut(self.year_high, most),
        )


def _cut(value: float, most: float) -> float:
    """nan stays."""
    return value if value != value else min(max(value, 0.0), most)


class Spread:
    """Running mean and variance of a vector of figures (B. P. Welford, 1962); nan: not defined this time."""

    def __init__(self, width: int) -> None:
        self._count = np.zeros(width, np.int64)
        self._mean = np.zeros(width)
        self._squares = np.zeros(width)

    def add(self, row: Floats) -> None:
        """One replication's figures."""
        there = ~np.isnan(row)
        self._count += there
        step = np.where(there, row - self._mean, 0.0)
        self._mean += step / np.maximum(self._count, 1)
        self._squares += np.where(there, step * (row - self._mean), 0.0)

    def estimates(self, confidence: float = 0.95) -> list[Estimate]:
        """By figure; everything but that number is nan where it is not known (below 2)."""
        found = []
        for count, mean, squares in zip(
            self._count.tolist(), self._mean.tolist(), self._squares.tolist(), strict=True
        ):
            if count < 2:
                only = mean if count else np.nan
                found.append(Estimate(count, only, np.nan, np.nan, np.nan, np.nan))
                continue
            deviation = (squares / (count - 1)) ** 0.5
            t = float(special.stdtrit(count - 1, 0.5 + confidence / 2))
            half, year = t * deviation / count**0.5, t * deviation * (1 + 1 / count) ** 0.5
            found.append(Estimate(count, mean, mean - half, mean + half, mean - year, mean + year))
        return found
