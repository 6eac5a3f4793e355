"""The API as OpenAPI tells it, and what it says of its own health; no daemon behind it."""

import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import httpx
import pytest
from fastapi import Request

from acd.changes import Changes
from acd.identity import Action, Role
from acd.web import app
from acd.web.door import BODY_MAX
from acd.web.live import BROWSERS_MAX, PER_PERSON_MAX, RESERVED, Live, TooMany
from config.tables.alarm import AlarmKind
from config.words import PAGE_LANGUAGES, words
from tests.fakes.admits import BEARER, Admits, person
from tests.fakes.pages import app_of, picture_of, waiting_bench

OPEN = {"/healthz", "/readyz"}
"""What everybody may read, whoever they are."""
ASKED = ("/api/explain", "/api/explain/1", "/api/shadow", "/api/cases/1", "/api/board", "/events", "/metrics")


def client(health: dict[str, str] | None = None, **headers: str) -> httpx.AsyncClient:
    app = app_of(picture_of(waiting_bench(), 0), health=lambda: health or {"journal": "ok"})
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)


@pytest.fixture
async def schema() -> dict[str, Any]:
    async with client(**BEARER) as asking:
        found: dict[str, Any] = (await asking.get("/openapi.json")).json()
        return found


def test_every_door_is_described_and_says_whether_it_needs_the_token(schema: dict[str, Any]) -> None:
    doors = {(path, how): door for path, all_ in schema["paths"].items() for how, door in all_.items()}
    assert [key for key, door in doors.items() if not door.get("description") and key[0] != "/events"] == []
    assert {path for (path, _), door in doors.items() if not door.get("security")} == OPEN


def test_reasons_of_calls_and_people_have_named_fields(schema: dict[str, Any]) -> None:
    shapes = schema["components"]["schemas"]

    def fields(name: str) -> set[str]:
        return set(shapes[name]["properties"])

    assert fields("Explanation") == {"waiting", "idle"}
    assert {"visit", "language", "concern", "waited_ms", "people"} <= fields("WaitingCall")
    assert {"agent", "reason", "language_level", "language_needed", "concern_needed", "state"} <= fields(
        "Candidate"
    )
    assert fields("Idle") == {"agent", "callers"}
    assert fields("Difference") == {"at_ms", "live", "shadow"}
    assert {"candidates", "decided_by", "lost"} <= fields("Choice")
    answer = schema["paths"]["/api/explain"]["get"]["responses"]["200"]["content"]["application/json"]
    assert answer["schema"] == {"$ref": "#/components/schemas/Explanation"}


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_every_word_of_the_page_is_there_in_each_language(language: str) -> None:
    folder = Path(app.__file__).parent
    page, script = (
        (folder / name).read_text(encoding="utf-8") for name in ("templates/live.html", "static/live.mjs")
    )
    base = (folder / "templates" / "base.html").read_text(encoding="utf-8")
    used = set(re.findall(r"\bwords\.(\w+)", page + script + base))
    assert len(used) > 20
    assert used - set(words(language, "alarms", "live")) == set()
    assert {f"alarm_{kind}" for kind in get_args(AlarmKind)} <= set(words(language, "alarms"))


async def test_without_the_token_nothing_of_calls_is_told() -> None:
    async with client() as asking:
        for path in (
            "/api/explain",
            "/api/explain/1",
            "/api/shadow",
            "/api/cases/1",
            "/api/board",
            "/events",
            "/metrics",
        ):
            assert (await asking.get(path)).status_code == 401
            wrong = await asking.get(path, headers={"Authorization": "Bearer tesT"})
            assert wrong.status_code == 401


@pytest.mark.parametrize(
    ("health", "live", "whole"),
    [
        ({"journal": "ok", "link": "ok"}, 200, 200),
        ({"journal": "ok", "link": "not connected yet"}, 200, 503),
        ({"journal": "the journal takes nothing (disk full)", "link": "ok"}, 503, 503),
    ],
)
async def test_health_says_what_is_wrong(health: dict[str, str], live: int, whole: int) -> None:
    async with client(health) as asking:
        answer = await asking.get("/healthz")
        assert (answer.status_code, answer.json()) == (live, {"journal": health["journal"]})
        answer = await asking.get("/readyz")
        assert (answer.status_code, answer.json()) == (whole, health)


