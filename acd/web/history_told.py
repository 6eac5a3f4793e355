"""An answer of the history as it is read: names, figures, pictures and sentences in the page's language."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple

from acd.history import drawing, spreadsheet, table, view
from acd.history.answer import Answer, Row
from acd.history.drawing import Drawing
from acd.history.fairness import said as fairness_said
from acd.history.figures import Share
from acd.history.shares import ENOUGH, wilson
from acd.history.table import Column, Value
from acd.web.deps import Names
from agents.model import UNDETERMINED
from routing.privacy import MERGED

PARTS_MAX: Final = 6
"""So many groups have a colour in a picture; the others are one."""
PILES_MAX: Final = 400
"""So many steps are in a picture, the last ones."""

Namer = Callable[[str, str], str]


def namer(called: Names, said: Mapping[str, str], code: str) -> Namer:
    """How a value of a part of a cell is called."""
    languages = {**called.languages, UNDETERMINED: said["undetermined"], MERGED: said["merged_languages"]}
    concerns = {key: each.get(code, key) for key, each in called.concerns.items()}
    concerns[MERGED] = said["merged_concerns"]

    def name(part: str, value: str) -> str:
        if part == "language":
            return languages.get(value, value) or said["undetermined"]
        if part == "concern":
            return concerns.get(value, value) or said["no_concern"]
        if part == "classes":
            return value or said["no_class"]
        return said.get(f"{part}_{value}", value) or said["nobody"]

    return name


def _parts(by: str) -> Sequence[str]:
    """The parts of a cell that stand in a label."""
    return ("language", "concern") if by == view.NEED else (by,) if by else ()


def label_of(answer: Answer, row: Row, name: Namer) -> str:
    """How a row's group is called; "" where all are one."""
    return ", ".join(name(part, value) for part, value in zip(_parts(answer.view.by), row.label, strict=True))


def when_of(step: str, said: Mapping[str, str]) -> Callable[[datetime], str]:
    """How the begin of a step is written."""

    def when(begin: datetime) -> str:
        if step == view.WHOLE:
            return said["step_whole"]
        if step == view.MONTH:
            return f"{begin:%m/%Y}"
        if step == view.WEEK:
            return said["week_of"].format(week=begin.isocalendar().week, year=begin.isocalendar().year)
        return f"{begin:%d.%m.%Y}" if step == view.DAY else f"{begin:%d.%m.%Y %H:%M}"

    return when


def cell(column: Column, value: Value) -> str:
    """A figure as it is read: minutes and seconds; of few a share as counts alone."""
    if value is None:
        return "–"
    if isinstance(value, tuple):
        met, total = value
        percent = f"{100 * met / total:.0f} % " if total >= ENOUGH else ""
        return f"{percent}({met}/{total})" if total else "–"
    if column.kind == "seconds":
        minutes, seconds = divmod(int(value + 0.5), 60)
        return f"{minutes}:{seconds:02}"
    return str(value)


def sheet(
    answer: Answer, name: Namer, said: Mapping[str, str]
) -> tuple[list[str], list[list[spreadsheet.Value]]]:
    """Head and rows with every figure; shares as two numbers."""
    parts = _parts(answer.view.by)
    head = [said["begin"], *(said[part] for part in parts)]
    for column in table.FIGURES:
        title = said[f"column_{column.key}"]
        if column.kind == "share":
            head += [f"{title}: {said['met']}", f"{title}: {said['out_of']}"]
        else:
            head.append(f"{title} (s)" if column.kind == "seconds" else title)
    rows: list[list[spreadsheet.Value]] = []
    for row in answer.rows:
        begin: spreadsheet.Value = row.begin
        if answer.view.step == view.WHOLE:
            begin = f"{answer.view.first} – {answer.view.last}"
        names = [name(part, value) for part, value in zip(parts, row.label, strict=True)]
        rows.append([begin, *names, *table.flat(row.figures)])
    return head, rows


