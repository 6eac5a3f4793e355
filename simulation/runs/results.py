"""What a grid gave, as tables: each replication, each point with its intervals, and by language and concern.

Parquet and CSV carry the scenario's hash, the seed and the release, so that a file says what it is of; the
same grid gives the same bytes.
"""

import math
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from simulation.drivers.model import Model
from simulation.runs.outcome import Cells, cell_figures_of, figures_of
from simulation.runs.spread import Estimate, Floats, Spread
from simulation.runs.sweep import Grid, GridFaults, Swept

PACKAGE: Final = "welcomecenter-acd"
CONFIDENCE: Final = 0.95


def estimates(grid: Grid, swept: Swept) -> list[list[Estimate]]:
    """By point and figure."""
    return [_estimates(rows) for rows in swept.figures]


def _estimates(rows: Floats) -> list[Estimate]:
    spread = Spread(rows.shape[-1])
    for row in rows:
        spread.add(row)
    return spread.estimates(CONFIDENCE)


def write(grid: Grid, swept: Swept, model: Model, folder: Path) -> list[Path]:
    """replications, summary, cells and, with case work, backlog, each as .parquet and .csv, below the folder;
    returns the paths.

    model: of any point; it names the cells.
    """
    folder.mkdir(parents=True, exist_ok=True)
    facts = {
        "scenario": grid.scenario.name,
        "scenario_hash": grid.scenario.digest,
        "seed": str(grid.seed),
        "version": version(PACKAGE),
    }
    found = []
    for name, table in (
        ("replications", _replications(grid, swept)),
        ("summary", _summary(grid, swept)),
        ("cells", _cells(grid, swept, model)),
        *([("backlog", _backlog(grid, swept))] if grid.case_work else []),
    ):
        for key, value in facts.items():
            table = table.append_column(key, pa.array([value] * len(table)).dictionary_encode())
        table = table.replace_schema_metadata(facts)
        found += [folder / f"{name}.parquet", folder / f"{name}.csv"]
        pyarrow.parquet.write_table(table, found[-2])
        pyarrow.csv.write_csv(table, found[-1])
    return found


class Read(NamedTuple):
    """What `write` wrote of a grid. axes: in their order; figures: by point, replication and name."""

    scenario_hash: str
    seed: int
    version: str
    axes: dict[str, tuple[float, ...]]
    figures: dict[str, Floats]


def read(folder: Path) -> Read:
    """Take a grid's replications from the folder that `write` filled. Raises GridFaults if it did not."""
    path = folder / "replications.parquet"
    if not path.is_file():
        raise GridFaults(f"{folder}: has no {path.name}; give the folder that `acd plan sweep` named")
    try:
        table = pyarrow.parquet.read_table(path)
        facts = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
        names = table.column_names
        keys = names[: names.index("replication")]
        axes = {key: tuple(dict.fromkeys(table[key].to_pylist())) for key in keys}
        shape = (math.prod(map(len, axes.values())), -1)
        listed = [name for name in names[len(keys) + 1 :] if name not in facts]
        figures = {name: table[name].to_numpy().reshape(shape) for name in listed}
        return Read(facts["scenario_hash"], int(facts["seed"]), facts["version"], axes, figures)
    except (pa.ArrowException, KeyError, ValueError, AttributeError) as fault:
        raise GridFaults(f"{path}: is no result of a sweep ({type(fault).__name__})") from None


def _axes(grid: Grid, repeat: int) -> dict[str, Floats]:
    """A column an axis, each point's value `repeat` times."""
    points = grid.points()
    columns = {key: [point.values[i] for point in points] for i, key in enumerate(grid.axes)}
    if not columns:
        columns = {"cases": [points[0].cases]}
    return {key: np.repeat(values, repeat) for key, values in columns.items()}


def _replications(grid: Grid, swept: Swept) -> pa.Table:
    points, number, _ = swept.figures.shape
    columns = {
        figure.key: swept.figures[:, :, i].ravel() for i, figure in enumerate(figures_of(grid.case_work))
    }
    return pa.table({**_axes(grid, number), "replication": np.tile(np.arange(number), points), **columns})


def _summary(grid: Grid, swept: Swept) -> pa.Table:
    listed = figures_of(grid.case_work)
    found = [
        each.within(figure.unit)
        for point in estimates(grid, swept)
        for figure, each in zip(listed, point, strict=True)
    ]
    points = len(swept.figures)
    return pa.table(
        {
            **_axes(grid, len(listed)),
            "figure": pa.array([figure.key for figure in listed] * points).dictionary_encode(),
            "unit": pa.array([figure.unit for figure in listed] * points).dictionary_encode(),
            **dict(zip(Estimate._fields, _columns(found), strict=True)),
        }
    )


def _cells(grid: Grid, swept: Swept, model: Model) -> pa.Table:
    keys, listed = Cells(model).keys, cell_figures_of(grid.case_work)
    points, number, many, width = swept.cells.shape
    found = [
        each.within(listed[place % width].unit)
        for point in swept.cells.reshape(points, number, many * width)
        for place, each in enumerate(_estimates(point))
    ]
    return pa.table(
        {
            **_axes(grid, many * width),
            "by": pa.array([what for what, _ in keys for _ in listed] * points).dictionary_encode(),
            "key": pa.array([key for _, key in keys for _ in listed] * points).dictionary_encode(),
            "figure": pa.array([each.key for _ in keys for each in listed] * points).dictionary_encode(),
            **dict(zip(Estimate._fields, _columns(found), strict=True)),
        }
    )


def _backlog(grid: Grid, swept: Swept) -> pa.Table:
    points, _, weeks = swept.backlog.shape
    found = [each.within("cases") for point in swept.backlog for each in _estimates(point)]
    return pa.table(
        {
            **_axes(grid, weeks),
            "week": np.tile(np.arange(weeks), points),
            **dict(zip(Estimate._fields, _columns(found), strict=True)),
        }
    )


def _columns(found: list[Estimate]) -> Iterator[Floats]:
    return iter(np.array(found, np.float64).T)
