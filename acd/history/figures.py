"""The figures of a group of visits, from its sums. A share is (met, out of)."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Final, NamedTuple

from acd.history import sums
from acd.history.sums import Cell, bin_of, seconds_of
from routing import facts
from routing.service_level import VARIANTS, service_level

ANSWERED, GAVE_UP, TURNED_AWAY, OTHER = "answered", "gave_up", "turned_away", "other"
SIDES: Final = (ANSWERED, GAVE_UP, TURNED_AWAY, OTHER)
DUE: Final = (sums.KEPT, sums.LATE, sums.NOT_THERE, sums.BROKEN)
"""Promises that were ours to keep; who was called and never there was called as promised."""
BANDS_S: Final = (0, 5, 20, 60, 120, 300, 600)
"""Where the bands of waits begin by which giving up is told."""

Histogram = Mapping[int, int]
Share = tuple[int, int]


class Aim(NamedTuple):
    """What the service level asks for (config [service_level]): answered within `seconds`; who leaves before
    short_seconds is told apart. variant: the one that the centre goes by."""

    variant: str
    seconds: int
    short_seconds: int


def side_of(cell: Cell) -> str:
    """What a cell's visits are to the service level."""
    if cell.served_by not in (sums.NOBODY, sums.OUTSIDE):
        return ANSWERED
    if cell.outcome in (facts.ABANDONED_QUEUE, facts.ABANDONED_RINGING):
        return GAVE_UP
    return TURNED_AWAY if cell.outcome == facts.TURNED_AWAY else OTHER


class Group:
    """Sums of visits that stand together: waits and counts, by side."""

    def __init__(self) -> None:
        self._waits: dict[str, dict[int, int]] = {side: {} for side in SIDES}
        self._counts: Counter[str] = Counter()

    def wait(self, side: str, bin: int, n: int) -> None:
        """So many waited so long."""
        bins = self._waits[side]
        bins[bin] = bins.get(bin, 0) + n

    def count(self, counts: Mapping[str, int]) -> None:
        """Put these to what is there (sums.COUNTS)."""
        self._counts.update(counts)

    def take(self, other: "Group") -> None:
        """Put another group to this one."""
        self.count(other._counts)
        for side, bins in other._waits.items():
            for bin, n in bins.items():
                self.wait(side, bin, n)

    def waits(self, *sides: str) -> dict[int, int]:
        """How often which wait of who queued, of these sides or of all."""
        found: dict[int, int] = {}
        for side in sides or SIDES:
            if not found:
                found = dict(self._waits[side])
                continue
            for bin, n in self._waits[side].items():
                found[bin] = found.get(bin, 0) + n
        return found

    def __getitem__(self, count: str) -> int:
        return self._counts[count]


class Figures(NamedTuple):
    """Of one group. Waits and durations in s, None where there are none; "within" is of the aim.

    abandoned: who gave up, short ones too. levels: by variant. resolved: of who was answered and is known,
    who did not call again within a week. repeats: of who is known, who had called within a week. kept: of
    promised calls, who was called as promised. held: of waits that were told, which held. case_asked: who
    asked in what state their case is. content: of who heard it, who hung up with that.
    """

    visits: int
    queued: int
    answered: int
    abandoned: int
    short: int
    turned_away: int
    levels: Mapping[str, Share]
    p50: float | None
    p90: float | None
    p95: float | None
    longest: float | None
    mean_wait: float | None
    handle: float | None
    resolved: Share
    repeats: Share
    kept: Share
    held: Share
    case_asked: int
    content: Share


def figures(group: Group, aim: Aim) -> Figures:
    """All figures of a group."""
    answered, gave_up = group.waits(ANSWERED), group.waits(GAVE_UP)
    away, everybody = group.waits(TURNED_AWAY), group.waits()
    within = 2 * aim.seconds
    counts = (
        _count(answered),
        _count(answered, lambda bin: bin <= within),
        _count(gave_up) + _count(away),
        _count(gave_up, lambda bin: bin <= within),
    )
    talks = group[sums.TALKS]
    p50, p90, p95, longest = quantiles(everybody, 0.5, 0.9, 0.95, 1.0)
    return Figures(
        visits=group[sums.VISITS],
        queued=_count(everybody),
        answered=counts[0],
        abandoned=_count(gave_up),
        short=_count(gave_up, lambda bin: bin < 2 * aim.short_seconds),
        turned_away=_count(away),
        levels={name: service_level(name, *counts) for name in VARIANTS},
        p50=p50,
        p90=p90,
        p95=p95,
        longest=longest,
        mean_wait=mean(answered),
        handle=(group[sums.TALK_MS] + group[sums.WRAP_UP_MS]) / 1000 / talks if talks else None,
        resolved=(group[sums.HELPED] - group[sums.AGAIN], group[sums.HELPED]),
        repeats=(group[sums.REPEATS], group[sums.KNOWN]),
        kept=(group[sums.KEPT] + group[sums.NOT_THERE], sum(group[each] for each in DUE)),
        held=(group[facts.HELD], group[facts.HELD] + group[facts.MISSED]),
        case_asked=group[sums.CASE_ASKED],
        content=(group[sums.CASE_ENOUGH], group[sums.CASE_HEARD]),
    )


def quantiles(bins: Histogram, *shares: float) -> list[float | None]:
    """The waits (s) that these shares of them did not pass; None of none."""
    order = sorted(bins)
    reached = list(accumulate(bins[bin] for bin in order))
    if not reached or not reached[-1]:
        return [None for _ in shares]
    return [seconds_of(order[bisect_left(reached, share * reached[-1])]) for share in shares]


def mean(bins: Histogram) -> float | None:
    """The mean (s), None of none."""
    total = _count(bins)
    return sum(seconds_of(bin) * n for bin, n in bins.items()) / total if total else None


class Band(NamedTuple):
    """Waits from `begin_s` to `end_s` (None: open): how many waited so long, and of these who gave up."""

    begin_s: int
    end_s: int | None
    waited: int
    gave_up: int


def by_wait(group: Group) -> list[Band]:
    """Giving up by how long they had waited: of who still waited when a band began."""
    everybody, gave_up = group.waits(), group.waits(GAVE_UP)
    found = []
    for begin, end in zip(BANDS_S, (*BANDS_S[1:], None), strict=True):
        first, last = bin_of(begin * 1000), None if end is None else bin_of(end * 1000)
        waited = _count(everybody, lambda bin, first=first: bin >= first)  # type: ignore[misc]
        left = _count(
            gave_up,
            lambda bin, first=first, last=last: bin >= first and (last is None or bin < last),  # type: ignore[misc]
        )
        found.append(Band(begin, end, waited, left))
    return found


def _count(bins: Histogram, which: Callable[[int], bool] | None = None) -> int:
    return sum(bins.values()) if which is None else sum(n for bin, n in bins.items() if which(bin))
