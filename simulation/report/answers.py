"""What a report's numbers say: targets met, up to how many cases, with how few staff."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulation.report.gather import Case, Material
from simulation.runs.spread import Estimate, Floats, Spread
from simulation.scenarios.posts import net_year_minutes, posts
from simulation.scenarios.scenario import Scenario

Bools = npt.NDArray[np.bool_]


class Target(NamedTuple):
    """What is promised of a figure: at least the value, or at most."""

    key: str
    unit: str
    value: float
    at_least: bool

    def met(self, values: Floats) -> Bools:
        """nan, where there was nothing to count, meets no target."""
        found: Bools = values >= self.value if self.at_least else values <= self.value
        return found


class Limit(NamedTuple):
    """Up to how many of the swept cases a number of staff meets a target.

    upto: the largest for which it and all below are met, None: not even the smallest. following: the next
    one, at which it is missed; None: met everywhere.
    """

    upto: float | None
    following: float | None


class Surcharge(NamedTuple):
    """Full-time posts that the formula does not know.

    by_formula: posts for the work that is simulated. pooled, real: posts of the fewest staff that meet the
    targets if everybody could do everything, and with the people that there are; None: not even with all.
    """

    by_formula: float
    pooled: float | None
    real: float | None


def targets(material: Material) -> tuple[Target, ...]:
    """Those of the scenario whose figures were simulated."""
    asked, keys = material.asked.targets, [each.key for each in material.figures]
    found = [Target(material.level, "1", asked.service_level.value, at_least=True)]
    if "turnaround_p90" in keys:
        found.append(Target("turnaround_p90", "days", asked.turnaround.value, at_least=False))
    return tuple(found)


def estimates(rows: Floats) -> list[Estimate]:
    """By figure, of rows by replication."""
    spread = Spread(rows.shape[-1])
    for row in rows:
        spread.add(row)
    return spread.estimates()


def means(rows: Floats) -> Floats:
    """Over the replications, the axis before the last one; nan where it was never known."""
    known = ~np.isnan(rows)
    count = known.sum(-2)
    total = np.where(known, rows, 0.0).sum(-2)
    found: Floats = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return found


def whole(material: Material, rows: Floats) -> Bools:
    """Where all targets are met on the mean; rows (..., replication, figure)."""
    middle = means(rows)
    each = [target.met(middle[..., material.place(target.key)]) for target in targets(material)]
    found: Bools = np.all(each, axis=0)
    return found


def limit(cases: tuple[float, ...], met: Bools) -> Limit:
    """Of what is met by number of cases, ascending."""
    missed = np.flatnonzero(~met)
    if not len(missed):
        return Limit(cases[-1], None)
    first = int(missed[0])
    return Limit(cases[first - 1] if first else None, cases[first])


def limits(material: Material, staff: int, target: Target, *, surely: bool = False) -> Limit:
    """Up to how many cases this number of staff meets the target on the mean, or with its whole interval."""
    field = material.field
    rows = field.figures[field.staff.index(staff)][..., material.place(target.key)]
    found = estimates(rows.T)
    if not surely:
        return limit(field.cases, target.met(np.array([each.mean for each in found])))
    return limit(field.cases, np.array([verdict(target, each) == "met" for each in found]))


def verdict(target: Target, each: Estimate) -> str:
    """ "met" or "missed" by the whole interval of the mean, else "undecided"."""
    ends = [each.low, each.high] if np.isfinite(each.low) else [each.mean]
    met = target.met(np.array(ends))
    return "met" if met.all() else "undecided" if met.any() else "missed"


def fewest(material: Material, rows: Floats) -> int | None:
    """The smallest of the swept numbers of staff from which on all targets are met; rows by staff."""
    met = whole(material, rows)
    missed = np.flatnonzero(~met)
    first = int(missed[-1]) + 1 if len(missed) else 0
    return material.field.staff[first] if first < len(met) else None


def full_posts(scenario: Scenario, staff: int) -> float:
    """Full-time posts that the first so many of the scenario's people are."""
    return posts(scenario.changed({"staff.people": float(staff)})).there


def capacity(scenario: Scenario, staff: int) -> float:
    """Cases a year that so many staff carry by the formula alone."""
    return posts(scenario.changed({"staff.people": float(staff)})).capacity


def surcharge(material: Material) -> Surcharge:
    """What reachability, and then cover of languages and concerns, cost beside the formula."""
    asked = material.asked
    if material.case_work:
        formula = posts(asked).needed
    else:
        each = asked.calls.talk.value + asked.house.staffing.wrap_up_seconds / 60
        calls = asked.cases.in_a_year * asked.cases.calls_per_case.value
        formula = calls * each / net_year_minutes(asked)
    found = (fewest(material, rows) for rows in (material.pooled, material.by_staff))
    return Surcharge(formula, *(None if n is None else full_posts(asked, n) for n in found))


def differences(material: Material, case: Case) -> list[Estimate]:
    """By figure: a named scenario less the asked one, year by year of the same seed."""
    return estimates(case.figures - material.base.figures)


def by_cell(material: Material, what: str) -> Iterator[tuple[str, list[Estimate], Floats]]:
    """(key, estimates by cell_figures_of, rows by replication and the same) of the asked one's languages or
    concerns."""
    for place, (each, key) in enumerate(material.cells):
        if each == what and (each, key) not in material.withheld:
            rows = material.base.cells[:, place]
            yield key, estimates(rows), rows
