"""A scenario's model: its arrivals add up to what was asked, by month, weekday, hour, wave, kind."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from acd.plan.simulate import say_what_is_left_out
from config.tables.kinds import DAYS
from config.tables.rules import Overflow
from simulation.drivers.model import faults
from simulation.scenarios import scenario_file
from simulation.scenarios.attendance import MINUTE
from simulation.scenarios.year import DAY_MS, Year, year

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "planning.toml"


@pytest.fixture(scope="module")
def flow() -> Year:
    return year(scenario_file.load(SHIPPED, "2023_flow"))


def _day(ms: int) -> date:
    return datetime.fromtimestamp((ms + DAY_MS // 12) / 1000, UTC).date()


@pytest.mark.parametrize("name", scenario_file.names(SHIPPED))
def test_every_shipped_scenario_has_a_model_that_can_be(name: str) -> None:
    made = year(scenario_file.load(SHIPPED, name))
    assert faults(made.model) == []
    assert len(made.model.roster.agents) == made.scenario.staff.people.value


def test_the_year_s_cases_are_those_asked_for(flow: Year) -> None:
    inside = [each for each in flow.model.arrivals if _day(each.begin_ms).year == 2023]
    assert sum(each.expected for each in inside) == pytest.approx(8_000)


def test_calls_alone_are_cases_times_calls_of_a_case() -> None:
    scenario = scenario_file.load(SHIPPED, "2023_flow").changed({"cases.calls_per_case": 2.5})
    made = year(scenario, case_work=False).model
    inside = [each.expected for each in made.arrivals if _day(each.begin_ms).year == 2023]
    assert sum(inside) == pytest.approx(20_000)
    assert made.case_work is None


def test_arrivals_lie_in_open_hours_and_follow_weekday_and_hour(flow: Year) -> None:
    opening = np.array(flow.model.policy.opening)
    by_day = dict.fromkeys(DAYS[:5], 0.0)
    full: dict[tuple[date, int], float] = {}
    for each in flow.model.arrivals:
        inside = (opening[:, 0] <= each.begin_ms) & (each.end_ms <= opening[:, 1])
        assert inside.sum() == 1
        day = _day(each.begin_ms)
        if day.year == 2023 and day.month == 6:
            by_day[DAYS[day.weekday()]] += each.expected
            if each.end_ms - each.begin_ms == 60 * MINUTE:
                hour = datetime.fromtimestamp(each.begin_ms / 1000, UTC).hour + 2
                full[day, hour] = each.expected
    # June 2023 has four Mondays and Tuesdays that are open, five Fridays, and Corpus Christi on a Thursday.
    tuesday = date(2023, 6, 13)
    weights = flow.scenario.cases
    assert full[tuesday, 9] / full[tuesday, 13] == pytest.approx(
        weights.hour["09"].value / weights.hour["13"].value
    )
    assert by_day["mon"] / by_day["tue"] == pytest.approx(
        weights.weekday["mon"].value / weights.weekday["tue"].value
    )


def test_kinds_share_out_languages_concerns_and_second_languages(flow: Year) -> None:
    cases, kinds = flow.scenario.cases, flow.model.kinds
    assert sum(kind.share for kind in kinds) == pytest.approx(1)
    for code, weight in cases.language.items():
        spoken = sum(kind.share for kind in kinds if kind.language == code)
        assert spoken == pytest.approx(weight.value / sum(each.value for each in cases.language.values()))
    arabic = [kind for kind in kinds if kind.language == "ar"]
    with_second = sum(kind.share for kind in arabic if kind.second)
    assert with_second / sum(kind.share for kind in arabic) == pytest.approx(cases.second_language.value)
    assert not any(kind.second for kind in kinds if kind.language in ("de", "en"))


def test_a_wave_raises_its_own_kinds_alone() -> None:
    """Outside of the wave nothing changes; inside, only Ukrainian is four times as many."""
    scenario = scenario_file.load(SHIPPED, "arrivals")
    wave = scenario.wave[0]
    made = year(scenario).model
    usual = year(scenario.model_copy(update={"wave": ()})).model
    seen = set()
    for with_wave, without in zip(made.arrivals, usual.arrivals, strict=True):
        inside = wave.begin <= _day(with_wave.begin_ms) <= wave.end
        seen.add(inside)
        shares = made.shares[with_wave.mix]
        for kind, share, before in zip(made.kinds, shares, usual.shares[0], strict=True):
            factor = 4.0 if inside and kind.language == "uk" else 1.0
            assert with_wave.expected * share == pytest.approx(without.expected * before * factor)
    assert seen == {True, False}
    assert usual.mixes == ()


def test_work_takes_its_surcharges_and_days_are_calendar_days(flow: Year) -> None:
    work, time = flow.model.case_work, flow.scenario.time
    assert work is not None
    surcharge = 1 + time.set_up.value + time.distribution.value + time.recovery.value
    for made, given in zip(work.steps, flow.scenario.work.step, strict=True):
        mean = np.exp(made.work.a + made.work.b**2 / 2)
        assert mean / MINUTE == pytest.approx(given.takes.value * surcharge)
        assert made.waits.a / DAY_MS == pytest.approx(given.waits.value)


def test_counter_hours_are_those_of_the_file_on_open_days(flow: Year) -> None:
    work = flow.model.case_work
    assert work is not None
    days = [_day(begin) for begin, _ in work.counter]
    assert date(2023, 5, 1) not in days
    assert sum(day == date(2023, 6, 13) for day in days) == 2
    assert sum(day == date(2023, 6, 14) for day in days) == 1
    assert all(end > begin for begin, end in work.counter)
    assert all(a[1] <= b[0] for a, b in zip(work.counter, work.counter[1:], strict=False))


def test_overflow_is_left_out_and_the_planner_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """No driver knows it; neither a year nor what its simulation prints passes over that."""
    scenario = scenario_file.load(SHIPPED, "2023_flow")
    say_what_is_left_out(scenario)
    assert capsys.readouterr().out == ""
    rule = Overflow(name="full", length=3, then="closed")
    house = scenario.house.model_copy(update={"overflow": [rule]})
    with_it = scenario.model_copy(update={"house": house})
    assert year(with_it, case_work=False).model.policy.overflow == ()
    say_what_is_left_out(with_it)
    assert capsys.readouterr().out == "without overflow: 1 rules of the centre are not simulated\n"
