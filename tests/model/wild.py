"""Events in any order, also such as no telephone system says: what the model PBX never does.

State-aware, so that it goes deep: most events are about a caller who is there, an offer that is open, a phone
that rings. It takes the transitions of the tables that only odd orders take.
"""

from random import Random

from agents import state as staff
from agents.model import Reach, Team
from routing import events as ev
from routing import facts
from routing import visit as table
from routing.policy import INTERPRETER, OVERFLOW_CLOSED, OVERFLOW_OUTSIDE, Overflow, Plan, Step
from routing.world import Visit
from tests.fakes.centre import NODE, PHONES, POLICY, ROSTER, Bench

STEPS = 250
CONTEXTS = (
    "acd-language",
    "acd-hold",
    "acd-hold",
    "acd-connect",
    "acd-degraded",
    "acd-closed",
    "acd-hours",
    "acd-outside",
)
OVERFLOW = (
    Overflow("partner", "", "study", -1, 2, True, OVERFLOW_OUTSIDE),
    Overflow("end", "", "", 20_000, -1, True, OVERFLOW_CLOSED),
)
STATUSES = ("NOANSWER", "BUSY", "CHANUNAVAIL", "ANSWER", "STALE", "TAKEN")
STATES = ("NOT_INUSE", "NOT_INUSE", "INUSE", "RINGING", "UNAVAILABLE")


