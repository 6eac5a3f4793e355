"""An offer on its way: dialled, rung, refused, lost on the way; and what the dialplan rings by itself."""

import pytest

from routing import events as ev
from routing import facts
from routing import visit as table
from routing.commands import Withdraw
from routing.engine import Engine
from routing.events import Leg
from routing.world import Link, Visit, VisitLeg, World
from tests.fakes.centre import NODE, PHONES, POLICY, ROSTER, Bench
from tests.unit.test_engine import answer, none, offered, only, ring, seen

CALLER, PHONE = Leg(NODE, "1"), Leg(NODE, "2")
LATER, OTHER = Leg(NODE, "3"), Leg(NODE, "4")
FREE = tuple((phone, "NOT_INUSE") for phone in PHONES)


def ringing() -> Bench:
    """Birgit's phone rings for a caller."""
    bench = Bench()
    bench.login("p02")
    bench.call("1")
    ring(bench, "p02", PHONE, CALLER)
    return bench


def rings_at_link_up(bench: Bench, number: int) -> tuple[object, ...]:
    """The PBX has p02 ring for the caller under this number: facts and commands."""
    bench.tell(ev.LinkDown("cable"))
    legs = (seen(CALLER, CALLER, "", "acd-connect"), seen(PHONE, CALLER, "p02", "acd-connect", offer=number))
    effects = bench.tell(ev.PbxSnapshot(bench.now + 1, True, legs, FREE), 10)
    return (*effects.facts, *effects.commands)


def test_why_a_phone_refused_is_told_by_its_cause_and_by_nought_where_nobody_knows_it() -> None:
    for cause, wanted in ((17, 17), (None, 0)):
        bench = ringing()
        (offer,) = bench.engine.world.offers.values()
        if cause is not None:
            bench.tell(ev.LegEnded(PHONE, cause))
            said = bench.tell(ev.DialEnded(CALLER, offer.id, "BUSY")).facts
        else:
            said = bench.tell(ev.Elapsed(), POLICY.lease_ms).facts
        assert only(facts.OfferEnded, said).cause == wanted


def test_an_offer_that_was_answered_has_no_cause_and_its_caller_no_offer_any_more() -> None:
    bench = ringing()
    ended = only(facts.OfferEnded, bench.tell(ev.Bridged(CALLER, PHONE, "p02")).facts)
    assert (ended.outcome, ended.cause) == (facts.ANSWERED, 0)
    (visit,) = bench.engine.world.visits.values()
    assert (visit.offer, visit.agent) == (0, "birgit")
    bench.tell(ev.LegEnded(CALLER, 16), 60_000)
    (engaged,) = bench.engine.world.people["birgit"].engagements
    assert (engaged.activity, engaged.offer) == ("wrap_up", ended.offer)


def test_a_caller_whose_offer_has_ended_is_nobodys_and_has_no_phone() -> None:
    bench = ringing()
    bench.tell(ev.Elapsed(), POLICY.lease_ms)
    (visit,) = bench.engine.world.visits.values()
    assert (visit.state, visit.offer, visit.agent) == ("waiting", 0, "")
    assert [each.leg for each in visit.legs] == [CALLER]


def test_a_phone_that_goes_on_after_its_offer_is_nobodys_call_once_the_caller_has_left() -> None:
    bench = ringing()
    bench.tell(ev.Elapsed(), POLICY.lease_ms)
    bench.tell(ev.LegEnded(CALLER, 16))
    assert bench.tell(ev.LegEnded(PHONE, 16)).facts == ()
    assert bench.engine.world.visits == {}


def test_a_phones_leg_that_has_ended_is_the_visits_no_more_although_the_dial_goes_on() -> None:
    bench = ringing()
    bench.tell(ev.LegEnded(PHONE, 17))
    (visit,) = bench.engine.world.visits.values()
    assert (visit.state, [each.leg for each in visit.legs]) == ("ringing", [CALLER])


def test_a_phone_that_rings_is_known_by_its_name_and_leg() -> None:
    bench = ringing()
    (visit,) = bench.engine.world.visits.values()
    assert visit.legs[1] == VisitLeg(PHONE, table.PHONE, "birgit", "p02")
    assert bench.tell(ev.PhoneRang(PHONE)).facts == ()  # a second sign of life says nothing new


def test_a_sign_of_life_of_a_phone_that_serves_nobody_is_none_of_ours() -> None:
    assert ringing().tell(ev.PhoneRang(Leg(NODE, "99"))).facts == ()


