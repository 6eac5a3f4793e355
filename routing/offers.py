"""The moves of an offer, from the decision to its end, and of phones that the dialplan rings by itself."""

from typing import Final

from agents import state as staff
from routing import facts
from routing import visit as table
from routing.commands import CallBack, CancelCallback, Connect, Withdraw
from routing.deadlines import LEASE
from routing.derived import Derived
from routing.events import Leg
from routing.index import TAKEN_UP, Choice
from routing.people import People
from routing.turn import used_up
from routing.visits import Visits
from routing.world import OFFERED_MAX, Offer, Person, Visit, VisitLeg

REFUSALS: Final = frozenset({facts.BUSY, facts.DECLINED, facts.NO_ANSWER, facts.UNREACHABLE})
"""How a phone, and so a person, does not take a caller."""


BUSY_CAUSE: Final = 17
DECLINED_CAUSE: Final = 21
NOT_ANSWERED_CAUSE: Final = 19
NO_ANSWER_CAUSES: Final = frozenset({0, 16, 18, NOT_ANSWERED_CAUSE, 26, 102})
"""Q.850: normal clearing, no user responding, no answer, answered elsewhere, timer expired."""

ANSWERED_STATUS: Final = "ANSWER"
STALE: Final = "STALE"
TAKEN: Final = "TAKEN"
"""How a dial ended, beside Asterisk's own words: see events.DialEnded."""

COUNTER_MASK: Final = (1 << 32) - 1
"""The lower half of an id counts what this world made; see Derived.new_id."""

PULLED_MS: Final = 1
"""An offer that is pulled back is over by its lease: no deadline passes before all that the PBX said is
known, so that no talk is torn which has begun."""
PULLED_REST_MS: Final = 60_000
"""From whom an offer was pulled back, they are not asked for that visit for so long."""

STALE_MAX: Final = 5
"""A dial refused for an old term is tried again after silent_ms, doubled each time, so often at most."""


def refusal(cause: int, rang: bool, status: str) -> str:
    """How a phone refused (asterisk.md 3): by the cause its own leg ended with, else by the dial's status.

    cause: Q.850 number, -1 if the phone's leg was never seen or did not end.
    """
    if cause == BUSY_CAUSE or (cause == -1 and status == "BUSY"):
        return facts.BUSY
    if cause == DECLINED_CAUSE:
        return facts.DECLINED
    if status in (STALE, TAKEN):
        return facts.WITHDRAWN
    if status == ANSWERED_STATUS:
        return facts.NO_ANSWER
    if rang or cause == NOT_ANSWERED_CAUSE or (cause == -1 and status == "NOANSWER"):
        return facts.NO_ANSWER if cause in NO_ANSWER_CAUSES or cause == -1 else facts.UNREACHABLE
    return facts.UNREACHABLE


