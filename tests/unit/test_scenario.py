"""The scenario file: what ships can be; what cannot be is refused with every reason at once."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import ConfigFaults
from simulation.scenarios import scenario_file
from simulation.scenarios.refusal import Unfit
from simulation.scenarios.scenario import faults

CONFIG = Path(__file__).resolve().parents[2] / "config"
SHIPPED = CONFIG / "planning.toml"


def _faulty(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    """The reasons for which the shipped file is refused after these replacements."""
    shutil.copy(CONFIG / "welcomecenter.toml", tmp_path)
    text = SHIPPED.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "planning.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigFaults) as found:
        scenario_file.check(path)
    return [str(fault) for fault in found.value.faults]


def test_the_anchors_and_what_may_come_are_named() -> None:
    names = {each.name for each in scenario_file.check(SHIPPED)}
    assert {"2016", "2020", "2023_flow", "2023_stock", "full_house"} <= names
    assert {"skilled_immigration_act", "semester_start", "arrivals", "sickness"} <= names
    assert {"arabic_on_leave", "vacancies", "online_only", "central_agency"} <= names


def test_every_number_has_a_unit_and_a_source() -> None:
    for scenario in scenario_file.check(SHIPPED):
        quantities = dict(scenario.quantities())
        assert len(quantities) > 90
        assert all(each.unit and each.source for each in quantities.values())


def test_stock_and_flow_are_read_apart() -> None:
    flow = scenario_file.load(SHIPPED, "2023_flow")
    stock = scenario_file.load(SHIPPED, "2023_stock")
    assert flow.cases.in_a_year == 8_000
    assert stock.cases.in_a_year == stock.cases.persons.value * stock.cases.events_per_person.value


def test_leave_counted_twice_is_refused(tmp_path: Path) -> None:
    said = _faulty(tmp_path, ('attendance = "calendar"', 'attendance = "year_minutes"'))
    for what in ("leave", "sickness", "training"):
        assert sum(f"absence.{what}" in line and "twice" in line for line in said) == 1


def test_all_faults_are_told_at_once_with_file_key_and_value(tmp_path: Path) -> None:
    said = _faulty(
        tmp_path,
        ('talk = { value = 7, unit = "min"', 'talk = { value = 7, unit = "s"'),
        ('patience = { value = 6, unit = "min", source', 'patience = { value = -6, unit = "min", source'),
        ("retrial = { value = 0.5", "retrail = { value = 0.5"),
        ('people = { value = 15, unit = "persons"', 'people = { value = 15.5, unit = "persons"'),
        ("lead = { value = 10", "lead = { worth = 10"),
    )
    whole = "\n".join(said)
    assert all("planning.toml" in line for line in said)
    for key, reason in (
        ("calls.talk", "'min'"),
        ("calls.patience", "-6"),
        ("calls.retrail", "no key"),
        ("calls.retrial", "missing"),
        ("staff.people", "whole number"),
        ("appointments.lead.worth", "no key"),
    ):
        assert any(key in line and reason in line for line in said), f"{key}: {reason}\n{whole}"
    assert len(said) == len(set(said))


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"daryna", "leyla"', '"daryna", "nobody"', "staff.order"),
        ('"daryna", "leyla"', '"daryna", "daryna"', "staff.order"),
        ("es = { value = 0.03", "xx = { value = 0.03", "cases.language"),
        ("before_step = 3", "before_step = 4", "appointments.before_step"),
        ("no_answer = { value = 0.02", "no_answer = { value = 0.99", "phones"),
        ("end = 2026-10-31", "end = 2026-08-31", "wave"),
        ('value = 23, unit = "persons"', 'value = 24, unit = "persons"', "staff.people"),
        ('person = "leyla"', 'person = "leila"', "away"),
        ('"staff.people" = { value = 8', '"staff.peeple" = { value = 8', "staff.peeple"),
    ],
)
def test_what_cannot_be_together_is_refused_by_its_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert any(f"{key}" in line for line in _faulty(tmp_path, (old, new)))


def test_an_unknown_scenario_is_answered_with_the_closest_name() -> None:
    with pytest.raises(ConfigFaults, match="did you mean 2023_flow"):
        scenario_file.load(SHIPPED, "2023_flaw")


def test_a_file_that_is_no_toml_or_not_there_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    with pytest.raises(ConfigFaults, match="cannot be read"):
        scenario_file.check(path)
    path.write_text("cases = [", encoding="utf-8")
    with pytest.raises(ConfigFaults, match="not valid TOML"):
        scenario_file.check(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigFaults, match="UTF-8"):
        scenario_file.check(path)


def test_control_characters_of_a_value_do_not_reach_the_terminal(tmp_path: Path) -> None:
    said = _faulty(tmp_path, ('"daryna", "leyla"', '"daryna", "le\\u001b[31myla"'))
    assert said
    assert not any("\x1b" in line for line in said)


BASE = scenario_file.load(SHIPPED, "2023_flow")
KEYS = sorted(dict(BASE.quantities()))


@given(st.sampled_from(KEYS), st.floats(0.1, 50) | st.integers(1, 23).map(float))
def test_any_number_can_be_varied_alone_and_moves_the_digest(key: str, value: float) -> None:
    """A sweep may go along any number: only it changes, and results of other values are told apart; a value
    that a file cannot have is refused here too."""
    before = dict(BASE.quantities())
    changed, refused = BASE, list[str]()
    try:
        changed = BASE.changed({key: value})
    except Unfit as fault:
        refused = [each for each, _ in fault.faults]
    if refused:
        assert refused == [key]
        return
    after = dict(changed.quantities())
    assert after.pop(key).value == value
    assert after == {other: each for other, each in before.items() if other != key}
    assert (changed.digest == BASE.digest) == (before[key].value == value)


def test_names_units_and_sources_do_not_move_the_digest() -> None:
    same = BASE.model_copy(update={"name": "other", "de": "Anders", "en": "Other"})
    assert same.digest == BASE.digest
    talk = BASE.calls.talk.model_copy(update={"source": "measured"})
    calls = BASE.calls.model_copy(update={"talk": talk})
    assert BASE.model_copy(update={"calls": calls}).digest == BASE.digest


def test_how_the_service_level_is_counted_moves_the_digest() -> None:
    """The centre's variant decides the cells' figures: what another one kept is another's."""
    level = BASE.house.service_level
    for changed in ({"variant": "answered_only"}, {"short_abandon_seconds": 7}):
        assert getattr(level, next(iter(changed))) not in changed.values()
        house = BASE.house.model_copy(update={"service_level": level.model_copy(update=changed)})
        assert BASE.model_copy(update={"house": house}).digest != BASE.digest


def test_an_unknown_number_cannot_be_varied() -> None:
    for key in ("calls.nothing", "calls", "work.step.9.takes", "nothing.at.all"):
        with pytest.raises(Unfit, match="is no number of a scenario"):
            BASE.changed({key: 1.0})


def test_a_varied_scenario_is_checked_again() -> None:
    assert faults(BASE) == []
    assert [key for key, _ in faults(BASE.changed({"staff.people": 24}))] == ["staff.people"] * 2
