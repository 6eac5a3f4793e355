"""When one leg of a talk ends: the caller is never left talking to nobody, nor put behind in the line."""

import pytest

from acd import replay
from agents import state as staff
from routing import events as ev
from routing import facts
from routing import visit as table
from routing.commands import PHONE_LOST, Connect, Withdraw
from routing.talks import MARGIN_MS
from routing.visits import PARTING_MS
from tests.fakes.centre import NODE, POLICY, Bench
from tests.unit.test_engine import CALLER, PHONE, answer, none, offered, only, ring


@pytest.fixture
def bench() -> Bench:
    """A caller who waits since a while, and rings at p02."""
    made = Bench()
    made.call("1.1")
    made.tell(ev.Elapsed(), 3_000)
    made.login("p02")
    ring(made, "p02")
    return made


def visit(bench: Bench) -> tuple[str, int]:
    found = next(iter(bench.engine.world.visits.values()))
    return found.state, found.order_from_ms


def waits(bench: Bench) -> ev.Event:
    return ev.CallWaiting(CALLER, "de", "other", "", bench.now, bench.now)


def back(caller: ev.Leg) -> ev.Event:
    """The dialplan's word that a talk was so short that it was none."""
    return ev.DialEnded(caller, 0, "ANSWER")


def test_a_phone_that_answers_as_its_offer_is_withdrawn_does_not_hold_the_caller(bench: Bench) -> None:
    place = visit(bench)[1]
    bench.login("p03")
    withdrawn = bench.tell(ev.Elapsed(), POLICY.lease_ms)
    assert only(Withdraw, withdrawn.commands).caller == CALLER
    bench.tell(ev.Bridged(CALLER, PHONE, "p02"))
    bench.tell(ev.LegEnded(PHONE, 16), 30)
    effects = bench.tell(waits(bench), 5)
    assert visit(bench) == (table.OFFERED, place)
    assert only(Connect, effects.commands).caller == CALLER
    assert bench.engine.world.people["birgit"].engagements == ()


def test_who_is_said_to_wait_before_the_phones_leg_is_said_to_be_gone_waits(bench: Bench) -> None:
    answer(bench, "p02")
    bench.tell(waits(bench), 10)
    assert visit(bench)[0] == table.WAITING
    bench.tell(ev.LegEnded(PHONE, 16), 5)
    assert visit(bench)[0] == table.WAITING


def test_a_phone_that_hangs_up_at_once_has_not_answered(bench: Bench) -> None:
    place = visit(bench)[1]
    answer(bench, "p02")
    assert bench.tell(ev.LegEnded(PHONE, 16), 90).facts == ()
    effects = bench.tell(back(CALLER))
    assert only(facts.TalkFailed, effects.facts).agent == "birgit"
    bench.tell(waits(bench))
    assert none(facts.TalkEnded, effects.facts)
    assert none(facts.WrapUpEnded, effects.facts)
    assert visit(bench) == (table.WAITING, place)
    assert none(facts.OfferMade, effects.facts)
    person = bench.engine.world.people["birgit"]
    assert (person.misses, person.calls, person.engagements) == (1, 0, ())
    ended = only(facts.VisitEnded, bench.tell(ev.LegEnded(CALLER, 16)).facts)
    assert (ended.outcome, ended.ended_by) == (facts.ABANDONED_QUEUE, facts.BY_PBX)


def test_twice_at_once_makes_away_like_any_other_miss(bench: Bench) -> None:
    for number in (2, 3):
        leg = ev.Leg(NODE, f"1.{number}")
        answer(bench, "p02", leg)
        bench.tell(ev.LegEnded(leg, 16), 90)
        bench.tell(ev.DeviceChanged("p02", "NOT_INUSE"))
        bench.tell(back(CALLER))
        bench.tell(waits(bench))
        bench.tell(ev.Elapsed(), 30_000)
        if number == 2:
            ring(bench, "p02", ev.Leg(NODE, "1.3"))
    assert bench.engine.world.people["birgit"].appears == staff.AWAY


@pytest.mark.parametrize("phone_first", [True, False])
def test_a_caller_who_hangs_up_at_once_was_answered(bench: Bench, phone_first: bool) -> None:
    answer(bench, "p02")
    first, then = (ev.LegEnded(PHONE, 16), ev.CallEnds(CALLER, facts.BY_CALLER))[:: 1 if phone_first else -1]
    bench.tell(first, 500)
    bench.tell(then)
    ended = only(facts.VisitEnded, bench.tell(ev.LegEnded(CALLER, 16)).facts)
    assert (ended.outcome, ended.ended_by) == (facts.ANSWERED, facts.BY_CALLER)
    assert bench.engine.world.people["birgit"].appears == staff.WRAP_UP


