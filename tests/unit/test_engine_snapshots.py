"""What a snapshot of a PBX changes and what it leaves: each place where the dialplan can have a caller."""

import pytest

from agents.model import Team
from routing import events as ev
from routing import facts
from routing.commands import PHONE_LOST, Connect, Withdraw
from routing.visits import PARTING_MS
from tests.fakes.centre import NODE, PHONES, ROSTER, Bench
from tests.unit.test_engine import answer, none, offered, only, ring, seen

CALLER, PHONE = ev.Leg(NODE, "1"), ev.Leg(NODE, "2")
LATER, OTHER = ev.Leg(NODE, "3"), ev.Leg(NODE, "4")
FREE = tuple((phone, "NOT_INUSE") for phone in PHONES)


def at(context: str, caller: ev.Leg = CALLER, bridge: str = "") -> ev.LegSeen:
    """The caller is here in the dialplan."""
    return seen(caller, caller, "", context, bridge)


def of(
    phone: str, leg: ev.Leg = PHONE, caller: ev.Leg = CALLER, bridge: str = "", offer: int = 0
) -> ev.LegSeen:
    """This leg of a phone serves the caller."""
    return seen(leg, caller, phone, "acd-connect", bridge, offer)


def link_up(
    bench: Bench, *legs: ev.LegSeen, devices: tuple[tuple[str, str], ...] = FREE
) -> tuple[object, ...]:
    """The link was lost, and this is what there is now: facts and commands."""
    bench.tell(ev.LinkDown("cable"))
    effects = bench.tell(ev.PbxSnapshot(bench.now + 1, True, legs, devices), 100)
    return (*effects.facts, *effects.commands)


def look(bench: Bench, *legs: ev.LegSeen, devices: tuple[tuple[str, str], ...] = FREE) -> tuple[object, ...]:
    """A look for drift: facts and commands."""
    effects = bench.tell(ev.PbxSnapshot(bench.now + 1, False, legs, devices), 10)
    return (*effects.facts, *effects.commands)


def states(bench: Bench) -> list[str]:
    return [visit.state for visit in bench.engine.world.visits.values()]


# --- drift ---------------------------------------------------------------------------------------------


def test_a_caller_whom_nobody_knows_is_drift_and_adopted_at_the_second_look() -> None:
    bench = Bench()
    assert look(bench, at("acd-hold")) == ()
    said = look(bench, at("acd-hold"))
    assert only(facts.DriftFound, said)[1:] == ("1", "unknown", "waiting")
    began = only(facts.VisitBegan, said)
    assert (began.adopted, began.arrived_ms, states(bench)) == (True, 5_000, ["waiting"])


def test_a_phone_in_another_state_is_drift_and_taken_over_at_the_second_look() -> None:
    bench = Bench()
    bench.login("p02")
    used = (("p01", "NOT_INUSE"), ("p02", "INUSE"), ("p03", "NOT_INUSE"))
    assert look(bench, devices=used) == ()
    assert only(facts.DriftFound, look(bench, devices=used))[1:] == ("p02", "NOT_INUSE", "INUSE")
    assert bench.engine.world.people["birgit"].appears == "busy_outside"


def test_a_phone_of_another_pbx_is_no_drift_here() -> None:
    bench = Bench()
    birgit = bench.engine.world.people["birgit"]
    birgit.agent = birgit.agent._replace(reach=birgit.agent.reach._replace(node="pbx2"))
    for _ in range(2):
        bench.now += 10
        used = ev.PbxSnapshot(bench.now, False, (), (("p02", "INUSE"),), NODE)
        assert none(facts.DriftFound, bench.tell(used).facts)


def test_what_differs_in_one_look_only_is_left_while_other_drift_is_mended() -> None:
    """The second look shows three more differences, each for the first time."""
    bench = Bench()
    bench.call("1", "ar")
    gone = next(iter(bench.engine.world.visits))
    bench.call("3", "ar")
    new = ev.Leg(NODE, "9")
    assert look(bench, at("acd-hold", LATER)) == ()
    used = (*FREE[:2], ("p03", "INUSE"))
    said = look(bench, at("acd-hold", new), devices=used)
    assert only(facts.DriftFound, said).subject == "1"
    assert only(facts.VisitEnded, said).visit == gone
    assert none(facts.VisitBegan, said)
    assert [visit.caller for visit in bench.engine.world.visits.values()] == [LATER]
    assert bench.engine.world.people["cem"].device == "NOT_INUSE"


@pytest.mark.parametrize("newer_ms", [0, 1])
def test_what_changed_as_the_look_was_asked_for_or_later_is_no_drift(newer_ms: int) -> None:
    bench = Bench()
    bench.call("1", "ar")
    bench.tell(ev.DeviceChanged("p02", "INUSE"), 0)
    asked = bench.now - newer_ms
    for _ in range(2):
        assert bench.tell(ev.PbxSnapshot(asked, False, (), FREE), 10).facts == ()


