"""Asterisk takes its files anew while calls run: what the daemon told it stays."""

from collections.abc import AsyncIterator

import pytest

from acd.demo.hotline import PROJECT, Hotline
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
