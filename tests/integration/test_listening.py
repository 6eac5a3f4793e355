"""A supervisor in a talk on real calls: asked by key, by a phone of ours, seen at the desk, in the audit."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from acd.demo import admitted
from acd.demo.hotline import NUMBER
from acd.demo.sipp import Run
from acd.identity import Role
from config import menu
from tests.contract.conftest import Wire
from tests.integration.conftest import QUICK, SOURCE, Watched

AGREEMENT = {"name": "Dienstvereinbarung", "date": date(2026, 1, 15), "allows": ["listen", "whisper"]}


@pytest.fixture(scope="module")
async def hotline() -> AsyncIterator[Watched]:
    async with Watched(Path(SOURCE), QUICK | {"privacy": {"agreement": AGREEMENT}}) as hotline:
        await hotline.start_daemon()
        yield hotline


async def talk(hotline: Watched, *, yes: bool) -> tuple[int, Run]:
    """Birgit talks with a German caller, who hangs up by and by; the visit."""
    languages, concerns = hotline.centre.languages, hotline.centre.concerns
    pressed = [*menu.keys(len(languages), languages.index("de"))]
    pressed += menu.keys(len(concerns), concerns.index("other"))
    keys = [(500, key) for key in pressed] + ([(9_000, "1")] if yes else [])
    call = await hotline.sipp.call(NUMBER, keys, hang_up_ms=25_000, tone_hz=440)
    await hotline.until("talks", lambda board: board["talking"] == 1, timeout_s=60)
    return int(hotline.rows("select id from visit order by id desc limit 1")[0]["id"]), call


async def test_a_supervisor_hears_who_said_yes_and_nobody_else(hotline: Watched) -> None:
    await hotline.sipp.phones(["p04"])
    supervisor = await hotline.sipp.phones(["p15"], logged=True)
    await hotline.ask("birgit", "login")
    cookie = await admitted.person(hotline.centre, "omid", "Omid Sadeghi", Role.SUPERVISOR, "omid")
    desk = await admitted.person(hotline.centre, "birgit", "Birgit Sommer", Role.STAFF, "birgit")
    assert supervisor is not None
    visit, call = await talk(hotline, yes=True)
    ours = {"Origin": hotline.url, "Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(base_url=hotline.url, headers=ours) as client, Wire(hotline) as wire:
        page = await client.get("/lead", headers={"Cookie": f"acd={cookie}"})
        csrf = page.text.split('data-csrf="')[1].split('"')[0]
        asks = {"Cookie": f"acd={cookie}", "X-ACD-CSRF": csrf}

        async def listen(how: str) -> tuple[int, str]:
            answer = await client.post(f"/api/lead/visits/{visit}/listen", json={"how": how}, headers=asks)
            return answer.status_code, str(answer.json().get("detail", ""))

        assert await listen("barge") == (409, "not_agreed")
        assert await listen("whisper") == (200, "")
        await wire.sees(Event="DeviceStateChange", Device="PJSIP/p15", State="INUSE")
        status = await wire.listed(Action="Status", Variables="ACD_CALL")
        spies = [each for each in status if each.get("Application") == "ChanSpy"]
        assert [each.get("Channel").startswith("PJSIP/p15") for each in spies] == [True]
        seen = (await client.get("/desk", headers={"Cookie": f"acd={desk}"})).text
        assert "A supervisor" in seen or "Eine F" in seen, "the words for it are on the desk"
        view = (await client.get("/api/lead", headers={"Cookie": f"acd={cookie}"})).json()
        birgit = next(each for each in view["working"] if each["id"] == "birgit")
        assert birgit["talk"] == {"visit": str(visit), "how": [], "now": "whisper"}
        assert await listen("listen") == (409, "listened_already")
        await call.finished()
        await hotline.row("select * from visit where id = ? and ended_at is not null", visit, timeout_s=30)
        await wire.sees(Event="DeviceStateChange", Device="PJSIP/p15", State="NOT_INUSE")
    audit = hotline.rows("select * from audit where action = 'ListeningAsked'")
    assert len(audit) == 1
    await hotline.no_drift()


async def test_who_did_not_say_yes_is_heard_by_nobody(hotline: Watched) -> None:
    await hotline.sipp.phones(["p04", "p15"])
    cookie = await admitted.person(hotline.centre, "omid", "Omid Sadeghi", Role.SUPERVISOR, "omid")
    visit, call = await talk(hotline, yes=False)
    ours = {"Origin": hotline.url, "Sec-Fetch-Site": "same-origin", "Cookie": f"acd={cookie}"}
    async with httpx.AsyncClient(base_url=hotline.url, headers=ours) as client:
        csrf = (await client.get("/lead")).text.split('data-csrf="')[1].split('"')[0]
        headers = {"X-ACD-CSRF": csrf}
        path = f"/api/lead/visits/{visit}/listen"
        answer = await client.post(path, json={"how": "listen"}, headers=headers)
        assert (answer.status_code, answer.json()["detail"]) == (409, "no_consent")
    await call.finished()
