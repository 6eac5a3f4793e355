"""Quantiles that hold for a next value, however few there are."""

from collections.abc import Sequence
from math import ceil, floor

ROUNDING = 1e-9


def quantile(ranked: Sequence[float], share: float) -> float:
    """Of n sorted values the one of rank (n + 1) * share, rounded outward: a next value drawn alike lies
    below it with a chance of at most `share` (under a half) or at least that (from there on). Of too few
    values the first or the last."""
    rank = (len(ranked) + 1) * share
    place = floor(rank + ROUNDING) if share < 0.5 else ceil(rank - ROUNDING)
    return ranked[min(max(place, 1), len(ranked)) - 1]
