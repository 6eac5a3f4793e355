"""When an alarm is raised and when it is over: pure, each cause once, and never for a moment's change."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from acd.alarmed import Cause

STANDINGS_MAX: Final = 500
"""Causes that are kept at a time; one more is left out and told of."""


class Threshold(NamedTuple):
    """raised_at: from this value on it is raised, cleared_at: below it is over; falling: the other way round
    (below raised_at it is raised, from cleared_at on it is over). hold_ms: so long it has to be so."""

    raised_at: float
    cleared_at: float
    falling: bool
    hold_ms: int

    def beyond(self, value: float) -> bool:
        """Whether this value raises it."""
        return value < self.raised_at if self.falling else value >= self.raised_at

    def within(self, value: float) -> bool:
        """Whether it is over at this value."""
        return value >= self.cleared_at if self.falling else value < self.cleared_at


class Standing(NamedTuple):
    """How a cause stands. since_ms: since when it is so (epoch ms). turning_ms: since when it is about to
    change; 0: it is not. told: whether those outside know it as raised."""

    raised: bool = False
    since_ms: int = 0
    turning_ms: int = 0
    told: bool = False

    @property
    def matters(self) -> bool:
        """Whether it has to be kept."""
        return self.raised or self.told or self.turning_ms != 0


CALM: Final = Standing()


def judged(threshold: Threshold, standing: Standing, value: float | None, now: int) -> Standing:
    """How it stands with this value at `now` (epoch ms). None: not known; what is raised stays so."""
    turns = value is not None and (threshold.within(value) if standing.raised else threshold.beyond(value))
    if not turns:
        return standing._replace(turning_ms=0)
    began = standing.turning_ms or now
    if now - began < threshold.hold_ms:
        return standing._replace(turning_ms=began)
    return Standing(not standing.raised, began, 0, standing.told)


def all_judged(
    standings: Mapping[Cause, Standing],
    thresholds: Mapping[str, Threshold],
    values: Mapping[Cause, float | None],
    now: int,
) -> tuple[dict[Cause, Standing], int]:
    """How every cause stands that matters, and how many new ones there was no room for.

    thresholds: by rule; what has none any more is over. values: a cause that is not in it is calm.
    """
    found: dict[Cause, Standing] = {}
    left_out = 0
    for cause in [*standings, *(each for each in values if each not in standings)]:
        before = standings.get(cause, CALM)
        threshold = thresholds.get(cause.rule)
        if threshold is None:
            after = Standing(told=before.told, since_ms=now)
        else:
            calm = threshold.cleared_at if threshold.falling else 0.0
            after = judged(threshold, before, values.get(cause, calm), now)
        if not after.matters:
            continue
        if cause in standings or len(found) < STANDINGS_MAX:
            found[cause] = after
        else:
            left_out += 1
    return found, left_out


class Due(NamedTuple):
    """What those outside do not know yet."""

    raised: tuple[Cause, ...]
    over: tuple[Cause, ...]


def due(standings: Mapping[Cause, Standing], quiet: Callable[[Cause], bool]) -> Due:
    """What is to be told now. In quiet hours nothing is: what lasts longer is told after them, what was over
    by then never."""
    loud = [
        (cause, each) for cause, each in standings.items() if each.raised != each.told and not quiet(cause)
    ]
    return Due(
        tuple(cause for cause, each in loud if each.raised), tuple(cause for cause, each in loud if each.told)
    )


def all_told(standings: Mapping[Cause, Standing], told: Due) -> dict[Cause, Standing]:
    """The same after that was told."""
    known = {**dict.fromkeys(told.raised, True), **dict.fromkeys(told.over, False)}
    after = {cause: each._replace(told=known.get(cause, each.told)) for cause, each in standings.items()}
    return {cause: each for cause, each in after.items() if each.matters}
