"""The engine over a journal: the world as it was, and every decision made again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from time import perf_counter

import structlog

from acd import __version__
from acd.frozen import Copied, thawed
from acd.ports import Decision, Journal, Snapshot
from routing.engine import Effects, Engine
from routing.events import Envelope
from routing.facts import EventSkipped, Fact, OfferMade

AT_ONCE_S = 0.02
"""So long a replay may hold the loop before others may use it."""

log = structlog.get_logger(__name__)


def freeze(engine: Engine, seq: int) -> Snapshot:
    """The engine's world after event `seq`, to be kept. Holds everybody up: for the end of the loop."""
    return Snapshot(seq, __version__, Copied(engine.world).frozen())


def thaw(snapshot: Snapshot | None) -> tuple[Engine, int]:
    """(engine, seq) from a kept world; a new one and 0 from None. Raises ValueError if it cannot be read."""
    if snapshot is None:
        return Engine(), 0
    return Engine(thawed(snapshot.world)), snapshot.seq


async def thaw_beside(snapshot: Snapshot | None) -> tuple[Engine, int]:
    """The same in a thread, while others use the loop: it is made of small pieces, and of Python."""
    return await asyncio.to_thread(thaw, snapshot)


def decisions(seq: int, facts: Sequence[Fact]) -> list[Decision]:
    """The offers among the facts of event `seq`."""
    return [
        Decision(seq, fact.offer, fact.visit, fact.agent) for fact in facts if isinstance(fact, OfferMade)
    ]


async def replay(
    engine: Engine, journal: Journal, after: int, until: int | None = None
) -> AsyncIterator[tuple[Envelope, Effects]]:
    """Step `engine` through the journal after `after` (up to `until`), giving each event with its effects.

    Whatever a step raises is raised: for who only reads. A daemon that has to go on uses `Rebuilt`.
    """
    async for envelope in journal.read(after):
        if until is not None and envelope.seq > until:
            break
        yield envelope, engine.step(envelope.event, envelope.at_ms)


class Rebuilt:
    """The engine made again from the newest kept world that is not after `not_after`, and the journal.

    An event that the engine cannot bear is set aside for good and the world made again without it, so that
    no event stops every start: it may have killed the daemon before it could be marked.
    """

    def __init__(self, journal: Journal, not_after: int) -> None:
        self.engine = Engine()
        self._journal = journal
        self._not_after = not_after

    async def steps(self, until: int | None = None) -> AsyncIterator[tuple[int, Sequence[Fact]]]:
        """Every event of the journal up to `until` with its facts, in order, each once, from the kept world
        on; afterwards `engine` stands there. Raises JournalRefused, and what the journal's reading raises."""
        told = 0
        while True:
            self.engine, after = await self._thawed()
            faulty: Envelope | None = None
            began = perf_counter()
            async for envelope in self._journal.read(after):
                if until is not None and envelope.seq > until:
                    break
                try:
                    effects = self.engine.step(envelope.event, envelope.at_ms)
                except Exception as fault:
                    if envelope.seq <= told:
                        raise
                    faulty = envelope
                    skipped = await set_aside(self._journal, envelope, fault)
                    break
                if envelope.seq > told:
                    told = envelope.seq
                    yield envelope.seq, effects.facts
                if perf_counter() - began > AT_ONCE_S:
                    await asyncio.sleep(0)
                    began = perf_counter()
            if faulty is None:
                return
            told = faulty.seq
            yield faulty.seq, (skipped,)

    async def _thawed(self) -> tuple[Engine, int]:
        """The newest kept world that can be read: one that an earlier release kept may not."""
        while (snapshot := await self._journal.latest_snapshot(self._not_after)) is not None:
            try:
                return await thaw_beside(snapshot)
            except ValueError as fault:
                log.warning("a kept world cannot be read", seq=snapshot.seq, why=str(fault).splitlines()[0])
                self._not_after = snapshot.seq - 1
        return Engine(), 0

    async def run(self, until: int | None = None) -> Engine:
        """All of it; the engine as it stands then."""
        async for _ in self.steps(until):
            pass
        return self.engine


async def set_aside(journal: Journal, envelope: Envelope, fault: Exception) -> EventSkipped:
    """Mark an event whose step raised, and the fact that says so. Raises JournalRefused."""
    kind = type(envelope.event).__name__
    error = f"{type(fault).__name__}: {fault}"[:200]
    log.error("event set aside", seq=envelope.seq, kind=kind, exc_info=fault)
    await journal.skip(envelope.seq, error)
    return EventSkipped(envelope.at_ms, envelope.seq, kind, error)


async def rebuild(journal: Journal, until: int) -> Engine:
    """The engine as it stands after event `until`, from the newest kept world not after it."""
    return await Rebuilt(journal, until).run(until)
