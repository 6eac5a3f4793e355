"""Answers of the history on SQLite, with a year of 100,000 visits: every step by everything that may stand
side by side, as page, CSV and XLSX; the slowest of each are named."""

import asyncio
import random
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.history.sums import ALONE, INTERPRETED, NOBODY, OWNER, SUITED, WIDENED, Cell, Ended, sums
from acd.history.view import BY, DAYS_MAX, STEPS
from acd.identity import Role
from acd.past import Past
from acd.store.open import ready, urls
from acd.store.summing import add
from acd.store.tables import history_counts, history_waits
from config.load import SHIPPED, load
from config.tables.house import Agreement
from routing import facts
from routing.visit import CALLBACK, VOICE
from tests.bench.figures import Figures
from tests.fakes.admits import Admits, person
from tests.fakes.centre import Bench
from tests.fakes.pages import app_of, picture_of

CENTRE: Final = load(SHIPPED)
TOLD_APART: Final = CENTRE.model_copy(
    update={
        "privacy": CENTRE.privacy.model_copy(
            update={"agreement": Agreement.model_construct(), "smallest_cell": 0}
        )
    }
)
"""With an agreement nothing is merged: the most rows there can be."""
YEAR: Final = 2025
WORKING_DAYS: Final = 261
VISITS: Final = 100_000
SLOWEST: Final = 3
FORMS: Final = ("", ".csv", ".xlsx")


class Known:
    """A vault that knows nobody."""

    async def known(self, number: str) -> str:
        return ""


def _ended(rng: random.Random, number: int, arrived: datetime) -> Ended:
    spoken = rng.choices(CENTRE.language, [each.share or 0.0 for each in CENTRE.language])[0]
    concern = rng.choices(*zip(*CENTRE.outlook.concern.items(), strict=True))[0]
    kind = rng.choices((VOICE, CALLBACK), (0.92, 0.08))[0]
    wait = int(rng.expovariate(1 / 70_000))
    answered = rng.random() > min(0.9, wait / 600_000)
    end = facts.ANSWERED if answered else rng.choice((facts.ABANDONED_QUEUE, facts.ABANDONED_RINGING))
    by = (
        rng.choices((SUITED, WIDENED, OWNER, INTERPRETED, ALONE), (70, 20, 5, 4, 1))[0]
        if answered
        else NOBODY
    )
    classes = rng.choices(("", "repeat", "urgent", "repeat urgent"), (80, 15, 4, 1))[0]
    at = int(arrived.timestamp() * 1000)
    return Ended(
        number,
        at,
        Cell(spoken.code, concern, classes, kind, end, by),
        f"t{rng.randrange(VISITS // 3)}",
        True,
        at + wait if answered else None,
        wait,
        wait + 20_000,
        int(rng.expovariate(1 / 300_000)) if answered else None,
        int(rng.expovariate(1 / 40_000)) if answered else None,
        rng.choices((0, 1, 2), (10, 80, 10))[0],
        0,
        None,
        (facts.HELD,) if rng.random() < 0.3 else (),
    )


def a_year(visits: int) -> Iterator[list[Ended]]:
    """Week by week: so many visits on the working days, from 8 to 18."""
    rng, number = random.Random(1), 0
    day, week = date(YEAR, 1, 1), list[Ended]()
    while day.year == YEAR:
        if day.weekday() < 5:
            for _ in range(-(-visits // WORKING_DAYS)):
                number += 1
                begin = datetime(day.year, day.month, day.day, 8, tzinfo=CENTRE.centre.zone)
                week.append(_ended(rng, number, begin + timedelta(seconds=rng.randrange(36_000))))
        elif week:
            yield week
            week = []
        day += timedelta(days=1)
    yield week


async def filled(engine: AsyncEngine, visits: int) -> tuple[int, int]:
    """Puts the year there; returns how many rows of counts and of waits that is."""
    for week in a_year(visits):
        async with engine.begin() as connection:
            await add(connection, sums(week))
    async with engine.connect() as connection:
        rows = [
            (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (history_counts, history_waits)
        ]
    return rows[0], rows[1]


async def measure(figures: Figures, visits: int, folder: Path) -> None:
    engine = await ready("records", urls(folder, {})["records"])
    counts, waits = await filled(engine, visits)
    figures.add("history of a year", visits=visits, rows_of_counts=counts, rows_of_waits=waits)
    bench = Bench()
    past = Past(engine, Known(), lambda: TOLD_APART, lambda: bench.engine.world)
    app = app_of(
        picture_of(bench, 0),
        people=Admits(ute=person("ute", Role.SUPERVISOR)),
        history=past,
        zone=lambda: CENTRE.centre.zone,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", cookies={"acd": "ute"}, timeout=60
    ) as asking:
        for form in FORMS:
            took: dict[str, float] = {}
            for step in STEPS:
                last = date(YEAR, 1, 1) + timedelta(days=min(365, DAYS_MAX[step]) - 1)
                for by in BY:
                    asked = f"/history{form}?first={YEAR}-01-01&last={last}&step={step}&by={by}"
                    began = time.perf_counter()
                    answer = await asking.get(asked)
                    took[f"{step} by {by or 'nothing'} (ms)"] = round((time.perf_counter() - began) * 1000)
                    assert answer.status_code == 200, answer.text
            slowest = sorted(took, key=lambda each: -took[each])[:SLOWEST]
            figures.add(
                f"history of a year{form or ', page'}: the slowest of {len(took)} views",
                **{each: took[each] for each in slowest},
                median=sorted(took.values())[len(took) // 2],
            )
    await engine.dispose()


def main(figures: Figures, small: bool, folder: Path) -> None:
    """Measure."""
    asyncio.run(measure(figures, 1_000 if small else VISITS, folder))
