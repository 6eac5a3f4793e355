"""Lost links, snapshots, changes of staff: what the PBX has is so; nobody is lost or rung twice over it."""

import pytest

from agents import state as staff
from agents.model import Team
from routing import events as ev
from routing import facts
from routing import visit as table
from routing.commands import PHONE_LOST, Connect, Withdraw
from tests.fakes.centre import NODE, PHONES, POLICY, ROSTER, Bench
from tests.unit.test_engine import CALLER, PHONE, answer, none, offered, only, ring, seen

FREE = tuple((phone, "NOT_INUSE") for phone in PHONES)
OTHER = ev.Leg(NODE, "1.3")


@pytest.fixture
def bench() -> Bench:
    return Bench()


def snapshot(
    bench: Bench, *legs: ev.LegSeen, linkup: bool = True, asked_ms: int = 0, node: str = ""
) -> ev.PbxSnapshot:
    return ev.PbxSnapshot(asked_ms or bench.now + 1, linkup, legs, FREE, node)


def moved(**phones: str) -> ev.TeamChanged:
    """The same people, some of them at another phone."""
    at = {
        agent.id: agent.reach._replace(address=phones[agent.id])
        for agent in ROSTER.agents
        if agent.id in phones
    }
    return ev.TeamChanged(
        "moved", Team(tuple(a._replace(reach=at.get(a.id, a.reach)) for a in ROSTER.agents))
    )


def states(bench: Bench) -> list[str]:
    return [visit.state for visit in bench.engine.world.visits.values()]


def test_a_caller_who_left_after_the_snapshot_was_asked_for_is_no_ghost(bench: Bench) -> None:
    bench.login("p02", "p03")
    bench.call("1.1", "ar", "study")
    bench.tell(ev.LinkDown("stuck"))
    asked = bench.now
    bench.tell(ev.LegEnded(CALLER, 16))
    effects = bench.tell(snapshot(bench, seen(CALLER, CALLER, "", "acd-hold"), asked_ms=asked))
    assert bench.engine.world.visits == {}
    assert none(Connect, effects.commands)


def test_what_changed_after_the_snapshot_was_asked_for_is_newer_than_it(bench: Bench) -> None:
    bench.login("p02")
    bench.call("1.1")
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02"))
    bench.tell(ev.LinkDown("stuck"))
    asked = bench.now
    bench.tell(ev.PhoneRang(PHONE), 10)
    legs = (seen(CALLER, CALLER, "", "acd-hold"),)
    effects = bench.tell(snapshot(bench, *legs, asked_ms=asked))
    assert states(bench) == [table.RINGING]
    assert none(facts.OfferEnded, effects.facts)
    assert all(offer.deadline_ms for offer in bench.engine.world.offers.values())


def test_a_dial_of_the_dialplan_alone_is_not_the_offers_even_at_the_same_phone(bench: Bench) -> None:
    """The redirect came as the dialplan had begun to serve the caller by itself, and did not take hold."""
    bench.login("p02")
    offer = offered(bench.call("1.1"))
    bench.tell(ev.DegradedEntered(CALLER))
    effects = bench.tell(ev.DialBegan(CALLER, PHONE, "p02", 0))
    assert only(facts.OfferEnded, effects.facts).outcome == facts.FAILED
    assert states(bench) == [table.DEGRADED]
    assert bench.engine.world.people[offer.agent].appears == "ringing"
    bench.tell(ev.DialEnded(CALLER, 0, "NOANSWER"), 8_000)
    bench.tell(ev.LegEnded(PHONE, 0))
    waits = ev.CallWaiting(CALLER, "de", "other", "", bench.now, bench.now)
    assert offered(bench.tell(waits)).agent == offer.agent


