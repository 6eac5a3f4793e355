"""The alarms in the daemon: looks regularly, shows what is raised, and tells each change on all ways out."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from acd.alarmed import Cause, News, OpenAlarm, Way
from acd.alarms import kept
from acd.alarms.apart import merged
from acd.alarms.coverage import Cell, Fewest, fewest
from acd.alarms.judged import STANDINGS_MAX, Due, Standing, all_judged, all_told, due
from acd.alarms.measured import MINUTE_MS, NOT_KNOWN, Gone, Measured, Scene, measured, threshold
from acd.prospects import Waits
from agents.model import Agent
from config.duties import Presence
from config.schema import Centre
from config.tables.alarm import Alarm
from routing.policy import Policy
from routing.privacy import Apart, servers
from routing.world import Person, World

LOOK_S: Final = 2.0
"""So often it looks."""
RECORDS_EVERY_MS: Final = 30_000
RECORDS_S: Final = 5.0
DUTIES_EVERY_MS: Final = 300_000
COVERAGE_EVERY_MS: Final = 30_000
"""So old may be what the records, the duty roster and coverage say; how long the records have to answer."""
AHEAD_MS: Final = 2 * 86_400_000
"""Of a year's roster so much is looked at: more than any alarm looks ahead."""

log = structlog.get_logger(__name__)


class Doors(NamedTuple):
    """What the alarms need of the daemon. still: whether the world may be looked at just now. gone: what
    became of who called since then (epoch ms); may fail, or take its time. duties: as the roster's file is
    now. apart: what may stand alone on walls; told_apart: in what leaves the house. changed: to be
    told that others are raised."""

    still: Callable[[], bool]
    world: Callable[[], World]
    now_ms: Callable[[], int]
    centre: Callable[[], Centre]
    waits: Callable[[], Waits]
    gone: Callable[[int], Awaitable[Mapping[Cell, tuple[int, int]]]]
    duties: Callable[[Centre], Awaitable[Sequence[Presence]]]
    health: Callable[[], Mapping[str, str]]
    apart: Callable[[], Apart]
    told_apart: Callable[[], Apart]
    changed: Callable[[], None]


