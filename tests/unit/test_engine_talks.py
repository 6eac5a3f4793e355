"""What a talk ends and what ends a talk: rings beside it, misses before it, a caller who is gone."""

import pytest

from agents.model import Team
from routing import events as ev
from routing import facts
from routing.commands import Withdraw
from routing.engine import Effects
from routing.policy import FALLBACK, OWN, Plan, Step
from routing.privacy import servers
from routing.visits import PARTING_MS
from routing.world import Offer, Person
from tests.fakes.centre import NODE, POLICY, ROSTER, Bench, person

CALLER, PHONE, OTHER = ev.Leg(NODE, "1"), ev.Leg(NODE, "2"), ev.Leg(NODE, "3")
FREE = (("p01", "NOT_INUSE"), ("p02", "NOT_INUSE"), ("p03", "NOT_INUSE"))


def said(effects: Effects, kind: type) -> list[str]:
    """The names of facts of these kinds."""
    return [type(each).__name__ for each in effects.facts if isinstance(each, kind)]


def missed(bench: Bench) -> None:
    """Birgit's phone rings for the caller who waits, and nobody takes it up."""
    offer = next(iter(bench.engine.world.offers.values()))
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02"))
    bench.tell(ev.PhoneRang(PHONE))
    bench.tell(ev.LegEnded(PHONE, 0))
    bench.tell(ev.DialEnded(CALLER, offer.id, "NOANSWER"))


def test_another_phone_that_the_dialplan_rang_rings_for_nobody_once_one_has_answered() -> None:
    bench = Bench()
    bench.call("1")
    bench.tell(ev.DegradedEntered(CALLER))
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02"))
    assert bench.engine.world.people["birgit"].appears == "ringing"
    bench.tell(ev.Bridged(CALLER, OTHER, "p03"))
    assert bench.engine.world.people["birgit"].engagements == ()
    (visit,) = bench.engine.world.visits.values()
    assert [(each.leg, each.agent) for each in visit.legs[1:]] == [(OTHER, "cem")]


def test_two_misses_in_a_row_make_somebody_away_and_a_talk_between_them_does_not() -> None:
    bench = Bench(POLICY._replace(wrap_up_ms=0))
    birgit = bench.engine.world.people["birgit"]
    bench.login("p02")
    bench.call("1")
    missed(bench)
    assert (birgit.misses, birgit.presence) == (1, "ready")
    bench.tell(ev.Bridged(CALLER, ev.Leg(NODE, "4"), "p02"))
    bench.tell(ev.LegEnded(CALLER, 16), 60_000)
    assert (birgit.misses, birgit.presence) == (0, "ready")


def test_a_short_talk_of_a_caller_who_is_gone_was_one_all_the_same() -> None:
    bench = Bench()
    bench.call("1")
    bench.tell(ev.Bridged(CALLER, PHONE, "p02"))
    effects = bench.tell(ev.PbxSnapshot(bench.now + 1, True, (), FREE))
    assert said(effects, facts.TalkEnded | facts.TalkFailed) == ["TalkEnded"]
    assert said(effects, facts.VisitEnded) == ["VisitEnded"]


def test_a_talk_that_parts_where_the_pbx_is_not_heard_waits_for_its_snapshot() -> None:
    """Another PBX is linked all the while, and deadlines pass there."""
    bench = Bench()
    for node in (NODE, "pbx2"):
        bench.tell(ev.PbxSnapshot(bench.now + 1, True, (), FREE, node))
    bench.call("1")
    bench.tell(ev.Bridged(CALLER, PHONE, "p02"))
    bench.tell(ev.LinkDown("cable", NODE))
    bench.tell(ev.LegEnded(PHONE, 16), 60_000)
    effects = bench.tell(ev.Elapsed(), 60_000)
    (visit,) = bench.engine.world.visits.values()
    assert (visit.state, visit.parting_ms) == ("parting", 0)
    assert [each for each in effects.commands if isinstance(each, Withdraw)] == []


def test_a_phone_that_rings_is_no_drift_for_who_is_offered() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1")
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02"))
    row = ev.LegSeen(CALLER, CALLER, "", "acd-connect", "", True, "de", "other", "", 1, 1, 0, 0)
    for _ in range(2):
        rows = (row, row._replace(leg=PHONE, phone="p02"))
        effects = bench.tell(ev.PbxSnapshot(bench.now + 1, False, rows, FREE), 10)
        assert said(effects, facts.DriftFound) == []


def test_a_phone_rings_again_at_link_up_as_it_was_offered() -> None:
    """That it rings was not heard; it is told now, and the lease runs anew."""
    bench = Bench()
    bench.login("p02")
    bench.call("1")
    bench.tell(ev.LinkDown("cable"))
    row = ev.LegSeen(CALLER, CALLER, "", "acd-connect", "", True, "de", "other", "", 1, 1, 0, 0)
    rows = (row, row._replace(leg=PHONE, phone="p02"))
    effects = bench.tell(ev.PbxSnapshot(bench.now + 1, True, rows, FREE))
    assert said(effects, facts.OfferRang) == ["OfferRang"]
    (offer,) = bench.engine.world.offers.values()
    assert (offer.phone_leg, offer.deadline_ms) == (PHONE, bench.now + POLICY.lease_ms)


