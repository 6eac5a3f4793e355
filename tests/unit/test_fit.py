"""Fitted numbers are true at the stated rate, misfit is seen, few data change nothing, and what is written
can be simulated."""

import tomllib
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from acd.plan import app, records
from config.load import ConfigFaults
from simulation.records import censored, demand, durations, shares
from simulation.records.censored import Waits
from simulation.records.fit import fit
from simulation.records.history import ABANDONED, ANSWERED, daily
from simulation.records.measured import ENOUGH, Measured, Part
from simulation.scenarios import scenario_file
from tests import histories

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "planning.toml"
PLAIN = scenario_file.plain(SHIPPED)
CENTRE = PLAIN.house
ROUNDS = 300
AT_LEAST = int(stats.binom.ppf(1e-4, ROUNDS, 0.95))
"""So many of ROUNDS intervals at 95 % hold the truth, but for one run in 10,000."""


def _waits(chance: np.random.Generator, shape: float = 1.0, count: int = 800) -> Waits:
    """Patience of scale 360 s (its mean for shape 1); 60 % are answered at once, the others soon."""
    gives_up = 360 * chance.weibull(shape, count)
    answered = np.where(chance.random(count) < 0.6, 0.0, chance.exponential(120, count))
    return Waits(np.minimum(gives_up, answered), gives_up < answered)


# --- patience --------------------------------------------------------------------------------------------


def test_patience_is_found_although_most_were_answered_first() -> None:
    """The interval holds the true 360 s at the stated rate; who looks at abandoned calls alone is far off."""
    chance, held, naive_held = np.random.default_rng(1), 0, 0
    for _ in range(ROUNDS):
        waits = _waits(chance)
        found = censored.exponential(waits)
        held += found.low <= 360 <= found.high
        left = waits.seconds[waits.ended]
        half = 1.96 * float(left.std()) / len(left) ** 0.5
        naive_held += found.naive - half <= 360 <= found.naive + half
        assert found.naive < 150
    assert held >= AT_LEAST
    assert naive_held == 0


def test_the_weibull_s_shape_is_found_and_told_from_the_exponential() -> None:
    chance, held, seen = np.random.default_rng(2), 0, 0
    for _ in range(ROUNDS):
        found = censored.weibull(_waits(chance, 1.5))
        held += found.low <= 1.5 <= found.high
        seen += found.p < 0.05
    assert held >= AT_LEAST
    assert seen > 0.9 * ROUNDS


def test_the_exponential_is_called_wrong_no_more_often_than_stated() -> None:
    chance = np.random.default_rng(3)
    wrong = sum(censored.weibull(_waits(chance)).p < 0.05 for _ in range(ROUNDS))
    assert wrong <= ROUNDS - AT_LEAST


def test_kaplan_meier_by_hand() -> None:
    """Five waits; those of 2 and 4 s were answered: 4/5, then 4/5 x 2/3, then nobody."""
    waits = Waits(np.array([4.0, 1.0, 2.0, 3.0, 5.0]), np.array([False, True, False, True, True]))
    curve = censored.kaplan_meier(waits)
    assert curve.seconds.tolist() == [1, 3, 5]
    assert curve.patient == pytest.approx([4 / 5, 8 / 15, 0])
    assert curve.at_risk.tolist() == [5, 3, 1]
    assert (curve.low[:2] < curve.patient[:2]).all()
    assert (curve.high[:2] > curve.patient[:2]).all()


def test_goodness_of_fit_with_censoring_sees_the_wrong_family_and_leaves_the_right_one() -> None:
    chance = np.random.default_rng(4)
    impatient = _waits(chance, 2.5, 3_000)
    assert censored.goodness(impatient, censored.EXPONENTIAL, chance).p < 0.02
    assert censored.goodness(impatient, censored.WEIBULL, chance).p > 0.05
    refused = sum(censored.goodness(_waits(chance), censored.EXPONENTIAL, chance).p < 0.05 for _ in range(20))
    assert refused <= 5


# --- talk and wrap-up --------------------------------------------------------------------------------------

