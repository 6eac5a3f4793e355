"""What is set by hand for the whole hotline, or lent to a person, holds until its time and no longer."""

from typing import TypeVar

import pytest

from acd import replay
from acd.store import codec
from agents.model import Team
from routing import by_hand, facts
from routing import events as ev
from routing.closing import lets_in
from routing.commands import NOT_NOW, SetHours, TurnAway
from routing.engine import Effects
from routing.policy import FALLBACK, OVERFLOW_FALLBACK, Callbacks, Hours, Overflow, Policy, Reserve, Step
from routing.world import Visit
from tests.fakes.centre import NODE, PHONES, POLICY, ROSTER, Bench

T = TypeVar("T")
MINUTE = 60_000


def bench(policy: Policy = POLICY) -> Bench:
    """Everybody is at work, and not ready."""
    made = Bench(policy)
    made.login(*PHONES)
    for phone in PHONES:
        made.tell(ev.StaffAsked("", phone, "notready", "", None))
    return made


def said(kind: type[T], effects: Effects) -> list[T]:
    return [each for each in effects.facts if isinstance(each, kind)]


def refused(effects: Effects) -> str:
    return said(facts.EventRefused, effects)[0].state


def called(made: Bench, uid: str, language: str = "de") -> Visit:
    made.call(uid, language)
    return made.engine.world.visits[max(made.engine.world.visits)]


def closes(made: Bench, of: str = "/", minutes: int = 10) -> Effects:
    until = made.now + minutes * MINUTE if minutes else 0
    return made.tell(ev.SetByHand("hours", of, "closed", until))


def ready(made: Bench, agent: str) -> Effects:
    return made.tell(ev.StaffAsked(agent, "", "ready", "", None))


# --- hours -----------------------------------------------------------------------------------------------


def test_closed_by_hand_who_waits_is_served_and_who_comes_hears_that_nobody_can_now() -> None:
    made = bench()
    one = called(made, "1")
    effects = closes(made)
    assert said(facts.HoursChanged, effects)[0].open is False
    assert (one.state, one.told) == ("waiting", "last_in_line")
    effects = made.call("2")
    assert [each.sentence for each in effects.commands if isinstance(each, TurnAway)] == [NOT_NOW]
    ready(made, "birgit")
    assert one.agent == "birgit"


def test_a_language_closed_by_hand_closes_nobody_elses() -> None:
    made = bench()
    closes(made, "tr/")
    assert made.engine.world.open
    assert [called(made, "1", "tr").state, called(made, "2", "de").state] == ["leaving", "waiting"]


def test_it_is_open_again_when_the_time_is_over_and_everybody_is_let_in_line() -> None:
    made = bench()
    closes(made, minutes=10)
    assert made.engine.due() == made.now - 1 + 10 * MINUTE
    effects = made.tell(ev.Elapsed(), 10 * MINUTE)
    assert [(each.what, each.how) for each in said(facts.ByHandChanged, effects)] == [("hours", "rules")]
    assert (made.engine.world.open, made.engine.world.by_hand) == (True, {})
    assert called(made, "1").state == "waiting"


def test_it_is_open_again_when_somebody_says_so() -> None:
    made = bench()
    closes(made, minutes=0)
    made.tell(ev.SetByHand("hours", "/", "rules", 0))
    assert called(made, "1").state == "waiting"
    assert refused(made.tell(ev.SetByHand("hours", "/", "rules", 0))) == "as_it_is"


def test_set_again_it_closes_since_the_first_time() -> None:
    made = bench()
    closes(made, minutes=5)
    since = made.engine.world.by_hand["hours//"].since_ms
    made.now += 1_000
    closes(made, minutes=0)
    assert made.engine.world.by_hand["hours//"][1:] == (since, 0)


def test_open_by_hand_who_is_in_line_is_served_on_after_closing_and_the_more_special_one_counts() -> None:
    own = (Hours("tr", "", ((0, 1_000_100),)),)
    made = bench(POLICY._replace(opening=((0, 1_030_000),), hours=own, overtime_ms=0))
    made.tell(ev.SetByHand("hours", "tr/", "open", 0))
    turkish, german = called(made, "1", "tr"), called(made, "2", "de")
    made.tell(ev.Elapsed(), 30_000)
    assert (turkish.state, german.state) == ("waiting", "leaving")


