"""The demonstration as somebody runs it: its links sign in, calls come to the desk, and all of it ends."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from playwright.async_api import Browser, expect

from acd.demo.links import GUESTS, host
from tests.integration.test_page import browser

__all__ = ["browser"]

PROGRAM = "from acd.cli import main; main()"


@asynccontextmanager
async def running() -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, str]]]:
    """The demonstration, and its link for each role."""
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, "demo", stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    assert demo.stdout is not None
    try:
        async with asyncio.timeout(120):
            said = ""
            while "Ctrl-C ends everything" not in said:
                line = await demo.stdout.readline()
                assert line, said
                said += line.decode()
        yield demo, dict(re.findall(r"^(\w+) +(http://\S+) ", said, re.MULTILINE))
    finally:
        if demo.returncode is None:
            demo.send_signal(signal.SIGTERM)
            await demo.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda each: each.name)
async def test_it_ends_as_a_whole_however_it_is_told_to(number: signal.Signals) -> None:
    async with running() as (demo, links):
        assert set(links) == set(GUESTS)
        demo.send_signal(number)
        assert demo.stdout is not None
        rest = (await demo.stdout.read()).decode()
        assert await demo.wait() == 0
    assert "stopped; nothing is left behind" in rest
    with pytest.raises(ProcessLookupError):
        os.killpg(demo.pid, 0)


async def test_a_call_comes_to_the_desk_and_gets_a_note(browser: Browser) -> None:
    """By the links alone: all roles at once in one browser; nobody gets in without the secret, or as another
    host."""
    async with running() as (_, links):
        context = await browser.new_context(locale="en-GB")
        wall = await context.new_page()
        await wall.goto(links["wall"])
        await expect(wall.locator("#page")).to_have_text("Display up to date")
        desk = await context.new_page()
        await desk.goto(links["desk"])
        await expect(desk.locator(".who")).to_have_text("Jonas Weber")
        await expect(desk.locator("#ring")).to_be_visible(timeout=120_000)
        await expect(desk.locator("#ring .tongue")).not_to_be_empty()
        await expect(desk.locator("#call-title")).to_have_text("On a call", timeout=20_000)
        await desk.keyboard.press("1")
        await desk.keyboard.press("t")
        await desk.keyboard.type("asked what papers are needed")
        await desk.keyboard.press("Control+Enter")
        await expect(desk.locator("#draft")).to_have_text("Saved.")
        await expect(wall.locator("#counts li").first).to_be_visible()
        await expect(wall.locator("#people li")).to_have_count(0)
        lead = await context.new_page()
        await lead.goto(links["supervisor"])
        await expect(lead.locator("#working tr").first).to_be_visible()
        await context.close()
        place = httpx.URL(links["desk"])
        here = f"http://127.0.0.1:{place.port}"
        async with httpx.AsyncClient() as client:
            for path, name in (
                ("/guess/desk", f"{host('desk')}:{place.port}"),
                (place.path, f"127.0.0.1:{place.port}"),
                (place.path.replace("/desk", "/nobody"), f"nobody.localhost:{place.port}"),
            ):
                answer = await client.get(here + path, headers={"Host": name})
                assert (answer.status_code, answer.headers.get("set-cookie")) == (404, None)


async def test_a_newcomer_sees_an_alarm_with_its_reason(browser: Browser) -> None:
    async with running() as (_, links):
        context = await browser.new_context(locale="en-GB")
        lead = await context.new_page()
        await lead.goto(links["supervisor"])
        await expect(lead.locator("#alarms-raised")).to_contain_text("Spanish rests on one", timeout=90_000)
        await context.close()