DRAWN = {
    durations.LOGNORMAL: (
        lambda chance, n: chance.lognormal(1.5, 1.3, n),
        np.exp(1.5 + 0.845),
        np.expm1(1.69),
    ),
    durations.GAMMA: (lambda chance, n: chance.gamma(2.5, 3.0, n), 7.5, 0.4),
    durations.EXPONENTIAL: (lambda chance, n: chance.exponential(7.0, n), 7.0, 1.0),
}


@pytest.mark.parametrize("family", DRAWN)
def test_the_family_is_chosen_and_its_intervals_hold_the_truth(family: str) -> None:
    draw, mean, variation = DRAWN[family]
    chance, chosen, of_mean, of_variation = np.random.default_rng(5), 0, 0, 0
    for _ in range(ROUNDS):
        fitted = durations.fit(draw(chance, 400))
        chosen += fitted[0].family == family
        mine = next(each for each in fitted if each.family == family)
        of_mean += mine.mean_low <= mean <= mine.mean_high
        of_variation += mine.variation_low <= variation <= mine.variation_high
    assert chosen > 0.8 * ROUNDS
    assert of_mean >= AT_LEAST
    assert of_variation >= AT_LEAST


@pytest.mark.parametrize("family", DRAWN)
def test_goodness_of_fit_sees_the_wrong_family_and_leaves_the_right_one(family: str) -> None:
    chance, refused = np.random.default_rng(6), 0
    for _ in range(20):
        values = DRAWN[family][0](chance, 300)
        fitted = {each.family: each for each in durations.fit(values)}
        good = durations.goodness(values, fitted[family], chance)
        refused += good.ks_p < 0.05 or good.ad_p < 0.05
    assert refused <= 5
    if family == durations.LOGNORMAL:
        assert durations.goodness(values, fitted[durations.EXPONENTIAL], chance).ad_p < 0.02


@pytest.mark.parametrize("seed", range(3))
def test_mean_and_variation_are_the_sample_s_whatever_the_family(seed: int) -> None:
    """A log of which 5 % hung up within 10 s: the lognormal of best AIC would have another mean."""
    chance = np.random.default_rng(seed)
    minutes = np.concatenate([chance.lognormal(0.85, 0.75, 9_500), chance.uniform(0.02, 0.16, 500)])
    arrived = histories.arrivals(CENTRE, BEGIN, END, 5, chance)
    history = histories.made(BEGIN, END, arrived, talk_ms=np.round(minutes * 60_000).astype(np.int64))
    found = _numbers(fit(history, PLAIN))
    mean, variation = found["calls.talk"].interval, found["calls.talk_variation"].interval
    assert mean.value == pytest.approx(minutes.mean(), rel=1e-3)
    assert variation.value == pytest.approx(minutes.var() / minutes.mean() ** 2, rel=1e-3)
    assert mean.low < 0.95 * np.exp(0.85 + 0.75**2 / 2) + 0.05 * 0.09 < mean.high
    assert variation.low < variation.value < variation.high


def test_the_sample_s_intervals_hold_the_truth() -> None:
    """Gamma of mean 7.5 and variation 0.4, at the stated rate, and of durations that are all alike."""
    chance, of_mean, of_variation = np.random.default_rng(12), 0, 0
    for _ in range(ROUNDS):
        mean, variation = durations.moments(chance.gamma(2.5, 3.0, 400))
        of_mean += mean.low <= 7.5 <= mean.high
        of_variation += variation.low <= 0.4 <= variation.high
    assert of_mean >= stats.binom.ppf(1e-4, ROUNDS, 0.93)
    assert of_variation >= stats.binom.ppf(1e-4, ROUNDS, 0.9)
    mean, variation = durations.moments(np.full(40, 2.0))
    assert tuple(mean) == (2, 2, 2)
    assert tuple(variation) == (0, 0, 0)


def test_quantiles_are_those_of_the_family() -> None:
    chance, at = np.random.default_rng(11), np.array([0.1, 0.5, 0.9])
    for family, (draw, _, _) in DRAWN.items():
        fitted = next(each for each in durations.fit(draw(chance, 20_000)) if each.family == family)
        seen = np.quantile(draw(chance, 200_000), at)
        assert durations.quantiles(fitted, at) == pytest.approx(seen, rel=0.05)


