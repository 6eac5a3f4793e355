"""The daemon as a process among others: one a store, superseded, watched by systemd."""

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from acd.demo import admitted
from acd.demo.hotline import PROJECT, configured
from config.load import load
from tests.integration.test_bad_input import ACD, acd

SOURCE = PROJECT / "config" / "welcomecenter.toml"


@asynccontextmanager
async def daemon(
    config: Path, env: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A running one, once its page is there; there is no Asterisk."""
    process = await asyncio.create_subprocess_exec(
        *ACD,
        *("run", "--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=PROJECT,
        env={**os.environ, **(env or {})},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            while "live page" not in (await process.stdout.readline()).decode():
                assert process.returncode is None
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
            await process.wait()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return configured(SOURCE, tmp_path, {})


async def test_a_second_daemon_on_one_store_says_so_and_the_first_goes_on(config: Path) -> None:
    url = f"http://127.0.0.1:{load(config).web.port}"
    async with daemon(config) as first:
        code, said = await acd("run", "--config", str(config))
        assert code == 3
        assert said.splitlines()[-1].endswith(
            f"journal.db: another daemon (process {first.pid}) runs on it; "
            "stop it first, or name another folder in [store]"
        )
        code, said = await acd("db", "upgrade", "--config", str(config))
        assert (code, f"(process {first.pid})" in said) == (3, True)
        async with httpx.AsyncClient(base_url=url) as client:
            assert (await client.get("/healthz")).status_code == 200
        first.kill()
        await first.wait()
    async with daemon(config) as again:
        again.terminate()
        assert await again.wait() == 0


async def test_a_superseded_daemon_ends_with_its_own_exit_code(config: Path, tmp_path: Path) -> None:
    """As on a file system whose locks do not hold: somebody else writes under a higher term."""
    url = f"http://127.0.0.1:{load(config).web.port}"
    async with daemon(config) as process:
        headers = {"Authorization": f"Bearer {await admitted.program(load(config))}"}
        async with httpx.AsyncClient(base_url=url, headers=headers) as client:
            assert (await client.post("/api/staff/birgit/login")).status_code == 200
            with sqlite3.connect(tmp_path / "var" / "journal.db", timeout=10) as base:
                (seq,) = base.execute("select max(seq) from journal_event").fetchone()
                for next_one in range(seq + 1, seq + 10):
                    row = (next_one, 2**30, 1, "TermBegan", 1, "daemon", "", 0, f"[{2**30}]")
                    crc = zlib.crc32("|".join(map(str, row)).encode())
                    base.execute("insert into journal_event values (?,?,?,?,?,?,?,?,?,?)", (*row, crc))
            base.close()
            asking = asyncio.ensure_future(client.post("/api/staff/birgit/logout"))
            assert process.stdout is not None
            async with asyncio.timeout(30):
                said = (await process.stdout.read()).decode()
                assert await process.wait() == 4
            await asyncio.gather(asking, return_exceptions=True)
    assert said.splitlines()[-1].startswith(
        f"ended: another daemon leads under term {2**30}; this one led under term"
    )


async def test_systemd_hears_of_the_start_of_every_sign_of_life_and_of_the_stop(
    config: Path, tmp_path: Path
) -> None:
    """A sign of life is one that went through journal and engine: with the journal locked there is none."""
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(address))
        heard.setblocking(False)
        loop = asyncio.get_running_loop()

        async def next_one() -> str:
            async with asyncio.timeout(20):
                return (await loop.sock_recv(heard, 100)).decode()

        env = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "800000"}
        async with daemon(config, env) as process:
            assert await next_one() == "READY=1"
            assert [await next_one() for _ in range(3)] == ["WATCHDOG=1"] * 3
            locked = sqlite3.connect(tmp_path / "var" / "journal.db", isolation_level=None, timeout=10)
            locked.execute("begin immediate")
            await asyncio.sleep(0.5)  # one that was on its way
            while True:
                try:
                    heard.recv(100)
                except BlockingIOError:
                    break
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1.5):
                    await loop.sock_recv(heard, 100)
            locked.execute("rollback")
            locked.close()
            assert await next_one() == "WATCHDOG=1"
            process.terminate()
            said = ""
            while said != "STOPPING=1":
                said = await next_one()
            assert await process.wait() == 0


async def test_the_command_says_who_may_while_the_daemon_runs(config: Path) -> None:
    """A person is added, signs in, loses a right and then everything, each at the next request; a restart in
    between changes nothing."""
    web = load(config).web
    url, good = f"http://127.0.0.1:{web.port}", "tarnow-kiesel-1955"

    async def people(*arguments: str) -> str:
        code, said = await acd("people", *arguments, "--config", str(config))
        assert code == 0, said
        return said

    async with httpx.AsyncClient(base_url=url, headers={"Origin": url}) as client:
        async with daemon(config) as process:
            said = await people("add", "anna", "--name", "Anna", "--role", "staff", "--role", "planner")
            [first] = [line.rpartition(": ")[2] for line in said.splitlines() if "shown this once" in line]
            answer = await client.post("/sign-in", data={"name": "anna", "password": first})
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/password")
            assert (await client.get("/api/board")).status_code == 401, "a step is missing"
            assert (await client.post("/sign-in/password", data={"new": good})).status_code == 303
            assert (await client.get("/api/board")).status_code == 200
            assert (await client.get("/api/outlook")).status_code == 200
            await people("change", "anna", "--role", "staff")
            assert (await client.get("/api/outlook")).status_code == 403
            assert "anna  see_outlook  /api/outlook  127.0.0.1  DENIED" in await people("audit")
            process.terminate()
            await process.wait()
        async with daemon(config):
            assert (await client.get("/api/board")).status_code == 200
            assert "anna" in await people("sessions")
            await people("disable", "anna")
            assert (await client.get("/api/board")).status_code == 401
            answer = await client.post("/sign-in", data={"name": "anna", "password": good})
            assert answer.status_code == 401
