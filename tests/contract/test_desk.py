"""On real Asterisk: who has quiet time is not rung until it is over; who is blocked hears why, and goes."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from acd.demo.hotline import NUMBER, PROJECT, Hotline
from agents.model import Cefr, Team
from routing import events as ev
from routing import facts
from routing.commands import SetFallback
from routing.engine import Engine
from routing.facts import Fact
from routing.world import World
from tests.contract.conftest import AS_SHIPPED, NODE, Wire, deciding, keys
from tests.fakes.centre import POLICY, person


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Hotline]:
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED) as hotline:
        yield hotline


class Deciding:
    """The engine over a wire: it hears what the PBX says and what the test tells, and has it done.

    ahead_ms: so far its clock is set ahead."""

    def __init__(self, wire: Wire, phone: str) -> None:
        self.wire, self.engine, self.ahead_ms = wire, Engine(), 0
        self.said: list[Fact] = []
        self.stepped = asyncio.Event()
        self._heard = 0
        one = person("one", phone, {"tr": Cefr.NATIVE, "de": Cefr.NATIVE}, {"registration": 5, "other": 5})
        self.before = (
            ev.PolicyChanged("p", POLICY._replace(wrap_up_ms=0, lease_ms=60_000, silent_ms=10_000)),
            ev.TeamChanged("t", Team((one,))),
            ev.TermBegan(7),
            ev.PbxSnapshot(0, True, (), ((phone, "NOT_INUSE"),), NODE),
            ev.StaffAsked("one", "", "login", "", None),
        )

    async def tell(self, event: ev.Event) -> None:
        effects = self.engine.step(event, round(time.time() * 1000) + self.ahead_ms)
        self.said += effects.facts
        self.stepped.set()
        self.stepped = asyncio.Event()
        await self.wire.do(*(each for each in effects.commands if not isinstance(each, SetFallback)))

    async def run(self) -> None:
        for event in self.before:
            await self.tell(event)
        while True:
            arrivals = self.wire.arrivals[self._heard :]
            self._heard += len(arrivals)
            for each in arrivals:
                await self.tell(each.event)
            if self.engine.due(round(time.time() * 1000) + self.ahead_ms) is not None:
                await self.tell(ev.Elapsed())
            await asyncio.sleep(0.02)

    async def until(self, holds: Callable[[World], object], within_s: float = 30) -> None:
        async with asyncio.timeout(within_s):
            while not holds(self.engine.world):
                await self.stepped.wait()

    def of(self, kind: type) -> list[Fact]:
        return [each for each in self.said if isinstance(each, kind)]


@asynccontextmanager
async def engine_over(hotline: Hotline, phone: str) -> AsyncIterator[Deciding]:
    async with deciding(hotline) as wire:
        here = Deciding(wire, phone)
        task = asyncio.create_task(here.run())
        try:
            yield here
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_who_has_quiet_time_is_not_rung_until_it_is_over(hotline: Hotline) -> None:
    phone = hotline.centre.staff[0].phone
    await hotline.sipp.phones([phone], talk_ms=3_000)
    async with engine_over(hotline, phone) as here:
        await here.until(lambda world: "one" in world.people and world.people["one"].shown == "ready")
        await here.tell(ev.QuietAsked("one", 1))
        await hotline.sipp.call(NUMBER, keys("tr"))
        await here.until(lambda world: world.people["one"].shown == "quiet")
        dials = len(here.wire.every(Event="DialBegin"))
        assert dials == 1
        await hotline.sipp.call(NUMBER, keys("tr"), hang_up_ms=60_000)
        await here.until(lambda world: [v for v in world.visits.values() if v.state == "waiting"])
        ends = here.engine.world.people["one"].quiet_until_ms
        here.ahead_ms = ends - round(time.time() * 1000) - 3_000
        await here.until(lambda world: len(here.of(facts.TalkBegan)) == 2)
        assert len(here.wire.every(Event="DialBegin")) == dials + 1
        assert here.of(facts.TalkBegan)[1].at_ms >= ends


async def test_a_caller_who_is_blocked_hears_why_and_is_let_go(hotline: Hotline) -> None:
    phone = hotline.centre.staff[1].phone
    await hotline.sipp.phones([phone])
    async with engine_over(hotline, phone) as here:
        await hotline.sipp.call(NUMBER, keys("tr"), hang_up_ms=12_000)
        await here.until(lambda world: [v for v in world.visits.values() if v.state == "talking"])
        visit = next(iter(here.engine.world.visits.values()))
        assert visit.caller is not None
        await here.tell(ev.CallerKnown(visit.caller, "token", "", ""))
        await here.tell(ev.ThreatTold(visit.id, "one", "", 3_600_000))
        await here.until(lambda world: world.people["one"].shown == "ready" and not world.visits)
        assert [each.outcome for each in here.of(facts.VisitEnded)] == ["answered"]  # it ended by itself
        dials = len(here.wire.every(Event="DialBegin"))
        await hotline.sipp.call(NUMBER, keys("tr"), hang_up_ms=60_000)
        await here.until(lambda world: world.visits)
        again = next(iter(here.engine.world.visits.values()))
        assert again.caller is not None
        await here.tell(ev.CallerKnown(again.caller, "token", "", ""))
        await here.wire.sees(UserEvent="ACDSays", Sound="acd/blocked", Call=again.caller.uid)
        await here.until(lambda world: not world.visits)
        assert [each.outcome for each in here.of(facts.VisitEnded)] == ["answered", "blocked"]
        assert len(here.wire.every(Event="DialBegin")) == dials
