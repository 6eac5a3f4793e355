"""The named scenarios compared: values, and differences taken year by year with the same random numbers."""

from simulation import pictures
from simulation.report import answers
from simulation.report.document import Picture, Section, Table
from simulation.report.gather import Case, Material
from simulation.report.wording import Voice
from simulation.runs.spread import Estimate

SHOWN = (
    ("abandonment", "1", "abandonment"),
    ("wait_p95", "s", "wait_short"),
    ("turnaround_p90", "days", "turnaround_p90"),
    ("utilisation", "1", "utilisation"),
    ("backlog_end", "cases", "backlog_end"),
)


def section(material: Material, voice: Voice) -> Section:
    """All of the file against the asked one."""
    others = [case for case in material.named if case.scenario.name != material.asked.name]
    name = voice.name(material.asked)
    blocks = [_values(material, voice)]
    return Section(
        "scenarios",
        voice.say("scenarios"),
        (
            voice.say("scenarios_intro", name=name),
            *([_picture(material, voice, others)] if others else []),
            *blocks,
        ),
    )


def _columns(material: Material) -> list[tuple[str, str, str]]:
    known = [each.key for each in material.figures]
    return [(material.level, "1", "level"), *(each for each in SHOWN if each[0] in known)]


def _picture(material: Material, voice: Voice, others: list[Case]) -> Picture:
    place = material.place(material.level)
    name = voice.name(material.asked)
    found = [(case, answers.differences(material, case)) for case in others]
    rows = [(voice.name(case.scenario), each[place]) for case, each in found]

    def value_of(each: Estimate) -> str:
        return voice.difference(each.mean, "1")

    columns = _columns(material)
    table = tuple(
        (
            voice.name(case.scenario),
            *(
                f"{voice.difference(each[material.place(key)].mean, unit)} "
                f"({voice.difference_interval(each[material.place(key)], unit)})"
                for key, unit, _ in columns
            ),
        )
        for case, each in found
    )
    return Picture(
        "scenario-differences",
        voice.say("scenarios_picture", name=name),
        voice.say("scenarios_alt", rows="; ".join(f"{label} {value_of(each)}" for label, each in rows)),
        pictures.intervals(
            [(_folded(label), each) for label, each in rows],
            written=lambda value: voice.difference(value, "1"),
            value_of=value_of,
            label=voice.say("scenarios_axis"),
            reference=(0.0, voice.say("same")),
        ),
        voice.say("intervals_note"),
        Table(
            voice.say("differences_caption", name=name),
            (voice.say("scenario"), *(voice.say(word) for _, _, word in columns)),
            table,
            widths=(4, *(2.6 for _ in columns)),
        ),
    )


def _folded(label: str, width: int = 34) -> str:
    """On two lines, where it is long."""
    if len(label) <= width:
        return label
    cut = label.rfind(" ", 0, width + 1)
    rest = label[cut + 1 :]
    return f"{label[:cut]}\n{rest if len(rest) <= width else rest[: rest.rfind(' ', 0, width)] + ' …'}"


def _values(material: Material, voice: Voice) -> Table:
    columns, rows = _columns(material), []
    for case in material.named:
        found = answers.estimates(case.figures)
        rows.append(
            (
                voice.name(case.scenario),
                voice.number(case.scenario.staff.people.value),
                voice.number(case.scenario.cases.in_a_year),
                *(voice.amount(found[material.place(key)].mean, unit) for key, unit, _ in columns),
            )
        )
    head = ("scenario", "staff", "cases", *(word for _, _, word in columns))
    return Table(
        voice.say("scenarios_caption"),
        tuple(voice.say(key) for key in head),
        tuple(rows),
        widths=(5.2, 1.3, 1.6, *(1.8 for _ in columns)),
    )