def test_scipy_agrees_on_the_gamma() -> None:
    values = np.random.default_rng(7).gamma(0.7, 5.0, 500)
    shape, _, scale = stats.gamma.fit(values, floc=0)
    found = next(each for each in durations.fit(values) if each.family == durations.GAMMA)
    assert found.parameters == pytest.approx((shape, scale), rel=1e-4)


# --- when calls come ---------------------------------------------------------------------------------------

BY_DAY = (1.3, 1.1, 0.7, 1.2, 0.7, 1.0, 1.0)
BY_HOUR = tuple(1.5 if 9 <= hour < 11 else 0.8 for hour in range(24))
BEGIN, END = date(2026, 1, 7), date(2026, 3, 31)


@pytest.mark.parametrize("variation", [0.0, 0.1])
def test_weights_hold_the_truth_and_overdispersion_is_seen(variation: float) -> None:
    """Short Wednesdays and Fridays do not make afternoons look rare; busy days widen the intervals."""
    chance, held, shown, seen = np.random.default_rng(8), 0, 0, 0
    for _ in range(40):
        arrived = histories.arrivals(
            CENTRE, BEGIN, END, 30, chance, by_weekday=BY_DAY, by_hour=BY_HOUR, variation=variation
        )
        by_day = daily(histories.made(BEGIN, END, arrived), CENTRE, np.ones(len(arrived), np.bool_))
        found = demand.demand(by_day)
        assert found.dispersion is not None
        seen += found.dispersion.p < 0.01
        hours = np.mean([BY_HOUR[int(each.key)] for each in found.hours])
        truth = dict(zip(("mon", "tue", "wed", "thu", "fri"), BY_DAY, strict=False))
        for each in found.weekdays:
            held += each.low <= truth[each.key] <= each.high
        for each in found.hours:
            held += each.low <= BY_HOUR[int(each.key)] / hours <= each.high
        shown += len(found.weekdays) + len(found.hours)
        assert len(found.weekdays) == 5
        assert [each.key for each in found.months] == ["01", "02", "03"]
    assert held >= 0.92 * shown
    assert seen <= 3 if variation == 0 else seen >= 38


# --- shares ------------------------------------------------------------------------------------------------


def test_wilson_by_the_book_and_shares_that_add_up() -> None:
    assert shares.wilson(8, 10)[1:3] == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert shares.wilson(0, 0)[:3] == (0, 0, 1)
    found = shares.dirichlet([90, 10, 0])
    assert sum(each.value for each in found) == pytest.approx(1)
    assert found[2].low == 0 < found[2].value < found[2].high < 0.03


# --- the whole ---------------------------------------------------------------------------------------------


def _numbers(parts: tuple[Part, ...]) -> dict[str, Measured]:
    return {each.key: each for part in parts for each in part.numbers if each.key}


def test_below_thirty_the_scenario_s_number_is_kept() -> None:
    """29 who gave up are too few, 30 are not; the reason is told with the count."""
    chance = np.random.default_rng(9)
    arrived = histories.arrivals(CENTRE, BEGIN, END, 5, chance)
    for count, kept in ((ENOUGH - 1, True), (ENOUGH, False)):
        ended = np.full(len(arrived), ANSWERED)
        ended[:count] = ABANDONED
        wait = np.full(len(arrived), 60_000)
        talk = np.arange(1, count + 1) * 10_000
        found = _numbers(
            fit(histories.made(BEGIN, END, arrived, ended=ended, wait_ms=wait, talk_ms=talk), PLAIN)
        )
        for key in ("calls.patience", "calls.talk"):
            assert bool(found[key].kept) == kept
            assert found[key].n == count
        assert found["phones.busy"].kept == "too few data (n < 30)"


def test_wrap_up_that_a_timer_ends_is_not_taken_for_what_it_takes() -> None:
    """Exponential of mean 60 s, cut at the centre's 30 s: about 60 s is found, not 24."""
    chance = np.random.default_rng(10)
    wrap = np.minimum(chance.exponential(60, 2_000), CENTRE.staffing.wrap_up_seconds) * 1000
    arrived = histories.arrivals(CENTRE, BEGIN, END, 5, chance)
    parts = fit(histories.made(BEGIN, END, arrived, wrap_ms=wrap.astype(np.int64)), PLAIN)
    part = next(each for each in parts if each.title == "Wrap-up")
    assert part.numbers[0].interval.low < 1 < part.numbers[0].interval.high
    assert any("ended by it: they are cut short" in line for line in part.said)


