"""What the rules' values say: which plan, what a class is worth, who calls again, what follows a refusal."""

from itertools import product
from random import Random

import pytest

from routing import events as ev
from routing import facts, select
from routing.need import Need, admitted, interpreted
from routing.offers import refusal
from routing.policy import ANYBODY, FALLBACK, INTERPRETER, OWN, SECOND, Plan, Policy, Refusal, Step
from routing.service_level import VARIANTS, service_level
from routing.spans import day_of, holds, next_day, next_edge
from routing.world import remember
from tests.fakes.centre import POLICY

STEPS = (Step(0, OWN, 1, 1),)


def planned(*keys: tuple[str, str]) -> Policy:
    return POLICY._replace(plans=tuple(Plan(*key, STEPS) for key in sorted(keys)))


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ([("", ""), ("tr", ""), ("", "study"), ("tr", "study")], ("tr", "study")),
        ([("", ""), ("tr", ""), ("", "study")], ("", "study")),
        ([("", ""), ("tr", ""), ("de", "study")], ("tr", "")),
        ([("", ""), ("de", ""), ("", "other")], ("", "")),
    ],
)
def test_the_most_specific_plan_counts(keys: list[tuple[str, str]], wanted: tuple[str, str]) -> None:
    plan = planned(*keys).plan("tr", "study")
    assert (plan.language, plan.concern) == wanted


def test_a_step_admits_the_languages_that_its_scope_names_and_no_others() -> None:
    named = {
        OWN: ("tr",),
        SECOND: ("en",),
        FALLBACK: ("de", "en"),
        INTERPRETER: ("de", "en"),
        ANYBODY: ("*",),
    }
    for scope, languages in named.items():
        assert admitted(POLICY, Step(0, scope, 1, 0), "tr", "en") == languages
    assert admitted(POLICY, Step(0, SECOND, 1, 0), "tr", "") == ()
    assert admitted(POLICY, Step(0, sum(named), 1, 0), "tr", "en") == ("tr", "en", "de", "*")


def test_an_interpreter_is_needed_where_nobody_shares_a_language_and_the_step_brings_one() -> None:
    need = Need("tr", "en", "other", 0, (), "", ())
    for scope, language, wanted in (
        (OWN | INTERPRETER, "de", "tr"),
        (OWN | INTERPRETER, "tr", ""),
        (OWN | INTERPRETER, "en", ""),
        (OWN | FALLBACK, "de", ""),
        (OWN | FALLBACK | INTERPRETER, "de", ""),
        (OWN, "de", ""),
    ):
        assert interpreted(Step(0, scope, 1, 0), need, language) == wanted


def test_of_several_classes_the_dearest_counts() -> None:
    policy = POLICY._replace(classes=(("a", 5), ("b", 9), ("c", 1)))
    assert [policy.worth(each) for each in [(), ("x",), ("c",), ("a", "b", "c"), ("b", "x")]] == [
        0,
        0,
        1,
        9,
        9,
    ]


def test_who_called_less_than_so_long_ago_calls_again() -> None:
    policy = POLICY._replace(repeat_ms=100)
    assert [policy.is_repeat(1_000, now) for now in (1_000, 1_099, 1_100, 1_101)] == [
        True,
        True,
        False,
        False,
    ]
    assert not POLICY.is_repeat(1_000, 1_000)
    asks = [each.asks_for_repeats for each in (POLICY, policy, POLICY._replace(repeat_today=True))]
    assert asks == [False, True, True]


def test_who_called_on_this_day_calls_again() -> None:
    policy = POLICY._replace(repeat_today=True, days=(1_000, 2_000))
    assert [policy.is_repeat(before, 2_000) for before in (999, 1_999, 2_000)] == [False, False, True]
    assert [policy.is_repeat(before, 1_999) for before in (999, 1_000)] == [False, True]
    assert policy.is_repeat(0, 999)
    assert not policy._replace(repeat_today=False).is_repeat(1_500, 1_600)


def test_what_follows_a_refusal_is_what_the_rules_say_of_it() -> None:
    policy = POLICY._replace(refusals=(Refusal("busy", 0, 7), Refusal("declined", 3, 0)))
    assert policy.refusal("declined") == Refusal("declined", 3, 0)
    assert policy.refusal("no_answer") == Refusal("no_answer", 0, 0)


def refused(cause: int, rang: bool, status: str) -> str:
    """How, in plain words: the cause first, then the dial's status, then whether it rang."""
    told = {17: facts.BUSY, 21: facts.DECLINED}.get(cause) or {
        "STALE": facts.WITHDRAWN,
        "TAKEN": facts.WITHDRAWN,
        "ANSWER": facts.NO_ANSWER,
        "BUSY": facts.BUSY if cause == -1 else "",
    }.get(status)
    if told:
        return told
    silent = cause == 19 or (cause == -1 and (rang or status == "NOANSWER"))
    return facts.NO_ANSWER if silent or (rang and cause in (0, 16, 18, 26, 102)) else facts.UNREACHABLE


def test_how_a_phone_refuses_is_told_by_its_cause_before_the_dial() -> None:
    statuses = ("", "NOANSWER", "CHANUNAVAIL", "BUSY", "STALE", "TAKEN", "ANSWER")
    for cause, rang, status in product(range(-1, 128), (True, False), statuses):
        assert refusal(cause, rang, status) == refused(cause, rang, status)


def test_a_service_level_counts_what_its_name_says() -> None:
    counts = (100, 70, 40, 30)
    assert {each: service_level(each, *counts) for each in VARIANTS} == {
        "answered_only": (70, 100),
        "abandons_within_met": (100, 140),
        "short_abandons_excluded": (70, 110),
        "all_offered": (70, 140),
    }


