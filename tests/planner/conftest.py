"""A browser for the pages that the planner writes; a page that says or asks anything fails its test."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.integration.test_page import FLAGS


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield found
        await found.close()


@pytest.fixture
async def page(browser: Browser, german: Path) -> AsyncIterator[Page]:
    """The module's German page; the test fails if anything is said on the console or asked of a network."""
    context = await browser.new_context(viewport={"width": 1400, "height": 1000})
    opened = await context.new_page()
    said: list[str] = []
    opened.on("pageerror", lambda fault: said.append(str(fault)))
    opened.on("console", lambda line: said.append(line.text))
    opened.on("request", lambda asked: said.append(asked.url) if asked.url.startswith("http") else None)
    await opened.goto(german.as_uri())
    yield opened
    await context.close()
    assert said == []
