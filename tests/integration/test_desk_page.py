"""The desk in a real browser: what rings is seen and said, keys, drafts, lost connections, all widths."""

import asyncio
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.async_api import Browser, Page, expect
from starlette.types import ASGIApp, Receive, Scope, Send

from acd.web.server import WebServer, listen
from routing import events as ev
from routing.policy import Callbacks
from tests.fakes.admits import Admits, person
from tests.fakes.centre import NODE, PHONES, POLICY
from tests.fakes.desks import BIRGIT, CHOICES, COOKIE, NAMES, BenchDesk, busy_desk, handed
from tests.fakes.pages import app_of, picture_of
from tests.integration.test_page import browser
from tests.looks import nothing_clipped, nothing_found

__all__ = ["browser"]

ENOUGH_MS = 5_000


class Cut:
    """Stands before the application: while `cut`, whoever asks is hung up on; while `mute`, who sends
    something gets no answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.cut = False
        self.mute = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.cut:
            raise ConnectionResetError("cut")
        if self.mute and scope.get("method") == "POST":
            while (await receive())["type"] != "http.disconnect":
                pass
            return

        async def through(message: object) -> None:
            if self.cut:
                raise ConnectionResetError("cut")
            await send(message)  # type: ignore[arg-type]

        await self._app(scope, receive, through)


class Office(NamedTuple):
    """A desk, the browser's page of it, and what stands between them."""

    desk: BenchDesk
    page: Page
    between: Cut
    people: Admits


