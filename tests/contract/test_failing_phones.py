"""Phones that fail: the caller is never cut off with them, hears why, and stands where they stood before."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from acd.clock import SystemClock
from acd.demo.hotline import NUMBER, PROJECT, Hotline
from acd.pbx.link import AmiLink, AskFailed
from acd.pbx.port import PbxPort
from acd.pbx.translate import Translator
from acd.ports import Arrival
from agents.model import Reach
from routing import events as ev
from routing.commands import PHONE_LOST, Connect, SetFallback, Withdraw
from tests.contract.conftest import AS_SHIPPED, TERM, Wire, beats, keys

PHONE = "p04"
FOUND_S = 20


@pytest.fixture(scope="module")
async def hotline() -> AsyncIterator[Hotline]:
    changes = AS_SHIPPED | {"pbx": {"qualify_seconds": 10}}
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", changes) as hotline:
        yield hotline


@pytest.fixture
async def wire(hotline: Hotline) -> AsyncIterator[Wire]:
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, (("", (PHONE,)),)))
        yield wire
        print(wire.story())
        await hotline.sipp.end_all()
        await hotline.asterisk.cli("channel request hangup all")


def connect(leg: ev.Leg, offer: int, phone: str = PHONE) -> Connect:
    return Connect(offer, leg, Reach("phone", phone), TERM)


@asynccontextmanager
async def listening(hotline: Hotline) -> AsyncIterator[list[ev.Event]]:
    """A daemon's port that listens, and all that it says."""
    said: list[ev.Event] = []
    pbx, own = hotline.centre.pbx, hotline.secrets

    async def link() -> AmiLink:
        return await AmiLink.connect(pbx.ami_host, pbx.ami_port, pbx.ami_user, own.ami)

    def hear(arrival: Arrival) -> None:
        said.append(arrival.event)

    port = PbxPort(link, Translator("pbx1"), SystemClock(0).now_ms, lambda: 0.0, hear, node="pbx1")
    running = asyncio.create_task(port.run())
    yield said
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def waiting(hotline: Hotline, wire: Wire, tone_hz: int = 0) -> ev.CallWaiting:
    """A caller on hold, as the dialplan first says it."""
    before = len(wire.arrivals)
    await hotline.sipp.call(NUMBER, keys("uk"), tone_hz=tone_hz)
    found: ev.CallWaiting = await wire.hears(ev.CallWaiting, after=before)
    return found


@pytest.mark.parametrize("failure", ["hangs up at once", "no media"])
async def test_who_is_answered_by_nobody_waits_again_in_their_old_place(
    hotline: Hotline, wire: Wire, failure: str
) -> None:
    no_media = failure == "no media"
    await hotline.sipp.phones([PHONE], answer_ms=50, talk_ms=None if no_media else 100, media=not no_media)
    first = await waiting(hotline, wire)
    before = len(wire.arrivals)
    await wire.do(connect(first.leg, 21))
    over = await wire.hears(ev.DialEnded, after=before)
    again = await wire.hears(ev.CallWaiting, after=before)
    assert (over.leg, over.offer, again.leg) == (first.leg, 21, first.leg)
    assert over.status in ("ANSWER", "CHANUNAVAIL", "CONGESTION")
    assert again == first, "the same need, the same times: the old place"
    ended = [a.event.leg for a in wire.arrivals if isinstance(a.event, ev.LegEnded)]
    assert first.leg not in ended


async def test_alone_too_the_dialplan_keeps_who_is_answered_by_nobody(hotline: Hotline, wire: Wire) -> None:
    await hotline.sipp.phones([PHONE], answer_ms=50, talk_ms=100)
    first = await waiting(hotline, wire)
    await wire.hears(ev.DegradedEntered)
    before = len(wire.arrivals)
    over = await wire.hears(ev.DialEnded, after=before)
    again = await wire.hears(ev.CallWaiting, after=before)
    assert (over.offer, over.status, again) == (0, "ANSWER", first)


