"""Journal and records on a real PostgreSQL: the same promises as on SQLite, and a stale leader is stopped."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError

from acd.daemon import Wraps, composed
from acd.demo.hotline import configured
from acd.demo.ports import free_port
from acd.plan.records import reading
from acd.ports import Arrival, Decision, Fenced, JournalRefused, Snapshot
from acd.store import codec
from acd.store.journal import SqlJournal
from acd.store.lock import StoreTaken
from acd.store.open import readable, ready, upgrade
from acd.store.records import SqlRecorder
from acd.store.tables import JOURNAL, handlings, offers, position, set_aside, visits
from acd.store.vault import SqlVault
from config.load import load
from routing import facts
from routing.events import CallArrived, Envelope, Leg, LinkDown, PolicyChanged, StaffAsked, TermBegan
from tests.fakes.centre import POLICY
from tests.unit.test_handled import what_a_desk_asks
from tests.unit.test_store import A_CALL, envelope

CENTRE = Path(__file__).resolve().parents[2] / "config" / "welcomecenter.toml"


def program(name: str) -> str:
    """A program of PostgreSQL, wherever the distribution put it."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else str(shutil.which(name))


@pytest.fixture(scope="module")
async def url() -> AsyncIterator[str]:
    # the server runs as a user of its own, who does not get into a private TMPDIR
    folder = Path(tempfile.mkdtemp(prefix="acd-postgres-", dir="/tmp" if os.geteuid() == 0 else None))
    user = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    os.chown(folder, user.pw_uid, user.pw_gid)
    run_as = {"user": user.pw_uid, "group": user.pw_gid} if os.geteuid() == 0 else {}
    port = free_port()
    init = [program("initdb"), "-D", f"{folder}/data", "-U", "acd", "-A", "trust", "--no-sync"]
    await asyncio.to_thread(
        lambda: subprocess.run(init, check=True, cwd=folder, stdout=subprocess.DEVNULL, **run_as)  # type: ignore[call-overload]
    )
    server = await asyncio.create_subprocess_exec(
        *[program("postgres"), "-D", f"{folder}/data", "-p", str(port), "-k", str(folder)],
        cwd=folder,
        stderr=subprocess.DEVNULL,
        **run_as,
    )
    made = f"postgresql+asyncpg://acd@127.0.0.1:{port}/postgres"
    async with asyncio.timeout(30):
        while True:
            try:
                await upgrade(dict.fromkeys(("journal", "records", "vault"), made))
                break
            except Exception as fault:
                if server.returncode is not None:
                    raise RuntimeError("PostgreSQL did not start") from fault
                await asyncio.sleep(0.1)
    yield made
    server.terminate()
    await server.wait()
    shutil.rmtree(folder, ignore_errors=True)


async def test_the_journal_keeps_its_promises(url: str) -> None:
    journal = await SqlJournal.open(await ready("journal", url))
    batch = [envelope(1, TermBegan(1)), envelope(2, PolicyChanged(codec.digest(POLICY), POLICY)), envelope(3)]
    await journal.append(batch)
    assert [each async for each in journal.read(0)] == batch
    stale = await SqlJournal.open(await ready("journal", url))
    with pytest.raises(JournalRefused, match="another daemon"):
        await stale.append([envelope(3, LinkDown("other"))])
    await stale.append([envelope(4)])
    await journal.skip(2, "test")
    await journal.save_snapshot(Snapshot(3, "r", b"world"), 3)
    assert [each.seq async for each in journal.read(0)] == [1, 3, 4]
    assert await journal.latest_snapshot(9) == Snapshot(3, "r", b"world")
    await stale.close()
    await journal.close()


async def test_records_and_vault_keep_theirs(url: str) -> None:
    recorder = SqlRecorder(await ready("records", url))
    await recorder.record(A_CALL[:5])
    await recorder.record(A_CALL[2:])
    async with recorder.engine.connect() as connection:
        visit = (await connection.execute(select(visits))).one()
    assert (visit.outcome, visit.wait_since_queue_ms, visit.offers) == ("answered", 4_000, 1)
    await recorder.close()
    vault = SqlVault(await ready("vault", url), 1, [])
    token = await vault.token("0201 8812345", 0)
    assert await vault.token("+492018812345", 5) == token
    assert await vault.erase("02018812345")
    await vault.close()


