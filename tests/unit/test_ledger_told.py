"""What the dialplan did without us becomes the facts that were missed, each once and at its own time."""

import pytest

from routing import events as ev
from routing import facts
from routing import visit as table
from tests.fakes.centre import NODE, PHONES, POLICY, Bench
from tests.unit.test_engine import CALLER, PHONE, answer, none, offered, only, ring, seen

FREE = tuple((phone, "NOT_INUSE") for phone in PHONES)
T = 2_000_000
"""When the daemon had died; the bench's clock stands at a million."""

ROW = ev.LedgerRow(
    leg=CALLER,
    line="line",
    language="de",
    concern="other",
    second="",
    arrived_ms=T,
    queued_ms=T + 5_000,
    degraded_ms=0,
    closed_ms=0,
    rings=(),
    talks=(),
    ended_ms=0,
    by="",
    cause=0,
)


def told(bench: Bench, *rows: ev.LedgerRow, after_ms: int = 5_000_000) -> tuple[facts.Fact, ...]:
    """The link comes back: ledger, then the snapshot of a PBX that has no call left."""
    bench.tell(ev.TermBegan(2), after_ms)
    first = bench.tell(ev.LedgerRead(NODE, rows))
    second = bench.tell(ev.PbxSnapshot(bench.now, True, (), FREE))
    return (*first.facts, *second.facts)


def test_a_whole_call_that_nobody_heard_of() -> None:
    talk = ev.LedgerTalk("p02", 0, T + 20_000, T + 80_000)
    rings = (ev.LedgerRing("p02", 0, T + 15_000, "ANSWER"),)
    row = ROW._replace(
        degraded_ms=T + 12_000, rings=rings, talks=(talk,), ended_ms=T + 80_000, by=facts.BY_STAFF
    )
    bench = Bench()
    bench.login("p02")
    said = told(bench, row)
    assert only(facts.VisitBegan, said).arrived_ms == T
    assert only(facts.NeedKnown, said)[2:] == ("de", "other", "", None)
    assert only(facts.Queued, said).queued_ms == T + 5_000
    assert only(facts.Degraded, said).at_ms == T + 12_000
    began = only(facts.TalkBegan, said)
    assert (began.at_ms, began.agent, began.offer) == (T + 20_000, "birgit", 0)
    assert only(facts.TalkEnded, said).at_ms == T + 80_000
    assert only(facts.WrapUpEnded, said).at_ms == T + 80_000 + POLICY.wrap_up_ms
    ended = only(facts.VisitEnded, said)
    assert (ended.at_ms, ended.outcome, ended.ended_by) == (T + 80_000, facts.ANSWERED, facts.BY_STAFF)
    assert bench.engine.world.now_ms == bench.now
    person = bench.engine.world.people["birgit"]
    assert (person.calls, person.busy_ms) == (1, 60_000 + POLICY.wrap_up_ms)


def test_a_call_that_we_followed_to_its_end_is_told_no_second_time() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    answer(bench, "p02")
    bench.tell(ev.LegEnded(PHONE, 16), 60_000)
    bench.tell(ev.LegEnded(CALLER, 16))
    talk = ev.LedgerTalk("p02", 1, T, T + 60_000)
    assert none(facts.VisitBegan, told(bench, ROW._replace(talks=(talk,), ended_ms=T + 60_000)))


def test_only_what_was_missed_of_a_call_is_told() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    offer = next(iter(bench.engine.world.offers))
    row = ROW._replace(
        arrived_ms=bench.now,
        queued_ms=bench.now,
        rings=(ev.LedgerRing("p02", offer, bench.now, "ANSWER"),),
        talks=(ev.LedgerTalk("p02", offer, T, T + 60_000),),
        ended_ms=T + 60_000,
        by=facts.BY_CALLER,
    )
    said = told(bench, row)
    assert none(facts.VisitBegan, said)
    assert none(facts.NeedKnown, said)
    assert none(facts.Queued, said)
    assert (only(facts.OfferEnded, said).outcome, only(facts.OfferEnded, said).offer) == (
        facts.ANSWERED,
        offer,
    )
    assert (only(facts.TalkBegan, said).at_ms, only(facts.TalkBegan, said).offer) == (T, offer)
    assert only(facts.VisitEnded, said)[2:4] == (facts.ANSWERED, facts.BY_CALLER)


