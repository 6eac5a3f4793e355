""" "What if": the same futures without and with changes, on the same chance."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from acd.outlook.asked import Changes, Levels
from acd.outlook.beliefs import Beliefs, Calls, Pauses, Phones, Share
from acd.outlook.compared import Comparison, changed_world
from acd.outlook.drawn import Drawn
from acd.outlook.wished import changes
from acd.prospects import (
    Comes,
    Compared,
    Goes,
    MoreCalls,
    OneMore,
    Reserving,
    SomeGo,
    WhatIf,
    Wish,
    WishesRefused,
)
from config.load import SHIPPED, load
from routing import events as ev
from routing.policy import OWN, Plan, Reserve, Step
from routing.world import World
from tests.fakes.beliefs import believed
from tests.fakes.centre import NODE, POLICY, Bench
from tests.oracles.wild import Wild

HOUR = 3_600_000
LEVELS = Levels("all_offered", 20_000, 5_000)
OWN_ONLY = POLICY._replace(plans=(Plan("", "", (Step(0, OWN, 5, 0),)),), choose=("longest_idle",))
"""Whoever speaks the caller's language, and nobody else, ever."""
TURKISH = OneMore(0, (("tr", 7),), (("other", 5),))


def calling(bench: Bench, an_hour: float = 60.0) -> Beliefs:
    """Calls for an hour, half of them Turkish, of which amal speaks none; nobody is in a hurry."""
    shares = (Share("tr", "other", 0.5), Share("ar", "other", 0.5))
    calls = Calls(bench.now, HOUR, (an_hour,), shares, 20.0, 20.0)
    return believed(calls=calls, patience_ms=240_000.0, phones=Phones(2_000, 9_000, 0.0, 15_000))


def bench(*phones: str, policy: Any = OWN_ONLY) -> Bench:
    """These are at work: p01 speaks Arabic, p02 English, p03 Turkish; all speak German."""
    made = Bench(policy)
    made.login(*phones)
    return made


def asked(made: Bench, wanted: Changes, beliefs: Beliefs, pairs: int = 30) -> WhatIf:
    comparison = Comparison(
        made.engine.world, wanted, lambda policy: Drawn(beliefs, policy), made.now, made.now + HOUR
    )
    for seed in range(pairs):
        comparison.one_more(seed, LEVELS)
    return comparison.result(LEVELS)


def of(found: WhatIf, language: str) -> Compared:
    return next(each.wait_s for each in found.waits if each.language == language)


def level(found: WhatIf) -> Compared:
    assert found.service_level is not None
    return found.service_level


def test_one_more_who_speaks_turkish_shortens_the_waits_of_those_who_speak_it() -> None:
    """And of nobody else, where nobody serves in another's language."""
    made = bench("p01", "p03")
    found = asked(made, Changes(more=(TURKISH,)), calling(made))
    turkish = of(found, "tr").difference
    assert turkish.high < 0
    arabic = of(found, "ar").difference
    assert (arabic.mean, arabic.low, arabic.high) == (0, 0, 0)
    assert level(found).difference.low > 0


