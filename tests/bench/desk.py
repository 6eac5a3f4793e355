"""The desk in Chromium, with 50 plain listeners beside it: first paint, and from an event to the screen.

Each event wakes all of them. Between two the desk has time to rest, as in a centre; the page's clock is the
machine's, as the server's is.
"""

import asyncio
import contextlib
import shutil
import time
from pathlib import Path

from playwright.async_api import async_playwright

from acd.web.server import WebServer, listen
from routing import events as ev
from tests.bench.figures import Figures
from tests.bench.listener import listener
from tests.fakes.admits import Admits
from tests.fakes.desks import BIRGIT, CHOICES, NAMES, busy_desk, handed
from tests.fakes.pages import app_of, picture_of

LISTENERS = 50
EVENTS = 400
APART_S = 0.23
"""Longer than a desk is told apart, and never in step with it."""
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
SEEN = """window.seen = [];
new MutationObserver(() => requestAnimationFrame(() => seen.push(performance.timeOrigin + performance.now())))
  .observe(document.getElementById("quiet"), {subtree: true, attributeFilter: ["aria-pressed"]})"""


async def measure(events: int) -> dict[str, float]:
    made = busy_desk()
    handed(made)
    others = {f"one{n}": BIRGIT._replace(actor=f"person:one{n}") for n in range(LISTENERS)}
    app = app_of(
        picture_of(made.bench, 0),
        people=Admits(birgit=BIRGIT, **others),
        desk=made,
        desk_choices=lambda: CHOICES,
        names=lambda: NAMES,
    )
    taken = listen("127.0.0.1", 0)
    port = taken.getsockname()[1]
    serving = asyncio.create_task(WebServer(app, taken).run())
    tasks = [asyncio.create_task(listener(port, "/desk/events", number)) for number in range(LISTENERS)]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        context = await browser.new_context(viewport={"width": 1280, "height": 900})
        await context.add_cookies([{"name": "acd", "value": "birgit", "url": f"http://127.0.0.1:{port}"}])
        page = await context.new_page()
        paints = []
        for _ in range(5):
            await page.goto(f"http://127.0.0.1:{port}/desk")
            await page.locator('#page[data-good="yes"]').wait_for()
            paints.append(await page.evaluate("performance.getEntriesByType('paint')[0].startTime"))
        await page.evaluate(SEEN)
        took = []
        for number in range(events):
            began = time.time() * 1000
            made.tell(ev.QuietAsked("birgit", (10, 20)[number % 2]))
            await page.wait_for_function("(n) => seen.length > n", arg=number, polling=50)
            seen = await page.evaluate("seen.at(-1)")
            took.append(seen - began)
            await asyncio.sleep(APART_S)
        await browser.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    took.sort()
    return {
        "first paint (ms, median of 5)": round(sorted(paints)[2]),
        "event to screen, median (ms)": round(took[len(took) // 2], 1),
        "p99 (ms)": round(took[int(len(took) * 0.99)], 1),
        "longest (ms)": round(took[-1], 1),
    }


def main(figures: Figures, small: bool, _folder: Path) -> None:
    """Measure."""
    found = asyncio.run(measure(20 if small else EVENTS))
    figures.add(f"a desk in Chromium, {LISTENERS} others open", **found)
