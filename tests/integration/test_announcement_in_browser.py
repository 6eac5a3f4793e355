"""An emergency announcement is put on and off from its page: without a script, and fit to be used by all."""

from playwright.async_api import Browser, BrowserContext, Page, expect

from acd.demo import admitted
from acd.identity import Role
from tests.integration.conftest import Watched
from tests.integration.test_page import browser
from tests.looks import fits, nothing_found

__all__ = ["browser"]

ENOUGH_MS = 15_000
SMALL = {"width": 320, "height": 800}
FIRE = "Bei uns ist Feueralarm. Bitte rufen Sie später an."


async def context(browser: Browser, hotline: Watched, cookie: str, *, script: bool) -> BrowserContext:
    made = await browser.new_context(locale="de-DE", viewport=SMALL, java_script_enabled=script)  # type: ignore[arg-type]
    await made.add_cookies([{"name": "acd", "value": cookie, "url": hotline.url}])
    return made


async def looks(page: Page, hotline: Watched, path: str = "/announcement") -> None:
    for code in ("de", "en"):
        await page.goto(f"{hotline.url}{path}?lang={code}")
        await fits(page, f"{path} {code}")
        await nothing_found(page, f"{path} {code}")


async def test_it_is_put_on_from_the_page_seen_on_lead_and_taken_off(
    browser: Browser, hotline: Watched
) -> None:
    cookie = await admitted.person(hotline.centre, "ute", "Ute Brandt", Role.SUPERVISOR)
    plain, full = [await context(browser, hotline, cookie, script=each) for each in (False, True)]
    page, seeing = await plain.new_page(), await full.new_page()
    await looks(seeing, hotline)
    await seeing.goto(f"{hotline.url}/announcement?lang=de")
    await seeing.get_by_label("العربية", exact=True).fill("حريق")
    assert (
        await seeing.get_by_label("العربية", exact=True).evaluate("each => getComputedStyle(each).direction")
        == "rtl"
    )
    await seeing.get_by_role("button", name="Weiter: prüfen, was zu hören ist").click()
    await expect(seeing.get_by_role("heading", name="Das werden Anrufende hören")).to_be_visible()
    await fits(seeing, "what is heard")
    await nothing_found(seeing, "what is heard")

    await page.goto(f"{hotline.url}/announcement?lang=de")
    await page.get_by_label("Deutsch", exact=True).fill(FIRE)
    await page.get_by_label("Grund (freiwillig)").fill("Rauch im Keller")
    await page.get_by_role("button", name="Weiter: prüfen, was zu hören ist").click()
    await expect(page.get_by_role("row").filter(has_text=FIRE)).to_have_count(1)
    await expect(page.get_by_role("row").filter(has_text="disturbance")).to_have_count(1)
    await expect(page.get_by_text("Wer sie hört, bleibt in der Warteschlange.")).to_be_visible()
    async with hotline.client() as client:
        assert not (await client.get("/api/announcement")).json()["on"]
    await page.get_by_role("button", name="Ändern").click()
    await expect(page.get_by_label("Deutsch", exact=True)).to_have_value(FIRE)
    await page.get_by_label("Das Gespräch danach beenden").check()
    await page.get_by_role("button", name="Weiter: prüfen, was zu hören ist").click()
    await page.get_by_role("button", name="Jetzt einschalten").click()
    await expect(page.get_by_text("eingeschaltet von person:ute")).to_be_visible()
    async with hotline.client() as client:
        told = (await client.get("/api/announcement")).json()
    assert (told["on"], told["ends_calls"], told["languages"]["en"]) == (True, True, "stock")

    await looks(seeing, hotline)
    await seeing.goto(f"{hotline.url}/lead?lang=de")
    await expect(seeing.locator("#announcing")).to_be_visible(timeout=ENOUGH_MS)
    await page.get_by_role("button", name="Ausschalten").click()
    await expect(page.get_by_text("Es läuft keine Notfallansage.")).to_be_visible()
    await expect(seeing.locator("#announcing")).to_be_hidden(timeout=ENOUGH_MS)
    await plain.close()
    await full.close()
