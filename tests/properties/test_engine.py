"""Any order of events, lost, doubled and late ones: the engine's promises hold all the same."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from acd import replay
from agents import state as staff
from routing import events as ev
from routing import facts
from routing import visit as call
from routing.commands import Connect
from routing.engine import Engine
from routing.policy import Policy, Reserve
from tests.fakes.centre import NODE, PHONES, POLICY, ROSTER, Bench
from tests.oracles import plainly

LANGUAGES = ("de", "de", "de", "en", "ar", "tr", "und")
CONCERNS = ("study", "other")
OWNERS = ("", "", "amal", "birgit", "cem")
AGES_MS = (20_000, 30_000, 45_000, 90_000, 150_000)
"""When something changes for a waiting caller by time alone: the owner's time, the reserve, the steps."""


@dataclass
class Call:
    """A caller as the telephone system knows them."""

    leg: ev.Leg
    language: str
    concern: str
    phone_leg: ev.Leg | None = None
    offers: list[Connect] = field(default_factory=list)


RULES = POLICY._replace(
    classes=(("repeat", 20_000), ("vip", 60_000)),
    repeat_ms=600_000,
    owner_ms=20_000,
    reserves=(Reserve("tr", 5, 1, 30_000),),
)


class Hotline(RuleBasedStateMachine):
    """A telephone system that does what it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(RULES)
        self.calls: list[Call] = []
        self.number = 0
        self.ended: dict[int, int] = {}
        self.took = len(self.bench.effects)

    def tell(self, event: ev.Event, after_ms: int = 1) -> None:
        for command in self.bench.tell(event, after_ms).commands:
            if isinstance(command, Connect):
                for each in self.calls:
                    if each.leg == command.caller:
                        each.offers.append(command)

    def leg(self) -> ev.Leg:
        self.number += 1
        return ev.Leg(NODE, f"{self.number}.0")

    def visit(self, leg: ev.Leg) -> int:
        visits = self.bench.engine.world.visits.values()
        return next((visit.id for visit in visits if visit.caller == leg), 0)

    @initialize()
    def begin(self) -> None:
        self.bench.login(*PHONES)

    @rule(
        language=st.sampled_from(LANGUAGES),
        concern=st.sampled_from(CONCERNS),
        owner=st.sampled_from(OWNERS),
        lost=st.sampled_from([False, False, False, True]),
    )
    def caller(self, language: str, concern: str, owner: str, lost: bool) -> None:
        made = Call(self.leg(), language, concern)
        self.calls.append(made)
        if not lost:
            self.tell(ev.CallArrived(made.leg, "line"))
            self.tell(ev.LanguageChosen(made.leg, language))
            if owner:
                self.tell(ev.CallerKnown(made.leg, f"of {owner}", "c", owner))
        self.tell(ev.CallWaiting(made.leg, language, concern, "", self.bench.now, self.bench.now))

    @rule(
        data=st.data(),
        what=st.sampled_from(
            ["wait", "second", "degraded", "ask", "leave", "known", "owned", "vip", "case", "raise"]
        ),
    )
    def something_of_a_caller(self, data: st.DataObject, what: str) -> None:
        if not self.calls:
            return
        one = data.draw(st.sampled_from(self.calls))
        event: ev.Event = {
            "wait": ev.CallWaiting(one.leg, one.language, one.concern, "", 0, 0),
            "second": ev.SecondLanguageAdded(one.leg, "de"),
            "degraded": ev.DegradedEntered(one.leg),
            "ask": ev.CallEnds(one.leg, "caller"),
            "leave": ev.LegEnded(one.leg, 16),
            "known": ev.CallerKnown(one.leg, "t", "", ""),
            "owned": ev.CallerKnown(one.leg, "u", "c", "cem"),
            "vip": ev.CallerKnown(one.leg, "v", "", "", ("vip",)),
            "case": ev.CaseEntered(one.leg, "c"),
            "raise": ev.PriorityGiven(self.visit(one.leg), "vip"),
        }[what]
        self.tell(event)
        if what == "leave":
            self.calls.remove(one)

    @rule(data=st.data(), what=st.sampled_from(["begin", "ring", "talk", "end", "over", "failed", "stale"]))
    def something_of_an_offer(self, data: st.DataObject, what: str) -> None:
        offered = [one for one in self.calls if one.offers]
        if not offered:
            return
        one = data.draw(st.sampled_from(offered))
        command = data.draw(st.sampled_from(one.offers[-3:]))
        phone = command.reach.address
        if what == "begin":
            one.phone_leg = self.leg()
            self.tell(ev.DialBegan(one.leg, one.phone_leg, phone))
        elif what == "over":
            self.tell(ev.DialEnded(one.leg, command.id, "NOANSWER"))
        elif what == "stale":
            self.tell(ev.DialEnded(one.leg, command.id, "STALE"))
        elif what == "failed":
            self.tell(ev.CommandFailed(command.id, "test"))
        elif one.phone_leg is not None:
            event: ev.Event = {
                "ring": ev.PhoneRang(one.phone_leg),
                "talk": ev.Bridged(one.leg, one.phone_leg, phone),
                "end": ev.LegEnded(one.phone_leg, 17),
            }[what]
            self.tell(event)

    def open_offers(self) -> list[tuple[Call, Connect]]:
        offers = self.bench.engine.world.offers
        return [(one, each) for one in self.calls for each in one.offers if each.id in offers]

    @rule(data=st.data(), far=st.integers(1, 5), ends=st.sampled_from(["staff", "caller", "neither"]))
    def an_offer_goes_its_way(self, data: st.DataObject, far: int, ends: str) -> None:
        """Dialled, ringing, answered, over: as far as it goes, without anything in between."""
        if not self.open_offers():
            self.one_is_left("p02", "notready")
            self.caller("de", "other", "", lost=False)
        open_ = self.open_offers()
        if not open_:
            return
        one, command = data.draw(st.sampled_from(open_))
        phone, leg = command.reach.address, self.leg()
        one.phone_leg = leg
        steps: list[ev.Event] = [
            ev.DialBegan(one.leg, leg, phone),
            ev.PhoneRang(leg),
            ev.Bridged(one.leg, leg, phone),
            ev.LegEnded(leg, 16),
        ]
        if ends == "staff":
            steps.append(ev.CallEnds(one.leg, "staff"))
        elif ends == "caller":
            steps.insert(3, ev.CallEnds(one.leg, "caller"))
        for event in steps[:far]:
            self.tell(event)

    @rule(
        phone=st.sampled_from([*PHONES, "nobody"]),
        what=st.sampled_from(["login", "logout", "ready", "notready"]),
    )
    def staff_asks(self, phone: str, what: str) -> None:
        self.tell(ev.StaffAsked("", phone, what, "", None))

    @rule(
        phone=st.sampled_from(PHONES), state=st.sampled_from(["NOT_INUSE", "INUSE", "RINGING", "UNAVAILABLE"])
    )
    def device(self, phone: str, state: str) -> None:
        self.tell(ev.DeviceChanged(phone, state))

    @rule(policy=st.sampled_from([None, POLICY, RULES._replace(choose=("fewest_calls",))]))
    def shadow(self, policy: Policy | None) -> None:
        self.tell(ev.ShadowChanged(str(policy is None), policy))

    @rule(
        data=st.data(),
        phone=st.sampled_from(PHONES),
        how=st.sampled_from(["logout", "notready", "busy", "busy"]),
        language=st.sampled_from(LANGUAGES),
        concern=st.sampled_from(CONCERNS),
        owner=st.sampled_from(OWNERS),
    )
    def one_caller_and_one_free_person(
        self, data: st.DataObject, phone: str, how: str, language: str, concern: str, owner: str
    ) -> None:
        """Nobody else calls or is free: what changes for this caller alone cannot hide behind the others."""
        for one in self.calls:
            self.tell(ev.LegEnded(one.leg, 16))
        self.calls.clear()
        self.one_is_left(phone, how)
        self.caller(language, concern, owner, lost=False)
        for what in data.draw(st.lists(st.sampled_from(["age", "age", "leave"]), max_size=3)):
            if what == "age":
                self.a_caller_reaches_an_age(data, over=0)
            else:
                self.an_owner_leaves(data)

    def one_is_left(self, phone: str, how: str) -> None:
        """One person at a free phone; the others go, or are on duty and telephone elsewhere."""
        for other in PHONES:
            if other != phone and how == "busy":
                self.tell(ev.DeviceChanged(other, "INUSE"))
                self.tell(ev.StaffAsked("", other, "login", "", None))
            elif other != phone:
                self.tell(ev.StaffAsked("", other, how, "", None))
        self.tell(ev.DeviceChanged(phone, "NOT_INUSE"))
        self.tell(ev.StaffAsked("", phone, "login", "", None))

    @rule(data=st.data())
    def an_owner_leaves(self, data: st.DataObject) -> None:
        """Somebody for whom a caller waits goes off duty."""
        world = self.bench.engine.world
        owners = {v.owner for v in world.visits.values() if v.state == call.WAITING and v.owner}
        if owners:
            owner = data.draw(st.sampled_from(sorted(owners)))
            what = data.draw(st.sampled_from(["logout", "notready"]))
            self.tell(ev.StaffAsked(owner, "", what, "", None))

    @rule(ms=st.sampled_from([1, 400, 3_000]))
    def time_passes(self, ms: int) -> None:
        self.tell(ev.Elapsed(), ms)

    @rule(data=st.data(), over=st.sampled_from([-1, 0, 0, 1]))
    def a_caller_reaches_an_age(self, data: st.DataObject, over: int) -> None:
        """The clock is wound to the next change of what a waiting caller needs, or to beside it."""
        now = self.bench.now
        visits = [v for v in self.bench.engine.world.visits.values() if v.state == call.WAITING]
        whens = [[w for age in AGES_MS if (w := v.order_from_ms + age + over) > now] for v in visits]
        if following := sorted({min(each) for each in whens if each}):
            self.tell(ev.Elapsed(), data.draw(st.sampled_from(following)) - now)

    @rule(over=st.integers(-1, 1))
    def a_deadline_passes(self, over: int) -> None:
        """The clock is wound to the next deadline, or to beside it."""
        due = self.bench.engine.due()
        if due is not None:
            self.tell(ev.Elapsed(), max(1, due + over - self.bench.now))

    @rule(linkup=st.booleans(), down=st.booleans())
    def snapshot(self, linkup: bool, down: bool) -> None:
        """The PBX lists every caller on hold: whatever else there was is gone."""
        if down:
            self.tell(ev.LinkDown("test"))
        legs = tuple(
            ev.LegSeen(one.leg, one.leg, "", "acd-hold", "", True, one.language, one.concern, "", 1, 1, 0, 0)
            for one in self.calls
        )
        self.tell(
            ev.PbxSnapshot(self.bench.now, linkup or down, legs, tuple((p, "NOT_INUSE") for p in PHONES))
        )

    @rule()
    def restart(self) -> None:
        """A kept world decides as the one in memory."""
        engine, _ = replay.thaw(replay.freeze(self.bench.engine, 0))
        assert engine.world == self.bench.engine.world
        self.bench.engine = engine

    @invariant()
    def at_most_one_offer_a_person_and_a_caller(self) -> None:
        world = self.bench.engine.world
        for things in ([o.agent for o in world.offers.values()], [o.visit for o in world.offers.values()]):
            assert len(things) == len(set(things))

    @invariant()
    def offers_people_and_visits_agree(self) -> None:
        world = self.bench.engine.world
        for offer in world.offers.values():
            person, visit = world.people[offer.agent], world.visits[offer.visit]
            engaged = person.engaged_with(visit.id)
            assert engaged is not None
            assert (engaged.offer, visit.offer) == (offer.id, offer.id)
            assert engaged.activity in (staff.RESERVED, staff.RINGING)
            assert visit.state in (call.OFFERED, call.RINGING)
        for person in world.people.values():
            for engaged in person.engagements:
                if engaged.activity in (staff.RESERVED, staff.RINGING):
                    alone = world.visits[engaged.visit].state == call.DEGRADED
                    assert (engaged.offer in world.offers) != alone
                if engaged.activity == staff.TALKING:
                    assert world.visits[engaged.visit].in_talk
        for visit in world.visits.values():
            assert (visit.offer in world.offers) == (visit.state in (call.OFFERED, call.RINGING))

    @invariant()
    def nobody_waits_beside_a_free_person_who_could_take_them(self) -> None:
        world = self.bench.engine.world
        if world.link_up and world.policy is not None:
            for visit in plainly.in_order(world, world.policy):
                assert plainly.able(world, world.policy, visit) == []

    @invariant()
    def every_reservation_has_an_end(self) -> None:
        world = self.bench.engine.world
        if world.link_up:
            assert all(offer.deadline_ms > 0 for offer in world.offers.values())

    @invariant()
    def every_visit_ends_once(self) -> None:
        for effects in self.bench.effects[self.took :]:
            for fact in effects.facts:
                if isinstance(fact, facts.VisitEnded):
                    self.ended[fact.visit] = self.ended.get(fact.visit, 0) + 1
        self.took = len(self.bench.effects)
        assert all(times == 1 for times in self.ended.values())
        assert not set(self.ended) & set(self.bench.engine.world.visits)

    def teardown(self) -> None:
        """The same events again lead to the same commands and facts, byte for byte."""
        engine = Engine()
        again = [engine.step(event, now) for event, now in self.bench.journal]
        assert repr(again) == repr(self.bench.effects)
        assert len(ROSTER.agents) == 3


TestHotline = Hotline.TestCase
TestHotline.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
