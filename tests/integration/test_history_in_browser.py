"""The history in a real browser: by keyboard, at all widths, light and dark, and axe finds nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.web.server import WebServer, listen
from tests.integration.test_page import browser
from tests.looks import fits, nothing_found
from tests.unit.test_history_page import MARCH, app, records

__all__ = ["browser", "records"]


@asynccontextmanager
async def shown(
    browser: Browser, records: AsyncEngine, locale: str = "en-GB", width: int = 1280, scheme: str = "light"
) -> AsyncIterator[Page]:
    """The history of a week, as a supervisor has it; the test fails if a page does."""
    taken = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    serving = asyncio.create_task(WebServer(app(records), taken).run())
    context = await browser.new_context(
        locale=locale,
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    try:
        await context.add_cookies([{"name": "acd", "value": "ute", "url": url}])
        page = await context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        await page.goto(f"{url}/history?{MARCH}&by=language")
        yield page
        assert faults == []
    finally:
        await context.close()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 640, 1280, 1920])
@pytest.mark.parametrize("locale", ["de-DE", "en-GB"])
async def test_nothing_is_clipped_and_axe_finds_nothing(
    browser: Browser, records: AsyncEngine, locale: str, width: int, scheme: str
) -> None:
    """640 is 1280 at 200 %. What is wide scrolls by itself, and the page does not."""
    async with shown(browser, records, locale, width, scheme) as page:
        await expect(page.locator("svg.drawing")).to_have_count(2)
        await fits(page)
        await nothing_found(page)


async def test_a_view_is_asked_for_by_keyboard_and_kept_as_a_link(
    browser: Browser, records: AsyncEngine
) -> None:
    async with shown(browser, records) as page:
        await page.get_by_label("In steps of").focus()
        await page.keyboard.type("weeks")
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Show").press("Enter")
        await expect(page.locator("tbody").first).to_contain_text("week 11/2026")
        address = page.url
        assert "step=week" in address
        await page.get_by_role("link", name="Deutsch").press("Enter")
        await expect(page.locator("tbody").first).to_contain_text("KW 11/2026")
        await page.goto(address.replace("step=week", "step=month"))
        await expect(page.locator("tbody").first).to_contain_text("03/2026")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_axe_finds_nothing_on_single_visits(
    browser: Browser, records: AsyncEngine, width: int, scheme: str
) -> None:
    """The list, and one visit that is reached from it by keyboard."""
    async with shown(browser, records, width=width, scheme=scheme) as page:
        await page.goto(f"{page.url.partition('?')[0]}/visits?{MARCH}")
        for heading in ("Found, the newest first", "Course"):
            await expect(page.get_by_role("heading", name=heading)).to_be_visible()
            await fits(page)
            await nothing_found(page)
            if heading != "Course":
                await page.locator("tbody a").first.press("Enter")
