"""The required curve: the fewest people by Erlang A over a slot's callers, and the roster's file."""

import csv
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from routing.service_level import VARIANTS
from simulation.runs.outcome import service_levels
from simulation.scenarios import scenario_file
from simulation.scenarios.scenario import Scenario
from simulation.scenarios.year import year
from simulation.staffing.erlang import erlang_a
from simulation.staffing.required import Required, TooMuch, level_of, required, write

PLANNING = Path("config/planning.toml")


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return scenario_file.load(PLANNING, "2023_flow")


@pytest.fixture(scope="module")
def found(scenario: Scenario) -> Required:
    return required(scenario, case_work=False)


def test_rows_are_the_open_half_hours(found: Required) -> None:
    by_day = [[minute for weekday, minute in found.rows if weekday == day] for day in range(7)]
    assert [len(each) for each in by_day] == [16, 16, 10, 20, 10, 0, 0]
    assert (by_day[0][0], by_day[3][-1]) == (8 * 60, 17 * 60 + 30)


def test_one_fewer_would_miss_the_target(scenario: Scenario, found: Required) -> None:
    """Mondays at nine: the callers of all Mondays are counted anew from the model, and served by Erlang A."""
    model = year(scenario, case_work=False).model
    zone = scenario.house.centre.zone
    rates = []
    for piece in model.arrivals:
        local = datetime.fromtimestamp(piece.begin_ms / 1000, zone)
        if local.year == 2023 and local.weekday() == 0 and local.hour == 9:
            rates.append(piece.expected * 3_600_000 / (piece.end_ms - piece.begin_ms))
    ring = (scenario.phones.answer_from.value + scenario.phones.answer_to.value) / 2
    service = scenario.calls.talk.value * 60 + 30 + ring

    def level(people: int) -> float:
        reached = [
            level_of(
                erlang_a(rate / 3600, service, 360, people, 20 - ring), scenario.house.service_level.variant
            )
            for rate in rates
        ]
        return float(np.average(reached, weights=rates))

    people = int(found.people[found.rows.index((0, 9 * 60))])
    assert level(people) >= 0.8 > level(people - 1)


def test_more_cases_never_need_fewer(scenario: Scenario, found: Required) -> None:
    more = required(scenario.changed({"cases.per_year": 40_000}), case_work=False)
    assert (more.people >= found.people).all()
    assert (more.people > found.people).any()
    assert (more.by_language >= found.by_language).all()


def test_groups_by_language_need_at_least_what_one_group_does(found: Required) -> None:
    assert (found.by_language.sum(1) >= found.people).all()
    assert (found.by_language <= found.people[:, None]).all()


def test_cases_make_their_calls(scenario: Scenario) -> None:
    """With case work the calls are those that cases make, whatever calls_per_case says."""
    some = required(scenario.changed({"cases.calls_per_case": 1}), case_work=True)
    none = required(scenario.changed({"cases.calls_per_case": 0}), case_work=True)
    assert (some.people == none.people).all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_are_those_of_the_outcome(variant: str) -> None:
    """The same shares as counts of a million callers, put through what counts simulated calls."""
    queue = erlang_a(19 / 3600, 900, 300, 5, 20)
    million = 1_000_000
    counts = [1 - queue.abandoned, queue.within, queue.abandoned, queue.abandoned_within]
    levels = service_levels(*(np.array([round(each * million)]) for each in counts))
    assert level_of(queue, variant) == pytest.approx(levels[VARIANTS.index(variant)][0], abs=5e-6)


def test_the_file_is_what_a_roster_reads(scenario: Scenario, found: Required, tmp_path: Path) -> None:
    """Exactly weekday, begin, people, then a column a language; whole numbers; steps of 30 minutes."""
    write(found, tmp_path / "deep" / "required.csv")
    with (tmp_path / "deep" / "required.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["weekday", "begin", "people", *scenario.house.languages]
    assert [row[:2] for row in rows[1:3]] == [["mon", "08:00"], ["mon", "08:30"]]
    assert all(cell.isdigit() for row in rows[1:] for cell in row[2:])
    assert len(rows) == 1 + len(found.rows)


def test_a_load_beyond_all_people_is_one_sentence(scenario: Scenario) -> None:
    with pytest.raises(TooMuch, match="cannot be served by 200 people"):
        required(
            scenario.changed({"cases.per_year": 50_000, "cases.calls_per_case": 50, "calls.talk": 20}),
            case_work=False,
        )
