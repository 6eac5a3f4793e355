"""The engine told one story at a time: each test is a call as the people of the hotline know it."""

from typing import TypeVar

import pytest

from agents import state as staff
from routing import events as ev
from routing import facts
from routing import visit as call
from routing.commands import Confirm, Connect, SetFallback, Withdraw
from routing.engine import Effects
from routing.offers import refusal
from tests.fakes.centre import NODE, POLICY, Bench

CALLER = ev.Leg(NODE, "1.1")
PHONE = ev.Leg(NODE, "1.2")


T = TypeVar("T")


def only(kind: type[T], things: tuple[object, ...]) -> T:
    found = [thing for thing in things if isinstance(thing, kind)]
    assert len(found) == 1, things
    return found[0]


def none(kind: type, things: tuple[object, ...]) -> bool:
    return not [thing for thing in things if isinstance(thing, kind)]


def offered(effects: Effects) -> facts.OfferMade:
    return only(facts.OfferMade, effects.facts)


def ring(bench: Bench, phone: str, leg: ev.Leg = PHONE, caller: ev.Leg = CALLER) -> None:
    bench.tell(ev.DialBegan(caller, leg, phone))
    bench.tell(ev.PhoneRang(leg))
    bench.tell(ev.DeviceChanged(phone, "RINGING"))


def answer(bench: Bench, phone: str, leg: ev.Leg = PHONE, caller: ev.Leg = CALLER) -> None:
    bench.tell(ev.Bridged(caller, leg, phone))
    bench.tell(ev.DeviceChanged(phone, "INUSE"))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_caller_reaches_who_speaks_the_language_and_knows_the_concern(bench: Bench) -> None:
    bench.login("p01", "p02", "p03")
    effects = bench.call("1.1", "ar", "study")
    offer = offered(effects)
    assert (offer.agent, *offer.choice[3:6]) == ("amal", "ar", 7, 4)
    command = only(Connect, effects.commands)
    assert (command.id, command.caller, command.reach.address) == (offer.offer, CALLER, "p01")


def test_the_best_concern_level_goes_first_then_language(bench: Bench) -> None:
    bench.login("p01", "p02", "p03")
    assert offered(bench.call("1.1", "de", "study")).agent == "cem"
    assert offered(bench.call("1.3", "de", "other")).agent == "birgit"


def test_a_whole_call_and_its_wrap_up(bench: Bench) -> None:
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    answer(bench, "p02")
    bench.tell(ev.CallEnds(CALLER, facts.BY_CALLER), 60_000)
    bench.tell(ev.LegEnded(PHONE, 16))
    ended = only(facts.VisitEnded, bench.tell(ev.LegEnded(CALLER, 16)).facts)
    assert (ended.outcome, ended.ended_by) == (facts.ANSWERED, facts.BY_CALLER)
    bench.tell(ev.DeviceChanged("p02", "NOT_INUSE"))
    assert bench.engine.world.people["birgit"].appears == staff.WRAP_UP
    due = bench.engine.due()
    assert due is not None
    effects = bench.tell(ev.Elapsed(), due - bench.now)
    assert only(facts.WrapUpEnded, effects.facts).at_ms == due
    assert bench.engine.world.people["birgit"].appears == staff.READY


def test_a_member_of_staff_who_hangs_up_is_named_as_the_one_who_ended_it(bench: Bench) -> None:
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    answer(bench, "p02")
    bench.tell(ev.LegEnded(PHONE, 16))
    bench.tell(ev.CallEnds(CALLER, facts.BY_STAFF))
    assert only(facts.VisitEnded, bench.tell(ev.LegEnded(CALLER, 16)).facts).ended_by == facts.BY_STAFF


