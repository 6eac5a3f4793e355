"""Grids: every point once, the same bytes whatever the order, the workers or an interruption."""

import hashlib
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from simulation.drivers.tables import Machine
from simulation.runs import results, sequential, sweep
from simulation.runs.outcome import Cells, figures_of, outcome
from simulation.runs.replications import Block, run
from simulation.runs.sweep import Grid, GridFaults, Swept
from simulation.scenarios import scenario_file
from simulation.scenarios.posts import net_year_minutes, posts
from simulation.scenarios.year import year

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "planning.toml"
BASE = scenario_file.load(SHIPPED, "2016")
AXES = {sweep.PEOPLE: (5.0, 8.0), sweep.CASES: (1_500.0, 3_000.0)}


class Never(Executor):
    """Refuses all work: whoever asks it has nothing left to do."""

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        raise AssertionError(f"{fn} was asked for")


def _backwards(grid: Grid) -> Swept:
    """The grid's blocks run here, the last one first, and put together as they come."""
    found = {sweep.named(block): run(block) for block in reversed(list(grid.blocks()))}
    return sweep.put_together(grid, found)


def _breaks_at(wanted: int) -> Callable[[int, int], None]:
    def progress(done: int, _: int) -> None:
        if done >= wanted:
            raise KeyboardInterrupt

    return progress


def _grid(**changes: object) -> Grid:
    return Grid(BASE, AXES, **{"replications": 12, "case_work": False, **changes})  # type: ignore[arg-type]


def _bytes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_points_are_in_the_order_of_the_axes() -> None:
    assert [point.values for point in _grid().points()] == [(5, 1_500), (5, 3_000), (8, 1_500), (8, 3_000)]


def test_a_point_is_what_its_scenario_alone_gives() -> None:
    """A block's figures are those of one replication run by itself: the grid adds nothing of its own."""
    swept = sweep.sweep(_grid(), executor=ThreadPoolExecutor(1))
    alone = run(Block(BASE.changed({sweep.PEOPLE: 8}), (3_000.0,), 1, 7, 1, False))
    assert np.array_equal(swept.figures[3, 7], alone.figures[0, 0], equal_nan=True)
    assert np.array_equal(swept.cells[3, 7], alone.cells[0, 0], equal_nan=True)


@pytest.mark.parametrize("case_work", [False, True])
def test_tables_of_everybody_give_what_those_of_the_people_there_give(case_work: bool) -> None:
    """One machine serves for any number of people; who never logs in changes nothing."""
    for people in (5, 11):
        asked = BASE.changed({sweep.PEOPLE: people})
        made = year(asked, case_work=case_work)
        own, cells = Machine(made.model), Cells(made.model)
        own.run(1, 3, shifts=made.calendar.rows(1, 3, people), load=3_000 / BASE.cases.in_a_year)
        alone = outcome(own, cells, asked.house.service_level.variant)
        found = run(Block(asked, (3_000.0,), 1, 3, 1, case_work))
        assert np.array_equal(found.figures[0, 0], alone.figures, equal_nan=True)
        assert np.array_equal(found.cells[0, 0], alone.cells, equal_nan=True)
        assert np.array_equal(found.backlog[0, 0], alone.backlog)


def test_order_and_workers_do_not_matter() -> None:
    forwards = sweep.sweep(_grid(), executor=ThreadPoolExecutor(1))
    backwards = _backwards(_grid())
    on_all_cores = sweep.sweep(_grid())
    for other in (backwards, on_all_cores):
        assert np.array_equal(forwards.figures, other.figures, equal_nan=True)
        assert np.array_equal(forwards.cells, other.cells, equal_nan=True)


def test_an_interrupted_grid_goes_on_where_it_was(tmp_path: Path) -> None:
    """What was done before is not done again, and files are the same, byte for byte."""
    grid = _grid()
    model = year(BASE, case_work=False).model
    whole = sweep.sweep(grid, executor=ThreadPoolExecutor(1))
    results.write(grid, whole, model, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        sweep.sweep(grid, kept=tmp_path / "kept", executor=ThreadPoolExecutor(1), progress=_breaks_at(20))
    told: list[tuple[int, int]] = []
    again = sweep.sweep(
        grid,
        kept=tmp_path / "kept",
        executor=ThreadPoolExecutor(1),
        progress=lambda done, whole: told.append((done, whole)),
    )
    assert told[-1] == (48, 48)
    assert 20 <= told[0][0] < 48
    results.write(grid, again, model, tmp_path / "again")
    assert _bytes(tmp_path / "whole") == _bytes(tmp_path / "again")
    third = sweep.sweep(grid, kept=tmp_path / "kept", executor=Never())
    assert np.array_equal(third.figures, whole.figures, equal_nan=True)


def test_a_broken_kept_file_is_run_again(tmp_path: Path) -> None:
    grid = _grid(replications=3)
    first = sweep.sweep(grid, kept=tmp_path, executor=ThreadPoolExecutor(1))
    for path in (tmp_path / grid.digest).glob("*.npz"):
        path.write_bytes(path.read_bytes()[:100])
    second = sweep.sweep(grid, kept=tmp_path, executor=ThreadPoolExecutor(1))
    assert np.array_equal(first.figures, second.figures, equal_nan=True)


def test_more_replications_begin_with_the_same_ones() -> None:
    few = sweep.sweep(_grid(replications=3), executor=ThreadPoolExecutor(1))
    many = sweep.sweep(_grid(replications=5), executor=ThreadPoolExecutor(1))
    assert np.array_equal(few.figures, many.figures[:, :3], equal_nan=True)


def test_neighbours_share_their_chance() -> None:
    """The difference of two staffings in one year varies less than that of two unrelated years."""
    swept = sweep.sweep(_grid(replications=20), executor=ThreadPoolExecutor(1))
    key = [each.key for each in figures_of(False)].index("service_level_all_offered")
    fewer, more = swept.figures[0, :, key], swept.figures[2, :, key]
    assert np.var(more - fewer) < np.var(more - np.roll(fewer, 1))


def test_more_staff_serve_better_and_more_cases_worse() -> None:
    swept = sweep.sweep(_grid(), executor=ThreadPoolExecutor(1))
    key = [each.key for each in figures_of(False)].index("service_level_all_offered")
    mean = swept.figures[:, :, key].mean(1).reshape(2, 2)
    assert np.all(mean[1] > mean[0])
    assert np.all(mean[:, 1] < mean[:, 0])


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ({"staff.peeple": (5.0,)}, "is no number"),
        ({sweep.PEOPLE: (5.0, 24.0)}, "staff.order names 23"),
        ({"work.step.9.takes": (5.0,)}, "is no number"),
        ({"cases": (-1.0,)}, "cases"),
    ],
)
def test_a_grid_that_cannot_be_says_why(axes: dict[str, tuple[float, ...]], said: str) -> None:
    with pytest.raises(GridFaults, match=said):
        Grid(BASE, axes)


