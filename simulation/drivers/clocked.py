"""The engine on SimPy's clock: events at their times, and its own deadlines at the ms at which they fall due.

SimPy runs callbacks at integer ms; a callback's priority is its rank and key (see layout), so that ties
follow the one total order.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final

import simpy
from simpy.events import Event as Happening

from routing.engine import Engine
from routing.events import Elapsed, Event
from simulation.drivers import layout

FALLS_DUE: Final = (layout.LEASE, 0)
"""Rank and key of the engine's own deadlines: before everything else at the same ms."""


class Clocked(ABC):
    """One engine and the clock it runs on. A driver tells it events and lets time pass."""

    def __init__(self, engine: Engine, begin_ms: int) -> None:
        self._clock = simpy.Environment(initial_time=begin_ms)
        self._engine = engine

    @abstractmethod
    def _tell(self, *events: Event) -> None:
        """Tell the engine what happens now, and do with its effects whatever the driver is for."""

    def _at(self, when: int, rank: int, key: int, what: Callable[..., None], *args: Any) -> None:
        happening = Happening(self._clock)
        happening._ok, happening._value = True, None
        happening.callbacks = [lambda _: what(*args)]
        priority = (rank << layout.ID_BITS) + key
        self._clock.schedule(happening, priority, when - self._clock.now)  # type: ignore[arg-type]

    def _let_pass(self, last_ms: int) -> None:
        """Let time pass up to the end of this ms, with all that falls due in the engine and all that is on
        the clock; at the same ms the engine goes first."""
        clock, engine = self._clock, self._engine
        while True:
            ahead = clock.peek()
            due = engine.due(ahead if ahead < last_ms else last_ms)
            if due is not None:
                self._at(max(due, int(clock.now)), *FALLS_DUE, self._tell, Elapsed())
            elif ahead > last_ms:
                break
            clock.step()
        self._advance(last_ms)

    def _advance(self, to_ms: int) -> None:
        if to_ms > self._clock.now:
            self._clock.run(until=to_ms)
