"""A threat is on the live page at once, and whoever is in charge looks after it and lifts the block."""

import httpx

from acd.identity import Role
from routing import events as ev
from tests.fakes.admits import Admits, person
from tests.fakes.centre import Bench
from tests.fakes.desks import BIRGIT, COOKIE, NAMES, BenchDesk
from tests.fakes.pages import app_of, picture_of

OURS = {"Origin": "http://localhost"}


def made() -> tuple[BenchDesk, int]:
    """A talk in which somebody was threatened, whose caller is blocked; the visit."""
    bench = Bench()
    desk = BenchDesk(bench)
    bench.login("p04")
    desk.rings("9")
    desk.talks("9")
    (visit,) = bench.engine.world.visits
    leg = bench.engine.world.visits[visit].caller
    assert leg is not None
    desk.tell(ev.CallerKnown(leg, "t" * 32, "", ""))
    return desk, visit


def client(desk: BenchDesk, who: str) -> httpx.AsyncClient:
    people = Admits(ute=person("ute", Role.SUPERVISOR), **{COOKIE: BIRGIT})
    app = app_of(picture_of(desk.bench, 0), people=people, desk=desk, steering=desk, names=lambda: NAMES)
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost", cookies={"acd": who})


async def test_who_is_in_charge_lifts_the_block_and_looks_after_it() -> None:
    desk, visit = made()
    await desk.threat(BIRGIT, visit, {"what": "shouted"}, True)
    async with client(desk, "ute") as asking:
        assert (await asking.get("/api/board")).json()["board"]["threats"] == 1
        wall = (await asking.get("/?lang=en", headers={"Accept": "text/html"})).text
        assert 'href="/threats"' in wall
        page = (await asking.get("/threats?lang=en")).text
        assert "The caller is not put through until" in page
        assert "shouted" not in page, "what was said stays with the call"
        form = {"csrf": "csrf-ute", "what": "unblock"}
        assert (await asking.post(f"/threats/{visit}", data=form, headers=OURS)).status_code == 303
        assert "The caller is not blocked" in (await asking.get("/threats?lang=en")).text
        form["what"] = "seen"
        assert (await asking.post(f"/threats/{visit}", data=form, headers=OURS)).status_code == 303
        assert "No reported threat is open" in (await asking.get("/threats?lang=en")).text
    assert desk.bench.engine.world.threats == {}
    assert desk.asked[-2:] == [("unblock", "person:ute"), ("threat_seen", "person:ute")]


async def test_staff_see_that_there_is_one_and_cannot_lift_it() -> None:
    desk, visit = made()
    await desk.threat(BIRGIT, visit, {}, True)
    async with client(desk, COOKIE) as asking:
        wall = (await asking.get("/?lang=en", headers={"Accept": "text/html"})).text
        assert "Threat reported" in wall
        assert 'href="/threats"' not in wall
        form = {"csrf": "csrf-birgit", "what": "unblock"}
        assert (await asking.post(f"/threats/{visit}", data=form, headers=OURS)).status_code == 403
