"""What the live loop needs of the journal on real SQLite: proof that it takes writes, and marks for good."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acd.ports import JournalRefused
from acd.store.journal import SqlJournal
from acd.store.open import ready, urls
from acd.store.writers import SqliteWriter
from routing.events import Envelope, LinkDown


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqlJournal]:
    opened = await SqlJournal.open(await ready("journal", urls(tmp_path, {})["journal"]))
    assert isinstance(opened._writer, SqliteWriter)
    opened._writer.busy_ms = 10
    yield opened
    await opened.close()


def locked(tmp_path: Path) -> sqlite3.Connection:
    """Somebody else writes to the file."""
    other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


async def test_nothing_to_write_is_written_all_the_same(journal: SqlJournal, tmp_path: Path) -> None:
    """A beat that goes out on it proves something: a journal that takes no writes refuses it."""
    await journal.append([])
    other = locked(tmp_path)
    with pytest.raises(JournalRefused, match="locked"):
        await journal.append([])
    other.rollback()
    await journal.append([])
    assert await journal.last() == (0, 0, 0)
    other.close()


async def test_a_mark_that_is_refused_can_be_made_again_and_twice(
    journal: SqlJournal, tmp_path: Path
) -> None:
    await journal.append([Envelope(1, 1, 10, "pbx", "", 0, LinkDown("test"))])
    other = locked(tmp_path)
    with pytest.raises(JournalRefused, match="locked"):
        await journal.skip(1, "ValueError: test")
    other.rollback()
    await journal.skip(1, "ValueError: test")
    await journal.skip(1, "ValueError: test")
    assert [each async for each in journal.read(0)] == []
    other.close()
