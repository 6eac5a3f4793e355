"""The whole daemon stopped again and again while calls come in: no talk is torn by what it missed.

PAUSES=100 for the long run; each pause is 0.1 to 3 s. Phones say nothing for up to 1.9 s before they ring,
so that a silent phone's lease (2 s) often ends while the daemon is away.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from acd.demo.hotline import PROJECT, configured
from acd.pbx.secrets import own
from config.load import load
from tests.fakes.pbx import FakePbx, Phone

PAUSES = int(os.environ.get("PAUSES", "6"))
STAFF = 30
CALLS_A_SECOND = 7
REFUSED = {each: {"away_after": 0, "retry_seconds": 5} for each in ("declined", "no_answer", "unreachable")}


async def ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.1)


async def call_for_ever(pbx: FakePbx, chance: random.Random) -> None:
    while True:
        await asyncio.sleep(chance.expovariate(CALLS_A_SECOND))
        pbx.caller("de", "other")


async def test_no_talk_is_torn_by_a_daemon_that_is_stopped_again_and_again(tmp_path: Path) -> None:
    people = [
        {
            "id": f"a{i}",
            "name": "x",
            "phone": f"p{i}",
            "languages": {"de": "native"},
            "concerns": {"other": 5},
        }
        for i in range(STAFF)
    ]
    chance = random.Random(2016)
    async with FakePbx([f"p{i}" for i in range(STAFF)]) as pbx:
        changes = {
            "staff": people,
            "staffing": {"wrap_up_seconds": 0},
            "routing": {"refused": REFUSED, "reserve": []},
            "pbx": {"ami_port": pbx.port},
        }
        config = configured(PROJECT / "config" / "welcomecenter.toml", tmp_path, changes)
        centre = load(config)
        pbx.secret = own(tmp_path / "var" / "secrets.toml", list(pbx.phones)).ami
        with (tmp_path / "daemon.log").open("wb") as log:
            daemon = subprocess.Popen(  # noqa: ASYNC220 its signals are sent between awaits
                [sys.executable, "-c", "from acd.cli import main; main()", "run", "--config", str(config)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        try:
            url = f"http://127.0.0.1:{centre.web.port}"
            async with httpx.AsyncClient(base_url=url, timeout=10) as client:
                await ready(client)
                token = (tmp_path / "var" / "api.token").read_text(encoding="ascii").strip()
                client.headers["Authorization"] = f"Bearer {token}"
                for i in range(STAFF):
                    pbx.register(f"p{i}", Phone(i * 10, 2_000, silent_ms=chance.randrange(1_950)))
                    (await client.post(f"/api/staff/a{i}/login")).raise_for_status()
            calling = asyncio.create_task(call_for_ever(pbx, chance))
            try:
                for _ in range(PAUSES):
                    await asyncio.sleep(chance.uniform(0.3, 1.5))
                    daemon.send_signal(signal.SIGSTOP)
                    await asyncio.sleep(chance.uniform(0.1, 3.0))
                    daemon.send_signal(signal.SIGCONT)
            finally:
                calling.cancel()
            print(f"{pbx.talks} talks, {len(pbx.torn)} torn, {PAUSES} pauses")
            assert pbx.torn == []
            async with asyncio.timeout(60):
                await pbx.quiet()
        finally:
            daemon.terminate()
            daemon.wait(20)
    assert pbx.torn == []
    assert pbx.talks > PAUSES, "the load was there"
