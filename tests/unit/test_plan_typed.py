"""What a person types: each value is checked by its range and told where it came from, in a sentence."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from acd.plan import app, cover, simulate
from acd.plan import staff as staff_command
from config.load import ConfigFaults
from simulation.drivers import wait_bins
from simulation.drivers.layout import BINS
from simulation.drivers.tables import ModelFaults
from simulation.records.fragment import figure
from simulation.runs.outcome import _rank
from simulation.runs.spread import Spread
from simulation.runs.sweep import Grid, GridFaults
from simulation.scenarios import scenario_file
from simulation.scenarios.refusal import Unfit, doubt, number
from simulation.scenarios.year import year
from simulation.staffing.chosen import chosen_text

CONFIG = Path(__file__).resolve().parents[2] / "config"
SHIPPED = CONFIG / "planning.toml"
BASE = scenario_file.load(SHIPPED, "2016")
COMMANDS: dict[str, dict[str, str]] = {
    "run": {"--half-width": "0.5", "--most": "30", "--seed": "1", "--figure": "wait_p95"},
    "sweep": {
        "--staff": "5",
        "--cases": "2000",
        "--vary": "calls.talk=5",
        "--replications": "2",
        "--seed": "1",
    },
    "staff": {"--staff": "3", "--alpha": "0.1", "--delta": "0.1", "--most": "30", "--targets": "overall"},
    "coverage": {"--replications": "1", "--seed": "1"},
    "report": {"--staff": "5", "--cases": "2000", "--sensitivity": "0.2", "--replications": "2"},
    "roster": {"--weeks": "1", "--effort": "1", "--from": "2026-03-02", "--frame": "07:00-18:00"},
}
TYPED = [
    "", " ", "-1", "0", "1", "5", "1e400", "nan", "inf", "-inf", "9.000", "1.234.567", "0,5",
    "5..3", "8000..9000:0", "8000..9000:-1", "1..1000000000", "1..2:0.0000001", "..", "5..", ":",
    "5:5", "1_000", "٥", "½", "0x10", "\x1b[31m", "99999999999999999999999", "calls.talk",
    "calls.talk=", "calls.talk=-1", "calls.talk=nan", "calls.talk=9.000", "cases.language.de=0.9",
    "=5", "staff.people=0", "house.staff.1.id=2", "work.step.0.takes=5", "staff.order.1=1",
    "work.step.٣.takes=5", "work.step.1=5", "calls=5", "horizon.year=2030", "calls.talk.value=5",
    "wave=1", "a" * 400,
]  # fmt: skip


class ReachedError(Exception):
    """What was typed can be: the work would begin."""


@pytest.fixture(autouse=True, scope="module")
def nothing_runs() -> Any:
    def reached(*_: Any, **__: Any) -> Any:
        raise ReachedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulate.sequential, "run", reached)
        patch.setattr(simulate.sweep, "sweep", reached)
        patch.setattr(staff_command, "Search", reached)
        patch.setattr(cover, "coverage", reached)
        patch.setattr("simulation.report.gather.sweep", reached)
        yield


def _acd(*args: str) -> Result:
    return CliRunner().invoke(app, [*args, "--file", str(SHIPPED)])


def _typed(command: str, option: str, value: str) -> Result:
    given = {**COMMANDS[command], option: value}
    alone = ["--calls-only"] if command != "coverage" else []
    return _acd(command, "2016", *alone, *(each for pair in given.items() for each in pair))


def _one_sentence(done: Result) -> None:
    """It could begin, or it was refused in a few lines; nothing of the terminal's control characters."""
    if isinstance(done.exception, ReachedError):
        return
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == 2, done.output
    assert "\x1b[31m" not in done.stderr
    assert len(done.stderr) < 2_000


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_that_is_typed_for_an_option_is_a_traceback(command: str) -> None:
    tried = TYPED if command != "report" else TYPED[:12]  # each that is refused late checks every scenario
    for option in COMMANDS[command]:
        for value in tried:
            _one_sentence(_typed(command, option, value))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="0123456789.,:-=e_ an" + "calls.tkw", max_size=24))
@example("5..6:1..2")
def test_any_text_for_a_list_is_numbers_or_one_sentence(text: str) -> None:
    for option in ("--staff", "--cases", "--vary"):
        _one_sentence(_typed("sweep", option, text))


