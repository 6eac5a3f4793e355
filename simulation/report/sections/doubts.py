"""On which assumptions the answers hang: each varied alone, the largest effects first."""

from typing import Final, NamedTuple

from simulation import pictures
from simulation.report import answers
from simulation.report.document import Picture, Section, Table
from simulation.report.gather import Effect, Material
from simulation.report.names import quantity_name
from simulation.report.wording import Voice
from simulation.runs.spread import Estimate

SHOWN: Final = 12


class Swing(NamedTuple):
    """What an assumption at its low and at its high value does to a figure."""

    effect: Effect
    low: Estimate
    high: Estimate

    @property
    def size(self) -> float:
        """The larger of the two."""
        return max(abs(self.low.mean), abs(self.high.mean))


def section(material: Material, voice: Voice) -> Section | None:
    """A picture for each figure that has a target; None where nothing was varied."""
    if not material.effects:
        return None
    by = voice.target(material.share)
    return Section(
        "doubts",
        voice.say("doubts"),
        (
            voice.say("doubts_intro", n=voice.number(len(material.effects)), by=by),
            *(_picture(material, voice, target) for target in answers.targets(material)),
        ),
    )


def swings(material: Material, key: str) -> list[Swing]:
    """Of a figure, the largest first; year by year against the asked scenario."""
    place, base = material.place(key), material.base.figures
    found = [
        Swing(
            each,
            answers.estimates((each.low - base)[:, [place]])[0],
            answers.estimates((each.high - base)[:, [place]])[0],
        )
        for each in material.effects
    ]
    return sorted((each for each in found if each.size == each.size), key=lambda each: -each.size)


def _picture(material: Material, voice: Voice, target: answers.Target) -> Picture:
    found = swings(material, target.key)[:SHOWN]
    what = "level" if target.key == material.level else "turnaround"
    unit = target.unit
    title = voice.say(f"doubts_{what}")

    def named(each: Swing) -> str:
        return quantity_name(material.asked, each.effect.varied.key, voice.language)

    rows = tuple(
        (
            named(each),
            voice.exact(each.effect.varied.value),
            voice.exact(round(each.effect.varied.low, 6)),
            _change(voice, each.low, unit),
            voice.exact(round(each.effect.varied.high, 6)),
            _change(voice, each.high, unit),
        )
        for each in found
    )
    said = "; ".join(
        f"{named(each)}: {voice.difference(each.low.mean, unit)} / {voice.difference(each.high.mean, unit)}"
        for each in found
    )
    return Picture(
        f"doubts-{what}",
        title,
        voice.say("doubts_alt", what=title, rows=said),
        pictures.swings(
            [(named(each), each.low, each.high) for each in found],
            written=lambda value: voice.difference(value, unit),
            label=voice.say("scenarios_axis" if unit == "1" else "days"),
            names=(voice.say("doubts_low"), voice.say("doubts_high")),
        ),
        voice.say("doubts_note"),
        Table(
            voice.say("doubts_caption", what=title),
            tuple(
                voice.say(key) for key in ("assumed", "value", "low_value", "effect", "high_value", "effect")
            ),
            rows,
            widths=(4.4, 1.1, 1.1, 2.8, 1.1, 2.8),
        ),
    )


def _change(voice: Voice, each: Estimate, unit: str) -> str:
    return f"{voice.difference(each.mean, unit)} ({voice.difference_interval(each, unit)})"
