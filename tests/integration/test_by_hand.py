"""The whole daemon over real Asterisk: closed by hand, lent a language, not reached and served at last."""

from collections.abc import AsyncIterator

import httpx
import pytest

from acd.demo import admitted
from acd.demo.hotline import NUMBER
from acd.identity import RIGHTS, Role
from config import menu
from tests.integration.conftest import Watched, waiting
from tests.integration.test_calls import LAST, newest

CALLER = "02018890077"


@pytest.fixture
async def lead(hotline: Watched) -> AsyncIterator[httpx.AsyncClient]:
    """A program with a supervisor's rights."""
    token = await admitted.program(hotline.centre, RIGHTS[Role.SUPERVISOR])
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=hotline.url, headers=headers, timeout=10) as asking:
        yield asking
        await asking.post("/api/lead/hotline/hours", json={"how": "rules"})
        await asking.post("/api/lead/staff/birgit/skills", json={"own": True})


def keys(hotline: Watched, language: str) -> list[tuple[int, str]]:
    """For the concern that comes first in the menu."""
    codes = hotline.centre.languages
    pressed = [*menu.keys(len(codes), codes.index(language)), "9"]
    return [(300 if i == 0 else 600, key) for i, key in enumerate(pressed)]


async def test_closed_by_hand_nobody_new_waits_and_open_again_they_do(
    hotline: Watched, lead: httpx.AsyncClient
) -> None:
    before = newest(hotline)
    closing = {"how": "closed", "until_ms": 0, "reason": "water in the cellar"}
    assert (await lead.post("/api/lead/hotline/hours", json=closing)).status_code == 200
    (said,) = (await lead.get("/api/lead")).json()["by_hand"]
    assert (said["what"], said["of"], said["how"], said["until_ms"]) == ("hours", "/", "closed", 0)
    call = await hotline.sipp.call(NUMBER, keys(hotline, "de")[:-1])
    await call.finished()
    assert (await hotline.row(LAST, before))["outcome"] == "closed"
    assert (await lead.post("/api/lead/hotline/hours", json={"how": "rules"})).status_code == 200
    call = await hotline.sipp.call(NUMBER, keys(hotline, "de"), hang_up_ms=1_500)
    await hotline.until("waits", lambda b: waiting(b) == 1)
    await call.finished()
    (reason,) = {
        each["reason"]
        for each in hotline.rows("select reason from audit where action = 'SetByHand' and reason != ''")
    }
    assert len(reason) == 32, "a reference, and not the text"


async def test_who_was_not_reached_is_listed_until_somebody_who_was_lent_the_language_served_them(
    hotline: Watched, lead: httpx.AsyncClient
) -> None:
    before = newest(hotline)
    call = await hotline.sipp.call(NUMBER, keys(hotline, "fa"), caller=CALLER, hang_up_ms=1_500)
    await call.finished()
    visit = (await hotline.row(LAST, before))["id"]
    found = (await lead.get("/api/lead/not-reached")).json()["callers"]
    line = next(each for each in found if each["visit"] == str(visit))
    assert (line["language"], line["why"], line["now"]) == ("fa", "abandoned_in_queue", "")
    await hotline.sipp.phones(["p04"], talk_ms=400)
    assert await hotline.ask("birgit", "login") == 200
    skills = {"languages": {"fa": "native", "de": "native"}, "concerns": {"registration": 5}}
    assert (await lead.post("/api/lead/staff/birgit/skills", json=skills)).status_code == 200
    working = (await lead.get("/api/lead")).json()["working"]
    assert next(each for each in working if each["id"] == "birgit")["lent_until_ms"] > 0
    call = await hotline.sipp.call(NUMBER, keys(hotline, "fa"), caller=CALLER)
    await call.finished()
    row = await hotline.row(LAST, visit)
    assert (row["answered_by"], row["token"]) == ("birgit", (await hotline.row(LAST, before))["token"])
    found = (await lead.get("/api/lead/not-reached")).json()["callers"]
    assert str(visit) not in [each["visit"] for each in found]
