"""Case work against exact results of queueing theory, within bounds stated in advance.

Each figure is a mean over independent runs with its standard error, as in test_exact. With 8 comparisons and
an error of 1 % for all of them together (Bonferroni), Student's t with 39 degrees of freedom allows T_MAX
standard errors.
"""

from math import sqrt

import numpy as np

from simulation.drivers import layout, sampler
from simulation.drivers.model import CaseWork, Duration, Model, WorkStep
from simulation.drivers.tables import Machine
from simulation.staffing import erlang
from tests.properties.test_exact import FOR_EVER, HOUR, REPLICATIONS, centre, exponential

T_MAX = 3.61
"""Student's t, 39 degrees of freedom, two-sided 0.01 / 8 is 3.48; the rest is room for cases that the end
cuts off."""
PRECISE = 0.03
CASES = 3_000
NOTHING = Duration(sampler.CONSTANT, 0.0)


def desk(
    servers: int, rate: float, *steps: WorkStep, first_call: float = 0.0, talk: Duration = NOTHING
) -> Model:
    """Cases alone, `rate` an hour, all day and night; a midnight is a day after the other."""
    model = centre(servers, (rate,), talk, FOR_EVER, callers=CASES)
    days = tuple(range(0, model.end_ms, 24 * HOUR))
    return model._replace(
        policy=model.policy._replace(days=days),
        case_work=CaseWork(
            first_call=first_call,
            steps=steps,
            level=1,
            follow_up=0.0,
            follow_after=NOTHING,
            chase_ms=0,
            chase=0.0,
            appointment=0.0,
            appointment_before=0,
            lead=NOTHING,
            appointment_takes=NOTHING,
            appointment_language=0,
            counter=(),
            switch_ms=0,
        ),
    )


def figures(model: Model, *, calls: bool = False) -> dict[str, tuple[float, float]]:
    """Mean and standard error over replications of turnaround (ms), desk work by presence and open cases;
    with `calls`, instead of turnaround, the share of calls that wait."""
    machine = Machine(model)
    found: dict[str, list[float]] = {}
    for replication in range(REPLICATIONS):
        machine.clear()
        trace = machine.run(11, replication, trace=not calls)
        worked = dict(zip(layout.PERSON_COUNTS, machine.worked.sum(0), strict=True))
        counts = dict(zip(layout.COUNTS, machine.counts.sum(0), strict=True))
        took = [row[4] for row in trace if row[1] == layout.CASE_DONE and row[0] - row[4] >= model.warm_ms]
        for name, value in (
            ("delayed", counts["delayed"] / counts["offered"]) if calls else ("turnaround", np.mean(took)),
            ("desk", worked["desk_ms"] / worked["on_ms"]),
            ("open", machine.backlog.mean()),
        ):
            found.setdefault(name, []).append(float(value))
    return {
        name: (float(np.mean(values)), float(np.std(values, ddof=1) / sqrt(REPLICATIONS)))
        for name, values in found.items()
    }


def agrees(found: tuple[float, float], exact: float, precise: float = PRECISE) -> None:
    mean, error = found
    assert error < precise * exact, f"{mean} +- {error} says too little about {exact}"
    assert abs(mean - exact) < T_MAX * error, f"{mean} +- {error} is not {exact}"


def test_one_person_and_exponential_work() -> None:
    """M/M/1 at 70 %: turnaround 1 / (mu - lambda), Little's law for the open cases, work by presence."""
    found = figures(desk(1, 2.0, WorkStep(exponential(0.35 * HOUR), NOTHING)))
    agrees(found["turnaround"], HOUR / (1 / 0.35 - 2))
    agrees(found["open"], 0.7 / 0.3, precise=0.05)
    agrees(found["desk"], 0.7)


def test_work_of_any_shape() -> None:
    """Pollaczek and Khinchine: lognormal work with scv 1.44 at 60 %."""
    mean = 0.3 * HOUR
    work = Duration(sampler.LOGNORMAL, *sampler.lognormal(mean, 1.44))
    found = figures(desk(1, 2.0, WorkStep(work, NOTHING)))
    agrees(found["turnaround"], mean * (1 + 0.6 * 2.44 / (2 * 0.4)))


def test_several_people() -> None:
    """M/M/5 at 80 %: Erlang C, the work itself added."""
    found = figures(desk(5, 4.0, WorkStep(exponential(HOUR), NOTHING)))
    exact = erlang.erlang_c_waiting(4 / HOUR, HOUR, 5, 1)
    agrees(found["turnaround"], exact.mean_wait + HOUR)


def test_steps_and_waits_add_up() -> None:
    """With somebody free at any time a case takes its work and its waits, and nothing else."""
    steps = (
        WorkStep(exponential(HOUR), exponential(20 * HOUR)),
        WorkStep(exponential(2 * HOUR), exponential(10 * HOUR)),
        WorkStep(exponential(HOUR), FOR_EVER),
    )
    found = figures(desk(40, 1.0, *steps))
    agrees(found["turnaround"], 34 * HOUR)


def test_callers_do_not_notice_desk_work() -> None:
    """Five people busy with cases: a call interrupts, so callers wait as with nothing else to do (Erlang C),
    and the work of cases is done all the same."""
    model = desk(
        5, 20.0, WorkStep(exponential(0.04 * HOUR), NOTHING), first_call=1.0, talk=exponential(HOUR / 6)
    )
    found = figures(model, calls=True)
    agrees(found["delayed"], erlang.erlang_c(5, 20 / 6))
    agrees(found["desk"], 20 * 0.04 / 5)
