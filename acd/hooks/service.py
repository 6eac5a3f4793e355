"""The web hooks in the daemon: listens to facts, looks for callbacks whose turn it is, hears of alarms."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from acd.alarmed import TEST_S, News, OpenAlarm
from acd.alarms.apart import merged
from acd.hooks.delivery import Delivery, Undelivered
from acd.hooks.told import Told, Visits, of_alarms
from config.schema import Centre
from routing.facts import Fact
from routing.privacy import Apart
from routing.world import World

LOOK_S: Final = 5.0
"""So often it is looked whose turn to be called it is."""


class Hooks:
    """Implements ports.Listener. still: whether the world may be looked at just now. apart: what
    may stand alone for other systems."""

    def __init__(
        self,
        centre: Centre,
        world: Callable[[], World],
        still: Callable[[], bool],
        now_ms: Callable[[], int],
        now_s: Callable[[], float],
        apart: Callable[[], Apart],
    ) -> None:
        self._world, self._still, self._now_ms = world, still, now_ms
        self._apart = apart
        self._visits = Visits(lambda: apart().cells)
        self._out = [
            (frozenset(each.tells), Delivery(each.name, each.url, centre.path(each.secret_file), now_s))
            for each in centre.hook
        ]

    @property
    def ways(self) -> "list[HookWay]":
        """Those that hear of alarms."""
        return [HookWay(self, out) for tells, out in self._out if "alarm" in tells]

    @property
    def trouble(self) -> str:
        """What is wrong, by hook; or ""."""
        return "; ".join(f"{out.name}: {out.trouble}" for _, out in self._out if out.trouble)

    def begin(self, world: World) -> None:
        """Know who is there already."""
        self._visits.begin(world)

    def facts(self, seq: int, facts: Sequence[Fact]) -> None:
        """Tell of visits that ended."""
        if self._out:
            self._put(self._visits.ended(facts))

    async def look(self) -> None:
        """Tell of callbacks whose turn it is."""
        if self._out and self._still():
            self._put(self._visits.due(self._world(), self._now_ms()))

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for _, out in self._out:
                    group.create_task(out.run())
                await asyncio.Event().wait()
        finally:
            await self.close()

    async def close(self) -> None:
        """Let go of all connections."""
        for _, out in self._out:
            await out.close()

    def shown(self, alarms: Sequence[OpenAlarm]) -> tuple[OpenAlarm, ...]:
        """As other systems may see them."""
        return merged(alarms, self._apart())

    def _put(self, told: Sequence[Told]) -> None:
        for each in told:
            for tells, out in self._out:
                if each.kind in tells:
                    out.put(each)


class HookWay:
    """Implements alarmed.Way for one hook."""

    def __init__(self, hooks: Hooks, out: Delivery) -> None:
        self.name = f"hook.{out.name}"
        self._hooks = hooks
        self._out = out

    def tell(self, news: News) -> None:
        """By and by, each alarm by itself."""
        seen = news._replace(raised=self._hooks.shown(news.raised), over=self._hooks.shown(news.over))
        for each in of_alarms(seen):
            self._out.put(each)

    async def tried(self, news: News) -> str:
        try:
            for each in of_alarms(news):
                await self._out.send(each, TEST_S)
        except Undelivered as fault:
            return str(fault)
        return "ok"