@pytest.mark.parametrize(
    ("stage", "outcome"),
    [
        ("menu", facts.ABANDONED_MENU),
        ("hold", facts.ABANDONED_QUEUE),
        ("ringing", facts.ABANDONED_RINGING),
        ("closed", facts.CLOSED),
    ],
)
def test_a_caller_who_leaves_is_counted_where_they_left(bench: Bench, stage: str, outcome: str) -> None:
    if stage == "ringing":
        bench.login("p02")
    if stage in ("menu", "closed"):
        bench.tell(ev.CallArrived(CALLER, "line"))
    else:
        bench.call("1.1")
    if stage == "closed":
        bench.tell(ev.TurnedAway(CALLER, "de"))
    if stage == "ringing":
        ring(bench, "p02")
    effects = bench.tell(ev.LegEnded(CALLER, 0))
    assert only(facts.VisitEnded, effects.facts).outcome == outcome
    assert bench.engine.world.visits == {}
    if stage == "ringing":
        assert only(facts.OfferEnded, effects.facts).outcome == facts.CALLER_LEFT


@pytest.mark.parametrize(
    ("cause", "rang", "status", "outcome"),
    [
        (17, True, "BUSY", facts.BUSY),
        (21, False, "CHANUNAVAIL", facts.DECLINED),
        (19, True, "NOANSWER", facts.NO_ANSWER),
        (0, True, "NOANSWER", facts.NO_ANSWER),
        (0, False, "NOANSWER", facts.UNREACHABLE),
        (1, False, "CHANUNAVAIL", facts.UNREACHABLE),
        (58, False, "CHANUNAVAIL", facts.UNREACHABLE),
        (34, False, "CONGESTION", facts.UNREACHABLE),
        (-1, False, "CHANUNAVAIL", facts.UNREACHABLE),
    ],
)
def test_how_a_phone_refuses_is_told_by_its_own_cause(
    cause: int, rang: bool, status: str, outcome: str
) -> None:
    assert refusal(cause, rang, status) == outcome


def test_why_a_phone_refused_may_be_told_after_its_dial_is_over(bench: Bench) -> None:
    bench.login("p02", "p03")
    first = offered(bench.call("1.1", "de", "other"))
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02"))
    assert none(facts.OfferEnded, bench.tell(ev.DialEnded(CALLER, first.offer, "CHANUNAVAIL")).facts)
    effects = bench.tell(ev.LegEnded(PHONE, 21))
    assert only(facts.OfferEnded, effects.facts).outcome == facts.DECLINED
    assert offered(effects).agent == "cem"


def test_who_does_not_answer_is_passed_over_and_away_after_the_second_miss(bench: Bench) -> None:
    bench.login("p02", "p03")
    first = offered(bench.call("1.1", "de", "other"))
    assert first.agent == "birgit"
    ring(bench, "p02")
    bench.tell(ev.LegEnded(PHONE, 0), 15_000)
    effects = bench.tell(ev.DialEnded(CALLER, first.offer, "NOANSWER"))
    assert only(facts.OfferEnded, effects.facts).outcome == facts.NO_ANSWER
    assert offered(effects).agent == "cem"
    bench.tell(ev.DeviceChanged("p02", "NOT_INUSE"))
    second = offered(bench.call("1.5", "de", "other"))
    leg, caller = ev.Leg(NODE, "1.6"), ev.Leg(NODE, "1.5")
    assert second.agent == "birgit"
    ring(bench, "p02", leg, caller)
    bench.tell(ev.LegEnded(leg, 0), 15_000)
    effects = bench.tell(ev.DialEnded(caller, second.offer, "NOANSWER"))
    assert bench.engine.world.people["birgit"].appears == staff.AWAY
    assert "p02" not in dict(only(SetFallback, effects.commands).phones)[""]


def test_a_dead_phone_costs_the_caller_two_seconds(bench: Bench) -> None:
    bench.login("p02", "p03")
    offered(bench.call("1.1", "de", "other"))
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02"))
    effects = bench.tell(ev.Elapsed(), POLICY.silent_ms)
    assert only(facts.OfferEnded, effects.facts).outcome == facts.UNREACHABLE
    assert offered(effects).agent == "cem"
    assert isinstance(effects.commands[0], Withdraw)
    assert isinstance(effects.commands[1], Connect)


def test_a_phone_in_use_elsewhere_is_not_rung(bench: Bench) -> None:
    bench.login("p02")
    bench.tell(ev.DeviceChanged("p02", "INUSE"))
    assert bench.engine.world.people["birgit"].appears == staff.BUSY_OUTSIDE
    assert none(facts.OfferMade, bench.call("1.1").facts)
    assert offered(bench.tell(ev.DeviceChanged("p02", "NOT_INUSE"))).agent == "birgit"


