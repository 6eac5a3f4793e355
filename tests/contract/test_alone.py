"""The dialplan with nobody deciding: whoever waits is rung for, whatever they do meanwhile."""

from collections.abc import AsyncIterator

import pytest

from acd.demo.hotline import NUMBER, PROJECT, Hotline
from routing import events as ev
from routing.commands import SetFallback
from tests.contract.conftest import AS_SHIPPED, TERM, Wire, keys


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Hotline]:
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED) as hotline:
        yield hotline


async def test_keys_and_sentences_do_not_put_off_being_served(hotline: Hotline) -> None:
    """Every sentence begins the loop of acd-hold anew; the daemon's silence goes on all the same."""
    pressed = [*keys("uk"), *((4_000, "1") for _ in range(8))]
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, ()))
        await hotline.sipp.call(NUMBER, pressed, hang_up_ms=20_000)
        await wire.hears(ev.CallWaiting)
        await wire.hears(ev.DegradedEntered, within_s=14)


async def test_a_phone_that_does_not_answer_does_not_stand_before_one_that_does(hotline: Hotline) -> None:
    await hotline.sipp.phones(["p04"], answer_ms=60_000)
    await hotline.sipp.phones(["p05"], answer_ms=100)
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, (("", ("p04", "p05")),)))
        await hotline.sipp.call(NUMBER, keys("uk"), hang_up_ms=60_000)
        await wire.hears(ev.DialBegan, lambda each: each.phone == "p04")
        talk = await wire.hears(ev.Bridged)
        assert talk.phone == "p05"
        waits = [
            a for a in wire.arrivals if isinstance(a.event, ev.CallWaiting) and a.event.leg == talk.caller
        ]
        assert len({a.event for a in waits}) == 1, "the place is kept"
