"""Overflow: whom the plan alone does not serve is asked for more widely, or let go; a rule once."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.piecemeal import gathered
from acd.web.deps import Explained
from acd.web.shapes import explanation
from agents.model import Cefr
from routing import closing, facts, need, overflow
from routing import events as ev
from routing import visit as table
from routing.commands import NOT_NOW, Connect, SendOutside, TurnAway
from routing.engine import Effects, Engine
from routing.explain import Sought, look
from routing.policy import (
    FALLBACK,
    OVERFLOW_CLOSED,
    OVERFLOW_FALLBACK,
    OVERFLOW_OUTSIDE,
    SECOND,
    Overflow,
    Step,
)
from routing.world import Visit
from tests.fakes.centre import NODE, POLICY, Bench
from tests.unit.test_engine import CALLER, PHONE, only

MINUTE = 60_000
GERMAN = Step(0, FALLBACK, Cefr.B1, 0)


def rule(name: str = "rule", then: str = OVERFLOW_CLOSED, **given: object) -> Overflow:
    """A rule for everybody, without a condition unless given."""
    step = GERMAN if then == OVERFLOW_FALLBACK else None
    return Overflow(name, "", "", -1, -1, False, then, step)._replace(**given)


def bench(*rules: Overflow, at_work: tuple[str, ...] = ()) -> Bench:
    """A centre with these rules, and these people at work with a phone in use: nobody is free."""
    made = Bench(POLICY._replace(overflow=rules))
    made.login(*at_work)
    for phone in at_work:
        made.tell(ev.DeviceChanged(phone, "INUSE"))
    return made


def the_visit(made: Bench) -> Visit:
    return next(iter(made.engine.world.visits.values()))


def wait(made: Bench, ms: int, step: int = 1_000) -> Effects:
    """Let time pass; all that came of it."""
    found = [made.tell(ev.Elapsed(), step) for _ in range(ms // step)]
    return Effects(
        tuple(each for effects in found for each in effects.commands),
        tuple(each for effects in found for each in effects.facts),
    )


def took_effect(effects: Effects) -> list[tuple[int, str, str]]:
    return [
        (each.at_ms, each.rule, each.then) for each in effects.facts if isinstance(each, facts.Overflowed)
    ]


# --- which rule ------------------------------------------------------------------------------------------


def test_the_most_specific_rule_goes_first_and_then_the_order_of_the_file() -> None:
    rules = (
        rule("all"),
        rule("language", language="tr"),
        rule("concern", concern="study"),
        rule("both", language="tr", concern="study"),
        rule("all_2"),
        rule("other_language", language="ar"),
        rule("both_2", language="tr", concern="study"),
    )
    policy = POLICY._replace(overflow=rules)
    names = [each.name for each in need.overflows(policy, "tr", "study")]
    assert names == ["both", "both_2", "concern", "language", "all", "all_2"]
    assert [each.name for each in need.overflows(policy, "de", "other")] == ["all", "all_2"]


def test_of_two_rules_that_hold_the_first_takes_effect() -> None:
    made = bench(
        rule("all", after_ms=MINUTE), rule("turkish", language="tr", after_ms=MINUTE), at_work=("p03",)
    )
    made.call("1.1", "tr")
    assert [name for _, name, _ in took_effect(wait(made, 61_000))] == ["turkish"]


# --- by time ---------------------------------------------------------------------------------------------


def test_by_time_it_takes_effect_at_its_moment_and_not_before() -> None:
    made = bench(rule(after_ms=MINUTE), at_work=("p02",))
    made.call("1.1")
    queued_ms = the_visit(made).queued_ms
    assert not took_effect(wait(made, 59_000))
    assert took_effect(wait(made, 2_000)) == [(queued_ms + MINUTE, "rule", OVERFLOW_CLOSED)]


def test_who_is_offered_somebody_at_that_moment_is_not_let_go() -> None:
    made = bench(rule(after_ms=MINUTE), at_work=("p02",))
    made.call("1.1")
    made.tell(ev.DeviceChanged("p02", "NOT_INUSE"), 59_990)
    assert the_visit(made).state == table.OFFERED
    assert not took_effect(wait(made, 1_000))


def test_who_comes_back_from_an_offer_after_that_moment_is_let_go_then() -> None:
    made = bench(rule(after_ms=MINUTE), at_work=("p02",))
    made.call("1.1")
    made.tell(ev.DeviceChanged("p02", "NOT_INUSE"), 59_000)
    offer = the_visit(made).offer
    made.tell(ev.DialBegan(CALLER, PHONE, "p02"))
    made.tell(ev.PhoneRang(PHONE))
    made.tell(ev.LegEnded(PHONE, 17), 5_000)
    effects = made.tell(ev.DialEnded(CALLER, offer, "BUSY"))
    assert [name for _, name, _ in took_effect(effects)] == ["rule"]


def test_whose_talk_broke_is_first_in_line_however_long_that_took() -> None:
    made = bench(rule(after_ms=MINUTE))
    made.login("p02")
    made.call("1.1")
    made.tell(ev.DialBegan(CALLER, PHONE, "p02"))
    made.tell(ev.Bridged(CALLER, PHONE, "p02"))
    made.tell(ev.PhoneLost("p02", NODE), 10 * MINUTE)
    made.tell(ev.CallWaiting(CALLER, "de", "other", "", 0, 0))
    assert the_visit(made).state == table.WAITING
    assert not took_effect(wait(made, 5_000))


# --- by length -------------------------------------------------------------------------------------------


def test_by_length_who_joins_a_line_that_is_full_and_nobody_who_stood_in_it() -> None:
    made = bench(rule(length=2), at_work=("p02",))
    assert not took_effect(made.call("1.1"))
    assert not took_effect(made.call("1.2"))
    effects = made.call("1.3")
    third = list(made.engine.world.visits)[2]
    assert only(facts.Overflowed, effects.facts).visit == third
    assert [visit.state for visit in made.engine.world.visits.values()] == [
        table.WAITING,
        table.WAITING,
        table.LEAVING,
    ]
    made.tell(ev.LegEnded(ev.Leg(NODE, "1.1"), 16))
    assert not took_effect(made.call("1.4"))


def test_the_length_is_that_of_the_rules_own_line() -> None:
    made = bench(rule(length=0, language="tr"), at_work=("p02", "p03"))
    made.call("1.1", "de")
    assert not took_effect(made.call("1.2", "de"))
    assert took_effect(made.call("1.3", "tr"))


def test_who_is_served_at_once_joins_no_line() -> None:
    made = bench(rule(length=0))
    made.login("p02")
    assert not took_effect(made.call("1.1"))
    assert took_effect(made.call("1.2"))


# --- by nobody -------------------------------------------------------------------------------------------


def test_by_nobody_who_joins_where_nobody_at_work_could_ever_take_them() -> None:
    made = bench(rule(nobody=True), at_work=("p01",))
    assert not took_effect(made.call("1.1", "ar"))
    assert not took_effect(made.call("1.2", "tr"))  # whose plan leads to German in the end
    made.tell(ev.StaffAsked("", "p01", "logout", "", None))
    assert {each.state for each in made.engine.world.visits.values()} == {table.LEAVING}


def test_who_pauses_is_at_work_all_the_same() -> None:
    made = bench(rule(nobody=True), at_work=("p02",))
    made.call("1.1")
    assert not took_effect(made.tell(ev.StaffAsked("", "p02", "notready", "", None)))
    assert took_effect(made.tell(ev.StaffAsked("", "p02", "logout", "", None)))


def test_who_leaves_while_others_of_the_language_stay_lets_nobody_go() -> None:
    made = bench(rule(nobody=True), at_work=("p02", "p03"))
    made.call("1.1")
    assert not took_effect(made.tell(ev.StaffAsked("", "p02", "logout", "", None)))


# --- what it does ----------------------------------------------------------------------------------------


def test_a_fallback_asks_more_people_from_then_on_and_says_so() -> None:
    made = bench(rule(then=OVERFLOW_FALLBACK, after_ms=30_000, language="tr"), at_work=("p03",))
    made.call("1.1", "tr")
    made.login("p02")  # German, and free
    assert the_visit(made).state == table.WAITING
    effects = wait(made, 31_000)
    assert [each.then for each in effects.facts if isinstance(each, facts.Overflowed)] == [OVERFLOW_FALLBACK]
    assert [each.sentence for each in effects.facts if isinstance(each, facts.CallerTold)] == [
        overflow.WIDENED
    ]
    assert [type(each) for each in effects.commands][-1] is Connect
    assert only(facts.OfferMade, effects.facts).choice.language == "de"


def test_a_fallback_leaves_order_and_waiting_time_as_they_were() -> None:
    made = bench(rule(then=OVERFLOW_FALLBACK, after_ms=30_000), at_work=("p03",))
    made.call("1.1", "tr")
    before = the_visit(made).order_from_ms, the_visit(made).queued_ms
    wait(made, 31_000)
    assert (the_visit(made).order_from_ms, the_visit(made).queued_ms) == before


def test_who_is_widened_is_not_let_go_while_anybody_could_take_them_by_it() -> None:
    step = Step(0, FALLBACK, Cefr.A1, 0)
    policy = POLICY._replace(plans=(POLICY.plans[0]._replace(steps=POLICY.plans[0].steps[:1]),))
    rules = (
        rule("wider", then=OVERFLOW_FALLBACK, nobody=True, step=step),
        rule("end", nobody=True),
    )
    made = Bench(policy._replace(overflow=rules))
    made.login("p02")
    made.tell(ev.DeviceChanged("p02", "INUSE"))
    assert [name for _, name, _ in took_effect(made.call("1.1", "tr"))] == ["wider"]
    assert [name for _, name, _ in took_effect(made.tell(ev.StaffAsked("", "p02", "logout", "", None)))] == [
        "end"
    ]


def test_who_is_let_go_hears_why_and_has_been_turned_away() -> None:
    made = bench(rule(nobody=True))
    effects = made.call("1.1")
    assert only(TurnAway, effects.commands).sentence == NOT_NOW
    made.tell(ev.TurnedAway(CALLER, "de"))
    assert only(facts.VisitEnded, made.tell(ev.LegEnded(CALLER, 16)).facts).outcome == facts.TURNED_AWAY


def test_a_redirect_that_did_not_take_hold_is_sent_again_and_told_once() -> None:
    made = bench(rule(nobody=True))
    made.call("1.1")
    effects = wait(made, 11_000)
    assert [each.sentence for each in effects.commands if isinstance(each, TurnAway)] == [NOT_NOW, NOT_NOW]
    assert not took_effect(effects)


def test_who_can_be_served_after_all_is_served() -> None:
    made = bench(rule(nobody=True))
    made.call("1.1")
    made.login("p02")
    effects = wait(made, 6_000)
    assert not [each for each in effects.commands if isinstance(each, TurnAway)]
    assert [each for each in effects.commands if isinstance(each, Connect)]
    assert the_visit(made).sent == ""


def test_nobody_here_is_said_to_who_has_a_wider_need_too() -> None:
    """One after the other: the second does not take the first one's place."""
    made = bench(rule(then=OVERFLOW_FALLBACK, nobody=True))
    for after_ms, sentence in ((0, closing.NOBODY_HERE), (16_000, overflow.WIDENED)):
        effects = made.tell(ev.Elapsed(), after_ms) if after_ms else made.call("1.1", "tr")
        told = [each.sentence for each in effects.facts if isinstance(each, facts.CallerTold)]
        assert told == [sentence]


