"""What others see of one person: all of it where a service agreement says so; else the least that work needs.

Everything about a person that leaves the house for somebody else goes through one value of this.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from agents import state as shown
from routing.board import StaffState
from routing.explain import Candidate, Counts, Idle, Sought
from routing.facts import ShadowDiffered
from routing.index import Choice

ON_CALL: Final = frozenset({shown.RESERVED, shown.RINGING, shown.CALLING, shown.TALKING})
NOT_FREE: Final = "not_free"
SAME: Final[Mapping[str, str]] = {"quiet": NOT_FREE, "asked_already": NOT_FREE}
"""Reasons that say more of a person than that they are not free."""


class Others(NamedTuple):
    """agreed: a service agreement (Dienstvereinbarung) lets others see states, reasons and since when.

    Without one they see whether somebody is ready, not ready, or on a call; no reason, no time, no order.
    """

    agreed: bool

    def state(self, state: str) -> str:
        """A name of agents.state.SHOWN, as others see it."""
        if self.agreed or state == shown.READY:
            return state
        return shown.TALKING if state in ON_CALL else shown.NOT_READY

    def person(self, person: StaffState) -> StaffState:
        """Somebody on the board."""
        return person if self.agreed else StaffState(person.id, person.name, self.state(person.state), "", 0)

    def candidate(self, candidate: Candidate) -> Candidate:
        """Somebody's verdict for a caller."""
        reason = candidate.reason if self.agreed else SAME.get(candidate.reason, candidate.reason)
        return candidate._replace(reason=reason, state=self.state(candidate.state))

    def sought(self, sought: Sought) -> Sought:
        """How many are there for a caller, by reason: a count may be of one."""
        return sought if self.agreed else sought._replace(people=_together(sought.people))

    def idle(self, idle: Idle) -> Idle:
        """Why somebody free is offered nobody."""
        return idle if self.agreed else idle._replace(callers=_together(idle.callers))

    def differed(self, told: ShadowDiffered) -> ShadowDiffered:
        """A decision: by which criterion somebody came first is told, their figures are not."""
        if self.agreed:
            return told
        return told._replace(live=_without_orders(told.live), shadow=_without_orders(told.shadow))


STRICT: Final = Others(agreed=False)


def _together(counts: Counts) -> Counts:
    found: dict[str, int] = {}
    for reason, number in counts:
        called = SAME.get(reason, reason)
        found[called] = found.get(called, 0) + number
    return tuple(found.items())


def _without_orders(choice: Choice | None) -> Choice | None:
    if choice is None:
        return None
    return choice._replace(lost=tuple(each._replace(order=0, best=0) for each in choice.lost))
