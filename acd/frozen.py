"""A world as bytes and back, in pieces: at 10,000 people neither freezing nor thawing holds anybody up.

A copy comes first, so that all is of one moment: until it is taken whoever changes the world waits, nobody
else. The rest is done piece by piece, while the world goes on. A frozen world is one JSON object a line:
together their fields are the world's, and a large table is spread over many lines.
"""

import asyncio
import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter

from routing.world import World

PIECE = 200
"""Records of a table in one line: a few milliseconds' work."""
COPIED_AT_ONCE = 1_000

_WORLD: TypeAdapter[World] = TypeAdapter(World)


_Row = tuple[Any, ...]
_Take = Callable[[Any], _Row]


class _Kind(NamedTuple):
    """A kind of record. take: the values of its fields, which are immutable but for tuples of records; of
    these, `inner` has the field's place and their kind. dump: how to write a table of them."""

    record: type
    take: _Take
    inner: "tuple[tuple[int, _Kind], ...]"
    dump: Callable[[Any], bytes]


@dataclass(frozen=True, slots=True)
class _Table:
    """One of the world's tables as it was. inner: (row, place) -> rows of the records in that field."""

    name: str
    kind: _Kind
    keys: list[Any]
    rows: list[_Row]
    inner: dict[tuple[int, int], list[_Row]]

    def some(self, start: int, end: int) -> dict[Any, Any]:
        """Records anew."""
        found = {}
        for i in range(start, min(end, len(self.rows))):
            row = self.rows[i]
            for place, kind in self.kind.inner:
                if (values := self.inner.get((i, place))) is not None:
                    row = (*row[:place], tuple(kind.record(*each) for each in values), *row[place + 1 :])
            found[self.keys[i]] = self.kind.record(*row)
        return found


class Copied:
    """A world as it was when this was made, whatever happens to it since."""

    def __init__(self, world: World) -> None:
        for _ in self._steps(world):
            pass

    @classmethod
    async def beside(cls, world: World) -> "Copied":
        """The same, while others use the loop between two steps. Nothing may change the world until then:
        for whoever changes it, who waits."""
        copied = cls.__new__(cls)
        for _ in copied._steps(world):
            await asyncio.sleep(0)
        return copied

    def _steps(self, world: World) -> Iterator[None]:
        self._tables: list[_Table] = []
        for name, kind in _tables().items():
            records = getattr(world, name)
            table = _Table(name, kind, list(records), [], {})
            left = iter(records.values())
            while some := list(islice(left, COPIED_AT_ONCE)):
                _copy(table, some)
                yield
            self._tables.append(table)
        names = {each.name for each in self._tables}
        rest = {each.name: getattr(world, each.name) for each in fields(world) if each.name not in names}
        self._rest = World(**{key: _settled(value) for key, value in rest.items()})

    def pieces(self) -> Iterator[bytes]:
        """The frozen world, piece by piece; each takes a few milliseconds to make."""
        yield _WORLD.dump_json(self._rest)
        for table in self._tables:
            for start in range(0, len(table.rows), PIECE):
                some = table.kind.dump(table.some(start, start + PIECE))
                yield b'\n{"%s":%s}' % (table.name.encode(), some)

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


def _copy(table: _Table, records: list[Any]) -> None:
    """Add the values of these records."""
    collecting = gc.isenabled()
    gc.disable()  # so many new tuples would have the whole heap looked through
    try:
        before = len(table.rows)
        table.rows.extend(map(table.kind.take, records))
        for place, each in table.kind.inner:
            for i in range(before, len(table.rows)):
                if held := table.rows[i][place]:
                    table.inner[i, place] = list(map(each.take, held))
    finally:
        if collecting:
            gc.enable()


def thawed(frozen: bytes) -> World:
    """The world again. Raises ValueError if it cannot be read."""
    first, *more = frozen.split(b"\n")
    world = _WORLD.validate_json(first)
    for line in more:
        part = _WORLD.validate_json(line)
        for name in _tables():
            getattr(world, name).update(getattr(part, name))
    return world


@cache
def _tables() -> dict[str, _Kind]:
    """The world's tables of records: name -> their kind."""
    return {
        name: _kind(record, TypeAdapter(hint).dump_json)
        for name, hint in get_type_hints(World).items()
        for record in get_args(hint)
        if is_dataclass(record) and isinstance(record, type) and get_origin(hint) is dict
    }


def _kind(record: type, dump: Callable[[Any], bytes]) -> _Kind:
    hints = get_type_hints(record)
    inner = tuple(
        (place, _kind(kind, dump))
        for place, each in enumerate(fields(record))
        for kind in get_args(hints[each.name])
        if is_dataclass(kind) and isinstance(kind, type)
    )
    return _Kind(record, attrgetter(*(each.name for each in fields(record))), inner, dump)


def _settled(value: Any) -> Any:
    """A mapping of values may change, its values do not."""
    return dict(value) if isinstance(value, dict) else value