async def test_it_is_explained_which_rules_took_effect() -> None:
    made = bench(rule("wider", then=OVERFLOW_FALLBACK, after_ms=5_000), at_work=("p03",))
    made.call("1.1", "tr")
    wait(made, 6_000)
    index = made.engine.index
    assert index is not None
    found = await gathered(look(index, made.engine.world, made.engine.world.rules, made.now))
    callers = tuple(each for each in found if isinstance(each, Sought))
    said = json.loads(await explanation(Explained(made.now, callers, ())))
    assert [each["overflowed"] for each in said["waiting"]] == [["wider"]]


# --- outside ---------------------------------------------------------------------------------------------


def sent_outside(**more: object) -> Bench:
    """A caller whom nobody at work could take is on the way outside."""
    made = bench(rule("partner", then=OVERFLOW_OUTSIDE, nobody=True, **more))
    effects = made.call("1.1")
    assert only(SendOutside, effects.commands).destination == "partner"
    assert the_visit(made).state == table.LEAVING
    made.tell(ev.WentOutside(CALLER, "partner"))
    assert the_visit(made).state == table.OUTSIDE
    return made


def test_who_is_answered_outside_is_forwarded() -> None:
    made = sent_outside()
    made.tell(ev.OutsideAnswered(CALLER), 5_000)
    made.tell(ev.CallEnds(CALLER, "pbx"), 60_000)
    ended = only(facts.VisitEnded, made.tell(ev.LegEnded(CALLER, 16)).facts)
    assert (ended.outcome, ended.ended_by) == (facts.FORWARDED, "pbx")


