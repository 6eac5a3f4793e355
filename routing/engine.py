"""The pure engine: step(event, now) -> Effects(commands, facts); due() -> the next deadline.

It reads no clock, draws no random number and keeps nothing outside its World.
"""

from collections.abc import Callable, Iterable
from heapq import heappop
from typing import Any, Final, NamedTuple

from agents import state as staff
from agents.model import UNDETERMINED, Roster
from routing import call, facts
from routing import events as ev
from routing.commands import Command, Confirm, Withdraw
from routing.events import Event, Leg
from routing.facts import Fact
from routing.index import Choice
from routing.moves import HOURS, LEASE, WIDEN, WRAP_UP
from routing.reconcile import Reconciling, differences, seen
from routing.world import Offer, Person, Visit, World

CAUSE_MS: Final = 500
"""How long the cause of a phone's leg may come after the end of its dial; usually a few milliseconds."""

BUSY_CAUSE: Final = 17
DECLINED_CAUSE: Final = 21
NO_ANSWER_CAUSES: Final = frozenset({0, 16, 18, 19, 26, 102})
"""Q.850: normal clearing, no user responding, no answer, answered elsewhere, timer expired."""

UNTIMELY: Final = (ev.TermBegan, ev.PbxSnapshot)
"""Events that may go before what fell due until then."""


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