async def test_a_planner_reads_the_records_and_can_change_nothing(url: str) -> None:
    recorder = SqlRecorder(await ready("records", url))
    await recorder.record(A_CALL)
    await recorder.close()
    history = await reading(url, load(CENTRE), None, None)
    assert history.wait_ms.tolist() == [4_000]
    assert history.talk_ms.tolist() == [51_000]
    engine = await readable("records", url)
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError, match="read-only"):
            await connection.execute(delete(visits))
    await engine.dispose()


# --- a server that fails over, and two daemons on it ---------------------------------------------------


class Between:
    """A proxy before the server. cut_after_commit: the next COMMIT arrives there, its answer never comes."""

    def __init__(self, url: str) -> None:
        self._to = int(url.rpartition(":")[2].partition("/")[0])
        self._server: asyncio.Server
        self._open: set[asyncio.StreamWriter] = set()
        self.cut_after_commit = False
        self.closed = False
        self.cuts = 0

    async def __aenter__(self) -> "Between":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()

    def url(self, url: str) -> str:
        port = self._server.sockets[0].getsockname()[1]
        return url.replace(f":{self._to}/", f":{port}/")

    def cut(self) -> None:
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.closed:
            writer.transport.abort()
            return
        back, out = await asyncio.open_connection("127.0.0.1", self._to)
        self._open |= {writer, out}
        ends = asyncio.Event()

        async def there() -> None:
            while data := await reader.read(65_536):
                if self.cut_after_commit and b"COMMIT" in data:
                    self.cut_after_commit = False
                    self.cuts += 1
                    ends.set()
                out.write(data)
            out.close()

        async def here() -> None:
            while data := await back.read(65_536):
                if ends.is_set():
                    if b"COMMIT" in data:  # the server has committed, and says so to nobody
                        writer.transport.abort()
                        out.transport.abort()
                        return
                    continue
                writer.write(data)
            writer.close()

        await asyncio.gather(there(), here(), return_exceptions=True)


@pytest.fixture
async def emptied(url: str) -> str:
    engine = await ready("journal", url)
    async with engine.begin() as connection:
        for table in reversed(JOURNAL.sorted_tables):
            await connection.execute(delete(table))
    await engine.dispose()
    return url


async def retried(journal: SqlJournal, batch: list[Envelope], decided: list[Decision]) -> list[str]:
    """As the loop does it; what was refused on the way."""
    refused = []
    async with asyncio.timeout(20):
        while True:
            try:
                await journal.append(batch, decided)
                return refused
            except JournalRefused as fault:
                refused.append(str(fault))
                await asyncio.sleep(0.02)


async def test_a_lost_word_of_a_commit_is_no_other_daemon(emptied: str) -> None:
    """Twenty fail-overs in the middle of a commit: every batch is in once, and the leader goes on."""
    async with Between(emptied) as between:
        journal = await SqlJournal.open(await ready("journal", between.url(emptied)), leads=True)
        await journal.append([envelope(1, TermBegan(1))])
        for i in range(20):
            between.cut_after_commit = True
            batch = [envelope(2 + 2 * i), envelope(3 + 2 * i)]
            assert await retried(journal, batch, [Decision(2 + 2 * i, i, i, "amal")])
            await retried(journal, [], [])
        assert between.cuts == 20
        assert [each.seq async for each in journal.read(0)] == list(range(1, 42))
        assert len(await journal.decisions(0)) == 20
        await journal.close()


async def test_two_daemons_on_one_server(emptied: str) -> None:
    """The second does not start; the one that lost its session, and whose place another took, is fenced."""
    async with Between(emptied) as between:
        first = await SqlJournal.open(await ready("journal", between.url(emptied)), leads=True)
        await first.append([envelope(1, TermBegan(1))])
        engine = await ready("journal", emptied)
        with pytest.raises(StoreTaken, match="another daemon runs on it"):
            await SqlJournal.open(engine, leads=True)
        between.cut()
        between.closed = True
        with pytest.raises(JournalRefused):
            await first.append([envelope(2)])
        async with asyncio.timeout(20):
            while True:
                try:
                    second = await SqlJournal.open(engine, leads=True)
                    break
                except StoreTaken:
                    await asyncio.sleep(0.05)
        await second.append([Envelope(2, 2, 20, "daemon", "", 0, TermBegan(2))])
        between.closed = False
        with pytest.raises(Fenced, match="term 2"):
            await retried(first, [envelope(5)], [])
        assert [each.term async for each in second.read(0)] == [1, 2]
        await second.close()
        await first.close()


