"""The report says what was simulated: its numbers in both languages, what they answer, the same bytes."""

import hashlib
import os
import re
import string
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from config.people import agent
from simulation.report import answers, numbers
from simulation.report.contents import document
from simulation.report.document import Document, Picture, Table
from simulation.report.gather import (
    Case,
    Effect,
    Field,
    Material,
    able_to_everything,
    field_of,
    standard_staff,
)
from simulation.report.numbers import LANGUAGES, Language
from simulation.report.page import Other, page
from simulation.report.pdf import pdf
from simulation.report.sensitivity import varied
from simulation.report.withheld import withheld
from simulation.report.wording import LANGUAGE_NAMES, TEXTS, VARIANTS, Voice
from simulation.runs import results
from simulation.runs.outcome import CELL, Cells, cell_figures_of, figures_of
from simulation.runs.spread import Estimate
from simulation.runs.sweep import CASES, PEOPLE, Grid, GridFaults, Swept
from simulation.scenarios import scenario_file
from simulation.scenarios.scenario import Scenario
from simulation.scenarios.year import year

FILE = Path(__file__).resolve().parents[2] / "config" / "planning.toml"
STAFF, SPAN, YEARS = (5, 15, 23), (2_500.0, 5_000.0, 8_000.0), 4
ASKED = scenario_file.load(FILE, "2023_flow")


def made(
    asked: Scenario = ASKED,
    names: tuple[str, ...] = ("2016", "2023_flow", "2023_stock"),
    case_work: bool = False,
) -> Material:
    """A report's material with figures drawn at random, but with the service level rising with staff."""
    rng = np.random.default_rng(7)
    listed = figures_of(case_work)
    level = [each.key for each in listed].index(f"service_level_{asked.house.service_level.variant}")

    def drawn(*shape: int) -> np.ndarray:
        rows = rng.random((*shape, YEARS, len(listed)))
        rows[..., [i for i, each in enumerate(listed) if each.unit != "1"]] *= 2_000
        return rows

    whole, by_staff, pooled = drawn(3, 3), drawn(3), drawn(3)
    for place in range(3):
        whole[place, ..., level] = 0.7 + 0.08 * place
        by_staff[place, ..., level] = 0.7 + 0.08 * place
        pooled[place, ..., level] = 0.9
    model = year(asked, case_work=case_work).model
    keys = Cells(model).keys
    cells = rng.random((YEARS, len(keys), len(cell_figures_of(case_work))))
    cells[:, :, 0] = 500
    cells[:, keys.index(("language", "pl")), 0] = 12
    if case_work:
        cells[:, :, len(CELL) :] = [400, 41.5, 80.5, 0.9, 300, 270]
        cells[:, keys.index(("language", "pl")), len(CELL) :] = [24, np.nan, np.nan, 0.75, 8, 6]
        cells[:, keys.index(("language", "tr")), len(CELL) + 2] = [88, 92, 86, 94]
    cases = tuple(
        Case(scenario_file.load(FILE, name), drawn(), cells, np.zeros((YEARS, 0))) for name in names
    )
    base = next(case for case in cases if case.scenario.name == asked.name)
    field = Field(STAFF, SPAN, whole)
    hidden = withheld(model, keys, asked.house.privacy.smallest_cell)
    effects = tuple(Effect(each, drawn(), drawn()) for each in varied(asked, 0.2, case_work))
    return Material(
        asked,
        case_work,
        3,
        YEARS,
        "1.2",
        listed,
        keys,
        hidden,
        field,
        by_staff,
        pooled,
        base,
        cases,
        0.2,
        effects,
    )


MATERIAL = made()


@cache
def said(language: Language) -> Document:
    """The report in one language, made once."""
    return document(MATERIAL, language)


@pytest.mark.parametrize(
    ("value", "digits", "german", "english"),
    [
        (1234.56, 1, "1.234,6", "1,234.6"),
        (-0.04, 1, "0,0", "0.0"),
        (-1234567.0, 0, "−1.234.567", "−1,234,567"),
        (float("nan"), 1, "–", "–"),
    ],
)
def test_numbers_are_written_as_each_language_does(
    value: float, digits: int, german: str, english: str
) -> None:
    assert numbers.number(value, digits, "de") == german
    assert numbers.number(value, digits, "en") == english


def test_shares_intervals_and_differences() -> None:
    assert numbers.percent(0.7604, "de") == "76,0\N{NO-BREAK SPACE}%"
    assert numbers.percent(0.7604, "en") == "76.0%"
    assert (
        numbers.span(0.758, 0.762, "1", "de")
        == "75,8\N{NO-BREAK SPACE}bis\N{NO-BREAK SPACE}76,2\N{NO-BREAK SPACE}%"
    )
    assert numbers.span(12.25, 1_100, "s", "en") == "12.2\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}1,100"
    assert numbers.difference(0.012, "1", "de") == "+1,2"
    assert numbers.difference(-3.0, "s", "en") == "−3.0"
    assert numbers.exact(0.005, "de") == "0,005"
    assert numbers.exact(95_500.0, "de") == "95.500"


