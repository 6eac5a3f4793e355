"""Callbacks in the engine: asked for, their place and turn, carried out, tried again, ended once."""

from collections.abc import Sequence
from typing import Any

import pytest

from acd.frozen import Copied, thawed
from acd.history.sums import BROKEN, NOT_THERE, Cell, Ended, promise
from routing import events as ev
from routing import facts, trunk
from routing import visit as table
from routing.callback import HEARD, NO_NUMBER, SKIPPED, TOO_MANY
from routing.commands import AnswerCallback, CallBack, CancelCallback, Command, Connect, SetFallback
from routing.engine import Effects, Engine
from routing.others import STRICT
from routing.policy import Announcing, Callbacks
from routing.turn import CALLS_USED_UP, EARLY, NO_WAY_OUT
from routing.world import Visit
from tests.fakes.centre import NODE, POLICY, ROSTER, Bench

RULES = Callbacks(50, (60_000, 120_000), 4, 100, 50)
CALLED_BACK = POLICY._replace(callbacks=RULES)
TOKEN = "t" * 32
HOUR = 3_600_000


def bench(*phones: str, policy: Any = CALLED_BACK) -> Bench:
    made = Bench(policy)
    made.login(*phones)
    return made


def said(kind: Any, *effects: Effects) -> list[Any]:
    return [fact for each in effects for fact in each.facts if isinstance(fact, kind)]


def sent(kind: Any, *effects: Effects) -> list[Any]:
    return [command for each in effects for command in each.commands if isinstance(command, kind)]


def callbacks(bench: Bench) -> list[Visit]:
    return [each for each in bench.engine.world.visits.values() if each.kind in table.OUTBOUND]


def leg(uid: str) -> ev.Leg:
    return ev.Leg(NODE, uid)


def ask(bench: Bench, uid: str, token: str = TOKEN, from_ms: int = 0, until_ms: int = 0) -> Effects:
    return bench.tell(ev.CallbackAsked(leg(uid), token, from_ms, until_ms))


def promised(bench: Bench, uid: str = "1", token: str = TOKEN) -> Visit:
    """A caller who asked to be called back and hung up; the callback."""
    bench.call(uid)
    ask(bench, uid, token)
    bench.tell(ev.LegEnded(leg(uid), 16))
    return callbacks(bench)[-1]


def wish(bench: Bench, token: str = TOKEN, language: str = "de", from_ms: int = 0) -> Effects:
    return bench.tell(ev.CallbackWished(token, language, "other", "", from_ms, 0))


def last(bench: Bench, kind: Any = CallBack) -> Any:
    return sent(kind, *bench.effects)[-1]


def rings(bench: Bench, command: Command) -> int:
    """The person's phone rings; the offer."""
    offer = command.id
    phone = leg(f"cb-{offer}")
    bench.tell(ev.CallbackRings(offer, phone, command.reach.address))  # type: ignore[union-attr]
    bench.tell(ev.PhoneRang(phone))
    return offer


def dials(bench: Bench) -> int:
    """They lift, and let it dial; the offer."""
    offer = rings(bench, last(bench))
    bench.tell(ev.CallbackLifted(offer, leg(f"cb-{offer}")))
    bench.tell(ev.CallbackCalls(offer, leg(f"cb-{offer}"), leg(f"out-{offer}")))
    return offer


def not_there(bench: Bench, status: str = "NOANSWER", sip: int = -1) -> Effects:
    offer = dials(bench)
    effects = bench.tell(ev.CallbackOver(offer, leg(f"cb-{offer}"), status, 0, sip), 20_000)
    bench.tell(ev.LegEnded(leg(f"out-{offer}"), 19))
    bench.tell(ev.LegEnded(leg(f"cb-{offer}"), 16))
    return effects


def talks(bench: Bench) -> int:
    offer = dials(bench)
    bench.tell(ev.Bridged(leg(f"out-{offer}"), leg(f"cb-{offer}"), "p02"), 5_000)
    return offer


def shown(bench: Bench, agent: str = "birgit") -> str:
    return bench.engine.world.people[agent].shown


# --- asked for ------------------------------------------------------------------------------------------


def test_who_asks_keeps_everything_and_may_hang_up() -> None:
    made = bench()
    made.call("1", "de", "study")
    voice = made.engine.world.visits[next(iter(made.engine.world.visits))]
    effects = ask(made, "1")
    (answer,) = sent(AnswerCallback, effects)
    assert (answer.caller, answer.answer) == (leg("1"), "ok")
    (kept,) = callbacks(made)
    assert (kept.language, kept.concern, kept.token) == ("de", "study", TOKEN)
    assert (kept.queued_ms, kept.order_from_ms, kept.origin) == (
        voice.queued_ms,
        voice.order_from_ms,
        voice.id,
    )
    assert voice.state == table.PROMISED
    (ended,) = said(facts.VisitEnded, made.tell(ev.LegEnded(leg("1"), 16)))
    assert (ended.visit, ended.outcome) == (voice.id, facts.CALLBACK)
    assert [each.id for each in made.engine.world.visits.values()] == [kept.id]


def test_nobody_is_rung_for_who_hears_that_they_will_be_called() -> None:
    made = bench()
    made.call("1")
    ask(made, "1")
    assert sent(Connect, *made.effects) == sent(CallBack, *made.effects) == []
    made.login("p02")
    assert sent(Connect, *made.effects) == sent(CallBack, *made.effects) == []
    made.tell(ev.LegEnded(leg("1"), 16))
    assert [each.token for each in sent(CallBack, *made.effects)] == [TOKEN]


