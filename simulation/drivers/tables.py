"""From a model to the kernel's tables, and a fresh world for each replication."""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from routing import facts
from routing.need import spoken
from routing.policy import REPEAT, Policy
from routing.spans import last_end
from routing.world import Person
from simulation.drivers import clockwork, kernel, layout, sampler
from simulation.drivers.case_tables import (
    Flags,
    Skilled,
    case_tables,
    parameters,
    shapes,
    sizes,
    who_is_there,
)
from simulation.drivers.model import Model, cells, durations, faults
from simulation.drivers.skill_tables import bits, skill_tables

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_HALF_A_DAY: Final = 43_200_000


class ModelFaults(ValueError):
    """A model that cannot be; one sentence a fault."""


class Tables(NamedTuple):
    """A model as the kernel has it: the fields of layout.TABLES, and what has no fixed size.

    begins, ends, expected, mixes: the arrivals. hours: rows of (at, open, reserves that hold, whether a new
    day begins, whether who still waits is served no more); the first tells how it is at the begin. shifts:
    rows of (at, person, login, pace, hands over).
    """

    fields: dict[str, Any]
    begins: Ints
    ends: Ints
    expected: Floats
    mixes: Ints
    hours: Ints
    shifts: Ints


def tables(model: Model) -> Tables:
    """Raises ModelFaults, with every fault in it."""
    wrong = faults(model)
    people = [Person(agent) for agent in model.roster.agents]
    policy, begin = model.policy, model.begin_ms
    if model.end_ms - begin >= 1 << layout.TIME_BITS:
        wrong.append(f"end_ms - begin_ms = {model.end_ms - begin} is more than the kernel's 795 days")
    kinds = model.kinds
    plans = [policy.plan(kind.language, kind.concern).steps for kind in kinds]
    for what, count, most in (
        ("people", len(people), layout.PEOPLE_MAX),
        ("kinds of callers", len(kinds), layout.KINDS_MAX),
        ("mixes of kinds", len(model.shares), layout.MIXES_MAX),
        ("steps of a plan", max(map(len, plans)), layout.STEPS_MAX),
        ("reserves", len(policy.reserves), layout.RESERVES_MAX),
        ("empirical distributions", len(shapes(model)), layout.SHAPES_MAX),
        ("owners of a kind", max(len(kind.owners) for kind in kinds), layout.OWNERS_MAX),
        *sizes(model),
    ):
        if count > most:
            wrong.append(f"the kernel holds {most} {what}, not {count}; the reference has no limit")
    if wrong:
        raise ModelFaults("; ".join(wrong))
    place = {each.agent.id: i for i, each in enumerate(people)}
    worths = dict(policy.classes)
    phones = model.phones
    certain = phones.shares[0] == 1.0 and phones.answer.kind == sampler.CONSTANT
    refusals = [policy.refusal(outcome) for outcome in facts.OFFER_OUTCOMES]
    shares = sampler.cumulated(model.shares)
    made = sampler.shapes_of(list(shapes(model)))
    by_id = np.argsort([each.agent.id for each in people])
    fields = dict(
        end_ms=model.end_ms - begin,
        warm_ms=model.warm_ms,
        tick_ms=model.tick_ms,
        within_ms=model.within_ms,
        short_ms=model.short_ms,
        no_wait_ms=int(phones.answer.a) if certain else 0,
        lease_ms=policy.lease_ms,
        silent_ms=policy.silent_ms,
        wrap_up_ms=policy.wrap_up_ms,
        owner_ms=policy.owner_ms,
        any_owned=int(any(kind.owned > 0 for kind in kinds)),
        repeat_ms=policy.repeat_ms,
        repeat_today=int(policy.repeat_today),
        repeat_worth=worths.get(REPEAT, 0),
        back_ms=model.back_ms,
        rings_after_ms=phones.rings_after_ms,
        ring_ms=phones.ring_ms,
        certain=int(certain),
        answer_a_ms=sampler.duration(phones.answer.kind, phones.answer.a, 0.0, 0.5, model.tick_ms, made),
        shapes=made,
        retrial=model.retrial,
        **_durations(model),
        phone_shares=np.minimum(np.cumsum(phones.shares) + np.array([0.0] * 5 + [1.0]), 1.0),
        kind_shares=shares,
        kind_guide=sampler.guide_to(shares),
        **skill_tables(policy, kinds, people),
        by_id=np.argsort(by_id),
        with_id=by_id,
        worth=np.array([policy.worth(kind.classes) for kind in kinds], np.int64),
        owned=np.array([kind.owned for kind in kinds], np.float64),
        owners=_ragged([[place[owner] for owner in kind.owners] for kind in kinds]),
        n_owners=np.array([len(kind.owners) for kind in kinds], np.int64),
        keep=np.array([each.keep for each in policy.reserves], np.int64),
        members=np.array(
            [
                bits(spoken(policy, p, each.language) >= each.level for p in people)
                for each in policy.reserves
            ],
            np.int64,
        ),
        same=np.array([bits(r.language == k.language for r in policy.reserves) for k in kinds], np.int64),
        away_after=np.array([each.away_after for each in refusals], np.int64),
        retry_ms=np.array([each.retry_ms for each in refusals], np.int64),
        n_people=len(people),
        n_reserves=len(policy.reserves),
        **(case_tables(model, model.case_work) if model.case_work else {"works": 0}),
    )
    return Tables(
        fields,
        begins=np.array([each.begin_ms - begin for each in model.arrivals], np.int64),
        ends=np.array([each.end_ms - begin for each in model.arrivals], np.int64),
        expected=np.array([each.expected for each in model.arrivals], np.float64),
        mixes=np.array([each.mix for each in model.arrivals], np.int64),
        hours=_hours(policy, begin, model.end_ms),
        shifts=_shifts(model, place),
    )


