"""Calls as they are: real SIP into real Asterisk, decided by the real daemon, each with its row."""

import asyncio
import time
from typing import Any

import pytest

from acd.demo.hotline import NUMBER
from tests.integration.conftest import Watched, state_of, waiting

LAST = "select * from visit where id > ? and ended_at is not null order by id desc"


def newest(hotline: Watched) -> int:
    rows = hotline.rows("select max(id) as id from (select id from visit union select id from offer)")
    return int(rows[0]["id"] or 0)


GERMAN_OTHER = [(300, "1"), (600, "0"), (350, "3")]
"""Language 1 (German), more concerns, the third of them (other)."""


async def ended(hotline: Watched, after: int, timeout_s: float = 30) -> Any:
    return await hotline.row(LAST, after, timeout_s=timeout_s)


async def test_a_caller_reaches_who_speaks_the_language(hotline: Watched) -> None:
    before = newest(hotline)
    await hotline.sipp.phones(["p06"], answer_ms=300, talk_ms=2500)
    await hotline.sipp.feature("p06", "*41")
    await hotline.until("logged in", lambda b: state_of(b, "daryna") == "ready")
    call = await hotline.sipp.call(NUMBER, [(300, "5"), (600, "9")], caller="02018812345")
    await call.finished()
    row = await ended(hotline, before)
    assert (row["language"], row["concern"], row["outcome"]) == ("uk", "registration", "answered")
    assert (row["answered_by"], row["ended_by"], row["offers"]) == ("daryna", "staff", 1)
    assert len(row["token"]) == 32
    assert row["consent"] == "", "as shipped nobody is asked"
    await hotline.until("wrapped up", lambda b: state_of(b, "daryna") == "ready")
    assert not await asyncio.to_thread(lambda: list(hotline.asterisk.recordings.iterdir()))


@pytest.mark.parametrize("stage", ["language menu", "concern menu", "hold", "ringing", "talk"])
async def test_a_caller_may_hang_up_at_any_moment(hotline: Watched, stage: str) -> None:
    before = newest(hotline)
    if stage in ("ringing", "talk"):
        await hotline.sipp.phones(["p04"], answer_ms=200 if stage == "talk" else 60_000)
        await hotline.ask("birgit", "login")
    keys = {"language menu": [], "concern menu": GERMAN_OTHER[:2]}.get(stage, GERMAN_OTHER)
    wait_ms = {"language menu": 700, "concern menu": 900}.get(stage, 4500)
    call = await hotline.sipp.call(NUMBER, keys, hang_up_ms=wait_ms)
    await call.finished()
    row = await ended(hotline, before)
    outcome = {
        "language menu": "abandoned_in_menu",
        "concern menu": "abandoned_in_menu",
        "hold": "abandoned_in_queue",
        "ringing": "abandoned_while_ringing",
        "talk": "answered",
    }[stage]
    assert (row["outcome"], row["ended_by"]) == (outcome, "caller")


@pytest.mark.parametrize(
    ("refuse", "outcome"), [(486, "busy"), (603, "declined"), (480, "no_answer"), (404, "unreachable")]
)
async def test_the_next_best_is_rung_when_a_phone_refuses(
    hotline: Watched, refuse: int, outcome: str
) -> None:
    before = newest(hotline)
    await hotline.sipp.phones(["p04"], refuse=refuse)
    await hotline.sipp.phones(["p13"], answer_ms=100, talk_ms=400)
    await hotline.ask("birgit", "login")
    call = await hotline.sipp.call(NUMBER, GERMAN_OTHER)
    await hotline.row(
        "select * from offer where agent = 'birgit' and outcome = ? and id > ?", outcome, before
    )
    assert await hotline.ask("markus", "login") == 200
    await call.finished()
    row = await ended(hotline, before)
    assert (row["language"], row["concern"]) == ("de", "other")
    assert (row["outcome"], row["answered_by"], row["offers"]) == ("answered", "markus", 2)


async def test_who_lets_it_ring_is_passed_over_and_away_after_two(hotline: Watched) -> None:
    before = newest(hotline)
    await hotline.sipp.phones(["p04"], answer_ms=60_000)
    await hotline.sipp.phones(["p13"], answer_ms=100, talk_ms=400)
    await hotline.ask("birgit", "login")
    first = await hotline.sipp.call(NUMBER, GERMAN_OTHER)
    second = await hotline.sipp.call(NUMBER, GERMAN_OTHER)
    await hotline.until("away", lambda b: state_of(b, "birgit") == "away", 40)
    await hotline.ask("markus", "login")
    await first.finished()
    await second.finished()
    await ended(hotline, before)
    misses = hotline.rows("select outcome from offer where agent = 'birgit' and id > ?", before)
    assert [row["outcome"] for row in misses] == ["no_answer", "no_answer"]


async def test_a_phone_that_is_gone_without_a_word_costs_two_seconds(hotline: Watched) -> None:
    before = newest(hotline)
    gone = await hotline.sipp.phones(["p04"], answer_ms=100)
    await gone.end()
    await hotline.sipp.phones(["p13"], answer_ms=100, talk_ms=400)
    await hotline.ask("birgit", "login")
    call = await hotline.sipp.call(NUMBER, GERMAN_OTHER)
    await hotline.until("rung", lambda b: b["ringing"] == 1)
    await hotline.ask("markus", "login")
    await call.finished()
    row = await ended(hotline, before)
    assert (row["outcome"], row["answered_by"]) == ("answered", "markus")
    offer = hotline.rows("select * from offer where agent = 'birgit' and id > ?", before)[0]
    assert offer["outcome"] == "unreachable"


async def test_silence_and_wrong_keys_lead_to_the_queue_and_never_out(hotline: Watched) -> None:
    silent = await hotline.sipp.call(NUMBER, [], hang_up_ms=75_000)
    wrong = await hotline.sipp.call(NUMBER, [(500, "#"), (4000, "#"), (3000, "#")], hang_up_ms=75_000)
    began = time.monotonic()
    await hotline.until("both wait", lambda b: waiting(b) == 2, 75)
    assert time.monotonic() - began < 45, "a silent caller is on hold within 40 s"
    board = await hotline.state()
    cells = {(cell["language"], cell["concern"]) for cell in board["waiting"]}
    assert cells == {("und", "other")}
    assert silent.going
    assert wrong.going


async def test_a_second_language_by_key_is_used(hotline: Watched) -> None:
    before = newest(hotline)
    call = await hotline.sipp.call(NUMBER, [(300, "3"), (600, "8"), (2500, "1")], hang_up_ms=3000)
    await call.finished()
    assert (await ended(hotline, before))["second"] == "en"


async def test_ready_before_login_is_refused_by_phone_and_api(hotline: Watched) -> None:
    assert await hotline.ask("jonas", "ready") == 409
    assert await hotline.ask("nobody", "login") == 404
    await hotline.sipp.phones(["p10"])
    await hotline.sipp.feature("p10", "*43")
    refused = await hotline.row("select detail from incident where kind = 'StaffRefused' order by id desc")
    assert "not_logged_in" in refused["detail"]


async def test_a_stranger_cannot_use_a_feature_code(hotline: Watched) -> None:
    from acd.demo.sipp import SippFailed

    with pytest.raises(SippFailed):
        await hotline.sipp.feature("p10", "*41", password="wrong")
    assert state_of(await hotline.state(), "jonas") == "logged_out"