async def test_a_phone_that_dies_in_a_talk_is_found_and_its_caller_is_told(
    hotline: Hotline, wire: Wire
) -> None:
    phone = await hotline.sipp.phones([PHONE], answer_ms=50, tone_hz=1000)
    alive = beats(wire)
    first = await waiting(hotline, wire, tone_hz=440)
    await wire.do(connect(first.leg, 22))
    await wire.hears(ev.Bridged)
    before, told = len(wire.arrivals), len(wire.frames)
    died = time.monotonic()
    await phone.end()
    lost = await wire.hears(ev.PhoneLost, within_s=FOUND_S)
    assert lost == ev.PhoneLost(PHONE, "pbx1")
    await wire.do(Withdraw(23, first.leg, PHONE_LOST))
    again = await wire.hears(ev.CallWaiting, after=before)
    says = await wire.sees(after=told, UserEvent="ACDSays")
    assert time.monotonic() - died < FOUND_S
    assert again == first
    assert (says.get("Call"), says.get("Sound")) == (first.leg.uid, "acd/phone_lost")
    alive.cancel()
    rows = await wire.listed(Action="Status", Channel=first.leg.uid)
    assert rows[0].get("Context") == "acd-hold"


async def test_a_phone_that_died_while_nobody_listened_is_told_at_link_up(
    hotline: Hotline, wire: Wire
) -> None:
    phone = await hotline.sipp.phones([PHONE], answer_ms=50, tone_hz=1000)
    first = await waiting(hotline, wire, tone_hz=440)
    await wire.do(connect(first.leg, 29))
    await wire.hears(ev.Bridged)
    await phone.end()
    await wire.hears(ev.PhoneLost, within_s=FOUND_S)
    async with listening(hotline) as said:
        async with asyncio.timeout(10):
            while not any(isinstance(each, ev.PhoneLost) for each in said):
                await wire.ask(Action="Ping")
        lost = next(each for each in said if isinstance(each, ev.PhoneLost))
        assert lost == ev.PhoneLost(PHONE, "pbx1")
        assert isinstance(said[said.index(lost) + 1], ev.PbxSnapshot)


async def test_without_the_daemon_a_dead_phones_talk_ends_by_itself_and_a_living_one_goes_on(
    hotline: Hotline, wire: Wire
) -> None:
    """Session timers: the shortest that SIP allows is 90 s."""
    dying = await hotline.sipp.phones([PHONE], answer_ms=50, tone_hz=1000)
    await hotline.sipp.phones(["p05"], answer_ms=50, tone_hz=1000)
    first = await waiting(hotline, wire, tone_hz=440)
    other = await waiting(hotline, wire, tone_hz=440)
    await wire.do(connect(first.leg, 24), connect(other.leg, 25, "p05"))
    for leg in (first.leg, other.leg):
        await wire.hears(ev.Bridged, lambda each, leg=leg: each.caller == leg)
    before, told = len(wire.arrivals), len(wire.frames)
    await dying.end()
    again = await wire.hears(ev.CallWaiting, after=before, within_s=120)
    assert again == first
    says = await wire.sees(after=told, UserEvent="ACDSays")
    assert (says.get("Call"), says.get("Sound")) == (first.leg.uid, "acd/phone_lost")
    await wire.hears(ev.DegradedEntered, lambda each: each.leg == first.leg, after=before)
    ended = {a.event.leg for a in wire.arrivals if isinstance(a.event, ev.LegEnded)}
    assert first.leg not in ended
    assert other.leg not in ended


async def test_a_phone_that_hangs_up_after_a_talk_ends_the_call(hotline: Hotline, wire: Wire) -> None:
    await hotline.sipp.phones([PHONE], answer_ms=50, talk_ms=2_600)
    first = await waiting(hotline, wire)
    await wire.do(connect(first.leg, 26))
    await wire.hears(ev.LegEnded, lambda each: each.leg == first.leg)
    assert not any(isinstance(a.event, ev.DialEnded) for a in wire.arrivals)


@pytest.mark.parametrize(
    "says",
    [
        ((180, False),),
        ((183, False),),
        ((183, True),),
        ((180, True),),
        ((100, False), (183, False)),
    ],
    ids=["180", "183", "183 with media", "180 with media", "100 and 183"],
)
async def test_any_word_of_a_phone_is_a_sign_of_life(
    hotline: Hotline, wire: Wire, says: tuple[tuple[int, bool], ...]
) -> None:
    await hotline.sipp.phones([PHONE], answer_ms=60_000, says=says)
    first = await waiting(hotline, wire)
    before = len(wire.arrivals)
    await wire.do(connect(first.leg, 27))
    began = await wire.hears(ev.DialBegan, after=before)
    rang = await wire.hears(ev.PhoneRang, after=before, within_s=2)
    assert rang.phone_leg == began.phone_leg


