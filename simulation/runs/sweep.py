"""A grid of scenarios: what is varied, its points, its blocks of work, and running them so that it can go on.

Each finished block is kept in a folder named by the grid (see kept); the result is the same, byte for byte,
however often it was begun.
"""

import os
import signal
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import cached_property
from itertools import product
from math import prod
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from config.load import cleaned
from simulation.runs import kept as keeping
from simulation.runs import replications
from simulation.runs.kept import Arrays
from simulation.runs.replications import Block
from simulation.scenarios.refusal import Unfit
from simulation.scenarios.scenario import Scenario, faults

Floats = npt.NDArray[np.float64]

PEOPLE: Final = "staff.people"
STANDARD: Final[Mapping[str, Sequence[float]]] = {
    PEOPLE: tuple(range(5, 24)),
    "cases": tuple(range(2_500, 8_001, 500)),
}
"""The standard grid: 5 to 23 staff, 2,500 to 8,000 cases a year."""
CASES: Final = "cases"
"""The axis of cases a year, whichever way the scenario reads them."""
BLOCK: Final = 10
POINTS_MAX: Final = 100_000
FAULTS_MAX: Final = 20


class GridFaults(ValueError):
    """A grid that cannot be; one sentence a fault."""


class Point(NamedTuple):
    """One scenario of a grid. values: by axis, in the axes' order."""

    values: tuple[float, ...]
    scenario: Scenario
    cases: float


class Grid:
    """A scenario and the axes along which it is varied: dotted keys of its quantities, or "cases"."""

    def __init__(
        self,
        scenario: Scenario,
        axes: Mapping[str, Sequence[float]],
        *,
        seed: int = 1,
        replications: int = 30,
        case_work: bool = True,
    ) -> None:
        """Raises GridFaults with every point that cannot be."""
        self.scenario, self.axes, self.seed = scenario, dict(axes), seed
        self.replications, self.case_work = replications, case_work
        others = {key: values for key, values in self.axes.items() if key != CASES}
        self._variants: dict[tuple[float, ...], Scenario] = {}
        self._cases = tuple(self.axes.get(CASES, (scenario.cases.in_a_year,)))
        points = prod(map(len, self.axes.values()))
        if points > POINTS_MAX:
            raise GridFaults(f"a grid has {POINTS_MAX:,} points at most, not {points:,}")
        wrong = dict.fromkeys(_out_of_range(scenario, self.axes))
        if scenario.cases.in_a_year <= 0:
            wrong["cases: a sweep needs a scenario with cases"] = None
        if wrong:
            raise GridFaults(_listed(wrong))
        alone = {
            (axis, value): faults(scenario.changed({axis: value}))
            for axis, values in others.items()
            for value in values
        }
        for point in product(*others.values()):
            named = dict(zip(others, point, strict=True))
            made = scenario.changed(named)
            for fault in faults(made):
                by = {axis: value for axis, value in named.items() if fault in alone[axis, value]} or named
                wrong[f"{_at(by)}: {' '.join(fault)}"] = None
            self._variants[point] = made
        if wrong:
            raise GridFaults(_listed(wrong))

    @property
    def digest(self) -> str:
        """Hash of all that the result depends on, the code too, but for the number of replications."""
        axes = repr(sorted(self.axes.items()))
        return keeping.digest(self.scenario.digest, axes, self.seed, self.case_work)

    def points(self) -> list[Point]:
        """In the order of the axes, the last one fastest."""
        found = []
        for values in product(*self.axes.values()):
            named = dict(zip(self.axes, values, strict=True))
            cases = named.pop(CASES, self._cases[0])
            found.append(Point(values, self._variants[tuple(named.values())], cases))
        return found

    def blocks(self, first: int = 0) -> Iterator[Block]:
        """The work from replication `first` on; a variant at a time, so that its tables are made once."""
        for variant in self._variants.values():
            for begin in range(first, self.replications, BLOCK):
                count = min(BLOCK, self.replications - begin)
                yield Block(variant, self._cases, self.seed, begin, count, self.case_work)

    def places(self, block: Block) -> Iterator[tuple[int, tuple[float, ...]]]:
        """(nth, values): the point that the block's nth number of cases belongs to."""
        for variant in self._by_digest[block.scenario.digest]:
            for nth, cases in enumerate(block.cases):
                rest = iter(variant)
                yield nth, tuple(cases if key == CASES else next(rest) for key in self.axes)

    @cached_property
    def _by_digest(self) -> dict[str, list[tuple[float, ...]]]:
        found: dict[str, list[tuple[float, ...]]] = {}
        for values, made in self._variants.items():
            found.setdefault(made.digest, []).append(values)
        return found


