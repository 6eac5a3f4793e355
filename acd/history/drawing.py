"""Where the bars and lines of a picture stand: numbers for 1000 by 320, and nothing of its look."""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Final, NamedTuple

WIDTH: Final = 1000.0
HEIGHT: Final = 320.0
LEFT: Final = 60.0
BOTTOM: Final = 280.0
TOP: Final = 12.0
LABELS_MAX: Final = 12


class Bar(NamedTuple):
    """part: which of the values that are on top of each other."""

    x: float
    y: float
    width: float
    height: float
    part: int


class Tick(NamedTuple):
    """at: along its axis."""

    at: float
    said: str


class Drawing(NamedTuple):
    """lines: each the points "x,y x,y", in the order of what was given."""

    bars: Sequence[Bar]
    lines: Sequence[Sequence[str]]
    across: Sequence[Tick]
    up: Sequence[Tick]


def bars(values: Sequence[Sequence[float]], names: Sequence[str]) -> Drawing:
    """Parts on top of each other, one pile a name."""
    top, up = _scale(max((sum(each) for each in values), default=0))
    step = (WIDTH - LEFT) / max(1, len(values))
    found = []
    for place, parts in enumerate(values):
        base = 0.0
        for part, value in enumerate(parts):
            if value:
                x = LEFT + place * step + step * 0.1
                y, height = _y(base + value, top), value / top * _SPAN
                found.append(Bar(*_to(x, y, step * 0.8, height), part))
                base += value
    return Drawing(found, (), _across(names, step), up)


def lines(values: Sequence[Sequence[float | None]], names: Sequence[str]) -> Drawing:
    """Lines, each with a value a name; None leaves a gap."""
    top, up = _scale(max((v for each in values for v in each if v is not None), default=0))
    step = (WIDTH - LEFT) / max(1, len(names))
    found = []
    for line in values:
        pieces: list[list[str]] = [[]]
        for place, value in enumerate(line):
            if value is None:
                pieces.append([])
            else:
                x, y = round(LEFT + (place + 0.5) * step, 1), round(_y(value, top), 1)
                pieces[-1].append(f"{x:g},{y:g}")
        found.append([" ".join(each if len(each) > 1 else each * 2) for each in pieces if each])
    return Drawing((), found, _across(names, step), up)


_SPAN: Final = BOTTOM - TOP


def _y(value: float, top: float) -> float:
    return BOTTOM - value / top * _SPAN


def _to(x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    return round(x, 1), round(y, 1), round(width, 1), round(height, 1)


def _scale(highest: float) -> tuple[float, list[Tick]]:
    """A round top, and ticks up to it."""
    if highest <= 0:
        return 1.0, [Tick(BOTTOM, "0")]
    size = 10.0 ** floor(log10(highest / 4))
    step = next(size * each for each in (1, 2, 2.5, 5, 10) if size * each * 4 >= highest)
    count = ceil(highest / step)
    top = step * count
    return top, [Tick(round(_y(step * each, top), 1), f"{step * each:g}") for each in range(count + 1)]


def _across(names: Sequence[str], step: float) -> list[Tick]:
    """As many names as there is room for."""
    every = max(1, ceil(len(names) / LABELS_MAX))
    return [
        Tick(round(LEFT + (place + 0.5) * step, 1), name)
        for place, name in enumerate(names)
        if place % every == 0
    ]
