"""acd report month: a month in two pages for the council, as page and PDF, German and English."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, NamedTuple

import typer
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd import opening
from acd.history.view import WHOLE, View
from acd.past import Past
from acd.plan.month_document import Month, document
from acd.saying import DEFAULT, ConfigFile, centre_of, fail, saying
from acd.store import open as stores
from acd.store import roster
from acd.store.moments import moment
from acd.store.open import StoreFault
from acd.store.staffed import AtWork, at_work
from acd.store.tables import visits
from config.people import policy
from config.schema import Centre
from routing.policy import Policy
from routing.visit import CALLBACK, WEB
from routing.world import Person, Visit
from simulation.report.numbers import LANGUAGES
from simulation.report.page import Other, page
from simulation.report.pdf import pdf

FULL_TIME_H = 39.0
"""Hours a week of a full-time post in German municipalities (TVöD)."""

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Reports of what was.")


@app.callback()
def _of_its_own() -> None:
    """So that its one command has a name."""


@app.command()
def month(
    which: Annotated[str, typer.Argument(metavar="MONTH", help="Like 2026-10.")],
    config: ConfigFile = DEFAULT,
    out: Annotated[Path, typer.Option("--out", help="The folder to write to.")] = Path(),
    full_time: Annotated[
        float, typer.Option("--full-time", min=1, max=80, help="Hours a week of a full-time post.")
    ] = FULL_TIME_H,
) -> None:
    """Write a month's report as HTML and tagged PDF, each in German and English. It reads the records, while
    the daemon runs or not, and names nobody."""
    first, last = _days(which)
    centre = centre_of(config)
    with saying(StoreFault):
        found = asyncio.run(_gathered(centre, first, last, full_time))
    if not found.answer.total.visits:
        raise fail(
            f"{which}: no call of this month is recorded; records of before are added by acd records rebuild"
        )
    with saying(OSError):
        out.mkdir(parents=True, exist_ok=True)
        for language, other in zip(LANGUAGES, reversed(LANGUAGES), strict=True):
            made, name = document(found, centre, language), f"month-{which}"
            beside = Other(f"{name}.{other}.html", other)
            for path, content in (
                (out / f"{name}.{language}.html", page(made, beside).encode()),
                (out / f"{name}.{language}.pdf", pdf(made)),
            ):
                path.write_bytes(content)
                typer.echo(str(path))


def _days(which: str) -> tuple[date, date]:
    """The first and the last day of a month."""
    try:
        first = datetime.strptime(which, "%Y-%m").date()
    except ValueError:
        raise fail(f"{which[:20]!r} is no month; write one like 2026-10") from None
    if not 2000 <= first.year < 2200:
        raise fail(f"{which}: write a year from 2000 to 2199")
    return first, _last_of(first)


class _InForce(NamedTuple):
    policy: Policy | None
    people: Mapping[str, Person]
    visits: Mapping[int, Visit] = MappingProxyType({})


class _NoNumbers:
    async def known(self, number: str) -> str:
        return ""


async def _gathered(centre: Centre, first: date, last: date, full_time: float) -> Month:
    """Raises StoreFault."""
    url = opening.store_urls(centre)["records"]
    engine = await stores.readable("records", url)
    try:
        with stores.faults("records", url):
            team = (await roster.in_force(engine, centre)).team
            people = {each.id: Person(each) for each in team.agents}
            force = _InForce(policy(centre, round(time.time() * 1000)), people)
            past = Past(engine, _NoNumbers(), lambda: centre, lambda: force)
            clock = past.clock()
            year_ago = first.replace(year=first.year - 1), _last_of(first.replace(year=first.year - 1))
            before = await past.answer(View(*year_ago, step=WHOLE, by="language", clock=clock))
            promised = [
                (await past.answer(View(first, last, step=WHOLE, kind=kind, clock=clock))).total.kept
                for kind in (CALLBACK, WEB)
            ]
            return Month(
                first,
                last,
                await past.answer(View(first, last, step=WHOLE, by="language", clock=clock)),
                before if before.total.visits else None,
                (sum(met for met, _ in promised), sum(of for _, of in promised)),
                await _cases(engine, *_span(centre, first, last)),
                await _staff(engine, centre, first, last),
                full_time,
                last < datetime.now(centre.centre.zone).date(),
            )
    finally:
        await engine.dispose()


def _last_of(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _span(centre: Centre, first: date, last: date) -> tuple[datetime, datetime]:
    zone, after = centre.centre.zone, last + timedelta(days=1)
    begin, end = (datetime(day.year, day.month, day.day, tzinfo=zone) for day in (first, after))
    return begin.astimezone(UTC), end.astimezone(UTC)


async def _cases(engine: AsyncEngine, begin: datetime, end: datetime) -> int:
    asked = select(func.count(visits.c.case.distinct())).where(
        visits.c.arrived_at >= begin, visits.c.arrived_at < end, visits.c.case != ""
    )
    async with engine.connect() as connection:
        return int((await connection.execute(asked)).scalar() or 0)


async def _staff(engine: AsyncEngine, centre: Centre, first: date, last: date) -> AtWork | None:
    """None where nothing is recorded any more, or so few were at work that it would tell of single ones."""
    begin, end = _span(centre, first, last)
    found = await at_work(engine, begin, min(end, moment(round(time.time() * 1000))))
    kept = time.time() - begin.timestamp() < centre.privacy.staff_days * 86_400
    enough = found.people >= max(1, centre.privacy.smallest_figure)
    return found if kept and enough else None