def test_an_offer_whose_redirect_takes_hold_after_all_is_taken_up_again(bench: Bench) -> None:
    """The dialplan had just begun to ring alone as the redirect came: it was given up, and rings now."""
    bench.login("p02", "p03")
    offer = offered(bench.call("1.1"))
    alone = ev.Leg(NODE, "1.4")
    bench.tell(ev.DegradedEntered(CALLER))
    bench.tell(ev.DialBegan(CALLER, alone, "p03", 0))
    bench.tell(ev.LegEnded(alone, 26))
    effects = bench.tell(ev.DialBegan(CALLER, PHONE, "p02", offer.offer))
    again = only(facts.OfferMade, effects.facts)
    assert (again.agent, again.offer != offer.offer) == (offer.agent, True)
    people = bench.engine.world.people
    assert (people["birgit"].appears, people["cem"].appears) == ("reserved", "ready")
    bench.tell(ev.PhoneRang(PHONE))
    assert states(bench) == [table.RINGING]
    ended = bench.tell(ev.DialEnded(CALLER, offer.offer, "NOANSWER"), 20_000).facts
    ended = (*ended, *bench.tell(ev.LegEnded(PHONE, 0)).facts)
    assert only(facts.OfferEnded, ended).offer == again.offer


@pytest.mark.parametrize(("rang", "status"), [(True, "NOANSWER"), (False, "BUSY"), (False, "NOANSWER")])
def test_a_caller_whose_dial_is_over_is_served_alone_though_the_phones_leg_is_still_to_end(
    bench: Bench, rang: bool, status: str
) -> None:
    """Out of the dial into hold, and on into acd-degraded within a ms, since no beat was heard."""
    bench.login("p02")
    offer = offered(bench.call("1.1"))
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02", offer.offer))
    if rang:
        bench.tell(ev.PhoneRang(PHONE))
    bench.tell(ev.DialEnded(CALLER, offer.offer, status))
    bench.tell(ev.CallWaiting(CALLER, "de", "other", "", bench.now, bench.now))
    effects = bench.tell(ev.DegradedEntered(CALLER))
    assert only(facts.OfferEnded, effects.facts).outcome == (
        facts.BUSY if status == "BUSY" else facts.NO_ANSWER
    )
    assert only(facts.Degraded, effects.facts)
    assert states(bench) == [table.DEGRADED]
    assert none(facts.OfferEnded, bench.tell(ev.LegEnded(PHONE, 17)).facts)


def test_a_late_dial_of_an_offer_that_is_over_is_not_the_next_ones(bench: Bench) -> None:
    bench.login("p02")
    offer = offered(bench.call("1.1"))
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02", offer.offer + 1))
    assert bench.engine.world.offers[offer.offer].phone_leg is None
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02", offer.offer))
    assert bench.engine.world.offers[offer.offer].phone_leg == PHONE


@pytest.mark.parametrize("context", ["acd-leg", "acd-ans"])
def test_a_caller_in_a_subroutine_of_the_dialplan_is_there(bench: Bench, context: str) -> None:
    bench.call("1.1")
    bench.tell(ev.LinkDown("test"))
    menu = seen(OTHER, OTHER, "", context)._replace(queued_ms=0)
    effects = bench.tell(snapshot(bench, seen(CALLER, CALLER, "", context), menu))
    assert none(facts.VisitEnded, effects.facts)
    assert states(bench) == [table.WAITING, table.GREETED]


def test_a_caller_who_rings_at_a_phone_that_is_nobodys_goes_back_to_the_line(bench: Bench) -> None:
    bench.call("1.1")
    bench.tell(ev.LinkDown("test"))
    legs = (seen(CALLER, CALLER, "", "acd-connect"), seen(PHONE, CALLER, "p99", "acd-connect", offer=7))
    effects = bench.tell(snapshot(bench, *legs))
    assert states(bench) == [table.WAITING]
    assert only(Withdraw, effects.commands).caller == CALLER


