"""A commit is made in the loop only while commits are swift, and never where something could hold it."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from acd.ports import Decision, JournalRefused
from acd.store import writers
from acd.store.journal import SqlJournal
from acd.store.open import ready, urls
from acd.store.swift import PROVEN, ROWS_MAX, SLOW_S, Swift
from acd.store.writers import SqliteWriter
from routing.events import Envelope, LinkDown, TermBegan


def proven() -> Swift:
    swift = Swift()
    for _ in range(PROVEN):
        swift.took(0.0)
    return swift


def test_only_after_so_many_swift_ones_in_a_row() -> None:
    swift = Swift()
    for _ in range(PROVEN):
        assert not swift.may(1)
        swift.took(SLOW_S / 2)
    assert swift.may(1)
    assert swift.may(ROWS_MAX)
    assert not swift.may(ROWS_MAX + 1)


@pytest.mark.parametrize("trouble", [lambda swift: swift.took(SLOW_S), lambda swift: swift.failed()])
def test_one_that_was_slow_or_failed_begins_the_count_anew(trouble: Any) -> None:
    swift = proven()
    trouble(swift)
    assert not swift.may(1)
    for _ in range(PROVEN):
        swift.took(0.0)
    assert swift.may(1)


class Watched:
    """A journal of which is known which thread commits; its clock is ours."""

    def __init__(self, journal: SqlJournal, monkeypatch: pytest.MonkeyPatch) -> None:
        assert isinstance(journal._writer, SqliteWriter)
        self.journal = journal
        self.writer: Any = journal._writer
        self.threads: list[bool] = []
        self.takes_s = 0.0
        self.gate: threading.Event | None = None
        self.reached = threading.Event()
        self._now = 0.0
        self._seq = 0
        self._commit = self.writer._commit
        self.writer._commit = self._watch
        monkeypatch.setattr(writers, "perf_counter", lambda: self._now)

    def _watch(self, connection: sqlite3.Connection) -> None:
        self.threads.append(threading.current_thread() is not threading.main_thread())
        if self.gate is not None:
            self.reached.set()
            self.gate.wait(10)
        self._commit(connection)
        self._now += self.takes_s

    async def write(self, many: int = 1, kind: Any = None) -> None:
        batch = []
        for _ in range(many):
            self._seq += 1
            batch.append(Envelope(self._seq, 1, 10, "pbx", "", 0, kind or LinkDown("test")))
        await self.journal.append(batch)

    async def proven(self) -> None:
        for _ in range(PROVEN):
            await self.write()
        assert all(self.threads)
        self.threads.clear()


@pytest.fixture
async def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    opened = await SqlJournal.open(await ready("journal", urls(tmp_path, {})["journal"]))
    yield Watched(opened, monkeypatch)
    await opened.close()


async def test_swift_ones_are_made_in_the_loop_and_stand_in_order(watched: Watched) -> None:
    await watched.proven()
    for _ in range(5):
        await watched.write()
    await watched.journal.append([], [Decision(1, 7, 8, "amal")])
    assert watched.threads == [False] * 6
    assert [each.seq async for each in watched.journal.read(0)] == list(range(1, PROVEN + 6))


async def test_after_a_slow_one_the_thread_makes_them_until_they_are_swift_again(watched: Watched) -> None:
    await watched.proven()
    watched.takes_s = SLOW_S
    await watched.write()
    watched.takes_s = 0.0
    await watched.write()
    assert watched.threads == [False, True]
    for _ in range(PROVEN):
        await watched.write()
    assert watched.threads[-1] is False


async def test_large_and_durable_ones_are_the_threads(watched: Watched) -> None:
    await watched.proven()
    await watched.write(ROWS_MAX + 1)
    await watched.write(1, TermBegan(1))
    assert watched.threads == [True, True]


async def test_a_locked_file_does_not_hold_the_loop(watched: Watched, tmp_path: Path) -> None:
    """The loop goes on while the thread waits for the lock; what was given is in once it is free."""
    await watched.proven()
    other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(watched.write())
    turns = 0
    while not watched.writer._given - PROVEN:  # the loop turns until it has been given to the thread
        await asyncio.sleep(0)
        turns += 1
        assert turns < 1_000
    assert not writing.done()
    other.execute("ROLLBACK")
    await writing
    assert watched.threads == [True]
    other.close()


async def test_a_fault_in_the_loop_is_a_fault_as_in_the_thread(watched: Watched) -> None:
    await watched.proven()
    commit = watched.writer._commit

    def refused(_connection: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    watched.writer._commit = refused
    with pytest.raises(JournalRefused, match="disk is full"):
        await watched.write()
    watched.writer._commit = commit
    watched._seq -= 1
    await watched.write()
    assert watched.threads == [True]
    assert (await watched.journal.last())[0] == PROVEN + 1


async def test_what_somebody_left_in_the_thread_is_done_first(watched: Watched) -> None:
    """Who waited for it is gone; the next one is given to the thread too, and both are in, in order."""
    await watched.proven()
    watched.gate = threading.Event()
    left = asyncio.create_task(watched.write(ROWS_MAX + 1))
    await asyncio.to_thread(watched.reached.wait, 10)
    left.cancel()
    await asyncio.wait({left})
    following = asyncio.create_task(watched.write())
    await asyncio.sleep(0)
    assert not following.done()
    watched.gate.set()
    await following
    assert watched.threads == [True, True]
    assert [each.seq async for each in watched.journal.read(PROVEN)] == list(
        range(PROVEN + 1, PROVEN + ROWS_MAX + 3)
    )
