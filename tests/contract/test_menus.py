"""The menus as callers hear them: keys act at once, and nobody waits long for their own language."""

import asyncio
import wave
from array import array
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acd.demo.hotline import NUMBER, PROJECT, Hotline
from acd.pbx.menus import PATIENCE_S
from acd.pbx.sounds import render
from config.prompts import sounds
from routing import events as ev
from routing.commands import Confirm, SetFallback
from tests.contract.conftest import AS_SHIPPED, TERM, Wire

MEDIAN_S, LAST_S, SILENT_S = 12.0, 25.0, 40.0


@pytest.fixture(scope="module")
async def hotline() -> AsyncIterator[Hotline]:
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED) as hotline:
        yield hotline


def seconds(path: Path) -> float:
    with wave.open(str(path)) as sound:
        return sound.getnframes() / sound.getframerate()


async def test_a_key_acts_at_once(hotline: Hotline) -> None:
    """A third of a second later comes the next key, and is the next menu's."""
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, ()))
        for pressed, wanted in (
            ("19", ("de", "registration")),
            ("01", ("es", "employment")),
            ("103", ("de", "other")),
            ("1*001", ("de", "employment")),
        ):
            before = len(wire.arrivals)
            keys = [(350, key) for key in pressed]
            await hotline.sipp.call(NUMBER, keys, hang_up_ms=300)
            chosen = await wire.hears(ev.CallWaiting, after=before)
            assert (chosen.language, chosen.concern) == wanted, pressed


async def test_a_key_that_the_page_does_not_have_is_a_wrong_one(hotline: Hotline) -> None:
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, ()))
        keys = [(350, "2"), (350, "0"), (350, "9"), (1_000, "2")]
        await hotline.sipp.call(NUMBER, keys, hang_up_ms=300)
        chosen = await wire.hears(ev.CallWaiting)
        assert (chosen.language, chosen.concern) == ("en", "partner_office")


async def test_the_own_language_comes_soon(hotline: Hotline, tmp_path: Path) -> None:
    """Counted from the answer, by the sounds themselves, each up to the end of its own sentence."""
    centre = hotline.centre
    spoken = sounds(PROJECT / "config" / "prompts", centre)
    menu = spoken["und", "language_menu_1"]
    alone = {("und", f"{place}"): (sentence,) for place, sentence in enumerate(menu)}
    render({**alone, ("und", "greeting"): spoken["und", "greeting"]}, tmp_path)
    at = seconds(tmp_path / "und/acd/greeting.wav")
    heard: dict[str, float] = {}
    for place, sentence in enumerate(menu):
        at += seconds(tmp_path / f"und/acd/{place}.wav")
        heard[sentence.language] = at
    shares = {each.code: each.share or 0 for each in centre.language}
    served, median = 0.0, 0.0
    for code in sorted(heard, key=lambda each: heard[each]):
        served += shares[code]
        median = median or (heard[code] if served >= 0.5 else 0.0)
    assert set(heard) == set(centre.languages)
    assert 0 < median <= MEDIAN_S
    assert max(heard.values()) <= LAST_S
    whole = hotline.asterisk.folder / "data" / "sounds" / "und" / "acd"
    assert seconds(whole / "greeting.wav") + seconds(whole / "language_menu_1.wav") + PATIENCE_S < SILENT_S


@pytest.mark.parametrize(("answer", "says"), [(True, "noted"), (False, "unknown"), (None, "taken")])
async def test_who_keys_a_case_hears_what_is_true_of_it(
    hotline: Hotline, answer: bool | None, says: str
) -> None:
    """None: the daemon is dead or slow. And while they key, the line is not dead."""
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, ()))
        keys = [(350, "2"), (350, "9"), (1_500, "5"), *((1_000, each) for each in "4712#")]
        await hotline.sipp.call(NUMBER, keys, hang_up_ms=9_000)
        caller = (await wire.hears(ev.CallWaiting)).leg
        channel = (await wire.listed(Action="Status", Channel=caller.uid))[0].get("Channel")
        heard = hotline.asterisk.folder / "spool" / f"heard-{says}.wav"
        where = "/" + str(heard.relative_to(hotline.asterisk.root))
        await asyncio.sleep(3)
        await hotline.asterisk.cli(f"mixmonitor start {channel} {where} b")
        entered = await wire.hears(ev.CaseEntered)
        assert entered.leg == caller
        await hotline.asterisk.cli(f"mixmonitor stop {channel}")
        if answer is not None:
            await wire.do(Confirm(7, caller, answer))
        await wire.sees(UserEvent="ACDSays", Call=caller.uid, Sound=f"acd/case_{says}")
        await wire.sees(Event="Hangup", Uniqueid=caller.uid, within_s=30)
    assert loud(heard) > 0.7


def loud(recording: Path) -> float:
    """The share of tenths of a second in which anything is to be heard."""
    with wave.open(str(recording)) as sound:
        samples = array("h", sound.readframes(sound.getnframes()))
    tenth = 800
    parts = [samples[at : at + tenth] for at in range(0, len(samples) - tenth, tenth)]
    return sum(max(map(abs, part)) > 30 for part in parts) / len(parts)


async def test_who_presses_nothing_is_on_hold_soon(hotline: Hotline) -> None:
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, ()))
        await hotline.sipp.call(NUMBER, [], hang_up_ms=60_000)
        entry = await wire.sees(UserEvent="ACDEntry")
        waits = await wire.sees(UserEvent="ACDWaiting", within_s=60)
        assert float(waits.get("Timestamp")) - float(entry.get("Timestamp")) < SILENT_S
    await hotline.asterisk.cli("channel request hangup all")