def test_a_phone_with_a_leg_is_not_rung_whatever_its_device_says(bench: Bench) -> None:
    bench.login("p02")
    bench.call("1.1", "ar", "study")
    bench.tell(ev.LinkDown("test"))
    held = seen(CALLER, CALLER, "", "acd-degraded")
    waits = seen(OTHER, OTHER, "", "acd-hold")
    effects = bench.tell(snapshot(bench, held, seen(PHONE, CALLER, "p02", "acd-degraded"), waits))
    assert none(Connect, effects.commands)
    effects = bench.tell(ev.LegEnded(PHONE, 0))
    assert only(Connect, effects.commands).caller == OTHER


def test_a_private_call_that_the_device_does_not_show_yet_is_not_disturbed(bench: Bench) -> None:
    bench.login("p02")
    bench.call("1.1", "ar", "study")
    bench.tell(ev.LinkDown("test"))
    private = seen(PHONE, PHONE, "p02", "acd-phones")
    effects = bench.tell(snapshot(bench, private, seen(OTHER, OTHER, "", "acd-hold")))
    assert none(Connect, effects.commands)
    assert bench.engine.world.people["birgit"].appears == staff.BUSY_OUTSIDE
    effects = bench.tell(ev.LegEnded(PHONE, 16))
    assert only(Connect, effects.commands).caller == OTHER


def test_a_talk_that_went_over_to_somebody_else_is_theirs(bench: Bench) -> None:
    bench.login("p02", "p03")
    bench.call("1.1")
    ring(bench, "p02")
    answer(bench, "p02")
    bench.tell(ev.LinkDown("test"), 10_000)
    legs = (seen(CALLER, CALLER, "", "acd-connect", "b"), seen(OTHER, CALLER, "p03", "acd-connect", "b"))
    effects = bench.tell(snapshot(bench, *legs))
    assert only(facts.TalkEnded, effects.facts).agent == "birgit"
    assert only(facts.TalkBegan, effects.facts).agent == "cem"
    assert bench.engine.world.people["birgit"].appears == staff.WRAP_UP


def test_a_caller_whose_talk_ended_while_we_were_away_waits_and_is_offered(bench: Bench) -> None:
    bench.login("p02", "p03")
    bench.call("1.1")
    ring(bench, "p02")
    answer(bench, "p02")
    bench.tell(ev.LinkDown("test"), 10_000)
    effects = bench.tell(snapshot(bench, seen(CALLER, CALLER, "", "acd-hold")))
    assert only(Connect, effects.commands).caller == CALLER
    visit = next(iter(bench.engine.world.visits.values()))
    assert visit.agent == only(facts.OfferMade, effects.facts).agent


def test_a_caller_known_to_have_hung_up_was_not_lost_though_nobody_heard_the_end(bench: Bench) -> None:
    """The dialplan's word was heard, the link broke, and the ledger cannot be read."""
    bench.call("1.1")
    bench.tell(ev.CallEnds(CALLER, facts.BY_CALLER))
    bench.tell(ev.LinkDown("test"))
    ended = only(facts.VisitEnded, bench.tell(snapshot(bench)).facts)
    assert (ended.outcome, ended.ended_by) == (facts.ABANDONED_QUEUE, facts.BY_CALLER)


def test_an_offer_that_has_ended_is_another_when_its_phone_rings_on(bench: Bench) -> None:
    bench.login("p02")
    first = offered(bench.call("1.1")).offer
    ring(bench, "p02")
    bench.tell(ev.Elapsed(), POLICY.lease_ms)
    bench.tell(ev.LinkDown("its Withdraw is lost"))
    legs = (
        seen(CALLER, CALLER, "", "acd-connect"),
        seen(PHONE, CALLER, "p02", "acd-connect", offer=first),
    )
    bench.tell(snapshot(bench, *legs))
    ended = only(facts.OfferEnded, bench.tell(ev.Bridged(CALLER, PHONE, "p02")).facts)
    assert ended.offer != first


def test_a_device_of_which_the_pbx_says_nothing_is_no_drift(bench: Bench) -> None:
    for _ in range(3):
        event = ev.PbxSnapshot(bench.now + 5, False, (), FREE[:1])
        assert none(facts.DriftFound, bench.tell(event, 10).facts)


