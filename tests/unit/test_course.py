"""How today goes beside what is usual: no gap, the extremes left out, nothing said of too little."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.history.answer import Row
from acd.history.course import NOBODY_HERE, USUAL_LEAST, course, same_weekdays
from acd.history.figures import Aim, Group, figures
from acd.history.sums import bin_of
from routing.visit import OUTSIDE, RINGING, TALKING, WAITING

DAY = date(2026, 11, 27)
AIM = Aim("all_offered", 20, 5)


def row(day: date, hour: int, minute: int, queued: int, answered: int = 0) -> Row:
    group = Group()
    if answered:
        group.wait("answered", bin_of(3_000), answered)
    if queued > answered:
        group.wait("gave_up", bin_of(40_000), queued - answered)
    return Row(datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC), (), figures(group, AIM))


def test_the_same_weekdays_are_of_the_last_weeks() -> None:
    days = same_weekdays(DAY)
    assert {each.weekday() for each in days} == {DAY.weekday()}
    assert days[0] == DAY - timedelta(days=7)


def test_a_quarter_hour_stands_beside_what_is_usual_without_the_extremes() -> None:
    counts = (0, 3, 5, 7, 90)
    before = [
        [row(day, 9, 0, n), row(day, 9, 30, 1)] for day, n in zip(same_weekdays(DAY), counts, strict=False)
    ]
    found = course([row(DAY, 9, 0, 6, 4)], {}, before, AIM.variant)
    assert [f"{each.began:%H:%M}" for each in found] == ["09:00", "09:15", "09:30"]
    first = found[0]
    assert (first.queued, first.answered, first.unserved, first.level) == (6, 4, 2, (4, 6))
    assert [each.usual for each in found] == [(3, 7), (0, 0), (1, 1)]


def test_who_is_still_there_counts_where_they_came() -> None:
    """In line, in a talk, or with none of us: each came; who talks is answered; the level is not of them."""
    begin = datetime(DAY.year, DAY.month, DAY.day, 9, 30)
    here = {begin: NOBODY_HERE}
    for state in (WAITING, RINGING, TALKING, OUTSIDE):
        here[begin] = here[begin].and_one(state)
    found = course([row(DAY, 9, 15, 2, 1)], here, [], AIM.variant)
    assert [(each.queued, each.waiting, each.answered, each.level) for each in found] == [
        (2, 0, 1, (1, 2)),
        (4, 2, 1, (0, 0)),
    ]
    (alone,) = course([], here, [], AIM.variant)
    assert (alone.began, alone.queued) == (begin, 4)


@pytest.mark.parametrize("days", range(USUAL_LEAST))
def test_of_too_few_days_nothing_is_usual(days: int) -> None:
    before = [[row(day, 9, 0, 2)] for day in same_weekdays(DAY)[:days]]
    assert [each.usual for each in course([row(DAY, 9, 0, 6)], {}, before, AIM.variant)] == [None]


def test_a_day_on_which_nobody_called_was_closed_and_says_nothing() -> None:
    days = same_weekdays(DAY)
    before = [[row(day, 9, 0, 2)] for day in days[:4]] + [[row(day, 9, 0, 0)] for day in days[4:]]
    assert course([row(DAY, 9, 0, 6)], {}, before, AIM.variant)[0].usual == (2, 2)
    assert course([], {}, [], AIM.variant) == []


@given(
    st.lists(st.tuples(st.integers(0, 95), st.integers(1, 9)), max_size=20, unique_by=lambda each: each[0])
)
def test_nobody_is_lost_and_the_quarters_follow_each_other(given_rows: list[tuple[int, int]]) -> None:
    rows = [row(DAY, quarter // 4, quarter % 4 * 15, n) for quarter, n in sorted(given_rows)]
    found = course(rows, {}, [], AIM.variant)
    assert sum(each.queued for each in found) == sum(n for _, n in given_rows)
    times = [each.began.replace(tzinfo=None) for each in found]
    assert all(later - earlier == timedelta(minutes=15) for earlier, later in pairwise(times))
