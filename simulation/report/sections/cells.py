"""By language and by concern: service level, abandonment and, with case work, turnaround; counts where calls
or cases are few."""

from collections.abc import Iterator

from simulation import pictures
from simulation.report import answers
from simulation.report.document import Picture, Section, Table
from simulation.report.gather import Material
from simulation.report.numbers import NONE
from simulation.report.wording import Voice
from simulation.runs.caseload import FEW as LEAST
from simulation.runs.outcome import CELL
from simulation.runs.spread import Estimate, Floats

FEW = 30
"""Calls a year below which a share would say more than is known."""


def section(material: Material, voice: Voice) -> Section:
    """A picture and a table for each; with case work one for calls and one for cases."""
    return Section(
        "cells",
        voice.say("cells"),
        (
            voice.say("cells_intro", least=voice.number(FEW)),
            *([_left_out(material, voice)] if material.withheld else []),
            *([_of_cases(material, voice)] if material.case_work else []),
            *_pictures(material, voice),
        ),
    )


def _left_out(material: Material, voice: Voice) -> str:
    return voice.say(
        "cells_withheld",
        languages=voice.number(sum(what == "language" for what, _ in material.withheld)),
        concerns=voice.number(sum(what == "concern" for what, _ in material.withheld)),
        least=voice.number(material.asked.house.privacy.smallest_cell),
    )


def _of_cases(material: Material, voice: Voice) -> str:
    return voice.say(
        "cells_intro_cases",
        least=voice.number(LEAST),
        target=voice.days(material.asked.targets.turnaround.value),
    )


def _pictures(material: Material, voice: Voice) -> Iterator[Picture]:
    for what in ("language", "concern"):
        name_of = voice.language_name if what == "language" else voice.concern_name
        found = [
            (name_of(material.asked, key), each, rows) for key, each, rows in answers.by_cell(material, what)
        ]
        yield _picture(material, voice, what, found)
        if material.case_work:
            yield _turnaround(material, voice, what, [(name, each) for name, each, _ in found])


def _picture(
    material: Material, voice: Voice, what: str, found: list[tuple[str, list[Estimate], Floats]]
) -> Picture:
    shown = [(name, each[1]) for name, each, _ in found if each[0].mean >= FEW]
    title = voice.say(f"by_{what}")
    target = material.asked.targets.service_level.value

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
    for name, (calls, level, gone, wait, in_time, *_), rows in found:
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


def _turnaround(
    material: Material, voice: Voice, what: str, found: list[tuple[str, list[Estimate]]]
) -> Picture:
    of_cases = [(name, each[len(CELL) :]) for name, each in found]
    shown = [(name, each[2]) for name, each in of_cases if each[0].mean >= LEAST]
    title = voice.say(f"turnaround_by_{what}")
    target = material.asked.targets.turnaround.value

    def value_of(each: Estimate) -> str:
        return voice.amount(each.mean, "days")

    return Picture(
        f"turnaround-by-{what}",
        title,
        voice.say("by_alt", what=title, rows="; ".join(f"{name} {value_of(each)}" for name, each in shown)),
        pictures.intervals(
            [(name, each._replace(year_low=max(each.year_low, 0.0))) for name, each in shown],
            written=voice.number,
            value_of=value_of,
            label=voice.say("turnaround_p90"),
            reference=(target, voice.days(target)),
        ),
        voice.say("intervals_note"),
        Table(
            voice.say("turnaround_cells_caption", what=title),
            tuple(
                voice.say(key)
                for key in (what, "cases", "turnaround_median", "turnaround_p90", "done_in_time")
            ),
            tuple(_case_rows(voice, of_cases)),
            widths=(3.2, 1.6, 3.2, 3.2, 3.2),
        ),
    )


def _case_rows(voice: Voice, found: list[tuple[str, list[Estimate]]]) -> Iterator[tuple[str, ...]]:
    for name, (opened, median, most, within, due, in_time) in found:
        many = voice.number(opened.mean, 0 if opened.mean >= LEAST else 1)
        days = tuple(
            f"{voice.amount(each.mean, 'days')} ({voice.interval(each, 'days')})"
            if opened.mean >= LEAST
            else NONE
            for each in (median, most)
        )
        if due.mean >= LEAST:
            share = f"{voice.percent(within.mean)} ({voice.interval(within, '1')})"
        else:
            counts = (voice.number(each.mean, 1) for each in (in_time, due))
            share = voice.say("of_calls", **dict(zip(("n", "all"), counts, strict=True)))
        yield (name, many, *days, share)
