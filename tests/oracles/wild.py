"""Random histories of a hotline: mostly what a telephone system would say next, sometimes anything at all."""

from collections.abc import Callable
from random import Random

from agents.model import Reach, Team
from routing import events as ev
from routing import facts
from routing.engine import Effects, Engine
from routing.policy import (
    ANYBODY,
    FALLBACK,
    INTERPRETER,
    OVERFLOW_CLOSED,
    OVERFLOW_FALLBACK,
    OWN,
    Hours,
    Overflow,
    Plan,
    Policy,
    Reserve,
    Step,
)
from routing.world import Visit, World
from tests.fakes.centre import NODE, POLICY, ROSTER, person
from tests.oracles.watch import Watch

BEGIN = 1_000_000
DAYS = tuple(range(BEGIN + 61_000, BEGIN + 4_000_000, 400_000))
OPENING = ((0, BEGIN + 90_000), (BEGIN + 150_000, BEGIN + 420_000), (BEGIN + 470_000, 10**12))
HOURS = ((BEGIN, BEGIN + 40_000), (BEGIN + 130_000, BEGIN + 300_000))
LANGUAGES = ("de", "de", "de", "en", "ar", "tr", "uk", "und")
CONCERNS = ("study", "other")
DEVICES = ("NOT_INUSE", "NOT_INUSE", "NOT_INUSE", "INUSE", "RINGING", "UNAVAILABLE")
STATUSES = ("NOANSWER", "BUSY", "CHANUNAVAIL", "CONGESTION", "STALE", "TAKEN", "ANSWER", "CANCEL")
CAUSES = (0, 16, 17, 19, 21, 26, 34, 58)

RULES = POLICY._replace(
    opening=OPENING,
    days=DAYS,
    listens=("listen", "whisper"),
    classes=(("repeat", 20_000), ("vip", 60_000)),
    repeat_ms=600_000,
    owner_ms=20_000,
    reserves=(Reserve("tr", 5, 1, 30_000, HOURS), Reserve("ar", 7, 1, 200_000)),
    short_talk_ms=300,
    hours=(
        Hours(
            "", "study", ((0, BEGIN + 70_000), (BEGIN + 200_000, BEGIN + 380_000), (BEGIN + 500_000, 10**12))
        ),
        Hours("tr", "", ((0, BEGIN + 90_000), (BEGIN + 250_000, BEGIN + 420_000), (BEGIN + 470_000, 10**12))),
        Hours("tr", "study", ((BEGIN + 250_000, BEGIN + 380_000), (BEGIN + 500_000, 10**12))),
    ),
)
"""Everything at once: hours, days, classes, owners, reserves that hold at times and always."""

INTERPRETED = RULES._replace(
    plans=(
        Plan("", "", (Step(0, OWN, 5, 3, 6, 4), Step(15_000, OWN | INTERPRETER, 4, 1))),
        Plan("tr", "", (Step(0, OWN, 6, 1), Step(60_000, ANYBODY, 1, 0))),
    ),
    choose=("fewest_calls", "lowest_occupancy", "owner"),
    repeat_ms=0,
    repeat_today=True,
    reserves=(),
    wrap_up_ms=0,
    short_talk_ms=0,
    overtime_ms=25_000,
)
OVERFLOWING = RULES._replace(
    overflow=(
        Overflow("wider", "tr", "", 30_000, -1, False, OVERFLOW_FALLBACK, Step(0, FALLBACK, 3, 0)),
        Overflow("anybody", "", "", 90_000, -1, False, OVERFLOW_FALLBACK, Step(0, ANYBODY, 1, 0)),
        Overflow("full", "", "study", -1, 2, False, OVERFLOW_CLOSED),
        Overflow("nobody", "", "", -1, -1, True, OVERFLOW_CLOSED),
    ),
)
POLICIES = (RULES, INTERPRETED, OVERFLOWING, POLICY._replace(days=DAYS))
MORE = (
    *ROSTER.agents,
    person("dora", "p04", {"de": 7, "ar": 5}, {"study": 3, "other": 3}),
    person("emil", "p05", {"en": 7, "de": 5}, {"study": 5, "other": 1}),
)
CONTEXTS = {
    "greeted": "acd-language",
    "waiting": "acd-hold",
    "offered": "acd-connect",
    "ringing": "acd-connect",
    "talking": "acd-connect",
    "degraded": "acd-degraded",
    "closing": "acd-closed",
}
"""Where the dialplan has a caller in such a state."""
OTHER = "pbx2"
NODES = (NODE, OTHER)