def test_need_widens_with_waiting_time(bench: Bench) -> None:
    bench.login("p02")
    bench.call("1.1", "uk", "study")
    assert none(facts.OfferMade, bench.tell(ev.Elapsed(), 149_000).facts)
    offer = offered(bench.tell(ev.Elapsed(), 1_100))
    assert (offer.agent, offer.choice.step) == ("birgit", 3)


def test_a_second_language_by_key_counts_from_its_step_on(bench: Bench) -> None:
    bench.login("p02")
    bench.call("1.1", "uk", "study")
    bench.tell(ev.SecondLanguageAdded(CALLER, "en"), 100)
    assert offered(bench.tell(ev.Elapsed(), 90_000)).choice.language == "en"


def test_an_undetermined_language_is_served_by_who_speaks_all_it_may_be(bench: Bench) -> None:
    bench.login("p01")
    assert none(facts.OfferMade, bench.call("1.1", "und", "other").facts)
    bench.login("p02")
    assert bench.engine.world.visits[next(iter(bench.engine.world.visits))].agent == "birgit"


def test_callers_go_in_the_order_in_which_they_came(bench: Bench) -> None:
    bench.call("1.1")
    bench.call("1.3")
    effects = bench.tell(ev.StaffAsked("birgit", "", "login", "", None))
    assert only(Connect, effects.commands).caller == CALLER


def test_nobody_is_blocked_by_an_older_caller_whom_nobody_can_serve(bench: Bench) -> None:
    bench.login("p02")
    bench.call("1.1", "ar", "study")
    assert offered(bench.call("1.3", "de", "other")).agent == "birgit"


def test_ready_without_login_is_refused_and_the_phone_is_told(bench: Bench) -> None:
    leg = ev.Leg(NODE, "9.9")
    effects = bench.tell(ev.StaffAsked("", "p02", "ready", "", leg))
    assert only(facts.StaffRefused, effects.facts).why == "not_logged_in"
    assert only(Confirm, effects.commands).accepted is False
    effects = bench.tell(ev.StaffAsked("", "p02", "login", "", leg))
    assert only(Confirm, effects.commands).accepted is True


def test_not_ready_during_a_talk_lets_the_talk_go_on(bench: Bench) -> None:
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    answer(bench, "p02")
    bench.tell(ev.StaffAsked("birgit", "", "notready", "lunch", None))
    assert bench.engine.world.people["birgit"].appears == staff.TALKING
    bench.tell(ev.LegEnded(PHONE, 16))
    bench.tell(ev.LegEnded(CALLER, 16))
    bench.tell(ev.DeviceChanged("p02", "NOT_INUSE"))
    bench.tell(ev.Elapsed(), 10_000)
    assert bench.engine.world.people["birgit"].appears == staff.NOT_READY


def test_nothing_is_offered_while_the_link_is_down_and_leases_freeze(bench: Bench) -> None:
    bench.login("p02")
    offer = offered(bench.call("1.1"))
    bench.tell(ev.LinkDown("test"))
    assert bench.engine.due(bench.now + 1_000_000) is None
    assert bench.tell(ev.Elapsed(), 100_000).facts == ()
    assert offer.offer in bench.engine.world.offers


def seen(
    leg: ev.Leg, caller: ev.Leg, phone: str, context: str, bridge: str = "", offer: int = 0
) -> ev.LegSeen:
    return ev.LegSeen(leg, caller, phone, context, bridge, True, "de", "other", "", 5_000, 7_000, offer, 0)


