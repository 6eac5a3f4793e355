"""The compiled kernel is the engine: whole traces are the same, and each rule decides something in them."""

from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulation.drivers import layout
from simulation.drivers.model import Arrivals, Model, Row, Shift
from simulation.drivers.reference import Reference
from simulation.drivers.tables import Machine
from tests.simulated import HOUR, random_model
from tests.without import WITHOUT

SCENARIOS = 300


def trace_of_kernel(model: Model, seed: int = 5) -> list[tuple[int, ...]]:
    return Machine(model).run(seed, 0, trace=True)


def trace_of_engine(model: Model, seed: int = 5) -> list[Row]:
    reference = Reference(model, seed, 0)
    reference.run()
    return reference.rows


@cache
def trace_with_all_rules(number: int) -> int:
    return hash(tuple(trace_of_kernel(random_model(number))))


@settings(max_examples=150)
@given(st.integers(0, 2**32))
@example(0)
@example(1830)  # somebody comes and goes at the same ms
@example(1627555)  # an owner leaves at the very ms at which others' needs widen
def test_the_traces_are_identical(number: int) -> None:
    model = random_model(number)
    assert trace_of_kernel(model) == trace_of_engine(model)


def test_the_order_of_the_roster_decides_nothing() -> None:
    """A scenario lists people in the order in which it takes them; among equals the engine goes by id."""
    for number in range(30):
        model = random_model(number)
        turned = model._replace(roster=model.roster._replace(agents=model.roster.agents[::-1]))
        assert trace_of_kernel(turned) == trace_of_engine(turned)


def test_counts_do_not_depend_on_the_trace() -> None:
    """Without a trace the kernel leaves out what nobody sees; what it counts is the same."""
    for number in range(60):
        told, silent = Machine(random_model(number)), Machine(random_model(number))
        told.run(5, 0, trace=True)
        silent.run(5, 0)
        assert (told.counts == silent.counts).all()
        assert (told.worked == silent.worked).all()
        assert (told.waits == silent.waits).all()


def test_a_replication_does_not_depend_on_those_before() -> None:
    machine = Machine(random_model(7))
    for replication in range(3):
        machine.run(5, replication)
    assert machine.run(5, 0, trace=True) == trace_of_kernel(random_model(7))


@pytest.mark.parametrize("number", [7, 8, 9])
def test_a_replication_does_not_depend_on_its_own_at_other_loads(number: int) -> None:
    """What callers draw is kept for the next load; more of them and fewer come out as if drawn anew."""
    machine = Machine(random_model(number))
    for load in (0.3, 1.7, 0.6):
        machine.run(5, 0, load=load)
    assert machine.run(5, 0, trace=True) == trace_of_kernel(random_model(number))
    machine.run(6, 0, load=2.0)
    assert machine.run(5, 0, trace=True) == trace_of_kernel(random_model(number))


@pytest.mark.parametrize("rule", WITHOUT)
def test_each_rule_changes_decisions(rule: str) -> None:
    """In at least one scenario in twenty the trace is another one without the rule."""
    changed = 0
    for number in range(SCENARIOS):
        model = random_model(number)
        other = model._replace(policy=WITHOUT[rule](model.policy))
        changed += trace_with_all_rules(number) != hash(tuple(trace_of_kernel(other)))
    assert changed >= SCENARIOS / 20


def test_a_year_fits() -> None:
    """The last ms that an event's integer can hold is as good as the first."""
    model = random_model(3)
    late = (1 << layout.TIME_BITS) - 1
    times = (model.end_ms - HOUR - model.begin_ms, late - HOUR)
    quiet = model._replace(
        policy=model.policy._replace(opening=((0, 10**15),), days=(), reserves=()),
        end_ms=model.begin_ms + late,
        shifts=tuple(Shift(model.begin_ms, agent.id, True) for agent in model.roster.agents),
    )
    early, last = (
        Machine(
            quiet._replace(arrivals=(Arrivals(model.begin_ms + at, model.begin_ms + at + HOUR // 2, 30.0),))
        ).run(5, 0, trace=True)
        for at in times
    )
    logins = len(quiet.shifts)
    moved = times[1] - times[0]
    assert [(at + moved, *rest) for at, *rest in early[logins:]][: len(last) - logins] == [*last[logins:]]
