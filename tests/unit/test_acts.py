"""Whatever changes what happens to callers, staff or the hotline stands in the audit, and why it was done
stands in words in the vault alone: every way in is walked, over a daemon as it is composed."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text
from typer.testing import CliRunner

from acd.cli import app
from acd.daemon import Wraps, composed
from acd.demo import admitted
from acd.demo.hotline import PROJECT, configured
from acd.identity import Action
from acd.ports import Arrival
from acd.term import Daemon
from acd.web.door import READS, is_unasked
from config.load import load
from routing import events as ev
from tests.unit.test_rights import rights, walked

SOURCE = PROJECT / "config" / "welcomecenter.toml"
WORDS = "Frau Kaya weint am Telefon"
OTHERS = frozenset({Action.OWN_DESK, Action.OWN_ACCOUNT, Action.MANAGE_PEOPLE})
"""Of what is one's own, or goes through the accounts, which keep their own audit (test_people)."""
CHANGE_NOTHING = frozenset({"/announcement", "/api/outlook", "/api/resync", "/history/visits", "/sign-out"})
ELSEWHERE = frozenset(
    {"POST /api/lead/visits/{visit}/listen", "POST /api/lead/not-reached/{visit}/callback",
     "POST /api/lead/visits/{visit}/cancel", "DELETE /api/announcement/recordings/{name}"}
)  # fmt: skip
"""What cannot be done without an agreement, a past day, a callback or a recording: test_listening,
test_not_reached, test_lead, and here below."""
REASON: Mapping[str, Any] = {"reason": WORDS}
MORNING: Mapping[str, Any] = {"how": "on", "until_ms": 0, "reason": WORDS}
ACTS: list[tuple[str, Mapping[str, Any] | None, str]] = [
    ("POST /api/staff/{agent}/{what}", REASON, "StaffAsked"),
    ("POST /api/visits/{visit}/class/{name}", REASON, "PriorityGiven"),
    ("POST /api/lead/visits/{visit}/place", {"where": "front", "reason": WORDS}, "VisitPlaced"),
    ("POST /api/lead/visits/{visit}/class", {"name": "partner_office", "on": False, "reason": WORDS},
     "PriorityTaken"),
    ("POST /api/lead/visits/{visit}/need", {"language": "fa", "reason": WORDS}, "NeedGiven"),
    ("POST /api/lead/visits/{visit}/person", {"agent": "birgit", "reason": WORDS}, "PersonNamed"),
    ("POST /api/lead/staff/{agent}/{what}", REASON, "StaffAsked"),
    ("POST /api/lead/visits/{visit}/offer", {"agent": "amal", "reason": WORDS}, "OfferedByHand"),
    ("POST /api/lead/visits/{visit}/pull-back", REASON, "OfferPulledBack"),
    ("POST /api/lead/staff/{agent}/skills", {"languages": {"de": "C1"}, "reason": WORDS}, "SkillsLent"),
    ("POST /api/lead/staff/{agent}/skills-for-good",
     {"languages": {"ar": "native"}, "leave_file": True, "reason": WORDS}, "skills_for_good"),
    ("POST /api/lead/hotline/hours", MORNING | {"how": "open", "language": "", "concern": ""}, "SetByHand"),
    ("POST /api/lead/hotline/reserve/{language}", MORNING, "SetByHand"),
    ("POST /api/lead/hotline/overflow/{rule}", MORNING, "SetByHand"),
    ("POST /api/lead/hotline/drain", MORNING, "SetByHand"),
    ("PUT /api/cases/{reference}", {"owner": "cem"}, "keep_case"),
    ("POST /api/cases/{reference}/visits/{visit}", None, "link_case"),
    ("PUT /api/announcement", {"ends_calls": True, "reason": WORDS}, "AnnouncementSet"),
    ("POST /announcement/off", REASON, "AnnouncementSet"),
    ("POST /announcement/on", REASON, "AnnouncementSet"),
    ("DELETE /api/announcement", REASON, "AnnouncementSet"),
    ("POST /threats/{visit}", {"what": "unblock", "reason": WORDS}, "TokenUnblocked"),
    ("POST /threats/{visit}", {"what": "seen", "reason": WORDS}, "ThreatSeen"),
    ("POST /api/alarms/test", None, "test_alarms"),
    ("POST /api/reload", None, "reload"),
]  # fmt: skip
"""In an order in which each can be done."""


