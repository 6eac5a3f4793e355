"""What waits to be decided, in the order in which it happened, and how far everything is known.

From one PBX things come in order, each with the PBX's stamp; people's wishes and our own come with the time
at which they were put in. Both are merged by time.
"""

import asyncio
from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

from acd.ports import Arrival, QueueFull
from routing.events import ClockStepped, Event, LinkDown, PbxSnapshot

QUEUE_MAX = 20_000
FIRST = -1
"""Before everything: its time is that of what was decided last."""


ALWAYS = (LinkDown, ClockStepped)
"""There is room for these: who is not told of them would go on as if nothing were, and they are few."""


class Entry(NamedTuple):
    """Something that waits. at_ms: when it happened; number: in which order it was put in."""

    at_ms: int
    number: int
    arrival: Arrival
    told: "asyncio.Future[Any] | None"


class Intake:
    """Bounded, but for ALWAYS.

    known_ms: the newest stamp of the PBX that was put in; all that it said before is in too. own_ms: the
    newest time of what has no stamp.
    """

    def __init__(self, room: int = QUEUE_MAX) -> None:
        self.known_ms = 0
        self.own_ms = 0
        self._room = room
        self._heap: list[Entry] = []
        self._count = 0

    def put(self, arrival: Arrival, now_ms: int, told: "asyncio.Future[Any] | None" = None) -> None:
        """In the order of time. Raises QueueFull."""
        if len(self._heap) >= self._room and not isinstance(arrival.event, ALWAYS):
            raise QueueFull(f"{self._room} events wait to be decided")
        if arrival.at_ms:
            at_ms = arrival.at_ms
            if at_ms > self.known_ms:
                self.known_ms = at_ms
        else:
            at_ms = self.own_ms = now_ms
        self._count += 1
        heappush(self._heap, Entry(at_ms, self._count, arrival, told))

    def first(self, arrival: Arrival) -> None:
        """Before everything that waits."""
        self._count += 1
        heappush(self._heap, Entry(FIRST, self._count, arrival, None))

    def void_snapshots(self) -> None:
        """Take out the link-up snapshots that wait: they were asked for before a standstill, and will be
        again. What a ledger told stays true, and comes before what was heard after it."""
        self._heap = [each for each in self._heap if not _is_linkup(each.arrival.event)]
        heapify(self._heap)

    def oldest_ms(self) -> int | None:
        """When the first of what waits happened; None if nothing waits."""
        return self._heap[0].at_ms if self._heap else None

    def take(self, most: int, until_ms: int) -> list[Entry]:
        """Out with the first ones, in order, none that happened after `until_ms`."""
        heap = self._heap
        taken: list[Entry] = []
        while heap and len(taken) < most and heap[0].at_ms <= until_ms:
            taken.append(heappop(heap))
        return taken

    def __len__(self) -> int:
        return len(self._heap)

    def __iter__(self) -> Iterator[Arrival]:
        return (each.arrival for each in self._heap)


class Inbox:
    """Where everything that is to be decided comes in; made before who puts in and who decides.

    arrived: set with each; who decides clears it.
    """

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.intake = Intake()
        self.arrived = asyncio.Event()
        self._now_ms = now_ms

    def submit(self, arrival: Arrival, told: "asyncio.Future[Any] | None" = None) -> None:
        """Put something in, to be decided in the order of time. Raises QueueFull."""
        self.intake.put(arrival, 0 if arrival.at_ms else self._now_ms(), told)
        self.arrived.set()


def _is_linkup(event: Event) -> bool:
    return isinstance(event, PbxSnapshot) and event.linkup
