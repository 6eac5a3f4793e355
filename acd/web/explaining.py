"""Why callers wait and why people are free, worked out beside the loop on a copy of the world."""

import asyncio
from collections.abc import Callable

from acd.frozen import Copied
from acd.web.deps import Explained, WaitingCall
from routing.explain import Idle, candidates
from routing.visit import TALKING, WAITING
from routing.world import World

PAIRS_MAX = 50_000
"""Pairs of a caller and a person in one answer, at most; one caller is always told whole."""


class Explaining:
    """Answers one question after another; each holds the loop only while the world is copied."""

    def __init__(self, world: Callable[[], World], now_ms: Callable[[], int]) -> None:
        self._world = world
        self._now_ms = now_ms
        self._one = asyncio.Lock()

    async def __call__(self, visit: int | None = None) -> Explained:
        """Of all callers, or of this visit alone."""
        async with self._one:
            copied, now = Copied(self._world()), self._now_ms()
            return await asyncio.to_thread(explained, copied, now, visit)


def explained(copied: Copied, now: int, visit: int | None) -> Explained:
    """The callers who came first, with everybody's verdict, and the free people of these verdicts."""
    world = copied.world()
    world.now_ms = now
    sought = [
        each
        for each in world.visits.values()
        if each.queued_ms and each.state != TALKING and visit in (None, each.id)
    ]
    if world.policy is None:
        return Explained((), (), len(sought))
    told = sought[: max(1, PAIRS_MAX // max(1, len(world.people)))]
    waiting = tuple(
        WaitingCall(each, now - each.queued_ms, candidates(world, world.policy, each)) for each in told
    )
    reasons: dict[str, list[tuple[int, str]]] = {key: [] for key, one in world.people.items() if one.free}
    for call in waiting:
        if call.visit.state == WAITING:
            for one in call.candidates:
                if one.agent in reasons:
                    reasons[one.agent].append((call.visit.id, one.reason))
    idle = tuple(Idle(key, tuple(said)) for key, said in reasons.items())
    return Explained(waiting, idle, len(sought) - len(told))
