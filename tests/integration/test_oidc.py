"""Signing in from the city's directory: a real provider in its own process, over real HTTP; and its lies."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.async_api import Browser, expect
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.demo.hotline import PROJECT
from acd.identity import Refusal, Role, granted
from acd.people.service import operator
from acd.store.open import ready, urls
from acd.web.server import WebServer, listen
from tests.fakes.centre import Bench
from tests.fakes.desks import BenchDesk
from tests.fakes.openid import CLIENT, PASSWORD, PERSON, SECRET
from tests.fakes.pages import app_of, picture_of, waiting_bench
from tests.fakes.people import BROWSER, GOOD, HERE, HOUR_MS, House
from tests.integration.test_page import browser

__all__ = ["browser"]
GROUPS = {"Hotline": ["staff"], "Leads": ["supervisor", "planner"], "Computers": ["administrator"]}


class Form(HTMLParser):
    """The hidden fields of the provider's page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "hidden":
            self.fields[found["name"] or ""] = found["value"] or ""


class City:
    """Our pages and the directory, each on a port of its own. `house` has the accounts behind our pages."""

    def __init__(self, house: House, url: str, issuer: str) -> None:
        self.house, self.url, self.issuer = house, url, issuer

    async def says(self, **changes: Any) -> dict[str, int]:
        """From now on the directory says this; returns how often each of its addresses was asked for."""
        async with httpx.AsyncClient() as client:
            found: dict[str, int] = (await client.post(f"{self.issuer}/test", json=changes)).json()
            return found

    def configured(self, **changes: Any) -> None:
        settings = {
            "name": "City",
            "issuer": self.issuer,
            "client_id": CLIENT,
            "client_secret_file": "oidc.secret",
            "groups": GROUPS,
            "agent_claim": "agent",
        }
        self.house.configured(oidc=settings | changes)

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.url,
            headers={"accept": "text/html", "accept-language": "en", "sec-fetch-site": "none"},
        )

    async def began(self, client: httpx.AsyncClient, next: str = "/") -> str:
        """Where the browser is sent to."""
        answer = await client.get("/sign-in/oidc", params={"next": next})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def vouched(self, client: httpx.AsyncClient, next: str = "/") -> str:
        """Signed in at the directory; where it sends the browser back to."""
        form = Form((await client.get(await self.began(client, next))).text).fields
        known = {"user": PERSON, "password": PASSWORD}
        answer = await client.post(f"{self.issuer}/authorize", data=form | known)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def signed_in(self, client: httpx.AsyncClient, next: str = "/") -> httpx.Response:
        return await client.get(await self.vouched(client, next))

    async def denials(self) -> list[str]:
        """Why, of those who were not let in from the directory; the newest first."""
        return [each.reason for each in await self.house.people.audit(0, 500) if not each.allowed]


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[tuple[int, str]]:
    """Its port; and that of our pages, which it is told."""
    taken = listen("127.0.0.1", 0)
    back = f"http://127.0.0.1:{taken.getsockname()[1]}"
    taken.close()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.fakes.openid",
        f"{back}/sign-in/oidc/back",
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    yield int(await process.stdout.readline()), back
    process.kill()
    await process.wait()


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    opened = await ready("records", urls(tmp_path, {})["records"])
    yield opened
    await opened.dispose()


