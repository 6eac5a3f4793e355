"""On real Asterisk: who asks to be called back, the person who is rung first, and every way it can end."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from acd import ledger
from acd.demo.hotline import NUMBER, PROJECT, Hotline
from acd.demo.ports import free_port
from acd.demo.sipp import PHONE_ADDRESS
from agents.model import Reach
from routing import events as ev
from routing import trunk
from routing.commands import AnswerCallback, CallBack, CancelCallback, TurnAway
from tests.contract.conftest import AS_SHIPPED, NODE, TERM, Wire, deciding, keys
from tests.contract.test_closing import seconds

PROVIDER = free_port(socket.SOCK_DGRAM, PHONE_ADDRESS)
WHOM = "+491711234567"
PHONE = "p02"
YES = [(2_500, "1")]
"""What a person presses once they have heard whom they are to call."""


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Hotline]:
    rules = {
        "message": {"folder": "none", "seconds": 10},
        "callback": {"ring_seconds": 10},
        "trunk": {"provider": f"{PHONE_ADDRESS}:{PROVIDER}"},
    }
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED | rules) as hotline:
        yield hotline


@asynccontextmanager
async def called(hotline: Hotline, offer: int, visit: int = 7, number: str = WHOM) -> AsyncIterator[Wire]:
    """A callback of this offer, given to who sits at PHONE."""
    async with deciding(hotline) as wire:
        await wire.set(ACD_TERM=str(TERM))
        command = CallBack(offer, visit, "t", Reach("phone", PHONE), TERM, "uk", "study", "4711")
        await wire.ask(**wire.translator.originate(command, number))
        yield wire


def phone_leg(offer: int) -> ev.Leg:
    return ev.Leg(NODE, f"cb{offer}")


async def written(wire: Wire, offer: int) -> ev.LedgerCallback:
    """What the dialplan wrote down of it."""
    calls = ledger.notes(await wire.listed(**ledger.TREE))
    return ledger.callback(NODE, f"cb{offer}", calls[f"cb{offer}"])


async def test_the_person_is_rung_presses_the_key_and_talks_with_whom_they_called(hotline: Hotline) -> None:
    offer = (TERM << 32) + 1
    await hotline.sipp.phones([PHONE], keys=YES)
    provider = await hotline.sipp.gateway(PROVIDER, talk_ms=8_000, logged=True)
    async with called(hotline, offer) as wire:
        rings = await wire.hears(ev.CallbackRings)
        assert rings == ev.CallbackRings(offer, phone_leg(offer), PHONE)
        assert (await wire.hears(ev.PhoneRang)).phone_leg == phone_leg(offer)
        assert await wire.hears(ev.CallbackLifted) == ev.CallbackLifted(offer, phone_leg(offer))
        calls = await wire.hears(ev.CallbackCalls, within_s=30)
        assert (calls.offer, calls.phone_leg) == (offer, phone_leg(offer))
        talk = await wire.hears(ev.Bridged, within_s=30)
        assert talk == ev.Bridged(calls.leg, phone_leg(offer), PHONE)
        legs = {each.leg: each for each in wire.translator.legs(await wire.listed(**STATUS))}
        assert {each.callback for each in legs.values()} == {offer}
        assert legs[phone_leg(offer)].bridge == legs[calls.leg].bridge != ""
        assert (legs[phone_leg(offer)].phone, legs[calls.leg].phone) == (PHONE, "")
        over = await wire.hears(ev.CallbackOver, within_s=30)
        assert (over.offer, over.status) == (offer, "ANSWER")
        assert over.talked_ms > 1_000
        row = await written(wire, offer)
        assert (row.visit, row.phone, row.status) == (7, PHONE, "ANSWER")
        assert 0 < row.lifted_ms < row.called_ms < row.answered_ms < row.over_ms
        assert not [each for each in wire.arrivals if isinstance(each.event, ev.DialBegan | ev.CallArrived)]
    heard = provider.messages
    assert f"sip:{WHOM}@" in heard
    assert hotline.centre.centre.hotline in heard  # as who calls
    await provider.end()


STATUS = {"Action": "Status", "Variables": "ACD_CALL,ACD_AT,ACD_CALLBACK"}


REFUSED = [
    (486, "BUSY"),
    (404, "CHANUNAVAIL"),
    (484, "CHANUNAVAIL"),
    (503, "CONGESTION"),
    (403, "CHANUNAVAIL"),
]


@pytest.mark.parametrize(("refuse", "status"), REFUSED)
async def test_who_is_not_there_is_told_and_the_person_is_free_again(
    hotline: Hotline, refuse: int, status: str
) -> None:
    offer = (TERM << 32) + refuse
    await hotline.sipp.phones([PHONE], keys=YES)
    provider = await hotline.sipp.gateway(PROVIDER, talk_ms=None, refuse=refuse)
    async with called(hotline, offer) as wire:
        over = await wire.hears(ev.CallbackOver, within_s=30)
        assert (over.offer, over.status, over.talked_ms, over.sip) == (offer, status, 0, refuse)
        ends = await wire.hears(ev.LegEnded, lambda each: each.leg == phone_leg(offer), within_s=30)
        assert ends.cause == 16
        row = await written(wire, offer)
        assert (row.status, row.answered_ms, row.sip) == (status, 0, refuse)
    await provider.end()


async def test_a_provider_that_is_not_there_is_told_as_one_that_said_nothing(hotline: Hotline) -> None:
    offer = (TERM << 32) + 900
    await hotline.sipp.phones([PHONE], keys=YES)
    async with called(hotline, offer) as wire:
        over = await wire.hears(ev.CallbackOver, within_s=60)
        assert trunk.failed(over.status, over.sip), over
        assert (await written(wire, offer)).sip == over.sip


@pytest.mark.parametrize(("refuse", "cause"), [(486, 17), (603, 21), (480, 19)])
async def test_a_person_who_refuses_is_seen_by_the_cause_and_nobody_is_called(
    hotline: Hotline, refuse: int, cause: int
) -> None:
    offer = (TERM << 32) + 1_000 + refuse
    await hotline.sipp.phones([PHONE], refuse=refuse)
    async with called(hotline, offer) as wire:
        ends = await wire.hears(ev.LegEnded, lambda each: each.leg == phone_leg(offer))
        assert ends.cause == cause
        kinds = {type(each.event) for each in wire.arrivals}
        assert not kinds & {ev.CallbackLifted, ev.CallbackCalls}


async def test_who_presses_nothing_calls_nobody(hotline: Hotline) -> None:
    offer = (TERM << 32) + 3
    await hotline.sipp.phones([PHONE])
    async with called(hotline, offer) as wire:
        over = await wire.hears(ev.CallbackOver, within_s=90)
        assert (over.offer, over.status) == (offer, "SKIPPED")
        assert ev.CallbackCalls not in {type(each.event) for each in wire.arrivals}
        assert (await written(wire, offer)).called_ms == 0


async def test_a_person_who_hangs_up_while_it_rings_there_ends_both(hotline: Hotline) -> None:
    offer = (TERM << 32) + 4
    await hotline.sipp.phones([PHONE], keys=YES, talk_ms=14_000)
    provider = await hotline.sipp.gateway(PROVIDER, talk_ms=None, answer_ms=60_000)
    async with called(hotline, offer) as wire:
        calls = await wire.hears(ev.CallbackCalls, within_s=30)
        await wire.do(CancelCallback(9, offer, ""))
        over = await wire.hears(ev.CallbackOver, within_s=30)
        assert (over.offer, over.status) == (offer, "CANCEL")
        await wire.hears(ev.LegEnded, lambda each: each.leg == calls.leg)
        await wire.hears(ev.LegEnded, lambda each: each.leg == phone_leg(offer))
        assert (await written(wire, offer)).status == "CANCEL"
    await provider.end()


async def test_what_an_older_term_asked_for_is_not_dialled(hotline: Hotline) -> None:
    offer = (TERM << 32) + 5
    await hotline.sipp.phones([PHONE], keys=YES, answer_ms=1_500)
    async with called(hotline, offer) as wire:
        await wire.hears(ev.CallbackRings)
        await wire.set(ACD_TERM=str(TERM + 1))
        await wire.hears(ev.LegEnded, lambda each: each.leg == phone_leg(offer), within_s=30)
        assert ev.CallbackCalls not in {type(each.event) for each in wire.arrivals}
        await wire.set(ACD_TERM=str(TERM))


# --- messages -------------------------------------------------------------------------------------------


async def test_a_message_is_recorded_told_and_heard_by_who_is_to_see_to_it(hotline: Hotline) -> None:
    """The caller speaks (a tone) for as long as may be, and hears that we have it."""
    folder = hotline.asterisk.place.recordings
    async with deciding(hotline) as wire:
        await wire.set(ACD_TERM=str(TERM))
        await hotline.sipp.call(
            NUMBER, [*keys("de"), (2_500, "3")], caller="020155512345", tone_hz=440, hang_up_ms=120_000
        )
        waits = await wire.hears(ev.CallWaiting)
        left = await wire.hears(ev.MessageLeft, within_s=60)
        assert left == ev.MessageLeft(waits.leg, f"{waits.leg.uid}-message")
        assert await wire.sees(UserEvent="ACDSays", Sound="acd/message_kept")
        ends = await wire.hears(ev.CallEnds, lambda each: each.leg == waits.leg, within_s=30)
        assert ends.by == "pbx"
        assert (folder / f"{left.file}.wav").stat().st_size > 24_000
        calls = ledger.notes(await wire.listed(**ledger.TREE))
        assert ledger.row(NODE, waits.leg.uid, calls[waits.leg.uid]).message == left.file
        offer = (TERM << 32) + 2_001
        await hotline.sipp.phones([PHONE], keys=[(16_000, "3")])
        command = CallBack(offer, 9, "", Reach("phone", PHONE), TERM, "de", "study", "", left.file)
        await wire.ask(**wire.translator.originate(command, ""))
        over = await wire.hears(ev.CallbackOver, within_s=60)
        assert (over.offer, over.status) == (offer, "HEARD")


async def test_who_hangs_up_while_they_speak_has_left_their_message(hotline: Hotline) -> None:
    async with deciding(hotline) as wire:
        await hotline.sipp.call(
            NUMBER, [*keys("de"), (2_500, "3")], caller="020155512345", tone_hz=440, hang_up_ms=24_000
        )
        waits = await wire.hears(ev.CallWaiting)
        left = await wire.hears(ev.MessageLeft, within_s=60)
        assert left.leg == waits.leg
        ends = await wire.hears(ev.CallEnds, lambda each: each.leg == waits.leg)
        assert ends.by == "caller"


async def test_who_says_nothing_is_on_hold_again(hotline: Hotline) -> None:
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, [*keys("de"), (2_500, "3")], hang_up_ms=60_000)
        waits = await wire.hears(ev.CallWaiting)
        await wire.sees(UserEvent="ACDSays", Sound="acd/message_none", within_s=60)
        after = len(wire.arrivals)
        again = await wire.hears(ev.CallWaiting, lambda each: each.leg == waits.leg, after=after - 1)
        assert again.queued_ms == waits.queued_ms
        assert ev.MessageLeft not in {type(each.event) for each in wire.arrivals}


# --- asked for ------------------------------------------------------------------------------------------


async def test_who_asks_on_hold_says_yes_to_their_number_and_hears_a_promise(hotline: Hotline) -> None:
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, [*keys("de"), (2_500, "2"), (1_500, "1")], caller="020155512345")
        waits = await wire.hears(ev.CallWaiting)
        frame = await wire.sees(UserEvent="ACDCallback")
        asked = wire.translator.asked(frame)
        assert asked is not None
        assert (asked.leg, asked.number) == (waits.leg, "020155512345")
        await wire.do(AnswerCallback(5, waits.leg, "ok"))
        assert (await wire.sees(UserEvent="ACDSays", Sound="acd/callback_promised")).get("Call")
        ends = await wire.hears(ev.CallEnds, lambda each: each.leg == waits.leg)
        assert ends.by == "pbx"


async def test_a_withheld_number_is_keyed_in_and_read_back(hotline: Hotline) -> None:
    number = "015112345"
    pressed = [*keys("de"), (2_500, "2"), *((1_500 if i == 0 else 300, d) for i, d in enumerate(number))]
    async with deciding(hotline) as wire:
        await hotline.sipp.call(
            NUMBER, [*pressed, (300, "#"), (1_500, "1")], caller="anonymous", hang_up_ms=60_000
        )
        waits = await wire.hears(ev.CallWaiting)
        asked = wire.translator.asked(await wire.sees(UserEvent="ACDCallback", within_s=30))
        assert asked is not None
        assert (asked.leg, asked.number) == (waits.leg, number)
        await wire.do(AnswerCallback(5, waits.leg, "full"))
        assert await wire.sees(UserEvent="ACDSays", Sound="acd/callback_full")
        after = len(wire.arrivals)
        again = await wire.hears(ev.CallWaiting, lambda each: each.leg == waits.leg, after=after - 1)
        assert again.queued_ms == waits.queued_ms


async def test_without_an_answer_nothing_is_promised_and_the_place_stays(hotline: Hotline) -> None:
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, [*keys("de"), (2_500, "2"), (1_500, "1")], caller="020155512345")
        waits = await wire.hears(ev.CallWaiting)
        await wire.sees(UserEvent="ACDCallback")
        assert await wire.sees(UserEvent="ACDSays", Sound="acd/callback_failed")
        after = len(wire.arrivals)
        await asyncio.sleep(0)
        again = await wire.hears(ev.CallWaiting, lambda each: each.leg == waits.leg, after=after - 1)
        assert again.queued_ms == waits.queued_ms


# --- the endings in between -----------------------------------------------------------------------------


async def test_where_nobody_answers_it_ends_after_the_ring_time(hotline: Hotline) -> None:
    offer = (TERM << 32) + 21
    await hotline.sipp.phones([PHONE], keys=YES)
    provider = await hotline.sipp.gateway(PROVIDER, talk_ms=None, answer_ms=60_000)
    async with called(hotline, offer) as wire:
        over = await wire.hears(ev.CallbackOver, within_s=45)
        assert (over.offer, over.status, over.talked_ms) == (offer, "NOANSWER", 0)
        assert (await written(wire, offer)).status == "NOANSWER"
    await provider.end()


async def test_a_phone_that_hangs_up_while_it_rings_there_ends_both_and_says_so_once(
    hotline: Hotline,
) -> None:
    offer = (TERM << 32) + 22
    await hotline.sipp.phones([PHONE], keys=YES, talk_ms=9_000)
    provider = await hotline.sipp.gateway(PROVIDER, talk_ms=None, answer_ms=60_000)
    async with called(hotline, offer) as wire:
        calls = await wire.hears(ev.CallbackCalls, within_s=30)
        over = await wire.hears(ev.CallbackOver, within_s=30)
        await wire.hears(ev.LegEnded, lambda each: each.leg == calls.leg)
        assert (over.offer, over.status) == (offer, "CANCEL")
        assert sum(isinstance(each.event, ev.CallbackOver) for each in wire.arrivals) == 1
    await provider.end()


async def test_a_phone_that_hangs_up_before_the_key_called_nobody(hotline: Hotline) -> None:
    offer = (TERM << 32) + 23
    await hotline.sipp.phones([PHONE], talk_ms=1_500)
    async with called(hotline, offer) as wire:
        await wire.hears(ev.CallbackOver, within_s=30)
        assert ev.CallbackCalls not in {type(each.event) for each in wire.arrivals}
        assert (await written(wire, offer)).called_ms == 0


async def test_who_is_let_go_after_closing_asks_to_be_called_when_we_open(hotline: Hotline) -> None:
    said_s = sum(seconds(hotline, f"de/acd/{each}.wav") for each in ("turned_away", "opens_tomorrow_0"))
    pressed = [*keys("de"), (round(said_s * 1000) + 1_500, "2"), (1_500, "1")]
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, pressed, caller="020155512345", hang_up_ms=90_000)
        waits = await wire.hears(ev.CallWaiting)
        await wire.do(TurnAway(2, waits.leg))
        await wire.sees(UserEvent="ACDCallback", within_s=60)
        await wire.do(AnswerCallback(5, waits.leg, "ok"))
        assert await wire.sees(UserEvent="ACDSays", Sound="acd/callback_later")
        ends = await wire.hears(ev.CallEnds, lambda each: each.leg == waits.leg)
        assert ends.by == "pbx"


# --- a number that may not be called ------------------------------------------------------------------


ABROAD = [*keys("de"), (2_500, "2"), (1_500, "1")]


async def test_on_hold_a_number_that_is_not_called_hears_so_and_leaves_a_message_by_its_key(
    hotline: Hotline,
) -> None:
    async with deciding(hotline) as wire:
        pressed = [*ABROAD, (6_000, "3")]
        await hotline.sipp.call(NUMBER, pressed, caller="0033155512345", tone_hz=440, hang_up_ms=120_000)
        waits = await wire.hears(ev.CallWaiting)
        await wire.sees(UserEvent="ACDCallback", within_s=30)
        await wire.do(AnswerCallback(5, waits.leg, "not_dialled"))
        assert await wire.sees(UserEvent="ACDSays", Sound="acd/callback_abroad")
        left = await wire.hears(ev.MessageLeft, within_s=60)
        assert left.leg == waits.leg


async def test_on_hold_who_presses_nothing_then_keeps_their_place(hotline: Hotline) -> None:
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, ABROAD, caller="0033155512345", hang_up_ms=60_000)
        waits = await wire.hears(ev.CallWaiting)
        await wire.sees(UserEvent="ACDCallback", within_s=30)
        await wire.do(AnswerCallback(5, waits.leg, "not_dialled"))
        assert await wire.sees(UserEvent="ACDSays", Sound="acd/callback_abroad")
        after = len(wire.arrivals)
        again = await wire.hears(ev.CallWaiting, lambda each: each.leg == waits.leg, after=after, within_s=40)
        assert again.queued_ms == waits.queued_ms


async def test_at_night_a_number_that_is_not_called_is_still_offered_a_message(hotline: Hotline) -> None:
    said_s = sum(seconds(hotline, f"de/acd/{each}.wav") for each in ("turned_away", "opens_tomorrow_0"))
    abroad_ms = round(seconds(hotline, "de/acd/callback_abroad.wav") * 1000) + 2_500
    pressed = [*keys("de"), (round(said_s * 1000) + 1_500, "2"), (1_500, "1"), (abroad_ms, "3")]
    async with deciding(hotline) as wire:
        await hotline.sipp.call(NUMBER, pressed, caller="0033155512345", tone_hz=440, hang_up_ms=120_000)
        waits = await wire.hears(ev.CallWaiting)
        await wire.do(TurnAway(2, waits.leg))
        await wire.sees(UserEvent="ACDCallback", within_s=60)
        await wire.do(AnswerCallback(5, waits.leg, "not_dialled"))
        assert await wire.sees(UserEvent="ACDSays", Sound="acd/callback_abroad")
        left = await wire.hears(ev.MessageLeft, within_s=60)
        assert left.leg == waits.leg
