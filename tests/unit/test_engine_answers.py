"""Talks beside talks and rings: what an answer ends, what a talk that was none leaves, who counts."""

import pytest

from agents.model import Team
from routing import events as ev
from routing import facts
from routing.commands import Connect, Withdraw
from tests.fakes.centre import NODE, POLICY, ROSTER, Bench
from tests.unit.test_engine import answer, none, offered, only, ring, seen

CALLER, PHONE = ev.Leg(NODE, "1"), ev.Leg(NODE, "2")
LATER, OTHER = ev.Leg(NODE, "3"), ev.Leg(NODE, "4")


def on_hold(bench: Bench, caller: ev.Leg = CALLER, after_ms: int = 1) -> tuple[facts.Fact, ...]:
    """The caller is on hold again, which tells that their talk is over."""
    return bench.tell(ev.CallWaiting(caller, "de", "other", "", 0, 0), after_ms).facts


def test_where_no_talk_is_too_short_each_was_one_however_soon_the_phone_hung_up() -> None:
    bench = Bench(POLICY._replace(short_talk_ms=0))
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    said = bench.tell(ev.LegEnded(PHONE, 16)).facts
    assert only(facts.TalkEnded, said).agent == "birgit"


def test_a_talk_may_be_none_by_a_single_millisecond() -> None:
    bench = Bench(POLICY._replace(short_talk_ms=1))
    bench.call("1")
    bench.tell(ev.Bridged(CALLER, PHONE, "p02"))
    assert only(facts.TalkFailed, on_hold(bench, after_ms=0)).agent == "birgit"


def test_a_talk_that_was_none_at_a_phone_that_is_nobodys_belongs_to_no_offer() -> None:
    bench = Bench()
    bench.call("1")
    began = only(facts.TalkBegan, bench.tell(ev.Bridged(CALLER, PHONE, "p99")).facts)
    failed = only(facts.TalkFailed, on_hold(bench))
    assert [(each.agent, each.offer) for each in (began, failed)] == [("", 0)] * 2


def test_a_talk_that_was_none_takes_back_one_call_and_leaves_the_time_it_took() -> None:
    bench = Bench(POLICY._replace(wrap_up_ms=0))
    birgit = bench.engine.world.people["birgit"]
    bench.call("1")
    bench.tell(ev.Bridged(CALLER, PHONE, "p02"))
    bench.tell(ev.LegEnded(CALLER, 16), 10_000)
    bench.call("3")
    bench.tell(ev.Bridged(LATER, OTHER, "p02"))
    assert (birgit.calls, birgit.busy_ms) == (2, 10_000)
    on_hold(bench, LATER, 90)
    assert (birgit.calls, birgit.busy_ms) == (1, 10_090)


def test_who_has_two_callers_at_once_is_busy_until_both_are_done() -> None:
    bench = Bench(POLICY._replace(wrap_up_ms=0))
    birgit = bench.engine.world.people["birgit"]
    for uid in ("1", "3"):
        bench.call(uid)
    bench.tell(ev.Bridged(CALLER, PHONE, "p02"))
    bench.tell(ev.Bridged(LATER, OTHER, "p02"), 1_000)
    on_hold(bench, LATER, 500)
    assert (birgit.appears, birgit.calls, birgit.busy_ms) == ("talking", 1, 0)
    bench.tell(ev.LegEnded(CALLER, 16), 8_500)
    assert (birgit.calls, birgit.busy_ms) == (1, 10_000)


def test_who_did_not_really_answer_is_not_asked_for_this_caller_at_once() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1")
    ring(bench, "p02", PHONE, CALLER)
    answer(bench, "p02", PHONE, CALLER)
    said = on_hold(bench)
    bench.tell(ev.LegEnded(PHONE, 16))
    bench.tell(ev.DeviceChanged("p02", "NOT_INUSE"))
    assert none(facts.OfferMade, said)
    assert bench.engine.world.offers == {}
    assert offered(bench.tell(ev.Elapsed(), 30_000)).agent == "birgit"


def test_who_is_connected_by_the_dialplan_is_offered_to_nobody_else() -> None:
    """Their phone rings for one caller as it answers another: the first one is on hold again."""
    bench = Bench()
    for uid in ("1", "3"):
        bench.call(uid)
    bench.login("p02")
    (offer,) = bench.engine.world.offers.values()
    ring(bench, "p02", PHONE, CALLER)
    bench.tell(ev.DegradedEntered(LATER))
    effects = bench.tell(ev.Bridged(LATER, OTHER, "p02"))
    ended = only(facts.OfferEnded, effects.facts)
    assert (ended.offer, ended.outcome) == (offer.id, facts.WITHDRAWN)
    assert only(Withdraw, effects.commands).caller == CALLER
    assert only(facts.TalkBegan, effects.facts)[2:] == ("birgit", 0)
    assert [each.state for each in bench.engine.world.visits.values()] == ["waiting", "talking"]
    (engaged,) = bench.engine.world.people["birgit"].engagements
    assert (engaged.activity, engaged.offer) == ("talking", 0)


