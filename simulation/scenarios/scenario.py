"""A scenario: every number of one simulated year with unit and source, and what cannot be together."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date, time
from functools import cache, partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, ValidationError

from config.load import cleaned
from config.schema import Centre
from config.tables.kinds import DAYS, Code, Key, Table, Text
from config.tables.opening import Spans
from config.tables.people import StaffMember
from simulation.scenarios.quantity import Quantity, counted
from simulation.scenarios.refusal import Unfit, reason
from simulation.scenarios.shape import OF_VARIATION, Shape, named_or_measured

Share = Annotated[Quantity, counted("1", 0, 1)]
Weight = Annotated[Quantity, counted("1", 0, 1_000)]
Factor = Annotated[Quantity, counted("1", 0, 20)]
Variation = Annotated[Quantity, counted("1", 0, 25)]
Minutes = Annotated[Quantity, counted("min", 0, 10_000)]
Seconds = Annotated[Quantity, counted("s", 0, 86_400)]
Days = Annotated[Quantity, counted("days", 0, 365)]
DayCount = Annotated[Quantity, counted("days/year", 0, 365)]
People = Annotated[Quantity, counted("persons", 1, 62, whole=True)]

OF_SHARES = 0.005
"""So far shares may add up off 1: they are written with few digits."""
MONTHS = tuple(f"{month:02}" for month in range(1, 13))
HOURS = tuple(f"{hour:02}" for hour in range(24))


def _keyed(names: tuple[str, ...], given: dict[str, Quantity]) -> dict[str, Quantity]:
    if unknown := sorted({*given} - {*names}):
        raise ValueError(f"has {cleaned(unknown[0])!r}; it knows {names[0]} to {names[-1]}")
    if not sum(each.value for each in given.values()) > 0:
        raise ValueError("has no weight above 0")
    return given


ByMonth = Annotated[dict[str, Weight], AfterValidator(partial(_keyed, MONTHS))]
ByDay = Annotated[dict[str, Weight], AfterValidator(partial(_keyed, DAYS))]
ByHour = Annotated[dict[str, Weight], AfterValidator(partial(_keyed, HOURS))]


class Cases(Table):
    """[cases]: how many, when, about what and in which language.

    reading: "flow" takes per_year as cases that come in a year, "stock" takes persons x events_per_person.
    calls_per_case: used where only telephone contacts are simulated.
    """

    reading: Literal["flow", "stock"]
    per_year: Annotated[Quantity, counted("cases/year", 0, 50_000)]
    persons: Annotated[Quantity, counted("persons", 0, 200_000)]
    events_per_person: Annotated[Quantity, counted("cases/(person*year)", 0, 50)]
    calls_per_case: Annotated[Quantity, counted("calls/case", 0, 50)]
    month: ByMonth
    weekday: ByDay
    hour: ByHour
    language: dict[Code, Weight]
    concern: dict[Key, Weight]
    second_language: Share

    @property
    def in_a_year(self) -> float:
        """Cases that come in a year, by the reading."""
        if self.reading == "flow":
            return float(self.per_year.value)
        return float(self.persons.value * self.events_per_person.value)


class Wave(Table):
    """[[wave]]: from one day to another more (or fewer) cases of some languages and concerns (empty: all)."""

    name: Text
    begin: date
    end: date
    factor: Factor
    languages: tuple[Code, ...] = ()
    concerns: tuple[Key, ...] = ()


class Calls(Table):
    """[calls]: how cases call, and how long callers and talks last.

    patience_shape, talk_shape: a measured distribution, or None for an exponential and a lognormal.
    """

    first: Share
    follow_up: Share
    follow_up_after: Days
    chase_after: Days
    chase: Share
    retrial: Share
    retrial_after: Minutes
    patience: Minutes
    patience_shape: Annotated[Shape | None, named_or_measured("exponential")] = None
    talk: Minutes
    talk_variation: Variation
    talk_shape: Annotated[Shape | None, named_or_measured("lognormal")] = None


class Telephones(Table):
    """[phones]: what a member of staff's telephone does with an offer."""

    answer_from: Seconds
    answer_to: Seconds
    no_answer: Share
    busy: Share
    declined: Share
    unreachable: Share
    back_after: Minutes


