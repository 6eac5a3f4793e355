"""An emergency announcement recorded by phone: real Asterisk, real daemon, and tones for words."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from acd.demo.hotline import NUMBER, PROJECT, Hotline
from tests.contract.conftest import LANGUAGES, Wire, keys
from tests.integration.conftest import QUICK
from tests.voices import Caller, Dialling, hears

CODE, PHONE, OTHER = "*45", "p01", "p02"
HZ = 1000


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hotline]:
    changes = QUICK | {"announcement": {"record_code": CODE, "phones": [PHONE]}}
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", changes) as hotline:
        await hotline.start_daemon()
        yield hotline


@pytest.fixture
async def hotline(running: Hotline) -> AsyncIterator[Hotline]:
    if running.daemon is None or running.daemon.returncode is not None:
        await running.start_daemon()
    yield running
    await running.asterisk.cli("channel request hangup all")
    if running.daemon is None or running.daemon.returncode is not None:
        await running.start_daemon()
    await off(running)


def peer(hotline: Hotline) -> tuple[str, int]:
    return hotline.centre.pbx.sip_address, hotline.centre.pbx.sip_port


def files(hotline: Hotline) -> tuple[list[Path], list[Path]]:
    """Drafts, and what is kept."""
    folder = hotline.centre.path(hotline.centre.announcement.folder)
    return sorted((folder / "draft").iterdir()), sorted(folder.glob("*/acd/rec_*"))


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not what():  # noqa: ASYNC110 files and sound have no event
            await asyncio.sleep(0.02)


async def ask(hotline: Hotline, method: str, path: str = "", **more: Any) -> httpx.Response:
    async with hotline.client() as client:
        return await client.request(method, f"/api/announcement{path}", **more)


async def now(hotline: Hotline) -> dict[str, Any]:
    found: dict[str, Any] = (await ask(hotline, "GET")).json()
    return found


async def off(hotline: Hotline) -> None:
    (await ask(hotline, "DELETE")).raise_for_status()


def dials(hotline: Hotline, phone: str = PHONE) -> Dialling:
    return Dialling(peer(hotline), phone, hotline.secrets.phones[phone], CODE)


@asynccontextmanager
async def recorded(
    hotline: Hotline, wire: Wire, language: str = "#", hz: int = HZ
) -> AsyncIterator[tuple[Dialling, float]]:
    """A phone has said a tone and is asked what becomes of it; since when."""
    async with dials(hotline) as phone:
        await until(lambda: phone.voice.loud_s(0) > 0.2)
        before = set(files(hotline)[0])
        await phone.voice.presses(language)
        await until(lambda: bool(set(files(hotline)[0]) - before))
        after = len(wire.frames)
        phone.voice.says(hz)
        await asyncio.sleep(2)
        since = time.monotonic()
        await phone.voice.presses("#")
        phone.voice.says(0)
        await wire.sees(after=after, UserEvent="ACDDraft", Do="check")
        yield phone, since


async def test_recorded_and_put_on_who_waits_and_who_calls_hears_it_within_two_seconds(
    hotline: Hotline,
) -> None:
    async with Wire(hotline) as wire, Caller(peer(hotline), NUMBER) as waits:
        for pause_ms, key in keys("tr"):
            await asyncio.sleep(pause_ms / 1000)
            await waits.voice.presses(key)
        await wire.sees(UserEvent="ACDWaiting")
        async with recorded(hotline, wire) as (phone, since):
            await until(lambda: hears(phone.voice, since, HZ))
            put_on = time.monotonic()
            await phone.voice.presses("1")
            asked = await wire.sees(UserEvent="ACDDraft", Do="put_on")
            began = wire.frames.index(asked)
            said = await wire.sees(after=began, UserEvent="ACDSays")
            while "/any/acd/made_" not in said.get("Sound"):  # a slow machine: the stock sentence first
                began = wire.frames.index(said) + 1
                said = await wire.sees(after=began, UserEvent="ACDSays")
            await until(lambda: hears(waits.voice, put_on, HZ))
            await phone.over()
        state = await now(hotline)
        assert state["by"] == f"phone:{PHONE}"
        assert state["since_ms"]
        assert set(dict(state["languages"]).values()) == {"recording"}
        drafts, kept = files(hotline)
        assert not drafts
        assert [each.parent.parent.name for each in kept] == ["all"]
        async with Caller(peer(hotline), NUMBER, "02018812346") as calls:
            await asyncio.sleep(0.3)
            chose = time.monotonic()
            await calls.voice.presses(keys("de")[0][1])
            await until(lambda: hears(calls.voice, chose, HZ))
        name = kept[0].name.removesuffix(".wav16")
        answer = await ask(hotline, "DELETE", f"/recordings/{name}")
        assert answer.status_code == 409, "it is on"


async def test_kept_it_is_on_only_when_somebody_says_so_and_can_be_deleted(hotline: Hotline) -> None:
    language = LANGUAGES[0]
    async with Wire(hotline) as wire:
        async with recorded(hotline, wire, "1") as (phone, _):
            await phone.voice.presses("2")
            await phone.over()
        assert (await now(hotline))["on"] is False
        listed = (await ask(hotline, "GET", "/recordings")).json()
        name = listed[-1]["name"]
        assert listed[-1]["language"] == language
        answer = await ask(hotline, "PUT", json={"recordings": [name]})
        assert answer.is_success, answer.text
        async with asyncio.timeout(30):  # a busy machine has the stock sentence first
            while (told := (await now(hotline))["languages"])[language] != "recording":  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert "stock" in told.values()
        await off(hotline)
        answer = await ask(hotline, "DELETE", f"/recordings/{name}")
        assert answer.status_code == 204
        answer = await ask(hotline, "PUT", json={"recordings": [name]})
        assert answer.status_code == 422


@pytest.mark.parametrize("step", ["menu", "speaking", "choosing", "thrown away"])
async def test_who_hangs_up_undecided_keeps_nothing(hotline: Hotline, step: str) -> None:
    before = files(hotline)[1]
    async with Wire(hotline) as wire:
        if step == "menu":
            async with dials(hotline) as phone:
                await until(lambda: phone.voice.loud_s(0) > 0.2)
        elif step == "speaking":
            async with dials(hotline) as phone:
                await until(lambda: phone.voice.loud_s(0) > 0.2)
                await phone.voice.presses("#")
                await until(lambda: bool(files(hotline)[0]))
                phone.voice.says(HZ)
                await asyncio.sleep(1.5)
        else:
            async with recorded(hotline, wire) as (phone, since):
                await until(lambda: hears(phone.voice, since, HZ))
                if step == "thrown away":
                    await phone.voice.presses("4")
                    await phone.over()
        await until(lambda: not files(hotline)[0])
    assert files(hotline)[1] == before
    assert (await now(hotline))["on"] is False


async def test_silence_is_refused_and_the_phone_hears_so(hotline: Hotline) -> None:
    async with Wire(hotline) as wire, dials(hotline) as phone:
        await until(lambda: phone.voice.loud_s(0) > 0.2)
        await phone.voice.presses("#")
        await until(lambda: bool(files(hotline)[0]))
        await asyncio.sleep(1.5)
        await phone.voice.presses("#")
        first = await wire.sees(UserEvent="ACDDraft", Do="check")
        since = time.monotonic()
        await until(lambda: phone.voice.loud_s(since) > 2)
        await wire.sees(after=wire.frames.index(first) + 1, UserEvent="ACDDraft", within_s=40)
    assert (await now(hotline))["on"] is False


async def test_a_phone_that_may_not_hears_so(hotline: Hotline) -> None:
    async with Wire(hotline) as wire, dials(hotline, OTHER) as phone:
        await phone.over()
        assert phone.voice.loud_s(0) > 1
        assert not wire.every(UserEvent="ACDDraft")
    assert files(hotline)[0] == []


async def test_while_the_daemon_is_dead_callers_hear_it_and_the_daemon_that_comes_back_keeps_it(
    hotline: Hotline,
) -> None:
    await hotline.stop_daemon(kill=True)
    async with Wire(hotline) as wire:
        async with recorded(hotline, wire) as (phone, since):
            await until(lambda: hears(phone.voice, since, HZ))
            await phone.voice.presses("1")
            await phone.over()
        async with Caller(peer(hotline), NUMBER, "02018812347") as calls:
            await asyncio.sleep(0.3)
            chose = time.monotonic()
            await calls.voice.presses(keys("tr")[0][1])
            await until(lambda: hears(calls.voice, chose, HZ))
        await hotline.start_daemon()
        async with asyncio.timeout(10):
            while not (await now(hotline))["on"]:  # noqa: ASYNC110 a daemon has no such event
                await asyncio.sleep(0.05)
        assert (await now(hotline))["by"] == f"phone:{PHONE}"
        await off(hotline)
        await hotline.stop_daemon()
        await hotline.start_daemon()
    assert (await now(hotline))["on"] is False, "it was told once, and is off"
