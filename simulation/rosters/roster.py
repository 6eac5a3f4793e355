"""A roster by constraint programming: who works when, within the law and the contracts, as near to what is
required as can be.

One aim after the other is made as good as it can be, and the next ones may not worsen it: contracts kept,
people missing, languages missing, early begins and late ends shared out, wishes, people beyond what is
required spread out. The search is in one thread, seeded, and limited by counted work, not by the clock: the
same task gives the same roster. What is left open at a limit is told as a bound.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from math import ceil
from typing import Any, Final, NamedTuple

from ortools.sat.python import cp_model

from config.duties import DAY, Duty
from simulation.rosters.roster_start import EDGE, SHORTEST, guess, longest
from simulation.rosters.roster_task import Day, Rostered, Task, Wish
from simulation.rosters.working_time import (
    AVERAGE_WEEKS,
    BETWEEN_DAYS,
    DAY_MEAN,
    REST_STEPS,
    STRETCH_MOST,
    WORKING_DAYS,
    due,
    mondays,
    working_days,
)
from simulation.staffing.required import SLOT as STEP

(_, SHORT), (_, LONG) = REST_STEPS
QUARTER: Final = 15
EFFORT: Final = 60.0
"""Default limit of the counted work (CP-SAT's deterministic time, about seconds of a core)."""
AIMS: Final = {
    "contracts": 0.15,
    "people": 0.35,
    "languages": 0.2,
    "early and late": 0.1,
    "wishes": 0.05,
    "spread": 0.15,
}
"""What is aimed at, in this order, and its share of the work; what one leaves over the next ones have."""
START_EFFORT: Final = 30.0
LEVELS: Final = (1, 3, 6, 10)
"""People beyond what is required cost more above each of these."""


class Aim(NamedTuple):
    """How near an aim was come to: the value reached (lower is better, 0 is best), and the proven bound."""

    name: str
    value: int
    bound: int

    @property
    def proven(self) -> bool:
        """Whether nothing better exists, given what the aims before reached."""
        return self.bound >= self.value


class Planned(NamedTuple):
    """duties: by person id, sorted by day. unmet: wishes (places in the task's) that were not met."""

    duties: Mapping[str, tuple[Duty, ...]]
    aims: tuple[Aim, ...]
    unmet: tuple[int, ...]


class Carried(NamedTuple):
    """What a person brings from the weeks before: minutes worked beyond those due, days on which they could
    have worked, early begins and late ends."""

    balance: int = 0
    days: int = 0
    early: int = 0
    late: int = 0


def plan(
    task: Task, *, effort: float = EFFORT, progress: Callable[[str], None] = lambda step: None
) -> Planned:
    """A roster for the task. effort: counted work at most. progress: told each step when it is begun.

    Several weeks are planned one after the other, each with what the ones before left of hours and turns,
    and then made better together: a bound is always one for all weeks.
    """
    if task.weeks == 1:
        return _begun(_Model(task), guess(task, [0] * len(task.people)), effort, progress)
    carried = [Carried()] * len(task.people)
    duties: dict[str, list[Duty]] = {person.id: [] for person in task.people}
    for number in range(task.weeks):
        part = _week(task, number)
        progress(f"week {number + 1}")
        begun = guess(part, [each.balance for each in carried])
        found = _begun(_Model(part, carried), begun, effort / 2 / task.weeks)
        for p, person in enumerate(part.people):
            duties[person.id] += found.duties[person.id]
            carried[p] = _carried(carried[p], person, found.duties[person.id], part.days)
    return _begun(_Model(task), duties, effort / 2, progress)


def _week(task: Task, number: int) -> Task:
    first = task.first + timedelta(weeks=number)
    last = first + timedelta(days=6)
    return task._replace(
        first=first,
        weeks=1,
        days=tuple(day for day in task.days if first <= day.day <= last),
        people=tuple(
            person._replace(terms=person.terms._replace(first=first, last=last)) for person in task.people
        ),
        wishes=tuple(wish for wish in task.wishes if first <= wish.day <= last),
    )


def _carried(before: Carried, person: Rostered, duties: Sequence[Duty], days: Sequence[Day]) -> Carried:
    begin = {day.day: day.begin for day in days}
    end = {day.day: day.end for day in days}
    return Carried(
        before.balance + sum(duty.work for duty in duties) - due(person.terms, person.terms.first),
        before.days + sum(person.may_work(day.day) for day in days),
        before.early + sum(duty.begin == begin[duty.day] for duty in duties),
        before.late + sum(duty.end == end[duty.day] for duty in duties),
    )


def _begun(
    made: "_Model",
    duties: Mapping[str, Sequence[Duty]],
    effort: float,
    progress: Callable[[str], None] = lambda step: None,
) -> Planned:
    """Every aim in its turn, from these duties on; where they break a constraint, from nobody's on."""
    solution = made.start(duties) or made.start({})
    aims: list[Aim] = []
    granted = spent = 0.0
    for name, share in AIMS.items():
        granted += share * effort
        objective = made.aims[name]
        if isinstance(objective, int):
            continue
        value, bound = made.value(objective, solution), 0
        if value:
            progress(name)
            made.model.minimize(objective)
            made.hint(solution)
            solver, status = _solved(made.model, granted - spent)
            spent += solver.response_proto.deterministic_time
            if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
                solution = list(solver.response_proto.solution)
                value = round(solver.objective_value)
            bound = min(value, max(0, ceil(solver.best_objective_bound - 1e-6)))
        aims.append(Aim(name, value, bound))
        made.model.add(objective <= value)
    return Planned(made.duties(solution), tuple(aims), made.unmet(solution))


def _solved(model: Any, effort: float, *, fixed: bool = False) -> tuple[Any, Any]:
    """The solver after its work, and how it ended. It runs beside the main thread, which can be interrupted.

    fixed: variables that have a hint have that value.
    """
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2  # implications in the relaxation too: bounds close at once
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = max(effort, 0.1)
    solver.parameters.catch_sigint_signal = False
    solver.parameters.fix_variables_to_their_hinted_value = fixed
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(solver.solve, model)
        try:
            status = running.result()
        except KeyboardInterrupt:
            solver.stop_search()
            raise
    return solver, status


class _Place(NamedTuple):
    """One person on one day, a variable (0 or 1) each half-hour.

    there: present; begins: begins then; short, long: a rest of 30 or 45 minutes begins then.
    """

    works: Any
    there: list[Any]
    begins: list[Any]
    short: dict[int, Any]
    long: dict[int, Any]

    @property
    def quarters(self) -> Any:
        """Working time in quarters of an hour."""
        return (
            sum(self.there) * (STEP // QUARTER)
            - sum(self.short.values()) * (SHORT // QUARTER)
            - sum(self.long.values()) * (LONG // QUARTER)
        )

    def working(self, slot: int) -> Any:
        """1 where present and not at rest in any minute of the half-hour."""
        resting = [self.short.get(slot), self.long.get(slot), self.long.get(slot - 1)]
        return self.there[slot] - sum(each for each in resting if each is not None)


class _Model:
    """The task as constraints. aims: each aim's expression, to be as small as can be; 0 where it has none."""

    def __init__(self, task: Task, carried: Sequence[Carried] = ()) -> None:
        self.model = cp_model.CpModel()
        self._task = task
        self._carried = carried or [Carried()] * len(task.people)
        self._places: dict[tuple[int, int], _Place] = {}
        for p, person in enumerate(task.people):
            for d, day in enumerate(task.days):
                if person.may_work(day.day):
                    self._places[p, d] = self._place(day)
        for p in range(len(task.people)):
            self._between_days(p)
        self._unmet = [self._wish(wish) for wish in task.wishes]
        missing = self._missing()
        early = [each.early for each in self._carried]
        late = [each.late for each in self._carried]
        self.aims: dict[str, Any] = {
            "contracts": sum(self._contract(p, person) for p, person in enumerate(task.people)),
            "people": missing[0],
            "languages": missing[1],
            "early and late": self._greatest_share(0, early) + self._greatest_share(-1, late),
            "wishes": sum(self._unmet),
            "spread": self._beyond(),
        }

    def _place(self, day: Day) -> _Place:
        """Present from one half-hour to another, with the rest that the law wants (sections 3 and 4)."""
        model, count = self.model, (day.end - day.begin) // STEP
        works = model.new_bool_var("")
        there = [model.new_bool_var("") for _ in range(count)]
        begins = [model.new_bool_var("") for _ in range(count)]
        for slot in range(count):
            before = there[slot - 1] if slot else 0
            model.add(there[slot] - before <= begins[slot])
            model.add(begins[slot] <= there[slot])
            model.add(begins[slot] + before <= 1)
        model.add(sum(begins) == works)
        place = _Place(works, there, begins, *(self._rests(day, there, each) for each in (SHORT, LONG)))
        span, short, long = sum(there), sum(place.short.values()), sum(place.long.values())
        least = min(count, SHORTEST // STEP)
        model.add(span >= least * works)
        model.add(short + long <= works)
        for rest, bigger in ((0, short + long), (SHORT, long)):
            most = longest(rest)
            model.add(span >= (most + 1) * bigger)
            if most < count:
                model.add(span <= most * works + (count - most) * bigger)
        if (most := longest(LONG)) < count:
            model.add(span <= most)
        return place

    def _rests(self, day: Day, there: list[Any], rest: int) -> dict[int, Any]:
        """A variable for each half-hour at which such a rest may begin."""
        count, slots, edge = len(there), -(-rest // STEP), EDGE // STEP
        first, last = ((at - day.begin) // STEP for at in (self._task.lunch[0], self._task.lunch[1] - STEP))
        found = {}
        for slot in range(edge, count - slots - edge + 1):
            begins = found[slot] = self.model.new_bool_var("")
            self.model.add_implication(begins, there[slot - edge])
            self.model.add_implication(begins, there[slot + slots - 1 + edge])
            never = [slot - STRETCH_MOST // STEP - 1, slot + (rest + STRETCH_MOST) // STEP]
            if slot > last:
                never.append(last - edge)
            if slot < first:
                never.append(first + slots - 1 + edge)
            for other in never:
                if 0 <= other < count:
                    self.model.add_implication(begins, ~there[other])
        return found

    def _between_days(self, person: int) -> None:
        """Section 5."""
        days = self._task.days
        for d in range(len(days) - 1):
            if (person, d) not in self._places or (person, d + 1) not in self._places:
                continue
            before, after = self._places[person, d], self._places[person, d + 1]
            night = (days[d + 1].day - days[d].day).days * DAY
            for slot in range(len(before.there)):
                rested = days[d].begin + (slot + 1) * STEP + BETWEEN_DAYS - night
                early = [v for u, v in enumerate(after.begins) if days[d + 1].begin + u * STEP < rested]
                if early:
                    self.model.add(sum(early) + before.there[slot] <= 1)

    def _contract(self, p: int, person: Rostered) -> Any:
        """Quarters of an hour beyond what the contract leaves open; the mean of section 3 is kept anyway."""
        terms, found, whole_due = person.terms, [], -self._carried[p].balance
        whole: list[Any] = []
        weeks = mondays(terms)
        for monday in weeks:
            of_week = self._of(p, monday, monday + timedelta(days=6))
            work, agreed = sum(each.quarters for each in of_week), due(terms, monday)
            self.model.add(sum(each.works for each in of_week) <= WORKING_DAYS)
            found.append(self._beside(work, agreed, terms.contract.week_tolerance))
            whole.append(work)
            whole_due += agreed
        found.append(self._beside(sum(whole), whole_due, terms.contract.whole_tolerance))
        for number in range(max(1, len(weeks) - AVERAGE_WEEKS + 1)):
            last = min(terms.last, weeks[number] + timedelta(weeks=AVERAGE_WEEKS, days=-1))
            most = DAY_MEAN * working_days(terms, weeks[number], last) // QUARTER
            self.model.add(sum(whole[number : number + AVERAGE_WEEKS]) <= most)
        return sum(found)

    def _of(self, p: int, first: date, last: date) -> list[_Place]:
        days = self._task.days
        return [place for (q, d), place in self._places.items() if q == p and first <= days[d].day <= last]

    def _beside(self, work: Any, agreed: int, tolerance: int) -> Any:
        """Quarters of an hour by which the work is farther from what is agreed than tolerated."""
        far = self.model.new_int_var(0, 7 * 24 * 4 * self._task.weeks, "")
        self.model.add(work <= (agreed + tolerance) // QUARTER + far)
        self.model.add(work >= -(-(agreed - tolerance) // QUARTER) - far)
        return far

    def _missing(self) -> tuple[Any, Any]:
        """Half-hours of people missing, and of languages."""
        people, languages = [], []
        for d, slot, wanted, spoken in self._needs():
            everybody = [(p, self._places[p, d].working(slot)) for p in self._on(d)]
            if wanted:
                people.append(self._short(wanted, [each for _, each in everybody]))
            for language, number, weight in zip(
                self._task.required.languages, spoken, self._task.weights, strict=True
            ):
                if number:
                    able = [each for p, each in everybody if language in self._task.people[p].languages]
                    languages.append(weight * self._short(number, able))
        return sum(people), sum(languages)

    def _short(self, wanted: int, working: list[Any]) -> Any:
        short = self.model.new_int_var(max(0, wanted - len(working)), wanted, "")
        self.model.add(sum(working) + short >= wanted)
        return short

    def _needs(self) -> list[tuple[int, int, int, list[int]]]:
        """(day, slot, people, people by language), in the order of time."""
        asked = self._task.required
        rows = zip(asked.rows, asked.people.tolist(), asked.by_language.tolist(), strict=True)
        needs = {key: (people, spoken) for key, people, spoken in rows}
        nobody: tuple[int, list[int]] = (0, [0] * len(asked.languages))
        return [
            (d, slot, *needs.get((day.day.weekday(), day.begin + slot * STEP), nobody))
            for d, day in enumerate(self._task.days)
            for slot in range((day.end - day.begin) // STEP)
        ]

    def _on(self, d: int) -> list[int]:
        return [p for p in range(len(self._task.people)) if (p, d) in self._places]

    def _greatest_share(self, slot: int, before: Sequence[int]) -> Any:
        """The greatest share of days, in per cent, that anybody begins first (slot 0) or ends last (-1)."""
        greatest, any_day = self.model.new_int_var(0, 10_000, ""), False
        full = max(each.terms.contract.week for each in self._task.people)
        for p, person in enumerate(self._task.people):
            mine = [place for (q, _), place in self._places.items() if q == p]
            days = (len(mine) + self._carried[p].days) * person.terms.contract.week // full
            times = before[p] + sum(place.there[slot] for place in mine)
            self.model.add(100 * times <= greatest * max(1, days))
            any_day = any_day or bool(mine)
        return greatest if any_day else 0

    def _wish(self, wish: Wish) -> Any:
        """1 if a person is there in the time wished free."""
        for (p, d), place in self._places.items():
            day = self._task.days[d]
            if (self._task.people[p].id, day.day) == (wish.person, wish.day):
                unmet = self.model.new_bool_var("")
                for slot, there in enumerate(place.there):
                    begin = day.begin + slot * STEP
                    if begin < wish.end and begin + STEP > wish.begin:
                        self.model.add_implication(there, unmet)
                return unmet
        return 0

    def _beyond(self) -> Any:
        """People beyond what is required, those above each level once more."""
        found = []
        for d, slot, wanted, _ in self._needs():
            working = [self._places[p, d].working(slot) for p in self._on(d)]
            for above in LEVELS:
                if len(working) > wanted + above:
                    beyond = self.model.new_int_var(0, len(working), "")
                    self.model.add(sum(working) <= wanted + above + beyond)
                    found.append(beyond)
        return sum(found)

    def start(self, duties: Mapping[str, Sequence[Duty]]) -> list[int]:
        """The solution that these duties are; empty if they break a constraint."""
        self.model.clear_hints()  # type: ignore[no-untyped-call]
        for (p, d), place in self._places.items():
            day, listed = self._task.days[d], duties.get(self._task.people[p].id, ())
            duty = next((each for each in listed if each.day == day.day), Duty(day.day, 0, 0))
            self._hint_presence(place, day, duty)
            for minutes, rests in ((SHORT, place.short), (LONG, place.long)):
                for slot, begins in rests.items():
                    at = day.begin + slot * STEP
                    self.model.add_hint(begins, (at, at + minutes) in duty.rests)
        self.model.minimize(sum(self.aims.values()))
        solver, _ = _solved(self.model, START_EFFORT, fixed=True)
        return list(solver.response_proto.solution)

    def _hint_presence(self, place: _Place, day: Day, duty: Duty) -> None:
        self.model.add_hint(place.works, duty.end > duty.begin)
        for slot, (there, begins) in enumerate(zip(place.there, place.begins, strict=True)):
            at = day.begin + slot * STEP
            self.model.add_hint(there, duty.begin <= at < duty.end)
            self.model.add_hint(begins, duty.begin == at and duty.end > at)

    def hint(self, solution: list[int]) -> None:
        """Begin the next search from a solution."""
        self.model.clear_hints()  # type: ignore[no-untyped-call]
        for place, value in enumerate(solution):
            self.model.add_hint(self.model.get_int_var_from_proto_index(place), value)

    def value(self, expression: Any, solution: list[int]) -> int:
        """An expression at a solution."""
        flat = cp_model.FlatIntExpr(expression)
        terms = zip(flat.vars, flat.coeffs, strict=True)
        return int(flat.offset + sum(times * solution[each.index] for each, times in terms))

    def unmet(self, solution: list[int]) -> tuple[int, ...]:
        """Places of the wishes that a solution does not meet."""
        return tuple(
            i for i, each in enumerate(self._unmet) if not isinstance(each, int) and solution[each.index]
        )

    def duties(self, solution: list[int]) -> dict[str, tuple[Duty, ...]]:
        """A solution as duties, by person."""
        found: dict[str, list[Duty]] = {person.id: [] for person in self._task.people}
        for (p, d), place in self._places.items():
            day, there = self._task.days[d], [i for i, v in enumerate(place.there) if solution[v.index]]
            if not there:
                continue
            rests = [
                (day.begin + slot * STEP, day.begin + slot * STEP + minutes)
                for minutes, begins in ((SHORT, place.short), (LONG, place.long))
                for slot, each in begins.items()
                if solution[each.index]
            ]
            begin, end = day.begin + there[0] * STEP, day.begin + (there[-1] + 1) * STEP
            found[self._task.people[p].id].append(Duty(day.day, begin, end, tuple(rests)))
        return {person: tuple(duties) for person, duties in found.items()}