def test_nobody_is_called_back_while_it_is_closed_by_hand() -> None:
    made = bench(POLICY._replace(callbacks=Callbacks()))
    closes(made)
    made.tell(ev.CallbackWished("t", "de", "other", "", 0, 0))
    ready(made, "birgit")
    assert not made.engine.world.offers
    made.tell(ev.SetByHand("hours", "/", "rules", 0))
    assert len(made.engine.world.offers) == 1


# --- what the dialplan is told ---------------------------------------------------------------------------


def told(effects: Effects) -> list[tuple[object, ...]]:
    return [each[1:] for each in effects.commands if isinstance(each, SetHours)]


def test_the_dialplan_closes_by_itself_and_is_told_when_that_is_over() -> None:
    made = bench()
    until = made.now + 10 * MINUTE
    assert told(closes(made, "tr/")) == [((("tr/", "closed"),), False, until, "")]
    effects = made.tell(ev.SetByHand("drain", "", "on", until + MINUTE))
    assert told(effects) == [((("tr/", "closed"),), True, until, "")]
    assert told(made.tell(ev.Elapsed(), 10 * MINUTE)) == [((), True, until + MINUTE, "")]
    assert told(made.tell(ev.SetByHand("drain", "", "rules", 0))) == [((), False, 0, "")]


def test_a_dialplan_is_told_at_each_link_up_and_none_that_is_away() -> None:
    made = bench()
    made.tell(ev.LinkDown("test"))
    assert told(closes(made, "tr/", minutes=0)) == []
    devices = tuple((phone, "NOT_INUSE") for phone in PHONES)
    effects = made.tell(ev.PbxSnapshot(made.now, True, (), devices))
    assert told(effects) == [((("tr/", "closed"),), False, 0, "")]


def test_of_reserves_and_overflow_it_is_told_nothing() -> None:
    made = bench(KEEPS)
    assert told(made.tell(ev.SetByHand("reserve", "tr", "off", made.now + MINUTE))) == []
    assert told(made.tell(ev.Elapsed(), MINUTE)) == []


# --- drain -----------------------------------------------------------------------------------------------


def test_drained_who_waits_is_served_and_nobody_new_is_let_in_line() -> None:
    made = bench()
    one = called(made, "1")
    made.tell(ev.SetByHand("drain", "", "on", 0))
    assert (one.state, one.told, made.engine.world.open) == ("waiting", "", True)
    assert called(made, "2").state == "leaving"
    made.tell(ev.SetByHand("drain", "", "rules", 0))
    assert called(made, "3").state == "waiting"


def test_who_chooses_anew_while_drained_keeps_their_place() -> None:
    made = bench()
    one = called(made, "1")
    made.tell(ev.SetByHand("drain", "", "on", 0))
    assert one.caller is not None
    made.tell(ev.MenuAsked(one.caller))
    made.tell(ev.CallWaiting(one.caller, "tr", "other", "", 0, 0))
    assert one.state == "waiting"


# --- reserve and overflow --------------------------------------------------------------------------------

KEEPS = POLICY._replace(reserves=(Reserve("tr", 7, 1, 10**9),))


def test_a_reserve_is_switched_off_and_on_by_hand() -> None:
    made = bench(KEEPS)
    one = called(made, "1", "de")
    ready(made, "cem")
    assert one.state == "waiting"
    made.tell(ev.SetByHand("reserve", "tr", "off", made.now + MINUTE))
    assert one.agent == "cem"
    shut = bench(KEEPS._replace(reserves=(Reserve("tr", 7, 1, 10**9, ((0, 1),)),)))
    shut.tell(ev.SetByHand("reserve", "tr", "on", shut.now + MINUTE))
    two = called(shut, "1", "de")
    ready(shut, "cem")
    assert two.state == "waiting"
    shut.tell(ev.Elapsed(), MINUTE)
    assert two.agent == "cem"