@pytest.mark.parametrize("went", [False, True])
def test_who_hangs_up_before_anybody_outside_answers_has_left_the_line(went: bool) -> None:
    made = bench(rule("partner", then=OVERFLOW_OUTSIDE, nobody=True))
    made.call("1.1")
    if went:
        made.tell(ev.WentOutside(CALLER, "partner"))
    assert only(facts.VisitEnded, made.tell(ev.LegEnded(CALLER, 16)).facts).outcome == facts.ABANDONED_QUEUE


def test_who_is_not_answered_outside_waits_again_with_the_old_place_and_is_not_sent_there_again() -> None:
    made = sent_outside()
    queued_ms = the_visit(made).queued_ms
    effects = made.tell(ev.CallWaiting(CALLER, "de", "other", "", 0, 0), 40_000)
    assert (the_visit(made).state, the_visit(made).order_from_ms) == (table.WAITING, queued_ms)
    later = wait(made, 60_000)
    assert not [each for each in (*effects.commands, *later.commands) if isinstance(each, SendOutside)]
    made.login("p02")
    assert the_visit(made).state == table.OFFERED


def test_who_is_outside_is_offered_to_nobody() -> None:
    made = sent_outside()
    made.login("p02")
    assert the_visit(made).state == table.OUTSIDE


