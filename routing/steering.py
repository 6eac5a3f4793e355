"""What a supervisor does to a visit that waits: its place in line, its need, whom it is for.

Each move says why it is not possible as a stable code, and "" where it was done.
"""

from typing import Final

from routing import facts
from routing import visit as table
from routing.by_hand import AS_IT_IS
from routing.derived import Derived
from routing.handovers import UNKNOWN_PERSON
from routing.offers import Offers
from routing.turn import turn
from routing.visits import Visits
from routing.world import Visit

FRONT: Final = "front"
BACK: Final = "back"
OWN_PLACE: Final = "own_place"
PLACES: Final = (FRONT, BACK, OWN_PLACE)

CLASS_TAKEN: Final = "class_taken"
OTHER_NEED: Final = "other_need"
OWN_NEED: Final = "own_need"
NAMED: Final = "named"
NOT_NAMED: Final = "not_named"
BY_HAND: Final = "by_hand"
PULLED_BACK: Final = "pulled_back"
STEERED: Final = (
    *PLACES,
    CLASS_TAKEN,
    OTHER_NEED,
    OWN_NEED,
    NAMED,
    NOT_NAMED,
    BY_HAND,
    PULLED_BACK,
)
"""What facts.Steered tells of."""

UNKNOWN_VISIT: Final = "unknown_visit"
UNKNOWN_PLACE: Final = "unknown_place"
NOT_IN_CLASS: Final = "not_in_class"
NOT_AT_WORK: Final = "not_at_work"
NOT_FREE: Final = "not_free"
NOT_LINKED: Final = "not_linked"
NOT_OFFERED: Final = "not_offered"


def marks(visit: Visit) -> tuple[str, ...]:
    """How a visit stands otherwise than by the rules, since a supervisor said so: names of STEERED."""
    found = {
        FRONT: visit.place_ms < 0,
        BACK: visit.place_ms > 0,
        OTHER_NEED: visit.chose is not None,
        NAMED: visit.only != "",
    }
    return tuple(name for name, holds in found.items() if holds)


class Steering:
    """Moves visits as supervisors say. A visit that does not wait is refused with its state."""

    def __init__(self, derived: Derived, visits: Visits, offers: Offers) -> None:
        self._derived, self._visits, self._offers = derived, visits, offers

    def place(self, visit: Visit, where: str) -> str:
        """To the front: before all who were ever put there. To the back: behind all who wait now, and before
        who comes later. Any place holds until the visit ends or is undone."""
        if where not in PLACES:
            return UNKNOWN_PLACE
        if visit.state != table.WAITING:
            return visit.state
        world = self._derived.world
        places = [each.place_ms for each in world.visits.values() if each is not visit]
        before = visit.place_ms
        visit.place_ms = {
            FRONT: min([0, *places]) - 1,
            BACK: max([world.now_ms, *places]) + 1,
            OWN_PLACE: 0,
        }[where]
        if before == visit.place_ms:
            return AS_IT_IS
        return self._again(visit, where)

    def take_class(self, visit: Visit, name: str) -> str:
        """Out of a priority class, whatever it is in by what is known of the caller."""
        if name not in visit.classes:
            return NOT_IN_CLASS
        visit.classes = tuple([each for each in visit.classes if each != name])
        self._say(visit, CLASS_TAKEN, name)
        self._visits.recognised(visit)
        return ""

    def need(self, visit: Visit, language: str, concern: str) -> str:
        """Another need; both "": their own again. What they hear stays in the language that they chose."""
        if visit.state != table.WAITING:
            return visit.state
        now = visit.language, visit.concern
        own = visit.chose or now
        wanted = (language or now[0], concern or now[1]) if language or concern else own
        if wanted == now:
            return AS_IT_IS
        visit.chose = own if wanted != own else None
        self._visits.set_need(visit, *wanted, "")
        return self._again(visit, OTHER_NEED if visit.chose else OWN_NEED, "/".join(wanted))

    def name(self, visit: Visit, agent: str) -> str:
        """For this person alone; "": for everybody."""
        if visit.state != table.WAITING:
            return visit.state
        if agent == visit.only:
            return AS_IT_IS
        person = self._derived.world.people.get(agent)
        if agent and (person is None or person.leaving):
            return UNKNOWN_PERSON
        if person is not None and not person.at_work:
            return NOT_AT_WORK
        visit.only = agent
        return self._again(visit, NAMED if agent else NOT_NAMED, agent)

    def offer(self, visit: Visit, agent: str) -> str:
        """To this person now. If they do not take it, it waits as before."""
        derived = self._derived
        if visit.state != table.WAITING:
            return visit.state
        person = derived.world.people.get(agent)
        if person is None or person.leaving:
            return UNKNOWN_PERSON
        if (
            derived.index is None
            or not derived.hears(visit)
            or not derived.world.linked(person.agent.reach.node)
        ):
            return NOT_LINKED
        if not person.free:
            return NOT_FREE
        if visit.kind in table.OUTBOUND and (why := turn(derived, visit)):
            return why
        self._say(visit, BY_HAND, agent)
        self._offers.make(derived.index.by_hand(visit, agent))
        return ""

    def pull_back(self, visit: Visit) -> str:
        """Whoever was offered it is not to blame. A talk that has begun by then goes on, and so does calling
        back once they have lifted: they may be about to dial."""
        offer = self._derived.world.offers.get(visit.offer)
        if offer is None:
            return NOT_OFFERED
        if visit.state == table.CALLING:
            return visit.state
        if offer.pulled:
            return AS_IT_IS
        if not self._derived.hears(visit):
            return NOT_LINKED
        self._say(visit, PULLED_BACK, offer.agent)
        offer.pulled = True
        self._offers.lease(offer, 0)
        return ""

    def _again(self, visit: Visit, what: str, value: str = "") -> str:
        """It waits by what holds for it from now on."""
        self._say(visit, what, value)
        self._visits.wait(visit)
        return ""

    def _say(self, visit: Visit, what: str, value: str) -> None:
        self._derived.say(facts.Steered(self._derived.world.now_ms, visit.id, what, value))