def test_a_talk_that_we_saw_begin_ends_when_it_ended() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    answer(bench, "p02")
    row = ROW._replace(
        talks=(ev.LedgerTalk("p02", 1, bench.now, T),), ended_ms=T, by=facts.BY_CALLER, cause=16
    )
    said = told(bench, row)
    assert none(facts.TalkBegan, said)
    assert only(facts.TalkEnded, said).at_ms == T
    assert only(facts.VisitEnded, said).at_ms == T


def test_a_ring_that_nobody_answered_ends_its_offer_and_the_caller_who_gave_up() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    offer = next(iter(bench.engine.world.offers))
    row = ROW._replace(
        rings=(ev.LedgerRing("p02", offer, bench.now, "NOANSWER", T - 5_000),),
        ended_ms=T,
        by=facts.BY_CALLER,
    )
    said = told(bench, row)
    assert only(facts.OfferEnded, said).outcome == facts.NO_ANSWER
    assert only(facts.OfferEnded, said).at_ms == T - 5_000
    assert only(facts.VisitEnded, said)[1:4] == (
        only(facts.OfferEnded, said).visit,
        facts.ABANDONED_QUEUE,
        facts.BY_CALLER,
    )


def test_who_gave_up_while_it_rang_is_no_miss_of_the_person() -> None:
    bench = Bench()
    bench.login("p02")
    offer = offered(bench.call("1.1")).offer
    row = ROW._replace(
        rings=(ev.LedgerRing("p02", offer, T, "CANCEL"),), ended_ms=T + 4_000, by=facts.BY_CALLER
    )
    said = told(bench, row)
    assert only(facts.OfferRang, said).at_ms == T
    ended = only(facts.OfferEnded, said)
    assert (ended.at_ms, ended.outcome) == (T + 4_000, facts.CALLER_LEFT)
    assert only(facts.VisitEnded, said).outcome == facts.ABANDONED_RINGING
    assert bench.engine.world.people["birgit"].misses == 0


def test_who_was_on_hold_again_after_a_failed_talk_and_left_was_not_answered() -> None:
    talk = ev.LedgerTalk("p02", 0, T + 20_000, T + 20_120)
    rings = (ev.LedgerRing("p02", 0, T + 15_000, "ANSWER", T + 20_000),)
    row = ROW._replace(
        rings=rings, talks=(talk,), degraded_ms=T + 26_200, ended_ms=T + 27_000, by=facts.BY_CALLER
    )
    said = told(Bench(), row)
    assert only(facts.TalkFailed, said).at_ms == T + 20_120
    assert only(facts.Degraded, said).at_ms == T + 26_200
    assert only(facts.VisitEnded, said).outcome == facts.ABANDONED_QUEUE
    soon = row._replace(degraded_ms=0, ended_ms=T + 20_700)
    assert only(facts.VisitEnded, told(Bench(), soon)).outcome == facts.ABANDONED_QUEUE


def test_a_talk_that_the_ledger_tells_is_the_snapshots_whatever_leg_rang_before() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1.1")
    ring(bench, "p02")
    bench.tell(ev.TermBegan(2), 1_000_000)
    now_leg = ev.Leg(NODE, "1.9")
    bench.tell(ev.LedgerRead(NODE, (ROW._replace(talks=(ev.LedgerTalk("p02", 0, bench.now - 9_000, 0),)),)))
    legs = (seen(CALLER, CALLER, "", "acd-connect", "b"), seen(now_leg, CALLER, "p02", "acd-connect", "b"))
    said = bench.tell(ev.PbxSnapshot(bench.now, True, legs, (("p02", "INUSE"),))).facts
    assert none(facts.TalkEnded, said)
    assert none(facts.TalkBegan, said)


def test_a_talk_that_goes_on_is_known_by_the_ledger_and_its_leg_by_the_snapshot() -> None:
    bench = Bench()
    row = ROW._replace(talks=(ev.LedgerTalk("p03", 0, T, 0),))
    bench.tell(ev.TermBegan(2), 5_000_000)
    said = bench.tell(ev.LedgerRead(NODE, (row,))).facts
    assert (only(facts.TalkBegan, said).at_ms, only(facts.TalkBegan, said).agent) == (T, "cem")
    legs = (seen(CALLER, CALLER, "", "acd-degraded", "b"), seen(PHONE, CALLER, "p03", "acd-degraded", "b"))
    said = bench.tell(ev.PbxSnapshot(bench.now, True, legs, (("p03", "INUSE"),))).facts
    assert none(facts.TalkBegan, said)
    assert none(facts.TalkEnded, said)
    assert only(facts.TalkEnded, bench.tell(ev.LegEnded(PHONE, 16), 1_000).facts).at_ms == bench.now