def test_who_stays_on_the_line_all_the_same_is_served_there_and_not_called() -> None:
    made = bench()
    made.call("1")
    ask(made, "1")
    made.tell(ev.CallWaiting(leg("1"), "de", "other", "", made.now, made.now))
    made.login("p02")
    assert sent(CallBack, *made.effects) == []
    made.tell(ev.Bridged(leg("1"), leg("1.phone"), "p02"))
    effects = made.tell(ev.LegEnded(leg("1"), 16), 30_000)
    ends = {each.outcome for each in said(facts.VisitEnded, effects)}
    assert ends == {facts.ANSWERED, facts.SERVED_ON_LINE}
    assert callbacks(made) == []


def test_a_second_wish_of_the_same_caller_is_the_same_callback() -> None:
    made = bench()
    first = promised(made, "1")
    made.call("2")
    effects = ask(made, "2")
    assert [each.answer for each in sent(AnswerCallback, effects)] == ["again"]
    made.tell(ev.LegEnded(leg("2"), 16))
    assert [each.id for each in callbacks(made)] == [first.id]
    assert [each.again for each in said(facts.CallbackPromised, wish(made, "w" * 32))] == [False]
    again = said(facts.CallbackPromised, wish(made))
    assert [(each.visit, each.again) for each in again] == [(first.id, True)]


def test_no_more_are_promised_than_may_be_open() -> None:
    made = bench(policy=POLICY._replace(callbacks=RULES._replace(open_max=1)))
    promised(made, "1")
    made.call("2")
    effects = ask(made, "2", "u" * 32)
    assert [each.answer for each in sent(AnswerCallback, effects)] == ["full"]
    assert [each.why for each in said(facts.CallbackRefused, effects)] == ["too_many"]
    assert made.engine.world.visits[effects.facts[0].asked_on].state == table.WAITING  # type: ignore[union-attr]
    assert [each.why for each in said(facts.CallbackRefused, wish(made, "v" * 32))] == ["too_many"]


def test_none_is_promised_where_the_rules_have_none() -> None:
    made = bench(policy=POLICY)
    assert [each.why for each in said(facts.CallbackRefused, wish(made))] == ["not_offered"]


def test_who_is_being_connected_hears_no_promise() -> None:
    made = bench("p02")
    made.call("1")
    effects = ask(made, "1")
    assert [each.kind for each in said(facts.EventRefused, effects)] == ["promise"]
    assert callbacks(made) == []


# --- place and turn -------------------------------------------------------------------------------------


def test_a_callback_neither_overtakes_nor_is_overtaken() -> None:
    made = bench()
    promised(made, "1")
    made.call("2")
    promised(made, "3", "u" * 32)
    made.login("p02")
    assert [each.token for each in sent(CallBack, *made.effects)] == [TOKEN]
    made.login("p01")
    assert [each.caller for each in sent(Connect, *made.effects)] == [leg("2")]


def test_while_callers_wait_on_the_line_only_a_share_of_people_calls_back() -> None:
    made = bench()
    for number in range(3):
        promised(made, f"cb{number}", f"{number}" * 32)
    for number in range(3):
        made.call(f"line{number}")
    made.login("p01", "p02", "p03")
    assert len(sent(CallBack, *made.effects)) == 1  # half of three people, rounded down
    assert len(sent(Connect, *made.effects)) == 2
    made.tell(ev.LegEnded(leg("line2"), 16))
    for each in sent(Connect, *made.effects)[:1]:
        made.tell(ev.LegEnded(each.caller, 16))
    assert len(sent(CallBack, *made.effects)) == 2  # nobody waits on the line any more


def test_a_timed_callback_takes_its_place_from_the_begin_of_its_window() -> None:
    made = bench()
    made.call("0")
    begin = made.now + HOUR
    made.call("1")
    ask(made, "1", from_ms=begin, until_ms=begin + HOUR)
    made.tell(ev.LegEnded(leg("1"), 16))
    made.tell(ev.LegEnded(leg("0"), 16))
    made.login("p02")
    assert sent(CallBack, *made.effects) == []
    assert made.engine.due() is not None
    made.tell(ev.Elapsed(), begin - made.now - 1)
    assert sent(CallBack, *made.effects) == []
    made.tell(ev.Elapsed(), 1)
    assert len(sent(CallBack, *made.effects)) == 1
    assert callbacks(made)[0].order_from_ms == begin


def test_forty_of_the_night_do_not_stand_before_the_morning() -> None:
    """Closed at first; 40 wish a callback by web; it opens, and callers come in time with people."""
    opens = 1_000_000 + 8 * HOUR
    made = bench(policy=CALLED_BACK._replace(opening=((opens, opens + 8 * HOUR),)))
    made.login("p01", "p02", "p03")
    for number in range(40):
        wish(made, f"{number:032}")
    assert sent(CallBack, *made.effects) == []
    made.tell(ev.Elapsed(), opens - made.now)
    assert {each.order_from_ms for each in callbacks(made)} == {opens}
    assert len(sent(CallBack, *made.effects)) == 3  # nobody waits on the line
    for number in range(4):
        made.call(f"m{number}")
    before = len(sent(CallBack, *made.effects))
    for each in sent(CallBack, *made.effects)[:3]:
        rings(made, each)
        made.tell(ev.LegEnded(leg(f"cb-{each.id}"), 21))  # they decline, to be free at once
    served = sent(Connect, *made.effects)
    assert [each.caller for each in served] == [leg("m0"), leg("m1")]
    assert len(sent(CallBack, *made.effects)) == before + 1


