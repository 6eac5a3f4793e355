"""Closing time and empty desks: who still waits is told what to expect, and nobody waits for nobody."""

import pytest

from agents.model import Team
from routing import closing, facts
from routing import events as ev
from routing import visit as table
from routing.commands import Connect, Say, TurnAway
from routing.deadlines import UNREACHED_MS
from routing.engine import Effects
from routing.policy import Hours
from routing.visits import PARTING_MS
from routing.world import Visit
from tests.fakes.centre import NODE, POLICY, Bench
from tests.unit.test_engine import CALLER, PHONE, none, only

HOUR = 3_600_000
SHUTS = 1_000_000 + HOUR


def bench(overtime_ms: int = -1, *at_work: str) -> Bench:
    """A centre that shuts in an hour; who is at work takes no calls just now."""
    made = Bench(POLICY._replace(opening=((0, SHUTS), (SHUTS + 10 * HOUR, 10**15)), overtime_ms=overtime_ms))
    for phone in at_work:
        made.login(phone)
        made.tell(ev.StaffAsked("", phone, "notready", "", None))
    return made


def ready(made: Bench, phone: str) -> Effects:
    """They take calls again."""
    return made.tell(ev.StaffAsked("", phone, "ready", "", None))


def shut(made: Bench) -> Effects:
    """Time passes until it has."""
    return made.tell(ev.Elapsed(), SHUTS - made.now)


def the_visit(made: Bench) -> Visit:
    return next(iter(made.engine.world.visits.values()))


def sentences(effects: Effects) -> list[str]:
    said = [name for each in effects.commands if isinstance(each, Say) for name in each.sentences]
    assert said == [each.sentence for each in effects.facts if isinstance(each, facts.CallerTold)]
    return said


def test_who_waits_at_closing_hears_so_once_and_is_served() -> None:
    made = bench(-1, "p01")
    made.call("1.1", "tr")
    assert sentences(shut(made)) == [closing.LAST_IN_LINE]
    assert sentences(made.tell(ev.Elapsed(), HOUR)) == []
    made.login("p03")
    assert the_visit(made).state == table.OFFERED


def test_who_comes_into_the_line_just_after_closing_hears_so_too() -> None:
    """The door was open when they chose their language."""
    made = bench(-1, "p01")
    shut(made)
    assert sentences(made.call("1.1", "tr")) == [closing.LAST_IN_LINE]


def test_who_is_back_in_the_line_after_an_offer_at_closing_hears_so() -> None:
    made = bench(-1, "p02")
    made.call("1.1")
    made.now = SHUTS - 1_000
    ready(made, "p02")
    assert the_visit(made).state == table.OFFERED
    assert sentences(shut(made)) == []
    assert sentences(made.tell(ev.DialEnded(CALLER, the_visit(made).offer, "BUSY"))) == [closing.LAST_IN_LINE]


def test_when_the_last_one_logs_out_before_closing_those_who_wait_are_told() -> None:
    made = bench(-1, "p01", "p02")
    made.call("1.1", "tr")
    assert sentences(made.tell(ev.StaffAsked("", "p01", "logout", "", None))) == []
    assert sentences(made.tell(ev.StaffAsked("", "p02", "logout", "", None))) == [closing.NOBODY_HERE]
    assert sentences(made.call("1.2", "tr")) == [closing.NOBODY_HERE]
    assert the_visit(made).state == table.WAITING


def test_somebody_who_came_and_left_again_is_told_of_again() -> None:
    made = bench()
    assert sentences(made.call("1.1", "tr")) == [closing.NOBODY_HERE]
    made.login("p01")
    leaves = ev.StaffAsked("", "p01", "logout", "", None)
    assert sentences(made.tell(leaves, 16_000)) == [closing.NOBODY_HERE]


@pytest.mark.parametrize(
    "leaves",
    [
        ev.StaffAsked("", "p01", "logout", "", None),
        ev.TeamChanged("nobody", Team(())),
    ],
)
def test_after_closing_nobody_waits_beside_empty_desks(leaves: ev.Event) -> None:
    made = bench(-1, "p01")
    made.call("1.1", "tr")
    shut(made)
    assert only(TurnAway, made.tell(leaves).commands).caller == CALLER
    assert the_visit(made).state == table.LEAVING
    made.tell(ev.TurnedAway(CALLER, "tr"))
    assert the_visit(made).state == table.CLOSING
    assert only(facts.VisitEnded, made.tell(ev.LegEnded(CALLER, 16)).facts).outcome == facts.TURNED_AWAY


