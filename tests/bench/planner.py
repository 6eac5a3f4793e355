"""The planner's engines on one workload: the compiled kernel, the engine on SimPy, and plain SimPy.

own: 15 people, 8,000 contacts a year, ten hours on 250 days: the centre's own load. full: 23 people at 85 %
occupancy with every rule in use. The plain SimPy model is the way its manual teaches: a process a call,
people in a FilterStore, patience as a timeout; it knows languages, concerns and one widening step, and no
other rule. Ciw has a simpler centre still (tests.bench.ciw_model). All of a pair run in turn in this process,
on one core.
"""

import random
from collections.abc import Callable
from functools import partial
from math import inf
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import simpy

from simulation.drivers import layout, sampler
from simulation.drivers.model import Arrivals, Duration, Kind, Model, Phones, Shift
from simulation.drivers.reference import Reference
from simulation.drivers.tables import Machine
from simulation.drivers.wait_bins import WAIT_ENDS_S
from tests.bench import ciw_model, rules
from tests.bench.engine import CONCERNS, LANGUAGES, policy, roster
from tests.bench.figures import Figures

HOUR, DAY = 3_600_000, 86_400_000
TALK_MS, WRAP_UP_MS = 480_000.0, 60_000
OPEN_MS = 10 * HOUR
SHARES = (0.4, 0.15, 0.12, 0.08, 0.07, 0.06, 0.05, 0.03, 0.02, 0.02)


