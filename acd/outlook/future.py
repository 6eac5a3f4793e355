"""One future: the engine run forward from a world, told what a telephone system and people would say next."""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from random import Random
from typing import Any, Final, NamedTuple

from acd.outlook.chance import moments
from acd.outlook.drawn import Drawn
from acd.outlook.scene import Scene
from agents import state as staff
from routing import events as ev
from routing import visit as table
from routing.commands import CallBack, Command, Connect, TurnAway
from routing.world import Person, Visit

STEPS_MAX: Final = 50_000
"""So many steps of the engine in one future at most; whoever is not served by then is not served in it."""
SPREAD: Final = 0.6180339887498949
"""By which a caller's next offer is drawn from the one before: what is drawn for others stays as it is."""
SOON_MS: Final = 50
LEAVING_MS: Final = 10_000
RINGS_THERE_MS: Final = 12_000
"""So long it rings where we call somebody back, before they answer."""
NEVER_MS: Final = 10**15
"""When those begin to wait who are not let in line."""
OURS: Final = "outlook"
ELAPSED: Final = ev.Elapsed()
NO_ANSWER: Final = "NOANSWER"


class Extra(NamedTuple):
    """An event that is told besides, at a time (epoch ms)."""

    at_ms: int
    event: ev.Event


class Leave(NamedTuple):
    """So many of those who are ready now leave at a time (epoch ms), whoever they are."""

    at_ms: int
    people: int


class Course(NamedTuple):
    """How futures go. virtual: those who wait in the scene do not give up: who would have stays as a ghost,
    which takes nobody's time; else they leave as everybody does. factor: how many more calls come than
    expected. extras, leave: what happens besides."""

    virtual: bool = True
    factor: float = 1.0
    extras: tuple[Extra, ...] = ()
    leave: tuple[Leave, ...] = ()


VIRTUAL: Final = Course()


class Caller:
    """Somebody who waits, will wait, or talks; times in epoch ms. visit: 0 for who is not in the scene.

    gives_up_ms: when their patience ends. served_ms: when they talk, -1 while nobody was found who answers.
    joins_ms: when they begin to wait, if they do not yet.
    u_answer, u_missed: how the next phone that rings for them answers. agent: whose it is.
    """

    __slots__ = (
        "agent",
        "gives_up_ms",
        "joins_ms",
        "language",
        "leg",
        "over",
        "queued_ms",
        "served_ms",
        "talk_ms",
        "u_answer",
        "u_missed",
        "visit",
        "wrap_ms",
    )

    def __init__(self, leg: ev.Leg, language: str, queued_ms: int, chance: Random) -> None:
        self.leg = leg
        self.language = language
        self.queued_ms = queued_ms
        self.u_answer = chance.random()
        self.u_missed = chance.random()
        self.gives_up_ms = self.talk_ms = self.wrap_ms = self.visit = self.joins_ms = 0
        self.served_ms = -1
        self.agent = ""
        self.over = False


Next = Callable[..., ev.Event | None]
"""What comes at a time: the event that the engine is told, None if it is nothing any more."""


