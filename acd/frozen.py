"""A world as bytes and back, in pieces: at 10,000 people neither freezing nor thawing holds anybody up.

The copy is taken at once, so that it is of one moment; all the rest is done piece by piece. A frozen world is
one JSON object a line: together their fields are the world's, and a large table is spread over many lines.
"""

import asyncio
import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter

from routing.world import World

PIECE = 200
"""Records of a table in one line: a few milliseconds' work."""

_WORLD: TypeAdapter[World] = TypeAdapter(World)


_Row = tuple[Any, ...]
_Kind = tuple[str, type, Callable[[Any], bytes], Callable[[Iterable[Any]], list[_Row]]]
"""A table's name, its kind of record, how to write some of them, and how to copy all."""


@dataclass(frozen=True, slots=True)
class _Table:
    """One of the world's tables as it was: a row of field values for each record."""

    name: str
    record: type
    dump: Callable[[Any], bytes]
    keys: list[Any]
    rows: list[_Row]


class Copied:
    """A world as it was when this was made, whatever happens to it since."""

    def __init__(self, world: World) -> None:
        collecting = gc.isenabled()
        gc.disable()  # so many new tuples would have the whole heap looked through, several times
        try:
            self._copy(world)
        finally:
            if collecting:
                gc.enable()

    def _copy(self, world: World) -> None:
        self._tables = [
            _Table(name, record, dump, list(table), copy(table.values()))
            for name, record, dump, copy in _tables()
            if (table := getattr(world, name)) is not None
        ]
        names = {each.name for each in self._tables}
        rest = {each.name: getattr(world, each.name) for each in fields(world) if each.name not in names}
        self._rest = World(**{key: _settled(value) for key, value in rest.items()})

    def pieces(self) -> Iterator[bytes]:
        """The frozen world, piece by piece; each takes a few milliseconds to make."""
        yield _WORLD.dump_json(self._rest)
        for table in self._tables:
            for start in range(0, len(table.rows), PIECE):
                keys, rows = (each[start : start + PIECE] for each in (table.keys, table.rows))
                some = {key: table.record(*row) for key, row in zip(keys, rows, strict=True)}
                yield b'\n{"%s":%s}' % (table.name.encode(), table.dump(some))

    def frozen(self) -> bytes:
        """All of it at once."""
        return b"".join(self.pieces())

    async def frozen_beside(self) -> bytes:
        """The same, while others use the loop between two pieces."""
        pieces = []
        for piece in self.pieces():
            pieces.append(piece)
            await asyncio.sleep(0)
        return b"".join(pieces)


def thawed(frozen: bytes) -> World:
    """The world again. Raises ValueError if it cannot be read."""
    first, *more = frozen.split(b"\n")
    world = _WORLD.validate_json(first)
    for line in more:
        part = _WORLD.validate_json(line)
        for name, _, _, _ in _tables():
            getattr(world, name).update(getattr(part, name))
    return world


@cache
def _tables() -> list[_Kind]:
    """The world's tables of records."""
    found: list[_Kind] = []
    for name, hint in get_type_hints(World).items():
        record = (get_args(hint) or (None,))[-1]
        if is_dataclass(record) and isinstance(record, type):
            found.append((name, record, TypeAdapter(hint).dump_json, _copier(record)))
    return found


def _copier(record: type) -> Callable[[Iterable[Any]], list[_Row]]:
    """How to take the values of records' fields. Values are immutable, but for tuples of records."""
    take: Callable[[Any], _Row] = attrgetter(*(each.name for each in fields(record)))
    hints = get_type_hints(record)
    inner = [
        (place, kind, _copier(kind))
        for place, each in enumerate(fields(record))
        for kind in get_args(hints[each.name])
        if is_dataclass(kind) and isinstance(kind, type)
    ]

    def copy(records: Iterable[Any]) -> list[_Row]:
        rows = list(map(take, records))
        for place, kind, copy_inner in inner:
            for i, row in enumerate(rows):
                if row[place]:
                    copied = tuple(kind(*values) for values in copy_inner(row[place]))
                    rows[i] = (*row[:place], copied, *row[place + 1 :])
        return rows

    return copy


def _settled(value: Any) -> Any:
    """A mapping of values may change, its values do not."""
    return dict(value) if isinstance(value, dict) else value
