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

    def limit_ms(self, world: World) -> float:
        """The longest that we may stand still and go on: half of the shortest open lease."""
        if not world.offers or world.policy is None:
            return STUCK_MS
        rang = all(offer.rang for offer in world.offers.values())
        lease_ms = world.policy.lease_ms if rang else min(world.policy.lease_ms, world.policy.silent_ms)
        return min(STUCK_MS, lease_ms / 2)
