"""The outlook in the daemon: when it looks, what it tells the engine, what happens if nobody answers."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from acd.copies import Copies
from acd.frozen import Copied, thawed
from acd.outlook import service
from acd.outlook.asked import Answer, Asked
from acd.outlook.drawn import Drawn
from acd.outlook.expectation import Remaining
from acd.outlook.prior import Believed, prior
from acd.outlook.process import Process
from acd.outlook.rostered import Duties
from acd.outlook.scene import Scene
from acd.outlook.service import ACTOR, Doors, Outlook, closes
from acd.outlook.shut import Shut
from acd.ports import Arrival
from acd.prospects import BEYOND, Closed, Expectation, Unanswered, WhatIf, Wish
from config.load import SHIPPED, load
from config.people import policy, team
from config.schema import Centre
from routing import events as ev
from routing.facts import AgentChanged, ByHandChanged, Queued
from routing.world import World
from tests.fakes.centre import POLICY, Bench

CENTRE = load(SHIPPED)
HOUR = 3_600_000
NOW = 1_774_341_000_000
"""A Tuesday in March 2026, 9:30 in Essen."""


class FakeProcess:
    """Answers what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Answer] = lambda ask: Answer(ask.number, 150, 100)
        self.begun = self.closed = 0

    async def begin(self) -> None:
        self.begun += 1

    async def ask(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        return self.answer(asked)

    async def close(self) -> None:
        self.closed += 1


class House:
    """An outlook over the world of a bench."""

    def __init__(self, bench: Bench, centre: Centre = CENTRE) -> None:
        self.bench, self.centre = bench, centre
        self.submitted: list[Arrival] = []
        self.alone: frozenset[str] | None = None
        self.still = True
        self.duties = Duties()
        self.process, self.what_if = FakeProcess(), FakeProcess()
        self.learns: Callable[[Centre], Believed] = prior
        self.now: Callable[[], int] = lambda: bench.now
        self.outlook = Outlook(
            Doors(
                lambda: self.still,
                lambda: bench.engine.world,
                self.copied,
                lambda: self.centre,
                self.learned,
                self.rostered,
                self.submitted.append,
                lambda: self.now(),
                lambda: self.alone,
            ),
            self.process,
            self.what_if,
        )

    async def copied(self, view: Callable[[World], World]) -> Copied:
        return Copied(view(self.bench.engine.world))

    async def rostered(self, centre: Centre) -> Duties:
        return self.duties

    async def learned(self, centre: Centre) -> Believed:
        return self.learns(centre)


def bench_at(now: int = NOW, callers: int = 2) -> Bench:
    bench = Bench()
    bench.tell(ev.Elapsed(), now - bench.now)
    for uid in range(callers):
        bench.call(str(uid))
    return bench


async def test_nobody_is_asked_while_nobody_waits() -> None:
    house = House(bench_at(callers=0))
    await house.outlook.once()
    assert house.process.asked == []
    assert house.outlook.waits().state == "nobody waits"
    assert house.outlook.trouble == ""


async def test_those_who_wait_and_the_engine_are_told_from_then_on() -> None:
    """What was found holds from the moment of the freeze; the engine counts from when it is told."""
    bench = bench_at()
    house = House(bench)
    first, second = sorted(bench.engine.world.visits)
    now = bench.now
    found = (
        Expectation(first, "de", "other", 5, 10_000, 20_000, 90_000, 990),
        Expectation(second, "de", "other", 5, BEYOND, BEYOND, BEYOND, 10),
    )

    def answer(ask: Asked) -> Answer:
        house.now = lambda: now + 700
        return Answer(ask.number, 150, 100, found)

    house.process.answer = answer
    await house.outlook.once()
    assert [(each.actor, each.event) for each in house.submitted] == [
        (
            ACTOR,
            ev.WaitsExpected((ev.Expected(first, 9_300, 89_300, 990), ev.Expected(second, 10**9, -1, 10))),
        )
    ]
    waits = house.outlook.waits()
    assert (waits.at_ms, waits.age_ms, waits.futures, waits.callers) == (now, 700, 150, found)
    assert house.outlook.futures_made == 150


async def test_what_is_asked_is_the_world_as_it_is_and_what_is_believed() -> None:
    house = House(bench_at())
    for _ in range(3):
        house.outlook.facts(1, (Queued(house.bench.now, 1, house.bench.now),))
    await house.outlook.once()
    asked = house.process.asked[0]
    world = thawed(asked.world.encode())
    assert world.visits == house.bench.engine.world.visits
    assert world.devices == {}
    assert asked.until_ms - asked.now_ms == CENTRE.outlook.horizon_minutes * 60_000
    assert asked.futures == CENTRE.outlook.futures
    scene = Scene(world, asked.now_ms)
    remaining = Remaining(scene, Drawn(asked.beliefs, scene.policy), 1, asked.until_ms, asked.closes_ms)
    remaining.one_more()
    assert len(remaining.expectations()) == 2


async def test_a_process_that_does_not_answer_is_a_visible_state_and_tells_nothing() -> None:
    house = House(bench_at())
    await house.outlook.once()
    assert house.outlook.waits().state == "ok"

    def fails(ask: Asked) -> Answer:
        raise Unanswered("the process ended (code 3); it is begun anew")

    house.process.answer = fails
    await house.outlook.once()
    assert house.outlook.trouble == "the process ended (code 3); it is begun anew"
    assert house.outlook.waits().callers == ()
    assert house.submitted == []
    house.process.answer = lambda ask: Answer(ask.number, 150, 100)
    await house.outlook.once()
    assert house.outlook.trouble == ""


async def test_a_world_that_is_not_copied_in_time_is_a_visible_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is decided (a journal that is stuck), nobody copies."""
    house = House(bench_at())

    async def never(view: Callable[[World], World]) -> Copied:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(service, "COPY_S", 0.01)
    house.outlook.doors = house.outlook.doors._replace(copied=never)
    await house.outlook.once()
    assert "not copied" in house.outlook.trouble


async def test_without_records_the_last_beliefs_stand() -> None:
    house = House(bench_at())
    learned = prior(CENTRE)._replace(patience_ms=77_000.0)
    house.learns = lambda centre: learned
    await house.outlook.once()

    def away(centre: Centre) -> Believed:
        raise OSError("away")

    house.learns = away
    house.outlook.learn_at = 0.0
    await house.outlook.once()
    house.centre = CENTRE.model_copy()
    await house.outlook.once()
    assert [each.beliefs.patience_ms for each in house.process.asked] == [77_000, 77_000, 360_000]


async def test_while_a_large_step_is_made_the_world_is_not_looked_at() -> None:
    """It is made in a thread, and visits come and go meanwhile."""
    house = House(bench_at())
    house.still = False
    await house.outlook.once()
    with pytest.raises(Unanswered, match="large step"):
        await house.outlook.what_if([Wish("calls", factor=2.0)])
    assert house.process.asked == []


async def test_it_can_be_turned_off() -> None:
    off = CENTRE.model_copy(update={"outlook": CENTRE.outlook.model_copy(update={"enabled": False})})
    house = House(bench_at(), off)
    await house.outlook.once()
    assert (house.process.asked, house.outlook.waits().state) == ([], "off")


async def test_while_no_telephone_system_is_linked_nothing_is_expected() -> None:
    bench = bench_at()
    bench.tell(ev.LinkDown("test"))
    house = House(bench)
    await house.outlook.once()
    assert (house.process.asked, house.outlook.waits().state) == ([], "no link")


@pytest.mark.parametrize(
    ("fact", "looks"),
    [
        (Queued(1, 1, 1), True),
        (AgentChanged(1, "amal", "logged_out", ""), True),
        (AgentChanged(1, "amal", "talking", ""), False),
    ],
)
def test_it_looks_again_when_somebody_joins_comes_or_leaves(fact: Any, looks: bool) -> None:
    outlook = House(bench_at()).outlook
    outlook.facts(1, (AgentChanged(1, "amal", "ready", ""),))
    outlook.changed.clear()
    outlook.facts(2, (fact,))
    assert outlook.changed.is_set() == looks


async def test_what_if_until_closing_and_one_at_a_time() -> None:
    house = House(bench_at())
    inside, go_on = asyncio.Event(), asyncio.Event()
    result = WhatIf(1, 2, 40, None, None, None, ())

    class Slow(FakeProcess):
        async def ask(self, asked: Asked) -> Answer:
            self.asked.append(asked)
            inside.set()
            await go_on.wait()
            return Answer(asked.number, 40, 100, what_if=result)

    slow = Slow()
    outlook = Outlook(house.outlook.doors, house.process, slow)
    asking = asyncio.create_task(outlook.what_if([Wish("calls", factor=2.0)]))
    await inside.wait()
    with pytest.raises(Unanswered, match="another"):
        await outlook.what_if([Wish("calls", factor=2.0)])
    go_on.set()
    assert await asking == result
    assert slow.asked[0].changes is not None
    assert slow.closed == 1


async def test_what_if_by_the_real_process_and_of_few_people_nothing_by_itself() -> None:
    """Turkish is what only one person could serve: its waits stand with those of others that few speak."""
    people = team(CENTRE)
    bench = Bench(policy(CENTRE, NOW), people)
    bench.tell(ev.Elapsed(), NOW - bench.now)
    bench.login(*(each.reach.address for each in people.agents))
    house = House(bench)
    house.alone = frozenset({"de", "en"})
    outlook = Outlook(house.outlook.doors, house.process, Process(60))
    found = await outlook.what_if([Wish("calls", factor=2.0), Wish("leave", at="12:00", how_many=5)])
    assert {each.language for each in found.waits} == {"de", "en", "*"}
    assert found.answered is not None
    assert found.answered.difference.low > 0
    assert found.futures >= 20


async def test_what_if_has_no_answer_when_we_are_closed() -> None:
    bench = bench_at()
    bench.tell(ev.PolicyChanged("closed", bench.engine.world.rules._replace(opening=((0, 1),))))
    with pytest.raises(Closed):
        await House(bench).outlook.what_if([Wish("calls", factor=2.0)])


async def test_a_copy_is_taken_between_two_batches_and_a_bad_view_is_its_owners_fault() -> None:
    world, woken = bench_at().engine.world, []
    copies = Copies(lambda: woken.append(1))

    def bad(world: World) -> World:
        raise ValueError("test")

    good = asyncio.create_task(copies.taken(lambda world: world))
    wrong = asyncio.create_task(copies.taken(bad))
    gone = asyncio.create_task(copies.taken(lambda world: world))
    await asyncio.sleep(0)
    gone.cancel()
    await copies.serve(world)
    assert thawed((await good).frozen()) == world
    with pytest.raises(ValueError, match="test"):
        await wrong
    assert woken == [1, 1, 1]


def test_hours_set_by_hand_say_when_we_close() -> None:
    made = Bench(POLICY._replace(opening=((0, 2_000_000),), days=()))
    world = made.engine.world
    assert closes(world, made.now) == 2_000_000
    made.tell(ev.SetByHand("hours", "/", "closed", 1_500_000))
    assert (closes(world, made.now), closes(world, 1_500_000)) == (0, 2_000_000)
    made.tell(ev.SetByHand("hours", "/", "open", 1_500_000))
    assert closes(world, made.now) == 2_000_000, "it closes no earlier by that"
    made.tell(ev.SetByHand("hours", "/", "open", 2_500_000))
    assert (closes(world, made.now), closes(world, 2_400_000), closes(world, 2_500_000)) == (
        2_500_000,
        2_500_000,
        0,
    )
    made.tell(ev.SetByHand("hours", "/", "open", 0))
    assert closes(world, 2_400_000) == 2_400_000 + 86_400_000, "no day ends here: in a day"
    made.tell(ev.SetByHand("drain", "", "on", 0))
    made.tell(ev.SetByHand("hours", "/", "rules", 0))
    assert closes(world, made.now) == 2_000_000, "who waits is served until then"


async def test_a_time_in_which_nobody_was_let_in_is_no_sign_of_a_quiet_day() -> None:
    """The same few callers in three hours: they say that the day is quiet, unless we were shut for two."""
    rates = []
    for shut in (False, True):
        bench = bench_at()
        house = House(bench)
        await house.outlook.once()
        if shut:
            house.outlook.facts(1, bench.tell(ev.SetByHand("drain", "", "on", 0)).facts)
        house.outlook.facts(2, bench.tell(ev.SetByHand("reserve", "de", "on", 0), HOUR).facts)
        if shut:
            house.outlook.facts(3, bench.tell(ev.SetByHand("hours", "/", "closed", 0), 1).facts)
            house.outlook.facts(4, bench.tell(ev.SetByHand("drain", "", "rules", 0), HOUR).facts)
            house.outlook.facts(5, bench.tell(ev.SetByHand("hours", "/", "rules", 0), 1).facts)
        bench.tell(ev.Elapsed(), NOW + 3 * HOUR - bench.now)
        await house.outlook.once()
        calls = [asked.beliefs.calls for asked in house.process.asked]
        rates.append(calls[-1].rate - calls[0].rate)
    assert rates[1] == pytest.approx(rates[0] / 3, rel=0.35), "a third of the time counts"


def test_it_is_shut_from_the_first_cause_to_the_last() -> None:
    made, followed = Bench(), Shut()
    made.tell(ev.SetByHand("hours", "/", "closed", 0))
    followed.begin(made.engine.world, made.now)
    begun = made.now
    for event in (
        ev.SetByHand("drain", "", "on", 0),
        ev.SetByHand("hours", "/", "open", 0),
        ev.SetByHand("hours", "tr/", "closed", 0),
        ev.SetByHand("drain", "", "rules", 0),
    ):
        for fact in made.tell(event, 100).facts:
            if isinstance(fact, ByHandChanged):
                followed.hear(fact)
    assert followed.spans(made.now + 50) == ((begun, begun + 400),)
    again = made.tell(ev.SetByHand("drain", "", "on", 0), 100).facts
    followed.hear(next(each for each in again if isinstance(each, ByHandChanged)))
    assert followed.spans(made.now + 50) == ((begun, begun + 400), (made.now, made.now + 50))
    followed.begin(made.engine.world, made.now + 60)
    assert followed.spans(made.now + 70) == ((made.now + 60, made.now + 70),)