def test_who_did_not_take_offers_is_not_there_for_those_who_wait() -> None:
    """Away by two misses, after closing: nobody knows of anybody at work."""
    made = bench(-1, "p02")
    made.call("1.1")
    shut(made)
    ready(made, "p02")
    for number in range(2):
        phone = ev.Leg(NODE, f"2.{number}")
        made.tell(ev.DialBegan(CALLER, phone, "p02", the_visit(made).offer))
        made.tell(ev.PhoneRang(phone))
        made.tell(ev.LegEnded(phone, 21))
        made.tell(ev.DialEnded(CALLER, the_visit(made).offer, "BUSY"))
        made.tell(ev.Elapsed(), 30_000)
    assert made.engine.world.people["birgit"].presence == "away"
    assert the_visit(made).state == table.LEAVING
    assert only(TurnAway, made.effects[-2].commands)


def test_who_works_without_a_phone_that_can_be_reached_is_not_there_after_a_minute() -> None:
    made = bench(-1, "p01")
    made.call("1.1", "tr")
    assert sentences(made.tell(ev.DeviceChanged("p01", "UNAVAILABLE", NODE))) == []
    assert sentences(made.tell(ev.Elapsed(), UNREACHED_MS - 1)) == []
    assert sentences(made.tell(ev.Elapsed(), 1)) == [closing.NOBODY_HERE]
    made.tell(ev.DeviceChanged("p01", "NOT_INUSE", NODE))
    shut(made)
    assert the_visit(made).told == closing.LAST_IN_LINE


def test_a_phone_that_blinks_after_closing_lets_nobody_go() -> None:
    made = bench(-1, "p01")
    made.call("1.1", "tr")
    shut(made)
    for state, after in (("UNAVAILABLE", 0), ("NOT_INUSE", 59_999), ("UNAVAILABLE", 1)):
        assert none(TurnAway, made.tell(ev.DeviceChanged("p01", state, NODE), after).commands)
    assert only(TurnAway, made.tell(ev.Elapsed(), UNREACHED_MS).commands).caller == CALLER


def test_a_phone_that_is_used_counts_as_somebody_there() -> None:
    made = bench(-1, "p01")
    made.call("1.1", "tr")
    made.tell(ev.DeviceChanged("p01", "INUSE", NODE))
    assert none(TurnAway, shut(made).commands)


@pytest.mark.parametrize("minutes", [0, 30])
def test_the_configured_time_after_closing_ends_the_line(minutes: int) -> None:
    made = bench(minutes * 60_000, "p01")
    made.call("1.1", "tr")
    if minutes:
        assert sentences(shut(made)) == [closing.LAST_IN_LINE]
        assert made.engine.due() == SHUTS + minutes * 60_000
        made.tell(ev.Elapsed(), minutes * 60_000 - 1)
        assert the_visit(made).state == table.WAITING
        effects = made.tell(ev.Elapsed(), 1)
    else:
        effects = shut(made)
    assert only(TurnAway, effects.commands).caller == CALLER


def test_a_talk_that_goes_on_is_left_alone_and_who_rings_at_the_end_still_talks() -> None:
    made = bench(0, "p02")
    made.call("1.1")
    made.now = SHUTS - 200
    ready(made, "p02")
    offer = the_visit(made).offer
    made.tell(ev.DialBegan(CALLER, PHONE, "p02", offer))
    made.tell(ev.PhoneRang(PHONE))
    shut(made)
    assert the_visit(made).state == table.RINGING
    made.tell(ev.Bridged(CALLER, PHONE, "p02"))
    assert the_visit(made).state == table.TALKING


def test_a_redirect_that_does_not_take_hold_is_made_again() -> None:
    made = bench(0, "p01")
    made.call("1.1", "tr")
    first = only(TurnAway, shut(made).commands)
    made.tell(ev.CallWaiting(CALLER, "tr", "other", "", 0, 0))
    assert the_visit(made).state == table.LEAVING
    again = only(TurnAway, made.tell(ev.Elapsed(), PARTING_MS).commands)
    assert again.id > first.id
    made.tell(ev.TurnedAway(CALLER, "tr"))
    assert none(TurnAway, made.tell(ev.Elapsed(), 2 * PARTING_MS).commands)


def test_who_is_let_go_while_the_link_is_down_is_let_go_after_it() -> None:
    made = bench(0, "p01")
    made.call("1.1", "tr")
    made.tell(ev.LinkDown("cut"))
    assert none(TurnAway, shut(made).commands)
    row = ev.LegSeen(CALLER, CALLER, "", "acd-hold", "", True, "tr", "other", "", made.now, made.now, 0, 0)
    up = made.tell(ev.PbxSnapshot(made.now, True, (row,), (("p01", "NOT_INUSE"),)))
    assert only(TurnAway, up.commands).caller == CALLER


def test_in_the_morning_a_caller_is_offered_as_always() -> None:
    made = bench(-1, "p01")
    made.call("1.1", "tr")
    shut(made)
    made.tell(ev.Elapsed(), 10 * HOUR)
    assert sentences(made.tell(ev.StaffAsked("", "p01", "logout", "", None))) == [closing.NOBODY_HERE]
    made.login("p03")
    assert isinstance(made.effects[-1].commands[-1], Connect)


