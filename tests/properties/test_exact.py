"""The simulator against the exact results of queueing theory, within bounds stated in advance.

Each figure is a mean over REPLICATIONS independent runs, with its standard error. With 24 comparisons and
an error of 1 % for all of them together (Bonferroni), Student's t with 39 degrees of freedom allows T_MAX
standard errors. PRECISE bounds the standard error itself, so that the comparison says something.
"""

from math import sqrt

import numpy as np
import pytest

from agents.model import Agent, Reach, Team
from routing.policy import OWN, Plan, Policy, Step
from simulation.drivers import layout, sampler
from simulation.drivers.model import Arrivals, Duration, Kind, Model, Phones, Shift
from simulation.drivers.reference import Reference
from simulation.drivers.tables import Machine
from simulation.staffing import erlang

REPLICATIONS = 40
T_MAX = 3.98
"""Student's t, 39 degrees of freedom, two-sided 0.01 / 24."""
PRECISE = 0.02
CALLERS = 100_000
"""In each replication; the first tenth of the time is not counted."""
HOUR = 3_600_000
FOR_EVER = Duration(sampler.CONSTANT, 3e10)
AT_ONCE = Phones((1.0, 0, 0, 0, 0, 0), 0, Duration(sampler.CONSTANT, 0.0), Duration(sampler.CONSTANT, 0.0), 0)


def centre(
    servers: int,
    rates: tuple[float, ...],
    service: Duration,
    patience: Duration,
    callers: int = CALLERS,
) -> Model:
    """Everybody can do everything. rates: callers per hour by priority class, the first goes first."""
    hours = round(callers / sum(rates))
    people = tuple(
        Agent(f"p{i:02}", "", Reach("phone", f"{i}"), (("de", 7),), (("other", 5),)) for i in range(servers)
    )
    names = tuple(f"c{i}" for i in range(len(rates)))
    policy = Policy(
        plans=(Plan("", "", (Step(0, OWN, 1, 1),)),),
        unknown_languages=("de",),
        fallback_languages=(),
        choose=("longest_idle",),
        lease_ms=20_000,
        silent_ms=2_000,
        wrap_up_ms=0,
        refusals=(),
        opening=((0, 10**15),),
        classes=tuple((name, (len(rates) - i) * 10**10) for i, name in enumerate(names)),
    )
    return Model(
        policy=policy,
        roster=Team(people),
        begin_ms=0,
        end_ms=hours * HOUR,
        kinds=tuple(
            Kind(rate / sum(rates), "de", "other", "", (name,))
            for rate, name in zip(rates, names, strict=True)
        ),
        arrivals=(Arrivals(0, hours * HOUR, sum(rates) * hours),),
        shifts=tuple(Shift(0, each.id, True) for each in people),
        patience=patience,
        talk=service,
        retrial=0.0,
        again=FOR_EVER,
        phones=AT_ONCE,
        back_ms=0,
        warm_ms=hours * HOUR // 10,
        within_ms=20_000,
    )


def exponential(mean_ms: float) -> Duration:
    return Duration(sampler.EXPONENTIAL, mean_ms)


def figures(model: Model) -> dict[str, tuple[float, float]]:
    """Mean and standard error of each figure, over replications."""
    machine = Machine(model)
    found: dict[str, list[float]] = {}
    for replication in range(REPLICATIONS):
        machine.clear()
        machine.run(11, replication)
        counts = dict(zip(layout.COUNTS, machine.counts.T.astype(float), strict=True))
        offered = counts["offered"].sum()
        for name, value in (
            ("delayed", counts["delayed"].sum() / offered),
            ("abandoned", counts["abandoned"].sum() / offered),
            ("wait", counts["wait_all_ms"].sum() / offered),
            ("within", counts["answered_within"].sum() / offered),
            *((f"wait {k}", each) for k, each in enumerate(counts["wait_all_ms"] / counts["offered"])),
        ):
            found.setdefault(name, []).append(value)
    return {
        name: (float(np.mean(values)), float(np.std(values, ddof=1) / sqrt(REPLICATIONS)))
        for name, values in found.items()
    }


