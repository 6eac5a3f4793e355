"""When pages are told anew, any number of them: the latest state wins, nobody holds anything up."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from acd.changes import Changes
from acd.identity import Action, Asker
from acd.web.rights import may

BROWSERS_MAX = 300
PER_PERSON_MAX = 20
RESERVED = 20
"""So many of all pages are kept free for programs."""
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
        self._open: Counter[str] = Counter()

    def enter(self, who: str, *, program: bool) -> None:
        """Count a page of theirs in; for a program only the limit of all counts. Raises TooMany."""
        limit = self._limit if program else self._limit - RESERVED
        if self._open.total() >= limit:
            raise TooMany(f"{limit} pages are open already")
        if not program and self._open[who] >= PER_PERSON_MAX:
            raise TooMany(f"{PER_PERSON_MAX} pages of this account are open already")
        self._open[who] += 1

    def leave(self, who: str) -> None:
        """Count it out."""
        self._open[who] -= 1
        if not self._open[who]:
            del self._open[who]

    async def told(self, who: str) -> AsyncIterator[None]:
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
            self.leave(who)


def seat(live: Live, action: Action) -> Callable[..., str]:
    """A dependency that counts a page of who asks in, if they may do this, and gives who they are. Raises 503
    where as many are open as are allowed."""

    def taken(request: Request, by: Annotated[Asker, Depends(may(action))]) -> str:
        try:
            live.enter(by.actor, program=not request.state.by_cookie)
        except TooMany as full:
            raise HTTPException(503, str(full), {"Retry-After": "5"}) from None
        return by.actor

    return taken
