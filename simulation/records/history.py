"""What a centre's records tell a planner: calls, talks, offers and absences of a span of days, as arrays.

Times are epoch ms, durations ms; days and hours are the centre's own. Who reads records makes a History
(acd.plan.records); fitting and forecasting take nothing else.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from config.hours import midnights, opening
from config.schema import Centre

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

OTHER, ANSWERED, ABANDONED = range(3)
"""How a wait ended. OTHER: neither the centre nor the caller ended it, or it has not ended."""
UNKNOWN: Final = -1
HOUR_MS: Final = 3_600_000
AGAIN_MS: Final = 24 * HOUR_MS
"""Who gave up and calls again within this time makes a second attempt; later it is a new contact."""
NO_CHANCE: Final = 12.0
"""Days in a row without a call where so many are usual (chance below 1e-5) were not recorded, or nobody could
call."""
GAPS_SHOWN: Final = 5
"""So many gaps are told by their dates, the longest ones; of the others how many."""


@dataclass(frozen=True, slots=True)
class History:
    """Everything between two local days, both included. By call, in order of arrival:

    arrived_ms; wait_ms: in the queue until answered, given up or cut, UNKNOWN for who never queued or was
    served by the dialplan alone; queued: whether one of both; ended: OTHER, ANSWERED or ABANDONED; language,
    concern, second: places in `names`; caller: a number for each token, UNKNOWN where there is none.

    talk_ms, wrap_ms: of handlings that ended. offers: how many ended in which way; answer_ms: from the offer
    until answered. away_ms: of persons set away because they missed offers, until they were back.
    """

    first: date
    last: date
    arrived_ms: Ints
    queued: Flags
    wait_ms: Ints
    ended: Ints
    language: Ints
    concern: Ints
    second: Ints
    caller: Ints
    names: tuple[str, ...]
    talk_ms: Ints
    wrap_ms: Ints
    offers: dict[str, int]
    answer_ms: Ints
    away_ms: Ints

    def shown(self) -> str:
        """The span, as sources name it."""
        return f"{self.first}..{self.last}"


class Attempts(NamedTuple):
    """Who called again after giving up. second: by call, whether it is such an attempt.

    delay_ms: by call that was given up by a caller who can be recognised, long enough before the end to be
    waited for: the time until the second attempt, UNKNOWN where none came. answered_ms: the same of
    recognised callers who had been answered: what would have come anyway.
    """

    second: Flags
    delay_ms: Ints
    answered_ms: Ints


def attempts(history: History) -> Attempts:
    """Second attempts, found by the caller's token."""
    order = np.lexsort((history.arrived_ms, history.caller))
    caller, arrived = history.caller[order], history.arrived_ms[order]
    ended, queued = history.ended[order], history.queued[order]
    same = (caller[1:] == caller[:-1]) & (caller[1:] != UNKNOWN)
    gap = np.where(same, arrived[1:] - arrived[:-1], AGAIN_MS + 1)
    soon = gap <= AGAIN_MS
    second = np.zeros(len(order), np.bool_)
    second[order[1:]] = soon & (ended[:-1] == ABANDONED)
    following = np.append(np.where(soon, gap, UNKNOWN), UNKNOWN)[: len(order)]
    end = int(history.arrived_ms.max(initial=0))
    seen = (caller != UNKNOWN) & queued & (arrived + AGAIN_MS <= end)
    return Attempts(second, following[seen & (ended == ABANDONED)], following[seen & (ended == ANSWERED)])


class Gap(NamedTuple):
    """Open days in a row that were not recorded. days: how many; first, last: of them."""

    first: date
    last: date
    days: int


class Daily(NamedTuple):
    """First attempts that reached the queue, by local day and hour, and how long it was open then.

    dates: every day of the span. counts, open_ms: shape (days, 24). silent: open days without any call
    where so many are usual that they are taken as not recorded.
    """

    dates: tuple[date, ...]
    counts: Ints
    open_ms: Ints
    silent: Flags

    @property
    def used(self) -> Flags:
        """Days that were open and recorded."""
        used: Flags = (self.open_ms.sum(1) > 0) & ~self.silent
        return used

    def gaps(self) -> list[Gap]:
        """The silent days, by rows that no recorded day parts, in order."""
        opened = np.flatnonzero(self.open_ms.sum(1) > 0)
        turns = np.flatnonzero(np.diff(self.silent[opened])) + 1
        return [
            Gap(self.dates[row[0]], self.dates[row[-1]], len(row))
            for row in np.split(opened, turns)
            if len(row) and self.silent[row[0]]
        ]