@asynccontextmanager
async def office(
    browser: Browser, locale: str = "en-GB", width: int = 1280, scheme: str = "light"
) -> AsyncIterator[Office]:
    """Birgit's desk; the test fails if a script does."""
    made, people = busy_desk(), Admits(birgit=BIRGIT)
    handed(made)
    app = app_of(
        picture_of(made.bench, 0),
        people=people,
        desk=made,
        desk_choices=lambda: CHOICES,
        names=lambda: NAMES,
        case_link=lambda reference: f"https://files.example.org/{reference}" if reference else "",
    )
    between = Cut(app)
    taken = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    serving = asyncio.create_task(WebServer(between, taken).run())  # type: ignore[arg-type]
    context = await browser.new_context(
        locale=locale,
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    await context.add_cookies([{"name": "acd", "value": COOKIE, "url": url}])
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    await page.goto(f"{url}/desk")
    await expect(page.locator("#page")).to_have_attribute("data-good", "yes")
    try:
        yield Office(made, page, between, people)
        assert faults == []
    finally:
        await context.close()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def test_a_call_that_rings_is_shown_with_all_that_is_known_and_said_once(browser: Browser) -> None:
    async with office(browser) as (desk, page, _, _):
        await page.evaluate(
            "window.said = []; new MutationObserver(() => said.push(document.getElementById('announce')"
            ".textContent)).observe(document.getElementById('announce'), {childList: true})"
        )
        assert await page.locator("#announce").get_attribute("role") == "alert"
        visit = desk.rings("9", case="K-2041")
        ring = page.locator("#ring")
        await expect(ring.locator(".tongue")).to_have_text("Deutsch")
        await expect(ring.locator(".tongue")).to_have_attribute("lang", "de")
        await expect(ring.locator(".translated")).to_have_text("German")
        await expect(ring.locator(".concern")).to_have_text("School, training and studies")
        link = ring.get_by_role("link", name="Open the digital file")
        await expect(link).to_have_attribute("href", "https://files.example.org/K-2041")
        await expect(link).to_have_attribute("rel", "noopener noreferrer")
        await expect(ring.locator(".earlier li")).to_have_count(2)
        await expect(ring.locator(".earlier")).to_contain_text("Documents asked for")
        await expect(ring.locator(".earlier")).to_contain_text("Wir fragen die Hochschule")
        await expect(page).to_have_title("☎ German, School, training and studies – My desk – " + NAMES.centre)
        await expect(page.locator("link[rel=icon]")).to_have_attribute("href", "/static/ringing.svg")
        desk.tell(ev.QuietAsked("birgit", 10))
        await expect(page.locator('[data-minutes="10"]')).to_have_attribute("aria-pressed", "true")
        said = await page.evaluate("said")
        assert len(said) == 1
        assert said[0].startswith("Call: German, School, training and studies. Waiting for ")
        desk.talks("9")
        await expect(ring).to_be_hidden()
        await expect(page.locator("#call-title")).to_have_text("On a call")
        await expect(page).to_have_title("My desk – " + NAMES.centre)
        assert [each for each in desk.asked if each[0] != "quiet"] == []  # taken with no key
        assert visit


async def test_a_callback_is_told_from_a_call_and_lies_before_who_calls_as_soon_as_they_lift(
    browser: Browser,
) -> None:
    async with office(browser) as (desk, page, _, _):
        desk.tell(ev.PolicyChanged("called back", POLICY._replace(callbacks=Callbacks(gaps_ms=(1_000,)))))
        at = desk.bench.now + 60_000
        desk.tell(ev.CallbackWished("t" * 32, "de", "study", "K-7", at, at + 3_600_000))
        visit = max(desk.bench.engine.world.visits)
        desk.tell(ev.Elapsed(), 60_000)
        ring = page.locator("#ring")
        await expect(ring.locator(".kind")).to_have_text("Callback, asked for by web")
        await expect(ring).to_contain_text("K-7")
        offer = desk.bench.engine.world.visits[visit].offer
        phone, out = ev.Leg(NODE, f"cb{offer}"), ev.Leg(NODE, "out")
        desk.tell(ev.CallbackLifted(offer, phone))
        await expect(page.locator("#call-title")).to_have_text("You are calling back")
        await expect(page.locator("#state")).to_have_text("calling back")
        await expect(page.locator("#hint")).to_contain_text("is being dialled")
        await page.locator("#what").fill("wants to know about the course")
        desk.tell(ev.CallbackCalls(offer, phone, out))
        desk.tell(ev.Bridged(out, phone, "p02"))
        await expect(page.locator("#call-title")).to_have_text("On a call")
        await expect(page.locator("#what")).to_have_value("wants to know about the course")
        await nothing_found(page)


async def test_a_message_can_be_heard_at_the_desk_by_whom_it_was_given_to(
    browser: Browser, tmp_path: Path
) -> None:
    async with office(browser) as (desk, page, _, _):
        desk.tell(ev.PolicyChanged("called back", POLICY._replace(callbacks=Callbacks())))
        desk.sound = tmp_path / "1.wav"
        with wave.open(str(desk.sound), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(b"\0" * 16_000)
        leg = ev.Leg(NODE, "9.9")
        desk.tell(ev.StaffAsked("birgit", "", "notready", "", None))
        desk.tell(ev.CallWaiting(leg, "de", "study", "", 0, 0))
        desk.tell(ev.MessageLeft(leg, "9.9-message"))
        desk.tell(ev.LegEnded(leg, 16))
        desk.tell(ev.StaffAsked("birgit", "", "ready", "", None))
        ring = page.locator("#ring")
        await expect(ring.locator(".kind")).to_have_text("Message")
        lasts = "audio.onloadedmetadata = () => done(audio.duration); audio.load()"
        heard = f"audio => new Promise(done => {{ {lasts} }})"
        assert await ring.locator("audio").evaluate(heard) == 1.0
        await nothing_found(page)


async def test_a_right_to_left_name_is_written_from_its_own_side(browser: Browser) -> None:
    async with office(browser, "de-DE") as (desk, page, _, _):
        desk.bench.engine.world.people["birgit"].agent = person_with(desk, "ar")
        desk.rings("9", language="ar")
        tongue = page.locator("#ring .tongue")
        await expect(tongue).to_have_text("العربية")
        await expect(tongue).to_have_attribute("dir", "rtl")
        await expect(page.locator("#ring .translated")).to_have_text("Arabisch")


def person_with(desk: BenchDesk, language: str) -> object:
    agent = desk.bench.engine.world.people["birgit"].agent
    return agent._replace(languages=(*agent.languages, (language, 7)))


async def test_not_ready_with_a_reason_takes_two_actions(browser: Browser) -> None:
    async with office(browser) as (desk, page, _, _):
        await page.keyboard.press("n")
        await page.keyboard.press("2")
        await expect(page.locator("#state")).to_have_text("not ready: At the counter")
        assert desk.asked == [("notready", "counter")]
        await page.keyboard.press("r")
        await expect(page.locator("#state")).to_have_text("ready")
        await page.get_by_role("button", name="Not ready").click()
        await page.get_by_role("button", name="Break").click()
        await expect(page.locator("#state")).to_have_text("not ready: Break")


async def test_a_call_is_closed_with_outcome_and_note_in_four_actions(browser: Browser) -> None:
    """Outcome, note (typing it is one), save: and wrap-up is over with it."""
    async with office(browser) as (desk, page, _, _):
        desk.rings("9")
        desk.talks("9")
        await expect(page.locator("#call-title")).to_have_text("On a call")
        desk.ends("9")
        await expect(page.locator("#call-title")).to_have_text("Wrap-up")
        await expect(page.locator("#countdown")).not_to_have_text("")
        desk.asked.clear()
        await page.keyboard.press("3")
        await page.keyboard.press("t")
        await page.keyboard.type("asked for the form 3 n t")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#said")).to_have_text("Saved.", timeout=ENOUGH_MS)  # gone after a while
        await expect(page.locator("#state")).to_have_text("ready", timeout=ENOUGH_MS)
        note = {
            "what": "asked for the form 3 n t",
            "promised": "",
            "by_when": "",
            "by_whom": "",
            "language": "",
        }
        assert desk.asked == [("close", ("documents", note, "")), ("wrap_over", "")]
        await expect(page.locator("#call")).to_be_hidden()


async def test_wrap_up_gets_longer_and_is_over_by_a_key(browser: Browser) -> None:
    async with office(browser) as (desk, page, _, _):
        desk.rings("9")
        desk.talks("9")
        desk.ends("9")
        await expect(page.locator("#wrap")).to_be_visible()
        await page.keyboard.press("l")
        await expect(page.locator("#countdown")).to_have_text("2:00")
        await page.keyboard.press("d")
        await expect(page.locator("#wrap")).to_be_hidden()
        assert [each[0] for each in desk.asked] == ["wrap_longer", "wrap_over"]


async def test_single_keys_can_be_switched_off_and_are_silent_where_text_is_typed(browser: Browser) -> None:
    async with office(browser) as (desk, page, _, _):
        desk.rings("9")
        desk.talks("9")
        await page.locator("#what").fill("")
        await page.locator("#what").press("n")
        await expect(page.locator("#what")).to_have_value("n")
        await expect(page.locator("#reasons")).to_be_hidden()
        assert await page.locator("#notready").get_attribute("aria-keyshortcuts") == "n"
        await page.get_by_label("Single keys").uncheck()
        await page.locator("h1").click()
        await page.keyboard.press("n")
        await page.keyboard.press("o")
        await expect(page.locator("#reasons")).to_be_hidden()
        assert await page.locator("#notready").get_attribute("aria-keyshortcuts") is None
        assert desk.asked == []
        await page.reload()
        await expect(page.locator("#page")).to_have_attribute("data-good", "yes")
        await expect(page.get_by_label("Single keys")).not_to_be_checked()


async def test_a_draft_outlives_a_reload_and_is_gone_for_who_comes_next(browser: Browser) -> None:
    async with office(browser) as (desk, page, _, people):
        desk.rings("9")
        desk.talks("9")
        await page.locator("#what").fill("half a sen")
        await page.get_by_label("Still to do").check()
        await page.reload()
        await expect(page.locator("#what")).to_have_value("half a sen")
        await expect(page.get_by_label("Still to do")).to_be_checked()
        await expect(page.locator("#draft")).to_have_text("Draft, not saved yet")
        people.people[COOKIE] = BIRGIT._replace(actor="person:other")
        await page.reload()
        await expect(page.locator("#call")).to_be_visible()
        await expect(page.locator("#what")).to_have_value("")
        assert "half a sen" not in await page.evaluate("JSON.stringify(sessionStorage)")


async def test_a_lost_connection_is_said_and_the_note_is_saved_once_it_is_back(browser: Browser) -> None:
    async with office(browser) as (desk, page, between, _):
        desk.rings("9")
        desk.talks("9")
        await page.locator("#what").fill("important")
        desk.asked.clear()
        between.cut = True
        await page.locator("#what").press("Control+Enter")
        await expect(page.locator("#draft")).to_contain_text(
            "No connection: it is saved as soon as there is one"
        )
        await expect(page.locator("#page")).to_contain_text("out of date since", timeout=10_000)
        await expect(page.locator("#lost")).to_contain_text("Your notes are kept here.")
        assert desk.asked == []
        between.cut = False
        await expect(page.locator("#draft")).to_have_text("Saved.", timeout=10_000)
        assert [each[1][1]["what"] for each in desk.asked] == ["important"]
        await expect(page.locator("#lost")).to_be_empty()


async def test_a_call_is_closed_by_its_own_number_however_great_it_is(browser: Browser) -> None:
    """Ids begin with the term, which is counted in minutes: a script's own numbers end below them."""
    async with office(browser) as (desk, page, _, _):
        desk.tell(ev.TermBegan(3_633_973))
        devices = tuple((phone, "NOT_INUSE") for phone in PHONES)
        desk.tell(ev.PbxSnapshot(desk.bench.now, True, (), devices))
        numbers = []
        for odd, uid in enumerate(("11", "12")):
            desk.bench.engine.world.counter += desk.bench.engine.world.counter % 2 == odd
            visit = desk.rings(uid)
            numbers.append(visit)
            desk.talks(uid)
            assert visit > 2**53
            await expect(page.locator("#call-title")).to_have_text("On a call")
            await page.locator("#what").fill(f"call {uid}")
            await page.locator("#what").press("Control+Enter")
            await expect(page.locator("#draft")).to_have_text("Saved.")
            person = desk.bench.engine.world.people["birgit"]
            assert person.closed is not None
            assert person.closed.visit == visit
            desk.tell(ev.LegEnded(ev.Leg(NODE, uid), 16), 1_000)
            desk.tell(ev.StaffAsked("birgit", "", "wrap_over", "", None))
            await expect(page.locator("#state")).to_have_text("ready")
        assert {each % 2 for each in numbers} == {0, 1}


async def test_what_gets_no_answer_is_being_saved_then_unsaved_and_is_sent_again(browser: Browser) -> None:
    async with office(browser) as (desk, page, between, _):
        desk.rings("9")
        desk.talks("9")
        await page.locator("#what").fill("important")
        between.mute = True
        await page.locator("#what").press("Control+Enter")
        await expect(page.locator("#draft")).to_have_text("Saving …")
        await expect(page.locator("#draft")).to_contain_text("No connection", timeout=15_000)
        between.mute = False
        await expect(page.locator("#draft")).to_have_text("Saved.", timeout=15_000)


async def test_who_writes_about_one_call_is_not_interrupted_by_the_next(browser: Browser) -> None:
    async with office(browser) as (desk, page, _, _):
        desk.rings("9")
        desk.talks("9")
        desk.ends("9")
        await page.locator("#what").fill("first ")
        desk.tell(ev.StaffAsked("birgit", "", "wrap_over", "", None))
        desk.rings("10", concern="other")
        await expect(page.locator("#ring")).to_be_visible()
        desk.talks("10")
        await expect(page.locator("#other")).to_be_visible()
        await page.keyboard.type("call")
        await expect(page.locator("#what")).to_have_value("first call")
        await page.get_by_role("button", name="To the call").click()
        await expect(page.locator("#what")).to_have_value("")
        await expect(page.locator("#call .concern")).to_have_text("Something else")
        await page.get_by_role("button", name="Add to").first.click()
        await expect(page.locator("#what")).to_have_value("first call")


async def test_case_hand_over_and_threat(browser: Browser) -> None:
    async with office(browser) as (desk, page, _, _):
        desk.rings("9")
        desk.talks("9")
        desk.asked.clear()
        await page.locator("#reference").fill("K-0")
        await page.get_by_role("button", name="Link", exact=True).click()
        await expect(page.locator("#said")).to_contain_text("There is no such case.")
        await page.locator("#reference").fill("K-77")
        await page.get_by_role("button", name="Begin a new one").click()
        await expect(page.locator("#said")).to_have_text("Linked to the case.")
        link = page.locator("#call").get_by_role("link", name="Open the digital file")
        await expect(link).to_have_attribute("href", "https://files.example.org/K-77")
        await page.locator("#what").fill("call back")
        await page.locator("#hand-over").click()
        await page.get_by_label("To whom?").select_option("cem")
        await page.locator("#handing-do").click()
        await expect(page.locator("#said")).to_have_text("Handed over to Cem.")
        await expect(page.locator("#left")).to_contain_text("call back")
        await page.locator("h1").click()
        await page.keyboard.press("x")
        await expect(page.locator("#threatened")).to_be_visible()
        await page.keyboard.press("Escape")
        assert [each[0] for each in desk.asked] == ["case", "hand_over"]
        await page.get_by_role("button", name="Report a threat").click()
        await page.get_by_label("Do not put this caller through for 24 hours").check()
        await page.get_by_role("button", name="Report now").click()
        await expect(page.locator("#said")).to_have_text("Reported.")
        assert desk.asked == [("case", ("K-77", True)), ("hand_over", "cem"), ("threat", True)]
        await page.get_by_role("button", name="Done: Rückruf").click()
        await expect(page.locator("#handovers-card")).to_be_hidden()


async def test_who_is_signed_out_is_told_where_to_sign_in_and_keeps_the_draft(browser: Browser) -> None:
    async with office(browser) as (desk, page, _, people):
        desk.rings("9")
        desk.talks("9")
        await page.locator("#what").fill("still here")
        del people.people[COOKIE]
        await expect(page.get_by_role("link", name="Sign in")).to_have_attribute(
            "href", "/sign-in?next=/desk", timeout=15_000
        )
        await expect(page.locator("#what")).to_have_value("still here")


async def test_signing_out_forgets_the_drafts(browser: Browser) -> None:
    async with office(browser) as (desk, page, _, _):
        desk.rings("9")
        desk.talks("9")
        await page.locator("#what").fill("secret")
        await page.evaluate("addEventListener('submit', (event) => event.preventDefault())")
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_function("sessionStorage.getItem('acd-desk-drafts') === null")


async def test_an_account_without_a_place_in_the_team_is_told_so(browser: Browser) -> None:
    async with office(browser) as (_, page, _, people):
        people.people[COOKIE] = person("clerk", *BIRGIT.roles, agent="nobody")
        await page.reload()
        await expect(page.locator("main")).to_contain_text("belongs to nobody in the hotline's team")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 640, 768, 1280, 1920])