def test_a_talk_that_the_ledger_told_has_its_leg_from_the_snapshot_without_a_word() -> None:
    bench = Bench()
    bench.call("1")
    bench.tell(ev.LinkDown("cable"))
    talk = ev.LedgerTalk("p02", 0, bench.now, 0)
    empty = ev.LedgerRow(CALLER, "line", "de", "other", "", 1, 1, 0, 0, (), (talk,), 0, "", 0)
    bench.tell(ev.LedgerRead("", (empty,)))
    row = ev.LegSeen(CALLER, CALLER, "", "acd-connect", "b", True, "de", "other", "", 1, 1, 0, 0)
    rows = (row, row._replace(leg=PHONE, phone="p02"))
    effects = bench.tell(ev.PbxSnapshot(bench.now + 1, True, rows, FREE), 10_000)
    assert said(effects, facts.EventRefused | facts.TalkEnded | facts.TalkBegan) == []
    (engaged,) = bench.engine.world.people["birgit"].engagements
    (visit,) = bench.engine.world.visits.values()
    assert (engaged.activity, [each.leg for each in visit.legs]) == ("talking", [CALLER, PHONE])


def test_the_phone_of_a_person_at_another_pbx_is_another_phone() -> None:
    agents = [each._replace(reach=each.reach._replace(node="pbx2")) for each in ROSTER.agents]
    bench = Bench(POLICY, Team(tuple(agents)))
    bench.tell(ev.DeviceChanged("p02", "INUSE", NODE))
    assert bench.engine.world.people["birgit"].device != "INUSE"
    bench.tell(ev.DeviceChanged("p02", "INUSE", "pbx2"))
    assert bench.engine.world.people["birgit"].device == "INUSE"
    bench.tell(ev.StaffAsked("", "p02", "login", "", None))
    assert bench.engine.world.people["birgit"].presence == "ready"


def test_who_serves_a_language_by_a_fallback_counts_by_the_better_of_both() -> None:
    plan = Plan("", "", (Step(0, OWN | FALLBACK, 5, 1),))
    policy = POLICY._replace(plans=(plan,), fallback_languages=("de",))
    people = [
        Person(person("a", "1", {"de": 6}, {"other": 1})),
        Person(person("b", "2", {"tr": 5, "de": 1}, {"other": 1})),
        Person(person("c", "3", {"tr": 4, "de": 4}, {"other": 1})),
        Person(person("d", "4", {"tr": 7}, {})),
    ]
    assert servers(policy, people, "tr", "other") == {"a", "b"}


def test_who_was_turned_away_neither_waits_nor_talks_whatever_the_pbx_says() -> None:
    bench = Bench()
    bench.tell(ev.CallArrived(CALLER, "line"))
    bench.tell(ev.TurnedAway(CALLER, "de"))
    row = ev.LegSeen(CALLER, CALLER, "", "acd-hold", "", True, "de", "other", "", 1, 1, 0, 0)
    effects = bench.tell(ev.PbxSnapshot(bench.now + 1, True, (row,), FREE))
    assert said(effects, facts.NeedKnown | facts.Queued) == []
    effects = bench.tell(ev.Bridged(CALLER, PHONE, "p02"))
    assert said(effects, facts.EventRefused | facts.TalkBegan) == ["EventRefused"]


def test_a_call_of_somebody_at_one_pbx_is_not_over_for_what_another_lists() -> None:
    bench = Bench()
    bench.login("p02")
    leg = ev.Leg("pbx2", "7")
    row = ev.LegSeen(leg, leg, "p02", "private", "", True, "", "", "", 0, 0, 0, 0)
    bench.tell(ev.PbxSnapshot(bench.now + 1, True, (row,), FREE, "pbx2"))
    again = [
        bench.tell(ev.PbxSnapshot(bench.now + 1, True, rows, FREE, node))
        for node, rows in ((NODE, ()), ("pbx2", (row,)))
    ]
    assert [said(each, facts.AgentChanged) for each in again] == [[], []]
    assert bench.engine.world.people["birgit"].other_legs == (leg,)


def test_the_line_of_a_caller_who_was_seen_before_they_arrived_is_that_of_their_arrival() -> None:
    bench = Bench()
    bench.tell(ev.LedgerRead("", (_a_call_in_the_menu(),)))
    for line in ("line", "other"):
        bench.tell(ev.CallArrived(CALLER, line))
    (visit,) = bench.engine.world.visits.values()
    assert visit.line == "line"


def _a_call_in_the_menu() -> ev.LedgerRow:
    return ev.LedgerRow(CALLER, "", "", "", "", 1, 0, 0, 0, (), (), 0, "", 0)


