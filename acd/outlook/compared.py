"""What would be otherwise: the same futures without and with changes, drawn by the same chance."""

from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from functools import partial
from math import sqrt
from statistics import fmean, stdev
from typing import Final, NamedTuple

from acd.outlook.asked import Changes, Levels
from acd.outlook.drawn import Drawn
from acd.outlook.future import Course, Extra, Future, Leave
from acd.outlook.quantiles import quantile
from acd.outlook.scene import Scene
from acd.prospects import Compared, Figure, LanguageWait, WhatIf
from agents import state as staff
from agents.model import Agent, Cefr, Reach
from routing import by_hand
from routing import events as ev
from routing.policy import Policy, Reserve
from routing.privacy import MERGED
from routing.service_level import service_level
from routing.world import Person, World

NEW: Final = "what_if_"
RELEASE_MS: Final = 60_000
"""A reserve that the rules do not know keeps one person for so long."""
Z95: Final = 1.96


class Counted(NamedTuple):
    """What came in one future. waits: by language, each caller's wait (ms), answered or not."""

    waits: dict[str, list[int]]
    answered: int
    in_time: int
    gave_up: int
    gave_up_in_time: int
    gave_up_short: int


def changed_world(world: World, changes: Changes) -> World:
    """The world with other rules and more people. What is asked for goes before what was set by hand."""
    policy = world.rules
    for each in changes.reserving:
        policy = policy._replace(reserves=_reserves(policy, each.language, on=each.on))
    people = dict(world.people)
    for place, more in enumerate(changes.more):
        key = f"{NEW}{place}"
        agent = Agent(key, key, Reach("phone", key), more.languages, more.concerns)
        people[key] = Person(agent, device=staff.USABLE)
    asked = {by_hand.key(by_hand.RESERVE, each.language) for each in changes.reserving}
    kept = {key: each for key, each in world.by_hand.items() if key not in asked}
    return replace(world, policy=policy, people=people, by_hand=kept)


def _reserves(policy: Policy, language: str, *, on: bool) -> tuple[Reserve, ...]:
    others = tuple(each for each in policy.reserves if each.language != language)
    if not on:
        return others
    mine = [each._replace(when=()) for each in policy.reserves if each.language == language]
    return (*others, *(mine or [Reserve(language, Cefr.C1, 1, RELEASE_MS)]))


def course(world: World, changes: Changes, now_ms: int) -> Course:
    """How futures go with the changes."""
    extras = []
    node = next((name for name, link in world.links.items() if link.up), "")
    starts = [(each.at_ms, f"{NEW}{place}") for place, each in enumerate(changes.more)]
    for at_ms, agent in (*starts, *((each.at_ms, each.agent) for each in changes.comes)):
        person = world.people.get(agent)
        if person is not None and not person.reached:
            reach = person.agent.reach
            phone = ev.DeviceChanged(reach.address, staff.USABLE, reach.node or node)
            extras.append(Extra(max(at_ms, now_ms), phone))
        extras.append(Extra(max(at_ms, now_ms), ev.StaffAsked(agent, "", staff.LOGIN, "", None)))
    extras += [
        Extra(max(goes.at_ms, now_ms), ev.StaffAsked(goes.agent, "", staff.LOGOUT, "", None))
        for goes in changes.goes
    ]
    factor = 1.0
    for calls in changes.calls:
        factor *= calls.factor
    leave = tuple(Leave(each.at_ms, each.people) for each in changes.some_go)
    return Course(False, factor, tuple(extras), leave)


class Comparison:
    """Pairs of futures, gathered one by one. until_ms: who is not served by then is not served. alone:
    languages that are shown by themselves, all others as one; None: all are."""

    def __init__(
        self,
        world: World,
        changes: Changes,
        drawn: Callable[[Policy], Drawn],
        now_ms: int,
        until_ms: int,
        alone: Container[str] | None = None,
    ) -> None:
        other = changed_world(world, changes)
        scenes = Scene(world, now_ms), Scene(other, now_ms)
        courses = Course(virtual=False), course(other, changes, now_ms)
        self._sides = tuple(
            (scene, drawn(scene.policy), each) for scene, each in zip(scenes, courses, strict=True)
        )
        self._now_ms, self._until_ms = scenes[0].now_ms, until_ms
        self._alone = alone
        self.pairs: list[tuple[Counted, Counted]] = []

    def one_more(self, seed: int, levels: Levels) -> None:
        """Run one more pair."""
        without, changed = (self._counted(Future(*side[:2], seed, side[2]), levels) for side in self._sides)
        self.pairs.append((without, changed))

    def _counted(self, future: Future, levels: Levels) -> Counted:
        future.run(self._until_ms)
        waits: dict[str, list[int]] = {}
        answered = in_time = gave_up = gave_up_in_time = short = 0
        for caller in future.callers:
            if caller.queued_ms > self._until_ms or caller.joins_ms > self._until_ms:
                continue
            served = 0 <= caller.served_ms <= self._until_ms
            end = caller.served_ms if served else caller.gives_up_ms if caller.over else self._until_ms
            wait = max(0, min(end, self._until_ms) - caller.queued_ms)
            shown = self._alone is None or caller.language in self._alone
            waits.setdefault(caller.language if shown else MERGED, []).append(wait)
            if served:
                answered, in_time = answered + 1, in_time + (wait <= levels.within_ms)
            else:
                gave_up, gave_up_in_time = gave_up + 1, gave_up_in_time + (wait <= levels.within_ms)
                short += wait < levels.short_ms
        return Counted(waits, answered, in_time, gave_up, gave_up_in_time, short)

    def result(self, levels: Levels) -> WhatIf:
        """What came of all pairs."""

        def level(of: Counted) -> float | None:
            met, total = service_level(
                levels.variant, of.answered, of.in_time, of.gave_up, of.gave_up_in_time
            )
            return 100 * met / total if total else None

        languages = sorted({each for pair in self.pairs for side in pair for each in side.waits})
        waits = []
        for language in languages:
            found = self._compared(partial(_mean_s, language))
            if found is not None:
                callers = fmean(len(without.waits.get(language, ())) for without, _ in self.pairs)
                waits.append(LanguageWait(language, round(callers, 2), found))
        return WhatIf(
            self._now_ms,
            self._until_ms,
            len(self.pairs),
            self._compared(level),
            self._compared(lambda of: float(of.answered)),
            self._compared(lambda of: float(of.gave_up)),
            tuple(waits),
        )

    def _compared(self, of: Callable[[Counted], float | None]) -> Compared | None:
        pairs = [
            (a, b)
            for without, changed in self.pairs
            if (a := of(without)) is not None and (b := of(changed)) is not None
        ]
        if not pairs:
            return None
        differences = [b - a for a, b in pairs]
        mean = fmean(differences)
        off = Z95 * stdev(differences) / sqrt(len(differences)) if len(differences) > 1 else 0.0
        return Compared(
            _figure([a for a, _ in pairs]),
            _figure([b for _, b in pairs]),
            Figure(round(mean, 3), round(mean - off, 3), round(mean + off, 3)),
        )


def _mean_s(language: str, of: Counted) -> float | None:
    waits = of.waits.get(language)
    return fmean(waits) / 1000 if waits else None


def _figure(values: Sequence[float]) -> Figure:
    ranked = sorted(values)
    return Figure(round(fmean(ranked), 3), round(quantile(ranked, 0.05), 3), round(quantile(ranked, 0.95), 3))
