"""Messages whose sound is gone, by its time or on a caller's demand: nobody is rung for one.

Whoever deletes a file need not know what hangs by it: this looks at what is there, and ends what waits.
"""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from acd import recordings
from acd.ports import DAEMON, Arrival, QueueFull
from acd.runner import Runner
from config.schema import Centre
from routing.events import MessageGone
from routing.visit import MESSAGE, WAITING
from routing.world import Visit, World

LOST_S: Final = 60.0
"""So often it is looked."""
DAY_MS: Final = 86_400_000
LONGEST_DAYS: Final = 90
"""No message is kept longer (config.tables.message), and none waits longer where none are taken now."""

log = structlog.get_logger(__name__)


class Where(NamedTuple):
    """folder: in which messages lie; None: none are taken now. days: for how long they are kept."""

    folder: Path | None
    days: int = LONGEST_DAYS


def where(centre: Centre) -> Where:
    """Of this centre."""
    taken = centre.message
    return Where(centre.path(taken.folder), taken.days) if taken is not None else Where(None)


def waiting(world: World) -> list[Visit]:
    """The messages that nobody carries out at the moment."""
    return [each for each in world.visits.values() if each.kind == MESSAGE and each.state == WAITING]


def gone(messages: Iterable[Visit], there: frozenset[str] | None, before_ms: int) -> list[int]:
    """The visits of these whose sound is lost for good. there: the names of all that is there; None: nobody
    knows. before_ms: what is older is past its time.

    Where several are missing at once and nothing else is there, the folder itself may be away: then only what
    is past its time is over.
    """
    missing = [each for each in messages if there is None or f"{each.message}.wav" not in there]
    away = there is None or (len(missing) > 1 and not there)
    return [each.id for each in missing if not away or each.arrived_ms < before_ms]


class LostMessages:
    """Looks for them. now_ms: engine time."""

    def __init__(self, runner: Runner, where: Callable[[], Where], now_ms: Callable[[], int]) -> None:
        self._runner = runner
        self._where = where
        self._now_ms = now_ms

    async def look(self) -> None:
        """Once. Raises OSError where the folder cannot be read. Those for which the intake is full are met
        again."""
        folder, days = self._where()
        # who waits first, then what is there: a message that is left in between has its file already
        await self._runner.settled.wait()
        messages = waiting(self._runner.engine.world)
        if not messages:
            return
        there: frozenset[str] | None = None
        if folder is not None and await asyncio.to_thread(folder.is_dir):
            there = await asyncio.to_thread(recordings.names, folder, recordings.MESSAGES)
        lost = gone(messages, there, self._now_ms() - days * DAY_MS)
        try:
            for visit in lost:
                self._runner.submit(Arrival(MessageGone(visit), DAEMON))
        except QueueFull:
            log.warning("messages that are gone are still waited for", visits=len(lost))