def test_one_pbx_is_no_concern_of_another() -> None:
    bench = Bench()
    bench.tell(snapshot(bench, node="north"))
    bench.tell(snapshot(bench, node="south"))
    legs = {node: ev.Leg(node, "1.1") for node in ("north", "south")}
    for leg in legs.values():
        bench.tell(ev.CallWaiting(leg, "ar", "study", "", bench.now, bench.now))
    bench.tell(ev.LinkDown("gone", "north"))
    assert [bench.engine.world.linked(node) for node in legs] == [False, True]
    effects = bench.tell(ev.StaffAsked("amal", "", "login", "", None))
    assert only(Connect, effects.commands).caller == legs["south"]
    effects = bench.tell(snapshot(bench, node="north"))
    assert only(facts.VisitEnded, effects.facts).visit
    assert [visit.caller for visit in bench.engine.world.visits.values()] == [legs["south"]]


def without(*names: str) -> Team:
    return Team(tuple(agent for agent in ROSTER.agents if agent.id not in names))


def test_who_is_removed_during_a_call_leaves_after_it(bench: Bench) -> None:
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    answer(bench, "p02")
    bench.tell(ev.TeamChanged("smaller", without("birgit")))
    for what in ("login", "ready"):
        told = bench.tell(ev.StaffAsked("birgit", "", what, "", None))
        assert only(facts.StaffRefused, told.facts).why == "unknown_person"
    assert bench.engine.world.people["birgit"].appears == staff.TALKING
    bench.tell(ev.LegEnded(PHONE, 16), 60_000)
    bench.tell(ev.LegEnded(CALLER, 16))
    bench.tell(ev.Elapsed(), POLICY.wrap_up_ms)
    assert "birgit" not in bench.engine.world.people


def test_who_waits_for_an_owner_who_is_removed_is_offered_to_others() -> None:
    bench = Bench(POLICY._replace(owner_ms=600_000))
    bench.login("p02", "p03")
    bench.call("1.1")
    ring(bench, "p02")
    answer(bench, "p02")
    bench.tell(ev.CallArrived(OTHER, "line"))
    bench.tell(ev.CallerKnown(OTHER, "t", "c", "birgit"))
    assert none(Connect, bench.tell(ev.CallWaiting(OTHER, "de", "other", "", 0, 0)).commands)
    effects = bench.tell(ev.TeamChanged("smaller", without("birgit")))
    assert only(Connect, effects.commands).caller == OTHER


def test_an_answer_at_the_phone_that_was_rung_counts_although_their_phone_is_another_now(
    bench: Bench,
) -> None:
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    bench.tell(moved(birgit="p22"))
    began = only(facts.TalkBegan, bench.tell(ev.Bridged(CALLER, PHONE, "p02")).facts)
    assert (began.agent, began.offer > 0) == ("birgit", True)


def test_the_phone_of_the_talk_counts_when_it_dies_not_the_persons_present_one(bench: Bench) -> None:
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    bench.tell(moved(birgit="p22"))
    answer(bench, "p02")
    assert bench.tell(ev.PhoneLost("p22", NODE), 10_000).commands == ()
    assert only(Withdraw, bench.tell(ev.PhoneLost("p02", NODE)).commands).caller == CALLER


@pytest.mark.parametrize("away", [ev.TermBegan(2), ev.LinkDown("closed", NODE)])
def test_a_phone_that_was_lost_once_and_talks_now_under_a_new_leg_lives(bench: Bench, away: ev.Event) -> None:
    """It came back while nobody listened, and the dialplan rang it."""
    bench.login("p02")
    bench.tell(ev.PhoneLost("p02", NODE))
    bench.call("1.1")
    bench.tell(away, 10_000)
    legs = (seen(CALLER, CALLER, "", "acd-degraded", "b"), seen(PHONE, CALLER, "p02", "acd-degraded", "b"))
    effects = bench.tell(ev.PbxSnapshot(bench.now + 1, True, legs, (("p02", "INUSE"),), NODE))
    assert only(facts.TalkBegan, effects.facts).agent == "birgit"
    assert none(Withdraw, effects.commands)


