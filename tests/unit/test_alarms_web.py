"""The alarms by page and API: who sees what, and a test of the ways."""

from collections.abc import Mapping
from typing import Any

import httpx

from acd.alarmed import Cause, OpenAlarm
from acd.identity import Role
from acd.web.door import cookie_name
from acd.web.shapes import State
from tests.fakes.admits import Admits, person
from tests.fakes.pages import app_of, picture_of, waiting_bench

INSIDE = OpenAlarm(
    Cause("ar", "ar"), "coverage", 7, 1.0, 2.0, (("ar", "other"),), 0, 9, "Arabisch fehlt", "No Arabic"
)
OUTSIDE = INSIDE._replace(cause=Cause("ar", "*"), value=2.0, cells=(("*", "*"),), at_ms=0)
PEOPLE = Admits(
    lead=person("lead", Role.SUPERVISOR), wall=person("wall", Role.WALL), staff=person("staff", Role.STAFF)
)


def asking(who: str, **doors: Any) -> httpx.AsyncClient:
    app = app_of(
        picture_of(waiting_bench(), 0),
        people=PEOPLE,
        alarms=lambda: (INSIDE,),
        alarms_outside=lambda: (OUTSIDE,),
        **doors,
    )
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://localhost",
        cookies={cookie_name("http"): who},
        headers={"Sec-Fetch-Site": "same-origin", "X-ACD-CSRF": f"csrf-{who}"},
    )


async def test_who_sees_no_staff_sees_no_need_that_points_to_few_people() -> None:
    for who, seen in (("lead", INSIDE), ("staff", INSIDE), ("wall", OUTSIDE)):
        async with asking(who) as client:
            assert (await client.get("/api/alarms")).json() == [seen.plain()]
            state = State.model_validate((await client.get("/api/board")).json())
            assert [each.model_dump() for each in state.alarms] == [seen.plain()]


async def test_a_test_is_for_who_is_in_charge_is_audited_and_made_once_at_a_time() -> None:
    said: Mapping[str, str] | None = {"notify": "ok", "city": "refused (404)"}

    async def tried() -> Mapping[str, str] | None:
        return said

    async with asking("lead", test_alarms=tried) as client:
        assert (await client.post("/api/alarms/test")).json() == {"ways": said}
        said = None
        assert (await client.post("/api/alarms/test")).status_code == 409
    assert PEOPLE.doings == [("person:lead", "test_alarms", "")] * 2
    for who in ("staff", "wall"):
        async with asking(who, test_alarms=tried) as client:
            assert (await client.post("/api/alarms/test")).status_code == 403
