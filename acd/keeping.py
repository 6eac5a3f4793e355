"""Keeps the world from time to time, beside the decisions, so that a restart has little to decide again."""

import asyncio
from collections.abc import Callable

import structlog

from acd import __version__
from acd.frozen import Copied
from acd.ports import Clock, Journal, JournalRefused, Snapshot
from routing.world import World

EVERY = 10_000
EVERY_MS = 86_400_000
"""Events, and time, between two kept worlds at most: the journal's retention cannot go behind the oldest."""

log = structlog.get_logger(__name__)


class Keeping:
    """Told after each batch; seq: the event after which the world was kept last; recorded: seq of the last
    event in the records, by which the journal knows which of the kept worlds are still needed."""

    def __init__(self, journal: Journal, clock: Clock, seq: int, recorded: Callable[[], int]) -> None:
        self._journal = journal
        self._clock = clock
        self._seq = seq
        self._recorded = recorded
        self._at_ms = 0
        self._saving: asyncio.Task[None] | None = None

    async def after(self, world: World, seq: int) -> None:
        """The world stands after event `seq`, and does until this returns: copied if it is time, and written
        down by and by."""
        now = self._clock.now_ms()
        self._at_ms = self._at_ms or now
        if seq - self._seq < EVERY and now - self._at_ms < EVERY_MS:
            return
        if self._saving is None or self._saving.done():
            self._seq, self._at_ms = seq, now
            self._saving = asyncio.create_task(self._save(await Copied.beside(world), seq), name="keeping")

    async def finished(self) -> None:
        """Once what is on its way is written down."""
        if self._saving is not None:
            await self._saving

    async def _save(self, copied: Copied, seq: int) -> None:
        try:
            snapshot = Snapshot(seq, __version__, await copied.frozen_beside())
            await self._journal.save_snapshot(snapshot, self._recorded())
        except JournalRefused as fault:
            log.warning("snapshot not saved", why=str(fault))
