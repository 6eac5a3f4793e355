"""Where the search for a roster begins: a week's duties that fill the contracts, one person after the other,
each where they cover most of what is still required.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from config.duties import DAY, HOUR, Duty
from simulation.rosters.roster_task import Day, Rostered, Task
from simulation.rosters.working_time import (
    BETWEEN_DAYS,
    DAY_MOST,
    REST_STEPS,
    STRETCH_MOST,
    WORKING_DAYS,
    due,
    rest_due,
)
from simulation.staffing.required import SLOT

SHORTEST: Final = 4 * HOUR
"""Working time of the shortest duty, where the day's hours allow it."""
EDGE: Final = 2 * HOUR
"""No rest sooner after a duty's begin, or later before its end."""
RESTS: Final = (0, *(rest for _, rest in REST_STEPS))

Open = dict[tuple[date, int], list[int]]
"""Still required by day and minute: people, then by language."""


def longest(rest: int) -> int:
    """Half-hours of the longest duty for which a rest is enough and whose work is not too long."""
    return max(
        span
        for span in range(DAY // SLOT)
        if rest_due(span * SLOT - rest) <= rest and span * SLOT - rest <= DAY_MOST
    )


def guess(task: Task, balances: Sequence[int]) -> dict[str, list[Duty]]:
    """Duties of a task of one week. balances: minutes that each person has worked ahead of it."""
    asked = task.required
    rows = zip(asked.rows, asked.people.tolist(), asked.by_language.tolist(), strict=True)
    needs = {key: [people, *spoken] for key, people, spoken in rows}
    still: Open = {
        (day.day, minute): list(needs[weekday, minute])
        for day in task.days
        for weekday, minute in needs
        if weekday == day.day.weekday()
    }
    return {
        person.id: _week(task, person, balance, still)
        for person, balance in zip(task.people, balances, strict=True)
    }


def _week(task: Task, person: Rostered, balance: int, still: Open) -> list[Duty]:
    left = due(person.terms, task.first) - balance
    may = [day for day in task.days if person.may_work(day.day)]
    number = min(len(may), WORKING_DAYS, max(1, left // SHORTEST)) if left * 2 > SHORTEST else 0
    counts = [True, *(code in person.languages for code in task.required.languages)]
    weights = [sum(task.weights) + 1, *task.weights]
    found: list[Duty] = []
    for place, day in enumerate(may[:number]):
        wanted = left / (number - place)
        work = min((work for work, _ in _lengths(day)), key=lambda each: abs(each - wanted), default=0)
        best, most = None, -1
        for duty in _duties(task, day, work):
            if found and (day.day - found[-1].day).days * DAY + duty.begin - found[-1].end < BETWEEN_DAYS:
                continue
            gain = sum(
                weight * (counted and open_ > 0)
                for minute in _minutes(duty)
                for open_, counted, weight in zip(
                    still.get((day.day, minute), ()), counts, weights, strict=False
                )
            )
            if gain > most:
                best, most = duty, gain
        if best is None:
            continue
        found.append(best)
        left -= best.work
        for minute in _minutes(best):
            if (day.day, minute) in still:
                still[day.day, minute] = [
                    open_ - counted for open_, counted in zip(still[day.day, minute], counts, strict=True)
                ]
    return found


def _lengths(day: Day) -> list[tuple[int, int]]:
    """(working time, rest) of every lawful length."""
    found = []
    for span in range(min(SHORTEST, day.end - day.begin), day.end - day.begin + 1, SLOT):
        rest = next((rest for rest in RESTS if rest_due(span - rest) <= rest), None)
        if rest is not None and span - rest <= DAY_MOST:
            found.append((span - rest, rest))
    return found


def _duties(task: Task, day: Day, work: int) -> Iterator[Duty]:
    """Every duty of this working time, with its rest at lunch where there is room."""
    for length, rest in _lengths(day):
        if length != work:
            continue
        span = work + rest
        for begin in range(day.begin, day.end - span + 1, SLOT):
            if not rest:
                yield Duty(day.day, begin, begin + span)
                continue
            room = range(begin + EDGE, begin + span - rest - EDGE + 1, SLOT)
            lunch = [at for at in room if task.lunch[0] <= at < task.lunch[1]]
            for at in lunch or room:
                if at - begin <= STRETCH_MOST and begin + span - at - rest <= STRETCH_MOST:
                    yield Duty(day.day, begin, begin + span, ((at, at + rest),))


def _minutes(duty: Duty) -> list[int]:
    """Begins of the half-hours that somebody works all of."""
    return [
        minute
        for minute in range(duty.begin, duty.end, SLOT)
        if not any(begin < minute + SLOT and minute < end for begin, end in duty.rests)
    ]
