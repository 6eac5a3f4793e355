"""Coverage counts whoever has come and whose skills suit, against a small staff's calendar."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from acd.plan import app
from simulation.scenarios import scenario_file
from simulation.scenarios.scenario import Scenario
from simulation.scenarios.year import year
from simulation.staffing.coverage import (
    AT_LAST,
    AT_ONCE,
    OWN_LANGUAGE,
    READINGS,
    Coverage,
    coverage,
    share_there,
)

PLANNING = Path("config/planning.toml")
NEVER_AWAY = {"absence.leave": 0, "absence.sickness": 0, "absence.training": 0}


@pytest.fixture(scope="module")
def two() -> Scenario:
    """Daryna (uk, ru) and Leyla (ar), never away; rest from 11:30 and from 12:00."""
    return scenario_file.load(PLANNING, "2016").changed({"staff.people": 2, **NEVER_AWAY})


@pytest.fixture(scope="module")
def found(two: Scenario) -> Coverage:
    return coverage(two, replications=1)


def at(
    found: Coverage, values: np.ndarray, reading: str, cell: tuple[str, str], hour: tuple[int, int]
) -> float:
    return float(values[READINGS.index(reading), found.cells.index(cell), found.hours.index(hour)])


def test_hours_are_those_of_opening(found: Coverage) -> None:
    """Monday 8 to 16 has 8 hours, the week 36; minutes add up to the year's open time."""
    assert len(found.hours) == 8 + 8 + 5 + 10 + 5
    assert found.hours[0] == (0, 8)
    mondays = found.open_minutes[found.hours.index((0, 8))] / 60
    assert 45 <= mondays <= 52


@pytest.mark.parametrize(
    ("hour", "nobody"),
    [((0, 9), 0.0), ((0, 11), 0.5), ((0, 12), 0.0), ((3, 17), 0.5), ((4, 11), 0.0)],
    ids=["there", "at rest 11:30-12:00", "back", "goes at 17:30 on Thursdays", "a short day without rest"],
)
def test_nobody_is_there_while_the_only_one_rests(
    found: Coverage, hour: tuple[int, int], nobody: float
) -> None:
    cell = ("uk", "registration")
    assert at(found, found.nobody, AT_ONCE, cell, hour) == nobody
    assert at(found, found.one, AT_ONCE, cell, hour) == 1 - nobody
    assert at(found, found.average, AT_ONCE, cell, hour) == 1 - nobody


def test_the_share_that_is_there(two: Scenario, found: Coverage) -> None:
    """As the hours of the week say, each as often as it is open."""
    hours = found.there @ found.open_minutes / found.open_minutes.sum() / 2
    share = share_there(year(two, case_work=False), seed=1, replications=1)
    assert share == pytest.approx(hours)
    assert 0.9 < share < 1


def test_two_who_could_are_two(found: Coverage) -> None:
    """Both know registration and German; their rests do not meet."""
    cell = ("de", "registration")
    assert at(found, found.average, AT_ONCE, cell, (0, 9)) == 2
    assert at(found, found.one, AT_ONCE, cell, (0, 9)) == 0
    assert at(found, found.one, AT_ONCE, cell, (0, 12)) == 0.5
    assert at(found, found.nobody, AT_ONCE, cell, (0, 11)) == 0
    assert found.there[found.hours.index((0, 9))] == 2


def test_readings_widen(found: Coverage) -> None:
    """The wider step never finds fewer; at last German or English at B1 is enough for everybody."""
    once, own, last = found.able
    assert (once <= own).all()
    assert (own <= last).all()
    assert last.all()
    assert not once[found.cells.index(("fa", "study"))].any()


def test_single_points_of_failure(found: Coverage) -> None:
    """Ukrainian hangs on one of the two, Farsi on nobody, German on both."""
    assert ("uk", "registration") in found.alone(OWN_LANGUAGE)
    assert ("fa", "study") in found.missing(OWN_LANGUAGE)
    assert ("de", "registration") not in found.alone(OWN_LANGUAGE)
    assert found.alone(AT_LAST) == []


def test_empty_hours_are_those_after_all_have_gone(two: Scenario, found: Coverage) -> None:
    """Open until 18 on Thursdays: with turns one of the two stays as long, without them nobody does."""
    assert found.empty_hours(0.05) == []
    together = coverage(two.changed({"attendance.later": 0}), replications=1)
    assert together.empty_hours(0.05) == [(3, 17)]


def test_absence_shows(two: Scenario) -> None:
    """25 of about 250 days in training: a tenth of the time the only Ukrainian speaker is not there."""
    away = coverage(two.changed({"absence.training": 25}), replications=20)
    nobody = at(away, away.nobody, AT_ONCE, ("uk", "registration"), (0, 9))
    assert 0.05 < nobody < 0.15


def test_the_same_seed_gives_the_same(two: Scenario) -> None:
    ill = two.changed({"absence.sickness": 20})
    one, same, other = (coverage(ill, seed=seed, replications=2) for seed in (1, 1, 2))
    assert (one.nobody == same.nobody).all()
    assert (one.nobody != other.nobody).any()


def test_the_command_names_nobody_unless_asked(tmp_path: Path) -> None:
    """Ids are printed and written with --names alone; the file has a row for every hour."""
    table = tmp_path / "coverage.csv"
    asked = ["coverage", "2016", "--replications", "1", "--csv", str(table)]
    quiet = CliRunner().invoke(app, asked)
    assert quiet.exit_code == 0
    assert "daryna" not in quiet.output + table.read_text("utf-8")
    assert len(table.read_text("utf-8").splitlines()) == 1 + 3 * 10 * 12 * 36
    named = CliRunner().invoke(app, [*asked, "--names"])
    assert "registration (daryna)" in named.output
    assert "daryna" in table.read_text("utf-8")


def test_an_unknown_scenario_is_one_sentence() -> None:
    result = CliRunner().invoke(app, ["coverage", "2032"])
    assert result.exit_code == 2
    assert "2032" in result.output
