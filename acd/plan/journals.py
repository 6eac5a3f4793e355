"""Reads a daemon's journal for a planner, and proves on it that the simulated clock decides as the daemon."""

import asyncio
import hashlib
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError

from acd.plan.common import fail
from acd.replay import replay, thaw
from acd.store import open as stores
from acd.store.codec import UnreadableEvent
from acd.store.journal import SqlJournal
from acd.store.open import StoreFault
from routing.engine import Effects
from simulation.drivers.journal import JournalDriver
from simulation.records.journal_trace import JournalTrace, Reader


class Read(NamedTuple):
    """A journal, and whether the simulated clock led to the same decisions."""

    trace: JournalTrace
    same: bool


def read(address: str) -> Read:
    """address: a journal.db or a URL. Ends the command with one sentence if it cannot be used."""
    if "://" not in address and not Path(address).is_file():
        raise fail(f"{address}: is no file; name a journal.db")
    url = address if "://" in address else f"sqlite+aiosqlite:///{Path(address).resolve()}"
    try:
        found = asyncio.run(_reading(url))
    except (StoreFault, UnreadableEvent) as fault:
        raise fail(str(fault)) from None
    except DBAPIError as fault:
        raise fail(f"the journal cannot be read: {str(fault.orig).splitlines()[0][:160]}") from None
    if not found.trace.callers:
        raise fail("the journal tells of no caller who came into the queue; let the daemon run first")
    if not found.trace.rosters or not found.trace.policies:
        raise fail("the journal tells of no rules or people; it is not whole")
    return found


async def _reading(url: str) -> Read:
    journal = await SqlJournal.open(await stores.readable("journal", url))
    try:
        begin = await journal.begin()
        engine, after = thaw(begin)
        reader, live, simulated = Reader(engine), _Digest(), _Digest()
        if begin is not None:
            reader.begin(engine.world, engine.world.now_ms)
        clocked = JournalDriver(thaw(begin)[0], simulated.take)
        async for envelope, effects in replay(engine, journal, after):
            reader.take(envelope, effects)
            live.take(effects)
            clocked.feed(envelope)
        return Read(reader.found(), live.hexdigest() == simulated.hexdigest())
    finally:
        await journal.close()


class _Digest:
    """Of commands and facts in order."""

    def __init__(self) -> None:
        self._commands, self._facts = hashlib.sha256(), hashlib.sha256()

    def take(self, effects: Effects) -> None:
        for command in effects.commands:
            self._commands.update(repr(command).encode())
        for fact in effects.facts:
            self._facts.update(repr(fact).encode())

    def hexdigest(self) -> str:
        return self._commands.hexdigest() + self._facts.hexdigest()
