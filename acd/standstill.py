"""How long the loop stood still, whatever the reason, and how long it may without losing sight of a lease."""

from acd.ports import Clock
from routing.world import World

STUCK_MS = 2_000
"""So long is a standstill even if no lease is open; the dialplan takes over after three of them."""


class Standstill:
    """Asked between all that the loop waits for: a stuck commit, a stopped process and a machine that slept
    look alike."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._looked_ms = clock.elapsed_ms()

    def stood_ms(self) -> int:
        """How long ago this was asked last."""
        before, self._looked_ms = self._looked_ms, self._clock.elapsed_ms()
        return self._looked_ms - before

    def too_long(self, stood_ms: float, world: World) -> bool:
        """Whether it is longer than half of the shortest open lease."""
        if stood_ms <= shortest_ms(world):
            return False
        if world.policy is not None and world.offers and all(each.rang for each in world.offers.values()):
            return stood_ms > min(STUCK_MS, world.policy.lease_ms / 2)
        return True


def shortest_ms(world: World) -> float:
    """A standstill up to this is none, whichever offers are open."""
    if world.policy is None or not world.offers:
        return STUCK_MS
    return min(STUCK_MS, world.policy.lease_ms / 2, world.policy.silent_ms / 2)
