"""That something has changed, for those who show what is: they may miss a step, never the last one."""

import asyncio
from collections.abc import Sequence

from routing.facts import Fact


class Changes:
    """Implements ports.Listener. Each part remembers the version it has shown, and waits for another."""

    def __init__(self) -> None:
        self.version = 0
        self._next = asyncio.Event()

    def facts(self, seq: int, facts: Sequence[Fact]) -> None:
        """Something happened, if there are facts."""
        if facts:
            self.touch()

    def touch(self) -> None:
        """Something changed."""
        self.version += 1
        self._next.set()
        self._next = asyncio.Event()

    async def after(self, version: int) -> None:
        """Return once the version is another than this one."""
        while self.version == version:
            await self._next.wait()
