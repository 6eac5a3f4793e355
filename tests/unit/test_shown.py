"""What pages and API are told of the hotline: whole, of one moment, made once for all who look."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from acd.changes import Changes
from acd.ports import QueueFull
from acd.web.deps import Explained, ServiceLevel, StaffSource
from acd.web.pieces import PIECE
from acd.web.shapes import Board, Candidate, Explanation, State
from acd.web.shown import Shown
from agents.model import Team
from routing.explain import Candidate as ExplainedCandidate
from routing.explain import Idle, Sought, candidates, look
from tests.fakes.centre import PHONES, Bench, person
from tests.fakes.pages import app_of, picture_of, waiting_bench

LEVEL = ServiceLevel("all_offered", "since_queue", 20, 1, 2, 1, 1, 0.1, 0.9)


def source() -> StaffSource:
    return StaffSource("import", 5, 15, 3)


async def level() -> ServiceLevel:
    return LEVEL


def asking(app: FastAPI) -> httpx.AsyncClient:
    given = {"Authorization": "Bearer test"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", headers=given)


def crowd(people: int) -> Bench:
    return Bench(
        roster=Team(tuple(person(f"a{i:04}", f"p{i}", {"de": 7}, {"other": 5}) for i in range(people)))
    )


@pytest.mark.parametrize("people", [1, PIECE, PIECE + 1])
async def test_the_text_is_the_board_field_by_field(people: int) -> None:
    bench = crowd(people)
    bench.call("1")
    picture = picture_of(bench, 0)
    state = State.model_validate_json(
        await Shown(picture, level, lambda: {"journal": "ok", "vault": "away"}, Changes(), source, str).text()
    )
    assert state.board == Board.model_validate(picture())
    assert state.service_level.model_dump() == LEVEL._asdict()
    assert state.staff_source.model_dump() == source()._asdict()


async def test_it_is_made_once_for_all_who_look_and_anew_after_a_change() -> None:
    bench, made, changes = waiting_bench(), [0], Changes()
    picture = picture_of(bench, 0)

    def board() -> object:
        made[0] += 1
        return picture()

    shown = Shown(board, level, dict, changes, source, str)  # type: ignore[arg-type]
    texts = await asyncio.gather(*(shown.text(0.05) for _ in range(50)))
    assert (made[0], len(set(texts))) == (1, 1)
    bench.login(PHONES[0])
    changes.touch()
    texts = await asyncio.gather(*(shown.text(0.05) for _ in range(50)))
    assert made[0] == 2
    for text in texts:
        staff = State.model_validate_json(text).board.staff
        assert next(each.state for each in staff if each.id == "amal") == "reserved", "no change is missing"


async def test_a_change_while_it_is_made_is_in_the_next_one() -> None:
    bench, changes = waiting_bench(), Changes()

    async def slow() -> ServiceLevel:
        await asyncio.sleep(0)
        return LEVEL

    shown = Shown(picture_of(bench, 0), slow, dict, changes, source, str)
    first = asyncio.ensure_future(shown.text())
    await asyncio.sleep(0)
    bench.login(PHONES[0])
    changes.touch()
    second = await shown.text()
    await first
    staff = State.model_validate_json(second).board.staff
    assert next(each.state for each in staff if each.id == "amal") == "reserved"


async def test_an_explanation_has_the_fields_that_its_shape_names() -> None:
    bench = waiting_bench()
    bench.login(*PHONES[:1])
    engine, world, now = bench.engine, bench.engine.world, bench.now
    assert engine.index is not None
    found = list(look(engine.index, world, world.rules, now))
    callers = tuple(each for each in found if isinstance(each, Sought))
    people = tuple(each for each in found if isinstance(each, Idle))
    visit = callers[0].visit
    whole = tuple(candidates(engine.index, world, world.rules, visit, now))

    async def explain() -> Explained:
        return Explained(now, callers, people)

    async def explain_visit(_: int) -> tuple[ExplainedCandidate, ...]:
        return whole

    app = app_of(picture_of(bench, 0), explain=explain, explain_visit=explain_visit)
    async with asking(app) as client:
        said = Explanation.model_validate((await client.get("/api/explain")).json())
        verdicts = (await client.get(f"/api/explain/{visit.id}")).json()
    assert [(each.visit, each.people) for each in said.waiting] == [
        (each.visit.id, dict(each.people)) for each in callers
    ]
    assert [(each.agent, each.callers) for each in said.idle] == [
        (each.agent, dict(each.callers)) for each in people
    ]
    assert [Candidate.model_validate(each) for each in verdicts] == [
        Candidate.model_validate(each) for each in whole
    ]


async def test_of_many_people_small_cells_are_worked_out_beside_the_loop() -> None:
    """Until they are known all are shown as one: nobody is shown apart by haste."""
    bench = crowd(51)
    bench.call("1")
    picture = picture_of(bench, 3)
    assert [each.language for each in picture().waiting] == ["*"]
    async with asyncio.timeout(10):
        while picture().waiting[0].language == "*":  # noqa: ASYNC110 no event here
            await asyncio.sleep(0.001)


async def test_a_full_queue_is_said_and_can_be_tried_again() -> None:
    class Full:
        async def staff(self, *_: object) -> None:
            raise QueueFull("20000 events wait to be decided")

    async with asking(app_of(picture_of(waiting_bench(), 0), steering=Full())) as client:
        answer = await client.post("/api/staff/amal/login")
    assert (answer.status_code, answer.json()) == (503, {"detail": "20000 events wait to be decided"})