def pictures(answer: Answer, name: Namer, said: Mapping[str, str]) -> list[dict[str, Any]]:
    """Calls, and how long they waited: each a drawing with its legend."""
    by, step = answer.view.by, answer.view.step
    when = when_of(step, said)
    if not answer.rows:
        return []
    if not by or step == view.WHOLE:
        names = [label_of(answer, row, name) if by else when(row.begin) for row in answer.rows][-PILES_MAX:]
        kept = [row.figures for row in answer.rows[-PILES_MAX:]]
        unserved = [each.abandoned + each.turned_away for each in kept]
        ends: Sequence[Sequence[int]] = [
            (each.answered, left, max(0, each.visits - each.answered - left))
            for each, left in zip(kept, unserved, strict=True)
        ]
        legend = [said["column_answered"], said["unserved"], said["others"]]
        waits = [[each.p50 for each in kept], [each.p90 for each in kept]]
        wait_legend = [said["column_p50"], said["column_p90"]]
    else:
        names, legend, ends, waits = _beside(answer, name, when, said)
        wait_legend = legend[: len(waits)]
    minutes = [[None if each is None else each / 60 for each in line] for line in waits]
    calls = drawing.bars(ends, names)
    return [
        _picture("calls", said["picture_calls"], legend, calls),
        _picture(
            "waits",
            said["picture_waits"] if not by or step == view.WHOLE else said["picture_p90"],
            wait_legend,
            drawing.lines(minutes, names),
        ),
    ]


def _picture(key: str, title: str, legend: Sequence[str], drawn: Drawing) -> dict[str, Any]:
    return {"key": key, "title": title, "legend": list(enumerate(legend)), "drawn": drawn}


def _beside(
    answer: Answer, name: Namer, when: Callable[[datetime], str], said: Mapping[str, str]
) -> tuple[list[str], list[str], list[Sequence[int]], list[list[float | None]]]:
    """Groups side by side over time: the largest by themselves, the others' calls together."""
    sizes: dict[str, int] = {}
    for row in answer.rows:
        label = label_of(answer, row, name)
        sizes[label] = sizes.get(label, 0) + row.figures.visits
    labels = sorted(sizes, key=lambda each: (-sizes[each], each))
    own = labels[:PARTS_MAX]
    begins = sorted({row.begin for row in answer.rows})[-PILES_MAX:]
    place = {begin: at for at, begin in enumerate(begins)}
    ends = [[0] * (len(own) + (len(labels) > len(own))) for _ in begins]
    waits: list[list[float | None]] = [[None] * len(begins) for _ in own]
    for row in answer.rows:
        if row.begin in place:
            label = label_of(answer, row, name)
            part = own.index(label) if label in own else len(own)
            ends[place[row.begin]][part] += row.figures.visits
            if part < len(own):
                waits[part][place[row.begin]] = row.figures.p90
    legend = [*own, said["others"]] if len(labels) > len(own) else own
    return [when(each) for each in begins], legend, list(ends), waits


def sentence(answer: Answer, name: Namer, said: Mapping[str, str]) -> str:
    """Who waits longer than others, and whether it is more than chance."""
    return fairness_said(answer.fairness, answer.aim.seconds, partial(name, "language"), said)


class Line(NamedTuple):
    """A figure with its name; more: its interval, or ""."""

    name: str
    figure: str
    more: str = ""


def totals(answer: Answer, said: Mapping[str, str]) -> list[Line]:
    """Every figure of all rows together, shares with their intervals."""
    found = []
    for column in table.FIGURES:
        held = table.value(answer.total, column)
        more = interval(held, said) if isinstance(held, tuple) else ""
        found.append(Line(said[f"column_{column.key}"], cell(column, held), more))
    return found


def interval(share: Share, said: Mapping[str, str]) -> str:
    """Between which per cents a share lies; "" for one of none."""
    if not share[1]:
        return ""
    low, high = wilson(*share)
    return said["interval"].format(low=round(100 * low), high=round(100 * high))


def bands(answer: Answer, said: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """How long they had waited; how many waited so long; who gave up then."""
    return [
        (
            said["band"].format(begin=each.begin_s, end=each.end_s)
            if each.end_s is not None
            else said["band_open"].format(begin=each.begin_s),
            str(each.waited),
            cell(Column("", "share"), (each.gave_up, each.waited)),
        )
        for each in answer.bands
    ]


def fairness(answer: Answer, name: Namer, said: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """Language, who was not served in time, its interval, what that is beside the others."""
    return [
        (
            name("language", each.name),
            cell(Column("", "share"), each.late),
            interval(each.late, said),
            said[f"stands_{each.verdict}"],
        )
        for each in answer.fairness
    ]
