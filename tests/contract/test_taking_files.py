"""Asterisk takes its files anew while calls run: what the daemon told it stays, and old files are seen."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from socket import SOCK_DGRAM

import pytest

from acd.demo.hotline import PROJECT, Hotline
from acd.demo.ports import free_port
from acd.pbx import console
from acd.pbx.marks import RESTART, FilesInForce, Marks
from acd.pbx.place import NoAsterisk
from acd.pbx.render import render
from config.people import team
from config.prompts import sounds
from routing.commands import SetFallback
from tests.contract.conftest import AS_SHIPPED, TERM, Wire

TOLD = ("ACD_TERM", "ACD_ALIVE", "ACD_PHONES")


@pytest.fixture(scope="module")
async def hotline() -> AsyncIterator[Hotline]:
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED) as hotline:
        yield hotline


async def test_a_reload_leaves_what_the_daemon_told(hotline: Hotline) -> None:
    """Else nobody is rung where the daemon dies after a reload, and callers count as deserted at once."""
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, (("", ("p01", "p02")),)))
        await wire.set(ACD_ALIVE="77")

        async def told() -> list[str]:
            return [(await wire.ask(Action="Getvar", Variable=each)).get("Value") for each in TOLD]

        before = await told()
        assert before == [str(TERM), "77", "p01,p02"]
        await hotline.asterisk.cli("core reload")
        assert await told() == before


async def in_force(hotline: Hotline, wanted: Marks) -> str:
    """What a daemon would say of the files that Asterisk runs on."""
    files = FilesInForce("acd pbx render --config FILE")
    files.wanted = wanted
    async with Wire(hotline) as wire:

        async def variable(name: str) -> str:
            return (await wire.ask(Action="Getvar", Variable=name)).get("Value")

        await files.read(variable)
    return files.trouble()


async def test_a_reload_takes_files_and_a_start_what_only_a_start_takes(hotline: Hotline) -> None:
    asterisk = hotline.asterisk
    spoken = sounds(PROJECT / "config" / "prompts", hotline.centre)

    def rendered(**changes: object) -> Marks:
        pbx = hotline.centre.pbx.model_copy(update=changes)
        centre = hotline.centre.model_copy(update={"pbx": pbx})
        made = render(centre, team(centre), hotline.secrets, spoken, asterisk.place, today=date.today())
        asterisk.place.hand_over()
        return made

    made = rendered(qualify_seconds=7)
    assert (await in_force(hotline, made)).startswith(
        "Asterisk's files are older than the configuration (phones): run acd pbx render --config FILE"
    )
    assert await asyncio.to_thread(console.taken, asterisk.place, made) == "Asterisk has taken them"
    assert await in_force(hotline, made) == ""
    made = rendered(sip_port=free_port(SOCK_DGRAM))
    said = await asyncio.to_thread(console.taken, asterisk.place, made)
    assert said == f"Asterisk has taken them, but for what only a start takes: run {RESTART}"
    assert (await in_force(hotline, made)).endswith(f"which changed since: run {RESTART}")
    await asterisk.stop()
    assert await asyncio.to_thread(console.taken, asterisk.place, made) == "Asterisk does not run on them yet"
    await asterisk.start()
    assert await in_force(hotline, made) == ""


async def test_an_asterisk_that_does_not_take_its_files_is_said(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "TAKE_S", 0.0)
    with pytest.raises(NoAsterisk, match="was asked to take its files anew and did not"):
        await asyncio.to_thread(console.taken, hotline.asterisk.place, Marks("menus:0", "0"))