@pytest.mark.parametrize(("context", "bridge"), [("acd-connect", "b"), ("acd-connect", "")])
def test_a_caller_who_parts_may_still_be_seen_in_the_talk_or_behind_it(context: str, bridge: str) -> None:
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    bench.tell(ev.LegEnded(PHONE, 16), 60_000)
    beside = of("p02", OTHER, bridge=bridge)
    for _ in range(2):
        rows = (at(context, bridge=bridge), *([beside] if bridge else []))
        assert none(facts.DriftFound, look(bench, *rows, devices=FREE))
    assert states(bench) == ["parting"]


def test_a_caller_who_parts_and_is_on_hold_is_drift() -> None:
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    bench.tell(ev.LegEnded(PHONE, 16), 60_000)
    look(bench, at("acd-hold"), devices=())
    assert only(facts.DriftFound, look(bench, at("acd-hold"), devices=()))[1:] == ("1", "parting", "waiting")
    assert states(bench) == ["waiting"]


# --- link-up -------------------------------------------------------------------------------------------


def test_a_caller_who_changed_just_as_the_snapshot_was_asked_for_is_where_the_pbx_has_them() -> None:
    bench = Bench()
    bench.tell(ev.LinkDown("cable"))
    bench.call("1")
    assert only(facts.VisitEnded, bench.tell(ev.PbxSnapshot(bench.now, True, (), FREE), 10).facts)


def test_who_began_to_wait_after_the_snapshot_was_asked_for_is_offered_with_it() -> None:
    bench = Bench()
    bench.login("p02")
    bench.tell(ev.LinkDown("cable"))
    asked = bench.now
    bench.call("1")
    assert offered(bench.tell(ev.PbxSnapshot(asked, True, (), FREE))).agent == "birgit"


def test_a_caller_who_is_turned_away_at_link_up_waits_no_more_and_nobody_is_held_for_them() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1")
    said = link_up(bench, at("acd-closed"))
    assert only(facts.OfferEnded, said).outcome == facts.WITHDRAWN
    assert (states(bench), bench.engine.world.people["birgit"].appears) == (["closing"], "ready")
    assert none(Connect, said)
    bench.login("p03")
    assert bench.engine.world.offers == {}


def test_a_caller_whom_the_dialplan_served_and_then_turned_away_rings_nowhere() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1", "ar")
    bench.tell(ev.DegradedEntered(CALLER))
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02", 0))
    link_up(bench, at("acd-closed"))
    assert (states(bench), bench.engine.world.people["birgit"].appears) == (["closing"], "ready")


@pytest.mark.parametrize(("context", "state"), [("acd-degraded", "degraded"), ("acd-hold", "waiting")])
def test_a_phone_that_the_dialplan_rings_no_more_is_free_again_at_link_up(context: str, state: str) -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1", "ar")
    bench.tell(ev.DegradedEntered(CALLER))
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02", 0))
    assert bench.engine.world.people["birgit"].appears == "ringing"
    link_up(bench, at(context)._replace(language="ar"))
    assert (states(bench), bench.engine.world.people["birgit"].appears) == ([state], "ready")
    (visit,) = bench.engine.world.visits.values()
    assert [each.leg for each in visit.legs] == [CALLER]


def test_a_caller_whom_we_had_offered_is_the_dialplans_if_it_serves_them() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1")
    said = link_up(bench, at("acd-degraded"))
    assert only(facts.OfferEnded, said).outcome == facts.WITHDRAWN
    assert only(facts.Degraded, said)
    assert (states(bench), bench.engine.world.people["birgit"].appears) == (["degraded"], "ready")


def test_a_caller_who_rings_for_somebody_else_than_we_know_is_taken_out_of_it() -> None:
    """It is a phone that is nobody's, or that of a person who was not offered."""
    for phone in ("p03", "p99"):
        bench = Bench()
        bench.login("p02")
        first = offered(bench.call("1"))
        said = link_up(bench, at("acd-connect"), of(phone, offer=first.offer + 1000))
        assert only(facts.OfferEnded, said).offer == first.offer
        if phone == "p99":
            assert only(Withdraw, said).caller == CALLER


def test_an_offer_whose_phone_is_not_dialled_yet_stays_at_link_up() -> None:
    bench = Bench()
    bench.login("p02")
    first = offered(bench.call("1"))
    said = link_up(bench, at("acd-connect"))
    assert none(facts.OfferEnded, said)
    assert list(bench.engine.world.offers) == [first.offer]


