"""The pictures of a report as SVG: heat map, curves with intervals, intervals side by side, stacked bars.

Drawn without a display; the same input gives the same bytes. Colours can be told apart with every kind of
colour vision (cividis; M. Okabe and K. Ito, Color Universal Design, 2008).
"""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from simulation.runs.spread import Estimate, Floats

INK: Final = "#14212b"
SOFT: Final = "#4a5a66"
LINE: Final = "#cfd8de"
PAPER: Final = "#ffffff"
"""What a page may draw in other colours on a dark ground."""
ON_DARK: Final = "#fefefe"
ON_LIGHT: Final = "#0a1014"
COLOURS: Final = ("#0072b2", "#c65a00", "#00855f", "#b0578d")
MARKERS: Final = ("o", "s", "^", "D")
WIDE: Final = 7.4
"""Inches: the width of a page's text."""
_SETTINGS: Final[dict[Any, Any]] = {
    "svg.hashsalt": "welcomecenter-acd",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "figure.facecolor": "none",
    "path.simplify": False,
    "text.parse_math": False,
}

Bools = npt.NDArray[np.bool_]


class Mark(NamedTuple):
    """A place on the heat map, which a letter in a circle shows."""

    letter: str
    staff: float
    cases: float


class Line(NamedTuple):
    """A curve: its values, their interval, and between what a single year lies (both may be empty)."""

    label: str
    values: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    year_low: Sequence[float] = ()
    year_high: Sequence[float] = ()


@contextmanager
def _drawing(width: float, height: float) -> Iterator[tuple[Figure, Axes]]:
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.add_subplot()