def test_a_caller_whom_another_answers_was_not_answered_by_who_was_offered() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1")
    ring(bench, "p02", PHONE, CALLER)
    effects = bench.tell(ev.Bridged(CALLER, OTHER, "p03"))
    assert only(facts.OfferEnded, effects.facts).outcome == facts.WITHDRAWN
    assert only(facts.TalkBegan, effects.facts)[2:] == ("cem", 0)
    assert bench.engine.world.people["birgit"].engagements == ()


def test_a_talk_that_is_told_of_twice_is_one() -> None:
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    assert bench.tell(ev.Bridged(CALLER, PHONE, "p02"), 10_000).facts == ()
    assert bench.engine.world.people["birgit"].calls == 1


def test_who_is_put_through_to_another_phone_has_a_second_talk() -> None:
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    effects = bench.tell(ev.Bridged(CALLER, OTHER, "p03"), 10_000)
    assert only(facts.TalkEnded, effects.facts).agent == "birgit"
    assert only(facts.TalkBegan, effects.facts).agent == "cem"
    (visit,) = bench.engine.world.visits.values()
    assert ([each.leg for each in visit.legs], visit.talks) == ([CALLER, OTHER], 2)


def test_an_answer_takes_back_only_what_was_decided_for_its_own_caller() -> None:
    """Two rings end by themselves before it is heard that one was answered."""
    bench = Bench()
    bench.login("p02", "p03")
    first, second = offered(bench.call("1")), offered(bench.call("3"))
    assert (first.agent, second.agent) == ("birgit", "cem")
    ring(bench, "p02", PHONE, CALLER)
    ring(bench, "p03", OTHER, LATER)
    effects = bench.tell(ev.Bridged(CALLER, PHONE, "p02"), POLICY.lease_ms + 40)
    moved = [each.caller for each in effects.commands if isinstance(each, Connect | Withdraw)]
    assert moved == [LATER]


@pytest.mark.parametrize("told", [ev.InterpreterJoined, ev.InterpreterLeft])
def test_an_interpreter_whom_nobody_called_is_refused(told: type) -> None:
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    refused = bench.tell(told(CALLER)).facts
    assert [(type(each), each.state) for each in refused if isinstance(each, facts.EventRefused)] == [
        (facts.EventRefused, "talking")
    ]
    (visit,) = bench.engine.world.visits.values()
    assert visit.interpreting == ""


def test_a_talk_that_was_about_to_be_none_is_none_once_another_begins() -> None:
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    assert bench.tell(ev.LegEnded(PHONE, 16), 90).facts == ()
    effects = bench.tell(ev.Bridged(CALLER, OTHER, "p03"))
    assert only(facts.TalkFailed, effects.facts).agent == "birgit"
    assert only(facts.TalkBegan, effects.facts).agent == "cem"


def test_who_answers_what_the_dialplan_rang_is_not_ready_in_between() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1", "ar", "study")
    bench.tell(ev.DegradedEntered(CALLER))
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02", 0))
    said = bench.tell(ev.Bridged(CALLER, PHONE, "p02")).facts
    assert [each.state for each in said if isinstance(each, facts.AgentChanged)] == ["talking"]


def told_at(bench: Bench, *talks: ev.LedgerTalk) -> tuple[facts.Fact, ...]:
    """The link is lost, and the ledger tells of these talks of the caller."""
    row = ev.LedgerRow(CALLER, "line", "de", "other", "", 1, 1, 0, 0, (), talks, 0, "", 0)
    return bench.tell(ev.LedgerRead("", (row,))).facts


def link_up(bench: Bench, phone_leg: ev.Leg) -> tuple[facts.Fact, ...]:
    """The PBX has the caller in a bridge with this leg of p02."""
    legs = (seen(CALLER, CALLER, "", "acd-connect", "b"), seen(phone_leg, CALLER, "p02", "acd-connect", "b"))
    return bench.tell(ev.PbxSnapshot(bench.now + 1, True, legs, (("p02", "INUSE"),)), 10_000).facts


def swapped() -> ev.TeamChanged:
    """Birgit and Cem change places."""
    amal, birgit, cem = ROSTER.agents
    moved = (amal, birgit._replace(reach=cem.reach), cem._replace(reach=birgit.reach))
    return ev.TeamChanged("swapped", Team(moved))