def left_out(daily: Daily) -> list[str]:
    """What is said of the days that were not recorded; nothing where all were."""
    gaps = daily.gaps()
    if not gaps:
        return []
    longest = sorted(sorted(gaps, key=lambda gap: -gap.days)[:GAPS_SHOWN])
    shown = ", ".join(
        f"{gap.first} to {gap.last} ({gap.days} open days)" if gap.days > 1 else f"{gap.first}"
        for gap in longest
    )
    more = f", and {len(gaps) - len(longest)} shorter gaps" if len(gaps) > len(longest) else ""
    count = int(daily.silent.sum())
    return [f"{count} open days without a single call are left out as not recorded: {shown}{more}."]


def daily(history: History, centre: Centre, chosen: Flags) -> Daily:
    """The chosen calls counted by day and hour, by the opening hours that the centre's file says now."""
    dates = days(history.first, history.last)
    starts = np.array(day_begins(centre, history.first, len(dates) + 1), np.int64)
    counts = np.zeros((len(dates), 24), np.int64)
    arrived = history.arrived_ms[chosen]
    day = np.searchsorted(starts, arrived, side="right") - 1
    inside = (day >= 0) & (day < len(dates))
    arrived, day = arrived[inside], day[inside]
    hour = np.minimum((arrived - starts[day]) // HOUR_MS, 23)
    np.add.at(counts, (day, hour), 1)
    open_ms = open_hours(centre, dates)
    return Daily(dates, counts, open_ms, _silent(dates, counts.sum(1), open_ms.sum(1) > 0))


def days(first: date, last: date) -> tuple[date, ...]:
    """Every day from one to another, both included."""
    return tuple(first + timedelta(days=each) for each in range((last - first).days + 1))


def day_begins(centre: Centre, first: date, count: int) -> tuple[int, ...]:
    """The first ms of so many local days."""
    return midnights(centre, _noon_ms(first), count)


def open_hours(centre: Centre, dates: tuple[date, ...]) -> Ints:
    """Open ms by day and hour, shape (days, 24). An hour is counted from the day's begin, as in the model."""
    starts = day_begins(centre, dates[0], len(dates) + 1)
    found = np.zeros((len(dates), 24), np.int64)
    place = 0
    for begin, end in opening(centre, _noon_ms(dates[0]), len(dates)):
        while starts[place + 1] <= begin:
            place += 1
        at = begin
        while at < min(end, starts[place + 1]):
            hour = (at - starts[place]) // HOUR_MS
            upto = min(end, starts[place + 1], starts[place] + (hour + 1) * HOUR_MS)
            found[place, min(hour, 23)] += upto - at
            at = upto
    return found


def _noon_ms(day: date) -> int:
    return int((np.datetime64(day, "ms") + np.timedelta64(12, "h")).astype(np.int64))


def _silent(dates: tuple[date, ...], counts: Ints, is_open: Flags) -> Flags:
    """Open days in a row without any call, where by the recorded days of each weekday NO_CHANCE calls or more
    are usual. What is found raises what is usual: so it is looked again until nothing more is found."""
    weekday = np.array([day.weekday() for day in dates])
    opened = np.flatnonzero(is_open)
    turns = np.flatnonzero(np.diff(counts[opened] == 0)) + 1
    empty = [row for row in np.split(opened, turns) if len(row) and counts[row[0]] == 0]
    silent = np.zeros(len(dates), np.bool_)
    while True:
        known = np.bincount(weekday[is_open & ~silent], minlength=7)
        calls = np.bincount(weekday[is_open], weights=counts[is_open], minlength=7)
        usual = calls / np.maximum(known, 1)
        before = silent.copy()
        for row in empty:
            silent[row] |= usual[weekday[row]].sum() >= NO_CHANCE
        if (silent == before).all():
            return silent
