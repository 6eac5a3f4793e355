"""Spans and days on the line of time: sorted integers of epoch milliseconds, and where a moment lies."""

from bisect import bisect_right

Spans = tuple[tuple[int, int], ...]
"""Sorted, disjoint [from, to) intervals of epoch milliseconds."""


def holds(spans: Spans, now: int) -> bool:
    """Whether `now` lies in one of them."""
    place = bisect_right(spans, now, key=lambda span: span[1])
    return place < len(spans) and spans[place][0] <= now


def next_edge(spans: Spans, after: int) -> int:
    """The first begin or end that lies behind `after`; 0 if none does."""
    place = bisect_right(spans, after, key=lambda span: span[1])
    if place == len(spans):
        return 0
    begin, end = spans[place]
    return begin if begin > after else end


def last_end(spans: Spans, now: int) -> int:
    """The last end that is not behind `now`; 0 if there was none."""
    place = bisect_right(spans, now, key=lambda span: span[1])
    return spans[place - 1][1] if place else 0


def day_of(days: tuple[int, ...], now: int) -> int:
    """The last of sorted midnights that is not behind `now`; 0 if none is."""
    place = bisect_right(days, now)
    return days[place - 1] if place else 0


def next_day(days: tuple[int, ...], after: int) -> int:
    """The first of sorted midnights behind `after`; 0 if none is."""
    place = bisect_right(days, after)
    return days[place] if place < len(days) else 0
