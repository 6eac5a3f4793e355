"""German working time: the rules as checks of a person's duties, each breach with a code and its section.

Source: Arbeitszeitgesetz (ArbZG), sections 2 to 5, 9 and 11, and the week that a contract says. A roster's
model takes its limits from here; what it made is checked by `breaches`, which knows nothing of the model.
Times are minutes after the midnight of a duty's day by the wall clock.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from config.duties import DAY, HOUR, Duty

DAY_MEAN: Final = 8 * HOUR
"""Section 3, sentence 1: a working day's length, which longer ones have to come back to on average."""
DAY_MOST: Final = 10 * HOUR
AVERAGE_WEEKS: Final = 24
"""Section 3, sentence 2: over so many weeks (or six months)."""
REST_STEPS: Final = ((6 * HOUR, 30), (9 * HOUR, 45))
"""Section 4: working time above which so many minutes of rest are due."""
REST_PIECE: Final = 15
STRETCH_MOST: Final = 6 * HOUR
BETWEEN_DAYS: Final = 11 * HOUR
"""Section 5."""
FREE_SUNDAYS: Final = 15
"""Section 11 (1): a year."""
SUBSTITUTE_DAYS: Final = {"sunday": 14, "holiday": 56}
"""Section 11 (3): within how many days, the worked one included, another working day is free."""
WORKING_DAYS: Final = 5
"""Of the contract's week, Monday to Friday; a day off counts as one of them."""
SUNDAY: Final = 6


class Contract(NamedTuple):
    """Minutes a week, and by how many a single week, and all of a roster's weeks together, may differ."""

    week: int
    week_tolerance: int = 2 * HOUR
    whole_tolerance: int = 15


class Terms(NamedTuple):
    """What holds for one person in one roster.

    first, last: the roster's days, both included; whole weeks from Monday on. holidays: public ones.
    off: days that count as worked without being (leave, other absence, closed for all). sundays: whether
    section 10 allows work on Sundays and holidays here.
    """

    first: date
    last: date
    contract: Contract
    holidays: AbstractSet[date] = frozenset()
    off: AbstractSet[date] = frozenset()
    sundays: bool = False


class Reason(NamedTuple):
    """A breach's section and its sentences; {value} and {limit} are hours and minutes, or days."""

    section: str
    de: str
    en: str
    days: bool = False


REASONS: Final = {
    "order": Reason(
        "", "Ende, Pausen und Beginn liegen nicht in ihrer Folge", "end, rest and begin out of order"
    ),
    "overlap": Reason("", "zwei Dienste zugleich", "two duties at once"),
    "day_too_long": Reason(
        "§ 3 ArbZG",
        "{value} Arbeit an einem Tag, höchstens {limit}",
        "{value} of work in a day, at most {limit}",
    ),
    "average_too_long": Reason(
        "§ 3 ArbZG",
        "{value} Arbeit in den Wochen ab diesem Tag, im Schnitt von 8 h je Werktag höchstens {limit}",
        "{value} of work in the weeks from this day on, by the mean of 8 h a working day at most {limit}",
    ),
    "rest_too_short": Reason(
        "§ 4 ArbZG", "{value} Pause, mindestens {limit}", "{value} of rest, at least {limit}"
    ),
    "stretch_too_long": Reason(
        "§ 4 ArbZG",
        "{value} Arbeit ohne Pause, höchstens {limit}",
        "{value} of work without rest, at most {limit}",
    ),
    "between_days": Reason(
        "§ 5 ArbZG",
        "{value} Ruhezeit seit dem letzten Dienst, mindestens {limit}",
        "{value} since the last duty, at least {limit}",
    ),
    "sunday": Reason("§ 9 ArbZG", "Arbeit an einem Sonntag", "work on a Sunday"),
    "holiday": Reason("§ 9 ArbZG", "Arbeit an einem Feiertag", "work on a public holiday"),
    "free_sundays": Reason(
        "§ 11 ArbZG",
        "{value} freie Sonntage im Jahr, mindestens {limit}",
        "{value} free Sundays in the year, at least {limit}",
        days=True,
    ),
    "substitute_day": Reason(
        "§ 11 ArbZG",
        "kein freier Werktag innerhalb von {limit} Tagen",
        "no other working day free within {limit} days",
        days=True,
    ),
    "absent": Reason("", "Dienst trotz Abwesenheit", "a duty while absent"),
    "week_hours": Reason(
        "contract", "{value} in der Woche, vereinbart {limit}", "{value} in the week, agreed are {limit}"
    ),
    "whole_hours": Reason(
        "contract", "{value} in allen Wochen, vereinbart {limit}", "{value} in all weeks, agreed are {limit}"
    ),
}


