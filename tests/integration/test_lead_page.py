"""The page of who is in charge, in a real browser on the real daemon: seen, steered, right after a kill."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from acd.demo import admitted
from acd.demo.hotline import NUMBER
from acd.identity import Asker, Role
from acd.web.deps import Accepted, Because, InLine, LeadView, NotReached
from acd.web.server import WebServer, listen
from config import menu
from routing import events as ev
from routing.policy import Callbacks
from tests.fakes.admits import Admits, person
from tests.fakes.centre import POLICY, Bench
from tests.fakes.pages import app_of, picture_of
from tests.integration.conftest import Watched, state_of
from tests.integration.test_bad_input import acd
from tests.integration.test_calls import LAST, newest
from tests.integration.test_page import browser
from tests.looks import fits, nothing_found

__all__ = ["browser"]

ENOUGH_MS = 15_000


@pytest.fixture
async def page(browser: Browser, hotline: Watched) -> AsyncIterator[Page]:
    """The page; the test fails if anything is said on the console."""
    cookie = await admitted.person(hotline.centre, "ute", "Ute Brandt", Role.SUPERVISOR)
    context = await browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 1000})
    await context.add_cookies([{"name": "acd", "value": cookie, "url": hotline.url}])
    opened = await context.new_page()
    said: list[str] = []
    opened.on("pageerror", lambda fault: said.append(str(fault)))
    opened.on("console", lambda line: said.append(line.text) if "ERR_" not in line.text else None)
    await opened.goto(f"{hotline.url}/lead")
    await expect(opened.locator("#page")).to_have_text("Display up to date", timeout=ENOUGH_MS)
    yield opened
    await context.close()
    assert [each for each in said if "status of 409" not in each] == []


async def calls(hotline: Watched, page: Page, *languages: str, concern: str = "registration") -> None:
    """Callers who wait, one after another."""
    codes, concerns = hotline.centre.languages, hotline.centre.concerns
    for number, language in enumerate(languages, start=1):
        pressed = [*menu.keys(len(codes), codes.index(language))]
        pressed += menu.keys(len(concerns), concerns.index(concern))
        keys = [(300 if i == 0 else 500, key) for i, key in enumerate(pressed)]
        await hotline.sipp.call(NUMBER, keys, hang_up_ms=120_000)
        await expect(page.locator("#line tr")).to_have_count(number, timeout=ENOUGH_MS)


def row(page: Page, text: str) -> Locator:
    return page.locator("#line tr").filter(has_text=text)


async def steer(page: Page, text: str, button: str, **chosen: str) -> None:
    await row(page, text).get_by_role("button").click()
    dialog = page.locator("#steer")
    for name, value in chosen.items():
        field = dialog.locator(f'[name="{name}"]')
        await (field.fill(value) if name == "reason" else field.select_option(value))
    await dialog.get_by_role("button", name=button, exact=True).click()


async def test_who_waits_is_seen_and_steered_and_a_kill_leaves_it_right(page: Page, hotline: Watched) -> None:
    await calls(hotline, page, "de", "ar", "tr")
    assert [each.strip() for each in await page.locator("#line th").all_inner_texts()] == [
        f"{name} · Registration and documents" for name in ("Deutsch", "العربية", "Türkçe")
    ]
    assert await page.locator("#line th span").nth(1).get_attribute("dir") == "rtl"
    await expect(row(page, "Deutsch")).to_contain_text("not free")
    await steer(page, "Türkçe", "To the very front", reason="waits since yesterday")
    await expect(page.locator("#said")).to_have_text("Done: To the very front")
    await expect(page.locator("#line th").first).to_contain_text("Türkçe", timeout=ENOUGH_MS)
    await expect(row(page, "Türkçe")).to_contain_text("moved to the front")
    await hotline.stop_daemon(kill=True)
    await expect(page.locator("#page")).to_contain_text("out of date", timeout=ENOUGH_MS)
    await hotline.start_daemon()
    await expect(page.locator("#page")).to_have_text("Display up to date", timeout=ENOUGH_MS)
    await expect(page.locator("#line th").first).to_contain_text("Türkçe", timeout=ENOUGH_MS)
    await steer(page, "Türkçe", "Their own place")
    await expect(page.locator("#line th").first).to_contain_text("Deutsch", timeout=ENOUGH_MS)
    await steer(page, "العربية", "Change the need", language="de", concern="other")
    await expect(row(page, "need changed")).to_contain_text("Deutsch · Another concern")
    if folder := os.environ.get("ACD_PICTURES"):
        await page.screenshot(path=str(Path(folder) / "lead.png"), full_page=True)


async def test_a_caller_is_offered_by_hand_and_people_are_made_ready(page: Page, hotline: Watched) -> None:
    before = newest(hotline)
    await hotline.sipp.phones(["p04"], talk_ms=600)
    await calls(hotline, page, "de", concern="other")
    person = page.locator("#working tr").filter(has_text="Birgit")
    await person.get_by_role("button").click()
    await page.locator("#person").get_by_role("button", name="Log in", exact=True).click()
    row_of = await hotline.row(f"{LAST} ", before, timeout_s=30)
    assert (row_of["answered_by"], row_of["outcome"]) == ("birgit", "answered")
    await expect(page.locator("#line tr")).to_have_count(0, timeout=ENOUGH_MS)
    await hotline.until("ready", lambda board: state_of(board, "birgit") in ("ready", "wrap_up"))
    await person.get_by_role("button").click()
    await page.locator("#person").get_by_role("button", name="Log out", exact=True).click()
    await hotline.until("out", lambda board: state_of(board, "birgit") == "logged_out")


async def test_a_refusal_is_said_in_words_and_the_page_is_used_by_keyboard(
    page: Page, hotline: Watched
) -> None:
    await calls(hotline, page, "de")
    await row(page, "Deutsch").get_by_role("button").focus()
    await page.keyboard.press("Enter")
    dialog = page.locator("#steer")
    await expect(dialog).to_be_visible()
    await nothing_found(page)
    await dialog.locator("[name=reason]").fill("since they asked")
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_visible()  # Enter does nothing that nobody sees
    await dialog.get_by_role("button", name="Offer now").click()
    await expect(dialog.locator("[data-said]")).to_have_text("Please choose a person first.")
    await dialog.get_by_role("button", name="Their own place").click()
    await expect(dialog.locator("[data-said]")).to_have_text("That is so already.")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    assert await page.evaluate("document.activeElement.closest('#line') !== null"), "back where one was"


@pytest.mark.parametrize("width", [320, 1440, 3840])
async def test_no_page_is_too_small_or_too_large_and_axe_finds_nothing(
    page: Page, hotline: Watched, width: int
) -> None:
    await calls(hotline, page, "ar")
    await page.set_viewport_size({"width": width, "height": 900})
    for code in ("de", "en"):
        await page.goto(f"{hotline.url}/lead?lang={code}")
        await expect(page.locator("#line tr")).to_have_count(1, timeout=ENOUGH_MS)
        await fits(page)
        await nothing_found(page)


async def test_two_changes_are_tried_before_one_is_made(page: Page, hotline: Watched) -> None:
    await calls(hotline, page, "de")
    first = page.locator("#if fieldset").first
    await first.locator("select[name=what]").select_option("one_more")
    await first.locator("select[name=language]").select_option("de")
    second = page.locator("#if fieldset").nth(1)
    await second.locator("select[name=what]").select_option("calls")
    await second.locator("input[name=factor]").fill("2")
    await page.get_by_role("button", name="Play through").click()
    await expect(page.locator("#if-said")).to_contain_text("courses played through", timeout=90_000)
    assert await page.locator("#if-rows tr").count() >= 3


async def test_the_hotline_is_closed_by_hand_and_opened_again(page: Page, hotline: Watched) -> None:
    await page.locator("#set").click()
    dialog = page.locator("#hand")
    await dialog.locator("select[name=language]").select_option("tr")
    await dialog.get_by_role("button", name="Close for callers", exact=True).click()
    await expect(page.locator("#by-hand li")).to_contain_text("Hours · Türkçe · closed", timeout=ENOUGH_MS)
    before = newest(hotline)
    codes = hotline.centre.languages
    concerns = hotline.centre.concerns
    pressed = [*menu.keys(len(codes), codes.index("tr")), *menu.keys(len(concerns), 0)]
    await hotline.sipp.call(NUMBER, [(500, key) for key in pressed], hang_up_ms=30_000)
    row_of = await hotline.row(f"{LAST} ", before, timeout_s=60)
    assert (row_of["outcome"], row_of["language"]) == ("closed", "tr")
    await page.locator("#by-hand").get_by_role("button").click()
    await expect(page.locator("#by-rules")).to_be_visible(timeout=ENOUGH_MS)
    await calls(hotline, page, "tr")


async def test_somebody_can_do_more_for_today(page: Page, hotline: Watched) -> None:
    person = page.locator("#working tr").filter(has_text="Birgit")
    await person.get_by_role("button").click()
    dialog = page.locator("#person")
    await dialog.locator("summary").click()
    await dialog.locator("select[data-language=tr]").select_option("B2")
    await dialog.get_by_role("button", name="For today", exact=True).click()
    await expect(person).to_contain_text("tr B2", timeout=ENOUGH_MS)
    await expect(person).to_contain_text("other today")
    await person.get_by_role("button").click()
    await dialog.locator("summary").click()
    await dialog.get_by_role("button", name="As in the list", exact=True).click()
    await expect(person).not_to_contain_text("tr B2", timeout=ENOUGH_MS)


async def test_who_waited_in_vain_is_on_the_list_until_they_are_served(page: Page, hotline: Watched) -> None:
    before = newest(hotline)
    codes, concerns = hotline.centre.languages, hotline.centre.concerns
    pressed = [*menu.keys(len(codes), codes.index("ar")), *menu.keys(len(concerns), 0)]
    keys = [(500, key) for key in pressed]
    await hotline.sipp.call(NUMBER, keys, caller="02018889911", hang_up_ms=4_000)
    row_of = await hotline.row(f"{LAST} ", before, timeout_s=40)
    assert row_of["outcome"] == "abandoned_in_queue"
    await page.reload()
    missed = page.locator("#missed tr").filter(has_text="العربية")
    await expect(missed).to_have_count(1, timeout=ENOUGH_MS)
    await expect(missed).to_contain_text("hung up")
    await expect(missed.get_by_role("button")).to_be_disabled()  # nobody is called back by this centre
    await page.get_by_role("button", name="Test the ways of alarms").click()
    await expect(page.locator("#said")).to_contain_text("Alarms stand on the pages alone")


async def test_a_test_of_the_alarms_says_what_came_of_it(page: Page, hotline: Watched) -> None:
    """This centre tells nobody of alarms; where a way fails, the page names it."""
    button = page.get_by_role("button", name="Test the ways of alarms")
    await button.click()
    await expect(page.locator("#said")).to_contain_text("Alarms stand on the pages alone")
    said = {"ways": {"notify": "ok", "hook.city": "answers with status 503"}}
    await page.route("**/api/alarms/test", lambda route: route.fulfill(json=said))
    await button.click()
    await expect(page.locator("#said")).to_have_text(
        "The test did not arrive everywhere: hook.city: answers with status 503"
    )
    said["ways"]["hook.city"] = "ok"
    await button.click()
    await expect(page.locator("#said")).to_have_text("The test arrived on all ways.")


async def test_who_is_on_a_button_stays_there_when_the_first_in_line_leaves(
    page: Page, hotline: Watched
) -> None:
    codes, concerns = hotline.centre.languages, hotline.centre.concerns
    pressed = [*menu.keys(len(codes), codes.index("tr")), *menu.keys(len(concerns), 0)]
    first = await hotline.sipp.call(NUMBER, [(500, key) for key in pressed], hang_up_ms=9_000)
    await expect(page.locator("#line tr")).to_have_count(1, timeout=ENOUGH_MS)
    pressed = [*menu.keys(len(codes), codes.index("ar")), *menu.keys(len(concerns), 0)]
    await hotline.sipp.call(NUMBER, [(500, key) for key in pressed], hang_up_ms=120_000)
    await expect(page.locator("#line tr")).to_have_count(2, timeout=ENOUGH_MS)
    await row(page, "العربية").get_by_role("button").focus()
    await first.finished()
    await expect(page.locator("#line tr")).to_have_count(1, timeout=ENOUGH_MS)
    assert await page.evaluate("document.activeElement.closest('#line') !== null")


class Cancels:
    """Steering that only cancels. asked: which visits."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def cancel(self, by: Asker, visit: int, why: Because) -> Accepted:
        self.asked.append(visit)
        return Accepted(True, "")


