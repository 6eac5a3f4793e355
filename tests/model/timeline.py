"""Virtual time: what happens next, in whole milliseconds, and in the order in which it was planned."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any


class Timeline:
    """A clock that jumps from one planned thing to the next."""

    __slots__ = ("_count", "_heap", "now")

    def __init__(self, start_ms: int) -> None:
        self.now = start_ms
        self._count = 0
        self._heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []

    def at(self, when: int, do: Callable[..., None], *args: Any) -> None:
        """Plan something; what lies in the past happens now."""
        self._count += 1
        heappush(self._heap, (max(when, self.now), self._count, do, args))

    def after(self, ms: int, do: Callable[..., None], *args: Any) -> None:
        """Plan something for `ms` from now."""
        self.at(self.now + ms, do, *args)

    def run(self, until: int) -> None:
        """Let everything happen that is planned up to `until`."""
        heap = self._heap
        while heap and heap[0][0] <= until:
            when, _, do, args = heappop(heap)
            self.now = when
            do(*args)
        self.now = max(self.now, until)
