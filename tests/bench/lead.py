"""The page of who is in charge in Chromium, with 200 plain listeners of the live page.

From an event to the screen, and what deciding costs meanwhile, in pairs of stretches with the listeners and
without.
"""

import asyncio
import contextlib
import shutil
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from playwright.async_api import Page, async_playwright

from acd.changes import Changes
from acd.identity import Role
from acd.lead import Lead
from acd.prospects import Waits
from acd.web.deps import NotReached
from acd.web.server import WebServer, listen
from config.load import SHIPPED, load
from routing import events as ev
from tests.bench.figures import Figures
from tests.bench.listener import listener
from tests.fakes.admits import Admits, person
from tests.fakes.centre import Bench
from tests.fakes.pages import app_of, picture_of

LISTENERS = 200
EVENTS = 400
PAIRS = 5
APART_S = 0.23
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
SEEN = """window.seen = [];
new MutationObserver(() => requestAnimationFrame(() => seen.push(performance.timeOrigin + performance.now())))
  .observe(document.getElementById("line"), {subtree: true, attributeFilter: ["data-text"]})"""
NONE = Waits(0, 0, 0, 0, "nobody waits", 0, ())


class Nobody:
    """Nobody was missed today."""

    async def today(self) -> NotReached:
        return NotReached(0, (), 0, 0, {})


def waiting() -> Bench:
    """Ten callers of four languages, and nobody who is free."""
    made = Bench()
    for number in range(10):
        made.call(str(number), ("de", "ar", "tr", "uk")[number % 4])
        made.now += 1_000
    return made


async def on_screen(page: Page, made: Bench, changes: Changes, events: int) -> list[float]:
    """Milliseconds from each event until its change is painted, sorted."""
    visits = [each.id for each in made.engine.world.visits.values()]
    took = []
    for number in range(events):
        await page.evaluate("seen.length = 0")
        began = time.time() * 1000
        made.tell(ev.VisitPlaced(visits[number % len(visits)], "front"))
        changes.touch()
        await page.wait_for_function("() => seen.length > 0", polling=50)
        took.append(await page.evaluate("seen[0]") - began)
        await asyncio.sleep(APART_S)
    return sorted(took)


async def deciding(made: Bench, changes: Changes, events: int) -> list[float]:
    """Milliseconds from asking for a decision until it is made by the same loop, sorted."""
    visits = [each.id for each in made.engine.world.visits.values()]
    took = []
    for number in range(events):
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        made.tell(ev.VisitPlaced(visits[number % len(visits)], "front"))
        changes.touch()
        took.append((time.perf_counter() - began - 0.005) * 1000)
    return sorted(took)


async def measure(events: int, listeners: int) -> dict[str, dict[str, float]]:
    made = waiting()
    settled = asyncio.Event()
    settled.set()
    runner: Any = SimpleNamespace(engine=made.engine, settled=settled)
    rules: Any = SimpleNamespace(centre=load(SHIPPED))
    picture = picture_of(made, 0)
    lead = Lead(rules, runner, picture, lambda: NONE, lambda: made.now)
    people = {f"one{n}": person(f"one{n}", Role.STAFF) for n in range(listeners)}
    admitted = Admits(ute=person("ute", Role.SUPERVISOR), **people)
    changes = Changes()
    app = app_of(picture, people=admitted, lead=lead.view, changes=changes, not_reached=Nobody())
    taken = listen("127.0.0.1", 0)
    port = taken.getsockname()[1]
    serving = asyncio.create_task(WebServer(app, taken).run())
    found: dict[str, dict[str, float]] = {}
    alone, beside = list[float](), list[float]()

    def open_all() -> list["asyncio.Task[None]"]:
        return [asyncio.create_task(listener(port, "/events", number)) for number in range(listeners)]

    async def close_all(tasks: list["asyncio.Task[None]"]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    for _ in range(PAIRS):
        alone += await deciding(made, changes, events)
        tasks = open_all()
        await asyncio.sleep(1)
        beside += await deciding(made, changes, events)
        await close_all(tasks)
    for name, took in ((f"{listeners} pages", sorted(beside)), ("no page", sorted(alone))):
        found[f"a decision while {name} listen(s)"] = _quantiles(took)
    tasks = open_all()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        context = await browser.new_context(viewport={"width": 1440, "height": 1000})
        await context.add_cookies([{"name": "acd", "value": "ute", "url": f"http://127.0.0.1:{port}"}])
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{port}/lead")
        await page.locator('#page[data-good="yes"]').wait_for()
        await page.evaluate(SEEN)
        found["event to screen"] = _quantiles(await on_screen(page, made, changes, events))
        await browser.close()
    await close_all(tasks)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    return found


def _quantiles(took: list[float]) -> dict[str, float]:
    return {
        "median (ms)": round(took[len(took) // 2], 2),
        "p99 (ms)": round(took[int(len(took) * 0.99)], 2),
        "longest (ms)": round(took[-1], 2),
    }


def main(figures: Figures, small: bool, _folder: Path) -> None:
    """Measure."""
    found = asyncio.run(measure(20 if small else EVENTS, 20 if small else LISTENERS))
    for name, values in found.items():
        figures.add(f"in charge, {LISTENERS} live pages open: {name}", **values)