@pytest.mark.parametrize("linkup", [True, False])
def test_a_caller_whose_way_out_of_a_dead_talk_was_lost_is_taken_out_of_it_though_the_phone_is_back(
    bench: Bench, linkup: bool
) -> None:
    """The phone has booted and is well; the leg that Asterisk still shows is the dead one."""
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    answer(bench, "p02")
    assert only(Withdraw, bench.tell(ev.PhoneLost("p02", NODE), 60_000).commands)
    if linkup:
        bench.tell(ev.LinkDown("closed", NODE))
    bench.tell(ev.Elapsed(), 20_000)
    legs = (seen(CALLER, CALLER, "", "acd-connect", "b"), seen(PHONE, CALLER, "p02", "acd-connect", "b"))
    devices = (("p02", "INUSE"),)
    if not linkup:
        bench.tell(ev.DeviceChanged("p02", "NOT_INUSE", NODE))
        bench.tell(ev.PbxSnapshot(bench.now + 1, False, legs, devices, NODE), 10)
    effects = bench.tell(ev.PbxSnapshot(bench.now + 1, linkup, legs, devices, NODE), 10)
    assert none(facts.TalkBegan, effects.facts)
    assert only(Withdraw, effects.commands).sentence == PHONE_LOST
    assert states(bench) == [table.WAITING]


def test_a_phones_private_call_stays_the_phones_when_two_people_change_theirs(bench: Bench) -> None:
    """Who left the phone is free; who took it over is, when its call is over."""
    bench.login("p02", "p03")
    private = seen(PHONE, PHONE, "p02", "private")
    bench.tell(snapshot(bench, private))
    people = bench.engine.world.people
    assert (people["birgit"].appears, people["cem"].appears) == (staff.BUSY_OUTSIDE, staff.READY)
    bench.tell(moved(birgit="p03", cem="p02"))
    assert (people["birgit"].appears, people["cem"].appears) == (staff.READY, staff.BUSY_OUTSIDE)
    bench.tell(ev.LegEnded(PHONE, 16))
    assert (people["birgit"].appears, people["cem"].appears) == (staff.READY, staff.READY)


def test_a_phone_that_was_lost_while_nobody_could_be_told_is_still_lost_at_the_link_up(
    bench: Bench,
) -> None:
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    answer(bench, "p02")
    bench.tell(ev.LinkDown("stuck"), 60_000)
    bench.tell(ev.PhoneLost("p02", NODE))
    legs = (seen(CALLER, CALLER, "", "acd-connect", "b"), seen(PHONE, CALLER, "p02", "acd-connect", "b"))
    devices = (("p02", "INUSE"),)
    event = ev.PbxSnapshot(bench.now + 1, True, legs, devices, NODE)
    effects = bench.tell(event)
    assert none(facts.TalkBegan, effects.facts)
    assert only(Withdraw, effects.commands).sentence == PHONE_LOST
    bench.tell(ev.LegEnded(PHONE, 16))
    assert bench.engine.world.people["birgit"].appears == staff.WRAP_UP
    bench.tell(ev.DeviceChanged("p02", "NOT_INUSE", NODE))
    bench.tell(ev.Elapsed(), 20_000)
    assert bench.engine.world.people["birgit"].appears == staff.READY


def test_an_answer_takes_back_what_the_same_step_decided_for_the_caller(bench: Bench) -> None:
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    effects = bench.tell(ev.Bridged(CALLER, PHONE, "p02"), POLICY.lease_ms + 40)
    assert only(facts.OfferEnded, effects.facts).outcome == facts.NO_ANSWER
    assert only(facts.TalkBegan, effects.facts).agent == "birgit"
    assert effects.commands == ()


def test_a_new_persons_phone_is_known_if_the_pbx_ever_told_of_it(bench: Bench) -> None:
    bench.tell(ev.TeamChanged("smaller", without("birgit")))
    bench.tell(ev.DeviceChanged("p02", "NOT_INUSE"))
    bench.tell(ev.TeamChanged("whole", ROSTER))
    bench.login("p02")
    assert offered(bench.call("1.1")).agent == "birgit"


