"""Each rule of German working time holds at its limit and is broken one minute (or day) beyond it."""

from datetime import date, timedelta

import pytest

from config.duties import Duty
from simulation.rosters.working_time import REASONS, Breach, Contract, Terms, breaches, due, rest_due

MONDAY = date(2026, 3, 2)
ANY = Contract(0, 10_000, 100_000)


def terms(weeks: int = 1, contract: Contract = ANY, **more: object) -> Terms:
    return Terms(MONDAY, MONDAY + timedelta(weeks=weeks, days=-1), contract, **more)  # type: ignore[arg-type]


def duty(day: int, begin: str, end: str, *rests: str) -> Duty:
    """On the day so many days after the first Monday; rest like "12:00-12:30"."""

    def minute(text: str) -> int:
        hour, _, rest = text.partition(":")
        return int(hour) * 60 + int(rest)

    spans = tuple((minute(a), minute(b)) for a, _, b in (each.partition("-") for each in rests))
    return Duty(MONDAY + timedelta(days=day), minute(begin), minute(end), spans)


def codes(*duties: Duty, within: Terms | None = None) -> list[str]:
    return [each.code for each in breaches(duties, within or terms())]


@pytest.mark.parametrize(
    ("good", "bad", "code"),
    [
        # section 3: ten hours, rest not counted
        (("07:00", "17:45", "12:00-12:45"), ("07:00", "17:46", "12:00-12:45"), "day_too_long"),
        # section 4: nothing at six hours, 30 min above; at nine 30, 45 above
        (("08:00", "14:00"), ("08:00", "14:29", "12:00-12:28"), "rest_too_short"),
        (("08:00", "14:31", "12:00-12:30"), ("08:00", "14:31", "12:00-12:29"), "rest_too_short"),
        (("08:00", "17:30", "12:00-12:30"), ("08:00", "17:31", "12:00-12:30"), "rest_too_short"),
        (("08:00", "17:46", "12:00-12:45"), ("08:00", "17:46", "12:00-12:44"), "rest_too_short"),
        # ... in pieces of at least 15 minutes
        (
            ("08:00", "15:00", "10:00-10:15", "12:00-12:15"),
            ("08:00", "15:00", "10:00-10:16", "12:00-12:14"),
            "rest_too_short",
        ),
        # ... and after six hours at the latest
        (("06:00", "15:00", "12:00-12:30"), ("06:00", "15:00", "12:01-12:31"), "stretch_too_long"),
        (("06:00", "15:00", "08:30-09:00"), ("06:00", "15:01", "08:30-09:00"), "stretch_too_long"),
    ],
)
def test_within_a_day(good: tuple[str, ...], bad: tuple[str, ...], code: str) -> None:
    assert codes(duty(0, *good)) == []
    assert codes(duty(0, *bad)) == [code]


def test_a_day_in_two_parts_is_one_day_and_the_gap_is_rest() -> None:
    assert codes(duty(0, "08:00", "12:00"), duty(0, "12:30", "17:30")) == []
    assert codes(duty(0, "08:00", "14:00"), duty(0, "14:14", "15:00")) == [
        "rest_too_short",
        "stretch_too_long",
    ]
    assert codes(duty(0, "08:00", "13:00"), duty(0, "14:00", "19:01")) == ["day_too_long"]


def test_eleven_hours_between_days() -> None:
    late = duty(0, "16:00", "22:00")
    assert codes(late, duty(1, "09:00", "13:00")) == []
    found = breaches([late, duty(1, "08:59", "13:00")], terms())
    assert found == [Breach("between_days", MONDAY + timedelta(days=1), 659, 660)]
    assert found[0].said() == "§ 5 ArbZG: 10:59 h since the last duty, at least 11:00 h"
    assert found[0].said("de") == "§ 5 ArbZG: 10:59 h Ruhezeit seit dem letzten Dienst, mindestens 11:00 h"


def test_a_duty_over_midnight_is_its_first_days() -> None:
    assert codes(duty(0, "20:00", "26:00"), duty(1, "13:00", "17:00")) == []
    assert codes(duty(0, "20:00", "26:00"), duty(1, "12:59", "17:00")) == ["between_days"]


def test_two_duties_at_once() -> None:
    assert codes(duty(0, "08:00", "12:00"), duty(0, "12:00", "14:00")) == []
    assert codes(duty(0, "08:00", "12:00"), duty(0, "11:59", "13:59")) == ["overlap"]


@pytest.mark.parametrize(
    "bad",
    [
        duty(0, "12:00", "12:00"),
        duty(0, "08:00", "12:00", "12:00-12:30"),
        duty(0, "08:00", "12:00", "10:30-10:00"),
        duty(0, "08:00", "12:00", "10:00-11:00", "10:30-11:30"),
        duty(0, "01:00", "25:01", "06:00-23:00"),
    ],
)
def test_times_out_of_order_are_told_and_counted_nowhere(bad: Duty) -> None:
    assert codes(bad) == ["order"]


