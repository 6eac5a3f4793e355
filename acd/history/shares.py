"""Shares of counts with what chance allows: Wilson's interval, and the difference of two shares."""

from math import sqrt
from statistics import NormalDist
from typing import Final

Z95: Final = 1.959963984540054
"""97.5 % quantile of the normal distribution, for 95 % intervals."""
ENOUGH: Final = 30
"""Below this many a percentage says nothing (metrics.md)."""


def wilson(met: int, total: int, z: float = Z95) -> tuple[float, float]:
    """The interval of a share (Wilson 1927), 95 % unless another quantile is given; (0, 1) for none."""
    if total == 0:
        return 0.0, 1.0
    share, z2 = met / total, z * z
    middle = share + z2 / (2 * total)
    spread = z * sqrt(share * (1 - share) / total + z2 / (4 * total * total))
    scale = 1 + z2 / total
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def difference(met: int, total: int, others: int, of_others: int, z: float = Z95) -> tuple[float, float]:
    """The interval of one share less another, independent one (Newcombe 1998, method 10); (-1, 1) where
    either is of none."""
    if not total or not of_others:
        return -1.0, 1.0
    one, other = met / total, others / of_others
    low, high = wilson(met, total, z)
    others_low, others_high = wilson(others, of_others, z)
    by = one - other
    return (
        by - sqrt((one - low) ** 2 + (others_high - other) ** 2),
        by + sqrt((high - one) ** 2 + (other - others_low) ** 2),
    )


def quantile(tests: int) -> float:
    """That of the normal distribution at which all of so many 95 % statements hold together (Bonferroni)."""
    return NormalDist().inv_cdf(1 - 0.025 / max(1, tests))
