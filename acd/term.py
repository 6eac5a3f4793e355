"""One leadership term: what runs in it, and how it ends: what is left is recorded, the world is kept."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import structlog
from fastapi import FastAPI

from acd.answers import Answers
from acd.beside import Kept, Regularly
from acd.feed import Feed
from acd.opening import Stores
from acd.ports import DAEMON, Arrival, Health, JournalRefused
from acd.rules_in_force import RulesInForce
from acd.runner import Runner
from acd.systemd import READY, STOPPING
from routing.events import Elapsed

STOP_S: Final = 5.0
LAST_WORDS_S: Final = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Daemon:
    """One leadership term. kept: what runs beside the deciding; hourly: the work that housekeeping does."""

    stores: Stores
    runner: Runner
    feed: Feed
    rules: RulesInForce
    answers: Answers
    hourly: Regularly
    kept: Sequence[Kept | Regularly]
    app: FastAPI
    health: Callable[[], Health]

    async def decides(self) -> None:
        """Returns once something has gone the whole way: through queue, journal and engine."""
        await self.runner.ask(Arrival(Elapsed(), DAEMON))

    async def serve(self, beside: Sequence[Kept], tell: Callable[[str], None]) -> None:
        """Until cancelled; then stop deciding, record what is left, and keep the world. Raises Fenced.

        beside: what else runs meanwhile. tell: is told READY and STOPPING.
        """
        async with AsyncExitStack() as running:
            await running.enter_async_context(_cancelled([self.feed.run()]))
            running.push_async_callback(self._last_words)
            deciding = asyncio.create_task(self.runner.run(), name="deciding")
            running.push_async_callback(self._decided, deciding)
            await running.enter_async_context(_cancelled([part.run() for part in (*beside, *self.kept)]))
            tell(READY)
            running.callback(tell, STOPPING)
            await asyncio.wait({deciding})
            deciding.result()

    async def _decided(self, deciding: asyncio.Task[None]) -> None:
        """The loop ends after the batch at hand; where the journal takes nothing, it is left."""
        self.runner.stop()
        await asyncio.wait({deciding}, timeout=STOP_S)
        deciding.cancel()
        await asyncio.wait({deciding})

    async def _last_words(self) -> None:
        """What the records still lack then is made again from the journal after the next start."""
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                await self.feed.drained()
        except TimeoutError:
            log.warning("stopped before everything was recorded", health=self.feed.health())
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                await self.runner.keep()
        except (TimeoutError, JournalRefused) as fault:
            log.warning("stopped without a snapshot; the next start replays the journal", why=str(fault))


@asynccontextmanager
async def _cancelled(works: Sequence[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """These run meanwhile, and are cancelled at the end."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=STOP_S)
