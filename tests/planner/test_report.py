"""The report in a real browser: what `acd plan report` wrote is complete, accessible and always the same."""

import shutil
import tomllib
from pathlib import Path

import pytest
import tomli_w
from playwright.async_api import Page, expect
from typer.testing import CliRunner

from acd.plan import app
from tests.looks import fits, nothing_found

FILE = Path(__file__).resolve().parents[2] / "config" / "planning.toml"


def reported(folder: Path, *more: str) -> list[str]:
    """The names of what the command wrote into the folder."""
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))
    raw["centre"] = str(FILE.parent / raw["centre"])
    raw["scenario"] = [each for each in raw["scenario"] if each["name"] in ("2016", "2023_flow")]
    path = folder / "planning.toml"
    path.write_text(tomli_w.dumps(raw), encoding="utf-8")
    asked = [
        "report",
        "2023_flow",
        "--file",
        str(path),
        "--calls-only",
        "--replications",
        "2",
        "--sensitivity",
        "0",
    ]
    grid = ["--staff", "5,15", "--cases", "2500,8000"]
    found = CliRunner().invoke(app, [*asked, *grid, "--out", str(folder), *more])
    assert found.exit_code == 0, found.output
    return [Path(line).name for line in found.stdout.split()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("report")
    assert reported(made) == ["report.de.html", "report.de.pdf", "report.en.html", "report.en.pdf"]
    return made


@pytest.fixture(scope="module")
def german(folder: Path) -> Path:
    return folder / "report.de.html"


@pytest.mark.parametrize(("name", "scheme"), [("report.de.html", "light"), ("report.en.html", "dark")])
async def test_axe_finds_nothing(page: Page, folder: Path, name: str, scheme: str) -> None:
    """WCAG 2.2 AA as far as a program can see it, with every table opened."""
    await page.goto((folder / name).as_uri())
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    await nothing_found(page)


async def test_it_fits_a_narrow_phone_and_leads_to_the_other_language(page: Page) -> None:
    await page.set_viewport_size({"width": 320, "height": 800})
    await fits(page)
    shown = await page.evaluate(
        "[...document.images].every(each => each.complete && each.naturalWidth > 0 && each.alt.length > 40)"
    )
    assert shown is True
    await page.get_by_role("link", name="English version").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("15 staff, 8,000 cases a year")


def test_the_same_command_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """Going on from some of what was kept, the other part simulated anew, in other processes."""
    shutil.copytree(folder / "kept", tmp_path / "kept")
    for place, path in enumerate(sorted((tmp_path / "kept").rglob("*.npz"))):
        if place % 2:
            path.unlink()
    assert reported(tmp_path, "--language", "en") == ["report.en.html", "report.en.pdf"]
    assert (tmp_path / "report.en.pdf").read_bytes() == (folder / "report.en.pdf").read_bytes()


def test_what_cannot_be_is_said_with_exit_code_2(tmp_path: Path) -> None:
    asked = ["report", "2023_flow", "--file", str(FILE), "--calls-only", "--out", str(tmp_path)]
    (tmp_path / "file").touch()
    for more, reason in (
        (["--out", str(tmp_path / "file")], "cannot be written"),
        (["--sweep", str(tmp_path)], "has no replications.parquet"),
        (["--sweep", str(tmp_path), "--staff", "5..9"], "has its own numbers of staff"),
        (["--staff", "5..30"], "staff.order names 23"),
        (["--cases", "many"], "is no number"),
    ):
        found = CliRunner().invoke(app, [*asked, *more])
        assert found.exit_code == 2, found.output
        assert reason in found.stderr