def test_a_caller_on_the_way_to_a_person_under_a_record_that_was_lost_is_taken_back() -> None:
    bench = Bench()
    bench.call("1")
    said = link_up(bench, at("acd-connect"))
    assert only(Withdraw, said).caller == CALLER
    assert states(bench) == ["waiting"]


def test_a_talk_that_is_over_for_the_pbx_parts_and_was_none_if_it_was_short() -> None:
    for lasted, kind in ((500, facts.TalkFailed), (60_000, facts.TalkEnded)):
        bench = Bench()
        bench.call("1")
        answer(bench, "p02", PHONE, CALLER)
        bench.now += lasted
        said = link_up(bench, at("acd-hold"))
        assert only(kind, said).agent == "birgit"
        assert states(bench) == ["waiting"]


def test_a_short_talk_that_parted_before_the_link_was_lost_was_none_if_the_caller_waits() -> None:
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    bench.tell(ev.LegEnded(PHONE, 16), 90)
    assert only(facts.TalkFailed, link_up(bench, at("acd-hold"))).agent == "birgit"
    assert states(bench) == ["waiting"]


def test_a_caller_who_is_still_behind_the_dial_at_link_up_has_their_time_to_part() -> None:
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    bench.tell(ev.LegEnded(PHONE, 16), 90)
    said = link_up(bench, at("acd-connect"))
    assert none(facts.TalkFailed, said)
    (visit,) = bench.engine.world.visits.values()
    assert (visit.state, visit.undecided, visit.parting_ms) == ("parting", True, bench.now + PARTING_MS)


@pytest.mark.parametrize("talked", [True, False])
def test_a_caller_who_is_bridged_with_a_phone_that_was_lost_is_told_and_waits(talked: bool) -> None:
    bench = Bench()
    bench.call("1")
    if talked:
        answer(bench, "p02", PHONE, CALLER)
    bench.tell(ev.LinkDown("cable"), 60_000)
    bench.tell(ev.PhoneLost("p02", NODE))
    legs = (at("acd-connect", bridge="b"), of("p02", bridge="b"))
    effects = bench.tell(ev.PbxSnapshot(bench.now + 1, True, legs, (("p02", "INUSE"),), NODE), 10)
    assert only(Withdraw, effects.commands).sentence == PHONE_LOST
    assert none(facts.TalkBegan, effects.facts)
    assert states(bench) == ["waiting"]
    assert bench.engine.world.people["birgit"].device == "LOST"


def test_a_phone_that_was_lost_and_is_free_at_link_up_is_free() -> None:
    bench = Bench()
    bench.login("p02")
    bench.tell(ev.PhoneLost("p02", NODE))
    bench.tell(ev.PbxSnapshot(bench.now + 1, True, (), FREE, NODE))
    assert bench.engine.world.people["birgit"].appears == "ready"


def test_a_phone_that_was_not_lost_may_be_in_use() -> None:
    bench = Bench()
    bench.login("p02")
    link_up(bench, devices=(("p02", "INUSE"),))
    assert bench.engine.world.people["birgit"].appears == "busy_outside"


def test_a_leg_that_a_phone_rings_with_stays_its_persons_when_the_phone_is_anothers() -> None:
    bench = Bench()
    bench.login("p02")
    first = offered(bench.call("1"))
    ring(bench, "p02", PHONE, CALLER)
    amal, birgit, cem = ROSTER.agents
    moved = (amal, birgit._replace(reach=cem.reach), cem._replace(reach=birgit.reach))
    bench.tell(ev.TeamChanged("moved", Team(moved)))
    said = link_up(bench, at("acd-connect"), of("p02", offer=first.offer), devices=(("p02", "RINGING"),))
    assert none(facts.OfferEnded, said)
    assert [each.agent for each in bench.engine.world.offers.values()] == ["birgit"]


# --- what the channel knows of the caller ----------------------------------------------------------------


def test_what_a_caller_chose_while_nobody_listened_stands_on_the_channel() -> None:
    bench = Bench()
    bench.tell(ev.CallArrived(CALLER, "line"))
    row = at("acd-concern")._replace(language="tr", concern="", second="", queued_ms=0)
    link_up(bench, row)
    (visit,) = bench.engine.world.visits.values()
    assert (visit.state, visit.language, visit.concern, visit.queued_ms) == ("greeted", "tr", "", 0)


def test_who_waits_has_the_need_that_they_chose_last() -> None:
    """In the menus again while nobody listened, or a second language by key."""
    bench = Bench()
    bench.call("1", "tr", "study")
    row = at("acd-hold")._replace(language="de", concern="other", second="en")
    link_up(bench, row)
    (visit,) = bench.engine.world.visits.values()
    assert (visit.language, visit.concern, visit.second) == ("de", "other", "en")


