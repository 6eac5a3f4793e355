"""A report put together: its sections in their order, in one language."""

from simulation.report.document import Document
from simulation.report.gather import Material
from simulation.report.numbers import Language
from simulation.report.sections import (
    anchors,
    cells,
    curves,
    doubts,
    maps,
    scenarios,
    sources,
    staffing,
    summary,
)
from simulation.report.wording import Voice

FRAME = ("contents", "skip", "other_language", "numbers_of", "figure", "table", "page", "scrolls", "appendix")


def document(material: Material, language: Language) -> Document:
    """Everything that page and PDF show."""
    voice, asked = Voice(language), material.asked
    found = (
        summary.section(material, voice),
        anchors.section(material, voice),
        maps.section(material, voice),
        curves.section(material, voice),
        staffing.section(material, voice),
        scenarios.section(material, voice),
        cells.section(material, voice),
        doubts.section(material, voice),
        sources.figures(material, voice),
        sources.assumptions(material, voice),
        sources.validity(material, voice),
    )
    return Document(
        language,
        voice.say("title", name=voice.name(asked)),
        voice.say(
            "subtitle",
            centre=asked.house.centre.name,
            model=voice.say("with_case_work" if material.case_work else "calls_alone"),
            people=voice.number(asked.staff.people.value),
            cases=voice.number(asked.cases.in_a_year),
        ),
        sources.facts(material, voice),
        tuple(each for each in found if each is not None),
        {key: voice.template(key) for key in FRAME},
    )