class Alarms:
    """path: the file of how they stand. ways: out of the house, added before it runs. trouble: what is
    wrong, or ""."""

    def __init__(self, doors: Doors, path: Path, ways: Sequence[Way] = ()) -> None:
        self._doors = doors
        self._path = path
        self._ways = tuple(ways)
        self.trouble = ""
        self._standings: dict[Cause, Standing] = kept.read(path)
        self._kept = dict(self._standings)
        self._values: dict[Cause, Measured] = {}
        self._open: tuple[OpenAlarm, ...] = ()
        self._over: dict[Cause, OpenAlarm] = {}
        self._gone: dict[int, tuple[int, Mapping[Cell, Gone] | None]] = {}
        self._duties: tuple[int, Centre | None, Sequence[Presence]] = (0, None, ())
        self._able: tuple[object, Mapping[Cell, frozenset[str]] | None] = (None, None)
        self._coverage: tuple[int, object, Mapping[int, Fewest]] = (0, None, {})
        self._testing = asyncio.Lock()

    def open(self) -> tuple[OpenAlarm, ...]:
        """What is raised, the longest first: for who sees the staff."""
        return self._open

    def outside(self) -> tuple[OpenAlarm, ...]:
        """The same for everybody else who looks: walls."""
        return merged(self._open, self._doors.apart())

    async def look(self) -> None:
        """Once: measure, judge, show and tell. Raises OSError where nothing can be kept; it is told all the
        same, and tried again."""
        if not self._doors.still():
            return
        rules = {each.name: each for each in self._doors.centre().alarm}
        now = self._doors.now_ms()
        before = self._standings
        scene = await self._scene()
        if scene is None:
            return
        self._values = measured(rules.values(), scene, before)
        thresholds = {name: threshold(each) for name, each in rules.items()}
        values = {cause: each.value for cause, each in self._values.items()}
        standings, left_out = all_judged(before, thresholds, values, now)
        self.trouble = f"more than {STANDINGS_MAX} alarms at a time: {left_out} left out" if left_out else ""
        self._show(standings, rules)
        news = due(standings, partial(self._quiet, rules, now, scene.world.open))
        if news != ((), ()):
            self._tell(news, rules, now)
        self._standings = all_told(standings, news)
        self._over = {cause: each for cause, each in self._over.items() if cause in self._standings}
        if (lasting := _lasting(self._standings)) != self._kept:
            await asyncio.to_thread(kept.write, self._path, lasting)
            self._kept = lasting

    async def test(self) -> dict[str, str]:
        """Send a test on every way, and say by way that is used what came of it: "ok" or why not. Raises
        Busy."""
        if self._testing.locked():
            raise Busy
        async with self._testing:
            news = News(self._doors.now_ms(), test=True)
            said = await asyncio.gather(*(way.tried(news) for way in self._ways))
        return {way.name: each for way, each in zip(self._ways, said, strict=True) if each}

    # --- what it goes by -----------------------------------------------------------------------------

    async def _scene(self) -> Scene | None:
        """Everything of one moment; what has to be asked for is asked before. None: not just now."""
        centre, now = self._doors.centre(), self._doors.now_ms()
        minutes = {each.minutes for each in centre.alarm if each.kind == "abandonment"}
        for each in minutes:
            await self._ask_gone(each, now)
        self._gone = {each: self._gone[each] for each in minutes}
        covered = await self._fewest(centre, now)
        if not self._doors.still():
            return None
        return Scene(
            self._doors.now_ms(),
            self._doors.world(),
            self._doors.waits(),
            centre.outlook.horizon_minutes * MINUTE_MS,
            {each: found for each, (_, found) in self._gone.items()},
            covered,
            self._doors.health(),
        )

    async def _fewest(self, centre: Centre, now: int) -> Mapping[int, Fewest]:
        """Beside the loop: a large centre's roster takes its time. Anew if other people are at work, and at
        least every COVERAGE_EVERY_MS."""
        minutes = sorted({each.minutes for each in centre.alarm if each.kind == "coverage"})
        if not minutes:
            return {}
        presences = await self._presences(centre, now)
        able = await self._able_to(centre)
        world = self._doors.world()
        if able is None or world.policy is None or not self._doors.still():
            return {}
        here = frozenset(key for key, each in world.people.items() if each.at_work)
        of = (self._able[0], world.policy_digest, here, id(presences), tuple(minutes))
        at, before, found = self._coverage
        if of != before or now >= at + COVERAGE_EVERY_MS:
            work = partial(_all_fewest, world.policy, able, here, presences, now, minutes)
            found = await asyncio.to_thread(work)
            self._coverage = (now, of, found)
        return found

    async def _ask_gone(self, minutes: int, now: int) -> None:
        at, found = self._gone.get(minutes, (0, None))
        if at and now < at + RECORDS_EVERY_MS:
            return
        try:
            async with asyncio.timeout(RECORDS_S):
                rows = await self._doors.gone(now - minutes * MINUTE_MS)
            found = {cell: Gone(*each) for cell, each in rows.items()}
        except Exception as fault:  # noqa: BLE001 the databases' own faults differ by driver
            log.warning("who gave up is not known", error=type(fault).__name__)
            found = None
        self._gone[minutes] = (now, found)

    async def _presences(self, centre: Centre, now: int) -> Sequence[Presence]:
        at, of, found = self._duties
        if of is not centre or now >= at + DUTIES_EVERY_MS:
            whole = await self._doors.duties(centre)
            found = [each for each in whole if each.end_ms > now and each.begin_ms < now + AHEAD_MS]
            self._duties = (now, centre, found)
        return found

    async def _able_to(self, centre: Centre) -> Mapping[Cell, frozenset[str]] | None:
        """Who could serve each need by their skills: worked out beside the loop when these are others."""
        world = self._doors.world()
        if (policy := world.policy) is None:
            return None
        people = list(world.people.values())
        of: tuple[object, ...] = (world.policy_digest, centre, *(each.agent for each in people))
        if self._able[0] != of:
            cells = [(tongue, each) for tongue in centre.languages for each in centre.concerns]
            agents = [each.agent for each in people]
            self._able = (of, await asyncio.to_thread(_able, policy, agents, cells))
        return self._able[1]

    # --- what comes of it ----------------------------------------------------------------------------

    def _quiet(self, rules: Mapping[str, Alarm], now: int, is_open: bool, cause: Cause) -> bool:
        rule = rules.get(cause.rule)
        if rule is None:
            return False
        at = datetime.fromtimestamp(now / 1000, UTC).astimezone(self._doors.centre().centre.zone)
        minute = at.hour * 60 + at.minute
        if any(span.begin_minute <= minute < span.end_minute for span in rule.quiet):
            return True
        return rule.quiet_closed and not is_open

    def _show(self, standings: Mapping[Cause, Standing], rules: Mapping[str, Alarm]) -> None:
        last = {each.cause: each for each in self._open}
        shown = [
            _opened(cause, rules[cause.rule], each, self._values.get(cause, NOT_KNOWN), last.get(cause))
            for cause, each in standings.items()
            if each.raised and cause.rule in rules
        ]
        now_open = tuple(sorted(shown, key=lambda each: (each.since_ms, each.cause)))
        causes = {each.cause for each in now_open}
        self._over |= {cause: each for cause, each in last.items() if cause not in causes}
        if now_open != self._open:
            self._open = now_open
            self._doors.changed()

    def _tell(self, due_now: Due, rules: Mapping[str, Alarm], now: int) -> None:
        raised, over = due_now
        shown = {each.cause: each for each in self._open}
        gone = [self._over.get(cause) or _unseen(cause, rules.get(cause.rule), now) for cause in over]
        apart = self._doors.told_apart()
        news = News(now, merged([shown[cause] for cause in raised], apart), merged(gone, apart))
        for cause in (*raised, *over):
            log.info("alarm", now="raised" if cause in shown else "over", **cause._asdict())
        for way in self._ways:
            way.tell(news)