def test_who_chooses_anew_is_offered_to_nobody_and_keeps_their_place() -> None:
    bench = Bench()
    bench.call("1", "tr", "study")
    (visit,) = bench.engine.world.visits.values()
    queued_ms = visit.queued_ms
    link_up(bench, at("acd-language")._replace(queued_ms=queued_ms))
    assert states(bench) == ["greeted"]
    assert (visit.queued_ms, visit.order_from_ms, visit.widen_ms) == (queued_ms, queued_ms, 0)


def test_who_is_turned_away_was_never_queued() -> None:
    bench = Bench()
    bench.tell(ev.CallArrived(CALLER, "line"))
    said = link_up(bench, at("acd-closed")._replace(queued_ms=0))
    assert none(facts.Queued, said)
    assert states(bench) == ["closing"]


@pytest.mark.parametrize(("queued_ms", "wanted"), [(7_000, 7_000), (0, 0)])
def test_who_is_adopted_waits_since_the_channel_says_or_from_now_on(queued_ms: int, wanted: int) -> None:
    bench = Bench()
    row = at("acd-hold")._replace(queued_ms=queued_ms, arrived_ms=0)
    began = only(facts.VisitBegan, link_up(bench, row))
    (visit,) = bench.engine.world.visits.values()
    assert (visit.queued_ms, began.arrived_ms) == (wanted or bench.now, bench.now)


def test_callers_are_adopted_in_the_order_in_which_they_were_queued_or_else_came() -> None:
    bench = Bench()
    times = ((4, 9_000, 1_000), (3, 0, 3_000), (2, 2_000, 1_900), (1, 0, 9_500))
    rows = [
        at("acd-hold", ev.Leg(NODE, str(uid)))._replace(queued_ms=queued, arrived_ms=arrived)
        for uid, queued, arrived in times
    ]
    link_up(bench, *rows)
    callers = [visit.caller for visit in bench.engine.world.visits.values()]
    assert [caller.uid for caller in callers if caller] == ["2", "3", "4", "1"]


def test_a_leg_that_serves_a_caller_and_is_no_phone_rings_nowhere() -> None:
    bench = Bench()
    bench.call("1")
    said = link_up(bench, at("acd-hold"), of("", OTHER))
    assert (states(bench), none(Withdraw, said)) == (["waiting"], True)


def test_a_leg_that_is_no_call_of_ours_yet_is_passed_over() -> None:
    bench = Bench()
    link_up(bench, at("elsewhere")._replace(queued_ms=0, arrived_ms=0))
    assert states(bench) == []
    link_up(bench, at("acd-entry")._replace(queued_ms=0, arrived_ms=0))
    assert states(bench) == ["greeted"]


def test_a_phone_that_calls_by_itself_is_no_caller() -> None:
    """Its leg serves itself: a feature code, or a private call."""
    bench = Bench()
    bench.login("p02")
    link_up(bench, seen(PHONE, PHONE, "p02", "acd-phones"), at("acd-hold"))
    assert (states(bench), bench.engine.world.people["birgit"].appears) == (["waiting"], "busy_outside")


@pytest.mark.parametrize("rings", [False, True])
def test_an_offer_to_a_caller_who_is_in_the_menus_is_over_at_link_up(rings: bool) -> None:
    """It was made while we stood still, and never sent; they chose anew meanwhile."""
    bench = Bench()
    bench.login("p02")
    bench.call("1", "de", "other")
    assert states(bench) == ["offered"]
    if rings:
        bench.tell(ev.DialBegan(CALLER, PHONE, "p02"))
        bench.tell(ev.PhoneRang(PHONE))
    (visit,) = bench.engine.world.visits.values()
    link_up(bench, at("acd-concern")._replace(queued_ms=visit.queued_ms))
    assert (states(bench), bench.engine.world.offers) == (["greeted"], {})
    assert bench.engine.world.people["birgit"].appears == "ready"


@pytest.mark.parametrize("down", [False, True])
def test_who_is_gone_is_gone_though_the_same_look_changed_them_before(down: bool) -> None:
    """Somebody else talks at the phone that they were offered to: that ends the offer, and is no news."""
    bench = Bench()
    bench.call("1", "ar")
    bench.call("2")
    bench.login("p02")
    offered(bench.effects[-1])
    bench.now += 1_000
    if down:
        bench.tell(ev.LinkDown("cable"))
    talk = (at("acd-connect", bridge="b"), of("p02", bridge="b"))
    effects = bench.tell(ev.PbxSnapshot(bench.now, True, talk, (*FREE[:1], ("p02", "INUSE"))), 300)
    assert only(facts.VisitEnded, effects.facts).outcome == facts.LOST
    assert states(bench) == ["talking"]
