"""The state that pages show, pushed to any number of browsers: the latest wins, nobody holds anything up."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from acd.changes import Changes

BROWSERS_MAX = 100
INTERVAL_S = 0.25
QUIET_S = 10.0


class TooMany(Exception):
    """As many pages are open as are allowed."""


class Live:
    """Gives each browser the whole state whenever it changed, at most four times a second.

    state: makes the JSON-able state, another with each change. A browser that is slow skips states.
    """

    def __init__(self, state: Callable[[], Any], changes: Changes, limit: int = BROWSERS_MAX) -> None:
        self._state = state
        self._changes = changes
        self._limit = limit
        self._open = 0

    def enter(self) -> None:
        """Count a browser in. Raises TooMany."""
        if self._open >= self._limit:
            raise TooMany(f"{self._limit} pages are open already")
        self._open += 1

    async def states(self) -> AsyncIterator[Any]:
        """The state now and after each change, at least every ten seconds; counts out at the end."""
        try:
            while True:
                version = self._changes.version
                yield self._state()
                await asyncio.sleep(INTERVAL_S)
                try:
                    async with asyncio.timeout(QUIET_S):
                        await self._changes.after(version)
                except TimeoutError:
                    continue
        finally:
            self._open -= 1
