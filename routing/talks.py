"""The moves of a talk: caller and person connected, parted, and what is left to write up."""

from typing import Final

from agents import state as staff
from routing import facts
from routing import visit as table
from routing.announce import Announcer
from routing.commands import CallInterpreter, moved
from routing.deadlines import WRAP_UP
from routing.derived import Derived
from routing.events import Leg
from routing.offers import Offers
from routing.people import People
from routing.visits import Visits
from routing.world import Engagement, Person, Visit, VisitLeg

MARGIN_MS: Final = 1_000
"""So far may the dialplan's measure of a talk be from ours."""


class Talks:
    """Moves talks: a caller and a person at once, each with its facts. What the PBX connects is so."""

    def __init__(
        self, derived: Derived, visits: Visits, people: People, offers: Offers, announcer: Announcer
    ) -> None:
        self._derived = derived
        self._visits = visits
        self._people = people
        self._offers = offers
        self._announcer = announcer

    def begin(
        self,
        visit: Visit,
        person: Person | None,
        phone_leg: Leg | None,
        phone: str,
        dialled_for: int | None = None,
    ) -> None:
        """Caller and phone are connected. person: None where the phone is nobody's of the staff.

        dialled_for: the offer for which the phone was dialled, 0 for the dialplan's own; None: not known.
        What this step has decided for the caller before is void: it would tear the talk.
        """
        world = self._derived.world
        agent = person.agent.id if person is not None else ""
        if visit.state == table.TALKING:
            if phone_leg is not None and self._goes_on(visit, agent, phone_leg, phone):
                return
            self.over(visit, failed=self.short(visit))
        self.settle(visit, failed=True)
        if (visit.state, table.CONNECT) not in table.TRANSITIONS:
            self._derived.refuse(table.CONNECT, f"visit {visit.id}", visit.state)
            return
        commands = self._derived.commands
        if commands:
            commands[:] = [each for each in commands if visit.caller is None or moved(each) != visit.caller]
        number = self._take_offer(visit, agent, dialled_for)
        held = visit.phone
        if held is not None and (held.agent != agent or phone_leg is None):
            self._offers.stops_alone(visit)
        if person is not None:
            self._make_room(person)
        self._visits.leave_queue(visit)
        if not visit.queued_ms:
            self._visits.queue(visit, world.now_ms)
        self._visits.move(visit, table.CONNECT)
        visit.agent = agent
        visit.talks += 1
        if visit.told_waits:
            self._announcer.judge(visit, served=True)
        if phone_leg is not None:
            self._people.serves(visit, VisitLeg(phone_leg, table.PHONE, agent, phone))
        else:
            visit.talks_at = phone
        if person is not None:
            if not self._people.busy(person):
                person.busy_since_ms = max(world.now_ms, world.day_ms)
            person.calls += world.now_ms >= world.day_ms
            self._people.engage(person, visit.id, staff.CONNECT, number)
        self._derived.say(facts.TalkBegan(world.now_ms, visit.id, agent, number))
        if visit.interpreter and number and visit.caller is not None:
            self._derived.commands.append(
                CallInterpreter(self._derived.new_id(), visit.caller, visit.interpreter)
            )
            self.interpret(visit, table.CALL_INTERPRETER)

    def _goes_on(self, visit: Visit, agent: str, phone_leg: Leg, phone: str) -> bool:
        """Whether this is the talk that we know of; its leg may become known only now."""
        if (held := visit.phone) is not None:
            return held.leg == phone_leg
        same = visit.agent == agent
        if same:
            visit.talks_at = ""
            self._people.serves(visit, VisitLeg(phone_leg, table.PHONE, agent, phone))
        return same

    def _take_offer(self, visit: Visit, agent: str, dialled_for: int | None) -> int:
        """End the visit's offer, if it has one; the id of one that this talk answers, else 0."""
        offer = self._derived.world.offers.get(visit.offer)
        if offer is None:
            return 0
        if offer.agent != agent or not (dialled_for is None or offer.is_called(dialled_for)):
            self._offers.end(offer, facts.WITHDRAWN)
            return 0
        self._offers.answered(visit, offer)
        return offer.id

    def _make_room(self, person: Person) -> None:
        """Who talks is offered to nobody else, and what they wrote up is done."""
        world = self._derived.world
        for engaged in person.engagements:
            if engaged.activity == staff.WRAP_UP:
                self._people.wrapped(person, engaged)
            elif (other := world.offers.get(engaged.offer)) is not None:
                elsewhere = world.visits[other.visit]
                self._offers.end(other, facts.WITHDRAWN)
                self._offers.withdraw(elsewhere)
                self._visits.back_on_hold(elsewhere)

    def short(self, visit: Visit, margin_ms: int = 0) -> bool:
        """Whether the talk has lasted so short that it was none, if it does not end the call."""
        world = self._derived.world
        limit = world.rules.short_talk_ms
        person = world.people.get(visit.agent)
        engaged = person.engaged_with(visit.id) if person is not None else None
        return limit > 0 and not visit.hung_up_by and self._lasted(visit, engaged) < limit + margin_ms

    def _lasted(self, visit: Visit, engaged: Engagement | None) -> int:
        """How long the talk has been, in ms. engaged: of whom they talk with, None if of nobody we know."""
        return self._derived.world.now_ms - (engaged.since_ms if engaged is not None else visit.changed_ms)

    def part(self, visit: Visit) -> None:
        """The phone's leg is gone. If it was about as short as a talk that is none, the dialplan decides: it
        counts from the answer, and either has the caller on hold again or ends the call."""
        if self.short(visit, MARGIN_MS):
            visit.undecided = True
            if (phone := visit.phone) is not None:
                self._visits.let_go(visit, phone.leg, over=True)
        else:
            self.over(visit)
        self._visits.part(visit)

    def failed(self, visit: Visit) -> None:
        """The phone's side ended the talk so soon that it was none; the caller is on the way back to hold."""
        self.over(visit, failed=True, by_phone=True)
        if visit.state == table.TALKING:
            self._visits.part(visit)

    def settle(self, visit: Visit, *, failed: bool) -> None:
        """Whether a talk that is not decided yet was none."""
        if visit.undecided:
            self.over(visit, failed=failed)

    def over(self, visit: Visit, *, failed: bool = False, by_phone: bool = False) -> None:
        """Caller and phone are connected no more.

        failed: it was none, and its offer not answered. by_phone: the phone's side ended it; only then it
        counts against the person.
        """
        now = self._derived.world.now_ms
        person, agent = self._derived.world.people.get(visit.agent), visit.agent
        engaged = person.engaged_with(visit.id) if person is not None else None
        visit.talk_ms = self._lasted(visit, engaged)
        visit.undecided, visit.talks_at = False, ""
        if (phone := visit.phone) is not None:
            self._visits.let_go(visit, phone.leg, over=True)
        visit.agent = ""
        if failed:
            number = engaged.offer if engaged is not None else 0
            self._derived.say(facts.TalkFailed(now, visit.id, agent, number))
        else:
            visit.talked = True
            self._derived.say(facts.TalkEnded(now, visit.id, agent))
        if person is None or engaged is None or engaged.activity != staff.TALKING:
            return
        if failed:
            self._fail(visit, person, by_phone=by_phone)
        else:
            person.misses = 0
            self._people.talked(person, visit)
            self._write_up(person, engaged)

    def _fail(self, visit: Visit, person: Person, *, by_phone: bool) -> None:
        world = self._derived.world
        person.calls = max(0, person.calls - 1)
        engaged = person.engaged_with(visit.id)
        if not self._people.busy(person, besides=engaged):
            person.busy_ms += max(world.now_ms, world.day_ms) - person.busy_since_ms
        if retry_ms := world.rules.refusal(facts.NO_ANSWER).retry_ms:
            self._visits.not_again(visit, person.agent.id, retry_ms)
        if by_phone:
            self._people.missed(person, facts.NO_ANSWER)
        self._people.engage(person, visit.id, staff.RELEASE)

    def _write_up(self, person: Person, engaged: Engagement) -> None:
        now = self._derived.world.now_ms
        engaged.until_ms = now + self._derived.world.rules.wrap_up_ms
        self._people.engage(person, engaged.visit, staff.FINISH)
        if engaged.until_ms <= now:
            self._people.wrapped(person, engaged)
        else:
            self._derived.deadlines.at(engaged.until_ms, WRAP_UP, (person.agent.id, engaged.visit))

    def interpret(self, visit: Visit, trigger: str) -> None:
        """Move the talk's interpreter along its table."""
        target = table.INTERPRETING.get((visit.interpreting, trigger))
        if visit.state != table.TALKING or target is None:
            self._derived.refuse(trigger, f"visit {visit.id}", visit.interpreting or visit.state)
            return
        visit.interpreting = target
        now = self._derived.world.now_ms
        self._derived.say(facts.InterpreterChanged(now, visit.id, visit.agent, visit.interpreter, target))
