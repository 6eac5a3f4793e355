"""Who is there when: a year's log-ins and log-outs from working time, rest, absence, vacancies and sickness.

Absence differs from replication to replication; it is drawn by person, so that one more person on the staff
changes nobody else's. Working time and rest are the scenario's (sections 3 and 4 ArbZG are its source).
"""

from collections import OrderedDict
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from config.hours import closed_days, midnights
from config.tables.opening import Span
from simulation.drivers.model import Shift
from simulation.scenarios.scenario import Scenario

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MINUTE: Final = 60_000
PACE: Final = 1_000
LEAVE, SICKNESS, TRAINING, OUTBREAK = range(4)
"""Purposes of a draw; each further outbreak has its own."""
DRAWN_MAX: Final = 64


class Calendar:
    """The days of a scenario's horizon and what everybody in its order of people would work on them."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        house, year = scenario.house, scenario.horizon.year
        self.first = date(year, 1, 1) - timedelta(days=int(scenario.horizon.warm_up.value))
        self.days = (date(year + 1, 1, 1) - self.first).days
        noon = int((np.datetime64(self.first, "ms") + np.timedelta64(12, "h")).astype(np.int64))
        self.midnights = midnights(house, noon, self.days + 1)
        self.people = tuple(scenario.staff.order)
        closed = set(closed_days(house, self.first, date(year, 12, 31)))
        dates = [self.first + timedelta(days=day) for day in range(self.days)]
        self._works = np.array([day not in closed and bool(self._spans(day)) for day in dates])
        self._dates = dates
        self._fixed, self._pace = self._vacant()
        self._rows = self._all_rows()
        self._drawn: OrderedDict[tuple[int, int], Flags] = OrderedDict()

    @property
    def begin_ms(self) -> int:
        """The first midnight, in epoch ms."""
        return self.midnights[0]

    @property
    def end_ms(self) -> int:
        """The midnight after the last day, in epoch ms."""
        return self.midnights[self.days]

    @property
    def warm_ms(self) -> int:
        """From the begin to the year's."""
        return self.midnights[int(self._scenario.horizon.warm_up.value)] - self.begin_ms

    def rows(self, seed: int, replication: int, people: int) -> Ints:
        """Log-ins and log-outs of one replication when the first `people` are the staff: (ms from the begin,
        place, login, pace, hands over), sorted.

        pace: thousandths of an experienced person's time; hands_over: who logs out is away for two working
        days or more.
        """
        absent = self._absent(seed, replication, people)
        long = self._long(absent)
        at, place, login, day, last = self._rows.T
        kept = np.flatnonzero(~absent[place, day])
        at, place, login, day, last = (column[kept] for column in (at, place, login, day, last))
        hands_over = last * long[place, day]
        return np.stack([at, place, login, self._pace[place, day], hands_over], axis=1)

    def planned(
        self, stretches: Ints, seed: int, replication: int, people: int, *, sickness: bool = True
    ) -> Ints:
        """Rows as `rows` gives them, for a roster: who is there when it says so and is not sick.

        stretches: (place, day from the calendar's first, begin, end), minutes of the day, one from rest to
        rest. sickness: that of the replication, outbreaks included; leave and training are the roster's own.
        """
        absent = np.zeros((len(self.people), self.days), np.bool_)
        if sickness:
            for place, person in enumerate(self.people):
                absent[place, self._missed(seed, replication, person, SICKNESS)] = True
            self._break_out(absent, seed, replication, people)
        place, day, begin, end = stretches[~absent[stretches[:, 0], stretches[:, 1]]].T
        away = np.ones_like(absent)
        away[place, day] = False
        last = np.zeros(absent.shape, np.int64)
        np.maximum.at(last, (place, day), end)
        hands_over = (end == last[place, day]) * self._long(away)[place, day]
        midnight, pace = np.array(self.midnights)[day] - self.begin_ms, self._pace[place, day]
        one = np.ones_like(place)
        come = np.stack([midnight + begin * MINUTE, place, one, pace, 0 * one], axis=1)
        go = np.stack([midnight + end * MINUTE, place, 0 * one, pace, hands_over], axis=1)
        found = np.concatenate([come, go])
        return found[np.lexsort(found.T[2::-1])]

    def minutes(self, seed: int, replication: int, people: int) -> float:
        """Minutes that the first `people` together are there in the year itself, rest taken off."""
        rows = self.rows(seed, replication, people)
        rows = rows[rows[:, 0] >= self.warm_ms]
        return float(np.where(rows[:, 2] == 1, -rows[:, 0], rows[:, 0]).sum()) / MINUTE

    def _spans(self, day: date) -> list[Span]:
        spans: list[Span] = getattr(self._scenario.attendance, f"{day:%a}".lower(), [])
        return spans

    def _all_rows(self) -> Ints:
        """(at, place, login, day, whether the day's last) of everybody on every working day, sorted."""
        staff, full, found = self._scenario.staff, self._share_of_full(), []
        for place, person in enumerate(self.people):
            part = staff.part[person].value if person in staff.part else 1.0
            for day in np.flatnonzero(self._works).tolist():
                spans = self._present(self._dates[day], part * full, place)
                for begin, end in spans:
                    midnight = self.midnights[day] - self.begin_ms
                    found.append((midnight + begin * MINUTE, place, 1, day, 0))
                    found.append((midnight + end * MINUTE, place, 0, day, int(end == spans[-1][1])))
        return np.array(sorted(found), np.int64).reshape(-1, 5)

    def _present(self, day: date, share: float, place: int) -> list[tuple[int, int]]:
        """Minutes of a day [from, to) at which the person at this place is there."""
        rules, found = self._scenario.attendance, []
        later = place % 2 * int(rules.later.value)
        whole = [(span.begin_minute + later, span.end_minute + later) for span in self._spans(day)]
        left = round(sum(end - begin for begin, end in whole) * share)
        rests = left > rules.rest_from_hours.value * 60 and rules.rest.value > 0
        rest = int(rules.rest.value)
        pause = rules.lunch.hour * 60 + rules.lunch.minute + place % rules.rest_turns * rest
        for begin, end in whole:
            end = min(end, begin + left)
            left -= end - begin
            if rests and begin < pause and pause + rest < end:
                found += [(begin, pause), (pause + rest, end)]
            elif end > begin:
                found.append((begin, end))
        return found

    def _share_of_full(self) -> float:
        """By what every day is shortened where attendance follows the yearly minutes."""
        if self._scenario.time.attendance == "calendar":
            return 1.0
        year = self._dates[int(self._scenario.horizon.warm_up.value) :]
        working = [day for day, works in zip(year, self._works[-len(year) :], strict=True) if works]
        asked = float(self._scenario.time.year_minutes.value)

        def beyond(share: float) -> float:
            spans = (span for day in working for span in self._present(day, share, 0))
            return sum(end - begin for begin, end in spans) - asked

        if beyond(1.0) <= 0:
            return 1.0
        from scipy import optimize  # only here, and slow to load

        return float(optimize.bisect(beyond, 0.0, 1.0, xtol=1e-4))

    def _vacant(self) -> tuple[Flags, Ints]:
        """By person and day: not there for certain, and the pace."""
        shape = (len(self.people), self.days)
        absent, pace = np.zeros(shape, np.bool_), np.full(shape, PACE, np.int64)
        for vacancy in self._scenario.vacancy:
            if vacancy.person in self.people:
                place, begin = self.people.index(vacancy.person), self._day(vacancy.until)
                absent[place, :begin] = True
                ramp = max(1.0, vacancy.ramp.value)
                passed = np.clip((np.arange(self.days) - begin) / ramp, 0.0, 1.0)
                pace[place] = np.round(PACE * (1 + (vacancy.slower.value - 1) * (1 - passed)))
        for away in self._scenario.away:
            if away.person in self.people:
                absent[self.people.index(away.person), self._day(away.begin) : self._day(away.end) + 1] = True
        return absent, pace

    def _day(self, day: date) -> int:
        return min(max(0, (day - self.first).days), self.days)

    def _absent(self, seed: int, replication: int, people: int) -> Flags:
        """By person and day; who is not of the staff is never there."""
        absent = self._alone(seed, replication).copy()
        absent[people:] = True
        self._break_out(absent, seed, replication, people)
        return absent

    def _break_out(self, absent: Flags, seed: int, replication: int, people: int) -> None:
        """Set who is sick in each outbreak."""
        for number, outbreak in enumerate(self._scenario.outbreak):
            chances = [_chance(seed, replication, OUTBREAK + number, who).random() for who in self.people]
            sick = np.argsort(chances[:people], kind="stable")[: round(outbreak.share.value * people)]
            absent[sick, self._day(outbreak.begin) : self._day(outbreak.end) + 1] = True

    def _alone(self, seed: int, replication: int) -> Flags:
        """Absence for each person's own reasons; the last ones drawn are kept."""
        key = (seed, replication)
        if key not in self._drawn:
            if len(self._drawn) == DRAWN_MAX:
                self._drawn.popitem(last=False)
            self._drawn[key] = self._draw(seed, replication)
        return self._drawn[key]

    def _draw(self, seed: int, replication: int) -> Flags:
        absent = self._fixed.copy()
        for place, person in enumerate(self.people):
            for purpose in (LEAVE, SICKNESS, TRAINING):
                absent[place, self._missed(seed, replication, person, purpose)] = True
        return absent

    def _missed(self, seed: int, replication: int, person: str, purpose: int) -> Ints:
        """Days that a person misses for one reason."""
        rules, working = self._scenario.absence, np.flatnonzero(self._works)
        days, block, fixed = {
            LEAVE: (rules.leave, rules.leave_block, True),
            SICKNESS: (rules.sickness, rules.sickness_block, False),
            TRAINING: (rules.training, rules.training_block, True),
        }[purpose]
        length = max(1, round(block.value))
        blocks = days.value * self.days / 365.25 / length
        chance = _chance(seed, replication, purpose, person)
        count = int(blocks + chance.random()) if fixed else int(chance.poisson(blocks))
        slots = len(working) // length
        begins = chance.permutation(slots)[: min(count, slots)] * length
        offset = int(chance.integers(len(working) % length + 1))
        missed: Ints = working[(begins + offset)[:, None] + np.arange(length)].ravel()
        return missed

    def _long(self, absent: Flags) -> Ints:
        """By person and day: whether the next two working days are both missed."""
        working = np.flatnonzero(self._works)
        found = np.zeros(absent.shape, np.int64)
        found[:, working[:-2]] = absent[:, working[1:-1]] & absent[:, working[2:]]
        return found


def _chance(seed: int, replication: int, purpose: int, who: str) -> np.random.Generator:
    key = int.from_bytes(who.encode().ljust(32, b"\0")[:32], "little")
    return np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, replication, purpose, key))))


def shifts(calendar: Calendar, rows: Ints) -> tuple[Shift, ...]:
    """Rows of a replication as values of the model."""
    return tuple(
        Shift(calendar.begin_ms + at, calendar.people[place], bool(login), pace, bool(hands_over))
        for at, place, login, pace, hands_over in rows.tolist()
    )