def test_who_vanishes_in_a_talk_was_cut_off_by_nobody(bench: Bench) -> None:
    answer(bench, "p02")
    bench.tell(ev.LegEnded(PHONE, 18), 60_000)
    ended = only(facts.VisitEnded, bench.tell(ev.LegEnded(CALLER, 18)).facts)
    assert (ended.outcome, ended.ended_by) == (facts.ANSWERED, facts.BY_PBX)


@pytest.mark.parametrize("talks", [False, True])
def test_who_does_not_answer_any_more_has_vanished_and_nobody_ended_the_call(
    bench: Bench, talks: bool
) -> None:
    """The dialplan takes it for the caller's own end; the leg's end tells."""
    if talks:
        answer(bench, "p02")
    bench.tell(ev.CallEnds(CALLER, facts.BY_CALLER), 10_000)
    ended = only(facts.VisitEnded, bench.tell(ev.LegEnded(CALLER, 16, vanished=True)).facts)
    outcome = facts.ANSWERED if talks else facts.ABANDONED_RINGING
    assert (ended.outcome, ended.ended_by) == (outcome, facts.VANISHED)


def test_a_talk_that_lasted_and_was_ended_by_the_phone_is_over(bench: Bench) -> None:
    answer(bench, "p02")
    lasted = POLICY.short_talk_ms + MARGIN_MS
    assert only(facts.TalkEnded, bench.tell(ev.LegEnded(PHONE, 16), lasted).facts)
    assert visit(bench)[0] == table.PARTING
    bench.tell(ev.CallEnds(CALLER, facts.BY_STAFF))
    ended = only(facts.VisitEnded, bench.tell(ev.LegEnded(CALLER, 16)).facts)
    assert (ended.outcome, ended.ended_by) == (facts.ANSWERED, facts.BY_STAFF)


@pytest.mark.parametrize("lasted_ms", [90, 1_950, 2_050])
def test_whether_a_talk_of_about_that_length_was_one_the_dialplan_says(bench: Bench, lasted_ms: int) -> None:
    """It counts from the answer, we from the bridge; it ends the call, or has the caller on hold again."""
    answer(bench, "p02")
    offer = bench.engine.world.people["birgit"].engagements[0].offer
    again = replay.thaw(replay.freeze(bench.engine, 0))[0]
    for engine, said in (
        (bench.engine, ev.LegEnded(CALLER, 16)),
        (again, ev.DialEnded(CALLER, offer, "ANSWER")),
    ):
        now = bench.now + lasted_ms
        engine.step(ev.LegEnded(PHONE, 16), now)
        effects = engine.step(said, now + 5)
        if engine is again:
            assert only(facts.TalkFailed, effects.facts).offer == offer
            assert engine.world.people["birgit"].misses == 1
        else:
            assert only(facts.TalkEnded, effects.facts).agent == "birgit"
            assert only(facts.VisitEnded, effects.facts).outcome == facts.ANSWERED


@pytest.mark.parametrize("talks", [False, True])
def test_in_journals_of_before_a_phone_that_hung_up_ended_a_call_only_if_it_talked(
    bench: Bench, talks: bool
) -> None:
    """Then CallEnds had another name and no judge: its leg is that of the side that hung up."""
    if talks:
        answer(bench, "p02")
    bench.tell(ev.CallEnds(PHONE), 10_000)
    bench.tell(ev.LegEnded(PHONE, 21))
    ended = only(facts.VisitEnded, bench.tell(ev.LegEnded(CALLER, 16)).facts)
    assert ended.ended_by == (facts.BY_STAFF if talks else facts.BY_PBX)


@pytest.mark.parametrize("talked", [False, True])
def test_a_phone_is_free_with_the_end_of_its_leg_until_its_device_says_otherwise(talked: bool) -> None:
    """Asterisk tells the device's state a moment later; the next caller need not wait for it."""
    made = Bench(POLICY._replace(wrap_up_ms=0))
    made.login("p02")
    made.call("1.1")
    made.call("1.3")
    ring(made, "p02")
    if talked:
        answer(made, "p02")
    else:
        made.tell(ev.DialEnded(CALLER, next(iter(made.engine.world.offers)), "BUSY"))
    offer = offered(made.tell(ev.LegEnded(PHONE, 17), 10_000 if talked else 100))
    assert (offer.agent, offer.visit) == ("birgit", sorted(made.engine.world.visits)[1])
    made.tell(ev.DeviceChanged("p02", "NOT_INUSE"))
    assert made.engine.world.people["birgit"].appears == staff.RESERVED


