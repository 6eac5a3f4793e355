"""When pages are told anew, any number of them: the latest state wins, nobody holds anything up."""

import asyncio
from collections.abc import AsyncIterator

from acd.changes import Changes

BROWSERS_MAX = 100
INTERVAL_S = 0.25
QUIET_S = 1.5
"""A page that hears nothing for a few of these knows that it is cut off; what is wrong is told that soon."""


class TooMany(Exception):
    """As many pages are open as are allowed."""


class Live:
    """Tells each browser whenever something changed, at most four times a second; one that is slow skips
    states."""

    def __init__(self, changes: Changes, limit: int = BROWSERS_MAX) -> None:
        self._changes = changes
        self._limit = limit
        self._open = 0

    def enter(self) -> None:
        """Count a browser in. Raises TooMany."""
        if self._open >= self._limit:
            raise TooMany(f"{self._limit} pages are open already")
        self._open += 1

    async def told(self) -> AsyncIterator[None]:
        """Now and after each change, at least every QUIET_S; counts out at the end."""
        try:
            while True:
                version = self._changes.version
                yield
                await asyncio.sleep(INTERVAL_S)
                try:
                    async with asyncio.timeout(QUIET_S):
                        await self._changes.after(version)
                except TimeoutError:
                    continue
        finally:
            self._open -= 1
