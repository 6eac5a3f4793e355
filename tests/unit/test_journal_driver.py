"""A real run of the daemon's loop, link and journal, against a PBX of memory over TCP, decided again.

The journal's events go at their times through the engine on the simulated clock, which wakes the deadlines
itself: every command that left and every fact that was told must come again, the same and in the same order.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from acd import replay
from acd.clock import SystemClock
from acd.intake import Inbox
from acd.pbx.link import AmiLink
from acd.pbx.port import PbxPort
from acd.pbx.translate import Translator
from acd.ports import Arrival
from acd.runner import Runner
from acd.store import codec
from acd.store.journal import SqlJournal
from acd.store.open import ready, urls
from routing import facts
from routing.commands import Command, Withdraw
from routing.engine import Effects, Engine
from routing.events import Elapsed, PolicyChanged, StaffAsked, TeamChanged, TermBegan
from routing.policy import FALLBACK, OWN, SECOND, Plan, Refusal, Step
from simulation.drivers import model, sampler
from simulation.drivers.journal import JournalDriver
from simulation.drivers.model import Duration, Phones
from simulation.records.journal_trace import Reader
from simulation.records.trace_driven import END, Again, Assumed, Job, Measure, Rules
from tests.fakes.centre import NODE, PHONES, POLICY, ROSTER
from tests.fakes.pbx import FakePbx, Phone

QUICK = POLICY._replace(
    plans=(
        Plan(
            "",
            "",
            (
                Step(0, OWN, 5, 3),
                Step(60, OWN, 4, 2),
                Step(110, OWN | SECOND, 4, 1),
                Step(170, OWN | SECOND | FALLBACK, 3, 0),
            ),
        ),
    ),
    lease_ms=200,
    silent_ms=2_000,
    wrap_up_ms=25,
    refusals=tuple(Refusal(each.outcome, each.away_after, 90) for each in POLICY.refusals),
    repeat_ms=500,
    classes=(("repeat", 40),),
    short_talk_ms=0,
)


class Overheard:
    """Stands before the link and among the listeners: every command sent, every fact told."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.told: list[facts.Fact] = []
        self.port: PbxPort
        self._more = asyncio.Event()

    def send(self, commands: Sequence[Command]) -> None:
        self.commands.extend(commands)
        self.port.send(commands)

    def beat(self, count: int) -> None:
        self.port.beat(count)

    def resync(self) -> None:
        self.port.resync()

    def hurry(self, offers: bool) -> None:
        self.port.hurry(offers)

    @property
    def linking(self) -> bool:
        return self.port.linking

    async def emptied(self) -> None:
        await self.port.emptied()

    def facts(self, seq: int, told: Sequence[facts.Fact]) -> None:
        self.told.extend(told)
        self._more.set()

    def hear(self, effects: Effects) -> None:
        """The same from an engine that nothing is connected to."""
        self.commands.extend(effects.commands)
        self.told.extend(effects.facts)

    def of(self, kind: type) -> list[Any]:
        return [fact for fact in self.told if isinstance(fact, kind)]

    async def until(self, kind: type, number: int, outcome: str = "") -> None:
        """Until so many facts of this kind were told, with this outcome if one is named."""
        async with asyncio.timeout(20):
            while sum(not outcome or each.outcome == outcome for each in self.of(kind)) < number:
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def term(pbx: FakePbx, journal: SqlJournal, heard: Overheard) -> AsyncIterator[Runner]:
    """One term of leadership; it ends like a process that is killed."""
    seq, before, at_ms = await journal.last()
    engine = await replay.rebuild(journal, seq)
    clock = SystemClock(max(at_ms, engine.world.now_ms))
    inbox = Inbox(clock.now_ms)
    port = heard.port = PbxPort(
        lambda: AmiLink.connect("127.0.0.1", pbx.port, "acd", "right"),
        Translator(NODE),
        clock.now_ms,
        lambda: 0.0,
        inbox.submit,
    )
    runner = Runner(engine, journal, clock, heard, [heard], term=before + 1, seq=seq, inbox=inbox)
    runner.submit(Arrival(TermBegan(before + 1), "daemon"))
    if not seq:
        runner.submit(Arrival(PolicyChanged(codec.digest(QUICK), QUICK), "daemon"))
        runner.submit(Arrival(TeamChanged(codec.digest(ROSTER), ROSTER), "daemon"))
    tasks = [asyncio.create_task(runner.run()), asyncio.create_task(port.run())]
    try:
        yield runner
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def a_day(pbx: FakePbx, journal: SqlJournal) -> Overheard:
    """Callers who wait, widen, are refused, give up and talk; a killed daemon and a lost link."""
    heard = Overheard()
    async with term(pbx, journal, heard) as runner:
        await heard.until(facts.LinkChanged, 1)
        for phone, how in zip(PHONES, (Phone(20, 60), Phone(10, 40), Phone(refuse=486)), strict=True):
            pbx.register(phone, how)
        for phone in PHONES:
            await runner.ask(Arrival(StaffAsked("", phone, "login", "", None), "staff"))
        for i in range(12):
            pbx.caller(("de", "ar", "tr", "en", "uk")[i % 5], ("study", "other")[i % 2])
            await asyncio.sleep(0.01)
        await heard.until(facts.VisitEnded, 8)
        left = pbx.caller("uk", "study")
        await heard.until(facts.Queued, 13)
        pbx.hang_up(left)
        await heard.until(facts.VisitEnded, 13)
        pbx.register(PHONES[1], Phone(10_000))
        await runner.ask(Arrival(StaffAsked("birgit", "", "ready", "", None), "staff"))
        pbx.caller("de", "other")
        pbx.caller("en", "other")
        await heard.until(facts.OfferEnded, 1, facts.NO_ANSWER)
    pbx.caller("de", "study")
    await asyncio.sleep(0.1)
    async with term(pbx, journal, heard) as runner:
        await heard.until(facts.LinkChanged, 2)
        await heard.until(facts.Queued, 16)
        pbx.drop()
        await heard.until(facts.LinkChanged, 4)
        pbx.register(PHONES[1], Phone(10, 30))
        await runner.ask(Arrival(StaffAsked("birgit", "", "ready", "", None), "staff"))
        await heard.until(facts.VisitEnded, 16)
        await heard.until(facts.WrapUpEnded, len(heard.of(facts.TalkBegan)))
    return heard


