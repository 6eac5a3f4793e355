"""The live page in a real browser on the real daemon: live, in two languages, on wall and phone."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acd.alarmed import Cause, OpenAlarm
from acd.demo.hotline import NUMBER
from acd.identity import Role
from acd.web.server import WebServer, listen
from tests.fakes.admits import BEARER, Admits, person
from tests.fakes.centre import Bench
from tests.fakes.pages import app_of, picture_of, waiting_bench
from tests.integration.conftest import Watched, waiting
from tests.integration.test_bad_input import acd
from tests.integration.test_calls import GERMAN_OTHER
from tests.looks import fits, nothing_clipped, nothing_found

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield found
        await found.close()


@pytest.fixture
async def page(browser: Browser, hotline: Watched) -> AsyncIterator[Page]:
    """A fresh page that fails the test if anything is said on the console."""
    known = {"Authorization": hotline.client().headers["Authorization"]}
    context = await browser.new_context(
        locale="en-GB", viewport={"width": 1920, "height": 1080}, extra_http_headers=known
    )
    opened = await context.new_page()
    said: list[str] = []
    opened.on("pageerror", lambda fault: said.append(str(fault)))
    opened.on("console", lambda line: said.append(line.text) if "ERR_" not in line.text else None)
    await opened.goto(hotline.url)
    yield opened
    await context.close()
    assert said == []


async def test_the_page_follows_the_calls_and_a_restart(page: Page, hotline: Watched) -> None:
    await expect(page.locator("#waiting")).to_have_text("0")
    await expect(page.locator("#page")).to_have_text("Display up to date")
    await hotline.sipp.call(NUMBER, [(300, "3"), (600, "9")], hang_up_ms=60_000)
    await expect(page.locator("#waiting")).to_have_text("1", timeout=10_000)
    name = page.locator("#need th")
    await expect(name).to_have_text("العربية")
    assert await name.get_attribute("dir") == "rtl"
    await expect(page.locator("#need td").first).to_have_text("Registration and documents")
    await hotline.stop_daemon(kill=True)
    await expect(page.locator("#page")).to_contain_text("out of date", timeout=10_000)
    await hotline.start_daemon()
    await expect(page.locator("#page")).to_have_text("Display up to date", timeout=15_000)
    await expect(page.locator("#waiting")).to_have_text("1")


async def test_the_page_speaks_german_and_english(page: Page, hotline: Watched) -> None:
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await page.get_by_role("link", name="Deutsch").click()
    await expect(page.locator("h1")).to_have_text("Hotline live")
    await expect(page.locator("#page")).to_have_text("Anzeige aktuell")
    await expect(page.locator("html")).to_have_attribute("lang", "de")


async def test_the_page_says_where_the_staff_comes_from_and_takes_new_names(
    page: Page, hotline: Watched
) -> None:
    """An open page follows a reload by itself: what things are called, who is shown, and by which source."""
    where = ("--config", str(hotline.config))
    text = hotline.config.read_text(encoding="utf-8")
    source = page.locator("#source")
    await expect(source).to_contain_text("15 people, from the configuration file · since ")
    await hotline.sipp.call(NUMBER, [(300, "3"), (600, "9")], hang_up_ms=60_000)
    await expect(page.locator("#need td").first).to_have_text("Registration and documents")
    csv = hotline.folder / "one.csv"
    csv.write_text("id,name,phone,languages,concerns\nbirgit,Birgit B,p04,de:C1,other:3\n", encoding="utf-8")
    try:
        changed = text.replace('en = "Registration and documents"', 'en = "Papers"')
        assert changed != text
        hotline.config.write_text(changed, encoding="utf-8")
        code, said = await acd("staff", "import", str(csv), *where)
        assert code == 0, said
        await expect(page.locator("#need td").first).to_have_text("Papers", timeout=10_000)
        await expect(source).to_contain_text("1 people, from an imported list · since ")
        await expect(source).to_contain_text(" · 15 in the configuration file are not in force")
        await page.get_by_role("link", name="Deutsch").click()
        await expect(source).to_contain_text("1 Personen, aus einer importierten Liste · seit ")
        await expect(source).to_contain_text(" · 15 in der Konfigurationsdatei gelten nicht")
    finally:
        hotline.config.write_text(text, encoding="utf-8")
        code, said = await acd("staff", "from-file", *where)
        assert code == 0, said
    await expect(source).to_contain_text("15 Personen, aus der Konfigurationsdatei · seit ")


async def test_the_page_fits_a_phone(page: Page, hotline: Watched) -> None:
    await hotline.sipp.call(NUMBER, GERMAN_OTHER, hang_up_ms=20_000)
    await hotline.until("waits", lambda b: waiting(b) == 1)
    await page.set_viewport_size({"width": 360, "height": 800})
    await expect(page.locator("#need tr")).to_have_count(1)
    await fits(page)


@pytest.mark.parametrize("language", ["Deutsch", "English"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(page: Page, hotline: Watched, language: str, scheme: str) -> None:
    """WCAG 2.2 AA as far as a program can see it, with a right-to-left caller on the page."""
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.get_by_role("link", name=language).click()
    await hotline.sipp.call(NUMBER, [(300, "3"), (600, "9")], hang_up_ms=20_000)
    await expect(page.locator("#waiting")).to_have_text("1", timeout=10_000)
    await nothing_found(page)


class Between:
    """Stands before the application as a proxy does: it can refuse the stream, or hold it back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.refuses = 0
        self.flows = asyncio.Event()
        self.flows.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") != "/events":
            await self._app(scope, receive, send)
            return
        if self.refuses:
            answer = JSONResponse({"detail": "nobody is behind me"}, self.refuses)
            await answer(scope, receive, send)
            return

        async def slowly(message: Message) -> None:
            await self.flows.wait()
            if self.refuses:
                raise ConnectionResetError("the proxy has closed this stream")
            await send(message)

        await self._app(scope, receive, slowly)


