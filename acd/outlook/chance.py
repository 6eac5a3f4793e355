"""Random numbers of the futures: log-normal times and what is left of them, and when calls come."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import erfc, exp, log, sqrt
from random import Random
from statistics import NormalDist
from typing import Final

from acd.outlook.beliefs import Lasts

NORMAL: Final = NormalDist()
LEAST: Final = 1e-300


class LogNormal:
    """Times with a mean and a squared coefficient of variation."""

    __slots__ = ("mean_ms", "mu", "sigma")

    def __init__(self, lasts: Lasts) -> None:
        variance = log(1 + max(lasts.scv, 1e-9))
        self.mean_ms = max(lasts.mean_ms, 1.0)
        self.sigma = sqrt(variance)
        self.mu = log(self.mean_ms) - variance / 2

    def drawn(self, chance: Random, factor: float = 1.0) -> int:
        """One of them, in ms. factor: by which all are longer."""
        return int(factor * exp(self.mu + self.sigma * chance.gauss(0.0, 1.0))) + 1

    def left(self, chance: Random, spent_ms: int, factor: float = 1.0) -> int:
        """What is left of one, in ms, that has lasted so long already."""
        part = 1.0 - chance.random()
        spent_ms = max(spent_ms, 0)
        tail = 1.0
        if spent_ms:
            tail = erfc((log(spent_ms / factor) - self.mu) / self.sigma / sqrt(2)) / 2
        beyond = max(tail * part, LEAST)
        if beyond >= 1.0:
            return 1
        whole = factor * exp(self.mu - self.sigma * NORMAL.inv_cdf(beyond))
        return max(1, int(whole - spent_ms))


class Weighted:
    """One of several by weight."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._sums = list(accumulate(weights))

    def drawn(self, chance: Random) -> int:
        """The place of one; 0 where all weigh nothing."""
        total = self._sums[-1]
        return min(bisect_right(self._sums, chance.random() * total), len(self._sums) - 1) if total else 0


def moments(
    chance: Random, expected: Sequence[float], begin_ms: int, step_ms: int, after_ms: int, factor: float
) -> Iterator[int]:
    """When something happens (epoch ms, rising) behind after_ms, if so much is expected in each step."""
    due = chance.expovariate(1.0)
    first = max(0, (after_ms - begin_ms) // step_ms)
    for place in range(first, len(expected)):
        begin = begin_ms + place * step_ms
        at = float(max(begin, after_ms))
        rate = factor * expected[place] / step_ms
        while rate > 0:
            at_next = at + due / rate
            if at_next >= begin + step_ms:
                due -= (begin + step_ms - at) * rate
                break
            at = at_next
            due = chance.expovariate(1.0)
            yield int(at)