def test_nobody_is_called_after_closing_and_the_next_day_is_their_day() -> None:
    day = 24 * HOUR
    begin = 1_000_000
    opening = ((begin, begin + HOUR), (begin + day, begin + day + HOUR))
    made = bench(policy=CALLED_BACK._replace(opening=opening))
    kept = promised(made)
    made.tell(ev.Elapsed(), HOUR)
    made.login("p02")
    assert sent(CallBack, *made.effects) == []
    made.tell(ev.Elapsed(), begin + day - made.now)
    assert len(sent(CallBack, *made.effects)) == 1
    assert kept.order_from_ms == begin + day


def test_who_is_on_the_line_is_not_called_and_waits_at_one_place_only() -> None:
    made = bench()
    promised(made)
    made.call("2", "ar", "other")
    made.tell(ev.CallerKnown(leg("2"), TOKEN, "", ""))
    made.login("p02")
    assert sent(CallBack, *made.effects) == []
    made.tell(ev.LegEnded(leg("2"), 16))
    assert len(sent(CallBack, *made.effects)) == 1


def test_why_it_is_not_the_turn_of_a_callback_is_told_in_one_word() -> None:
    made = bench(policy=CALLED_BACK._replace(callbacks=RULES._replace(share_percent=1)))
    made.call("0", "tr", "study")
    begin = made.now + HOUR
    made.call("1")
    ask(made, "1", from_ms=begin)
    assert [made.engine.held(each) for each in callbacks(made)] == ["early"]
    for each in callbacks(made):
        made.tell(ev.CallbackCancelled(each.id))
    kept = promised(made, "2", "u" * 32)
    made.call("3", "ar", "other")
    made.tell(ev.CallerKnown(leg("3"), "u" * 32, "", ""))
    assert made.engine.held(kept) == "on_line"
    made.tell(ev.LegEnded(leg("3"), 16))
    assert made.engine.held(kept) == ""
    promised(made, "4", "v" * 32)
    made.login("p02", "p01")
    held = {each.token[0]: made.engine.held(each) for each in callbacks(made) if each.state == table.WAITING}
    assert held == {"v": "share"}
    assert made.engine.held(made.engine.world.visits[last(made).visit]) == ""


def test_without_an_agreement_nobody_sees_that_a_person_calls_back() -> None:
    assert STRICT.state("calling") == "talking"


def informed(made: Bench, uid: str, low_ms: int) -> list[str]:
    """What this caller is told when they have to expect that wait."""
    visit = next(v.id for v in made.engine.world.visits.values() if v.caller == leg(uid))
    effects = made.tell(ev.WaitsExpected((ev.Expected(visit, low_ms, -1, 900),)))
    return [each.sentence for each in said(facts.CallerTold, effects)]


def test_who_waits_long_or_whose_language_nobody_speaks_hears_that_they_can_be_called() -> None:
    told = CALLED_BACK._replace(announcing=Announcing(5_000, (60_000,), (1, 5, 10, 15), 0))
    made = bench("p01", "p02", policy=told)
    made.tell(ev.StaffAsked("birgit", "", "notready", "", None))
    made.tell(ev.StaffAsked("amal", "", "notready", "", None))
    made.call("1", "ar")
    assert "callback_offer" in informed(made, "1", 900_000)  # nobody who takes calls speaks Arabic
    made.login("p01")
    made.call("2")
    made.call("3")
    assert "callback_offer" in informed(made, "3", 900_000)
    made.call("4")
    assert "callback_offer" not in informed(made, "4", 60_000)


# --- carried out ----------------------------------------------------------------------------------------


def test_the_person_first_then_the_caller_then_a_talk_and_one_end() -> None:
    made = bench()
    kept = promised(made)
    made.login("p02")
    command = last(made)
    assert (command.visit, command.token, command.reach.address) == (kept.id, TOKEN, "p02")
    assert shown(made) == "reserved"
    offer = rings(made, command)
    assert shown(made) == "ringing"
    made.tell(ev.CallbackLifted(offer, leg(f"cb-{offer}")))
    assert (shown(made), kept.state) == ("calling", table.CALLING)
    effects = made.tell(ev.CallbackCalls(offer, leg(f"cb-{offer}"), leg(f"out-{offer}")), 3_000)
    assert [each.attempt for each in said(facts.CallbackDialled, effects)] == [1]
    effects = made.tell(ev.Bridged(leg(f"out-{offer}"), leg(f"cb-{offer}"), "p02"), 5_000)
    assert [each.outcome for each in said(facts.OfferEnded, effects)] == [facts.ANSWERED]
    assert shown(made) == "talking"
    made.tell(ev.LegEnded(leg(f"cb-{offer}"), 16), 60_000)
    effects = made.tell(ev.LegEnded(leg(f"out-{offer}"), 16))
    (ended,) = said(facts.VisitEnded, effects)
    assert (ended.outcome, ended.ended_by) == (facts.ANSWERED, facts.BY_STAFF)
    assert shown(made) == "wrap_up"
    assert made.engine.world.people["birgit"].calls == 1
    assert made.engine.world.visits == {}


