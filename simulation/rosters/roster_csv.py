"""A roster's cover, absences and wishes as CSV: all of a file or every fault with its line.

Dates and times are written as in config.duties.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from config import sheet
from config.duties import DAY, clock, date_of, person
from config.load import ConfigFaults, cleaned
from config.tables.kinds import DAYS
from config.tables.opening import Span
from simulation.rosters.roster_check import Cover
from simulation.rosters.roster_task import Absence, Task, Wish

ABSENCES: Final = ("person", "from", "to")
WISHES: Final = ("person", "date", "free")
WHOLE_DAY: Final = "day"


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
        wrong = person(line, people)
        first, last = (date_of(line.cells[column]) for column in ("from", "to"))
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
        wrong, cells = person(line, people), line.cells
        day = date_of(cells["date"])
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
