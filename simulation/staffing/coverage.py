"""Language x concern by hour: how many who are there could serve, how often nobody could, how often one.

Who is there comes from the calendar, over replications of absence; who could, from the rules' own verdict.
Nobody is on the telephone here: it is about who has come, not about who is free.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from agents.model import Agent
from config.tables.kinds import DAYS
from routing.need import admitted, spoken
from routing.policy import ANYBODY, FALLBACK, INTERPRETER, OWN, Policy, Step
from routing.select import SUITS, verdict
from routing.world import Person
from simulation.scenarios.attendance import MINUTE, Calendar
from simulation.scenarios.scenario import Scenario
from simulation.scenarios.year import Year, year

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

AT_ONCE: Final = "at_once"
OWN_LANGUAGE: Final = "own_language"
AT_LAST: Final = "at_last"
READINGS: Final = (AT_ONCE, OWN_LANGUAGE, AT_LAST)
"""At which widening step: the first; the last one that keeps to the caller's own language; the last one that
asks for a language at all."""
SLOT: Final = 5 * MINUTE
"""Presence is looked at in the middle of each."""


class NeverOpen(ValueError):
    """The centre has no opening hours in the scenario's year."""


class Coverage(NamedTuple):
    """What people who are there can do.

    cells: (language, concern). hours: (weekday from Monday 0, hour) with open time. open_minutes: by hour,
    in a year. staff: ids in their order. able: (reading, cell, person). there: by hour, people there on
    average. average, nobody, one: (reading, cell, hour): those of them who could, shares of the open time
    with none and with exactly one.
    """

    cells: tuple[tuple[str, str], ...]
    hours: tuple[tuple[int, int], ...]
    open_minutes: Floats
    staff: tuple[str, ...]
    able: Flags
    there: Floats
    average: Floats
    nobody: Floats
    one: Floats

    def over_hours(self, values: Floats) -> Floats:
        """Values by hour as one of the whole open time: (reading, cell)."""
        mean: Floats = values @ (self.open_minutes / self.open_minutes.sum())
        return mean

    def empty_hours(self, share: float) -> list[tuple[int, int]]:
        """Hours of the week of whose open time more than `share` passes with nobody for any cell."""
        least = self.nobody.min(axis=(0, 1)).tolist()
        return [hour for hour, nobody in zip(self.hours, least, strict=True) if nobody > share]

    def alone(self, reading: str) -> list[tuple[str, str]]:
        """Single points of failure: cells that one person of the whole staff could serve."""
        return self._counted(reading, lambda count: count == 1)

    def missing(self, reading: str) -> list[tuple[str, str]]:
        """Cells that nobody of the whole staff could serve."""
        return self._counted(reading, lambda count: count == 0)

    def _counted(self, reading: str, wanted: Callable[[int], bool]) -> list[tuple[str, str]]:
        counts = self.able[READINGS.index(reading)].sum(1).tolist()
        return [cell for cell, count in zip(self.cells, counts, strict=True) if wanted(count)]


def coverage(
    scenario: Scenario,
    *,
    seed: int = 1,
    replications: int = 30,
    progress: Callable[[int], None] = lambda done: None,
) -> Coverage:
    """Of the scenario's staff, over so many years of absence. progress: told the years done.

    Raises NeverOpen.
    """
    made = year(scenario, case_work=False)
    languages = dict.fromkeys((*scenario.house.languages, *scenario.cases.language))
    cells = tuple((language, concern) for language in languages for concern in scenario.house.concerns)
    could = able(made.model.policy, made.model.roster.agents, cells)
    times, hours, first_of_hour = _slots(made)
    counts = np.diff(first_of_hour, append=len(times))
    people = len(made.model.roster.agents)
    sums, present = np.zeros((3, *could.shape[:2], len(hours))), np.zeros(len(hours))
    for replication in range(replications):
        there = presence(made.calendar, seed, replication, people, times)
        present += np.add.reduceat(there.sum(0), first_of_hour)
        for place, each in enumerate(could):
            number = each.astype(np.float32) @ there.astype(np.float32)
            for value, counted in zip(sums, (number, number == 0, number == 1), strict=True):
                value[place] += np.add.reduceat(counted, first_of_hour, axis=1, dtype=np.float64)
        progress(replication + 1)
    sums, present = sums / (counts * replications), present / (counts * replications)
    staff = tuple(each.id for each in made.model.roster.agents)
    return Coverage(cells, hours, counts * (SLOT / MINUTE), staff, could, present, *sums)


