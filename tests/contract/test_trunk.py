"""On real Asterisk: we register with a provider and call through it, only with the right password."""

import asyncio
import socket

import pytest

from acd.demo.hotline import PROJECT, Hotline
from acd.demo.ports import free_port
from acd.demo.sipp import PHONE_ADDRESS
from agents.model import Reach
from routing import events as ev
from routing.commands import CallBack
from tests.contract.conftest import AS_SHIPPED, TERM, Wire

USER, PASSWORD = "hotline-essen", "a;b-c!d"


@pytest.mark.parametrize("right", [True, False])
async def test_a_provider_takes_our_registration_and_calls_with_the_right_password_alone(right: bool) -> None:
    port = free_port(socket.SOCK_DGRAM, PHONE_ADDRESS)
    trunk = {"provider": f"{PHONE_ADDRESS}:{port}", "user": USER, "registers": True}
    rules = AS_SHIPPED | {"callback": {"lift_dials": True}, "trunk": trunk}
    secret = PASSWORD if right else "another"
    hotline = Hotline(PROJECT / "config" / "welcomecenter.toml", rules, trunk=secret)
    provider = await hotline.sipp.provider(port, USER, PASSWORD)
    async with hotline, Wire(hotline) as wire:
        async with asyncio.timeout(20):
            while provider.messages.count("REGISTER sip:") < 2:  # noqa: ASYNC110 another program writes it
                await asyncio.sleep(0.05)
        await wire.set(ACD_TERM=str(TERM))
        await hotline.sipp.phones(["p02"])
        command = CallBack((TERM << 32) + 1, 7, "t", Reach("phone", "p02"), TERM, "de", "study", "")
        await wire.ask(**wire.translator.originate(command, "+491711234567"))
        if right:
            await wire.hears(ev.Bridged, within_s=30)
        else:
            over = await wire.hears(ev.CallbackOver, within_s=30)
            assert over.status in ("CHANUNAVAIL", "CONGESTION")
        said = provider.messages
    assert ("403 Forbidden" in said) != right
    assert f"sip:{USER}@" in said
    assert PASSWORD not in said
