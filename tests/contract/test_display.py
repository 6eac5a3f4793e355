"""On real Asterisk: what a phone's own display is told of a caller, and that nothing of it stays anywhere."""

import re
import socket
from collections.abc import AsyncIterator

import pytest

from acd.demo.hotline import NUMBER, PROJECT, Hotline
from acd.demo.ports import free_port
from acd.demo.sipp import PHONE_ADDRESS, Run
from agents.model import Reach
from routing import events as ev
from routing.commands import Connect, SendOutside, SetFallback
from tests.contract.conftest import AS_SHIPPED, TERM, Wire, deciding, keys

CALLER, TRUNKS_NAME = "+4915112345678", "Somebody"
GATEWAY = free_port(socket.SOCK_DGRAM, PHONE_ADDRESS)
OUTSIDE = {
    "name": "partner",
    "nobody": True,
    "then": "outside",
    "outside": {
        "name": "Another office",
        "number": "+4920155500000",
        "gateway": f"sip:{PHONE_ADDRESS}:{GATEWAY}",
    },
}
SHOWN = {"none": "anonymous", "last4": "5678", "full": CALLER}
IDENTITIES = ("P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Diversion", "History-Info")


@pytest.fixture(scope="module", params=list(SHOWN))
async def running(request: pytest.FixtureRequest) -> AsyncIterator[Hotline]:
    changes = AS_SHIPPED | {"desk": {"show_number": request.param}, "overflow": [OUTSIDE]}
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", changes) as hotline:
        yield hotline


def connect(leg: ev.Leg, offer: int, phone: str) -> Connect:
    return Connect(offer, leg, Reach("phone", phone), TERM)


def senders(phone: Run) -> list[tuple[str, str]]:
    """(name, number) of every request that this phone heard, in order, each once."""
    found = re.findall(r'^From: ?(?:"([^"]*)" ?)?<sip:(?:([^@>]*)@)?[^>]*>', phone.messages, re.MULTILINE)
    return list(dict.fromkeys(found))


def holds_nothing_else(hotline: Hotline, phone: Run) -> None:
    """No header but From names anybody, and nowhere stands more of the caller than is set."""
    said = phone.messages
    assert not [each for each in IDENTITIES if each.lower() in said.lower()]
    assert TRUNKS_NAME not in said
    if hotline.centre.desk.show_number != "full":
        assert CALLER[3:] not in said


async def caller_is_themselves(wire: Wire, leg: ev.Leg) -> None:
    """The caller's own leg is as the trunk gave it."""
    (frame,) = [f for f in await wire.listed(Action="Status") if f.get("Uniqueid") == leg.uid]
    assert (frame.get("CallerIDNum"), frame.get("CallerIDName")) == (CALLER, TRUNKS_NAME)


async def test_a_phone_shows_language_and_concern_and_of_the_number_what_is_set(hotline: Hotline) -> None:
    """Refused by one phone and talked with on another: the caller's own leg stays as it was."""
    first, second = hotline.phones[:2]
    shown = ("UK Anmeldung", SHOWN[hotline.centre.desk.show_number])
    refusing = await hotline.sipp.phones([first], refuse=486, logged=True)
    talking = await hotline.sipp.phones([second], talk_ms=100, logged=True)
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, keys("uk"), caller=CALLER, name=TRUNKS_NAME)
        waits = await wire.hears(ev.CallWaiting)
        before = len(wire.arrivals)
        await wire.do(connect(waits.leg, 1, first))
        await wire.hears(ev.CallWaiting, after=before)
        assert senders(refusing) == [shown]
        await caller_is_themselves(wire, waits.leg)
        before = len(wire.arrivals)
        await wire.do(connect(waits.leg, 2, second))
        await wire.hears(ev.Bridged)
        await wire.hears(ev.CallWaiting, after=before)  # a talk so short was none: the caller waits again
        assert senders(talking)[0] == shown
        await caller_is_themselves(wire, waits.leg)
        holds_nothing_else(hotline, refusing)
        holds_nothing_else(hotline, talking)


async def test_a_phone_sees_the_next_caller_as_the_next(hotline: Hotline) -> None:
    """Two callers after one another at one phone, of other languages."""
    phone = hotline.phones[0]
    run = await hotline.sipp.phones([phone], logged=True)
    number = SHOWN[hotline.centre.desk.show_number]
    async with deciding(hotline) as wire:
        for offer, language in enumerate(("ar", "de"), 1):
            before = len(wire.arrivals)
            await hotline.sipp.call(NUMBER, keys(language), caller=CALLER, name=TRUNKS_NAME)
            waits = await wire.hears(ev.CallWaiting, after=before)
            await wire.do(connect(waits.leg, offer, phone))
            await wire.hears(ev.Bridged, after=before)
            await wire.ask(Action="Hangup", Channel=waits.leg.uid)
            await wire.hears(ev.CallEnds, after=before)
        assert [each for each in senders(run) if each[0]] == [
            ("AR Anmeldung", number),
            ("DE Anmeldung", number),
        ]


@pytest.mark.parametrize("withheld", ["anonymous", "4711", "+49151%22%3Bx"])
async def test_who_gives_no_number_or_a_short_one_or_none_shows_none(hotline: Hotline, withheld: str) -> None:
    """Of a short number the last four would be all; what is no number never gets through."""
    phone = hotline.phones[3]
    run = await hotline.sipp.phones([phone], refuse=486, logged=True)
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, keys("fa"), caller=withheld, name=TRUNKS_NAME)
        waits = await wire.hears(ev.CallWaiting)
        before = len(wire.arrivals)
        await wire.do(connect(waits.leg, 1, phone))
        await wire.hears(ev.CallWaiting, after=before)
    full = hotline.centre.desk.show_number == "full"
    number = {"4711": "4711", "+49151%22%3Bx": "+49151"}.get(withheld, "anonymous") if full else "anonymous"
    assert senders(run) == [("FA Anmeldung", number)]


async def test_alone_too_the_dialplan_says_who_calls(hotline: Hotline) -> None:
    phone = hotline.phones[4]
    run = await hotline.sipp.phones([phone], talk_ms=None, logged=True)
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, (("", (phone,)),)))
        await hotline.sipp.call(NUMBER, keys("uk"), caller=CALLER, name=TRUNKS_NAME)
        await wire.hears(ev.Bridged, within_s=60)
        assert senders(run)[0] == ("UK Anmeldung", SHOWN[hotline.centre.desk.show_number])
        holds_nothing_else(hotline, run)


async def test_who_goes_outside_after_a_phone_rang_is_the_hotline_there(hotline: Hotline) -> None:
    phone = hotline.phones[5]
    await hotline.sipp.phones([phone], refuse=486)
    gateway = await hotline.sipp.gateway(GATEWAY, talk_ms=300, logged=True)
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, keys("tr"), caller=CALLER, name=TRUNKS_NAME)
        waits = await wire.hears(ev.CallWaiting)
        before = len(wire.arrivals)
        await wire.do(connect(waits.leg, 1, phone))
        await wire.hears(ev.CallWaiting, after=before)
        await wire.do(SendOutside(2, waits.leg, "partner"))
        await wire.hears(ev.OutsideAnswered)
        ((name, number),) = senders(gateway)
        assert number == hotline.centre.centre.hotline
        assert "Anmeldung" not in name
        assert CALLER[3:] not in gateway.messages