@pytest.mark.parametrize("locale", ["de-DE", "en-GB"])
async def test_nothing_is_clipped_and_axe_finds_nothing(
    browser: Browser, locale: str, width: int, scheme: str
) -> None:
    """In each state of a call; 640 is 1280 at 200 %."""
    async with office(browser, locale, width, scheme) as (desk, page, _, _):

        async def right() -> None:
            await nothing_clipped(page)
            await nothing_found(page)

        await page.locator("#notready").click()
        await right()
        desk.rings("9", case="K-2041")
        await expect(page.locator("#ring .earlier li")).to_have_count(2)
        await right()
        desk.talks("9")
        for uid in ("31", "32"):
            desk.bench.call(uid, "de", "study")
        desk.woken.touch()
        await expect(page.locator("#waiting tr")).to_have_count(1)
        desk.ends("9")
        await expect(page.locator("#save-over")).to_be_visible()
        await right()
        await page.locator("#threat").click()
        await right()


async def test_everything_is_reached_by_keyboard(browser: Browser) -> None:
    async with office(browser) as (desk, page, _, _):
        desk.rings("9")
        desk.talks("9")
        await expect(page.locator("#call")).to_be_visible()
        wanted = {"ready", "notready", "logout", "what", "promised", "by_when", "by_whom", "language", "save",
                  "reference", "case-new", "hand-over", "threat", "with-keys", "with-notice"}  # fmt: skip
        seen = set()
        for _ in range(60):
            await page.keyboard.press("Tab")
            seen.add(await page.evaluate("document.activeElement.id"))
        assert wanted - seen == set()
