"""A duty roster as CSV, as the planner writes it: who is there when; every fault with its line.

Dates are written 2026-03-02 (02.03.2026 is read too), times HH:MM.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import Final, NamedTuple

from config import sheet
from config.load import Fault, cleaned
from config.sheet import Line, Sheet

COLUMNS: Final = ("date", "person", "begin", "end", "rest_begin", "rest_end")
HOUR: Final = 60
DAY: Final = 24 * HOUR
"""In minutes."""


class Duty(NamedTuple):
    """One person's presence. begin, end: minutes after midnight of `day` (end may be after the next one's);
    rests: [from, to) in the same minutes."""

    day: date
    begin: int
    end: int
    rests: tuple[tuple[int, int], ...] = ()

    @property
    def work(self) -> int:
        """Working time in minutes: from begin to end without rest (ArbZG, section 2)."""
        return self.end - self.begin - sum(to - begin for begin, to in self.rests)


class Presence(NamedTuple):
    """A duty in time: epoch ms."""

    person: str
    begin_ms: int
    end_ms: int


class Listed(NamedTuple):
    """A duty and where it stands."""

    line: Line
    person: str
    duty: Duty


class Read(NamedTuple):
    """A roster's file: what could be read of it, and what could not."""

    sheet: Sheet
    listed: tuple[Listed, ...]
    faults: tuple[Fault, ...]

    def duties(self) -> dict[str, list[Duty]]:
        """By person."""
        found: dict[str, list[Duty]] = {}
        for each in self.listed:
            found.setdefault(each.person, []).append(each.duty)
        return found

    def presences(self, zone: tzinfo) -> tuple[Presence, ...]:
        """In the order of the file; begin and end are times of the wall clock in `zone`."""
        return tuple(
            Presence(each.person, *(_moment(each.duty.day, at, zone) for at in each.duty[1:3]))
            for each in self.listed
        )


def read(path: Path, people: Collection[str]) -> Read:
    """A roster. people: ids of those who may be in it. Raises ConfigFaults for a file that is none."""
    given = sheet.read(path, COLUMNS)
    faults, listed = list(given.faults), []
    for line in given.lines:
        wrong, cells = person(line, people), line.cells
        day = date_of(cells["date"])
        if day is None:
            wrong.append(("date", "is no date like 2026-03-02"))
        rested = bool(cells["rest_begin"] or cells["rest_end"])
        times = {column: minute_of(cells[column]) for column in COLUMNS[2 : 6 if rested else 4]}
        wrong += [(column, "is no time like 08:30") for column, at in times.items() if at < 0]
        faults += [given.fault(line, column, f"{cleaned(cells[column])!r} {why}") for column, why in wrong]
        if not wrong and day is not None:
            begin, end, *rest = times.values()
            listed.append(
                Listed(line, cells["person"], Duty(day, begin, end, ((rest[0], rest[1]),) if rest else ()))
            )
    return Read(given, tuple(listed), tuple(faults))


def write(path: Path, duties: Mapping[str, Sequence[Duty]]) -> None:
    """A roster, by day and then in the order of its people."""
    order = {name: i for i, name in enumerate(duties)}
    listed = sorted((each.day, order[name], name, each) for name in duties for each in duties[name])
    sheet.write(
        path,
        COLUMNS,
        (
            (day.isoformat(), name, clock(duty.begin), clock(duty.end), *_rest(duty))
            for day, _, name, duty in listed
        ),
    )


def leaves(presences: Iterable[Presence], now_ms: int, until_ms: int) -> tuple[tuple[str, int], ...]:
    """Who leaves when in (now_ms, until_ms]: at the end of a duty, unless another one has begun by then."""
    known = list(presences)
    return tuple(
        (each.person, each.end_ms)
        for each in known
        if now_ms < each.end_ms <= until_ms
        and not any(o.person == each.person and o.begin_ms <= each.end_ms < o.end_ms for o in known)
    )


def comes(presences: Iterable[Presence], now_ms: int, until_ms: int) -> tuple[tuple[str, int], ...]:
    """Who comes when in (now_ms, until_ms]."""
    return tuple((each.person, each.begin_ms) for each in presences if now_ms < each.begin_ms <= until_ms)


def clock(minute: int) -> str:
    """Minutes after midnight as HH:MM."""
    return f"{minute // HOUR:02}:{minute % HOUR:02}"


def minute_of(text: str) -> int:
    """Minutes after midnight of HH:MM (24:00 is the day's end); -1 if it is none."""
    hour, _, minute = text.partition(":")
    if not (text.isascii() and hour.isdecimal() and minute.isdecimal()):
        return -1
    found = int(hour) * HOUR + int(minute)
    return found if len(hour) <= 2 and len(minute) == 2 and int(minute) < HOUR and found <= DAY else -1


def date_of(text: str) -> date | None:
    """A date in one of both forms; None if it is none."""
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def person(line: Line, people: Collection[str]) -> list[tuple[str, str]]:
    """What is wrong with the person of a line: nothing, or (column, reason)."""
    name = line.cells["person"]
    if name in people:
        return []
    close = get_close_matches(name, people, 1)
    return [("person", "is nobody of the staff" + (f"; did you mean {close[0]}?" if close else ""))]


def _rest(duty: Duty) -> tuple[str, ...]:
    return tuple(clock(edge) for edge in duty.rests[0]) if duty.rests else ("", "")


def _moment(day: date, minute: int, zone: tzinfo) -> int:
    days, minute = divmod(minute, DAY)
    at = time(minute // HOUR, minute % HOUR)
    return int(datetime.combine(day + timedelta(days=days), at, zone).timestamp() * 1000)
