"""When pages are told anew, any number of them: the latest state wins, nobody holds anything up."""

import asyncio
from collections.abc import AsyncIterator

BROWSERS_MAX = 100
INTERVAL_S = 0.25
QUIET_S = 10.0


class TooMany(Exception):
    """As many pages are open as are allowed."""


class Live:
    """Tells each browser whenever something changed, at most four times a second.

    version: rises with each `touch`. A browser that is slow skips states.
    """

    def __init__(self, limit: int = BROWSERS_MAX) -> None:
        self.version = 0
        self._limit = limit
        self._open = 0
        self._changed = asyncio.Event()

    def touch(self) -> None:
        """Something changed."""
        self.version += 1
        self._changed.set()

    def enter(self) -> None:
        """Count a browser in. Raises TooMany."""
        if self._open >= self._limit:
            raise TooMany(f"{self._limit} pages are open already")
        self._open += 1

    async def changes(self) -> AsyncIterator[None]:
        """Now and after each change, at least every ten seconds; counts out at the end."""
        try:
            while True:
                version = self.version
                yield
                await asyncio.sleep(INTERVAL_S)
                if self.version == version:
                    self._changed.clear()
                    try:
                        async with asyncio.timeout(QUIET_S):
                            await self._changed.wait()
                    except TimeoutError:
                        continue
        finally:
            self._open -= 1