class NobodyMissed:
    async def today(self) -> NotReached:
        return NotReached(0, (), 0, 0, {})


async def test_what_is_promised_for_another_day_has_its_day_and_is_cancelled_by_who_says_so_twice(
    browser: Browser,
) -> None:
    bench, day = Bench(POLICY._replace(callbacks=Callbacks())), 86_400_000
    bench.tell(ev.CallbackWished("a" * 32, "de", "other", "", bench.now + day, bench.now + day + 7_200_000))
    (visit,) = bench.engine.world.visits.values()
    picture, cancels = picture_of(bench, 0), Cancels()

    async def view() -> LeadView:
        return LeadView(bench.now, picture(), (InLine(visit, 1, (), "", None, "", ()),), ())

    people = Admits(ute=person("ute", Role.SUPERVISOR))
    app = app_of(picture, people=people, lead=view, steering=cancels, not_reached=NobodyMissed())
    taken = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    serving = asyncio.create_task(WebServer(app, taken).run())
    context = await browser.new_context(locale="en-GB", timezone_id="UTC")
    try:
        await context.add_cookies([{"name": "acd", "value": "ute", "url": url}])
        opened = await context.new_page()
        await opened.goto(f"{url}/lead")
        when = datetime.fromtimestamp((bench.now + day) / 1000, UTC)
        promised = opened.locator("#line .mark", has_text="promised")
        await expect(promised).to_contain_text(f"{when:%a} {when.day} {when:%b}, {when:%H:%M}")
        await opened.locator("#line button").click()
        cancel = opened.get_by_role("button", name="Cancel callback or message")
        await cancel.click()
        await expect(opened.locator("#steer [data-said]")).to_contain_text("cannot be undone")
        assert cancels.asked == []
        await cancel.click()
        await expect(opened.locator("#said")).to_contain_text("Cancel callback or message")
        assert cancels.asked == [visit.id]
    finally:
        await context.close()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def test_who_is_an_administrator_too_says_for_good_what_somebody_can_do(
    browser: Browser, hotline: Watched
) -> None:
    """The staff is the file's: it is left only where that is ticked; undone, and the file's again."""
    cookie = await admitted.person(
        hotline.centre, "ada", "Ada Roth", Role.SUPERVISOR, also=frozenset({Role.ADMINISTRATOR})
    )
    context = await browser.new_context(locale="en-GB", viewport={"width": 320, "height": 900})
    await context.add_cookies([{"name": "acd", "value": cookie, "url": hotline.url}])
    page = await context.new_page()
    await page.goto(f"{hotline.url}/lead")
    person, dialog = page.locator("#working tr").filter(has_text="Birgit"), page.locator("#person")

    async def opened() -> None:
        await person.get_by_role("button").click(timeout=ENOUGH_MS)
        await dialog.get_by_text("Skills until this evening").click()

    try:
        await opened()
        await fits(page, "skills for good")
        await nothing_found(page, "skills for good")
        await dialog.locator('[data-language="tr"]').select_option("B2")
        await dialog.get_by_role("button", name="From now on").click()
        await expect(dialog.locator("[data-said]")).to_contain_text("The staff is that of the configuration")
        await dialog.get_by_label("Turn the whole staff into an imported one").check()
        await dialog.get_by_role("button", name="From now on").click()
        await expect(page.locator("#said")).to_contain_text("From now on")
        await expect(person).to_contain_text("tr B2", timeout=ENOUGH_MS)
        await hotline.stop_daemon(kill=True)
        await hotline.start_daemon()
        await expect(page.locator("#page")).to_have_text("Display up to date", timeout=ENOUGH_MS)
        await expect(person).to_contain_text("tr B2", timeout=ENOUGH_MS)
        await opened()
        await dialog.get_by_role("button", name="As before the last change").click()
        await expect(person).not_to_contain_text("tr B2", timeout=ENOUGH_MS)
    finally:
        await acd("staff", "from-file", "--config", str(hotline.config))
        await context.close()
