"""What the history answers from: sums of a span, grouped by step and name in the database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    LargeBinary,
    Select,
    Table,
    cast,
    column,
    func,
    literal,
    select,
    values,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.history.figures import SIDES, Group, side_of
from acd.history.sums import COUNTS, Cell
from acd.history.view import PIECES, WHOLE, Stretch, View, begin_of, stretches
from acd.store.tables import history_cells, history_counts, history_waits

Label = tuple[str, ...]
ROWS_AT_ONCE: Final = 1_000
DIGITS: Final = 8
CELLS_AT_ONCE: Final = 10_000
"""So many cells are named in one statement: for others it goes through the span again."""


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

    known: dict[tuple[int, int], Group] = {}

    def group(local: int, number: int) -> Group:
        place = local, number // len(SIDES)
        if place not in known:
            key = begin_of(view.step, local), labels[place[1]]
            known[place] = groups.setdefault(key, Group())
        return known[place]

    async with engine.connect() as connection:
        since = (await connection.execute(select(func.min(history_counts.c.quarter)))).scalar()
        for some in _parts(sorted(numbers.items())):
            numbered = _named(connection, some)
            for stretch in stretches(view, zone):
                counted = [func.sum(history_counts.c[name]) for name in COUNTS]
                asked = _asked(history_counts, numbered, stretch, view.step, [], counted)
                async for rows in _rows(connection, asked if counts else None):
                    for local, number, *sums in rows:
                        if number is not None:
                            group(local, number).count(dict(zip(COUNTS, map(int, sums), strict=True)))
                bins = [history_waits.c.bin]
                asked = _asked(
                    history_waits, numbered, stretch, view.step, bins, [*bins, func.sum(history_waits.c.n)]
                )
                asked = asked.where(history_waits.c.clock == view.clock)
                async for rows in _rows(connection, asked):
                    for local, number, bin, n in rows:
                        if number is not None:
                            group(local, number).wait(SIDES[number % len(SIDES)], bin, int(n))
    return Found(groups, since)


async def _rows(connection: AsyncConnection, asked: Select[Any] | None) -> AsyncIterator[Sequence[Any]]:
    """Rows, some at once, while others use the loop; none where nothing is asked."""
    if asked is None:
        return
    async for some in (await connection.stream(asked)).partitions(ROWS_AT_ONCE):
        await asyncio.sleep(0)
        yield some


def _asked(
    table: Table,
    named: FromClause | bytes,
    stretch: Stretch,
    step: str,
    by: Sequence[ColumnElement[Any]],
    sums: Sequence[ColumnElement[Any]],
) -> Select[Any]:
    """Step, number of the group, and sums, by these beside. Others' cells are kept, under no number: so every
    database goes through the span once and looks each cell up, and none the other way round."""
    source: FromClause = table
    if isinstance(named, bytes):
        written = func.substr(literal(named, LargeBinary), table.c.cell * DIGITS + 1, DIGITS)
        number: ColumnElement[Any] = func.nullif(cast(written, Integer), 0) - 1
    else:
        source, number = table.outerjoin(named, named.c.cell == table.c.cell), named.c.number
    if step == WHOLE:
        at: ColumnElement[Any] = literal(0)
    else:
        size, before = PIECES[step]
        at = (table.c.quarter + (stretch.ahead + before)) // size
    return (
        select(at.label("step"), number.label("number"), *sums)
        .select_from(source)
        .where(table.c.quarter >= stretch.begin, table.c.quarter < stretch.end)
        .group_by("step", "number", *by)
    )


def _named(connection: AsyncConnection, numbers: Sequence[tuple[int, int]]) -> FromClause | bytes:
    """The number of each cell, as the database looks it up at once. A server joins them. SQLite would go
    through all of them for every row, since it makes no index of what is only written down: it has them as
    one row of DIGITS each, in the order of the cells, 0 for none and else one more."""
    if connection.dialect.name != "sqlite":
        of = values(column("cell", Integer), column("number", Integer), name="named")
        return of.data(list(numbers)).cte("of")
    known = dict(numbers)
    return b"".join(b"%0*d" % (DIGITS, known.get(cell, -1) + 1) for cell in range(max(known) + 1))


def _parts(of: Sequence[tuple[int, int]]) -> Iterable[Sequence[tuple[int, int]]]:
    return (of[at : at + CELLS_AT_ONCE] for at in range(0, len(of), CELLS_AT_ONCE))
