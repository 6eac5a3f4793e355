"""All moves together: the only places where the state of the world changes, each with its facts."""

from typing import Final

from routing import facts
from routing import visit as table
from routing.announce import Announcer
from routing.callback import CallbackMoves
from routing.closing import Closing
from routing.commands import BLOCKED
from routing.deadlines import LEASE, PARTING, QUIET, WRAP_UP
from routing.derived import Derived
from routing.emergency import Emergency
from routing.handovers import Handovers
from routing.hotline import Hotline
from routing.index import Index
from routing.offers import Offers
from routing.overflow import Overflows
from routing.people import People
from routing.policy import OVERFLOW_OUTSIDE
from routing.spans import day_of, holds, last_end
from routing.steering import Steering
from routing.talks import Talks
from routing.threats import Threats
from routing.visits import Visits
from routing.world import Offer, Visit, World

LEFT_LINE: Final = frozenset({facts.ABANDONED_QUEUE, facts.ABANDONED_RINGING, facts.LOST})
"""Outcomes of visits whose caller may come back to their place."""

NETWORK_CAUSES: Final = frozenset({27, 38, 41, 42, 44, 47, 102})
"""Q.850: out of order, network out of order, temporary failure, congestion, no channel, no resource, a timer
that ran out."""


class Moves:
    """A world and what can be done with it. Handlers of events call these, and nothing else changes it."""

    def __init__(self, world: World, like: Index | None = None) -> None:
        self.world = world
        self.derived = Derived(world, like)
        self.announcer = Announcer(self.derived)
        self.visits = Visits(self.derived, self.announcer)
        self.people = People(self.derived, self.visits)
        self.offers = Offers(self.derived, self.visits, self.people)
        self.talks = Talks(self.derived, self.visits, self.people, self.offers, self.announcer)
        self.closing = Closing(self.derived, self.visits, self.announcer.add)
        self.callbacks = CallbackMoves(self.derived, self.visits, self.people, self.offers, self.end_visit)
        self.handovers = Handovers(self.derived)
        self.threats = Threats(self.derived, self.closing)
        self.emergency = Emergency(self.derived, self.closing)
        self.steering = Steering(self.derived, self.visits, self.offers)
        self.hotline = Hotline(self.derived)
        self.overflows = Overflows(self.derived, self.visits, self.closing, self.announcer)
        self._lay_anew()

    def rebuild(self) -> None:
        """After a change of rules or people: everything that follows from the world, anew."""
        self.derived.index_all()
        self._lay_anew()

    def _lay_anew(self) -> None:
        """Queues and deadlines as the records have them."""
        world, deadlines = self.world, self.derived.deadlines
        deadlines.clear()
        for offer in world.offers.values():
            deadlines.at(offer.deadline_ms, LEASE, offer.id)
        for person in world.people.values():
            for engaged in person.engagements:
                deadlines.at(engaged.until_ms, WRAP_UP, (person.agent.id, engaged.visit))
            deadlines.at(person.quiet_until_ms, QUIET, person.agent.id)
        for visit in list(world.visits.values()):
            deadlines.at(visit.parting_ms, PARTING, visit.id)
            if visit.state == table.WAITING and world.policy is not None:
                self.visits.wait(visit)
        deadlines.await_hours()
        self.derived.dirty = True

    def pass_hours(self) -> None:
        """The hours as they are now: open or closed, reserves, and a new day's counts."""
        world, derived = self.world, self.derived
        policy = world.policy
        overflow_over, lent_over = self.hotline.pass_time()
        is_open = policy is not None and self.hotline.is_open(policy)
        if is_open != world.open:
            world.open = is_open
            world.closed_ms = world.closed_ms if is_open else world.now_ms
            derived.say(facts.HoursChanged(world.now_ms, is_open))
        if policy is not None and not is_open and not world.closed_ms:
            world.closed_ms = last_end(policy.opening, world.now_ms)
        world.shut = {
            each.key: world.shut.get(each.key, world.now_ms)
            for each in (policy.hours if policy is not None else ())
            if not holds(each.when, world.now_ms)
        }
        midnight = day_of(policy.days, world.now_ms) if policy is not None else 0
        if midnight > world.day_ms:
            world.calls_made.clear()
            world.calls_today = 0
            self.people.new_day(midnight)
            world.day_ms = midnight
        for index in derived.indexes:
            index.set_hours()
        derived.dirty = derived.attended = True
        derived.deadlines.await_hours()
        if lent_over:
            self.rebuild()
            derived.tell_fallback()
        elif overflow_over:
            self.wait_anew()

    def wait_anew(self) -> None:
        """Everybody who waits, by what holds now."""
        for visit in list(self.world.visits.values()):
            if visit.state == table.WAITING:
                self.visits.wait(visit)

    def not_in_talk(self, visit: Visit) -> None:
        """The caller is elsewhere in the dialplan: whatever talk there was is over; a short one was none."""
        if visit.state == table.TALKING:
            self.talks.over(visit, failed=self.talks.short(visit))
        self.talks.settle(visit, failed=True)

    def lease_over(self, offer: Offer) -> None:
        """Nothing came of an offer in time."""
        visit = self.world.visits[offer.visit]
        if visit.kind in table.OUTBOUND:
            self.callbacks.lease_over(visit, offer)
        else:
            self.offers.lease_over(offer)

    def parted_too_long(self, visit: Visit) -> None:
        """Nobody said what became of the caller's leg after a talk: have them on hold. Whom we called has no
        hold to go to."""
        if visit.kind in table.OUTBOUND:
            self.leave_line(visit)
            return
        self.talks.settle(visit, failed=True)
        self.offers.withdraw(visit)
        self.visits.back_on_hold(visit)

    def serves_alone(self, visit: Visit) -> None:
        """The dialplan does: the caller is out of the queue until it gives them back."""
        self.not_in_talk(visit)
        if not self.visits.move(visit, table.DEGRADE):
            return
        if not visit.degraded:
            visit.degraded = True
            self.derived.say(facts.Degraded(self.world.now_ms, visit.id))
        if visit.state == table.DEGRADED:
            self.visits.leave_queue(visit)

    def to_menus(self, visit: Visit) -> None:
        """A caller on hold chooses anew, and is offered to nobody until they are back."""
        if self.visits.move(visit, table.CHOOSE_ANEW) and visit.state == table.GREETED:
            if visit.chose is not None:
                visit.chose = None
                self.visits.say_need(visit)
            self.visits.leave_queue(visit)

    def hears_closed(self, visit: Visit) -> None:
        """The caller hears that we are closed, and goes."""
        if self.visits.move(visit, table.TURN_AWAY):
            self.offers.stops_alone(visit)
            self.visits.leave_queue(visit)

    def goes_outside(self, visit: Visit, rule: str) -> None:
        """The caller is on the way to somebody outside, by this rule ("" where that is not known)."""
        before = visit.state
        if not self.visits.move(visit, table.GO_OUTSIDE) or visit.state != table.OUTSIDE:
            return
        visit.outsides += before != table.OUTSIDE
        if rule and rule not in visit.overflowed:
            visit.overflowed = (*visit.overflowed, rule)
        self.offers.stops_alone(visit)
        self.visits.leave_queue(visit)

    def answered_outside(self, visit: Visit) -> None:
        """Somebody there answered: the wait is over."""
        if visit.state == table.OUTSIDE and not visit.forwarded:
            visit.forwarded = True
            self.announcer.judge(visit, served=False)

    def end_visit(self, visit: Visit, outcome: str, ended_by: str, reason: str, cause: int = 0) -> None:
        """The visit is over, with everything in it. cause: as in leave_line."""
        world = self.world
        if (offer := world.offers.get(visit.offer)) is not None:
            gone = facts.CALLER_LEFT if outcome != facts.LOST else facts.FAILED
            self.offers.end(offer, gone)
        self.visits.leave_queue(visit)
        if visit.in_talk:
            self.talks.over(visit)
        self.announcer.judge(visit, served=False)
        self.offers.stops_alone(visit)
        self.visits.move(visit, table.END)
        if outcome in LEFT_LINE or (outcome == facts.ANSWERED and self._was_cut(visit, ended_by, cause)):
            self.visits.keep_place(visit)
        self.visits.forget(visit)
        self.derived.say(facts.VisitEnded(world.now_ms, visit.id, outcome, ended_by, reason))
        if visit.kind not in table.OUTBOUND and (visit.token or visit.promised or visit.message):
            self.callbacks.left_line(visit.token, visit, served=outcome == facts.ANSWERED)

    def _was_cut(self, visit: Visit, ended_by: str, cause: int) -> bool:
        """Whether the last talk broke rather than ended."""
        if ended_by == facts.BY_CALLER:
            return visit.talk_ms < self.world.rules.cut_talk_ms
        return ended_by == facts.VANISHED or (ended_by == facts.BY_PBX and cause in NETWORK_CAUSES)

    def leave_line(self, visit: Visit, reason: str = "", cause: int = 0) -> None:
        """The caller's leg is gone: the visit ends with what it has come to, by whom the dialplan named.
        cause: Q.850 number that the leg ended with, 0 if none."""
        if visit.state == table.TALKING:
            self.talks.over(visit)
            self.visits.move(visit, table.PART)
        self.talks.settle(visit, failed=False)
        self.end_visit(visit, outcome(visit), visit.hung_up_by or facts.BY_PBX, reason, cause)


def outcome(visit: Visit) -> str:
    """What a visit has come to when its caller's leg ends."""
    if visit.talked:
        return facts.ANSWERED
    if visit.forwarded:
        return facts.FORWARDED
    if visit.promised:
        return facts.CALLBACK
    if visit.message:
        return facts.MESSAGE
    if visit.told == BLOCKED and visit.state in (table.LEAVING, table.CLOSING):
        return facts.BLOCKED
    if visit.heard_case and visit.state in (table.GREETED, table.CLOSING):
        return facts.INFORMED
    return {
        table.GREETED: facts.ABANDONED_QUEUE if visit.queued_ms else facts.ABANDONED_MENU,
        table.LEAVING: facts.ABANDONED_QUEUE if visit.sent == OVERFLOW_OUTSIDE else facts.TURNED_AWAY,
        table.CLOSING: facts.TURNED_AWAY if visit.queued_ms else facts.CLOSED,
        table.RINGING: facts.ABANDONED_RINGING,
        table.PARTING: facts.ABANDONED_RINGING,
    }.get(visit.state, facts.ABANDONED_QUEUE)
