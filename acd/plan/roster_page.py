"""A roster as a page to hang up and to look through: weeks, turns, gaps, rules; German or English.

Nothing is fetched and no script runs. Why somebody is away is not said.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from acd.plan.roster_words import DAY_NAMES, MONTHS, WORDS
from config.duties import Duty, clock
from simulation.report.numbers import Language, with_unit
from simulation.rosters.roster import Planned
from simulation.rosters.roster_check import Gap
from simulation.rosters.roster_task import Rostered, Task
from simulation.rosters.roster_trial import Trial
from simulation.rosters.working_time import SUNDAY, WORKING_DAYS, Breach, due, hours
from simulation.runs.outcome import figures_of
from simulation.scenarios.scenario import Scenario

SERVICE: Final = ("contacts", "abandonment", "speed_of_answer", "wait_p95", "phone_share", "backlog_mean")


class Contents(NamedTuple):
    """What the page shows."""

    scenario: Scenario
    task: Task
    planned: Planned
    broken: Sequence[tuple[str, Breach]]
    gaps: Sequence[Gap]
    trial: Trial


class Cell(NamedTuple):
    """One person's day. kind: duty, off, holiday or free; lines: what is written."""

    kind: str
    lines: tuple[str, ...]


class Week(NamedTuple):
    """columns: a head a day; rows: name, cells, hours planned and due."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...], str, str], ...]


def page(contents: Contents, language: Language) -> str:
    """The whole page."""
    loader = PackageLoader("acd.plan", ".")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style, _, _ = loader.get_source(environment, "roster.css")
    asked, planned, words = contents.task, contents.planned, WORDS[language]
    other: Language = "en" if language == "de" else "de"
    return environment.get_template("roster.html.j2").render(
        language=language,
        other=other,
        words=words,
        centre=contents.scenario.house.centre.name,
        scenario=contents.scenario.de if language == "de" else contents.scenario.en,
        span=f"{_date(asked.first, language)} – {_date(asked.last, language)} {asked.last.year}",
        weeks=[_week(contents, number, language) for number in range(asked.weeks)],
        people=[_person(contents, person) for person in asked.people],
        gaps=_gaps(contents, language),
        broken=[
            (_name(asked, person), _date(each.day, language), each.said(language))
            for person, each in contents.broken
        ],
        aims=[(words["aims"][each.name], each.value, each.bound, each.proven) for each in planned.aims],
        any_wish=bool(asked.wishes),
        unmet=[
            (_name(asked, wish.person), _date(wish.day, language), f"{clock(wish.begin)}–{clock(wish.end)}")
            for wish in (asked.wishes[place] for place in planned.unmet)
        ],
        figures=_figures(contents, language),
        number=contents.trial.number,
        until=_date(contents.trial.until, language),
        style=Markup(style),  # noqa: S704 - the project's own file
        style_hash=f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}",
    )


def _week(contents: Contents, number: int, language: Language) -> Week:
    asked, words = contents.task, WORDS[language]
    monday = asked.first + timedelta(weeks=number)
    worked = {day.day for day in asked.days}
    days = [monday + timedelta(days=i) for i in range(SUNDAY)]
    days = [day for day in days if day.weekday() < WORKING_DAYS or day in worked]
    rows = []
    for person in asked.people:
        duties: dict[date, list[Duty]] = {}
        for duty in contents.planned.duties[person.id]:
            duties.setdefault(duty.day, []).append(duty)
        cells = tuple(_cell(person, day, duties.get(day, []), words) for day in days)
        planned = sum(each.work for day in days for each in duties.get(day, []))
        rows.append((person.name, cells, hours(planned), hours(due(person.terms, monday))))
    year, week, _ = monday.isocalendar()
    name = f"{words['week']} {week}/{year}"
    return Week(name, tuple(_date(day, language) for day in days), tuple(rows))


def _cell(person: Rostered, day: date, duties: Sequence[Duty], words: Mapping[str, str]) -> Cell:
    if duties:
        lines = []
        for duty in duties:
            lines.append(f"{clock(duty.begin)}–{clock(duty.end)}")
            lines += [f"{words['rest']} {clock(begin)}–{clock(end)}" for begin, end in duty.rests]
        return Cell("duty", tuple(lines))
    if day in person.terms.holidays:
        return Cell("holiday", (words["holiday"],))
    return Cell("off", (words["off"],)) if day in person.terms.off else Cell("free", (words["free"],))


def _person(contents: Contents, person: Rostered) -> tuple[str, ...]:
    """Name, hours planned and due, duties, early and late ones."""
    asked = contents.task
    begin = {day.day: day.begin for day in asked.days}
    end = {day.day: day.end for day in asked.days}
    duties = contents.planned.duties[person.id]
    agreed = sum(due(person.terms, asked.first + timedelta(weeks=i)) for i in range(asked.weeks))
    return (
        person.name,
        hours(sum(duty.work for duty in duties)),
        hours(agreed),
        str(len(duties)),
        str(sum(duty.begin == begin[duty.day] for duty in duties)),
        str(sum(duty.end == end[duty.day] for duty in duties)),
    )


def _gaps(contents: Contents, language: Language) -> list[tuple[str, ...]]:
    """Gaps of a weekday that are alike together: what, when, there and required, dates."""
    names = {each.code: each.name for each in contents.scenario.house.language}
    alike: dict[tuple[str, int, int, int, int, int], list[date]] = {}
    for each in contents.gaps:
        key = (each.what, each.day.weekday(), each.begin, each.end, each.missing, each.required)
        alike.setdefault(key, []).append(each.day)
    return [
        (
            names.get(what, what) if what else WORDS[language]["people"],
            f"{DAY_NAMES[language][weekday]} {clock(begin)}–{clock(end)}",
            f"{required - missing} {WORDS[language]['of']} {required}",
            ", ".join(_date(day, language).partition(" ")[2] for day in days),
        )
        for (what, weekday, begin, end, missing, required), days in alike.items()
    ]


def _figures(contents: Contents, language: Language) -> list[tuple[str, str, str, str, str]]:
    """Name; as planned and its interval; with sickness and its interval."""
    trial = contents.trial
    wanted = (f"service_level_{contents.scenario.house.service_level.variant}", *SERVICE)
    found = []
    for each in figures_of("backlog_mean" in trial.planned):
        if each.key in wanted:
            row = [each.de if language == "de" else each.en]
            for estimate in (some[each.key].within(each.unit) for some in (trial.planned, trial.sick)):
                low, high = (with_unit(value, each.unit, language) for value in (estimate.low, estimate.high))
                row += [with_unit(estimate.mean, each.unit, language), f"{low} – {high}"]
            found.append((row[0], row[1], row[2], row[3], row[4]))
    return found


def _name(asked: Task, person: str) -> str:
    return next(each.name for each in asked.people if each.id == person)


def _date(day: date, language: Language) -> str:
    """Like "Mo 2. März" or "Mon 2 March"."""
    dot = "." if language == "de" else ""
    return f"{DAY_NAMES[language][day.weekday()]} {day.day}{dot} {MONTHS[language][day.month - 1]}"