def test_who_comes_later_helps_later() -> None:
    made = bench("p01", "p03")
    now, later = (
        asked(made, Changes(more=(TURKISH._replace(at_ms=at),)), calling(made))
        for at in (made.now, made.now + HOUR // 2)
    )
    assert of(now, "tr").difference.mean < of(later, "tr").difference.mean < 0
    never = asked(made, Changes(more=(TURKISH._replace(at_ms=made.now + 2 * HOUR),)), calling(made), 5)
    assert of(never, "tr").difference.mean == 0


@pytest.mark.parametrize("device", ["NOT_INUSE", "UNAVAILABLE"])
def test_who_is_logged_out_can_come_wherever_their_phone_is(device: str) -> None:
    """A phone that is not there now is taken to be there then."""
    made = bench("p01")
    made.tell(ev.DeviceChanged("p03", device, NODE))
    found = asked(made, Changes(comes=(Comes(made.now, "cem"),)), calling(made))
    assert of(found, "tr").difference.high < 0
    assert of(found, "ar").difference.mean == 0


def test_who_leaves_is_missed() -> None:
    made = bench("p01", "p03")
    found = asked(made, Changes(goes=(Goes(made.now, "cem"),)), calling(made))
    assert of(found, "tr").difference.low > 0
    assert of(found, "ar").difference.mean == 0
    assert level(found).difference.high < 0


def test_some_leave_whoever_they_are() -> None:
    """Of three one, at any rate; of three ten: everybody, and nobody is answered any more."""
    made = bench("p01", "p02", "p03")
    one = asked(made, Changes(some_go=(SomeGo(made.now, 1),)), calling(made))
    assert level(one).difference.mean < 0
    everybody = asked(made, Changes(some_go=(SomeGo(made.now, 10),)), calling(made))
    assert everybody.answered is not None
    assert everybody.answered.changed.high <= 1
    assert level(one).changed.mean > level(everybody).changed.mean


def test_a_reserve_can_be_given_up_or_kept() -> None:
    """Cem alone speaks Turkish: while he is kept for it German callers wait for others."""
    kept = OWN_ONLY._replace(reserves=(Reserve("tr", 5, 1, 10 * HOUR),))
    for rules, on in ((kept, False), (OWN_ONLY, True)):
        made = bench("p02", "p03", policy=rules)
        calls = Calls(made.now, HOUR, (90.0,), (Share("de", "other", 1.0),), 20.0, 20.0)
        beliefs = believed(calls=calls, patience_ms=240_000.0)
        found = asked(made, Changes(reserving=(Reserving("tr", on),)), beliefs)
        assert (of(found, "de").difference.mean > 0) == on


def test_without_calls_there_is_nothing_to_tell() -> None:
    made = bench("p01", "p03")
    found = asked(made, Changes(calls=(MoreCalls(0.0),)), calling(made))
    assert found.answered is not None
    assert found.answered.changed.mean == 0
    none = asked(made, Changes(), calling(made, an_hour=0.0), 3)
    assert (none.service_level, none.waits) == (None, ())


def test_more_calls_are_those_that_come_anyhow_and_more() -> None:
    made = bench("p01", "p03")
    found = asked(made, Changes(calls=(MoreCalls(2.0),)), calling(made))
    assert found.answered is not None
    assert found.answered.difference.low > 0
    assert level(found).difference.high < 0
    assert of(found, "tr").difference.low > 0


@given(st.integers(0, 10**6), st.integers(1, 300))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_change_is_no_difference(seed: int, steps: int) -> None:
    """Whatever the world is like: the same chance gives the same future."""
    wild = Wild(seed)
    wild.go_on(steps)
    assume(wild.world.policy is not None)
    calls = Calls(wild.now, HOUR, (40.0,), (Share("de", "other", 0.5), Share("tr", "study", 0.5)), 20.0, 20.0)
    pauses = Pauses(600_000.0, believed().talk, believed().talk)
    beliefs = believed(calls=calls, pauses=pauses, phones=Phones(2_000, 9_000, 0.2, 15_000))
    found = same(wild.world, beliefs, wild.now)
    for each in (found.service_level, found.answered, found.gave_up, *(one.wait_s for one in found.waits)):
        assert each is None or each.without == each.changed
        assert each is None or each.difference == (0, 0, 0)


def same(world: World, beliefs: Beliefs, now: int) -> WhatIf:
    comparison = Comparison(world, Changes(), lambda policy: Drawn(beliefs, policy), now, now + HOUR // 4)
    for seed in range(3):
        comparison.one_more(seed, LEVELS)
    return comparison.result(LEVELS)


# --- what may be asked -----------------------------------------------------------------------------------

CENTRE = load(SHIPPED)
ZONE = CENTRE.centre.zone
PEOPLE = frozenset(each.id for each in CENTRE.staff)
NINE = int(datetime(2026, 3, 3, 9, 0, tzinfo=ZONE).timestamp() * 1000)


def test_wishes_are_made_into_changes() -> None:
    noon = NINE + 3 * HOUR
    made = changes(
        [
            Wish("one_more", languages=(("tr", "native"), ("de", "C1")), concerns=(("study", 4),)),
            Wish("leave", "12:00", ("amal", "anna")),
            Wish("leave", "12:00", how_many=2),
            Wish("come", people=("elif",)),
            Wish("reserve", language="uk", on=False),
            Wish("calls", factor=1.3),
        ],
        CENTRE,
        PEOPLE,
        NINE,
    )
    assert made == Changes(
        more=(OneMore(NINE, (("de", 5), ("tr", 7)), (("study", 4),)),),
        goes=(Goes(noon, "amal"), Goes(noon, "anna")),
        some_go=(SomeGo(noon, 2),),
        comes=(Comes(NINE, "elif"),),
        reserving=(Reserving("uk", False),),
        calls=(MoreCalls(1.3),),
    )


def test_every_fault_is_named_at_once_by_its_place_and_key() -> None:
    with pytest.raises(WishesRefused) as refused:
        changes(
            [
                Wish("one_more", languages=(("xx", "C1"),), concerns=(("gardening", 3),)),
                Wish("leave", "08:30", ("nobody", "amal")),
                Wish("leave"),
                Wish("leave", people=("amal",), how_many=1),
                Wish("reserve", language="zz"),
                Wish("dance"),
            ],
            CENTRE,
            PEOPLE,
            NINE,
        )
    assert [(each.place, each.key) for each in refused.value.faults] == [
        (0, "languages"),
        (0, "concerns"),
        (1, "at"),
        (1, "people"),
        (2, "people"),
        (3, "people"),
        (4, "language"),
        (5, "what"),
    ]
    assert "changes 2, at: 08:30 is over: it is 09:00" in str(refused.value)


def test_a_time_of_today_is_one_of_the_centres_clock() -> None:
    """On the day on which clocks go ahead too: 12:00 is two hours after 10:00, three after half past one."""
    early = int(datetime(2026, 3, 29, 1, 30, tzinfo=ZONE).timestamp() * 1000)
    made = changes([Wish("come", "12:00", ("amal",))], CENTRE, PEOPLE, early)
    assert made.comes[0].at_ms - early == 9 * HOUR + HOUR // 2
    this_minute = changes([Wish("come", "09:00", ("amal",))], CENTRE, PEOPLE, NINE + 30_000)
    assert this_minute.comes[0].at_ms == NINE + 30_000


def test_a_reserve_that_is_asked_about_goes_before_one_set_by_hand() -> None:
    """It is kept by hand at any hour; given up, German callers wait less."""
    made = bench("p02", "p03", policy=OWN_ONLY._replace(reserves=(Reserve("tr", 5, 1, 10 * HOUR, ()),)))
    made.tell(ev.SetByHand("reserve", "tr", "on", 0))
    world = changed_world(made.engine.world, Changes(reserving=(Reserving("tr", False),)))
    assert world.by_hand == {}
    assert list(made.engine.world.by_hand) == ["reserve/tr"], "the world itself stays"
    assert changed_world(made.engine.world, Changes()).by_hand == made.engine.world.by_hand
