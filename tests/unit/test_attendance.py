"""Who is there when: within working time and rest, absence as given, the same draws whoever else is there."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from simulation.scenarios import scenario_file
from simulation.scenarios.attendance import MINUTE, PACE, Calendar
from simulation.scenarios.scenario import Scenario
from simulation.scenarios.year import year

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "planning.toml"
BASE = scenario_file.load(SHIPPED, "2023_flow")
DAY = 86_400_000


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return Calendar(BASE)


def _calendar(name: str, **changes: float) -> tuple[Scenario, Calendar]:
    scenario = scenario_file.load(SHIPPED, name).changed(changes)
    return scenario, Calendar(scenario)


def test_log_ins_and_log_outs_alternate(calendar: Calendar) -> None:
    rows = calendar.rows(1, 0, 23)
    assert np.all(np.diff(rows[:, 0]) >= 0)
    for place in range(23):
        mine = rows[rows[:, 1] == place]
        assert mine[:, 2].tolist() == [1, 0] * (len(mine) // 2)
        assert np.all(np.diff(mine[:, 0]) > 0)


def test_nobody_is_there_beyond_the_law_s_working_day(calendar: Calendar) -> None:
    """Sections 3 and 4 ArbZG: ten hours a day at most, no more than six without a rest."""
    rows = calendar.rows(1, 0, 23)
    for place in range(23):
        mine = rows[rows[:, 1] == place]
        begins, ends = mine[mine[:, 2] == 1, 0], mine[mine[:, 2] == 0, 0]
        assert np.max(ends - begins) <= 6 * 60 * MINUTE
        by_day = np.zeros(calendar.days + 1)
        np.add.at(by_day, begins // DAY, ends - begins)
        assert np.max(by_day) <= 10 * 60 * MINUTE


def test_nobody_is_there_on_holidays_and_weekends(calendar: Calendar) -> None:
    begins = calendar.rows(1, 0, 23)[:, 0] + calendar.begin_ms
    days = {date(1970, 1, 1).toordinal() + int(each // DAY) for each in begins}
    assert all(date.fromordinal(day).weekday() < 5 for day in days)
    for holiday in (date(2023, 5, 1), date(2023, 10, 3), date(2023, 12, 25)):
        assert holiday.toordinal() not in days


def test_the_year_s_minutes_come_near_the_municipal_figure() -> None:
    """A full post's calendar less absence lies within 5 % of 95,500 minutes, by another way than KGSt's."""
    _, calendar = _calendar("2023_flow")
    minutes = np.mean([calendar.minutes(1, replication, 15) / 15 for replication in range(20)])
    assert abs(minutes / 95_500 - 1) < 0.05


def test_one_more_person_changes_nobody_else_s_days(calendar: Calendar) -> None:
    fewer, more = calendar.rows(3, 2, 14), calendar.rows(3, 2, 15)
    assert fewer.tolist() == more[more[:, 1] < 14].tolist()
    assert len(more) > len(fewer)


def test_replications_and_seeds_differ_and_repeat(calendar: Calendar) -> None:
    one = calendar.rows(1, 0, 10).tolist()
    assert one == Calendar(BASE).rows(1, 0, 10).tolist()
    assert one != calendar.rows(1, 1, 10).tolist()
    assert one != calendar.rows(2, 0, 10).tolist()


def test_without_absence_everybody_is_there_every_working_day() -> None:
    _, calendar = _calendar("2023_flow", **{"absence.leave": 0, "absence.sickness": 0, "absence.training": 0})
    first, second = calendar.rows(1, 0, 5), calendar.rows(1, 7, 5)
    assert first.tolist() == second.tolist()
    assert not first[:, 4].any()


def test_mean_absence_is_what_was_asked() -> None:
    """Sickness alone: the mean over 200 persons' years lies within 5 standard errors of the asked days."""
    scenario, calendar = _calendar("2023_flow", **{"absence.leave": 0, "absence.training": 0})
    there = Calendar(scenario.changed({"absence.sickness": 0}))
    whole = len({*(there.rows(1, 0, 1)[:, 0] // DAY).tolist()})
    missed = []
    for replication in range(20):
        rows = calendar.rows(5, replication, 10)
        missed += [whole - len({*(rows[rows[:, 1] == p, 0] // DAY).tolist()}) for p in range(10)]
    asked = scenario.absence.sickness.value * calendar.days / 365.25
    error = np.std(missed, ddof=1) / len(missed) ** 0.5
    # Two blocks of one person may overlap: a few per cent of the days at these rates.
    assert asked * 0.9 - 5 * error < np.mean(missed) < asked + 5 * error


def test_an_outbreak_takes_its_share_for_its_days() -> None:
    scenario, calendar = _calendar(
        "sickness", **{"absence.leave": 0, "absence.sickness": 0, "absence.training": 0}
    )
    rows = calendar.rows(1, 0, 20)
    days = (rows[:, 0] + calendar.begin_ms) // DAY
    during = date(2026, 2, 11).toordinal() - date(1970, 1, 1).toordinal()
    assert len({*rows[days == during, 1].tolist()}) == 20 - round(0.3 * 20)
    assert len({*rows[days == during + 14, 1].tolist()}) == 20
    assert scenario.outbreak[0].share.value == 0.3


def test_a_vacancy_is_empty_and_then_becomes_faster() -> None:
    scenario, calendar = _calendar("vacancies")
    place = scenario.staff.order.index("jonas")
    rows = calendar.rows(1, 0, 15)
    mine = rows[(rows[:, 1] == place) & (rows[:, 2] == 1)]
    day = date.fromordinal(date(1970, 1, 1).toordinal() + int((mine[0, 0] + calendar.begin_ms) // DAY))
    assert day >= date(2026, 4, 1)
    assert mine[0, 3] > 1.9 * PACE
    assert np.all(np.diff(mine[:, 3]) <= 0)
    assert mine[-1, 3] == PACE


def test_who_is_away_for_long_hands_their_work_over(calendar: Calendar) -> None:
    rows = calendar.rows(1, 0, 15)
    assert rows[rows[:, 2] == 1, 4].sum() == 0
    for place in range(15):
        mine = rows[rows[:, 1] == place]
        outs = np.flatnonzero(mine[:, 4])
        assert len(outs)
        for out in outs.tolist():
            if out + 1 < len(mine):
                assert mine[out + 1, 0] - mine[out, 0] > 2 * DAY


def test_yearly_minutes_spread_evenly_shorten_every_day() -> None:
    scenario = scenario_file.load(SHIPPED, "2023_flow").changed(
        {"absence.leave": 0, "absence.sickness": 0, "absence.training": 0}
    )
    evenly = scenario.model_copy(
        update={"time": scenario.time.model_copy(update={"attendance": "year_minutes"})}
    )
    assert abs(Calendar(evenly).minutes(1, 0, 10) / 10 / 95_500 - 1) < 0.01


def test_somebody_is_there_whenever_the_hotline_is_open() -> None:
    """Without absence: the shipped attendance fits the shipped hours."""
    _, calendar = _calendar("2023_flow", **{"absence.leave": 0, "absence.sickness": 0, "absence.training": 0})
    rows = calendar.rows(1, 0, 2)
    there = np.cumsum(np.where(rows[:, 2] == 1, 1, -1))
    for opens, closes in year(BASE, case_work=False).model.policy.opening:
        opens, closes = opens - calendar.begin_ms, closes - calendar.begin_ms
        if opens >= 0 and closes <= rows[-1, 0]:
            inside = (rows[:, 0] > opens) & (rows[:, 0] < closes)
            before = int(np.searchsorted(rows[:, 0], opens, side="right")) - 1
            assert min([there[before], *there[inside].tolist()]) >= 0
            assert there[before] > 0, opens


def test_every_second_person_comes_later() -> None:
    _, calendar = _calendar(
        "2023_flow",
        **{"absence.leave": 0, "absence.sickness": 0, "absence.training": 0, "attendance.later": 45},
    )
    rows = calendar.rows(1, 0, 2)
    first, second = (rows[(rows[:, 1] == place) & (rows[:, 2] == 1), 0] for place in (0, 1))
    assert second[0] - first[0] == 45 * MINUTE
    assert calendar.minutes(1, 0, 1) == pytest.approx(calendar.minutes(1, 0, 2) / 2)