@pytest.mark.parametrize("told", [ev.DialBegan(OTHER, PHONE, "p02"), ev.Bridged(OTHER, PHONE, "p02")])
def test_a_phone_that_serves_a_caller_whom_nobody_knows_is_refused(told: ev.Event) -> None:
    said = Bench().tell(told).facts
    assert [type(each) for each in said] == [facts.EventRefused]
    assert [type(each) for each in Bench().tell(ev.DialEnded(OTHER, 1, "BUSY")).facts] == [facts.EventRefused]


def test_a_dial_at_the_phone_of_somebody_else_is_not_the_offers() -> None:
    for phone in ("p03", "p99"):
        bench = Bench()
        bench.login("p02")
        first = offered(bench.call("1"))
        bench.tell(ev.DialBegan(CALLER, PHONE, phone, first.offer))
        assert bench.engine.world.offers[first.offer].phone_leg is None
        (visit,) = bench.engine.world.visits.values()
        assert (visit.state, visit.phone) == ("offered", None)


def test_why_a_phone_refused_is_waited_for_half_a_second() -> None:
    bench = ringing()
    (offer,) = bench.engine.world.offers.values()
    assert none(facts.OfferEnded, bench.tell(ev.DialEnded(CALLER, offer.id, "NOANSWER"), 15_000).facts)
    due = bench.engine.due()
    assert due == bench.now + 500
    ended = bench.tell(ev.Elapsed(), 500)
    assert only(facts.OfferEnded, ended.facts)[1:] == (offer.id, offer.visit, "birgit", facts.NO_ANSWER, 0)
    assert none(Withdraw, ended.commands)


def test_a_lease_of_a_caller_who_is_not_heard_is_frozen() -> None:
    """The end of the dial was on its way as the link was lost."""
    bench = ringing()
    (offer,) = bench.engine.world.offers.values()
    bench.tell(ev.LinkDown("cable"))
    bench.tell(ev.DialEnded(CALLER, offer.id, "NOANSWER"))
    assert (offer.deadline_ms, bench.engine.due(bench.now + 1_000_000)) == (0, None)


def test_a_redirect_that_met_nothing_is_only_of_an_offer_that_was_not_dialled() -> None:
    bench = ringing()
    assert bench.tell(ev.CallerCaught(CALLER)).facts == ()
    bench.call("3", "ar")
    assert bench.tell(ev.CallerCaught(LATER)).facts == ()
    assert only(facts.EventRefused, bench.tell(ev.CallerCaught(OTHER)).facts).state == "unknown"


def test_a_leg_that_a_phone_has_for_another_caller_is_that_ones_now() -> None:
    bench = ringing()
    bench.call("3", "ar")
    bench.tell(ev.Bridged(LATER, PHONE, "p02"))
    first, second = bench.engine.world.visits.values()
    assert ([each.leg for each in first.legs], [each.leg for each in second.legs]) == (
        [CALLER],
        [LATER, PHONE],
    )


# --- under a record that was lost ------------------------------------------------------------------------


@pytest.mark.parametrize("more", [0, 1])
def test_a_phone_that_rings_under_a_number_that_this_world_never_gave_keeps_it(more: int) -> None:
    bench = Bench()
    bench.login("p02")
    for _ in range(more):
        bench.tell(ev.StaffAsked("", "p02", "login", "", OTHER))
    bench.tell(ev.StaffAsked("birgit", "", "notready", "", None))
    bench.call("1")
    number = (1 << 32) + bench.engine.world.counter + 1
    said = rings_at_link_up(bench, number)
    (offer,) = bench.engine.world.offers.values()
    assert (offer.id, offer.dialled_as, offer.deadline_ms) == (number, number, bench.now + POLICY.lease_ms)
    assert none(facts.OfferMade, said)
    assert only(facts.OfferRang, said).offer == number
    assert bench.engine.world.people["birgit"].appears == "ringing"


def test_one_of_our_own_that_has_ended_is_another_with_its_own_beginning() -> None:
    bench = Bench()
    bench.login("p02")
    first = offered(bench.call("1"))
    bench.tell(ev.CommandFailed(first.offer, "refused"))
    assert bench.engine.world.counter == first.offer & 0xFFFFFFFF
    made = only(facts.OfferMade, rings_at_link_up(bench, first.offer))
    assert made.offer != first.offer
    choice = made.choice
    assert (choice.agent, choice.step, choice.language, choice.language_level) == ("birgit", 0, "de", 7)
    assert (choice.concern_level, choice.candidates, choice.decided_by) == (5, 0, "taken_up")
    answered = bench.tell(ev.Bridged(CALLER, PHONE, "p02")).facts
    assert only(facts.TalkBegan, answered).offer == made.offer


