"""What pages and API are told of the hotline: whole, of one moment, made once for all who look."""

import asyncio

import httpx
import pytest

from acd.frozen import Copied
from acd.ports import QueueFull
from acd.web import explaining
from acd.web.deps import ServiceLevel
from acd.web.explaining import Explaining
from acd.web.shapes import Board, Explanation, State
from acd.web.shown import PIECE, Shown
from agents.model import Roster
from routing.explain import candidates, idle
from tests.fakes.centre import PHONES, Bench, person
from tests.fakes.pages import app_of, picture_of, waiting_bench

LEVEL = ServiceLevel("all_offered", "since_queue", 20, 1, 2, 1, 1, 0.1, 0.9)


async def level() -> ServiceLevel:
    return LEVEL


def crowd(people: int) -> Bench:
    return Bench(
        roster=Roster(tuple(person(f"a{i:04}", f"p{i}", {"de": 7}, {"other": 5}) for i in range(people)))
    )


@pytest.mark.parametrize("people", [1, PIECE, PIECE + 1])
async def test_the_text_is_the_board_field_by_field(people: int) -> None:
    bench = crowd(people)
    bench.call("1")
    picture = picture_of(bench, 0)
    state = State.model_validate_json(await Shown(picture, level, lambda: 0).text())
    assert state.board == Board.model_validate(picture())
    assert state.service_level.model_dump() == LEVEL._asdict()


async def test_it_is_made_once_for_all_who_look_and_anew_after_a_change() -> None:
    bench, made, version = waiting_bench(), [0], [0]
    picture = picture_of(bench, 0)

    def board() -> object:
        made[0] += 1
        return picture()

    shown = Shown(board, level, lambda: version[0])  # type: ignore[arg-type]
    texts = await asyncio.gather(*(shown.text(60.0) for _ in range(50)))
    assert (made[0], len(set(texts))) == (1, 1)
    version[0] += 1
    bench.login(PHONES[0])
    assert await shown.text(60.0) == texts[0], "old enough for a page"
    assert "amal" in str(State.model_validate_json(await shown.text()).board.staff)
    assert made[0] == 2


async def test_explaining_on_a_copy_says_what_the_world_says() -> None:
    bench = waiting_bench()
    bench.login(*PHONES[:1])
    world = bench.engine.world
    found = await Explaining(lambda: world, lambda: world.now_ms)()
    assert [each.visit.id for each in found.waiting] == [v.id for v in world.visits.values() if v.queued_ms]
    assert [each.candidates for each in found.waiting] == [
        candidates(world, world.rules, each.visit) for each in found.waiting
    ]
    assert found.idle == idle(world, world.rules)
    one = found.waiting[-1].visit.id
    alone = await Explaining(lambda: world, lambda: world.now_ms)(one)
    assert [each.visit.id for each in alone.waiting] == [one]
    said = Explanation.model_validate_json(Explanation.told(found))
    assert [each.visit for each in said.waiting] == [each.visit.id for each in found.waiting]
    assert len(said.waiting[0].candidates) == len(world.people)


def test_an_answer_has_room_for_so_many_pairs_and_says_how_many_callers_it_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = waiting_bench()
    monkeypatch.setattr(explaining, "PAIRS_MAX", 2 * len(PHONES))
    found = explaining.explained(Copied(bench.engine.world), bench.now, None)
    assert (len(found.waiting), found.left_out) == (2, 2)
    monkeypatch.setattr(explaining, "PAIRS_MAX", 0)
    found = explaining.explained(Copied(bench.engine.world), bench.now, None)
    assert (len(found.waiting), found.left_out) == (1, 3)


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
    async def full(*_: object) -> None:
        raise QueueFull("20000 events wait to be decided")

    app = app_of(picture_of(waiting_bench(), 0), staff=full)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://localhost",
        headers={"Authorization": "Bearer test"},
    ) as client:
        answer = await client.post("/api/staff/amal/login")
    assert (answer.status_code, answer.json()) == (503, {"detail": "20000 events wait to be decided"})