def test_a_way_outside_that_did_not_take_hold_is_sent_again() -> None:
    made = bench(rule("partner", then=OVERFLOW_OUTSIDE, nobody=True))
    made.call("1.1")
    sent = [each for each in wait(made, 11_000).commands if isinstance(each, SendOutside)]
    assert [each.destination for each in sent] == ["partner", "partner"]


def seen(bridge: str = "") -> tuple[ev.LegSeen, ...]:
    """The caller as the PBX lists them, outside."""
    return (ev.LegSeen(CALLER, CALLER, "", "acd-outside", bridge, True, "de", "other", "", 1, 1, 0, 0),)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("bridge", ["", "b"])
def test_who_is_outside_is_taken_up_after_a_restart(known: bool, bridge: str) -> None:
    made = sent_outside() if known else bench(rule("partner", then=OVERFLOW_OUTSIDE, nobody=True))
    made.tell(ev.TermBegan(2))
    made.tell(ev.PbxSnapshot(made.now, True, seen(bridge), (), NODE))
    assert the_visit(made).state == table.OUTSIDE
    ended = only(facts.VisitEnded, made.tell(ev.LegEnded(CALLER, 16)).facts)
    assert ended.outcome == (facts.FORWARDED if bridge else facts.ABANDONED_QUEUE)


