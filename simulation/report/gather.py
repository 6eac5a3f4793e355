"""What is simulated for a report: the grid, the same cases by staff, as they are and if everybody could do
everything, and every named scenario; all with the same seed, so that differences are taken year by year.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple, ParamSpec, TypeVar

import numpy as np

from agents.model import CONCERN_MAX
from simulation.report.sensitivity import Varied, varied
from simulation.report.withheld import withheld
from simulation.runs.outcome import Cells, Figure, figures_of
from simulation.runs.results import PACKAGE, Read
from simulation.runs.spread import Floats
from simulation.runs.sweep import CASES, PEOPLE, STANDARD, Grid, GridFaults, local, sweep
from simulation.scenarios.scenario import Scenario
from simulation.scenarios.year import year

P = ParamSpec("P")
T = TypeVar("T")

ANCHORS: Final = ("2016", "2020", "2023_flow", "2023_stock")
"""Scenarios that say what is known of the real centre, where a file names them."""


class Field(NamedTuple):
    """A grid's outcome. figures: (staff, cases, replication, figure), in the order of figures_of."""

    staff: tuple[int, ...]
    cases: tuple[float, ...]
    figures: Floats


class Case(NamedTuple):
    """A named scenario's outcome.

    figures: (replication, figure); cells: (replication, cell, figure); backlog: (replication, week).
    """

    scenario: Scenario
    figures: Floats
    cells: Floats
    backlog: Floats


class Effect(NamedTuple):
    """An assumption at other values. low, high: figures (replication, figure) at its low and high value."""

    varied: Varied
    low: Floats
    high: Floats


class Material(NamedTuple):
    """Everything that a report is made of.

    by_staff, pooled: (staff, replication, figure) at the asked scenario's cases, with its people, and if each
    of them spoke every language and knew every concern. base: the asked scenario's own outcome. cells: which
    languages and concerns Case.cells are of; withheld: those that point to too few people. share: by how much
    assumptions were varied, effects: what came of it.
    """

    asked: Scenario
    case_work: bool
    seed: int
    replications: int
    version: str
    figures: tuple[Figure, ...]
    cells: tuple[tuple[str, str], ...]
    withheld: frozenset[tuple[str, str]]
    field: Field
    by_staff: Floats
    pooled: Floats
    base: Case
    named: tuple[Case, ...]
    share: float
    effects: tuple[Effect, ...]

    def place(self, key: str) -> int:
        """The place of a figure in the last axis. Raises KeyError for one that was not simulated."""
        for place, figure in enumerate(self.figures):
            if figure.key == key:
                return place
        raise KeyError(key)

    def case(self, name: str) -> Case | None:
        """The named scenario, if the file has it."""
        return next((each for each in self.named if each.scenario.name == name), None)

    @property
    def level(self) -> str:
        """The key of the service level in the variant that the centre names."""
        return f"service_level_{self.asked.house.service_level.variant}"


def field_of(read: Read, asked: Scenario, case_work: bool) -> Field:
    """The grid out of the results of a sweep. Raises GridFaults where it is not one of this scenario."""
    if read.scenario_hash != asked.digest:
        raise GridFaults(
            f"--sweep: is of the scenario with the hash {read.scenario_hash}, but {asked.name} has "
            f"{asked.digest}; sweep it again"
        )
    if read.version != version(PACKAGE):
        raise GridFaults(
            f"--sweep: is of version {read.version}; this one is {version(PACKAGE)}; sweep it again"
        )
    if {*read.axes} != {PEOPLE, CASES}:
        raise GridFaults(f"--sweep: varies {', '.join(read.axes)}; a report needs {PEOPLE} and {CASES} alone")
    missing = [each.key for each in figures_of(case_work) if each.key not in read.figures]
    if missing:
        raise GridFaults(
            f"--sweep: lacks {', '.join(missing)}; sweep with the same --calls-only as the report"
        )
    stacked = np.stack([read.figures[each.key] for each in figures_of(case_work)], axis=-1)
    staff, cases = read.axes[PEOPLE], read.axes[CASES]
    shaped = stacked.reshape(*(len(values) for values in read.axes.values()), *stacked.shape[1:])
    if next(iter(read.axes)) == CASES:
        shaped = shaped.swapaxes(0, 1)
    rows, columns = np.argsort(staff), np.argsort(cases)
    return Field(
        tuple(int(staff[i]) for i in rows), tuple(cases[i] for i in columns), shaped[rows][:, columns]
    )


