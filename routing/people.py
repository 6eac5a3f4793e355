"""The moves of a member of staff: the only place where presence, engagements and phone state change."""

from typing import Final

from agents import state as staff
from routing import facts
from routing.deadlines import QUIET, WRAP_UP
from routing.derived import Derived
from routing.events import Leg
from routing.visit import WAITING
from routing.visits import Visits
from routing.world import (
    DEVICES_MAX,
    HANDLED_MAX,
    Engagement,
    Handled,
    Person,
    Visit,
    VisitLeg,
    device_key,
    pressing,
    remember,
)

REASONED: Final = frozenset({staff.NOT_READY, staff.AWAY})
"""Shown with the reason for it."""

SEEN_BY_INDEX: Final = frozenset({staff.READY, staff.QUIET})
"""States that make a difference to who may be offered, and why not."""

MINUTE_MS: Final = 60_000
QUIET_MAX_MIN: Final = 480
"""The longest quiet time between two calls, in minutes."""
WRAP_UP_MAX_MS: Final = 3_600_000
"""The work after one call is not made longer than that."""


class People:
    """Moves people, each with its facts."""

    def __init__(self, derived: Derived, visits: Visits) -> None:
        self._derived = derived
        self._visits = visits

    # --- engagements ---------------------------------------------------------------------------------

    def engage(self, person: Person, visit: int, trigger: str, offer: int = 0) -> None:
        """Move what a person does for a visit along its table. offer: taken over where given."""
        engaged = person.engaged_with(visit)
        before = engaged.activity if engaged is not None else staff.IDLE
        target = staff.ACTIVITY.get((before, trigger))
        if target is None:
            self._derived.refuse(trigger, f"agent {person.agent.id}", before)
            return
        now = self._derived.world.now_ms
        if target == staff.IDLE:
            person.engagements = tuple([each for each in person.engagements if each is not engaged])
            if person.leaving and not person.engagements:
                self._derived.departed = self._derived.dirty = True
        elif engaged is None:
            person.engagements = (*person.engagements, Engagement(visit, target, offer, now))
        else:
            engaged.activity, engaged.offer, engaged.since_ms = target, offer or engaged.offer, now
        if len(person.engagements) > 1:
            person.engagements = tuple(sorted(person.engagements, key=pressing))
        self.show(person)

    def busy(self, person: Person, besides: Engagement | None = None) -> bool:
        """Whether they talk or write up a talk, besides this one."""
        doing = [each.activity for each in person.engagements if each is not besides]
        return staff.TALKING in doing or staff.WRAP_UP in doing

    def wrapped(self, person: Person, engaged: Engagement) -> None:
        """The work after a call is done."""
        derived = self._derived
        now = derived.world.now_ms
        if not self.busy(person, besides=engaged):
            person.busy_ms += max(now, derived.world.day_ms) - person.busy_since_ms
        derived.say(facts.WrapUpEnded(now, engaged.visit, person.agent.id))
        self.engage(person, engaged.visit, staff.WRAPPED)

    def writes_longer(self, person: Person) -> str:
        """The work after a call takes the policy's time once more; why not, if it does not, else ""."""
        world = self._derived.world
        more = world.rules.wrap_up_ms
        writing = [each for each in person.engagements if each.activity == staff.WRAP_UP]
        if not writing or not more:
            return "no_wrap_up"
        for engaged in writing:
            if engaged.until_ms + more - engaged.since_ms > WRAP_UP_MAX_MS:
                return "long_enough"
            engaged.until_ms += more
            self._derived.deadlines.at(engaged.until_ms, WRAP_UP, (person.agent.id, engaged.visit))
            said = facts.WrapUpExtended(world.now_ms, engaged.visit, person.agent.id, engaged.until_ms)
            self._derived.say(said)
        person.changed_ms = world.now_ms
        return ""

    def writes_no_more(self, person: Person) -> bool:
        """The work after a call is done, presence as it is; False if there was none."""
        writing = [each for each in person.engagements if each.activity == staff.WRAP_UP]
        for engaged in writing:
            self.wrapped(person, engaged)
        return bool(writing)

    # --- quiet time ----------------------------------------------------------------------------------

    def wants_quiet(self, person: Person, minutes: int) -> None:
        """One call in so many minutes at most, counted from the end of the last talk; 0: as many as come."""
        if minutes != person.quiet_min:
            person.quiet_min = minutes
            self._derived.say(facts.QuietChanged(self._derived.world.now_ms, person.agent.id, minutes))
        self.rests(person, person.talked_ms + minutes * MINUTE_MS if minutes and person.talked_ms else 0)

    def talked(self, person: Person, visit: Visit) -> None:
        """A talk of theirs is over: quiet time begins, where they asked for it."""
        now = self._derived.world.now_ms
        person.talked_ms = now
        lately = person.handled
        if visit.talks > 1:
            lately = tuple([each for each in lately if each.visit != visit.id])
        last = Handled(visit.id, visit.token, visit.language, visit.concern, now)
        person.handled = (*lately[1 - HANDLED_MAX :], last)
        if person.quiet_min:
            self.rests(person, now + person.quiet_min * MINUTE_MS)

    def rests(self, person: Person, until_ms: int) -> None:
        """They are offered nobody until then; whoever waits for them alone does so no longer than that helps.
        0, or a time that has come: they are offered who comes."""
        before = person.quiet
        person.quiet_until_ms = until_ms if until_ms > self._derived.world.now_ms else 0
        self._derived.deadlines.at(person.quiet_until_ms, QUIET, person.agent.id)
        self.show(person)
        if before != person.quiet:
            self._tell_who_waits(person)

    # --- presence ------------------------------------------------------------------------------------

    def set_presence(self, person: Person, presence: str) -> None:
        """Take calls from now on, or none."""
        person.presence = presence
        self._derived.attends(person)
        for index in self._derived.indexes:
            index.attend(person)

    def attend(self, person: Person, trigger: str, reason: str) -> bool:
        """Move a person's presence along its table; callers who wait for them alone are told."""
        target = staff.PRESENCE.get((person.presence, trigger))
        if target is not None:
            self._attend(person, target, reason)
        return target is not None

    def _attend(self, person: Person, target: str, reason: str) -> None:
        on_duty, at_work = person.presence == staff.READY, person.at_work
        person.reason, person.misses = reason, 0
        self.set_presence(person, target)
        self.show(person)
        self._derived.tell_fallback()
        if target == staff.LOGGED_OUT and (person.quiet_min or person.quiet):
            self.wants_quiet(person, 0)
        if on_duty != (target == staff.READY) or at_work != person.at_work:
            self._tell_who_waits(person)

    def _tell_who_waits(self, person: Person) -> None:
        """Who waits for this person alone may do so no more, or does now."""
        for visit in self._derived.world.visits.values():
            if person.agent.id in (visit.owner, visit.only) and visit.state == WAITING:
                self._visits.wait(visit)

    def missed(self, person: Person, outcome: str) -> None:
        """An offer was not taken: too many in a row, as the rules count them, and the person is away."""
        away_after = self._derived.world.rules.refusal(outcome).away_after
        if away_after:
            person.misses += 1
            if person.misses >= away_after:
                self.attend(person, staff.MISSED_TOO_OFTEN, outcome)

    # --- phones --------------------------------------------------------------------------------------

    def set_device(self, phone: str, state: str, node: str) -> None:
        """Take over a phone's state; it is kept for phones that are nobody's yet, too."""
        world = self._derived.world
        remember(world.devices, device_key(node, phone), state, DEVICES_MAX)
        person = self._derived.person_at(phone, node)
        if person is not None:
            person.presumed = False
        if person is not None and person.device != state:
            before, person.device = person.device, state
            if (before in staff.REACHED) != (state in staff.REACHED):
                self._derived.attends(person)
            self.show(person)

    def hung_up(self, person: Person, phone: str, node: str) -> None:
        """The last leg that we know of at their phone is gone: the phone is free, until it says otherwise.

        Its own word comes a moment later. If it has another call, who is offered meanwhile finds it taken.
        """
        here = person.agent.reach.address == phone and not person.other_legs
        if not here or person.device not in staff.IN_USE:
            return
        if not [each for each in person.engagements if each.activity != staff.WRAP_UP]:
            self.set_device(phone, staff.USABLE, node)
            person.presumed = True

    def is_taken(self, person: Person, node: str) -> None:
        """Their phone turned out to be in use: if we alone took it for free, its last word counts again."""
        if person.presumed:
            self.set_device(person.agent.reach.address, staff.TALKS_ELSEWHERE, node)

    def has_leg(self, person: Person, leg: Leg) -> None:
        """Their phone has a leg that serves no visit: it is in use, whatever its device says."""
        if leg not in self._derived.other_legs:
            self._derived.other_legs[leg] = person.agent.id
            person.other_legs = (*person.other_legs, leg)
            self.show(person)

    def lost_leg(self, leg: Leg) -> None:
        """That leg is gone."""
        agent = self._derived.other_legs.pop(leg, None)
        if agent is not None:
            person = self._derived.world.people[agent]
            person.other_legs = tuple(each for each in person.other_legs if each != leg)
            self.show(person)

    def serves(self, visit: Visit, held: VisitLeg) -> None:
        """From now on this phone's leg is the visit's, whatever it was taken for before."""
        self.lost_leg(held.leg)
        self._visits.hold(visit, held)

    # --- what others see -----------------------------------------------------------------------------

    def show(self, person: Person) -> None:
        """After any change of a person: keep the index right, and tell if others see a new state."""
        world = self._derived.world
        now = world.now_ms
        if now < person.shown_ms:
            now = person.shown_ms  # the ledger tells whole seconds
        person.changed_ms = now
        before, state = person.shown, person.appears
        reason = person.reason if state in REASONED else ""
        if state == before and reason == person.shown_reason:
            return
        person.shown, person.shown_reason, person.shown_ms = state, reason, now
        self._derived.say(facts.AgentChanged(now, person.agent.id, state, reason))
        if before in SEEN_BY_INDEX or state in SEEN_BY_INDEX:
            if staff.READY in (before, state):
                self._idles(person, before, now)
            for index in self._derived.indexes:
                index.refresh(person)

    def _idles(self, person: Person, before: str, now: int) -> None:
        """Ready from now on, or no more: count the time."""
        derived = self._derived
        today = max(now, derived.world.day_ms)  # what was before midnight is no part of the day
        if before == staff.READY:
            person.idle_ms += today - person.idle_since_ms
        else:
            person.idle_since_ms = now
            person.idle_ms -= today - now
            derived.dirty = True
        if derived.shadow is not None:
            derived.dirty = True

    def new_day(self, midnight: int) -> None:
        """Counts begin anew; a stretch that goes on counts from midnight, since its begin is taken off."""
        for person in self._derived.world.people.values():
            idle = person.appears == staff.READY
            person.calls = 0
            person.idle_ms = person.idle_since_ms - midnight if idle else 0
            person.busy_ms = person.busy_since_ms - midnight if self.busy(person) else 0