def ledger(*outside: ev.LedgerOutside, ended_ms: int = 0) -> ev.LedgerRead:
    """What the dialplan wrote down of the caller."""
    row = ev.LedgerRow(
        CALLER, "line", "de", "other", "", 1_000_000, 1_000_100, 0, 0, (), (), ended_ms, "caller", 16
    )
    return ev.LedgerRead(NODE, (row._replace(outside=outside),))


@pytest.mark.parametrize(
    ("answered_ms", "over_ms", "outcome"),
    [
        (1_002_000, 0, facts.FORWARDED),
        (0, 1_003_000, facts.ABANDONED_QUEUE),
        (0, 0, facts.ABANDONED_QUEUE),
    ],
)
def test_what_became_of_it_without_us_stands_in_the_ledger(
    answered_ms: int, over_ms: int, outcome: str
) -> None:
    made = bench(rule("partner", then=OVERFLOW_OUTSIDE, nobody=True))
    made.now = 1_010_000
    way = ev.LedgerOutside(1_001_000, "partner", answered_ms, over_ms)
    effects = made.tell(ledger(way, ended_ms=1_004_000))
    assert only(facts.VisitEnded, effects.facts).outcome == outcome


def test_a_way_outside_that_was_followed_is_not_told_again_by_the_ledger() -> None:
    made = sent_outside()
    made.tell(ev.CallWaiting(CALLER, "de", "other", "", 0, 0), 10_000)
    before = the_visit(made).changed_ms
    made.tell(ledger(ev.LedgerOutside(1_001_000, "partner", 0, 1_002_000)))
    visit = the_visit(made)
    assert (visit.state, visit.changed_ms, visit.outsides) == (table.WAITING, before, 1)


# --- always ----------------------------------------------------------------------------------------------

RULES = st.lists(
    st.builds(
        Overflow,
        st.sampled_from(["a", "b", "c", "d"]),
        st.sampled_from(["", "de", "tr", "ar"]),
        st.sampled_from(["", "study"]),
        st.sampled_from([-1, 0, 5_000, 30_000]),
        st.sampled_from([-1, 0, 1, 2]),
        st.booleans(),
        st.sampled_from([OVERFLOW_FALLBACK, OVERFLOW_CLOSED, OVERFLOW_OUTSIDE]),
        st.just(GERMAN),
    ).map(lambda each: each if each.then == OVERFLOW_FALLBACK else each._replace(step=None)),
    max_size=4,
    unique_by=lambda each: each.name,
).map(tuple)

CALLERS = tuple(ev.Leg(NODE, f"1.{number}") for number in range(6))
PHONES = ("p01", "p02", "p03")
NEEDS = (("de", "other"), ("tr", "study"), ("ar", "other"))
ASKED = ("login", "logout", "notready", "ready")
HAPPENS = st.lists(
    st.one_of(
        st.tuples(st.just("call"), st.sampled_from(CALLERS), st.sampled_from(NEEDS)),
        st.tuples(st.just("hang"), st.sampled_from(CALLERS)),
        st.tuples(st.just("closed"), st.sampled_from(CALLERS)),
        st.tuples(st.just("outside"), st.sampled_from(CALLERS)),
        st.tuples(st.just("answered"), st.sampled_from(CALLERS)),
        st.tuples(st.just("staff"), st.sampled_from(PHONES), st.sampled_from(ASKED)),
        st.tuples(st.just("device"), st.sampled_from(PHONES), st.sampled_from(["INUSE", "NOT_INUSE"])),
        st.tuples(st.just("hold"), st.sampled_from(CALLERS)),
        st.tuples(st.just("time"), st.sampled_from([100, 5_000, 30_000])),
    ),
    max_size=40,
)  # fmt: skip