@pytest.mark.parametrize(
    ("how", "path", "body", "named"),
    [
        ("POST", f"/api/visits/{2**63}/class/urgent", "", "visit"),
        ("POST", "/api/visits/0/class/urgent", "", "visit"),
        ("POST", f"/api/cases/1/visits/{2**63}", "", "visit"),
        ("PUT", "/api/cases/1", '{"owner": Infinity}', "owner"),
        ("PUT", "/api/cases/1", '{"outcomes": [NaN]}', "outcomes"),
        ("PUT", "/api/cases/1", '{"link": "https://a/\\ud800"}', "link"),
        ("PUT", "/api/cases/1", '{"link": "javascript:alert(1)"}', "link"),
        ("PUT", "/api/cases/1", '{"link": "data:text/html,a"}', "link"),
        ("PUT", "/api/cases/1", '{"\\ud800": 1}', "body"),
        ("POST", "/api/staff/anna/notready", '{"reason": "\\ud800"}', "reason"),
        ("POST", "/api/staff/anna/notready", '{"reason": -Infinity}', "reason"),
    ],
)
async def test_a_value_that_cannot_be_kept_is_refused_by_the_name_of_its_field(
    how: str, path: str, body: str, named: str
) -> None:
    headers = {"Authorization": "Bearer test", "Content-Type": "application/json"}
    async with client() as asking:
        answer = await asking.request(how, path, content=body, headers=headers)
    assert answer.status_code == 422
    assert named in answer.json()["detail"][0]["loc"]


class Sent:
    """A request by hand, in pieces, and what came back; how many bytes of it were taken."""

    def __init__(self, path: str, pieces: int, headers: dict[str, str]) -> None:
        self.taken = 0
        self.status = 0
        self._left = pieces
        named = [(key.encode(), value.encode()) for key, value in ({"host": "localhost"} | headers).items()]
        self._scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "PUT",
            "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": named,
            "client": ("127.0.0.1", 1), "server": ("localhost", 80),
        }  # fmt: skip

    async def to(self, application: Any) -> int:
        await application(self._scope, self._receive, self._send)
        return self.status

    async def _receive(self) -> dict[str, Any]:
        self._left -= 1
        self.taken += 1_000
        return {"type": "http.request", "body": b" " * 1_000, "more_body": self._left > 0}

    async def _send(self, message: Any) -> None:
        self.status = message.get("status", self.status)


async def test_nobody_unknown_has_a_byte_read_and_nobody_more_than_is_allowed() -> None:
    """However long a body is said to be, or in how many pieces it comes."""
    application = app_of(picture_of(waiting_bench(), 0))
    stranger = Sent("/api/cases/1", 100_000, {})
    assert (await stranger.to(application), stranger.taken) == (401, 0)
    known = Sent("/api/cases/1", 100_000, {"authorization": "Bearer test"})
    assert await known.to(application) == 413
    assert known.taken <= BODY_MAX + 1_000
    said = Sent("/api/cases/1", 1, {"authorization": "Bearer test", "content-length": "9" * 400})
    assert (await said.to(application), said.taken) == (413, 0)
    short = Sent("/api/cases/1", 2, {"authorization": "Bearer test", "content-type": "application/json"})
    assert await short.to(application) == 422, "two thousand blanks are no case"


def test_pages_have_room_by_account_and_some_for_programs() -> None:
    live = Live(Changes(), Admits())
    for _ in range(PER_PERSON_MAX):
        live.enter("person:anna", program=False)
    with pytest.raises(TooMany, match="20 pages of this account are open already"):
        live.enter("person:anna", program=False)
    for place in range(BROWSERS_MAX - RESERVED - PER_PERSON_MAX):
        live.enter(f"person:{place}", program=False)
    with pytest.raises(TooMany, match="280 pages are open already"):
        live.enter("person:bob", program=False)
    for _ in range(RESERVED):
        live.enter("program:wall", program=True)
    with pytest.raises(TooMany, match="300 pages are open already"):
        live.enter("program:wall", program=True)


async def test_a_page_that_is_closed_leaves_its_room() -> None:
    live = Live(Changes(), Admits())
    asking: Any = SimpleNamespace(state=SimpleNamespace(asker=person("anna", Role.STAFF)))
    for _ in range(PER_PERSON_MAX * 3):
        live.enter(asking.state.asker.actor, program=False)
        told = live.told(asking, Action.SEE_BOARD)
        await anext(told)
        await told.aclose()
    assert live._open == Counter()


async def test_a_page_whose_right_ends_leaves_its_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it waits for: it is looked again before anything more is told."""
    monkeypatch.setattr("acd.web.live.STILL_S", 0.0)
    changes = Changes()
    live = Live(changes, Admits())
    asking: Any = Request(
        {"type": "http", "scheme": "http", "path": "/events", "query_string": b"", "headers": []}
        | {"server": ("localhost", 80), "state": {"asker": person("anna", Role.STAFF)}}
    )
    live.enter("person:anna", program=False)
    assert [each async for each in live.told(asking, Action.SEE_BOARD)] == [], "nobody is signed in any more"
    assert live._open == Counter()


async def test_only_names_of_ours_are_answered() -> None:
    application = app_of(picture_of(waiting_bench(), 0), hosts=("localhost", "hotline.example.org"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://x") as asking:
        for host, status in (("hotline.example.org", 200), ("localhost:8080", 200), ("evil.example", 400)):
            assert (await asking.get("/api/board", headers={"Host": host, **BEARER})).status_code == status
