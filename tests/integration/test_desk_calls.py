"""The desk with real calls on the real daemon: rung before it is lifted, closed, and known the next time."""

import re

from playwright.async_api import Browser, expect

from acd.demo import admitted
from acd.demo.hotline import NUMBER
from acd.identity import Role
from tests.integration.conftest import Watched
from tests.integration.test_calls import GERMAN_OTHER
from tests.integration.test_page import browser

__all__ = ["browser"]

CALLER = "02018888888"
TEXT = "needs a certificate of residence"


async def test_a_call_is_rung_taken_and_closed_and_its_note_lies_in_the_vault_alone(
    browser: Browser, hotline: Watched
) -> None:
    me = next(each for each in hotline.centre.staff if each.id == "jonas")
    await hotline.sipp.phones([me.phone], answer_ms=4_000, talk_ms=3_000)
    cookie = await admitted.person(hotline.centre, "jonas", me.name, Role.STAFF, me.id)
    context = await browser.new_context(locale="en-GB")
    await context.add_cookies([{"name": "acd", "value": cookie, "url": hotline.url}])
    page = await context.new_page()
    await page.goto(f"{hotline.url}/desk")
    await page.get_by_role("button", name="Log in to the hotline").click()
    await expect(page.locator("#state")).to_have_text("ready")
    await expect(page.locator("#handled")).to_have_text(re.compile(r"\d"))
    before = int(await page.locator("#handled").inner_text())
    for text, again in ((TEXT, False), ("second call", True)):
        await hotline.sipp.call(NUMBER, GERMAN_OTHER, caller=CALLER, hang_up_ms=60_000)
        await expect(page.locator("#ring")).to_be_visible(timeout=20_000)
        await expect(page.locator("#ring .tongue")).to_have_text("Deutsch")
        board = await hotline.state()
        assert (board["ringing"], board["talking"]) == (1, 0)  # seen before it is answered
        if again:
            await expect(page.locator("#ring .earlier")).to_contain_text("Question answered")
            await expect(page.locator("#ring .earlier")).to_contain_text(TEXT)
        await expect(page.locator("#call-title")).to_have_text("On a call", timeout=10_000)
        await page.keyboard.press("1")
        await page.keyboard.press("t")
        await page.keyboard.type(text)
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#draft")).to_have_text("Saved.", timeout=20_000)
        await expect(page.locator("#state")).to_have_text("ready", timeout=20_000)
    row = await hotline.row("select outcome, note, agent from handling where note != '' order by visit")
    assert (row["outcome"], row["agent"], len(row["note"])) == ("answered", "jonas", 32)
    kept = {path.name: path.read_bytes() for path in (hotline.folder / "var").iterdir() if path.is_file()}
    holds = {name for name, found in kept.items() if TEXT.encode() in found}
    assert holds
    assert {name for name in holds if not name.startswith("vault")} == set()
    await expect(page.locator("#handled")).to_have_text(str(before + 2), timeout=10_000)
    await context.close()