def happens(made: Bench, what: tuple[object, ...]) -> Effects:
    """One thing that happens."""
    kind, *rest = what
    match kind, *rest:
        case "call", leg, (language, concern):
            made.tell(ev.CallArrived(leg, "line"))
            return made.tell(ev.CallWaiting(leg, language, concern, "", made.now, made.now))
        case "hang", leg:
            return made.tell(ev.LegEnded(leg, 16))
        case "closed", leg:
            return made.tell(ev.TurnedAway(leg, "de"))
        case "outside", leg:
            return made.tell(ev.WentOutside(leg, "d"))
        case "answered", leg:
            return made.tell(ev.OutsideAnswered(leg))
        case "staff", phone, asked:
            return made.tell(ev.StaffAsked("", phone, asked, "", None))
        case "device", phone, state:
            return made.tell(ev.DeviceChanged(phone, state))
        case "hold", leg:
            return made.tell(ev.CallWaiting(leg, "de", "other", "", made.now, made.now))
    return made.tell(ev.Elapsed(), rest[0])


@given(RULES, HAPPENS)
@settings(max_examples=300)
def test_a_rule_takes_effect_once_a_visit_and_nobody_is_lost(
    rules: tuple[Overflow, ...], events: list[tuple[object, ...]]
) -> None:
    """Whoever was not let go waits on; and a rule that holds never waits for something to happen."""
    made = Bench(POLICY._replace(overflow=rules))
    seen: set[tuple[int, str]] = set()
    ended: set[int] = set()
    for what in events:
        happens(made, what)
        for fact in made.effects[-1].facts:
            if isinstance(fact, facts.Overflowed):
                assert (fact.visit, fact.rule) not in seen
                seen.add((fact.visit, fact.rule))
            ended |= {fact.visit} if isinstance(fact, facts.VisitEnded) else set()
        world = made.engine.world
        assert not ended & set(world.visits)
        for visit in world.visits.values():
            assert visit.state != table.LEAVING or visit.sent
            if visit.state != table.WAITING or visit.sent:
                continue
            assert made.engine.index is not None
            for each in made.engine.index.overflows(visit):
                assert each.after_ms < 0 or visit.talks or world.now_ms - visit.queued_ms < each.after_ms
                assert not each.nobody or made.engine.index.anybody_for(visit)


@given(RULES, HAPPENS)
@settings(max_examples=200)
def test_the_same_events_lead_to_the_same_and_so_does_a_world_that_was_kept(
    rules: tuple[Overflow, ...], events: list[tuple[object, ...]]
) -> None:
    """An engine that is made anew out of the world before each event decides as the one that went on."""
    made = Bench(POLICY._replace(overflow=rules))
    again = Engine()
    for event, at_ms in made.journal:
        again.step(event, at_ms)
    for what in events:
        before = len(made.journal)
        happens(made, what)
        for event, at_ms in made.journal[before:]:
            again = Engine(again.world)
            again.step(event, at_ms)
    assert again.world == made.engine.world


@given(HAPPENS)
@settings(max_examples=100)
def test_the_order_of_all_others_is_untouched(events: list[tuple[object, ...]]) -> None:
    """A fallback that nobody suits changes nothing for anybody."""
    nobody = rule(then=OVERFLOW_FALLBACK, after_ms=5_000, step=Step(0, SECOND, Cefr.NATIVE, 5))
    with_it, without = Bench(POLICY._replace(overflow=(nobody,))), Bench(POLICY)

    def offered(effects: list[Effects]) -> list[tuple[int, str]]:
        return [
            (each.at_ms, each.agent)
            for one in effects
            for each in one.facts
            if isinstance(each, facts.OfferMade)
        ]

    for what in events:
        happens(with_it, what)
        happens(without, what)
    assert offered(with_it.effects) == offered(without.effects)
