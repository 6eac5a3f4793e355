"""On real Asterisk: who waits goes outside and is answered there or waits again; nobody falls out."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from acd import ledger
from acd.demo.hotline import NUMBER, PROJECT, Hotline
from acd.demo.ports import free_port
from acd.demo.sipp import PHONE_ADDRESS
from routing import events as ev
from routing.commands import NOT_NOW, SendOutside, SetFallback, TurnAway
from tests.contract.conftest import AS_SHIPPED, NODE, TERM, Wire, deciding, keys

GATEWAY, BUSY, SILENT, WATCHED = (free_port(socket.SOCK_DGRAM, PHONE_ADDRESS) for _ in range(4))
OFFICE = "+4920155500000"
HOTLINE = "+4920188000000"
MOMENTS = 12


def leads(name: str, port: int) -> dict[str, object]:
    gateway = f"sip:{PHONE_ADDRESS}:{port}"
    to = {"name": "Another office", "number": OFFICE, "gateway": gateway}
    return {"name": name, "nobody": True, "then": "outside", "outside": to}


RULES = [
    leads("partner", GATEWAY),
    leads("busy", BUSY),
    leads("silent", SILENT),
    leads("watched", WATCHED),
]


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Hotline]:
    async with Hotline(
        PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED | {"overflow": RULES}
    ) as hotline:
        yield hotline


async def row(wire: Wire, leg: ev.Leg) -> ev.LedgerRow:
    """What the dialplan wrote down of this call."""
    calls = ledger.notes(await wire.listed(**ledger.TREE))
    return ledger.row(NODE, leg.uid, calls[leg.uid])


async def test_who_waits_is_connected_outside_and_goes_with_whom_answered(hotline: Hotline) -> None:
    gateway = await hotline.sipp.gateway(GATEWAY, talk_ms=1_500)
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, keys("tr"))
        waits = await wire.hears(ev.CallWaiting)
        await wire.do(SendOutside(2, waits.leg, "partner"))
        assert (await wire.hears(ev.WentOutside)) == ev.WentOutside(waits.leg, "partner")
        dialled = await wire.sees(Event="DialBegin")
        assert dialled.get("DialString") == f"{OFFICE}@outside-1"
        assert (await wire.hears(ev.OutsideAnswered)).leg == waits.leg
        ends = await wire.hears(ev.CallEnds, lambda each: each.leg == waits.leg)
        assert ends.by == "pbx"
        kinds = {type(each.event) for each in wire.arrivals}
        assert not kinds & {ev.Bridged, ev.DialBegan, ev.DialEnded}  # it is no phone and no talk of ours
        assert not [
            each.event
            for each in wire.arrivals
            if isinstance(each.event, ev.DeviceChanged) and each.event.phone.startswith("outside")
        ]
        (way,) = (await row(wire, waits.leg)).outside
        assert way.rule == "partner"
        assert way.at_ms < way.answered_ms < way.ended_ms
    await gateway.end()


async def test_where_it_is_busy_the_caller_hears_so_and_has_the_old_place(hotline: Hotline) -> None:
    gateway = await hotline.sipp.gateway(BUSY, talk_ms=None, refuse=486)
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, keys("uk"))
        waits = await wire.hears(ev.CallWaiting)
        before = len(wire.arrivals), len(wire.frames)
        await wire.do(SendOutside(2, waits.leg, "busy"))
        again = await wire.hears(ev.CallWaiting, after=before[0])
        await wire.sees(after=before[1], UserEvent="ACDSays", Sound="acd/outside_failed")
        assert (again.leg, again.queued_ms) == (waits.leg, waits.queued_ms)
        (way,) = (await row(wire, waits.leg)).outside
        assert (way.answered_ms, bool(way.ended_ms)) == (0, True)
    await gateway.end()


class Invites(asyncio.DatagramProtocol):
    """Takes what is sent to a port and says nothing."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[str] = asyncio.Queue()

    def datagram_received(self, data: bytes, _: object) -> None:
        self.heard.put_nowait(data.decode())