LONG = ("08:00", "18:45", "13:00-13:45")
"""Ten hours."""


def test_eight_hours_on_average_over_the_working_days_of_24_weeks() -> None:
    """48 h a week; leave and holidays are no days to make up with."""
    four_long = [duty(day, *LONG) for day in range(4)]
    assert codes(*four_long, duty(4, "08:00", "16:30", "12:00-12:30")) == []
    assert codes(*four_long, duty(4, "08:00", "16:31", "12:00-12:30")) == ["average_too_long"]
    friday = frozenset({MONDAY + timedelta(days=4)})
    assert codes(*four_long, within=terms(off=friday)) == []
    assert codes(*four_long, duty(5, "08:00", "08:01"), within=terms(off=friday)) == ["average_too_long"]
    assert codes(*four_long, duty(5, "08:00", "08:01"), within=terms(holidays=friday)) == ["average_too_long"]


def test_a_later_week_makes_up_for_a_longer_one_within_24() -> None:
    busy = [duty(7 * week + day, *LONG) for week in range(20) for day in range(5)]
    assert codes(*busy, within=terms(24)) == []
    assert codes(*busy, within=terms(20)) == ["average_too_long"]
    more = [duty(7 * week + day, *LONG) for week in range(26) for day in range(5) if week != 25]
    assert codes(*more, within=terms(26)) == ["average_too_long"] * 2


def test_sundays_and_holidays_are_free() -> None:
    saturday, sunday = duty(5, "08:00", "12:00"), duty(6, "08:00", "12:00")
    holidays = frozenset({saturday.day})
    assert codes(saturday) == []
    assert codes(sunday) == ["sunday"]
    assert codes(saturday, within=terms(holidays=holidays)) == ["holiday"]


def test_where_section_10_allows_sundays_another_day_is_free() -> None:
    """Within two weeks for a Sunday, eight for a holiday; nothing is said of days beyond the roster."""
    allowed = terms(4, sundays=True)
    every = {day: duty(day, "08:00", "12:00") for day in range(28) if day == 6 or day % 7 != 6}
    assert codes(*every.values(), within=allowed) == ["substitute_day"]
    for free, found in ((5, []), (19, []), (20, ["substitute_day"])):
        assert codes(*(each for day, each in every.items() if day != free), within=allowed) == found
    first = frozenset({MONDAY})
    weekdays = [duty(day, "08:00", "12:00") for day in range(62) if day % 7 != 6]
    long = terms(9, sundays=True, holidays=first)
    assert codes(*weekdays[:48], within=long) == ["substitute_day"]
    assert codes(*weekdays[:47], within=long) == []


def test_fifteen_sundays_a_year_are_free() -> None:
    sundays = [duty(6 + 7 * week, "08:00", "12:00") for week in range(44)]
    rest = terms(44, sundays=True)
    assert codes(*sundays[:37], within=rest) == []
    assert codes(*sundays[:38], within=rest) == ["free_sundays"]


def test_the_contracts_week() -> None:
    contract = Contract(2_340, 120, 240)
    week = [duty(day, "08:00", "16:18", "12:00-12:30") for day in range(4)]
    assert codes(*week, duty(4, "08:00", "18:18", "12:00-12:30"), within=terms(contract=contract)) == [
        "rest_too_short"
    ]
    assert codes(*week, duty(4, "08:00", "13:48"), within=terms(contract=contract)) == []
    assert codes(*week, duty(4, "08:00", "13:47"), within=terms(contract=contract)) == ["week_hours"]
    whole = terms(contract=Contract(2_340, 120, 119))
    assert codes(*week, duty(4, "08:00", "13:48"), within=whole) == ["whole_hours"]


def test_a_day_off_counts_as_a_fifth_of_the_week() -> None:
    contract = Contract(2_340, 0, 0)
    week = [duty(day, "08:00", "16:18", "12:00-12:30") for day in range(5)]
    for off in ({"off": frozenset({MONDAY})}, {"holidays": frozenset({MONDAY})}):
        assert due(terms(contract=contract, **off), MONDAY) == 1_872
        assert codes(*week[1:], within=terms(contract=contract, **off)) == []
    weekend = frozenset({MONDAY + timedelta(days=5)})
    assert due(terms(contract=contract, off=weekend), MONDAY) == 2_340


def test_a_duty_while_absent() -> None:
    off = frozenset({MONDAY})
    assert codes(duty(0, "08:00", "12:00"), within=terms(off=off)) == ["absent"]


def test_every_reason_can_be_said_in_both_languages() -> None:
    for code, reason in REASONS.items():
        said = Breach(code, MONDAY, 61, 60)
        assert "{" not in said.said("de") + said.said("en")
        assert reason.de != reason.en


def test_rest_due_at_the_steps() -> None:
    assert [rest_due(work) for work in (0, 360, 361, 540, 541, 600)] == [0, 0, 30, 30, 45, 45]
