"""The process that runs futures: real ones that answer, crash, stall or say what nobody can read."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable

import pytest

from acd.frozen import Copied
from acd.outlook import asked, child
from acd.outlook.asked import LENGTH, Answer, Asked, Changes, framed
from acd.outlook.process import Process
from acd.outlook.scene import trimmed
from acd.prospects import MoreCalls, Unanswered
from routing.world import World
from tests.fakes.beliefs import believed
from tests.fakes.centre import Bench

MINUTE = 60_000
ENDLESS = "sys.stdin.buffer.read()"
CRASHES = "import os, sys; sys.stdin.buffer.read(4); os._exit(3)"
STALLS = f"import sys; {ENDLESS}"


def says(answer: str) -> str:
    """A program that answers these bytes, whatever it is asked."""
    return f"import sys; sys.stdout.buffer.write({answer}); sys.stdout.flush(); {ENDLESS}"


GARBAGE = says(r"b'\0\0\0\2no'")
TOO_MUCH = says(r"b'\xff\xff\xff\xff'")
ANOTHER = says(r"b'\0\0\0\5[999]'")


def waiting_bench() -> Bench:
    """Birgit talks, two callers wait."""
    bench = Bench()
    bench.login("p02")
    for uid in ("1", "2", "3"):
        bench.call(uid)
    return bench


def question(number: int = 1, *, futures: int = 30, changes: Changes | None = None) -> Asked:
    bench = waiting_bench()
    now = bench.now
    world = Copied(trimmed(bench.engine.world)).frozen().decode()
    until = now + 60 * MINUTE
    return Asked(number, world, now, until, until, 1, futures, 60_000, believed(), changes)


@pytest.fixture
async def begin() -> AsyncIterator[Callable[..., Process]]:
    """Makes processes, and ends them."""
    made: list[Process] = []

    def one(code: str = "", deadline_s: float = 60) -> Process:
        command = (sys.executable, "-c", code) if code else ()
        made.append(Process(deadline_s, command) if code else Process(deadline_s))
        return made[-1]

    yield one
    for each in made:
        await each.close()


async def test_it_answers_again_and_again(begin: Callable[..., Process]) -> None:
    process = begin()
    first, second = await process.ask(question(1)), await process.ask(question(2))
    assert (first.number, second.number) == (1, 2)
    assert first.futures == 30
    assert len(first.callers) == 2
    assert first.callers == second.callers  # the same question, the same chance


async def test_what_if_is_answered_too(begin: Callable[..., Process]) -> None:
    found = await begin().ask(question(changes=Changes(calls=(MoreCalls(1.0),))))
    assert found.what_if is not None
    assert found.what_if.answered is not None
    assert found.what_if.answered.difference == (0, 0, 0)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (CRASHES, "ended|failed"),
        (GARBAGE, "failed"),
        (TOO_MUCH, "failed"),
        (ANOTHER, "something else"),
    ],
)
async def test_what_it_does_wrong_is_said_and_it_is_begun_anew(
    begin: Callable[..., Process], code: str, said: str
) -> None:
    process = begin(code)
    for _ in range(2):
        with pytest.raises(Unanswered, match=said):
            await process.ask(question())
        assert process.running is None


async def test_one_that_stalls_is_killed(begin: Callable[..., Process]) -> None:
    process = begin(STALLS, 0.2)
    with pytest.raises(Unanswered, match="no answer"):
        await process.ask(question())
    assert process.running is None


async def test_a_question_that_nobody_waits_for_leaves_no_process(begin: Callable[..., Process]) -> None:
    """Its answer would be taken for that of the next one."""
    process = begin(STALLS)
    asking = asyncio.create_task(process.ask(question()))
    while process.running is None:  # noqa: ASYNC110 a test of the loop itself
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert process.running is None


async def test_a_fault_in_a_future_is_an_answer(begin: Callable[..., Process]) -> None:
    process = begin()
    with pytest.raises(Unanswered, match=r"ValidationError|ValueError"):
        await process.ask(question()._replace(world='{"now_ms": "no"}'))
    assert (await process.ask(question(2))).number == 2


def test_frames_are_read_as_they_were_written() -> None:
    ask = question(changes=Changes(calls=(MoreCalls(2.0),)))
    frame = framed(ask)
    assert LENGTH.unpack(frame[:4])[0] == len(frame) - 4
    assert asked.asked(frame[4:]) == ask
    answer = Answer(7, 30, 12, child.answered(ask._replace(changes=None)).callers)
    assert asked.answer(framed(answer)[4:]) == answer


def test_so_many_futures_as_the_processor_time_allows_but_not_too_few() -> None:
    budget = child.Budget(1_000, 0)
    assert not budget.one_more()  # far over at once
    budget = child.Budget(child.FUTURES_LEAST, 10**9)
    assert [budget.one_more() for _ in range(child.FUTURES_LEAST + 1)][-2:] == [True, False]
    budget = child.Budget(10**9, 10**9)
    budget.began -= child.MOST_S + 1
    assert not budget.one_more()  # who asks waits no longer
    answer = child.answered(question()._replace(cpu_ms=0))
    assert "processor time" in answer.fault


def test_a_world_without_rules_has_no_outlook() -> None:
    answer = child.answered(question()._replace(world=Copied(World()).frozen().decode()))
    assert answer.fault
