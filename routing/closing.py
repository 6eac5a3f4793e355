"""Who still waits when we close or nobody is there, and what they hear: nobody waits beside empty desks."""

from collections.abc import Callable, Iterable

from routing import by_hand
from routing import visit as table
from routing.commands import NOT_NOW, TurnAway
from routing.deadlines import UNREACHED_MS
from routing.derived import Derived
from routing.specific import most_specific
from routing.visit import LAST_IN_LINE, NOBODY_HERE, OVER, SERVED
from routing.visits import Visits
from routing.world import Visit, World


def prospect(derived: Derived) -> str:
    """What who waits now has to expect."""
    world = derived.world
    if world.policy is None:
        return SERVED
    if world.open:
        return SERVED if _anybody_here(derived) else NOBODY_HERE
    return _after(derived, world.closed_ms)


def prospects(derived: Derived, everybody: str) -> dict[tuple[str, str], str]:
    """The same for those who have hours of their own; everybody: what all others have to expect."""
    world = derived.world
    found = {}
    for own in world.policy.hours if world.policy is not None else ():
        shut = own.key in world.shut and everybody != OVER
        key = own.language, own.concern
        found[key] = _after(derived, world.shut[own.key]) if shut else everybody
    return found


def hands(derived: Derived) -> dict[tuple[str, str], tuple[str, int]]:
    """The same for those whose hours a supervisor set, with since when they are closed; 0 where open."""
    opened = SERVED if _anybody_here(derived) else NOBODY_HERE
    return {
        whose: (_after(derived, each.since_ms), each.since_ms) if each.how == by_hand.CLOSED else (opened, 0)
        for whose, each in by_hand.hours(derived.world).items()
    }


def lets_in(world: World, language: str, concern: str) -> bool:
    """Whether the dialplan lets somebody new with this need in line now: by hand, where a supervisor said so,
    else by the hours."""
    if by_hand.how(world, by_hand.DRAIN, "") != by_hand.RULES:
        return False
    hand = most_specific(by_hand.hours(world), language, concern)
    if hand is not None:
        return hand.how == by_hand.OPEN
    own = most_specific(
        {(each.language, each.concern): each.key for each in world.rules.hours}, language, concern
    )
    return world.open and own not in world.shut


def _anybody_here(derived: Derived) -> bool:
    world = derived.world
    reached = bool(derived.reached) or world.now_ms < world.unreached_ms + UNREACHED_MS
    return bool(derived.at_work) and reached


def _after(derived: Derived, closed_ms: int) -> str:
    """What to expect when it has been closed since then."""
    world = derived.world
    late = 0 <= world.rules.overtime_ms <= world.now_ms - closed_ms
    return LAST_IN_LINE if _anybody_here(derived) and not late else OVER


class Closing:
    """Tells those who wait what they have to expect, once each, and lets go whom nobody will serve.

    tell: says a sentence to a caller.
    """

    def __init__(self, derived: Derived, visits: Visits, tell: Callable[[Visit, str], None]) -> None:
        self._derived, self._visits, self._say = derived, visits, tell
        self._look()
        derived.attended = False  # a world that goes on was looked at when it stood still

    def _look(self) -> None:
        derived = self._derived
        derived.prospect = prospect(derived)
        derived.prospects = prospects(derived, derived.prospect)
        world = derived.world
        derived.hands = hands(derived) if world.by_hand and world.policy is not None else {}
        draining = world.by_hand.get(by_hand.key(by_hand.DRAIN, ""))
        derived.drains_ms = draining.since_ms if draining is not None else 0

    def settle(self) -> None:
        """After a step in which hours, people or those who wait changed."""
        derived = self._derived
        world = derived.world
        waiting: Iterable[Visit] = [world.visits[key] for key in derived.joined if key in world.visits]
        derived.joined.clear()
        if derived.attended:
            derived.attended = False
            derived.deadlines.await_hours()
            before = derived.prospect, derived.prospects, derived.hands, derived.drains_ms
            self._look()
            if before != (derived.prospect, derived.prospects, derived.hands, derived.drains_ms):
                waiting = list(world.visits.values())
        for visit in waiting:
            if visit.state == table.WAITING and visit.caller is not None and derived.hears(visit):
                self._tell(visit)

    def _tell(self, visit: Visit) -> None:
        awaits = self._derived.awaits(visit)
        if awaits == OVER:
            self.turn_away(visit, NOT_NOW if self._derived.closed_by_hand(visit) else "")
        elif visit.told != awaits:
            visit.told = awaits
            if awaits != SERVED:
                self._say(visit, awaits)

    def turn_away(self, visit: Visit, sentence: str = "") -> None:
        """Let a waiting caller go, who hears so. If the redirect does not take hold, they wait again, and are
        let go anew. sentence: as in TurnAway."""
        if visit.caller is not None and self._visits.dismiss(visit):
            self._derived.commands.append(TurnAway(self._derived.new_id(), visit.caller, sentence))
