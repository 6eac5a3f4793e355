"""The pure engine: step(event, now) -> Effects(commands, facts); due() -> the next deadline.

It reads no clock, draws no random number and keeps nothing outside its World.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, Final, NamedTuple

from agents import state as staff
from agents.model import UNDETERMINED, Roster
from routing import call, facts
from routing import events as ev
from routing.commands import Announce, Command, Confirm, Connect, Withdraw
from routing.events import Event, Leg
from routing.facts import Fact
from routing.index import Index, admitted, spoken
from routing.reconcile import Seen, differences, seen
from routing.world import Offer, Person, Visit, World

# Deadlines that fall on the same millisecond pass in this order.
LEASE: Final = 0
WRAP_UP: Final = 1
WIDEN: Final = 2
RETRY: Final = 3
HOURS: Final = 4

CAUSE_MS: Final = 500
"""How long the cause of a phone's leg may come after the end of its dial; usually a few milliseconds."""

BUSY_CAUSE: Final = 17
DECLINED_CAUSE: Final = 21
NO_ANSWER_CAUSES: Final = frozenset({0, 16, 18, 19, 26, 102})
"""Q.850: normal clearing, no user responding, no answer, answered elsewhere, timer expired."""


class Effects(NamedTuple):
    """What a step led to, in order."""

    commands: tuple[Command, ...]
    facts: tuple[Fact, ...]


def classify(cause: int, rang: bool, status: str) -> str:
    """How a phone refused (asterisk.md 3): by the cause its own leg ended with, else by the dial's status.

    cause: Q.850 number, -1 if the phone's leg was never seen or did not end.
    """
    if cause == BUSY_CAUSE:
        return facts.BUSY
    if cause == DECLINED_CAUSE:
        return facts.DECLINED
    if status == "STALE":
        return facts.WITHDRAWN
    if rang or cause == 19 or (cause == -1 and status == "NOANSWER"):
        return facts.NO_ANSWER if cause in NO_ANSWER_CAUSES or cause == -1 else facts.UNREACHABLE
    return facts.UNREACHABLE