def test_a_dial_that_ended_in_the_millisecond_in_which_the_dialplan_took_over_ended_before() -> None:
    bench = Bench()
    bench.login("p02")
    offer = offered(bench.call("1.1"))
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02", offer.offer))
    bench.tell(ev.PhoneRang(PHONE))
    over = bench.now + 9_000
    bench.tell(ev.TermBegan(2), 60_000)
    rings = (
        ev.LedgerRing("p02", offer.offer, bench.now - 60_000, "NOANSWER", over),
        ev.LedgerRing("p03", 0, over, "", 0),
    )
    row = ROW._replace(
        arrived_ms=1, queued_ms=1, degraded_ms=over, rings=rings, ended_ms=over + 900, by="caller"
    )
    said = bench.tell(ev.LedgerRead(NODE, (row,))).facts
    assert only(facts.OfferEnded, said).outcome == facts.NO_ANSWER
    assert only(facts.Degraded, said).at_ms == over
    assert only(facts.VisitEnded, said).outcome == facts.ABANDONED_QUEUE


@pytest.mark.parametrize("by", [facts.BY_CALLER, facts.BY_STAFF])
def test_who_ended_a_call_at_the_moment_of_link_up_is_told(by: str) -> None:
    """The ledger knows of the talk; its end comes before the snapshot, which has neither leg any more."""
    bench = Bench()
    row = ROW._replace(talks=(ev.LedgerTalk("p03", 0, T, 0),))
    bench.tell(ev.TermBegan(2), 5_000_000)
    bench.tell(ev.LedgerRead(NODE, (row,)))
    bench.tell(ev.LegEnded(PHONE, 16), 5)
    bench.tell(ev.CallEnds(CALLER, by))
    said = bench.tell(ev.LegEnded(CALLER, 16)).facts
    assert (only(facts.VisitEnded, said).outcome, only(facts.VisitEnded, said).ended_by) == (
        facts.ANSWERED,
        by,
    )
    assert none(facts.VisitEnded, bench.tell(ev.PbxSnapshot(bench.now, True, (), ())).facts)


def test_a_talk_was_one_if_staff_ended_the_call_with_it_however_late_the_disk_let_that_be_written() -> None:
    """The dialplan hangs up only behind a talk that lasted; its own measure may differ by a little."""
    bench = Bench()
    bench.login("p02")
    talk = ev.LedgerTalk("p02", 0, T + 20_000, T + 21_999)
    rings = (ev.LedgerRing("p02", 0, T + 15_000, "ANSWER"),)
    row = ROW._replace(
        degraded_ms=T + 12_000, rings=rings, talks=(talk,), ended_ms=T + 25_000, by=facts.BY_STAFF
    )
    said = told(bench, row)
    assert only(facts.TalkEnded, said).at_ms == T + 21_999
    assert only(facts.VisitEnded, said).outcome == facts.ANSWERED


def test_a_caller_who_was_back_on_hold_between_two_talks_had_two() -> None:
    talks = (ev.LedgerTalk("p02", 0, T, T + 1_000), ev.LedgerTalk("p03", 0, T + 9_000, T + 40_000))
    said = told(Bench(), ROW._replace(arrived_ms=T - 9_000, queued_ms=T - 8_000, talks=talks))
    assert only(facts.TalkFailed, said).agent == "birgit"
    assert only(facts.TalkEnded, said).agent == "cem"


def test_two_callers_of_one_person_come_in_the_order_in_which_they_came() -> None:
    first = ROW._replace(talks=(ev.LedgerTalk("p02", 0, T + 20_000, T + 30_000),), ended_ms=T + 30_000)
    other = ev.Leg(NODE, "2.1")
    second = ROW._replace(
        leg=other, talks=(ev.LedgerTalk("p02", 0, T + 60_000, T + 90_000),), ended_ms=T + 90_000
    )
    said = told(Bench(), second, first)
    of_people = [
        fact.at_ms for fact in said if isinstance(fact, (facts.TalkBegan, facts.TalkEnded, facts.WrapUpEnded))
    ]
    assert of_people == sorted(of_people)
    assert len(of_people) == 6