class Step(Table):
    """[[work.step]]: a step of the work on a case, and the wait for others after it."""

    de: Text
    en: Text
    takes: Minutes
    variation: Variation
    waits: Days


class Work(Table):
    """[work]: what is done on a case at the desk."""

    level: Annotated[int, Field(ge=1, le=5)]
    switching: Minutes
    step: Annotated[list[Step], Field(min_length=1, max_length=6)]


class Appointments(Table):
    """[appointments]: at the counter."""

    share: Share
    takes: Minutes
    variation: Variation
    lead: Days
    before_step: Annotated[int, Field(ge=1, le=6)]
    language: Literal["A1", "A2", "B1", "B2", "C1", "C2", "native"]
    mon: Spans
    tue: Spans
    wed: Spans
    thu: Spans
    fri: Spans


class WorkingTime(Table):
    """[time]: German municipal staffing.

    year_minutes: a full post's working minutes a year, net of what `net_of` names. set_up, distribution,
    recovery: surcharges on the basic time of desk and counter work. attendance: who comes when is either
    the calendar less [absence], or every day shortened to year_minutes.
    """

    week: Annotated[Quantity, counted("h/week", 1, 48)]
    year_minutes: Annotated[Quantity, counted("min/year", 1, 200_000)]
    net_of: list[Literal["leave", "sickness", "training"]]
    attendance: Literal["calendar", "year_minutes"]
    set_up: Share
    distribution: Share
    recovery: Share


class Attendance(Table):
    """[attendance]: when a full-time person is there; every second one comes and goes `later`. The break is
    taken in turns from `lunch` on."""

    mon: Spans
    tue: Spans
    wed: Spans
    thu: Spans
    fri: Spans
    later: Annotated[Quantity, counted("min", 0, 240)]
    rest: Minutes
    lunch: time
    rest_turns: Annotated[int, Field(ge=1, le=8)]
    rest_from_hours: Annotated[Quantity, counted("h", 0, 24)]


class Absence(Table):
    """[absence]: days a year on which a person is not there, in blocks, besides weekends and holidays."""

    leave: DayCount
    leave_block: Days
    sickness: DayCount
    sickness_block: Days
    training: DayCount
    training_block: Days


class Away(Table):
    """[[away]]: a person is not there from one day to another, the last one included."""

    person: Key
    begin: date
    end: date


class Outbreak(Table):
    """[[outbreak]]: so many of the staff are sick from one day to another."""

    begin: date
    end: date
    share: Share


class Vacancy(Table):
    """[[vacancy]]: a post is empty until a day; who comes then is slower at first, evenly less so."""

    person: Key
    until: date
    ramp: Days
    slower: Annotated[Quantity, counted("1", 1, 10)]


class Hire(StaffMember):
    """[[staff.hire]]: a person beyond the centre's own list."""


class Staff(Table):
    """[staff]: how many, and in which order people are taken; part: who works less than full time."""

    people: People
    desks: Annotated[Quantity, counted("desks", 1, 500, whole=True)]
    order: list[Key]
    hire: tuple[Hire, ...] = ()
    part: dict[Key, Annotated[Quantity, counted("1", 0.1, 1)]] = Field(default_factory=dict)


class Targets(Table):
    """[targets]: what is promised; the service level's variant is named in the centre's file."""

    service_level: Share
    within: Seconds
    turnaround: Days
    probability: Share


class Horizon(Table):
    """[horizon]: the year that is simulated, and how many days before it are run first."""

    year: Annotated[int, Field(ge=2000, le=2100)]
    warm_up: Annotated[Quantity, counted("days", 0, 366, whole=True)]


