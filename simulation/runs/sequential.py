"""Replications until an interval is as narrow as asked: one scenario, memory that does not grow.

Replications come in rounds, and only after a round is the width looked at, never before the 30th (Y. S. Chow
and H. Robbins, 1965, for the rule; A. M. Law, Simulation Modeling and Analysis, for its use): stopping at the
first lucky width would make the interval too narrow.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from simulation.runs import kept as keeping
from simulation.runs import replications
from simulation.runs.outcome import Cells, cell_figures_of, figures_of
from simulation.runs.replications import Block, Found
from simulation.runs.spread import Estimate, Spread
from simulation.runs.sweep import local, named
from simulation.scenarios.scenario import Scenario
from simulation.scenarios.year import year

LEAST: Final = 30
ROUND: Final = 5
"""Replications of one block."""


class Simulated(NamedTuple):
    """A scenario's figures. cells: by cell key and cell_figures_of. reached: whether the width was."""

    scenario: Scenario
    number: int
    figures: dict[str, Estimate]
    cells: dict[tuple[str, str], dict[str, Estimate]]
    reached: bool


def run(
    scenario: Scenario,
    *,
    figure: str,
    half_width: float,
    most: int,
    seed: int = 1,
    case_work: bool = True,
    confidence: float = 0.95,
    kept: Path | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, float], None] = lambda number, width: None,
) -> Simulated:
    """Run until the figure's interval is at most +- half_width, or `most` replications are done.

    kept: the folder for finished blocks; what lies there already is not run again. progress: told the
    replications done and the half-width so far.
    """
    keys = [each.key for each in figures_of(case_work)]
    of_cell = [each.key for each in cell_figures_of(case_work)]
    where = keys.index(figure)
    names = Cells(year(scenario, case_work=case_work).model).keys
    whole, parts = Spread(len(keys)), Spread(len(names) * len(of_cell))
    number, width = 0, float("inf")
    folder = None if kept is None else kept / keeping.digest(scenario.digest, seed, case_work)
    with executor or local() as pool:
        while number < most and (number < LEAST or not width <= half_width):
            upto = min(most, max(LEAST, number + 4 * ROUND))
            blocks = [
                Block(scenario, (scenario.cases.in_a_year,), seed, first, min(ROUND, upto - first), case_work)
                for first in range(number, upto, ROUND)
            ]
            by_name = {named(block): block for block in blocks}
            ran = keeping.run(replications.run, by_name, pool, folder)
            for name in by_name:
                found = Found(*ran[name])
                for figures, cells in zip(found.figures[0], found.cells[0], strict=True):
                    whole.add(figures)
                    parts.add(cells.ravel())
            number = upto
            width = whole.estimates(confidence)[where].half_width
            progress(number, width)
    each_cell = np.array(parts.estimates(confidence), dtype=object).reshape(len(names), len(of_cell), -1)
    return Simulated(
        scenario,
        number,
        dict(zip(keys, whole.estimates(confidence), strict=True)),
        {
            name: {key: Estimate(*values) for key, values in zip(of_cell, rows, strict=True)}
            for name, rows in zip(names, each_cell, strict=True)
        },
        bool(width <= half_width),
    )
