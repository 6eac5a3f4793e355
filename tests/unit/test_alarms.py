"""What each kind of alarm goes by: values that are worked out by hand."""

from collections.abc import Sequence
from typing import Any

import pytest

from acd.alarmed import Cause, OpenAlarm
from acd.alarms.apart import merged
from acd.alarms.coverage import Fewest, fewest
from acd.alarms.judged import Standing, Threshold, all_judged
from acd.alarms.measured import Gone, Measured, Scene, measured
from acd.prospects import BEYOND, Expectation, Waits
from config.duties import Presence
from config.tables.alarm import Alarm
from routing import events as ev
from routing.policy import Callbacks, Hours
from routing.privacy import ALL, MERGED, Apart, servers
from routing.world import World
from tests.fakes.centre import PHONES, POLICY, Bench

MINUTE = 60_000
NONE = Waits(0, 0, 0, 0, "nobody waits", 0, ())
CELLS = [(language, concern) for language in ("de", "ar", "tr") for concern in ("study", "other")]


def rule(kind: str, **keys: Any) -> Alarm:
    given = {"limit": 5} if kind != "parts" else {}
    return Alarm(**{"name": "it", "kind": kind, "de": "Warum", "en": "Why", **given, **keys})


def scene(bench: Bench, **other: Any) -> Scene:
    world: World = bench.engine.world
    return Scene(bench.now, world, NONE, 120 * MINUTE, {}, {}, {})._replace(**other)


def covered(bench: Bench, minutes: int = 120, presences: Sequence[Presence] = ()) -> dict[int, Fewest]:
    world: World = bench.engine.world
    assert world.policy is not None
    able = {cell: servers(world.policy, world.people.values(), *cell) for cell in CELLS}
    here = frozenset(key for key, each in world.people.items() if each.at_work)
    until = bench.now + minutes * MINUTE
    return {minutes: fewest(world.policy, able, here, presences, bench.now, until)}


def look(alarm: Alarm, seen: Scene, *known: Cause) -> dict[Cause, Measured]:
    return measured([alarm], seen, known)


def callers(bench: Bench) -> Bench:
    """Turkish study for 12 minutes, Arabic other for 7, German other for 2 and 0."""
    for uid, language, concern, after in (
        ("1", "tr", "study", 5),
        ("2", "ar", "other", 5),
        ("3", "de", "other", 2),
        ("4", "de", "other", 0),
    ):
        bench.call(uid, language, concern)
        bench.now += after * MINUTE
    return bench


def test_the_longest_wait_is_of_whom_the_rule_is_about() -> None:
    seen = scene(callers(Bench()))
    (found,) = look(rule("longest_wait"), seen).values()
    assert found.value == pytest.approx(12, abs=0.01)
    assert (found.cells, found.more) == ((("tr", "study"), ("ar", "other")), 0)
    each = look(rule("longest_wait", each=["language"]), seen)
    assert {cause.language: round(one.value or 0) for cause, one in each.items()} == {
        "tr": 12,
        "ar": 7,
        "de": 2,
    }
    (found,) = look(rule("longest_wait", language="de"), seen).values()
    assert (found.value, found.cells) == (pytest.approx(2, abs=0.01), ())
    assert look(rule("longest_wait", language="uk"), seen) == {}


def test_the_expected_wait_is_the_median_and_beyond_the_horizon_is_the_horizon() -> None:
    some = tuple(
        Expectation(visit, tongue, "other", 0, 0, q50, BEYOND, 900)
        for visit, tongue, q50 in ((1, "de", 3 * MINUTE), (2, "ar", BEYOND))
    )
    waits = NONE._replace(at_ms=1, state="ok", callers=some)
    each = look(rule("expected_wait", each=["language"]), scene(Bench(), waits=waits))
    assert {cause.language: one.value for cause, one in each.items()} == {"de": 3, "ar": 120}


@pytest.mark.parametrize(("state", "known"), [("nobody waits", True), ("no link", False), ("off", False)])
def test_where_there_is_no_outlook_what_is_raised_stays(state: str, known: bool) -> None:
    raised = Cause("it")
    found = look(
        rule("expected_wait"), scene(Bench(), waits=NONE._replace(state=state)), raised, Cause("other")
    )
    assert found == ({} if known else {raised: Measured(None)})


