"""A text that many look at: made once for all, no older than they ask for, and no oftener than it pays."""

import asyncio
from collections.abc import Awaitable, Callable

from acd.changes import Changes

FRESH_S = 0.25


class Fresh:
    """make: the text as it is now. One younger than FRESH_S stands, if nothing changed since."""

    def __init__(self, changes: Changes, make: Callable[[], Awaitable[str]]) -> None:
        self._changes = changes
        self._make = make
        self._one = asyncio.Lock()
        self._text = ""
        self._of = -1
        self._at = 0.0

    async def text(self, apart_s: float = 0.0) -> str:
        """As it is now or later: nothing that happened before the call is missing. Who can wait says how far
        apart from the last one the next may be made: then it is made for many."""
        clock = asyncio.get_running_loop().time
        asked = clock()
        if self._of != self._changes.version and asked < self._at + apart_s:
            await asyncio.sleep(self._at + apart_s - asked)
        async with self._one:
            same = self._of == self._changes.version and clock() < self._at + FRESH_S
            if not same and (self._at < asked or not self._text):
                of, at = self._changes.version, clock()
                text = await self._make()  # who asks may be gone by then: nothing is told half
                self._of, self._at, self._text = of, at, text
            return self._text
