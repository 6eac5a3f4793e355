"""A world as bytes: of one moment whatever happens to it since, the same again, and in small pieces."""

import asyncio
from itertools import count

import pytest
from pydantic import TypeAdapter

from acd import frozen, keeping, replay
from acd.frozen import PIECE, Copied, thawed
from routing import events as ev
from routing.commands import Connect
from routing.engine import Engine
from routing.world import World
from tests.fakes.centre import NODE, PHONES, Bench
from tests.fakes.live import Live

WHOLE: TypeAdapter[World] = TypeAdapter(World)


def busy() -> Bench:
    """Talks, rings, wrap-ups, callers who wait, and a menu."""
    bench = Bench()
    bench.login(*PHONES)
    numbers = count(1)
    for language in ("de", "tr", "ar", "de", "uk"):
        for command in bench.call(str(next(numbers)), language).commands:
            if isinstance(command, Connect):
                answered(bench, command, f"x{next(numbers)}", talks=language != "ar")
    return bench


def answered(bench: Bench, command: Connect, uid: str, *, talks: bool) -> None:
    leg = ev.Leg(NODE, uid)
    bench.tell(ev.DialBegan(command.caller, leg, command.reach.address))
    bench.tell(ev.PhoneRang(leg))
    if talks:
        bench.tell(ev.Bridged(command.caller, leg, command.reach.address))


def test_a_copy_stays_as_it_was_while_everything_moves_on() -> None:
    """Each kind of record changes after it: visits, offers, people with what they do, links and devices."""
    bench = busy()
    world = bench.engine.world
    before = WHOLE.dump_python(world)
    assert world.offers
    assert any(person.engagements for person in world.people.values())
    copied = Copied(world)
    for leg in [leg.leg for visit in world.visits.values() for leg in visit.legs]:
        bench.tell(ev.LegEnded(leg, 16), 2_500)
    bench.tell(ev.DeviceChanged(PHONES[0], "INUSE", NODE))
    bench.tell(ev.LinkDown("test", NODE), 10_000)
    assert WHOLE.dump_python(bench.engine.world) != before
    assert WHOLE.dump_python(thawed(copied.frozen())) == before


def test_a_thawed_world_decides_the_same() -> None:
    bench = busy()
    engine, seq = replay.thaw(replay.freeze(bench.engine, 7))
    assert (seq, engine.world) == (7, bench.engine.world)
    step = (ev.StaffAsked("", PHONES[0], "notready", "break", None), bench.now + 10_000)
    assert engine.step(*step) == bench.engine.step(*step)


def test_a_world_that_an_older_release_kept_in_one_piece_is_read() -> None:
    world = busy().engine.world
    assert thawed(WHOLE.dump_json(world)) == world


def test_a_large_table_is_spread_over_many_pieces() -> None:
    bench = Bench()
    for uid in range(3 * PIECE):
        bench.call(str(uid))
    pieces = list(Copied(bench.engine.world).pieces())
    assert len([piece for piece in pieces if piece.startswith(b'\n{"visits"')]) == 3
    assert max(map(len, pieces)) < 300_000
    assert thawed(b"".join(pieces)) == bench.engine.world


async def test_a_copy_is_taken_and_written_down_beside_others(monkeypatch: pytest.MonkeyPatch) -> None:
    world = busy().engine.world
    monkeypatch.setattr(frozen, "COPIED_AT_ONCE", 1)
    copied = await Copied.beside(world)
    assert await copied.frozen_beside() == copied.frozen() == Copied(world).frozen()


async def test_the_world_is_kept_as_it_was_after_one_event_while_others_come_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The loop that decides waits for the copy: what comes meanwhile is decided after it."""
    monkeypatch.setattr(frozen, "COPIED_AT_ONCE", 1)
    monkeypatch.setattr(keeping, "EVERY", 10)
    live = await Live().up(*PHONES)
    legs = [live.calls(str(number)) for number in range(20)]
    running = asyncio.ensure_future(live.runner.run())
    while not live.journal.snapshots:
        live.says(ev.LegEnded(legs.pop(), 16) if legs else ev.DeviceChanged("p99", "INUSE", NODE))
        await asyncio.sleep(0)
    live.runner.stop()
    await running
    kept = live.journal.snapshots[0]
    again = Engine()
    for each in live.journal.events:
        if each.seq <= kept.seq:
            again.step(each.event, each.at_ms)
    assert thawed(kept.world) == again.world
