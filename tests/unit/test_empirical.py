"""Durations that no family fits: what is written is the sample, and it is what the simulator draws."""

import tomllib
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from config.load import ConfigFaults
from simulation.drivers import sampler
from simulation.drivers.model import Duration, faults
from simulation.drivers.reference import Reference
from simulation.drivers.tables import Machine
from simulation.records import censored, empirical
from simulation.records.censored import Waits
from simulation.records.fit import fit
from simulation.records.fragment import fragment
from simulation.records.history import ABANDONED, ANSWERED, History
from simulation.report.contents import document
from simulation.report.document import Table
from simulation.scenarios import scenario_file
from simulation.scenarios.shape import Shape
from simulation.scenarios.year import year
from tests import histories
from tests.unit.test_report import made as material_of

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "planning.toml"
PLAIN = scenario_file.plain(SHIPPED)
BEGIN, END = date(2026, 1, 7), date(2026, 3, 31)

Floats = npt.NDArray[np.float64]


def _two_kinds(chance: np.random.Generator, count: int) -> Floats:
    """Minutes of talks of which a third are over within seconds: no family has two tops."""
    short = chance.random(count) < 0.33
    return np.where(short, chance.uniform(0.1, 0.4, count), chance.lognormal(2.0, 0.4, count))


def _history(minutes: Floats, chance: np.random.Generator) -> History:
    """With callers who never give up in the first half minute, and then do so soon."""
    arrived = histories.arrivals(PLAIN.house, BEGIN, END, 40, chance)
    patience = 30_000 + chance.exponential(40_000, len(arrived))
    answered = chance.exponential(60_000, len(arrived))
    return histories.made(
        BEGIN,
        END,
        arrived,
        talk_ms=np.round(minutes * 60_000).astype(np.int64),
        wait_ms=np.minimum(patience, answered).astype(np.int64),
        ended=np.where(patience < answered, ABANDONED, ANSWERED),
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Floats]:
    """A scenario file fitted from talks and patience that no family fits, and the talks (min)."""
    chance = np.random.default_rng(1)
    minutes = _two_kinds(chance, 4_000)
    history = _history(minutes, chance)
    out = tmp_path_factory.mktemp("fitted") / "fitted.toml"
    out.write_text(fragment(fit(history, PLAIN), history, str(SHIPPED)), "utf-8")
    return out, minutes


def test_where_every_family_is_rejected_the_sample_is_written_and_passes_the_check(
    written: tuple[Path, Floats],
) -> None:
    """Mean and variation are the sample's; the file is bounded; the comment says why."""
    out, minutes = written
    calls = scenario_file.load(out, "2023_flow").calls
    assert calls.talk_shape is not None
    assert calls.patience_shape is not None
    assert len(calls.talk_shape.shares) <= sampler.POINTS_MAX
    assert calls.talk.value == pytest.approx(minutes.mean(), rel=1e-3)
    own = minutes.var(ddof=1) / minutes.mean() ** 2
    assert calls.talk_variation.value == pytest.approx(own, rel=1e-3)
    assert calls.talk_shape.variation == pytest.approx(own, rel=1e-3)
    text = out.read_text("utf-8")
    assert "Every family is rejected" in text
    assert "the empirical distribution is written" in text
    assert "n = 4000" in calls.talk_shape.source


def test_what_is_drawn_is_distributed_as_the_sample(written: tuple[Path, Floats]) -> None:
    """Talks of the simulated year against those of the records: two tops again."""
    out, minutes = written
    model = year(scenario_file.load(out, "2023_flow"), case_work=False).model
    assert model.talk.kind == sampler.EMPIRICAL
    shapes = sampler.shapes_of([model.talk.shape])
    at = (np.arange(20_000) + 0.5) / 20_000
    drawn = np.array([sampler.duration(4, model.talk.a, 0.0, u, 1, shapes) for u in at]) / 60_000
    assert (np.diff(drawn) >= 0).all()
    assert stats.ks_2samp(drawn, minutes).statistic < 0.02
    assert drawn.mean() == pytest.approx(minutes.mean(), rel=2e-3)
    assert drawn.var() == pytest.approx(minutes.var(), rel=1e-2)