def test_a_supervisor_puts_a_caller_into_a_class_once_and_that_moves_them_forward() -> None:
    bench = Bench(POLICY._replace(classes=(("vip", 60_000),)))
    bench.call("1")
    bench.call("2")
    second = list(bench.engine.world.visits.values())[1]
    told = [bench.tell(ev.PriorityGiven(second.id, "vip")) for _ in range(2)]
    known = [each for effects in told for each in effects.facts]
    assert [(type(each), each.classes) for each in known] == [(facts.CallerRecognised, ("vip",))]
    made = bench.tell(ev.StaffAsked("", "p02", "login", "", None)).facts
    assert [each.visit for each in made if isinstance(each, facts.OfferMade)] == [second.id]


def test_an_offer_goes_by_its_own_number_and_by_the_one_it_was_dialled_under() -> None:
    offer = Offer(7, 1, "a", 0)
    assert [offer.is_called(number) for number in (0, 7, 8)] == [False, True, False]
    offer.dialled_as = 8
    assert [offer.is_called(number) for number in (0, 7, 8, -1)] == [False, True, True, False]


def test_a_phone_without_a_pbx_is_found_before_one_of_the_same_name_elsewhere() -> None:
    here, there = ROSTER.agents[0], ROSTER.agents[1]
    elsewhere = there._replace(id="aaron", reach=here.reach._replace(node="pbx2"))
    bench = Bench(POLICY, Team((elsewhere, here)))
    bench.tell(ev.StaffAsked("", "p01", "login", "", None))
    people = bench.engine.world.people
    assert [people[each].presence for each in ("aaron", "amal")] == ["logged_out", "ready"]


def test_who_parted_as_the_link_was_lost_has_their_time_again_at_link_up() -> None:
    bench = Bench()
    bench.call("1")
    bench.tell(ev.Bridged(CALLER, PHONE, "p02"))
    bench.tell(ev.LinkDown("cable"))
    asked = bench.now
    bench.tell(ev.LegEnded(PHONE, 16), 60_000)
    row = ev.LegSeen(CALLER, CALLER, "", "acd-connect", "", True, "de", "other", "", 1, 1, 0, 0)
    bench.tell(ev.PbxSnapshot(asked, True, (row,), FREE))
    (visit,) = bench.engine.world.visits.values()
    assert (visit.state, visit.parting_ms) == ("parting", bench.now + PARTING_MS)


@pytest.mark.parametrize(("ms", "kind"), [(1_999, "TalkFailed"), (2_000, "TalkEnded")])
def test_a_talk_is_short_up_to_the_configured_time(ms: int, kind: str) -> None:
    """The caller is on hold again, which only the phone's side can have led to."""
    bench = Bench(POLICY._replace(short_talk_ms=2_000))
    bench.call("1")
    bench.tell(ev.Bridged(CALLER, PHONE, "p02"))
    effects = bench.tell(ev.CallWaiting(CALLER, "de", "other", "", 0, 0), ms)
    assert said(effects, facts.TalkEnded | facts.TalkFailed) == [kind]


def test_a_phone_that_the_dialplan_rings_at_link_up_is_offered_to_nobody() -> None:
    bench = Bench()
    bench.login("p02")
    row = ev.LegSeen(CALLER, CALLER, "", "acd-degraded", "", True, "de", "other", "", 1, 1, 0, 0)
    rows = (row, row._replace(leg=PHONE, phone="p02"))
    bench.tell(ev.PbxSnapshot(bench.now + 1, True, rows, FREE))
    (engaged,) = bench.engine.world.people["birgit"].engagements
    (visit,) = bench.engine.world.visits.values()
    assert (engaged.activity, engaged.visit, engaged.offer) == ("ringing", visit.id, 0)


def test_a_dial_refused_for_an_old_term_is_tried_again_ever_later_until_a_phone_rings() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1")
    waits = []
    for number in range(8):
        (offer,) = bench.engine.world.offers.values()
        if number == 7:
            bench.tell(ev.DialBegan(CALLER, PHONE, "p02"))
            bench.tell(ev.PhoneRang(PHONE))
            bench.tell(ev.LegEnded(PHONE, 16))
        bench.tell(ev.DialEnded(CALLER, offer.id, "STALE"))
        (visit,) = bench.engine.world.visits.values()
        waits.append(visit.retry_ms - bench.now)
        bench.tell(ev.Elapsed(), waits[-1])
    assert waits == [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 64_000, 2_000]


def test_a_second_talk_that_the_ledger_tells_of_ends_the_writing_up_of_the_first() -> None:
    bench = Bench()
    bench.call("1")
    bench.tell(ev.LinkDown("cable"))
    at = bench.now
    bench.now += 60_000
    talks = (ev.LedgerTalk("p02", 0, at, at + 9_000), ev.LedgerTalk("p02", 0, at + 10_000, 0))
    row = ev.LedgerRow(CALLER, "line", "de", "other", "", 1, 1, 0, 0, (), talks, 0, "", 0)
    effects = bench.tell(ev.LedgerRead("", (row,)))
    told = facts.TalkBegan | facts.TalkEnded | facts.WrapUpEnded
    assert [(type(each).__name__, each.at_ms - at) for each in effects.facts if isinstance(each, told)] == [
        ("TalkBegan", 0),
        ("TalkEnded", 9_000),
        ("WrapUpEnded", 10_000),
        ("TalkBegan", 10_000),
    ]
    assert bench.engine.world.people["birgit"].activity == "talking"