def test_good_values_do_begin() -> None:
    """The guard above lets through what can be."""
    for command in ("run", "sweep", "staff", "coverage", "report"):
        option, value = next(iter(COMMANDS[command].items()))
        assert isinstance(_typed(command, option, value).exception, ReachedError), command


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--vary", "calls.talk=-1", "--vary calls.talk: is -1; it lies between 0 and 10000 min"),
        ("--vary", "calls.retrial=1.5", "--vary calls.retrial: is 1.5; it lies between 0 and 1"),
        ("--vary", "cases.language.de=0.9", "cases.language has shares that add up to 1.56"),
        ("--staff", "0", "--staff: is 0; it lies between 1 and 62 persons"),
        ("--staff", "5.5", "--staff: is 5.5; it is a whole number of persons"),
        ("--staff", "5,30", "--staff 30: staff.people is 30, but staff.order names 23"),
        ("--cases", "-1", "--cases: is -1; it lies between 0 and 50000 cases/year"),
        ("--cases", "90000", "--cases: is 90000; it lies between 0 and 50000 cases/year"),
        ("--cases", "9.000", "--cases: '9.000' can be read in two ways; write 9000 or 9.0"),
        (
            "--vary",
            "calls.talk=1.125",
            "--vary calls.talk: '1.125' can be read in two ways; write 1125 or 1.1250",
        ),
        ("--cases", "8000..9000:0", "it rises from the first to the last by steps above 0"),
        ("--cases", "nan", "'nan' is no number"),
        ("--cases", "1..100000", "are more than 1,000 values"),
    ],
)
def test_a_value_is_told_with_the_option_that_it_came_from(option: str, value: str, said: str) -> None:
    done = _typed("sweep", option, value)
    assert done.exit_code == 2
    assert said in done.stderr


def test_all_values_out_of_range_are_told_at_once() -> None:
    done = _acd(
        "sweep", "2016", "--staff", "0,5.5", "--cases", "-1", "--vary", "calls.talk=-3",
        "--vary", "calls.no=1",
    )  # fmt: skip
    assert done.exit_code == 2
    for said in (
        "--staff: is 0",
        "--staff: is 5.5",
        "--cases: is -1",
        "--vary calls.talk: is -3",
        "--vary calls.no",
    ):
        assert said in done.stderr


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [
        ("run", "--half-width", "nan"),
        ("run", "--half-width", "9.000"),
        ("staff", "--alpha", "1"),
        ("staff", "--alpha", "nan"),
        ("staff", "--delta", "0"),
        ("staff", "--staff", "5.5"),
        ("report", "--sensitivity", "0.95"),
        ("roster", "--effort", "inf"),
    ],
)
def test_numbers_of_other_options_have_ranges_too(command: str, option: str, value: str) -> None:
    done = _typed(command, option, value)
    assert done.exit_code == 2
    assert option in done.output
    assert "Traceback" not in done.output


# --- one check for files, options and what is varied -------------------------------------------------------


def test_a_changed_scenario_is_checked_like_a_file() -> None:
    with pytest.raises(Unfit) as found:
        BASE.changed({"calls.talk": -1.0, "staff.people": 70.0, "cases.month.01": -2.0, "house.centre": 1.0})
    assert [key for key, _ in found.value.faults] == [
        "calls.talk", "staff.people", "cases.month.01", "house.centre",
    ]  # fmt: skip
    assert BASE.changed({"work.step.1.takes": 3.0}).work.step[0].takes.value == 3


def test_a_grid_says_every_value_that_cannot_be() -> None:
    with pytest.raises(GridFaults) as found:
        Grid(BASE, {"staff.people": (0.0, 63.0), "cases": (1.0, 60_000.0), "calls.chase": (2.0,)})
    assert len(str(found.value).splitlines()) == 4
    with pytest.raises(GridFaults) as found:
        Grid(BASE, {"staff.people": range(24, 60), "calls.talk": range(1, 9)})
    assert str(found.value).splitlines()[-1] == "and 52 more like these"
    assert "calls.talk" not in str(found.value)
    with pytest.raises(GridFaults, match="100,000 points at most"):
        Grid(BASE, {"calls.talk": range(1, 500), "calls.patience": range(1, 500)})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("9.000", "can be read in two ways; write 9000 or 9.0"),
        ("12.500", "can be read in two ways; write 12500 or 12.5"),
        ("-1.234", "can be read in two ways; write -1234 or -1.2340"),
        ("1.234.567", "has points between thousands; write 1234567"),
        ("0.125", ""),
        ("7.1250", ""),
        ("1234.5", ""),
        ("9000", ""),
    ],
)
def test_a_number_with_points_between_thousands_is_not_guessed(text: str, said: str) -> None:
    assert doubt(text) == said
    if not said:
        assert number(text) == float(text)


