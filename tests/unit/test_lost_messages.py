"""A message whose sound is gone is over: nobody is rung for it, and the records say why."""

import asyncio
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from acd import recordings
from acd.lost_messages import LONGEST_DAYS, LostMessages, Where, gone, waiting, where
from acd.ports import Arrival, QueueFull
from acd.store.purging import UNENDED
from config.load import SHIPPED, load
from config.tables.message import Message
from routing import events as ev
from routing import facts
from routing.callback import MESSAGE_GONE
from routing.commands import CallBack
from routing.world import Visit
from tests.fakes.centre import Bench
from tests.unit.test_callbacks import bench, callbacks, dials, leg, said, sent

DAY_MS = 86_400_000


def left(made: Bench, uid: str) -> Visit:
    """Somebody left a message and hung up; what waits to be heard."""
    made.call(uid)
    made.tell(ev.MessageLeft(leg(uid), f"{uid}-message"))
    made.tell(ev.LegEnded(leg(uid), 16))
    return callbacks(made)[-1]


class Running:
    """A runner with a real engine, that decides at once."""

    def __init__(self, made: Bench, full: bool = False) -> None:
        self._made = made
        self._full = full
        self.engine = made.engine
        self.settled = asyncio.Event()
        self.settled.set()
        self.effects: list[Any] = []

    def submit(self, arrival: Arrival) -> None:
        if self._full:
            raise QueueFull
        self.effects.append(self._made.tell(arrival.event))


def looking(runner: Running, folder: Path | None, days: int = 14) -> LostMessages:
    return LostMessages(
        runner,  # type: ignore[arg-type]
        lambda: Where(folder, days),
        lambda: runner.engine.world.now_ms,
    )


def purged(folder: Path) -> None:
    recordings.delete_older(folder, 100.0, recordings.MESSAGES)


def erased(folder: Path) -> None:
    recordings.delete_of(folder, ["1.1"])


@pytest.mark.parametrize("delete", [purged, erased])
async def test_whoever_deletes_the_file_the_message_is_over_and_nobody_is_rung(
    delete: Callable[[Path], None], tmp_path: Path
) -> None:
    made = bench()
    lost, kept = left(made, "1.1"), left(made, "2.2")
    for visit in (lost, kept):
        (tmp_path / f"{visit.message}.wav").touch()
    os.utime(tmp_path / "1.1-message.wav", (50, 50))
    runner = Running(made)
    await looking(runner, tmp_path).look()
    assert runner.effects == []
    delete(tmp_path)
    await looking(runner, tmp_path).look()
    (ended,) = said(facts.VisitEnded, *runner.effects)
    assert (ended.visit, ended.outcome) == (lost.id, facts.CANCELLED)
    assert (ended.ended_by, ended.reason) == (facts.BY_PBX, MESSAGE_GONE)
    made.login("p02", "p03")
    assert [each.visit for each in sent(CallBack, *made.effects)] == [kept.id]


async def test_one_that_somebody_hears_at_the_moment_goes_on_and_is_over_if_it_comes_back(
    tmp_path: Path,
) -> None:
    made = bench()
    visit = left(made, "1.1")
    made.login("p02")
    dials(made)
    runner = Running(made)
    await looking(runner, tmp_path).look()
    assert runner.effects == []
    refused = made.tell(ev.MessageGone(visit.id))
    assert said(facts.EventRefused, refused)
    assert said(facts.VisitEnded, refused) == []


def test_a_folder_that_is_away_ends_only_what_is_past_its_time() -> None:
    made = bench()
    old, young = left(made, "1.1"), left(made, "2.2")
    young.arrived_ms += 10
    there = frozenset({"3.3-message.wav"})
    assert gone([old, young], there, 0) == [old.id, young.id]
    assert gone([old, young], frozenset(), 0) == []
    assert gone([old, young], frozenset(), young.arrived_ms) == [old.id]
    assert gone([young], frozenset(), 0) == [young.id]
    assert gone([young], None, 0) == [], "no folder: where they lie is not known"
    assert gone([old, young], None, young.arrived_ms) == [old.id]
    assert waiting(made.engine.world) == [old, young]


async def test_what_the_intake_does_not_take_is_met_again(tmp_path: Path) -> None:
    made = bench()
    visit = left(made, "1.1")
    await looking(Running(made, full=True), tmp_path).look()
    runner = Running(made)
    await looking(runner, tmp_path).look()
    assert [each.visit for each in said(facts.VisitEnded, *runner.effects)] == [visit.id]


def test_no_message_waits_longer_than_the_records_count_on() -> None:
    longest = next(each.le for each in Message.model_fields["days"].metadata if hasattr(each, "le"))
    assert longest == LONGEST_DAYS
    assert timedelta(days=LONGEST_DAYS) < UNENDED
    centre = load(SHIPPED)
    assert where(centre.model_copy(update={"message": None})) == Where(None, LONGEST_DAYS)
    taken = SimpleNamespace(folder="messages", days=3)
    found = where(centre.model_copy(update={"message": taken}))
    assert (found.days, found.folder) == (3, centre.path("messages"))
