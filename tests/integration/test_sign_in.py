"""Signing in and what administrators do, in a real browser with real accounts, in both languages."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pyotp
import pytest
from playwright.async_api import Browser, Page, expect

from acd.identity import Role
from acd.people.service import operator
from acd.store.open import ready, urls
from acd.web.server import WebServer, listen
from tests.fakes.pages import app_of, picture_of, waiting_bench
from tests.fakes.people import GOOD, OTHER, House
from tests.integration.test_page import browser
from tests.looks import fits, nothing_found

__all__ = ["browser"]

WIDTHS = (320, 768, 1280, 1920)
EXPECTED = re.compile("status of 4|ERR_|^Clear-Site-Data|^Autofocus processing")
"""What a browser says of refusals, of a stream that ends, and of fields that it would focus."""


class Site:
    """Pages over real accounts, at `url`."""

    def __init__(self, house: House, url: str) -> None:
        self.house = house
        self.url = url

    async def first(self, id: str, *roles: Role) -> str:
        """A new account; its first password."""
        return await self.house.people.add(operator(), id, id.title(), frozenset(roles), "")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    engine = await ready("records", urls(tmp_path, {})["records"])
    house = House(engine)
    taken = listen("127.0.0.1", 0)
    app = app_of(picture_of(waiting_bench(), 0), people=house.people)
    serving = asyncio.create_task(WebServer(app, taken).run())
    yield Site(house, f"http://127.0.0.1:{taken.getsockname()[1]}")
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving
    await engine.dispose()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A fresh browser in English that fails the test if anything is said on the console."""
    context = await browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    opened = await context.new_page()
    said: list[str] = []
    opened.on("pageerror", lambda fault: said.append(str(fault)))
    opened.on("console", lambda line: said.append(line.text) if not EXPECTED.search(line.text) else None)
    yield opened
    await context.close()
    assert said == []


async def is_clean(page: Page) -> None:
    """Nothing that a program can see speaks against WCAG 2.2 AA, at any width; nothing is cut off."""
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        await nothing_found(page, f"{page.url} at {width}")
        await fits(page, f"{page.url} at {width}")
    await page.set_viewport_size({"width": 1280, "height": 900})


async def sign_in(page: Page, site: Site, id: str, password: str, where: str = "/") -> None:
    await page.goto(site.url + where)
    await page.get_by_label("Account name").fill(id)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def test_the_first_time_by_keyboard_alone(page: Page, site: Site) -> None:
    """A first password, one's own, a second factor, its recovery codes, and then where one wanted to go."""
    first = await site.first("ute", Role.ADMINISTRATOR)
    await page.goto(f"{site.url}/people")
    await expect(page.get_by_label("Account name")).to_be_focused()
    await is_clean(page)
    await page.get_by_label("Account name").focus()
    keys = page.keyboard
    await keys.type("ute")
    await keys.press("Tab")
    await keys.type(first)
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("New password")
    await is_clean(page)
    await page.get_by_label("New password").focus()
    await keys.type("password1234")
    await keys.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("too easy to guess")
    await page.locator("#new").focus()
    await keys.type(GOOD)
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Set up a second factor")
    await is_clean(page)
    secret = await page.locator("code").inner_text()
    await page.locator("#code").focus()
    await keys.type("000000")
    await keys.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("This code is wrong")
    assert await page.locator("code").inner_text() == secret, "who mistypes reads no second picture"
    await page.locator("#code").focus()
    await keys.type(site.house.code(secret))
    await keys.press("Enter")
    await expect(page.locator(".codes li")).to_have_count(10)
    await is_clean(page)
    await page.get_by_role("link", name="Go on").focus()
    await keys.press("Enter")
    await expect(page).to_have_url(f"{site.url}/people")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Accounts")


async def test_who_is_signed_in_has_a_cookie_that_no_script_reads_and_a_new_one_each_time(
    page: Page, site: Site
) -> None:
    await site.house.member("anna")
    await sign_in(page, site, "anna", GOOD)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Hotline live")
    (cookie,) = [each for each in await page.context.cookies() if each["name"] == "acd"]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    assert await page.evaluate("document.cookie") == ""
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert await site.house.people.asker(cookie["value"], "") is None, "the session is over, not only left"
    await sign_in(page, site, "anna", GOOD)
    (again,) = [each for each in await page.context.cookies() if each["name"] == "acd"]
    assert again["value"] != cookie["value"]


async def test_what_is_refused_names_no_account_and_waits_longer_each_time(page: Page, site: Site) -> None:
    await site.house.member("anna")
    said = []
    for name in ("anna", "nobody"):
        await sign_in(page, site, name, "wrong-wrong-wrong")
        said.append(await page.get_by_role("alert").inner_text())
        await expect(page.get_by_label("Account name")).to_have_value(name)
    assert said[0] == said[1] != ""
    await is_clean(page)
    for _ in range(5):
        await sign_in(page, site, "anna", "wrong-wrong-wrong")
    await expect(page.get_by_role("alert")).to_contain_text("Please try again in")
    await page.get_by_role("link", name="Deutsch").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
    await is_clean(page)


