"""The roster model: on small tasks exactly as good as the best of all rosters; the same every time."""

from datetime import date, timedelta
from itertools import product

import numpy as np
import pytest

from config.duties import Duty
from simulation.rosters import roster
from simulation.rosters.required_csv import Curve
from simulation.rosters.roster_start import guess
from simulation.rosters.roster_task import Day, Rostered, Task, Wish
from simulation.rosters.working_time import Contract, Terms, breaches, rest_due

MONDAY = date(2026, 3, 2)
LUNCH = (690, 810)
WEIGHTS = (30, 7)


def person(
    name: str, week: int, *languages: str, off: frozenset[date] = frozenset(), weeks: int = 1
) -> Rostered:
    last = MONDAY + timedelta(weeks=weeks, days=-1)
    return Rostered(name, name.title(), frozenset(languages), Terms(MONDAY, last, Contract(week), off=off))


def required(*rows: tuple[int, int, int, int, int]) -> Curve:
    """Rows of (weekday, minute, people, German, Arabic)."""
    table = np.array([row[2:] for row in rows], np.int64).reshape(-1, 3)
    return Curve(("de", "ar"), tuple((day, at) for day, at, *_ in rows), table[:, 0], table[:, 1:])


def task(days: list[tuple[int, int, int]], people: list[Rostered], asked: Curve, *wishes: Wish) -> Task:
    listed = tuple(Day(MONDAY + timedelta(days=day), begin, end) for day, begin, end in days)
    weeks = 1 + max(day for day, _, _ in days) // 7
    return Task(MONDAY, weeks, listed, tuple(people), asked, LUNCH, WEIGHTS, wishes)


def options(day: Day) -> list[Duty | None]:
    """Every lawful duty on half-hours with the least rest: at lunch where it has room, 2 h from its ends."""
    found: list[Duty | None] = [None]
    for begin, end in product(range(day.begin, day.end, 30), range(day.begin + 30, day.end + 1, 30)):
        rest = next(each for each in (0, 30, 45, 600) if rest_due(end - begin - each) <= each)
        if not 240 <= end - begin - rest <= 600:
            continue
        room = list(range(begin + 120, end - rest - 120 + 1, 30))
        lunch = [at for at in room if LUNCH[0] <= at < LUNCH[1]]
        rests = [((at, at + rest),) for at in lunch or room] if rest else [()]
        found += [Duty(day.day, begin, end, each) for each in rests]
    return found


