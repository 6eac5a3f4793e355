"""The pictures of the pages: `python -m tests.pictures` writes docs/*.png, of a day that is invented.

The desk is tests.fakes.desks'; the live page shows the shipped centre. Needs Chromium.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi import FastAPI
from playwright.async_api import Browser, Page, async_playwright

from acd.identity import Role
from acd.web.deps import Names, ServiceLevel, StaffSource
from acd.web.server import WebServer, listen
from config.load import SHIPPED, load
from config.people import policy, team
from routing import events as ev
from tests.fakes.admits import Admits, person
from tests.fakes.centre import FOREVER, NODE, Bench
from tests.fakes.desks import BIRGIT, CHOICES, NAMES, BenchDesk, busy_desk, handed
from tests.fakes.pages import app_of, picture_of

DOCS = Path(__file__).resolve().parents[1] / "docs"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
NOON = 1_795_777_200_000
LEAD = person("rana", Role.SUPERVISOR)


@asynccontextmanager
async def opened(
    browser: Browser, app: FastAPI, path: str, width: int, height: int, locale: str, dark: bool = False
) -> AsyncIterator[Page]:
    """A page of an application, asked for as `somebody`."""
    taken = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    serving = asyncio.create_task(WebServer(app, taken).run())
    context = await browser.new_context(
        locale=locale,
        timezone_id="Europe/Berlin",
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
    )
    await context.add_cookies([{"name": "acd", "value": "somebody", "url": url}])
    page = await context.new_page()
    await page.goto(url + path)
    await page.locator('#page[data-good="yes"]').wait_for()
    try:
        yield page
    finally:
        await context.close()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def shot(page: Page, name: str) -> None:
    """Kept as it is once nothing moves any more; the whole page."""
    await page.wait_for_timeout(700)
    await page.screenshot(path=DOCS / name, full_page=True)


# --- the desk -----------------------------------------------------------------------------------------


def a_desk() -> tuple[BenchDesk, FastAPI]:
    made = busy_desk()
    handed(made)
    app = app_of(
        picture_of(made.bench, 0),
        people=Admits(somebody=BIRGIT),
        desk=made,
        desk_choices=lambda: CHOICES,
        names=lambda: NAMES,
        case_link=lambda reference: f"https://files.example.org/{reference}" if reference else "",
    )
    return made, app


async def desks(browser: Browser) -> None:
    made, app = a_desk()
    async with opened(browser, app, "/desk", 1280, 720, "en-GB") as page:
        made.rings("9", case="K-2041", waited_ms=133_000)
        await page.locator("#ring .earlier li").first.wait_for()
        await shot(page, "desk-rings.png")
        made.talks("9")
        for uid, concern in (("31", "other"), ("32", "study")):
            made.bench.call(uid, "de", concern)
        made.ends("9")
        await page.locator("#save-over").wait_for()
        await page.get_by_label("Documents asked for").check()
        await page.locator("#what").fill("Certificate is here now; needs the enrolment form")
        await page.locator("#promised").fill("We send the form by e-mail")
        await page.locator("#by_when").fill("Monday")
        await shot(page, "desk-closes.png")
    made, app = a_desk()
    async with opened(browser, app, "/desk", 390, 720, "de-DE", dark=True) as page:
        made.rings("9", case="K-2041", waited_ms=133_000)
        await page.locator("#ring .earlier li").first.wait_for()
        await page.wait_for_timeout(700)
        await page.screenshot(path=DOCS / "desk-phone.png")


# --- the live page ------------------------------------------------------------------------------------


async def live(browser: Browser) -> None:
    centre = load(SHIPPED)
    bench = Bench(
        policy(centre, NOON)._replace(opening=FOREVER, silent_ms=10**9, lease_ms=10**9), team(centre)
    )
    bench.now = NOON
    bench.login(*(each.phone for each in centre.staff[:13]))
    callers = [("uk", "registration"), ("de", "employer"), ("ar", "study"), ("tr", "employment")]
    callers += [("de", "other"), ("en", "blue_card"), ("fa", "recognition"), ("tr", "study")]
    for number, (language, concern) in enumerate(callers):
        bench.call(str(number), language, concern)
        visit = max(bench.engine.world.visits)
        offer = next(each for each in bench.engine.world.offers.values() if each.visit == visit)
        address = bench.engine.world.people[offer.agent].agent.reach.address
        if number:
            bench.tell(ev.Bridged(ev.Leg(NODE, str(number)), ev.Leg(NODE, f"p{number}"), address))
    for number, (language, concern) in enumerate(
        [("tr", "recognition"), ("ar", "employment"), ("tr", "study")]
    ):
        bench.call(f"w{number}", language, concern)
        bench.tell(ev.StaffAsked("omid", "", "login", "", None), 14_000)
    names = Names(
        centre.centre.name,
        {each.code: each.name for each in centre.language},
        {each.key: {"de": each.de, "en": each.en} for each in centre.concern},
    )
    app = app_of(
        picture_of(bench, 0),
        people=Admits(somebody=LEAD),
        names=lambda: names,
        service_level=level,
        staff_source=lambda: StaffSource("file", NOON - 86_400_000, len(centre.staff), 0),
    )
    async with opened(browser, app, "/", 1600, 900, "en-GB") as page:
        await page.wait_for_timeout(700)
        await page.screenshot(path=DOCS / "live-page.png")


async def level() -> ServiceLevel:
    return ServiceLevel("short_abandons_excluded", "since_queue", 20, 48, 57, 55, 2, 0.73, 0.92)


# --- the look -----------------------------------------------------------------------------------------


async def look(browser: Browser) -> None:
    """The parts of the design system, light and dark side by side."""
    _, app = a_desk()
    for dark in (False, True):
        async with opened(browser, app, "/desk", 900, 720, "en-GB", dark=dark) as page:
            parts = (DOCS.parent / "tests" / "look.html").read_text(encoding="utf-8")
            await page.evaluate("(parts) => { document.querySelector('main').innerHTML = parts; }", parts)
            await shot(page, "look-dark.png" if dark else "look.png")


WRITES = {"desk": desks, "live": live, "look": look}


async def main(names: Sequence[str] = ()) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name in names or WRITES:
            await WRITES[name](browser)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
