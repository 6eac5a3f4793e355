"""The whole daemon against a PBX of memory over TCP: 200 calls a second for 60 seconds.

Nothing may be lost, memory stays flat, and decisions stay quick.
"""

import asyncio
import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import httpx

from acd.demo.hotline import PROJECT, configured
from acd.pbx.secrets import own
from config.load import load
from tests.bench.figures import Figures
from tests.fakes.pbx import FakePbx, Phone

STAFF = 100
RATE = 200
TALK_MS = 300
SETTLE_S = 60.0


async def run(figures: Figures, seconds: int, folder: Path) -> None:
    """Drive it, and count what came of it."""
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
    phones = [str(each["phone"]) for each in people]
    folder.mkdir(exist_ok=True)
    async with FakePbx(phones) as pbx:
        changes = {
            "staff": people,
            "staffing": {"wrap_up_seconds": 0, "short_talk_seconds": 0},
            "pbx": {"ami_port": pbx.port},
        }
        config = configured(PROJECT / "config" / "welcomecenter.toml", folder, changes)
        centre = load(config)
        pbx.secret = own(folder / "var" / "secrets.toml", phones).ami
        program = "from acd.cli import main; main()"
        with (folder / "daemon.log").open("wb") as log:
            daemon = await asyncio.create_subprocess_exec(
                sys.executable, "-c", program, "run", "--config", str(config), stdout=log, stderr=log,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{centre.web.port}"
            async with httpx.AsyncClient(base_url=url, timeout=10) as client:
                await _ready(client)
                token = (folder / "var" / "api.token").read_text(encoding="ascii").strip()
                client.headers["Authorization"] = f"Bearer {token}"
                for each in people:
                    pbx.register(str(each["phone"]), Phone(answer_ms=20, talk_ms=TALK_MS))
                    (await client.post(f"/api/staff/{each['id']}/login")).raise_for_status()
                await _flood(figures, pbx, client, daemon.pid, seconds, folder)
        finally:
            daemon.terminate()
            await daemon.wait()


async def _ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.1)


async def _flood(
    figures: Figures, pbx: FakePbx, client: httpx.AsyncClient, pid: int, seconds: int, folder: Path
) -> None:
    calls, began, memory = RATE * seconds, time.monotonic(), []
    for number in range(calls):
        late = began + number / RATE - time.monotonic()
        if late > 0:
            await asyncio.sleep(late)
        pbx.caller("de", "other")
        if number % (calls // 6) == calls // 12:
            memory.append(_resident_mb(pid))
    deadline = time.monotonic() + SETTLE_S
    async with asyncio.timeout(SETTLE_S):
        await pbx.quiet()
    took = time.monotonic() - began
    while True:
        if _rows(folder) >= calls or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.2)
    metrics = (await client.get("/metrics")).text
    figures.add(
        f"daemon against a PBX of memory, {RATE} calls/s for {seconds} s",
        calls=calls,
        ended_answered_with_row=_rows(folder),
        left_in_pbx=len(pbx.calls),
        seconds=round(took, 1),
        decision_p99_below_ms=_p99_ms(metrics),
        resident_mb_first=memory[0],
        resident_mb_middle=memory[len(memory) // 2],
        resident_mb_last=memory[-1],
    )


def _rows(folder: Path) -> int:
    base = sqlite3.connect(f"file:{folder}/var/records.db?mode=ro", uri=True)
    try:
        query = "select count(*) from visit where outcome = 'answered' and ended_at is not null"
        return int(base.execute(query).fetchone()[0])
    finally:
        base.close()


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return round(int(found[1]) / 1024, 1) if found else 0.0


def _p99_ms(metrics: str) -> float:
    """The upper edge of the histogram's bucket in which the 99th percentile lies."""
    buckets = re.findall(r'acd_decision_seconds_bucket\{le="([^"]+)"\} ([0-9.e+]+)', metrics)
    total = float(buckets[-1][1])
    return next(float(edge) * 1000 for edge, count in buckets if float(count) >= 0.99 * total)


def main(figures: Figures, small: bool, folder: Path) -> None:
    """Measure; `small` for three seconds only."""
    asyncio.run(run(figures, 3 if small else 60, folder / "flood"))
