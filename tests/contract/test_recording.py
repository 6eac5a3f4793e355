"""A talk is recorded only after the caller's yes, and until either side stops it: real Asterisk, by ear."""

import asyncio
import re
import stat
import time
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from acd.demo.hotline import NUMBER, PROJECT, Hotline
from agents.model import Reach
from routing import events as ev
from routing import facts
from routing.commands import Connect, SetFallback, Withdraw
from routing.events import Leg
from tests.contract.conftest import AS_SHIPPED, LANGUAGES, TERM, Wire, beats, keys
from tests.voices import Caller, Phone, heard

RECORDING = {
    "recording": {"enabled": True, "agreement": "Dienstvereinbarung 7 vom 1.3.2026", "folder": "recordings"}
}
PHONE = "p04"
BY_CALLER, BY_STAFF = facts.BY_CALLER, facts.BY_STAFF
QUESTION_MAX_S = 10.0
"""So long at most a caller who answers nothing comes later into the queue."""


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Hotline]:
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED | RECORDING) as hotline:
        yield hotline


@pytest.fixture
async def hotline(hotline: Hotline) -> AsyncIterator[Hotline]:
    yield hotline
    for each in hotline.asterisk.recordings.iterdir():
        each.unlink()


def peer(hotline: Hotline) -> tuple[str, int]:
    return hotline.centre.pbx.sip_address, hotline.centre.pbx.sip_port


def sound(hotline: Hotline, language: str, name: str) -> Path:
    return hotline.asterisk.folder / "data" / "sounds" / language / "acd" / f"{name}.wav"


def seconds(path: Path) -> float:
    with wave.open(str(path)) as file:
        return file.getnframes() / file.getframerate()


def files(hotline: Hotline) -> list[Path]:
    return sorted(hotline.asterisk.recordings.iterdir())


def recorded(wire: Wire, what: str, by: str = "") -> list[ev.RecordingTold]:
    """What was told of recording so far."""
    told = [each.event for each in wire.arrivals if isinstance(each.event, ev.RecordingTold)]
    return [each for each in told if (each.what, each.by) == (what, by)]


@asynccontextmanager
async def calling(hotline: Hotline, language: str = "en") -> AsyncIterator[Caller]:
    """A caller who has chosen language and concern, and now hears the question."""
    async with Caller(peer(hotline), NUMBER) as caller:
        for pause_ms, key in keys(language):
            await asyncio.sleep(pause_ms / 1000)
            await caller.voice.presses(key)
        yield caller


async def asked(hotline: Hotline, wire: Wire, language: str = "en") -> None:
    """The question itself is over; what is heard now is which key is yes."""
    await wire.hears(ev.ConcernChosen)
    await asyncio.sleep(seconds(sound(hotline, language, "consent_question")) + 1.0)


@asynccontextmanager
async def phone(hotline: Hotline) -> AsyncIterator[Phone]:
    async with Phone(peer(hotline), PHONE) as phone:
        await hotline.sipp.register([PHONE], phone.line.port)
        yield phone


@asynccontextmanager
async def living(hotline: Hotline) -> AsyncIterator[Wire]:
    """A daemon's link, which beats."""
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, ()))
        beating = beats(wire)
        try:
            yield wire
        finally:
            beating.cancel()


async def connected(wire: Wire, leg: Leg, offer: int, after: int = 0) -> ev.Bridged:
    await wire.do(Connect(offer, leg, Reach("phone", PHONE), TERM))
    talk: ev.Bridged = await wire.hears(ev.Bridged, lambda each: each.caller == leg, after)
    return talk


@asynccontextmanager
async def a_recorded_talk(
    hotline: Hotline, language: str = "en"
) -> AsyncIterator[tuple[Wire, Caller, Phone]]:
    """A caller said yes and talks with a member of staff; both say nothing yet."""
    async with living(hotline) as wire, phone(hotline) as staff, calling(hotline, language) as caller:
        await asked(hotline, wire, language)
        await caller.voice.presses("1")
        waits = await wire.hears(ev.CallWaiting)
        await connected(wire, waits.leg, 11)
        await wire.hears(ev.RecordingTold, lambda each: each.what == facts.STARTED)
        yield wire, caller, staff


