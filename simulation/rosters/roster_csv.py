"""A roster, its cover, absences and wishes as CSV: all of a file or every fault with its line.

Dates are written 2026-03-02 (02.03.2026 is read too), times HH:MM.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Final, NamedTuple

from config import sheet
from config.load import ConfigFaults, Fault, cleaned
from config.schema import DAYS, Span
from config.sheet import Line, Sheet
from simulation.rosters.required_csv import minute_of
from simulation.rosters.roster_check import Cover
from simulation.rosters.roster_task import Absence, Task, Wish
from simulation.rosters.working_time import DAY, HOUR, Duty

COLUMNS: Final = ("date", "person", "begin", "end", "rest_begin", "rest_end")
ABSENCES: Final = ("person", "from", "to")
WISHES: Final = ("person", "date", "free")
WHOLE_DAY: Final = "day"


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


def read(path: Path, people: Sequence[str]) -> Read:
    """A roster. people: ids of those who may be in it. Raises ConfigFaults for a file that is none."""
    given = sheet.read(path, COLUMNS)
    faults, listed = list(given.faults), []
    for line in given.lines:
        wrong, cells = _person(line, people), line.cells
        day = _date(cells["date"])
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
    order = {person: i for i, person in enumerate(duties)}
    listed = sorted((each.day, order[person], person, each) for person in duties for each in duties[person])
    sheet.write(
        path,
        COLUMNS,
        (
            (day.isoformat(), person, clock(duty.begin), clock(duty.end), *_rest(duty))
            for day, _, person, duty in listed
        ),
    )


def _rest(duty: Duty) -> tuple[str, ...]:
    return tuple(clock(edge) for edge in duty.rests[0]) if duty.rests else ("", "")


def write_cover(path: Path, task: Task, covered: Iterable[Cover]) -> None:
    """Required and planned by half-hour; missing languages as what is asked for and not there."""
    languages = task.required.languages
    columns = ["date", "weekday", "begin", "required", "planned", "missing"]
    columns += [f"{code}_{what}" for code in languages for what in ("required", "planned")]
    sheet.write(
        path,
        columns,
        (
            (
                *(each.day.isoformat(), DAYS[each.day.weekday()], clock(each.minute)),
                *(each.required, each.there, each.missing),
                *(number for pair in each.languages for number in pair),
            )
            for each in covered
        ),
    )


def absences(path: Path, people: Sequence[str]) -> tuple[Absence, ...]:
    """Who is away, both days included. Raises ConfigFaults."""
    given = sheet.read(path, ABSENCES)
    faults, found = list(given.faults), []
    for line in given.lines:
        wrong = _person(line, people)
        first, last = (_date(line.cells[column]) for column in ("from", "to"))
        for column, day in (("from", first), ("to", last)):
            if day is None:
                wrong.append((column, "is no date like 2026-03-02"))
        if first and last and last < first:
            wrong.append(("to", f"is before {first}"))
        faults += [
            given.fault(line, column, f"{cleaned(line.cells[column])!r} {why}") for column, why in wrong
        ]
        if first and last and not wrong:
            found.append(Absence(line.cells["person"], first, last))
    if faults:
        raise ConfigFaults(faults)
    return tuple(found)


def wishes(path: Path, people: Sequence[str]) -> tuple[Wish, ...]:
    """Who would like to be free when: free is "day" or a span like 14:00-18:00. Raises ConfigFaults."""
    given = sheet.read(path, WISHES)
    faults, found = list(given.faults), []
    for line in given.lines:
        wrong, cells = _person(line, people), line.cells
        day = _date(cells["date"])
        if day is None:
            wrong.append(("date", "is no date like 2026-03-02"))
        begin, end = 0, DAY
        if cells["free"].lower() != WHOLE_DAY:
            try:
                span = Span.parse(cells["free"])
                begin, end = span.begin_minute, span.end_minute
            except ValueError:
                wrong.append(("free", 'is neither "day" nor a span like 14:00-18:00'))
        faults += [given.fault(line, column, f"{cleaned(cells[column])!r} {why}") for column, why in wrong]
        if day and not wrong:
            found.append(Wish(cells["person"], day, begin, end))
    if faults:
        raise ConfigFaults(faults)
    return tuple(found)


def clock(minute: int) -> str:
    """Minutes after midnight as HH:MM."""
    return f"{minute // HOUR:02}:{minute % HOUR:02}"


def _person(line: Line, people: Sequence[str]) -> list[tuple[str, str]]:
    name = line.cells["person"]
    if name in people:
        return []
    close = get_close_matches(name, people, 1)
    return [("person", "is not of the scenario's staff" + (f"; did you mean {close[0]}?" if close else ""))]


def _date(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None