async def test_a_fact_that_postgresql_refuses_blocks_nothing(url: str) -> None:
    """NUL and half a surrogate are cleaned away; what does not fit or stands already is set aside."""
    recorder = SqlRecorder(await ready("records", url))
    at = await recorder.position()
    leg = Leg("n", "9.1")
    await recorder.record(
        [
            (at + 1, [facts.VisitBegan(0, 901, leg, "line\0\ud800", 0, False)]),
            (at + 2, [facts.StaffRefused(0, "x\0y", "login", "unknown_person")]),
            (at + 3, [facts.VisitBegan(0, 902, leg, "l" * 200, 0, False), facts.Degraded(0, 901)]),
            (at + 4, [facts.VisitBegan(0, 901, leg, "again", 0, False)]),
            (at + 5, [facts.Degraded(0, 2**70)]),
            (at + 6, [facts.VisitBegan(0, 903, leg, "line", 0, False)]),
        ]
    )
    async with recorder.engine.connect() as connection:
        there = (await connection.execute(select(visits).where(visits.c.id > 900))).all()
        aside = (await connection.execute(select(set_aside).order_by(set_aside.c.id))).all()
    assert [(row.id, row.line, row.degraded) for row in there] == [
        (901, "line\ufffd\ufffd", True),
        (903, "line", False),
    ]
    assert [(row.seq - at, row.kind) for row in aside] == [
        (3, "VisitBegan"),
        (4, "VisitBegan"),
        (5, "Degraded"),
    ]
    assert await recorder.position() == at + 6
    await recorder.close()


async def test_a_reason_with_nul_is_journalled(emptied: str) -> None:
    journal = await SqlJournal.open(await ready("journal", emptied))
    asked = StaffAsked("x\0", "", "login", "because\0", None)
    await journal.append([envelope(1, TermBegan(1)), Envelope(2, 1, 20, "api\0", "because\0", 0, asked)])
    assert [each.event async for each in journal.read(1)] == [asked]
    assert journal.trouble == ""
    await journal.close()


async def test_callers_are_served_while_records_and_vault_are_away(emptied: str, tmp_path: Path) -> None:
    """The daemon starts without them, and once they answer everything is recorded."""
    async with Between(emptied) as between:
        between.closed = True
        stores = {
            "journal_url": emptied,
            "records_url": between.url(emptied),
            "vault_url": between.url(emptied),
        }
        raw = tomllib.loads(CENTRE.read_text(encoding="utf-8"))["store"]
        path = configured(CENTRE, tmp_path, {"store": raw | {"folder": "var"} | stores})
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(30):
                daemon = await composed(stack, path, load(path), Wraps())
            serving = asyncio.create_task(daemon.serve([], lambda _: None))
            told = await daemon.runner.ask(Arrival(CallArrived(Leg("pbx1", "away.1"), "line"), "pbx"))
            assert [type(fact) for fact in told.facts] == [facts.VisitBegan]
            assert len(daemon.runner.engine.world.people) == 15
            health = daemon.health()
            assert (health["journal"], health["records"] == "ok", health["vault"] == "ok") == (
                "ok",
                False,
                False,
            )
            between.closed = False
            async with asyncio.timeout(30):
                await daemon.feed.drained()
                while daemon.health()["records"] != "ok" or daemon.health()["vault"] != "ok":  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            async with daemon.stores.records.engine.connect() as connection:
                found = await connection.execute(select(visits.c.id).where(visits.c.call == "away.1"))
                assert len(found.all()) == 1
            serving.cancel()
            await asyncio.wait({serving})


async def test_what_a_desk_leaves_and_asks_is_the_same_here(url: str) -> None:
    engine = await ready("records", url)
    async with engine.begin() as connection:
        for table in (visits, offers, handlings, position):
            await connection.execute(delete(table))
    await what_a_desk_asks(engine)
    await engine.dispose()
