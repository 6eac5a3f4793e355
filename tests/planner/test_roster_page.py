"""The roster's page in a real browser: accessible in both languages and schemes, on paper width and phone."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from typer.testing import CliRunner

from acd.plan import app
from tests.looks import fits, nothing_found

FILE = Path(__file__).resolve().parents[2] / "config" / "planning.toml"
GIVEN = {
    "required": "weekday,begin,people,de,uk\nmon,09:00,2,1,1\nmon,09:30,9,1,0\n",
    "absences": "person,from,to\nleyla,2026-04-01,2026-04-02\n",
    "wishes": "person,date,free\njonas,2026-03-30,day\naylin,2026-03-30,15:30-16:30\n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Easter's two weeks of five people, with gaps, an absence, and wishes met and not."""
    made = tmp_path_factory.mktemp("roster")
    command = ["roster", "2016", "--file", str(FILE), "--from", "2026-03-30", "--weeks", "2", "--calls-only"]
    for name, text in GIVEN.items():
        (made / f"{name}.csv").write_text(text, encoding="utf-8")
        command += [f"--{name}", str(made / f"{name}.csv")]
    command += ["--effort", "2", "--replications", "2", "--out", str(made)]
    found = CliRunner().invoke(app, command)
    assert found.exit_code == 0, found.output
    return made


@pytest.fixture(scope="module")
def german(folder: Path) -> Path:
    return folder / "roster.de.html"


async def test_axe_finds_nothing(page: Page, folder: Path) -> None:
    """WCAG 2.2 AA as far as a program can see it."""
    for name, scheme in (("roster.de.html", "light"), ("roster.en.html", "dark")):
        await page.goto((folder / name).as_uri())
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        await nothing_found(page)


async def test_it_shows_weeks_to_hang_up_and_leads_to_the_other_language(page: Page) -> None:
    weeks = page.locator("section.week")
    await expect(weeks).to_have_count(2)
    await expect(weeks.first.locator("tbody tr")).to_have_count(5)
    await expect(weeks.first.locator("td.holiday")).to_have_text(["Feiertag"] * 5)
    await expect(weeks.first.locator("td.off")).to_have_text(["abwesend"] * 2)
    await expect(page.locator("#gaps + .scroll tbody tr").first).to_contain_text("5 von 9")
    await page.set_viewport_size({"width": 320, "height": 800})
    await fits(page)
    await page.keyboard.press("Tab")
    await expect(page.locator(":focus")).to_have_text("Zum Inhalt")
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.get_by_role("heading", level=1)).to_have_text(
        "Duty roster, Mon 30 March – Sun 12 April 2026"
    )
