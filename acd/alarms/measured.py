"""What the alarms go by: for each rule the value of all it is about, from one look at the house. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from acd.alarmed import CELLS_MAX, Cause
from acd.alarms.coverage import Cell, Fewest
from acd.alarms.judged import Threshold
from acd.prospects import BEYOND, Waits
from config.tables.alarm import BY_PART, Alarm
from routing.visit import OUTBOUND, WAITING
from routing.world import World

MINUTE_MS: Final = 60_000
NOBODY_WAITS: Final = "nobody waits"
"""Waits.state where there is nothing to expect; in the others it is not known."""


class Gone(NamedTuple):
    """Of callers who waited and are gone by now: how many, and how many of these gave up."""

    callers: int
    gave_up: int


class Scene(NamedTuple):
    """The house at `now_ms`. horizon_ms: of the outlook. gone: by how many minutes it looks back, then by
    cell; None where the records do not say. fewest: who could serve, by how many minutes it looks ahead; none
    while that is not worked out. health: of the daemon's parts."""

    now_ms: int
    world: World
    waits: Waits
    horizon_ms: int
    gone: Mapping[int, Mapping[Cell, Gone] | None]
    fewest: Mapping[int, Fewest]
    health: Mapping[str, str]


class Measured(NamedTuple):
    """A value, and what it comes from (as in OpenAlarm). None: not known."""

    value: float | None
    cells: tuple[Cell, ...] = ()
    more: int = 0
    at_ms: int = 0


NOT_KNOWN: Final = Measured(None)


def threshold(rule: Alarm) -> Threshold:
    """Where a rule raises its alarms."""
    return Threshold(rule.raised_at, rule.cleared_at, rule.falling, rule.seconds * 1000)


def measured(rules: Iterable[Alarm], scene: Scene, known: Iterable[Cause]) -> dict[Cause, Measured]:
    """Every cause's value; a cause that is not in it is calm. known: those that are raised: where nothing is
    known of a rule, nothing is of them."""
    found: dict[Cause, Measured] = {}
    before = list(known)
    for rule in rules:
        values = _KINDS[rule.kind](rule, scene)
        if values is None:
            values = {cause: NOT_KNOWN for cause in before if cause.rule == rule.name}
        found |= values
    return found


def concerns(rule: Alarm, cell: Cell) -> bool:
    """Whether a rule is about these callers."""
    return rule.language in ("", cell[0]) and rule.concern in ("", cell[1])


def cause(rule: Alarm, cell: Cell) -> Cause:
    """Under which alarm of a rule these callers come."""
    language = cell[0] if "language" in rule.each else rule.language
    return Cause(rule.name, language, cell[1] if "concern" in rule.each else rule.concern)


def _longest_wait(rule: Alarm, scene: Scene) -> dict[Cause, Measured]:
    waiting = (each for each in scene.world.visits.values() if each.state == WAITING)
    return _highest(
        rule,
        (
            ((each.language, each.concern), (scene.now_ms - each.queued_ms) / MINUTE_MS)
            for each in waiting
            if each.kind not in OUTBOUND
        ),
    )


def _expected_wait(rule: Alarm, scene: Scene) -> dict[Cause, Measured] | None:
    waits = scene.waits
    if not waits.at_ms:
        return {} if waits.state == NOBODY_WAITS else None
    return _highest(
        rule,
        (
            (
                (each.language, each.concern),
                (scene.horizon_ms if each.q50_ms == BEYOND else each.q50_ms) / MINUTE_MS,
            )
            for each in waits.callers
        ),
    )


def _overdue(rule: Alarm, scene: Scene) -> dict[Cause, Measured] | None:
    """Promises to call, and messages that nobody heard. Who is dialled just now is not late."""
    if not scene.world.open:
        return None
    promised = (
        each for each in scene.world.visits.values() if each.state == WAITING and each.kind in OUTBOUND
    )
    return _highest(
        rule,
        (
            (
                (each.language, each.concern),
                (scene.now_ms - (each.until_ms or max(each.due_ms, each.queued_ms))) / MINUTE_MS,
            )
            for each in promised
        ),
    )


def _abandonment(rule: Alarm, scene: Scene) -> dict[Cause, Measured] | None:
    gone = scene.gone.get(rule.minutes)
    if gone is None:
        return None
    sums: dict[Cause, list[int]] = {}
    by_cell: dict[Cause, list[tuple[int, Cell]]] = {}
    for cell, (callers, gave_up) in gone.items():
        if callers and concerns(rule, cell):
            total = sums.setdefault(cause(rule, cell), [0, 0])
            total[0] += callers
            total[1] += gave_up
            if gave_up:
                by_cell.setdefault(cause(rule, cell), []).append((-gave_up, cell))
    found = {}
    for each, (callers, gave_up) in sums.items():
        cells = [cell for _, cell in sorted(by_cell.get(each, []))]
        share = 100 * gave_up / callers if callers >= rule.callers else None
        found[each] = Measured(share, *_named(cells))
    return found


def _coverage(rule: Alarm, scene: Scene) -> dict[Cause, Measured] | None:
    fewest = scene.fewest.get(rule.minutes)
    if fewest is None:
        return None
    found: dict[Cause, list[tuple[int, int, Cell]]] = {}
    for cell, (people, at) in fewest.items():
        if concerns(rule, cell):
            found.setdefault(cause(rule, cell), []).append((people, at, cell))
    worst: dict[Cause, Measured] = {}
    for each, values in found.items():
        people, at, _ = min(values)
        short = [cell for count, _, cell in sorted(values) if count < rule.cleared_at]
        worst[each] = Measured(people, *_named(short), at)
    return worst


def _parts(rule: Alarm, scene: Scene) -> dict[Cause, Measured]:
    return {
        Cause(rule.name, part=part): Measured(1.0)
        for part, said in scene.health.items()
        if said != "ok" and (not rule.parts or part in rule.parts)
    }


def _highest(rule: Alarm, values: Iterable[tuple[Cell, float]]) -> dict[Cause, Measured]:
    """The highest value of each cause, and the cells that are not calm, the highest first."""
    highest: dict[Cause, dict[Cell, float]] = {}
    for cell, value in values:
        if concerns(rule, cell):
            cells = highest.setdefault(cause(rule, cell), {})
            cells[cell] = max(value, cells.get(cell, 0.0))
    found = {}
    for each, cells in highest.items():
        order = sorted(cells, key=lambda cell: (-cells[cell], cell))
        found[each] = Measured(cells[order[0]], *_named([c for c in order if cells[c] >= rule.cleared_at]))
    return found


def _named(cells: Sequence[Cell]) -> tuple[tuple[Cell, ...], int]:
    return tuple(cells[:CELLS_MAX]), max(0, len(cells) - CELLS_MAX)


_KINDS: Final[Mapping[str, Callable[[Alarm, Scene], dict[Cause, Measured] | None]]] = {
    "longest_wait": _longest_wait,
    "expected_wait": _expected_wait,
    "abandonment": _abandonment,
    "coverage": _coverage,
    "overdue": _overdue,
    BY_PART: _parts,
}