def test_patience_is_the_curve_of_kaplan_and_meier(written: tuple[Path, Floats]) -> None:
    """Nobody gives up within the first half minute; the exponential had 23 % do so."""
    out, _ = written
    calls = scenario_file.load(out, "2023_flow").calls
    assert calls.patience_shape is not None
    times = np.array([value for _, value in calls.patience_shape.points]) * calls.patience.value * 60
    gone = np.interp((29, 30 + 40 * np.log(2), 110), times, calls.patience_shape.shares)
    assert gone[0] < 0.01
    assert gone[1:] == pytest.approx((0.5, 1 - np.exp(-2)), abs=0.05)


def test_both_drivers_draw_it_alike(written: tuple[Path, Floats]) -> None:
    """The first days of the fitted year, row by row."""
    model = year(scenario_file.load(written[0], "2023_flow"), case_work=False).model
    day = model._replace(end_ms=model.begin_ms + 14 * 86_400_000, warm_ms=0)
    day = day._replace(
        arrivals=tuple(each for each in day.arrivals if each.end_ms <= day.end_ms),
        shifts=tuple(each for each in day.shifts if each.at_ms < day.end_ms),
    )
    reference = Reference(day, 3, 0)
    reference.run()
    rows = Machine(day).run(3, 0, trace=True)
    assert rows
    assert [tuple(row) for row in reference.rows] == rows


def test_a_family_that_fits_is_named_and_takes_the_place_of_a_shape(
    written: tuple[Path, Floats], tmp_path: Path
) -> None:
    """Fitted again on top of a file with a shape, from lognormal talks: the shape is gone."""
    chance = np.random.default_rng(2)
    history = _history(chance.lognormal(1.6, 0.7, 3_000), chance)
    out = tmp_path / "again.toml"
    out.write_text(fragment(fit(history, PLAIN), history, str(written[0])), "utf-8")
    assert tomllib.loads(out.read_text("utf-8"))["calls"]["talk_shape"] == "lognormal"
    assert scenario_file.load(out, "2023_flow").calls.talk_shape is None


def test_the_report_lists_a_measured_distribution(written: tuple[Path, Floats]) -> None:
    asked = scenario_file.load(written[0], "2023_flow")
    for language in ("de", "en"):
        made = document(material_of(asked), language)
        (section,) = (each for each in made.sections if each.key == "assumptions")
        (table,) = (each for each in section.blocks if isinstance(each, Table))
        (row,) = (each for each in table.rows if each[1] == "calls.talk_shape")
        assert "n = 4000" in row[-1]


GOOD = {"shares": [0.0, 0.5, 1.0], "values": [0.5, 1.0, 1.5], "source": "measured"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"shares": [0.0, 0.5]}, "has 2 shares, but 3 values"),
        ({"shares": [0.1, 0.5, 1.0]}, "shares that do not rise from 0 to 1"),
        ({"shares": [0.0, 0.0, 1.0]}, "shares that do not rise from 0 to 1"),
        ({"values": [1.0, 0.5, 1.5]}, "values that fall"),
        ({"values": [0.5, 1.0, 3.5]}, "has the mean 1.5"),
        ({"values": [-0.5, 1.0, 2.5]}, "greater than or equal to 0"),
        ({"shares": [0.0, 1.0], "values": [0.0, 2.0]}, "calls.talk_shape has 0.3333"),
        ({"shares": [each / 99 for each in range(100)], "values": [1.0] * 100}, "at most 64"),
    ],
)
def test_a_shape_that_cannot_be_is_named(
    changed: dict[str, list[float]], reason: str, tmp_path: Path
) -> None:
    """One fault, its key and its file."""
    file = tmp_path / "own.toml"
    shape = ", ".join(f"{key} = {value!r}".replace("'", '"') for key, value in {**GOOD, **changed}.items())
    file.write_text(f'extends = "{SHIPPED}"\n[calls]\ntalk_shape = {{ {shape} }}\n', "utf-8")
    with pytest.raises(ConfigFaults) as found:
        scenario_file.load(file, "2023_flow")
    said = [str(each) for each in found.value.faults]
    assert all("calls.talk_" in each for each in said)
    assert any(reason in each for each in said)


