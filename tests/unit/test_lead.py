"""The doors under /api/lead: who may, what the engine is asked, under whose name and with which reason."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

import httpx
import pytest

from acd.acts import NOT_KEPT, Acts
from acd.identity import Asker, Refusal, Role
from acd.steering import Steerings
from config.load import SHIPPED, load
from routing import events as ev
from routing.world import Visit
from tests.fakes.admits import Admits, person
from tests.fakes.live import START, Live
from tests.fakes.pages import app_of, picture_of, waiting_bench

DAY_OVER = START + 86_400_000
"""No day of the test's policy is known, and it never closes: a day from now."""
OURS = {"Origin": "http://localhost", "X-ACD-CSRF": "csrf-ute"}


class Kept:
    """Texts and audit in memory. away: neither takes anything."""

    def __init__(self) -> None:
        self.texts: list[tuple[Mapping[str, str], str, str]] = []
        self.done_: list[tuple[str, str, str, str]] = []
        self.away = False

    async def keep(self, text: Mapping[str, str], about: str, by: str, now_ms: int) -> str:
        if self.away:
            raise OSError("away")
        self.texts.append((text, about, by))
        return f"r{len(self.texts)}"

    async def done(self, by: Asker, action: str, subject: str, reason: str, address: str) -> None:
        if self.away:
            raise Refusal("later")
        self.done_.append((by.actor, action, subject, reason))


class Office:
    """A live loop with a caller who waits and birgit, who is not ready; and the pages over it."""

    def __init__(self, live: Live) -> None:
        self.live, self.kept = live, Kept()
        centre = load(SHIPPED)
        acts = Acts(live.runner, self.kept, self.kept, live.clock.now_ms)
        self.steerings = Steerings(live.runner, acts, lambda: centre, live.clock.now_ms)
        people = Admits(ute=person("ute", Role.SUPERVISOR), bob=person("bob", Role.STAFF))
        picture = picture_of(waiting_bench(), 0)
        self.app = app_of(picture, people=people, steering=self.steerings)

    async def does(self, asked: Awaitable[Any]) -> Any:
        task = asyncio.ensure_future(asked)
        while not task.done():
            await asyncio.sleep(0)
            await self.live.runner.turn()
        return await task

    async def post(self, path: str, body: Mapping[str, Any], who: str = "ute") -> tuple[int, Any]:
        transport = httpx.ASGITransport(self.app)
        asking = httpx.AsyncClient(transport=transport, base_url="http://localhost", cookies={"acd": who})
        async with asking:
            answer = await self.does(asking.post(f"/api/lead{path}", json=body, headers=OURS))
            return answer.status_code, answer.json().get("detail", "")

    @property
    def visit(self) -> Visit:
        return next(iter(self.live.runner.engine.world.visits.values()))

    @property
    def last(self) -> ev.Envelope:
        return self.live.journal.events[-1]


@pytest.fixture
async def office() -> Office:
    live = await Live().up("p02")
    live.put(ev.StaffAsked("birgit", "", "notready", "", None))
    live.calls("1", "tr")
    live.put(ev.CallerKnown(ev.Leg("pbx1", "1"), "token", "", ""))
    await live.runner.turn()
    return Office(live)


async def test_what_is_steered_is_journalled_under_who_did_it_with_a_reference_to_the_reason(
    office: Office,
) -> None:
    path = f"/visits/{office.visit.id}/place"
    assert await office.post(path, {"where": "front", "reason": "weint am Telefon"}) == (200, "")
    assert (office.last.event, office.last.actor) == (ev.VisitPlaced(office.visit.id, "front"), "person:ute")
    assert office.last.reason == "r1"
    assert office.kept.texts == [({"why": "weint am Telefon"}, "token", "person:ute")]
    assert office.kept.done_ == [("person:ute", "VisitPlaced", f"visit {office.visit.id} front", "r1")]
    assert office.visit.place_ms < 0


@pytest.mark.parametrize(
    ("what", "body", "event"),
    [
        ("need", {"language": "de"}, ev.NeedGiven(0, "de", "")),
        ("person", {"agent": "birgit"}, ev.PersonNamed(0, "birgit")),
    ],
)
async def test_each_door_asks_for_its_event(
    office: Office, what: str, body: dict[str, Any], event: Any
) -> None:
    assert await office.post(f"/visits/{office.visit.id}/{what}", body) == (200, "")
    assert office.last.event == event._replace(visit=office.visit.id)
    assert (office.last.reason, office.kept.texts) == ("", [])