class Offers:
    """Moves offers: a caller and a person at once, each with its facts."""

    def __init__(self, derived: Derived, visits: Visits, people: People) -> None:
        self._derived = derived
        self._visits = visits
        self._people = people

    def make(self, choice: Choice) -> None:
        """Carry out a decision: a lease, a reserved person, and one command."""
        derived = self._derived
        world = derived.world
        visit, person = world.visits[choice.visit], world.people[choice.agent]
        caller = visit.caller
        offer = Offer(derived.new_id(), visit.id, choice.agent)
        self.lease(offer, world.rules.silent_ms)
        visit.interpreter, visit.interpreting = choice.interpreter, table.NO_INTERPRETER
        self._pair(visit, person, offer)
        derived.commands.append(self._command(visit, person, offer, caller))
        derived.say(facts.OfferMade(world.now_ms, offer.id, visit.id, choice.agent, choice))

    def _command(self, visit: Visit, person: Person, offer: Offer, caller: Leg | None) -> Connect | CallBack:
        term, reach = self._derived.world.term, person.agent.reach
        if caller is not None:
            return Connect(offer.id, caller, reach, term)
        need = visit.language, visit.concern, visit.case
        token = "" if visit.message and used_up(self._derived, visit.token) else visit.token
        return CallBack(offer.id, visit.id, token, reach, term, *need, visit.message)

    def take_up(
        self, visit: Visit, person: Person, number: int, phone_leg: Leg, *, rings: bool = True
    ) -> None:
        """A phone is dialled for a waiting caller under an offer whose record was lost or closed: it is ours
        again. rings: whether it has rung.

        One of our own that has ended is another now: each ends once.
        """
        if (visit.state, table.OFFER) not in table.TRANSITIONS or person.engaged_with(visit.id):
            return
        ours = number & COUNTER_MASK <= self._derived.world.counter
        made = self._derived.new_id() if ours else number
        offer = Offer(made, visit.id, person.agent.id, dialled_as=number)
        rules = self._derived.world.rules
        self.lease(offer, rules.lease_ms if rings else rules.silent_ms)
        visit.interpreter, visit.interpreting = "", table.NO_INTERPRETER
        self._pair(visit, person, offer)
        if ours:
            at_ms, agent = self._derived.world.now_ms, person.agent.id
            levels = (person.agent.language_level(visit.language), person.agent.concern_level(visit.concern))
            choice = Choice(visit.id, agent, 0, visit.language, *levels, "", 0, TAKEN_UP, ())
            self._derived.say(facts.OfferMade(at_ms, made, visit.id, agent, choice))
        if rings:
            self.rang(visit, offer, phone_leg)
        else:
            self.dials(visit, offer, phone_leg)

    def _pair(self, visit: Visit, person: Person, offer: Offer) -> None:
        self._derived.world.offers[offer.id] = offer
        self._visits.move(visit, table.OFFER)
        visit.offer, visit.agent = offer.id, offer.agent
        if visit.kind in table.OUTBOUND:
            visit.at = person.agent.reach.node
        visit.offers += 1
        if offer.agent not in visit.offered and len(visit.offered) < OFFERED_MAX:
            visit.offered = (*visit.offered, offer.agent)
        self._visits.leave_queue(visit)
        self._people.engage(person, visit.id, staff.RESERVE, offer.id)

    def lease(self, offer: Offer, ms: int) -> None:
        """The lease runs so long from now on; where the PBX cannot be heard it stays frozen."""
        world = self._derived.world
        heard = self._derived.hears(world.visits[offer.visit])
        offer.deadline_ms = world.now_ms + (PULLED_MS if offer.pulled else ms) if heard else 0
        self._derived.deadlines.at(offer.deadline_ms, LEASE, offer.id)

    def dials(self, visit: Visit, offer: Offer, phone_leg: Leg, phone: str = "") -> None:
        """The PBX dials the phone of this offer: its leg has a name."""
        offer.phone_leg = phone_leg
        self._people.serves(visit, VisitLeg(phone_leg, table.PHONE, offer.agent, phone))

    def rang(self, visit: Visit, offer: Offer, phone_leg: Leg | None) -> None:
        """The phone rings. phone_leg: None where only the ledger told of it."""
        if phone_leg is not None and offer.phone_leg != phone_leg:
            self.dials(visit, offer, phone_leg)
        offer.rang, visit.stale = True, 0
        if visit.state != table.RINGING and self._visits.move(visit, table.RING):
            person = self._derived.world.people[offer.agent]
            self._people.engage(person, visit.id, staff.RING, offer.id)
            self._derived.say(facts.OfferRang(self._derived.world.now_ms, offer.id, visit.id, offer.agent))

    def end(self, offer: Offer, outcome: str, cause: int = -1) -> None:
        """Close an offer that did not lead to a talk: the person is released, misses are counted."""
        world = self._derived.world
        visit, person = world.visits[offer.visit], world.people[offer.agent]
        if visit.kind in table.OUTBOUND and cause < 0 and offer.cause < 0 and not offer.status:
            cancel = CancelCallback(self._derived.new_id(), offer.id, person.agent.reach.node)
            self._derived.commands.append(cancel)
        self._close(visit, offer, outcome, max(cause, 0))
        self._visits.let_go(visit, offer.phone_leg, over=True)
        if outcome in REFUSALS and (retry_ms := world.rules.refusal(outcome).retry_ms):
            self._visits.not_again(visit, offer.agent, retry_ms)
        if outcome in REFUSALS:
            self._people.missed(person, outcome)
        self._people.engage(person, visit.id, staff.RELEASE)

    def dial_over(self, offer: Offer) -> None:
        """The caller is back on hold, and why is known as well as it will be."""
        world = self._derived.world
        visit = world.visits[offer.visit]
        if offer.status in (STALE, TAKEN):
            self._visits.not_again(visit, offer.agent, world.rules.silent_ms << min(visit.stale, STALE_MAX))
            visit.stale += offer.status == STALE
        if offer.status == TAKEN:
            self._people.is_taken(world.people[offer.agent], visit.node)
        self.end(offer, refusal(offer.cause, offer.rang, offer.status), offer.cause)
        self._visits.back_on_hold(visit)

    def lease_over(self, offer: Offer) -> None:
        """Nothing came of it in time. Where the PBX never said that it dials, the person is not to blame."""
        world = self._derived.world
        if offer.status:
            self.dial_over(offer)
            return
        visit = world.visits[offer.visit]
        outcome = facts.NO_ANSWER if offer.rang else facts.UNREACHABLE
        if offer.pulled:
            outcome = facts.WITHDRAWN
            self._visits.not_again(visit, offer.agent, PULLED_REST_MS)
        elif offer.phone_leg is None:
            outcome = facts.FAILED
            self._visits.not_again(visit, offer.agent, world.rules.silent_ms)
        self.end(offer, outcome, offer.cause)
        self.withdraw(visit)
        self._visits.back_on_hold(visit)

    def answered(self, visit: Visit, offer: Offer) -> None:
        """Close an offer that led to a talk."""
        self._close(visit, offer, facts.ANSWERED, 0)

    def _close(self, visit: Visit, offer: Offer, outcome: str, cause: int) -> None:
        now = self._derived.world.now_ms
        del self._derived.world.offers[offer.id]
        visit.offer, visit.agent = 0, ""
        self._derived.say(facts.OfferEnded(now, offer.id, visit.id, offer.agent, outcome, cause))

    def withdraw(self, visit: Visit, sentence: str = "") -> None:
        """Have the caller taken out of whatever they are in, and put back on hold, where they hear the
        sentence; what else there is to say does not cut it short."""
        derived = self._derived
        if (caller := visit.caller) is not None:
            derived.commands.append(Withdraw(derived.new_id(), caller, sentence))
            if sentence:
                visit.said_ms = derived.world.now_ms
                derived.say(facts.CallerTold(derived.world.now_ms, visit.id, sentence))

    # --- the dialplan alone --------------------------------------------------------------------------

    def rings_alone(self, visit: Visit, person: Person | None, phone_leg: Leg, phone: str) -> None:
        """The dialplan rings this phone by itself: nobody else is to ring it."""
        self.stops_alone(visit)
        agent = person.agent.id if person is not None else ""
        self._people.serves(visit, VisitLeg(phone_leg, table.PHONE, agent, phone))
        if person is not None:
            engaged = person.engaged_with(visit.id)
            if engaged is not None and engaged.activity == staff.WRAP_UP:
                self._people.wrapped(person, engaged)  # of an earlier talk with the same caller
            self._people.engage(person, visit.id, staff.RING)

    def stops_alone(self, visit: Visit) -> None:
        """The dialplan rings nobody for this caller any more."""
        phone = visit.phone
        if phone is None:
            return
        self._visits.let_go(visit, phone.leg)
        person = self._derived.world.people.get(phone.agent)
        engaged = person.engaged_with(visit.id) if person is not None else None
        if person is not None and engaged is not None and engaged.activity == staff.RINGING:
            self._people.engage(person, visit.id, staff.RELEASE)
