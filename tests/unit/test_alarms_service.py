"""The alarms in the daemon: shown as long as they last, told once, and the same after a restart."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from acd.alarmed import Cause, News
from acd.alarms import kept
from acd.alarms.judged import Standing
from acd.alarms.service import Alarms, Busy, Doors
from acd.prospects import Waits
from agents.model import Team
from config.duties import Presence
from config.load import SHIPPED, load
from config.schema import Centre
from config.tables.alarm import Alarm
from config.tables.opening import Span
from routing import events as ev
from routing.privacy import ALL, MERGED, Apart
from tests.fakes.centre import PHONES, POLICY, Bench

MINUTE = 60_000
CENTRE = load(SHIPPED)
NOON = 1_774_350_000_000
"""A Tuesday in March 2026, 12:00 in Essen."""


def rule(kind: str = "longest_wait", **keys: Any) -> Alarm:
    given = {"limit": 5} if kind != "parts" else {}
    return Alarm(**{"name": "it", "kind": kind, "de": "Warum", "en": "Why", "seconds": 0, **given, **keys})


class Heard:
    """A way out that keeps what it was told."""

    name = "heard"
    tells = "ok"

    def __init__(self) -> None:
        self.news: list[News] = []
        self.answer = asyncio.Event()
        self.answer.set()

    def tell(self, news: News) -> None:
        self.news.append(news)

    async def tried(self, news: News) -> str:
        self.news.append(news)
        await self.answer.wait()
        return self.tells

    def said(self) -> list[tuple[list[str], list[str]]]:
        """Of each news the rules that are raised and over."""
        return [
            ([a.cause.rule for a in each.raised], [a.cause.rule for a in each.over]) for each in self.news
        ]


class House:
    """Alarms over the world of a bench."""

    def __init__(self, path: Path, *rules: Alarm) -> None:
        self.bench = Bench()
        self.bench.now = NOON
        self.centre: Centre = CENTRE.model_copy(update={"alarm": list(rules)})
        self.path = path / kept.NAME
        self.still = True
        self.gone: Mapping[tuple[str, str], tuple[int, int]] | Exception = {}
        self.asked = self.changes = 0
        self.health = {"journal": "ok"}
        self.roster: list[Presence] = []
        self.apart = ALL
        self.begin()

    def begin(self) -> None:
        """A daemon begins."""
        self.way = Heard()

        async def gone(since_ms: int) -> Mapping[tuple[str, str], tuple[int, int]]:
            self.asked += 1
            if isinstance(self.gone, Exception):
                raise self.gone
            return self.gone

        async def duties(centre: Centre) -> Sequence[Presence]:
            return self.roster

        def changed() -> None:
            self.changes += 1

        self.alarms = Alarms(
            Doors(
                still=lambda: self.still,
                world=lambda: self.bench.engine.world,
                now_ms=lambda: self.bench.now,
                centre=lambda: self.centre,
                waits=lambda: Waits(0, 0, 0, 0, "nobody waits", 0, ()),
                gone=gone,
                duties=duties,
                health=lambda: self.health,
                apart=lambda: self.apart,
                told_apart=lambda: self.apart,
                changed=changed,
            ),
            self.path,
            [self.way],
        )

    async def after(self, ms: int) -> None:
        self.bench.now += ms
        await self.alarms.look()


async def test_it_is_shown_while_it_lasts_and_told_once(tmp_path: Path) -> None:
    house = House(tmp_path, rule(clear=4))
    house.bench.call("1", "ar")
    await house.after(4 * MINUTE)
    assert (house.alarms.open(), house.changes) == ((), 0)
    await house.after(MINUTE)
    (shown,) = house.alarms.open()
    assert (shown.cause, shown.value, shown.cells) == (Cause("it"), 5, (("ar", "other"),))
    changes = house.changes
    await house.after(2_000)
    assert house.changes == changes, "a second more is no news to a page"
    await house.after(MINUTE)
    assert (house.alarms.open()[0].value, house.changes) == (6, changes + 1)
    assert house.way.said() == [(["it"], [])]
    house.bench.tell(ev.LegEnded(ev.Leg("pbx1", "1"), 16))
    await house.after(2_000)
    assert house.alarms.open() == ()
    assert house.way.said() == [(["it"], []), ([], ["it"])]
    assert house.way.news[1].over[0].de == "Warum"


async def test_a_restart_raises_nothing_for_a_second_time(tmp_path: Path) -> None:
    house = House(tmp_path, rule(), rule("parts", name="parts"))
    house.bench.call("1")
    house.health["link"] = "away"
    await house.after(9 * MINUTE)
    assert house.way.said() == [(["it", "parts"], [])]
    since = [each.since_ms for each in house.alarms.open()]
    house.begin()
    await house.after(MINUTE)
    assert house.way.said() == []
    assert [each.since_ms for each in house.alarms.open()] == since
    house.begin()
    house.health["link"] = "ok"
    house.centre = CENTRE.model_copy(update={"alarm": [rule("parts", name="parts")]})
    await house.after(MINUTE)
    assert house.way.said() == [([], ["it", "parts"])], "over while nobody ran, and a rule that is gone"
    assert kept.read(house.path) == {}


@pytest.mark.parametrize("text", [b"", b"{}", b"[[1, 2]]", b"\xff", b'[[["a","","",""],[true,1,0]]'])
async def test_a_file_that_cannot_be_read_is_begun_anew(text: bytes, tmp_path: Path) -> None:
    house = House(tmp_path, rule())
    house.path.write_bytes(text)
    house.begin()
    house.bench.call("1")
    await house.after(9 * MINUTE)
    assert kept.read(house.path) == {Cause("it"): Standing(True, house.bench.now, 0, True)}


async def test_where_nothing_can_be_kept_it_is_told_all_the_same_and_tried_again(tmp_path: Path) -> None:
    house = House(tmp_path, rule())
    house.bench.call("1")
    house.path.mkdir()
    with pytest.raises(OSError, match="directory"):
        await house.after(9 * MINUTE)
    assert house.way.said() == [(["it"], [])]
    house.path.rmdir()
    await house.after(2_000)
    assert house.way.said() == [(["it"], [])]
    assert set(kept.read(house.path)) == {Cause("it")}


async def test_in_quiet_hours_it_is_shown_and_told_after_them(tmp_path: Path) -> None:
    """From 12:00 to 13:00, and while we are closed."""
    house = House(tmp_path, rule(quiet=["12:00-13:00"]), rule(name="open", quiet_closed=True))
    house.bench.call("1")
    await house.after(59 * MINUTE)
    assert len(house.alarms.open()) == 2
    assert house.way.said() == [(["open"], [])]
    await house.after(MINUTE)
    assert house.way.said()[1:] == [(["it"], [])]
    house.bench.tell(ev.PolicyChanged("p2", POLICY._replace(opening=((0, house.bench.now),), overtime_ms=-1)))
    house.bench.tell(ev.LegEnded(ev.Leg("pbx1", "1"), 16))
    await house.after(1_000)
    assert house.way.said()[2:] == [([], ["it"])]
    assert Span.parse("12:00-13:00") in house.centre.alarm[0].quiet


async def test_outside_few_people_stand_for_nothing_of_their_own(tmp_path: Path) -> None:
    house = House(tmp_path, rule(each=["language"]), rule(name="all"))
    house.apart = Apart(frozenset({("de", "other")}), frozenset({"de"}), frozenset())
    house.bench.call("1", "ar")
    house.bench.call("2", "tr")
    house.bench.call("3", "de")
    await house.after(9 * MINUTE)
    inside = {each.cause: each.value for each in house.alarms.open()}
    assert inside == {Cause("it", each): 9 for each in ("ar", "tr", "de")} | {Cause("all"): 9}
    outside = {each.cause: (each.value, each.cells) for each in house.alarms.outside()}
    assert outside == {
        Cause("it", MERGED): (5, ((MERGED, MERGED),)),
        Cause("it", "de"): (9, (("de", "other"),)),
        Cause("all"): (9, ((MERGED, MERGED), ("de", "other"))),
    }
    assert {each.cause for each in house.way.news[0].raised} == set(outside)


async def test_while_the_records_do_not_answer_nothing_changes_and_they_are_not_asked_too_often(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, rule("abandonment", limit=10, minutes=60))
    house.gone = {("de", "other"): (30, 6)}
    await house.after(0)
    assert [each.value for each in house.alarms.open()] == [20]
    for _ in range(5):
        await house.after(2_000)
    assert house.asked == 1
    house.gone = OSError("away")
    await house.after(MINUTE)
    assert [each.value for each in house.alarms.open()] == [20]
    house.gone = {("de", "other"): (30, 0)}
    await house.after(MINUTE)
    assert (house.alarms.open(), house.way.said()) == ((), [(["it"], []), ([], ["it"])])


async def test_who_could_serve_is_worked_out_again_when_people_or_rules_are_others(tmp_path: Path) -> None:
    house = House(tmp_path, rule("coverage", limit=1, language="ar", concern="study"))
    house.bench.login(PHONES[0])
    await house.after(0)
    assert house.alarms.open() == ()
    people = house.bench.engine.world.people
    without = [each.agent for each in people.values()]
    without[0] = without[0]._replace(languages=(("de", 7),))
    house.bench.tell(ev.TeamChanged("t2", Team(tuple(without))))
    await house.after(2_000)
    assert [each.value for each in house.alarms.open()] == [0]


async def test_coverage_ahead_is_by_the_roster_and_moves_on_with_time(tmp_path: Path) -> None:
    """Amal goes two hours and ten minutes from now, and nobody else speaks Arabic."""
    house = House(tmp_path, rule("coverage", limit=1, language="ar", concern="study", minutes=120))
    day = 86_400_000
    house.roster = [
        Presence("amal", house.bench.now - day, house.bench.now + 130 * MINUTE),
        Presence("amal", house.bench.now + 90 * day, house.bench.now + 91 * day),
    ]
    house.bench.login(PHONES[0])
    await house.after(0)
    assert house.alarms.open() == ()
    await house.after(10 * MINUTE)
    (gap,) = house.alarms.open()
    assert (gap.value, gap.at_ms) == (0, house.roster[0].end_ms)


async def test_nothing_is_looked_at_while_a_large_step_is_made(tmp_path: Path) -> None:
    house = House(tmp_path, rule())
    house.bench.call("1")
    house.still = False
    await house.after(9 * MINUTE)
    assert house.alarms.open() == ()


async def test_one_test_at_a_time_and_each_way_says_what_came_of_it(tmp_path: Path) -> None:
    house = House(tmp_path, rule())
    house.way.answer.clear()
    first = asyncio.create_task(house.alarms.test())
    while not house.way.news:  # noqa: ASYNC110 it begins in the next turn of the loop
        await asyncio.sleep(0)
    with pytest.raises(Busy):
        await house.alarms.test()
    house.way.answer.set()
    assert await first == {"heard": "ok"}
    assert house.way.news[0].test
    house.way.tells = ""
    assert await house.alarms.test() == {}, "a way that is not used"
