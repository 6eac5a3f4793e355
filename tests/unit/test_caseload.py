"""Figures of case work: counted again from the trace by other code, and turnaround worked out by hand."""

from pathlib import Path

import numpy as np
import pytest

from simulation.drivers import layout
from simulation.drivers.kaplan_meier import days_until
from simulation.drivers.tables import Machine
from simulation.runs.caseload import CELL, FEW, FIGURES, figures, turnaround, weekly
from simulation.runs.outcome import Cells, cell_figures_of, outcome
from simulation.scenarios import scenario_file
from simulation.scenarios.year import year
from tests.simulated import random_case_model

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "planning.toml"
DAY = 86_400_000


def _bins(**ages: int) -> np.ndarray:
    found = np.zeros(layout.AGES, np.int64)
    for key, count in ages.items():
        found[int(key[1:])] = count
    return found


def test_turnaround_when_all_are_done_is_their_quantile() -> None:
    done = _bins(a0=50, a5=40, a11=10)
    assert turnaround(done, _bins(), (0.5, 0.9, 1.0)).tolist() == [1 / 6, 1.0, 2.0]


def test_cases_that_are_open_still_count() -> None:
    """Ten cases: two done in the first bin, four as old as the second are open, of the other four one is
    done in the third. By Kaplan and Meier 1 - 0.8 = 20 % are done, then 1 - 0.8 * 3/4 = 40 %."""
    done, still_open = _bins(a0=2, a2=1), _bins(a1=4, a9=3)
    assert turnaround(done, still_open, (0.2, 0.3, 0.4)).tolist() == [1 / 6, 3 / 6, 3 / 6]


def test_what_nobody_has_reached_is_at_least_what_was_seen() -> None:
    assert turnaround(_bins(a0=1), _bins(a59=9), (0.5,)).tolist() == [10.0]
    assert np.isnan(turnaround(_bins(), _bins(), (0.5,))).all()


def _days(*rows: dict[int, int]) -> np.ndarray:
    found = np.zeros((len(rows), 400), np.int64)
    for row, counts in zip(found, rows, strict=True):
        for day, count in counts.items():
            row[day] = count
    return found


def test_turnaround_of_a_cell_grows_evenly_within_a_day() -> None:
    """100 cases: half are done on the first day, 40 on the sixth, 10 on the twelfth. The median is the first
    day's end, 70 % are half a day into the sixth."""
    done = _days({0: 50, 5: 40, 11: 10}, {2: 100})
    found = days_until(done, _days({}, {}), np.array([0.5, 0.7, 0.9, 1.0]), 1)
    assert found == pytest.approx(np.array([[1.0, 5.5, 6.0, 12.0], [2.5, 2.7, 2.9, 3.0]]))


def test_open_cases_of_a_cell_count_with_their_age() -> None:
    """40 cases: 8 done on day 0; 16 are 1 day old and open; of the 16 others 4 are done on day 2. So 20 % are
    done, then 1 - 0.8 * 3/4 = 40 %; half are never seen done, and the oldest are there for 10 days."""
    found = days_until(_days({0: 8, 2: 4}), _days({1: 16, 9: 12}), np.array([0.2, 0.3, 0.4, 0.5]), 1)
    assert found == pytest.approx(np.array([[1.0, 2.5, 3.0, 10.0]]))


def test_few_cases_have_no_turnaround() -> None:
    """29 in a year tell too little, 30 do; open ones are cases too."""
    done, still_open = _days({3: FEW - 1}, {3: FEW - 1}, {}), _days({}, {1: 1}, {})
    found = days_until(done, still_open, np.array([0.5]), FEW)[:, 0]
    assert np.isnan(found).tolist() == [True, False, True]


def _as_the_trace_tells(cases: list[tuple[int, bool]], share: float) -> float:
    """Days after which the share is done, by Kaplan and Meier. cases: (ms, whether done)."""
    stays, there = 1.0, len(cases)
    for ms, done in sorted(cases, key=lambda case: (case[0], not case[1])):
        stays *= 1 - done / there
        there -= 1
        if stays <= 1 - share + 1e-12:
            return ms / DAY
    return max(ms for ms, _ in cases) / DAY


