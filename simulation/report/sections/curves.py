"""The curves: service level by staff, what languages and concerns cost, the cases that the staff carry."""

from collections.abc import Iterator, Sequence

import numpy as np

from simulation import pictures
from simulation.pictures import Line
from simulation.report import answers
from simulation.report.document import Picture, Section, Table
from simulation.report.gather import Case, Material
from simulation.report.wording import Voice
from simulation.runs.spread import Estimate, Floats

SHOWN = 4
"""Numbers of cases for which a curve is drawn."""


def section(material: Material, voice: Voice) -> Section:
    """Three pictures, and the backlog where cases are worked on; their numbers with intervals beside them."""
    return Section(
        "curves",
        voice.say("curves"),
        (
            _by_cases(material, voice),
            voice.say("curve_steps"),
            _cover(material, voice),
            _carried(material, voice),
            *([_backlog(material, voice)] if material.base.backlog.shape[-1] else []),
        ),
    )


def _spread_out(cases: Sequence[float]) -> list[int]:
    """Places of at most SHOWN of the numbers, the first and the last among them."""
    return sorted({round(i) for i in np.linspace(0, len(cases) - 1, min(SHOWN, len(cases))).tolist()})


def _line(label: str, found: list[Estimate]) -> Line:
    def cut(values: Iterator[float]) -> list[float]:
        return [min(max(value, 0.0), 1.0) for value in values]

    return Line(
        label,
        [each.mean for each in found],
        [each.low for each in found],
        [each.high for each in found],
        cut(each.year_low for each in found),
        cut(each.year_high for each in found),
    )


def _levels(material: Material, rows: Floats) -> list[Estimate]:
    """By staff, of rows (staff, replication, figure)."""
    return answers.estimates(rows[..., material.place(material.level)].T)


def _target(material: Material, voice: Voice) -> tuple[float, str]:
    value = material.asked.targets.service_level.value
    return value, voice.say("map_note_target", target=voice.target(value)).split(": ")[-1].rstrip(".")


def _table(material: Material, voice: Voice, title: str, named: list[tuple[str, list[Estimate]]]) -> Table:
    many = len(named) > 1
    rows = [
        (
            *((name,) if many else ()),
            voice.number(staff),
            voice.percent(each.mean),
            voice.interval(each, "1"),
            voice.year(each, "1"),
        )
        for name, found in named
        for staff, each in zip(material.field.staff, found, strict=True)
    ]
    head = (voice.say("staff"), voice.say("mean"), voice.say("interval"), voice.say("year_range"))
    first = (voice.say("what"),) if many else ()
    return Table(voice.say("curve_caption", what=title), (*first, *head), tuple(rows))


def _by_cases(material: Material, voice: Voice) -> Picture:
    field, title = material.field, voice.say("curve_level")
    places = _spread_out(field.cases)
    found = [_levels(material, field.figures[:, place]) for place in places]
    labels = [voice.say("curve_cases", cases=voice.number(field.cases[place])) for place in places]
    ends = " ".join(
        voice.say(
            "curve_end",
            cases=voice.number(field.cases[place]),
            first=voice.percent(each[0].mean),
            last=voice.percent(each[-1].mean),
        )
        for place, each in zip(places, found, strict=True)
    )
    alt = voice.say(
        "curve_level_alt",
        low=voice.number(field.staff[0]),
        high=voice.number(field.staff[-1]),
        cases=", ".join(voice.number(field.cases[place]) for place in places),
        ends=ends,
    )
    lines = [_line(label, each) for label, each in zip(labels, found, strict=True)]
    return Picture(
        "curve-level",
        title,
        alt,
        _drawn(material, voice, lines),
        voice.say("curve_note"),
        _table(material, voice, title, list(zip(labels, found, strict=True))),
    )


def _drawn(material: Material, voice: Voice, lines: list[Line]) -> bytes:
    values = [value for line in lines for value in (*line.year_low, *line.values) if np.isfinite(value)]
    least = min([*values, material.asked.targets.service_level.value])
    return pictures.curves(
        material.field.staff,
        lines,
        written=lambda value: voice.target(round(value, 3)),
        name_of=voice.exact,
        labels=(voice.say("axis_staff"), voice.say("level")),
        target=_target(material, voice),
        bottom=max(0.0, np.floor(least * 10 - 0.3) / 10),
        top=1.0,
    )


