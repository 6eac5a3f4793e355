"""Replications in blocks: the piece of work that runs in a process of its own, here or on a cluster.

What a replication gives depends on scenario, seed and its number alone, never on which block, worker or order
it ran in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from simulation.drivers.layout import PEOPLE_MAX
from simulation.drivers.tables import Machine
from simulation.runs.outcome import Cells, Outcome, outcome
from simulation.scenarios.scenario import Scenario
from simulation.scenarios.year import Year, year

Floats = npt.NDArray[np.float64]

KEPT: Final = 6
"""Years of which a worker keeps the tables."""
_TURN: Final = Lock()
"""A process's tables serve one block at a time; a cluster's worker may have several threads."""


class Block(NamedTuple):
    """Replications first .. first + number - 1 of one scenario, at several numbers of cases a year.

    case_work False: contacts by telephone alone.
    """

    scenario: Scenario
    cases: tuple[float, ...]
    seed: int
    first: int
    number: int
    case_work: bool


class Found(NamedTuple):
    """A block's figures: (cases, replication, figure), by cell (cases, replication, cell, figure), and the
    weekly backlog (cases, replication, week)."""

    figures: Floats
    cells: Floats
    backlog: Floats


class Place(NamedTuple):
    """What a process keeps of a scenario: its year, the machine that runs it, and the cells it counts by."""

    year: Year
    machine: Machine
    cells: Cells


class _ByDigest:
    """A scenario that is equal to another when their results would be."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._digest = scenario.digest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByDigest) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)


@lru_cache(KEPT)
def _place(scenario: _ByDigest, case_work: bool) -> Place:
    made = year(scenario.scenario, case_work=case_work)
    return Place(made, Machine(made.model), Cells(made.model))


def _whole_staff(scenario: Scenario) -> Scenario:
    """With everybody in its order: who never logs in changes nothing, so that any number of people can be
    simulated in the same tables.
    """
    return scenario.changed({"staff.people": min(len(scenario.staff.order), PEOPLE_MAX)})


@contextmanager
def placed(scenario: Scenario, case_work: bool) -> Iterator[Place]:
    """This process's place for a scenario, for nobody else meanwhile. Raises ModelFaults where the kernel has
    no room for the model."""
    with _TURN:
        yield _place(_ByDigest(_whole_staff(scenario)), case_work)


def run(block: Block) -> Found:
    """Every replication of the block. Raises ModelFaults where the kernel has no room for the model."""
    with placed(block.scenario, block.case_work) as place:
        return _run(block, place)


def _run(block: Block, place: Place) -> Found:
    scenario = block.scenario
    people, variant = int(scenario.staff.people.value), scenario.house.service_level.variant
    usual = scenario.cases.in_a_year
    found: list[Outcome] = []
    for replication in range(block.first, block.first + block.number):
        shifts = place.year.calendar.rows(block.seed, replication, people)
        for cases in block.cases:
            place.machine.clear()
            place.machine.run(block.seed, replication, shifts=shifts, load=cases / usual)
            found.append(outcome(place.machine, place.cells, variant))
    shape = (block.number, len(block.cases))
    columns = (np.stack(each) for each in zip(*found, strict=True))
    return Found(*(each.reshape(*shape, *each.shape[1:]).swapaxes(0, 1) for each in columns))
