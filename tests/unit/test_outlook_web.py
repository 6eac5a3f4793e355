"""The outlook's routes: what is told, what may be asked, how it is refused; the real application alone."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from acd.frozen import Copied
from acd.outlook import child
from acd.outlook.ahead import beliefs
from acd.outlook.asked import Asked, Changes
from acd.outlook.prior import prior
from acd.outlook.scene import trimmed
from acd.outlook.wished import changes
from acd.prospects import BEYOND, Closed, Expectation, Unanswered, Waits, WhatIf, Wish
from config.load import SHIPPED, load
from config.people import policy, team
from routing import events as ev
from tests.fakes.centre import Bench
from tests.fakes.pages import app_of, picture_of, waiting_bench

CENTRE = load(SHIPPED)
DOCS = Path("docs/outlook.md")
TOKEN = {"Authorization": "Bearer test"}
NOW = 1_774_341_000_000
"""A Tuesday in March 2026, 9:30 in Essen."""
MINUTE = 60_000


def client(**doors: Any) -> httpx.AsyncClient:
    app = app_of(picture_of(waiting_bench(), 0), **doors)
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=TOKEN)


async def test_what_each_caller_has_to_expect_is_told_and_no_end_is_null() -> None:
    found = Expectation(7, "tr", "study", 4_000, 60_000, 120_000, BEYOND, 880)
    async with client(outlook=lambda: Waits(NOW, 400, 210, 150, "ok", 1_200, (found,))) as asking:
        answer = await asking.get("/api/outlook")
    assert answer.json() == {
        "at_ms": NOW,
        "age_ms": 1_200,
        "took_ms": 400,
        "cpu_ms": 210,
        "futures": 150,
        "state": "ok",
        "callers": [
            {
                "visit": 7,
                "language": "tr",
                "concern": "study",
                "waited_ms": 4_000,
                "q10_ms": 60_000,
                "q50_ms": 120_000,
                "q90_ms": None,
                "served": 880,
            }
        ],
    }


@pytest.mark.parametrize("how", ["GET", "POST"])
async def test_nobody_is_told_without_the_token(how: str) -> None:
    async with client() as asking:
        answer = await asking.request(how, "/api/outlook", headers={"Authorization": "Bearer no"})
    assert answer.status_code == 401


def bench_of_the_shipped_centre(callers: int) -> Bench:
    """Everybody is at work on a Tuesday morning, and so many callers came at once."""
    people = team(CENTRE)
    bench = Bench(policy(CENTRE, NOW), people)
    bench.tell(ev.Elapsed(), NOW - bench.now)
    for each in people.agents:
        bench.tell(ev.StaffAsked(each.id, "", "login", "", None))
    for uid in range(callers):
        bench.call(str(uid), ("de", "tr", "uk")[uid % 3])
    return bench


def answered(bench: Bench, wanted: Changes) -> WhatIf:
    """What the process would answer."""
    now, until = bench.now, bench.now + 60 * MINUTE
    rules = bench.engine.world.rules
    believed = beliefs(prior(CENTRE), CENTRE, now, until, rules.opening)
    world = Copied(trimmed(bench.engine.world)).frozen().decode()
    found = child.answered(Asked(1, world, now, until, until, 1, 20, 60_000, believed, wanted)).what_if
    assert found is not None
    return found


async def test_the_example_of_the_docs_is_answered() -> None:
    """By the very futures, of the shipped centre."""
    found = re.search(r"```json\n(\{\"changes\".*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    bench = bench_of_the_shipped_centre(30)
    agents = frozenset(bench.engine.world.people)

    async def what_if(wishes: Sequence[Wish]) -> WhatIf:
        assert [each.what for each in wishes] == ["one_more", "leave", "reserve", "calls"]
        return answered(bench, changes(wishes, CENTRE, agents, bench.now))

    async with client(what_if=what_if) as asking:
        answer = await asking.post("/api/outlook", json=json.loads(found[1]))
    told = answer.json()
    assert (answer.status_code, told["futures"]) == (200, 20)
    assert {"de", "tr"} <= {each["language"] for each in told["waits"]}
    for key in ("service_level", "answered", "gave_up"):
        assert set(told[key]) == {"without", "changed", "difference"}
        assert set(told[key]["difference"]) == {"mean", "low", "high"}
    assert told["answered"]["difference"]["mean"] > 0  # more calls


GOOD = {"what": "calls", "factor": 2}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"what": "more"}, None),
        ({"what": "one_more", "languages": {}}, "languages"),
        ({"what": "one_more", "languages": {"tr": "fluent"}}, "tr"),
        ({"what": "one_more", "languages": {"tr": "C1"}, "concerns": {"study": 9}}, "study"),
        ({"what": "one_more", "languages": {"tr": "C1"}, "at": "25:00"}, "at"),
        ({"what": "come", "people": []}, "people"),
        ({"what": "leave"}, "leave"),
        ({"what": "leave", "people": ["amal"], "how_many": 2}, "leave"),
        ({"what": "leave", "how_many": -1}, "how_many"),
        ({"what": "reserve", "language": "uk"}, "on"),
        ({"what": "calls", "factor": -1}, "factor"),
        ({"what": "calls", "factor": 1, "extra": 1}, "extra"),
    ],
)
async def test_a_change_that_cannot_be_read_is_named(change: dict[str, Any], key: str | None) -> None:
    async with client() as asking:
        answer = await asking.post("/api/outlook", json={"changes": [GOOD, change]})
    assert answer.status_code == 422
    where = answer.json()["detail"][0]["loc"]
    assert where[:3] == ["body", "changes", 1]
    assert key is None or key in where


@pytest.mark.parametrize("changed", [[], [GOOD] * 21, None])
async def test_how_many_changes_there_may_be(changed: Any) -> None:
    async with client() as asking:
        answer = await asking.post("/api/outlook", json={"changes": changed})
    assert answer.status_code == 422


async def test_what_this_centre_does_not_know_is_named_item_by_item() -> None:
    bench = bench_of_the_shipped_centre(1)

    async def what_if(wishes: Sequence[Wish]) -> WhatIf:
        return answered(bench, changes(wishes, CENTRE, frozenset(bench.engine.world.people), bench.now))

    asked = [
        GOOD,
        {"what": "leave", "people": ["amal", "nobody"], "at": "09:00"},
        {"what": "one_more", "languages": {"xx": "C1"}, "concerns": {"zz": 3}},
        {"what": "reserve", "language": "yy", "on": True},
    ]
    async with client(what_if=what_if) as asking:
        answer = await asking.post("/api/outlook", json={"changes": asked})
    assert answer.status_code == 422
    assert [(each["loc"][2:], each["msg"]) for each in answer.json()["detail"]] == [
        ([1, "at"], "09:00 is over: it is 09:30"),
        ([1, "people"], "'nobody' is nobody of the staff"),
        ([2, "languages"], "'xx' is no language of this centre"),
        ([2, "concerns"], "'zz' is no concern of this centre"),
        ([3, "language"], "'yy' is no language of this centre"),
    ]


@pytest.mark.parametrize(("fault", "status"), [(Closed("closed"), 409), (Unanswered("no answer"), 503)])
async def test_no_answer_is_said_with_its_reason(fault: Exception, status: int) -> None:
    async def what_if(wishes: Sequence[Wish]) -> WhatIf:
        raise fault

    async with client(what_if=what_if) as asking:
        answer = await asking.post("/api/outlook", json={"changes": [GOOD]})
    assert (answer.status_code, answer.json()["detail"]) == (status, str(fault))