def test_the_caller_ends_the_talk() -> None:
    made = bench()
    promised(made)
    made.login("p02")
    offer = talks(made)
    effects = made.tell(ev.LegEnded(leg(f"out-{offer}"), 16), 60_000)
    (ended,) = said(facts.VisitEnded, effects)
    assert (ended.outcome, ended.ended_by) == (facts.ANSWERED, facts.BY_CALLER)
    made.tell(ev.LegEnded(leg(f"cb-{offer}"), 16))
    assert shown(made) == "wrap_up"


@pytest.mark.parametrize(
    ("cause", "outcome"), [(17, facts.BUSY), (21, facts.DECLINED), (19, facts.NO_ANSWER)]
)
def test_a_person_who_does_not_take_it_is_not_asked_again_soon(cause: int, outcome: str) -> None:
    made = bench()
    kept = promised(made)
    made.login("p02")
    offer = rings(made, last(made))
    effects = made.tell(ev.LegEnded(leg(f"cb-{offer}"), cause))
    assert [each.outcome for each in said(facts.OfferEnded, effects)] == [outcome]
    assert sent(CancelCallback, effects) == []
    assert (kept.state, kept.attempts) == (table.WAITING, 0)
    assert len(sent(CallBack, *made.effects)) == 1
    made.tell(ev.Elapsed(), 30_000)
    assert len(sent(CallBack, *made.effects)) == 2


def test_who_lifts_and_lets_it_not_dial_has_declined() -> None:
    made = bench()
    kept = promised(made)
    made.login("p02")
    offer = rings(made, last(made))
    made.tell(ev.CallbackLifted(offer, leg(f"cb-{offer}")))
    effects = made.tell(ev.CallbackOver(offer, leg(f"cb-{offer}"), SKIPPED, 0))
    assert [each.outcome for each in said(facts.OfferEnded, effects)] == [facts.DECLINED]
    assert (kept.state, kept.attempts) == (table.WAITING, 0)


def test_who_was_not_there_is_called_again_after_the_gaps_and_then_no_more() -> None:
    made = bench()
    kept = promised(made)
    made.login("p02")
    effects = not_there(made)
    (failed,) = said(facts.CallbackFailed, effects)
    assert (failed.attempt, failed.status, failed.again_ms) == (1, "NOANSWER", made.now - 2 + 60_000)
    assert shown(made) == "ready"
    made.tell(ev.Elapsed(), 60_000 - 3)
    assert len(sent(CallBack, *made.effects)) == 1
    made.tell(ev.Elapsed(), 2)
    assert len(sent(CallBack, *made.effects)) == 2
    not_there(made, "BUSY")
    made.tell(ev.Elapsed(), 120_000)
    effects = not_there(made, "CONGESTION")
    assert [each.again_ms for each in said(facts.CallbackFailed, effects)] == [0]
    (ended,) = said(facts.VisitEnded, effects)
    assert (ended.visit, ended.outcome) == (kept.id, facts.NOT_REACHED)
    made.tell(ev.Elapsed(), HOUR)
    assert len(sent(CallBack, *made.effects)) == 3


WORDS = [
    ("CONGESTION", 503, True),
    ("CONGESTION", 0, True),
    ("CHANUNAVAIL", 0, True),
    ("CHANUNAVAIL", 403, True),
    ("NOANSWER", 0, True),
    ("NOANSWER", 180, False),
    ("NOANSWER", 480, False),
    ("BUSY", 486, False),
    ("CHANUNAVAIL", 404, False),
    ("CHANUNAVAIL", 484, False),
    ("CHANUNAVAIL", 603, False),
    ("CANCEL", 0, False),
    ("CONGESTION", -1, False),  # a journal of before does not tell
]


@pytest.mark.parametrize(("status", "sip", "ours"), WORDS)
def test_a_call_that_does_not_get_out_is_no_attempt_and_one_of_theirs_is(
    status: str, sip: int, ours: bool
) -> None:
    made = bench()
    kept = promised(made)
    made.login("p02")
    effects = not_there(made, status, sip)
    world = made.engine.world
    assert (kept.attempts, world.calls_today, world.calls_made[TOKEN]) == (int(not ours),) * 3
    assert bool(said(facts.CallbackNotOut, effects)) is ours
    assert bool(said(facts.CallbackFailed, effects)) is not ours
    outcome = facts.FAILED if ours else facts.NOT_REACHED
    assert [each.outcome for each in said(facts.OfferEnded, effects)] == [outcome]
    assert world.people["birgit"].misses == 0


def test_no_leg_at_all_is_a_call_that_did_not_get_out_and_no_refusal_of_who_lifted() -> None:
    made = bench()
    promised(made)
    made.login("p02")
    offer = rings(made, last(made))
    made.tell(ev.CallbackLifted(offer, leg(f"cb-{offer}")))
    effects = made.tell(ev.CallbackOver(offer, leg(f"cb-{offer}"), "CHANUNAVAIL", 0, 0))
    (not_out,) = said(facts.CallbackNotOut, effects)
    assert (not_out.dialled, not_out.attempts) == (False, 0)
    assert [each.outcome for each in said(facts.OfferEnded, effects)] == [facts.FAILED]