def _out_of_range(scenario: Scenario, axes: Mapping[str, Sequence[float]]) -> Iterator[str]:
    """Every value that its number cannot have, by the option that it comes from."""
    for axis, values in axes.items():
        for value in values:
            try:
                scenario.changed({"cases.per_year" if axis == CASES else axis: value})
            except Unfit as fault:
                yield from (f"{_option(axis)}: {reason}" for _, reason in fault.faults)


def _option(axis: str) -> str:
    return {PEOPLE: "--staff", CASES: "--cases"}.get(axis, f"--vary {cleaned(axis)}")


def _listed(wrong: Collection[str]) -> str:
    """A line each, as many as somebody reads."""
    more = len(wrong) - FAULTS_MAX
    return "\n".join([*list(wrong)[:FAULTS_MAX], *([f"and {more:,} more like these"] if more > 0 else [])])


def _at(named: Mapping[str, float]) -> str:
    return ", ".join(f"{_option(axis)} {value:g}" for axis, value in named.items())


class Swept(NamedTuple):
    """Everything that a grid gave: figures by (point, replication, figure), cells with a cell before the
    last axis, backlog by (point, replication, week)."""

    figures: Floats
    cells: Floats
    backlog: Floats


def sweep(
    grid: Grid,
    *,
    kept: Path | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] = lambda done, all_: None,
) -> Swept:
    """Run a grid with all cores, or by the executor given.

    kept: the folder for finished blocks; what lies there already is not run again. progress: told how many
    replications are done, of how many.
    """
    blocks = {named(block): block for block in grid.blocks()}
    whole = len(grid.points()) * grid.replications
    done = 0

    def told(names: Sequence[str]) -> None:
        nonlocal done
        done += sum(blocks[name].number * len(blocks[name].cases) for name in names)
        progress(done, whole)

    folder = None if kept is None else kept / grid.digest
    with executor or local() as pool:
        found = keeping.run(replications.run, blocks, pool, folder, told)
    return put_together(grid, found)


def local() -> Executor:
    """As many processes as there are cores, with what this one has compiled already where it can be.

    Ctrl-C is this process's to see: the others finish what they are at.
    """
    method = "fork" if hasattr(os, "fork") else "spawn"
    return ProcessPoolExecutor(
        os.cpu_count(),
        mp_context=get_context(method),
        initializer=_leave_interruptions,
    )


def _leave_interruptions() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def named(block: Block) -> str:
    """A block's name within its grid."""
    return f"{block.scenario.digest}-{block.first}-{block.number}"


def put_together(grid: Grid, found: Mapping[str, Arrays]) -> Swept:
    """Every block's figures, by name, at their places in the grid."""
    place = {point.values: i for i, point in enumerate(grid.points())}
    some = next(iter(found.values()))
    shape = (len(place), grid.replications)
    swept = Swept(*(np.full((*shape, *each.shape[2:]), np.nan) for each in some))
    for block in grid.blocks():
        each = found[named(block)]
        span = slice(block.first, block.first + block.number)
        for nth, values in grid.places(block):
            at = place[values]
            for whole, part in zip(swept, each, strict=True):
                whole[at, span] = part[nth]
    return swept
