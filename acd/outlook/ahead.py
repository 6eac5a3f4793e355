"""What is believed, for the hours ahead: how many calls come when, on a day of which a part is known."""

from datetime import date, datetime, tzinfo
from typing import NamedTuple

from acd.outlook.beliefs import Beliefs, Calls, Talk
from acd.outlook.prior import QUARTER_MS, QUARTERS, Believed
from config.duties import Presence, comes, leaves
from config.schema import Centre
from routing.spans import Spans

SURE = 1e6
"""The shape of a factor that is as good as 1."""


class Seen(NamedTuple):
    """How many calls came to wait in [since_ms, until_ms) of today; epoch ms. shut: spans of it in which
    nobody was let in line, whatever the hours say."""

    since_ms: int
    until_ms: int
    calls: int
    shut: Spans = ()


NOTHING_SEEN = Seen(0, 0, 0)


def expected(believed: Believed, zone: tzinfo, begin_ms: int, end_ms: int, opening: Spans) -> list[float]:
    """Calls in each quarter of an hour from begin_ms (which begins one) until end_ms, none where we are
    closed."""
    found = []
    for at in range(begin_ms, end_ms, QUARTER_MS):
        local = datetime.fromtimestamp(at / 1000, zone)
        quarter = local.hour * 4 + local.minute // 15
        whole = believed.week[local.weekday()][quarter % QUARTERS]
        found.append(whole * _open(opening, at))
    return found


def _open(opening: Spans, begin_ms: int) -> float:
    """Whether a quarter of an hour touches the opening hours: how much of it is open is in the week
    already."""
    return float(any(begin < begin_ms + QUARTER_MS and begin_ms < end for begin, end in opening))


def between(believed: Believed, zone: tzinfo, begin_ms: int, end_ms: int, opening: Spans) -> float:
    """Calls expected in a part of a day."""
    first = begin_ms - begin_ms % QUARTER_MS
    total = 0.0
    for place, calls in enumerate(expected(believed, zone, first, end_ms, opening)):
        at = first + place * QUARTER_MS
        total += calls * max(0, min(end_ms, at + QUARTER_MS) - max(begin_ms, at)) / QUARTER_MS
    return total


def beliefs(
    believed: Believed,
    centre: Centre,
    now_ms: int,
    until_ms: int,
    opening: Spans,
    seen: Seen = NOTHING_SEEN,
    duties: tuple[Presence, ...] = (),
) -> Beliefs:
    """For [now_ms, until_ms). How busy the day is follows from what was seen of it: with a prior of mean 1
    and squared coefficient of variation v, after n calls where m were expected, Gamma(1/v + n, 1/v + m)."""
    zone, near = centre.centre.zone, tuple(each for each in opening if each[1] > now_ms - 86_400_000)[:8]
    begin_ms = now_ms - now_ms % QUARTER_MS
    prior = 1 / believed.day_variation if believed.day_variation > 1 / SURE else SURE
    due = between(believed, zone, seen.since_ms, seen.until_ms, near)
    due -= sum(between(believed, zone, begin, end, near) for begin, end in seen.shut)
    return Beliefs(
        talk=believed.talk,
        talks=tuple(Talk(*key, lasts) for key, lasts in sorted(believed.talks.items())),
        wrap_up=believed.wrap_up,
        patience_ms=believed.patience_ms,
        menu_ms=believed.menu_ms,
        phones=believed.phones,
        pauses=believed.pauses,
        calls=Calls(
            begin_ms,
            QUARTER_MS,
            tuple(expected(believed, zone, begin_ms, until_ms, near)),
            believed.shares,
            prior + seen.calls,
            prior + max(0.0, due),
            believed.second,
            centre.routing.second_language,
            centre.routing.second_language_for_it,
        ),
        leaves=leaves(duties, now_ms, until_ms),
        comes=comes(duties, now_ms, until_ms),
    )


def day(now_ms: int, zone: tzinfo) -> date:
    """The day of a time (epoch ms) where the centre is."""
    return datetime.fromtimestamp(now_ms / 1000, zone).date()