@pytest.fixture
async def city(provider: tuple[int, str], engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[City]:
    port, url = provider
    house = House(engine)
    house.now_ms = time.time_ns() // 1_000_000  # the directory's clock is the real one
    web = house.centre.web.model_copy(update={"public_url": url})
    house.centre = house.centre.model_copy(update={"web": web, "base": tmp_path})
    (tmp_path / "oidc.secret").write_text(f"{SECRET}\n")
    app = app_of(picture_of(waiting_bench(), 0), people=house.people, desk=BenchDesk(Bench()))
    server = WebServer(app, listen("127.0.0.1", int(url.rpartition(":")[2])))
    serving = asyncio.create_task(server.run())
    made = City(house, url, f"http://127.0.0.1:{port}")
    made.configured()
    await made.says(
        lie="", groups=["Hotline"], amr=["pwd"], acr="", sub="f3b1", auth="client_secret_basic", issuer=""
    )
    await made.says(called="Anna@city.example", agent="amal", name="Anna Kowalska")
    yield made
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


# --- the way there and back ------------------------------------------------------------------------


async def test_a_browser_comes_in_from_the_directory(city: City, browser: Browser) -> None:
    """From the page's own button over the directory's form to where one wanted to."""
    context = await browser.new_context(locale="en-GB")
    page = await context.new_page()
    await page.goto(f"{city.url}/")
    await page.get_by_role("link", name="Sign in with City").click()
    await page.get_by_label("Name").fill(PERSON)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Go").click()
    await expect(page.get_by_text("Anna Kowalska")).to_be_visible()
    assert page.url == f"{city.url}/desk", "where staff begin"
    (cookie,) = [each for each in await context.cookies() if each["name"].startswith("acd")]
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("acd", True, "Lax")
    await context.close()


async def test_an_account_of_the_directory_is_made_without_a_password(city: City) -> None:
    async with city.browser() as client:
        answer = await city.signed_in(client, "/?lang=de")
        assert (answer.status_code, answer.headers["location"]) == (303, "/?lang=de")
        asker = await city.house.asker(client.cookies["acd"])
    assert (asker.id, asker.name, asker.agent) == ("anna", "Anna Kowalska", "amal")
    assert (asker.roles, asker.may) == ({Role.STAFF}, granted([Role.STAFF]))
    (account,) = await city.house.people.accounts()
    assert (account.source, account.must_change) == ("oidc", False)
    assert (await city.house.tries("anna", "")).step == "refused"
    assert (await city.house.tries("anna", PASSWORD)).step == "refused"
    with pytest.raises(Refusal, match="not_local"):
        await city.house.people.change_password(asker, "", GOOD)


async def test_pkce_state_and_nonce_are_new_each_time_and_the_way_back_is_ours(city: City) -> None:
    """Whatever Host a browser sends: the address to come back to is the configured one."""
    async with city.browser() as client:
        told = []
        for host in ("localhost", "127.0.0.1"):
            answer = await client.get("/sign-in/oidc", headers={"host": host})
            told.append(parse_qs(urlsplit(answer.headers["location"]).query))
    for each in told:
        assert each["redirect_uri"] == [f"{city.url}/sign-in/oidc/back"]
        assert (each["code_challenge_method"], each["response_type"]) == (["S256"], ["code"])
        assert each["scope"] == ["openid profile"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(told[0][name][0]) >= 43
        assert told[0][name] != told[1][name]


async def test_a_client_secret_in_the_form_where_the_directory_wants_it_there(city: City) -> None:
    await city.says(auth="client_secret_post")
    async with city.browser() as client:
        assert (await city.signed_in(client)).status_code == 303


# --- roles -----------------------------------------------------------------------------------------


async def test_roles_follow_the_groups_at_each_sign_in(city: City) -> None:
    await city.says(groups=["Leads", "Hotline", "unknown", 7], amr=["pwd", "otp"])
    city.configured(factor_amr=["otp"])
    async with city.browser() as client:
        await city.signed_in(client)
        first = client.cookies["acd"]
        assert (await city.house.asker(first)).roles == {Role.STAFF, Role.SUPERVISOR, Role.PLANNER}
    async with city.browser() as another:
        await city.says(groups="Hotline")
        await city.signed_in(another)
        assert another.cookies["acd"] != first
    assert (await city.house.asker(first)).roles == {Role.STAFF}


@pytest.mark.parametrize("groups", [[], ["unknown"], None, {"Hotline": 1}, [["Hotline"]]])
async def test_who_is_in_no_group_any_more_is_out_everywhere(city: City, groups: Any) -> None:
    async with city.browser() as client:
        await city.signed_in(client)
        cookie = client.cookies["acd"]
        await city.says(groups=groups)
        answer = await city.signed_in(client)
    assert answer.status_code == 403
    assert await city.house.people.asker(cookie, HERE) is None
    assert [each.roles for each in await city.house.people.accounts()] == [frozenset()]
    async with city.browser() as client:
        await city.says(groups=["Hotline"])
        assert (await city.signed_in(client)).status_code == 303


async def test_a_stranger_without_a_group_gets_no_account(city: City) -> None:
    await city.says(groups=[])
    async with city.browser() as client:
        answer = await city.signed_in(client)
    assert (answer.status_code, "no role here" in answer.text) == (403, True)
    assert await city.house.people.accounts() == []


async def test_who_is_disabled_here_stays_out(city: City) -> None:
    async with city.browser() as client:
        await city.signed_in(client)
        await city.house.people.disable(operator(), "anna", True)
        assert (await city.signed_in(client)).status_code == 403


async def test_a_name_of_another_account_is_not_taken(city: City) -> None:
    """Whom the directory calls like a local account is not that account; nor is another of the same name."""
    await city.house.member("anna")
    async with city.browser() as client:
        assert (await city.signed_in(client)).status_code == 403
        await city.says(called="ben@city.example")
        assert (await city.signed_in(client)).status_code == 303
        await city.says(sub="another")
        assert (await city.signed_in(client)).status_code == 403


async def test_an_account_is_the_same_whatever_it_is_called_now(city: City) -> None:
    async with city.browser() as client:
        await city.signed_in(client)
        await city.says(called="anna.new@city.example", name="Anna Neu", agent="nobody-of-ours")
        await city.signed_in(client)
        asker = await city.house.asker(client.cookies["acd"])
    assert (asker.id, asker.name, asker.agent) == ("anna", "Anna Neu", "")


@pytest.mark.parametrize("called", ["", "@city.example", "ärger", "a b", "-x", "x" * 80])
async def test_a_name_that_is_none_makes_no_account(city: City, called: str) -> None:
    await city.says(called=called)
    async with city.browser() as client:
        assert (await city.signed_in(client)).status_code == 401
    assert await city.house.people.accounts() == []


# --- the second factor -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said", "step"),
    [
        ({}, {"amr": ["pwd", "mfa"], "acr": "strong"}, "/sign-in/second-factor"),
        ({"factor_amr": ["mfa"]}, {"amr": ["pwd", "mfa"]}, "/start"),
        ({"factor_amr": ["mfa"]}, {"amr": ["pwd"]}, "/sign-in/second-factor"),
        ({"factor_acr": ["strong"]}, {"acr": "strong"}, "/start"),
        ({"factor_acr": ["strong"]}, {"acr": "weak"}, "/sign-in/second-factor"),
        ({"factor_acr": ["strong"]}, {"acr": None, "amr": None}, "/sign-in/second-factor"),
    ],
)
async def test_a_second_factor_is_trusted_where_the_directory_says_so_as_configured(
    city: City, settings: dict[str, Any], said: dict[str, Any], step: str
) -> None:
    city.configured(**settings)
    await city.says(groups=["Computers"], **said)
    async with city.browser() as client:
        assert ("acr_values=strong" in await city.began(client)) == ("factor_acr" in settings)
        assert (await city.signed_in(client)).headers["location"] == step
        asker = await city.house.people.asker(client.cookies["acd"], HERE)
    assert (asker is not None) == (step == "/start")


async def test_else_ours_is_asked_and_can_be_taken_away(city: City) -> None:
    await city.says(groups=["Computers"])
    people = city.house.people
    async with city.browser() as client:
        await city.signed_in(client)
        made = await people.enrolment(client.cookies["acd"])
        signed, codes = await people.enrol(client.cookies["acd"], city.house.code(made.secret), HERE)
        assert (signed.step, len(codes)) == ("in", 10)
        assert (await city.signed_in(client)).headers["location"] == "/sign-in/code"
        assert await people.reset(operator(), "anna") == ""
        assert (await city.signed_in(client)).headers["location"] == "/sign-in/second-factor"


# --- lies and attacks ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        ("nonce", "nonce"),
        ("no nonce", "nonce"),
        ("audience", "aud"),
        ("audiences", "for others too"),
        ("no aud", "aud"),
        ("issuer", "iss"),
        ("no iss", "another provider"),
        ("mix-up", "another provider"),
        ("expired", "expired"),
        ("no exp", "exp"),
        ("no iat", "iat"),
        ("old", "too long ago"),
        ("not yet", "not yet valid"),
        ("at_hash", "at_hash"),
        ("nobody", "sub"),
        ("no sub", "sub"),
        ("unsigned", "not signed as it should be"),
        ("secret", "not signed as it should be"),
        ("key", "not signed as it should be: BadSignatureError"),
        ("stranger", "unknown key"),
        ("type", "another type"),
        ("plain", "https"),
    ],
)
async def test_a_lie_is_believed_by_nobody(city: City, lie: str, why: str) -> None:
    async with city.browser() as client:
        await city.says(lie=lie)
        if lie == "plain":
            answer = await client.get("/sign-in/oidc")
            assert answer.status_code == 503
        else:
            answer = await city.signed_in(client)
            assert answer.status_code == 401
            assert "The directory did not let you in" in answer.text
            assert why in (await city.denials())[0].replace("Another", "another")
        assert "acd" not in client.cookies
    assert await city.house.people.accounts() == []