async def test_outside_sees_the_hotlines_number_and_nobody_elses(hotline: Hotline) -> None:
    loop = asyncio.get_running_loop()
    transport, invites = await loop.create_datagram_endpoint(Invites, local_addr=(PHONE_ADDRESS, WATCHED))
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, keys("en"), caller="+4915112345678", name="Somebody")
        waits = await wire.hears(ev.CallWaiting)
        await wire.do(SendOutside(2, waits.leg, "watched"))
        async with asyncio.timeout(20):
            invite = await invites.heard.get()
        assert invite.startswith(f"INVITE sip:{OFFICE}@")
        (sender,) = [line for line in invite.splitlines() if line.startswith("From:")]
        assert f"<sip:{HOTLINE}@" in sender
        assert "15112345678" not in invite
        assert "Somebody" not in invite
    transport.close()


@pytest.mark.parametrize("step", ["sentence", "ringing", "talking"])
async def test_who_hangs_up_on_the_way_is_gone_and_nothing_stays(hotline: Hotline, step: str) -> None:
    """The caller's SIP side hangs up by itself; the moment is the gateway's."""
    gateway = await hotline.sipp.gateway(
        GATEWAY, talk_ms=None, answer_ms=60_000 if step == "ringing" else 200
    )
    async with deciding(hotline) as wire:
        patient_ms = {"sentence": 2_500, "ringing": 12_000, "talking": 12_000}[step]
        await hotline.sipp.call(NUMBER, keys("de"), hang_up_ms=patient_ms)
        waits = await wire.hears(ev.CallWaiting)
        await wire.do(SendOutside(2, waits.leg, "partner"))
        await wire.hears(ev.WentOutside)
        if step == "ringing":
            await wire.sees(Event="DialBegin")
        if step == "talking":
            await wire.hears(ev.OutsideAnswered)
        ends = await wire.hears(ev.CallEnds, lambda each: each.leg == waits.leg)
        assert ends.by == "caller"
        assert len(wire.every(Event="DialBegin")) == (step != "sentence")
        (way,) = (await row(wire, waits.leg)).outside
        assert bool(way.answered_ms) == (step == "talking")
    await gateway.end()


async def test_a_destination_that_the_dialplan_does_not_know_leads_back_to_hold(hotline: Hotline) -> None:
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, keys("de"))
        waits = await wire.hears(ev.CallWaiting)
        before = len(wire.arrivals)
        await wire.do(SendOutside(2, waits.leg, "nowhere"))
        await wire.hears(ev.CallerCaught, after=before)
        assert (await wire.hears(ev.CallWaiting, after=before)).leg == waits.leg


async def test_with_no_daemon_who_is_not_answered_outside_is_served_by_the_dialplan(hotline: Hotline) -> None:
    gateway = await hotline.sipp.gateway(BUSY, talk_ms=None, refuse=486)
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, ()))
        await hotline.sipp.call(NUMBER, keys("de"))
        waits = await wire.hears(ev.CallWaiting)
        await wire.do(SendOutside(2, waits.leg, "busy"))
        await wire.hears(ev.WentOutside)
        assert (await wire.hears(ev.DegradedEntered, within_s=40)).leg == waits.leg
    await gateway.end()


async def test_at_any_moment_who_is_sent_outside_falls_out_nowhere(hotline: Hotline) -> None:
    async with deciding(hotline) as wire:
        for number in range(MOMENTS):
            before = len(wire.arrivals)
            await hotline.sipp.call(NUMBER, keys("en"))
            waits = await wire.hears(ev.CallWaiting, after=before)
            await asyncio.sleep(number * 0.171)
            await wire.do(SendOutside(10 + number, waits.leg, "partner"))
            await wire.hears(ev.WentOutside, lambda each, leg=waits.leg: each.leg == leg, within_s=3)
            await wire.ask(Action="Hangup", Channel=waits.leg.uid)


async def test_who_is_let_go_by_an_overflow_hears_that_nobody_can_take_the_call_now(hotline: Hotline) -> None:
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, keys("tr"))
        waits = await wire.hears(ev.CallWaiting)
        await wire.do(TurnAway(2, waits.leg, NOT_NOW))
        await wire.sees(UserEvent="ACDSays", Sound=f"acd/{NOT_NOW}")
        told = await wire.hears(ev.TurnedAway)
        ends = await wire.hears(ev.CallEnds, lambda each: each.leg == waits.leg)
        assert (told.leg, ends.by) == (waits.leg, "pbx")