def agrees(found: tuple[float, float], exact: float, precise: float = PRECISE) -> None:
    mean, error = found
    assert error < precise * exact, f"{mean} +- {error} says too little about {exact}"
    assert abs(mean - exact) < T_MAX * error, f"{mean} +- {error} is not {exact}"


def test_erlang_a() -> None:
    """n=5, 19 calls/h, 4/h each, patience 12/h: all four figures."""
    found = figures(centre(5, (19,), exponential(HOUR / 4), exponential(HOUR / 12)))
    exact = erlang.erlang_a(19 / HOUR, HOUR / 4, HOUR / 12, 5, 20_000)
    agrees(found["delayed"], exact.delayed)
    agrees(found["abandoned"], exact.abandoned)
    agrees(found["wait"], exact.mean_wait)
    agrees(found["within"], exact.within)


def test_erlang_a_of_a_bigger_centre() -> None:
    found = figures(centre(14, (200,), exponential(180_000), exponential(300_000)))
    exact = erlang.erlang_a(200 / HOUR, 180_000, 300_000, 14, 20_000)
    agrees(found["delayed"], exact.delayed)
    agrees(found["abandoned"], exact.abandoned)
    agrees(found["within"], exact.within)


def test_patience_as_long_as_service() -> None:
    found = figures(centre(23, (22,), exponential(HOUR), exponential(HOUR)))
    agrees(found["delayed"], 0.4436247873)


@pytest.mark.parametrize(("servers", "load"), [(5, 4), (14, 10), (23, 20)])
def test_erlang_c(servers: int, load: int) -> None:
    found = figures(centre(servers, (load * 20,), exponential(180_000), FOR_EVER))
    exact = erlang.erlang_c_waiting(load * 20 / HOUR, 180_000, servers, 20_000)
    agrees(found["delayed"], exact.delayed)
    agrees(found["wait"], exact.mean_wait)
    agrees(found["within"], exact.within)


def test_priorities_without_interruption() -> None:
    """Cobham: M/M/5, three classes; a class is worth more waiting than ever happens."""
    found = figures(centre(5, (20, 20, 40), exponential(180_000), FOR_EVER))
    for i, exact in enumerate(erlang.cobham(5, (20 / HOUR, 20 / HOUR, 40 / HOUR), 180_000)):
        agrees(found[f"wait {i}"], exact)


def test_service_times_of_any_shape() -> None:
    """Pollaczek and Khinchine: one server, lognormal service with scv 1.44, with and without classes."""
    mean = 60_000.0
    service = Duration(sampler.LOGNORMAL, *sampler.lognormal(mean, 1.44))
    found = figures(centre(1, (48,), service, FOR_EVER))
    agrees(found["wait"], 4.88 * mean, precise=0.03)
    found = figures(centre(1, (18, 30), service, FOR_EVER))
    agrees(found["wait 0"], 1.394285714 * mean)
    agrees(found["wait 1"], 6.971428571 * mean, precise=0.03)


def test_loss_does_not_depend_on_the_shape() -> None:
    """M/LN/23/23: who finds nobody free is gone at once."""
    service = Duration(sampler.LOGNORMAL, *sampler.lognormal(180_000.0, 1.44))
    found = figures(centre(23, (440,), service, Duration(sampler.CONSTANT, 0.0)))
    agrees(found["abandoned"], 0.1271510495)


def test_the_engine_itself_on_erlang_a() -> None:
    """The reference, in one run of 6,000 callers: its trace is the kernel's, so one row is enough."""
    model = centre(5, (19,), exponential(HOUR / 4), exponential(HOUR / 12), callers=6_000)
    reference = Reference(model, 3, 0)
    reference.run()
    queued = sum(row.kind == layout.QUEUED for row in reference.rows)
    exact = erlang.erlang_a(19 / HOUR, HOUR / 4, HOUR / 12, 5)
    error = sqrt(exact.abandoned / queued)
    assert 1 - reference.answered / queued == pytest.approx(exact.abandoned, abs=T_MAX * error)