def model(people: int, days: int, contacts: float, everything: bool) -> Model:
    """A year of open days; everybody comes at the opening and leaves at the closing."""
    chance = random.Random(4)
    crew = roster(people, chance)
    opening = tuple((day * DAY + 8 * HOUR, day * DAY + 18 * HOUR) for day in range(days))
    in_force = policy()._replace(
        opening=opening, wrap_up_ms=WRAP_UP_MS, days=tuple(day * DAY for day in range(1, days))
    )
    kinds = []
    for language, share in zip(LANGUAGES, SHARES, strict=True):
        for concern in CONCERNS:
            able = tuple(a.id for a in crew.agents if a.language_level(language) >= 4)[:8]
            classes = ("vip",) if everything and concern == CONCERNS[1] else ()
            owned = 0.3 if everything and able else 0.0
            kinds.append(
                Kind(share / len(CONCERNS), language, concern, "en", classes, owned, able if owned else ())
            )
    shifts = tuple(
        Shift(at, agent.id, login)
        for begin, end in opening
        for at, login in ((begin, True), (end, False))
        for agent in crew.agents
    )
    shares = (0.94, 0.03, 0.01, 0.01, 0.005, 0.005) if everything else (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    answer = Duration(sampler.UNIFORM, 2_000, 9_000) if everything else Duration(sampler.CONSTANT, 4_000)
    return Model(
        policy=in_force,
        roster=crew,
        begin_ms=0,
        end_ms=days * DAY,
        kinds=tuple(kinds),
        arrivals=tuple(Arrivals(begin, end, contacts / days) for begin, end in opening),
        shifts=shifts,
        patience=Duration(sampler.EXPONENTIAL, 300_000.0),
        talk=Duration(sampler.LOGNORMAL, *sampler.lognormal(TALK_MS, 1.2)),
        retrial=0.3 if everything else 0.0,
        again=Duration(sampler.EXPONENTIAL, 1_800_000.0),
        phones=Phones(shares, 500, answer, Duration(sampler.CONSTANT, 3_000), 18_000),
        back_ms=600_000,
    )


def plain_simpy(what: Model, seed: int) -> int:
    """The same centre as a newcomer to SimPy writes it; returns how many were answered."""
    chance = random.Random(seed)
    env = simpy.Environment()
    staff = simpy.FilterStore(env)
    answered = 0

    def call(env: simpy.Environment, kind: Kind) -> Any:
        nonlocal answered
        patience = env.timeout(chance.expovariate(1 / 300_000))
        for step in what.policy.plan(kind.language, kind.concern).steps[:2]:
            asked = staff.get(
                lambda agent, step=step: (
                    agent.language_level(kind.language) >= step.language
                    and agent.concern_level(kind.concern) >= step.concern
                )
            )
            widen = env.timeout(45_000)
            yield asked | patience | widen
            if asked.triggered:
                yield env.timeout(4_000)
                answered += 1
                yield env.timeout(chance.lognormvariate(what.talk.a, what.talk.b))
                agent = asked.value
                yield env.timeout(WRAP_UP_MS)
                yield staff.put(agent)
                return
            asked.cancel()
            if patience.triggered:
                return

    def day(env: simpy.Environment) -> Any:
        weights = [kind.share for kind in what.kinds]
        for each in what.arrivals:
            yield env.timeout(max(0, each.begin_ms - env.now))
            rate = each.expected / (each.end_ms - each.begin_ms)
            while True:
                yield env.timeout(chance.expovariate(rate))
                if env.now >= each.end_ms:
                    break
                env.process(call(env, chance.choices(what.kinds, weights)[0]))

    staff.items.extend(what.roster.agents)
    env.process(day(env))
    env.run(until=what.end_ms)
    return answered


def upto(what: Model, end_ms: int) -> Model:
    """The same centre until then."""
    arrivals = tuple(each for each in what.arrivals if each.end_ms <= end_ms)
    return what._replace(end_ms=end_ms, arrivals=arrivals)


def replicate(machine: Machine, repeats: int) -> None:
    """So many replications on the kernel."""
    for replication in range(repeats):
        machine.run(1, replication)


def on_simpy(what: Model) -> None:
    """One on the daemon's engine."""
    Reference(what, 1, 0, trace=False).run()


def in_turn(repeats: int, *runs: Callable[[], object]) -> list[float]:
    """Seconds that each takes at its best; they take turns, so that a busy machine is busy for all."""
    best = [inf] * len(runs)
    for _ in range(repeats):
        for i, run in enumerate(runs):
            begin = perf_counter()
            run()
            best[i] = min(best[i], perf_counter() - begin)
    return best


def main(figures: Figures, small: bool, folder: Path) -> None:
    """Print contacts a second and what the load was."""
    turns, repeats = (1, 3) if small else (5, 20)
    for name, what in (
        ("own load, 15 people, 8,000 contacts a year", model(15, 250, 8_000, False)),
        ("every rule, 23 people, 85 % occupied", model(23, 80, 123_000, True)),
    ):
        machine = Machine(what)
        machine.run(1, 0)
        machine.clear()
        part = upto(what, what.end_ms // (1 if not what.retrial else 10))
        seconds = in_turn(
            turns,
            partial(replicate, machine, repeats),
            partial(on_simpy, part),
            partial(plain_simpy, part, 1),
            partial(ciw_model.run, part, len(part.arrivals) * OPEN_MS / 1000, 1),
        )
        counts = dict(zip(layout.COUNTS, machine.counts.sum(0).tolist(), strict=True))
        contacts, worked = counts["offered"], machine.worked.sum(0)
        expected = sum(each.expected for each in part.arrivals)
        of_each = (contacts / turns, expected, expected, expected)
        kernel, reference, plain, in_ciw = (n / s for n, s in zip(of_each, seconds, strict=True))
        figures.add(
            f"planner, {name}",
            contacts=contacts,
            kernel_contacts_per_second=round(kernel),
            engine_on_simpy_contacts_per_second=round(reference),
            plain_simpy_contacts_per_second=round(plain),
            ciw_without_skills_contacts_per_second=round(in_ciw),
            kernel_to_plain_simpy=round(kernel / plain, 1),
            kernel_to_ciw_without_skills=round(kernel / in_ciw, 1),
            kernel_to_engine_on_simpy=round(kernel / reference, 1),
            engine_on_simpy_to_plain_simpy=round(reference / plain, 3),
            occupancy=round(float(worked[1] / worked[2]), 4),
            share_abandoned=round(counts["abandoned"] / contacts, 4),
            share_widened=round(counts["widened"] / contacts, 4),
            share_by_owner=round(counts["by_owner"] / contacts, 4),
            share_offered_again=round(counts["second_or_further_offers"] / contacts, 4),
            p95_wait_s=int(WAIT_ENDS_S[np.searchsorted(np.cumsum(machine.waits), 0.95 * machine.waits.sum())])
            - 1,
            **rules.shares(upto(part, (2 if what.retrial else 40) * (DAY if not small else DAY // 2))),
        )