@pytest.mark.parametrize(
    ("what", "body", "answer"),
    [
        ("place", {"where": "own_place"}, (409, "as_it_is")),
        ("class", {"name": "nosuch"}, (409, "unknown_class")),
        ("need", {"language": "xx"}, (409, "unknown_language")),
        ("need", {"concern": "nosuch"}, (409, "unknown_concern")),
        ("person", {"agent": "nobody"}, (404, "unknown_person")),
        ("offer", {"agent": "birgit"}, (409, "not_free")),
        ("pull-back", {}, (409, "not_offered")),
        ("cancel", {}, (409, "waiting")),
    ],
)
async def test_what_cannot_be_done_is_refused_with_a_code_and_is_in_no_audit(
    office: Office, what: str, body: dict[str, Any], answer: tuple[int, str]
) -> None:
    assert await office.post(f"/visits/{office.visit.id}/{what}", body) == answer
    assert office.kept.done_ == []


async def test_a_visit_that_is_not_there_keeps_no_reason(office: Office) -> None:
    body = {"where": "front", "reason": "x"}
    assert await office.post("/visits/5/place", body) == (404, "unknown_visit")
    assert office.kept.texts == []


async def test_what_is_steered_does_not_wait_for_vault_and_records(office: Office) -> None:
    office.kept.away = True
    body = {"where": "front", "reason": "x"}
    assert (await office.post(f"/visits/{office.visit.id}/place", body))[0] == 200
    assert office.last.reason == NOT_KEPT


@pytest.mark.parametrize(
    ("path", "body", "event"),
    [
        ("/staff/birgit/ready", {}, ev.StaffAsked("birgit", "", "ready", "", None)),
        (
            "/staff/birgit/notready",
            {"code": "meeting"},
            ev.StaffAsked("birgit", "", "notready", "meeting", None),
        ),
        (
            "/staff/birgit/skills",
            {"languages": {"tr": "B2", "de": "native"}, "concerns": {"other": 3}},
            ev.SkillsLent("birgit", (("de", 7), ("tr", 4)), (("other", 3),), DAY_OVER),
        ),
        (
            "/hotline/hours",
            {"language": "tr", "how": "closed"},
            ev.SetByHand("hours", "tr/", "closed", DAY_OVER),
        ),
        ("/hotline/hours", {"how": "open", "until_ms": 0}, ev.SetByHand("hours", "/", "open", 0)),
        (
            "/hotline/drain",
            {"how": "on", "until_ms": DAY_OVER - 1},
            ev.SetByHand("drain", "", "on", DAY_OVER - 1),
        ),
    ],
)
async def test_each_door_of_people_and_hotline_asks_for_its_event(
    office: Office, path: str, body: dict[str, Any], event: ev.Event
) -> None:
    assert await office.post(path, body | {"reason": "x"}) == (200, "")
    assert (office.last.event, office.last.actor, office.last.reason) == (event, "person:ute", "r1")
    assert [each[0] for each in office.kept.done_] == ["person:ute"]


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        ("/staff/nobody/ready", {}, (404, "unknown_person")),
        ("/staff/birgit/notready", {"code": "nosuch"}, (409, "unknown_reason")),
        ("/staff/amal/ready", {}, (409, "not_logged_in")),
        ("/staff/birgit/skills", {"own": True}, (409, "as_it_is")),
        ("/staff/birgit/skills", {}, (409, "no_language")),
        ("/staff/birgit/skills", {"languages": {"xx": "A1"}}, (409, "unknown_language")),
        ("/staff/birgit/skills", {"languages": {"de": "C1"}, "concerns": {"x": 1}}, (409, "unknown_concern")),
        ("/hotline/hours", {"language": "xx", "how": "closed"}, (409, "unknown_language")),
        ("/hotline/hours", {"concern": "x", "how": "closed"}, (409, "unknown_concern")),
        ("/hotline/hours", {"how": "rules"}, (409, "as_it_is")),
        ("/hotline/reserve/tr", {"how": "off"}, (409, "unknown")),
        ("/hotline/overflow/gone", {"how": "on"}, (409, "unknown")),
        ("/hotline/drain", {"how": "closed"}, (409, "unknown")),
        ("/hotline/drain", {"how": "on", "until_ms": 5}, (409, "over_already")),
    ],
)
async def test_what_cannot_be_set_is_refused_with_a_code(
    office: Office, path: str, body: dict[str, Any], answer: tuple[int, str]
) -> None:
    assert await office.post(path, body) == answer
    assert office.kept.done_ == []


async def test_who_is_not_in_charge_steers_nothing(office: Office) -> None:
    path = f"/visits/{office.visit.id}/place"
    assert (await office.post(path, {"where": "front"}, "bob"))[0] == 403
    assert office.visit.place_ms == 0
