"""The whole daemon against a PBX of memory over TCP: 200 calls a second for 60 seconds.

Nothing may be lost, memory stays flat, and decisions stay quick.
"""

import asyncio
import re
import sqlite3
import time
from pathlib import Path

import httpx

from tests.bench.figures import Figures
from tests.fakes.attached import attached, phones
from tests.fakes.pbx import FakePbx, Phone

STAFF = 100
RATE = 200
TALK_MS = 300
SETTLE_S = 60.0


async def run(figures: Figures, seconds: int, folder: Path) -> None:
    """Drive it, and count what came of it."""
    folder.mkdir(exist_ok=True)
    changes = {"staffing": {"wrap_up_seconds": 0, "short_talk_seconds": 0}}
    async with (
        FakePbx(phones(STAFF)) as pbx,
        attached(pbx, folder, changes, lambda _: Phone(answer_ms=20, talk_ms=TALK_MS)) as there,
    ):
        await _flood(figures, pbx, there.client, there.daemon.pid, seconds, folder)


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
