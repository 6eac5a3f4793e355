"""An alarm is raised and over by its threshold alone, once for each cause, whatever the values do."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from acd.alarmed import Cause
from acd.alarms.judged import (
    CALM,
    STANDINGS_MAX,
    Standing,
    Threshold,
    all_judged,
    all_told,
    due,
    judged,
)

CAUSE = Cause("waits", "uk")
STEP_MS = 5_000


@st.composite
def thresholds(draw: st.DrawFn) -> Threshold:
    low, high = sorted(draw(st.lists(st.integers(1, 20), min_size=2, max_size=2)))
    falling = draw(st.booleans())
    hold_ms = draw(st.sampled_from((0, 1, STEP_MS, 2 * STEP_MS, 60_000)))
    return Threshold(low if falling else high, high if falling else low, falling, hold_ms)


VALUES = st.lists(st.one_of(st.none(), st.integers(0, 25)), max_size=60)


@given(thresholds(), VALUES)
def test_it_turns_exactly_after_the_value_was_on_the_other_side_all_the_time(
    threshold: Threshold, values: list[int | None]
) -> None:
    """The oracle looks back over all values; the rule knows only the last standing."""
    standing, turned_at = CALM, 0
    for place, value in enumerate(values):
        now = (place + 1) * STEP_MS
        before, standing = standing, judged(threshold, standing, value, now)
        other = threshold.within if before.raised else threshold.beyond
        run = 0
        for each in reversed(values[turned_at : place + 1]):
            if each is None or not other(each):
                break
            run += 1
        turns = run > 0 and (run - 1) * STEP_MS >= threshold.hold_ms
        assert (standing.raised != before.raised) == turns
        if turns:
            assert standing.since_ms == now - (run - 1) * STEP_MS
            turned_at = place + 1


@given(thresholds(), st.lists(st.integers(0, 25), min_size=1, max_size=60))
def test_between_the_two_thresholds_nothing_changes(threshold: Threshold, values: list[int]) -> None:
    between = [each for each in values if not threshold.within(each) and not threshold.beyond(each)]
    for raised in (True, False):
        standing = Standing(raised=raised, since_ms=1)
        for place, value in enumerate(between):
            assert judged(threshold, standing, value, place * STEP_MS) == standing


@given(
    thresholds(), st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 25)), st.booleans()), max_size=80)
)
def test_outside_each_cause_is_raised_and_over_by_turns_and_never_in_quiet_hours(
    threshold: Threshold, steps: list[tuple[int | None, bool]]
) -> None:
    standings: dict[Cause, Standing] = {}
    said: list[str] = []
    for place, (value, quiet) in enumerate(steps):
        now = (place + 1) * STEP_MS
        standings, _ = all_judged(standings, {"waits": threshold}, {CAUSE: value}, now)
        news = due(standings, lambda _, quiet=quiet: quiet)  # type: ignore[misc]
        if quiet:
            assert news == ((), ())
        said += ["raised"] * len(news.raised) + ["over"] * len(news.over)
        standings = all_told(standings, news)
        if not quiet:
            raised = standings.get(CAUSE, CALM).raised
            assert raised == (bool(said) and said[-1] == "raised"), "who is told knows it as it is"
            assert due(standings, lambda _: False) == ((), ()), "told once is told"
    assert said[:1] in ([], ["raised"])
    assert all(before != after for before, after in pairwise(said))


@given(thresholds(), st.booleans())
def test_what_no_rule_asks_for_any_more_is_over_at_once(threshold: Threshold, told: bool) -> None:
    standings, _ = all_judged({CAUSE: Standing(True, 5, 0, told)}, {}, {}, 9)
    assert due(standings, lambda _: False) == ((), (CAUSE,) if told else ())
    assert all_told(standings, due(standings, lambda _: False)) == {}


@given(thresholds())
def test_a_cause_that_is_not_measured_any_more_becomes_calm(threshold: Threshold) -> None:
    standings = {CAUSE: Standing(True, 5, 0, True)}
    for now in (10, 10 + threshold.hold_ms):
        standings, _ = all_judged(standings, {"waits": threshold}, {}, now)
    assert not standings[CAUSE].raised


def test_so_many_causes_are_kept_and_what_is_left_out_is_counted() -> None:
    threshold = Threshold(1, 1, False, 0)
    causes = {Cause("waits", part=str(each)): 2.0 for each in range(STANDINGS_MAX + 7)}
    standings, left_out = all_judged({}, {"waits": threshold}, causes, 9)
    assert (len(standings), left_out) == (STANDINGS_MAX, 7)
    again, left_out = all_judged(standings, {"waits": threshold}, causes, 10)
    assert (again, left_out) == (standings, 7)