class Scenario(Table):
    """Everything that one simulated year is made of. `name`, `de` and `en` say which one it is."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    de: Text
    en: Text
    centre: str
    horizon: Horizon
    cases: Cases
    calls: Calls
    phones: Telephones
    work: Work
    appointments: Appointments
    time: WorkingTime
    attendance: Attendance
    absence: Absence
    staff: Staff
    targets: Targets
    wave: tuple[Wave, ...] = ()
    away: tuple[Away, ...] = ()
    outbreak: tuple[Outbreak, ...] = ()
    vacancy: tuple[Vacancy, ...] = ()
    house: Annotated[Centre, Field(exclude=True)]

    @property
    def digest(self) -> str:
        """Hash of every value that the result depends on, the centre's rules and people included."""
        mine = self.model_dump(mode="json", exclude={"name", "de", "en", "house"})
        theirs = self.house.model_dump(
            mode="json",
            include={
                "centre",
                "language",
                "concern",
                "hours",
                "routing",
                "staffing",
                "service_level",
                "staff",
            },
        )
        text = json.dumps([_values(mine), theirs], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def quantities(self) -> Iterator[tuple[str, Quantity]]:
        """Every number with its dotted key, in the file's order."""
        yield from _quantities("", self)

    def shapes(self) -> Iterator[tuple[str, Shape]]:
        """Every measured distribution with its dotted key."""
        for name in ("patience_shape", "talk_shape"):
            if (shape := getattr(self.calls, name)) is not None:
                yield f"calls.{name}", shape

    def changed(self, values: Mapping[str, float]) -> "Scenario":
        """With the quantities at these dotted keys at other values; entries of lists count from 1.

        Raises Unfit with every key that no number has and every value that one cannot have.
        """
        found, wrong = self, list[tuple[str, str]]()
        for key, value in values.items():
            try:
                found = _with(found, key.split("."), value)
            except (KeyError, IndexError):
                wrong.append((cleaned(key), "is no number of a scenario"))
            except ValidationError as fault:
                wrong += [(key, reason(error)) for error in fault.errors()]
        if wrong:
            raise Unfit(wrong)
        return found


def _values(table: Any) -> Any:
    """Without units and sources: where a number comes from changes no result."""
    if isinstance(table, dict):
        if table.keys() == {*Quantity.model_fields}:
            return table["value"]
        if table.keys() == {*Shape.model_fields}:
            return [table["shares"], table["values"]]
        return {key: _values(inner) for key, inner in table.items()}
    return [_values(each) for each in table] if isinstance(table, list | tuple) else table


def _with(table: Any, path: list[str], value: float) -> Any:
    name, rest = path[0], path[1:]
    if isinstance(table, list | tuple):
        place = int(name) - 1 if name.isascii() and name.isdigit() else -1
        if not 0 <= place < len(table):
            raise IndexError(name)
        return [_with(each, rest, value) if i == place else each for i, each in enumerate(table)]
    if isinstance(table, Centre | Quantity) or not isinstance(table, dict | BaseModel):
        raise KeyError(name)
    if name not in (table if isinstance(table, dict) else type(table).model_fields):
        raise KeyError(name)
    inner = table[name] if isinstance(table, dict) else getattr(table, name)
    if rest:
        new = _with(inner, rest, value)
    elif isinstance(inner, Quantity):
        new = inner.model_copy(update={"value": value, "source": "varied"})
    else:
        raise KeyError(name)
    if isinstance(table, dict):
        return {**table, name: new}
    return table.model_copy(update={name: _check(type(table), name).validate_python(new)})


@cache
def _check(table: type[BaseModel], name: str) -> TypeAdapter[Any]:
    """What a value of this field has to pass, wherever it comes from."""
    field = table.model_fields[name]
    return TypeAdapter(Annotated[(field.annotation, *field.metadata, "checked")])  # type: ignore[arg-type]


def _quantities(key: str, value: Any) -> Iterator[tuple[str, Quantity]]:
    if isinstance(value, Quantity):
        yield key, value
    elif isinstance(value, Centre):
        return
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _quantities(f"{key}.{name}".lstrip("."), getattr(value, name))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _quantities(f"{key}.{name}", inner)
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value, 1):
            yield from _quantities(f"{key}.{place}", inner)


