"""One step of the engine at a time: at once, or beside the loop where it looks at everybody of many."""

import asyncio
from collections.abc import Callable
from time import thread_time

from routing.engine import Effects, Engine
from routing.events import (
    Envelope,
    Event,
    LedgerRead,
    PbxSnapshot,
    PolicyChanged,
    SetByHand,
    ShadowChanged,
    SkillsLent,
    TeamChanged,
)

WHOLE = frozenset({PbxSnapshot, LedgerRead, PolicyChanged, TeamChanged, ShadowChanged, SkillsLent, SetByHand})
"""Events whose step looks at every visit or every person."""
MANY = 1_000
"""Of so many visits and people such a step takes longer than the loop may be held."""


class Steps:
    """settled: while it is set the engine's world may be looked at. worked_s: how long steps beside the loop
    kept a processor busy since whoever asks last set it to 0: that is work, and no standstill."""

    def __init__(self) -> None:
        self.settled = asyncio.Event()
        self.settled.set()
        self.worked_s = 0.0

    async def take(self, engine: Engine, envelope: Envelope) -> Effects:
        """Make the step. Raises what the engine raises."""
        event, world = envelope.event, engine.world
        if type(event) not in WHOLE or len(world.visits) + len(world.people) <= MANY:
            return engine.step(event, envelope.at_ms)
        self.settled.clear()
        try:
            effects, worked_s = await asyncio.to_thread(_timed, engine.step, event, envelope.at_ms)
        finally:
            self.settled.set()
        self.worked_s += worked_s
        return effects


def _timed(step: Callable[[Event, int], Effects], event: Event, at_ms: int) -> tuple[Effects, float]:
    began = thread_time()
    effects = step(event, at_ms)
    return effects, thread_time() - began