WIDER = Step(0, FALLBACK, 3, 0)
OVERFLOWS = POLICY._replace(
    overflow=(Overflow("wider", "", "", 50_000, -1, False, OVERFLOW_FALLBACK, WIDER),)
)


def test_an_overflow_is_switched_on_for_who_waits_and_who_comes_and_off() -> None:
    made = bench(OVERFLOWS)
    one = called(made, "1", "ar")
    made.tell(ev.SetByHand("overflow", "wider", "on", made.now + MINUTE))
    assert (one.overflowed, called(made, "2", "ar").overflowed) == (("wider",), ("wider",))
    made.tell(ev.SetByHand("overflow", "wider", "off", made.now + 100_000))
    late = called(made, "3", "ar")
    made.tell(ev.Elapsed(), 60_000)
    assert late.overflowed == ()
    made.tell(ev.Elapsed(), 40_000)
    assert late.overflowed == ("wider",)


def test_an_overflow_is_by_the_rules_again_whatever_else_is_over_at_that_moment() -> None:
    made = bench(OVERFLOWS)
    until = made.now + 100_000
    made.tell(ev.SetByHand("overflow", "wider", "off", until))
    made.tell(ev.SetByHand("hours", "/", "open", until))
    late = called(made, "1", "ar")
    made.tell(ev.Elapsed(), until - made.now - 1)
    assert late.overflowed == ()
    made.tell(ev.Elapsed(), 1)
    assert late.overflowed == ("wider",)


# --- what somebody can do --------------------------------------------------------------------------------


def lend(made: Bench, agent: str = "birgit", minutes: int = 10) -> Effects:
    return made.tell(
        ev.SkillsLent(agent, (("ar", 7), ("de", 7)), (("other", 5),), made.now + minutes * MINUTE)
    )


def test_what_is_lent_counts_at_once_and_until_its_time() -> None:
    made = bench()
    one = called(made, "1", "ar")
    ready(made, "birgit")
    assert one.state == "waiting"
    lend(made)
    assert one.agent == "birgit"
    effects = made.tell(ev.Elapsed(), 10 * MINUTE)
    assert [(each.agent, each.until_ms) for each in said(facts.SkillsChanged, effects)] == [("birgit", 0)]
    assert made.engine.world.people["birgit"].agent == ROSTER.agents[1]
    assert made.engine.world.lent == {}


def test_what_is_lent_stays_when_the_roster_changes_and_the_new_one_counts_afterwards() -> None:
    made = bench()
    lend(made)
    amal, birgit, cem = ROSTER.agents
    newer = birgit._replace(languages=(("en", 7),))
    made.tell(ev.TeamChanged("newer", Team((amal, newer, cem))))
    assert made.engine.world.people["birgit"].agent.languages == (("ar", 7), ("de", 7))
    made.tell(ev.SkillsLent("birgit", (), (), 0))
    assert made.engine.world.people["birgit"].agent == newer
    lend(made)
    made.tell(ev.TeamChanged("fewer", Team((amal, cem))))
    assert made.engine.world.lent == {}


@pytest.mark.parametrize(
    ("languages", "concerns", "until", "why"),
    [
        ((), (), MINUTE, "no_language"),
        ((("de", 8),), (), MINUTE, "bad_level"),
        ((("ar", 8), ("de", 7)), (), MINUTE, "bad_level"),
        ((("de", 0),), (), MINUTE, "bad_level"),
        ((("de", 7),), (("other", 0),), MINUTE, "bad_level"),
        ((("de", 7),), (("other", 3), ("study", 6)), MINUTE, "bad_level"),
        ((("de", 7),), (), -MINUTE, "over_already"),
    ],
)
def test_what_nobody_can_be_lent(
    languages: tuple[tuple[str, int], ...], concerns: tuple[tuple[str, int], ...], until: int, why: str
) -> None:
    made = bench()
    effects = made.tell(ev.SkillsLent("birgit", languages, concerns, made.now + until))
    assert [each.why for each in said(facts.StaffRefused, effects)] == [why]
    assert made.engine.world.people["birgit"].agent == ROSTER.agents[1]