@pytest.fixture(scope="module")
async def recorded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[SqlJournal, Overheard]]:
    where = urls(tmp_path_factory.mktemp("journal"), {})["journal"]
    journal = await SqlJournal.open(await ready("journal", where))
    try:
        async with FakePbx(PHONES) as pbx:
            heard = await a_day(pbx, journal)
        yield journal, heard
    finally:
        await journal.close()


async def test_the_day_is_one_worth_deciding(recorded: tuple[SqlJournal, Overheard]) -> None:
    """Widened, refused, withdrawn, given up, two terms, deadlines that nothing else was there to pass."""
    journal, heard = recorded
    events = [each.event async for each in journal.read(0)]
    assert sum(isinstance(event, Elapsed) for event in events) > 8
    assert sum(isinstance(event, TermBegan) for event in events) == 2
    assert {each.choice.step for each in heard.of(facts.OfferMade)} >= {0, 1, 3}
    outcomes = {each.outcome for each in heard.of(facts.OfferEnded)}
    assert outcomes >= {facts.ANSWERED, facts.BUSY, facts.NO_ANSWER}
    assert any(isinstance(command, Withdraw) for command in heard.commands)


async def test_the_simulated_clock_leads_to_the_same_decisions(
    recorded: tuple[SqlJournal, Overheard],
) -> None:
    journal, heard = recorded
    again = Overheard()
    simulated = JournalDriver(Engine(), again.hear)
    async for envelope in journal.read(0):
        simulated.feed(envelope)
    sent = set(heard.commands)
    assert [command for command in again.commands if command in sent] == heard.commands
    assert again.told == heard.told


async def test_from_a_kept_world_on_the_decisions_are_the_same(
    recorded: tuple[SqlJournal, Overheard],
) -> None:
    """A journal whose begin was trimmed: from the snapshot on."""
    journal, heard = recorded
    events = [each async for each in journal.read(0)]
    middle = events[len(events) // 2].seq
    engine = await replay.rebuild(journal, middle)
    again = Overheard()
    simulated = JournalDriver(engine, again.hear)
    async for envelope in journal.read(middle):
        simulated.feed(envelope)
    assert again.told == heard.told[-len(again.told) :]
    assert len(again.told) > 50


async def test_what_the_journal_tells_of_callers_is_what_was_told(
    recorded: tuple[SqlJournal, Overheard],
) -> None:
    """A planner reads callers, phones and staff from it, and they can come again."""
    journal, heard = recorded
    engine = Engine()
    reader = Reader(engine)
    async for envelope, effects in replay.replay(engine, journal, 0):
        reader.take(envelope, effects)
    found = reader.found()
    ended = [each.outcome for each in heard.of(facts.VisitEnded)]
    assert sorted(each.ended for each in found.callers) == sorted(ended)
    talks = heard.of(facts.TalkBegan)
    assert sum(each.talk_ms > 0 for each in found.callers) == len({each.visit for each in talks})
    assert {each.does for each in found.offers} >= {model.ANSWERED, model.NO_ANSWER, model.BUSY}
    assert {each.agent for each in found.did} == {"amal", "birgit", "cem"}
    asked = Job(
        found,
        Rules(found.policies, found.rosters, found.did, found.by_hand),
        Assumed(
            60_000.0,
            Duration(sampler.CONSTANT, 50.0),
            Phones((1.0, 0.0, 0.0, 0.0, 0.0, 0.0), 1, Duration(0, 10.0), Duration(0, 10.0), 100),
            1_000,
        ),
        Measure(50, 5, "all_offered"),
        1,
        0,
        1,
    )
    again = Again(asked, 0).run_through()
    answered = int((again.ended == END[facts.ANSWERED]).sum())
    assert abs(answered - ended.count(facts.ANSWERED)) <= 3
