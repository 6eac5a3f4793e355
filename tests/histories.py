"""Histories and records for tests: made from arrays, or by the daemon's own engine and recorder."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from acd.store.journal import SqlJournal
from acd.store.open import ready, urls
from acd.store.records import SqlRecorder
from config.schema import Centre
from routing.engine import Engine
from routing.events import Envelope, Event
from routing.facts import Fact
from simulation.drivers.model import Model
from simulation.drivers.reference import Reference
from simulation.records.history import UNKNOWN, History, Ints, day_begins, open_hours
from simulation.records.history import days as days_between
from simulation.scenarios import scenario_file
from simulation.scenarios.year import year

SHIPPED = Path(__file__).resolve().parents[1] / "config" / "planning.toml"
NONE = np.zeros(0, np.int64)


def made(first: date, last: date, arrived: Ints, **given: Any) -> History:
    """Calls that queued at these times; everything else unknown unless given."""
    count = len(arrived)
    zeros, unknown = np.zeros(count, np.int64), np.full(count, UNKNOWN, np.int64)
    columns: dict[str, Any] = {
        "queued": np.ones(count, np.bool_),
        "wait_ms": unknown,
        "ended": zeros,
        "language": zeros,
        "concern": zeros,
        "second": zeros,
        "caller": unknown,
        "names": ("",),
        "talk_ms": NONE,
        "wrap_ms": NONE,
        "offers": {},
        "answer_ms": NONE,
        "away_ms": NONE,
    }
    return History(first=first, last=last, arrived_ms=np.sort(arrived), **{**columns, **given})


def arrivals(
    centre: Centre,
    first: date,
    last: date,
    a_day: float,
    chance: np.random.Generator,
    *,
    by_weekday: tuple[float, ...] = (1.0,) * 7,
    by_hour: tuple[float, ...] = (1.0,) * 24,
    variation: float = 0.0,
) -> Ints:
    """Times of calls: `a_day` on an open day of weight 1, shared out to its hours by weight times open time.

    variation: squared coefficient of variation of a gamma by which whole days are busier; 0 for Poisson.
    """
    dates = days_between(first, last)
    begins, opened = day_begins(centre, first, len(dates)), open_hours(centre, dates)
    found: list[float] = []
    for day, begin, mine in zip(dates, begins, opened, strict=True):
        weight = mine * np.array(by_hour)
        if weight.sum() == 0:
            continue
        busy = chance.gamma(1 / variation, variation) if variation else 1.0
        expected = a_day * by_weekday[day.weekday()] * busy * weight / weight.sum()
        for hour, count in enumerate(chance.poisson(expected).tolist()):
            found += (begin + hour * 3_600_000 + chance.random(count) * mine[hour]).tolist()
    return np.sort(np.array(found, np.float64)).astype(np.int64)


async def record(folder: Path, batches: list[tuple[int, list[Fact]]]) -> Path:
    """What happened, written by the daemon's recorder; the path of its file."""
    recorder = SqlRecorder(await ready("records", urls(folder, {})["records"]))
    for begin in range(0, len(batches), 2_000):
        await recorder.record(batches[begin : begin + 2_000])
    await recorder.close()
    return folder / "records.db"


async def journal(path: Path, events: list[tuple[Event, int]]) -> Path:
    """Events with their times, as the daemon would have written them down."""
    written = await SqlJournal.open(await ready("journal", f"sqlite+aiosqlite:///{path}"))
    told = [Envelope(seq, 1, at, "pbx", "", 0, event) for seq, (event, at) in enumerate(events, 1)]
    for begin in range(0, len(told), 2_000):
        await written.append(told[begin : begin + 2_000])
    await written.close()
    return path


def weeks_of_calls(weeks: int, people: int = 5, cases: int = 12_000) -> Model:
    """So many weeks of the shipped centre of 2023 as a busy hotline, from its warm-up on."""
    scenario = scenario_file.load(SHIPPED, "2023_flow")
    scenario = scenario.changed({"staff.people": people, "cases.per_year": cases})
    model = year(scenario, case_work=False).model
    end = model.begin_ms + weeks * 7 * 86_400_000
    return model._replace(
        end_ms=end,
        arrivals=tuple(each for each in model.arrivals if each.end_ms <= end),
        shifts=tuple(each for each in model.shifts if each.at_ms < end),
    )


def simulated(model: Model, seed: int) -> list[tuple[int, list[Fact]]]:
    """What the daemon's engine says happened in a simulated centre."""
    reference = Reference(model, seed, 0, trace=False)
    reference.keeps_events = True
    reference.run()
    engine = Engine()
    return [
        (seq, list(engine.step(event, now).facts)) for seq, (event, now) in enumerate(reference.events, 1)
    ]
