"""Figures of a replication: the field's service levels by name, counted as the trace tells them."""

from pathlib import Path

import numpy as np
import pytest

from routing.service_level import VARIANTS
from simulation.drivers import layout
from simulation.drivers.tables import Machine
from simulation.runs.outcome import (
    CELL,
    CONTACTS,
    Cells,
    cell_figures_of,
    figures_of,
    outcome,
    service_levels,
)
from simulation.scenarios import scenario_file
from simulation.scenarios.year import year

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "planning.toml"


def _array(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def test_service_levels_by_name_are_koole_s() -> None:
    """510 offered, 460 answered, 410 in time, 50 abandoned, 10 of them in time (Koole, 2013)."""
    found = service_levels(_array(460), _array(410), _array(50), _array(10))
    by_name = dict(zip(VARIANTS, (round(float(each[0]) * 100, 1) for each in found), strict=True))
    assert by_name == {
        "answered_only": 89.1,
        "abandons_within_met": 82.4,
        "short_abandons_excluded": 82.0,
        "all_offered": 80.4,
    }


def test_nothing_offered_is_not_a_number_and_not_a_hundred_percent() -> None:
    assert all(np.isnan(each[0]) for each in service_levels(_array(0), _array(0), _array(0), _array(0)))


def test_figures_are_those_that_the_trace_tells() -> None:
    """Each figure is counted again from the rows of the trace, by other code."""
    scenario = scenario_file.load(SHIPPED, "2016").changed({"horizon.warm_up": 0, "phones.no_answer": 0.1})
    model = year(scenario, case_work=False).model
    machine, cells = Machine(model), Cells(model)
    machine.clear()
    rows = machine.run(1, 0, trace=True)
    assert rows is not None
    variant = "short_abandons_excluded"
    found = outcome(machine, cells, variant)
    figures = dict(zip((each.key for each in figures_of(False)), found.figures.tolist(), strict=True))
    queued, answered, abandoned, offered_late = {}, {}, {}, 0
    closed = turned_away = 0
    for at, kind, visit, _, value in np.asarray(rows).tolist():
        if kind == layout.QUEUED:
            queued[visit] = at
        elif kind == layout.TALK_BEGAN:
            answered[visit] = at - queued[visit]
        elif kind == layout.OFFERED:
            offered_late += value >= 64
        elif kind == layout.VISIT_ENDED and value in (2, 3):
            abandoned[visit] = at - queued[visit]
        elif kind == layout.VISIT_ENDED and value == 4:
            closed += 1
        elif kind == layout.VISIT_ENDED and value == 6:
            turned_away += 1
    done = len(answered) + len(abandoned) + turned_away
    in_time = sum(wait <= model.within_ms for wait in answered.values())
    early = sum(wait <= model.within_ms for wait in abandoned.values())
    assert figures["contacts"] == done
    assert (figures["closed"], figures["turned_away"]) == (closed, turned_away)
    assert turned_away > 0
    assert figures["abandonment"] == pytest.approx(len(abandoned) / done)
    assert figures["short_abandonment"] == pytest.approx(
        sum(wait < model.short_ms for wait in abandoned.values()) / done
    )
    assert figures["service_level_answered_only"] == pytest.approx(in_time / len(answered))
    assert figures["service_level_short_abandons_excluded"] == pytest.approx(in_time / (done - early))
    assert figures["service_level_all_offered"] == pytest.approx(in_time / done)
    assert figures["speed_of_answer"] == pytest.approx(np.mean(list(answered.values())) / 1000)
    assert figures["widened"] == pytest.approx(offered_late / done)
    p95 = np.sort(list(answered.values()))[int(np.ceil(0.95 * len(answered))) - 1] / 1000
    assert abs(figures["wait_p95"] - p95) <= 1
    cell = {
        key: dict(zip((each.key for each in CELL), row, strict=True))
        for key, row in zip(cells.keys, found.cells.tolist(), strict=True)
    }
    for what in ("language", "concern"):
        assert sum(row["contacts"] for key, row in cell.items() if key[0] == what) == done


def test_figures_have_names_in_both_languages() -> None:
    for figure in (*figures_of(True), *figures_of(False), *cell_figures_of(True)):
        assert figure.key
        assert figure.de
        assert figure.en
        assert figure.unit
    for listed in (figures_of(True), cell_figures_of(True)):
        keys = [figure.key for figure in listed]
        assert len(keys) == len(set(keys))
    assert cell_figures_of(False) == CELL
    assert [figure.key for figure in figures_of(False)] == [figure.key for figure in CONTACTS]
