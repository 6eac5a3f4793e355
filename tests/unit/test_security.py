"""docs/security.md is true: each test that it names is there; what it says of answers, cookies and rights."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from acd.identity import SignIn
from acd.web.door import HEADERS
from tests import diagrams
from tests.fakes.admits import BEARER, Admits
from tests.fakes.pages import app_of, picture_of, waiting_bench
from tests.unit.test_rights import rights, walked

PROJECT = Path(__file__).resolve().parents[2]
WEB = PROJECT / "acd" / "web"
SECURITY = diagrams.SECURITY.read_text(encoding="utf-8")
ITEMS = re.findall(
    r"^\| (\d+\.\d+\.\d+(?: to \d+\.\d+\.\d+)?) \| (.+) \| (.+) \| (.*) \|$", SECURITY, re.MULTILINE
)


class Entering(Admits):
    """Whoever signs in is in, and whoever comes over the directory is sent there."""

    async def sign_in(self, name: str, password: str, address: str, browser: str) -> SignIn:
        self.doings.append((name, password, browser))
        return SignIn("in", "secret")

    async def oidc_begin(self, next: str, address: str) -> tuple[str, str]:
        return "https://login.example.org/x", "attempt"


def client(people: Admits | None = None, url: str = "http://localhost", **doors: Any) -> httpx.AsyncClient:
    app = app_of(picture_of(waiting_bench(), 0), people=people or Entering(), **doors)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=url)


def test_every_item_is_held_by_a_test_or_says_why_not() -> None:
    assert len(ITEMS) > 180
    for number, _, here, shown_by in ITEMS:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", shown_by)
        why_not = here.startswith(("does not apply: ", "open: "))
        assert named or why_not or shown_by == "configuration and review, no test", number
        for file, name in named:
            text = (PROJECT / file).read_text(encoding="utf-8")
            assert re.search(rf"^(async )?def {name}\(", text, re.MULTILINE), f"{number}: {file}::{name}"


def test_the_table_of_rights_is_the_one_that_is_asked() -> None:
    assert diagrams.with_rights(SECURITY) == SECURITY, "run `make docs`"


def test_the_ways_in_are_these() -> None:
    """What nobody is asked for who they are leads only there."""
    app = app_of(picture_of(waiting_bench(), 0))
    free = {each.path for each in walked(list(app.routes)) if isinstance(each, APIRoute) and not rights(each)}
    assert free == {
        "/healthz",
        "/readyz",
        "/sign-in",
        "/sign-in/code",
        "/sign-in/second-factor",
        "/sign-in/password",
        "/sign-in/oidc",
        "/sign-in/oidc/back",
        "/sign-in/screen",
    }


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/sign-in", 200),
        ("GET", "/", 401),
        ("GET", "/static/base.css", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/healthz", 200),
        ("POST", "/api/reload", 401),
        ("GET", "/api/explain", 500),
    ],
)
async def test_every_answer_carries_the_headers(method: str, path: str, status: int) -> None:
    known = BEARER if status == 500 else {}
    async with client() as asked:
        answer = await asked.request(method, path, headers=known)
        assert answer.status_code == status
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        stranger = await asked.request(method, path, headers={"host": "evil.example"})
        assert {name: stranger.headers.get(name) for name in HEADERS} == HEADERS
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "://" not in policy


async def test_an_error_tells_nothing_of_the_inside() -> None:
    async with client() as asked:
        assert (await asked.get("/api/explain", headers=BEARER)).json() == {"detail": "internal"}


async def test_every_answer_says_what_it_is() -> None:
    async with client() as asked:
        for path, kind in (
            ("/sign-in", "text/html; charset=utf-8"),
            ("/static/base.css", "text/css; charset=utf-8"),
            ("/static/live.mjs", "text/javascript; charset=utf-8"),
            ("/healthz", "application/json"),
        ):
            assert (await asked.get(path)).headers["content-type"] == kind


async def test_behind_tls_a_browser_stays_there() -> None:
    async with client(url="https://localhost") as asked:
        told = (await asked.get("/sign-in")).headers["strict-transport-security"]
    assert told == "max-age=31536000; includeSubDomains"


async def test_no_other_origin_is_given_anything() -> None:
    async with client() as asked:
        for method in ("GET", "OPTIONS"):
            answer = await asked.request(method, "/api/board", headers={"origin": "https://evil.example"})
            assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_cookies_are_for_this_host_over_tls_alone(scheme: str) -> None:
    """Without TLS, on loopback, a browser would not take the prefix."""
    prefix, secure = ("__Host-", "; Secure") if scheme == "https" else ("", "")
    async with client(url=f"{scheme}://localhost") as asked:
        here = {"origin": f"{scheme}://localhost"}
        signed = await asked.post("/sign-in", data={"name": "a", "password": "b"}, headers=here)
        began = await asked.get("/sign-in/oidc")
    assert signed.headers["set-cookie"] == f"{prefix}acd=secret; HttpOnly; Path=/; SameSite=lax{secure}"
    assert began.headers["set-cookie"] == (
        f"{prefix}acd-oidc=attempt; HttpOnly; Max-Age=600; Path=/; SameSite=lax{secure}"
    )


async def test_of_a_field_sent_twice_the_last_counts() -> None:
    people = Entering()
    async with client(people) as asked:
        here = {"origin": "http://localhost", "content-type": "application/x-www-form-urlencoded"}
        await asked.post("/sign-in?name=c", content="name=a&name=b&password=p", headers=here)
    assert people.doings[0][:2] == ("b", "p")


async def test_trace_is_refused() -> None:
    async with client() as asked:
        for path in ("/sign-in", "/static/base.css"):
            assert (await asked.request("TRACE", path)).status_code in (401, 403, 405)


@pytest.mark.parametrize("path", ["", "../app.py", "%2e%2e/app.py", "..%2fapp.py", ".git/config", "%00"])
async def test_no_path_leads_out_of_the_static_files(path: str) -> None:
    async with client() as asked:
        assert (await asked.get(f"/static/{path}")).status_code in (404, 405, 401)


def test_no_template_lets_text_through_unescaped() -> None:
    for file in (WEB / "templates").glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe|autoescape|{%-?\s*raw", text), file.name


def test_no_script_writes_html() -> None:
    files = list((WEB / "static").glob("*.mjs"))
    assert files
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
        )