def test_who_still_writes_up_a_talk_with_the_caller_is_not_rung_for_them_again() -> None:
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    bench.tell(ev.CallWaiting(CALLER, "de", "other", "", 0, 0), 60_000)
    said = rings_at_link_up(bench, 1 << 40)
    assert only(Withdraw, said).caller == CALLER
    assert bench.engine.world.offers == {}
    assert bench.engine.world.people["birgit"].appears == "wrap_up"


# --- the dialplan alone ----------------------------------------------------------------------------------


def test_the_dialplan_rings_one_phone_after_the_other() -> None:
    bench = Bench()
    bench.login("p02", "p03")
    bench.call("1", "ar")
    bench.tell(ev.DegradedEntered(CALLER))
    people = bench.engine.world.people
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02", 0))
    assert [people[each].appears for each in ("birgit", "cem")] == ["ringing", "ready"]
    bench.tell(ev.DialBegan(CALLER, OTHER, "p03", 0))
    assert [people[each].appears for each in ("birgit", "cem")] == ["ready", "ringing"]
    (visit,) = bench.engine.world.visits.values()
    assert [each.leg for each in visit.legs] == [CALLER, OTHER]
    bench.tell(ev.CallWaiting(CALLER, "ar", "other", "", 0, 0))
    assert ([each.leg for each in visit.legs], people["cem"].appears) == ([CALLER], "ready")


def test_the_dialplan_may_ring_a_phone_that_is_nobodys() -> None:
    bench = Bench()
    bench.call("1", "ar")
    bench.tell(ev.DegradedEntered(CALLER))
    bench.tell(ev.DialBegan(CALLER, PHONE, "p99", 0))
    (visit,) = bench.engine.world.visits.values()
    assert visit.legs[1] == VisitLeg(PHONE, table.PHONE, "", "p99")
    bench.tell(ev.CallWaiting(CALLER, "ar", "other", "", 0, 0))
    assert (visit.state, [each.leg for each in visit.legs]) == ("waiting", [CALLER])


def test_of_what_somebody_does_at_once_the_most_pressing_is_shown() -> None:
    """The dialplan rings somebody who talks; the ring is shown once that talk is only written up."""
    bench = Bench()
    birgit = bench.engine.world.people["birgit"]
    for uid in ("1", "3"):
        bench.call(uid)
    answer(bench, "p02", PHONE, LATER)
    bench.tell(ev.DegradedEntered(CALLER))
    bench.tell(ev.DialBegan(CALLER, OTHER, "p02", 0))
    assert birgit.appears == "talking"
    bench.tell(ev.LegEnded(LATER, 16), 60_000)
    assert birgit.appears == "ringing"
    bench.tell(ev.LegEnded(OTHER, 16))
    assert birgit.appears == "wrap_up"


def test_who_writes_up_a_talk_and_is_rung_by_the_dialplan_for_the_same_caller_rings() -> None:
    """What they wrote is done: else they were taken for free while their phone rings."""
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    bench.tell(ev.DegradedEntered(CALLER), 60_000)
    said = bench.tell(ev.DialBegan(CALLER, OTHER, "p02", 0)).facts
    assert only(facts.WrapUpEnded, said).agent == "birgit"
    assert bench.engine.world.people["birgit"].appears == "ringing"
    bench.tell(ev.LegEnded(OTHER, 0))
    assert bench.engine.world.people["birgit"].engagements == ()


# --- what is not built yet -------------------------------------------------------------------------------


def without_a_leg(*legs: VisitLeg) -> Engine:
    """A callback that waits."""
    world = World(now_ms=5, open=True, policy=POLICY, links={NODE: Link(up=True)})
    world.visits = {1: Visit(1, legs, "", 1, table.CALLBACK, table.WAITING, language="de", concern="other")}
    engine = Engine(world)
    engine.step(ev.TeamChanged("team", ROSTER), 6)
    return engine


def test_what_waits_without_a_leg_goes_on_when_its_leg_is_gone() -> None:
    engine = without_a_leg(VisitLeg(CALLER, table.CALLER))
    assert engine.step(ev.LegEnded(CALLER, 16), 7).facts == ()
    assert [each.legs for each in engine.world.visits.values()] == [()]