def test_tables_carry_hash_seed_and_version(tmp_path: Path) -> None:
    grid = _grid(replications=3, seed=9)
    swept = sweep.sweep(grid, executor=ThreadPoolExecutor(1))
    written = results.write(grid, swept, year(BASE, case_work=False).model, tmp_path)
    assert [path.name for path in written] == [
        f"{name}.{kind}" for name in ("replications", "summary", "cells") for kind in ("parquet", "csv")
    ]
    for path in written[::2]:
        table = pyarrow.parquet.read_table(path)
        assert set(table["scenario_hash"].to_pylist()) == {BASE.digest}
        assert set(table["seed"].to_pylist()) == {"9"}
        assert all(table["version"].to_pylist())
        header = path.with_suffix(".csv").read_text(encoding="utf-8").splitlines()[0]
        assert header.replace('"', "").split(",") == table.column_names
    rows = pyarrow.parquet.read_table(tmp_path / "replications.parquet").to_pylist()
    assert len(rows) == 4 * 3
    assert rows[4]["staff.people"] == 5
    assert rows[4]["cases"] == 3_000
    assert rows[4]["contacts"] == swept.figures[1, 1, 0]


def test_running_on_until_the_interval_is_narrow_enough() -> None:
    wide = sequential.run(
        BASE, figure="abandonment", half_width=0.5, most=60, case_work=False, executor=ThreadPoolExecutor(1)
    )
    assert (wide.number, wide.reached) == (sequential.LEAST, True)
    narrow = sequential.run(
        BASE, figure="abandonment", half_width=1e-9, most=40, case_work=False, executor=ThreadPoolExecutor(1)
    )
    assert (narrow.number, narrow.reached) == (40, False)
    first = sweep.sweep(
        Grid(BASE, {}, replications=40, case_work=False), executor=ThreadPoolExecutor(1)
    ).figures[0]
    keys = [each.key for each in figures_of(False)]
    for key, column in zip(keys, first.T, strict=True):
        assert narrow.figures[key].mean == pytest.approx(np.nanmean(column))


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    """The same estimates as one that nobody interrupted; and what is kept is not simulated again."""

    def ran(kept: Path | None, executor: Executor, breaks_at: int = 0) -> sequential.Simulated:
        def progress(number: int, _: float) -> None:
            if number == breaks_at:
                raise KeyboardInterrupt

        return sequential.run(
            BASE, figure="abandonment", half_width=1e-9, most=63, case_work=False,
            kept=kept, executor=executor, progress=progress,
        )  # fmt: skip

    whole = ran(None, ThreadPoolExecutor(1))
    with pytest.raises(KeyboardInterrupt):
        ran(tmp_path, ThreadPoolExecutor(1), breaks_at=50)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/*.npz")}
    assert len(before) == 50 / sequential.ROUND
    again = ran(tmp_path, ThreadPoolExecutor(1))
    assert all(path.stat().st_mtime_ns == written for path, written in before.items())
    assert repr(again) == repr(whole)
    assert repr(ran(tmp_path, Never())) == repr(whole)


def test_posts_are_those_of_the_formula() -> None:
    """Cases x minutes / yearly minutes, surcharges apart; with the shipped values about 160 min a case."""
    scenario = scenario_file.load(SHIPPED, "2023_flow")
    found = posts(scenario)
    by_hand = sum(task.times * task.minutes for task in found.tasks) / 95_500
    assert found.needed == pytest.approx(by_hand)
    assert 150 < found.minutes_of_a_case < 180
    assert found.capacity == pytest.approx(found.there / found.needed * 8_000)
    desk = found.tasks[0]
    assert (desk.set_up, desk.distribution, desk.recovery) == pytest.approx(
        (desk.basic * 0.05, desk.basic * 0.10, desk.basic * 0.03)
    )


def test_minutes_that_are_gross_lose_what_the_absence_model_takes() -> None:
    scenario = scenario_file.load(SHIPPED, "2023_flow")
    gross = scenario.model_copy(update={"time": scenario.time.model_copy(update={"net_of": []})})
    days = sum(each.value for each in (gross.absence.leave, gross.absence.sickness, gross.absence.training))
    assert net_year_minutes(gross) == pytest.approx(95_500 - days * 39 * 60 / 5)