class House:
    """A daemon that decides: one talk with a threat is over, one caller waits, amal is at work."""

    def __init__(self, daemon: Daemon, asking: httpx.AsyncClient) -> None:
        self.daemon, self.asking = daemon, asking
        self.named: dict[str, Any] = {}

    async def tell(self, *events: ev.Event) -> None:
        for each in events:
            await self.daemon.runner.ask(Arrival(each, "test"))

    async def begin(self) -> None:
        one, phone, two = (ev.Leg("pbx1", uid) for uid in ("1.0", "1.1", "2.0"))
        await self.tell(
            ev.PbxSnapshot(
                0, True, (), tuple((phone, "NOT_INUSE") for phone in ("p01", "p04", "p05")), "pbx1"
            ),
            *(
                ev.StaffAsked(each, "", what, "", None)
                for each in ("amal", "birgit")
                for what in ("login", "notready")
            ),
            ev.CallArrived(one, "line"),
            ev.CallerKnown(one, "token", "", ""),
            ev.CallWaiting(one, "de", "other", "", 0, 0),
            ev.Bridged(one, phone, "p04"),
        )
        world = self.daemon.runner.engine.world
        (talk,) = world.visits
        await self.tell(
            ev.ThreatTold(talk, "birgit", "", 3_600_000),
            ev.CallArrived(two, "line"),
            ev.CallerKnown(two, "other", "", ""),
            ev.CallWaiting(two, "tr", "other", "", 0, 0),
        )
        while self.daemon.feed.depth():  # noqa: ASYNC110 no event here
            await asyncio.sleep(0.001)
        self.named = {
            "visit": max(world.visits), "talk": talk, "agent": "amal", "what": "ready", "reference": "K-1",
            "name": "partner_office", "language": self.daemon.rules.centre.routing.reserve[0].language,
            "rule": self.daemon.rules.centre.overflow[0].name,
        }  # fmt: skip

    async def does(self, act: str, body: Mapping[str, Any] | None) -> httpx.Response:
        method, _, path = act.partition(" ")
        named = dict(self.named)
        if path.startswith("/threats") or path.startswith("/api/cases"):
            named["visit"] = named["talk"]
        if act == "POST /api/staff/{agent}/{what}":
            named["what"] = "logout"
            await self.tell(ev.StaffAsked("carlos", "", "login", "", None))
            named["agent"] = "carlos"
        where = path.format(**named)
        if method == "DELETE":
            return await self.asking.delete(where, params=dict(body or {}))
        given = {"data": body} if not path.startswith("/api") else {"json": body}
        return await self.asking.request(method, where, **given)  # type: ignore[arg-type]

    async def audit(self) -> list[tuple[str, str]]:
        """(action, reason), the oldest first."""
        async with self.daemon.stores.records.engine.connect() as records:
            found = await records.execute(text("select action, reason from audit order by id"))
            return [(row.action, row.reason) for row in found]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    overflow = [{"name": "evening", "after_seconds": 60, "then": "closed"}]
    reserve = [{"language": "tr", "level": "B1", "keep": 1, "release_seconds": 60}]
    changes = {"overflow": overflow, "routing": {"reserve": reserve}}
    path = configured(SOURCE, tmp_path, changes)
    async with AsyncExitStack() as stack:
        daemon = await composed(stack, path, load(path), Wraps())
        deciding = asyncio.create_task(daemon.runner.run())
        recording = asyncio.create_task(daemon.feed.run())
        may = frozenset(Action) - {Action.OWN_DESK, Action.OWN_ACCOUNT}
        known = {"Authorization": f"Bearer {await admitted.program(daemon.rules.centre, may)}"}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(daemon.app), base_url="http://localhost", headers=known
        ) as asking:
            made = House(daemon, asking)
            await made.begin()
            yield made
        daemon.runner.stop()
        await deciding
        recording.cancel()


def ways_in(house: House) -> set[str]:
    """Everything that writes and is not one's own."""
    found = set()
    for route in walked(house.daemon.app.routes):  # type: ignore[attr-defined]
        if isinstance(route, APIRoute) and not is_unasked(route.path) and not set(rights(route)) & OTHERS:
            found |= {f"{method} {route.path}" for method in route.methods - READS}
    return {each for each in found if each.partition(" ")[2] not in CHANGE_NOTHING}


async def test_every_way_in_is_walked_here(house: House) -> None:
    assert ways_in(house) - ELSEWHERE == {act for act, _, _ in ACTS}


async def test_each_act_stands_in_the_audit_and_its_reason_in_words_in_the_vault_alone(house: House) -> None:
    missed = {}
    for act, body, action in ACTS:
        before = await house.audit()
        answer = await house.does(act, body)
        lines = (await house.audit())[len(before) :]
        if answer.status_code >= 400 or action not in [line for line, _ in lines]:
            missed[act, str(body)] = (answer.status_code, answer.text[:200], lines)
        elif body and "reason" in body and [len(why) for line, why in lines if line == action] != [32]:
            missed[act, str(body)] = (answer.status_code, "no reference", lines)
    assert missed == {}
    daemon = house.daemon
    told = [each async for each in daemon.stores.journal.read(0)]
    with_words = [repr(each) for each in told if WORDS in repr(each)]
    assert with_words == []
    folder = daemon.rules.centre.path(daemon.rules.centre.store.folder)
    found = {
        each.name for each in folder.rglob("*") if each.is_file() and WORDS.encode() in each.read_bytes()
    }
    assert {name.partition("-")[0] for name in found} <= {"vault.db"}
    assert json.loads((folder / "announcement.json").read_text())["reason"] != ""


def test_commands_that_say_who_works_here_and_which_cases_there_are_stand_in_it_too(tmp_path: Path) -> None:
    config = configured(SOURCE, tmp_path, {})
    people, cases = tmp_path / "staff.csv", tmp_path / "cases.csv"
    cases.write_text("case,state\nK-1,open\n", encoding="utf-8")
    for given in (
        ["staff", "export", str(people)],
        ["staff", "import", str(people)],
        ["staff", "from-file"],
        ["cases", "import", str(cases)],
    ):
        done = CliRunner().invoke(app, [*given, "--config", str(config)])
        assert done.exit_code == 0, done.output
    with closing(sqlite3.connect(tmp_path / "var" / "records.db")) as records:
        lines = records.execute("select action, subject from audit order by id").fetchall()
    assert lines == [("staff_import", "15 people"), ("staff_from_file", ""), ("cases_import", "1 cases")]
