"""A roster simulated: the service it gives in its own weeks, as planned and with sickness drawn.

The weeks are those of the scenario's numbers in the roster's own year. With case work the months before run
with the scenario's attendance, so that the desks begin with the work that is there by then.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from config.duties import Duty
from simulation.drivers.tables import Machine
from simulation.runs.outcome import Cells, figures_of, outcome
from simulation.runs.spread import Estimate, Spread
from simulation.scenarios.scenario import Scenario
from simulation.scenarios.year import Year, year

Ints = npt.NDArray[np.int64]


class Trial(NamedTuple):
    """Figures of the weeks by key: when everybody comes as planned, and when people fall sick.

    until: the last day that was simulated (weeks of the next year are not). number: how often.
    """

    planned: dict[str, Estimate]
    sick: dict[str, Estimate]
    until: date
    number: int


def trial(
    scenario: Scenario,
    duties: Mapping[str, Sequence[Duty]],
    first: date,
    last: date,
    *,
    number: int,
    seed: int = 1,
    case_work: bool = True,
    progress: Callable[[int], None] = lambda done: None,
) -> Trial:
    """Simulate the days [first, last], so many times. progress: told the runs done, out of twice `number`.

    Raises ModelFaults.
    """
    horizon = scenario.horizon.model_copy(update={"year": first.year})
    moved = scenario.model_copy(update={"horizon": horizon})
    made = year(moved, case_work=case_work)
    calendar, people = made.calendar, int(scenario.staff.people.value)
    until = min(last, date(first.year, 12, 31))
    begin, end = (
        calendar.midnights[(day - calendar.first).days] for day in (first, until + timedelta(days=1))
    )
    model = made.model._replace(
        end_ms=end,
        warm_ms=begin - calendar.begin_ms,
        arrivals=tuple(
            each
            for each in made.model.arrivals
            if each.end_ms <= end and (case_work or each.begin_ms >= begin)
        ),
        shifts=(),
    )
    machine, cells = Machine(model), Cells(model)
    stretches = _stretches(made, duties, until)
    keys = [each.key for each in figures_of(case_work)]
    done = 0
    found: list[dict[str, Estimate]] = []
    for sickness in (False, True):
        spread = Spread(len(keys))
        for replication in range(number):
            rows = calendar.planned(stretches, seed, replication, people, sickness=sickness)
            if case_work:
                before = calendar.rows(seed, replication, people)
                rows = np.concatenate([before[before[:, 0] < model.warm_ms], rows])
            machine.clear()
            machine.run(seed, replication, shifts=rows)
            spread.add(outcome(machine, cells, scenario.house.service_level.variant).figures)
            done += 1
            progress(done)
        found.append(dict(zip(keys, spread.estimates(), strict=True)))
    return Trial(found[0], found[1], until, number)


def _stretches(made: Year, duties: Mapping[str, Sequence[Duty]], until: date) -> Ints:
    """Presence from rest to rest, as Calendar.planned takes it."""
    place = {person: i for i, person in enumerate(made.calendar.people)}
    found = []
    for person, listed in duties.items():
        for duty in listed:
            if duty.day > until:
                continue
            edges = [duty.begin, *(edge for rest in duty.rests for edge in rest), duty.end]
            day = (duty.day - made.calendar.first).days
            found += [(place[person], day, a, b) for a, b in list(pairwise(edges))[::2]]
    return np.array(found, np.int64).reshape(-1, 4)
