"""The engine on SimPy's clock: events at their times, and its own deadlines at the ms at which they fall due.

SimPy runs callbacks at integer ms; a callback's priority is its rank and key (simulation.layout), so that
ties follow the one total order.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final

import simpy
from simpy.events import Event as Happening

from routing.engine import Engine
from routing.events import Elapsed, Event
from simulation import layout

FALLS_DUE: Final = (layout.LEASE, 1)
"""Rank and key of the engine's own deadlines: before everything else at the same ms."""
NEVER: Final = 1 << 62


class Clocked(ABC):
    """One engine and the clock it runs on. A driver tells it events, and calls `_wake` after each."""

    def __init__(self, engine: Engine, begin_ms: int) -> None:
        self._clock = simpy.Environment(initial_time=begin_ms)
        self._engine = engine
        self._wake_at = NEVER

    @abstractmethod
    def _tell(self, event: Event) -> None:
        """Give the engine an event now, and do with its effects whatever the driver is for."""

    def _at(self, when: int, rank: int, key: int, what: Callable[..., None], *args: Any) -> None:
        happening = Happening(self._clock)
        happening._ok, happening._value = True, None
        happening.callbacks = [lambda _: what(*args)]
        priority = (rank << layout.ID_BITS) + key
        self._clock.schedule(happening, priority, when - self._clock.now)  # type: ignore[arg-type]

    def _wake(self) -> None:
        """Set the alarm for the engine's next deadline; a sooner one that is set already looks again."""
        due = self._engine.due()
        if due is not None and due < self._wake_at:
            self._wake_at = due
            self._at(due, *FALLS_DUE, self._alarm, due)

    def _alarm(self, set_for: int) -> None:
        """One that a sooner one has overtaken is void."""
        if set_for == self._wake_at:
            self._wake_at = NEVER
            self._falls_due()

    def _falls_due(self) -> None:
        due = self._engine.due()
        if due is not None and due <= self._clock.now:
            self._tell(Elapsed())
        else:
            self._wake()
