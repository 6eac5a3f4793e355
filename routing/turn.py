"""Whose turn it is among those whom we call: in their time and ours, never beside a call of theirs."""

from typing import Final

from routing import trunk
from routing import visit as table
from routing.derived import Derived
from routing.policy import Callbacks
from routing.world import Visit

NOW: Final = ""
EARLY: Final = "early"
"""Their time has not come."""
ON_LINE: Final = "on_line"
"""They are on the line themselves."""
SHUT: Final = "shut"
"""We are closed for them."""
CALLS_USED_UP: Final = "calls_used_up"
"""All calls of the day were made, to this number or at all."""

NO_WAY_OUT: Final = "no_way_out"
"""The last calls did not get out: nobody is rung for one until that is tried again."""

SHARE: Final = "share"
"""Callers wait on the line, and as many people call back as may beside them."""

HELD: Final = (EARLY, ON_LINE, SHUT, CALLS_USED_UP, NO_WAY_OUT, SHARE)
"""Why it is not somebody's turn."""

DEFERS: Final = frozenset({SHUT, CALLS_USED_UP})
"""Who waits for these takes their place anew once they are over, so that the morning's callers are not behind
the night's."""


def rules(derived: Derived) -> Callbacks:
    """How callers are called back; who was promised one is called even when none are promised any more."""
    policy = derived.world.policy
    return policy.callbacks or Callbacks() if policy is not None else Callbacks()


def turn(derived: Derived, visit: Visit) -> str:
    """Whether a waiting callback may be given to somebody now; else why not."""
    world = derived.world
    if visit.due_ms > world.now_ms:
        return EARLY
    if visit.origin in world.visits or (visit.kind != table.MESSAGE and derived.on_line.get(visit.token)):
        return ON_LINE
    if derived.awaits(visit) in (table.LAST_IN_LINE, table.OVER):
        return SHUT
    if trunk.rests(world, visit):
        return NO_WAY_OUT
    if visit.kind == table.MESSAGE:
        return NOW  # it is heard all the same (routing.offers)
    return CALLS_USED_UP if used_up(derived, visit.token) else NOW


def used_up(derived: Derived, token: str) -> bool:
    """Whether all calls of the day were made, to this number or at all."""
    world, most = derived.world, rules(derived)
    return world.calls_today >= most.per_day or world.calls_made.get(token, 0) >= most.per_number_day
