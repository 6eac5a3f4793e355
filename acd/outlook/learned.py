"""What the records of the last weeks teach: the prior, moved by what was seen, the more of it the farther.

With n observations, and a prior that counts as much as k of them ([outlook] weighs, if nothing else is said):

    mean   = n/(n+k) * observed + k/(n+k) * prior

- talks: the whole first, then each language and concern towards the whole. There k = variance within /
  variance between cells (Bühlmann 1967), the latter by the method of moments: where cells do not differ more
  than by chance k is large, and all have the whole's mean.
- calls are Gamma-Poisson: by how much more come than expected is (n + k) / (expected + k), of all calls
  first, then of each weekday's hour.
- wrap-up: as it was seen, in all languages, once k are; None where all take the same, which is all that the
  rules give.
- needs: share = (n + k * prior) / (all + k), with k = NEEDS.
- patience: waited time per caller who gave up; whoever was served before that is censored.
"""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from math import inf
from typing import Final

from acd.outlook.ahead import expected
from acd.outlook.beliefs import Lasts, Pauses, Phones, Share
from acd.outlook.prior import QUARTER_MS, Believed, Week
from acd.prospects import Observed, Seen
from routing.spans import Spans

NEEDS: Final = 100.0
CELL_LEAST: Final = 1.0
CELL_MOST: Final = 1_000.0
SCV_LEAST: Final = 0.01
SAME: Final = 0.001
"""What varies no more than this (squared coefficient of variation) is the same each time."""
ROOT3: Final = 3**0.5

Hours = dict[tuple[int, int], float]
"""Something by weekday and hour."""


def weighed(n: float, observed: float, prior: float, k: float) -> float:
    """The mean after n observations of a prior that counts as much as k."""
    return (n * observed + k * prior) / (n + k)


def moved(prior: Lasts, seen: Seen, k: float) -> Lasts:
    """A belief about durations after these."""
    if not seen.n:
        return prior
    scv = seen.variance / seen.mean**2 if seen.n > 1 and seen.mean else prior.scv
    return Lasts(
        weighed(seen.n, seen.mean, prior.mean_ms, k),
        max(SCV_LEAST, weighed(seen.n - 1, scv, prior.scv, k)),
        prior.n + seen.n,
    )


def together(some: Iterable[Seen]) -> Seen:
    """All of these durations."""
    columns = list(zip(*some, strict=True)) or [(), (), ()]
    return Seen(sum(columns[0]), sum(columns[1]), sum(columns[2]))


def credibility(cells: list[Seen]) -> float:
    """As how many observations the whole counts for a cell; inf where cells do not differ."""
    cells = [each for each in cells if each.n]
    n, whole = sum(each.n for each in cells), together(cells)
    if n <= len(cells):
        return inf
    within = sum((each.n - 1) * each.variance for each in cells) / (n - len(cells))
    apart = sum(each.n * (each.mean - whole.mean) ** 2 for each in cells) - (len(cells) - 1) * within
    spread = n - sum(each.n**2 for each in cells) / n
    return within / (apart / spread) if apart > 0 and spread > 0 else inf


def learned(prior: Believed, seen: Observed, zone: tzinfo, opening: Spans, k: float) -> Believed:
    """The prior after what was seen. opening: when we were open in that time; k: as how many observations the
    prior counts."""
    talk = moved(prior.talk, together(seen.talks.values()), k)
    cell = max(CELL_LEAST, min(CELL_MOST, credibility(list(seen.talks.values()))))
    talks = {
        need: Lasts(weighed(each.n, each.mean, talk.mean_ms, cell), talk.scv, each.n + cell)
        for need, each in seen.talks.items()
    }
    return prior._replace(
        talk=talk,
        talks=talks,
        wrap_up=_wrap_up(seen.wrap_ups, k),
        patience_ms=(seen.waited_ms + k * prior.patience_ms) / (seen.gave_up + k),
        menu_ms=weighed(seen.menus.n, seen.menus.mean, prior.menu_ms, k),
        phones=_phones(prior.phones, seen, k),
        pauses=_pauses(prior.pauses, seen, k),
        week=_week(prior, seen, zone, opening, k),
        shares=_shares(prior.shares, seen.needs),
    )


def _wrap_up(seen: Seen, k: float) -> Lasts | None:
    if seen.n < k or seen.variance <= SAME * seen.mean**2:
        return None
    return Lasts(seen.mean, seen.variance / seen.mean**2, seen.n)


def _phones(prior: Phones, seen: Observed, k: float) -> Phones:
    """Evenly between what has the same mean and variance as was seen."""
    mean = (prior.from_ms + prior.to_ms) / 2
    if not mean or not seen.answers.n:
        low, high = float(prior.from_ms), float(prior.to_ms)
    else:
        scv = ((prior.to_ms - prior.from_ms) / mean) ** 2 / 12
        lasts = moved(Lasts(mean, scv), seen.answers, k)
        half = ROOT3 * lasts.scv**0.5 * lasts.mean_ms
        low, high = max(0.0, lasts.mean_ms - half), min(lasts.mean_ms + half, prior.ring_ms)
    missed = weighed(seen.offers, seen.missed / max(seen.offers, 1), prior.missed, k)
    return Phones(int(min(low, high)), int(high), missed, prior.ring_ms)


def _pauses(prior: Pauses, seen: Observed, k: float) -> Pauses:
    every_ms = prior.every_ms
    if every_ms:
        every_ms = (seen.ready.total + k * every_ms) / (seen.pauses.n + k)
    return Pauses(every_ms, moved(prior.lasts, seen.pauses, k), moved(prior.away, seen.away, k))


def _week(prior: Believed, seen: Observed, zone: tzinfo, opening: Spans, k: float) -> Week:
    """The calls of a week, by how many more came than expected."""
    due: Hours = {}
    begin_ms = seen.since_ms - seen.since_ms % QUARTER_MS
    for place, calls in enumerate(expected(prior, zone, begin_ms, seen.until_ms, opening)):
        if calls:
            local = datetime.fromtimestamp((begin_ms + place * QUARTER_MS) / 1000, zone)
            hour = (local.weekday(), local.hour)
            due[hour] = due.get(hour, 0.0) + calls
    known = {hour: calls for hour, calls in seen.calls.items() if hour in due}
    level = (sum(known.values()) + k) / (sum(due.values()) + k)

    def factor(weekday: int, hour: int) -> float:
        here = (weekday, hour)
        return level * (known.get(here, 0) + k) / (level * due.get(here, 0.0) + k)

    return tuple(
        tuple(calls * factor(weekday, quarter // 4) for quarter, calls in enumerate(day))
        for weekday, day in enumerate(prior.week)
    )


def _shares(prior: tuple[Share, ...], needs: dict[tuple[str, str], int]) -> tuple[Share, ...]:
    before = {(each.language, each.concern): each.share for each in prior}
    everybody = sum(needs.values()) + NEEDS
    return tuple(
        Share(*need, (needs.get(need, 0) + NEEDS * before.get(need, 0.0)) / everybody)
        for need in sorted({*before, *needs})
    )
