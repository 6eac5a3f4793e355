"""How a day goes, quarter hour by quarter hour, beside what is usual on such a weekday."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

from acd.history.answer import Row
from acd.history.figures import Share

WEEKS: Final = 8
"""So many of the same weekday before say what is usual."""
USUAL_LEAST: Final = 4
"""Of fewer nothing is said."""
QUARTER: Final = timedelta(minutes=15)


class Quarter(NamedTuple):
    """began: by the centre's clock. queued, answered, unserved: of who came in it. level: (met, of). usual:
    between how many come usually, the lowest and the highest left out; None where too little is known."""

    began: datetime
    queued: int
    answered: int
    unserved: int
    level: Share
    usual: tuple[int, int] | None


def same_weekdays(today: date) -> list[date]:
    """The days by which it is told what is usual, the last first."""
    return [today - timedelta(weeks=week) for week in range(1, WEEKS + 1)]


def course(today: Sequence[Row], before: Iterable[Sequence[Row]], variant: str) -> list[Quarter]:
    """From the first quarter hour of any of these days in which somebody called to the last, without a gap.

    before: the same weekdays; one on which nobody called at all (closed, or not known yet) says nothing.
    """
    days = [_by_time(rows) for rows in before if any(row.figures.queued for row in rows)]
    now = {row.begin.time(): row for row in today}
    times = sorted({*now, *(at for day in days for at in day)})
    if not times:
        return []
    found = []
    at = datetime.combine(today[0].begin.date() if today else date.min, times[0])
    while at.time() <= times[-1]:
        row = now.get(at.time())
        figures = row.figures if row is not None else None
        found.append(
            Quarter(
                row.begin if row is not None else at,
                figures.queued if figures else 0,
                figures.answered if figures else 0,
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
