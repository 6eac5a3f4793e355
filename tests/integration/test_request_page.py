"""The public form in a real browser and a process of its own: without scripts, by keyboard, in Arabic."""

import asyncio
import sys
import time
import tomllib
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import tomli_w
from playwright.async_api import Browser, Page, expect

from acd.demo.ports import free_port
from acd.ports import Wish
from acd.requests import Requests, path_of
from config.load import SHIPPED, load
from tests.integration.test_page import browser
from tests.looks import fits, nothing_found

__all__ = ["browser"]


class Bell:
    """The daemon behind the socket."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []

    async def wish(self, wish: Wish) -> str:
        self.wishes.append(wish)
        return ""


class Shown:
    """A form that is served: where, and what came of it."""

    def __init__(self, url: str, bell: Bell) -> None:
        self.url, self.bell = url, bell


@pytest.fixture
async def form(tmp_path: Path) -> AsyncIterator[Shown]:
    raw = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    port = free_port()
    raw |= {
        "trunk": {"provider": "192.0.2.30"},
        "callback": {},
        "request": {
            "port": port,
            "folder": "request",
            "least_seconds": 0,
            "per_address_hour": 100,
            "appointment_url": "https://termine.example.org/{language}/{concern}",
        },
    }
    path = tmp_path / "centre.toml"
    path.write_text(tomli_w.dumps(raw), encoding="utf-8")
    described, bell = load(path), Bell()
    listening = asyncio.create_task(
        Requests(lambda: described, bell, lambda: round(time.time() * 1000)).run()
    )
    command = (sys.executable, "-c", "from acd.cli import main; main()", "request", "--config", str(path))
    process = await asyncio.create_subprocess_exec(*command)
    url = f"http://127.0.0.1:{port}/"
    async with asyncio.timeout(30), httpx.AsyncClient() as client:
        while True:
            with suppress(httpx.HTTPError):
                if (await client.get(url)).status_code == 200 and path_of(described).exists():
                    break
            await asyncio.sleep(0.1)
    yield Shown(url, bell)
    process.terminate()
    await process.wait()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def page_of(
    browser: Browser, url: str, width: int = 320, scheme: str = "light", scripts: bool = False
) -> Page:
    context = await browser.new_context(
        viewport={"width": width, "height": 800},
        java_script_enabled=scripts,
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = await context.new_page()
    await page.goto(url)
    return page


async def test_who_asks_by_keyboard_alone_and_without_scripts_is_promised_a_call(
    browser: Browser, form: Shown
) -> None:
    page = await page_of(browser, f"{form.url}?lang=en&concern=study")
    await page.locator("#language").focus()
    await page.keyboard.type("T")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.type("0201 8888888")
    await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Thank you")
    (wish,) = form.bell.wishes
    assert (wish.language, wish.concern, wish.number) == ("tr", "study", "+492018888888")
    assert 0 < wish.from_ms < wish.until_ms
    await page.context.close()


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [
        ("ar", "light", 320),
        ("ar", "dark", 320),
        ("de", "light", 320),
        ("fa", "light", 320),
        ("en", "dark", 1280),
    ],
)
async def test_nothing_is_clipped_and_axe_finds_nothing(
    browser: Browser, form: Shown, language: str, scheme: str, width: int, tmp_path: Path
) -> None:
    page = await page_of(browser, f"{form.url}?lang={language}", width, scheme, scripts=True)
    direction = "rtl" if language in ("ar", "fa") else "ltr"
    await expect(page.locator("html")).to_have_attribute("dir", direction)
    for stage in ("empty", "faulty", "done"):
        if stage == "faulty":
            await page.locator("#number").fill("12")
            await page.locator("button").click()
            await expect(page.get_by_role("alert")).to_be_visible()
            await expect(page.locator("#number")).to_have_value("12")
        elif stage == "done":
            await page.locator("#language").select_option(language)
            await page.locator("#concern").select_option("study")
            await page.locator("#number").fill("0201 8888888")
            await page.locator("button").click()
            await expect(page.get_by_role("status")).to_be_visible()
        await fits(page, stage)
        await nothing_found(page, stage)
    await page.context.close()


async def test_a_link_of_a_fault_leads_to_its_field_and_of_a_concern_to_the_citys_page(
    browser: Browser, form: Shown
) -> None:
    page = await page_of(browser, f"{form.url}?lang=de")
    await page.locator("button").click()
    await page.get_by_role("alert").get_by_role("link").first.click()
    assert page.url.endswith("#concern")
    link = page.get_by_role("link", name="Studium").last
    await expect(link).to_have_attribute("href", "https://termine.example.org/de/study")
    await page.context.close()
