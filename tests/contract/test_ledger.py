"""What the dialplan writes down with nobody listening is what happened: held to Asterisk's own events.

Calls of every kind run with no daemon, or with one that dies in the middle; a link that only listens has the
time of everything from Asterisk itself.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from acd import ledger
from acd.demo.hotline import NUMBER, PROJECT, Hotline
from acd.demo.sipp import Run
from acd.pbx.codec import Frame
from agents.model import Reach
from routing import events as ev
from routing.commands import Connect, SetFallback, Withdraw
from routing.events import LedgerRow, Leg
from tests.contract.conftest import AS_SHIPPED, NODE, TERM, Wire, keys

OFFER = (TERM << 32) + 5
LINE = "+4920188000000"
PHONES = {"tr": "p03", "uk": "p06", "ru": "p11", "fa": "p08", "pl": "p02", "ar": "p01"}


@pytest.fixture(scope="module")
async def hotline() -> AsyncIterator[Hotline]:
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED) as hotline:
        yield hotline


class Calls:
    """Calls with nobody deciding, each known by its language."""

    def __init__(self, hotline: Hotline, wire: Wire) -> None:
        self._hotline = hotline
        self._wire = wire
        self.legs: dict[str, Leg] = {}

    async def call(self, language: str, hang_up_ms: int | None) -> Run:
        before = len(self._wire.arrivals)
        run = await self._hotline.sipp.call(NUMBER, keys(language), hang_up_ms=hang_up_ms)
        self.legs[language] = (await self._wire.hears(ev.CallArrived, after=before)).leg
        return run


def at(frames: Sequence[Frame]) -> list[float]:
    return [float(frame.get("Timestamp")) for frame in frames]


def close(found_ms: int, wanted: Sequence[float]) -> bool:
    """Within a second."""
    return bool(wanted) and abs(found_ms / 1000 - wanted[0]) < 1.0


def rows_of(found: Sequence[LedgerRow]) -> dict[Leg, LedgerRow]:
    return {row.leg: row for row in found}


async def test_every_call_without_us_is_in_the_ledger_as_asterisk_saw_it(hotline: Hotline) -> None:
    sipp = hotline.sipp
    await sipp.phones([PHONES["tr"]], answer_ms=300, talk_ms=2500)
    await sipp.phones([PHONES["uk"]], answer_ms=300)
    await sipp.phones([PHONES["ru"]], answer_ms=60_000)
    await sipp.phones([PHONES["fa"]], answer_ms=200, talk_ms=100)
    await sipp.phones([PHONES["pl"]], answer_ms=1000, talk_ms=4000)
    await sipp.phones([PHONES["ar"]], answer_ms=60_000)
    async with Wire(hotline) as wire, Wire(hotline) as daemon:
        fallback = tuple((language, (phone,)) for language, phone in sorted(PHONES.items()))
        await daemon.do(SetFallback(1, TERM, fallback))
        calls = Calls(hotline, wire)
        runs = [
            await calls.call("tr", None),  # rung by the dialplan, the phone's side ends the talk
            await calls.call("uk", 16_000),  # the same, the caller ends it
            await calls.call("ru", 22_000),  # nobody answers; leaves while it rings again
            await calls.call("fa", 14_000),  # answered for a moment, then on hold again
            await calls.call("en", 3_000),  # leaves the queue
            await calls.call("es", None),  # hears that the centre is closed
        ]
        menu_before = len(wire.arrivals)
        runs.append(await sipp.call(NUMBER, [], hang_up_ms=900))
        calls.legs["menu"] = (await wire.hears(ev.CallArrived, after=menu_before)).leg
        await wire.hears(ev.CallWaiting, lambda each: each.leg == calls.legs["es"])
        closed = {"Context": "acd-closed", "Exten": "s", "Priority": "1"}
        await daemon.ask(Action="Redirect", Channel=calls.legs["es"].uid, **closed)
        runs.append(await calls.call("ar", 4_000))  # rung by the daemon and put back, then leaves the queue
        await wire.hears(ev.CallWaiting, lambda each: each.leg == calls.legs["ar"])
        await daemon.do(Connect(OFFER - 1, calls.legs["ar"], Reach("phone", PHONES["ar"]), TERM))
        await wire.hears(ev.DialBegan, lambda each: each.caller == calls.legs["ar"])
        await daemon.do(Withdraw(9, calls.legs["ar"]))
        runs.append(await calls.call("pl", None))  # connected by a daemon that dies while it rings
        await wire.hears(ev.CallWaiting, lambda each: each.leg == calls.legs["pl"])
        await daemon.do(Connect(OFFER, calls.legs["pl"], Reach("phone", PHONES["pl"]), TERM))
        assert daemon.link is not None
        daemon.link.lose("killed")
        for run in runs:
            await run.finished()
        await asyncio.gather(*(_ended(wire, leg) for leg in calls.legs.values()))
        found = ledger.rows(NODE, ledger.notes(await wire.listed(**ledger.TREE)))
        _hold_to(wire, calls.legs, found)
    assert "02018" not in str(found).replace(LINE, ""), "no caller's number"


async def _ended(wire: Wire, leg: Leg) -> None:
    await wire.hears(ev.LegEnded, lambda each: each.leg == leg, within_s=40)


def _hold_to(wire: Wire, legs: dict[str, Leg], found: Sequence[LedgerRow]) -> None:
    """Each row against what Asterisk said."""
    rows = rows_of(found)
    assert set(rows) == set(legs.values()), "each call once, and none besides"
    uids = [float(row.leg.uid.partition(".")[2]) for row in found]
    assert uids == sorted(uids), "in the order of arrival"
    ended_by = {
        "menu": "caller", "en": "caller", "tr": "staff", "uk": "caller", "ru": "caller", "fa": "caller",
        "es": "pbx", "pl": "staff", "ar": "caller",
    }  # fmt: skip
    for name, leg in legs.items():
        row = rows[leg]
        mine = {"Call": leg.uid}
        assert row.line == LINE
        assert close(row.arrived_ms, at(wire.every(UserEvent="ACDEntry", **mine))), name
        assert close(row.ended_ms, at(wire.every(Event="Hangup", Uniqueid=leg.uid))), name
        assert row.by == ended_by[name], name
        if name != "menu":
            assert (row.language, row.concern) == (name, "registration")
            assert close(row.queued_ms, at(wire.every(UserEvent="ACDWaiting", **mine)))
        alone = wire.every(UserEvent="ACDDegraded", **mine)
        assert (row.degraded_ms > 0) == bool(alone), name
        assert not alone or close(row.degraded_ms, at(alone))
        told = wire.every(UserEvent="ACDClosed", **mine)
        assert (row.closed_ms > 0) == bool(told) == (name == "es")
        dials = wire.every(Event="DialBegin", Uniqueid=leg.uid)
        assert len(row.rings) == len(dials), name
        for ring, dial in zip(row.rings, dials, strict=True):
            assert ring.phone == PHONES[name]
            assert ring.offer == {"pl": OFFER, "ar": OFFER - 1}.get(name, 0)
            assert close(ring.at_ms, at([dial]))
        phones = [dial.get("DestUniqueid") for dial in dials]
        bridged = [uid for uid in phones if wire.every(Event="BridgeEnter", Uniqueid=uid)]
        assert len(row.talks) == len(bridged), name
        for talk, uid in zip(row.talks, bridged, strict=True):
            assert close(talk.began_ms, at(wire.every(Event="BridgeEnter", Uniqueid=uid)))
            assert close(talk.ended_ms, at(wire.every(Event="Hangup", Uniqueid=uid)))
    statuses = {name: [ring.status for ring in rows[leg].rings] for name, leg in legs.items()}
    assert statuses["ar"] == ["CANCEL"]
    assert statuses["ru"] == ["NOANSWER", "CANCEL"]
    assert statuses["tr"] == statuses["uk"] == statuses["pl"] == ["ANSWER"]
    assert statuses["fa"][0] == "ANSWER"
    assert set(statuses["fa"][1:-1]) <= {"ANSWER"}, "the last may ring as the caller leaves"


async def test_what_is_recorded_is_forgotten_by_the_dialplan_and_nothing_else(hotline: Hotline) -> None:
    async with Wire(hotline) as wire:
        assert wire.link is not None
        calls = Calls(hotline, wire)
        for language in ("en", "fr", "ar"):
            await (await calls.call(language, 200)).finished()
        for leg in calls.legs.values():
            await _ended(wire, leg)
        legs = [leg.uid for leg in calls.legs.values()]
        known = set(ledger.notes(await wire.listed(**ledger.TREE)))
        assert known >= set(legs)
        recorded = known - {legs[1]}

        async def ask(uids: Sequence[str]) -> set[str]:
            return recorded & set(uids)

        book = ledger.Ledger(NODE, ask, lambda: float(legs[0]))
        await book.read(wire.link)
        before = len(wire.frames)
        assert await book.sweep() == len(recorded)
        await wire.sees(after=before, Event="Hangup", Context="acd-forget")
        async with asyncio.timeout(5):
            while set(ledger.notes(await wire.listed(**ledger.TREE))) != {legs[1]}:
                pass
        assert not [a for a in wire.arrivals[before:] if isinstance(a.event, ev.LegEnded)], "no call's leg"


async def test_what_asterisk_wrote_survives_its_own_death_and_the_end_is_not_invented(
    hotline: Hotline,
) -> None:
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, ()))
        calls = Calls(hotline, wire)
        await calls.call("fr", None)
        leg = calls.legs["fr"]
        await wire.hears(ev.CallWaiting, lambda each: each.leg == leg)
        await asyncio.sleep(1.5)  # what was written in the last second before the death may be lost
        await hotline.asterisk.stop(kill=True)
    await hotline.asterisk.start()
    async with Wire(hotline) as wire:
        assert wire.link is not None
        book = ledger.Ledger(NODE, _none, lambda: 0.0)
        found, _ = await book.read(wire.link)
        status = await wire.listed(Action="Status")
        after = wire.translator.snapshot(wire.translator.legs(status), [], 1, True)
        row = rows_of(found.rows)[leg]
        assert (row.language, row.concern) == ("fr", "registration")
        assert (row.ended_ms, row.by, row.rings, row.talks) == (0, "", (), ())
        assert row.queued_ms > row.arrived_ms > 0
        assert leg not in {each.leg for each in after.legs}


async def _none(_: Sequence[str]) -> tuple[str, ...]:
    return ()