@asynccontextmanager
async def served(
    browser: Browser, smallest: int, met: int, total: int, between: Between | None = None, **doors: Any
) -> AsyncIterator[Page]:
    """The page over a world that stands still: two German callers wait, a Turkish and an Arabic one."""
    taken = listen("127.0.0.1", 0)
    app = app_of(picture_of(waiting_bench(), smallest), met, total, **doors)
    if between is not None:
        between._app, app = app, between  # type: ignore[assignment]
    serving = asyncio.create_task(WebServer(app, taken).run())
    context = await browser.new_context(locale="en-GB", extra_http_headers=BEARER)
    page = await context.new_page()
    await page.goto(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    yield page
    await context.close()
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


async def test_small_cells_are_one_on_the_page_and_nobody_is_missing(browser: Browser) -> None:
    async with served(browser, 0, 0, 0) as page:
        await expect(page.locator("#need th")).to_have_text(["Türkçe", "العربية", "Deutsch"])
    async with served(browser, 2, 0, 0) as page:
        await expect(page.locator("#need th")).to_have_text(["Several languages", "Deutsch"])
        await expect(page.locator("#need tr").first).to_contain_text("several concerns")
        await expect(page.locator("#waiting")).to_have_text("4")


async def test_what_does_not_work_is_on_the_page_in_words(browser: Browser) -> None:
    health = {"journal": "ok", "link": "ok"}
    async with served(browser, 0, 0, 0, health=lambda: health) as page:
        await expect(page.locator("#page")).to_have_text("Display up to date")
        await expect(page.locator("#trouble")).to_be_hidden()
        health["journal"] = "the journal takes nothing (disk full)"
        await expect(page.locator("#trouble li")).to_have_text(
            "The journal takes nothing: the telephone system connects calls by itself. "
            "the journal takes nothing (disk full)",
            timeout=2_000,
        )
        await page.get_by_role("link", name="Deutsch").click()
        await expect(page.locator("#trouble li b")).to_contain_text("Das Journal nimmt nichts an")
        health["journal"] = "ok"
        await expect(page.locator("#trouble")).to_be_hidden(timeout=2_000)


async def test_alarms_are_on_the_page_with_their_reason_and_nobody_misses_them(browser: Browser) -> None:
    """By eye and by ear, in both languages, on a phone and a wall; a value alone is not said again."""
    raised = [
        OpenAlarm(
            Cause("gap", "ar"),
            "coverage",
            0,
            1.0,
            2.0,
            (("ar", "other"),),
            2,
            0,
            "Arabisch fehlt",
            "No Arabic",
        ),
        OpenAlarm(Cause("off", part="journal"), "parts", 0, 1.0, 1.0, (), 0, 0, "Es steht", "It stands"),
    ]
    async with served(browser, 0, 0, 0, alarms=lambda: raised) as page:
        items = page.locator("#alarms-raised li")
        await expect(items.first).to_contain_text(
            "No Arabic1 there who can do it (needed 2)العربية, Other and 2 more"
        )
        await expect(items.last).to_contain_text("It standsIn the program:The journal takes nothing")
        await expect(page.locator("#alarms-raised [lang=ar]")).to_have_attribute("dir", "rtl")
        await expect(page.locator("#alarms-said")).to_have_text("No Arabic. It stands")
        for width in (320, 1920):
            await page.set_viewport_size({"width": width, "height": 1000})
            await fits(page)
            await nothing_found(page)
        await page.get_by_role("link", name="Deutsch").click()
        await expect(items.first).to_contain_text("Arabisch fehlt1 da, die das können (nötig 2)")
        raised.clear()
        await expect(page.locator("#alarms")).to_be_hidden(timeout=2_000)


@pytest.mark.parametrize("width", [320, 390, 1920])
@pytest.mark.parametrize("language", ["Deutsch", "English"])
async def test_nothing_is_clipped_and_axe_finds_nothing_with_trouble_on_the_page(
    browser: Browser, width: int, language: str
) -> None:
    health = dict.fromkeys(("journal", "link", "dialplan"), "a long sentence of the server's own about it")
    async with served(browser, 0, 24, 30, health=lambda: health) as page:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.get_by_role("link", name=language).click()
        await expect(page.locator("#trouble li")).to_have_count(3)
        await nothing_clipped(page)
        await nothing_found(page)


@pytest.mark.parametrize(("status", "said"), [(502, "502"), (503, "503")])
async def test_the_page_tries_again_whatever_the_answer_was_and_says_it(
    browser: Browser, status: int, said: str
) -> None:
    between = Between(app_of(picture_of(waiting_bench(), 0)))
    async with served(browser, 0, 0, 0, between) as page:
        await expect(page.locator("#page")).to_have_text("Display up to date")
        between.refuses = status
        await expect(page.locator("#lost")).to_contain_text(f"({said})", timeout=10_000)
        await expect(page.locator("#lost")).to_contain_text("nobody is behind me")
        await expect(page.locator("#page")).to_contain_text("out of date since", timeout=10_000)
        between.refuses = 0
        await expect(page.locator("#page")).to_have_text("Display up to date", timeout=3_000)
        await expect(page.locator("#lost")).to_be_hidden()


async def test_a_stream_that_falls_silent_stops_clocks_and_colours(browser: Browser) -> None:
    between = Between(app_of(picture_of(waiting_bench(), 0)))
    async with served(browser, 0, 0, 0, between) as page:
        await expect(page.locator("#hours")).to_have_attribute("data-good", "yes")
        await expect(page.locator("#longest")).not_to_have_text("–")
        between.flows.clear()
        await expect(page.locator("#page")).to_contain_text("out of date since", timeout=8_000)
        for signal in ("#hours", "#link"):
            await expect(page.locator(signal)).to_have_attribute("data-good", "")
        stood = await page.locator("#longest").text_content()
        await page.wait_for_timeout(2_100)
        assert await page.locator("#longest").text_content() == stood
        between.flows.set()
        await expect(page.locator("#page")).to_have_text("Display up to date", timeout=8_000)


async def test_nobody_waits_only_if_a_state_has_said_so(browser: Browser) -> None:
    between = Between(app_of(picture_of(waiting_bench(), 0)))
    between.refuses = 502
    async with served(browser, 0, 0, 0, between) as page:
        await expect(page.locator("#lost")).to_contain_text("(502)")
        await expect(page.locator("#nobody")).to_be_hidden()
        await expect(page.locator("#waiting")).to_have_text("–")


async def test_few_calls_are_counts_and_no_percentage(browser: Browser) -> None:
    async with served(browser, 0, 20, 29) as page:
        await expect(page.locator("#level")).to_have_text("20 of 29")
        await expect(page.locator("#variant")).to_contain_text("too few calls for a percentage")
        await expect(page.locator("#variant")).not_to_contain_text("%")
    async with served(browser, 0, 24, 30) as page:
        await expect(page.locator("#level")).to_have_text("80 %")
        await expect(page.locator("#variant")).to_contain_text("95 % interval")


async def test_the_keyboard_goes_everywhere(page: Page) -> None:
    seen = []
    for _ in range(5):
        await page.keyboard.press("Tab")
        seen.append(await page.evaluate("document.activeElement.textContent.trim()"))
    assert seen == ["To the content", "Hotline live", "Threats", "Deutsch", "English"]


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160)])
@pytest.mark.parametrize(("callers", "alarms"), [(0, 0), (3, 0), (10, 0), (0, 1), (3, 4), (10, 8)])
async def test_a_wall_is_filled_and_read_from_afar_whatever_waits_and_is_raised(
    browser: Browser, size: tuple[int, int], callers: int, alarms: int
) -> None:
    """From five metres letters want a hundredth of a screen's height at least, the great figures far more."""
    bench = Bench()
    for number, language in enumerate(("tr", "ar", "de", "uk", "fa", "pl", "en", "fr", "es", "ru")[:callers]):
        bench.call(str(number), language)
    people = Admits(wall=person("wall", Role.WALL))
    codes = ("ar", "fa", "uk", "tr", "ru", "pl", "fr", "es")[:alarms]
    reasons = ("Zu wenige sprechen das: bitte mithelfen", "Too few speak this: please help out")
    raised = [
        OpenAlarm(Cause("gap", code), "coverage", 0, 1.0, 2.0, ((code, "other"),), 2, 0, *reasons)
        for code in codes
    ]
    app = app_of(picture_of(bench, 0), met=41, total=52, people=people, alarms_outside=lambda: raised)
    taken = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    serving = asyncio.create_task(WebServer(app, taken).run())
    width, height = size
    context = await browser.new_context(viewport={"width": width, "height": height})
    try:
        await context.add_cookies([{"name": "acd", "value": "wall", "url": url}])
        page = await context.new_page()
        await page.goto(url)
        await expect(page.locator("#waiting")).to_have_text(str(callers))
        await expect(page.locator("#need tr")).to_have_count(callers)
        await expect(page.locator("#alarms-raised b")).to_have_count(min(alarms, 4))
        if alarms > 4:
            await expect(page.locator("#alarms-raised li").last).to_have_text(f"Further alarms: {alarms - 4}")
        lines = "document.documentElement.scrollHeight, document.documentElement.scrollWidth"
        assert await page.evaluate(f"[{lines}]") == [height, width], "all of it is seen, and fills the screen"
        sizes = "(s) => parseFloat(getComputedStyle(document.querySelector(s)).fontSize)"
        assert await page.evaluate(sizes, "#waiting") >= height / 16
        assert await page.evaluate(sizes, "#counts") >= height / 50
        if callers:
            assert await page.evaluate(sizes, "#need td") >= height / 50
        assert "Birgit" not in await page.locator("body").inner_text()
        if folder := os.environ.get("ACD_PICTURES"):
            await page.screenshot(path=f"{folder}/wall-{width}-{callers}-{alarms}.png")
    finally:
        await context.close()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


@pytest.mark.parametrize(
    ("code", "hours", "said"),
    [
        ("en", (9, 11), ["09:00", "11:00"]),
        ("en", (33, 35), ["Wed 11 Mar, 09:00", "11:00"]),
        ("de", (22, 26), ["22:00", "Mi., 11. März, 02:00"]),
        ("de", (-24 * 90, -24 * 90 + 1), ["Mi., 10. Dez. 2025, 00:00", "01:00"]),
    ],
)
async def test_a_time_has_its_day_where_it_is_not_today_s(
    browser: Browser, code: str, hours: tuple[int, int], said: list[str]
) -> None:
    midnight = "new Date(2026, 2, 10).getTime()"
    asked = ", ".join(f"{midnight} + {each} * 3600e3" for each in (*hours, 8))
    async with served(browser, 0, 0, 0) as page:
        found = f"document.documentElement.lang = '{code}'; "
        found += f"import('/static/when.mjs').then((room) => room.span({asked}))"
        assert [each.replace("Wed,", "Wed") for each in await page.evaluate(found)] == said
