"""A roster looked at from outside: which rules it breaks, and where it has fewer people than are required.

Nothing here knows the model that a roster may come from.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from config.duties import Duty
from simulation.rosters.roster_task import Task
from simulation.rosters.working_time import Breach, breaches
from simulation.staffing.required import SLOT


class Cover(NamedTuple):
    """A half-hour of a day: people required and there, and by language (in the curve's order)."""

    day: date
    minute: int
    required: int
    there: int
    languages: tuple[tuple[int, int], ...]

    @property
    def missing(self) -> int:
        """People."""
        return max(0, self.required - self.there)


class Gap(NamedTuple):
    """Adjoining half-hours of a day in which the same is missing. what: "" for people, or a language."""

    day: date
    begin: int
    end: int
    what: str
    missing: int
    required: int


def broken(task: Task, duties: Mapping[str, Sequence[Duty]]) -> list[tuple[str, Breach]]:
    """(person, breach) of everybody in the task's order."""
    return [
        (person.id, breach)
        for person in task.people
        for breach in breaches(duties.get(person.id, ()), person.terms)
    ]


def cover(task: Task, duties: Mapping[str, Sequence[Duty]]) -> list[Cover]:
    """Every half-hour of the task's days for which somebody is required; there counts who works all of it."""
    asked = task.required
    spoken = {person.id: person.languages for person in task.people}
    by_day: dict[date, list[tuple[str, Duty]]] = {}
    for person, listed in duties.items():
        for duty in listed:
            by_day.setdefault(duty.day, []).append((person, duty))
    found = []
    for day in task.days:
        for (weekday, minute), people, languages in zip(
            asked.rows, asked.people.tolist(), asked.by_language.tolist(), strict=True
        ):
            if weekday != day.day.weekday():
                continue
            there = [spoken[person] for person, duty in by_day.get(day.day, ()) if _works(duty, minute)]
            by_language = [sum(code in each for each in there) for code in asked.languages]
            found.append(
                Cover(day.day, minute, people, len(there), tuple(zip(languages, by_language, strict=True)))
            )
    return found


def gaps(task: Task, covered: Sequence[Cover]) -> list[Gap]:
    """What is missing, adjoining half-hours together: people first, then languages in the curve's order."""
    found: list[Gap] = []
    for place, what in enumerate(("", *task.required.languages)):
        for each in covered:
            needed, there = each.languages[place - 1] if place else (each.required, each.there)
            if needed <= there:
                continue
            gap = Gap(each.day, each.minute, each.minute + SLOT, what, needed - there, needed)
            before = found[-1] if found else None
            if (
                before
                and before._replace(end=gap.end) == gap._replace(begin=before.begin)
                and before.end == gap.begin
            ):
                found[-1] = before._replace(end=gap.end)
            else:
                found.append(gap)
    return found


def _works(duty: Duty, minute: int) -> bool:
    """Whether for all of the half-hour."""
    rests = any(begin < minute + SLOT and minute < end for begin, end in duty.rests)
    return duty.begin <= minute and minute + SLOT <= duty.end and not rests
