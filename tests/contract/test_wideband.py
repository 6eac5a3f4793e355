"""Both kinds of callers on real Asterisk: G.722 hears the file of 16 kHz, A-law that of 8 kHz."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from acd.demo.hotline import NUMBER, PROJECT, Hotline
from agents.model import Reach
from routing import events as ev
from routing.commands import Connect, SetFallback
from tests.chaos.sip import SDP, Message
from tests.contract.conftest import AS_SHIPPED, TERM, Wire, beats, keys
from tests.voices import Caller, Phone, heard

ALAW, ULAW, G722 = 8, 0, 9
CODECS = [(G722, ALAW), (ALAW, G722)]
NARROW_HZ, WIDE_HZ = 700, 1700
PHONE = "p01"


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Hotline]:
    """The greeting is recorded by somebody: a tone of its own at each rate."""
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED) as hotline:
        record(hotline.asterisk.folder / "data" / "sounds" / "und" / "acd")
        hotline.asterisk.place.hand_over()
        yield hotline


def record(folder: Path) -> None:
    for ending, rate, hz in (("wav", 8_000, NARROW_HZ), ("wav16", 16_000, WIDE_HZ)):
        form = ["-r", str(rate), "-c", "1", "-b", "16", "-t", "wav", str(folder / f"greeting.{ending}")]
        subprocess.run(["sox", "-n", *form, "synth", "4", "sine", str(hz), "gain", "-6"], check=True)


class Offering(Caller):
    """Somebody whose provider offers these codecs, the first of them rather."""

    def __init__(self, hotline: Hotline, codecs: Sequence[int]) -> None:
        pbx = hotline.centre.pbx
        super().__init__((pbx.sip_address, pbx.sip_port), NUMBER)
        kinds = " ".join(map(str, codecs))
        line = self.line
        described = SDP.replace("RTP/AVP 8 ", f"RTP/AVP {kinds} ").format(
            host=line.host, port=line.voice.port
        )

        class Described(type(line)):  # type: ignore[misc]
            sdp = described

        line.__class__ = Described
        line.voice.kind = codecs[0]

    @property
    def answer(self) -> str:
        return self._sdp


class Listening(Phone):
    """A phone that keeps what it was offered."""

    offer = ""

    def _asked(self, message: Message) -> None:
        if message.method == "INVITE":
            self.offer = message.body
        super()._asked(message)


def codecs_of(sdp: str) -> list[int]:
    """Those of a session description, the first of them rather; without the one of keys."""
    found = re.search(r"m=audio \d+ RTP/AVP ([\d ]+)", sdp)
    assert found is not None, sdp
    return [int(each) for each in found[1].split() if int(each) in (ALAW, ULAW, G722)]


@pytest.mark.parametrize("codecs", CODECS)
async def test_a_caller_hears_the_file_of_their_rate(hotline: Hotline, codecs: Sequence[int]) -> None:
    """And talks in the codec that they offer first: nothing is made another that need not be."""
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, ()))
        async with Offering(hotline, codecs) as caller:
            assert codecs_of(caller.answer)[0] == codecs[0]
            leg = (await wire.hears(ev.CallArrived)).leg
            channel = (await wire.listed(Action="Status", Channel=leg.uid))[0].get("Channel")
            recording = hotline.asterisk.folder / "spool" / f"heard-{codecs[0]}.wav"
            where = "/" + str(recording.relative_to(hotline.asterisk.root))
            await hotline.asterisk.cli(f"mixmonitor start {channel} {where}")
            await asyncio.sleep(1.5)
            said = await hotline.asterisk.cli(f"core show channel {channel}")
            await hotline.asterisk.cli(f"mixmonitor stop {channel}")
            found = await heard(recording)
    assert ("g722" if codecs[0] == G722 else "alaw") in said.partition("NativeFormats:")[2].splitlines()[0]
    wanted = WIDE_HZ if codecs[0] == G722 else NARROW_HZ
    assert found[wanted] > 0.7, found
    assert sum(found.values()) == found[wanted], found


@pytest.mark.parametrize("codecs", CODECS)
async def test_a_phone_is_offered_first_what_its_caller_talks(
    hotline: Hotline, codecs: Sequence[int]
) -> None:
    async with (
        Wire(hotline) as wire,
        Listening((hotline.centre.pbx.sip_address, hotline.centre.pbx.sip_port), PHONE) as phone,
    ):
        await hotline.sipp.register([PHONE], phone.line.port)
        await wire.do(SetFallback(1, TERM, ()))
        beating = beats(wire)
        try:
            async with Offering(hotline, codecs) as caller:
                for pause_ms, key in keys("en"):
                    await asyncio.sleep(pause_ms / 1000)
                    await caller.voice.presses(key)
                waits = await wire.hears(ev.CallWaiting)
                await wire.do(Connect(11, waits.leg, Reach("phone", PHONE), TERM))
                await wire.hears(ev.Bridged)
        finally:
            beating.cancel()
    assert codecs_of(phone.offer)[0] == codecs[0], phone.offer
    assert set(codecs_of(phone.offer)) == {ALAW, ULAW, G722}
