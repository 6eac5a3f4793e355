"""The stores under outage: lost words, full disks, records away or refusing, a journal that is lost."""

import asyncio
import contextlib
import os
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from acd import opening, replay
from acd.daemon import Wraps, composed
from acd.demo import admitted
from acd.demo.hotline import PROJECT, configured
from acd.feed import Feed
from acd.ports import Arrival, Decision, Fenced, JournalRefused, Recorder, Snapshot
from acd.store.journal import CHECKPOINT_EVERY, SqlJournal
from acd.store.lock import StoreTaken
from acd.store.open import ready, urls
from acd.store.records import SqlRecorder
from acd.store.tables import events, incidents, set_aside, visits
from acd.term import Daemon
from config.load import load
from routing import facts
from routing.events import CallArrived, Elapsed, Envelope, Leg, LegEnded, LinkDown, TermBegan
from routing.facts import Fact

SOURCE = PROJECT / "config" / "welcomecenter.toml"
PLAIN = Wraps()
MINUTES_2026 = 3_155_000
"""Of those since 2020 at the beginning of 2026."""


def envelope(seq: int, term: int = 1, event: Any = None) -> Envelope:
    return Envelope(seq, term, seq * 10, "pbx", "", 0, event or LinkDown("test"))


async def a_journal(folder: Path) -> SqlJournal:
    return await SqlJournal.open(await ready("journal", urls(folder, {})["journal"]))


@asynccontextmanager
async def running(path: Path, wraps: Wraps = PLAIN) -> AsyncIterator[Daemon]:
    """A daemon that decides and records, without pages and PBX; stopped at the end as it stops itself."""
    async with AsyncExitStack() as stack:
        opening.locked(stack, load(path))
        daemon = await composed(stack, path, load(path), wraps)
        serving = asyncio.create_task(daemon.serve([], lambda _: None))
        try:
            yield daemon
        finally:
            serving.cancel()
            await asyncio.wait({serving})


async def calls(daemon: Daemon, begin: int, count: int) -> None:
    """So many callers come and go again."""
    for i in range(begin, begin + count):
        daemon.runner.submit(Arrival(CallArrived(Leg("pbx1", f"17.{i}"), "line"), "pbx"))
        daemon.runner.submit(Arrival(LegEnded(Leg("pbx1", f"17.{i}"), 16), "pbx"))
        if i % 50 == 49:
            await daemon.runner.ask(Arrival(Elapsed(), "test"))
    await daemon.runner.ask(Arrival(Elapsed(), "test"))


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    base = sqlite3.connect(f"file:{folder}/var/records.db?mode=ro", uri=True)
    try:
        return list(base.execute(query))
    finally:
        base.close()


# --- the word of a commit is lost ------------------------------------------------------------------


class LostWord:
    """The next commit happens; the word of it does not arrive."""

    def __init__(self, journal: SqlJournal) -> None:
        writer: Any = journal._writer
        self._commit = writer._commit
        self._left = 1
        writer._commit = self

    def __call__(self, connection: sqlite3.Connection) -> None:
        self._commit(connection)
        if self._left:
            self._left -= 1
            raise sqlite3.OperationalError("the connection is gone")


@pytest.mark.parametrize("what", ["events", "decisions"])
async def test_what_is_in_already_is_success(tmp_path: Path, what: str) -> None:
    journal = await a_journal(tmp_path)
    await journal.append([envelope(1, event=TermBegan(1))])
    batch = [] if what == "decisions" else [envelope(2), envelope(3)]
    decided = [Decision(1, 7, 8, "amal")]
    LostWord(journal)
    with pytest.raises(JournalRefused):
        await journal.append(batch, decided)
    await journal.append(batch, decided)
    await journal.append([envelope(4)])
    assert [each.seq async for each in journal.read(1)] == [2, 3, 4][len([2, 3]) - len(batch) :]
    assert await journal.decisions(0) == decided
    await journal.close()


async def test_who_was_superseded_is_told_so_and_others_rows_are_no_success(tmp_path: Path) -> None:
    old, new = await a_journal(tmp_path), await a_journal(tmp_path)
    await old.append([envelope(1, 1, TermBegan(1)), envelope(2)])
    await new.append([envelope(3, 2, TermBegan(2))])
    with pytest.raises(Fenced, match="another daemon leads under term 2; this one led under term 1"):
        await old.append([envelope(3)])
    with pytest.raises(JournalRefused, match="another daemon writes to this journal"):
        await new.append([envelope(3, 2, LinkDown("other"))])
    await old.close()
    await new.close()