def test_a_restart_adopts_callers_with_their_own_times_in_their_order(bench: Bench) -> None:
    early = seen(CALLER, CALLER, "", "acd-hold")
    later = seen(ev.Leg(NODE, "1.3"), ev.Leg(NODE, "1.3"), "", "acd-hold")._replace(queued_ms=9_000)
    bench.tell(ev.TermBegan(2))
    effects = bench.tell(ev.PbxSnapshot(bench.now, True, (later, early), (("p02", "NOT_INUSE"),)))
    visits = list(bench.engine.world.visits.values())
    assert [(visit.caller, visit.queued_ms) for visit in visits] == [(CALLER, 7_000), (later.leg, 9_000)]
    assert all(visit.state == call.WAITING for visit in visits)
    effects = bench.tell(ev.StaffAsked("birgit", "", "login", "", None))
    assert only(Connect, effects.commands).caller == CALLER
    assert only(Connect, effects.commands).id >> 32 == 2


def test_a_call_that_rings_across_a_restart_keeps_ringing_and_connects(bench: Bench) -> None:
    bench.login("p02")
    offer = offered(bench.call("1.1"))
    ring(bench, "p02")
    bench.tell(ev.TermBegan(2))
    legs = (
        seen(CALLER, CALLER, "", "acd-connect"),
        seen(PHONE, CALLER, "p02", "acd-connect", offer=offer.offer),
    )
    effects = bench.tell(ev.PbxSnapshot(bench.now, True, legs, (("p02", "RINGING"),)))
    assert none(Connect, effects.commands)
    assert none(facts.OfferEnded, effects.facts)
    effects = bench.tell(ev.Bridged(CALLER, PHONE, "p02"))
    assert only(facts.TalkBegan, effects.facts).offer == offer.offer


def test_what_fell_due_while_nobody_decided_waits_for_the_snapshot(bench: Bench) -> None:
    bench.login("p02")
    offered(bench.call("1.1"))
    effects = bench.tell(ev.TermBegan(2), 60_000)
    assert none(facts.OfferEnded, effects.facts)
    assert effects.commands == ()


def test_who_was_answered_while_the_daemon_was_away_is_talking_after_it(bench: Bench) -> None:
    bench.call("1.1")
    bench.tell(ev.TermBegan(2))
    legs = (seen(CALLER, CALLER, "", "acd-degraded", "b1"), seen(PHONE, CALLER, "p03", "acd-degraded", "b1"))
    effects = bench.tell(ev.PbxSnapshot(bench.now, True, legs, (("p03", "INUSE"),)))
    assert only(facts.TalkBegan, effects.facts).agent == "cem"
    assert bench.engine.world.people["cem"].appears == staff.TALKING


def test_calls_that_are_gone_after_a_lost_link_are_closed_with_that_reason(bench: Bench) -> None:
    bench.login("p02", "p03")
    bench.call("1.1")
    ring(bench, "p02")
    answer(bench, "p02")
    bench.call("1.3", "ar", "study")
    bench.tell(ev.LinkDown("pbx restarted"))
    effects = bench.tell(ev.PbxSnapshot(bench.now, True, (), (("p02", "NOT_INUSE"), ("p03", "NOT_INUSE"))))
    ends = [fact for fact in effects.facts if isinstance(fact, facts.VisitEnded)]
    assert [(end.outcome, end.ended_by) for end in ends] == [
        (facts.ANSWERED, facts.BY_PBX),
        (facts.LOST, facts.BY_PBX),
    ]
    assert all(end.reason == "gone_while_we_were_away" for end in ends)


def test_an_event_that_cannot_be_changes_nothing_and_says_so(bench: Bench) -> None:
    before = repr(bench.engine.world.visits)
    effects = bench.tell(ev.LanguageChosen(ev.Leg(NODE, "no.such"), "de"))
    assert only(facts.EventRefused, effects.facts).state == "unknown"
    assert repr(bench.engine.world.visits) == before


def test_drift_needs_two_snapshots_in_a_row(bench: Bench) -> None:
    bench.call("1.1", "ar", "study")
    devices = tuple((phone, "NOT_INUSE") for phone in ("p01", "p02", "p03"))
    first = bench.tell(ev.PbxSnapshot(bench.now + 1, False, (), devices), 10)
    assert none(facts.DriftFound, first.facts)
    second = bench.tell(ev.PbxSnapshot(bench.now + 1, False, (), devices), 10)
    assert only(facts.DriftFound, second.facts).world == call.WAITING
    assert bench.engine.world.visits == {}
