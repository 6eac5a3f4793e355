"""On real Asterisk: what those on hold hear and press, and the emergency announcement."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from acd.demo.hotline import NUMBER, PROJECT, Hotline
from routing import events as ev
from routing.commands import Connect, Say, SetAnnouncement, SetFallback
from tests.contract.conftest import AS_SHIPPED, TERM, Wire, deciding, keys

STOCK = "emergency_stock"
LONG = ("closed", "hold_first")
"""Sentences that take a while."""


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Hotline]:
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED) as hotline:
        yield hotline


def announcement(*languages: str, ends: bool = False) -> SetAnnouncement:
    """One that every language hears by the stock sentence."""
    return SetAnnouncement(90, tuple((code, STOCK) for code in (*languages, "und")), ends)


OFF = SetAnnouncement(91, (), False)


async def test_sentences_are_heard_one_after_the_other_and_the_urgent_cuts_them(hotline: Hotline) -> None:
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, keys("tr"), hang_up_ms=60_000)
        waits = await wire.hears(ev.CallWaiting)
        await wire.do(Say(2, waits.leg, ("next_in_line", "wait_between_5_10")))
        both = "acd/next_in_line&acd/wait_between_5_10"
        await wire.sees(UserEvent="ACDSays", Sound=both, Call=waits.leg.uid)
        await wire.do(Say(3, waits.leg, LONG))
        await wire.sees(UserEvent="ACDSays", Sound="acd/closed&acd/hold_first")
        before = asyncio.get_running_loop().time()
        await wire.do(Say(4, waits.leg, (STOCK,), at_once=True))
        await wire.sees(UserEvent="ACDSays", Sound=f"acd/{STOCK}", within_s=2)
        assert asyncio.get_running_loop().time() - before < 1
        await wire.ask(Action="Hangup", Channel=waits.leg.uid)


async def test_an_offer_takes_a_caller_out_of_a_sentence(hotline: Hotline) -> None:
    from agents.model import Reach

    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, keys("en"), hang_up_ms=60_000)
        waits = await wire.hears(ev.CallWaiting)
        await wire.do(Say(2, waits.leg, LONG, at_once=True))
        await wire.sees(UserEvent="ACDSays", Sound="acd/closed&acd/hold_first")
        await wire.do(Connect(5, waits.leg, Reach("phone", "p99"), TERM))
        ended = await wire.hears(ev.DialEnded, within_s=3)
        assert (ended.leg, ended.offer) == (waits.leg, 5)
        await wire.ask(Action="Hangup", Channel=waits.leg.uid)


async def test_a_key_has_it_said_again_and_cuts_what_is_said(hotline: Hotline) -> None:
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, [*keys("en"), (2_500, "*")], hang_up_ms=60_000)
        asked = await wire.hears(ev.SentencesAsked)
        after = len(wire.frames)
        await wire.do(Say(2, asked.leg, ("kind_1",)))
        await wire.sees(after=after, UserEvent="ACDSays", Sound="acd/kind_1", Call=asked.leg.uid)
        waits = wire.every(UserEvent="ACDWaiting", Call=asked.leg.uid)
        assert len({each.get("Queued") for each in waits}) == 1
        await wire.ask(Action="Hangup", Channel=asked.leg.uid)


async def test_a_key_leads_to_the_menus_and_back_with_the_place_kept(hotline: Hotline) -> None:
    async with deciding(hotline) as wire:
        again = [(2_500, "0"), (500, keys("tr")[0][1]), *((700, key) for _, key in keys("tr")[1:])]
        await hotline.sipp.call(NUMBER, [*keys("en"), *again], hang_up_ms=60_000)
        first = await wire.hears(ev.CallWaiting)
        asked = await wire.hears(ev.MenuAsked)
        after = len(wire.arrivals)
        chosen = await wire.hears(ev.LanguageChosen, after=after)
        waits = await wire.hears(ev.CallWaiting, after=after)
        assert asked.leg == first.leg == chosen.leg == waits.leg
        assert (first.language, waits.language) == ("en", "tr")
        assert first.queued_ms == waits.queued_ms
        (row,) = list(await wire.listed(Action="DBGetTree", Family=f"acd/{waits.leg.uid}/n"))
        assert row.get("Val").endswith(":tr:registration")
        await wire.ask(Action="Hangup", Channel=waits.leg.uid)


async def test_who_presses_nothing_in_the_menus_again_is_back_as_before(hotline: Hotline) -> None:
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, [*keys("uk"), (2_500, "0")], hang_up_ms=90_000)
        first = await wire.hears(ev.CallWaiting)
        await wire.hears(ev.MenuAsked)
        after = len(wire.arrivals)
        waits = await wire.hears(ev.CallWaiting, after=after, within_s=60)
        assert waits == first
        await wire.ask(Action="Hangup", Channel=waits.leg.uid)


# --- the emergency announcement ------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["de", "und"])
async def test_who_calls_hears_the_announcement_behind_the_language(hotline: Hotline, language: str) -> None:
    async with deciding(hotline) as wire:
        await wire.do(announcement("de", "en"))
        pressed = keys("de")[:1] if language == "de" else []
        await hotline.sipp.call(NUMBER, pressed, hang_up_ms=90_000)
        heard = await wire.hears(ev.AnnouncementHeard, within_s=60)
        assert heard.sound == STOCK
        await wire.hears(ev.CallWaiting, lambda each: each.leg == heard.leg, within_s=60)
        await wire.do(OFF)
        await wire.ask(Action="Hangup", Channel=heard.leg.uid)


async def test_a_key_leads_on_through_the_announcement(hotline: Hotline) -> None:
    async with deciding(hotline) as wire:
        await wire.do(announcement("tr"))
        first, *rest = keys("tr")
        await hotline.sipp.call(
            NUMBER, [first, (900, "#"), *((700, key) for _, key in rest)], hang_up_ms=60_000
        )
        heard = await wire.hears(ev.AnnouncementHeard)
        waits = await wire.hears(ev.CallWaiting, within_s=5)
        assert (waits.leg, waits.language, waits.concern) == (heard.leg, "tr", "registration")
        await wire.do(OFF)
        await wire.ask(Action="Hangup", Channel=heard.leg.uid)


async def test_one_that_ends_calls_lets_who_calls_go(hotline: Hotline) -> None:
    """Nobody decides: the dialplan alone does it."""
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, ()), announcement("en", ends=True))
        await hotline.sipp.call(NUMBER, keys("en")[:1], hang_up_ms=60_000)
        heard = await wire.hears(ev.AnnouncementHeard)
        ends = await wire.hears(ev.CallEnds)
        assert (ends.leg, ends.by) == (heard.leg, "pbx")
        await wire.do(OFF)


async def test_who_hangs_up_in_the_announcement_is_gone(hotline: Hotline) -> None:
    async with deciding(hotline) as wire:
        await wire.do(announcement("en"))
        await hotline.sipp.call(NUMBER, keys("en")[:1], hang_up_ms=1_500)
        heard = await wire.hears(ev.AnnouncementHeard)
        ended = await wire.hears(ev.LegEnded, lambda each: each.leg == heard.leg)
        assert ended.cause == 16
        await wire.do(OFF)
