"""Opening hours, holidays, closures and daylight saving: what is open on which day, for all that asks."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays

from config.schema import Centre
from config.tables.opening import Span
from routing.policy import Hours
from routing.specific import most_specific

DAY = timedelta(days=1)
DAY_MINUTES = 24 * 60

Minutes = tuple[tuple[int, int], ...]
"""Sorted [from, to) spans of one day, in minutes after midnight on the centre's clock; no two touch."""


class Whose(NamedTuple):
    """Whose hours: those of callers in a language, for a concern; "" is everybody else."""

    language: str
    concern: str


EVERYBODY = Whose("", "")
"""The centre's."""


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


def whose(centre: Centre) -> tuple[Whose, ...]:
    """Whoever has hours other than the centre's, at least on some day; the centre's are none of these.

    The hours of a caller are those of the first of (language, concern), ("", concern), (language, "") that
    is here, else the centre's.
    """
    concerns = {each.concern for each in centre.hours.concern}
    languages: set[str] = set()
    for closure in centre.closure:
        concerns.update(closure.concerns)
        languages.update(closure.languages)
    found = {Whose(language, concern) for language in {"", *languages} for concern in {"", *concerns}}
    return tuple(sorted(found - {EVERYBODY}))


AHEAD_DAYS = 100
"""So many days ahead it is looked for when it opens next; who is closed for longer is told no day."""
AHEAD_YEARS = 3
"""For so many years exceptions are written out for a dialplan, which may be alone for long."""


def calendar_of(centre: Centre, today: date) -> "Calendar":
    """What a dialplan that is written today knows."""
    return Calendar(centre, today, today.replace(year=today.year + AHEAD_YEARS, day=28))


class Why(NamedTuple):
    """A part of a day that a closure takes, in minutes. closure: its place in the file, from 1."""

    begin: int
    end: int
    closure: int


class Calendar:
    """What is open on each day of [first, last]: what policy and dialplan both are made from."""

    def __init__(self, centre: Centre, first: date, last: date) -> None:
        self.first, self.last = first, last
        self._centre = centre
        self._closed = frozenset(closed_days(centre, first, last))
        self._closures: dict[date, list[int]] = {}
        for number, closure in enumerate(centre.closure, start=1):
            day = max(first, closure.first.date())
            while day <= last and datetime.combine(day, time()) < closure.end:
                self._closures.setdefault(day, []).append(number)
                day += DAY

    def usual(self, who: Whose, weekday: int) -> Minutes:
        """What is open on a weekday, Monday being 0, but for exceptions."""
        spans = self._centre.hours.week(who.concern).of(weekday)
        return _joined([(span.begin_minute, span.end_minute) for span in spans])

    def why(self, who: Whose, day: date) -> tuple[Why, ...]:
        """The closures that these callers find on a day."""
        midnight = datetime.combine(day, time())
        found = []
        for number in self._closures.get(day, ()):
            closure = self._centre.closure[number - 1]
            if closure.closes(*who):
                begin = max(0, int((closure.first - midnight) / timedelta(minutes=1)))
                end = min(DAY_MINUTES, int((closure.end - midnight) / timedelta(minutes=1)))
                found.append(Why(begin, end, number))
        return tuple(found)

    def on(self, who: Whose, day: date) -> Minutes:
        """What is open on a day."""
        if day in self._closed:
            return ()
        open_then = self.usual(who, day.weekday())
        for begin, end, _ in self.why(who, day):
            kept = [part for a, b in open_then for part in ((a, min(b, begin)), (max(a, end), b))]
            open_then = _joined([(a, b) for a, b in kept if a < b])
        return open_then

    def exceptions(self, who: Whose) -> tuple[date, ...]:
        """The days, sorted, on which something else is open than on the weekday, or a closure has its say."""
        days = {*self._closed, *self._closures}
        return tuple(
            sorted(
                day
                for day in days
                if self.on(who, day) != self.usual(who, day.weekday()) or self.why(who, day)
            )
        )

    def instants(self, who: Whose) -> tuple[tuple[int, int], ...]:
        """Sorted, disjoint [from, to) intervals of epoch ms in which the clock on the wall shows a time that
        is open. An hour that daylight saving repeats is open twice, one that it skips not at all."""
        zone = self._centre.centre.zone
        found: list[tuple[int, int]] = []
        day = self.first
        while day <= self.last:
            if spans := self.on(who, day):
                for begin, end in _on_the_wall(zone, day, spans):
                    if found and found[-1][1] == begin:
                        found[-1] = (found[-1][0], end)
                    else:
                        found.append((begin, end))
            day += DAY
        return tuple(found)