@given(st.floats(-1e6, 1e6, allow_nan=False))
def test_what_fit_writes_can_be_read_in_one_way(value: float) -> None:
    text = figure(value)
    assert doubt(text) == ""
    assert float(text) == pytest.approx(value, rel=1e-3, abs=1e-11)


def _own(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "own.toml"
    file.write_text(f'extends = "{SHIPPED}"\n{text}', "utf-8")
    return file


def test_german_thousands_in_a_file_are_told_with_file_and_key_and_all_other_faults(tmp_path: Path) -> None:
    file = _own(
        tmp_path,
        '[cases]\nper_year = { value = 9.000, unit = "cases/year", source = "mine" }\n'
        '[calls]\ntalk = { value = -1, unit = "min", source = "mine" }\n',
    )
    with pytest.raises(ConfigFaults) as found:
        scenario_file.load(file, "2023_flow")
    said = [str(each) for each in found.value.faults]
    assert f"{file}: cases.per_year: is 9.000, which can be read in two ways; write 9000 or 9.0" in said
    assert any(f"{file}: calls.talk: is -1" in each for each in said)


def test_a_wrong_value_of_a_scenario_s_own_is_told_for_its_file(tmp_path: Path) -> None:
    """The file that it extends says the key too, but not the value."""
    file = _own(
        tmp_path,
        '[[scenario]]\nname = "mine"\nde = "Meins"\nen = "Mine"\n[scenario.set]\n'
        '"calls.talk" = { value = -1, unit = "min", source = "mine" }\n'
        '"calls.retrial" = { value = 9.000, unit = "1", source = "mine" }\n'
        '"calls.nothing" = 1\n"work.step.9.takes" = 1\n"work.step.x.takes" = 1\n',
    )
    with pytest.raises(ConfigFaults) as found:
        scenario_file.load(file, "mine")
    said = [str(each) for each in found.value.faults]
    assert {each.file for each in found.value.faults} == {str(file)}
    assert any("scenario.mine.set.calls.talk: is -1" in each for each in said)
    assert any("scenario.mine.set.calls.retrial: is 9.000" in each for each in said)
    for key in ("calls.nothing", "work.step.9.takes", "work.step.x.takes"):
        assert any(f"scenario.mine.set.{key}: is no key of the file" in each for each in said)


def test_shares_that_do_not_make_one_are_refused(tmp_path: Path) -> None:
    file = _own(tmp_path, '[cases.language]\nde = { value = 0.9, unit = "1", source = "mine" }\n')
    with pytest.raises(ConfigFaults, match=r"cases.language: has shares that add up to 1.56"):
        scenario_file.load(file, "2023_flow")


BROKEN: list[Callable[[str], str]] = [
    lambda _: "scenario = 5",
    lambda _: "scenario = [5]",
    lambda _: '[[scenario]]\nname = "a"\nset = 5',
    lambda _: 'extends = "\\u0000"',
    lambda _: f'extends = "{"a" * 5_000}"',
    lambda _: "extends = 5",
    lambda text: text.replace('centre = "welcomecenter.toml"', 'centre = "\\u0000"', 1),
    lambda text: text.replace('centre = "welcomecenter.toml"', f'centre = "{"a" * 5_000}"', 1),
    lambda text: f"house = 5\n{text}",
    lambda text: f"a = {'1' * 5_000}\n{text}",
    lambda text: f"a = {'[' * 5_000}{']' * 5_000}\n{text}",
    lambda text: text.replace("value = 7,", "value = 1e999,", 1),
    lambda text: text.replace("value = 7,", f"value = {'9' * 400},", 1),
    lambda text: text.replace("[horizon]", "[[horizon]]", 1),
    lambda text: text.replace('name = "2016"', "name = 5", 1),
    lambda text: text.replace('"horizon.year" = 2016', '"work.step.1" = 5', 1),
    lambda text: text.replace('"horizon.year" = 2016', '"wave.1.factor" = 5', 1),
    lambda text: text.replace('"horizon.year" = 2016', '"" = 5', 1),
]


@pytest.mark.parametrize("place", range(len(BROKEN)))
def test_a_broken_file_is_told_and_is_no_traceback(place: int, tmp_path: Path) -> None:
    shutil.copy(CONFIG / "welcomecenter.toml", tmp_path)
    file = tmp_path / "planning.toml"
    file.write_text(BROKEN[place](SHIPPED.read_text("utf-8")), "utf-8")
    with pytest.raises(ConfigFaults) as found:
        scenario_file.check(file)
    assert all(str(tmp_path) in each.file for each in found.value.faults)


def test_a_centre_that_cannot_be_does_not_hide_the_scenario_s_own_faults(tmp_path: Path) -> None:
    (tmp_path / "welcomecenter.toml").write_text("wrong = 1\n", "utf-8")
    text = SHIPPED.read_text("utf-8").replace("value = 7,", "value = -7,", 1)
    (tmp_path / "planning.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigFaults) as found:
        scenario_file.load(tmp_path / "planning.toml", "2016")
    assert {Path(each.file).name for each in found.value.faults} == {"welcomecenter.toml", "planning.toml"}


def test_a_month_that_is_left_out_has_no_cases_and_none_at_all_is_said() -> None:
    month = {"01": BASE.cases.month["01"]}
    alone = BASE.model_copy(update={"cases": BASE.cases.model_copy(update={"month": month})})
    model = year(alone, case_work=False).model
    assert sum(each.expected for each in model.arrivals if each.expected) > 0
    sunday = {"sun": BASE.cases.weekday["mon"]}
    never = BASE.model_copy(update={"cases": BASE.cases.model_copy(update={"weekday": sunday})})
    with pytest.raises(ModelFaults, match="lies in opening hours"):
        year(never, case_work=False)


def test_a_chosen_staff_s_file_can_be_read_again_with_a_number_of_three_decimals(tmp_path: Path) -> None:
    file = _own(
        tmp_path,
        '[[scenario]]\nname = "mine"\nde = "Meins"\nen = "Mine"\n[scenario.set]\n'
        '"calls.talk" = { value = 7.1250, unit = "min", source = "mine" }\n',
    )
    made = scenario_file.load(file, "mine")
    again = tmp_path / "staff.toml"
    again.write_text(chosen_text(scenario_file.said(file, "mine"), made, str(file)), "utf-8")
    assert scenario_file.load(again, "mine_chosen").calls.talk.value == 7.125


# --- what is told -------------------------------------------------------------------------------------------


def test_a_wait_beyond_a_quarter_of_an_hour_is_told_as_long_as_it_was() -> None:
    """No last bin holds all the rest: 1,024 s was told for any longer wait."""
    for seconds in (0, 19, 1_023, 1_024, 1_100, 5_000, 60_000, 2**27 - 1):
        histogram = np.zeros(BINS, np.int64)
        histogram[wait_bins.wait_bin(seconds)] = 1
        told = _rank(histogram, 0.95)
        assert seconds < told <= max(seconds + 1, seconds * 1.0157 + 1)
    assert (np.diff(wait_bins.WAIT_ENDS_S) > 0).all()
    assert len(wait_bins.WAIT_ENDS_S) == BINS


def test_no_count_lies_below_nothing_and_no_share_above_one() -> None:
    """One year of three had appointments: the range of a single year reached -19."""
    spread = Spread(2)
    for row in ((0.0, 1.0), (0.0, 1.0), (20.0, 0.9)):
        spread.add(np.array(row))
    visits, share = spread.estimates()
    assert visits.year_low < 0 < visits.within("visits").year_high
    assert visits.within("visits").year_low == visits.within("visits").low == 0
    assert share.year_high > 1 == share.within("1").year_high
    assert share.within("1").mean == share.mean


def test_the_command_prints_no_negative_count() -> None:
    spread = Spread(1)
    for value in (0.0, 0.0, 40.0):
        spread.add(np.array([value]))
    shown = simulate._shown(spread.estimates()[0], "visits")
    assert not re.search(r"-\d", shown)