def test_an_outage_of_hours_ends_no_promise_and_rings_one_person_after_growing_gaps() -> None:
    made = bench()
    first, second = promised(made), promised(made, "2", "u" * 32)
    made.login("p02", "p03")
    rung = []
    began, more = made.now, True
    while made.now < began + 2 * HOUR:
        before = len(sent(CallBack, *made.effects))
        if more:
            not_there(made, "CONGESTION", 503)
            rung.append(made.now)
        made.tell(ev.Elapsed(), 1_000)
        running = list(made.engine.world.offers.values())
        assert len(running) <= (2 if made.now < began + 60_000 else 1)
        more = len(sent(CallBack, *made.effects)) > before and bool(running)
    assert {first.state, second.state} == {table.WAITING}
    assert (first.attempts, second.attempts) == (0, 0)
    assert len(rung) <= 16
    assert min(first.not_out, second.not_out) >= 3
    assert made.engine.held(first) in (EARLY, NO_WAY_OUT)


def test_a_talk_that_goes_on_is_no_try_whether_calls_get_out() -> None:
    """It began before they did not, and may be long."""
    made = bench()
    promised(made)
    made.login("p02")
    talks(made)
    promised(made, "2", "b" * 32)
    made.login("p03")
    not_there(made, "CONGESTION", 503)
    tried = len(sent(CallBack, *made.effects))
    made.tell(ev.Elapsed(), 61_000)
    assert len(sent(CallBack, *made.effects)) == tried + 1


def test_once_a_call_gets_out_all_are_called_again() -> None:
    made = bench()
    promised(made)
    promised(made, "2", "u" * 32)
    made.login("p02")
    not_there(made, "CONGESTION", 503)
    assert [made.engine.held(each) for each in callbacks(made)] == [EARLY, NO_WAY_OUT]
    assert sent(CallBack, made.tell(ev.Elapsed(), 59_000)) == []
    made.tell(ev.Elapsed(), 1_000)
    assert made.engine.world.trunk.faults == 1
    talks(made)
    assert made.engine.world.trunk.faults == 0
    made.login("p03")
    assert len(made.engine.world.offers) + len(made.engine.world.visits) >= 2
    assert len(sent(CallBack, *made.effects)) == 3


def test_a_number_that_never_gets_out_is_over_at_last_as_never_called() -> None:
    made = bench()
    kept = promised(made)
    made.login("p02")
    effects = not_there(made, "CONGESTION", 403)
    for _ in range(trunk.TRIES_MAX - 1):
        made.tell(ev.Elapsed(), 900_001)
        effects = not_there(made, "CONGESTION", 403)
    (ended,) = said(facts.VisitEnded, effects)
    assert (ended.visit, ended.outcome, kept.attempts) == (kept.id, facts.NOT_REACHED, 0)


def test_a_promise_whose_calls_never_got_out_was_not_kept() -> None:
    cell = Cell("de", "other", "", "callback", facts.NOT_REACHED, "nobody")
    ended = Ended(1, 0, cell, "t", True, None, 0, 0, None, None, 3, 0, 1, ())
    assert promise(ended) == BROKEN
    assert promise(ended._replace(attempts=1)) == NOT_THERE


@pytest.mark.parametrize("known", [True, False])
def test_a_blind_wish_is_answered_alike_whether_the_number_is_known_or_not(known: bool) -> None:
    made = bench(policy=POLICY._replace(callbacks=RULES._replace(open_max=1, per_number_day=1)))
    blind = ev.CallbackWished(TOKEN, "de", "other", "", 0, 0, blind=True)
    first = blind if known else blind._replace(token="x" * 32)
    assert said(facts.CallbackRefused, made.tell(first)) == []
    assert [each.why for each in said(facts.CallbackRefused, made.tell(blind))] == [TOO_MANY]
    # as it was journalled before, which a replay decides as then
    before = said(facts.CallbackRefused, made.tell(blind._replace(blind=False)))
    assert len(before) == int(not known)


def test_who_was_called_often_enough_today_and_asks_blindly_is_called_another_day() -> None:
    made = bench()
    made.engine.world.calls_made[TOKEN] = RULES.per_number_day
    blind = ev.CallbackWished(TOKEN, "de", "other", "", 0, 0, blind=True)
    assert [each.why for each in said(facts.CallbackRefused, made.tell(blind._replace(blind=False)))]
    assert said(facts.CallbackRefused, made.tell(blind)) == []
    (kept,) = callbacks(made)
    assert made.engine.held(kept) == CALLS_USED_UP


def test_the_person_hangs_up_while_it_rings_there_and_that_was_one_time() -> None:
    made = bench()
    kept = promised(made)
    made.login("p02")
    offer = dials(made)
    effects = made.tell(ev.LegEnded(leg(f"cb-{offer}"), 16))
    assert [each.status for each in said(facts.CallbackFailed, effects)] == ["CANCEL"]
    assert (kept.state, kept.attempts, kept.caller) == (table.WAITING, 1, None)
    made.tell(ev.CallbackOver(offer, leg(f"cb-{offer}"), "CANCEL", 0))
    made.tell(ev.LegEnded(leg(f"out-{offer}"), 16))
    assert kept.attempts == 1


def test_a_phone_that_says_nothing_is_taken_back_and_what_it_does_late_is_ended() -> None:
    made = bench()
    kept = promised(made)
    made.login("p02")
    offer = last(made).id
    effects = made.tell(ev.Elapsed(), POLICY.silent_ms)
    assert [each.offer for each in sent(CancelCallback, effects)] == [offer]
    assert kept.state == table.WAITING
    for late in (
        ev.CallbackRings(offer, leg("cb"), "p02"),
        ev.CallbackLifted(offer, leg("cb")),
        ev.CallbackCalls(offer, leg("cb"), leg("out")),
    ):
        assert [each.offer for each in sent(CancelCallback, made.tell(late))] == [offer]
    assert kept.attempts == 0


