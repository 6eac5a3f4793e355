"""What falls due when: a heap derived from the records of the world, in which each deadline stands."""

from heapq import heappop, heappush
from math import inf
from typing import Any, Final

from routing import by_hand
from routing.spans import next_day, next_edge
from routing.visit import WAITING
from routing.world import World

# Deadlines that fall on the same millisecond pass in this order.
LEASE: Final = 0
WRAP_UP: Final = 1
WIDEN: Final = 2
RETRY: Final = 3
PARTING: Final = 4
HOURS: Final = 5
SAY: Final = 6
OVERFLOW: Final = 7
QUIET: Final = 8
CALL: Final = 9

UNREACHED_MS: Final = 60_000
"""So long phones may be unreachable before nobody counts as at work: a network can blink."""

Deadline = tuple[int, int, Any]
"""(epoch ms, rank, key): key is a LEASE's offer, a WRAP_UP's (person, visit), a QUIET's person, 0 for HOURS,
else the visit."""


class Deadlines:
    """The deadlines of one world, by when they pass. One that its record no longer names is passed over.

    While no PBX is linked (it is not awake), only the hours pass: they concern no call. heap: to look at;
    before its first nothing passes. boundary: when the hours pass; 0: never.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.heap: list[Deadline] = []
        self.boundary = 0
        self.awake = world.linked("")

    def at(self, when: int, rank: int, key: object) -> None:
        """Wake at `when`; 0: never."""
        if when:
            heappush(self.heap, (when, rank, key))

    def clear(self) -> None:
        """Forget all of them."""
        self.heap.clear()
        self.boundary = 0

    def due(self, by: float = inf) -> int | None:
        """When the next deadline passes, in epoch ms; None if none does `by` then."""
        if not self.awake:
            return self.boundary if 0 < self.boundary <= by else None
        heap = self.heap
        while heap:
            when, rank, key = heap[0]
            if when > by:
                break
            if self._stands(when, rank, key):
                return when
            heappop(heap)
        return None

    def take(self, by: int) -> Deadline | None:
        """The next deadline that passes `by` then; it passes once."""
        if not self.awake:
            if (hours := self.due(by)) is None:
                return None
            self.boundary = 0
            return hours, HOURS, 0
        heap = self.heap
        while heap and heap[0][0] <= by:
            deadline = heappop(heap)
            if self._stands(*deadline):
                if deadline[1] == HOURS:
                    self.boundary = 0
                return deadline
        return None

    def _stands(self, when: int, rank: int, key: Any) -> bool:
        """Whether a deadline on the heap is still what the record says."""
        world = self._world
        if rank == HOURS:
            return when == self.boundary
        if rank == LEASE:
            offer = world.offers.get(key)
            return offer is not None and offer.deadline_ms == when
        if rank == WRAP_UP:
            person = world.people.get(key[0])
            engaged = person.engaged_with(key[1]) if person is not None else None
            return engaged is not None and engaged.until_ms == when
        if rank == QUIET:
            person = world.people.get(key)
            return person is not None and person.quiet_until_ms == when
        visit = world.visits.get(key)
        if rank == WIDEN:
            return visit is not None and visit.widen_ms == when
        if rank == SAY:
            return visit is not None and visit.state == WAITING and visit.say_ms == when
        if rank == OVERFLOW:
            return visit is not None and visit.overflow_ms == when
        if rank == CALL:
            if visit is None:
                return False
            return visit.due_ms == when or (visit.state == WAITING and world.trunk.again_ms == when)
        return visit is not None and when == (visit.retry_ms if rank == RETRY else visit.parting_ms)

    def await_hours(self) -> None:
        """Wake when next an hour begins that changes something: opening, a reserve's hours, a new day; or
        when who waits has to expect something else (routing.closing)."""
        world = self._world
        if 0 < self.boundary <= world.now_ms:
            return  # it passes first
        boundary = 0 if world.policy is None else _boundary(world)
        if boundary != self.boundary:
            self.boundary = boundary
            self.at(boundary, HOURS, 0)


def _boundary(world: World) -> int:
    """The first edge behind now of what the policies do by the hour or by how long; 0 if there is none."""
    policy, shadow, after = world.rules, world.shadow, world.now_ms
    spans = [policy.opening, *(each.when for each in policy.reserves)]
    spans += [each.when for each in policy.hours]
    if shadow is not None:
        spans += [each.when for each in shadow.reserves]
    edges = [*(next_edge(span, after) for span in spans), next_day(policy.days, after)]
    closed = [*world.shut.values()] if world.open else [*world.shut.values(), world.closed_ms]
    closed += [each.since_ms for each in by_hand.hours(world).values() if each.how == by_hand.CLOSED]
    served_until = [since + policy.overtime_ms for since in closed]
    edges += [when for when in by_hand.edges(world) if when > after]
    edges += [when for when in (*served_until, world.unreached_ms + UNREACHED_MS) if when > after]
    return min((edge for edge in edges if edge), default=0)
