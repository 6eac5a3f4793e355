"""Figures of case work: counted again from the trace by other code, and turnaround worked out by hand."""

import numpy as np
import pytest

from simulation.drivers import layout
from simulation.drivers.tables import Machine
from simulation.runs.caseload import FIGURES, figures, turnaround, weekly
from tests.simulated import random_case_model

DAY_OF_BINS = 6


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