STUDY_SHUTS = SHUTS - HOUR // 2


def of_its_own(overtime_ms: int = -1, language: str = "") -> Bench:
    """Somebody is at work; callers for study find it closed half an hour before all others do."""
    made = bench(overtime_ms, "p01")
    own = Hours(language, "study", ((0, STUDY_SHUTS), (SHUTS + 11 * HOUR, 10**15)))
    rules = made.engine.world.rules._replace(hours=(own,))
    made.tell(ev.PolicyChanged("own", rules))
    return made


def at(made: Bench, when: int) -> Effects:
    return made.tell(ev.Elapsed(), when - made.now)


def gone(effects: Effects) -> list[str]:
    return [each.caller.uid for each in effects.commands if isinstance(each, TurnAway)]


def told(effects: Effects) -> list[tuple[str, str]]:
    return [
        (each.caller.uid, name)
        for each in effects.commands
        if isinstance(each, Say)
        for name in each.sentences
    ]


def test_only_whose_concern_closes_is_told_and_all_others_when_the_centre_does() -> None:
    made = of_its_own()
    made.call("1.1", "tr", "study")
    made.call("1.2", "tr", "other")
    assert told(at(made, STUDY_SHUTS - 1)) == []
    assert made.engine.due() == STUDY_SHUTS
    assert told(at(made, STUDY_SHUTS)) == [("1.1", closing.LAST_IN_LINE)]
    assert told(made.call("1.3", "tr", "study")) == [("1.3", closing.LAST_IN_LINE)]
    assert told(made.call("1.4", "tr", "other")) == []
    assert told(at(made, SHUTS)) == [("1.2", closing.LAST_IN_LINE), ("1.4", closing.LAST_IN_LINE)]


def test_the_time_after_closing_counts_from_the_concerns_own_closing() -> None:
    made = of_its_own(overtime_ms=10 * 60_000)
    made.call("1.1", "tr", "study")
    made.call("1.2", "tr", "other")
    at(made, STUDY_SHUTS)
    assert made.engine.due() == STUDY_SHUTS + 10 * 60_000
    assert gone(at(made, STUDY_SHUTS + 10 * 60_000 - 1)) == []
    assert gone(at(made, STUDY_SHUTS + 10 * 60_000)) == ["1.1"]
    made.tell(ev.LegEnded(CALLER, 16))
    assert gone(at(made, SHUTS + 10 * 60_000)) == ["1.2"]


def test_a_closed_concern_is_waited_for_by_nobody_once_nobody_is_at_work() -> None:
    made = of_its_own()
    made.call("1.1", "tr", "study")
    made.call("1.2", "tr", "other")
    at(made, STUDY_SHUTS)
    leaves = made.tell(ev.StaffAsked("", "p01", "logout", "", None))
    assert gone(leaves) == ["1.1"]
    assert told(leaves) == [("1.2", closing.NOBODY_HERE)]


def test_hours_of_a_language_and_concern_are_nobody_elses() -> None:
    made = of_its_own(language="ar")
    made.call("1.1", "ar", "study")
    made.call("1.2", "tr", "study")
    assert told(at(made, STUDY_SHUTS)) == [("1.1", closing.LAST_IN_LINE)]


def test_a_concern_that_a_new_file_closes_is_served_for_its_time_from_now_on() -> None:
    made = bench(10 * 60_000, "p01")
    made.call("1.1", "tr", "study")
    closed = Hours("", "study", ((0, made.now - HOUR), (SHUTS + 11 * HOUR, 10**15)))
    new = ev.PolicyChanged("own", made.engine.world.rules._replace(hours=(closed,)))
    assert told(made.tell(new)) == [("1.1", closing.LAST_IN_LINE)]
    assert gone(made.tell(ev.Elapsed(), 10 * 60_000)) == ["1.1"]
    before = made.engine.world.rules._replace(hours=())
    made.tell(ev.PolicyChanged("before", before))
    assert made.engine.world.shut == {}


def test_those_in_line_are_let_go_in_the_order_in_which_they_came() -> None:
    made = bench(0, "p01")
    for number in (1, 2, 3):
        made.call(f"1.{number}", "tr")
    gone = [each.caller.uid for each in shut(made).commands if isinstance(each, TurnAway)]
    assert gone == ["1.1", "1.2", "1.3"]


def test_who_hears_that_nobody_serves_them_is_known_to_have_waited_by_a_daemon_that_knows_nothing() -> None:
    made = bench()
    at = made.now - 60_000
    row = ev.LegSeen(CALLER, CALLER, "", "acd-closed", "", True, "tr", "other", "", at, at, 0, 0)
    made.tell(ev.PbxSnapshot(made.now, True, (row,), ()))
    ended = only(facts.VisitEnded, made.tell(ev.LegEnded(CALLER, 16)).facts)
    assert ended.outcome == facts.TURNED_AWAY
