"""By language and by concern: service level and abandonment, counts where calls are few."""

from collections.abc import Iterator

from simulation import pictures
from simulation.report import answers
from simulation.report.document import Picture, Section, Table
from simulation.report.gather import Material
from simulation.report.wording import Voice
from simulation.runs.spread import Estimate, Floats

FEW = 30
"""Calls a year below which a share would say more than is known."""


def section(material: Material, voice: Voice) -> Section:
    """A picture and a table for each."""
    return Section(
        "cells",
        voice.say("cells"),
        (
            voice.say("cells_intro", least=voice.number(FEW)),
            *([_left_out(material, voice)] if material.withheld else []),
            *(_picture(material, voice, what) for what in ("language", "concern")),
        ),
    )


def _left_out(material: Material, voice: Voice) -> str:
    return voice.say(
        "cells_withheld",
        languages=voice.number(sum(what == "language" for what, _ in material.withheld)),
        concerns=voice.number(sum(what == "concern" for what, _ in material.withheld)),
        least=voice.number(material.asked.house.privacy.smallest_cell),
    )


def _picture(material: Material, voice: Voice, what: str) -> Picture:
    asked = material.asked
    name_of = voice.language_name if what == "language" else voice.concern_name
    found = [(name_of(asked, key), each, rows) for key, each, rows in answers.by_cell(material, what)]
    shown = [(name, each[1]) for name, each, _ in found if each[0].mean >= FEW]
    title = voice.say(f"by_{what}")
    target = asked.targets.service_level.value

    def value_of(each: Estimate) -> str:
        return voice.percent(each.mean)

    return Picture(
        f"by-{what}",
        title,
        voice.say("by_alt", what=title, rows="; ".join(f"{name} {value_of(each)}" for name, each in shown)),
        pictures.intervals(
            [(name, _cut(each)) for name, each in shown],
            written=lambda value: voice.target(round(value, 3)),
            value_of=value_of,
            label=voice.say("level"),
            reference=(target, voice.target(target)),
        ),
        voice.say("intervals_note"),
        Table(
            voice.say("cells_caption", what=title),
            tuple(voice.say(key) for key in (what, "calls", "level", "abandonment", "mean_wait")),
            tuple(_rows(voice, found)),
            widths=(3.2, 1.6, 3.2, 3.2, 2.2),
        ),
    )


def _cut(each: Estimate) -> Estimate:
    """No year lies beyond 0 and 1."""
    return each._replace(year_low=max(each.year_low, 0.0), year_high=min(each.year_high, 1.0))


def _rows(voice: Voice, found: list[tuple[str, list[Estimate], Floats]]) -> Iterator[tuple[str, ...]]:
    for name, (calls, level, gone, wait, in_time), rows in found:
        many = voice.number(calls.mean, 0 if calls.mean >= FEW else 1)
        if calls.mean >= FEW:
            shares = tuple(
                f"{voice.percent(each.mean)} ({voice.interval(each, '1')})" for each in (level, gone)
            )
        else:
            left = answers.estimates((rows[:, 0] * rows[:, 2])[:, None])[0].mean
            shares = tuple(
                voice.say("of_calls", n=voice.number(each if each == each else 0.0, 1), all=many)
                for each in (in_time.mean, left)
            )
        yield (name, many, *shares, voice.amount(wait.mean, "s"))