def able_to_everything(asked: Scenario) -> Scenario:
    """The same people, each with every language as a native and every concern at the highest level."""
    house = asked.house
    skills = {
        "languages": dict.fromkeys(house.languages, "native"),
        "concerns": dict.fromkeys(house.concerns, CONCERN_MAX),
    }
    pooled = house.model_copy(update={"staff": [each.model_copy(update=skills) for each in house.staff]})
    hired = tuple(each.model_copy(update=skills) for each in asked.staff.hire)
    return asked.model_copy(update={"house": pooled, "staff": asked.staff.model_copy(update={"hire": hired})})


def standard_staff(asked: Scenario) -> tuple[float, ...]:
    """The standard grid's numbers of staff, as far as the scenario has people and desks."""
    most = min(len(asked.staff.order), int(asked.staff.desks.value))
    return tuple(each for each in STANDARD[PEOPLE] if each <= most) or (float(most),)


def gather(
    asked: Scenario,
    named: Sequence[Scenario],
    *,
    field: Field | None = None,
    staff: Sequence[float] = (),
    cases: Sequence[float] = (),
    seed: int = 1,
    replications: int = 30,
    case_work: bool = True,
    share: float = 0.0,
    kept: Path | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] = lambda done, all_: None,
) -> Material:
    """Simulate what a report needs, or take it from `kept` where it lies already.

    named: every scenario of the file, the asked one among them. field: a grid that was swept before, with its
    staff; else it is run over staff x cases (the standard grid where empty). share: by how much assumptions
    are varied; 0: not at all. executor: else all cores. progress: told how many replications are done, of how
    many. Raises GridFaults.
    """
    numbers = tuple(map(float, field.staff)) if field else tuple(staff) or standard_staff(asked)
    span = tuple(cases) or STANDARD[CASES]

    def grid(scenario: Scenario, axes: dict[str, Sequence[float]]) -> Grid:
        return Grid(scenario, axes, seed=seed, replications=replications, case_work=case_work)

    whole = [] if field else [grid(asked, {PEOPLE: numbers, CASES: span})]
    rows = [grid(each, {PEOPLE: numbers}) for each in (asked, able_to_everything(asked))]
    alone = [grid(each, {}) for each in named]
    doubted = varied(asked, share, case_work)
    todo = [*whole, *rows, *alone, *(grid(asked, {each.key: (each.low, each.high)}) for each in doubted)]
    total = sum(len(each.points()) for each in todo) * replications
    found, done = [], 0

    def told(so_far: int, _: int) -> None:
        progress(done + so_far, total)

    with executor or local() as pool:
        for each in todo:
            found.append(sweep(each, kept=kept, executor=_Lent(pool), progress=told))
            done += len(each.points()) * replications
    if field is None:
        swept = found.pop(0).figures
        shape = (len(numbers), len(span), *swept.shape[1:])
        field = Field(tuple(map(int, numbers)), tuple(span), swept.reshape(shape))
    by_staff, pooled = (each.figures for each in found[:2])
    cases_of = tuple(
        Case(scenario, each.figures[0], each.cells[0], each.backlog[0])
        for scenario, each in zip(named, found[2 : 2 + len(named)], strict=True)
    )
    effects = zip(doubted, found[2 + len(named) :], strict=True)
    model = year(asked, case_work=case_work).model
    keys = Cells(model).keys
    return Material(
        asked,
        case_work,
        seed,
        replications,
        version(PACKAGE),
        figures_of(case_work),
        keys,
        withheld(model, keys, asked.house.privacy.smallest_cell),
        field,
        by_staff,
        pooled,
        next(each for each in cases_of if each.scenario.name == asked.name),
        cases_of,
        share,
        tuple(Effect(each, *swept.figures) for each, swept in effects),
    )


class _Lent(Executor):
    """One pool for many sweeps: each ends with its work, the pool only with the last."""

    def __init__(self, pool: Executor) -> None:
        self._pool = pool

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """As the pool does."""
        return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing: it goes on."""