class Engine:
    """One hotline. Give it every event in order; it answers with what to do and what happened."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world if world is not None else World()
        self._commands: list[Command] = []
        self._facts: list[Fact] = []
        self._heap: list[tuple[int, int, int | str]] = []
        self._callers: dict[Leg, int] = {}
        self._phones: dict[Leg, str] = {}
        self._by_phone: dict[str, str] = {}
        self._index = Index(self.world)
        self._dirty = False
        self._handlers: dict[type, Callable[[Any], None]] = {
            ev.TermBegan: self._on_term,
            ev.LinkDown: self._on_link_down,
            ev.PbxSnapshot: self._on_snapshot,
            ev.ClockStepped: self._on_clock,
            ev.Elapsed: lambda _: None,
            ev.PolicyChanged: self._on_policy,
            ev.RosterChanged: self._on_roster,
            ev.JournalGap: self._on_gap,
            ev.CallArrived: self._on_arrived,
            ev.CallerKnown: self._on_known,
            ev.LanguageChosen: self._on_language,
            ev.ConcernChosen: self._on_concern,
            ev.CallWaiting: self._on_waiting,
            ev.SecondLanguageAdded: self._on_second,
            ev.RecordingRefused: self._on_recording,
            ev.DegradedEntered: self._on_degraded,
            ev.TurnedAway: self._on_turned_away,
            ev.HangupAsked: self._on_hangup_asked,
            ev.LegEnded: self._on_leg_ended,
            ev.DialBegan: self._on_dial_began,
            ev.PhoneRang: self._on_rang,
            ev.Bridged: self._on_bridged,
            ev.DialEnded: self._on_dial_ended,
            ev.CommandFailed: self._on_command_failed,
            ev.StaffAsked: self._on_staff,
            ev.DeviceChanged: self._on_device,
        }
        self._derive()

    # --- the door ------------------------------------------------------------------------------------

    def step(self, event: Event, now: int) -> Effects:
        """Pass every deadline up to now, then the event, then match callers with people.

        The first snapshot after a lost link is applied before overdue deadlines, since they may be void;
        so is a new term, since what fell due while nobody decided waits for that snapshot.
        """
        self._commands, self._facts = [], []
        world = self.world
        now = max(now, world.now_ms)
        if isinstance(event, ev.PbxSnapshot) and event.linkup:
            world.now_ms = now
            self._on_snapshot(event)
            self._pass_deadlines(now)
        else:
            if not isinstance(event, ev.TermBegan):
                self._pass_deadlines(now)
            world.now_ms = now
            self._handlers[type(event)](event)
        self._match()
        return Effects(tuple(self._commands), tuple(self._facts))

    def due(self) -> int | None:
        """When the next deadline passes, in epoch ms; None if there is none or the link is down."""
        if not self.world.link_up:
            return None
        while self._heap and not self._stands(*self._heap[0]):
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    # --- deadlines -----------------------------------------------------------------------------------

    def _at(self, when: int, rank: int, key: int | str) -> None:
        if when:
            heappush(self._heap, (when, rank, key))

    def _stands(self, when: int, rank: int, key: Any) -> bool:
        """Whether a deadline on the heap is still what the record says."""
        world = self.world
        if rank == LEASE:
            return key in world.offers and world.offers[key].deadline_ms == when
        if rank == WRAP_UP:
            return key in world.people and world.people[key].wrap_up_ms == when
        if rank == WIDEN:
            return key in world.visits and world.visits[key].widen_ms == when
        if rank == RETRY:
            return key in world.visits and world.visits[key].retry_ms == when
        return self._next_boundary(when - 1) == when

    def _pass_deadlines(self, now: int) -> None:
        while (when := self.due()) is not None and when <= now:
            _, rank, key = heappop(self._heap)
            self.world.now_ms = max(self.world.now_ms, when)
            if rank == LEASE:
                self._lease_over(self.world.offers[int(key)])
            elif rank == WRAP_UP:
                self._wrapped(self.world.people[str(key)])
            elif rank == HOURS:
                self._set_hours()
            else:
                self._age(self.world.visits[int(key)], rank)
            self._match()

    def _lease_over(self, offer: Offer) -> None:
        if offer.status:
            self._dial_over(offer)
            return
        visit = self.world.visits[offer.visit]
        self._end_offer(offer, facts.NO_ANSWER if offer.rang else facts.UNREACHABLE, offer.cause)
        self._commands.append(Withdraw(self._new_id(), visit.caller))
        self._return(visit)

    def _age(self, visit: Visit, rank: int) -> None:
        if rank == WIDEN:
            visit.widen_ms = 0
        else:
            visit.retry_ms = 0
        self._wait(visit)

    def _next_boundary(self, after: int) -> int:
        policy = self.world.policy
        if policy is None:
            return 0
        return min((edge for pair in policy.opening for edge in pair if edge > after), default=0)

    def _set_hours(self) -> None:
        world = self.world
        policy = world.policy
        is_open = policy is not None and any(a <= world.now_ms < b for a, b in policy.opening)
        if is_open != world.open:
            world.open = is_open
            self._say(facts.HoursChanged(world.now_ms, is_open))
        self._at(self._next_boundary(world.now_ms), HOURS, 0)

    # --- matching ------------------------------------------------------------------------------------

    def _match(self) -> None:
        """Offer until no waiting caller stands beside a free person who may take them."""
        if not (self._dirty and self.world.link_up):
            return
        self._dirty = False
        while (match := self._index.next_match()) is not None:
            visit_id, need, candidates = match
            visit = self.world.visits[visit_id]
            person = self._index.choose(need, candidates)
            policy = self.world.rules
            languages = admitted(policy, policy.steps[need.step], visit.language, visit.second)
            language = max(languages, key=lambda each: spoken(policy, person, each))
            offer = Offer(
                id=self._new_id(),
                visit=visit.id,
                agent=person.agent.id,
                made_ms=self.world.now_ms,
                deadline_ms=self.world.now_ms + policy.silent_ms,
            )
            self.world.offers[offer.id] = offer
            self._at(offer.deadline_ms, LEASE, offer.id)
            self._move(visit, call.OFFER)
            visit.offer, visit.agent = offer.id, person.agent.id
            self._index.dequeue(visit.id)
            person.visit, person.offer = visit.id, offer.id
            self._act(person, staff.RESERVE)
            self._commands.append(Connect(offer.id, visit.caller, person.agent.reach, self.world.term))
            self._say(
                facts.OfferMade(
                    self.world.now_ms,
                    offer.id,
                    visit.id,
                    person.agent.id,
                    need.step,
                    language,
                    spoken(policy, person, language),
                    person.agent.concern_level(visit.concern),
                    candidates.bit_count(),
                )
            )

    def _wait(self, visit: Visit) -> None:
        """Queue a waiting caller by their present need, and note when that need changes."""
        policy, now = self.world.rules, self.world.now_ms
        self._index.enqueue(visit, now)
        widen = (visit.order_from_ms + step.after_ms for step in policy.steps)
        visit.widen_ms = min((when for when in widen if when > now), default=0)
        self._at(visit.widen_ms, WIDEN, visit.id)
        visit.asked = tuple((agent, until) for agent, until in visit.asked if until > now)
        visit.retry_ms = min((until for _, until in visit.asked), default=0)
        self._at(visit.retry_ms, RETRY, visit.id)
        self._dirty = True

    # --- moves: the only places where a state changes ------------------------------------------------

    def _say(self, fact: Fact) -> None:
        self._facts.append(fact)

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
        was_free = self._index.is_free(person)
        self._index.refresh(person)
        person.changed_ms = self.world.now_ms
        state = person.appears
        reason = person.reason if state in (staff.NOT_READY, staff.AWAY) else ""
        if person.free and not was_free:
            self._dirty = True
        if state != person.shown or reason != person.shown_reason:
            if state == staff.READY:
                person.idle_since_ms = self.world.now_ms
            person.shown, person.shown_reason, person.shown_ms = state, reason, self.world.now_ms
            self._say(facts.AgentChanged(self.world.now_ms, person.agent.id, state, reason))

    def _end_offer(self, offer: Offer, outcome: str, cause: int = -1) -> None:
        """Close an offer that did not lead to a talk: the person is released, misses are counted."""
        world = self.world
        visit, person = world.visits[offer.visit], world.people.get(offer.agent)
        del world.offers[offer.id]
        visit.offer, visit.agent = 0, ""
        self._say(facts.OfferEnded(world.now_ms, offer.id, visit.id, offer.agent, outcome, max(cause, 0)))
        refused = outcome in (facts.BUSY, facts.DECLINED, facts.NO_ANSWER, facts.UNREACHABLE)
        if refused:
            visit.asked = (*visit.asked, (offer.agent, world.now_ms + self.world.rules.retry_ms))
        if person is None:
            return
        if offer.phone_leg is not None:
            self._phones.pop(offer.phone_leg, None)
        if person.offer == offer.id:
            if refused and outcome != facts.BUSY:
                person.misses += 1
                if person.misses >= self.world.rules.misses_until_away and person.presence == staff.READY:
                    person.presence = staff.PRESENCE[person.presence, staff.MISSED_TOO_OFTEN]
                    person.reason, person.misses = outcome, 0
                    self._announce()
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
        self._index.dequeue(visit.id)
        if not self._move(visit, call.CONNECT):
            return
        if not visit.queued_ms:
            self._queue(visit, world.now_ms)
            self._index.dequeue(visit.id)
        visit.offer, visit.agent, visit.talked = 0, person.agent.id, True
        visit.widen_ms = visit.retry_ms = 0
        person.visit, person.offer, person.phone_leg = visit.id, 0, phone_leg
        person.misses, person.wrap_up_ms = 0, 0
        person.calls += 1
        self._phones[phone_leg] = person.agent.id
        self._act(person, staff.CONNECT)
        self._say(facts.TalkBegan(world.now_ms, visit.id, person.agent.id, number))

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
        self._say(facts.WrapUpEnded(self.world.now_ms, person.visit, person.agent.id))
        if person.phone_leg is not None:
            self._phones.pop(person.phone_leg, None)
        self._act(person, staff.WRAPPED)

    def _end_visit(self, visit: Visit, outcome: str, ended_by: str, reason: str) -> None:
        world = self.world
        if (offer := world.offers.get(visit.offer)) is not None:
            gone = facts.CALLER_LEFT if outcome != facts.LOST else facts.FAILED
            self._end_offer(offer, gone)
        self._index.dequeue(visit.id)
        talker = world.people.get(visit.agent)
        if talker is not None and talker.visit == visit.id and talker.activity == staff.TALKING:
            self._end_talk(talker)
        self._move(visit, call.END)
        del world.visits[visit.id]
        self._callers.pop(visit.caller, None)
        self._say(facts.VisitEnded(world.now_ms, visit.id, outcome, ended_by, reason))

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
        if not world.link_up or world.policy is None:
            return
        on_duty = [p for p in world.people.values() if p.presence == staff.READY]
        tongues = sorted({language for p in world.people.values() for language, _ in p.agent.languages})
        phones = [("", tuple(p.agent.reach.address for p in on_duty))]
        for language in [*tongues, UNDETERMINED]:
            who = tuple(p.agent.reach.address for p in on_duty if spoken(world.policy, p, language))
            phones.append((language, who))
        announced = tuple(phones)
        if always or announced != world.announced:
            world.announced = announced
            self._commands.append(Announce(self._new_id(), world.term, announced))

    def _derive(self) -> None:
        """Rebuild everything that follows from the world."""
        world = self.world
        self._callers = {visit.caller: visit.id for visit in world.visits.values()}
        self._by_phone = {p.agent.reach.address: key for key, p in world.people.items()}
        self._phones = {p.phone_leg: key for key, p in world.people.items() if p.phone_leg}
        self._index = Index(world)
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
            self._at(self._next_boundary(world.now_ms), HOURS, 0)
        self._dirty = True

    # --- the centre and the link ---------------------------------------------------------------------

    def _freeze(self) -> None:
        for offer in self.world.offers.values():
            offer.deadline_ms = 0

    def _on_term(self, event: ev.TermBegan) -> None:
        world = self.world
        if event.term <= world.term:
            self._refuse("TermBegan", f"term {event.term}", f"term {world.term}")
            return
        world.term = event.term
        self._say(facts.TermOpened(world.now_ms, event.term))
        self._on_link_down(ev.LinkDown("starting"))

    def _on_link_down(self, event: ev.LinkDown) -> None:
        world = self.world
        self._freeze()
        if world.link_up:
            self._say(facts.LinkChanged(world.now_ms, False, event.why))
        world.link_up, world.link_why = False, event.why
        world.suspects = ()

    def _on_clock(self, event: ev.ClockStepped) -> None:
        self._say(facts.ClockMoved(self.world.now_ms, event.by_ms))

    def _on_gap(self, event: ev.JournalGap) -> None:
        self._say(facts.JournalLost(self.world.now_ms, event.first, event.last))

    def _on_policy(self, event: ev.PolicyChanged) -> None:
        world = self.world
        world.policy, world.policy_digest = event.policy, event.digest
        self._say(facts.RulesChanged(world.now_ms, "policy", event.digest))
        self._derive()
        self._set_hours()

    def _on_roster(self, event: ev.RosterChanged) -> None:
        """People keep their state; who left the roster and is on a call stays until it is over."""
        world = self.world
        roster: Roster = event.roster
        before = world.people
        kept = {agent.id: agent for agent in roster.agents}
        for key, person in before.items():
            if key not in kept and person.activity != staff.IDLE:
                kept[key] = person.agent
        world.people = {}
        for key in sorted(kept):
            person = before.get(key) or Person(kept[key])
            if person.agent.reach != kept[key].reach:
                person.device = ""
            person.agent = kept[key]
            world.people[key] = person
        world.roster_digest = event.digest
        self._say(facts.RulesChanged(world.now_ms, "roster", event.digest))
        gone = [person for key, person in before.items() if key not in kept]
        for person in gone:
            self._say(facts.AgentChanged(world.now_ms, person.agent.id, staff.LOGGED_OUT, ""))
        self._derive()
        known = {agent.id for agent in roster.agents}
        for key, person in world.people.items():
            if key not in known:
                person.presence = staff.LOGGED_OUT
            self._show(person)
        self._announce()

    def _on_snapshot(self, event: ev.PbxSnapshot) -> None:
        """Reconcile: the PBX wins on what exists, the world on order, need and waiting time.

        While the link is up a snapshot can race with events on their way; so only what differs in two
        snapshots in a row, and did not change since the first was asked for, is drift.
        """
        world = self.world
        if event.linkup:
            for phone, state in event.devices:
                self._set_device(phone, state)
            self._reconcile(seen(event.legs), set())
            world.link_up, world.link_why, world.suspects = True, "", ()
            self._say(facts.LinkChanged(world.now_ms, True, ""))
            self._announce(always=True)
            self._set_hours()
            self._dirty = True
            return
        calls = seen(event.legs)
        found = differences(world, calls, event.devices, event.asked_ms)
        confirmed = [each for each in found if each in world.suspects]
        world.suspects = tuple(each for each in found if each not in confirmed)
        for subject, ours, theirs in confirmed:
            self._say(facts.DriftFound(world.now_ms, subject, ours, theirs))
        if confirmed:
            for phone, state in event.devices:
                self._set_device(phone, state)
            self._reconcile(calls, {subject for subject, _, _ in confirmed})

    def _reconcile(self, calls: dict[Leg, Seen], only: set[str]) -> None:
        """Make the world agree with what was seen; with `only` subjects given, just those."""
        world = self.world
        for visit in list(world.visits.values()):
            if only and str(visit.caller.uid) not in only:
                continue
            if visit.caller not in calls:
                self._end_visit(visit, self._lost(visit), facts.BY_PBX, "gone_while_we_were_away")
        for leg, now_seen in calls.items():
            if only and leg.uid not in only:
                continue
            key = self._callers.get(leg)
            visit = world.visits[key] if key is not None else self._adopt(now_seen)
            self._align(visit, now_seen)
        for person in world.people.values():
            if person.activity == staff.TALKING and person.visit not in world.visits:
                self._end_talk(person)

    def _lost(self, visit: Visit) -> str:
        return facts.ANSWERED if visit.talked else facts.LOST

    def _adopt(self, call_seen: Seen) -> Visit:
        row = call_seen.row
        visit = self._begin_visit(row.leg, "", row.arrived_ms or self.world.now_ms, adopted=True)
        visit.language, visit.concern, visit.second = row.language, row.concern, row.second
        if row.language or row.concern:
            self._need(visit)
        return visit

    def _align(self, visit: Visit, call_seen: Seen) -> None:
        """Bring one visit to the state in which the PBX holds it."""
        world, row = self.world, call_seen.row
        self._catch_up(visit, row, call_seen.state)
        person = self._person_at(call_seen.phone.phone) if call_seen.phone else None
        offer = world.offers.get(visit.offer)
        for other in world.people.values():
            if other.activity == staff.TALKING and other.visit == visit.id:
                if call_seen.state == call.TALKING and other is person:
                    continue
                self._end_talk(other)
                visit.state, visit.agent = call.WAITING, ""
        if call_seen.state == call.TALKING and person is not None and call_seen.phone:
            self._begin_talk(visit, person, call_seen.phone.leg)
            return
        if call_seen.state in (call.OFFERED, call.RINGING) and offer is not None:
            offer.deadline_ms = world.now_ms + self.world.rules.lease_ms
            self._at(offer.deadline_ms, LEASE, offer.id)
            if call_seen.phone and person is not None and person.offer == offer.id:
                self._ring(visit, offer, person, call_seen.phone.leg)
            return
        if offer is not None:
            self._end_offer(offer, facts.WITHDRAWN)
        if call_seen.state == call.RINGING and person is not None and call_seen.phone:
            self._readopt_offer(visit, person, call_seen.phone)
            return
        if call_seen.state == call.OFFERED:
            self._commands.append(Withdraw(self._new_id(), visit.caller))
        visit.state = call.WAITING if call_seen.state == call.OFFERED else call_seen.state
        visit.changed_ms = world.now_ms
        if visit.state == call.WAITING:
            self._wait(visit)
        else:
            self._index.dequeue(visit.id)

    def _catch_up(self, visit: Visit, row: ev.LegSeen, state: str) -> None:
        """What the caller chose while nobody listened stands on the channel."""
        if visit.queued_ms:
            language, concern = visit.language, visit.concern
        else:
            language, concern = row.language or visit.language, row.concern or visit.concern
        second = row.second or visit.second
        if (language, concern, second) != (visit.language, visit.concern, visit.second):
            visit.language, visit.concern, visit.second = language, concern, second
            self._need(visit)
        if not visit.queued_ms and state not in (call.GREETED, call.CLOSING):
            self._queue(visit, row.queued_ms or self.world.now_ms)
            visit.state = call.WAITING

    def _readopt_offer(self, visit: Visit, person: Person, phone: ev.LegSeen) -> None:
        """A phone rings for a caller under an offer whose record was lost: it becomes ours again."""
        world = self.world
        if (person.activity, staff.RESERVE) in staff.ACTIVITY:
            offer = Offer(phone.offer or self._new_id(), visit.id, person.agent.id, world.now_ms, 0)
            offer.deadline_ms = world.now_ms + self.world.rules.lease_ms
            world.offers[offer.id] = offer
            self._at(offer.deadline_ms, LEASE, offer.id)
            self._index.dequeue(visit.id)
            visit.state, visit.offer, visit.agent = call.OFFERED, offer.id, person.agent.id
            person.visit, person.offer = visit.id, offer.id
            person.activity = staff.RESERVED
            self._ring(visit, offer, person, phone.leg)

    # --- the caller ----------------------------------------------------------------------------------

    def _visit(self, leg: Leg, kind: str) -> Visit | None:
        """The visit of a caller's leg; one that nobody knows is refused."""
        key = self._callers.get(leg)
        if key is None:
            self._refuse(kind, f"leg {leg.uid}", "unknown")
            return None
        return self.world.visits[key]

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

    def _on_arrived(self, event: ev.CallArrived) -> None:
        key = self._callers.get(event.leg)
        if key is None:
            self._begin_visit(event.leg, event.line, self.world.now_ms, adopted=False)
            return
        visit = self.world.visits[key]
        if self._move(visit, call.ARRIVE):
            visit.line = visit.line or event.line

    def _on_known(self, event: ev.CallerKnown) -> None:
        """The token may come late: a visit that is over needs it no more."""
        if (key := self._callers.get(event.leg)) is not None:
            visit = self.world.visits[key]
            if visit.token != event.token:
                visit.token, visit.case, visit.owner = event.token, event.case, event.owner
                self._say(facts.CallerRecognised(self.world.now_ms, visit.id, event.token))

    def _on_language(self, event: ev.LanguageChosen) -> None:
        visit = self._visit(event.leg, "LanguageChosen")
        if visit is not None and self._move(visit, call.CHOOSE) and visit.language != event.language:
            visit.language = event.language
            self._need(visit)

    def _on_concern(self, event: ev.ConcernChosen) -> None:
        visit = self._visit(event.leg, "ConcernChosen")
        if visit is not None and self._move(visit, call.CHOOSE) and visit.concern != event.concern:
            visit.concern = event.concern
            self._need(visit)

    def _on_waiting(self, event: ev.CallWaiting) -> None:
        """The first one queues. One that nobody knows is adopted: the caller matters, not our memory."""
        now = self.world.now_ms
        key = self._callers.get(event.leg)
        if key is None:
            visit = self._begin_visit(event.leg, "", event.arrived_ms or now, adopted=True)
        else:
            visit = self.world.visits[key]
        if not self._move(visit, call.QUEUE):
            return
        if not visit.queued_ms:
            known = (visit.language, visit.concern, visit.second)
            visit.language = event.language or visit.language or UNDETERMINED
            visit.concern = event.concern or visit.concern or "other"
            visit.second = event.second or visit.second
            if known != (visit.language, visit.concern, visit.second):
                self._need(visit)
            self._queue(visit, now if key is not None else event.queued_ms or now)
        if visit.state == call.WAITING:
            self._wait(visit)

    def _on_second(self, event: ev.SecondLanguageAdded) -> None:
        visit = self._visit(event.leg, "SecondLanguageAdded")
        if visit is not None and self._move(visit, call.ADD_LANGUAGE) and visit.second != event.language:
            visit.second = event.language
            self._need(visit)
            if visit.state == call.WAITING:
                self._wait(visit)

    def _on_recording(self, event: ev.RecordingRefused) -> None:
        visit = self._visit(event.leg, "RecordingRefused")
        if visit is not None:
            self._say(facts.RecordingDeclined(self.world.now_ms, visit.id))

    def _on_degraded(self, event: ev.DegradedEntered) -> None:
        visit = self._visit(event.leg, "DegradedEntered")
        if visit is not None and self._move(visit, call.DEGRADE) and visit.state == call.DEGRADED:
            self._index.dequeue(visit.id)
            self._say(facts.Degraded(self.world.now_ms, visit.id))

    def _on_turned_away(self, event: ev.TurnedAway) -> None:
        visit = self._visit(event.leg, "TurnedAway")
        if visit is not None:
            self._move(visit, call.TURN_AWAY)

    def _on_hangup_asked(self, event: ev.HangupAsked) -> None:
        if (key := self._callers.get(event.leg)) is not None:
            visit = self.world.visits[key]
            visit.hung_up_by = visit.hung_up_by or facts.BY_CALLER
        elif (agent := self._phones.get(event.leg)) is not None:
            talk = self.world.visits.get(self.world.people[agent].visit)
            if talk is not None and talk.state == call.TALKING:
                talk.hung_up_by = talk.hung_up_by or facts.BY_STAFF

    def _on_leg_ended(self, event: ev.LegEnded) -> None:
        """A leg of no visit and no offer (a feature code, a phone's private call) is none of our business."""
        if (key := self._callers.get(event.leg)) is not None:
            visit = self.world.visits[key]
            by = visit.hung_up_by or (facts.BY_STAFF if visit.talked else facts.BY_PBX)
            self._end_visit(visit, self._outcome(visit), by, "")
            return
        agent = self._phones.pop(event.leg, None)
        if agent is None:
            return
        person = self.world.people[agent]
        offer = self.world.offers.get(person.offer)
        if offer is not None and offer.phone_leg == event.leg:
            offer.cause = event.cause
            if offer.status:
                self._dial_over(offer)
        elif person.activity == staff.TALKING and person.phone_leg == event.leg:
            self._end_talk(person)

    # --- an offer on its way -------------------------------------------------------------------------

    def _person_at(self, phone: str) -> Person | None:
        key = self._by_phone.get(phone)
        return self.world.people[key] if key is not None else None

    def _ring(self, visit: Visit, offer: Offer, person: Person, phone_leg: Leg) -> None:
        offer.phone_leg, offer.rang = phone_leg, True
        self._phones[phone_leg] = person.agent.id
        if visit.state != call.RINGING and self._move(visit, call.RING):
            self._act(person, staff.RING)
            self._say(facts.OfferRang(self.world.now_ms, offer.id, visit.id, person.agent.id))

    def _on_dial_began(self, event: ev.DialBegan) -> None:
        visit = self._visit(event.caller, "DialBegan")
        person = self._person_at(event.phone)
        if visit is None or person is None:
            return
        offer = self.world.offers.get(visit.offer)
        if offer is not None and offer.agent == person.agent.id:
            offer.phone_leg = event.phone_leg
            self._phones[event.phone_leg] = person.agent.id

    def _on_rang(self, event: ev.PhoneRang) -> None:
        agent = self._phones.get(event.phone_leg)
        if agent is None:
            return
        person = self.world.people[agent]
        offer = self.world.offers.get(person.offer)
        if offer is None or offer.phone_leg != event.phone_leg or offer.rang:
            return
        offer.deadline_ms = self.world.now_ms + self.world.rules.lease_ms
        self._at(offer.deadline_ms, LEASE, offer.id)
        self._ring(self.world.visits[offer.visit], offer, person, event.phone_leg)

    def _on_bridged(self, event: ev.Bridged) -> None:
        visit = self._visit(event.caller, "Bridged")
        person = self._person_at(event.phone)
        if visit is None:
            return
        if person is None:
            self._refuse("Bridged", f"phone {event.phone}", "unknown")
            return
        self._begin_talk(visit, person, event.phone_leg)

    def _on_dial_ended(self, event: ev.DialEnded) -> None:
        """Late ones name an offer that is over already, and change nothing."""
        visit = self._visit(event.leg, "DialEnded")
        if visit is None:
            return
        offer = self.world.offers.get(event.offer)
        if offer is None or offer.id != visit.offer:
            if visit.state not in (call.WAITING, call.DEGRADED, call.OFFERED, call.RINGING):
                self._refuse("DialEnded", f"visit {visit.id}", visit.state)
            return
        offer.status = event.status
        if offer.phone_leg is not None and offer.cause < 0:
            offer.deadline_ms = self.world.now_ms + CAUSE_MS
            self._at(offer.deadline_ms, LEASE, offer.id)
            return
        self._dial_over(offer)

    def _dial_over(self, offer: Offer) -> None:
        """The caller is back on hold, and why is known as well as it will be."""
        visit = self.world.visits[offer.visit]
        self._end_offer(offer, classify(offer.cause, offer.rang, offer.status), offer.cause)
        self._return(visit)

    def _on_command_failed(self, event: ev.CommandFailed) -> None:
        """An offer that never left is given up at once; the caller's own events tell the rest."""
        self._say(facts.CommandLost(self.world.now_ms, event.command, event.why))
        offer = self.world.offers.get(event.command)
        if offer is not None:
            visit = self.world.visits[offer.visit]
            visit.asked = (*visit.asked, (offer.agent, self.world.now_ms + self.world.rules.silent_ms))
            self._end_offer(offer, facts.FAILED)
            self._return(visit)

    # --- the staff -----------------------------------------------------------------------------------

    def _on_staff(self, event: ev.StaffAsked) -> None:
        world = self.world
        person = world.people.get(event.agent) if event.agent else self._person_at(event.phone)
        why = ""
        if person is None:
            why = "unknown_person"
        else:
            target = staff.PRESENCE.get((person.presence, event.what))
            if target is None:
                why = "not_logged_in" if person.presence == staff.LOGGED_OUT else "not_possible"
            else:
                if event.what == staff.LOGIN and person.presence == staff.LOGGED_OUT:
                    person.calls = 0
                person.presence = target
                person.reason = event.reason if target == staff.NOT_READY else ""
                person.misses = 0
                if event.what == staff.ASK_READY and person.activity == staff.WRAP_UP:
                    self._wrapped(person)
                self._show(person)
                self._announce()
        if why:
            subject = person.agent.id if person else event.agent or event.phone
            self._say(facts.StaffRefused(world.now_ms, subject, event.what, why))
        if event.leg is not None:
            self._commands.append(Confirm(self._new_id(), event.leg, not why))

    def _on_device(self, event: ev.DeviceChanged) -> None:
        self._set_device(event.phone, event.state)

    def _set_device(self, phone: str, state: str) -> None:
        person = self._person_at(phone)
        if person is not None and person.device != state:
            person.device = state
            self._show(person)
