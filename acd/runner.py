"""The only live loop: what has arrived -> journal -> step -> commands and facts; sleeps until due()."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import NamedTuple

import structlog

from acd import replay
from acd.ports import (
    Arrival,
    Clock,
    Decision,
    Directory,
    Journal,
    JournalRefused,
    Known,
    Listener,
    PbxLink,
    QueueFull,
    Snapshot,
    Vault,
)
from routing.commands import Command
from routing.engine import Engine
from routing.events import CallerKnown, CaseEntered, ClockStepped, Elapsed, Envelope, Event, Leg, LinkDown
from routing.facts import EventSkipped, Fact

BATCH_MAX = 256
QUEUE_MAX = 20_000
BEAT_S = 2.0
STUCK_S = 2.0
REFUSED_RETRY_S = 0.25
SNAPSHOT_EVERY = 10_000
SNAPSHOT_EVERY_MS = 86_400_000
"""Events, and time, between two kept worlds at most: the journal's retention cannot go behind the oldest."""
NUMBERS_MAX = 1_000
DAEMON = "daemon"

log = structlog.get_logger(__name__)


class Told(NamedTuple):
    """What became of one arrival that somebody waits for."""

    seq: int
    facts: tuple[Fact, ...]


class Runner:
    """Feeds one engine from one queue. Everything else in the daemon only puts in or listens."""

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
    ) -> None:
        self.engine = engine
        self.journal_trouble = ""
        self.vault_trouble = ""
        self._journal = journal
        self._clock = clock
        self._link = link
        self._listeners = tuple(listeners)
        self._term = term
        self._seq = seq
        self._decided: list[Decision] = []
        self._vault = vault
        self._directory = directory
        self._observe = observe
        self._queue: deque[tuple[Arrival, asyncio.Future[Told] | None]] = deque()
        self._arrived = asyncio.Event()
        self._numbers: asyncio.Queue[tuple[Leg, str, str]] = asyncio.Queue(NUMBERS_MAX)
        self._beats = 0
        self._next_beat = 0.0
        self._last_snapshot = seq
        self._last_snapshot_ms = 0
        self._saving: asyncio.Task[None] | None = None
        self._stopping = False

    # --- putting in ----------------------------------------------------------------------------------

    def submit(self, arrival: Arrival) -> None:
        """Put something in, to be decided with the next batch. Raises QueueFull."""
        self._put(arrival, None)

    async def ask(self, arrival: Arrival) -> Told:
        """Put something in and wait for what it led to."""
        future: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._put(arrival, future)
        return await future

    def _put(self, arrival: Arrival, future: asyncio.Future[Told] | None) -> None:
        if len(self._queue) >= QUEUE_MAX:
            raise QueueFull(f"{QUEUE_MAX} events wait to be decided")
        self._queue.append((arrival, future))
        self._arrived.set()

    def stop(self) -> None:
        """Let the loop end after the batch at hand."""
        self._stopping = True
        self._arrived.set()

    @property
    def seq(self) -> int:
        """seq of the last decided event."""
        return self._seq

    async def keep(self) -> None:
        """Once the loop has ended: write down its last decisions and its world. Raises JournalRefused."""
        await self._journal.append([], self._decided)
        self._decided = []
        await self._journal.save_snapshot(replay.freeze(self.engine, self._seq))

    def depth(self) -> int:
        """How many events wait to be decided."""
        return len(self._queue)

    # --- the loop ------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Decide until stopped; numbers go to the vault beside it."""
        async with asyncio.TaskGroup() as group:
            numbers = group.create_task(self._tokens(), name="vault")
            try:
                while not self._stopping:
                    await self._wait()
                    self._watch_clock()
                    await self._decide()
                    self._beat()
            finally:
                numbers.cancel()
        if self._saving is not None:
            await self._saving

    async def _wait(self) -> None:
        """Until something arrives, a deadline passes or a beat is due."""
        if self._queue:
            await asyncio.sleep(0)
            return
        self._arrived.clear()
        loop = asyncio.get_running_loop()
        timeout = self._next_beat - loop.time()
        due = self.engine.due()
        if due is not None:
            timeout = min(timeout, (due - self._clock.now_ms()) / 1000)
        if timeout > 0:
            try:
                async with asyncio.timeout(timeout):
                    await self._arrived.wait()
            except TimeoutError:
                pass
        due = self.engine.due()
        if not self._queue and due is not None and due <= self._clock.now_ms():
            self._queue.append((Arrival(Elapsed(), DAEMON), None))

    def _watch_clock(self) -> None:
        if stepped := self._clock.stepped_ms():
            self._queue.append((Arrival(ClockStepped(stepped), DAEMON), None))

    async def _decide(self) -> None:
        taken = [self._queue.popleft() for _ in range(min(BATCH_MAX, len(self._queue)))]
        if not taken:
            return
        now = self._clock.now_ms()
        batch = [
            Envelope(
                self._seq + i, self._term, now, arrival.actor, arrival.reason, arrival.cause, arrival.event
            )
            for i, (arrival, _) in enumerate(taken, start=1)
        ]
        stuck = await self._commit(batch)
        commands: list[Command] = []
        told: list[tuple[int, tuple[Fact, ...]]] = []
        for envelope, (arrival, _) in zip(batch, taken, strict=True):
            started = perf_counter()
            facts, wanted = await self._step(envelope)
            self._observe("decision", perf_counter() - started)
            commands.extend(wanted)
            told.append((envelope.seq, facts))
            self._seq = envelope.seq
            if arrival.number:
                self._look_up(arrival.event, arrival.number, "")
            elif isinstance(arrival.event, CaseEntered):
                self._look_up(arrival.event, "", arrival.event.case)
        if commands:
            self._link.send(commands)
        self._decided = [each for seq, facts in told for each in replay.decisions(seq, facts)]
        for (seq, facts), (_, future) in zip(told, taken, strict=True):
            for listener in self._listeners:
                listener.facts(seq, facts)
            if future is not None and not future.done():
                future.set_result(Told(seq, facts))
        if stuck:
            self._queue.append((Arrival(LinkDown("the journal was stuck"), DAEMON), None))
            self._link.resync()
        self._maybe_snapshot()

    async def _commit(self, batch: Sequence[Envelope]) -> bool:
        """Into the journal, however long it takes; True if the dialplan had to take over meanwhile."""
        started = perf_counter()
        stuck = False
        while True:
            write = asyncio.ensure_future(self._journal.append(batch, self._decided))
            done, _ = await asyncio.wait({write}, timeout=STUCK_S)
            if not done:
                stuck = True
                self.journal_trouble = f"the journal has not answered for {STUCK_S:.0f} s"
                log.error("journal stuck", events=len(batch))
            try:
                await write
                break
            except JournalRefused as fault:
                stuck = True
                if self.journal_trouble != str(fault):
                    self.journal_trouble = str(fault)
                    log.error("journal refused", why=str(fault))
                await asyncio.sleep(REFUSED_RETRY_S)
        self.journal_trouble = ""
        self._observe("commit", perf_counter() - started)
        return stuck and perf_counter() - started > STUCK_S

    async def _step(self, envelope: Envelope) -> tuple[tuple[Fact, ...], tuple[Command, ...]]:
        """Decide one event. One that the engine cannot bear is set aside, and the world made again."""
        try:
            effects = self.engine.step(envelope.event, envelope.at_ms)
        except Exception as fault:
            kind = type(envelope.event).__name__
            error = f"{type(fault).__name__}: {fault}"[:200]
            log.exception("event set aside", seq=envelope.seq, kind=kind)
            await self._journal.skip(envelope.seq, error)
            self.engine = await replay.rebuild(self._journal, envelope.seq)
            return (EventSkipped(envelope.at_ms, envelope.seq, kind, error),), ()
        return effects.facts, effects.commands

    # --- beside the loop -----------------------------------------------------------------------------

    def _beat(self) -> None:
        """Only this loop beats: if it hangs, or the journal does, the dialplan takes over."""
        now = asyncio.get_running_loop().time()
        if now >= self._next_beat:
            self._next_beat = now + BEAT_S
            if self.engine.world.link_up:
                self._beats += 1
                self._link.beat(self._term * 1_000_000 + self._beats)

    def _look_up(self, event: Event, number: str, reference: str) -> None:
        leg = getattr(event, "leg", None)
        if self._vault is None or leg is None:
            return
        try:
            self._numbers.put_nowait((leg, number, reference))
        except asyncio.QueueFull:
            self.vault_trouble = "the vault is slow: some callers have no token"

    async def _tokens(self) -> None:
        """Numbers become tokens and what is known of them, beside the decisions; no trouble delays any."""
        while self._vault is not None:
            leg, number, reference = await self._numbers.get()
            try:
                token = await self._vault.token(number, self._clock.now_ms()) if number else ""
                known = Known(token, "", "", ())
                if self._directory is not None:
                    known = await self._directory.known(token, number, reference)
                self.vault_trouble = ""
            except Exception as fault:  # noqa: BLE001 the database's own faults differ by driver
                self.vault_trouble = f"the vault cannot be used: {type(fault).__name__}"
                log.warning("no token for a caller", error=type(fault).__name__)
                continue
            if any(known):
                self._put(Arrival(CallerKnown(leg, *known), DAEMON), None)

    def _maybe_snapshot(self) -> None:
        now = self._clock.now_ms()
        self._last_snapshot_ms = self._last_snapshot_ms or now
        few = self._seq - self._last_snapshot < SNAPSHOT_EVERY
        if few and now - self._last_snapshot_ms < SNAPSHOT_EVERY_MS:
            return
        if self._saving and not self._saving.done():
            return
        self._last_snapshot, self._last_snapshot_ms = self._seq, now
        self._saving = asyncio.create_task(self._save(replay.freeze(self.engine, self._seq)))

    async def _save(self, snapshot: Snapshot) -> None:
        try:
            await self._journal.save_snapshot(snapshot)
        except JournalRefused as fault:
            log.warning("snapshot not saved", why=str(fault))