def test_a_talk_that_nobody_heard_begin_or_end_does_not_keep_the_person() -> None:
    made = bench()
    promised(made)
    made.login("p02")
    offer = dials(made)
    effects = made.tell(ev.Elapsed(), RULES.ring_ms + 10_000)
    assert [each.offer for each in sent(CancelCallback, effects)] == [offer]
    assert [each.status for each in said(facts.CallbackFailed, effects)] == [""]
    assert shown(made) == "ready"


def test_a_number_is_not_dialled_more_often_a_day_than_allowed() -> None:
    rules = RULES._replace(per_number_day=1)
    day = 24 * HOUR
    days = tuple(1_000_000 + each * day for each in range(3))
    made = bench(policy=POLICY._replace(callbacks=rules, days=days))
    promised(made)
    made.login("p02")
    not_there(made)
    made.tell(ev.Elapsed(), 60_000)
    assert len(sent(CallBack, *made.effects)) == 1
    assert [each.why for each in said(facts.CallbackRefused, wish(made, "u" * 32))] == []
    made.tell(ev.Elapsed(), day)
    assert {each.token for each in sent(CallBack, *made.effects)[1:]} == {TOKEN, "u" * 32}


def test_a_wish_that_is_taken_back_is_not_called() -> None:
    made = bench()
    kept = promised(made)
    effects = made.tell(ev.CallbackCancelled(kept.id))
    assert [each.outcome for each in said(facts.VisitEnded, effects)] == [facts.CANCELLED]
    assert [each.state for each in said(facts.EventRefused, made.tell(ev.CallbackCancelled(kept.id)))] == [
        "unknown_visit"
    ]
    made.login("p02")
    assert sent(CallBack, *made.effects) == []


def test_a_number_that_was_forgotten_ends_the_callback_and_one_that_cannot_be_read_rests_it() -> None:
    made = bench()
    kept = promised(made)
    made.login("p02")
    effects = made.tell(ev.CommandFailed(last(made).id, "the vault cannot be used"))
    assert (sent(CancelCallback, effects), kept.state) == ([], table.WAITING)
    assert len(sent(CallBack, *made.effects)) == 1
    made.tell(ev.Elapsed(), 30_000)
    effects = made.tell(ev.CommandFailed(last(made).id, NO_NUMBER))
    (ended,) = said(facts.VisitEnded, effects)
    assert (ended.outcome, ended.reason) == (facts.CANCELLED, NO_NUMBER)
    assert shown(made) == "ready"


def test_where_the_link_is_down_nobody_is_called() -> None:
    made = bench()
    promised(made)
    made.tell(ev.LinkDown("cut"))
    made.login("p02")
    assert sent(CallBack, *made.effects) == []
    devices = tuple((agent.reach.address, "NOT_INUSE") for agent in ROSTER.agents)
    made.tell(ev.PbxSnapshot(made.now, True, (), devices))
    assert len(sent(CallBack, *made.effects)) == 1


# --- messages -------------------------------------------------------------------------------------------


def left(made: Bench, uid: str = "1", token: str = TOKEN) -> Visit:
    """A caller who left a message and hung up; the message."""
    made.call(uid)
    if token:
        made.tell(ev.CallerKnown(leg(uid), token, "", ""))
    made.tell(ev.MessageLeft(leg(uid), f"{uid}-message"))
    made.tell(ev.LegEnded(leg(uid), 16))
    return callbacks(made)[-1]


def test_a_message_has_its_callers_place_and_the_call_is_no_abandon() -> None:
    made = bench()
    made.call("0", "ar")
    kept = left(made)
    ends = said(facts.VisitEnded, *made.effects)
    assert [each.outcome for each in ends] == [facts.MESSAGE]
    assert [each.file for each in said(facts.MessageTaken, *made.effects)] == ["1-message"]
    assert (kept.kind, kept.language, kept.concern, kept.token) == ("message", "de", "other", TOKEN)
    made.login("p02")
    assert last(made)[-1] == "1-message"


def test_who_hears_a_message_is_done_with_it_or_calls() -> None:
    made = bench()
    kept = left(made)
    made.login("p02")
    offer = rings(made, last(made))
    made.tell(ev.CallbackLifted(offer, leg(f"cb-{offer}")))
    made.tell(ev.Elapsed(), 300_000)  # it is long, and heard again
    effects = made.tell(ev.CallbackOver(offer, leg(f"cb-{offer}"), HEARD, 0))
    (ended,) = said(facts.VisitEnded, effects)
    assert (ended.visit, ended.outcome) == (kept.id, facts.HEARD)
    assert shown(made) == "ready"
    assert made.engine.world.people["birgit"].last_visit == kept.id  # to be closed at the desk
    made.tell(ev.StaffAsked("birgit", "", "notready", "", None))
    second = left(made, "2")
    made.tell(ev.StaffAsked("birgit", "", "ready", "", None))
    talks(made)
    assert second.state == table.TALKING