def test_a_talk_that_the_ledger_told_of_stays_its_persons_although_the_phone_is_anothers_now() -> None:
    bench = Bench()
    bench.call("1")
    bench.tell(ev.LinkDown("cable"))
    told_at(bench, ev.LedgerTalk("p02", 0, bench.now, 0))
    bench.tell(swapped())
    assert none(facts.TalkEnded, link_up(bench, PHONE))
    (visit,) = bench.engine.world.visits.values()
    assert (visit.state, visit.agent) == ("talking", "birgit")


def test_once_the_leg_of_such_a_talk_is_known_another_leg_there_is_whose_the_phone_is_now() -> None:
    bench = Bench()
    bench.call("1")
    bench.tell(ev.LinkDown("cable"))
    told_at(bench, ev.LedgerTalk("p02", 0, bench.now, 0))
    link_up(bench, PHONE)
    bench.tell(swapped())
    assert only(facts.TalkBegan, link_up(bench, OTHER)).agent == "cem"


def test_another_leg_of_the_same_phone_is_another_talk() -> None:
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    said = bench.tell(ev.Bridged(CALLER, OTHER, "p02"), 10_000).facts
    assert [only(kind, said).agent for kind in (facts.TalkEnded, facts.TalkBegan)] == ["birgit", "birgit"]
    assert bench.engine.world.people["birgit"].calls == 2


def test_a_talk_that_the_ledger_has_besides_the_one_we_know_is_another_with_whomever() -> None:
    """Nobody wrote the end of the first one."""
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    bench.tell(ev.LinkDown("cable"))
    began = bench.now
    bench.now += 60_000
    said = told_at(bench, ev.LedgerTalk("p02", 0, began, 0), ev.LedgerTalk("p02", 0, began + 30_000, 0))
    assert only(facts.TalkEnded, said).at_ms == only(facts.TalkBegan, said).at_ms == began + 30_000


def test_a_talk_that_begins_at_midnight_is_the_new_days() -> None:
    midnight = 2_000_000
    bench = Bench(POLICY._replace(days=(midnight,)))
    bench.call("1")
    bench.tell(ev.Bridged(CALLER, PHONE, "p02"), midnight - bench.now)
    assert bench.engine.world.people["birgit"].calls == 1


@pytest.mark.parametrize("first", [ev.LegEnded(PHONE, 16), ev.DialEnded(CALLER, 0, "ANSWER")])
def test_a_talk_that_is_over_leaves_the_caller_with_nobody_and_no_phone(first: ev.Event) -> None:
    for after_ms in (90, 60_000):
        bench = Bench()
        bench.call("1")
        answer(bench, "p02", PHONE, CALLER)
        bench.tell(first, after_ms)
        (visit,) = bench.engine.world.visits.values()
        assert (visit.state, [each.leg for each in visit.legs]) == ("parting", [CALLER])
        on_hold(bench)
        assert (visit.state, visit.agent, visit.undecided, visit.talks_at) == ("waiting", "", False, "")


def test_who_is_on_hold_or_talks_again_is_not_taken_out_when_their_time_to_part_is_over() -> None:
    for again in (False, True):
        bench = Bench()
        bench.call("1", "ar")
        answer(bench, "p02", PHONE, CALLER)
        bench.tell(ev.LegEnded(PHONE, 16), 60_000)
        on_hold(bench)
        if again:
            bench.tell(ev.Bridged(CALLER, OTHER, "p03"))
        assert bench.tell(ev.Elapsed(), 1_000).commands == ()
        (visit,) = bench.engine.world.visits.values()
        assert (visit.state, visit.parting_ms) == ("talking" if again else "waiting", 0)


def test_the_leg_that_answers_takes_the_place_of_the_one_that_rang() -> None:
    bench = Bench()
    bench.call("1")
    bench.tell(ev.DegradedEntered(CALLER))
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02", 0))
    bench.tell(ev.Bridged(CALLER, OTHER, "p02"))
    (visit,) = bench.engine.world.visits.values()
    assert (visit.agent, [each.leg for each in visit.legs]) == ("birgit", [CALLER, OTHER])


def test_a_leg_in_a_talk_with_one_caller_that_talks_with_another_is_the_others() -> None:
    bench = Bench()
    for uid in ("1", "3"):
        bench.call(uid)
    bench.tell(ev.Bridged(CALLER, PHONE, "p02"))
    bench.tell(ev.Bridged(LATER, PHONE, "p02"), 10_000)
    first, second = bench.engine.world.visits.values()
    assert [each.leg for each in first.legs] == [CALLER]
    assert [each.leg for each in second.legs] == [LATER, PHONE]