def beside(who: Rostered, duty: Duty | None) -> int:
    """Quarters of an hour beyond what the contract leaves open."""
    contract = who.terms.contract
    off = abs((duty.work if duty else 0) - contract.week)
    return sum(max(0, -(-(off - each) // 15)) for each in (contract.week_tolerance, contract.whole_tolerance))


def aims(asked: Task, duties: tuple[Duty | None, ...]) -> tuple[int, ...]:
    """Of one day's duties, by the words of simulation.rosters.roster."""
    (day,) = asked.days
    contracts = sum(beside(who, duty) for who, duty in zip(asked.people, duties, strict=True))
    people = languages = spread = 0
    needs = {
        at: (count, spoken)
        for (_, at), count, spoken in zip(
            asked.required.rows,
            asked.required.people.tolist(),
            asked.required.by_language.tolist(),
            strict=True,
        )
    }
    for at in range(day.begin, day.end, 30):
        there = [
            who
            for who, duty in zip(asked.people, duties, strict=True)
            if duty
            and duty.begin <= at < duty.end
            and not any(begin < at + 30 and at < end for begin, end in duty.rests)
        ]
        count, spoken = needs.get(at, (0, [0, 0]))
        people += max(0, count - len(there))
        for code, wanted, weight in zip(("de", "ar"), spoken, WEIGHTS, strict=True):
            languages += weight * max(0, wanted - sum(code in who.languages for who in there))
        spread += sum(max(0, len(there) - count - above) for above in roster.LEVELS)
    early = max(100 * bool(duty and duty.begin == day.begin) for duty in duties)
    late = max(100 * bool(duty and duty.end == day.end) for duty in duties)
    unmet = sum(
        bool(duty and duty.begin < wish.end and wish.begin < duty.end)
        for wish in asked.wishes
        for who, duty in zip(asked.people, duties, strict=True)
        if who.id == wish.person
    )
    return contracts, people, languages, early + late, unmet, spread


@pytest.mark.parametrize(
    ("hours", "weeks", "rows", "wishes"),
    [
        ((480, 960), (300, 360), [(3, at, 2, 1, 1) for at in range(480, 960, 30)], ()),
        ((480, 1080), (480, 585), [(3, at, 1, 1, 1) for at in range(480, 1080, 30)], ()),
        ((480, 1080), (540, 285), [(3, 720, 2, 2, 1), (3, 1050, 1, 0, 0)], (("ada", 480, 600),)),
        ((420, 1080), (590, 600), [(3, at, 1, 0, 1) for at in range(420, 1080, 60)], (("bo", 0, 1440),)),
        ((420, 840), (390, 240), [(3, 420, 1, 1, 0), (3, 720, 2, 1, 1)], (("bo", 600, 630),)),
    ],
)
def test_as_good_as_the_best_of_all(
    hours: tuple[int, int],
    weeks: tuple[int, int],
    rows: list[tuple[int, int, int, int, int]],
    wishes: tuple[tuple[str, int, int], ...],
) -> None:
    """Each aim in its turn, by comparing all pairs of duties; the bound says so too."""
    people = [person("ada", weeks[0], "de", "ar"), person("bo", weeks[1], "de")]
    thursday = MONDAY + timedelta(days=3)
    asked = task([(3, *hours)], people, required(*rows), *(Wish(who, thursday, a, b) for who, a, b in wishes))
    listed = options(asked.days[0])
    least = [min(beside(who, duty) for duty in listed) for who in people]
    kept = [[d for d in listed if beside(who, d) == most] for who, most in zip(people, least, strict=True)]
    best = min(aims(asked, pair) for pair in product(*kept))
    found = roster.plan(asked)
    duties = tuple(found.duties[who.id][0] if found.duties[who.id] else None for who in people)
    assert all(duty in listed for duty in duties)
    assert aims(asked, duties) == best
    by_name = dict(zip(roster.AIMS, best, strict=True))
    assert [each.value for each in found.aims] == [by_name[each.name] for each in found.aims]
    assert all(each.proven for each in found.aims)
    assert len(found.unmet) == best[4]


WEEK = [(7 * week + day, 450, 1080) for week in range(2) for day in range(5)]
ASKED = required(*((day, at, 2, 1, 1) for day in range(5) for at in range(480, 960, 30)))


def crew() -> list[Rostered]:
    tuesday = frozenset({MONDAY + timedelta(days=1)})
    return [
        person("ada", 2_340, "de", "ar", weeks=2),
        person("bo", 2_340, "de", off=tuesday, weeks=2),
        person("cy", 1_170, "ar", weeks=2),
    ]


def test_several_weeks_keep_law_contracts_and_days_off() -> None:
    asked = task(WEEK, crew(), ASKED)
    found = roster.plan(asked, effort=2)
    for who in asked.people:
        assert breaches(found.duties[who.id], who.terms) == []
        assert not {duty.day for duty in found.duties[who.id]} & who.terms.off
    assert {each.name: each.value for each in found.aims}["contracts"] == 0
    assert sum(duty.work for duty in found.duties["cy"]) == pytest.approx(2 * 1_170, abs=30)


def test_the_same_task_gives_the_same_roster() -> None:
    """Also where the work allowed ends before everything is proven."""
    first, second = (roster.plan(task(WEEK, crew(), ASKED), effort=0.8) for _ in range(2))
    assert first == second
    assert not all(each.proven for each in first.aims)


def test_eleven_hours_lie_between_days_also_where_hours_are_long() -> None:
    """Both ends of two days are wanted, and only one person is there."""
    days = [(0, 360, 1380), (1, 360, 1380)]
    asked = required((0, 1350, 1, 0, 0), (1, 360, 1, 0, 0))
    found = roster.plan(task(days, [person("ada", 1_000)], asked))
    duties = found.duties["ada"]
    assert [
        each.code for each in breaches(duties, person("ada", 1_000).terms) if each.code == "between_days"
    ] == []
    assert {each.name: each.value for each in found.aims}["people"] == 1


def test_what_is_left_open_is_told_as_a_bound() -> None:
    """With next to no effort nothing is claimed to be the best that is not."""
    found = roster.plan(task(WEEK[:5], crew(), ASKED), effort=0.5)
    assert all(0 <= each.bound <= each.value for each in found.aims)


def test_early_begins_and_late_ends_are_shared_out() -> None:
    """Four days need one person from the first minute and another to the last: each comes early twice."""
    days = [(day, 420, 1080) for day in range(4)]
    rows = [(day, at, 1, 0, 0) for day in range(4) for at in (420, 1050)]
    people = [person("ada", 1_920), person("bo", 1_920)]
    found = roster.plan(task(days, people, required(*rows)), effort=4)
    for who in people:
        assert sum(duty.begin == 420 for duty in found.duties[who.id]) == 2
        assert sum(duty.end == 1080 for duty in found.duties[who.id]) == 2


def test_the_search_begins_with_a_lawful_roster_that_covers_what_it_can() -> None:
    """Also in long days, where a late end would leave fewer than eleven hours."""
    days = [(day, 360, 1380) for day in range(5)]
    rows = [(day, at, 1, 1, 0) for day in range(5) for at in (360, 720, 1350)]
    people = [person("ada", 2_340, "de"), person("bo", 1_170, "de"), person("cy", 2_340, "ar")]
    asked = task(days, people, required(*rows))
    duties = guess(asked, [0, 0, 60])
    for who in people[:2]:
        assert breaches(duties[who.id], who.terms) == []
    assert sum(duty.work for duty in duties["cy"]) == pytest.approx(2_280, abs=15)
    assert {duty.begin for duty in duties["ada"]} == {360}
    assert any(duty.end == 1380 for duty in duties["bo"])
