"""The only live loop: what has arrived -> journal -> step -> commands and facts; sleeps until due().

Two rules keep it from deciding on what is no longer so.

- No deadline passes before all that the PBX said until then has been decided: either something stamped later
  is in already, or the PBX is asked, and what it answers comes after all that it had said (`emptied`). A PBX
  that does not answer is lost, and then no deadline passes.
- Whoever stood still for longer than half of the shortest open lease (a stuck commit, a stopped process, a
  machine that slept, a clock that was set ahead) no longer knows what is so: the next event is LinkDown,
  before everything that waits; what was decided and not yet sent is thrown away; and nothing is sent until
  a snapshot that was asked for afterwards is in.
"""

import asyncio
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import NamedTuple

import structlog

from acd import replay
from acd.beside import Kept
from acd.copies import Copies
from acd.intake import Entry, Inbox
from acd.keeping import Keeping
from acd.ports import (
    DAEMON,
    Arrival,
    Clock,
    Decision,
    Directory,
    Journal,
    JournalRefused,
    Listener,
    PbxLink,
    Vault,
)
from acd.recognition import Recognition
from acd.standstill import STUCK_MS, Standstill, shortest_ms
from acd.steps import Steps
from routing.commands import Command
from routing.engine import Engine
from routing.events import (
    Bridged,
    ClockStepped,
    CommandFailed,
    Elapsed,
    Envelope,
    LinkDown,
    TermBegan,
)
from routing.facts import Fact
from routing.trunk import shown_away
from routing.visit import OUTBOUND

BATCH_MAX = 256
BEAT_MS = 2_000
LOOK_MS = 250
LINKING_MS = 10
PAUSE_MS = 50
REFUSED_RETRY_S = 0.25
CAUSES_MAX = 2_000

log = structlog.get_logger(__name__)


class Told(NamedTuple):
    """What became of one arrival that somebody waits for."""

    seq: int
    facts: tuple[Fact, ...]


