"""Case work is the same in both drivers, nothing of it is lost, and each of its rules decides something."""

from collections import Counter, defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulation.drivers import layout
from simulation.drivers.model import CaseWork, Duration, Model, cells
from simulation.drivers.reference import Reference
from simulation.drivers.sampler import CONSTANT
from simulation.drivers.tables import Machine, ModelFaults
from simulation.scenarios import scenario_file
from simulation.scenarios.year import year
from tests.properties.test_kernel import trace_of_engine, trace_of_kernel
from tests.simulated import HOUR, random_case_model

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "planning.toml"
SCENARIOS = 100
SHOWN_BUSY = {48, 64}
"""Talking and wrap-up, as a trace's AGENT shows them."""

Trace = list[tuple[int, ...]]


@cache
def trace_with_all_rules(number: int) -> int:
    return hash(tuple(trace_of_kernel(random_case_model(number))))


@settings(max_examples=40)
@given(st.integers(0, 2**32))
@example(0)
def test_the_traces_are_identical(number: int) -> None:
    model = random_case_model(number)
    assert trace_of_kernel(model) == trace_of_engine(model)


@cache
def real() -> tuple[Model, Reference]:
    """Seventeen weeks of the shipped 2023: shifts, rest, absence, counter hours, waits of weeks, chasing."""
    model = year(scenario_file.load(SHIPPED, "2023_flow").changed({"horizon.warm_up": 0})).model
    end = model.begin_ms + 119 * 24 * HOUR
    part = model._replace(end_ms=end, arrivals=tuple(each for each in model.arrivals if each.end_ms <= end))
    reference = Reference(part, 5, 0)
    reference.run()
    return part, reference


def test_a_real_scenario_is_the_same_in_both() -> None:
    part, reference = real()
    trace = trace_of_kernel(part)
    kinds = Counter(row[1] for row in trace)
    assert min(kinds[each] for each in range(layout.CASE_OPENED, layout.CASE_DONE + 1)) > 0
    assert trace == reference.rows