async def test_a_superseded_daemon_ends(tmp_path: Path) -> None:
    """The loop raises it, and nothing is kept over the other's world."""
    path = configured(SOURCE, tmp_path, {})
    async with AsyncExitStack() as stack:
        daemon = await composed(stack, path, load(path), Wraps())
        serving = asyncio.create_task(daemon.serve([], lambda _: None))
        await calls(daemon, 0, 1)
        other = await a_journal(tmp_path / "var")
        seq = daemon.runner.seq
        await other.append([envelope(seq + 1, 2**31 - 1, TermBegan(2**31 - 1))])
        daemon.runner.submit(Arrival(LinkDown("test"), "test"))
        with pytest.raises(Fenced):
            await serving
        assert (await other.last())[1] == 2**31 - 1
        await other.close()


async def test_a_skipped_event_is_skipped_once_and_a_refusal_is_said(tmp_path: Path) -> None:
    journal = await a_journal(tmp_path)
    await journal.append([envelope(1), envelope(2)])
    LostWord(journal)
    with pytest.raises(JournalRefused):
        await journal.skip(1, "ValueError: \0 test")
    await journal.skip(1, "ValueError: test")
    assert [each.seq async for each in journal.read(0)] == [2]
    await journal.close()


# --- one daemon a store ----------------------------------------------------------------------------


async def test_a_second_daemon_is_told_which_one_is_there(tmp_path: Path) -> None:
    path = configured(SOURCE, tmp_path, {})
    async with AsyncExitStack() as first, AsyncExitStack() as second:
        opening.locked(first, load(path))
        with pytest.raises(
            StoreTaken, match=rf"journal\.db: another daemon \(process {os.getpid()}\) runs on"
        ):
            opening.locked(second, load(path))
    async with AsyncExitStack() as third:
        opening.locked(third, load(path))


# --- kept worlds -----------------------------------------------------------------------------------


async def test_the_world_from_which_the_recorder_can_go_on_stays(tmp_path: Path) -> None:
    journal = await a_journal(tmp_path)
    await journal.append([envelope(seq) for seq in range(1, 101)])
    for seq in (10, 20, 30, 40, 50, 60):
        await journal.save_snapshot(Snapshot(seq, "r", b"world"), 25)
    found = await journal.latest_snapshot(25)
    assert found is not None
    assert found.seq == 20
    assert await journal.trim(10**9, 25) == 20
    assert await journal.trim(10**9, 15) == 0, "nothing is forgotten that nobody has recorded"
    await journal.save_snapshot(Snapshot(70, "r", b"world"), 65)
    assert await journal.latest_snapshot(49) is None, "once it is no longer needed it goes"
    await journal.close()


class Away:
    """Records that do not answer until they are let."""

    def __init__(self, part: Recorder) -> None:
        self._part = part
        self.away = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)

    async def position(self) -> int:
        if self.away:
            raise OSError("away")
        return await self._part.position()

    async def record(self, batch: Sequence[tuple[int, Sequence[Fact]]]) -> None:
        if self.away:
            raise OSError("away")
        await self._part.record(batch)