def test_another_word_for_a_shape_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(f'extends = "{SHIPPED}"\n[calls]\ntalk_shape = "gamma"\n', "utf-8")
    with pytest.raises(ConfigFaults, match='it is "lognormal" or'):
        scenario_file.load(file, "2023_flow")


@given(
    st.lists(st.floats(0.001, 1.0), min_size=1, max_size=63),
    st.lists(st.floats(0.0, 50.0), min_size=63, max_size=63),
    st.floats(1e-9, 1 - 1e-9),
)
def test_a_draw_rises_with_u_and_lies_where_numpy_has_it(
    steps: list[float], rises: list[float], u: float
) -> None:
    shares = np.append(0.0, np.cumsum(steps) / sum(steps))
    shares[-1] = 1.0
    values = np.cumsum(rises[: len(shares)])
    points = tuple(zip(shares.tolist(), values.tolist(), strict=False))
    shares, values = np.array(points).T
    if len(points) < 2 or shares[-1] != 1.0 or not (np.diff(shares) > 0).all():
        return
    shapes = sampler.shapes_of([points])
    drawn = sampler.duration(sampler.EMPIRICAL, 60_000.0, 0.0, u, 1, shapes)
    assert drawn == pytest.approx(60_000 * np.interp(u, shares, values), abs=1)


def test_a_model_with_a_shape_that_falls_is_refused() -> None:
    model = year(PLAIN, case_work=False).model
    wrong = Duration(sampler.EMPIRICAL, 1.0, shape=((0.0, 2.0), (1.0, 0.0)))
    assert any("the shape of talk" in each for each in faults(model._replace(talk=wrong)))


@pytest.mark.parametrize("count", [30, 31, 100, 5_000])
def test_any_sample_keeps_mean_and_variation(count: int) -> None:
    """From 30 on; heavy and light, with ties, nearly nothing among them, one beyond all others."""
    chance = np.random.default_rng(count)
    for values in (
        chance.lognormal(1, 1.3, count),
        chance.gamma(0.3, 2.0, count) + 1e-6,
        chance.choice([1.0, 9.0], count),
        chance.uniform(1, 9, count),
        np.append(chance.uniform(1, 2, count - 1), 1_000.0),
    ):
        found = empirical.of_sample(values)
        shape = Shape(shares=list(found.shares), values=list(found.values), source="measured")
        assert shape.mean == pytest.approx(1, abs=1e-4)
        assert shape.variation == pytest.approx(values.var(ddof=1) / values.mean() ** 2, rel=1e-3)


def test_patience_beyond_what_was_seen_goes_on_as_an_exponential() -> None:
    """Half are answered by 100 s at the latest: the tail has the share that the curve leaves."""
    chance = np.random.default_rng(5)
    gives_up = chance.exponential(200, 4_000)
    found, mean, end = empirical.of_waits(Waits(np.minimum(gives_up, 100), gives_up < 100))
    assert end == pytest.approx(100, abs=2)
    assert mean == pytest.approx(200, rel=0.1)
    interval = empirical.mean_of_waits(Waits(np.minimum(gives_up, 100), gives_up < 100), chance)
    assert interval.low < 200 < interval.high
    assert censored.exponential(Waits(np.minimum(gives_up, 100), gives_up < 100)).mean == pytest.approx(
        mean, rel=0.05
    )
    assert found.shares[-1] == 1
