"""The port over real TCP: times of events, snapshots that are asked for until they are there, silence."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from acd.ledger import Ledger
from acd.pbx import port as ports
from acd.pbx.contexts import PLAN
from acd.pbx.correlate import Listing
from acd.pbx.link import AmiLink
from acd.pbx.port import PbxPort
from acd.pbx.translate import Translator
from acd.ports import Arrival, QueueFull
from agents.model import Reach
from routing import events as ev
from routing.commands import Connect
from tests.fakes.ami import Action, FakeAmi
from tests.fakes.centre import NODE

NOW = 1_800_000_000_000
PING_S = 0.5


class Asterisk(FakeAmi):
    """Answers snapshots as it is told: refuses so many, or says something in the middle of one."""

    def __init__(self) -> None:
        super().__init__(self._do)
        self.refused = 0
        self.silent_lists = 0
        self.before: Callable[[str], None] = lambda _: None
        self.meanwhile: Callable[[], None] = lambda: None
        self.asked: list[str] = []
        self.arrived = 0.0
        self.channels: list[dict[str, str]] = []
        self.variables = {"ACD_PLAN": str(PLAN)}

    def _do(self, action: Action, _: FakeAmi) -> None:
        name, key = action["Action"], action["ActionID"]
        self.asked.append(name)
        if name == "Getvar":
            self.say(Response="Success", ActionID=key, Value=self.variables.get(action["Variable"], ""))
            return
        if name not in ("Status", "DeviceStateList", "DBGetTree"):
            self.say(Response="Success", ActionID=key)
            return
        if name == "Status" and self.silent_lists:
            self.silent_lists -= 1
            return
        if name == "Status" and self.refused:
            self.refused -= 1
            self.say(Response="Error", ActionID=key, Message="not now")
            return
        self.before(name)
        self.say(Response="Success", ActionID=key, EventList="start")
        self.meanwhile()
        if name == "DBGetTree" and self.arrived:
            line = {"Key": "/acd/1795776906.0/a", "Val": f"{round(self.arrived * 1000)}:x"}
            self.say(Event="DBGetTreeResponse", ActionID=key, **line)
        for channel in self.channels if name == "Status" else ():
            self.say(Event="Status", ActionID=key, **channel)
        self.say(Event=f"{name}Complete", ActionID=key, EventList="Complete")

    def hangup(self, uid: str, ago_s: float = 0.0) -> None:
        """A leg ended, so long ago by our own clock."""
        self.say(Event="Hangup", Uniqueid=uid, Cause="16", Timestamp=f"{self.now() - ago_s:.6f}")

    def device(self, name: str) -> None:
        """A phone is free, by the clock of now."""
        at = f"{self.now():.6f}"
        self.say(Event="DeviceStateChange", Device=f"PJSIP/{name}", State="NOT_INUSE", Timestamp=at)


class Ear:
    """A port, and what came of it. Once it `stands`, its clocks are moved by hand."""

    def __init__(self, ami: FakeAmi) -> None:
        self.said: list[Arrival] = []
        self.full = False
        self.stands = False
        self.ping_s = PING_S
        self.steady = time.monotonic()
        self._ami = ami
        self._more = asyncio.Event()
        self.port = PbxPort(
            self._connect,
            Translator(NODE),
            self.now_ms,
            lambda: 0.0,
            self._take,
            node=NODE,
            steady=self._steady,
        )

    def _steady(self) -> float:
        if not self.stands:
            self.steady = time.monotonic()
        return self.steady

    def now_ms(self) -> int:
        return NOW + round(self._steady() * 1000)

    async def _connect(self) -> AmiLink:
        return await AmiLink.connect("127.0.0.1", self._ami.port, "acd", "right", ping_s=self.ping_s)

    def _take(self, arrival: Arrival) -> None:
        if self.full and not isinstance(arrival.event, ev.LinkDown):
            raise QueueFull("3 events wait")
        self.said.append(arrival)
        self._more.set()

    async def hears(self, kind: type, number: int = 1) -> list[Any]:
        """So many of a kind."""
        async with asyncio.timeout(20):
            while len(found := [each for each in self.said if isinstance(each.event, kind)]) < number:
                self._more.clear()
                await self._more.wait()
        return found

    def story(self, after: int = 0) -> list[str]:
        """What was told, in order: names of legs that ended and of phones, and the kinds of all else."""
        events = [each.event for each in self.said[after:]]
        return [
            each.leg.uid
            if isinstance(each, ev.LegEnded)
            else each.phone
            if isinstance(each, ev.DeviceChanged)
            else type(each).__name__
            for each in events
        ]

    def kinds(self) -> list[type]:
        return [type(each.event) for each in self.said]


@pytest.fixture
async def asterisk() -> AsyncIterator[Asterisk]:
    async with Asterisk() as server:
        yield server


@asynccontextmanager
async def listening(asterisk: Asterisk, ping_s: float = PING_S) -> AsyncIterator[Ear]:
    ear = Ear(asterisk)
    ear.ping_s = ping_s
    running = asyncio.create_task(ear.port.run())
    await ear.hears(ev.PbxSnapshot)
    try:
        yield ear
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@contextmanager
def held_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(ports, "AGAIN_S", 0.001)
        yield


# --- times -------------------------------------------------------------------------------------------


async def test_an_event_is_as_old_as_its_stamp_says_not_as_its_reading(asterisk: Asterisk) -> None:
    """The distance of the clocks is learned from what is read at once; then we are away for 3 s, in which
    something is said after 1 s and after 2.5 s."""
    async with listening(asterisk) as ear:
        ear.stands = True
        asterisk.now = lambda: 5_000.0 + ear.steady
        asterisk.hangup("1")
        await ear.hears(ev.LegEnded)
        ear.steady += 3.0
        asterisk.hangup("2", ago_s=2.0)
        asterisk.hangup("3", ago_s=0.5)
        asterisk.hangup("4", ago_s=0.6)
        ended = await ear.hears(ev.LegEnded, 4)
        assert [each.at_ms - ended[0].at_ms for each in ended] == [0, 1_000, 2_500, 2_500]


async def test_without_stamps_an_event_is_of_now(asterisk: Asterisk) -> None:
    async with listening(asterisk) as ear:
        asterisk.send(b"Event: Hangup\r\nUniqueid: 1\r\n\r\n")
        (ended,) = await ear.hears(ev.LegEnded)
        assert ended.at_ms == 0


# --- reading empty -----------------------------------------------------------------------------------


async def test_once_emptied_all_that_had_been_said_is_in(asterisk: Asterisk) -> None:
    async with listening(asterisk) as ear:
        for uid in range(2_000):
            asterisk.hangup(str(uid))
        await ear.port.emptied()
        assert ear.kinds().count(ev.LegEnded) == 2_000


async def test_a_pbx_that_does_not_answer_is_down_since_it_was_last_heard(asterisk: Asterisk) -> None:
    async with listening(asterisk) as ear:
        asterisk.hangup("1")
        await ear.hears(ev.LegEnded)
        asterisk.mute = True
        await ear.port.emptied()
        down = ear.said[-1]
        assert isinstance(down.event, ev.LinkDown)
        assert down.event.node == NODE
        waited_ms = round(1000 * 2 * PING_S / 5)
        assert ear.said[-2].at_ms <= down.at_ms <= ear.now_ms() - waited_ms


async def test_while_offers_are_open_silence_is_noticed_sooner(asterisk: Asterisk) -> None:
    """Of 5 s: after 1 s it is asked about, and 2 s later it is death; else after twice 5 s."""
    async with listening(asterisk, ping_s=1.0) as ear:
        ear.port.hurry(True)
        asterisk.mute = True
        began = asyncio.get_running_loop().time()
        await ear.hears(ev.LinkDown)
        hurried = asyncio.get_running_loop().time() - began
        asterisk.mute = False
        await ear.hears(ev.PbxSnapshot, 2)
        ear.port.hurry(False)
        asterisk.mute = True
        began = asyncio.get_running_loop().time()
        await ear.hears(ev.LinkDown, 2)
        assert hurried < asyncio.get_running_loop().time() - began


# --- snapshots ---------------------------------------------------------------------------------------


async def test_a_linkup_snapshot_is_asked_for_until_it_is_there(
    asterisk: Asterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_up(monkeypatch):
        async with listening(asterisk) as ear:
            asterisk.refused = 3
            ear.port.resync()
            await ear.hears(ev.PbxSnapshot, 2)
            await ear.port.resynced()
            assert (asterisk.asked.count("Status"), asterisk.refused) == (5, 0)
            assert ear.port.health() == "ok"
            assert ev.LinkDown not in ear.kinds()


async def test_a_link_that_gives_no_snapshot_is_cut_and_taken_anew(
    asterisk: Asterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_up(monkeypatch):
        async with listening(asterisk) as ear:
            asterisk.refused = ports.SNAPSHOT_TRIES
            ear.port.resync()
            (down,) = await ear.hears(ev.LinkDown)
            assert "no snapshot of the PBX" in down.event.why
            await ear.hears(ev.PbxSnapshot, 2)
            assert ear.kinds() == [ev.PbxSnapshot, ev.LinkDown, ev.PbxSnapshot]


async def test_a_linkup_snapshot_supersedes_a_look_for_drift(asterisk: Asterisk) -> None:
    async with listening(asterisk) as ear:
        asterisk.silent_lists = 1
        ear.port.resync(linkup=False)
        await asyncio.sleep(0)
        ear.port.resync()
        _, found = await ear.hears(ev.PbxSnapshot, 2)
        assert found.event.linkup


async def test_over_a_new_link_the_snapshot_is_the_first_word(asterisk: Asterisk) -> None:
    asterisk.meanwhile = lambda: asterisk.device("1")
    async with listening(asterisk) as ear:
        await ear.hears(ev.DeviceChanged, 2)
        assert ear.kinds() == [ev.PbxSnapshot, ev.DeviceChanged, ev.DeviceChanged]


async def test_what_is_said_while_a_linkup_snapshot_is_on_its_way_follows_it(asterisk: Asterisk) -> None:
    """It is newer than the lists."""
    async with listening(asterisk) as ear:
        asterisk.meanwhile = lambda: asterisk.device("1")
        ear.port.resync()
        ended = await ear.hears(ev.DeviceChanged, 2)
        assert ear.kinds() == [ev.PbxSnapshot, ev.PbxSnapshot, ev.DeviceChanged, ev.DeviceChanged]
        assert all(each.at_ms >= ear.said[1].at_ms for each in ended)


async def test_what_goes_beside_an_event_goes_with_it_whenever_it_was_said(asterisk: Asterisk) -> None:
    async with listening(asterisk) as ear:
        at = f"{asterisk.now():.6f}"
        told = {"Event": "UserEvent", "Call": "1.1", "Timestamp": at, "CallerIDNum": "+49201"}
        asterisk.say(UserEvent="ACDEntry", Line="line", **told)
        asterisk.say(UserEvent="ACDCase", Case="4712", **told)
        (came,) = await ear.hears(ev.CallArrived)
        (keyed,) = await ear.hears(ev.CaseEntered)
        assert (came.number, keyed.keyed, keyed.number) == ("+49201", "4712", "")


async def test_what_comes_far_too_late_is_not_decided_by(asterisk: Asterisk) -> None:
    """A network that held its breath: the link is taken anew, and begins from what there is."""
    async with listening(asterisk) as ear:
        asterisk.hangup("in time")
        await ear.hears(ev.LegEnded)
        ear.stands, ear.steady = True, ear.steady + 8.0
        asterisk.hangup("late")
        asterisk.hangup("behind it")
        (down,) = await ear.hears(ev.LinkDown)
        assert "s late" in down.event.why
        await ear.hears(ev.PbxSnapshot, 2)
        assert ear.story() == ["PbxSnapshot", "in time", "LinkDown", "PbxSnapshot"]


async def test_a_standstill_while_a_snapshot_is_on_its_way_has_it_asked_for_again(asterisk: Asterisk) -> None:
    async with listening(asterisk) as ear:
        again = iter([True])
        asterisk.meanwhile = lambda: ear.port.resync() if next(again, False) else None
        ear.port.resync()
        await ear.hears(ev.PbxSnapshot, 2)
        await ear.port.resynced()
        assert asterisk.asked.count("Status") == 3
        assert len(ear.said) == 2


async def recorded_all(calls: Sequence[str]) -> Sequence[str]:
    return calls


async def test_over_a_new_link_the_ledger_is_told_first(asterisk: Asterisk) -> None:
    ear = Ear(asterisk)
    ear.port._ledger = Ledger(NODE, recorded_all, time.time)
    asterisk.before = lambda name: asterisk.device(name)
    running = asyncio.create_task(ear.port.run())
    await ear.hears(ev.DeviceChanged, 3)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [each for each in asterisk.asked if each != "Login"][:2] == ["DBGetTree", "Status"]
    assert ear.story()[:5] == ["LedgerRead", "DBGetTree", "Status", "PbxSnapshot", "DeviceStateList"]
    times = [each.at_ms for each in ear.said[:5]]
    assert times == sorted(times)


async def test_what_the_first_ledger_of_a_link_tells_of_dials_talks_and_waits_is_told_once(
    asterisk: Asterisk,
) -> None:
    """A slow link: events came between login and ledger. It is newer; ends, phones and needs it has not."""
    ear = Ear(asterisk)
    ear.port._ledger = Ledger(NODE, recorded_all, time.time)
    leg, phone = {"Uniqueid": "1.1", "Channel": "PJSIP/trunk-1"}, {"Uniqueid": "1.2", "Linkedid": "1.1"}

    def before(name: str) -> None:
        if name != "DBGetTree":
            return
        asterisk.say(Event="DialBegin", DestUniqueid="1.2", DestChannel="PJSIP/p02-1", **leg)
        for each in (leg, {**phone, "Channel": "PJSIP/p02-1"}):
            asterisk.say(Event="BridgeEnter", BridgeUniqueid="b", **each)
        asterisk.say(Event="UserEvent", UserEvent="ACDWaiting", Call="1.1", Lang="de", Concern="other")
        asterisk.say(Event="UserEvent", UserEvent="ACDLanguage", Call="1.1", Lang="de")
        asterisk.device("p02")
        asterisk.hangup("1.2")

    asterisk.before = before
    running = asyncio.create_task(ear.port.run())
    await ear.hears(ev.PbxSnapshot)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert ear.story()[:5] == ["LedgerRead", "LanguageChosen", "p02", "1.2", "PbxSnapshot"]


async def test_over_a_new_link_a_ledger_that_is_read_again_has_its_place_among_the_events(
    asterisk: Asterisk,
) -> None:
    """We stood still while the link came up."""
    ear = Ear(asterisk)
    ear.port._ledger = Ledger(NODE, recorded_all, time.time)
    again = iter([True])

    def meanwhile() -> None:
        if asterisk.asked[-1] == "DeviceStateList" and next(again, False):
            asterisk.say(Event="UserEvent", UserEvent="ACDWaiting", Call="1.1", Lang="de", Concern="other")
            ear.port.resync()

    asterisk.meanwhile = meanwhile
    running = asyncio.create_task(ear.port.run())
    await ear.hears(ev.PbxSnapshot)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert ear.story()[:4] == ["LedgerRead", "CallWaiting", "LedgerRead", "PbxSnapshot"]


async def test_over_a_new_link_phones_that_died_in_a_talk_are_told_before_what_there_is(
    asterisk: Asterisk,
) -> None:
    """Qualify told of it once, to nobody. Over a link that stayed it was heard."""
    talks = {"Linkedid": "1.1", "ChannelStateDesc": "Up"}
    asterisk.channels = [
        {"Uniqueid": f"1.{number}", "Channel": f"PJSIP/p{number}-1", **talks} for number in (2, 3, 4)
    ]
    for number, status in ((2, "Reachable"), (3, "Unreachable")):
        asterisk.variables |= {
            f"PJSIP_AOR(p{number},contact)": f"p{number}@x",
            f"PJSIP_CONTACT(p{number}@x,status)": status,
        }
    async with listening(asterisk) as ear:
        assert [each.event for each in ear.said[:-1]] == [ev.PhoneLost("p3", NODE)]
        ear.port.resync()
        await ear.port.resynced()
        assert ear.kinds() == [ev.PhoneLost, ev.PbxSnapshot, ev.PbxSnapshot]


async def test_what_waits_for_a_link_up_waits_over_all_its_tries_but_not_longer_than_that(
    asterisk: Asterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "AGAIN_S", 60.0)
    async with listening(asterisk) as ear:
        ear.stands, asterisk.refused = True, 1
        ear.port.resync()
        while ear.port.health() == "ok":  # noqa: ASYNC110 a state, not an event
            await asyncio.sleep(0.001)
        assert ear.port.linking, "refused once, and not asked again yet"
        ear.steady += ports.LINKING_S
        assert not ear.port.linking


@pytest.mark.parametrize("number", ["", "1", "99"])
async def test_the_dialplan_of_another_release_is_shown(asterisk: Asterisk, number: str) -> None:
    async with listening(asterisk) as ear:
        assert ear.port._files.trouble() == ""
        asterisk.variables["ACD_PLAN"] = number
        ear.port.resync(linkup=False)
        await ear.port.resynced()
        said = ear.port._files.trouble()
        assert f"number {number or 1}, this release's is {PLAN}: run acd pbx render" in said
        assert ear.port.health() == "ok"


async def test_over_a_live_link_what_was_said_before_an_answer_goes_before_it(asterisk: Asterisk) -> None:
    """Held or not yet read, nothing changes its place in the stream."""
    async with listening(asterisk) as ear:
        ear.port._ledger = Ledger(NODE, recorded_all, time.time)
        told = len(ear.said)
        asterisk.before = lambda name: asterisk.device(f"before {name}")
        asterisk.meanwhile = lambda: asterisk.device("meanwhile")
        ear.port.resync()
        await ear.port.resynced()
        assert ear.story(told) == [
            "before DBGetTree",
            "LedgerRead",
            "meanwhile",
            "before Status",
            "PbxSnapshot",
            "meanwhile",
            "before DeviceStateList",
            "meanwhile",
        ]


async def test_who_ended_just_before_the_channels_were_listed_has_an_end_and_is_not_lost(
    asterisk: Asterisk,
) -> None:
    """Asterisk tells the end a moment after the channel is out of its list."""
    asterisk.meanwhile = lambda: (asterisk.device("1"), asterisk.hangup("2"))
    async with listening(asterisk) as ear:
        await ear.hears(ev.DeviceChanged, 2)
        assert ear.story() == ["2", "2", "PbxSnapshot", "1", "1"]


async def test_who_ended_long_after_the_channels_were_listed_ended_then_and_nothing_else_is_late(
    asterisk: Asterisk,
) -> None:
    """We stood still between the list and its reading: what was said meanwhile has its own times."""
    async with listening(asterisk) as ear:
        asterisk.device("tells the time")
        await ear.hears(ev.DeviceChanged)
        told = len(ear.said)

        def meanwhile() -> None:
            if asterisk.asked[-1] == "Status":
                asterisk.device("behind it")
            else:
                asterisk.hangup("1", ago_s=-1.0)
                asterisk.hangup("2", ago_s=-2.0)

        asterisk.meanwhile = meanwhile
        assert not ear.port.linking
        ear.port.resync()
        assert ear.port.linking
        await ear.port.resynced()
        assert not ear.port.linking
        assert ear.story(told) == ["PbxSnapshot", "behind it", "1", "2"]


async def test_an_answer_is_no_younger_than_what_was_said_behind_it(asterisk: Asterisk) -> None:
    """It lay unread for 3 s, and tells how things were then."""
    async with listening(asterisk) as ear:
        asterisk.device("tells the time")
        await ear.hears(ev.DeviceChanged)
        ear.stands = True
        for followed, ago in (
            ("", 0),
            (f"{asterisk.now() - 3:.6f}", 3_000),
            (f"{asterisk.now() + 3:.6f}", 0),
        ):
            answer = Listing(1, ear.steady, followed=followed)
            assert abs(ear.now_ms() - ear.port._answered_ms(answer) - ago) < 500


async def test_what_was_said_before_a_snapshot_was_asked_for_again_keeps_its_place(
    asterisk: Asterisk,
) -> None:
    async with listening(asterisk) as ear:
        ear.port._ledger = Ledger(NODE, recorded_all, time.time)
        told, again = len(ear.said), iter([True])

        def meanwhile() -> None:
            if asterisk.asked[-1] == "DeviceStateList" and next(again, False):
                asterisk.device("first")
                asterisk.hangup("second")
                ear.port.resync()

        asterisk.meanwhile = meanwhile
        ear.port.resync()
        await ear.port.resynced()
        assert ear.story(told) == ["LedgerRead", "first", "second", "LedgerRead", "PbxSnapshot"]


async def test_the_ledgers_times_are_told_in_engine_time(asterisk: Asterisk) -> None:
    """The PBX's clock lies years behind; a call came in ten of its seconds ago."""
    ear = Ear(asterisk)
    ear.port._ledger = Ledger(NODE, recorded_all, time.time)
    asterisk.now = lambda: time.time() - 1e8
    asterisk.arrived = asterisk.now() - 10
    running = asyncio.create_task(ear.port.run())
    ((told, *_),) = [await ear.hears(ev.LedgerRead)]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    ago_ms = told.at_ms - told.event.rows[0].arrived_ms
    assert 9_000 <= ago_ms < 30_000


# --- out ---------------------------------------------------------------------------------------------


async def test_a_full_queue_cuts_the_link_and_takes_it_up_again(asterisk: Asterisk) -> None:
    async with listening(asterisk) as ear:
        ear.full = True
        asterisk.hangup("1")
        (down,) = await ear.hears(ev.LinkDown)
        assert "too much at once: 3 events wait" in down.event.why
        ear.full = False
        await ear.hears(ev.PbxSnapshot, 2)


async def test_what_a_lost_link_took_with_it_is_not_called_failed(asterisk: Asterisk) -> None:
    """Whether the offer reached the PBX, the next snapshot shows; before it nobody else is offered."""
    async with listening(asterisk) as ear:
        asterisk.mute = True
        ear.port.send([Connect(7, ev.Leg(NODE, "1"), Reach("phone", "p01"), 1)])
        ear.port.cut("test")
        ear.port.send([Connect(8, ev.Leg(NODE, "1"), Reach("phone", "p02"), 1)])
        await ear.hears(ev.LinkDown)
        asterisk.mute = False
        await ear.hears(ev.PbxSnapshot, 2)
        assert ev.CommandFailed not in ear.kinds()
