"""The fewest people, and which skills, with whom a scenario's targets are met, with a stated probability.

Candidates of each number of people (see candidates) are simulated from the smallest number up, until
one is found to meet every target; of those of that number that do, the best service level is chosen
(see runs.selection). Beside it stands what the covering programme says. What a staff gives is kept (see
runs.kept): the candidates, and how many years each takes, come out the same again.
"""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from math import exp
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from config.people import agent
from routing.service_level import VARIANTS
from simulation.runs import kept as keeping
from simulation.runs import selection
from simulation.runs.figure import Floats
from simulation.runs.outcome import figures_of, outcome, service_levels
from simulation.runs.replications import Place, placed
from simulation.runs.selection import KEEPS, Checked
from simulation.runs.spread import Estimate, Spread
from simulation.scenarios.posts import posts
from simulation.scenarios.scenario import Hire, Scenario
from simulation.scenarios.year import year
from simulation.staffing import covering
from simulation.staffing.candidates import (
    ORDER,
    TUNED,
    Candidate,
    Pool,
    candidates,
    mix,
    new_people,
    pools,
    staffed,
    worths,
)
from simulation.staffing.coverage import share_there
from simulation.staffing.required import Required, required

OVERALL, HOUR, LANGUAGE, TURNAROUND = "overall", "hour", "language", "turnaround"
TARGETS: Final = (OVERALL, HOUR, LANGUAGE, TURNAROUND)
IN_TIME: Final = 0.9
"""Of the cases are to be done within targets.turnaround: nine of ten."""
AGAIN: Final = 40
"""Simulated years, with random numbers of their own, from which the chosen staff's figures are told."""
OWN_NUMBERS: Final = 1_000_000
"""Replications from here on have never been looked at when a choice is made."""
ABSENCE_YEARS: Final = 10
TRIALS: Final = 6
TRIAL_YEARS: Final = 10
TRIAL_NUMBERS: Final = 2_000_000
"""A mix is tuned by so many trials of so many years, with random numbers that no choice is made by."""
GAIN: Final = 4.0
"""By exp(GAIN * what a language lacks) its callers are worth more in the next trial."""


class Goal(NamedTuple):
    """A figure that is to lie at `limit` or above. key: the hour of the day or the language."""

    kind: str
    key: str
    limit: float

    @property
    def name(self) -> str:
        """As tables show it."""
        if self.kind == HOUR:
            return f"service level {int(self.key):02}:00-{int(self.key) + 1:02}:00"
        if self.kind == LANGUAGE:
            return f"service level {self.key}"
        return "service level, all callers" if self.kind == OVERALL else "cases done in time"


class Years(NamedTuple):
    """Replications first .. first + number - 1 of one staff, for its goals."""

    scenario: Scenario
    seed: int
    first: int
    number: int
    case_work: bool
    goals: tuple[Goal, ...]

    @property
    def name(self) -> str:
        """Says all that the figures depend on but seed and case work, which the folder's name says."""
        columns = " ".join(f"{goal.kind}.{goal.key}" for goal in self.goals)
        goals = hashlib.sha256(columns.encode()).hexdigest()[:8]
        return f"{self.scenario.digest}-{self.first}-{self.number}-{goals}"


class Tried(NamedTuple):
    """A candidate and what became of it."""

    candidate: Candidate
    checked: Checked


class Covered(NamedTuple):
    """What the covering programme says, and what simulation says of it. needs: of the staff, by skill."""

    needs: dict[covering.Skill, int]
    cover: covering.Cover
    estimates: tuple[Estimate, ...]


class Staffed(NamedTuple):
    """The choice. chosen: None if no candidate meets the targets. among: how many candidates there are.

    goals: what was asked. told: the goals, all callers' and each language's service level; estimates are of
    these. nearest: where nothing was chosen, the candidate whose worst figure is the nearest to its target.
    sure: whether the best of the fewest was found with the stated probability. covered: None if the people
    that there are cannot cover; then not_covered says what.
    """

    chosen: Candidate | None
    nearest: Candidate | None
    sure: bool
    tried: tuple[Tried, ...]
    among: int
    goals: tuple[Goal, ...]
    told: tuple[Goal, ...]
    estimates: tuple[Estimate, ...]
    new: tuple[Hire, ...]
    required: Required
    covered: Covered | None
    not_covered: str