def test_abandonment_is_a_share_of_enough_callers() -> None:
    gone = {("de", "other"): Gone(30, 3), ("ar", "other"): Gone(10, 5), ("tr", "study"): Gone(4, 4)}
    seen = scene(Bench(), gone={60: gone})
    (found,) = look(rule("abandonment", minutes=60, callers=20), seen).values()
    assert found.value == pytest.approx(100 * 12 / 44)
    assert found.cells == (("ar", "other"), ("tr", "study"), ("de", "other"))
    each = look(rule("abandonment", minutes=60, callers=10, each=["language"]), seen)
    assert {cause.language: one.value for cause, one in each.items()} == {"de": 10, "ar": 50, "tr": None}
    raised = Cause("it")
    assert look(rule("abandonment", minutes=30), seen, raised) == {raised: Measured(None)}


def test_coverage_counts_who_is_at_work_and_could_serve() -> None:
    """Amal speaks Arabic, Birgit German, Cem Turkish and German; all three know both well enough."""
    bench = Bench()
    bench.login(PHONES[0], PHONES[2])
    (found,) = look(rule("coverage", limit=2), scene(bench, fewest=covered(bench))).values()
    assert (found.value, found.at_ms) == (1, bench.now)
    assert found.cells == (("ar", "other"), ("ar", "study"), ("tr", "other"), ("tr", "study"))
    each = look(rule("coverage", limit=2, each=["language"]), scene(bench, fewest=covered(bench)))
    assert {cause.language: one.value for cause, one in each.items()} == {"de": 2, "ar": 1, "tr": 1}
    bench.tell(ev.StaffAsked("", PHONES[2], "notready", "break", None))
    (found,) = look(rule("coverage", language="tr"), scene(bench, fewest=covered(bench))).values()
    assert found.value == 1, "a break is no gap"
    bench.tell(ev.StaffAsked("", PHONES[2], "logout", "", None))
    (found,) = look(rule("coverage", language="tr"), scene(bench, fewest=covered(bench))).values()
    assert found.value == 0
    assert look(rule("coverage"), scene(bench), Cause("it")) == {Cause("it"): Measured(None)}


def test_coverage_looks_ahead_by_the_roster_and_only_when_it_is_open() -> None:
    bench = Bench()
    bench.login(*PHONES)
    hour = 60 * MINUTE
    now = bench.now
    roster = (
        Presence("amal", now - hour, now + hour),
        Presence("cem", now - hour, now + 3 * hour),
        Presence("birgit", now - 9 * hour, now - 8 * hour),
    )
    ahead = rule("coverage", language="ar", minutes=120)
    (found,) = look(ahead, scene(bench, fewest=covered(bench, presences=roster))).values()
    assert (found.value, found.at_ms) == (0, now + hour), "Amal goes in an hour"
    (found,) = look(
        rule("coverage", language="ar", minutes=30), scene(bench, fewest=covered(bench, 30, roster))
    ).values()
    assert found.value == 1
    (found,) = look(ahead, scene(bench, fewest=covered(bench))).values()
    assert found.value == 1, "without a roster nothing is known of later"
    (found,) = look(
        rule("coverage", language="ar", minutes=60), scene(bench, fewest=covered(bench, 60, roster))
    ).values()
    assert (found.value, found.at_ms) == (0, now + hour), "the last moment is one that is looked at"
    again = (*roster, Presence("amal", now + hour, now + 4 * hour))
    (found,) = look(ahead, scene(bench, fewest=covered(bench, presences=again))).values()
    assert found.value == 1
    (found,) = look(
        rule("coverage", language="de"), scene(bench, fewest=covered(bench, presences=roster))
    ).values()
    assert found.value == 2, "Birgit came though her duty is over, and stays"
    bench.tell(ev.PolicyChanged("p2", POLICY._replace(opening=((now, now + hour),))))
    (found,) = look(ahead, scene(bench, fewest=covered(bench, presences=roster))).values()
    assert found.value == 1, "when Amal goes we are closed"
    own = POLICY._replace(hours=(Hours("", "study", ()),))
    bench.tell(ev.PolicyChanged("p3", own))
    each = look(rule("coverage", each=["concern"]), scene(bench, fewest=covered(bench)))
    assert {cause.concern for cause in each} == {"other"}, "study is not open at all"