def _cover(material: Material, voice: Voice) -> Picture:
    title, field = voice.say("curve_cover"), material.field
    real, pooled = _levels(material, material.by_staff), _levels(material, material.pooled)
    labels = voice.say("real_people"), voice.say("pooled_people")
    alt = voice.say(
        "curve_cover_alt",
        low=voice.number(field.staff[0]),
        high=voice.number(field.staff[-1]),
        cases=voice.number(material.asked.cases.in_a_year),
        first=voice.percent(real[0].mean),
        last=voice.percent(real[-1].mean),
        pooled_first=voice.percent(pooled[0].mean),
        pooled_last=voice.percent(pooled[-1].mean),
    )
    return Picture(
        "curve-cover",
        title,
        alt,
        _drawn(material, voice, [_line(labels[0], real), _line(labels[1], pooled)]),
        voice.say("curve_note"),
        _table(material, voice, title, [(labels[0], real), (labels[1], pooled)]),
    )


def _carried(material: Material, voice: Voice) -> Picture:
    field, title = material.field, voice.say("curve_carry")
    named = [(voice.say("by_formula"), [answers.capacity(material.asked, each) for each in field.staff])]
    for target in answers.targets(material):
        found = [answers.limits(material, each, target).upto or np.nan for each in field.staff]
        key = "by_level" if target.key == material.level else "by_turnaround"
        named.append((voice.say(key), found))
    low, high = voice.number(field.staff[0]), voice.number(field.staff[-1])
    simulated = " ".join(
        voice.say(
            "curve_carry_one",
            what=name,
            first=voice.number(values[0]),
            last=voice.number(values[-1]),
            low=low,
            high=high,
        )
        for name, values in named[1:]
    )
    return Picture(
        "curve-carry",
        title,
        voice.say(
            "curve_carry_alt",
            low=low,
            high=high,
            first=voice.number(named[0][1][0]),
            last=voice.number(named[0][1][-1]),
            simulated=simulated,
        ),
        pictures.curves(
            field.staff,
            [Line(name, values) for name, values in named],
            written=voice.number,
            name_of=voice.exact,
            labels=(voice.say("axis_staff"), voice.say("axis_cases")),
            bottom=0.0,
            top=max(named[0][1][-1], field.cases[-1]) * 1.05,
            smooth=(True, *(False for _ in named[1:])),
        ),
        voice.say("curve_carry_note", most=voice.number(field.cases[-1]), least=voice.number(field.cases[0])),
        Table(
            title,
            (voice.say("staff"), *(name for name, _ in named)),
            tuple(
                (voice.number(staff), *(voice.number(values[i]) for _, values in named))
                for i, staff in enumerate(field.staff)
            ),
        ),
    )


def _backlog(material: Material, voice: Voice) -> Picture:
    """Of the asked scenario, and of those with as many staff and cases that part from it the most."""
    title, base = voice.say("curve_backlog"), material.base

    def like_it(case: Case) -> bool:
        one, other = case.scenario, material.asked
        same = one.staff.people.value == other.staff.people.value
        return same and one.cases.in_a_year == other.cases.in_a_year and one.name != other.name

    def apart(case: Case) -> float:
        return float(np.abs(case.backlog.mean(0) - base.backlog.mean(0)).max())

    others = sorted(filter(like_it, material.named), key=apart, reverse=True)[: SHOWN - 1]
    shown = [(voice.name(case.scenario), answers.estimates(case.backlog)) for case in (base, *others)]
    weeks = range(1, base.backlog.shape[-1] + 1)
    lines = [
        Line(
            voice.say("curve_this") if place == 0 else _short(name),
            [each.mean for each in found],
            [each.low for each in found],
            [each.high for each in found],
            *(
                (
                    [max(each.year_low, 0.0) for each in found],
                    [each.year_high for each in found],
                )
                if place == 0
                else ()
            ),
        )
        for place, (name, found) in enumerate(shown)
    ]
    said = " ".join(
        voice.say(
            "curve_backlog_one",
            name=name,
            first=voice.number(found[0].mean),
            last=voice.number(found[-1].mean),
            most=voice.number(max(each.mean for each in found)),
        )
        for name, found in shown
    )
    rows = tuple(
        (
            voice.number(week),
            *(
                f"{voice.number(found[place].mean)} ± {voice.number(found[place].half_width)}"
                for _, found in shown
            ),
        )
        for place, week in enumerate(weeks)
    )
    return Picture(
        "curve-backlog",
        title,
        voice.say("curve_backlog_alt", curves=said),
        pictures.curves(
            list(weeks),
            lines,
            written=voice.number,
            name_of=voice.exact,
            labels=(voice.say("axis_week"), voice.say("axis_backlog")),
            bottom=0.0,
        ),
        voice.say("curve_backlog_note"),
        Table(
            voice.say("curve_backlog_caption"), (voice.say("axis_week"), *(name for name, _ in shown)), rows
        ),
    )


def _short(name: str, width: int = 22) -> str:
    """For the end of a line: its beginning, where it is long."""
    if len(name) <= width:
        return name
    cut = name.rfind(" ", 0, width)
    return f"{name[: cut if cut > 8 else width].rstrip(':,')} …"
