"""What is believed on a new system: what the centre's file says under [outlook]."""

from typing import Final, NamedTuple

from acd.outlook.beliefs import Lasts, Pauses, Phones, Share
from config.schema import Centre
from config.tables.kinds import DAYS
from config.tables.outlook import Outlook

QUARTERS: Final = 96
QUARTER_MS: Final = 900_000
WEEKS_A_YEAR: Final = 365.25 / 7
MINUTE_MS: Final = 60_000

Week = tuple[tuple[float, ...], ...]
"""Calls expected in each quarter of an hour of each weekday, Monday first."""


class Believed(NamedTuple):
    """As in Beliefs, for any time. week: of an average week. day_variation: squared coefficient of
    variation of how busy a day is."""

    talk: Lasts
    talks: dict[tuple[str, str], Lasts]
    wrap_up: Lasts | None
    patience_ms: float
    menu_ms: float
    phones: Phones
    pauses: Pauses
    week: Week
    shares: tuple[Share, ...]
    day_variation: float
    second: float


def prior(centre: Centre) -> Believed:
    """What the file says."""
    said = centre.outlook
    pause = Lasts(said.pause_minutes * MINUTE_MS, said.pause_variation, said.weighs)
    ring_ms = centre.staffing.ring_seconds * 1000
    return Believed(
        talk=Lasts(said.talk_minutes * MINUTE_MS, said.talk_variation, said.weighs),
        talks={},
        wrap_up=None,
        patience_ms=said.patience_minutes * MINUTE_MS,
        menu_ms=said.menu_seconds * 1000.0,
        phones=Phones(
            said.answer_from_seconds * 1000,
            min(said.answer_to_seconds * 1000, ring_ms),
            said.not_answered,
            ring_ms,
        ),
        pauses=Pauses(
            said.pause_every_minutes * MINUTE_MS,
            pause,
            Lasts(said.away_minutes * MINUTE_MS, said.pause_variation, said.weighs),
        ),
        week=_week(centre, said),
        shares=_shares(centre, said),
        day_variation=said.day_variation,
        second=said.second_language,
    )


def _week(centre: Centre, said: Outlook) -> Week:
    """The calls of a year spread over the hours in which we are open: a day's by its weight, an hour's by
    its."""
    days = []
    weights: dict[str, float] = dict(said.weekday.items())
    for weekday, name in enumerate(DAYS):
        spans = [(each.begin_minute, each.end_minute) for each in centre.hours.of(weekday)]
        quarters = [
            sum(max(0, min(end, 15 * i + 15) - max(begin, 15 * i)) for begin, end in spans)
            * said.hour.get(f"{i // 4:02}", 1.0)
            for i in range(QUARTERS)
        ]
        days.append((weights.get(name, 1.0) if any(quarters) else 0.0, quarters))
    every = sum(weight for weight, _ in days)
    if not every:
        return ((0.0,) * QUARTERS,) * len(DAYS)
    scale = said.calls_per_year / WEEKS_A_YEAR / every
    return tuple(
        tuple(scale * weight * each / sum(quarters) if weight else 0.0 for each in quarters)
        for weight, quarters in days
    )


def _shares(centre: Centre, said: Outlook) -> tuple[Share, ...]:
    languages = [(each.code, 1.0 if each.share is None else each.share) for each in centre.language]
    default = 0.0 if said.concern else 1.0
    concerns = [(each.key, said.concern.get(each.key, each.share or default)) for each in centre.concern]
    total = sum(a for _, a in languages) * sum(b for _, b in concerns)
    return tuple(
        Share(language, concern, a * b / total)
        for language, a in languages
        for concern, b in concerns
        if a * b > 0
    )