class Future:
    """A future of a scene, drawn by a seed: the same seed, the same chance, whatever the course is."""

    def __init__(self, scene: Scene, drawn: Drawn, seed: int, course: Course = VIRTUAL) -> None:
        self._scene, self._drawn, self._course = scene, drawn, course
        self._calls, self._more, self._staff, self._odd = (Random(4 * seed + i) for i in range(4))  # noqa: S311
        self._engine = scene.engine()
        self._heap: list[tuple[int, int, Next, tuple[Any, ...]]] = []
        self._count = 0
        self._by_leg: dict[ev.Leg, Caller] = {}
        self._unserved = 0
        self._talk_factor = drawn.talk_factor(self._calls)
        self._node = next((name for name, link in self._engine.world.links.items() if link.up), "")
        self.callers: list[Caller] = []
        """Everybody who waits in it, those of the scene first."""
        self._begin()

    def run(self, until_ms: int) -> bool:
        """Until everybody who waits in the scene is served, if they are virtual; else until then. Whether it
        came so far."""
        engine, heap = self._engine, self._heap
        due, step, virtual = engine.due, engine.step, self._course.virtual
        now = self._scene.now_ms
        self._do(step(ELAPSED, now).commands, now)
        for _ in range(STEPS_MAX):
            if virtual and not self._unserved:
                return True
            at = heap[0][0] if heap else until_ms + 1
            deadline = due(at)
            if deadline is not None:
                at = max(now, deadline)
            if at > until_ms:
                return True
            now = at
            if deadline is None:
                _, _, following, about = heappop(heap)
                if (event := following(now, *about)) is None:
                    continue
                commands = step(event, now).commands
            else:
                commands = step(ELAPSED, now).commands
            if commands:
                self._do(commands, now)
        return False

    # --- what the engine asks for --------------------------------------------------------------------

    def _do(self, commands: tuple[Command, ...], now: int) -> None:
        for command in commands:
            if type(command) is Connect:
                if (caller := self._by_leg.get(command.caller)) is not None:
                    self._offered(caller, command, now)
            elif type(command) is CallBack:
                self._calls_back(command.id, now)
            elif type(command) is TurnAway and (caller := self._by_leg.get(command.caller)) is not None:
                self._at(now + LEAVING_MS, self._gives_up, caller)

    def _offered(self, caller: Caller, command: Connect, now: int) -> None:
        """A phone is to ring: it is answered or not. A ghost is gone as soon as it is offered."""
        phones = self._drawn.beliefs.phones
        answer_ms = phones.from_ms + int(caller.u_answer * (phones.to_ms - phones.from_ms))
        ghost = self._course.virtual and caller.visit and now >= caller.gives_up_ms
        if not ghost:
            caller.agent = self._engine.world.offers[command.id].agent
            if caller.u_missed < phones.missed:
                self._rings_in_vain(caller, command.id, now + self._drawn.ring_ms)
                return
        if caller.visit and caller.served_ms < 0:
            self._unserved -= 1
        caller.served_ms = now + answer_ms
        if ghost:
            self._at(now, self._talked, caller)
            return
        phone = ev.Leg(command.reach.node or caller.leg.node, f"{OURS}/{self._count}")
        bridged = ev.Bridged(caller.leg, phone, command.reach.address)
        self._at(now + answer_ms, self._connected, caller, bridged)

    def _calls_back(self, offer: int, now: int) -> None:
        """A person is to call somebody back: they lift, it rings there, and both talk. Whether they are there
        is not drawn: that shortens what the person is away from the line, and so errs to the longer wait."""
        world = self._engine.world
        given = world.offers[offer]
        visit, reach = world.visits[given.visit], world.people[given.agent].agent.reach
        phones = self._drawn.beliefs.phones
        lifts_ms = now + phones.from_ms + int(self._odd.random() * (phones.to_ms - phones.from_ms))
        node = reach.node or self._node
        called = Caller(ev.Leg(node, f"{OURS}/b{self._count}"), visit.language, now, self._odd)
        called.agent, called.served_ms = given.agent, now
        lasts = self._drawn.talks_of(visit.language, visit.concern)
        called.talk_ms = lasts.drawn(self._odd, self._talk_factor)
        phone = ev.Leg(node, f"{OURS}/{self._count}")
        self._at(lifts_ms, self._tells, ev.CallbackCalls(offer, phone, called.leg))
        bridged = ev.Bridged(called.leg, phone, reach.address)
        self._at(lifts_ms + RINGS_THERE_MS, self._connected, called, bridged)

    def _rings_in_vain(self, caller: Caller, offer: int, until_ms: int) -> None:
        caller.u_missed = (caller.u_missed + SPREAD) % 1.0
        self._at(until_ms, self._refused, caller, offer)
        self._at(until_ms, self._is_away, caller)

    # --- what comes next -----------------------------------------------------------------------------

    def _at(self, at_ms: int, following: Next, *about: Any) -> None:
        self._count += 1
        heappush(self._heap, (at_ms, self._count, following, about))

    def _tells(self, now: int, event: ev.Event) -> ev.Event:
        return event

    def _connected(self, now: int, caller: Caller, bridged: ev.Bridged) -> ev.Event | None:
        if caller.over:
            return None
        self._at(now + caller.talk_ms, self._talked, caller)
        return bridged

    def _refused(self, now: int, caller: Caller, offer: int) -> ev.Event | None:
        return None if caller.over else ev.DialEnded(caller.leg, offer, NO_ANSWER)

    def _is_away(self, now: int, caller: Caller) -> None:
        """Who did not answer too often is away, and comes back some time."""
        person = self._engine.world.people.get(caller.agent)
        if person is not None and person.presence == staff.AWAY:
            self._at(now + self._drawn.away.drawn(self._odd), self._back, caller.agent, False)

    def _talked(self, now: int, caller: Caller) -> ev.Event | None:
        if caller.over:
            return None
        caller.over = True
        if caller.agent and 0 < caller.wrap_ms < self._scene.policy.wrap_up_ms:
            self._at(now + caller.wrap_ms, self._wrapped, caller.agent)
        return ev.LegEnded(caller.leg, 16)

    def _gives_up(self, now: int, caller: Caller) -> ev.Event | None:
        """Who rings is answered all the same."""
        if caller.over or caller.served_ms >= 0:
            return None
        caller.over, caller.gives_up_ms = True, now
        return ev.LegEnded(caller.leg, 16)

    def _wrapped(self, now: int, agent: str) -> ev.Event | None:
        person = self._engine.world.people.get(agent)
        ready = person is not None and person.presence == staff.READY
        return ev.StaffAsked(agent, "", staff.ASK_READY, "", None) if ready else None

    def _pauses(self, now: int, agent: str) -> ev.Event | None:
        self._at(now + self._drawn.pause.drawn(self._staff), self._back, agent, True)
        person = self._engine.world.people.get(agent)
        ready = person is not None and person.presence == staff.READY
        return ev.StaffAsked(agent, "", staff.ASK_NOT_READY, "", None) if ready else None

    def _back(self, now: int, agent: str, pauses_again: bool) -> ev.Event | None:
        if pauses_again:
            self._pauses_some_time(now, agent)
        person = self._engine.world.people.get(agent)
        out = person is not None and person.presence in (staff.NOT_READY, staff.AWAY)
        return ev.StaffAsked(agent, "", staff.ASK_READY, "", None) if out else None

    def _comes(self, now: int, agent: str) -> ev.Event | None:
        """Who is not here yet comes to work."""
        person = self._engine.world.people.get(agent)
        out = person is not None and person.presence == staff.LOGGED_OUT
        return ev.StaffAsked(agent, "", staff.LOGIN, "", None) if out else None

    def _pauses_some_time(self, now: int, agent: str) -> None:
        if every_ms := self._drawn.beliefs.pauses.every_ms:
            self._at(now + int(self._staff.expovariate(1 / every_ms)) + 1, self._pauses, agent)

    def _joins(self, now: int, caller: Caller, language: str, concern: str) -> ev.Event:
        """Somebody who was in the menus waits from now on, or hears that we are closed."""
        if not self._scene.lets_in(language, concern, now):
            caller.over, caller.joins_ms = True, NEVER_MS
            return ev.LegEnded(caller.leg, 16)
        return ev.CallWaiting(caller.leg, language, concern, "", now, now)

    def _arrives(self, now: int, coming: Iterator[int], chance: Random) -> ev.Event | None:
        """Somebody calls who is not here yet. Whom the dialplan tells that we are closed does not come in."""
        self._next_arrival(coming, chance)
        calls = self._drawn.beliefs.calls
        share = calls.shares[self._drawn.shares.drawn(chance)]
        leg = ev.Leg(self._node, f"{OURS}/c{self._count}")
        caller = self._waits(leg, share.language, share.concern, now, chance)
        second = ""
        if chance.random() < calls.second:
            is_it = share.language == calls.second_language
            second = calls.second_language_for_it if is_it else calls.second_language
        if not self._scene.lets_in(share.language, share.concern, now):
            del self._by_leg[self.callers.pop().leg]
            return None
        self._at(caller.gives_up_ms, self._gives_up, caller)
        return ev.CallWaiting(leg, share.language, share.concern, second, now, now)

    def _waits(self, leg: ev.Leg, language: str, concern: str, queued_ms: int, chance: Random) -> Caller:
        now = max(queued_ms, self._scene.now_ms)
        caller = Caller(leg, language, queued_ms, chance)
        caller.talk_ms = self._drawn.talks_of(language, concern).drawn(chance, self._talk_factor)
        caller.gives_up_ms = now + int(chance.expovariate(1 / self._drawn.beliefs.patience_ms)) + 1
        if self._drawn.wrap_up is not None:
            caller.wrap_ms = self._drawn.wrap_up.drawn(chance)
        self._by_leg[leg] = caller
        self.callers.append(caller)
        return caller

    # --- how it begins -------------------------------------------------------------------------------

    def _begin(self) -> None:
        busy = self._drawn.busy(self._calls)
        for visit in self._scene.visits.values():
            if visit.kind in table.OUTBOUND and visit.offer:
                self._calls_back(visit.offer, self._scene.now_ms)
            elif visit.caller is not None:
                self._present(visit, visit.caller)
        self._staff_begins()
        for extra in self._course.extras:
            self._at(max(extra.at_ms, self._scene.now_ms), self._tells, extra.event)
        factor = self._course.factor
        self._next_arrival(self._coming(self._calls, busy * min(factor, 1.0)), self._calls)
        if factor > 1:
            self._next_arrival(self._coming(self._more, busy * (factor - 1)), self._more)

    def _coming(self, chance: Random, factor: float) -> Iterator[int]:
        calls = self._drawn.beliefs.calls
        return moments(chance, calls.expected, calls.begin_ms, calls.step_ms, self._scene.now_ms, factor)

    def _next_arrival(self, coming: Iterator[int], chance: Random) -> None:
        if (at := next(coming, None)) is not None:
            self._at(at, self._arrives, coming, chance)

    def _present(self, visit: Visit, leg: ev.Leg) -> None:
        """What becomes of somebody who is here."""
        now, chance = self._scene.now_ms, self._calls
        if visit.state in (table.PARTING, table.LEAVING, table.CLOSING, table.PROMISED):
            left_ms = SOON_MS if visit.state == table.PARTING else LEAVING_MS
            self._at(now + left_ms, self._talked, Caller(leg, visit.language, now, chance))
        elif visit.state == table.TALKING:
            self._talks(visit, Caller(leg, visit.language, now, chance))
        else:
            caller = self._waits(leg, visit.language, visit.concern, visit.queued_ms or now, chance)
            if visit.state == table.WAITING:
                caller.visit = visit.id
                self._unserved += 1
                if not self._course.virtual:
                    self._at(caller.gives_up_ms, self._gives_up, caller)
            elif (offer := self._scene.offers.get(visit.offer)) is not None:
                self._is_rung(visit, caller, offer.id, offer.agent)
            elif visit.state == table.GREETED:
                self._chooses(visit, caller)
            else:  # the dialplan serves them alone
                caller.served_ms = now
                self._at(min(caller.gives_up_ms, now + caller.talk_ms), self._talked, caller)

    def _talks(self, visit: Visit, caller: Caller) -> None:
        drawn, now = self._drawn, self._scene.now_ms
        caller.served_ms, caller.agent = now, visit.agent
        if drawn.wrap_up is not None:
            caller.wrap_ms = drawn.wrap_up.drawn(self._calls)
        person = self._scene.people.get(visit.agent)
        engaged = person.engaged_with(visit.id) if person is not None else None
        spent_ms = now - (engaged.since_ms if engaged is not None else visit.changed_ms)
        lasts = drawn.talks_of(visit.language, visit.concern)
        self._at(now + lasts.left(self._calls, spent_ms, self._talk_factor), self._talked, caller)

    def _is_rung(self, visit: Visit, caller: Caller, offer: int, agent: str) -> None:
        """A phone rings for them, or is about to."""
        now, phones = self._scene.now_ms, self._drawn.beliefs.phones
        rung_ms = now - visit.changed_ms
        caller.agent = agent
        if caller.u_missed < phones.missed or rung_ms >= phones.to_ms:
            self._rings_in_vain(caller, offer, now + max(SOON_MS, self._drawn.ring_ms - rung_ms))
            return
        from_ms = max(phones.from_ms, rung_ms)
        caller.served_ms = now - rung_ms + from_ms + int(caller.u_answer * (phones.to_ms - from_ms))
        reach = self._scene.people[agent].agent.reach
        phone = ev.Leg(reach.node or caller.leg.node, f"{OURS}/{self._count}")
        self._at(caller.served_ms, self._connected, caller, ev.Bridged(caller.leg, phone, reach.address))

    def _chooses(self, visit: Visit, caller: Caller) -> None:
        """Somebody in the menus waits soon; what they have not chosen yet is drawn."""
        calls, chance = self._drawn.beliefs.calls, self._calls
        after_ms = int(chance.expovariate(1 / max(self._drawn.beliefs.menu_ms, 1.0))) + 1
        share = calls.shares[self._drawn.shares.drawn(chance)]
        need = visit.language or share.language, visit.concern or share.concern
        caller.language = need[0]
        caller.gives_up_ms += after_ms
        caller.queued_ms = caller.joins_ms = self._scene.now_ms + after_ms
        self._at(caller.joins_ms, self._joins, caller, *need)
        self._at(caller.gives_up_ms, self._gives_up, caller)

    def _staff_begins(self) -> None:
        """Who is on a break comes back, who is ready takes one, whose phone is in use is free again."""
        now, chance, drawn = self._scene.now_ms, self._staff, self._drawn
        for key, person in self._scene.people.items():
            spent_ms = now - (person.shown_ms or now)
            if person.presence == staff.READY:
                self._pauses_some_time(now, key)
            elif person.presence == staff.NOT_READY:
                self._at(now + drawn.pause.left(chance, spent_ms), self._back, key, True)
            elif person.presence == staff.AWAY:
                self._at(now + drawn.away.left(chance, spent_ms), self._back, key, True)
            self._phone_begins(person, spent_ms)
        here = [key for key, each in self._scene.people.items() if each.presence == staff.READY]
        leaves = list(drawn.beliefs.leaves)
        for at_ms, count in self._course.leave:
            leaves += [(agent, at_ms) for agent in self._odd.sample(here, min(count, len(here)))]
        for agent, at_ms in leaves:
            self._at(max(at_ms, now), self._tells, ev.StaffAsked(agent, "", staff.LOGOUT, "", None))
        for agent, at_ms in drawn.beliefs.comes:
            self._at(at_ms, self._comes, agent)

    def _phone_begins(self, person: Person, spent_ms: int) -> None:
        now, chance, drawn = self._scene.now_ms, self._staff, self._drawn
        for leg in person.other_legs:
            self._at(now + drawn.talk.left(chance, spent_ms), self._tells, ev.LegEnded(leg, 16))
        if person.device == staff.USABLE or (person.engagements and not person.other_legs):
            return
        lasts = drawn.talk if person.device in staff.IN_USE else drawn.away
        reach = person.agent.reach
        free = ev.DeviceChanged(reach.address, staff.USABLE, reach.node or self._node)
        self._at(now + lasts.left(chance, spent_ms), self._tells, free)
