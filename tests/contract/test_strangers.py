"""What comes from outside as no phone sends it: whose call it is, and what the telephone system keeps."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import pytest

from acd import ledger
from acd.demo.hotline import NUMBER, PROJECT, Hotline
from acd.demo.sipp import CALLER_ADDRESS, Run
from acd.pbx.files import SESSION_S
from agents.model import Reach
from routing import events as ev
from routing.commands import Connect, SetFallback
from tests.contract.conftest import AS_SHIPPED, NODE, TERM, Wire, beats, keys

STRANGER = "127.0.0.9"
ASKED_TWICE_S = 1.3 * SESSION_S
SECRET = "1701234567"
"""Part of a caller's number that nothing else holds."""


@pytest.fixture(scope="module")
async def hotline() -> AsyncIterator[Hotline]:
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED) as hotline:
        yield hotline


async def said(hotline: Hotline, address: str, request: bytes, within_s: float = 5) -> str:
    """The final answer to a request sent from this address, "" if none comes."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind((address, 0))
        wire.setblocking(False)
        here = f"{address}:{wire.getsockname()[1]}".encode()
        pbx = hotline.centre.pbx
        await loop.sock_sendto(wire, request.replace(b"HERE", here), (pbx.sip_address, pbx.sip_port))
        try:
            async with asyncio.timeout(within_s):
                while True:
                    answer = (await loop.sock_recv(wire, 4096)).decode(errors="replace").split("\r\n")[0]
                    if not answer.startswith("SIP/2.0 1"):
                        return answer
        except TimeoutError:
            return ""


def invite(hotline: Hotline, sender: bytes, *headers: bytes) -> bytes:
    """A call to the hotline. sender: the From header's value."""
    pbx = hotline.centre.pbx
    lines = [
        f"INVITE sip:{NUMBER}@{pbx.sip_address}:{pbx.sip_port} SIP/2.0".encode(),
        b"Via: SIP/2.0/UDP HERE;branch=z9hG4bK-" + str(abs(hash((sender, headers)))).encode(),
        b"From: " + sender + b";tag=1",
        f"To: <sip:{NUMBER}@{pbx.sip_address}>".encode(),
        b"Call-ID: " + str(abs(hash((sender, headers, 1)))).encode(),
        b"CSeq: 1 INVITE",
        b"Contact: <sip:x@HERE>",
        b"Max-Forwards: 70",
        *headers,
        b"Content-Length: 0",
    ]
    return b"\r\n".join([*lines, b"", b""])


@pytest.mark.parametrize("name", ["trunk", "transport", "global", "p04", "anonymous", "somebody"])
async def test_nobody_is_the_trunk_or_a_phone_by_writing_its_name(hotline: Hotline, name: str) -> None:
    async with Wire(hotline) as wire:
        request = invite(hotline, f"<sip:{name}@{STRANGER}>".encode())
        assert (await said(hotline, STRANGER, request)).startswith("SIP/2.0 401")
        assert not wire.every(Event="UserEvent")


async def test_the_trunk_is_known_by_its_address_whatever_it_writes(hotline: Hotline) -> None:
    request = invite(hotline, f"<sip:p04@{CALLER_ADDRESS}>".encode())
    assert (await said(hotline, CALLER_ADDRESS, request)).startswith("SIP/2.0 200")
    await hotline.asterisk.cli("channel request hangup all")


async def test_keys_are_heard_where_a_provider_sends_no_telephone_events(hotline: Hotline) -> None:
    async with Wire(hotline) as wire:
        await hotline.sipp.call(NUMBER, keys("uk"), hang_up_ms=500, tones=True)
        chosen = await wire.hears(ev.CallWaiting)
        assert (chosen.language, chosen.concern) == ("uk", "registration")


@pytest.mark.parametrize(
    "sender",
    [
        b'"M\xfcller" <sip:+49%s@x>' % SECRET.encode(),
        b"<sip:+49%s@x" % SECRET.encode(),
        b'"+49%s <sip:x@x>' % SECRET.encode(),
        b"<tel:+49%s;;=>" % SECRET.encode(),
        b"+49%s" % SECRET.encode(),
    ],
    ids=["latin-1", "no end", "no quote", "tel", "bare"],
)
@pytest.mark.parametrize("address", [CALLER_ADDRESS, STRANGER])
async def test_no_number_is_kept_of_what_cannot_be_understood(
    hotline: Hotline, address: str, sender: bytes
) -> None:
    await said(hotline, address, invite(hotline, sender), within_s=1)
    for header in (b"Contact: ", b"P-Asserted-Identity: ", b"Diversion: ", b"Remote-Party-ID: "):
        request = invite(hotline, b"<sip:x@x>", header + sender)
        await said(hotline, address, request, within_s=0.2)
    await hotline.asterisk.cli("channel request hangup all")
    kept = [
        path.name
        for path in hotline.asterisk.folder.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert kept == [], hotline.asterisk.complaints()


async def test_who_vanishes_is_found_and_who_is_silent_stays(hotline: Hotline) -> None:
    """Callers who send nothing at all for a minute and a half: those who are there answer when asked."""
    began = time.monotonic()
    phone = await hotline.sipp.phones(["p04"], answer_ms=50)
    refuses = await hotline.sipp.phones(["p05"], refuse=486)
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, ()))
        alive = beats(wire)
        callers: list[tuple[Run, ev.Leg]] = []
        for _ in range(4):
            before = len(wire.arrivals)
            run = await hotline.sipp.call(NUMBER, keys("uk"), patience_ms=300_000)
            known = {leg for _, leg in callers}
            came = await wire.hears(ev.CallWaiting, lambda each, known=known: each.leg not in known, before)
            callers.append((run, came.leg))
        (waits, waiting), (refused, again), (talks, talking), (_, silent) = callers
        await wire.do(Connect(41, again, Reach("phone", "p05"), TERM))
        await wire.do(Connect(42, talking, Reach("phone", "p04"), TERM))
        await wire.hears(ev.Bridged, lambda each: each.caller == talking)
        await wire.hears(ev.DialEnded, lambda each: each.leg == again)
        for run in (waits, refused, talks):
            await run.end()
        for leg in (waiting, again, talking):
            gone = await wire.hears(ev.LegEnded, lambda each, leg=leg: each.leg == leg, within_s=180)
            assert gone.vanished
        rows = {row.leg: row for row in ledger.rows(NODE, ledger.notes(await wire.listed(**ledger.TREE)))}
        assert rows[waiting].by == "vanished"
        await asyncio.sleep(max(0.0, ASKED_TWICE_S - (time.monotonic() - began)))
        assert not any(isinstance(a.event, ev.LegEnded) and a.event.leg == silent for a in wire.arrivals)
        alive.cancel()
    assert phone.going
    assert refuses.going
