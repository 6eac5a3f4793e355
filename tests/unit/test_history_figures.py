"""Figures of the history by the book, days of every zone, pictures that fit, and sums that are made anew."""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from acd import remade
from acd.history import drawing
from acd.history.fairness import AS_LONG, LONGER, TOO_FEW, standings, verdict
from acd.history.figures import ANSWERED, GAVE_UP, Aim, Figures, Group, by_wait, figures, quantiles
from acd.history.shares import Z95, difference, wilson
from acd.history.shares import quantile as z_of
from acd.history.sums import LONGEST_MS, QUARTER_MS, bin_of, seconds_of
from acd.history.view import DAY, PIECES, View, begin_of, stretches
from acd.store.open import ready, urls
from acd.store.records import SqlRecorder
from config.load import SHIPPED, load
from routing import facts
from tests.properties.test_history_sums import NOON, call

AIM = Aim("all_offered", 20, 5)
ZONES = ("Europe/Berlin", "UTC", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns")


def test_the_difference_of_two_shares_by_the_book() -> None:
    """Newcombe (1998), table II: 56/70 less 48/80, method 10."""
    low, high = difference(56, 70, 48, 80)
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe (1998), single proportion
    assert z_of(1) == pytest.approx(Z95)
    assert z_of(5) == pytest.approx(2.5758, abs=1e-4)


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    first=st.dates(date(2000, 1, 1), date(2040, 1, 1)),
    days=st.integers(1, 400),
)
def test_every_quarter_hour_of_a_span_lies_once_in_its_day(zone: ZoneInfo, first: date, days: int) -> None:
    """Whenever the clock is put forward or back, by an hour or by half of one."""
    last = first + timedelta(days=days - 1)
    found = stretches(View(first, last, DAY), zone)
    begin, end = (
        int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000) // QUARTER_MS
        for day in (first, last + timedelta(days=1))
    )
    assert (found[0].begin, found[-1].end) == (begin, end)
    assert all(one.end == other.begin for one, other in pairwise(found))
    for each in found:
        for quarter in {each.begin, (each.begin + each.end) // 2, each.end - 1}:
            here = datetime.fromtimestamp(quarter * QUARTER_MS / 1000, UTC).astimezone(zone)
            assert begin_of(DAY, (quarter + each.ahead) // PIECES[DAY].size).date() == here.date()


@given(st.lists(st.integers(0, 4_000_000), min_size=1, max_size=60))
def test_a_quantile_is_a_wait_that_so_many_did_not_pass(waits: list[int]) -> None:
    """To half a second; the longest is the longest."""
    bins = Counter(bin_of(each) for each in waits)
    for share in (0.5, 0.9, 0.95, 1.0):
        (found,) = quantiles(bins, share)
        assert found is not None
        assert sum(each / 1000 <= found + 0.5 for each in waits) >= share * len(waits)
        assert sum(each / 1000 < found - 0.5 for each in waits) < share * len(waits)
    assert quantiles({}, 0.5, 0.9) == [None, None]
    assert seconds_of(bin_of(LONGEST_MS * 3)) == LONGEST_MS / 1000


def group(answered: dict[int, int], gave_up: dict[int, int]) -> Group:
    """Waits in s -> how many."""
    found = Group()
    for side, waits in ((ANSWERED, answered), (GAVE_UP, gave_up)):
        for seconds, n in waits.items():
            found.wait(side, bin_of(seconds * 1000), n)
    return found


def test_service_level_by_the_book() -> None:
    """Koole's vector (metrics.md): 510 offered, 460 answered, 410 in time, 50 gave up, 10 in time."""
    levels = figures(group({20: 410, 21: 50}, {20: 10, 30: 40}), AIM).levels
    shares = {name: round(100 * met / total, 1) for name, (met, total) in levels.items()}
    assert shares == {
        "answered_only": 89.1,
        "abandons_within_met": 82.4,
        "short_abandons_excluded": 82.0,
        "all_offered": 80.4,
    }


def test_giving_up_is_of_those_who_still_waited() -> None:
    bands = by_wait(group({10: 60, 90: 20}, {4: 10, 70: 10}))
    assert [(each.begin_s, each.waited, each.gave_up) for each in bands][:4] == [
        (0, 100, 10),
        (5, 90, 0),
        (20, 30, 0),
        (60, 30, 10),
    ]


def _level(met: int, total: int) -> Figures:
    return figures(group({10: met, 60: total - met}, {}), AIM)


def test_more_than_chance_is_told_from_chance() -> None:
    """Nine in ten beside six in ten of hundreds; the same shares of a few; shares that hardly differ."""
    found = standings({"de": _level(450, 500), "ar": _level(120, 200), "so": _level(6, 10)}, AIM.variant)
    assert {each.name: each.verdict for each in found} == {"ar": LONGER, "de": AS_LONG, "so": TOO_FEW}
    assert [each.name for each in verdict(found)[1]] == ["ar"]
    alike = standings({"de": _level(450, 500), "ar": _level(178, 200)}, AIM.variant)
    assert verdict(alike) == (AS_LONG, [])
    assert verdict(standings({"de": _level(9, 10), "ar": _level(2, 10)}, AIM.variant)) == (TOO_FEW, [])


@given(st.lists(st.lists(st.integers(0, 100_000), min_size=3, max_size=3), max_size=60))
def test_every_bar_is_within_the_picture(piles: list[list[int]]) -> None:
    drawn = drawing.bars(piles, [str(place) for place in range(len(piles))])
    for bar in drawn.bars:
        assert drawing.LEFT - 0.1 <= bar.x <= bar.x + bar.width <= drawing.WIDTH + 0.2
        assert drawing.TOP - 0.2 <= bar.y <= bar.y + bar.height <= drawing.BOTTOM + 0.2
    assert len(drawn.across) <= drawing.LABELS_MAX
    assert len(drawn.up) <= 6
    assert len({each.said for each in drawn.up}) == len(drawn.up)


def test_the_command_says_of_how_many_visits_it_made_them(tmp_path: Path) -> None:
    config = tmp_path / "config" / "welcomecenter.toml"
    config.parent.mkdir()
    config.write_bytes(SHIPPED.read_bytes())
    where = ["rebuild", "--config", str(config)]
    found = CliRunner().invoke(remade.app, where)
    assert found.exit_code == 2
    assert "is not there" in found.output
    centre = load(config)

    async def recorded() -> None:
        engine = await ready("records", urls(centre.path(centre.store.folder), {})["records"])
        await SqlRecorder(engine).record([(1, call(1, NOON, "a", facts.ANSWERED, 5_000))])
        await engine.dispose()

    asyncio.run(recorded())
    found = CliRunner().invoke(remade.app, where)
    assert (found.exit_code, found.output) == (0, "history: made anew from 1 visits\n")