def test_a_message_without_a_number_is_heard_and_one_on_the_line_again_keeps_it() -> None:
    made = bench()
    kept = left(made, token="")
    made.call("2")
    made.tell(ev.CallerKnown(leg("2"), TOKEN, "", ""))
    made.tell(ev.Bridged(leg("2"), leg("2.phone"), "p02"))
    made.tell(ev.LegEnded(leg("2"), 16), 30_000)
    assert callbacks(made) == [kept]
    made.login("p02")
    made.tell(ev.Elapsed(), POLICY.wrap_up_ms)
    assert (last(made).token, last(made).message) == ("", "1-message")


def test_a_message_whose_number_was_called_often_enough_is_heard_and_not_called() -> None:
    made = bench(policy=POLICY._replace(callbacks=RULES._replace(per_number_day=1)))
    made.engine.world.calls_made[TOKEN] = 1
    left(made)
    made.login("p02")
    assert (last(made).token, last(made).message) == ("", "1-message")


def test_a_message_that_nobody_listened_for_is_told_by_the_ledger() -> None:
    made = bench()
    made.call("1")
    made.tell(ev.TermBegan(2))
    at = made.now
    row = ev.LedgerRow(
        leg("1"), "", "de", "other", "", at, at, 0, 0, (), (), at + 5, "caller", 16, message="1-message"
    )
    made.tell(ev.LedgerRead(NODE, (row,)), 1_000)
    assert [each.message for each in callbacks(made)] == ["1-message"]
    assert [each.outcome for each in said(facts.VisitEnded, *made.effects)] == [facts.MESSAGE]
    made.tell(ev.LedgerRead(NODE, (row,)))
    assert len(callbacks(made)) == 1


# --- after an outage ------------------------------------------------------------------------------------


def seen(offer: int, uid: str, phone: str = "", bridge: str = "", up: bool = True) -> ev.LegSeen:
    """A leg of a callback as a snapshot has it."""
    return ev.LegSeen(
        leg(uid), leg(f"cb-{offer}"), phone, "acd-callback", bridge, up, "", "", "", 0, 0, offer, 0, offer
    )


def back(made: Bench, *legs: ev.LegSeen, ledger: tuple[ev.LedgerCallback, ...] = ()) -> list[Effects]:
    """The daemon was away; now it reads the ledger and sees these legs."""
    made.tell(ev.TermBegan(made.engine.world.term + 1), 30_000)
    told = made.tell(ev.LedgerRead(NODE, (), ledger))
    devices = tuple((agent.reach.address, "NOT_INUSE") for agent in ROSTER.agents)
    return [told, made.tell(ev.PbxSnapshot(made.now + 1, True, legs, devices, NODE))]


def given(made: Bench | None = None) -> tuple[Bench, Visit, int]:
    """A callback that birgit is to carry out; with its offer."""
    made = made or bench()
    kept = promised(made)
    made.login("p02")
    return made, kept, last(made).id


def test_one_that_never_left_is_given_anew_and_nobody_is_to_blame() -> None:
    made, kept, offer = given()
    effects = back(made)
    assert [each.outcome for each in said(facts.OfferEnded, *effects)] == [facts.FAILED]
    assert kept.attempts == 0
    assert [each.id != offer for each in sent(CallBack, *effects)] == [True]


def test_one_that_rings_calls_or_talks_goes_on() -> None:
    made, kept, offer = given()
    back(made, seen(offer, f"cb-{offer}", "p02", up=False))
    assert kept.state == table.RINGING
    back(made, seen(offer, f"cb-{offer}", "p02"))
    assert (kept.state, kept.attempts) == (table.CALLING, 0)
    back(made, seen(offer, f"cb-{offer}", "p02"), seen(offer, "out"))
    assert (kept.state, kept.attempts, kept.caller) == (table.CALLING, 1, leg("out"))
    back(made, seen(offer, f"cb-{offer}", "p02", "b"), seen(offer, "out", bridge="b"))
    assert (kept.state, kept.attempts) == (table.TALKING, 1)
    told = row(made, kept, offer, 0, 0, 0, -1)
    both = seen(offer, f"cb-{offer}", "p02", "b"), seen(offer, "out", bridge="b")
    effects = back(made, *both, ledger=(told,))
    assert said(facts.TalkBegan, *effects) == said(facts.VisitEnded, *effects) == []
    effects = back(made)
    assert [each.outcome for each in said(facts.VisitEnded, *effects)] == [facts.ANSWERED]
    assert sent(CallBack, *made.effects)[-1].id == offer


def row(made: Bench, visit: Visit, offer: int, *times: int, status: str = "") -> ev.LedgerCallback:
    """Lifted, called, answered, over: seconds from now, -1 for never."""
    at = [made.now + each * 1_000 if each >= 0 else 0 for each in times]
    return ev.LedgerCallback(offer, visit.id, leg(f"cb-{offer}"), "p02", *at, status)


def test_what_ran_to_its_end_meanwhile_is_told_at_its_times_and_not_repeated() -> None:
    made, kept, offer = given()
    told = row(made, kept, offer, 2, 5, 9, 20, status="ANSWER")
    began = made.now
    effects = back(made, ledger=(told,))
    (talk,) = said(facts.TalkBegan, *effects)
    (ended,) = said(facts.VisitEnded, *effects)
    assert (talk.at_ms - began, ended.at_ms - began) == (9_000, 20_000)
    assert (ended.visit, ended.outcome) == (kept.id, facts.ANSWERED)
    assert [each.attempt for each in said(facts.CallbackDialled, *effects)] == [1]
    assert sent(CallBack, *effects) == []
    assert said(facts.CallbackDialled, *back(made, ledger=(told,))) == []