@pytest.fixture(scope="module")
async def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight weeks of a busy centre, run by the daemon's engine, written by the daemon's recorder."""
    model = histories.weeks_of_calls(8)
    return await histories.record(tmp_path_factory.mktemp("records"), histories.simulated(model, 7))


def test_from_the_daemon_s_records_to_a_scenario_file(recorded: Path, tmp_path: Path) -> None:
    """What the simulated centre was made of is found again, and the file that says so passes the check."""
    out = tmp_path / "fitted.toml"
    arguments = ["fit", str(recorded), "--file", str(SHIPPED), "--out", str(out), "--pictures", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert CliRunner().invoke(app, ["check", "--file", str(out)]).exit_code == 0
    for name in ("talk", "patience"):
        assert (tmp_path / f"{name}.svg").read_bytes().startswith(b"<svg")
    said = tomllib.loads(out.read_text(encoding="utf-8"))
    true = dict(PLAIN.quantities())
    fitted = scenario_file.load(out, "2023_flow")
    found = {key: each for key, each in fitted.quantities() if each.source.startswith("fitted")}
    span, inside = records.read(str(recorded), CENTRE, None, None).shown(), 0
    for key, each in found.items():
        low, high = map(float, each.source.rpartition("95 % ")[2].split(" to "))
        factor = 1.5 if key == "cases.calls_per_case" else 1.0
        inside += low <= true[key].value * factor <= high
        assert f"the centre's records {span}, n = " in each.source
    assert len(found) > 35
    assert inside >= stats.binom.ppf(1e-4, len(found), 0.95)
    for key in (
        "calls.patience",
        "calls.talk",
        "calls.talk_variation",
        "calls.retrial",
        "calls.retrial_after",
    ):
        assert key in found
    assert "06" not in said["cases"]["month"]
    assert fitted.cases.month["06"].source == PLAIN.cases.month["06"].source
    assert fitted.digest != scenario_file.load(SHIPPED, "2023_flow").digest


def test_a_file_that_cannot_be_written_is_named(recorded: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "none" / "fitted.toml")
    result = CliRunner().invoke(app, ["fit", str(recorded), "--file", str(SHIPPED), "--out", out])
    assert result.exit_code == 2
    assert f"--out {out}: cannot be written" in result.output


# --- a file that extends another ---------------------------------------------------------------------------


def test_a_file_may_extend_another_and_faults_name_the_one_that_says_it(tmp_path: Path) -> None:
    upper = tmp_path / "upper.toml"
    quantity = 'patience = {{ value = {}, unit = "min", source = "measured" }}\n'
    upper.write_text(f'extends = "{SHIPPED}"\n[calls]\n' + quantity.format(4))
    scenario = scenario_file.load(upper, "2023_flow")
    assert scenario.calls.patience.value == 4
    assert scenario.calls.talk == PLAIN.calls.talk
    upper.write_text(f'extends = "{SHIPPED}"\n[calls]\n' + quantity.format(-4) + "wrong = 1\n")
    with pytest.raises(ConfigFaults) as found:
        scenario_file.load(upper, "2023_flow")
    assert len(found.value.faults) == 2
    assert {each.file for each in found.value.faults} == {str(upper)}
    top = tmp_path / "top.toml"
    top.write_text(f'extends = "upper.toml"\n[calls]\n{quantity.format(3)}')
    with pytest.raises(ConfigFaults) as found:
        scenario_file.load(top, "2023_flow")
    assert {each.file for each in found.value.faults} == {str(upper.resolve())}


@pytest.mark.parametrize(
    ("extends", "reason"), [("none.toml", "names no file: 'none.toml'"), ("upper.toml", "in a circle")]
)
def test_what_cannot_be_extended_is_named(extends: str, reason: str, tmp_path: Path) -> None:
    upper = tmp_path / "upper.toml"
    upper.write_text(f'extends = "{extends}"\n')
    with pytest.raises(ConfigFaults, match=reason):
        scenario_file.names(upper)
