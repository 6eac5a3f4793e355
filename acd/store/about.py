"""What records and journal hold about one caller, by their token: told, and what leads to them ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

from sqlalchemy import Table, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.store.moments import epoch_ms
from acd.store.purging import OF_VISITS
from acd.store.scrubbing import Scrubbing
from acd.store.tables import case_callers, case_files, events, handlings, set_aside, visits

LEFT_OUT: Final = frozenset(
    {
        *("agent", "to_agent", "answered_by", "owner", "done_by"),
        *("step", "language_level", "concern_level", "candidates", "interpreter", "decided_by", "lost"),
        *("id", "visit", "rejoins", "origin", "offer", "note", "token"),
    }
)
"""Columns that are not the caller's to be told: who of the staff it was and how they were compared, and keys
of ours, the token first: by it the file would lead to the records once the number is erased."""
CALLS_MAX: Final = 50
"""So many calls are looked for in the journal at a time."""


async def calls_of(engine: AsyncEngine, token: str) -> list[str]:
    """The Uniqueids of the calls of one caller, by which recordings are named. A message of somebody who told
    another number than they called from has that call's."""
    async with engine.connect() as connection:
        mine = select(visits.c.call, visits.c.message).where(visits.c.token == token)
        rows = (await connection.execute(mine)).all()
    named = {row.message.partition("-")[0] for row in rows} | {str(row.call) for row in rows}
    return sorted(named - {""})


async def told(engine: AsyncEngine, token: str, zone: tzinfo) -> dict[str, Any]:
    """visits, each with the rows that hang by it by table, and the caller's cases; times in `zone`."""
    async with engine.connect() as connection:
        mine = select(visits).where(visits.c.token == token).order_by(visits.c.arrived_at)
        found = {row.id: _shown(dict(row._mapping), zone) for row in await connection.execute(mine)}
        for table in OF_VISITS:
            for visit, row in await _hanging(connection, table, list(found)):
                found[visit].setdefault(table.name, []).append(_shown(row, zone))
        case = select(case_files.c.reference, case_files.c.concern, case_files.c.state, case_files.c.outcomes)
        case = case.join(case_callers, case_callers.c.reference == case_files.c.reference)
        cases = [
            dict(row._mapping) for row in await connection.execute(case.where(case_callers.c.token == token))
        ]
    return {"visits": list(found.values()), "cases": cases}


async def _hanging(
    connection: AsyncConnection, table: Table, ids: Sequence[int]
) -> list[tuple[int, Mapping[str, Any]]]:
    rows: list[tuple[int, Mapping[str, Any]]] = []
    for at in range(0, len(ids), CALLS_MAX):
        query = select(table).where(table.c.visit.in_(ids[at : at + CALLS_MAX])).order_by(*table.primary_key)
        rows += [(row.visit, dict(row._mapping)) for row in await connection.execute(query)]
    return rows


def _shown(row: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    return {
        name: datetime.fromtimestamp(epoch_ms(value) / 1000, zone).isoformat()
        if isinstance(value, datetime)
        else value
        for name, value in row.items()
        if name not in LEFT_OUT and value not in ("", None)
    }


async def journalled(
    journal: AsyncEngine, records: AsyncEngine, token: str, zone: tzinfo
) -> list[dict[str, str]]:
    """The events of the journal that name the caller, a call or a visit of theirs: when, and of what kind;
    not whom of the staff they name."""
    async with records.connect() as connection:
        mine = select(visits.c.id).where(visits.c.token == token)
        ids = list((await connection.execute(mine)).scalars())
    calls = await calls_of(records, token)
    words = [f'"{token}"', *(f'"{each}"' for each in calls), *(f'"visit":{each}' for each in ids)]
    found: dict[int, dict[str, str]] = {}
    async with journal.connect() as connection:
        for at in range(0, len(words), CALLS_MAX):
            named = or_(
                *(events.c.body.contains(word, autoescape=True) for word in words[at : at + CALLS_MAX])
            )
            for row in await connection.execute(
                select(events.c.seq, events.c.at_ms, events.c.kind).where(named)
            ):
                when = datetime.fromtimestamp(row.at_ms / 1000, zone)
                found[row.seq] = {"at": when.isoformat(), "event": row.kind}
    return [found[seq] for seq in sorted(found)]


async def erase(engine: AsyncEngine, token: str) -> int:
    """End what leads from the records to who this was even without their number: which case they had. How
    many cases they were known to have. Raises StillInTheLog."""
    theirs = select(visits.c.id).where(visits.c.token == token)
    async with engine.begin() as connection:
        gone = await connection.execute(delete(case_callers).where(case_callers.c.token == token))
        await connection.execute(update(handlings).where(handlings.c.visit.in_(theirs)).values(case=""))
        await connection.execute(update(visits).where(visits.c.token == token).values(case=""))
        await connection.execute(delete(set_aside).where(set_aside.c.fact.contains(token, autoescape=True)))
    await Scrubbing(engine).now()
    return int(gone.rowcount)
