"""How a day goes, quarter hour by quarter hour, beside what is usual on such a weekday."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

from acd.history.answer import Row
from acd.history.figures import Share
from routing.visit import OFFERED, RINGING, TALKING, WAITING

WEEKS: Final = 8
"""So many of the same weekday before say what is usual."""
USUAL_LEAST: Final = 4
"""Of fewer nothing is said."""
QUARTER: Final = timedelta(minutes=15)


class Here(NamedTuple):
    """Who came in a quarter hour and is still there: in line, in a talk, or served by none of us."""

    waiting: int
    talking: int
    others: int

    def and_one(self, state: str) -> "Here":
        """With one more. state: of routing.visit.STATES."""
        if state in IN_LINE:
            return self._replace(waiting=self.waiting + 1)
        if state == TALKING:
            return self._replace(talking=self.talking + 1)
        return self._replace(others=self.others + 1)


NOBODY_HERE: Final = Here(0, 0, 0)
IN_LINE: Final = frozenset({WAITING, OFFERED, RINGING})


class Quarter(NamedTuple):
    """began: by the centre's clock. queued, waiting, answered, unserved: of who came in it, those who are
    still there among them. level: (met, of), of calls that are over. usual: between how many come usually,
    the lowest and the highest left out; None where too little is known."""

    began: datetime
    queued: int
    waiting: int
    answered: int
    unserved: int
    level: Share
    usual: tuple[int, int] | None


def same_weekdays(today: date) -> list[date]:
    """The days by which it is told what is usual, the last first."""
    return [today - timedelta(weeks=week) for week in range(1, WEEKS + 1)]


def course(
    today: Sequence[Row], here: Mapping[datetime, Here], before: Iterable[Sequence[Row]], variant: str
) -> list[Quarter]:
    """From the first quarter hour of any of these days in which somebody called to the last, without a gap.

    today: calls that are over; here: calls that are not, by where their quarter hour begins.
    before: the same weekdays; one on which nobody called at all (closed, or not known yet) says nothing.
    """
    days = [_by_time(rows) for rows in before if any(row.figures.queued for row in rows)]
    now = {row.begin.time(): row for row in today}
    still = {begin.time(): each for begin, each in here.items()}
    times = sorted({*now, *still, *(at for day in days for at in day)})
    if not times:
        return []
    found = []
    days_of = [row.begin for row in today] or list(here)
    at = datetime.combine(days_of[0].date() if days_of else date.min, times[0])
    while at.time() <= times[-1]:
        row = now.get(at.time())
        figures = row.figures if row is not None else None
        there = still.get(at.time(), NOBODY_HERE)
        found.append(
            Quarter(
                row.begin if row is not None else at,
                (figures.queued if figures else 0) + sum(there),
                there.waiting,
                (figures.answered if figures else 0) + there.talking,
                figures.abandoned + figures.turned_away if figures else 0,
                figures.levels[variant] if figures else (0, 0),
                _usual([day.get(at.time(), 0) for day in days]),
            )
        )
        if at.time() >= time(23, 45):
            break
        at += QUARTER
    return found


def _by_time(rows: Sequence[Row]) -> Mapping[time, int]:
    found: dict[time, int] = {}
    for row in rows:
        at = row.begin.time()
        found[at] = found.get(at, 0) + row.figures.queued
    return found


def _usual(counts: Sequence[int]) -> tuple[int, int] | None:
    if len(counts) < USUAL_LEAST:
        return None
    ordered = sorted(counts)
    return ordered[1], ordered[-2]
