"""Opening hours, holidays and daylight saving, worked out into plain intervals of time."""

from datetime import date, datetime, time, timedelta

import holidays

from config.schema import Centre, Span

DAY = timedelta(days=1)


def closed_days(centre: Centre, first: date, last: date) -> tuple[date, ...]:
    """Every day in [first, last] on which the centre does not open at all for a reason of its own."""
    closed = {day for day in centre.hours.extra_closed if first <= day <= last}
    return tuple(sorted(closed.union(public_holidays(centre, first, last))))


def public_holidays(centre: Centre, first: date, last: date) -> tuple[date, ...]:
    """The public holidays in [first, last] that the centre keeps."""
    if not centre.hours.holidays:
        return ()
    years = range(first.year, last.year + 1)
    public = holidays.country_holidays("DE", subdiv=centre.hours.holidays, years=years)
    return tuple(sorted(day for day in public if first <= day <= last))


def opening(centre: Centre, from_ms: int, days: int) -> tuple[tuple[int, int], ...]:
    """Sorted, disjoint [from, to) intervals of epoch ms in which the centre is open, for `days` days.

    The first day is the one of `from_ms` in the centre's time zone. Wall times that daylight saving
    skips or repeats are read as the first such instant (PEP 495, fold 0).
    """
    zone = centre.centre.zone
    first = datetime.fromtimestamp(from_ms / 1000, zone).date()
    closed = set(closed_days(centre, first, first + days * DAY))
    intervals: list[tuple[int, int]] = []
    for offset in range(days):
        day = first + offset * DAY
        if day in closed:
            continue
        for span in centre.hours.of(day.weekday()):
            begin = _instant(centre, day, span.begin_minute)
            end = _instant(centre, day, span.end_minute)
            if intervals and intervals[-1][1] == begin:
                intervals[-1] = (intervals[-1][0], end)
            elif end > begin:
                intervals.append((begin, end))
    return tuple(intervals)


def midnights(centre: Centre, from_ms: int, days: int) -> tuple[int, ...]:
    """The begin of each of `days` days, in epoch ms, the first being the day of `from_ms`."""
    first = datetime.fromtimestamp(from_ms / 1000, centre.centre.zone).date()
    return tuple(_instant(centre, first + offset * DAY, 0) for offset in range(days))


def daily(centre: Centre, spans: list[Span], from_ms: int, days: int) -> tuple[tuple[int, int], ...]:
    """Sorted, disjoint intervals of epoch ms for spans that hold on every day; none for no spans."""
    first = datetime.fromtimestamp(from_ms / 1000, centre.centre.zone).date()
    return tuple(
        (_instant(centre, day, span.begin_minute), _instant(centre, day, span.end_minute))
        for day in (first + offset * DAY for offset in range(days))
        for span in spans
    )


def _instant(centre: Centre, day: date, minute: int) -> int:
    if minute == 24 * 60:
        day, minute = day + DAY, 0
    wall = datetime.combine(day, time(minute // 60, minute % 60), centre.centre.zone)
    return int(wall.timestamp() * 1000)