# --- bounds, time, kept ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "of", "how", "until", "why"),
    [
        ("hours", "de", "closed", 0, "unknown"),
        ("hours", "/", "on", 0, "unknown"),
        ("nothing", "", "on", 0, "unknown"),
        ("reserve", "uk", "off", 0, "unknown"),
        ("overflow", "gone", "on", 0, "unknown"),
        ("drain", "x", "on", 0, "unknown"),
        ("drain", "", "on", 1, "over_already"),
        ("drain", "", "rules", 0, "as_it_is"),
    ],
)
def test_what_cannot_be_set(what: str, of: str, how: str, until: int, why: str) -> None:
    assert refused(bench().tell(ev.SetByHand(what, of, how, until))) == why


def test_so_many_things_are_set_and_no_more() -> None:
    made = bench()
    for number in range(by_hand.BY_HAND_MAX):
        made.tell(ev.SetByHand("hours", f"l{number}/", "closed", 0))
    assert refused(made.tell(ev.SetByHand("drain", "", "on", 0))) == "too_many"
    assert not said(facts.EventRefused, closes(made, "l0/"))


def test_the_day_is_over_when_we_close_for_the_last_time_before_midnight() -> None:
    policy = POLICY._replace(opening=((100, 200), (300, 400), (1_100, 1_200)), days=(0, 1_000, 2_000))
    assert [by_hand.day_over(policy, now) for now in (50, 250, 399, 400, 1_000)] == [
        400,
        400,
        400,
        1_000,
        1_200,
    ]
    assert by_hand.day_over(policy._replace(opening=((0, 5_000),)), 50) == 1_000
    assert by_hand.day_over(policy._replace(opening=(), days=()), 50) == 50 + by_hand.DAY_MS


@pytest.mark.parametrize(
    "event", [ev.SetByHand("drain", "", "on", 5), ev.SkillsLent("a", (("de", 7),), (("other", 1),), 5)]
)
def test_the_journal_gives_it_back(event: ev.Event) -> None:
    row = codec.encode(event)
    assert row.version == 1
    assert codec.decode(*row) == event


def test_a_kept_world_is_closed_drained_and_lent_as_before() -> None:
    made = bench(KEEPS)
    closes(made, "tr/")
    lend(made)
    made.tell(ev.SetByHand("drain", "", "on", 0))
    again, _ = replay.thaw(replay.freeze(made.engine, 1))
    assert again.world == made.engine.world
    made.engine = again
    assert called(made, "1").state == "leaving"
    assert made.engine.world.people["birgit"].agent.language_level("ar") == 7
    assert made.tell(ev.LegEnded(ev.Leg(NODE, "1"), 16)).facts


def test_who_is_let_in_line() -> None:
    """By hand first, the most special; a drain lets nobody in; by the hours, own and the centre's."""
    made = Bench(POLICY._replace(hours=(Hours("", "study", ()),)))
    world = made.engine.world

    def let_in() -> list[bool]:
        needs = ("de", "other"), ("de", "study"), ("tr", "other"), ("tr", "study")
        return [lets_in(world, *need) for need in needs]

    assert let_in() == [True, False, True, False]
    made.tell(ev.SetByHand("hours", "tr/study", "open", 0))
    assert let_in() == [True, False, True, True]
    made.tell(ev.SetByHand("hours", "/", "closed", 0))
    assert let_in() == [False, False, False, True]
    made.tell(ev.SetByHand("drain", "", "on", 0))
    assert let_in() == [False] * 4
    made.tell(ev.SetByHand("drain", "", "rules", 0))
    made.tell(ev.SetByHand("hours", "/", "open", 0))
    assert let_in() == [True] * 4
    made.tell(ev.SetByHand("hours", "/", "rules", 0))
    made.tell(ev.PolicyChanged("shut", POLICY._replace(opening=())))
    assert let_in() == [False, False, False, True]


def test_the_least_of_a_language_and_all_of_a_concern_can_be_lent() -> None:
    made = bench()
    languages, concerns = (("ar", 1), ("de", 7)), (("other", 1), ("study", 5))
    assert made.tell(ev.SkillsLent("birgit", languages, concerns, made.now + MINUTE)).facts
    agent = made.engine.world.people["birgit"].agent
    assert (agent.languages, agent.concerns) == (languages, concerns)
