"""A measured distribution: the quantiles of a sample, in means, where no family of distributions fits it."""

from itertools import pairwise
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from config.load import cleaned
from config.tables.kinds import Table
from simulation.drivers.sampler import POINTS_MAX

OF_MEAN: Final = 0.005
"""So far the mean of a shape may lie off 1: values are written with few digits."""
OF_VARIATION: Final = 0.01
"""So far, as a share of it, a shape's variation may lie off the number beside it."""


class Shape(Table):
    """The share `shares` of all durations is at most `values` means long; straight between. Their mean is 1:
    how long that is, says the number of the same name."""

    shares: Annotated[list[float], Field(min_length=2, max_length=POINTS_MAX)]
    values: Annotated[
        list[Annotated[float, Field(ge=0, le=10_000)]], Field(min_length=2, max_length=POINTS_MAX)
    ]
    source: Annotated[str, StringConstraints(min_length=3, max_length=300)]

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if len(self.shares) != len(self.values):
            raise ValueError(f"has {len(self.shares)} shares, but {len(self.values)} values; a value each")
        if (self.shares[0], self.shares[-1]) != (0, 1) or not all(a < b for a, b in pairwise(self.shares)):
            raise ValueError("has shares that do not rise from 0 to 1")
        if not all(a <= b for a, b in pairwise(self.values)):
            raise ValueError("has values that fall; a larger share is longer")
        if abs(self.mean - 1) > OF_MEAN:
            raise ValueError(f"has the mean {self.mean:.4g}; its values are in means, so theirs is 1")
        return self

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """(share, value in means), of mean 1 exactly."""
        mean = self.mean
        return tuple((share, value / mean) for share, value in zip(self.shares, self.values, strict=True))

    @property
    def mean(self) -> float:
        """As written."""
        return sum(wide * (a + b) / 2 for wide, a, b in self._pieces())

    @property
    def variation(self) -> float:
        """The squared coefficient of variation."""
        square = sum(wide * (a * a + a * b + b * b) / 3 for wide, a, b in self._pieces())
        return square / self.mean**2 - 1

    def _pieces(self) -> list[tuple[float, float, float]]:
        ends = zip(pairwise(self.shares), pairwise(self.values), strict=True)
        return [(after - before, low, high) for (before, after), (low, high) in ends]


def named_or_measured(family: str) -> BeforeValidator:
    """For Annotated[Shape | None, ...]: the family's name stands for None, all else is a measured one."""

    def read(given: Any) -> Any:
        if given == family:
            return None
        if given is None or isinstance(given, dict | Shape):
            return given
        raise ValueError(
            f'is {cleaned(given)!r}; it is "{family}" or {{ shares = [...], values = [...], source = ... }}'
        )

    return BeforeValidator(read)