def test_a_phone_with_another_call_is_not_free_with_the_end_of_a_talk(bench: Bench) -> None:
    answer(bench, "p02")
    person = bench.engine.world.people["birgit"]
    person.other_legs = (ev.Leg(NODE, "1.9"),)
    bench.tell(ev.LegEnded(PHONE, 16), 10_000)
    bench.tell(ev.Elapsed(), POLICY.wrap_up_ms + 1)
    assert (person.device, person.appears) == ("INUSE", staff.BUSY_OUTSIDE)


def test_nobody_parts_for_ever(bench: Bench) -> None:
    place = visit(bench)[1]
    answer(bench, "p02")
    bench.tell(ev.LegEnded(PHONE, 16), 60_000)
    assert bench.engine.due() == bench.now + PARTING_MS
    effects = bench.tell(ev.Elapsed(), PARTING_MS)
    assert only(Withdraw, effects.commands).caller == CALLER
    assert visit(bench) == (table.OFFERED, place), "the phone is free, and they are first in line"


def test_a_phone_that_dies_in_a_talk_gives_its_caller_back_to_the_line(bench: Bench) -> None:
    place = visit(bench)[1]
    answer(bench, "p02")
    effects = bench.tell(ev.PhoneLost("p02", NODE), 60_000)
    assert only(Withdraw, effects.commands).sentence == PHONE_LOST
    assert only(facts.TalkEnded, effects.facts).agent == "birgit"
    bench.tell(ev.LegEnded(PHONE, 16))
    bench.call("1.9")
    bench.login("p03")
    bench.tell(waits(bench))
    world = bench.engine.world
    assert next(v.order_from_ms for v in world.visits.values() if v.caller == CALLER) == place
    bench.tell(ev.StaffAsked("cem", "", "ready", "", None))


def test_a_phone_that_is_lost_while_nobody_talks_there_ends_nothing(bench: Bench) -> None:
    effects = bench.tell(ev.PhoneLost("p01", NODE))
    assert (effects.commands, effects.facts) == ((), ())
    assert visit(bench)[0] == table.RINGING


def test_a_redirect_that_met_nothing_is_no_miss_and_is_made_again() -> None:
    bench = Bench()
    bench.login("p02")
    first = offered(bench.call("1.1"))
    effects = bench.tell(ev.CallerCaught(CALLER))
    assert only(facts.OfferEnded, effects.facts).outcome == facts.FAILED
    again = offered(effects)
    assert (again.agent, again.offer > first.offer) == ("birgit", True)
    assert bench.engine.world.people["birgit"].misses == 0


def test_an_offer_of_which_the_pbx_says_nothing_is_nobodys_miss() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1.1")
    effects = bench.tell(ev.Elapsed(), POLICY.silent_ms)
    assert only(facts.OfferEnded, effects.facts).outcome == facts.FAILED
    assert bench.engine.world.people["birgit"].misses == 0


@pytest.mark.parametrize(("status", "waits_ms"), [("STALE", (2_000, 4_000, 8_000)), ("TAKEN", (2_000,) * 3)])
def test_a_dial_that_was_refused_is_not_tried_again_at_once(status: str, waits_ms: tuple[int, ...]) -> None:
    bench = Bench()
    bench.login("p02")
    effects = bench.call("1.1")
    for ms in waits_ms:
        made = offered(effects)
        assert none(facts.OfferMade, bench.tell(ev.DialEnded(CALLER, made.offer, status)).facts)
        assert none(facts.OfferMade, bench.tell(ev.Elapsed(), ms - 1).facts)
        effects = bench.tell(ev.Elapsed(), 1)
    assert bench.engine.world.people["birgit"].misses == 0


def test_a_phone_that_the_dialplan_rings_by_itself_is_offered_to_nobody() -> None:
    bench = Bench()
    bench.call("1.1")
    bench.tell(ev.DegradedEntered(CALLER))
    bench.login("p02")
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02"))
    assert bench.engine.world.people["birgit"].appears == staff.RINGING
    assert none(facts.OfferMade, bench.call("1.3").facts)
    effects = bench.tell(ev.LegEnded(PHONE, 0), 8_000)
    assert offered(effects).agent == "birgit"


def test_a_talk_at_a_phone_that_is_nobodys_is_a_talk(bench: Bench) -> None:
    made = Bench()
    made.call("1.1")
    made.tell(ev.DegradedEntered(CALLER))
    made.tell(ev.DialBegan(CALLER, PHONE, "p99"))
    began = only(facts.TalkBegan, made.tell(ev.Bridged(CALLER, PHONE, "p99")).facts)
    assert (began.agent, began.offer) == ("", 0)
    made.tell(ev.LegEnded(PHONE, 16), 60_000)
    assert only(facts.VisitEnded, made.tell(ev.LegEnded(CALLER, 16)).facts).outcome == facts.ANSWERED
