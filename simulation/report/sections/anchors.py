"""The anchors: where each falls on the grid, and what it implies."""

from collections.abc import Iterator
from typing import NamedTuple

from simulation.pictures import Mark
from simulation.report import answers
from simulation.report.document import Listing, Section, Table
from simulation.report.gather import ANCHORS, Case, Field, Material
from simulation.report.numbers import NONE
from simulation.report.wording import Voice
from simulation.runs.spread import Estimate
from simulation.scenarios.posts import posts

SHOWN = (("turnaround_p90", "days"), ("utilisation", "1"))


class Anchor(NamedTuple):
    """A named scenario of what is known, and the letter by which the maps show it."""

    letter: str
    case: Case

    @property
    def staff(self) -> float:
        """Persons."""
        return self.case.scenario.staff.people.value

    @property
    def cases(self) -> float:
        """In a year."""
        return self.case.scenario.cases.in_a_year

    def where(self, field: Field) -> str:
        """The key of the words for where it falls on the grid."""
        inside = (
            field.staff[0] <= self.staff <= field.staff[-1]
            and field.cases[0] <= self.cases <= field.cases[-1]
        )
        if not inside:
            return "where_outside"
        on = self.staff in field.staff and self.cases in field.cases
        return "where_on" if on else "where_between"


def anchors(material: Material) -> tuple[Anchor, ...]:
    """Those that the file names, with letters from A on."""
    found = [case for name in ANCHORS if (case := material.case(name)) is not None]
    return tuple(Anchor(chr(ord("A") + place), case) for place, case in enumerate(found))


def marks(material: Material) -> tuple[Mark, ...]:
    """For the maps."""
    return tuple(Mark(each.letter, each.staff, each.cases) for each in anchors(material))


def section(material: Material, voice: Voice) -> Section | None:
    """None for a file without anchors."""
    listed = anchors(material)
    if not listed:
        return None
    known = [(key, unit) for key, unit in SHOWN if key in [each.key for each in material.figures]]
    rows = []
    for each in listed:
        scenario, needed = each.case.scenario, posts(each.case.scenario)
        found = answers.estimates(each.case.figures)
        rows.append(
            (
                f"{each.letter} – {voice.name(scenario)}",
                voice.number(each.staff),
                voice.number(each.cases),
                voice.number(needed.needed, 2),
                voice.number(needed.there, 2),
                _level(found[material.place(material.level)], voice),
                *(voice.amount(found[material.place(key)].mean, unit) for key, unit in known),
            )
        )
    head = ("anchor", "staff", "cases", "formula_posts", "posts_there", "level", *(key for key, _ in known))
    return Section(
        "anchors",
        voice.say("anchors"),
        (
            voice.say("anchors_intro"),
            Table(
                voice.say("anchors_caption"),
                tuple(voice.say(key) for key in head),
                tuple(rows),
                widths=(5, 1.4, 1.6, 1.6, 1.7, 3.2, *(1.8 for _ in known)),
            ),
            Listing(tuple(_sentences(material, voice, listed))),
        ),
    )


def _level(each: Estimate, voice: Voice) -> str:
    between = voice.interval(each, "1")
    return voice.percent(each.mean) if between == NONE else f"{voice.percent(each.mean)} ({between})"


def _sentences(material: Material, voice: Voice, listed: tuple[Anchor, ...]) -> Iterator[str]:
    for each in listed:
        needed = posts(each.case.scenario)
        found = answers.estimates(each.case.figures)
        level = found[material.place(material.level)]
        (promised, *_) = answers.targets(material)
        sentence = voice.say(
            "sentence_anchor",
            letter=each.letter,
            name=voice.name(each.case.scenario),
            where=voice.say(each.where(material.field)),
            needed=voice.number(needed.needed, 2),
            there=voice.number(needed.there, 2),
            share=voice.percent(level.mean),
            met=voice.say(answers.verdict(promised, level)),
        )
        if material.case_work:
            sentence += " " + voice.say(
                "sentence_anchor_cases",
                turnaround=voice.with_unit(found[material.place("turnaround_p90")].mean, "days"),
                utilisation=voice.percent(found[material.place("utilisation")].mean),
            )
        yield sentence
