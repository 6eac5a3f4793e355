"""The required curve from a CSV as `acd plan staff` writes it, or by hand: all of it or every fault.

Columns: weekday (mon to sun), begin (HH:MM, half-hours), people, and one a language; whole numbers. Half-
hours that are not listed need nobody.
"""

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from agents.model import UNDETERMINED
from config import sheet
from config.duties import DAY, minute_of
from config.load import ConfigFaults, Fault, cleaned
from config.schema import Centre
from config.tables.kinds import DAYS
from simulation.rosters.working_time import SUNDAY
from simulation.staffing.required import MOST, SLOT

Ints = npt.NDArray[np.int64]

COLUMNS: Final = ("weekday", "begin", "people")


class Curve(NamedTuple):
    """People required. rows: (weekday from Monday 0, minute of the day), sorted; by_language: by row and
    language."""

    languages: tuple[str, ...]
    rows: tuple[tuple[int, int], ...]
    people: Ints
    by_language: Ints


def read(path: Path, centre: Centre) -> Curve:
    """The curve in `path`, its rows sorted. Raises ConfigFaults."""
    given = sheet.read(path, COLUMNS, also=(*centre.languages, UNDETERMINED))
    spoken = tuple(each for each in given.columns if each not in COLUMNS)
    faults = list(given.faults)
    rows: dict[tuple[int, int], list[int]] = {}
    first: dict[tuple[int, int], int] = {}
    for line in given.lines:
        weekday = DAYS.index(day) if (day := line.cells["weekday"].lower()) in DAYS else -1
        minute = minute_of(line.cells["begin"])
        numbers = [_number(line.cells[column]) for column in ("people", *spoken)]
        wrong = []
        if weekday < 0:
            wrong.append(("weekday", f"is none of {', '.join(DAYS)}"))
        if minute < 0 or minute % SLOT or minute == DAY:
            wrong.append(("begin", "is no half-hour; write one like 08:30"))
        for column, number in zip(("people", *spoken), numbers, strict=True):
            if number < 0:
                wrong.append((column, f"is no whole number from 0 to {MOST}"))
        if weekday == SUNDAY and any(number > 0 for number in numbers):
            wrong.append(("weekday", "is a Sunday, which is kept free (section 9 ArbZG)"))
        faults += [
            given.fault(line, column, f"{cleaned(line.cells[column])!r} {why}") for column, why in wrong
        ]
        if not wrong and (before := first.setdefault((weekday, minute), line.number)) != line.number:
            faults.append(given.fault(line, "begin", f"stands in line {before} too"))
        rows[weekday, minute] = numbers
    if not faults and not any(any(numbers) for numbers in rows.values()):
        faults.append(Fault(given.name, "file", "needs nobody at any time"))
    if faults:
        raise ConfigFaults(faults)
    table = np.array([rows[key] for key in sorted(rows)], np.int64)
    return Curve(spoken, tuple(sorted(rows)), table[:, 0], table[:, 1:])


def _number(text: str) -> int:
    """-1 for what is no number from 0 to MOST."""
    good = text.isascii() and text.isdecimal() and len(text) <= len(str(MOST)) and int(text) <= MOST
    return int(text) if good else -1