def test_a_promise_is_late_after_its_window_or_from_when_it_was_due() -> None:
    bench = Bench(POLICY._replace(callbacks=Callbacks()))
    begin = bench.now
    bench.tell(ev.CallbackWished("t1", "de", "other", "", 0, 0))
    bench.tell(ev.CallbackWished("t2", "ar", "other", "", begin + 10 * MINUTE, begin + 20 * MINUTE))
    bench.now = begin + 26 * MINUTE
    each = look(rule("overdue", each=["language"]), scene(bench))
    assert {cause.language: round(one.value or 0) for cause, one in each.items()} == {"de": 26, "ar": 6}
    bench.tell(ev.PolicyChanged("p2", POLICY._replace(opening=((0, bench.now - 1),), callbacks=Callbacks())))
    assert look(rule("overdue"), scene(bench), Cause("it")) == {Cause("it"): Measured(None)}, "closed"


def test_each_part_that_is_not_well_is_a_cause() -> None:
    seen = scene(Bench(), health={"journal": "ok", "link": "away", "records": "slow"})
    assert set(look(rule("parts"), seen)) == {Cause("it", part="link"), Cause("it", part="records")}
    assert set(look(rule("parts", parts=["link", "journal"]), seen)) == {Cause("it", part="link")}


@pytest.mark.parametrize(("falling", "raised_at", "cleared_at"), [(False, 10, 8), (True, 2, 3)])
def test_the_limits_themselves(falling: bool, raised_at: int, cleared_at: int) -> None:
    """Rising: raised from 10 on, and over below 8, not at it. Falling: raised below 2, and over from 3 on."""
    limit = Threshold(raised_at, cleared_at, falling, 0)
    assert [limit.beyond(each) for each in (raised_at - 1, raised_at)] == [falling, not falling]
    assert [limit.within(each) for each in (cleared_at - 1, cleared_at)] == [not falling, falling]


def test_what_leaves_the_house_stands_for_itself_only_where_that_may_stand_alone() -> None:
    """A need, a language, a concern; of others nothing but that something is raised, once."""

    def one(language: str, concern: str, kind: str = "longest_wait", since_ms: int = 5) -> OpenAlarm:
        cells = ((language or "de", concern or "study"),)
        return OpenAlarm(Cause("it", language, concern), kind, since_ms, 7, 5, cells, 2, 9, "Warum", "Why")

    apart = Apart(frozenset({("de", "study"), ("de", "other")}), frozenset({"de"}), frozenset({"study"}))

    def told(*alarms: OpenAlarm) -> tuple[OpenAlarm, ...]:
        return merged(alarms, apart)

    for alone in (
        one("de", "study"),
        one("de", ""),
        one("", "study"),
        one("", ""),
        one("de", "study", "coverage"),
    ):
        assert told(alone) == (alone,)
    hidden = one("tr", "study")._replace(
        cause=Cause("it", MERGED, MERGED), value=5, cells=((MERGED, MERGED),), more=0, at_ms=0
    )
    assert told(one("tr", "study")) == (hidden,)
    assert told(one("tr", "study"), one("ar", "other", since_ms=3), one("ar", "study")) == (
        hidden._replace(since_ms=3),
    )
    assert told(one("tr", "")) == (hidden._replace(cause=Cause("it", MERGED)),)
    assert told(one("", "other")) == (hidden._replace(cause=Cause("it", "", MERGED)),)
    several = one("", "")._replace(cells=(("de", "study"), ("tr", "study"), ("ar", "other")))
    shown = several._replace(cells=(("de", "study"), (MERGED, MERGED)))
    assert told(several) == (shown,)
    fewest_of_one = several._replace(kind="coverage")
    assert told(fewest_of_one) == (shown._replace(kind="coverage", value=5, at_ms=0),)
    assert merged([one("tr", "study")], ALL) == (one("tr", "study"),)


def test_what_is_calm_takes_no_room() -> None:
    limit = Threshold(10, 8, False, 0)
    calm = {Cause("it", language): 3.0 for language in ("de", "ar")}
    assert all_judged({}, {"it": limit}, calm, 5) == ({}, 0)
    raised = {Cause("it", "de"): Standing(raised=True, since_ms=1, told=True)}
    over = Standing(raised=False, since_ms=5, told=True)
    assert all_judged(raised, {"it": limit}, calm, 5) == ({Cause("it", "de"): over}, 0)
