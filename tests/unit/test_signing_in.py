"""Signing in by forms, over real accounts: which session a browser has afterwards, and a screen its token."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from acd.identity import Role
from acd.people.service import operator
from acd.store.open import ready, urls
from tests.fakes.pages import app_of, picture_of, waiting_bench
from tests.fakes.people import GOOD, House

HERE = "http://localhost"
OURS = {"Origin": HERE}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    engine = await ready("records", urls(tmp_path, {})["records"])
    yield House(engine)
    await engine.dispose()


def browser(house: House) -> httpx.AsyncClient:
    app = app_of(picture_of(waiting_bench(), 0), people=house.people)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE, headers=OURS)


async def sign_in(asking: httpx.AsyncClient, id: str) -> str:
    """The session's secret."""
    answer = await asking.post("/sign-in", data={"name": id, "password": GOOD})
    assert answer.status_code == 303, answer.text
    return asking.cookies["acd"]


async def test_a_browser_that_signs_in_anew_leaves_no_session_behind(house: House) -> None:
    """Nor does one that signs in as somebody else; a wrong password ends nothing."""
    await house.member("anna")
    await house.member("bob")
    async with browser(house) as asking:
        first = await sign_in(asking, "anna")
        await asking.post("/sign-in", data={"name": "anna", "password": "wrong and wrong"})
        assert await house.people.asker(first, "") is not None
        second = await sign_in(asking, "anna")
        assert await house.people.asker(first, "") is None
        third = await sign_in(asking, "bob")
        assert await house.people.asker(second, "") is None
        assert (await house.asker(third)).id == "bob"


async def test_a_screen_shows_the_board_although_an_old_session_is_over(house: House) -> None:
    """Somebody signed in on the wall once: the cookie that is left of it hides no token."""
    await house.member("anna")
    token = await house.people.add_token(operator(), "lobby", frozenset({Role.WALL}), frozenset(), 30)
    async with browser(house) as asking:
        cookie = await sign_in(asking, "anna")
        await house.people.sign_out(await house.asker(cookie))
        assert (await asking.get("/api/board")).status_code == 401
        assert (await asking.post("/sign-in/screen", data={"token": token})).status_code == 303
        board = await asking.get("/api/board")
        assert board.status_code == 200
        assert {each["name"] for each in board.json()["board"]["staff"]} == {""}
