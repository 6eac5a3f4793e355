"""The API as OpenAPI tells it, and what it says of its own health; no daemon behind it."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from acd.web import app
from acd.web.words import PAGE_LANGUAGES, WORDS
from tests.fakes.pages import app_of, picture_of, waiting_bench

OPEN = {"/api/board", "/events", "/healthz", "/readyz"}
"""What everybody on this machine may read without the token."""


def client(health: dict[str, str] | None = None) -> httpx.AsyncClient:
    app = app_of(picture_of(waiting_bench(), 0), health=lambda: health or {"journal": "ok"})
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


@pytest.fixture
async def schema() -> dict[str, Any]:
    async with client() as asking:
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
    used = set(re.findall(r"\bwords\.(\w+)", page + script))
    assert len(used) > 20
    assert used - set(WORDS[language]) == set()
    assert set(WORDS[language]) == set(WORDS["de"])


async def test_without_the_token_nothing_of_calls_is_told() -> None:
    async with client() as asking:
        for path in ("/api/explain", "/api/explain/1", "/api/shadow", "/api/cases/1"):
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