async def say(caller: Caller, staff: Phone, hz: tuple[int, int], talk_s: float = 1.5) -> None:
    caller.voice.says(hz[0])
    staff.voice.says(hz[1])
    await asyncio.sleep(talk_s)
    caller.voice.says(0)
    staff.voice.says(0)
    await asyncio.sleep(0.3)


async def both_hear_a_sentence(caller: Caller, staff: Phone, since: float) -> None:
    async with asyncio.timeout(10):
        while min(caller.voice.loud_s(since), staff.voice.loud_s(since)) < 0.5:  # noqa: ASYNC110 sound has no event
            await asyncio.sleep(0.05)


async def test_who_says_yes_is_recorded_with_both_voices_and_staff_hear_so_first(hotline: Hotline) -> None:
    async with a_recorded_talk(hotline) as (wire, caller, staff):
        assert staff.voice.loud_s(0) > 0.3
        await say(caller, staff, (440, 1000))
        (begun,) = recorded(wire, facts.STARTED)
        (file,) = files(hotline)
        assert file.name.startswith(f"{begun.leg.uid}-11-")
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert recorded(wire, facts.CONSENTED, BY_CALLER)
        assert not [each for each in wire.arrivals if isinstance(each.event, ev.SecondLanguageAdded)]
    found = await heard(file)
    assert min(found[440], found[1000]) > 1


@pytest.mark.parametrize("pressed", ["", "2", "#", "*", "0"])
async def test_silence_and_every_other_key_are_a_no_and_nothing_else(hotline: Hotline, pressed: str) -> None:
    async with living(hotline) as wire, phone(hotline) as staff, calling(hotline) as caller:
        await asked(hotline, wire)
        began = time.monotonic()
        await caller.voice.presses(pressed)
        waits = await wire.hears(ev.CallWaiting)
        assert (waits.language, waits.concern, waits.second) == ("en", "registration", "")
        assert time.monotonic() - began < QUESTION_MAX_S
        assert len(recorded(wire, facts.REFUSED, BY_CALLER)) == 1
        await connected(wire, waits.leg, 11)
        await caller.voice.presses("*2*1")
        await say(caller, staff, (440, 1000), 0.5)
    assert not files(hotline)
    assert len([each for each in wire.arrivals if isinstance(each.event, ev.RecordingTold)]) == 1


async def test_a_key_before_the_question_was_heard_is_no_answer(hotline: Hotline) -> None:
    """Who presses a key of the menu twice has not agreed to anything."""
    async with living(hotline) as wire, calling(hotline) as caller:
        await caller.voice.presses("1")
        await wire.hears(ev.CallWaiting)
        assert recorded(wire, facts.REFUSED, BY_CALLER)
        assert not recorded(wire, facts.CONSENTED, BY_CALLER)


@pytest.mark.parametrize("by", [BY_CALLER, BY_STAFF])
async def test_either_side_stops_it_for_good_and_both_hear_so(hotline: Hotline, by: str) -> None:
    async with a_recorded_talk(hotline) as (wire, caller, staff):
        await say(caller, staff, (440, 1000))
        since = time.monotonic()
        await (caller if by == BY_CALLER else staff).voice.presses("*1")
        stopped = await wire.hears(ev.RecordingTold, lambda each: each.what == facts.STOPPED)
        assert stopped.by == by
        await both_hear_a_sentence(caller, staff, since)
        await say(caller, staff, (700, 1700))
        await staff.voice.presses("*2")
        await caller.voice.presses("*2*1")
        (file,) = files(hotline)
        # on hold again, and with the next person: still not recorded
        before = len(wire.arrivals)
        await wire.do(Withdraw(12, stopped.leg))
        await wire.hears(ev.CallWaiting, after=before)
        await connected(wire, stopped.leg, 13, before)
        await say(caller, staff, (300, 2300))
        assert files(hotline) == [file]
        assert len(recorded(wire, facts.STARTED)) == 1
        assert len(recorded(wire, facts.STOPPED, by)) == 1
        written = await hotline.asterisk.cli(f"database show acd/{stopped.leg.uid}")
    steps = re.findall(r"/m([0-9]+)\s*: [0-9]+:(\w+):(\w*)", written)
    assert steps == [("1", "consented", "caller"), ("2", "started", ""), ("3", "stopped", by)], written
    found = await heard(file)
    assert min(found[440], found[1000]) > 1
    assert found[700] == found[1700] == found[300] == found[2300] == 0


