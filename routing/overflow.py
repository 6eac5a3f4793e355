"""Who still waits when the plan alone does not serve them: a wider need, another office, or the end.

Of the rules of a caller's language and concern the most specific goes first, then the order of the file. The
first one of which a condition holds takes effect, once a visit.
"""

from typing import Final

from routing import by_hand, facts
from routing import visit as table
from routing.announce import Announcer
from routing.closing import Closing
from routing.commands import NOT_NOW, SendOutside
from routing.derived import Derived
from routing.index import Index
from routing.policy import OVERFLOW_CLOSED, OVERFLOW_FALLBACK, Overflow
from routing.visits import Visits
from routing.world import Visit

WIDENED: Final = "widened"
"""The sentence of a fallback."""


class Overflows:
    """Looks at who waits when something changes for them, and at nobody else."""

    def __init__(self, derived: Derived, visits: Visits, closing: Closing, announcer: Announcer) -> None:
        self._derived, self._visits = derived, visits
        self._closing, self._announcer = closing, announcer

    def due(self, visit: Visit) -> None:
        """The time of a rule has come."""
        self._derived.lined_up.append(visit.id)
        self._derived.dirty = True

    def settle(self) -> None:
        """After a step, and after whom it served: who joined, waits long enough, or has nobody any more."""
        derived = self._derived
        world, index = derived.world, derived.index
        keys, derived.lined_up = derived.lined_up, []
        thinned, derived.thinned = derived.thinned, False
        if index is None or not world.rules.overflow:
            return
        if thinned and any(each.nobody for each in world.rules.overflow):
            keys = [*keys, *index.hopeless()]
        for key in sorted({*keys}):  # in the order in which they came, whatever brought them here
            visit = world.visits.get(key)
            if visit is None or visit.state != table.WAITING or visit.caller is None:
                continue
            if derived.hears(visit):
                self._look(index, visit)

    def _look(self, index: Index, visit: Visit) -> None:
        if visit.sent:
            self._send(visit, visit.sent)  # the redirect did not take hold
            return
        for rule in index.overflows(visit):
            if self._holds(index, rule, visit):
                self._take_effect(visit, rule)
                return

    def _holds(self, index: Index, rule: Overflow, visit: Visit) -> bool:
        """Whether any condition holds now."""
        derived = self._derived
        if rule.nobody and not index.anybody_for(visit):
            return True
        if visit.talks:
            return False  # the talk broke: they are the first in line
        if by_hand.how(derived.world, by_hand.OVERFLOW, rule.name) == by_hand.ON:
            return True
        if 0 <= rule.after_ms <= derived.world.now_ms - visit.queued_ms:
            return True
        joins = visit.id in derived.newcomers and rule.length >= 0
        return joins and index.waiting(rule.language, rule.concern) > rule.length

    def _take_effect(self, visit: Visit, rule: Overflow) -> None:
        derived = self._derived
        visit.overflowed = (*visit.overflowed, rule.name)
        derived.say(facts.Overflowed(derived.world.now_ms, visit.id, rule.name, rule.then))
        if rule.then == OVERFLOW_FALLBACK:
            self._visits.wait(visit)
            self._announcer.add(visit, WIDENED)
        else:
            self._send(visit, rule.then)

    def _send(self, visit: Visit, then: str) -> None:
        """Out of the line; again, where that did not take hold."""
        derived = self._derived
        if then == OVERFLOW_CLOSED:
            self._closing.turn_away(visit, NOT_NOW)
        elif visit.caller is not None and self._visits.dismiss(visit):
            command = SendOutside(derived.new_id(), visit.caller, visit.overflowed[-1])
            derived.commands.append(command)
        visit.sent = then
