"""Hands facts to the recorder in order, each event exactly once, and never holds up a decision.

The queue is bounded. When it is full, nothing is lost: what is missing is made again from the journal. So is
what the records lack when the daemon starts: it serves callers first, and records after.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

import structlog

from acd.ports import Journal, Recorder
from acd.replay import Rebuilt, thaw_beside
from routing.facts import Fact, JournalLost

QUEUE_MAX = 10_000
BATCH_MAX = 256
GATHER_S = 0.05
"""Facts are gathered this long: deciding has the loop to itself right after an event, and a batch is worth
its transaction."""
RETRY_S = (0.1, 0.5, 1.0, 2.0, 5.0)

log = structlog.get_logger(__name__)


class Feed:
    """A listener of the runner that feeds one recorder.

    last: seq of the journal's last event at the start; what the records lack up to it is made again first.
    recorded: seq of the last event known to be in the records; 0 until they have answered.
    """

    def __init__(
        self, recorder: Recorder, journal: Journal, last: int = 0, queue_max: int = QUEUE_MAX
    ) -> None:
        self._recorder = recorder
        self._journal = journal
        self._queue: deque[tuple[int, Sequence[Fact]]] = deque()
        self._queue_max = queue_max
        self._more = asyncio.Event()
        self._more.set()
        self._idle = asyncio.Event()
        self._behind = True
        self._last = last
        self.recorded = 0
        self.trouble = ""

    def facts(self, seq: int, facts: Sequence[Fact]) -> None:
        """Take the facts of event `seq`; returns at once."""
        self._last = seq
        if self._behind or len(self._queue) >= self._queue_max:
            self._behind = True  # what is queued comes before it
        else:
            self._queue.append((seq, facts))
        self._idle.clear()
        self._more.set()

    def depth(self) -> int:
        """How many events wait to be recorded."""
        return len(self._queue)

    def health(self) -> str:
        """ "ok", or what is wrong."""
        if self.trouble:
            return self.trouble
        return "catching up from the journal" if self._behind else "ok"

    async def drained(self) -> None:
        """Return once everything told so far is in the rows."""
        await self._idle.wait()

    async def run(self) -> None:
        """Record for ever; trouble with the database is shown and tried again."""
        while True:
            await self._more.wait()
            self._more.clear()
            failures = 0
            while self._queue or self._behind:
                if len(self._queue) < BATCH_MAX:
                    await asyncio.sleep(GATHER_S)
                try:
                    await self._record_some()
                    failures, self.trouble = 0, ""
                except Exception as fault:  # noqa: BLE001 the database's own faults differ by driver
                    delay = RETRY_S[min(failures, len(RETRY_S) - 1)]
                    failures += 1
                    self.trouble = f"the records cannot be written: {type(fault).__name__}; tried again"
                    log.warning("records not written", error=str(fault)[:200], retry_s=delay)
                    await asyncio.sleep(delay)
            self._idle.set()

    async def _record_some(self) -> None:
        if self._queue:
            batch = [self._queue[i] for i in range(min(BATCH_MAX, len(self._queue)))]
            await self._write(batch)
            for _ in batch:
                self._queue.popleft()
        elif self._behind:
            self._behind = False
            try:
                await self._catch_up(self._last)
            except BaseException:
                self._queue.clear()
                self._behind = True
                raise

    async def _write(self, batch: Sequence[tuple[int, Sequence[Fact]]]) -> None:
        await self._recorder.record(batch)
        self.recorded = batch[-1][0]

    async def _catch_up(self, target: int) -> None:
        """Make the missing facts up to `target` again; what comes meanwhile is queued behind them."""
        position = await self._position()
        batch: list[tuple[int, Sequence[Fact]]] = []
        begin = position
        if await self._journal.latest_snapshot(position) is None:
            kept = await self._journal.begin()
            if kept is not None:
                engine, _ = await thaw_beside(kept)
                batch.append((kept.seq, [JournalLost(engine.world.now_ms, position + 1, kept.seq)]))
                begin = position = kept.seq
        async for seq, told in Rebuilt(self._journal, begin).steps(target):
            if seq > position:
                batch.append((seq, told))
            if len(batch) >= BATCH_MAX:
                await self._write(batch)
                batch = []
        if batch:
            await self._write(batch)

    async def _position(self) -> int:
        """Where the records are in this journal. Where it lost events that they have, they go back to what
        it still holds: what stands there now is of another term and not recorded yet."""
        position, term = await self._recorder.position(), await self._recorder.term()
        reached = await self._journal.reached(position, term)
        if reached < position:
            log.warning("the journal has lost events that are recorded", first=reached + 1, last=position)
            await self._recorder.rewind(reached, 0)
        self.recorded = reached
        return reached
