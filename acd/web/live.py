"""The streams of pages, any number of them: who may listen, how often they are told, and until when.

The latest state wins, nobody holds anything up.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from typing import Annotated, Final, Protocol

from fastapi import Depends, HTTPException, Request

from acd.changes import Changes
from acd.identity import Action, Asker, People, Refusal
from acd.web.door import asker_of
from acd.web.rights import may

BROWSERS_MAX = 300
PER_PERSON_MAX = 20
RESERVED = 20
"""So many of all pages are kept free for programs."""
INTERVAL_S = 0.25
QUIET_S = 1.5
"""A page that hears nothing for a few of these knows that it is cut off; what is wrong is told that soon."""
STILL_S: Final = 3.0
"""So often a stream looks whether who listens still may."""


class TooMany(Exception):
    """As many pages are open as are allowed."""


class News(Protocol):
    """What a stream waits for."""

    def version(self, by: Asker) -> int:
        """Of what they see now."""

    async def changed(self, by: Asker, version: int) -> object:
        """Return once it is another than this one."""


class _All:
    """Whatever changes, for everybody."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def version(self, by: Asker) -> int:
        return self._changes.version

    async def changed(self, by: Asker, version: int) -> None:
        await self._changes.after(version)


class Live:
    """Counts the pages that listen, and tells each whenever something changed; one that is slow skips states.
    people: who somebody is by now."""

    def __init__(self, changes: Changes, people: People, limit: int = BROWSERS_MAX) -> None:
        self._all = _All(changes)
        self._people = people
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

    async def told(
        self, request: Request, action: Action, news: News | None = None, apart_s: float = INTERVAL_S
    ) -> AsyncGenerator[Asker]:
        """Who listens, as they are by now: at once and after each change, at least every QUIET_S and at most
        every apart_s; it ends soon after they may not do this any more. Counts out, at the end, who was
        counted in by `seat`. news: what they wait for; None: whatever changes."""
        of, now = news or self._all, asyncio.get_running_loop().time
        by: Asker | None = request.state.asker
        who = by.actor if by is not None else ""
        again = now() + STILL_S
        try:
            while True:
                if now() >= again:
                    again, by = now() + STILL_S, await self._still(request)
                if by is None or action not in by.may:
                    return
                version = of.version(by)
                yield by
                await asyncio.sleep(apart_s)
                try:
                    async with asyncio.timeout(QUIET_S):
                        await of.changed(by, version)
                except TimeoutError:
                    continue
        finally:
            self.leave(who)

    async def _still(self, request: Request) -> Asker | None:
        """Who asks, as they are by now; None while it cannot be told."""
        try:
            return (await asker_of(self._people, request))[0]
        except Refusal:
            return None


def seat(live: Live, action: Action) -> Callable[..., None]:
    """A dependency that counts a page of who asks in, if they may do this; `told` counts it out. Raises 503
    where as many are open as are allowed."""

    def taken(request: Request, by: Annotated[Asker, Depends(may(action))]) -> None:
        try:
            live.enter(by.actor, program=not request.state.by_cookie)
        except TooMany as full:
            raise HTTPException(503, str(full), {"Retry-After": "5"}) from None

    return taken