class Wild:
    """A hotline of chance, on one PBX or two. Every step is watched; `history` holds what was told, with the
    time. dials: the phone's leg of each offer. down_ms: since when a link is down."""

    def __init__(self, seed: int, twins: bool = True) -> None:
        self.chance = Random(seed)
        self.answers = Random(seed)
        """What is said of recording, by a chance of its own: no history changes with it."""
        self.engine = Engine()
        self.watch = Watch(twins)
        self.now = BEGIN
        self.history: list[tuple[ev.Event, int]] = []
        self.effects: list[Effects] = []
        self.legs = 0
        self.dials: dict[int, ev.Leg] = {}
        self.nodes = NODES if seed % 2 else NODES[:1]
        self.down_ms = 0
        self.rules = POLICIES[seed % len(POLICIES)]
        self.tell(ev.PolicyChanged(f"policy {seed % len(POLICIES)}", self.rules))
        self.tell(ev.TeamChanged("roster", ROSTER))
        self.tell(ev.TermBegan(1))
        for node in self.nodes:
            devices = tuple((f"p0{i}", "NOT_INUSE") for i in range(1, 6))
            self.tell(ev.PbxSnapshot(self.now, True, (), devices, node))
        self._weights: dict[Callable[[], None], int] = {
            self.a_caller: 6,
            self.of_a_caller: 10,
            self.of_an_offer: 24,
            self.of_a_talk: 12,
            self.of_a_person: 10,
            self.of_a_phone: 6,
            self.time: 14,
            self.a_snapshot: 2,
            self.of_the_centre: 2,
            self.anything: 3,
        }

    def tell(self, event: ev.Event, after_ms: int | None = None) -> Effects:
        """Let some time pass, then tell the engine."""
        self.now += self.chance.choice((0, 1, 1, 1, 40, 300)) if after_ms is None else after_ms
        if self.now in DAYS and not isinstance(event, ev.Elapsed):
            self.now += 1
        self.history.append((event, self.now))
        self.effects.append(self.watch.step(self.engine, event, self.now))
        return self.effects[-1]

    def go_on(self, steps: int) -> None:
        """Until so many more events have been told."""
        kinds, weights = list(self._weights), list(self._weights.values())
        until = len(self.history) + steps
        while len(self.history) < until:
            self.chance.choices(kinds, weights)[0]()

    @property
    def world(self) -> World:
        """As it is now."""
        return self.engine.world

    def leg(self, node: str = "") -> ev.Leg:
        """A channel that was never there before."""
        self.legs += 1
        return ev.Leg(node or self.chance.choice(self.nodes), f"{self.legs}.0")

    def caller_of(self, visit: Visit) -> ev.Leg:
        """Each visit here has one."""
        assert visit.caller is not None
        return visit.caller

    def visit(self, *states: str) -> Visit | None:
        """One in such a state."""
        found = [each for each in self.world.visits.values() if not states or each.state in states]
        return self.chance.choice(found) if found else None

    # --- callers -------------------------------------------------------------------------------------

    def a_caller(self) -> None:
        """They come, and most of them say what they want and wait."""
        if len(self.world.visits) > 7:
            return
        leg, one = self.leg(), self.chance
        language, concern = one.choice(LANGUAGES), one.choice(CONCERNS)
        if one.random() < 0.85:
            self.tell(ev.CallArrived(leg, one.choice(("line", "other line"))))
        if one.random() < 0.3:
            self.tell(self.known(leg))
        if one.random() < 0.6:
            self.tell(ev.LanguageChosen(leg, language))
            self.tell(ev.ConcernChosen(leg, concern))
        if one.random() < 0.8:
            self.tell(self.waiting(leg, language, concern))

    def waiting(self, leg: ev.Leg, language: str, concern: str) -> ev.CallWaiting:
        """On hold, with the channel's own times, if it has them."""
        ago = self.chance.choice((0, 10_000))
        times = (self.now - ago - 5_000, self.now - ago) if self.chance.random() < 0.7 else (0, 0)
        given = self.chance.random() < 0.8
        second = self.chance.choice(("", "", "de"))
        return ev.CallWaiting(leg, language if given else "", concern if given else "", second, *times)

    def known(self, leg: ev.Leg) -> ev.CallerKnown:
        """What the vault knows of them."""
        one = self.chance
        owner = one.choice(("", "amal", "birgit", "cem", "gone"))
        classes = one.choice(((), (), ("vip",)))
        return ev.CallerKnown(leg, one.choice(("", "t1", "t2", "t3")), "c" if owner else "", owner, classes)

    def of_a_caller(self) -> None:
        """Something that one of them does, or that is learnt of them."""
        visit = self.visit()
        if visit is None:
            return
        leg, one = self.caller_of(visit), self.chance
        self.tell(
            one.choice(
                (
                    ev.CallArrived(leg, "line"),
                    self.known(leg),
                    ev.CaseEntered(leg, one.choice(("c", "d"))),
                    ev.CaseAsked(leg, one.choice(facts.CASE_LINE)),
                    ev.ListeningAllowed(leg),
                    ev.ListeningAsked(visit.id, "whisper", Reach("phone", "p99")),
                    ev.ListeningEnded(visit.listened[0]),
                    ev.PriorityGiven(visit.id, one.choice(("vip", "other"))),
                    ev.LanguageChosen(leg, one.choice(LANGUAGES)),
                    ev.ConcernChosen(leg, one.choice(CONCERNS)),
                    self.waiting(leg, one.choice(LANGUAGES), one.choice(CONCERNS)),
                    self.waiting(leg, one.choice(LANGUAGES), one.choice(CONCERNS)),
                    ev.SecondLanguageAdded(leg, one.choice(("de", "en"))),
                    ev.SentencesAsked(leg),
                    ev.MenuAsked(leg),
                    ev.AnnouncementHeard(leg, "stock"),
                    ev.WaitsExpected((ev.Expected(visit.id, 60_000, 300_000, 900),)),
                    self.recording(leg),
                    ev.DegradedEntered(leg),
                    ev.TurnedAway(leg, "de"),
                    ev.CallEnds(leg, one.choice(("caller", "staff", "pbx"))),
                    ev.LegEnded(leg, 16),
                )
            )
        )

    # --- offers and talks ----------------------------------------------------------------------------

    def of_an_offer(self) -> None:
        """The next thing that happens to one, or something later, or something late."""
        offers = list(self.world.offers.values())
        if not offers:
            return
        offer, one = self.chance.choice(offers), self.chance
        caller = self.caller_of(self.world.visits[offer.visit])
        phone = self.world.people[offer.agent].agent.reach.address
        leg = self.dials.get(offer.id)
        if leg is None:
            leg = self.dials[offer.id] = self.leg(caller.node)
            if one.random() < 0.85:
                self.tell(ev.DialBegan(caller, leg, phone))
            else:
                self.tell(one.choice((ev.CallerCaught(caller), ev.Elapsed())))
            return
        self.tell(
            one.choice(
                (
                    ev.PhoneRang(leg),
                    ev.PhoneRang(leg),
                    ev.Bridged(caller, leg, phone),
                    ev.Bridged(caller, leg, phone),
                    ev.LegEnded(leg, one.choice(CAUSES)),
                    ev.DialEnded(caller, offer.id, one.choice(STATUSES)),
                    ev.DialEnded(caller, offer.id, one.choice(STATUSES)),
                    ev.CommandFailed(offer.id, "test"),
                    ev.CallerCaught(caller),
                    ev.DeviceChanged(phone, "RINGING"),
                )
            )
        )

    def of_a_talk(self) -> None:
        """Somebody hangs up, an interpreter comes or goes, or a phone that nobody offered is bridged."""
        visit, one = self.visit("talking", "parting"), self.chance
        if visit is None or one.random() < 0.1:
            self.of_the_dialplan()
            return
        caller, held = self.caller_of(visit), visit.phone
        phone = held.leg if held else self.leg(caller.node)
        where = ("p01", "p02", "p03", "p05")
        self.tell(
            one.choice(
                (
                    ev.CallEnds(caller, "caller"),
                    ev.CallEnds(caller, "staff"),
                    ev.LegEnded(caller, 16),
                    ev.LegEnded(phone, 16),
                    ev.LegEnded(phone, 16),
                    self.waiting(caller, "de", "other"),
                    ev.InterpreterJoined(caller),
                    ev.InterpreterFailed(caller),
                    ev.InterpreterLeft(caller),
                    ev.PhoneLost(one.choice(where), one.choice(self.nodes)),
                    ev.Bridged(caller, phone, one.choice(where)),
                    ev.Bridged(caller, self.leg(caller.node), one.choice(where)),
                )
            )
        )

    def of_the_dialplan(self) -> None:
        """A phone that nobody offered is rung or bridged."""
        visit, one = self.visit("degraded", "degraded", "waiting"), self.chance
        if visit is None or one.random() < 0.3:
            return
        caller, held = self.caller_of(visit), visit.phone
        leg = held.leg if held and one.random() < 0.7 else self.leg(caller.node)
        phone = one.choice(("p01", "p02", "p03", "nobody"))
        self.tell(
            one.choice(
                (
                    ev.DialBegan(caller, leg, phone),
                    ev.DialBegan(caller, leg, phone),
                    ev.Bridged(caller, leg, phone),
                    ev.PhoneRang(leg),
                    ev.LegEnded(leg, 16),
                )
            )
        )

    # --- people and phones ---------------------------------------------------------------------------

    def of_a_person(self) -> None:
        """Somebody presses a key, or a supervisor does it for them."""
        one = self.chance
        if one.random() < 0.3:
            self.of_a_desk()
            return
        what = one.choice(
            ("login", "login", "ready", "ready", "notready", "logout", "wrap_longer", "wrap_over")
        )
        number = one.randint(1, 6)
        agent = (*(each.id for each in MORE), "nobody")[number - 1]
        who = one.choice((("", f"p0{number}"), (agent, "")))
        leg = self.leg() if one.random() < 0.4 else None
        self.tell(ev.StaffAsked(*who, what, one.choice(("", "lunch")), leg, one.choice(("", *self.nodes))))

    def of_a_desk(self) -> None:
        """Somebody wants quiet time, says what came of a call, leaves a follow-up, was threatened; a
        supervisor sees to that."""
        one, world = self.chance, self.world
        agent = one.choice((*world.people, "nobody"))
        person = world.people.get(agent)
        doing = [each.visit for each in (*person.handled, *person.engagements)] if person is not None else []
        visit, to = one.choice((*doing, 5)), one.choice((*world.people, "nobody"))
        handover = one.choice((*world.handovers, 5))
        mine = world.handovers[handover].to if handover in world.handovers else agent
        threat = one.choice((*world.threats, *(each.visit for each in world.blocked.values()), 5))
        self.tell(
            one.choice(
                (
                    ev.QuietAsked(agent, one.choice((0, 1, 1, 10, 300, 481))),
                    ev.QuietAsked(agent, one.choice((0, 1))),
                    ev.HandlingClosed(visit, agent, "done", one.choice(("", "n1")), one.choice(("", "c1"))),
                    ev.HandedOver(visit, agent, to, "n2"),
                    ev.HandoverDone(handover, one.choice((mine, agent))),
                    ev.ThreatTold(visit, agent, "", one.choice((0, 60_000))),
                    ev.ThreatSeen(threat),
                    ev.TokenUnblocked(threat),
                )
            )
        )

    def of_a_phone(self) -> None:
        """It is taken up, laid down, unplugged; what it did beside our calls is over."""
        one = self.chance
        beside = [leg for each in self.world.people.values() for leg in each.other_legs]
        if beside and one.random() < 0.5:
            self.tell(ev.LegEnded(one.choice(beside), 16))
            return
        self.tell(ev.DeviceChanged(f"p0{one.randint(1, 6)}", one.choice(DEVICES), one.choice(self.nodes)))

    # --- time and the centre -------------------------------------------------------------------------

    def time(self) -> None:
        """A little, or to the next deadline or beside it, or a long while."""
        due = self.engine.due()
        if due is not None and self.chance.random() < 0.7:
            self.tell(ev.Elapsed(), max(0, due + self.chance.choice((-1, 0, 0, 0, 1)) - self.now))
        else:
            self.tell(ev.Elapsed(), self.chance.choice((1, 400, 3_000, 20_000)))

    def of_the_centre(self) -> None:
        """New rules, people, terms; the link goes; clocks are set."""
        one = self.chance
        number = one.randrange(len(POLICIES))
        some = tuple(sorted(one.sample(MORE, one.randint(2, 5))))
        moved = tuple(
            each._replace(reach=each.reach._replace(address=f"p1{i}")) if one.random() < 0.1 else each
            for i, each in enumerate(some)
        )
        homed = tuple(
            each._replace(reach=each.reach._replace(node=self.nodes[-1])) if each.id == "emil" else each
            for each in moved
        )
        shadow: Policy | None = one.choice((None, *POLICIES))
        self.tell(
            one.choice(
                (
                    ev.PolicyChanged(f"policy {number}", POLICIES[number]),
                    ev.TeamChanged(str(len(self.history)), Team(homed)),
                    ev.ShadowChanged(str(len(self.history)), shadow),
                    ev.ClockStepped(5_000),
                    ev.JournalGap(7, 9),
                    ev.TermBegan(self.world.term + one.choice((0, 1))),
                    ev.LinkDown("test"),
                    ev.LinkDown("one", one.choice(self.nodes)),
                )
            )
        )
        self.down_ms = self.now
        if not self.world.link_up:
            self.go_on(one.choice((0, 1, 6)))
            for node in self.nodes:
                if not self.world.links[node].up:
                    self.a_link_up(node)

    def a_link_up(self, node: str) -> None:
        """First what the dialplan wrote down, then what there is."""
        if self.chance.random() < 0.6:
            self.tell(ev.LedgerRead(node, self.ledger(node)))
        self.a_snapshot_of(node, linkup=True)

    def ledger(self, node: str) -> tuple[ev.LedgerRow, ...]:
        """Calls as the dialplan wrote them down: those we know, some of which went on, and some new ones."""
        visits = [each for each in self.world.visits.values() if each.node == node]
        rows = [self.row(self.caller_of(each), each) for each in visits if self.chance.random() < 0.9]
        new = [self.row(self.leg(node), None) for _ in range(self.chance.choice((0, 0, 1, 2)))]
        return (*rows, *new)

    def row(self, leg: ev.Leg, visit: Visit | None) -> ev.LedgerRow:
        """One call, each thing of it behind the one before."""
        one, now = self.chance, self.now
        arrived = visit.arrived_ms if visit else one.randint(self.down_ms - 1_000, now)
        at = max(self.down_ms, arrived)
        queued = visit.queued_ms if visit else 0
        talks = [ev.LedgerTalk("p01", 0, arrived, arrived) for _ in range(visit.talks if visit else 0)]
        rings: list[ev.LedgerRing] = []
        degraded = closed = ended = 0
        if visit is not None and visit.state == "talking":
            at = one.randint(at, now)
            talks[-1] = talks[-1]._replace(ended_ms=one.choice((0, at)))
        elif one.random() < 0.6:
            offer = self.world.offers.get(visit.offer) if visit else None
            phone, number = one.choice(("p01", "p02", "nobody")), 0
            at = one.randint(at, now)
            queued = queued or at
            degraded = one.choice((0, at))
            if offer is not None and one.random() < 0.8:
                phone, number = self.world.people[offer.agent].agent.reach.address, offer.id
            if one.random() < 0.7:
                began = at = one.randint(at, now)
                at = one.randint(began, now)
                status = one.choice(("", "", "ANSWER", *STATUSES))
                rings.append(ev.LedgerRing(phone, number, began, status, one.choice((0, at))))
            if one.random() < 0.5:
                began = one.randint(at, now)
                at = one.randint(began, now)
                talks.append(ev.LedgerTalk(phone, number, began, one.choice((0, at))))
        if one.random() < 0.3:
            ended = one.randint(at, now)
            closed = 0 if queued else one.choice((0, at))
            if talks and not talks[-1].ended_ms:
                talks[-1] = talks[-1]._replace(ended_ms=ended)
        by = one.choice(("caller", "staff", "pbx")) if ended else ""
        known = (visit.language, visit.concern) if visit else (one.choice(("", "de", "tr")), "other")
        second = one.choice(("", "", "en"))
        return ev.LedgerRow(
            leg,
            "line",
            *known,
            second,
            arrived,
            queued,
            degraded,
            closed,
            tuple(rings),
            tuple(talks),
            ended,
            by,
            16 if ended else 0,
            self.steps(at),
        )

    def recording(self, leg: ev.Leg) -> ev.RecordingTold:
        """Anything that can be told of recording a caller, again too."""
        what, by = (
            self.answers.choice(facts.RECORDING),
            self.answers.choice((facts.BY_CALLER, facts.BY_STAFF)),
        )
        return ev.RecordingTold(leg, what, by, self.answers.randrange(5))

    def steps(self, at_ms: int) -> tuple[ev.LedgerStep, ...]:
        """What the dialplan wrote down of recording a caller."""
        last = self.answers.choice((0, 0, 1, 2, 4))
        return tuple(
            ev.LedgerStep(at_ms, step, self.answers.choice(facts.RECORDING), facts.BY_CALLER)
            for step in range(1, last + 1)
        )

    def a_snapshot(self) -> None:
        """A look for drift, or a link-up that was not to be expected."""
        linkup = self.chance.random() < 0.2
        self.a_snapshot_of(self.chance.choice(self.nodes), linkup)

    def a_snapshot_of(self, node: str, linkup: bool) -> None:
        """What this PBX has: mostly what the world has, with some who are gone, new or elsewhere."""
        one = self.chance
        legs: list[ev.LegSeen] = []
        for visit in self.world.visits.values():
            if visit.node != node:
                continue
            state = visit.state if visit.state != "parting" else one.choice(("offered", "waiting", "gone"))
            if one.random() < 0.15:
                state = one.choice(("gone", *CONTEXTS))
            held = visit.phone
            talker = self.world.people.get(visit.agent)
            phone = talker.agent.reach.address if talker else one.choice(("p02", "nobody"))
            leg = held.leg if held and one.random() < 0.8 else self.dials.get(visit.offer) or self.leg(node)
            legs += self.seen(self.caller_of(visit), state, leg, phone, visit)
        if one.random() < 0.2:
            phone = one.choice(("p01", "p02", "p03", "nobody"))
            legs += self.seen(self.leg(node), one.choice(tuple(CONTEXTS)), self.leg(node), phone, None)
        devices = tuple((f"p0{i}", one.choice(DEVICES)) for i in range(1, one.choice((4, 6))))
        if not linkup and one.random() < 0.6:
            known = {p.agent.reach.address: p.device for p in self.world.people.values()}
            devices = tuple((phone, known.get(phone, state)) for phone, state in devices)
        one.shuffle(legs)
        asked_ms = self.now + one.choice((-5_000, 0, 1))
        told = ev.PbxSnapshot(asked_ms, linkup, tuple(legs), devices, node)
        self.tell(told)
        if not linkup and one.random() < 0.7:
            self.tell(told._replace(asked_ms=self.now + 1))

    def seen(
        self, caller: ev.Leg, state: str, leg: ev.Leg, phone: str, visit: Visit | None
    ) -> list[ev.LegSeen]:
        """The legs of a caller in such a state, as the PBX would list them; `leg`: that of the phone."""
        if state not in CONTEXTS:
            return []
        one = self.chance
        bridge = "b" + caller.uid if state == "talking" else ""
        times = one.choice(((0, 0), (self.now - 9_000, self.now - 8_000)))
        if visit is not None and visit.queued_ms and one.random() < 0.7:
            times = (visit.arrived_ms, visit.queued_ms)
        need = (visit.language, visit.concern) if visit else (one.choice(("", "de", "ar")), "other")
        context = CONTEXTS[state] if one.random() < 0.95 else "sub"
        row = ev.LegSeen(
            caller, caller, "", context, bridge, True, *need, one.choice(("", "", "de")), *times, 0, 0
        )
        if state not in ("ringing", "talking") and not (state == "degraded" and one.random() < 0.4):
            return [row]
        offer = visit.offer if visit and one.random() < 0.8 else 0
        up = state == "talking"
        return [
            row,
            row._replace(
                leg=leg, phone=phone, offer=offer, up=up, language="", concern="", arrived_ms=0, queued_ms=0
            ),
        ]

    def anything(self) -> None:
        """Something about a leg, offer or phone that nobody knows, or knows no more."""
        one, leg = self.chance, self.leg()
        self.tell(
            one.choice(
                (
                    ev.LanguageChosen(leg, "de"),
                    ev.LegEnded(leg, 16),
                    ev.CallEnds(leg, "caller"),
                    ev.PhoneRang(leg),
                    ev.DialBegan(leg, leg, "p01"),
                    ev.Bridged(leg, leg, "p01"),
                    ev.DialEnded(leg, 5, "NOANSWER"),
                    ev.CommandFailed(5, "test"),
                    ev.PriorityGiven(5, "vip"),
                    ev.InterpreterJoined(leg),
                    self.known(leg),
                    ev.RecordingTold(leg, facts.STARTED, ""),
                    ev.DegradedEntered(leg),
                    ev.TurnedAway(leg, "de"),
                    ev.SecondLanguageAdded(leg, "de"),
                    ev.SentencesAsked(leg),
                    ev.MenuAsked(leg),
                    ev.WaitsExpected((ev.Expected(5, 0, -1, 500),)),
                    ev.AnnouncementHeard(leg, "stock"),
                    ev.CaseEntered(leg, "c"),
                    ev.StaffAsked("", "nobody", "login", "", leg),
                    ev.DeviceChanged("nobody", "INUSE"),
                    ev.PhoneLost("p01", leg.node),
                    ev.CallerCaught(leg),
                )
            )
        )