class Busy(Exception):
    """Somebody tries the ways at this moment."""


def _lasting(standings: Mapping[Cause, Standing]) -> dict[Cause, Standing]:
    """What a restart has to know."""
    return {
        cause: each._replace(turning_ms=0) for cause, each in standings.items() if each.raised or each.told
    }


def _opened(
    cause: Cause, rule: Alarm, standing: Standing, found: Measured, last: OpenAlarm | None
) -> OpenAlarm:
    """As it is shown, in whole minutes, percent and people; where its value is not known just now, with the
    last one."""
    if found.value is not None:
        seen = found._replace(value=float(int(found.value)))
    elif last is not None:
        seen = Measured(last.value, last.cells, last.more, last.at_ms)
    else:
        seen = Measured(rule.raised_at)
    value = seen.value or 0.0
    limit, since = rule.raised_at, standing.since_ms
    return OpenAlarm(
        cause, rule.kind, since, value, limit, seen.cells, seen.more, seen.at_ms, rule.de, rule.en
    )


def _unseen(cause: Cause, rule: Alarm | None, now: int) -> OpenAlarm:
    """One that was raised before the daemon began, and is over; rule: None where the file has it no more."""
    kind, limit = (rule.kind, rule.raised_at) if rule is not None else ("", 0.0)
    de, en = (rule.de, rule.en) if rule is not None else (cause.rule, cause.rule)
    return OpenAlarm(cause, kind, now, limit, limit, (), 0, 0, de, en)


def _able(policy: Policy, agents: Sequence[Agent], cells: Sequence[Cell]) -> Mapping[Cell, frozenset[str]]:
    people = [Person(each) for each in agents]
    return {cell: servers(policy, people, *cell) for cell in cells}


def _all_fewest(
    policy: Policy,
    able: Mapping[Cell, frozenset[str]],
    here: frozenset[str],
    presences: Sequence[Presence],
    now: int,
    minutes: Sequence[int],
) -> Mapping[int, Fewest]:
    return {each: fewest(policy, able, here, presences, now, now + each * MINUTE_MS) for each in minutes}