def test_cells_are_those_that_the_trace_tells() -> None:
    """A year of 2016, counted again case by case: counts exactly, turnarounds to the day, and on the whole
    neither longer nor shorter than to the ms."""
    scenario = scenario_file.load(SHIPPED, "2016").changed({"horizon.warm_up": 0})
    made = year(scenario)
    machine, cells = Machine(made.model), Cells(made.model)
    shifts = made.calendar.rows(1, 0, int(scenario.staff.people.value))
    trace = machine.run(1, 0, trace=True, shifts=shifts)
    found = outcome(machine, cells, "all_offered")
    names = [each.key for each in cell_figures_of(True)]
    rows = [dict(zip(names, row, strict=True)) for row in found.cells.tolist()]
    end, promised = made.model.end_ms - made.model.begin_ms, scenario.targets.turnaround.value * DAY
    began = {row[2]: row[0] for row in trace if row[1] == layout.CASE_OPENED}
    took = {row[2]: row[4] for row in trace if row[1] == layout.CASE_DONE}
    kinds = [made.model.kinds[each] for each in machine._w["kinds"][: max(began) + 1]]
    off = []
    for (what, key), row in zip(cells.keys, rows, strict=True):
        mine = [case for case in began if getattr(kinds[case], what) == key]
        due = [case for case in mine if began[case] + promised <= end]
        in_time = sum(took.get(case, promised + 1) <= promised for case in due)
        assert row["cases_opened"] == len(mine)
        assert (row["cases_due"], row["done_in_time"]) == (len(due), in_time)
        assert row["within_turnaround"] == pytest.approx(in_time / len(due))
        lasted = [(took.get(case, end - began[case]), case in took) for case in mine]
        to_the_day = [(ms // DAY * DAY, done) for ms, done in lasted]
        for name, share in (("turnaround_median", 0.5), ("turnaround_p90", 0.9)):
            if len(mine) < FEW:
                assert np.isnan(row[name])
            else:
                assert 0 <= row[name] - _as_the_trace_tells(to_the_day, share) <= 1
                off.append(row[name] - _as_the_trace_tells(lasted, share))
    assert len(off) > 20
    assert abs(np.mean(off)) < 0.25
    whole = dict(zip((each.key for each in FIGURES), figures(machine).tolist(), strict=True))
    for what in ("language", "concern"):
        of_cells = [row for (by, _), row in zip(cells.keys, rows, strict=True) if by == what]
        assert sum(row["cases_opened"] for row in of_cells) == whole["cases_opened"]
        assert sum(row["done_in_time"] for row in of_cells) == pytest.approx(
            whole["within_turnaround"] * sum(row["cases_due"] for row in of_cells)
        )


def test_with_calls_only_cells_have_the_telephone_s_figures_alone() -> None:
    scenario = scenario_file.load(SHIPPED, "2016")
    for case_work in (False, True):
        model = year(scenario, case_work=case_work).model
        machine, cells = Machine(model), Cells(model)
        listed = cell_figures_of(case_work)
        assert outcome(machine, cells, "all_offered").cells.shape == (len(cells.keys), len(listed))
        assert any(each in listed for each in CELL) == case_work


def test_figures_are_those_that_the_trace_tells() -> None:
    known = 0
    for number in range(30):
        model = random_case_model(number)._replace(warm_ms=0)
        machine = Machine(model)
        trace = machine.run(5, 0, trace=True)
        found = dict(zip((each.key for each in FIGURES), figures(machine).tolist(), strict=True))

        def rows(kind: int, trace: list[tuple[int, ...]] = trace) -> list[tuple[int, ...]]:
            return [row for row in trace if row[1] == kind]

        opened, done = len(rows(layout.CASE_OPENED)), len(rows(layout.CASE_DONE))
        assert found["cases_opened"] == opened
        assert found["cases_done"] == done
        assert found["backlog_end"] == opened - done == weekly(machine)[-1] or len(machine.backlog) > 1
        waits = [row[4] for row in rows(layout.APPOINTMENT_BEGAN)]
        assert found["appointments"] == len(waits)
        if waits:
            assert found["appointment_wait"] == pytest.approx(np.mean(waits) / 60_000)
        queued = len(rows(layout.QUEUED))
        on_the_way = queued - sum(row[4] != 4 for row in rows(layout.VISIT_ENDED))
        talking = len(rows(layout.TALK_BEGAN)) - len(rows(layout.TALK_ENDED))
        if opened:
            assert found["calls_per_case"] == pytest.approx((queued - on_the_way + talking) / opened)
        assert found["utilisation"] == pytest.approx(
            sum(found[f"share_{what}"] for what in ("phone", "counter", "desk", "switching")), nan_ok=True
        )
        assert not found["utilisation"] > 1
        known += done > 10 and not np.isnan(found["turnaround_median"])
    assert known > 10
