"""What somebody can do is changed for good: in force at once and after a restart, undone, never unknowingly
in place of the configuration file's staff."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from acd.cli import app
from acd.daemon import Wraps, composed
from acd.demo import admitted
from acd.demo.hotline import configured
from acd.identity import Role
from acd.ports import Arrival, QueueFull
from acd.term import Daemon
from agents.model import Cefr
from config.load import load
from routing import events as ev
from tests.unit.test_acts import SOURCE

AMAL = {"languages": {"ar": "native", "de": "C1"}, "concerns": {"study": 4}}
CAN = ((("ar", 7), ("de", 5)), (("study", 4),))


class Office:
    """A running daemon, asked by an administrator and by a supervisor."""

    def __init__(self, daemon: Daemon, cookies: Mapping[Role, str]) -> None:
        self.daemon, self.cookies = daemon, cookies

    async def post(
        self, path: str, body: Mapping[str, Any], role: Role = Role.ADMINISTRATOR
    ) -> tuple[int, Any]:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(self.daemon.app),
            base_url="http://localhost",
            cookies={"acd": self.cookies[role]},
            headers={"Origin": "http://localhost"},
        ) as asking:
            page = await asking.get("/account")
            csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
            answer = await asking.post(path, json=body, headers={"x-acd-csrf": csrf})
            return answer.status_code, answer.json().get("detail", "")

    async def good(self, agent: str = "amal", **body: Any) -> tuple[int, Any]:
        return await self.post(f"/api/lead/staff/{agent}/skills-for-good", body)

    def can(self, agent: str = "amal") -> Any:
        found = self.daemon.runner.engine.world.people[agent].agent
        return found.languages, found.concerns

    async def last(self, kind: type) -> ev.Envelope:
        return [each async for each in self.daemon.stores.journal.read(0) if isinstance(each.event, kind)][-1]

    async def audit(self) -> list[tuple[str, str, str, int]]:
        query = (
            "select actor, action, subject, length(reason) as why from audit where action = 'skills_for_good'"
        )
        async with self.daemon.stores.records.engine.connect() as records:
            return [tuple(row) for row in await records.execute(text(f"{query} order by id"))]


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        daemon = await composed(stack, path, load(path), Wraps())
        deciding = asyncio.create_task(daemon.runner.run())
        await daemon.runner.settled.wait()
        centre = daemon.rules.centre
        made = {
            role: await admitted.person(centre, role, role.title(), role)
            for role in (Role.ADMINISTRATOR, Role.SUPERVISOR)
        }
        yield Office(daemon, made)
        daemon.runner.stop()
        await deciding


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return configured(SOURCE, tmp_path, {})


async def test_the_staff_of_the_file_is_left_only_where_that_is_said(path: Path) -> None:
    async with running(path) as office:
        before = office.can()
        assert await office.good(**AMAL) == (409, "staff_of_file")
        assert office.can() == before
        assert await office.good(**AMAL, leave_file=True, reason="Kurs bestanden") == (200, "")
        assert office.can() == CAN
        told = await office.last(ev.TeamChanged)
        assert told.actor == f"person:{Role.ADMINISTRATOR}"
        assert (len(told.reason), "Kurs" in repr(told)) == (32, False)
        ((actor, _, subject, why),) = await office.audit()
        assert (actor, why) == (f"person:{Role.ADMINISTRATOR}", 32)
        assert subject.startswith("person amal: ")
        assert office.daemon.rules.staff is not None
        assert office.daemon.rules.staff.source == "import"
        others = {each.id: each for each in office.daemon.rules.staff.team.agents}
        assert len(others) == len(office.daemon.rules.centre.staff)
    async with running(path) as again:
        assert again.can() == CAN
        assert (await again.daemon.rules.reload()).faults == ()
        assert again.can() == CAN
        assert await again.good(undo=True) == (200, "")
        assert again.can() == before
        assert await again.good(undo=True) == (200, "")
        assert again.can() == CAN
        await again.daemon.hourly.once()
        assert again.can() == CAN
    given = ["staff", "from-file", "--config", str(path)]
    done = await asyncio.to_thread(CliRunner().invoke, app, given)
    assert done.exit_code == 0, done.output
    async with running(path) as back:
        assert back.can() == before
        assert await back.good(undo=True) == (409, "nothing_to_undo")


async def test_it_takes_the_place_of_what_was_said_for_today(path: Path) -> None:
    async with running(path) as office:
        lent = {"languages": {"tr": "C2"}, "concerns": {}}
        assert await office.post("/api/lead/staff/amal/skills", lent, Role.SUPERVISOR) == (200, "")
        assert office.can() == ((("tr", int(Cefr.C2)),), ())
        assert await office.good(**AMAL, leave_file=True) == (200, "")
        assert office.can() == CAN
        assert office.daemon.runner.engine.world.lent == {}


async def test_what_cannot_be_is_refused_with_a_code_and_changes_nothing(path: Path) -> None:
    async with running(path) as office:
        before = office.can()
        for agent, body, answer in (
            ("amal", AMAL | {"languages": {"xx": "C1"}}, (409, "unknown_language")),
            ("amal", AMAL | {"concerns": {"nosuch": 1}}, (409, "unknown_concern")),
            ("amal", {"concerns": {"study": 1}}, (409, "no_language")),
            ("amal", {"undo": True}, (409, "nothing_to_undo")),
            ("nobody", AMAL, (404, "unknown_person")),
        ):
            assert (
                await office.good(agent, **body, **({} if "undo" in body else {"leave_file": True})) == answer
            )
        assert await office.post("/api/lead/staff/amal/skills-for-good", AMAL, Role.SUPERVISOR) == (
            403,
            "denied",
        )
        assert await office.good(**AMAL, leave_file=True) == (200, "")
        assert await office.good(**AMAL) == (409, "as_it_is")
        assert (office.can(), len(await office.audit())) == (CAN, 1)
        assert before != CAN


async def test_what_was_kept_and_not_told_is_told_by_who_says_it_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue was full, or the request was cut off in between."""
    async with running(path) as office:
        assert await office.good(**AMAL, leave_file=True) == (200, "")
        asks, more = office.daemon.runner.ask, AMAL | {"concerns": {"study": 5}}

        async def full(arrival: Arrival) -> Any:
            raise QueueFull

        monkeypatch.setattr(office.daemon.runner, "ask", full)
        assert (await office.good(**more))[0] == 503
        monkeypatch.setattr(office.daemon.runner, "ask", asks)
        assert office.can() == CAN
        assert await office.good(**more) == (200, "")
        assert office.can() == (CAN[0], (("study", 5),))
        assert [each[2] for each in await office.audit()][-1] == "person amal: study 4 to 5"
        assert await office.good(**more) == (409, "as_it_is")
