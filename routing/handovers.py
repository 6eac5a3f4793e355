"""Follow-ups that somebody left on a colleague's desk, until they are done."""

from typing import Final

from routing import facts
from routing.derived import Derived
from routing.world import HANDOVERS_MAX, Handover

UNKNOWN_PERSON: Final = "unknown_person"
UNKNOWN_HANDOVER: Final = "unknown_handover"
NOT_YOURS: Final = "not_yours"
TOO_MANY: Final = "too_many"
"""Why a request of a person is refused."""


class Handovers:
    """Keeps the open ones. None gets lost: where there is no room for one more, it is refused."""

    def __init__(self, derived: Derived) -> None:
        self._derived = derived

    def _is_here(self, agent: str) -> bool:
        person = self._derived.world.people.get(agent)
        return person is not None and not person.leaving

    def leave(self, visit: int, agent: str, to: str, note: str) -> str:
        """Put one on a colleague's desk; why not, if it cannot be done, else ""."""
        world = self._derived.world
        if not self._is_here(to):
            return UNKNOWN_PERSON
        if len(world.handovers) >= HANDOVERS_MAX:
            return TOO_MANY
        made = Handover(self._derived.new_id(), visit, agent, to, note, world.now_ms)
        world.handovers[made.id] = made
        self._derived.say(facts.HandedOver(world.now_ms, *made[:5]))
        return ""

    def done(self, handover: int, agent: str) -> str:
        """Said by who has it, or by who left it and takes it back; why not, if it cannot be done, else ""."""
        found = self._derived.world.handovers.get(handover)
        if found is None:
            return UNKNOWN_HANDOVER
        if agent not in (found.to, found.agent):
            return NOT_YOURS
        self._end(found, agent)
        return ""

    def _end(self, handover: Handover, agent: str) -> None:
        world = self._derived.world
        del world.handovers[handover.id]
        self._derived.say(facts.HandoverDone(world.now_ms, handover.id, handover.visit, agent))

    def give_back(self) -> None:
        """What lies on the desk of who left the staff is again with who left it there, or with nobody."""
        world = self._derived.world
        for each in list(world.handovers.values()):
            if self._is_here(each.to):
                continue
            if self._is_here(each.agent):
                world.handovers[each.id] = each._replace(to=each.agent)
                self._derived.say(facts.HandoverGivenBack(world.now_ms, each.id, each.visit, each.agent))
            else:
                self._end(each, "")