def _ages_by_cell(model: Model, reference: Reference) -> tuple[np.ndarray, np.ndarray]:
    """Cases done and cases open by cell and day, told from the engine's rows by what each case is about."""
    end, where = model.end_ms - model.begin_ms, cells(model.kinds)
    days = (end - model.warm_ms) // (24 * HOUR) + 1
    done, still_open = (np.zeros((len(where), days), np.int64) for _ in range(2))
    took = {row[2]: row[4] for row in reference.rows if row[1] == layout.CASE_DONE}
    for at, kind, case, _, _ in reference.rows:
        if kind == layout.CASE_OPENED and at >= model.warm_ms:
            about = model.kinds[reference._kinds[case]]
            for cell in (("language", about.language), ("concern", about.concern)):
                if case in took:
                    done[where.index(cell), took[case] // (24 * HOUR)] += 1
                else:
                    still_open[where.index(cell), (end - at) // (24 * HOUR)] += 1
    return done, still_open


def test_turnarounds_by_language_and_concern_are_those_of_the_engine() -> None:
    """By day, and the languages as well as the concerns add up to the whole centre's bins of four hours."""
    runs = [real()]
    for number in range(30):
        model = random_case_model(number)
        reference = Reference(model, 5, 0)
        reference.run()
        runs.append((model, reference))
    for model, reference in runs:
        machine = Machine(model)
        machine.run(5, 0)
        done, still_open = _ages_by_cell(model, reference)
        assert np.array_equal(machine.cell_turnarounds, done)
        assert np.array_equal(machine.cell_ages, still_open)
        languages = sum(what == "language" for what, _ in cells(model.kinds))
        for whole, parts in ((machine.turnarounds, done), (machine.ages, still_open)):
            by_day = whole.reshape(-1, 6).sum(1)
            for some in (parts[:languages], parts[languages:]):
                assert np.array_equal(some.sum(0), by_day[: parts.shape[1]])
                assert some.sum() == whole.sum()


def test_cells_count_anew_when_cleared() -> None:
    model, _ = real()
    machine = Machine(model)
    machine.run(5, 0)
    once = machine.cell_turnarounds.copy(), machine.cell_ages.copy()
    machine.run(5, 0)
    assert np.array_equal(machine.cell_turnarounds, 2 * once[0])
    machine.clear()
    machine.run(5, 0)
    assert np.array_equal(machine.cell_turnarounds, once[0])
    assert np.array_equal(machine.cell_ages, once[1])


def _work(change: Callable[[CaseWork], CaseWork]) -> Callable[[Model], Model]:
    def changed(model: Model) -> Model:
        assert model.case_work is not None
        return model._replace(case_work=change(model.case_work))

    return changed


WITHOUT: dict[str, Callable[[Model], Model]] = {
    "calls at the begin": _work(lambda w: w._replace(first_call=0.0)),
    "further steps": _work(lambda w: w._replace(steps=w.steps[:1], appointment_before=0)),
    "level": _work(lambda w: w._replace(level=0)),
    "follow-ups": _work(lambda w: w._replace(follow_up=0.0)),
    "chasing": _work(lambda w: w._replace(chase_ms=0)),
    "appointments": _work(lambda w: w._replace(appointment=0.0)),
    "language at the counter": _work(lambda w: w._replace(appointment_language=0)),
    "counter hours": _work(lambda w: w._replace(counter=((0, 10**15),))),
    "switching": _work(lambda w: w._replace(switch_ms=0)),
    "pace": lambda m: m._replace(shifts=tuple(each._replace(pace=1_000) for each in m.shifts)),
    "handing over": lambda m: m._replace(shifts=tuple(x._replace(hands_over=False) for x in m.shifts)),
}


@pytest.mark.parametrize("rule", WITHOUT)
def test_each_rule_changes_what_happens(rule: str) -> None:
    """In at least one scenario in twenty the trace is another one without the rule."""
    changed = 0
    for number in range(SCENARIOS):
        other = WITHOUT[rule](random_case_model(number))
        changed += trace_with_all_rules(number) != hash(tuple(trace_of_kernel(other)))
    assert changed >= SCENARIOS / 20


def _interrupted(trace: Trace) -> bool:
    """Work rests because a telephone rings, not for the person's leaving."""
    offered = {(at, agent) for at, kind, _, agent, _ in trace if kind == layout.OFFERED}
    return any(kind == layout.JOB_PAUSED and (at, agent) in offered for at, kind, _, agent, _ in trace)


def _rebooked(trace: Trace) -> bool:
    dates = Counter(case for _, kind, case, _, _ in trace if kind == layout.BOOKED)
    return max(dates.values(), default=0) > 1


def _called_for(trace: Trace) -> bool:
    """Somebody goes from a call straight to a visitor: not ready as the call ends."""
    shown: dict[int, int] = {}
    for _, kind, _, agent, value in trace:
        if kind == layout.AGENT:
            if value == 80 and shown.get(agent) in SHOWN_BUSY:
                return True
            shown[agent] = value
    return False


HAPPENS: dict[str, Callable[[Trace], bool]] = {
    "a call interrupts": _interrupted,
    "work is handed over": lambda t: any(row[1] == layout.HANDED_OVER for row in t),
    "a visitor waits": lambda t: any(row[1] == layout.APPOINTMENT_BEGAN and row[4] > 0 for row in t),
    "a visitor goes before callers": _called_for,
    "a new date": _rebooked,
    "a follow-up": lambda t: any(
        row[1] == layout.CASE_CALLS and 16 <= row[4] < 16 * layout.FIRST_CHASE for row in t
    ),
    "a chase": lambda t: any(row[1] == layout.CASE_CALLS and row[4] >= 16 * layout.FIRST_CHASE for row in t),
}


def test_everything_happens() -> None:
    """Each in at least one scenario in twenty, so that the equality above is about it."""
    seen: Counter[str] = Counter()
    for number in range(SCENARIOS):
        trace = trace_of_kernel(random_case_model(number))
        seen.update(name for name, happens in HAPPENS.items() if happens(trace))
    assert {name: seen[name] for name in HAPPENS if seen[name] < SCENARIOS / 20} == {}


def _times(trace: Trace, model: Model) -> dict[int, dict[str, int]]:
    """By person: ms at each kind of work, told from the trace alone; nobody does two things at once."""
    end = model.end_ms - model.begin_ms
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    doing: dict[int, tuple[str, int]] = {}
    begun: dict[int, int] = {}
    assert model.case_work is not None
    switch = model.case_work.switch_ms

    def begins(agent: int, what: str, at: int) -> None:
        assert agent not in doing, f"{agent} does {doing.get(agent)} and {what} at {at}"
        doing[agent] = (what, at)

    def ends(agent: int, at: int) -> None:
        what, since = doing.pop(agent)
        if what == "desk" and begun[agent]:
            back = min(at, since + switch)
            found[agent]["switching"] += back - since
            since = back
        found[agent][what] += at - since

    for at, kind, _, agent, value in trace:
        if kind == layout.AGENT:
            on_phone = doing.get(agent, ("", 0))[0] == "phone"
            if value in SHOWN_BUSY and not on_phone:
                begins(agent, "phone", at)
            elif value not in SHOWN_BUSY and on_phone:
                ends(agent, at)
        elif kind == layout.JOB_BEGAN:
            begun[agent] = value & 1
            begins(agent, "desk", at)
        elif kind == layout.APPOINTMENT_BEGAN:
            begins(agent, "counter", at)
        elif kind in (layout.JOB_PAUSED, layout.JOB_ENDED, layout.APPOINTMENT_ENDED):
            ends(agent, at)
    for agent in [*doing]:
        if doing[agent][0] != "phone":
            ends(agent, end)
    return found


def test_counts_are_what_the_trace_tells() -> None:
    """Cases, calls, dates and everybody's minutes; opened = done + open; what is done fits the presence."""
    for number in range(60):
        model = random_case_model(number)._replace(warm_ms=0)
        machine = Machine(model)
        trace = machine.run(5, 0, trace=True)
        rows = Counter(row[1] for row in trace)
        count = dict(zip(layout.CASE_COUNTS, machine.case_counts.sum(0).tolist(), strict=True))
        assert count["opened"] == rows[layout.CASE_OPENED]
        assert count["done"] == rows[layout.CASE_DONE] == machine.turnarounds.sum()
        assert count["opened"] == count["done"] + machine.ages.sum()
        assert count["appointments"] == rows[layout.APPOINTMENT_BEGAN]
        assert count["appointment_wait_ms"] == sum(
            row[4] for row in trace if row[1] == layout.APPOINTMENT_BEGAN
        )
        again = Counter(row[2] for row in trace if row[1] == layout.BOOKED)
        assert count["rebooked"] == sum(dates - 1 for dates in again.values())
        first = [row[4] // 16 for row in trace if row[1] == layout.CASE_CALLS and row[4] % 16 == 0]
        assert count["chases"] == sum(each >= layout.FIRST_CHASE for each in first)
        assert count["follow_ups"] == sum(0 < each < layout.FIRST_CHASE for each in first)
        promised = [
            row[4] <= HOUR
            for row in trace
            if row[1] == layout.CASE_DONE and row[0] - row[4] + HOUR <= model.end_ms - model.begin_ms
        ]
        assert count["due_done"] == sum(promised) <= count["due"] <= count["opened"]
        told = _times(trace, model)
        for agent, worked in enumerate(machine.worked.tolist()):
            mine = dict(zip(layout.PERSON_COUNTS, worked, strict=True))
            for what in ("desk", "counter", "switching"):
                assert mine[f"{what}_ms"] == told[agent][what]
            assert mine["busy_ms"] == told[agent]["phone"]
            done = sum(mine[f"{what}_ms"] for what in ("busy", "counter", "desk", "switching"))
            assert done <= mine["on_ms"] + mine["overtime_ms"]


def test_counts_do_not_depend_on_the_trace() -> None:
    for number in range(40):
        told, silent = Machine(random_case_model(number)), Machine(random_case_model(number))
        told.run(5, 0, trace=True)
        silent.run(5, 0)
        counted = ("counts", "worked", "waits", "case_counts", "turnarounds", "ages", "backlog")
        for name in (*counted, "cell_turnarounds", "cell_ages"):
            assert (getattr(told, name) == getattr(silent, name)).all(), name


def test_a_replication_does_not_depend_on_those_before() -> None:
    machine = Machine(random_case_model(7))
    for replication in range(3):
        machine.run(5, replication)
    assert machine.run(5, 0, trace=True) == trace_of_kernel(random_case_model(7))


def test_what_cannot_be_is_said_at_once() -> None:
    model = random_case_model(1)
    assert model.case_work is not None
    wrong = model.case_work._replace(
        follow_up=1.5, appointment=0.5, appointment_before=9, counter=((5, 9), (7, 12)), switch_ms=-1
    )
    with pytest.raises(ModelFaults) as told:
        Machine(model._replace(case_work=wrong))
    for word in ("follow_up = 1.5", "appointment_before = 9", "(7, 12)", "switch_ms = -1"):
        assert word in str(told.value)


def test_more_than_there_is_room_for_is_said_too() -> None:
    model = random_case_model(1)
    assert model.case_work is not None
    for change, words in (
        ({"steps": model.case_work.steps[:1] * 8}, "holds 7 steps of a case, not 8"),
        ({"chase_ms": 1}, "times to chase a case"),
        (
            {
                "appointment": 1.0,
                "appointment_before": 0,
                "first_call": 0.0,
                "chase_ms": 0,
                "lead": Duration(CONSTANT, 0.0),
                "counter": ((0, 10**15),),
            },
            "more visitors wait at the counter",
        ),
    ):
        crowded = model._replace(
            case_work=model.case_work._replace(**change),  # type: ignore[arg-type]
            arrivals=tuple(each._replace(expected=10_000.0) for each in model.arrivals),
            shifts=(),
        )
        with pytest.raises(ModelFaults, match=words):
            Machine(crowded).run(1, 0)
