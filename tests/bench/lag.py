"""The longest that each part of the daemon holds the loop at 10,000 people and 5,000 waiting, in ms.

A task that always wants the loop notes how long it had to wait for it while the part is at work. Steps that
look at everybody are made beside the loop, as the daemon makes them.
"""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import thread_time

from prometheus_client import CollectorRegistry, generate_latest

from acd import replay
from acd.changes import Changes
from acd.frozen import Copied
from acd.metrics.board import BoardFigures
from acd.mqtt.messages import messages
from acd.picture import Picture
from acd.piecemeal import gathered
from acd.ports import Snapshot
from acd.web.deps import Explained, ServiceLevel, StaffSource
from acd.web.pieces import array
from acd.web.shapes import explanation
from acd.web.shown import Shown
from routing import events as ev
from routing.explain import Sought, candidates, look
from tests.bench.engine import Centre
from tests.bench.figures import Figures

SIZES = ((150, 300), (10_000, 5_000))
SMALLEST = 3
LEVEL = ServiceLevel("all_offered", "since_queue", 20, 1, 2, 1, 1, 0.1, 0.9)


class Probe:
    """`longest` is how long it had to wait for the loop, in seconds of the loop's own thread: what other
    programs of a shared machine take away is left out."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.longest = 0.0
        self._clock = clock

    async def __aenter__(self) -> "Probe":
        self._task = asyncio.create_task(self._run())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        last = self._clock()
        while True:
            await asyncio.sleep(0)
            now = self._clock()
            self.longest, last = max(self.longest, now - last), now


async def level() -> ServiceLevel:
    return LEVEL


def parts(centre: Centre) -> dict[str, Callable[[], Awaitable[object]]]:
    """What the daemon does at this size, by name."""
    engine, now = centre.engine, centre.now
    world, index = engine.world, engine.index
    assert index is not None
    picture = Picture(lambda: world, lambda: now, SMALLEST)
    registry = CollectorRegistry()
    registry.register(BoardFigures(picture, dict))
    visit = next(each for each in world.visits.values() if each.state == "waiting")
    snapshot: list[Snapshot] = []

    async def cells() -> None:
        picture()
        await asyncio.to_thread(lambda: None)

    async def keep() -> None:
        snapshot.append(Snapshot(1, "", await (await Copied.beside(world)).frozen_beside()))

    async def thaw() -> None:
        await replay.thaw_beside(snapshot[0])

    async def page() -> None:
        await Shown(picture, level, dict, Changes(), lambda: StaffSource("file", 0, 0, 0), str).text()

    async def broker() -> None:
        messages(picture())

    async def figures() -> None:
        generate_latest(registry)

    async def explain() -> None:
        found = await gathered(look(index, world, world.rules, now))
        callers = tuple(each for each in found if isinstance(each, Sought))
        await explanation(Explained(now, callers, ()))

    async def explain_visit() -> None:
        told = await gathered(candidates(index, world, world.rules, visit, now))
        await array(told, lambda each: each._asdict())

    async def linkup() -> None:
        legs = tuple(
            ev.LegSeen(each.leg, each.leg, "", "acd-hold", "", True, v.language, v.concern, "", 0, 0, 0, 0)
            for v in world.visits.values()
            if v.state == "waiting"
            for each in v.legs
        )
        devices = tuple((p.agent.reach.address, "NOT_INUSE") for p in world.people.values())
        engine.step(ev.LinkDown("bench", "n"), now)
        await asyncio.sleep(0)
        await asyncio.to_thread(engine.step, ev.PbxSnapshot(now, True, legs, devices, "n"), now)

    async def rules() -> None:
        await asyncio.to_thread(engine.step, ev.PolicyChanged("again", world.rules), now)

    return {
        "small cells": cells,
        "keeping the world": keep,
        "thawing it": thaw,
        "page and stream": page,
        "broker": broker,
        "figures": figures,
        "explain": explain,
        "explain one": explain_visit,
        "link down and up": linkup,
        "rules anew": rules,
    }


async def measure(centre: Centre) -> dict[str, float]:
    """Part -> the longest that it held the loop, the best of three."""
    found = {}
    gc.collect()
    gc.freeze()
    for name, part in parts(centre).items():
        held = []
        for _ in range(3):
            async with Probe(thread_time) as probe:
                await part()
            held.append(probe.longest)
        found[name] = round(min(held) * 1000, 1)
    return found


def main(figures: Figures, small: bool, _folder: Path) -> None:
    """Measure; `small` at the size of one centre only."""
    for staff, waiting in SIZES[:1] if small else SIZES:
        centre = Centre(staff, waiting)
        centre.run((waiting + staff) * 5)
        figures.add(
            f"the loop held at {staff:,} staff, {waiting:,} waiting (ms)", **asyncio.run(measure(centre))
        )
