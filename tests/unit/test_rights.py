"""Who may what: every route asks for a right; what a browser writes comes from a page of ours."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount

from acd.identity import RIGHTS, Action, Asker, Role, granted
from acd.web.deps import Accepted, Because, DeskChoices
from acd.web.door import is_unasked
from acd.web.rights import safe_page
from tests.fakes.admits import BEARER, Admits, person
from tests.fakes.pages import app_of, picture_of, waiting_bench

HERE = "http://localhost"
OURS = {"Origin": HERE, "X-ACD-CSRF": "csrf-anna"}


def admits() -> Admits:
    return Admits(
        anna=person("anna", Role.SUPERVISOR),
        bob=person("bob", Role.STAFF),
        wall=person("wall", Role.WALL),
        nobody=person("nobody"),
    )


def app(people: Admits, **doors: Any) -> FastAPI:
    return app_of(picture_of(waiting_bench(), 0), people=people, **doors)


def client(people: Admits, who: str = "", **doors: Any) -> httpx.AsyncClient:
    cookies = {"acd": who} if who else {}
    transport = httpx.ASGITransport(app(people, **doors))
    return httpx.AsyncClient(transport=transport, base_url=HERE, cookies=cookies)


def rights(route: APIRoute) -> list[Action]:
    """Those that its dependencies ask for."""
    found, left = [], [route.dependant]
    while left:
        each = left.pop()
        if (action := getattr(each.call, "action", None)) is not None:
            found.append(action)
        left += each.dependencies
    return found


def walked(routes: list[Any]) -> Iterator[Any]:
    """All of them, those of routers too."""
    for route in routes:
        if (router := getattr(route, "original_router", None)) is not None:
            yield from walked(router.routes)
        else:
            yield route


def test_every_route_asks_for_one_right_but_those_that_ask_nobody() -> None:
    routes = list(walked(app(admits()).routes))
    assert len(routes) > 25
    for route in routes:
        if isinstance(route, APIRoute):
            assert (len(set(rights(route))) == 1) != is_unasked(route.path), route.path
        elif isinstance(route, Mount):
            assert is_unasked(f"{route.path}/"), route.path
        else:
            raise AssertionError(route)


def test_every_action_is_somebodys_and_nobody_has_all() -> None:
    """A right that no role has is a dead one; an auditor sees no figures of a person."""
    assert granted(frozenset(Role)) == frozenset(Action)
    assert all(each < frozenset(Action) for each in RIGHTS.values())
    assert Action.SEE_STAFF not in RIGHTS[Role.AUDITOR] | RIGHTS[Role.WALL] | RIGHTS[Role.ADMINISTRATOR]


async def test_a_page_comes_after_signing_in_and_the_api_says_so() -> None:
    async with client(admits()) as asking:
        html = {"Accept": "text/html"}
        for asked, led in (("/", ""), ("/audit?before=7&lang=en", "?next=/audit%3Fbefore%3D7%26lang%3Den")):
            page = await asking.get(asked, headers=html)
            assert (page.status_code, page.headers["location"]) == (303, f"/sign-in{led}")
        assert (await asking.get("/api/board")).status_code == 401
        assert (await asking.get("/sign-in")).status_code == 200


async def test_who_may_not_is_told_so_and_it_is_written_down() -> None:
    people = admits()
    async with client(people, "bob") as asking:
        answer = await asking.get("/api/explain")
        assert (answer.status_code, answer.json()) == (403, {"detail": "denied"})
    async with client(people, "nobody") as asking:
        page = await asking.get("/?lang=de", headers={"Accept": "text/html"})
        assert (page.status_code, "Ihr Konto darf das nicht" in page.text) == (403, True)
    assert people.denials == [
        ("person:bob", Action.SEE_DECISIONS, "/api/explain"),
        ("person:nobody", Action.SEE_BOARD, "/"),
    ]


async def test_what_somebody_asks_for_is_journalled_as_theirs() -> None:
    asked: list[tuple[str, ...]] = []

    class Steering:
        async def staff(self, by: Asker, agent: str, what: str, code: str, why: Because) -> Accepted:
            asked.append((agent, what, code, why.reason, by.actor))
            return Accepted(True, "")

    chosen = DeskChoices({"pause": {"de": "Pause", "en": "Break"}}, {}, (), 24)
    doors = {"steering": Steering(), "desk_choices": lambda: chosen}
    async with client(admits(), "anna", **doors) as asking:
        assert (await asking.post("/api/staff/cem/login", headers=OURS)).status_code == 200
    async with client(admits(), **doors) as asking:
        for reason in ("pause", "Kind krank"):
            path, body = "/api/staff/cem/notready", {"reason": reason}
            assert (await asking.post(path, headers=BEARER, json=body)).status_code == 200
    assert asked == [
        ("cem", "login", "", "", "person:anna"),
        ("cem", "notready", "pause", "", "program:test"),
        ("cem", "notready", "", "Kind krank", "program:test"),
    ]


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "cross_site"),
        ({"X-ACD-CSRF": "csrf-anna"}, "cross_site"),
        ({"Origin": "https://evil.example", "X-ACD-CSRF": "csrf-anna"}, "cross_site"),
        ({"Origin": "null", "X-ACD-CSRF": "csrf-anna"}, "cross_site"),
        ({"Origin": HERE, "Sec-Fetch-Site": "cross-site", "X-ACD-CSRF": "csrf-anna"}, "cross_site"),
        ({"Origin": "https://localhost", "X-ACD-CSRF": "csrf-anna"}, "cross_site"),
        ({"Origin": HERE}, "stale_form"),
        ({"Origin": HERE, "X-ACD-CSRF": "csrf-bob"}, "stale_form"),
        ({"Sec-Fetch-Site": "same-origin", "X-ACD-CSRF": ""}, "stale_form"),
    ],
)
async def test_a_write_by_cookie_comes_from_a_page_of_ours(headers: dict[str, str], why: str) -> None:
    async with client(admits(), "anna") as asking:
        answer = await asking.post("/api/staff/cem/login", headers=headers)
        assert (answer.status_code, answer.json()["detail"]) == (403, why)


async def test_a_stream_that_another_site_asks_for_is_refused() -> None:
    async with client(admits(), "anna") as asking:
        stream = {"Accept": "text/event-stream", "Sec-Fetch-Site": "cross-site"}
        assert (await asking.get("/events", headers=stream)).status_code == 403


@pytest.mark.parametrize(
    ("site", "mode", "status"),
    [
        ("cross-site", "no-cors", 403),
        ("same-site", "cors", 403),
        ("same-origin", "cors", 200),
        ("none", "navigate", 200),
        ("cross-site", "navigate", 200),
    ],
)
async def test_what_another_site_reads_by_our_cookie_is_refused_but_its_links_lead_here(
    site: str, mode: str, status: int
) -> None:
    """A site beside ours is sent our cookie: it can name any Accept, and would hold streams open."""
    told = {"Accept": "*/*", "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
    async with client(admits(), "anna") as asking:
        assert (await asking.get("/api/board", headers=told)).status_code == status


async def test_a_screen_and_who_may_not_see_the_staff_get_no_names() -> None:
    async with client(admits(), "wall") as asking:
        without = (await asking.get("/api/board")).json()["board"]["staff"]
    async with client(admits(), "bob") as asking:
        named = (await asking.get("/api/board")).json()["board"]["staff"]
    assert [each["state"] for each in without] == [each["state"] for each in named]
    assert {(each["id"], each["name"], each["reason"]) for each in without} == {("", "", "")}
    assert all(each["name"] for each in named)


async def test_a_stream_ends_soon_after_its_right_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acd.web.live.STILL_S", 0.0)
    people = admits()
    application = app(people)
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/events", "raw_path": b"/events", "query_string": b"", "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"localhost"), (b"cookie", b"acd=bob"), (b"sec-fetch-site", b"same-origin")],
        "server": ("localhost", 80),
    }  # fmt: skip
    told = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        if message.get("body"):
            told.set()

    serving = asyncio.create_task(application(scope, receive, send))  # type: ignore[arg-type]
    async with asyncio.timeout(10):
        await told.wait()
        assert not serving.done()
        people.people["bob"] = person("bob", Role.PLANNER)._replace(may=frozenset())
        await serving


async def test_who_named_no_page_begins_at_their_desk_or_the_live_page() -> None:
    people = Admits(
        bob=person("bob", Role.STAFF, agent="cem"),
        eve=person("eve", Role.STAFF),
        ute=person("ute", Role.AUDITOR),
    )
    led = {}
    for who in ("bob", "eve", "ute"):
        async with client(people, who) as asking:
            led[who] = (await asking.get("/start")).headers["location"]
    assert led == {"bob": "/desk", "eve": "/", "ute": "/"}


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/desk", "/desk"),
        ("/history?week=3", "/history?week=3"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\nSet-Cookie: a=b", "/"),
        ("", "/"),
        ("/sign-in?next=/", "/"),
    ],
)
def test_signing_in_leads_to_a_page_of_ours_only(asked: str, led: str) -> None:
    assert safe_page(asked) == led
