"""What is kept: of every kind how much, since when, for how long by which setting, and what went when."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from acd import opening, recordings, retention
from acd.announcement import recorded
from acd.retention import KINDS, Kind, days
from acd.store import purging
from acd.store.holdings import Held, held
from acd.store.purging import Purged
from acd.store.tables import (
    audit,
    case_callers,
    events,
    incidents,
    numbers,
    purges,
    staff_intervals,
    texts,
    visits,
)
from config.schema import Centre

LATELY: Final = timedelta(days=30)


class Line(NamedTuple):
    """What the report says of a kind; times are ISO 8601, "" where there is none."""

    kind: str
    what: str
    setting: str
    days: int
    kept: int
    since: str
    next: str
    purged_at: str
    purged_lately: int
    trouble: str = ""


async def report(centre: Centre) -> list[Line]:
    """Of every kind that this centre has. Raises StoreFault."""
    async with opening.read(centre) as (journal, records, vault):
        since = datetime.now(centre.centre.zone).date() - LATELY
        purged = await purging.written_down(records, since)
        finds = _finds(centre, journal, records, vault)
        lines = []
        for kind in KINDS:
            if (kept := days(centre, kind)) is not None:
                try:
                    found, trouble = await finds[kind](), ""
                except OSError as fault:
                    found, trouble = Held(0), f"cannot be read: {fault.filename}: {fault.strerror}"
                lines.append(
                    _line(centre, kind, kept, found, [x for x in purged if x.kind == kind.name], trouble)
                )
        return lines


def _line(centre: Centre, kind: Kind, kept: int, found: Held, purged: list[Purged], trouble: str) -> Line:
    soonest = found.next_ms or (found.since_ms and found.since_ms + kept * retention.DAY_MS)
    last = max((each.at for each in purged), default=None)
    return Line(
        kind.name,
        kind.what,
        kind.setting,
        kept,
        found.number,
        _shown(found.since_ms, centre) if found.since_ms else "",
        _shown(soonest, centre) if soonest else "",
        last.astimezone(centre.centre.zone).isoformat(timespec="seconds") if last is not None else "",
        sum(each.gone for each in purged),
        trouble,
    )


def _finds(
    centre: Centre, journal: AsyncEngine, records: AsyncEngine, vault: AsyncEngine
) -> dict[Kind, Callable[[], Awaitable[Held]]]:
    """How much of each kind is found where."""

    async def files(folder: str, times: Callable[[Path], list[float]]) -> Held:
        found = await asyncio.to_thread(times, centre.path(folder)) if folder else []
        return Held(len(found), round(found[0] * 1000) if found else 0)

    def announced(folder: Path) -> list[float]:
        return [each.at_s for each in recorded.kept(folder)]

    message = centre.message.folder if centre.message is not None else ""
    return {
        retention.NUMBERS: lambda: held(vault, numbers, until=numbers.c.forget_ms),
        retention.TEXTS: lambda: held(vault, texts, texts.c.at_ms, texts.c.forget_ms),
        retention.CASE_CALLERS: lambda: held(records, case_callers),
        retention.TALKS: lambda: files(
            centre.recording.folder, lambda folder: recordings.held(folder, recordings.TALKS)
        ),
        retention.MESSAGES: lambda: files(
            message, lambda folder: recordings.held(folder, recordings.MESSAGES)
        ),
        retention.VISITS: lambda: held(records, visits, visits.c.arrived_at),
        retention.INCIDENTS: lambda: held(records, incidents, incidents.c.at),
        retention.STAFF_STATES: lambda: held(records, staff_intervals, staff_intervals.c.from_at),
        retention.JOURNAL: lambda: held(journal, events, events.c.at_ms),
        retention.ANNOUNCEMENTS: lambda: files(centre.announcement.folder, announced),
        retention.AUDIT: lambda: held(records, audit, audit.c.at_ms),
        retention.PURGES: lambda: held(records, purges, purges.c.at),
    }


def _shown(at_ms: int, centre: Centre) -> str:
    return datetime.fromtimestamp(at_ms / 1000, centre.centre.zone).isoformat(timespec="seconds")