@pytest.mark.parametrize("status", [100, 182, 0], ids=["100", "182", "nothing"])
async def test_what_amis_events_do_not_tell_is_asked_for(hotline: Hotline, wire: Wire, status: int) -> None:
    """The port's own half: a phone behind a proxy has said no more than 100 when it would be given up."""
    says = ((status, False),) if status else ()
    phone = await hotline.sipp.phones([PHONE], answer_ms=60_000, says=says)
    if not status:
        await phone.end()
    async with listening(hotline) as said:
        first = await waiting(hotline, wire)
        before = len(wire.arrivals)
        await wire.do(connect(first.leg, 28))
        began = await wire.hears(ev.DialBegan, after=before)
        await asyncio.sleep(2)  # the shortest time after which a silent phone is given up
        rang = [each.phone_leg for each in said if isinstance(each, ev.PhoneRang)]
        assert rang == ([began.phone_leg] if status else [])
        assert not any(isinstance(a.event, ev.PhoneRang) for a in wire.arrivals[before:]), "no event told it"


async def test_a_phone_that_rings_or_talks_for_one_is_never_rung_for_another(
    hotline: Hotline, wire: Wire
) -> None:
    """The daemon comes back just as the dialplan begins to ring alone, again and again."""
    await hotline.sipp.phones([PHONE], answer_ms=60_000)
    callers = [await waiting(hotline, wire, tone_hz=440) for _ in range(3)]
    legs = [each.leg for each in callers]
    began = await wire.hears(ev.DialBegan, within_s=30)
    taken = 0
    for offer in range(100, 140):
        other = next(leg for leg in legs if leg != began.caller)
        before = len(wire.arrivals)
        await wire.do(connect(other, offer))
        over = await wire.hears(
            (
                ev.DialEnded,
                ev.CallerCaught,
            ),  # caught: the redirect met the end of a wait, nothing was dialled
            lambda each, leg=other, offer=offer: each.leg == leg and getattr(each, "offer", offer) == offer,
            after=before,
        )
        taken += isinstance(over, ev.DialEnded) and over.status == "TAKEN"
        assert await wire.hears(ev.CallWaiting, lambda each, other=other: each.leg == other, after=before)
        if offer % 4 == 0:  # whoever rings it now is put back, so that somebody else begins
            await wire.do(Withdraw(offer + 1000, began.caller))
            await wire.do(connect(legs[offer % 3], offer + 500))
            began = await wire.hears(ev.DialBegan, after=before)
    assert taken > 20
    ringing: set[str] = set()
    for frame in wire.frames:
        if frame.get("Event") == "DialBegin":
            assert not ringing, f"{PHONE} rings twice"
            ringing.add(frame.get("DestUniqueid"))
        elif frame.get("Event") == "Hangup":
            ringing.discard(frame.get("Uniqueid"))


async def test_who_is_redirected_at_any_moment_is_still_there(hotline: Hotline, wire: Wire) -> None:
    """Redirects one after the other, without waiting for what they lead to; make chaos has many more."""
    alive = beats(wire)
    callers = {(await waiting(hotline, wire, tone_hz=440)).leg for _ in range(4)}
    legs = sorted(callers)
    for turn in range(400):
        leg = legs[turn % len(legs)]
        command = Withdraw(turn, leg) if turn // 4 % 2 else connect(leg, turn, "p09")
        with suppress(AskFailed):  # the one before is not done yet
            await wire.do(command)
        if turn % 9 == 0:
            await asyncio.sleep(turn % 7 / 10)
    rows = {row.get("Uniqueid") for row in await wire.listed(Action="Status")}
    alive.cancel()
    assert {leg.uid for leg in legs} <= rows


async def test_a_phone_that_transfers_is_told_no_and_its_talk_goes_on(hotline: Hotline, wire: Wire) -> None:
    alive = beats(wire)
    phone = await hotline.sipp.phones([PHONE], answer_ms=50, talk_ms=3_000, transfer_to="sip:41@127.0.0.1")
    first = await waiting(hotline, wire)
    await wire.do(connect(first.leg, 26))
    began = await wire.hears(ev.Bridged)
    ended = await wire.hears(ev.CallEnds)
    alive.cancel()
    assert (began.caller, ended) == (first.leg, ev.CallEnds(first.leg, "staff")), "by the phone's own goodbye"
    assert phone.going, "it was answered at once, as its scenario wants"
