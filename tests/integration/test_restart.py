"""Callers survive: the daemon is killed at every moment, stays dead, comes back; Asterisk itself dies."""

import asyncio
import sys
import time
from typing import Any

import httpx
import pytest

from acd.demo.hotline import NUMBER
from tests.integration.conftest import Watched, state_of, waiting
from tests.integration.test_calls import GERMAN_OTHER, LAST, newest

TALK_MS = 60_000
"""Longer than any restart takes: the tests end a talk themselves, once it has been seen."""


async def dead(hotline: Watched) -> None:
    assert hotline.daemon is not None
    async with asyncio.timeout(30):
        await hotline.daemon.wait()
    hotline.daemon = None


async def waiting_calls(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/api/explain")).json()["waiting"]
    return found


async def oldest(hotline: Watched) -> dict[str, int]:
    """Language -> since when its oldest caller waits."""
    return {cell["language"]: cell["longest_since_ms"] for cell in (await hotline.state())["waiting"]}


async def test_those_who_wait_are_adopted_in_their_order_with_their_times(hotline: Watched) -> None:
    before = newest(hotline)
    await hotline.sipp.call(NUMBER, GERMAN_OTHER, hang_up_ms=60_000)
    await hotline.until("one waits", lambda b: waiting(b) == 1)
    await hotline.sipp.call(NUMBER, [(300, "5"), (600, "9")], hang_up_ms=60_000)
    await hotline.until("two wait", lambda b: waiting(b) == 2)
    async with hotline.client() as client:
        then = [(w["visit"], w["language"], w["concern"]) for w in await waiting_calls(client)]
    since = await oldest(hotline)
    await hotline.stop_daemon(kill=True)
    await hotline.start_daemon()
    await hotline.until("two wait again", lambda b: waiting(b) == 2)
    async with hotline.client() as client:
        now = [(w["visit"], w["language"], w["concern"]) for w in await waiting_calls(client)]
    assert now == then
    assert await oldest(hotline) == since
    assert newest(hotline) > before


async def test_who_came_while_the_daemon_was_dead_is_served_when_it_returns(hotline: Watched) -> None:
    before = newest(hotline)
    await hotline.sipp.phones(["p04"], answer_ms=100, talk_ms=400)
    await hotline.stop_daemon(kill=True)
    call = await hotline.sipp.call(NUMBER, GERMAN_OTHER)
    await asyncio.sleep(3)  # the caller goes through the menus alone: nobody is there to tell us
    await hotline.start_daemon()
    await hotline.until("adopted", lambda b: waiting(b) + b["degraded"] + b["in_menu"] == 1)
    await hotline.ask("birgit", "login")
    await call.finished()
    row = await hotline.row(LAST, before)
    assert (row["language"], row["concern"], row["outcome"]) == ("de", "other", "answered")


async def test_a_phone_that_rings_connects_and_the_talk_goes_on(hotline: Watched) -> None:
    before = newest(hotline)
    await hotline.sipp.phones(["p04"], answer_ms=2500, talk_ms=TALK_MS)
    await hotline.ask("birgit", "login")
    call = await hotline.sipp.call(NUMBER, GERMAN_OTHER)
    await hotline.until("it rings", lambda b: b["ringing"] == 1)
    await hotline.stop_daemon(kill=True)
    await asyncio.sleep(1)
    await hotline.start_daemon()
    await hotline.until("they talk", lambda b: b["talking"] == 1)
    await hotline.stop_daemon(kill=True)
    await hotline.start_daemon()
    await hotline.until("they still talk", lambda b: b["talking"] == 1)
    await hotline.asterisk.cli("channel request hangup all")
    await call.finished()
    row = await hotline.row(LAST, before)
    assert (row["outcome"], row["answered_by"], row["offers"]) == ("answered", "birgit", 1)
    assert [each["outcome"] for each in hotline.rows("select * from offer where visit = ?", row["id"])] == [
        "answered"
    ]


async def test_the_dialplan_rings_alone_within_ten_seconds_and_gives_callers_back(hotline: Watched) -> None:
    await hotline.sipp.phones(["p04"], answer_ms=300, talk_ms=20_000)
    await hotline.ask("birgit", "login")
    await hotline.until("on duty", lambda b: state_of(b, "birgit") == "ready")
    await hotline.stop_daemon(kill=True)
    died = time.monotonic()
    served = await hotline.sipp.call(NUMBER, GERMAN_OTHER)
    other = await hotline.sipp.call(NUMBER, GERMAN_OTHER, hang_up_ms=40_000)
    async with asyncio.timeout(20):
        while "Dial" not in await hotline.asterisk.cli("core show channels concise"):  # noqa: ASYNC110 no events here
            await asyncio.sleep(0.2)
    assert time.monotonic() - died < 3 + 10
    await hotline.start_daemon()
    await hotline.until("taken back", lambda b: (b["talking"], waiting(b), b["degraded"]) == (1, 1, 0))
    assert served.going
    assert other.going


async def test_calls_that_died_with_asterisk_are_closed_with_that_reason(hotline: Watched) -> None:
    before = newest(hotline)
    await hotline.sipp.call(NUMBER, GERMAN_OTHER, hang_up_ms=60_000)
    await hotline.until("waits", lambda b: waiting(b) == 1)
    await hotline.asterisk.stop(kill=True)
    await hotline.until("link down", lambda b: not b["link_up"])
    await hotline.asterisk.start()
    await hotline.ready()
    row = await hotline.row(LAST, before)
    assert (row["outcome"], row["ended_by"], row["reason"]) == (
        "lost_in_pbx",
        "pbx",
        "gone_while_we_were_away",
    )


@pytest.mark.parametrize(
    "point",
    ["before commit", "commit and step", "step and send", "send and reply", "before record", "after record"],
)
async def test_no_caller_is_lost_wherever_the_daemon_is_killed(hotline: Watched, point: str) -> None:
    before = newest(hotline)
    await hotline.stop_daemon()
    await hotline.start_daemon((sys.executable, "-m", "tests.fakes.crashing", point, "1"))
    await hotline.sipp.phones(["p04"], answer_ms=600, talk_ms=TALK_MS)
    await hotline.ask("birgit", "login")
    call = await hotline.sipp.call(NUMBER, GERMAN_OTHER)
    await dead(hotline)
    await hotline.start_daemon()
    await hotline.until("they talk", lambda b: b["talking"] == 1)
    await hotline.asterisk.cli("channel request hangup all")
    await call.finished()
    row = await hotline.row(LAST, before)
    assert (row["outcome"], row["answered_by"], row["language"]) == ("answered", "birgit", "de")
    visits = hotline.rows("select * from visit where id > ?", before)
    assert len(visits) == 1
    offers = hotline.rows("select * from offer where visit = ?", row["id"])
    assert all(offer["ended_at"] for offer in offers)
    assert sum(offer["outcome"] == "answered" for offer in offers) <= 1
