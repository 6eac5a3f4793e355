"""The live loop without a PBX, a database or the passing of time: all three do what the test says."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from acd.ports import Arrival, Decision, JournalRefused, Snapshot
from acd.runner import Runner
from routing import events as ev
from routing.commands import Command, SetAnnouncement, SetFallback, SetHours
from routing.engine import Engine
from routing.facts import Fact
from tests.fakes.centre import NODE, PHONES, POLICY, ROSTER

START = 1_800_000_000_000


class HandClock:
    """Implements ports.Clock. `passes` moves both clocks, `set_ahead` the wall clock alone."""

    def __init__(self) -> None:
        self.now = START
        self.elapsed = 1_000
        self._stepped = 0

    def now_ms(self) -> int:
        return self.now

    def elapsed_ms(self) -> int:
        return self.elapsed

    def stepped_ms(self) -> int:
        stepped, self._stepped = self._stepped, 0
        self.now += max(0, stepped)
        return stepped

    def passes(self, ms: int) -> None:
        self.now += ms
        self.elapsed += ms

    def set_ahead(self, ms: int) -> None:
        self._stepped += ms


class MemoryJournal:
    """Implements ports.Journal in memory. before: run before each append; it may raise or take its time."""

    def __init__(self) -> None:
        self.events: list[ev.Envelope] = []
        self.skipped: dict[int, str] = {}
        self.snapshots: list[Snapshot] = []
        self.decided: list[Decision] = []
        self.appends = 0
        self.before: Callable[[Sequence[ev.Envelope]], None] = lambda _: None
        self.before_skip: Callable[[], None] = lambda: None
        self._more = asyncio.Event()

    async def until(self, kind: str) -> None:
        """Until an event of this name is in."""
        async with asyncio.timeout(10):
            while kind not in self.kinds():
                self._more.clear()
                await self._more.wait()

    async def append(self, batch: Sequence[ev.Envelope], decided: Sequence[Decision] = ()) -> None:
        self.before(batch)
        self.appends += 1
        self.events.extend(batch)
        self._more.set()
        self.decided.extend(decided)
        await asyncio.sleep(0)  # as with a real one, who awaits it goes on in another turn of the loop

    async def read(self, after: int) -> AsyncIterator[ev.Envelope]:
        for each in list(self.events):
            if each.seq > after and each.seq not in self.skipped:
                yield each

    async def last(self) -> tuple[int, int, int]:
        last = self.events[-1]
        return last.seq, last.term, last.at_ms

    async def decisions(self, after: int) -> list[Decision]:
        return [each for each in self.decided if each.seq > after]

    async def skip(self, seq: int, error: str) -> None:
        self.before_skip()
        self.skipped[seq] = error

    async def save_snapshot(self, snapshot: Snapshot, recorded: int = 0) -> None:
        self.snapshots.append(snapshot)

    async def latest_snapshot(self, not_after: int) -> Snapshot | None:
        fit = [each for each in self.snapshots if each.seq <= not_after]
        return fit[-1] if fit else None

    async def close(self) -> None: ...

    def kinds(self) -> list[str]:
        """Names of the events, in order."""
        return [type(each.event).__name__ for each in self.events]


class HandLink:
    """Implements ports.PbxLink. unread: what the PBX has said and nobody has read; `emptied` reads it."""

    def __init__(self) -> None:
        self.sent: list[Command] = []
        self.beats: list[int] = []
        self.resyncs = 0
        self.emptied_times = 0
        self.offers = False
        self.linking = False
        self.unread: list[Arrival] = []
        self.submit: Callable[[Arrival], None]

    def send(self, commands: Sequence[Command]) -> None:
        told = SetAnnouncement | SetFallback | SetHours
        self.sent.extend(each for each in commands if not isinstance(each, told))

    def beat(self, count: int) -> None:
        self.beats.append(count)

    def resync(self) -> None:
        self.resyncs += 1

    def hurry(self, offers: bool) -> None:
        self.offers = offers

    async def emptied(self) -> None:
        self.emptied_times += 1
        unread, self.unread = self.unread, []
        for each in unread:
            self.submit(each)
        await asyncio.sleep(0)


class Live:
    """A runner whose rounds the test takes; the centre is up, and these phones are logged in."""

    def __init__(self, **more: Any) -> None:
        self.clock = HandClock()
        self.journal = MemoryJournal()
        self.link = HandLink()
        self.told: list[Fact] = []
        self.runner = Runner(Engine(), self.journal, self.clock, self.link, [self], term=1, seq=0, **more)
        self.link.submit = self.runner.submit

    def facts(self, seq: int, facts: Sequence[Fact]) -> None:
        self.told.extend(facts)

    def of(self, kind: type) -> list[Any]:
        return [each for each in self.told if isinstance(each, kind)]

    async def up(self, *phones: str) -> "Live":
        """With rules, people and a link; the clock stands."""
        self.put(ev.TermBegan(1))
        self.put(ev.PolicyChanged("policy", POLICY))
        self.put(ev.TeamChanged("roster", ROSTER))
        self.linkup()
        for phone in phones:
            self.put(ev.StaffAsked("", phone, "login", "", None))
        await self.runner.turn()
        return self

    async def waits(self, ms: int) -> None:
        """So long passes, and nothing stands still."""
        for left in range(ms, 0, -100):
            self.clock.passes(min(left, 100))
            await self.runner.turn()

    def put(self, event: ev.Event, actor: str = "test") -> None:
        """Something of our own, now."""
        self.runner.submit(Arrival(event, actor))

    def pbx(self, event: ev.Event, ago_ms: int = 0) -> Arrival:
        """Something that the PBX said so long ago, with its stamp."""
        return Arrival(event, "pbx", at_ms=self.clock.now - ago_ms)

    def says(self, event: ev.Event, ago_ms: int = 0) -> None:
        """The PBX said it and it was read."""
        self.runner.submit(self.pbx(event, ago_ms))

    def linkup(self, *legs: ev.LegSeen) -> None:
        """The snapshot over a new link."""
        devices = tuple((phone, "NOT_INUSE") for phone in PHONES)
        self.says(ev.PbxSnapshot(self.clock.now, True, legs, devices, NODE))

    def calls(self, uid: str = "1", language: str = "de") -> ev.Leg:
        """A caller is on hold."""
        leg = ev.Leg(NODE, uid)
        self.says(ev.CallArrived(leg, "line"))
        self.says(ev.CallWaiting(leg, language, "other", "", 0, 0))
        return leg


def refusing(times: int) -> Callable[..., None]:
    """What a journal does that takes nothing so often."""
    left = [times]

    def refuse(*_: object) -> None:
        if left[0]:
            left[0] -= 1
            raise JournalRefused("disk full")

    return refuse