def faults(scenario: Scenario) -> list[tuple[str, str]]:
    """(key, reason) for all that is well-formed but cannot be together."""
    s, house = scenario, scenario.house
    found: list[tuple[str, str]] = []
    known = {"languages": {*house.languages, "und"}, "concerns": {*house.concerns}}
    found += _unknown("cases.language", s.cases.language, known["languages"])
    found += _unknown("cases.concern", s.cases.concern, known["concerns"])
    for key, shares in (("cases.language", s.cases.language), ("cases.concern", s.cases.concern)):
        whole = sum(each.value for each in shares.values())
        if abs(whole - 1) > OF_SHARES:
            found.append(
                (key, f"has shares that add up to {whole:.4g}; they are shares of all, so they make 1")
            )
    for wave in s.wave:
        found += _unknown(f"wave.{wave.name}.languages", wave.languages, known["languages"])
        found += _unknown(f"wave.{wave.name}.concerns", wave.concerns, known["concerns"])
    people = {each.id for each in (*house.staff, *s.staff.hire)}
    for key, listed in (
        ("staff.order", s.staff.order),
        ("staff.part", list(s.staff.part)),
        ("away", [each.person for each in s.away]),
        ("vacancy", [each.person for each in s.vacancy]),
    ):
        found += _unknown(key, listed, people)
    for person in s.staff.hire:
        found += [(f"staff.hire.{person.id}.{key}", reason) for key, reason in house.person_faults(person)]
        if any(each.id == person.id for each in house.staff):
            found.append((f"staff.hire.{person.id}", "is in the centre's own list already"))
    if len({*s.staff.order}) < len(s.staff.order):
        found.append(("staff.order", "names somebody twice"))
    if s.staff.people.value > len(s.staff.order):
        found.append(
            ("staff.people", f"is {s.staff.people.value:g}, but staff.order names {len(s.staff.order)}")
        )
    if s.staff.people.value > s.staff.desks.value:
        found.append(("staff.people", f"are more than the {s.staff.desks.value:g} desks"))
    if s.appointments.before_step > len(s.work.step):
        found.append(("appointments.before_step", f"is not one of the {len(s.work.step)} steps"))
    refused = sum(
        each.value for each in (s.phones.no_answer, s.phones.busy, s.phones.declined, s.phones.unreachable)
    )
    if refused >= 1:
        found.append(("phones", f"leave {1 - refused:g} of the offers to be answered"))
    if (shape := s.calls.talk_shape) is not None:
        given, own = s.calls.talk_variation.value, shape.variation
        if abs(given - own) > OF_VARIATION * max(own, OF_VARIATION):
            found.append(
                (
                    "calls.talk_variation",
                    f"is {given:g}, but calls.talk_shape has {own:.4g}; write that, or "
                    'talk_shape = "lognormal"',
                )
            )
    if s.phones.answer_from.value > s.phones.answer_to.value:
        found.append(("phones.answer_from", "is longer than answer_to"))
    for key, spans in (("wave", s.wave), ("away", s.away), ("outbreak", s.outbreak)):
        found += [(key, f"ends on {x.end} before it begins on {x.begin}") for x in spans if x.end < x.begin]
    if s.time.attendance == "year_minutes":
        for what in s.time.net_of:
            days = getattr(s.absence, what).value
            if days > 0:
                found.append(
                    (
                        f"absence.{what}",
                        f"is counted twice: time.year_minutes is net of it already (net_of), and the absence "
                        f"model takes {days:g} days more; set one of the two to none",
                    )
                )
    return found


def _unknown(key: str, given: Any, known: set[str]) -> list[tuple[str, str]]:
    return [(key, f"names {cleaned(each)!r}, which nobody describes") for each in given if each not in known]
