"""On real Asterisk: who waits hears what the daemon has them told; who is let go hears so and is released."""

import asyncio
import wave
from collections.abc import AsyncIterator

import pytest

from acd.demo.hotline import NUMBER, PROJECT, Hotline
from routing import closing
from routing import events as ev
from routing.commands import Say, SetFallback, TurnAway
from tests.contract.conftest import AS_SHIPPED, TERM, Wire, deciding, keys
from tests.integration.test_closed import NIGHT

MOMENTS = 24


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Hotline]:
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED) as hotline:
        yield hotline


def seconds(hotline: Hotline, sound: str) -> float:
    with wave.open(str(hotline.asterisk.folder / "data" / "sounds" / sound)) as read:
        return read.getnframes() / read.getframerate()


async def test_a_sentence_is_heard_and_keys_work_in_it(hotline: Hotline) -> None:
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, [*keys("uk"), (30_000, "1")], hang_up_ms=1_000)
        waits = await wire.hears(ev.CallWaiting)
        for number, sentence in enumerate((closing.NOBODY_HERE, closing.LAST_IN_LINE), start=2):
            before = len(wire.frames)
            await wire.do(Say(number, waits.leg, (sentence,)))
            await wire.sees(after=before, UserEvent="ACDSays", Sound=f"acd/{sentence}")
        await wire.hears(ev.SecondLanguageAdded, lambda each: each.leg == waits.leg)


async def test_who_is_let_go_hears_the_whole_sentence_and_is_released(hotline: Hotline) -> None:
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, ()))
        await hotline.sipp.call(NUMBER, keys("tr"))
        waits = await wire.hears(ev.CallWaiting)
        await wire.do(TurnAway(2, waits.leg))
        told = await wire.hears(ev.TurnedAway)
        began = asyncio.get_running_loop().time()
        ends = await wire.hears(ev.CallEnds, lambda each: each.leg == waits.leg)
        lasted = asyncio.get_running_loop().time() - began
        assert (told.leg, told.language, ends.by) == (waits.leg, "tr", "pbx")
        assert lasted > seconds(hotline, "tr/acd/turned_away.wav") - 0.3


async def test_at_any_moment_who_is_let_go_falls_out_nowhere(hotline: Hotline) -> None:
    """The redirect meets callers between two steps of the hold loop, in sentences and in the music."""
    async with deciding(hotline) as wire:
        for number in range(MOMENTS):
            before = len(wire.arrivals)
            await hotline.sipp.call(NUMBER, keys("en"))
            waits = await wire.hears(ev.CallWaiting, after=before)
            await asyncio.sleep(number * 0.171)
            await wire.do(TurnAway(10 + number, waits.leg))
            await wire.hears(ev.TurnedAway, lambda each, leg=waits.leg: each.leg == leg, within_s=3)
            await wire.ask(Action="Hangup", Channel=waits.leg.uid)


async def test_the_dialplan_alone_lets_go_too_when_its_time_is_over() -> None:
    """Nobody decides and we are closed: who was in line is not rung for through the night."""
    hours = NIGHT["hours"] | {"after_closing_minutes": 0}
    async with (
        Hotline(PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED | {"hours": hours}) as hotline,
        Wire(hotline) as wire,
    ):
        await wire.do(SetFallback(1, TERM, ()))
        await hotline.sipp.call(NUMBER)
        came = await wire.hears(ev.CallArrived)
        await wire.ask(
            Action="Redirect", Channel=came.leg.uid, Context="acd-degraded", Exten="s", Priority="1"
        )
        await wire.hears(ev.DegradedEntered)
        await wire.hears(ev.TurnedAway, lambda each: each.leg == came.leg, within_s=5)