def _joined(spans: list[tuple[int, int]]) -> Minutes:
    """The same spans, those that touch as one."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if found and found[-1][1] == begin:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return tuple(found)


def _on_the_wall(zone: ZoneInfo, day: date, spans: Minutes) -> list[tuple[int, int]]:
    """When the clock of this zone shows these times of a day, in epoch ms, sorted."""
    midnight, next_one = (int(datetime.combine(each, time(), zone).timestamp()) for each in (day, day + DAY))
    wall = int(datetime.combine(day, time(), UTC).timestamp())
    shift = wall - midnight
    if next_one - midnight == DAY_MINUTES * 60:
        return [((wall - shift + a * 60) * 1000, (wall - shift + b * 60) * 1000) for a, b in spans]
    later = wall + DAY_MINUTES * 60 - next_one
    set_at = _first_of(zone, later, midnight, next_one)
    parts = ((shift, midnight, set_at), (later, set_at, next_one))
    return [
        (max(wall + a * 60 - offset, begin) * 1000, min(wall + b * 60 - offset, end) * 1000)
        for offset, begin, end in parts
        for a, b in spans
        if max(wall + a * 60 - offset, begin) < min(wall + b * 60 - offset, end)
    ]


def _first_of(zone: ZoneInfo, offset: int, low: int, high: int) -> int:
    """The first second in [low, high) from which on the clock is so many seconds ahead of UTC."""
    while low < high:
        middle = (low + high) // 2
        ahead = datetime.fromtimestamp(middle, zone).utcoffset() or timedelta()
        if int(ahead.total_seconds()) == offset:
            high = middle
        else:
            low = middle + 1
    return low


def opening(centre: Centre, from_ms: int, days: int) -> tuple[tuple[int, int], ...]:
    """Sorted, disjoint [from, to) intervals of epoch ms in which the centre is open, for `days` days.

    The first day is the one of `from_ms` in the centre's time zone.
    """
    return _ahead(centre, from_ms, days).instants(EVERYBODY)


def own(centre: Centre, from_ms: int, days: int) -> tuple[Hours, ...]:
    """The same for whoever has hours other than the centre's."""
    calendar = _ahead(centre, from_ms, days)
    return tuple(Hours(who.language, who.concern, calendar.instants(who)) for who in whose(centre))


def opening_for(
    centre: Centre, from_ms: int, days: int, language: str, concern: str
) -> tuple[tuple[int, int], ...]:
    """The same for callers in this language for this concern, which has hours of its own or not; "" is not
    known yet."""
    calendar = _ahead(centre, from_ms, days)
    known = {(who.language, who.concern): who for who in (EVERYBODY, *whose(centre))}
    return calendar.instants(most_specific(known, language, concern) or EVERYBODY)


def _ahead(centre: Centre, from_ms: int, days: int) -> Calendar:
    first = datetime.fromtimestamp(from_ms / 1000, centre.centre.zone).date()
    return Calendar(centre, first, first + (days - 1) * DAY)


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
    if minute == DAY_MINUTES:
        day, minute = day + DAY, 0
    wall = datetime.combine(day, time(minute // 60, minute % 60), centre.centre.zone)
    return int(wall.timestamp() * 1000)
