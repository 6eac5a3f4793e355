"""What each waiting caller has to expect: quantiles of the remaining wait over many futures."""

from itertools import count
from math import inf
from typing import Final

from acd.outlook.drawn import Drawn
from acd.outlook.future import Future
from acd.outlook.quantiles import quantile
from acd.outlook.scene import Scene
from acd.prospects import BEYOND, Expectation
from routing.visit import WAITING

QUANTILES: Final = (0.1, 0.5, 0.9)
APART: Final = 1_000_003
"""So far are the seeds of two outlooks from each other."""


class Remaining:
    """The remaining waits of those who wait in a scene, gathered future by future.

    until_ms: the horizon. closes_ms: when we close. Both epoch ms.
    """

    def __init__(self, scene: Scene, drawn: Drawn, seed: int, until_ms: int, closes_ms: int) -> None:
        self._scene, self._drawn = scene, drawn
        self._until_ms, self._closes_ms = until_ms, closes_ms
        self._seeds = count(seed * APART)
        self._waits: dict[int, list[float]] = {
            key: [] for key, each in scene.visits.items() if each.state == WAITING
        }
        self.futures = 0

    def one_more(self) -> None:
        """Run one more future."""
        future = Future(self._scene, self._drawn, next(self._seeds))
        future.run(self._until_ms)
        now = self._scene.now_ms
        for caller in future.callers:
            if caller.visit:
                served = caller.served_ms
                self._waits[caller.visit].append(served - now if 0 <= served <= self._until_ms else inf)
        self.futures += 1

    def expectations(self) -> tuple[Expectation, ...]:
        """By visit; of nobody is nothing said."""
        now, found = self._scene.now_ms, []
        for key, waits in self._waits.items():
            visit, ranked = self._scene.visits[key], sorted(waits) or [inf]
            bounds = (quantile(ranked, share) for share in QUANTILES)
            low, middle, high = (BEYOND if each == inf else int(each) for each in bounds)
            closes_ms = min(self._closes_ms, self._scene.closes(visit.language, visit.concern))
            served = sum(wait <= closes_ms - now for wait in ranked)
            waited_ms = max(0, now - visit.queued_ms)
            permille = round(1000 * served / len(ranked))
            found.append(
                Expectation(key, visit.language, visit.concern, waited_ms, low, middle, high, permille)
            )
        return tuple(found)