class Machine:
    """A model in the kernel's memory; runs one replication after another in it.

    What is counted adds up over replications until `clear`. works: whether there is case work.
    """

    def __init__(self, model: Model) -> None:
        """Raises ModelFaults."""
        self._tables = t = tables(model)
        self._memory = np.zeros(1, layout.WORLD)
        self._w: Any = self._memory[0]
        self._kinds = len(model.kinds)
        self._people = t.fields["n_people"]
        self.works = model.case_work is not None
        self._skilled = Skilled(model, model.case_work) if model.case_work else None
        self._cells = len(cells(model.kinds))
        self._ages = (model.end_ms - model.begin_ms - model.warm_ms) // layout.DAY_MS + 1
        self._days = int(t.hours[1:][t.hours[1:, 0] >= model.warm_ms, 3].sum()) + 1
        for name, value in t.fields.items():
            if isinstance(value, np.ndarray):
                self._w[name][tuple(slice(size) for size in value.shape)] = value
            else:
                self._w[name] = value
        self._w["heap"].fill(layout.NEVER)
        self._ring = 256
        self._there: Flags | None = None
        self._weekday, self._day_began = _day(model)

    @property
    def counts(self) -> Ints:
        """By kind of caller and layout.COUNTS."""
        return self._array("counts")[: self._kinds]

    @property
    def by_hour(self) -> Ints:
        """By hour of the week and layout.HOUR_COUNTS."""
        return self._array("by_hour")

    @property
    def worked(self) -> Ints:
        """By person and layout.PERSON_COUNTS."""
        return self._array("worked")[: self._people]

    @property
    def waits(self) -> Ints:
        """Waits of the answered, by second."""
        return self._array("waits")

    @property
    def case_counts(self) -> Ints:
        """By kind of caller and layout.CASE_COUNTS."""
        return self._array("case_counts")[: self._kinds]

    @property
    def turnarounds(self) -> Ints:
        """Of the cases that were done, by layout.AGE_MS."""
        return self._array("turnarounds")

    @property
    def ages(self) -> Ints:
        """Of the cases that were open at the end, by layout.AGE_MS."""
        return self._array("ages")

    @property
    def cell_turnarounds(self) -> Ints:
        """Of the cases that were done, by simulation.drivers.model.cells and day."""
        return self._array("cell_turnarounds")[: self._cells, : self._ages]

    @property
    def cell_ages(self) -> Ints:
        """Of the cases that were open at the end, by simulation.drivers.model.cells and day."""
        return self._array("cell_ages")[: self._cells, : self._ages]

    @property
    def backlog(self) -> Ints:
        """Open cases at each of the policy's midnights from warm_ms on, and at the end."""
        return self._array("backlog")[: self._days]

    def _counted(self) -> list[Ints]:
        calls = [self.counts, self.by_hour, self.worked, self.waits]
        if not self.works:
            return calls
        ages = [self.turnarounds, self.ages, self.cell_turnarounds, self.cell_ages]
        return [*calls, self.case_counts, *ages, self.backlog]

    def _array(self, name: str) -> Ints:
        found: Ints = self._w[name]
        return found

    def clear(self) -> None:
        """Count from nothing again."""
        for each in self._counted():
            each.fill(0)

    def run(
        self,
        seed: int,
        replication: int,
        trace: bool = False,
        *,
        shifts: Ints | None = None,
        load: float = 1.0,
    ) -> list[tuple[int, ...]]:
        """One replication; returns its trace (see simulation.drivers.model.Row), empty unless asked for.

        shifts: rows as attendance gives them, instead of the model's; who is not in them works on no case.
        load: so many times the model's arrivals are expected.
        Raises ModelFaults if more callers come, or are there at once, than the kernel has room for.
        """
        before = [each.copy() for each in self._counted()]
        shifts = self._tables.shifts if shifts is None else shifts
        if self._skilled is not None:
            self._let_work(self._skilled, who_is_there(shifts, self._people))
        while True:
            rows: list[tuple[int, ...]] = []
            self._renew(seed, replication, trace)
            t, g = self._tables, self._w["g"]
            came = clockwork.start(self._w, t.begins, t.ends, t.expected * load, t.mixes)
            if came == kernel.DONE:
                came = kernel.TRACE_FULL
                while came == kernel.TRACE_FULL:
                    came = clockwork.replicate(self._memory, t.hours, shifts)
                    if trace:
                        rows.extend(map(tuple, self._w["rows"][: g[layout.ROWS]].tolist()))
                    g[layout.ROWS] = 0
            if came == kernel.DONE:
                return rows
            if came != kernel.TOO_MANY_AT_ONCE or self._ring == layout.RING_MAX:
                raise ModelFaults(f"{clockwork.FAULTS[came]}; the reference has no limit")
            self._ring *= 4
            for each, old in zip(self._counted(), before, strict=True):
                each[:] = old

    def _let_work(self, skilled: Skilled, there: Flags) -> None:
        if self._there is None or (there != self._there).any():
            self._there = there
            classes, places = np.unique(skilled.workers(there), return_inverse=True)
            self._w["workers"][: len(classes)] = classes
            self._w["job_class"][: self._kinds] = places
            self._w["suits"][: self._kinds] = skilled.holders(there)

    def _renew(self, seed: int, replication: int, trace: bool) -> None:
        w, ring = self._w, self._ring
        w["seed"], w["replication"], w["ring"], w["trace"] = seed, replication, ring - 1, trace
        w["heap"][: w["g"][layout.HEAP]] = layout.NEVER
        for name in ("g", "people", "pages") if self.works else ("g", "people"):
            w[name].fill(0)
        w["weekday"], w["day_began"] = self._weekday, self._day_began
        w["visits"][:ring] = 0
        w["visits"][:ring, layout.V_OFFER] = w["visits"][:ring, layout.V_ID] = -1
        w["people"][:, layout.P_SHOWN] = 144
        hours = self._tables.hours
        w["g"][layout.IS_OPEN], w["g"][layout.HOLDING] = hours[0, 1], hours[0, 2]
        w["g"][layout.IS_LATE] = hours[0, 4]
        w["g"][layout.NEXT_HOUR] = 1


