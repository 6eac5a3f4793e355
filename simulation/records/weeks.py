"""Whole weeks of a record and weeks to come: calls, and how much of a usual week was or will be open."""

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from config.schema import Centre
from simulation.records.history import Daily, days, open_hours
from simulation.records.measured import ENOUGH

Floats = npt.NDArray[np.float64]

WEEK = timedelta(days=7)


class Weeks(NamedTuple):
    """Weeks from Monday on. counts: calls; open: the share of a usual week's calls that their open days have
    (1 without a holiday). A week of which no day was open and recorded is left out."""

    begins: tuple[date, ...]
    counts: Floats
    open: Floats

    def until(self, count: int) -> "Weeks":
        """The first so many."""
        return Weeks(self.begins[:count], self.counts[:count], self.open[:count])


class Ahead(NamedTuple):
    """Weeks to come. open: as in Weeks; of_day: each day's part of it, shape (weeks, 7)."""

    begins: tuple[date, ...]
    open: Floats
    of_day: Floats


def weekday_shares(daily: Daily, centre: Centre) -> Floats:
    """Each weekday's share of a usual week's calls; by opening hours where fewer than 30 calls are known, and
    for a weekday of which there is no day."""
    used, weekday = daily.used, np.array([day.weekday() for day in daily.dates])
    counts = daily.counts.sum(1)
    minutes = np.array(
        [sum(span.end_minute - span.begin_minute for span in centre.hours.of(each)) for each in range(7)]
    )
    seen = np.array([bool((used & (weekday == each)).any()) for each in range(7)]) & (minutes > 0)
    if counts[used].sum() < ENOUGH or not seen.any():
        return np.asarray(minutes / minutes.sum(), np.float64)
    means = np.array([counts[used & (weekday == each)].mean() if seen[each] else 0.0 for each in range(7)])
    means = np.where(seen, means, means.sum() / minutes[seen].sum() * minutes)
    return np.asarray(means / means.sum(), np.float64)


def whole_weeks(daily: Daily, shares: Floats) -> Weeks:
    """The weeks of which no day on which calls are usual lies outside the record. shares: by weekday."""
    used, begins, counts, opened = daily.used, [], [], []
    place = {day: i for i, day in enumerate(daily.dates)}
    monday = daily.dates[0] - timedelta(days=daily.dates[0].weekday())
    while monday <= daily.dates[-1]:
        mine = [place.get(monday + timedelta(days=each), -1) for each in range(7)]
        there = [each for each in mine if each >= 0 and used[each]]
        inside = all(each >= 0 or shares[weekday] == 0 for weekday, each in enumerate(mine))
        if there and inside:
            begins.append(monday)
            counts.append(float(daily.counts[there].sum()))
            opened.append(float(sum(shares[daily.dates[each].weekday()] for each in there)))
        monday += WEEK
    return Weeks(tuple(begins), np.array(counts), np.array(opened))


def ahead(centre: Centre, monday: date, count: int, shares: Floats) -> Ahead:
    """So many weeks from a Monday on, by the centre's opening hours and holidays."""
    dates = days(monday, monday + count * WEEK - timedelta(days=1))
    is_open = open_hours(centre, dates).sum(1).reshape(count, 7) > 0
    of_day = is_open * shares
    return Ahead(tuple(dates[::7]), of_day.sum(1), of_day)
