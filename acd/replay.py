"""The engine over a journal: the world as it was, and every decision made again."""

from collections.abc import AsyncIterator, Sequence

import structlog
from pydantic import TypeAdapter

from acd import __version__
from acd.ports import Decision, Journal, Snapshot
from routing.engine import Effects, Engine
from routing.events import Envelope
from routing.facts import Fact, OfferMade
from routing.world import World

log = structlog.get_logger(__name__)

_WORLD: TypeAdapter[World] = TypeAdapter(World)


def freeze(engine: Engine, seq: int) -> Snapshot:
    """The engine's world after event `seq`, to be kept."""
    return Snapshot(seq, __version__, _WORLD.dump_json(engine.world))


def thaw(snapshot: Snapshot | None) -> tuple[Engine, int]:
    """(engine, seq) from a kept world; a new one and 0 from None. Raises ValueError if it cannot be read."""
    if snapshot is None:
        return Engine(), 0
    return Engine(_WORLD.validate_json(snapshot.world)), snapshot.seq


def decisions(seq: int, facts: Sequence[Fact]) -> list[Decision]:
    """The offers among the facts of event `seq`."""
    return [
        Decision(seq, fact.offer, fact.visit, fact.agent) for fact in facts if isinstance(fact, OfferMade)
    ]


async def replay(
    engine: Engine, journal: Journal, after: int, until: int | None = None
) -> AsyncIterator[tuple[Envelope, Effects]]:
    """Step `engine` through the journal after `after` (up to `until`), giving each event with its effects."""
    async for envelope in journal.read(after):
        if until is not None and envelope.seq > until:
            break
        yield envelope, engine.step(envelope.event, envelope.at_ms)


async def rebuild(journal: Journal, until: int) -> Engine:
    """The engine as it stands after event `until`, from the newest kept world not after it that can be read:
    one that an earlier release kept may not."""
    engine, after = await _thawed(journal, until)
    async for _ in replay(engine, journal, after, until):
        pass
    return engine


async def _thawed(journal: Journal, until: int) -> tuple[Engine, int]:
    not_after = until
    while (snapshot := await journal.latest_snapshot(not_after)) is not None:
        try:
            return thaw(snapshot)
        except ValueError as fault:
            log.warning("a kept world cannot be read", seq=snapshot.seq, why=str(fault).splitlines()[0])
            not_after = snapshot.seq - 1
    return Engine(), 0