def expected_callers(model: Model) -> int:
    """Room that a replication's callers practically never exceed."""
    mean = sum(each.expected for each in model.arrivals)
    return int(mean + 10 * mean**0.5 + 50)


def _ragged(rows: list[list[int]]) -> Ints:
    made = np.zeros((len(rows), max(1, *map(len, rows))), np.int64)
    for i, row in enumerate(rows):
        made[i, : len(row)] = row
    return made


def _durations(model: Model) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, each in durations(model._replace(case_work=None)).items():
        found |= parameters(name, each, shapes(model))
    return found


def _hours(policy: Policy, begin: int, end: int) -> Ints:
    """The first row tells how it is at the begin."""
    spans = [policy.opening, *(each.when for each in policy.reserves)]
    edges = {edge for each in spans for span in each for edge in span} | {*policy.days}
    if policy.overtime_ms > 0:
        edges |= {closed + policy.overtime_ms for _, closed in policy.opening}
    rows = []
    for at in (begin, *sorted(edge for edge in edges if begin < edge < end)):
        holding = bits(not each.when or any(a <= at < b for a, b in each.when) for each in policy.reserves)
        is_open = any(a <= at < b for a, b in policy.opening)
        closed = last_end(policy.opening, at)
        is_late = not is_open and 0 <= policy.overtime_ms <= at - closed
        rows.append((at - begin, is_open, holding, at in policy.days, is_late))
    return np.array(rows, np.int64)


def _day(model: Model) -> tuple[int, int]:
    """Weekday at the begin (the epoch began on a Thursday) and the ms at which that day began."""
    begin = model.begin_ms
    began = max((each for each in model.policy.days if each <= begin), default=begin)
    return ((began + _HALF_A_DAY) // (2 * _HALF_A_DAY) + 3) % 7, began - begin


def _shifts(model: Model, place: dict[str, int]) -> Ints:
    """Who comes and goes at the same ms does so in the order in which the model has it."""
    rows = [
        (each.at_ms - model.begin_ms, place[each.agent], each.login, each.pace, each.hands_over)
        for each in sorted(model.shifts, key=lambda each: (each.at_ms, place[each.agent]))
    ]
    return np.array(rows, np.int64).reshape(-1, 5)
