"""What the history answers from: sums of a span, grouped by step and name in the database."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, Table, column, func, literal, select, values
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.history.figures import SIDES, Group, side_of
from acd.history.sums import COUNTS, Cell
from acd.history.view import SIZES, WHOLE, Stretch, View, begin_of, stretches
from acd.store.tables import history_cells, history_counts, history_waits

Label = tuple[str, ...]
CELLS_AT_ONCE: Final = 2_000
"""So many cells are named in one statement."""


class Found(NamedTuple):
    """Groups by where their step begins (the zone's clock) and their name; since: where the history begins,
    None where there is none."""

    groups: Mapping[tuple[datetime, Label], Group]
    since: int | None


async def cells(engine: AsyncEngine) -> dict[int, Cell]:
    """All cells that were ever counted in, by number."""
    columns = [history_cells.c[name] for name in Cell._fields]
    async with engine.connect() as connection:
        rows = (await connection.execute(select(history_cells.c.id, *columns))).all()
    return {row.id: Cell(*row[1:]) for row in rows}


async def look(
    engine: AsyncEngine,
    view: View,
    zone: tzinfo,
    label: Callable[[Cell], Label | None],
    *,
    counts: bool = True,
) -> Found:
    """The groups of a view. label: under which name a cell's visits stand; None: not among them. counts:
    False where waits are enough."""
    named: dict[int, tuple[Label, str]] = {}
    for id, cell in (await cells(engine)).items():
        if (under := label(cell)) is not None:
            named[id] = (under, side_of(cell))
    labels = sorted({under for under, _ in named.values()})
    numbers = {
        id: labels.index(under) * len(SIDES) + SIDES.index(side) for id, (under, side) in named.items()
    }
    groups: dict[tuple[datetime, Label], Group] = {}

    def group(local: int, number: int) -> Group:
        key = begin_of(view.step, local), labels[number // len(SIDES)]
        if key not in groups:
            groups[key] = Group()
        return groups[key]

    async with engine.connect() as connection:
        since = (await connection.execute(select(func.min(history_counts.c.quarter)))).scalar()
        for some in _parts(sorted(numbers.items())):
            for stretch in stretches(view, zone):
                counted = [func.sum(history_counts.c[name]) for name in COUNTS]
                asked = _asked(history_counts, some, stretch, view.step, [], counted)
                for local, number, *sums in await connection.execute(asked) if counts else ():
                    if number is not None:
                        group(local, number).count(dict(zip(COUNTS, map(int, sums), strict=True)))
                bins = [history_waits.c.bin]
                asked = _asked(
                    history_waits, some, stretch, view.step, bins, [*bins, func.sum(history_waits.c.n)]
                )
                for local, number, bin, n in await connection.execute(
                    asked.where(history_waits.c.clock == view.clock)
                ):
                    if number is not None:
                        group(local, number).wait(SIDES[number % len(SIDES)], bin, int(n))
    return Found(groups, since)


def _asked(
    table: Table,
    numbers: Sequence[tuple[int, int]],
    stretch: Stretch,
    step: str,
    by: Sequence[ColumnElement[Any]],
    sums: Sequence[ColumnElement[Any]],
) -> Select[Any]:
    """Step, number of the group, and sums, by these beside. The join keeps others' cells, under no number:
    so every database goes through the span once and looks each cell up, and none the other way round."""
    of = (
        values(column("cell", Integer), column("number", Integer), name="named").data(list(numbers)).cte("of")
    )
    at = literal(0) if step == WHOLE else (table.c.quarter + stretch.ahead) // SIZES[step]
    return (
        select(at.label("step"), of.c.number, *sums)
        .select_from(table.outerjoin(of, of.c.cell == table.c.cell))
        .where(table.c.quarter >= stretch.begin, table.c.quarter < stretch.end)
        .group_by("step", of.c.number, *by)
    )


def _parts(of: Sequence[tuple[int, int]]) -> Iterable[Sequence[tuple[int, int]]]:
    return (of[at : at + CELLS_AT_ONCE] for at in range(0, len(of), CELLS_AT_ONCE))