def test_each_sentence_has_the_same_places_in_both_languages() -> None:
    """A sentence translated without one of its numbers would say less in one language."""

    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert [key for key, text in TEXTS.items() if places(text.de) != places(text.en)] == []
    assert {*VARIANTS} == {
        each.key.removeprefix("service_level_")
        for each in figures_of(False)
        if each.key.startswith("service_level_")
    }


def test_up_to_how_many_cases_is_the_last_before_the_first_miss() -> None:
    met = np.array([True, True, False, True])
    assert answers.limit((1.0, 2.0, 3.0, 4.0), met) == answers.Limit(2.0, 3.0)
    assert answers.limit((1.0, 2.0), np.array([True, True])) == answers.Limit(2.0, None)
    assert answers.limit((1.0, 2.0), np.array([False, True])) == answers.Limit(None, 1.0)


def test_a_target_within_the_interval_is_neither_met_nor_missed() -> None:
    level, days = answers.Target("a", "1", 0.8, True), answers.Target("b", "days", 90.0, False)

    def between(low: float, high: float) -> Estimate:
        return Estimate(9, (low + high) / 2, low, high, low, high)

    found = [answers.verdict(level, between(low, low + 0.02)) for low in (0.7, 0.79, 0.8)]
    assert found == ["missed", "undecided", "met"]
    found = [answers.verdict(days, between(low, low + 2)) for low in (88, 89, 91)]
    assert found == ["met", "undecided", "missed"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("met", [True, False])
def test_the_fewest_are_said_to_be_the_file_s_first_and_who_chooses_is_named(
    language: Language, met: bool
) -> None:
    """Which question was answered, whatever the answer, and the command that answers the other one."""
    material = MATERIAL if met else MATERIAL._replace(by_staff=MATERIAL.by_staff * 0)
    (summary,) = (each for each in document(material, language).sections if each.key == "summary")
    question = Voice(language).say("fewest_question", cases=Voice(language).number(8_000))
    (answer,) = (each for each in summary.blocks if getattr(each, "question", "") == question)
    said = " ".join(answer.sentences)
    assert {"de": "ersten Personen der Planungsdatei, in ihrer Reihenfolge", "en": "in their order"}[
        language
    ] in said
    assert "acd plan staff 2023_flow --targets overall --calls-only" in said


def test_the_fewest_staff_are_those_from_which_on_every_target_is_met() -> None:
    assert answers.fewest(MATERIAL, MATERIAL.by_staff) == 23
    assert answers.fewest(MATERIAL, MATERIAL.pooled) == 5
    assert answers.fewest(MATERIAL, MATERIAL.by_staff * np.nan) is None


def test_the_surcharge_is_what_people_cost_beyond_the_formula() -> None:
    """8,000 calls of 7 minutes and the wrap-up are less than one post; reachability takes the other four."""
    found = answers.surcharge(MATERIAL)
    assert found.by_formula == pytest.approx(8_000 * (7 + ASKED.house.staffing.wrap_up_seconds / 60) / 95_500)
    assert (found.pooled, found.real) == (5.0, 23.0)


def test_everybody_able_to_everything_changes_nothing_but_skills() -> None:
    pooled = able_to_everything(ASKED)
    people = [agent(each) for each in (*pooled.house.staff, *pooled.staff.hire)]
    assert len({(str(each.languages), str(each.concerns)) for each in people}) == 1
    assert [each.id for each in people] == [each.id for each in (*ASKED.house.staff, *ASKED.staff.hire)]
    assert pooled.digest != ASKED.digest
    assert pooled.cases == ASKED.cases


def test_the_standard_grid_keeps_to_the_people_that_there_are() -> None:
    few = ASKED.model_copy(update={"staff": ASKED.staff.model_copy(update={"order": ASKED.staff.order[:7]})})
    assert standard_staff(few) == (5.0, 6.0, 7.0)


def _swept(folder: Path, axes: dict[str, tuple[float, ...]]) -> tuple[Grid, Swept]:
    grid = Grid(ASKED, axes, replications=3, case_work=False)
    model = year(ASKED, case_work=False).model
    rng = np.random.default_rng(1)
    points = len(grid.points())
    swept = Swept(
        rng.random((points, 3, len(figures_of(False)))),
        rng.random((points, 3, len(Cells(model).keys), len(CELL))),
        np.zeros((points, 3, 0)),
    )
    results.write(grid, swept, model, folder)
    return grid, swept


def test_a_kept_sweep_is_read_back_whatever_the_order_of_its_axes(tmp_path: Path) -> None:
    _, one = _swept(tmp_path / "one", {PEOPLE: (5.0, 9.0), CASES: (2_500.0, 3_000.0, 8_000.0)})
    field = field_of(results.read(tmp_path / "one"), ASKED, False)
    assert (field.staff, field.cases) == ((5, 9), (2_500.0, 3_000.0, 8_000.0))
    np.testing.assert_array_equal(field.figures.reshape(one.figures.shape), one.figures)
    _, other = _swept(tmp_path / "other", {CASES: (8_000.0, 2_500.0), PEOPLE: (9.0, 5.0)})
    field = field_of(results.read(tmp_path / "other"), ASKED, False)
    assert (field.staff, field.cases) == ((5, 9), (2_500.0, 8_000.0))
    np.testing.assert_array_equal(field.figures[1, 1], other.figures[0])
    np.testing.assert_array_equal(field.figures[0, 1], other.figures[1])


def test_a_sweep_of_something_else_is_refused(tmp_path: Path) -> None:
    _swept(tmp_path, {PEOPLE: (5.0, 9.0), CASES: (2_500.0, 8_000.0)})
    read = results.read(tmp_path)
    with pytest.raises(GridFaults, match="sweep it again"):
        field_of(read, scenario_file.load(FILE, "2020"), False)
    with pytest.raises(GridFaults, match=r"is of version 0\.0\.0; this one"):
        field_of(read._replace(version="0.0.0"), ASKED, False)
    with pytest.raises(GridFaults, match=r"varies staff\.people; a report needs"):
        field_of(read._replace(axes={PEOPLE: (5.0,)}), ASKED, False)
    fewer = {key: each for key, each in read.figures.items() if key != "wait_p95"}
    with pytest.raises(GridFaults, match="lacks wait_p95"):
        field_of(read._replace(figures=fewer), ASKED, False)
    with pytest.raises(GridFaults, match=r"has no replications\.parquet"):
        results.read(tmp_path / "nowhere")
    (tmp_path / "replications.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(GridFaults, match="is no result of a sweep"):
        results.read(tmp_path)


@pytest.fixture(scope="module")
def german_pdf() -> bytes:
    return pdf(said("de"))


def test_page_and_pdf_are_the_same_bytes_in_another_process(german_pdf: bytes) -> None:
    """With other hashing and another clock there; nothing of either is in the files."""
    program = (
        "import hashlib, sys; from tests.unit.test_report import MATERIAL as m, document, page, pdf\n"
        "d = document(m, 'de')\n"
        "print(hashlib.sha256(page(d).encode() + pdf(d)).hexdigest())"
    )
    there = subprocess.run(
        [sys.executable, "-c", program],
        cwd=FILE.parents[1],
        env={"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert hashlib.sha256(page(said("de")).encode() + german_pdf).hexdigest() == there


def test_the_page_fetches_nothing_and_its_policy_says_so() -> None:
    text = page(said("de"), Other("report.en.html", "en"))
    assert "default-src 'none'" in text
    assert re.findall(r"(?:src|href)=\"(?!data:|#|report\.en\.html)[^\"]*", text) == []
    assert "<script" not in text
    assert " style=" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_picture_has_its_words_and_its_numbers(language: Language) -> None:
    made_of = said(language)
    shown = [each for section in made_of.sections for each in section.blocks if isinstance(each, Picture)]
    assert len({each.key for each in shown}) == len(shown) >= 10
    for each in shown:
        assert len(each.alt) > 40
        assert each.numbers.rows
        assert {len(row) for row in each.numbers.rows} == {len(each.numbers.head)}


def test_few_calls_are_counted_and_not_shared() -> None:
    (section,) = (each for each in said("de").sections if each.key == "cells")
    picture = section.blocks[1]
    assert isinstance(picture, Picture)
    (polish,) = (row for row in picture.numbers.rows if row[0] == "Polnisch")
    assert polish[1] == "12,0"
    assert [cell.split(" von ")[1] for cell in polish[2:4]] == ["12,0", "12,0"]
    assert not any("%" in cell for cell in polish)
    assert "Polnisch" not in picture.alt


@pytest.mark.parametrize("language", LANGUAGES)
def test_cases_have_their_turnaround_by_language_and_by_concern(language: Language) -> None:
    """With its interval, and the promised time beside it; few cases have none, and counts."""
    of_words = {
        "de": (
            "Türkisch",
            "Polnisch",
            "Laufzeit nach Sprache",
            "41,5",
            "90,0",
            "90,0\N{NO-BREAK SPACE}%",
            "6,0 von 8,0",
        ),
        "en": ("Turkish", "Polish", "Turnaround by language", "41.5", "90.0", "90.0%", "6.0 of 8.0"),
    }
    turkish, polish, title, median, most, share, counts = of_words[language]
    material = made(case_work=True)
    (section,) = (each for each in document(material, language).sections if each.key == "cells")
    pictures = {each.key: each for each in section.blocks if isinstance(each, Picture)}
    assert [*pictures] == ["by-language", "turnaround-by-language", "by-concern", "turnaround-by-concern"]
    shown = pictures["turnaround-by-language"]
    rows = {row[0]: row for row in shown.numbers.rows}
    assert shown.title == title
    assert len(rows) == len(ASKED.cases.language)
    assert rows[turkish][1] == "400"
    assert rows[turkish][2].startswith(f"{median} (")
    low, high = (numbers.amount(each, "days", language) for each in (84.2, 95.8))
    assert rows[turkish][3].startswith(f"{most} ({low}")
    assert rows[turkish][3].endswith(f"{high})")
    assert rows[turkish][4].startswith(f"{share} (")
    assert rows[polish] == (polish, numbers.number(24, 1, language), "–", "–", counts)
    assert polish not in shown.alt
    assert f"{turkish} {most}" in shown.alt
    concerns = pictures["turnaround-by-concern"].numbers.rows
    assert len(concerns) == sum(what == "concern" for what, _ in material.cells)


def test_with_calls_only_there_is_no_turnaround() -> None:
    (section,) = (each for each in said("en").sections if each.key == "cells")
    assert [each.key for each in section.blocks if isinstance(each, Picture)] == ["by-language", "by-concern"]
    assert "turnaround" not in str([each for each in section.blocks if not isinstance(each, Picture)]).lower()


def test_what_points_to_few_people_is_left_out_when_the_setting_asks_for_it() -> None:
    """And never alone: what is left out is served by as many people together."""
    house = ASKED.house
    guarded = house.model_copy(update={"privacy": house.privacy.model_copy(update={"smallest_cell": 4})})
    material = made(ASKED.model_copy(update={"house": guarded}))
    hidden = {key for what, key in material.withheld if what == "language"}
    assert {"de", "en"}.isdisjoint(hidden)
    assert len(hidden) > 1
    assert MATERIAL.withheld == frozenset()
    (section,) = (each for each in document(material, "de").sections if each.key == "cells")
    assert "Nicht gezeigt" in str(section.blocks[1])
    picture = section.blocks[2]
    assert isinstance(picture, Picture)
    names = {row[0] for row in picture.numbers.rows}
    assert names.isdisjoint({LANGUAGE_NAMES[key].de for key in hidden})
    assert len(names) + len(hidden) == len(ASKED.cases.language)


def test_the_anchors_say_where_they_fall() -> None:
    (section,) = (each for each in said("en").sections if each.key == "anchors")
    listing = str(section.blocks[-1])
    assert "2016: the beginning with 5 staff (outside the grid)" in listing
    assert "2023: 15 staff, 8,000 cases a year (a point of the grid)" in listing
    assert "8,000 persons looked after (between two points of the grid)" in listing


def test_every_number_of_the_scenario_is_listed_with_its_source() -> None:
    (section,) = (each for each in said("de").sections if each.key == "assumptions")
    (table,) = (each for each in section.blocks if isinstance(each, Table))
    listed = list(ASKED.quantities())
    assert [row[1] for row in table.rows] == [key for key, _ in listed]
    assert [row[5] for row in table.rows] == [quantity.source for _, quantity in listed]
    assert [row[4] == "Annahme" for row in table.rows] == [quantity.assumed for _, quantity in listed]


def test_the_pdf_has_bookmarks_a_language_and_cells_that_a_screen_reader_knows(german_pdf: bytes) -> None:
    made_of, file = said("de"), german_pdf
    bookmarks = len(re.findall(rb"/Dest \[", file))
    assert bookmarks > len(made_of.sections)
    assert b"/Lang (de" in file
    assert b"/Marked true" in file
    figures = sum(isinstance(each, Picture) for section in made_of.sections for each in section.blocks)
    assert len(re.findall(rb"/S /Figure\b", file)) == figures
    assert len(re.findall(rb"/S /TR\b", file)) > len(list(ASKED.quantities()))
    assert len(re.findall(rb"/S /H2\b", file)) == len(made_of.sections)


def test_an_answer_says_up_to_how_many_cases() -> None:
    section = said("en").sections[0]
    text = str(section.blocks)
    assert "23 staff: up to how many cases?" in text
    assert "at every case number that was simulated, so at least up to 8,000" in text
    assert Voice("en").say("up_to_question", staff="23") in text