async def test_records_that_were_away_for_days_are_whole_and_without_doubles(tmp_path: Path) -> None:
    """30,000 events and more than three kept worlds behind, over three starts: callers are served at once,
    the world is the right one, and then every visit stands once in the records."""
    path = configured(SOURCE, tmp_path, {})
    many = 5_500
    async with running(path) as daemon:
        await calls(daemon, 0, 10)
        daemon.runner.submit(Arrival(CallArrived(Leg("pbx1", "stays"), "line"), "pbx"))
        await daemon.runner.ask(Arrival(Elapsed(), "test"))
        await daemon.feed.drained()
    for start in range(3):
        async with running(path, Wraps(recorder=Away)) as daemon:
            assert [each.caller.uid for each in daemon.runner.engine.world.visits.values()] == ["stays"]
            for part in range(5):
                await calls(daemon, 10 + start * many + part * many // 5, many // 5)
                await daemon.runner.keep()
            assert "cannot be written" in daemon.health()["records"]
            await daemon.stores.sql.trim(10**15, daemon.feed.recorded)
            assert daemon.runner.seq > 2 * many
    async with running(path) as daemon:
        assert [each.caller.uid for each in daemon.runner.engine.world.visits.values()] == ["stays"]
        async with asyncio.timeout(120):
            await daemon.feed.drained()
        assert daemon.health()["records"] == "ok"
    assert daemon.runner.seq > 30_000
    wanted = 3 * many + 11
    assert rows(tmp_path, "select count(*), count(distinct call), count(ended_at) from visit") == [
        (wanted, wanted, wanted - 1)
    ]
    assert rows(tmp_path, "select * from fact_set_aside") == []


# --- what cannot be recorded -----------------------------------------------------------------------


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = await ready("records", urls(tmp_path, {})["records"])
    yield engine
    await engine.dispose()


def began(visit: int, uid: str = "1.1") -> Fact:
    return facts.VisitBegan(1_000, visit, Leg("n", uid), "line", 1_000, False)


async def test_a_refused_fact_is_set_aside_and_the_rest_goes_on(records: AsyncEngine) -> None:
    recorder = SqlRecorder(records)
    await recorder.record([(1, [facts.TermOpened(0, 1), began(7)])])
    await recorder.record(
        [
            (2, [began(8)]),
            (3, [facts.LinkChanged(0, True, ""), began(7, "again"), began(9)]),
            (4, [facts.Degraded(0, 2**70)]),
            (5, [began(10)]),
        ]
    )
    async with records.connect() as connection:
        there = (await connection.execute(select(visits.c.id, visits.c.call))).all()
        aside = (await connection.execute(select(set_aside))).all()
        notes = (await connection.execute(select(incidents.c.kind))).scalars().all()
    assert there == [(7, "1.1"), (8, "1.1"), (9, "1.1"), (10, "1.1")]
    assert [(row.seq, row.kind) for row in aside] == [(3, "VisitBegan"), (4, "Degraded")]
    assert '"again"' in aside[0].fact
    assert notes == ["TermOpened", "LinkChanged"]
    assert (await recorder.position(), recorder.set_aside) == (5, 2)
    assert await SqlRecorder(records).count_set_aside() == 2


async def test_a_database_in_trouble_sets_nothing_aside(records: AsyncEngine) -> None:
    recorder = SqlRecorder(records)
    await recorder.record([(1, [began(7)])])
    full = True

    def no_room(*_: object) -> None:
        if full:
            raise sqlite3.OperationalError("database or disk is full")

    event.listen(records.sync_engine, "before_cursor_execute", no_room)
    with pytest.raises((OperationalError, sqlite3.OperationalError)):
        await recorder.record([(2, [began(8)])])
    full = False
    await recorder.record([(2, [began(8)])])
    assert (await recorder.position(), recorder.set_aside) == (2, 0)


async def test_refused_facts_are_seen(tmp_path: Path) -> None:
    path = configured(SOURCE, tmp_path, {})
    async with running(path) as daemon:
        await daemon.runner.ask(Arrival(Elapsed(), "test"))
        await daemon.feed.drained()
        daemon.feed.facts(daemon.runner.seq + 1, [began(5), began(5)])
        await daemon.feed.drained()
        assert "1 facts were refused" in daemon.health()["records"]
        transport = httpx.ASGITransport(daemon.app)
        headers = {"Authorization": f"Bearer {await admitted.program(daemon.rules.centre)}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", headers=headers
        ) as client:
            assert "acd_facts_set_aside 1.0" in (await client.get("/metrics")).text


async def test_a_new_journal_beside_old_records_counts_no_id_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With records that say what they hold, and with records that are away at the start."""
    path = configured(SOURCE, tmp_path, {})
    async with running(path) as daemon:
        await calls(daemon, 0, 20)
        await daemon.feed.drained()
        first = daemon.runner.engine.world.term
    assert MINUTES_2026 < first < 2**31
    assert (first << 32) < 2**63
    for start in (1, 2):
        for left in (tmp_path / "var").glob("journal.db*"):
            left.unlink()
        wraps = Wraps(recorder=Away) if start == 2 else PLAIN
        monkeypatch.setattr(opening, "EPOCH_S", opening.EPOCH_S - 3_600)  # an hour later each time
        async with running(path, wraps) as daemon:
            await calls(daemon, start * 1_000, 20)
            term = daemon.runner.engine.world.term
            assert first + 60 * start <= term <= first + 60 * start + 1
            if start == 2:
                recorder: Any = daemon.stores.recorder
                recorder.away = False
            async with asyncio.timeout(20):
                await daemon.feed.drained()
            assert daemon.health()["records"] == "ok"
        assert rows(tmp_path, "select count(*), count(distinct id) from visit") == [((start + 1) * 20,) * 2]
    assert rows(tmp_path, "select * from fact_set_aside") == []


async def test_records_that_were_moved_away_begin_where_the_journal_does(tmp_path: Path) -> None:
    """What the journal has forgotten is said to be lost; nothing is recorded from an empty world."""
    path = configured(SOURCE, tmp_path, {})
    async with running(path) as daemon:
        daemon.runner.submit(Arrival(CallArrived(Leg("pbx1", "stays"), "line"), "pbx"))
        await calls(daemon, 0, 20)
        await daemon.feed.drained()
        await daemon.runner.keep()
        kept = daemon.runner.seq
        async with daemon.stores.sql._engine.begin() as connection:
            await connection.execute(delete(events).where(events.c.seq < kept))
    for left in (tmp_path / "var").glob("records.db*"):
        left.unlink()
    async with running(path) as daemon:
        await calls(daemon, 100, 5)
        await daemon.feed.drained()
    assert rows(tmp_path, "select count(*) from visit") == [(5,)]
    assert rows(tmp_path, "select detail from incident where kind = 'JournalLost'") == [
        (f"first=1 last={kept}",)
    ]


async def test_the_feed_ends_catching_up_under_load(tmp_path: Path) -> None:
    """Facts that come without a pause are queued behind what is made again; nothing is made again twice."""
    journal = await a_journal(tmp_path)
    await journal.append([envelope(1, 1, TermBegan(1)), *(envelope(seq) for seq in range(2, 300))])
    recorder = SqlRecorder(await ready("records", urls(tmp_path, {})["records"]))
    feed = Feed(recorder, journal, 299)
    seq = 299

    async def load_it() -> None:
        nonlocal seq
        while True:
            seq += 1
            await journal.append([envelope(seq)])
            feed.facts(seq, [])
            await asyncio.sleep(0)

    loading, recording = asyncio.create_task(load_it()), asyncio.create_task(feed.run())
    async with asyncio.timeout(30):
        while feed.recorded < 400 or feed.health() != "ok":  # noqa: ASYNC110 a state, not an event
            await asyncio.sleep(0.01)
    for task in (loading, recording):
        task.cancel()
    await asyncio.wait({loading, recording})
    await journal.close()
    await recorder.close()


# --- full disks ------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    """A file system of 3 MiB; only root may mount one."""
    folder = tmp_path / "var"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass


async def test_a_full_disk_is_a_visible_state_and_ends_nothing(tmp_path: Path, small_disk: Path) -> None:
    """Journal, checkpoint, records, vault and kept worlds all meet it; with room again all go on."""
    path = configured(SOURCE, tmp_path, {})
    async with running(path) as daemon:
        await calls(daemon, 0, 20)
        await daemon.feed.drained()
        ballast = small_disk / "ballast"
        fill(ballast)
        waiting = asyncio.create_task(calls(daemon, 1_000, 400))
        async with asyncio.timeout(30):
            while daemon.health()["journal"] == "ok":  # noqa: ASYNC110 a state, not an event
                await asyncio.sleep(0.05)
        assert "full" in daemon.health()["journal"]
        await daemon.stores.sql._checkpoint()
        with pytest.raises(JournalRefused):
            await daemon.stores.journal.save_snapshot(replay.freeze(daemon.runner.engine, 7), 0)
        await daemon.hourly.once()
        assert not waiting.done()
        ballast.unlink()
        async with asyncio.timeout(30):
            await waiting
            await daemon.feed.drained()
        assert {daemon.health()[part] for part in ("journal", "records", "vault")} == {"ok"}
    assert rows(tmp_path, "select count(*), count(distinct call) from visit") == [(420, 420)]


async def test_a_checkpoint_that_fails_is_seen_and_refuses_nothing(tmp_path: Path) -> None:
    journal = await a_journal(tmp_path)

    def no_room(_: Any, cursor: Any, statement: str, *more: object) -> None:
        if "checkpoint" in statement:
            raise sqlite3.OperationalError("database or disk is full")

    event.listen(journal._engine.sync_engine, "before_cursor_execute", no_room)
    for seq in range(1, CHECKPOINT_EVERY + 1):
        await journal.append([envelope(seq)])
    assert journal._checkpointing is not None
    await journal._checkpointing
    assert "is the disk full?" in journal.trouble
    event.remove(journal._engine.sync_engine, "before_cursor_execute", no_room)
    await journal._checkpoint()
    assert journal.trouble == ""
    assert len([each async for each in journal.read(0)]) == CHECKPOINT_EVERY
    await journal.close()


async def test_an_empty_append_is_a_write(tmp_path: Path) -> None:
    """The proof of the beat: on a disk without room it is refused as any other."""
    journal = await a_journal(tmp_path)
    before = (tmp_path / "journal.db-wal").stat().st_size
    await journal.append([])
    assert (tmp_path / "journal.db-wal").stat().st_size > before
    await journal.close()