def test_who_was_turned_away_and_who_left_in_the_menu() -> None:
    closed = ROW._replace(queued_ms=0, closed_ms=T + 3_000, ended_ms=T + 9_000)
    left = ROW._replace(leg=ev.Leg(NODE, "2.1"), queued_ms=0, language="", concern="", ended_ms=T + 2_000)
    said = told(Bench(), closed, left)
    ends = {fact.at_ms: fact.outcome for fact in said if isinstance(fact, facts.VisitEnded)}
    assert ends == {T + 9_000: facts.CLOSED, T + 2_000: facts.ABANDONED_MENU}


def test_a_call_whose_end_nobody_wrote_is_lost_and_not_invented() -> None:
    said = told(Bench(), ROW._replace(talks=(ev.LedgerTalk("p02", 0, T, T + 60_000),)))
    ended = only(facts.VisitEnded, said)
    assert (ended.outcome, ended.reason) == (facts.ANSWERED, "gone_while_we_were_away")
    lost = only(facts.VisitEnded, told(Bench(), ROW))
    assert (lost.outcome, lost.reason) == (facts.LOST, "gone_while_we_were_away")


def test_what_is_said_late_of_a_call_that_the_ledger_ended_begins_nothing() -> None:
    bench = Bench()
    told(bench, ROW._replace(ended_ms=T + 9_000, by=facts.BY_CALLER))
    for late in (
        ev.CallArrived(CALLER, "line"),
        ev.CallWaiting(CALLER, "de", "other", "", T, T),
        ev.LegEnded(CALLER, 16),
    ):
        assert none(facts.VisitBegan, bench.tell(late).facts)
    assert bench.engine.world.visits == {}


def test_a_call_whose_end_was_heard_before_the_ledger_was_read_is_told_all_the_same() -> None:
    bench = Bench()
    bench.tell(ev.LegEnded(CALLER, 16))
    ended = only(facts.VisitEnded, told(bench, ROW._replace(ended_ms=T + 9_000, by=facts.BY_CALLER)))
    assert (ended.at_ms, ended.outcome) == (T + 9_000, facts.ABANDONED_QUEUE)
    other = Bench()
    other.tell(ev.LegEnded(CALLER, 16))
    said = told(other, ROW)
    assert only(facts.VisitEnded, said).outcome == facts.ABANDONED_QUEUE


def test_an_offer_that_was_never_dialled_is_not_answered_by_what_the_dialplan_did() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1.1")
    bench.tell(ev.LinkDown("stuck"))
    row = ROW._replace(
        degraded_ms=T,
        rings=(ev.LedgerRing("p02", 0, T + 1_000, "ANSWER"),),
        talks=(ev.LedgerTalk("p02", 0, T + 5_000, T + 60_000),),
        ended_ms=T + 60_000,
    )
    said = told(bench, row)
    assert only(facts.Degraded, said).at_ms == T
    assert only(facts.OfferEnded, said).outcome == facts.WITHDRAWN
    assert only(facts.TalkBegan, said).offer == 0


def test_a_talk_of_yesterday_counts_for_yesterday() -> None:
    bench = Bench(POLICY._replace(days=(900_000, T + 100_000)))
    bench.login("p02")
    talk = ev.LedgerTalk("p02", 0, T + 20_000, T + 80_000)
    told(bench, ROW._replace(talks=(talk,), ended_ms=T + 80_000))
    person = bench.engine.world.people["birgit"]
    assert (person.calls, person.busy_ms) == (0, 0)


def test_a_ledger_read_twice_says_nothing_new() -> None:
    bench = Bench()
    row = ROW._replace(talks=(ev.LedgerTalk("p02", 0, T, T + 60_000),), ended_ms=T + 60_000)
    told(bench, row)
    bench.tell(ev.LinkDown("test"))
    assert bench.tell(ev.LedgerRead(NODE, (row,))).facts == ()
    bench.tell(ev.LedgerRead(NODE, (ROW._replace(leg=ev.Leg(NODE, "3.1")),)))
    again = bench.tell(ev.LedgerRead(NODE, (ROW._replace(leg=ev.Leg(NODE, "3.1")),)))
    assert again.facts == ()
    assert [visit.state for visit in bench.engine.world.visits.values()] == [table.WAITING]