async def test_a_provider_that_calls_itself_otherwise_is_not_asked(city: City) -> None:
    await city.says(issuer="http://127.0.0.1:1")
    async with city.browser() as client:
        assert (await client.get("/sign-in/oidc")).status_code == 503


async def test_what_came_back_once_is_worth_nothing_again(city: City) -> None:
    """Neither in the browser that it came to, nor with its code in an attempt of one's own."""
    async with city.browser() as client:
        back = await city.vouched(client)
        cookie = client.cookies["acd-oidc"]
        assert (await client.get(back)).status_code == 303
        client.cookies.set("acd-oidc", cookie, domain="127.0.0.1", path="/")
        assert (await client.get(back)).status_code == 401
    code = parse_qs(urlsplit(back).query)["code"][0]
    async with city.browser() as thief:
        mine = parse_qs(urlsplit(await city.began(thief)).query)["state"][0]
        query = {"code": code, "state": mine, "iss": city.issuer}
        assert (await thief.get("/sign-in/oidc/back", params=query)).status_code == 401
        assert "acd" not in thief.cookies
    assert "invalid_grant" in (await city.denials())[0]


async def test_a_code_that_nobody_used_yet_is_worth_nothing_to_who_did_not_begin(city: City) -> None:
    """PKCE: a code goes with the verifier of the attempt it was made for."""
    async with city.browser() as client, city.browser() as thief:
        code = parse_qs(urlsplit(await city.vouched(client)).query)["code"][0]
        mine = parse_qs(urlsplit(await city.began(thief)).query)["state"][0]
        query = {"code": code, "state": mine, "iss": city.issuer}
        assert (await thief.get("/sign-in/oidc/back", params=query)).status_code == 401


