"""112 and 110 from phones of the staff: to the route of their place, or told at once that there is none."""

import socket
from collections.abc import AsyncIterator

import pytest

from acd.demo.hotline import PROJECT, Hotline
from acd.demo.ports import free_port
from acd.demo.sipp import PHONE_ADDRESS
from tests.contract.conftest import AS_SHIPPED, Wire

GATEWAY = free_port(socket.SOCK_DGRAM, PHONE_ADDRESS)
NOBODY = free_port(socket.SOCK_DGRAM, PHONE_ADDRESS)
OFFICE, HOME = "+4920188000000", "+4920155500000"


def route(site: str, port: int, number: str, *phones: str) -> dict[str, object]:
    gateway = f"sip:{PHONE_ADDRESS}:{port}"
    return {"site": site, "gateway": gateway, "number": number, "phones": list(phones)}


@pytest.fixture(scope="module")
async def hotline() -> AsyncIterator[Hotline]:
    places = [route("office", GATEWAY, OFFICE, "p04"), route("home", NOBODY, HOME, "p05")]
    async with Hotline(
        PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED | {"emergency": places}
    ) as hotline:
        yield hotline


@pytest.mark.parametrize("number", ["112", "110"])
async def test_a_phone_reaches_the_route_of_its_place(hotline: Hotline, number: str) -> None:
    async with Wire(hotline) as wire:
        gateway = await hotline.sipp.gateway(GATEWAY, talk_ms=500)
        await hotline.sipp.feature("p04", number)
        dialled = await wire.sees(Event="DialBegin")
        assert dialled.get("DestChannel").startswith("PJSIP/emergency-1-")
        assert dialled.get("DialString") == f"{number}@emergency-1"
        assert dialled.get("DestCallerIDNum") == number
        await wire.sees(Event="BridgeEnter", BridgeNumChannels="2")
        assert wire.arrivals == [] or not any("Dial" in type(a.event).__name__ for a in wire.arrivals)
        assert not any(type(a.event).__name__ == "Bridged" for a in wire.arrivals)
    await gateway.end()


@pytest.mark.parametrize("phone", ["p05", "p06"], ids=["route is dead", "no route"])
async def test_who_cannot_be_put_through_hears_so(hotline: Hotline, phone: str) -> None:
    """A phone at home has a route of its own or none: that of the office would send help to the office."""
    async with Wire(hotline) as wire:
        await hotline.sipp.feature(phone, "112", listens_ms=80_000)
        assert not wire.every(Event="BridgeEnter")
    heard = await hotline.asterisk.cli("core show channels count")
    assert "0 active channels" in heard