class Engine(Reconciling):
    """One hotline. Give it every event in order; it answers with what to do and what happened."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__(world if world is not None else World())
        self._handlers: dict[type, Callable[[Any], None]] = {
            ev.TermBegan: self._on_term,
            ev.LinkDown: self._on_link_down,
            ev.PbxSnapshot: self._on_snapshot,
            ev.ClockStepped: self._on_clock,
            ev.Elapsed: lambda _: None,
            ev.PolicyChanged: self._on_policy,
            ev.ShadowChanged: self._on_shadow,
            ev.RosterChanged: self._on_roster,
            ev.JournalGap: self._on_gap,
            ev.CallArrived: self._on_arrived,
            ev.CallerKnown: self._on_known,
            ev.CaseEntered: self._on_case,
            ev.PriorityGiven: self._on_priority,
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
            ev.InterpreterJoined: lambda event: self._on_interpreter(event.caller, call.JOIN),
            ev.InterpreterFailed: lambda event: self._on_interpreter(event.caller, call.FAIL),
            ev.InterpreterLeft: lambda event: self._on_interpreter(event.caller, call.LEAVE),
            ev.DialEnded: self._on_dial_ended,
            ev.CommandFailed: self._on_command_failed,
            ev.StaffAsked: self._on_staff,
            ev.DeviceChanged: self._on_device,
            ev.LedgerRead: lambda _: None,
            ev.CallerCaught: lambda _: None,
            ev.PhoneLost: lambda _: None,
        }

    # --- the door ------------------------------------------------------------------------------------

    def step(self, event: Event, now: int) -> Effects:
        """Pass every deadline up to now, then the event, then match callers with people.

        The first snapshot after a lost link is applied before overdue deadlines, since they may be void;
        so is a new term, since what fell due while nobody decided waits for that snapshot.
        """
        return self.steps((event,), now)

    def steps(self, events: Iterable[Event], now: int) -> Effects:
        """What came at the same ms: the effects of a step for each, in order, as one."""
        commands: list[Command] = []
        said: list[Fact] = []
        self._commands, self._say = commands, said.append
        world, heap = self.world, self._heap
        now = max(now, world.now_ms)
        for event in events:
            first = isinstance(event, UNTIMELY) and (isinstance(event, ev.TermBegan) or event.linkup)
            if heap and heap[0][0] <= now and not first:
                self._pass_deadlines(now)
            world.now_ms = now
            self._handlers[type(event)](event)
            if first and isinstance(event, ev.PbxSnapshot):
                self._pass_deadlines(now)
            if self._dirty:
                self._match()
        return Effects(tuple(commands), tuple(said))

    def _pass_deadlines(self, now: int) -> None:
        heap, world = self._heap, self.world
        while heap and heap[0][0] <= now and world.link_up:
            when, rank, key = heappop(heap)
            if not self._stands(when, rank, key):
                continue
            world.now_ms = max(world.now_ms, when)
            if rank == LEASE:
                self._lease_over(self.world.offers[int(key)])
            elif rank == WRAP_UP:
                self._wrapped(self.world.people[str(key)])
            elif rank == HOURS:
                self._pass_hours()
            else:
                self._age(self.world.visits[int(key)], rank)
            if self._dirty:
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

    # --- matching ------------------------------------------------------------------------------------

    def _match(self) -> None:
        """Offer until no waiting caller stands beside a free person who may take them."""
        if not self.world.link_up or self._index is None:
            return
        self._dirty = False
        while True:
            choice = self._index.decide()
            if self._shadow is not None:
                self._compare(choice, self._shadow.decide())
            if choice is None:
                return
            self._offer(choice)

    def _compare(self, live: Choice | None, shadow: Choice | None) -> None:
        """Tell where the shadow would have decided otherwise; the same difference only once in a row."""
        ours = (live.visit, live.agent) if live else (0, "")
        theirs = (shadow.visit, shadow.agent) if shadow else (0, "")
        said = (*ours, *theirs) if ours != theirs else (0, "", 0, "")
        if said != self.world.shadow_said:
            self.world.shadow_said = said
            if ours != theirs:
                self._say(facts.ShadowDiffered(self.world.now_ms, live, shadow))

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
        self._pass_hours()

    def _on_shadow(self, event: ev.ShadowChanged) -> None:
        world = self.world
        world.shadow, world.shadow_digest, world.shadow_said = event.policy, event.digest, (0, "", 0, "")
        self._say(facts.RulesChanged(world.now_ms, "shadow", event.digest))
        self._derive()

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
                self._set_presence(person, staff.LOGGED_OUT)
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
            self._pass_hours()
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

    # --- the caller ----------------------------------------------------------------------------------

    def _visit(self, leg: Leg, kind: str) -> Visit | None:
        """The visit of a caller's leg; one that nobody knows is refused."""
        key = self._callers.get(leg)
        if key is None:
            self._refuse(kind, f"leg {leg.uid}", "unknown")
            return None
        return self.world.visits[key]

    def _on_arrived(self, event: ev.CallArrived) -> None:
        key = self._callers.get(event.leg)
        if key is None:
            self._begin_visit(event.leg, event.line, self.world.now_ms, adopted=False)
            return
        visit = self.world.visits[key]
        if self._move(visit, call.ARRIVE):
            visit.line = visit.line or event.line

    def _on_known(self, event: ev.CallerKnown) -> None:
        """It may come late: a visit that is over needs it no more."""
        if (key := self._callers.get(event.leg)) is None:
            return
        visit = self.world.visits[key]
        known = (visit.token, visit.case, visit.owner, visit.classes)
        visit.token = event.token or visit.token
        if event.case != ev.UNKNOWN_CASE or not visit.case:
            visit.case, visit.owner = event.case or visit.case, event.owner or visit.owner
        self._classify(visit, event.classes)
        if known != (visit.token, visit.case, visit.owner, visit.classes):
            self._recognised(visit)

    def _on_case(self, event: ev.CaseEntered) -> None:
        """The caller's own word for it; what it means comes as CallerKnown."""
        visit = self._visit(event.leg, "CaseEntered")
        if visit is not None and event.case and visit.case != event.case:
            visit.case = event.case
            self._recognised(visit)

    def _on_priority(self, event: ev.PriorityGiven) -> None:
        visit = self.world.visits.get(event.visit)
        if visit is None:
            self._refuse("PriorityGiven", f"visit {event.visit}", "unknown")
        elif event.name not in visit.classes:
            self._classify(visit, (event.name,))
            self._recognised(visit)

    def _recognised(self, visit: Visit) -> None:
        now = self.world.now_ms
        self._say(facts.CallerRecognised(now, visit.id, visit.token, visit.case, visit.owner, visit.classes))
        if visit.state == call.WAITING:
            self._wait(visit)

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
            self._leave_queue(visit)
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

    def _on_interpreter(self, caller: Leg, trigger: str) -> None:
        if (visit := self._visit(caller, trigger)) is not None:
            self._interpret(visit, trigger)

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
            was_out = person.presence == staff.LOGGED_OUT
            reason = event.reason if event.what == staff.ASK_NOT_READY else ""
            if not self._attend(person, event.what, reason):
                why = "not_logged_in" if was_out else "not_possible"
            elif event.what == staff.ASK_READY and person.activity == staff.WRAP_UP:
                self._wrapped(person)
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