async def test_ones_own_account(page: Page, site: Site) -> None:
    await site.house.member("anna")
    other = await site.house.signed_in("anna")
    await sign_in(page, site, "anna", GOOD, "/account")
    await expect(page.locator("#sessions-title ~ ul > li")).to_have_count(3)
    await is_clean(page)
    await page.get_by_role("button", name="End all others").click()
    await expect(page.get_by_role("status")).to_have_text("The session has ended.")
    assert await site.house.people.asker(other, "") is None
    await page.get_by_label("Present password").fill("not-this-one-either")
    await page.get_by_label("New password").fill(OTHER)
    await page.get_by_role("button", name="Change the password").click()
    await expect(page.get_by_role("alert")).to_have_text("The present password is wrong.")
    await page.get_by_label("Present password").fill(GOOD)
    await page.get_by_label("New password").fill(OTHER)
    await page.get_by_role("button", name="Change the password").click()
    await expect(page.get_by_role("status")).to_have_text("The password is changed.")
    await page.get_by_label("Your password").fill(OTHER)
    await page.get_by_role("button", name="Set up").click()
    secret = await page.locator("code").inner_text()
    await is_clean(page)
    await page.locator("#code").fill(pyotp.TOTP(secret).at(site.house.now_ms // 1000))
    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator(".codes li")).to_have_count(10)
    await page.get_by_role("link", name="Go on").click()
    await expect(page.get_by_text("10 codes are not used yet.")).to_be_visible()
    await is_clean(page)


async def test_an_administrator_keeps_accounts_tokens_and_sessions(page: Page, site: Site) -> None:
    secret = await site.house.member("ute", Role.ADMINISTRATOR)
    await sign_in(page, site, "ute", GOOD, "/people")
    await page.locator("#code").fill(site.house.code(secret))
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_text("Add an account").first.click()
    await page.locator("#id").fill("bob")
    await page.locator("#name").fill("Bob <b>Bold</b>")
    await page.locator("#agent").select_option("amal")
    await is_clean(page)
    await page.get_by_role("button", name="Add an account").click()
    first = await page.locator("#secret").inner_text()
    row = page.get_by_role("row").filter(has_text="Bob <b>Bold</b>")
    await expect(row).to_contain_text("first password")
    assert (await site.house.people.sign_in("bob", first, "", "")).step == "change"
    await row.get_by_text("Change").first.click()
    await row.get_by_role("button", name="Disable").click()
    await expect(row).to_contain_text("disabled")
    await page.get_by_text("Add a token").first.click()
    await page.locator("#token-name").fill("lobby")
    await page.locator("#tokens-title ~ details").get_by_label("screen").check()
    await page.get_by_role("button", name="Add a token").click()
    token = await page.locator("#secret").inner_text()
    await expect(page.get_by_role("row").filter(has_text="lobby")).to_contain_text("wall")
    await is_clean(page)
    own = page.get_by_role("row").filter(has_text="ute").locator("details summary")
    await own.click()
    boxes = page.get_by_role("row").filter(has_text="ute").get_by_role("checkbox")
    for place in range(await boxes.count()):
        await boxes.nth(place).uncheck()
    await boxes.first.check()
    await page.get_by_role("row").filter(has_text="ute").get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_have_text("Nobody could manage accounts any more.")
    await page.get_by_role("link", name="Audit").click()
    await expect(page.get_by_role("row").nth(1)).to_contain_text("person:ute")
    await expect(page.get_by_role("row").filter(has_text="add_token")).to_contain_text("lobby")
    assert token not in await page.content()
    await is_clean(page)
    assert page.context.browser is not None
    lobby = await page.context.browser.new_context(locale="de-DE")
    screen = await lobby.new_page()
    await screen.goto(f"{site.url}/sign-in/screen")
    await screen.locator("#token").fill("x" * 43)
    await screen.get_by_role("button", name="Anzeigen").click()
    await expect(screen.get_by_role("alert")).to_have_text("Dieses Token gilt nicht.")
    await screen.locator("#token").fill(token)
    await screen.get_by_role("button", name="Anzeigen").click()
    await expect(screen.locator("#waiting")).to_have_text("4")
    await expect(screen.locator("#people li")).to_have_count(0)
    await screen.goto(f"{site.url}/people")
    await expect(screen.get_by_role("heading", level=1)).to_have_text("Nicht erlaubt")
    await screen.goto(f"{site.url}/sign-in/screen")
    await screen.get_by_role("button", name="Diesen Bildschirm abmelden").click()
    await expect(screen.get_by_role("heading", level=1)).to_have_text("Anmelden")
    await screen.goto(f"{site.url}/sign-in/screen")
    await screen.locator("#token").fill(token)
    await screen.get_by_role("button", name="Anzeigen").click()
    await expect(screen.locator("#waiting")).to_have_text("4")
    await site.house.people.revoke_token(operator(), "lobby")
    await screen.goto(site.url)
    await expect(screen.get_by_role("heading", level=1)).to_have_text("Anmelden")
    await lobby.close()


async def test_who_may_not_manage_people_sees_no_way_there(page: Page, site: Site) -> None:
    await site.house.member("anna")
    await sign_in(page, site, "anna", GOOD, "/people")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Not allowed")
    await expect(page.get_by_role("link", name="Accounts")).to_have_count(0)
    await is_clean(page)
