"""What a roster has to keep to: its days and hours, the people with contracts, languages and days off.

A day's hours run from the first to the last half-hour at which the centre is open, somebody attends by the
scenario, or somebody is required. Sundays and public holidays are free (section 9 ArbZG).
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from agents.model import UNDETERMINED
from config.duties import HOUR
from config.hours import closed_days, public_holidays
from config.tables.kinds import DAYS
from config.tables.opening import Span
from config.tables.people import cefr
from simulation.rosters.required_csv import Curve
from simulation.rosters.working_time import SUNDAY, Contract, Terms
from simulation.scenarios.scenario import Scenario
from simulation.staffing.required import SLOT as STEP


class Day(NamedTuple):
    """A day on which people may work. begin, end: minutes after midnight, full half-hours."""

    day: date
    begin: int
    end: int


class Rostered(NamedTuple):
    """languages: those that count. terms: contract and days off."""

    id: str
    name: str
    languages: frozenset[str]
    terms: Terms

    def may_work(self, day: date) -> bool:
        """Whether the day is neither one off nor a public holiday."""
        return day not in self.terms.off and day not in self.terms.holidays


class Absence(NamedTuple):
    """A person is not there from one day to another, both included."""

    person: str
    first: date
    last: date


class Wish(NamedTuple):
    """A person would like to be free in these minutes [begin, end) of a day."""

    person: str
    day: date
    begin: int
    end: int


class Task(NamedTuple):
    """days: sorted. lunch: minutes [from, to) in which a rest begins, where a duty has room for it there.
    weights: how much a missing language counts, in the order of required.languages."""

    first: date
    weeks: int
    days: tuple[Day, ...]
    people: tuple[Rostered, ...]
    required: Curve
    lunch: tuple[int, int]
    weights: tuple[int, ...]
    wishes: tuple[Wish, ...] = ()

    @property
    def last(self) -> date:
        """The Sunday that ends it."""
        return self.first + timedelta(weeks=self.weeks, days=-1)


def task(
    scenario: Scenario,
    required: Curve,
    first: date,
    weeks: int,
    *,
    absences: Iterable[Absence] = (),
    wishes: Iterable[Wish] = (),
    frame: Span | None = None,
) -> Task:
    """Of the scenario's staff, from a Monday on. frame: hours within which duties may lie on every day."""
    house, last = scenario.house, first + timedelta(weeks=weeks, days=-1)
    holidays = frozenset(public_holidays(house, first, last))
    closed = frozenset(closed_days(house, first, last))
    every = [first + timedelta(days=i) for i in range(weeks * 7)]
    days = []
    for day in every:
        hours = None if day in closed or day.weekday() == SUNDAY else _hours(scenario, required, day, frame)
        if hours:
            days.append(Day(day, *hours))
    known = {each.id: each for each in (*house.staff, *scenario.staff.hire)}
    away = [*_away(scenario, first, last), *absences]
    people = []
    for key in scenario.staff.order[: int(scenario.staff.people.value)]:
        share = scenario.staff.part[key].value if key in scenario.staff.part else 1.0
        off = {day for day in every for each in away if each.person == key and each.first <= day <= each.last}
        contract = Contract(round(scenario.time.week.value * HOUR * share))
        spoken = {code: int(cefr(each)) for code, each in known[key].languages.items()}
        spoken[UNDETERMINED] = min(spoken.get(code, 0) for code in house.routing.unknown_languages)
        counted = (code for code in required.languages if spoken.get(code, 0) >= level(scenario, code))
        terms = Terms(first, last, contract, holidays, frozenset(off | (closed - holidays)))
        people.append(Rostered(key, known[key].name, frozenset(counted), terms))
    attendance = scenario.attendance
    lunch = attendance.lunch.hour * HOUR + attendance.lunch.minute
    lunch_end = lunch + max(STEP, int(attendance.rest.value) * attendance.rest_turns)
    return Task(
        first,
        weeks,
        tuple(days),
        tuple(people),
        required,
        (lunch, lunch_end),
        _weights(scenario, required.languages),
        tuple(wishes),
    )


def level(scenario: Scenario, language: str) -> int:
    """From which level on somebody counts as speaking a language: what its callers are asked for at first."""
    rules = scenario.house.routing
    own = [plan.step for plan in rules.plan if plan.language == language and not plan.concern]
    return int(cefr((own[0] if own else rules.step)[0].language))


def _weights(scenario: Scenario, languages: Iterable[str]) -> tuple[int, ...]:
    """Shares of the callers in per cent, at least 1."""
    shares = {code: each.value for code, each in scenario.cases.language.items()}
    whole = sum(shares.values())
    return tuple(max(1, round(100 * shares.get(each, 0.0) / whole)) for each in languages)


def _hours(scenario: Scenario, required: Curve, day: date, frame: Span | None) -> tuple[int, int] | None:
    weekday = day.weekday()
    spans = [
        *scenario.house.hours.of(weekday),
        *getattr(scenario.attendance, DAYS[weekday], []),
    ]
    hours = [(span.begin_minute, span.end_minute) for span in spans]
    hours += [
        (minute, minute + STEP)
        for (at, minute), people, spoken in zip(
            required.rows, required.people, required.by_language, strict=True
        )
        if at == weekday and (people or spoken.any())
    ]
    if not hours:
        return None
    if frame:
        hours.append((frame.begin_minute, frame.end_minute))
    begin, end = min(a for a, _ in hours), max(b for _, b in hours)
    return begin // STEP * STEP, -(-end // STEP) * STEP


def _away(scenario: Scenario, first: date, last: date) -> list[Absence]:
    """What the scenario says itself: who is away, and which posts are empty."""
    found = [Absence(each.person, each.begin, each.end) for each in scenario.away]
    found += [Absence(each.person, first, each.until - timedelta(days=1)) for each in scenario.vacancy]
    return [each for each in found if each.last >= first and each.first <= last]
