"""The AMI user has the rights that are used, and none besides: without any one of them something fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from acd import ledger
from acd.demo.hotline import NUMBER, PROJECT, Hotline
from acd.pbx.files import READ, WRITE
from acd.pbx.link import AmiLink, AskFailed
from tests.contract.conftest import AS_SHIPPED

ACTIONS = (
    {"Action": "Getvar", "Variable": "ACD_PLAN"},
    {"Action": "Setvar", "Variable": "ACD_ALIVE", "Value": "1"},
    ledger.forget(["1.1"]),
)
HEARD_S = 8.0
EVENTS = ("ACDEntry", "ACDEnds", "Hangup", "DeviceStateChange")
LISTS = ({"Action": "Status"}, {"Action": "DeviceStateList"}, ledger.TREE)


@pytest.fixture(scope="module")
async def hotline() -> AsyncIterator[Hotline]:
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED) as hotline:
        yield hotline


async def fails(hotline: Hotline) -> set[str]:
    """What a daemon with this user cannot do."""
    pbx = hotline.centre.pbx
    try:
        link = await AmiLink.connect(pbx.ami_host, pbx.ami_port, pbx.ami_user, hotline.secrets.ami, login_s=5)
    except TimeoutError:
        return {"FullyBooted"}
    found: set[str] = set()
    for action in ACTIONS:
        try:
            await link.ask(action)
        except AskFailed:
            found.add(action["Action"])
    for action in LISTS:
        try:
            await link.ask_list(action, 5)
        except AskFailed:
            found.add(action["Action"])
    heard: set[str] = set()
    call = await hotline.sipp.call(NUMBER, [], hang_up_ms=1_500)
    with suppress(TimeoutError):
        async with asyncio.timeout(HEARD_S):
            while not heard.issuperset(EVENTS):
                frame = await link.next()
                heard.add(frame.get("UserEvent") or frame.get("Event"))
    await call.finished()
    await link.aclose()
    return found | {
        each for each in ("ACDEntry", "ACDEnds", "Hangup", "DeviceStateChange") if each not in heard
    }


@pytest.mark.parametrize(
    "without", ["", *(f"read {each}" for each in READ), *(f"write {each}" for each in WRITE)]
)
async def test_each_right_is_needed(hotline: Hotline, without: str) -> None:
    way, _, right = without.partition(" ")
    file = hotline.asterisk.folder / "etc" / "manager.conf"
    whole = file.read_text(encoding="utf-8")
    rights = {"read": READ, "write": WRITE}
    text = whole
    if without:
        left = ",".join(each for each in rights[way] if each != right)
        text = whole.replace(f"{way} = {','.join(rights[way])}", f"{way} = {left}", 1)
        assert text != whole
    try:
        file.write_text(text, encoding="utf-8")
        await hotline.asterisk.cli("manager reload")
        assert bool(await fails(hotline)) == bool(without)
    finally:
        file.write_text(whole, encoding="utf-8")
        await hotline.asterisk.cli("manager reload")