async def test_what_another_browser_began_signs_nobody_in(city: City) -> None:
    """Nobody is led into an account of somebody else's; the one who began is not disturbed by it."""
    async with city.browser() as attacker, city.browser() as victim:
        back = await city.vouched(attacker)
        assert (await victim.get(back)).status_code == 401
        await city.began(victim)
        assert (await victim.get(back)).status_code == 401
        assert "acd" not in victim.cookies
        assert (await attacker.get(back)).status_code == 303


async def test_an_attempt_ends_after_ten_minutes(city: City) -> None:
    async with city.browser() as client:
        back = await city.vouched(client)
        city.house.passes(10 * 60_000)
        assert (await client.get(back)).status_code == 401


async def test_a_wrong_password_there_is_a_clear_page_here(city: City) -> None:
    async with city.browser() as client:
        form = Form((await client.get(await city.began(client))).text).fields
        wrong = {"user": PERSON, "password": "x"}
        answer = await client.post(f"{city.issuer}/authorize", data=form | wrong)
        answer = await client.get(answer.headers["location"])
    assert answer.status_code == 401
    assert "access_denied" in (await city.denials())[0]


@pytest.mark.parametrize(
    "next", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "/sign-in", "/\x01"]
)
async def test_nobody_is_led_elsewhere_after_signing_in(city: City, next: str) -> None:
    async with city.browser() as client:
        assert (await city.signed_in(client, next)).headers["location"] == "/start"