def test_who_was_not_there_meanwhile_is_called_again_after_the_gap() -> None:
    made, kept, offer = given()
    told = row(made, kept, offer, 2, 5, -1, 20, status="NOANSWER")
    over = made.now + 20_000
    effects = back(made, ledger=(told,))
    assert [each.again_ms for each in said(facts.CallbackFailed, *effects)] == [over + 60_000]
    assert sent(CallBack, *effects) == []
    again = back(made, ledger=(told,))
    assert (said(facts.CallbackFailed, *again), kept.attempts) == ([], 1)


def test_who_hung_up_while_they_heard_who_calls_talked_with_nobody() -> None:
    made, kept, offer = given()
    told = row(made, kept, offer, 2, 5, 9, 11, status="ANSWER")
    effects = back(made, ledger=(told,))
    assert said(facts.TalkBegan, *effects) == []
    assert [each.status for each in said(facts.CallbackFailed, *effects)] == ["ANSWER"]


def test_who_hears_who_calls_as_the_daemon_comes_back_is_not_hung_up_on() -> None:
    """The dialplan writes down that they lifted; the talk begins a few seconds later."""
    made, kept, offer = given()
    told = row(made, kept, offer, 2, 5, 20, -1)
    effects = back(made, seen(offer, f"cb-{offer}", "p02"), seen(offer, "out"), ledger=(told,))
    assert said(facts.VisitEnded, *effects) == said(facts.TalkBegan, *effects) == []
    assert (kept.state, kept.attempts) == (table.CALLING, 1)
    effects = [made.tell(ev.Bridged(leg("out"), leg(f"cb-{offer}"), "p02"))]
    assert len(said(facts.TalkBegan, *effects)) == 1


def test_one_whose_record_was_lost_is_taken_up_and_not_called_twice() -> None:
    made = bench()
    kept = promised(made)
    lost = (1 << 32) + 77
    told = row(made, kept, lost, 2, 5, 9, 20, status="ANSWER")
    effects = back(made, ledger=(told,))
    assert [each.outcome for each in said(facts.VisitEnded, *effects)] == [facts.ANSWERED]
    assert callbacks(made) == []


def test_what_stands_of_no_offer_is_ended_unless_they_talk() -> None:
    made = bench()
    effects = back(made, seen(77, "cb-77", "p02"), seen(78, "cb-78", "p03", "b"), seen(78, "out", bridge="b"))
    assert [each.offer for each in sent(CancelCallback, *effects)] == [77]


def test_drift_is_seen_twice_before_it_is_mended() -> None:
    made, kept, _ = given()
    devices = tuple((agent.reach.address, "NOT_INUSE") for agent in ROSTER.agents)
    rings(made, last(made))
    drifts = []
    for _ in range(2):
        made.now += 1_000
        drifts.append(said(facts.DriftFound, made.tell(ev.PbxSnapshot(made.now, False, (), devices, NODE))))
    assert drifts[0] == []
    assert [each.subject for each in drifts[1]] == [f"callback {kept.id}"]
    assert kept.attempts == 0


def test_every_step_of_a_callback_can_be_the_last_before_a_crash() -> None:
    """Whatever was heard of it: frozen, thawed and reconciled, it ends once, and is called at most once."""
    for heard in range(6):
        made, kept, offer = given()
        phone, out = leg(f"cb-{offer}"), leg("out")
        steps: tuple[ev.Event, ...] = (
            ev.CallbackRings(offer, phone, "p02"),
            ev.PhoneRang(phone),
            ev.CallbackLifted(offer, phone),
            ev.CallbackCalls(offer, phone, out),
            ev.Bridged(out, phone, "p02"),
        )
        for each in steps[:heard]:
            made.tell(each)
        made.engine = Engine(thawed(Copied(made.engine.world).frozen()))
        told = row(made, kept, offer, 2, 5, 9, 20, status="ANSWER")
        effects = [*made.effects, *back(made, ledger=(told,))]
        assert len(said(facts.CallbackDialled, *effects)) == 1, heard
        assert [each.outcome for each in said(facts.VisitEnded, *effects) if each.visit == kept.id] == [
            facts.ANSWERED
        ], heard
        assert len(said(facts.TalkBegan, *effects)) == 1


def test_no_more_messages_are_taken_than_may_wait_and_the_dialplan_knows_it() -> None:
    """Told as it becomes so, again to a PBX that comes up, and as it is past."""
    few = POLICY._replace(callbacks=RULES._replace(messages_max=2))
    made = bench(policy=few)

    def told(effects: Sequence[Effects]) -> list[bool]:
        return [each.full for each in sent(SetFallback, *effects)]

    before = len(made.effects)
    left(made)
    assert True not in told(made.effects[before:])
    left(made, "2", "u" * 32)
    assert told(made.effects[before:])[-1] is True
    before = len(made.effects)
    made.tell(ev.PbxSnapshot(made.now, True, (), ()))
    assert told(made.effects[before:]) == [True]
    made.login("p02")
    offer = rings(made, last(made))
    made.tell(ev.CallbackLifted(offer, leg(f"cb-{offer}")))
    made.tell(ev.CallbackOver(offer, leg(f"cb-{offer}"), HEARD, 0))
    assert told(made.effects)[-1] is False
