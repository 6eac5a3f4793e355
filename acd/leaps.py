"""That the clock was set far: what is worked out ahead has to be worked out for another time, at once."""

import asyncio
from collections.abc import Sequence

from routing.facts import ClockMoved, Fact

FAR_MS = 3_600_000


class Leaps:
    """Implements ports.Listener. `far` is set once the clock was set by an hour or more."""

    def __init__(self) -> None:
        self.far = asyncio.Event()

    def facts(self, seq: int, facts: Sequence[Fact]) -> None:
        """Something happened."""
        if any(isinstance(fact, ClockMoved) and abs(fact.by_ms) >= FAR_MS for fact in facts):
            self.far.set()