def _svg(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue().decode()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    return text[text.index("<svg") :].encode()


def size_of(svg: bytes) -> tuple[float, float]:
    """Width and height in points. Raises ValueError for what is no drawing of this room."""
    found = re.search(rb'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    if found is None:
        raise ValueError("a drawing without its size")
    width, height = map(float, found.groups())
    return width, height


def heat_map(
    values: Floats,
    staff: Sequence[int],
    cases: Sequence[float],
    *,
    written: Callable[[float], str],
    name_of: Callable[[float], str],
    labels: tuple[str, str],
    less_is_better: bool = False,
    least_range: float = 0.0,
    met: Bools | None = None,
    marks: Sequence[Mark] = (),
    asked: tuple[int, float] | None = None,
) -> bytes:
    """values: (staff, cases), each written in its cell; the brighter the better.

    labels: of the axes, cases then staff. least_range: smaller differences do not take all shades. met: a
    line is drawn around where it is true. asked: a cell with a frame.
    """
    rows, columns = values.shape
    with _drawing(max(WIDE, 0.52 * columns + 1.0), 0.27 * rows + 0.9) as (figure, axes):
        known = values[np.isfinite(values)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        norm = (
            LogNorm(low, high)
            if low > 0 and high > 20 * low
            else Normalize(*_widened(low, high, least_range, less_is_better))
        )
        shades = mpl.colormaps["cividis_r" if less_is_better else "cividis"]
        coloured = shades(norm(np.ma.masked_invalid(values)))
        axes.pcolormesh(
            np.arange(columns + 1),
            np.arange(rows + 1),
            np.ma.masked_invalid(values),
            cmap=shades,
            norm=norm,
            edgecolors=PAPER,
            linewidth=0.6,
        )
        for row in range(rows):
            for column in range(columns):
                red, green, blue, _ = coloured[row, column]
                bright = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 > 0.18
                axes.text(
                    column + 0.5,
                    row + 0.47,
                    written(values[row, column]),
                    ha="center",
                    va="center",
                    fontsize=7.5 if columns <= 14 else 6.5,
                    color=ON_LIGHT if bright else ON_DARK,
                )
        if met is not None:
            _outline(axes, met)
        if asked is not None and asked[0] in staff and asked[1] in cases:
            _frame(axes, list(staff).index(asked[0]), list(cases).index(asked[1]))
        for mark in marks:
            _mark(axes, mark, staff, cases)
        axes.set_xticks(np.arange(columns) + 0.5, [name_of(each) for each in cases])
        axes.set_yticks(np.arange(rows) + 0.5, [name_of(each) for each in staff])
        axes.tick_params(length=0)
        axes.set_xlim(0, columns)
        axes.set_ylim(0, rows)
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
        for spine in axes.spines.values():
            spine.set_visible(False)
        return _svg(figure)


def _widened(low: float, high: float, least: float, less_is_better: bool) -> tuple[float, float]:
    """A range of shades in which small differences stay small; the best value keeps the brightest one."""
    lacks = max(0.0, max(least, abs(high) * 0.25, 1e-9) - (high - low))
    return (low, high + lacks) if less_is_better else (low - lacks, high)


def _outline(axes: Axes, met: Bools) -> None:
    """The edges between cells where the target is met and where it is not."""
    edges = []
    for row, column in np.argwhere(met[:, :-1] != met[:, 1:]).tolist():
        edges.append([(column + 1, row), (column + 1, row + 1)])
    for row, column in np.argwhere(met[:-1] != met[1:]).tolist():
        edges.append([(column, row + 1), (column + 1, row + 1)])
    for colour, width in ((ON_DARK, 4.2), (ON_LIGHT, 1.8)):
        axes.add_collection(LineCollection(edges, colors=colour, linewidths=width, capstyle="projecting"))


def _frame(axes: Axes, row: int, column: int) -> None:
    for colour, width in ((ON_DARK, 3.2), (ON_LIGHT, 1.4)):
        axes.plot(
            [column, column + 1, column + 1, column, column],
            [row, row, row + 1, row + 1, row],
            color=colour,
            linewidth=width,
            clip_on=False,
        )


def _mark(axes: Axes, mark: Mark, staff: Sequence[int], cases: Sequence[float]) -> None:
    """At the upper right of its cell; between cells where it lies there; at the edge where it is beyond."""

    def place(value: float, values: Sequence[float]) -> float:
        return float(np.interp(value, values, np.arange(len(values)) + 0.5))

    across, up = place(mark.cases, cases), place(mark.staff, staff) + 0.3
    if mark.cases <= cases[0]:
        across += -0.36 if mark.cases < cases[0] else 0.36
    elif mark.cases in cases or mark.cases > cases[-1]:
        across += 0.36
    axes.text(
        across,
        up,
        mark.letter,
        ha="center",
        va="center",
        fontsize=6.5,
        fontweight="bold",
        color=ON_DARK,
        bbox={"boxstyle": "circle,pad=0.22", "facecolor": "#a11220", "edgecolor": ON_DARK, "linewidth": 0.8},
        clip_on=False,
        zorder=5,
    )


def curves(
    across: Sequence[float],
    lines: Sequence[Line],
    *,
    written: Callable[[float], str],
    name_of: Callable[[float], str],
    labels: tuple[str, str],
    target: tuple[float, str] | None = None,
    bottom: float | None = None,
    top: float | None = None,
    smooth: Sequence[bool] = (),
) -> bytes:
    """At most four lines with their names at the right end.

    target: a dashed line and its name. smooth: which lines go from point to point, not by steps; empty: all.
    """
    with _drawing(WIDE, 3.7) as (figure, axes):
        for place, line in enumerate(lines):
            colour = COLOURS[place % len(COLOURS)]
            if len(line.year_low):
                axes.fill_between(
                    across, line.year_low, line.year_high, color=colour, alpha=0.16, linewidth=0
                )
            if len(line.low):
                axes.fill_between(across, line.low, line.high, color=colour, alpha=0.45, linewidth=0)
            axes.plot(
                across,
                line.values,
                color=colour,
                linewidth=1.6,
                marker=MARKERS[place % len(MARKERS)],
                markersize=3.4 if len(across) <= 30 else 0,
                drawstyle="default" if not smooth or smooth[place] else "steps-mid",
                clip_on=False,
            )
        if target is not None:
            axes.axhline(target[0], color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
            axes.annotate(
                target[1],
                (0, target[0]),
                xycoords=("axes fraction", "data"),
                xytext=(4, 3),
                textcoords="offset points",
                fontsize=8,
            )
        axes.set_ylim(bottom, top)
        if len(across) <= 24:
            axes.set_xticks(across)
        axes.set_xlim(across[0], across[-1])
        _end_labels(axes, across[-1], lines)
        _named_axes(axes, name_of, written, labels)
        axes.grid(axis="y", color=LINE, linewidth=0.6)
        axes.set_axisbelow(True)
        return _svg(figure)


def _end_labels(axes: Axes, end: float, lines: Sequence[Line]) -> None:
    """At the right of each line, pushed apart where they would lie on each other."""
    bottom, top = axes.get_ylim()
    gap = (top - bottom) * 0.06
    last = []
    for place, line in enumerate(lines):
        finite = [value for value in line.values if np.isfinite(value)]
        last.append((finite[-1] if finite else bottom, place))
    at = -np.inf
    for value, place in sorted(last):
        at = max(value, at + gap)
        axes.annotate(
            lines[place].label,
            (end, at),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=COLOURS[place % len(COLOURS)],
            fontweight="bold",
            annotation_clip=False,
        )


def _named_axes(
    axes: Axes,
    across: Callable[[float], str] | None,
    up: Callable[[float], str] | None,
    labels: tuple[str, str],
) -> None:
    if across is not None:
        axes.xaxis.set_major_formatter(lambda value, _: across(value))
    if up is not None:
        axes.yaxis.set_major_formatter(lambda value, _: up(value))
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.tick_params(length=2.5)


def intervals(
    rows: Sequence[tuple[str, Estimate]],
    *,
    written: Callable[[float], str],
    value_of: Callable[[Estimate], str],
    label: str,
    reference: tuple[float, str],
) -> bytes:
    """A row each: the mean's interval as a thick line, a single year's as a thin one, the mean as a dot.

    reference: a dashed line and its name. value_of: what is written at the right of a row.
    """
    folded = any("\n" in name for name, _ in rows)
    with _drawing(WIDE, (0.38 if folded else 0.29) * len(rows) + 0.95) as (figure, axes):
        places = np.arange(len(rows))[::-1]
        for up, (_, each) in zip(places, rows, strict=True):
            axes.plot([each.year_low, each.year_high], [up, up], color=COLOURS[0], linewidth=1.1, alpha=0.7)
            axes.plot([each.low, each.high], [up, up], color=COLOURS[0], linewidth=4.0, solid_capstyle="butt")
            axes.plot([each.mean], [up], "o", color=COLOURS[0], markersize=4.5)
            axes.annotate(
                value_of(each),
                (1, up),
                xycoords=("axes fraction", "data"),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
                annotation_clip=False,
            )
        axes.axvline(reference[0], color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
        axes.annotate(
            reference[1],
            (reference[0], 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            annotation_clip=False,
        )
        axes.set_yticks(places, [name for name, _ in rows])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        _named_axes(axes, written, None, (label, ""))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=LINE, linewidth=0.6)
        axes.set_axisbelow(True)
        return _svg(figure)


def bars(
    rows: Sequence[tuple[str, Sequence[float]]],
    parts: Sequence[str],
    *,
    written: Callable[[float], str],
    label: str,
) -> bytes:
    """Horizontal bars, each stacked out of the named parts, with its sum at the end."""
    with _drawing(WIDE, 0.36 * len(rows) + 1.05) as (figure, axes):
        places = np.arange(len(rows))[::-1]
        begin = np.zeros(len(rows))
        for place, part in enumerate(parts):
            values = np.array([row[place] for _, row in rows])
            axes.barh(
                places,
                values,
                left=begin,
                height=0.62,
                color=COLOURS[place],
                edgecolor=PAPER,
                linewidth=0.6,
                label=part,
            )
            begin += values
        for up, end in zip(places, begin, strict=True):
            axes.annotate(
                written(float(end)),
                (end, up),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
        axes.set_yticks(places, [name for name, _ in rows])
        axes.set_xlim(0, float(begin.max()) * 1.12)
        _named_axes(axes, written, None, (label, ""))
        axes.tick_params(axis="y", length=0)
        axes.legend(
            loc="lower center",
            bbox_to_anchor=(0.5, 1.0),
            ncols=len(parts),
            frameon=False,
            fontsize=8,
            handlelength=1,
        )
        return _svg(figure)


def swings(
    rows: Sequence[tuple[str, Estimate, Estimate]],
    *,
    written: Callable[[float], str],
    label: str,
    names: tuple[str, str],
) -> bytes:
    """A row each with two bars from 0, of a low and a high value, and their intervals; names: of the two."""
    with _drawing(WIDE, 0.36 * len(rows) + 1.05) as (figure, axes):
        places = np.arange(len(rows), dtype=float)[::-1]
        for shift, place in ((0.19, 0), (-0.19, 1)):
            found = [(low, high)[place] for _, low, high in rows]
            axes.barh(
                places + shift,
                [each.mean for each in found],
                height=0.36,
                color=COLOURS[place],
                label=names[place],
                xerr=[0.0 if np.isnan(each.half_width) else each.half_width for each in found],
                error_kw={"ecolor": INK, "elinewidth": 0.8, "capsize": 1.5},
            )
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_yticks(places, [name for name, _, _ in rows])
        _named_axes(axes, written, None, (label, ""))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=LINE, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.legend(
            loc="lower center",
            bbox_to_anchor=(0.5, 1.0),
            ncols=2,
            frameon=False,
            fontsize=8,
            handlelength=1,
        )
        return _svg(figure)
