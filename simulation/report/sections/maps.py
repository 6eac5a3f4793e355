"""The heat maps: staff by cases, one for each figure that decides."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from simulation import pictures
from simulation.report import answers
from simulation.report.document import Picture, Section, Table
from simulation.report.gather import Material
from simulation.report.numbers import NONE
from simulation.report.sections.anchors import anchors, marks
from simulation.report.wording import Voice
from simulation.runs.spread import Floats


class Map(NamedTuple):
    """A figure that a map shows; shares are written as per cent without the sign."""

    key: str
    unit: str
    less_is_better: bool


MAPS: Final = (
    Map("wait_p95", "s", True),
    Map("abandonment", "1", True),
    Map("turnaround_p90", "days", True),
    Map("utilisation", "1", True),
)


def section(material: Material, voice: Voice) -> Section:
    """Service level first, then the others as far as they were simulated."""
    known = [each.key for each in material.figures]
    listed = [Map(material.level, "1", False), *(each for each in MAPS if each.key in known)]
    named = "; ".join(f"{each.letter} {voice.name(each.case.scenario)}" for each in anchors(material))
    many = material.field.figures.shape[2]
    return Section(
        "maps",
        voice.say("maps"),
        (
            voice.say("maps_intro", n=voice.number(many), anchors=named or NONE),
            *(_picture(material, voice, each) for each in listed),
        ),
    )


def _picture(material: Material, voice: Voice, shown: Map) -> Picture:
    field, place = material.field, material.place(shown.key)
    middle = answers.means(field.figures)[..., place]
    target = next((each for each in answers.targets(material) if each.key == shown.key), None)
    met = None if target is None else target.met(middle)
    key = "level" if shown.key == material.level else shown.key
    title = voice.say(f"map_{key}", **({"variant": voice.variant(material.asked)} if key == "level" else {}))

    def written(value: float) -> str:
        return NONE if np.isnan(value) else voice.amount(value, shown.unit).rstrip("%\N{NO-BREAK SPACE}")

    people, cases = material.asked.staff.people.value, material.asked.cases.in_a_year
    notes = []
    if target is not None:
        promised = voice.target(target.value) if target.unit == "1" else voice.days(target.value)
        notes.append(voice.say("map_note_target", target=promised))
    if shown.key in ("turnaround_p90", "utilisation"):
        notes.append(voice.say(f"map_note_{shown.key}"))
    return Picture(
        f"map-{key.replace('_', '-')}",
        title,
        _alt(material, voice, shown, title, middle, None if met is None else int(met.sum())),
        pictures.heat_map(
            middle,
            field.staff,
            field.cases,
            written=written,
            name_of=voice.number,
            labels=(voice.say("axis_cases"), voice.say("axis_staff")),
            less_is_better=shown.less_is_better,
            least_range=0.1 if shown.unit == "1" else 0.0,
            met=met,
            marks=marks(material),
            asked=(int(people), cases),
        ),
        " ".join(notes),
        Table(
            voice.say("map_caption", what=title),
            (voice.say("staff"), *map(voice.number, field.cases)),
            tuple(_rows(material, voice, shown, place)),
        ),
    )


def _rows(material: Material, voice: Voice, shown: Map, place: int) -> Iterator[tuple[str, ...]]:
    scale, digits = (100, 1) if shown.unit == "1" else (1, 1)
    for number, row in zip(material.field.staff, material.field.figures[..., place], strict=True):
        each = answers.estimates(row.T)
        yield (
            voice.number(number),
            *(
                voice.number(one.mean * scale, digits)
                + ("" if np.isnan(one.low) else f" ± {voice.number(one.half_width * scale, digits)}")
                for one in each
            ),
        )


def _alt(material: Material, voice: Voice, shown: Map, title: str, middle: Floats, met: int | None) -> str:
    field = material.field
    if np.isnan(middle).all():
        return title
    high, low = np.nanargmax(middle), np.nanargmin(middle)
    best, worst = (low, high) if shown.less_is_better else (high, low)

    def values(prefix: str, where: np.intp) -> dict[str, str]:
        row, column = np.unravel_index(where, middle.shape)
        return {
            prefix: voice.with_unit(float(middle[row, column]), shown.unit),
            f"{prefix}_staff": voice.number(field.staff[row]),
            f"{prefix}_cases": voice.number(field.cases[column]),
        }

    target = (
        "" if met is None else voice.say("map_alt_met", n=voice.number(met), all=voice.number(middle.size))
    )
    return voice.say(
        "map_alt",
        what=title,
        low_staff=voice.number(field.staff[0]),
        high_staff=voice.number(field.staff[-1]),
        low_cases=voice.number(field.cases[0]),
        high_cases=voice.number(field.cases[-1]),
        target=target,
        **values("best", best),
        **values("worst", worst),
    ).strip()
