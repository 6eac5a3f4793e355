"""Callbacks on the real daemon: asked for on hold, carried out once, whenever the daemon is killed."""

import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acd.demo.hotline import NUMBER
from acd.demo.ports import free_port
from acd.demo.sipp import PHONE_ADDRESS, Run
from acd.ports import Wish
from acd.request.sending import Socket
from acd.requests import path_of
from tests.contract.conftest import Wire, keys
from tests.integration.conftest import QUICK, SOURCE, Watched, state_of

PROVIDER = free_port(socket.SOCK_DGRAM, PHONE_ADDRESS)
RULES = {
    "ring_seconds": 10,
    "again_minutes": [1],
    "lift_dials": True,
    "per_number_day": 20,
}
CHANGES = {
    "callback": RULES,
    "trunk": {"provider": f"{PHONE_ADDRESS}:{PROVIDER}"},
    "request": {"folder": "request"},
}
CALLBACKS = "select * from visit where kind = 'callback' order by id"
TALK_MS = 14_000
"""Of which the first seconds go by with who calls."""


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Watched]:
    async with Watched(Path(SOURCE), QUICK | CHANGES) as hotline:
        yield hotline


@pytest.fixture
async def hotline(running: Watched) -> AsyncIterator[Watched]:
    if running.daemon is None or running.daemon.returncode is not None:
        await running.start_daemon()
    yield running
    await running.sipp.end_all()


def katja(hotline: Watched) -> str:
    return next(each.phone for each in hotline.centre.staff if each.id == "katja")


async def promised(hotline: Watched, caller: str) -> int:
    """A caller who asked, heard the promise and is gone; their callback."""
    pressed = [*keys("de"), (2_500, "2"), (1_500, "1")]
    await hotline.sipp.call(NUMBER, pressed, caller=caller, hang_up_ms=60_000)
    voice = await hotline.row(
        "select * from visit where outcome = 'callback' and id not in "
        "(select origin from visit where ended_at is not null) order by id desc",
        timeout_s=60,
    )
    row = await hotline.row(CALLBACKS.replace("order", "and origin = ? order"), voice["id"])
    assert (row["ended_at"], row["concern"], row["language"]) == (None, voice["concern"], voice["language"])
    assert row["token"] != ""
    return int(row["id"])


def dialled(provider: Run) -> int:
    """How many calls came to the provider."""
    invites = re.findall(r"INVITE sip:\+49[0-9]+@.*?Call-ID: (\S+)", provider.messages, re.DOTALL)
    return len(set(invites))


async def at_work(hotline: Watched) -> None:
    assert await hotline.ask("katja", "login") == 200
    await hotline.until("ready", lambda board: state_of(board, "katja") != "logged_out")


async def test_a_caller_is_called_back_once_and_every_step_is_in_the_records(hotline: Watched) -> None:
    callback = await promised(hotline, "02018881001")
    assert (await hotline.state())["callbacks"] == 1
    provider = await hotline.sipp.gateway(PROVIDER, talk_ms=TALK_MS, logged=True)
    await hotline.sipp.phones([katja(hotline)])
    await at_work(hotline)
    row = await hotline.row(
        "select * from visit where id = ? and ended_at is not null", callback, timeout_s=60
    )
    assert (row["outcome"], row["attempts"], row["answered_by"]) == ("answered", 1, "katja")
    attempt = await hotline.row("select * from callback_attempt where visit = ?", callback)
    assert (attempt["attempt"], attempt["agent"], attempt["again_at"]) == (1, "katja", None)
    talk = await hotline.row("select * from handling where visit = ?", callback)
    assert (talk["agent"], talk["ended_at"] is not None) == ("katja", True)
    assert dialled(provider) == 1
    assert (await hotline.state())["callbacks"] == 0
    text = hotline.log.read_text(errors="replace") + str(
        [dict(r) for r in hotline.rows("select * from visit")]
    )
    assert "2018881001" not in text
    journal = (hotline.folder / "var" / "journal.db").read_bytes()
    assert b"2018881001" not in journal
    await hotline.no_drift()
    assert await hotline.ask("katja", "logout") == 200
    await provider.end()


async def test_who_asks_by_the_form_s_socket_is_called_at_their_turn(hotline: Watched) -> None:
    provider = await hotline.sipp.gateway(PROVIDER, talk_ms=TALK_MS, logged=True)
    socket_of = Socket(path_of(hotline.centre))
    wish = Wish("de", "registration", "0201 8883001", "", 0, 0)
    assert await socket_of.wish(wish) == ""
    assert await socket_of.wish(wish) == ""  # the same callback
    assert await socket_of.wish(wish._replace(number="0900 1234567")) == "not_dialled"
    row = await hotline.row("select * from visit where kind = 'web'")
    assert (row["language"], row["concern"], row["origin"], row["ended_at"]) == (
        "de",
        "registration",
        0,
        None,
    )
    await hotline.sipp.phones([katja(hotline)])
    await at_work(hotline)
    done = "select * from visit where kind = 'web' and ended_at is not null"
    row = await hotline.row(done, timeout_s=60)
    assert (row["outcome"], row["attempts"]) == ("answered", 1)
    assert dialled(provider) == 1
    assert await hotline.ask("katja", "logout") == 200
    await provider.end()


@pytest.mark.parametrize("step", ["rings", "lifted", "calls", "talks", "over"])
async def test_whenever_the_daemon_is_killed_a_caller_is_called_once(hotline: Watched, step: str) -> None:
    """Killed as the phone rings, as the person lifts, as it rings there, in the talk; back at once, or after
    all of it is over."""
    callback = await promised(
        hotline, f"0201888200{['rings', 'lifted', 'calls', 'talks', 'over'].index(step)}"
    )
    provider = await hotline.sipp.gateway(PROVIDER, talk_ms=TALK_MS, answer_ms=1_500, logged=True)
    await hotline.sipp.phones([katja(hotline)], answer_ms=1_500)
    async with Wire(hotline) as wire:
        await at_work(hotline)
        if step == "rings":
            await wire.sees(Event="DialState", DialStatus="RINGING")
        elif step == "lifted":
            await wire.sees(UserEvent="ACDLifted")
        elif step in ("calls", "over"):
            await wire.sees(UserEvent="ACDCalls", within_s=40)
        else:
            await wire.sees(Event="BridgeEnter", BridgeNumChannels="2", within_s=40)
        await hotline.stop_daemon(kill=True)
        if step == "over":
            await wire.sees(UserEvent="ACDCalledBack", within_s=60)
        await hotline.start_daemon()
        if step == "talks":
            assert (await hotline.state())["talking"] == 1
        row = await hotline.row(
            "select * from visit where id = ? and ended_at is not null", callback, timeout_s=90
        )
    assert (row["outcome"], row["attempts"]) == ("answered", 1)
    assert len(hotline.rows("select * from handling where visit = ?", callback)) == 1
    assert dialled(provider) == 1
    await hotline.no_drift()
    assert await hotline.ask("katja", "logout") == 200
    await provider.end()
