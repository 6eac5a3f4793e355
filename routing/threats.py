"""Callers who threatened us: who is told of it, and how long they are not served."""

from typing import Final

from routing import facts
from routing import visit as table
from routing.closing import Closing
from routing.commands import BLOCKED
from routing.derived import Derived
from routing.world import BLOCKED_MAX, THREATS_MAX, Blocked, Threat, remember

BLOCK_MAX_MS: Final = 31 * 86_400_000
"""Nobody is blocked for longer."""


class Threats:
    """Keeps who is blocked, by token, and lets them go once they wait: by then they chose the language in
    which they hear why. No talk ends by it."""

    def __init__(self, derived: Derived, closing: Closing) -> None:
        self._derived, self._closing = derived, closing

    def tell(self, visit: int, token: str, agent: str, note: str, block_ms: int) -> None:
        """Somebody was threatened by who called under this token ("" where nobody knows who did)."""
        world = self._derived.world
        remember(world.threats, visit, Threat(agent, world.now_ms), THREATS_MAX)
        until_ms = 0
        if token and block_ms > 0:
            until_ms = world.now_ms + min(block_ms, BLOCK_MAX_MS)
            for other in [key for key, each in world.blocked.items() if each.until_ms <= world.now_ms]:
                del world.blocked[other]
            remember(world.blocked, token, Blocked(until_ms, visit), BLOCKED_MAX)
            self._derived.joined += [each.id for each in world.visits.values() if each.token == token]
            self._derived.dirty = True
        self._derived.say(facts.ThreatTold(world.now_ms, visit, agent, note, until_ms))

    def seen(self, visit: int) -> bool:
        """Somebody sees to it, as they say; False if there was none."""
        world = self._derived.world
        if world.threats.pop(visit, None) is None:
            return False
        self._derived.say(facts.ThreatSeen(world.now_ms, visit))
        return True

    def unblock(self, visit: int) -> bool:
        """Whoever was blocked on this visit is served again; False if nobody was."""
        world = self._derived.world
        token = next((token for token, each in world.blocked.items() if each.visit == visit), "")
        if not token:
            return False
        del world.blocked[token]
        self._derived.say(facts.TokenUnblocked(world.now_ms, visit))
        return True

    def settle(self) -> None:
        """Who waits since now, and is blocked."""
        derived = self._derived
        world = derived.world
        for key in list(derived.joined) if world.blocked else ():
            visit = world.visits.get(key)
            if visit is None or visit.state != table.WAITING or not derived.hears(visit):
                continue
            blocked = world.blocked.get(visit.token)
            if blocked is not None and blocked.until_ms > world.now_ms:
                self._closing.turn_away(visit, BLOCKED)
                visit.told = BLOCKED