class Breach(NamedTuple):
    """A rule that does not hold: on which day (or from which on), what is, and what would be right."""

    code: str
    day: date
    value: int = 0
    limit: int = 0

    def said(self, language: str = "en") -> str:
        """As a sentence, with the section where there is one. language: "de" or "en"."""
        reason = REASONS[self.code]
        values = (str(v) if reason.days else hours(v) for v in (self.value, self.limit))
        value, limit = values
        text = (reason.de if language == "de" else reason.en).format(value=value, limit=limit)
        section = {"contract": "Vertrag" if language == "de" else "contract"}.get(
            reason.section, reason.section
        )
        return f"{section}: {text}" if section else text


def hours(minutes: int) -> str:
    """Minutes as hours and minutes, like 7:45 h."""
    return f"{'-' if minutes < 0 else ''}{abs(minutes) // HOUR}:{abs(minutes) % HOUR:02} h"


def rest_due(work: int) -> int:
    """Minutes of rest for so many of working time (section 4)."""
    return max((rest for above, rest in REST_STEPS if work > above), default=0)


def due(terms: Terms, monday: date) -> int:
    """Minutes to be worked in the week of a Monday: the contract's, less its days off."""
    days = (monday + timedelta(days=i) for i in range(WORKING_DAYS))
    off = sum(day in terms.off or day in terms.holidays for day in days)
    return terms.contract.week - off * terms.contract.week // WORKING_DAYS


def mondays(terms: Terms) -> list[date]:
    """The begin of each of the roster's weeks."""
    return [terms.first + timedelta(days=i) for i in range(0, (terms.last - terms.first).days + 1, 7)]


def working_days(terms: Terms, first: date, last: date) -> int:
    """Section 3 (2): Mondays to Saturdays in [first, last] that are neither public holidays nor days off.

    Leave and holidays are no days to make longer ones up with (BVerwG, 9 May 2018, 8 C 13.17).
    """
    days = (first + timedelta(days=i) for i in range((last - first).days + 1))
    return sum(day.weekday() != SUNDAY and day not in terms.holidays and day not in terms.off for day in days)


def breaches(duties: Sequence[Duty], terms: Terms) -> list[Breach]:
    """Every rule that one person's duties break, by day."""
    malformed = [Breach("order", each.day) for each in duties if not _in_order(each)]
    duties = sorted(each for each in duties if _in_order(each))
    by_day: dict[date, list[Duty]] = defaultdict(list)
    for duty in duties:
        by_day[duty.day].append(duty)
    found = malformed
    for day, of_day in by_day.items():
        found += _day(day, of_day)
        if day in terms.off:
            found.append(Breach("absent", day))
    found += _between(duties)
    found += _sundays(by_day.keys(), terms)
    work = {day: sum(each.work for each in of_day) for day, of_day in by_day.items()}
    found += _averages(work, terms)
    found += _contract(work, terms)
    return sorted(found, key=lambda each: (each.day, list(REASONS).index(each.code)))


def _in_order(duty: Duty) -> bool:
    edges = [duty.begin, *(edge for rest in duty.rests for edge in rest), duty.end]
    return 0 <= duty.begin < DAY and all(a < b for a, b in pairwise(edges)) and duty.end - duty.begin <= DAY