# --- select: the functions that a compiler takes too -----------------------------------------------------


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ((5, 5, 3, 3, 1, 0, 0, 0, 0), "suits"),
        ((4, 5, 0, 3, 0, 1, 1, 0, 1), "language_too_low"),
        ((5, 5, 0, 3, 0, 1, 1, 0, 1), "owners_time"),
        ((5, 5, 2, 3, 0, 1, 0, 0, 1), "concern_too_low"),
        ((5, 5, 2, 3, 0, 1, 1, 1, 1), "asked_already"),
        ((5, 5, 3, 3, 0, 1, 0, 0, 1), "asked_already"),
        ((5, 5, 3, 3, 0, 0, 0, 0, 1), "not_free"),
        ((5, 5, 3, 3, 0, 0, 0, 0, 1, 1), "quiet"),
        ((5, 5, 3, 3, 1, 0, 0, 0, 1), "held_in_reserve"),
        ((5, 5, 0, 3, 1, 0, 1, 1, 1), "suits"),
        ((6, 5, 4, 3, 1, 0, 0, 1, 0), "suits"),
        ((6, 5, 4, 3, 1, 0, 1, 1, 0, 0, 1, 0), "named_another"),
        ((0, 5, 0, 3, 1, 1, 1, 0, 1, 0, 1, 1), "asked_already"),
        ((0, 5, 0, 3, 0, 0, 1, 0, 1, 0, 1, 1), "not_free"),
        ((0, 5, 0, 3, 1, 0, 1, 0, 1, 0, 1, 1), "suits"),
    ],
)
def test_the_first_reason_of_these_is_given(given: tuple[int, ...], wanted: str) -> None:
    assert select.REASONS[select.verdict(*given)] == wanted


def test_codes_of_reasons_and_criteria_are_their_places() -> None:
    codes = [
        select.SUITS,
        select.LANGUAGE_TOO_LOW,
        select.CONCERN_TOO_LOW,
        select.NOT_FREE,
        select.ASKED_ALREADY,
        select.OWNERS_TIME,
        select.HELD_IN_RESERVE,
        select.IN_QUIET_TIME,
        select.NAMED_ANOTHER,
    ]
    assert codes == list(range(len(select.REASONS)))
    assert list(select.CRITERIA.values()) == list(range(7))


def test_each_criterion_reads_its_own_figure() -> None:
    given = (1, 4, 6, 3, 1_000, 7, 300, 700)
    orders = [select.person_order(each, *given) for each in range(7)]
    assert orders == [0, -4, -6, 3, 1_000, 7, 3_000]
    assert select.person_order(0, 0, *given[1:]) == 1
    idle = [select.person_order(6, *given[:6], *each) for each in [(0, 0), (5, -5), (1, 0), (-3, 1), (1, 2)]]
    assert idle == [0, 0, 10_000, 0, 3_333]


def test_limits_of_time_and_number_count_as_written() -> None:
    assert [select.waits_for_owner(waited, 10, 1) for waited in (9, 10)] == [1, 0]
    assert select.waits_for_owner(0, 10, 0) == 0
    assert [select.keeps(0, free, 2) for free in (1, 2, 3)] == [1, 1, 0]
    assert select.keeps(1, 0, 2) == 0
    assert [select.step_at(waited, 10) for waited in (9, 10, 11)] == [0, 1, 1]
    assert select.caller_order(100, 30) == 70


# --- spans, days, and what is kept -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_spans_and_days_are_found_as_by_looking_at_all(seed: int) -> None:
    one = Random(seed)
    edges = sorted(one.sample(range(1, 40), 2 * one.randint(0, 5)))
    spans = tuple(zip(edges[::2], edges[1::2], strict=True))
    days = tuple(sorted(one.sample(range(1, 40), one.randint(0, 5))))
    for now in range(42):
        assert holds(spans, now) == any(begin <= now < end for begin, end in spans)
        assert next_edge(spans, now) == min((each for each in edges if each > now), default=0)
        assert day_of(days, now) == max((each for each in days if each <= now), default=0)
        assert next_day(days, now) == min((each for each in days if each > now), default=0)


def test_the_oldest_is_forgotten_first_and_what_comes_again_is_new() -> None:
    kept: dict[str, int] = {}
    for number, key in enumerate(["a", "b", "a", "c"]):
        remember(kept, key, number, 2)
    assert list(kept.items()) == [("a", 2), ("c", 3)]


def test_what_rules_do_not_say_they_do_not_ask_for() -> None:
    assert Step(0, OWN, 1, 1)[4:] == (0, 0)
    bare = Policy((), (), (), (), 1, 1, 1, (), ())
    assert (bare.repeat_ms, bare.owner_ms, bare.repeat_today, bare.short_talk_ms) == (0, 0, False, 2_000)
    assert not bare.asks_for_repeats


def test_every_kind_of_event_is_kept_under_its_name_and_read_under_those_of_before() -> None:
    """Since version 2: a dial with its offer, an end with who vanished, a ledger with recordings, a snapshot
    with callbacks, a person who asks about wrap-up; since 3: a ledger with who was sent outside, since 4 with
    callbacks, since 5 with the provider's last word; a callback's end likewise, a blind wish."""
    named = {kind.__name__: kind for kind in ev.Event.__args__}
    before = {"RecordingRefused": ev.RecordingTold}
    changed = {"DialBegan": 2, "LegEnded": 2, "LedgerRead": 5, "PbxSnapshot": 2, "StaffAsked": 2}
    changed |= {"CallbackOver": 2, "CallbackWished": 2}
    assert {**named, "RosterChanged": ev.TeamChanged, "HangupAsked": ev.CallEnds, **before} == ev.KINDS
    assert dict.fromkeys(ev.KINDS, 1) | changed == ev.VERSION