@pytest.mark.parametrize("by", [BY_CALLER, BY_STAFF])
async def test_what_is_said_in_a_pause_is_nowhere_and_who_paused_goes_on(hotline: Hotline, by: str) -> None:
    async with a_recorded_talk(hotline) as (wire, caller, staff):
        mine, other = (caller, staff) if by == BY_CALLER else (staff, caller)
        await say(caller, staff, (440, 1000))
        since = time.monotonic()
        await mine.voice.presses("*2")
        await wire.hears(ev.RecordingTold, lambda each: (each.what, each.by) == (facts.PAUSED, by))
        await both_hear_a_sentence(caller, staff, since)
        await other.voice.presses("*2")
        await say(caller, staff, (700, 1700))
        assert not recorded(wire, facts.RESUMED, BY_CALLER) + recorded(wire, facts.RESUMED, BY_STAFF)
        since = time.monotonic()
        await mine.voice.presses("*2")
        await wire.hears(ev.RecordingTold, lambda each: (each.what, each.by) == (facts.RESUMED, by))
        await both_hear_a_sentence(caller, staff, since)
        await say(caller, staff, (300, 2300))
        (file,) = files(hotline)
    found = await heard(file)
    assert min(found[440], found[1000], found[300], found[2300]) > 1
    assert max(found[700], found[1700]) < 0.3, "no tone of the pause, whatever the sentences sound like"


async def test_who_waits_again_in_a_pause_is_not_recorded_unasked(hotline: Hotline) -> None:
    async with a_recorded_talk(hotline) as (wire, caller, staff):
        await caller.voice.presses("*2")
        paused = await wire.hears(ev.RecordingTold, lambda each: each.what == facts.PAUSED)
        made = files(hotline)
        before = len(wire.arrivals)
        await wire.do(Withdraw(12, paused.leg))
        await wire.hears(ev.CallWaiting, after=before)
        await connected(wire, paused.leg, 13, before)
        await caller.voice.presses("*2")
        await say(caller, staff, (440, 1000), 0.5)
        assert files(hotline) == made
        assert len(recorded(wire, facts.STARTED)) == 1
        assert not recorded(wire, facts.RESUMED, BY_CALLER)


@pytest.mark.parametrize("agrees", [True, False])
async def test_the_same_holds_where_nobody_decides(hotline: Hotline, agrees: bool) -> None:
    """The daemon is dead from before the question on: the dialplan rings by itself."""
    async with Wire(hotline) as wire, phone(hotline) as staff:
        await wire.do(SetFallback(1, TERM, (("", (PHONE,)),)))
        async with calling(hotline) as caller:
            await asked(hotline, wire)
            await caller.voice.presses("1" if agrees else "3")
            await wire.hears(ev.DegradedEntered, within_s=30)
            talk = await wire.hears(ev.Bridged, within_s=30)
            await say(caller, staff, (440, 1000))
            if agrees:
                await caller.voice.presses("*1")
                await wire.hears(ev.RecordingTold, lambda each: each.what == facts.STOPPED)
                await say(caller, staff, (700, 1700))
            made = files(hotline)
            written = await hotline.asterisk.cli(f"database show acd/{talk.caller.uid}")
    steps = [what for _, what in re.findall(r"/m([0-9]+)\s*: [0-9]+:(\w+)", written)]
    assert steps == ([facts.CONSENTED, facts.STARTED, facts.STOPPED] if agrees else [facts.REFUSED]), written
    assert len(made) == agrees
    for file in made:
        found = await heard(file)
        assert min(found[440], found[1000]) > 1
        assert found[700] == found[1700] == 0


def test_the_question_is_there_in_every_language_and_short(running: Hotline) -> None:
    assert 0.5 < seconds(sound(running, "de", "staff_recorded")) < 2
    for language in LANGUAGES:
        asked_s = seconds(sound(running, language, "consent_question"))
        assert 1.5 < asked_s < 8, language
        assert 0.5 < seconds(sound(running, language, "consent_yes")) < 4, language
        for name in ("recording_stopped", "recording_paused", "recording_resumed"):
            assert 0.5 < seconds(sound(running, language, name)) < 4, (language, name)