class Runner:
    """Feeds one engine from one queue. Everything else in the daemon only puts in or listens.

    settled: while it is set the engine's world may be looked at; a large step is made beside the loop.
    copies: of the world, for who needs longer than that.
    """

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        clock: Clock,
        link: PbxLink,
        listeners: Sequence[Listener],
        *,
        term: int,
        seq: int,
        vault: Vault | None = None,
        directory: Directory | None = None,
        observe: Callable[[str, float], None] = lambda _what, _seconds: None,
        recorded: Callable[[], int] = lambda: 0,
        inbox: Inbox | None = None,
    ) -> None:
        self.engine = engine
        self.journal_trouble = ""
        self._steps = Steps()
        self.settled = self._steps.settled
        self._journal = journal
        self._clock = clock
        self._link = link
        self._listeners = tuple(listeners)
        self._term = term
        self._seq = seq
        self._at_ms = engine.world.now_ms
        self._decided: list[Decision] = []
        self._observe = observe
        self._recorded = recorded
        self._inbox = inbox or Inbox(clock.now_ms)
        self._intake, self._arrived = self._inbox.intake, self._inbox.arrived
        self._recognition = Recognition(vault, directory, clock, self.submit)
        self._recognising = Kept("recognition", self._recognition.run)
        self._causes: dict[int, int] = {}
        self._still = Standstill(clock)
        self._offers = False
        self._beats = 0
        self._next_beat_ms = 0
        self._committed_ms = -BEAT_MS
        self._keeping = Keeping(journal, clock, seq, recorded)
        self.copies = Copies(self._arrived.set)
        self._stopping = False

    # --- putting in ----------------------------------------------------------------------------------

    def submit(self, arrival: Arrival) -> None:
        """Put something in, to be decided in the order of time. Raises QueueFull."""
        self._inbox.submit(arrival)

    async def ask(self, arrival: Arrival) -> Told:
        """Put something in and wait for what it led to. Raises QueueFull."""
        future: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._inbox.submit(arrival, future)
        return await future

    def stop(self) -> None:
        """Let the loop end after the batch at hand."""
        self._stopping = True
        self._arrived.set()

    @property
    def seq(self) -> int:
        """seq of the last decided event."""
        return self._seq

    @property
    def vault_trouble(self) -> str:
        """What keeps callers from being recognised, or ""."""
        return self._recognising.trouble or self._recognition.trouble

    def routing(self) -> str:
        """ "ok" while calls are routed, or why they are not."""
        world = self.engine.world
        return "ok" if world.link_up else f"no calls are routed: {world.link_why}"

    def trunk(self) -> str:
        """ "ok" while calls to the outside get out, or nobody is to be called by whom it would be found out;
        or that they do not."""
        world = self.engine.world
        if not shown_away(world) or not any(each.kind in OUTBOUND for each in world.visits.values()):
            return "ok"
        said = f"the provider said {world.trunk.sip}" if world.trunk.sip > 0 else "the provider said nothing"
        wait_s = max(0, world.trunk.again_ms - world.now_ms) // 1000
        when = (
            f"nobody is rung for a callback for {wait_s} s" if wait_s else "one callback at a time is tried"
        )
        return f"calls do not get out: {world.trunk.faults} in a row, {said}; {when}"

    async def keep(self) -> None:
        """Once the loop has ended: write down its last decisions and its world. Raises JournalRefused."""
        await self._journal.append([], self._decided)
        self._decided = []
        await self._journal.save_snapshot(replay.freeze(self.engine, self._seq), self._recorded())

    def depth(self) -> int:
        """How many events wait to be decided."""
        return len(self._intake)

    # --- the loop ------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Decide until stopped; callers are recognised beside it. Raises Fenced."""
        beside = asyncio.create_task(self._recognising.run(), name="recognition")
        self._still.stood_ms()
        try:
            while not self._stopping:
                await self._wait()
                await self.turn()
        finally:
            beside.cancel()
            await asyncio.wait({beside})
        await self._keeping.finished()

    async def turn(self) -> None:
        """One round of the loop: look whether time leapt, decide what has arrived, beat."""
        self._look()
        await self._decide()
        await self.copies.serve(self.engine.world)
        await self._beat()

    async def _wait(self) -> None:
        """Until something arrives, a deadline passes or a beat is due; never for long, so that a standstill
        is seen."""
        linking = self._link.linking
        if self._intake and not linking:
            await asyncio.sleep(0)
            return
        self._arrived.clear()
        wait_ms = min(
            self._next_beat_ms - self._clock.elapsed_ms(),
            LOOK_MS,
            shortest_ms(self.engine.world) / 4,
        )
        due = self.engine.due()
        if due is not None:
            wait_ms = min(wait_ms, due - self._clock.now_ms())
        if linking:
            wait_ms = LINKING_MS
        if wait_ms > 0:
            try:
                async with asyncio.timeout(wait_ms / 1000):
                    await self._arrived.wait()
            except TimeoutError:
                pass
        else:
            await asyncio.sleep(0)

    def _look(self) -> None:
        """Whether we or the clock stood still or leapt."""
        stood = self._still.stood_ms()
        if self._too_long(stood):
            self._stand_still(f"we stood still for {stood / 1000:.1f} s")
        stepped = self._clock.stepped_ms()
        if self._too_long(stepped):
            self._stand_still(f"the clock was set ahead by {stepped / 1000:.0f} s")
        if stepped:
            self.submit(Arrival(ClockStepped(stepped), DAEMON))

    async def _decide(self) -> None:
        until, since = await self._known_until(), self._clock.elapsed_ms()
        entries = self._intake.take(BATCH_MAX, until)
        if not entries:
            due = self.engine.due()
            if due is None or due > until:
                return
            entries = [Entry(until, 0, Arrival(Elapsed(), DAEMON), None)]
        batch = self._enveloped(entries)
        stood = await self._commit(batch)
        self._steps.worked_s = 0.0
        commands: list[Command] = []
        told: list[tuple[int, tuple[Fact, ...]]] = []
        for envelope, entry in zip(batch, entries, strict=True):
            started = perf_counter()
            facts, wanted = await self._step(envelope)
            self._observe("decision", perf_counter() - started)
            if isinstance(envelope.event, Bridged):  # what was decided for this caller before is overtaken
                caller = envelope.event.caller
                commands = [each for each in commands if getattr(each, "caller", None) != caller]
            if wanted:
                commands.extend(wanted)
                self._remember(wanted, envelope.seq)
            if isinstance(envelope.event, (LinkDown, TermBegan)):
                commands = self._linked(commands)
            told.append((envelope.seq, facts))
            self._seq, self._at_ms = envelope.seq, envelope.at_ms
            arrival = entry.arrival
            self._recognition.look_up(arrival.event, arrival.number, arrival.keyed, envelope.seq)
        steps_ms: float = self._still.stood_ms()
        # A large snapshot is work, not a standstill, or it would be asked for again for ever.
        steps_ms -= self._steps.worked_s * 1000
        if self._too_long(steps_ms):
            stood = stood or f"we stood still for {steps_ms / 1000:.1f} s"
        commands = self._linked(commands)
        if commands and not stood and not (stood := await self._overtaken(commands, since)):
            self._link.send(commands)
        self._decided += [each for seq, facts in told for each in replay.decisions(seq, facts)]
        for (seq, facts), entry in zip(told, entries, strict=True):
            for listener in self._listeners:
                listener.facts(seq, facts)
            if entry.told is not None and not entry.told.done():
                entry.told.set_result(Told(seq, facts))
        if stood:
            self._stand_still(stood)
        self._hurry()
        await self._keeping.after(self.engine.world, self._seq)

    async def _known_until(self) -> int:
        """Up to when we know all that the PBX said, as far as any deadline needs it; asks it if need be."""
        now, due, intake = self._clock.now_ms(), self.engine.due(), self._intake
        if self._link.linking:
            return intake.known_ms
        if due is None:
            return max(now, intake.known_ms)
        if due <= now:
            if due <= intake.known_ms:
                return intake.known_ms
        else:
            oldest = intake.oldest_ms()
            if oldest is None or oldest >= now - PAUSE_MS or intake.own_ms <= intake.known_ms:
                return max(now, intake.known_ms)
        await self._link.emptied()
        if self._too_long(stood := self._still.stood_ms()):
            self._stand_still(f"the PBX did not answer for {stood / 1000:.1f} s")
        return max(now, intake.known_ms)

    def _enveloped(self, entries: Sequence[Entry]) -> list[Envelope]:
        """As they are journalled: each with its own time, never before what was decided, never ahead."""
        now, at_ms = self._clock.now_ms(), self._at_ms
        batch = []
        for seq, entry in enumerate(entries, start=self._seq + 1):
            at_ms = max(at_ms, min(entry.at_ms, now))
            event, actor, reason, cause = entry.arrival[:4]
            if isinstance(event, CommandFailed):
                cause = cause or self._causes.get(event.command, 0)
            batch.append(Envelope(seq, self._term, at_ms, actor, reason, cause, event))
        return batch

    def _linked(self, commands: list[Command]) -> list[Command]:
        """Without those for a PBX that is not linked: they are settled by its next snapshot."""
        world = self.engine.world
        return [each for each in commands if world.linked(_node(each))]

    def _remember(self, commands: Sequence[Command], seq: int) -> None:
        """Which event led to these, should they fail."""
        for command in commands:
            self._causes[command.id] = seq
        while len(self._causes) > CAUSES_MAX:
            del self._causes[next(iter(self._causes))]

    async def _commit(self, batch: Sequence[Envelope]) -> str:
        """Into the journal, however long it takes; why this was a standstill, or ""."""
        started = perf_counter()
        silent = f"the journal has not answered for {STUCK_MS // 1000} s"
        while True:
            late = asyncio.get_running_loop().call_later(STUCK_MS / 1000, self._journal_in_trouble, silent)
            try:
                await self._journal.append(batch, self._decided)
                break
            except JournalRefused as fault:
                self._journal_in_trouble(str(fault))
                await asyncio.sleep(REFUSED_RETRY_S)
            finally:
                late.cancel()
        self.journal_trouble = ""
        self._decided = []
        self._committed_ms = self._clock.elapsed_ms()
        self._observe("commit", perf_counter() - started)
        stood = self._still.stood_ms()
        return f"the journal was stuck for {stood / 1000:.1f} s" if self._too_long(stood) else ""

    def _journal_in_trouble(self, why: str) -> None:
        if self.journal_trouble != why:
            self.journal_trouble = why
            log.error("journal in trouble", why=why)

    async def _step(self, envelope: Envelope) -> tuple[tuple[Fact, ...], tuple[Command, ...]]:
        """Decide one event. One that the engine cannot bear is set aside, and the world made again."""
        try:
            effects = await self._steps.take(self.engine, envelope)
        except Exception as fault:  # noqa: BLE001 whatever it is, the next caller has to be served
            while True:
                try:
                    skipped = await replay.set_aside(self._journal, envelope, fault)
                    self.engine = await replay.rebuild(self._journal, envelope.seq)
                    break
                except JournalRefused as refused:
                    self._journal_in_trouble(str(refused))
                    await asyncio.sleep(REFUSED_RETRY_S)
            self.journal_trouble = ""
            return (skipped,), ()
        return effects.facts, effects.commands

    # --- standing still ------------------------------------------------------------------------------

    def _too_long(self, stood_ms: float) -> bool:
        return self._still.too_long(stood_ms, self.engine.world)

    def _stand_still(self, why: str) -> None:
        """LinkDown is next, before everything that waits; then a new snapshot, before anything is sent."""
        log.warning("stood still", why=why)
        self._intake.void_snapshots()
        if self.engine.world.link_up:
            self._intake.first(Arrival(LinkDown(why), DAEMON))
        self._link.resync()

    async def _overtaken(self, commands: Sequence[Command], since: int) -> str:
        """Why these commands, decided on what was known at `since`, would do harm now; or ""."""
        if self._clock.elapsed_ms() - since <= PAUSE_MS:
            return ""
        await self._link.emptied()
        talking = {each.event.caller for each in self._intake if isinstance(each.event, Bridged)}
        if any(getattr(command, "caller", None) in talking for command in commands):
            return "a talk began while its caller's next step was written down"
        return ""

    # --- beside the loop -----------------------------------------------------------------------------

    async def _beat(self) -> None:
        """Only this loop beats: if it hangs, the dialplan takes over. The beat proves that the journal takes
        writes: it goes out only if one of the last two seconds was committed."""
        now = self._clock.elapsed_ms()
        if now < self._next_beat_ms:
            return
        self._next_beat_ms = now + BEAT_MS
        if now - self._committed_ms >= BEAT_MS and (stood := await self._commit([])):
            self._stand_still(stood)
        elif self.engine.world.link_up:
            self._beats += 1
            self._link.beat(self._term * 1_000_000 + self._beats)

    def _hurry(self) -> None:
        offers = bool(self.engine.world.offers)
        if offers != self._offers:
            self._offers = offers
            self._link.hurry(offers)


def _node(command: Command) -> str:
    """The PBX that a command is for."""
    leg = getattr(command, "caller", None) or getattr(command, "leg", None)
    return str(leg.node) if leg is not None else str(getattr(command, "node", ""))
