"""Who works here has one source at a time: the file's [[staff]], or the roster that was imported over it.

What one person can do is changed for good in the imported one alone: nobody writes the file.
"""

from typing import Final, Literal, NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.store.moments import epoch_ms, moment
from acd.store.tables import staff
from agents.model import Agent, Team
from config.people import team
from config.schema import Centre

FILE: Literal["file"] = "file"
IMPORTED: Literal["import"] = "import"

_ROSTER: TypeAdapter[Team] = TypeAdapter(Team)


class Staff(NamedTuple):
    """The staff in force. source: FILE or IMPORTED. since_ms: epoch ms; 0: from the beginning, or kept by a
    release that did not write it down."""

    source: Literal["file", "import"]
    since_ms: int
    team: Team


STAFF_OF_FILE: Final = "staff_of_file"
"""The staff is the file's, and is to stay so: what somebody can do is changed there."""
UNKNOWN_PERSON: Final = "unknown_person"
AS_IT_IS: Final = "as_it_is"
NOTHING_TO_UNDO: Final = "nothing_to_undo"
Skills = tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]
"""(languages, concerns), each (key, level)."""
IN_FORCE, BEFORE = 1, 2
"""Rows: the staff; and of each whose skills were changed for good who they were before the last time."""


class Became(NamedTuple):
    """What came of a change. why: a code why nothing did, or "". staff: as it is kept, with AS_IT_IS too.
    people: the person before and after."""

    why: str
    staff: Staff | None = None
    people: tuple[Agent, ...] = ()


async def change(
    engine: AsyncEngine, centre: Centre, at_ms: int, agent: str, skills: Skills | None, *, leave_file: bool
) -> Became:
    """Somebody can do this from now on, None: what they could before the last change. A roster of the file
    becomes an imported one if it may be left (leave_file). In one transaction."""
    async with engine.begin() as connection:
        query = select(staff.c.id, staff.c.roster).with_for_update()
        rows = {row.id: row.roster for row in await connection.execute(query)}
        imported = _ROSTER.validate_json(rows[IN_FORCE]) if rows.get(IN_FORCE) else None
        people = {each.id: each for each in (imported or team(centre)).agents}
        former = _ROSTER.validate_json(rows[BEFORE]) if rows.get(BEFORE) else Team(())
        were = {each.id: each for each in former.agents}
        if agent not in people:
            return Became(UNKNOWN_PERSON)
        if skills is None and agent not in were:
            return Became(NOTHING_TO_UNDO)
        if imported is None and not leave_file:
            return Became(STAFF_OF_FILE)
        before = people[agent]
        languages, concerns = skills if skills is not None else (were[agent].languages, were[agent].concerns)
        after = before._replace(languages=languages, concerns=concerns)
        if after == before:
            return Became(
                AS_IT_IS, imported and Staff(IMPORTED, at_ms, imported), (were.get(agent, before), after)
            )
        now, kept = Team(tuple((people | {agent: after}).values())), were | {agent: before}
        await connection.execute(delete(staff))
        for row, who in ((IN_FORCE, now), (BEFORE, Team(tuple(kept.values())))):
            values = {"id": row, "roster": _ROSTER.dump_json(who).decode(), "since": moment(at_ms)}
            await connection.execute(insert(staff), values)
    return Became("", Staff(IMPORTED, at_ms, now), (before, after))


async def keep(engine: AsyncEngine, imported: Team | None, at_ms: int) -> None:
    """From now on these are the staff; None: the file's people are."""
    roster = _ROSTER.dump_json(imported).decode() if imported else ""
    async with engine.begin() as connection:
        await connection.execute(delete(staff))
        await connection.execute(insert(staff), {"id": IN_FORCE, "roster": roster, "since": moment(at_ms)})


async def in_force(engine: AsyncEngine, centre: Centre) -> Staff:
    """Who works here by what is kept, and by this file."""
    async with engine.connect() as connection:
        query = select(staff.c.roster, staff.c.since).where(staff.c.id == IN_FORCE)
        row = (await connection.execute(query)).one_or_none()
    since = epoch_ms(row.since) if row is not None and row.since is not None else 0
    if row is None or not row.roster:
        return Staff(FILE, since, team(centre))
    return Staff(IMPORTED, since, _ROSTER.validate_json(row.roster))