def _day(day: date, duties: list[Duty]) -> Iterator[Breach]:
    """Sections 3 and 4 on one day; a gap between two of its duties is rest too."""
    work = sum(each.work for each in duties)
    if work > DAY_MOST:
        yield Breach("day_too_long", day, work, DAY_MOST)
    gaps = [(a.end, b.begin) for a, b in pairwise(duties) if b.begin > a.end]
    rests = sorted([*gaps, *(rest for each in duties for rest in each.rests)])
    counted = [(begin, to) for begin, to in rests if to - begin >= REST_PIECE]
    rested = sum(to - begin for begin, to in counted)
    if rested < rest_due(work):
        yield Breach("rest_too_short", day, rested, rest_due(work))
    edges = [duties[0].begin, *(edge for rest in counted for edge in rest), max(each.end for each in duties)]
    longest = max(b - a for a, b in zip(edges[::2], edges[1::2], strict=True))
    if longest > STRETCH_MOST:
        yield Breach("stretch_too_long", day, longest, STRETCH_MOST)


def _between(duties: list[Duty]) -> Iterator[Breach]:
    for before, after in pairwise(duties):
        gap = (after.day - before.day).days * DAY + after.begin - before.end
        if gap < 0:
            yield Breach("overlap", after.day)
        elif after.day != before.day and gap < BETWEEN_DAYS:
            yield Breach("between_days", after.day, gap, BETWEEN_DAYS)


def _sundays(worked: AbstractSet[date], terms: Terms) -> Iterator[Breach]:
    """Sections 9 and 11."""
    resting = {day: "holiday" if day in terms.holidays else "sunday" for day in sorted(worked)}
    resting = {day: kind for day, kind in resting.items() if kind == "holiday" or day.weekday() == SUNDAY}
    if not terms.sundays:
        for day, kind in resting.items():
            yield Breach(kind, day)
        return
    taken: set[date] = set()
    for day, kind in resting.items():
        if kind == "holiday" and day.weekday() == SUNDAY:
            kind = "sunday"
        within = SUBSTITUTE_DAYS[kind]
        near = [day + timedelta(days=i) for i in range(1 - within, within)]
        seen = [each for each in near if terms.first <= each <= terms.last]
        free = [
            each
            for each in seen
            if each not in worked | taken and each.weekday() != SUNDAY and each not in terms.holidays
        ]
        if free:
            taken.add(free[0])
        elif day + timedelta(days=within - 1) <= terms.last:
            yield Breach("substitute_day", day, 0, within)
    for year in sorted({day.year for day in resting}):
        sundays = [
            date(year, 1, 1) + timedelta(days=i)
            for i in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)
        ]
        sundays = [day for day in sundays if day.weekday() == SUNDAY]
        free_ones = len([day for day in sundays if day not in worked])
        if free_ones < FREE_SUNDAYS:
            yield Breach("free_sundays", max(set(sundays) & worked), free_ones, FREE_SUNDAYS)


def _averages(work: dict[date, int], terms: Terms) -> Iterator[Breach]:
    """Section 3: every window of 24 weeks; a shorter roster has to keep the mean by itself."""
    weeks = mondays(terms)
    for begin in weeks[: max(1, len(weeks) - AVERAGE_WEEKS + 1)]:
        end = min(terms.last, begin + timedelta(weeks=AVERAGE_WEEKS, days=-1))
        worked = sum(minutes for day, minutes in work.items() if begin <= day <= end)
        limit = DAY_MEAN * working_days(terms, begin, end)
        if worked > limit:
            yield Breach("average_too_long", begin, worked, limit)


def _contract(work: dict[date, int], terms: Terms) -> Iterator[Breach]:
    whole_due = whole = 0
    for monday in mondays(terms):
        sunday = monday + timedelta(days=SUNDAY)
        worked = sum(minutes for day, minutes in work.items() if monday <= day <= sunday)
        agreed = due(terms, monday)
        if abs(worked - agreed) > terms.contract.week_tolerance:
            yield Breach("week_hours", monday, worked, agreed)
        whole, whole_due = whole + worked, whole_due + agreed
    if abs(whole - whole_due) > terms.contract.whole_tolerance:
        yield Breach("whole_hours", terms.first, whole, whole_due)
