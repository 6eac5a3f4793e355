"""On real Asterisk: closed, opened and drained by hand, with nobody deciding, until the time is over."""

import time
from collections.abc import AsyncIterator

import pytest

from acd.demo.hotline import NUMBER, Hotline
from config.tables.kinds import DAYS
from routing import events as ev
from routing.commands import SetHours
from tests.contract.conftest import AS_SHIPPED, Wire, keys
from tests.integration.conftest import SOURCE

ALWAYS = {day: ["00:00-24:00"] for day in DAYS}
OFF = SetHours(99, (), False, 0)


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Hotline]:
    """Always open, but registration never is by its own hours."""
    never = {"concern": "registration"} | {day: [] for day in DAYS} | {"mon": ["03:00-03:01"]}
    changes = AS_SHIPPED | {
        "hours": {**ALWAYS, "holidays": "", "concern": [never], "after_closing_minutes": 0}
    }
    async with Hotline(SOURCE, changes) as hotline:
        yield hotline


@pytest.fixture
async def wire(hotline: Hotline) -> AsyncIterator[Wire]:
    async with Wire(hotline) as made:
        yield made
        await made.do(OFF)


async def lets_go(wire: Wire, leg: ev.Leg) -> str:
    """What this caller hears, who is let go."""
    await wire.hears(ev.TurnedAway, lambda each: each.leg == leg)
    return (await wire.sees(UserEvent="ACDSays", Call=leg.uid)).get("Sound")


async def test_a_language_that_is_closed_by_hand_is_before_any_concern_and_no_other_is(
    hotline: Hotline, wire: Wire
) -> None:
    await wire.do(SetHours(1, (("de/registration", "open"), ("tr/", "closed")), False, 0))
    await hotline.sipp.call(NUMBER, keys("tr")[:-1])
    came = await wire.hears(ev.CallArrived)
    assert await lets_go(wire, came.leg) == "acd/not_now"
    assert not [each for each in wire.arrivals if isinstance(each.event, ev.ConcernChosen)]
    await hotline.sipp.call(NUMBER, keys("de"))
    waits = await wire.hears(ev.CallWaiting)
    assert (waits.language, waits.concern) == ("de", "registration")


async def test_what_is_closed_by_its_hours_is_open_by_hand_until_the_time_is_over(
    hotline: Hotline, wire: Wire
) -> None:
    await wire.do(SetHours(1, (("/registration", "open"),), False, round(time.time() * 1000) - 2_000))
    await hotline.sipp.call(NUMBER, keys("de"))
    came = await wire.hears(ev.CallArrived)
    assert "acd/closed" in await lets_go(wire, came.leg)
    await wire.do(SetHours(2, (("/registration", "open"),), False, round(time.time() * 1000) + 600_000))
    await hotline.sipp.call(NUMBER, keys("de"))
    assert (await wire.hears(ev.CallWaiting)).concern == "registration"


async def test_of_several_the_most_special_one_counts(hotline: Hotline, wire: Wire) -> None:
    said = (("/", "closed"), ("/registration", "closed"), ("de/", "open"), ("de/registration", "open"))
    await wire.do(SetHours(1, said, False, 0))
    await hotline.sipp.call(NUMBER, keys("de"))
    waits = await wire.hears(ev.CallWaiting)
    await hotline.sipp.call(NUMBER, keys("tr")[:-1])
    gone = await wire.hears(ev.TurnedAway)
    assert (waits.language, gone.language) == ("de", "tr")


async def test_drained_nobody_new_is_let_in_line(hotline: Hotline, wire: Wire) -> None:
    await wire.do(SetHours(1, (("/", "open"),), True, 0))
    await hotline.sipp.call(NUMBER, keys("de")[:-1])
    came = await wire.hears(ev.CallArrived)
    assert await lets_go(wire, came.leg) == "acd/not_now"


async def test_a_concern_that_is_open_by_hand_is_reached_though_all_else_is_closed(
    hotline: Hotline, wire: Wire
) -> None:
    """Whoever may still choose it is asked; who chooses another one then hears that we are closed."""
    await wire.do(SetHours(1, (("/", "closed"), ("/registration", "open")), False, 0))
    await hotline.sipp.call(NUMBER, keys("de"))
    assert (await wire.hears(ev.CallWaiting)).concern == "registration"
    before = len(wire.arrivals)
    await hotline.sipp.call(NUMBER, [*keys("tr")[:-1], (400, "1")])
    came = await wire.hears(ev.CallArrived, after=before)
    assert await lets_go(wire, came.leg) == "acd/not_now"


async def test_who_is_in_line_by_hand_is_kept_while_nobody_decides(hotline: Hotline, wire: Wire) -> None:
    """Outside the hours, with no time after closing: hours by hand count for the dialplan alone too."""
    await wire.do(SetHours(1, (("/registration", "open"),), False, 0))
    await hotline.sipp.call(NUMBER, keys("de"))
    waits = await wire.hears(ev.CallWaiting)
    await wire.hears(ev.DegradedEntered, lambda each: each.leg == waits.leg)
    with pytest.raises(TimeoutError):
        await wire.hears(ev.TurnedAway, lambda each: each.leg == waits.leg, within_s=6)
    await wire.do(SetHours(2, (), False, 0))
    await wire.hears(ev.TurnedAway, lambda each: each.leg == waits.leg)
