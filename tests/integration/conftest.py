"""One hotline for all tests of this folder: real Asterisk, real daemon, real SIP."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Generator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from acd.demo.hotline import PROJECT, Hotline

SOURCE = PROJECT / "config" / "welcomecenter.toml"
QUICK = {
    "staffing": {"wrap_up_seconds": 1, "ring_seconds": 5, "short_talk_seconds": 0},
    "routing": {
        "refused": {
            "busy": {"away_after": 0, "retry_seconds": 20},
            "declined": {"away_after": 2, "retry_seconds": 20},
            "no_answer": {"away_after": 2, "retry_seconds": 20},
            "unreachable": {"away_after": 2, "retry_seconds": 20},
        },
        "reserve": [],
    },
    "waiting": {"band_minutes": [2, 5, 10]},  # fewer sounds to write
    "privacy": {"agreement": {"name": "Dienstvereinbarung of the tests", "date": date(2026, 1, 15)}},
}


class Watched(Hotline):
    """A hotline with the questions that tests ask it."""

    async def state(self) -> dict[str, Any]:
        async with self.client() as client:
            found: dict[str, Any] = (await client.get("/api/board")).json()["board"]
            return found

    async def until(self, what: str, wanted: Any, timeout_s: float = 30) -> None:
        """Until the pushed state says so: a function of the board as a mapping."""
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    if wanted(await self.state()):
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.05)

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """From the records, as they are now."""
        base = sqlite3.connect(f"file:{self.folder}/var/records.db?mode=ro", uri=True)
        base.row_factory = sqlite3.Row
        try:
            return list(base.execute(query, values))
        finally:
            base.close()

    async def row(self, query: str, *values: object, timeout_s: float = 10) -> sqlite3.Row:
        """The first row of a query, once there is one."""
        async with asyncio.timeout(timeout_s):
            while True:
                if found := self.rows(query, *values):
                    return found[0]
                await asyncio.sleep(0.05)

    def story(self) -> str:
        """What became of the last calls, for the report of a test that failed."""
        tables = ("visit", "offer", "staff_interval", "incident")
        try:
            rows = [(table, row) for table in tables for row in self.rows(f"select * from {table}")[-12:]]
        except sqlite3.OperationalError as fault:  # a daemon that never came so far
            rows = []
            tables = (f"no records: {fault}",)
        log = self.log.read_text(errors="replace").splitlines()[-40:] if self.log.exists() else list(tables)
        return "\n".join([*(f"{table}: {dict(row)}" for table, row in rows), *log])

    async def no_drift(self) -> None:
        """PBX and world agree."""
        async with self.client() as client:
            assert (await client.post("/api/resync")).status_code == 200
        await asyncio.sleep(0.3)
        assert self.rows("select detail from incident where kind = 'DriftFound'") == []


def waiting(board: dict[str, Any]) -> int:
    return sum(cell["callers"] for cell in board["waiting"])


def state_of(board: dict[str, Any], agent: str) -> str:
    return next((person["state"] for person in board["staff"] if person["id"] == agent), "")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test of the hotline that fails shows what the daemon knew."""
    report = yield
    hotline = getattr(item, "funcargs", {}).get("hotline")
    if report.failed and isinstance(hotline, Watched):
        report.sections.append(("the hotline", hotline.story()))
    return report


@pytest.fixture(scope="session")
async def asterisk_hotline() -> AsyncIterator[Watched]:
    async with Watched(Path(SOURCE), QUICK) as hotline:
        yield hotline


@pytest.fixture
async def hotline(asterisk_hotline: Watched) -> AsyncIterator[Watched]:
    """The hotline with its daemon running, everybody logged out, and no call."""
    hotline = asterisk_hotline
    if hotline.daemon is None or hotline.daemon.returncode is not None:
        await hotline.start_daemon()
    yield hotline
    await hotline.sipp.end_all()
    await hotline.asterisk.cli("channel request hangup all")
    if hotline.daemon is None or hotline.daemon.returncode is not None:
        await hotline.start_daemon()
    await hotline.until(
        "no call", lambda b: waiting(b) + b["in_menu"] + b["ringing"] + b["talking"] + b["degraded"] == 0
    )
    for person in hotline.centre.staff:
        assert await hotline.ask(person.id, "logout") == 200
    await hotline.no_drift()
