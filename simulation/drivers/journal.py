"""A journal's events at their times through the engine on SimPy's clock, which wakes the deadlines itself.

The journal says when its daemon was woken (Elapsed); that is left out. So equal decisions prove that the
daemon, which sleeps on a real clock, does what the simulation says it does.
"""

from collections.abc import Callable

from routing.engine import Effects, Engine
from routing.events import Elapsed, Envelope, Event, TermBegan
from simulation.drivers.clocked import Clocked


class JournalDriver(Clocked):
    """Feed it a journal in order; every step's effects go to `hear`.

    engine: as it stood before the first event fed. While no link is up nothing decides, and what was due
    waits: there the journal's own Elapsed count, and between the end of one term and the begin of the next
    nothing falls due.
    """

    def __init__(self, engine: Engine, hear: Callable[[Effects], None]) -> None:
        super().__init__(engine, engine.world.now_ms)
        self._hear = hear

    def feed(self, envelope: Envelope) -> None:
        """Let the time up to this event pass, with all that falls due in it, and then the event."""
        at = max(envelope.at_ms, int(self._clock.now))
        if isinstance(envelope.event, TermBegan):
            self._advance(at)
        else:
            self._let_pass(at)
        if not (isinstance(envelope.event, Elapsed) and self._engine.world.link_up):
            self._tell(envelope.event)

    def _tell(self, *events: Event) -> None:
        self._hear(self._engine.steps(events, int(self._clock.now)))