def goals_of(scenario: Scenario, targets: Sequence[str], case_work: bool) -> tuple[Goal, ...]:
    """The scenario's targets as figures: service level of all callers, of each open hour of the day, of each
    language, and the share of cases done within targets.turnaround (with case work)."""
    limit = float(scenario.targets.service_level.value)
    found = []
    if OVERALL in targets:
        found.append(Goal(OVERALL, "", limit))
    if HOUR in targets:
        hours = {minute // 60 for _, minute in required(scenario, case_work=case_work).rows}
        found += [Goal(HOUR, str(hour), limit) for hour in sorted(hours)]
    if LANGUAGE in targets:
        found += [
            Goal(LANGUAGE, code, limit) for code, each in scenario.cases.language.items() if each.value > 0
        ]
    if TURNAROUND in targets and case_work:
        found.append(Goal(TURNAROUND, "", IN_TIME))
    return tuple(found)


def figures(years: Years) -> Floats:
    """By (replication, goal)."""
    scenario = years.scenario
    people, variant = int(scenario.staff.people.value), scenario.house.service_level.variant
    rows = []
    with placed(scenario, years.case_work) as place:
        for replication in range(years.first, years.first + years.number):
            shifts = place.year.calendar.rows(years.seed, replication, people)
            place.machine.clear()
            place.machine.run(years.seed, replication, shifts=shifts)
            rows.append(_figures(place, variant, years.case_work, years.goals))
    return np.array(rows)


def _block(years: Years) -> keeping.Arrays:
    return (figures(years),)


def _figures(place: Place, variant: str, case_work: bool, goals: Sequence[Goal]) -> list[float]:
    found = outcome(place.machine, place.cells, variant)
    by_key = dict(zip([each.key for each in figures_of(case_work)], found.figures.tolist(), strict=True))
    by_hour = place.machine.by_hour.reshape(7, 24, -1).sum(0).T
    hours = service_levels(*by_hour)[VARIANTS.index(variant)]
    values = []
    for goal in goals:
        if goal.kind == OVERALL:
            values.append(by_key[f"service_level_{variant}"])
        elif goal.kind == HOUR:
            values.append(float(hours[int(goal.key)]))
        elif goal.kind == LANGUAGE:
            values.append(float(found.cells[place.cells.keys.index((LANGUAGE, goal.key)), 1]))
        else:
            values.append(by_key["within_turnaround"])
    return values


class Search:
    """One question: which is the smallest staff of `numbers` people that meets the goals."""

    def __init__(
        self,
        scenario: Scenario,
        targets: Sequence[str],
        *,
        numbers: Sequence[int],
        keep: Sequence[str] = (),
        new: bool = True,
        case_work: bool = True,
        seed: int = 1,
        kept: Path | None = None,
    ) -> None:
        """kept: the folder for simulated years; what lies there already is not simulated again."""
        self.scenario, self.case_work, self.seed = scenario, case_work, seed
        self._folder = (
            None if kept is None else kept / keeping.digest("staff", scenario.digest, seed, case_work)
        )
        self.goals = goals_of(scenario, targets, case_work)
        every = goals_of(scenario, (OVERALL, LANGUAGE), case_work)
        self.told = (*self.goals, *(each for each in every if each not in self.goals))
        self.required = required(scenario, case_work=case_work)
        self.new = new_people(scenario) if new else ()
        made = year(scenario, case_work=False)
        self._policy = made.model.policy
        self.share_there = share_there(made, seed=seed, replications=ABSENCE_YEARS)
        self._pools = {number: pools(scenario, number, self.new, keep) for number in sorted(numbers)}
        self.candidates = {
            number: candidates(scenario, self._policy, number, chosen_from, self.share_there)
            for number, chosen_from in self._pools.items()
        }
        self._languages = tuple(goal for goal in self.goals if goal.kind == LANGUAGE)

    @property
    def among(self) -> int:
        """How many candidates there are, those to be tuned included."""
        tuned = sum(bool(self._languages and chosen_from) for chosen_from in self._pools.values())
        return sum(map(len, self.candidates.values())) + tuned

    def run(
        self,
        pool: Executor,
        *,
        alpha: float,
        delta: float,
        most: int = selection.MOST,
        progress: Callable[[int, int], None] = lambda people, years: None,
    ) -> Staffed:
        """With probability >= 1 - alpha: no candidate of fewer people meets all targets by delta or more, the
        chosen one misses none by delta or more, and of its number the best has no more than delta on it.

        progress: told the number of people looked at and the simulated years since the last call.
        """
        tried: list[Tried] = []
        chosen, sure = None, False
        for number, listed in self.candidates.items():
            listed = [*listed, *self._tuned(pool, number, listed, progress)]
            found = self._check(pool, listed, number, alpha / 2, delta, most, progress)
            tried += [Tried(*each) for each in zip(listed, found, strict=True)]
            good = [each for each, was in zip(listed, found, strict=True) if was.decision == KEEPS]
            if good:
                chosen, sure = self._best(pool, good, number, alpha / 2, delta, most, progress)
                break
        nearest = None if chosen or not tried else max(tried, key=self._worst).candidate
        told = chosen or nearest
        estimates = self.estimates(pool, told) if told else ()
        covered, not_covered = self.covered(pool)
        return Staffed(
            chosen,
            nearest,
            sure,
            tuple(tried),
            self.among,
            self.goals,
            self.told,
            estimates,
            self.new,
            self.required,
            covered,
            not_covered,
        )

    def estimates(self, pool: Executor, candidate: Candidate) -> tuple[Estimate, ...]:
        """Of `told`, with random numbers that no choice was made by."""
        spread = Spread(len(self.told))
        parts = [self._years(candidate, OWN_NUMBERS + first, 10, self.told) for first in range(0, AGAIN, 10)]
        for rows in self._figures(pool, parts):
            for row in rows:
                spread.add(row)
        return tuple(spread.estimates())

    def _tuned(
        self,
        pool: Executor,
        number: int,
        listed: Sequence[Candidate],
        progress: Callable[[int, int], None],
    ) -> list[Candidate]:
        """Where each language has a target: the mix whose worst language is best in some trials, after each
        of which the languages that missed are worth more; nothing if it is a candidate already."""
        if not self._languages or not self._pools[number]:
            return []
        chosen_from: Pool = self._pools[number][-1]
        worth = worths(self.scenario, even=True)
        tried: dict[tuple[str, ...], float] = {}
        for _ in range(TRIALS):
            mixed = mix(self._policy, chosen_from, number, worth, self.share_there)
            parts = [
                self._years(Candidate(mixed, TUNED), TRIAL_NUMBERS + first, TRIAL_YEARS // 2, self._languages)
                for first in (0, TRIAL_YEARS // 2)
            ]
            levels = np.nan_to_num(np.concatenate(self._figures(pool, parts)), nan=1.0).mean(0)
            progress(number, TRIAL_YEARS)
            lacks = {goal.key: goal.limit - each for goal, each in zip(self._languages, levels, strict=True)}
            tried[mixed] = -max(lacks.values())
            worth = {cell: each * exp(GAIN * lacks[cell[0]]) for cell, each in worth.items()}
            whole = sum(worth.values())
            worth = {cell: each / whole for cell, each in worth.items()}
        best = max(tried, key=lambda staff: tried[staff])
        return [] if best in [each.staff for each in listed] else [Candidate(best, TUNED)]

    def _check(
        self,
        pool: Executor,
        listed: Sequence[Candidate],
        number: int,
        alpha: float,
        delta: float,
        most: int,
        progress: Callable[[int, int], None],
    ) -> list[Checked]:
        return selection.check(
            lambda systems, first, count: self._observe(
                pool, [listed[i] for i in systems], first, count, self.goals
            ),
            range(len(listed)),
            np.array([goal.limit for goal in self.goals]),
            np.full(len(self.goals), delta),
            alpha=alpha,
            among=self.among,
            most=most,
            progress=lambda years: progress(number, years),
        )

    def _best(
        self,
        pool: Executor,
        good: Sequence[Candidate],
        number: int,
        alpha: float,
        delta: float,
        most: int,
        progress: Callable[[int, int], None],
    ) -> tuple[Candidate, bool]:
        goal = (Goal(OVERALL, "", 0.0),)
        found = selection.best(
            lambda systems, first, count: self._observe(
                pool, [good[i] for i in systems], OWN_NUMBERS // 2 + first, count, goal
            ),
            range(len(good)),
            delta,
            alpha=alpha,
            most=most,
            progress=lambda years: progress(number, years),
        )
        return good[found.system], found.sure

    def _worst(self, tried: Tried) -> float:
        limits = np.array([goal.limit for goal in self.goals])
        return float(np.nanmin(tried.checked.means - limits))

    def covered(self, pool: Executor) -> tuple[Covered | None, str]:
        """What the covering programme says, simulated; or None, and what too few people have."""
        everybody = {each.id: each for each in (*self.scenario.house.staff, *self.scenario.staff.hire)}
        people = [agent(everybody[each]) for each in self.scenario.staff.order]
        people += [agent(each) for each in self.new]
        work = posts(self.scenario).needed if self.case_work else 0.0
        wanted = covering.needs(self.required, self.share_there, work)
        try:
            cover = covering.covering(self._policy, people, wanted)
        except covering.NotCovered as fault:
            return None, str(fault)
        return Covered(wanted, cover, self.estimates(pool, Candidate(cover.staff, ORDER))), ""

    def _observe(
        self,
        pool: Executor,
        listed: Sequence[Candidate],
        first: int,
        count: int,
        goals: tuple[Goal, ...],
    ) -> Floats:
        return np.stack(self._figures(pool, [self._years(each, first, count, goals) for each in listed]))

    def _figures(self, pool: Executor, parts: Sequence[Years]) -> list[Floats]:
        """Of each part, in their order."""
        names = [part.name for part in parts]
        found = keeping.run(_block, dict(zip(names, parts, strict=True)), pool, self._folder)
        return [found[name][0] for name in names]

    def _years(self, candidate: Candidate, first: int, count: int, goals: tuple[Goal, ...]) -> Years:
        made = staffed(self.scenario, candidate.staff, self.new)
        return Years(made, self.seed, first, count, self.case_work, goals)
