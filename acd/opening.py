"""Opens the stores of a centre, and finds where this leadership term begins: callers first, records after."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from acd import replay
from acd.ports import Journal, JournalRefused, Recorder
from acd.store.cases import SqlCases
from acd.store.integrity import Integrity
from acd.store.journal import SqlJournal
from acd.store.late import Late
from acd.store.open import StoreFault, alone, faults, readable, ready, urls
from acd.store.records import SqlRecorder
from acd.store.texts import SqlTexts
from acd.store.vault import SqlVault
from config.schema import Centre
from routing.engine import Engine

RECORDS_S = 2.0
"""How long the records have to say what they hold: callers wait."""
EPOCH_S = 1_577_836_800
"""2020-01-01, from which the first term of a new journal is counted, in minutes."""
TERM_MAX = 2**31 - 1

log = structlog.get_logger(__name__)


def store_urls(centre: Centre) -> dict[str, str]:
    """The URL of each store of this centre."""
    store = centre.store
    given = {"journal": store.journal_url, "records": store.records_url, "vault": store.vault_url}
    return urls(centre.path(store.folder), given)


@dataclass(frozen=True)
class Stores:
    """The opened stores. sql, records: what lies beneath journal and recorder."""

    journal: Journal
    recorder: Recorder
    sql: SqlJournal
    records: SqlRecorder
    vault: SqlVault
    texts: SqlTexts
    cases: SqlCases
    late: Late
    integrity: Integrity


@dataclass(frozen=True)
class Begun:
    """Where a term begins: its number, the event it follows, the newest event that the journal holds, its
    time. lost: the records end with this event, which the journal no longer has; 0 if there is none."""

    term: int
    seq: int
    last: int
    at_ms: int
    lost: int


def locked(stack: ExitStack | AsyncExitStack, centre: Centre) -> None:
    """Take the files of journal and records for this daemon alone. Raises StoreTaken, StoreFault."""
    for store in ("journal", "records"):
        if (held := alone(store_urls(centre)[store])) is not None:
            stack.callback(held.release)


async def opened(
    stack: AsyncExitStack,
    centre: Centre,
    journal: Callable[[Journal], Journal],
    recorder: Callable[[Recorder], Recorder],
) -> Stores:
    """Everything opened, to be closed by `stack`; `journal` and `recorder` may put something around theirs.

    The journal has to be there; records and vault may come later. Raises StoreFault, StoreTaken.
    """
    where, privacy = store_urls(centre), centre.privacy
    base = await ready("journal", where["journal"])
    stack.push_async_callback(base.dispose)
    with faults("journal", where["journal"]):
        sql = await SqlJournal.open(base, leads=True)
    stack.push_async_callback(sql.close)
    late = Late()
    records = SqlRecorder(await late.open("records", where["records"]))
    stack.push_async_callback(records.close)
    numbers = await late.open("vault", where["vault"])
    vault = SqlVault(numbers, privacy.number_days, privacy.switchboard_numbers)
    stack.push_async_callback(vault.close)
    return Stores(
        journal(sql),
        recorder(records),
        sql,
        records,
        vault,
        SqlTexts(numbers, vault.scrubbing, centre.desk.note_days),
        SqlCases(records.engine, centre.routing.classes),
        late,
        Integrity({"journal": base, "records": records.engine, "vault": numbers}, sql),
    )


@asynccontextmanager
async def read(centre: Centre, *, changes: bool = False) -> AsyncIterator[tuple[AsyncEngine, ...]]:
    """The engines of the three stores in their order, of which none is made, for a command beside the daemon.
    changes: it writes to them too. Raises StoreFault."""
    async with AsyncExitStack() as stack:
        made = []
        for name, url in store_urls(centre).items():
            opens = ready(name, url, make=False) if changes else readable(name, url)
            made.append(await opens)
            stack.push_async_callback(made[-1].dispose)
        yield tuple(made)


async def begun(stores: Stores, centre: Centre) -> tuple[Engine, Begun]:
    """The world as the journal leaves it, and what this term begins with. Raises StoreFault, UnreadableEvent.

    The records are asked, and not waited for: what they lack is recorded later, beside the serving.
    """
    journal = stores.journal
    with faults("journal", store_urls(centre)["journal"]):
        last, term, at_ms = await journal.last()
        try:
            engine = await replay.rebuild(journal, last)
        except JournalRefused as fault:
            raise StoreFault(str(fault)) from None
    position, highest = await _recorded(stores)
    if last == 0:
        term = max(highest, int(time.time() - EPOCH_S) // 60 - 1)
    term = min(max(term, engine.world.term, highest) + 1, TERM_MAX)
    seq = max(last, position)
    if last == 0 and position:
        try:
            await journal.save_snapshot(replay.freeze(engine, position), position)
        except JournalRefused as fault:
            raise StoreFault(str(fault)) from None
    return engine, Begun(term, seq, last, at_ms, position if position > last else 0)


async def _recorded(stores: Stores) -> tuple[int, int]:
    """(position, highest term) of the records; zeros if they do not answer in time."""
    try:
        async with asyncio.timeout(RECORDS_S):
            await stores.records.count_set_aside()
            return await stores.recorder.position(), await stores.records.highest_term()
    except Exception as fault:  # noqa: BLE001 the databases' own faults differ by driver
        log.warning("the records do not answer; callers are served without them", error=type(fault).__name__)
        return 0, 0
