"""The moves: the only places where the state of a call or a person changes, each with its facts."""

from bisect import bisect_right
from collections.abc import Callable
from heapq import heappop, heappush
from math import inf
from typing import Any, Final

from agents import state as staff
from agents.model import UNDETERMINED
from routing import call, facts
from routing.commands import Announce, CallInterpreter, Command, Connect
from routing.events import Leg
from routing.facts import Fact
from routing.index import Choice, Index
from routing.policy import REPEAT
from routing.world import RECENT_MAX, Offer, Person, Visit, World

# Deadlines that fall on the same millisecond pass in this order.
LEASE: Final = 0
WRAP_UP: Final = 1
WIDEN: Final = 2
RETRY: Final = 3
HOURS: Final = 4

REFUSALS: Final = frozenset({facts.BUSY, facts.DECLINED, facts.NO_ANSWER, facts.UNREACHABLE})


class Moves:
    """A world with everything derived from it, and what the step at hand has led to so far."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._commands: list[Command] = []
        said: list[Fact] = []
        self._say: Callable[[Fact], None] = said.append
        self._heap: list[tuple[int, int, int | str]] = []
        self._callers: dict[Leg, int] = {}
        self._phones: dict[Leg, str] = {}
        self._by_phone: dict[str, str] = {}
        self._index: Index | None = None
        self._shadow: Index | None = None
        self._indexes: tuple[Index, ...] = ()
        self._dirty = False
        self._boundary = 0
        self._derive()

    def _derive(self) -> None:
        """Rebuild everything that follows from the world."""
        world = self.world
        self._callers = {visit.caller: visit.id for visit in world.visits.values()}
        self._by_phone = {p.agent.reach.address: key for key, p in world.people.items()}
        self._phones = {p.phone_leg: key for key, p in world.people.items() if p.phone_leg}
        self._index = Index(world, world.policy) if world.policy is not None else None
        self._shadow = Index(world, world.shadow) if world.shadow is not None else None
        self._indexes = tuple(each for each in (self._index, self._shadow) if each is not None)
        self._heap = []
        for offer in world.offers.values():
            self._at(offer.deadline_ms, LEASE, offer.id)
            if offer.phone_leg:
                self._phones[offer.phone_leg] = offer.agent
        for person in world.people.values():
            self._at(person.wrap_up_ms, WRAP_UP, person.agent.id)
        if world.policy is not None:
            for visit in world.visits.values():
                if visit.state == call.WAITING:
                    self._wait(visit)
            self._await_boundary()
        self._dirty = True

    # --- deadlines -----------------------------------------------------------------------------------

    def due(self, by: float = inf) -> int | None:
        """When the next deadline passes, in epoch ms; None if none does `by` then, or the link is down."""
        if not self.world.link_up:
            return None
        heap = self._heap
        while heap and heap[0][0] <= by:
            if self._stands(*heap[0]):
                return heap[0][0]
            heappop(heap)
        return None

    def _at(self, when: int, rank: int, key: int | str) -> None:
        if when:
            heappush(self._heap, (when, rank, key))

    def _stands(self, when: int, rank: int, key: Any) -> bool:
        """Whether a deadline on the heap is still what the record says."""
        world = self.world
        if rank == LEASE:
            offer = world.offers.get(key)
            return offer is not None and offer.deadline_ms == when
        if rank == WRAP_UP:
            person = world.people.get(key)
            return person is not None and person.wrap_up_ms == when
        if rank == HOURS:
            return when == self._boundary
        visit = world.visits.get(key)
        return visit is not None and when == (visit.widen_ms if rank == WIDEN else visit.retry_ms)

    def _await_boundary(self) -> None:
        self._boundary = self._next_boundary(self.world.now_ms)
        self._at(self._boundary, HOURS, 0)

    def _next_boundary(self, after: int) -> int:
        """When next an hour begins that changes something: opening, a reserve's hours, a new day."""
        policy = self.world.policy
        if policy is None:
            return 0
        spans = [policy.opening, *(each.when for each in policy.reserves)]
        if self.world.shadow is not None:
            spans += [each.when for each in self.world.shadow.reserves]
        edges = [next_edge(span, after) for span in spans]
        day = bisect_right(policy.days, after)
        edges.append(policy.days[day] if day < len(policy.days) else 0)
        return min((edge for edge in edges if edge), default=0)

    def _pass_hours(self) -> None:
        """The hours as they are now: open or closed, reserves, and a new day's counts."""
        world = self.world
        policy = world.policy
        is_open = policy is not None and holds(policy.opening, world.now_ms)
        if is_open != world.open:
            world.open = is_open
            self._say(facts.HoursChanged(world.now_ms, is_open))
        if policy is not None and world.now_ms in policy.days:
            self._new_day()
        for index in self._indexes:
            index.set_hours()
        self._dirty = True
        self._await_boundary()

    def _new_day(self) -> None:
        """Counts begin anew; a stretch that goes on counts from now, since its begin is taken off."""
        now = self.world.now_ms
        for person in self.world.people.values():
            person.calls = 0
            idle = person.appears == staff.READY
            busy = person.activity in (staff.TALKING, staff.WRAP_UP)
            person.idle_ms = person.idle_since_ms - now if idle else 0
            person.busy_ms = person.busy_since_ms - now if busy else 0

    # --- waiting and offering ------------------------------------------------------------------------

    def _wait(self, visit: Visit) -> None:
        """Queue a waiting caller by their present need, and note when that need changes."""
        now = self.world.now_ms
        if visit.asked:
            visit.asked = tuple((agent, until) for agent, until in visit.asked if until > now)
        visit.retry_ms = min((until for _, until in visit.asked), default=0)
        visit.widen_ms = 0
        for index in self._indexes:
            changes_ms = index.enqueue(visit)
            visit.widen_ms = min(visit.widen_ms or changes_ms, changes_ms or visit.widen_ms)
        self._at(visit.widen_ms, WIDEN, visit.id)
        self._at(visit.retry_ms, RETRY, visit.id)
        self._dirty = True

    def _leave_queue(self, visit: Visit) -> None:
        """No longer waiting: what falls due for those who wait is void."""
        visit.widen_ms = visit.retry_ms = 0
        for index in self._indexes:
            index.dequeue(visit.id)

    def _offer(self, choice: Choice) -> None:
        """Carry out a decision: a lease, a reserved person, and one command."""
        world = self.world
        visit, person = world.visits[choice.visit], world.people[choice.agent]
        silent = world.now_ms + world.rules.silent_ms
        offer = Offer(self._new_id(), visit.id, choice.agent, world.now_ms, silent)
        world.offers[offer.id] = offer
        self._at(offer.deadline_ms, LEASE, offer.id)
        self._move(visit, call.OFFER)
        visit.offer, visit.agent, visit.interpreter = offer.id, choice.agent, choice.interpreter
        self._leave_queue(visit)
        person.visit, person.offer = visit.id, offer.id
        self._act(person, staff.RESERVE)
        self._commands.append(Connect(offer.id, visit.caller, person.agent.reach, world.term))
        self._say(facts.OfferMade(world.now_ms, offer.id, visit.id, choice.agent, choice))

    # --- moves: the only places where a state changes ------------------------------------------------

    def _refuse(self, kind: str, subject: str, state: str) -> None:
        self._say(facts.EventRefused(self.world.now_ms, kind, subject, state))

    def _new_id(self) -> int:
        self.world.counter += 1
        return (self.world.term << 32) + self.world.counter

    def _move(self, visit: Visit, trigger: str) -> bool:
        """Move a visit along its table; a trigger that is not in it is refused."""
        target = call.TRANSITIONS.get((visit.state, trigger))
        if target is None:
            self._refuse(trigger, f"visit {visit.id}", visit.state)
            return False
        if target != visit.state:
            visit.state = target
            visit.changed_ms = self.world.now_ms
        return True

    def _act(self, person: Person, trigger: str) -> bool:
        """Move a person's activity along its table."""
        target = staff.ACTIVITY.get((person.activity, trigger))
        if target is None:
            self._refuse(trigger, f"agent {person.agent.id}", person.activity)
            return False
        person.activity = target
        if target == staff.IDLE:
            person.visit, person.offer, person.phone_leg = 0, 0, None
        self._show(person)
        return True

    def _show(self, person: Person) -> None:
        """After any change of a person: keep the index right, and tell if others see a new state."""
        now = self.world.now_ms
        person.changed_ms = now
        before, state = person.shown, person.appears
        reason = person.reason if state in (staff.NOT_READY, staff.AWAY) else ""
        if state == before and reason == person.shown_reason:
            return
        if before == staff.READY:
            person.idle_ms += now - person.idle_since_ms
        if state == staff.READY:
            person.idle_since_ms = now
            self._dirty = True
        person.shown, person.shown_reason, person.shown_ms = state, reason, now
        self._say(facts.AgentChanged(now, person.agent.id, state, reason))
        if staff.READY in (before, state):
            for index in self._indexes:
                index.refresh(person)

    def _set_presence(self, person: Person, presence: str) -> None:
        person.presence = presence
        for index in self._indexes:
            index.attend(person)

    def _attend(self, person: Person, trigger: str, reason: str) -> bool:
        """Move a person's presence along its table; callers who wait for them alone are told."""
        target = staff.PRESENCE.get((person.presence, trigger))
        if target is None:
            return False
        on_duty = person.presence == staff.READY
        person.reason, person.misses = reason, 0
        self._set_presence(person, target)
        self._show(person)
        self._announce()
        if on_duty != (target == staff.READY):
            for visit in self.world.visits.values():
                if visit.owner == person.agent.id and visit.state == call.WAITING:
                    self._wait(visit)
        return True

    def _end_offer(self, offer: Offer, outcome: str, cause: int = -1) -> None:
        """Close an offer that did not lead to a talk: the person is released, misses are counted."""
        world = self.world
        visit, person = world.visits[offer.visit], world.people.get(offer.agent)
        del world.offers[offer.id]
        visit.offer, visit.agent = 0, ""
        self._say(facts.OfferEnded(world.now_ms, offer.id, visit.id, offer.agent, outcome, max(cause, 0)))
        rule = world.rules.refusal(outcome)
        if rule.retry_ms and outcome in REFUSALS:
            visit.asked = (*visit.asked, (offer.agent, world.now_ms + rule.retry_ms))
        if person is None:
            return
        if offer.phone_leg is not None:
            self._phones.pop(offer.phone_leg, None)
        if person.offer == offer.id:
            if rule.away_after and outcome in REFUSALS:
                person.misses += 1
                if person.misses >= rule.away_after:
                    self._attend(person, staff.MISSED_TOO_OFTEN, outcome)
            self._act(person, staff.RELEASE)

    def _return(self, visit: Visit) -> None:
        """The caller is back on hold, with everything they had."""
        if self._move(visit, call.RETURN):
            self._wait(visit)

    def _begin_talk(self, visit: Visit, person: Person, phone_leg: Leg) -> None:
        world = self.world
        if visit.state == call.TALKING and visit.agent == person.agent.id:
            return
        if visit.state == call.TALKING or (person.activity, staff.CONNECT) not in staff.ACTIVITY:
            self._refuse("Bridged", f"visit {visit.id}", visit.state)
            return
        offer = world.offers.get(visit.offer)
        number = 0
        if offer is not None and offer.agent == person.agent.id:
            number = offer.id
            del world.offers[offer.id]
            self._say(facts.OfferEnded(world.now_ms, offer.id, visit.id, offer.agent, facts.ANSWERED, 0))
        elif offer is not None:
            self._end_offer(offer, facts.WITHDRAWN)
        if person.offer and person.offer != number and (other := world.offers.get(person.offer)):
            elsewhere = world.visits[other.visit]
            self._end_offer(other, facts.WITHDRAWN)
            self._return(elsewhere)
        self._leave_queue(visit)
        if not self._move(visit, call.CONNECT):
            return
        if not visit.queued_ms:
            self._queue(visit, world.now_ms)
            self._leave_queue(visit)
        visit.offer, visit.agent, visit.talked = 0, person.agent.id, True
        person.visit, person.offer, person.phone_leg = visit.id, 0, phone_leg
        person.misses, person.wrap_up_ms = 0, 0
        if person.activity != staff.WRAP_UP:
            person.busy_since_ms = world.now_ms
        person.calls += 1
        self._phones[phone_leg] = person.agent.id
        self._act(person, staff.CONNECT)
        self._say(facts.TalkBegan(world.now_ms, visit.id, person.agent.id, number))
        if visit.interpreter and number:
            self._commands.append(CallInterpreter(self._new_id(), visit.caller, visit.interpreter))
            self._interpret(visit, call.CALL_INTERPRETER)

    def _interpret(self, visit: Visit, trigger: str) -> None:
        """Move the talk's interpreter along its table."""
        target = call.INTERPRETING.get((visit.interpreting, trigger))
        if visit.state != call.TALKING or target is None:
            self._refuse(trigger, f"visit {visit.id}", visit.interpreting or visit.state)
            return
        visit.interpreting = target
        now = self.world.now_ms
        self._say(facts.InterpreterChanged(now, visit.id, visit.agent, visit.interpreter, target))

    def _end_talk(self, person: Person) -> None:
        now = self.world.now_ms
        self._say(facts.TalkEnded(now, person.visit, person.agent.id))
        person.wrap_up_ms = now + self.world.rules.wrap_up_ms
        self._act(person, staff.FINISH)
        if person.wrap_up_ms <= now:
            self._wrapped(person)
        else:
            self._at(person.wrap_up_ms, WRAP_UP, person.agent.id)

    def _wrapped(self, person: Person) -> None:
        person.wrap_up_ms = 0
        person.busy_ms += self.world.now_ms - person.busy_since_ms
        self._say(facts.WrapUpEnded(self.world.now_ms, person.visit, person.agent.id))
        if person.phone_leg is not None:
            self._phones.pop(person.phone_leg, None)
        self._act(person, staff.WRAPPED)

    def _end_visit(self, visit: Visit, outcome: str, ended_by: str, reason: str) -> None:
        world = self.world
        if (offer := world.offers.get(visit.offer)) is not None:
            gone = facts.CALLER_LEFT if outcome != facts.LOST else facts.FAILED
            self._end_offer(offer, gone)
        self._leave_queue(visit)
        talker = world.people.get(visit.agent)
        if talker is not None and talker.visit == visit.id and talker.activity == staff.TALKING:
            self._end_talk(talker)
        self._move(visit, call.END)
        del world.visits[visit.id]
        self._callers.pop(visit.caller, None)
        self._remember(visit)
        self._say(facts.VisitEnded(world.now_ms, visit.id, outcome, ended_by, reason))

    def _remember(self, visit: Visit) -> None:
        """That this caller was here, for the class "repeat"; the oldest is forgotten first."""
        policy = self.world.policy
        if visit.token and policy is not None and policy.asks_for_repeats:
            recent = self.world.recent
            recent.pop(visit.token, None)
            recent[visit.token] = self.world.now_ms
            if len(recent) > RECENT_MAX:
                del recent[next(iter(recent))]

    def _classify(self, visit: Visit, classes: tuple[str, ...]) -> None:
        """Put a caller into these priority classes too, and into "repeat" if they were here lately."""
        world = self.world
        lately = world.recent.get(visit.token)
        if lately is not None and world.rules.is_repeat(lately, world.now_ms):
            classes = (*classes, REPEAT)
        if classes:
            visit.classes = tuple(sorted({*visit.classes, *classes}))

    def _outcome(self, visit: Visit) -> str:
        if visit.talked:
            return facts.ANSWERED
        return {
            call.GREETED: facts.ABANDONED_MENU,
            call.CLOSING: facts.CLOSED,
            call.RINGING: facts.ABANDONED_RINGING,
        }.get(visit.state, facts.ABANDONED_QUEUE)

    def _announce(self, always: bool = False) -> None:
        """Tell the dialplan whom to ring if it were alone, whenever that changes."""
        world = self.world
        if not world.link_up or self._index is None:
            return
        announced = self._index.on_duty()
        if always or announced != world.announced:
            world.announced = announced
            self._commands.append(Announce(self._new_id(), world.term, announced))

    # --- visits and rings ---------------------------------------------------------------------------

    def _begin_visit(self, leg: Leg, line: str, arrived_ms: int, adopted: bool) -> Visit:
        now = self.world.now_ms
        visit = Visit(self._new_id(), leg, line, min(arrived_ms, now), changed_ms=now)
        self.world.visits[visit.id] = visit
        self._callers[leg] = visit.id
        self._say(facts.VisitBegan(now, visit.id, leg, line, visit.arrived_ms, adopted))
        return visit

    def _need(self, visit: Visit) -> None:
        self._say(facts.NeedKnown(self.world.now_ms, visit.id, visit.language, visit.concern, visit.second))

    def _queue(self, visit: Visit, queued_ms: int) -> None:
        """Start the visit's waiting time, once."""
        visit.queued_ms = visit.order_from_ms = min(queued_ms, self.world.now_ms)
        if not visit.language or not visit.concern:
            visit.language, visit.concern = visit.language or UNDETERMINED, visit.concern or "other"
            self._need(visit)
        self._say(facts.Queued(self.world.now_ms, visit.id, visit.queued_ms))

    def _person_at(self, phone: str) -> Person | None:
        key = self._by_phone.get(phone)
        return self.world.people[key] if key is not None else None

    def _ring(self, visit: Visit, offer: Offer, person: Person, phone_leg: Leg) -> None:
        offer.phone_leg, offer.rang = phone_leg, True
        self._phones[phone_leg] = person.agent.id
        if visit.state != call.RINGING and self._move(visit, call.RING):
            self._act(person, staff.RING)
            self._say(facts.OfferRang(self.world.now_ms, offer.id, visit.id, person.agent.id))


def holds(spans: tuple[tuple[int, int], ...], now: int) -> bool:
    """Whether `now` lies in one of sorted, disjoint spans."""
    place = bisect_right(spans, now, key=lambda span: span[1])
    return place < len(spans) and spans[place][0] <= now


def next_edge(spans: tuple[tuple[int, int], ...], after: int) -> int:
    """The first begin or end of sorted, disjoint spans that lies after `after`; 0 if none does."""
    place = bisect_right(spans, after, key=lambda span: span[1])
    if place == len(spans):
        return 0
    begin, end = spans[place]
    return begin if begin > after else end
