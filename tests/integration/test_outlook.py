"""What callers have to expect, on real calls: found by the process beside the daemon, though it is killed."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from acd.demo.hotline import NUMBER
from tests.integration.conftest import Watched, state_of, waiting
from tests.integration.test_calls import GERMAN_OTHER


async def outlook(hotline: Watched, after_ms: int = 0) -> dict[str, Any]:
    """One that is later than this and says something of somebody."""
    async with asyncio.timeout(40), hotline.client() as client:
        while True:
            found: dict[str, Any] = (await client.get("/api/outlook")).json()
            if found["at_ms"] > after_ms and found["callers"]:
                return found
            await asyncio.sleep(0.05)


def futures_process(daemon: int) -> int:
    """The process that runs futures, a child of the daemon."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == daemon and b"acd.outlook.child" in command:
            return int(folder.name)
    raise AssertionError("no such process")


async def test_who_waits_has_an_outlook_though_its_process_is_killed(hotline: Watched) -> None:
    await hotline.sipp.phones(["p04"], answer_ms=200, talk_ms=25_000)
    assert await hotline.ask("birgit", "login") == 200
    talks = await hotline.sipp.call(NUMBER, GERMAN_OTHER)
    await hotline.until("talking", lambda b: state_of(b, "birgit") == "talking")
    waits = await hotline.sipp.call(NUMBER, GERMAN_OTHER)
    await hotline.until("waiting", lambda b: waiting(b) == 1)
    first = await outlook(hotline)
    (caller,) = first["callers"]
    assert (caller["language"], caller["concern"]) == ("de", "other")
    assert caller["q10_ms"] is not None
    assert first["futures"] >= 20

    assert hotline.daemon is not None
    process = futures_process(hotline.daemon.pid)
    os.kill(process, signal.SIGKILL)
    again = await outlook(hotline, first["at_ms"])
    assert [each["visit"] for each in again["callers"]] == [caller["visit"]]
    assert futures_process(hotline.daemon.pid) != process

    await talks.finished()
    await waits.finished()
    row = await hotline.row("select * from visit where id = ? and ended_at is not null", caller["visit"])
    assert (row["outcome"], row["answered_by"]) == ("answered", "birgit")
