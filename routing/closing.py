"""Who still waits when we close or nobody is there, and what they hear: nobody waits beside empty desks."""

from collections.abc import Callable, Iterable

from routing import visit as table
from routing.commands import TurnAway
from routing.deadlines import UNREACHED_MS
from routing.derived import Derived
from routing.visit import LAST_IN_LINE, NOBODY_HERE, OVER, SERVED
from routing.visits import Visits
from routing.world import Visit


def prospect(derived: Derived) -> str:
    """What who waits now has to expect."""
    world = derived.world
    policy = world.policy
    if policy is None:
        return SERVED
    reached = bool(derived.reached) or world.now_ms < world.unreached_ms + UNREACHED_MS
    anybody_here = bool(derived.at_work) and reached
    if world.open:
        return SERVED if anybody_here else NOBODY_HERE
    late = 0 <= policy.overtime_ms <= world.now_ms - world.closed_ms
    return LAST_IN_LINE if anybody_here and not late else OVER


class Closing:
    """Tells those who wait what they have to expect, once each, and lets go whom nobody will serve.

    tell: says a sentence to a caller.
    """

    def __init__(self, derived: Derived, visits: Visits, tell: Callable[[Visit, str], None]) -> None:
        self._derived, self._visits, self._say = derived, visits, tell
        derived.prospect = prospect(derived)

    def settle(self) -> None:
        """After a step in which hours, people or those who wait changed."""
        derived = self._derived
        world = derived.world
        waiting: Iterable[Visit] = [world.visits[key] for key in derived.joined if key in world.visits]
        derived.joined.clear()
        if derived.attended:
            derived.attended = False
            derived.deadlines.await_hours()
            before, derived.prospect = derived.prospect, prospect(derived)
            if before != derived.prospect:
                waiting = list(world.visits.values())
        for visit in waiting:
            if visit.state == table.WAITING and visit.caller is not None and derived.hears(visit):
                self._tell(visit)

    def _tell(self, visit: Visit) -> None:
        derived = self._derived
        if derived.prospect == OVER:
            self.turn_away(visit)
        elif visit.told != derived.prospect:
            visit.told = derived.prospect
            if derived.prospect != SERVED:
                self._say(visit, derived.prospect)

    def turn_away(self, visit: Visit) -> None:
        """Let a waiting caller go, who hears so. If the redirect does not take hold, they wait again, and are
        let go anew."""
        if visit.caller is not None and self._visits.move(visit, table.DISMISS):
            self._visits.leave_queue(visit)
            self._visits.part_again(visit)
            self._derived.commands.append(TurnAway(self._derived.new_id(), visit.caller))
