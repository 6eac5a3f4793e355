"""Posts by German municipal staffing: Fallzahl x mittlere Bearbeitungszeit / Jahresarbeitsminuten.

The formula knows no queue, no language and no hour: what reachability and language cover cost beside it, only
the simulation tells. Source of the method: Handbuch für Organisationsuntersuchungen und
Personalbedarfsermittlung (BMI/BVA); the minutes of a year are the KGSt's.
"""

from typing import NamedTuple

from simulation.scenarios.scenario import Scenario


class Task(NamedTuple):
    """A kind of work in a year: how often, and the minutes each time takes.

    basic: Grundzeit; set_up: Rüstzeit; distribution: Verteilzeit; recovery: Erholungszeit.
    """

    de: str
    en: str
    times: float
    basic: float
    set_up: float
    distribution: float
    recovery: float

    @property
    def minutes(self) -> float:
        """Mean handling time (mittlere Bearbeitungszeit)."""
        return self.basic + self.set_up + self.distribution + self.recovery

    def posts(self, year_minutes: float) -> float:
        """Full-time posts (VZÄ)."""
        return self.times * self.minutes / year_minutes


class Posts(NamedTuple):
    """Posts of a scenario by task, and what they are measured against.

    there: full-time posts that the scenario's people are. capacity: cases a year that these carry.
    """

    tasks: tuple[Task, ...]
    year_minutes: float
    needed: float
    there: float
    capacity: float

    @property
    def minutes_of_a_case(self) -> float:
        """All tasks of a case together."""
        return self.needed * self.year_minutes / self.cases

    @property
    def cases(self) -> float:
        """Cases a year."""
        return self.tasks[0].times


def posts(scenario: Scenario) -> Posts:
    """By the formula. Calls that people make because something takes long are not in it."""
    cases, time, calls = scenario.cases.in_a_year, scenario.time, scenario.calls
    steps = scenario.work.step
    wrap_up = scenario.house.staffing.wrap_up_seconds / 60

    def surcharged(de: str, en: str, times: float, basic: float) -> Task:
        return Task(
            de,
            en,
            times,
            basic,
            basic * time.set_up.value,
            basic * time.distribution.value,
            basic * time.recovery.value,
        )

    counter = scenario.appointments
    tasks = (
        *(surcharged(step.de, step.en, cases, step.takes.value) for step in steps),
        surcharged("Termin am Schalter", "Appointment", cases * counter.share.value, counter.takes.value),
        Task(
            "Telefon",
            "Telephone",
            cases * calls_of_a_case(scenario),
            calls.talk.value + wrap_up,
            0.0,
            0.0,
            0.0,
        ),
    )
    year_minutes = net_year_minutes(scenario)
    needed = sum(task.posts(year_minutes) for task in tasks)
    there = sum(
        scenario.staff.part[person].value if person in scenario.staff.part else 1.0
        for person in scenario.staff.order[: int(scenario.staff.people.value)]
    )
    return Posts(tasks, year_minutes, needed, there, cases * there / needed if needed else float("inf"))


def calls_of_a_case(scenario: Scenario) -> float:
    """First calls and those while a case waits for others; without chasing and calling again."""
    calls = scenario.calls
    return float(calls.first.value + calls.follow_up.value * (len(scenario.work.step) - 1))


def net_year_minutes(scenario: Scenario) -> float:
    """Working minutes of a full post: those of the file, less absence that they are not net of yet."""
    time, absence = scenario.time, scenario.absence
    a_day = time.week.value * 60 / 5
    days = {"leave": absence.leave, "sickness": absence.sickness, "training": absence.training}
    left = sum(each.value for what, each in days.items() if what not in time.net_of)
    return float(time.year_minutes.value - left * a_day)