class Wild:
    """One walk. Raises AssertionError where offers, people and visits no longer agree."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(f"{seed}/wild")
        helped = Plan("ar", "", (Step(0, INTERPRETER, 3, 0),))
        self._languages = ("de", "de", "en", "ar", "tr", "und")
        plans = POLICY.plans
        if self._rng.random() < 0.5:
            plans, self._languages = (*plans, helped), ("ar", "ar", "ar", "de")
        overflow = OVERFLOW if self._rng.random() < 0.5 else ()
        wrap_up_ms = self._rng.choice((0, 3_000))
        self._bench = Bench(POLICY._replace(plans=plans, wrap_up_ms=wrap_up_ms, overflow=overflow))
        self._bench.login(*PHONES)
        self._legs: list[ev.Leg] = []
        self._phone_legs: dict[int, list[ev.Leg]] = {}
        self._count = 0

    def walk(self) -> None:
        """Let it happen."""
        acts = (
            (self._caller, 20),
            (self._offer, 20),
            (self._phone, 12),
            (self._staff, 8),
            (self._interpreter, 4),
            (self._time, 10),
            (self._come, 6),
            (self._link, 3),
            (self._roster, 1),
        )
        for _ in range(STEPS):
            act = self._rng.choices([each for each, _ in acts], [weight for _, weight in acts])[0]
            act()
            self._agree()

    def _tell(self, event: ev.Event, after_ms: int = 1) -> None:
        self._bench.tell(event, after_ms)

    def _leg(self) -> ev.Leg:
        self._count += 1
        return ev.Leg(NODE, f"{self._count}.0")

    def _visit(self) -> Visit | None:
        visits = list(self._bench.engine.world.visits.values())
        return self._rng.choice(visits) if visits else None

    def _phone_leg(self, visit: Visit) -> ev.Leg:
        """One that the visit holds, one that it held, or a new one: a channel serves one caller only."""
        if visit.phone is not None and self._rng.random() < 0.7:
            return visit.phone.leg
        held = self._phone_legs.setdefault(visit.id, [])
        if not held or self._rng.random() < 0.8:
            held.append(self._leg())
        return self._rng.choice(held[-3:])

    def _at(self, visit: Visit) -> str:
        """The phone of whoever the visit is offered to, mostly."""
        person = self._bench.engine.world.people.get(visit.agent)
        if person is not None and self._rng.random() < 0.8:
            return person.agent.reach.address
        return self._rng.choice((*PHONES, "nobody"))

    # --- what happens --------------------------------------------------------------------------------

    def _come(self) -> None:
        leg, rng = self._leg(), self._rng
        self._legs.append(leg)
        if rng.random() < 0.8:
            self._tell(ev.CallArrived(leg, "line"))
        if rng.random() < 0.7:
            self._tell(self._waiting(leg))

    def _waiting(self, leg: ev.Leg) -> ev.CallWaiting:
        language = self._rng.choice(self._languages)
        return ev.CallWaiting(leg, language, self._rng.choice(("study", "other")), "", 1, 1)

    def _caller(self) -> None:
        visit, rng = self._visit(), self._rng
        if visit is None or visit.caller is None:
            return
        leg = visit.caller
        self._tell(
            rng.choice(
                (
                    ev.CallArrived(leg, "line"),
                    ev.LanguageChosen(leg, "en"),
                    ev.ConcernChosen(leg, "study"),
                    self._waiting(leg),
                    self._waiting(leg),
                    ev.SecondLanguageAdded(leg, rng.choice(("de", "en"))),
                    ev.SentencesAsked(leg),
                    ev.MenuAsked(leg),
                    ev.CaseAsked(leg, rng.choice(facts.CASE_LINE)),
                    ev.ListeningAllowed(leg),
                    ev.ListeningAsked(visit.id, "listen", Reach("phone", "p99")),
                    ev.ListeningEnded(visit.listened[0]),
                    ev.AnnouncementHeard(leg, "stock"),
                    ev.WaitsExpected((ev.Expected(visit.id, 60_000, 300_000, 900),)),
                    ev.DegradedEntered(leg),
                    ev.DegradedEntered(leg),
                    ev.TurnedAway(leg, "de"),
                    ev.CallEnds(leg, rng.choice(("caller", "staff", "pbx"))),
                    ev.CallerCaught(leg),
                    ev.WentOutside(leg, "partner"),
                    ev.WentOutside(leg, "partner"),
                    ev.OutsideAnswered(leg),
                    ev.LegEnded(leg, 16),
                    ev.CallerKnown(
                        leg, f"t{rng.randrange(3)}", "", rng.choice(("", "amal", "cem")), ("vip",)
                    ),
                )
            )
        )

    def _offer(self) -> None:
        """The next thing of an offer, or a wrong one."""
        offers, rng = list(self._bench.engine.world.offers.values()), self._rng
        if not offers:
            return
        offer = rng.choice(offers)
        visit = self._bench.engine.world.visits[offer.visit]
        leg, phone = self._phone_leg(visit), self._at(visit)
        if visit.caller is None:
            return
        self._tell(
            rng.choice(
                (
                    ev.DialBegan(visit.caller, leg, phone),
                    ev.PhoneRang(leg),
                    ev.PhoneRang(leg),
                    ev.Bridged(visit.caller, leg, phone),
                    ev.DialEnded(visit.caller, offer.id, rng.choice(STATUSES)),
                    ev.LegEnded(leg, rng.choice((0, 16, 17, 19, 21))),
                    ev.CommandFailed(offer.id, "test"),
                )
            )
        )

    def _phone(self) -> None:
        """Something of any visit's phone, whatever state the visit is in."""
        visit, rng = self._visit(), self._rng
        if visit is None or visit.caller is None:
            return
        leg, phone = self._phone_leg(visit), self._at(visit)
        self._tell(
            rng.choice(
                (
                    ev.DialBegan(visit.caller, leg, phone),
                    ev.PhoneRang(leg),
                    ev.Bridged(visit.caller, leg, phone),
                    ev.LegEnded(leg, 16),
                    ev.DialEnded(visit.caller, rng.choice((0, visit.offer)), rng.choice(STATUSES)),
                    ev.PhoneLost(phone, NODE),
                )
            )
        )

    def _interpreter(self) -> None:
        """Joins, fails or leaves, mostly where one was called."""
        visits = self._bench.engine.world.visits.values()
        called = [visit.caller for visit in visits if visit.interpreting and visit.caller is not None]
        if not called and (visit := self._visit()) is not None and visit.caller is not None:
            called = [visit.caller]
        if called:
            leg = self._rng.choice(called)
            kinds = (ev.InterpreterJoined, ev.InterpreterFailed, ev.InterpreterLeft)
            self._tell(self._rng.choice(kinds)(leg))

    def _staff(self) -> None:
        rng, phone = self._rng, self._rng.choice((*PHONES, "nobody"))
        if rng.random() < 0.5:
            self._tell(ev.DeviceChanged(phone, rng.choice(STATES), NODE))
        else:
            what = rng.choice(("login", "login", "ready", "ready", "notready", "logout"))
            self._tell(ev.StaffAsked("", phone, what, "", None, NODE))

    def _time(self) -> None:
        due = self._bench.engine.due()
        if due is not None and self._rng.random() < 0.6:
            self._tell(ev.Elapsed(), max(1, due - self._bench.now))
        else:
            self._tell(ev.Elapsed(), self._rng.choice((1, 600, 2_000, 5_000)))

    def _link(self) -> None:
        """A link goes down, or a snapshot shows the callers anywhere, some with a phone."""
        rng, world = self._rng, self._bench.engine.world
        if rng.random() < 0.3:
            self._tell(ev.LinkDown("test", rng.choice(("", NODE))))
            return
        legs = []
        for visit in world.visits.values():
            if visit.caller is None or rng.random() < 0.1:
                continue
            phone = self._phone_leg(visit) if rng.random() < 0.4 else None
            bridge = rng.choice(("", "b")) if phone is not None else ""
            legs.append(self._seen(visit.caller, visit.caller, "", rng.choice(CONTEXTS), bridge))
            if phone is not None:
                legs.append(self._seen(phone, visit.caller, self._at(visit), "acd-connect", bridge))
        devices = tuple((phone, rng.choice(STATES)) for phone in PHONES)
        linkup = not world.link_up or rng.random() < 0.3
        self._tell(ev.PbxSnapshot(self._bench.now, linkup, tuple(legs), devices, NODE))

    def _seen(self, leg: ev.Leg, caller: ev.Leg, phone: str, context: str, bridge: str) -> ev.LegSeen:
        return ev.LegSeen(leg, caller, phone, context, bridge, True, "de", "other", "", 1, 1, 0, 0)

    def _roster(self) -> None:
        """Somebody is gone, or everybody is there again."""
        kept = self._rng.sample(ROSTER.agents, self._rng.choice((2, 3, 3)))
        self._tell(ev.TeamChanged(f"roster {self._bench.now}", Team(tuple(sorted(kept)))))

    # --- what has to hold ----------------------------------------------------------------------------

    def _agree(self) -> None:
        world = self._bench.engine.world
        for offer in world.offers.values():
            visit, person = world.visits[offer.visit], world.people[offer.agent]
            assert visit.offer == offer.id
            assert visit.state in (table.OFFERED, table.RINGING)
            engaged = person.engaged_with(visit.id)
            assert engaged is not None
            assert engaged.activity in (staff.RESERVED, staff.RINGING)
            assert offer.deadline_ms > 0 or not world.link_up
        for visit in world.visits.values():
            assert (visit.offer in world.offers) == (visit.state in (table.OFFERED, table.RINGING))
            if visit.state == table.TALKING and visit.agent in world.people:
                engaged = world.people[visit.agent].engaged_with(visit.id)
                assert engaged is not None
                assert engaged.activity == staff.TALKING
        for person in world.people.values():
            for engaged in person.engagements:
                if engaged.activity == staff.TALKING:
                    assert world.visits[engaged.visit].in_talk
                if engaged.activity in (staff.RESERVED, staff.RINGING):
                    visit = world.visits[engaged.visit]
                    assert visit.state in (table.OFFERED, table.RINGING, table.DEGRADED)