def share_there(made: Year, *, seed: int, replications: int) -> float:
    """Of the staff, on average over the year's open time. Raises NeverOpen."""
    times, _, _ = _slots(made)
    people = len(made.model.roster.agents)
    shares = [presence(made.calendar, seed, each, people, times).mean() for each in range(replications)]
    return float(np.mean(shares))


def able(policy: Policy, agents: Sequence[Agent], cells: Sequence[tuple[str, str]]) -> Flags:
    """Whose skills suit, by reading, cell and person; nobody's state or reserve counts."""
    people = [Person(each) for each in agents]
    found = np.zeros((len(READINGS), len(cells), len(people)), np.bool_)
    for place, (language, concern) in enumerate(cells):
        for reading, step in enumerate(_steps(policy, language, concern)):
            found[reading, place] = [_suits(policy, each, step, language, concern) for each in people]
    return found


def presence(calendar: Calendar, seed: int, replication: int, people: int, times: Ints) -> Flags:
    """(person, time): who of the first `people` is there. times: ms from the calendar's begin."""
    rows = calendar.rows(seed, replication, people)
    there = np.zeros((people, len(times)), np.bool_)
    for person in range(people):
        at, _, login, *_ = rows[rows[:, 1] == person].T
        state = np.concatenate(([0], login))
        there[person] = state[np.searchsorted(at, times, side="right")]
    return there


def _steps(policy: Policy, language: str, concern: str) -> tuple[Step, Step, Step]:
    """In the order of READINGS."""
    steps = policy.plan(language, concern).steps
    own = [each for each in steps if each.scope & OWN and not each.scope & (FALLBACK | INTERPRETER | ANYBODY)]
    asking = [each for each in steps if not each.scope & ANYBODY]
    return steps[0], (own or steps)[-1 if own else 0], (asking or steps)[-1]


def _suits(policy: Policy, person: Person, step: Step, language: str, concern: str) -> bool:
    level = max((spoken(policy, person, each) for each in admitted(policy, step, language, "")), default=0)
    known = person.agent.concern_level(concern)
    return verdict(level, step.language, known, step.concern, 1, 0, 0, 0, 0) == SUITS


def _slots(made: Year) -> tuple[Ints, tuple[tuple[int, int], ...], Ints]:
    """Middles of the year's open slots, sorted by hour of the week, those hours, and where each begins."""
    calendar = made.calendar
    begin = calendar.begin_ms
    midnights = np.array(calendar.midnights, np.int64) - begin
    found = []
    for opens, closes in made.model.policy.opening:
        found.append(np.arange(max(opens - begin, calendar.warm_ms), closes - begin, SLOT) + SLOT // 2)
    times = np.concatenate([np.zeros(0, np.int64), *found])
    times = times[times < midnights[calendar.days]]
    if not len(times):
        raise NeverOpen(f"hours: the centre does not open in {made.scenario.horizon.year}")
    day = np.searchsorted(midnights, times, side="right") - 1
    weekday = (calendar.first.weekday() + day) % len(DAYS)
    hour_of_week = weekday * 24 + (times - midnights[day]) // (60 * MINUTE)
    keys, inverse = np.unique(hour_of_week, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    first = np.searchsorted(inverse[order], np.arange(len(keys)))
    return times[order], tuple(divmod(int(key), 24) for key in keys), first
