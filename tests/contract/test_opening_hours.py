"""On real Asterisk, with no daemon: it closes per concern, and says until when, in the caller's language."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from acd.demo.hotline import NUMBER, Hotline
from config import menu
from config.load import load
from config.tables.kinds import DAYS
from routing import events as ev
from routing.commands import SetFallback, TurnAway
from tests.contract.conftest import AS_SHIPPED, TERM, Wire, keys
from tests.contract.test_closing import seconds
from tests.integration.conftest import SOURCE

NOW = datetime.now().astimezone()
"""The day on which the hours are set; a call after midnight sees the next one."""
ALWAYS = ["00:00-24:00"]
CONCERNS = load(SOURCE).concerns
REGISTRATION = keys("tr")
OTHER = [*keys("tr")[:-1], *((400, key) for key in menu.keys(len(CONCERNS), CONCERNS.index("other")))]


def ahead(days: int) -> datetime:
    return NOW + timedelta(days=days)


def week(**days: list[str]) -> dict[str, list[str]]:
    return {day: days.get(day, []) for day in DAYS}


def named(days: int) -> str:
    return DAYS[ahead(days).weekday()]


SHUT_TODAY = {named(days): ["08:15-12:00"] for days in (1, 2, 3)}
HOURS = {
    **week(**dict.fromkeys(DAYS, ALWAYS)),
    "holidays": "",
    "after_closing_minutes": 0,
    "concern": [{"concern": "registration", **SHUT_TODAY}],
}
CLOSURE = {
    "from": ahead(-1).date(),
    "to": ahead(8).date(),
    "languages": ["uk"],
    "say": {"uk": "Перекладач хворіє."},
}


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Hotline]:
    changes = AS_SHIPPED | {
        "centre": {"timezone": "Etc/UTC"},
        "hours": HOURS,
        "closure": [CLOSURE],
    }
    async with Hotline(SOURCE, changes) as hotline:
        yield hotline


async def heard(hotline: Hotline, wire: Wire, told: ev.TurnedAway) -> list[str]:
    """The sentences with which this caller is let go, once they have been heard to their end."""
    ends = await wire.hears(ev.CallEnds, lambda each: each.leg == told.leg, within_s=60)
    assert ends.by == "pbx"
    says = await wire.sees(UserEvent="ACDSays", Call=told.leg.uid)
    over = await wire.sees(UserEvent="ACDEnds", Call=told.leg.uid)
    names = [each.removeprefix("acd/") for each in says.get("Sound").split("&")]
    whole = sum(seconds(hotline, f"{told.language}/acd/{name}.wav") for name in names)
    assert float(over.get("Timestamp")) - float(says.get("Timestamp")) > whole - 0.5
    return names


async def test_a_concern_that_is_closed_turns_away_whoever_chose_it_and_nobody_else(hotline: Hotline) -> None:
    async with Wire(hotline) as wire:
        await hotline.sipp.call(NUMBER, REGISTRATION)
        told = await wire.hears(ev.TurnedAway)
        await hotline.sipp.call(NUMBER, OTHER)
        waits = await wire.hears(ev.CallWaiting)
        assert (told.language, waits.language, waits.concern) == ("tr", "tr", "other")
        assert waits.leg != told.leg
        names = await heard(hotline, wire, told)
        assert names == ["closed", "hours_registration", "opens_tomorrow_495", "goodbye"]


async def test_a_closure_for_a_language_is_heard_before_any_concern_is_chosen(hotline: Hotline) -> None:
    async with Wire(hotline) as wire:
        await hotline.sipp.call(NUMBER, keys("uk")[:1])
        told = await wire.hears(ev.TurnedAway)
        names = await heard(hotline, wire, told)
        assert names == ["closure_1", "hours", f"opens_{ahead(9):%Y%m%d}_0", "goodbye"]
        assert not [each for each in wire.arrivals if isinstance(each.event, ev.ConcernChosen)]


async def test_who_waited_hears_when_it_opens_next_for_what_they_wait_for(hotline: Hotline) -> None:
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, ()))
        await hotline.sipp.call(NUMBER, OTHER)
        waits = await wire.hears(ev.CallWaiting)
        await wire.ask(Action="Setvar", Channel=waits.leg.uid, Variable="ACD_CONCERN", Value="registration")
        await wire.do(TurnAway(2, waits.leg))
        told = await wire.hears(ev.TurnedAway)
        names = await heard(hotline, wire, told)
        assert names == ["turned_away", "opens_tomorrow_495", "goodbye"]


async def test_who_chose_no_language_hears_it_in_those_of_the_staff(hotline: Hotline) -> None:
    async with Wire(hotline) as wire:
        await hotline.sipp.call(NUMBER)
        came = await wire.hears(ev.CallArrived)
        for name, value in (("ACD_LANG", "und"), ("ACD_CONCERN", "registration")):
            await wire.ask(Action="Setvar", Channel=came.leg.uid, Variable=name, Value=value)
        away = {"Context": "acd-closed", "Exten": "s", "Priority": "1"}
        await wire.ask(Action="Redirect", Channel=came.leg.uid, **away)
        told = await wire.hears(ev.TurnedAway)
        names = await heard(hotline, wire, told)
        assert (told.language, names[1]) == ("und", "hours_registration")


async def test_the_dialplan_alone_lets_go_those_in_line_for_a_closed_concern_alone(hotline: Hotline) -> None:
    """Nobody beats: both are served by the dialplan, and one of them finds their concern closed meanwhile."""
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, ()))
        await hotline.sipp.call(NUMBER, OTHER)
        stays = await wire.hears(ev.CallWaiting)
        await hotline.sipp.call(NUMBER, OTHER)
        goes = await wire.hears(ev.CallWaiting, lambda each: each.leg != stays.leg)
        await wire.ask(Action="Setvar", Channel=goes.leg.uid, Variable="ACD_CONCERN", Value="registration")
        for leg in (stays.leg, goes.leg):
            await wire.hears(ev.DegradedEntered, lambda each, leg=leg: each.leg == leg)
        told = await wire.hears(ev.TurnedAway)
        assert told.leg == goes.leg
        assert (await heard(hotline, wire, told))[0] == "turned_away"
        gone = [each.event.leg for each in wire.arrivals if isinstance(each.event, ev.TurnedAway)]
        assert gone == [goes.leg]


async def test_who_is_in_line_and_chooses_a_closed_concern_anew_keeps_their_place(hotline: Hotline) -> None:
    async with Wire(hotline) as wire:
        await hotline.sipp.call(NUMBER, [*OTHER, (3_000, "0"), (2_500, "4"), (2_000, "9")])
        waits = await wire.hears(ev.CallWaiting)
        again = await wire.hears(
            ev.CallWaiting, lambda each: each.leg == waits.leg and each.concern == "registration"
        )
        assert again.queued_ms == waits.queued_ms
