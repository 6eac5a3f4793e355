"""Journal and records on a real PostgreSQL: the same promises as on SQLite, and a stale leader is stopped."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError

from acd.demo.ports import free_port
from acd.plan.records import reading
from acd.ports import JournalRefused, Snapshot
from acd.store import codec
from acd.store.journal import SqlJournal
from acd.store.open import readable, ready, upgrade
from acd.store.records import SqlRecorder
from acd.store.tables import visits
from acd.store.vault import SqlVault
from config.load import load
from routing.events import LinkDown, PolicyChanged, TermBegan
from tests.fakes.centre import POLICY
from tests.unit.test_store import A_CALL, envelope

CENTRE = Path(__file__).resolve().parents[2] / "config" / "welcomecenter.toml"


def program(name: str) -> str:
    """A program of PostgreSQL, wherever the distribution put it."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else str(shutil.which(name))


@pytest.fixture(scope="module")
async def url() -> AsyncIterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="acd-postgres-"))
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