def test_midnight_passes_while_the_link_is_down() -> None:
    bench = Bench(POLICY._replace(days=(900_000, 2_000_000, 3_000_000)))
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    answer(bench, "p02")
    bench.tell(ev.LegEnded(PHONE, 16), 60_000)
    bench.tell(ev.LegEnded(CALLER, 16))
    bench.tell(ev.Elapsed(), 10_000)
    person = bench.engine.world.people["birgit"]
    assert (person.calls, person.busy_ms > 60_000) == (1, True)
    bench.tell(ev.LinkDown("test"))
    assert bench.engine.due() == 2_000_000
    bench.tell(snapshot(bench), 2_100_000 - bench.now)
    assert (person.calls, person.busy_ms) == (0, 0)


def test_the_centre_closes_while_the_link_is_down() -> None:
    bench = Bench(POLICY._replace(opening=((0, 1_500_000),)))
    bench.tell(ev.LinkDown("test"))
    due = bench.engine.due()
    assert due == 1_500_000
    told = only(facts.HoursChanged, bench.tell(ev.Elapsed(), due - bench.now).facts)
    assert (told.open, told.at_ms) == (False, due)


def test_a_leg_that_was_taken_for_a_call_of_their_own_is_the_visits_once_it_serves_one(bench: Bench) -> None:
    """A look at the PBX shows the leg before its dial was told; after its end they are free."""
    bench.login("p02")
    bench.call("1.1", "tr")
    bench.tell(ev.DegradedEntered(CALLER))
    row = ev.LegSeen(PHONE, PHONE, "p02", "acd-phones", "", False, "", "", "", 0, 0, 0, 0)
    held = seen(CALLER, CALLER, "", "acd-degraded")
    bench.tell(snapshot(bench, held, row))
    assert bench.engine.world.people["birgit"].other_legs == (PHONE,)
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02", 0))
    bench.tell(ev.LegEnded(PHONE, 16))
    assert bench.engine.world.people["birgit"].appears == staff.READY


def test_a_phone_that_only_we_took_for_free_and_that_is_taken_is_in_use(bench: Bench) -> None:
    """It has a call of its own beside ours, so that its device has nothing new to say."""
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    answer(bench, "p02")
    bench.tell(ev.LegEnded(PHONE, 16), 10_000)
    bench.tell(ev.LegEnded(CALLER, 16))
    bench.tell(ev.Elapsed(), POLICY.wrap_up_ms)
    offer = offered(bench.call("1.3"))
    bench.tell(ev.DialEnded(OTHER, offer.offer, "TAKEN"))
    assert bench.engine.world.people["birgit"].appears == staff.BUSY_OUTSIDE
    bench.tell(ev.DeviceChanged("p02", "NOT_INUSE", NODE))
    assert offered(bench.tell(ev.Elapsed(), POLICY.silent_ms)).agent == "birgit"


def test_a_phone_that_said_itself_that_it_is_free_stays_so_when_somebody_else_took_it_first(
    bench: Bench,
) -> None:
    bench.login("p02")
    offer = offered(bench.call("1.1"))
    bench.tell(ev.DialEnded(CALLER, offer.offer, "TAKEN"))
    assert bench.engine.world.people["birgit"].appears == staff.READY


def test_who_is_on_hold_after_the_rung_phones_leg_has_ended_waits_again_at_once(bench: Bench) -> None:
    """The end of the dial was told under another offer, and is nobody's miss."""
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    bench.tell(ev.LegEnded(PHONE, 16))
    assert states(bench) == [table.RINGING]
    effects = bench.tell(ev.CallWaiting(CALLER, "de", "other", "", 0, 0))
    assert only(facts.OfferEnded, effects.facts).outcome == facts.WITHDRAWN
    assert bench.engine.world.people["birgit"].misses == 0