@pytest.mark.parametrize(
    "query",
    ["", "?state=", "?state=x&code=y", "?code=" + "x" * 5_000, "?error=x", "?state=%ff&code=%00"],
)
async def test_nonsense_is_answered_with_the_sign_in_page(city: City, query: str) -> None:
    async with city.browser() as client:
        await city.began(client)
        answer = await client.get(f"/sign-in/oidc/back{query}")
    assert (answer.status_code, "took too long" in answer.text) == (401, True)


# --- keys, and a provider that is away -------------------------------------------------------------


async def test_keys_are_kept_and_asked_for_anew_at_an_unknown_one(city: City) -> None:
    async with city.browser() as client:
        await city.signed_in(client)
        before = (await city.says())["/keys"]
        await city.signed_in(client)
        assert (await city.says())["/keys"] == before
        await city.says(renew=True)
        city.house.passes(10_000)
        assert (await city.signed_in(client)).status_code == 303
        assert (await city.says(lie="stranger"))["/keys"] == before + 1
        for _ in range(3):
            assert (await city.signed_in(client)).status_code == 401
        assert (await city.says())["/keys"] == before + 1
        city.house.passes(HOUR_MS)
        await city.began(client)
        assert (await city.says())["/.well-known/openid-configuration"] >= 2


@pytest.mark.parametrize("lie", ["broken", "endless", "elsewhere"])
async def test_an_answer_that_is_none_is_a_clear_page(city: City, lie: str) -> None:
    async with city.browser() as client:
        await city.says(lie=lie)
        answer = await city.signed_in(client)
    assert (answer.status_code, "cannot be reached" in answer.text) == (503, True)
    assert (await city.says()).get("/elsewhere", 0) == 0


async def test_while_the_directory_is_away_a_local_account_signs_in(city: City) -> None:
    await city.house.member("ben")
    city.configured(issuer="http://127.0.0.1:1")
    async with city.browser() as client:
        answer = await client.get("/sign-in/oidc", params={"next": "/?lang=en"})
        assert (answer.status_code, "cannot be reached" in answer.text) == (503, True)
        form = {"name": "ben", "password": GOOD, "next": Form(answer.text).fields["next"]}
        answer = await client.post("/sign-in", data=form, headers={"sec-fetch-site": "same-origin"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/?lang=en")


@pytest.mark.parametrize("text", [None, b"\xff"])
async def test_without_its_secret_the_page_is_as_clear(
    city: City, tmp_path: Path, text: bytes | None
) -> None:
    file = tmp_path / "oidc.secret"
    file.write_bytes(text) if text else file.unlink()
    async with city.browser() as client:
        assert (await city.signed_in(client)).status_code == 503


async def test_without_a_directory_there_is_no_way_to_one(city: City) -> None:
    city.house.configured()
    async with city.browser() as client:
        assert "oidc" not in (await client.get("/sign-in")).text
        assert (await client.get("/sign-in/oidc")).status_code == 503
    assert (await city.house.people.sign_in("anna", "x", HERE, BROWSER)).step == "refused"
