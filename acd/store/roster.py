"""Who works here has one source at a time: the file's [[staff]], or the roster that was imported over it."""

from typing import Literal, NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.store.moments import epoch_ms, moment
from acd.store.tables import staff
from agents.model import Team
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


async def keep(engine: AsyncEngine, imported: Team | None, at_ms: int) -> None:
    """From now on these are the staff; None: the file's people are."""
    roster = _ROSTER.dump_json(imported).decode() if imported else ""
    async with engine.begin() as connection:
        await connection.execute(delete(staff))
        await connection.execute(insert(staff), {"id": 1, "roster": roster, "since": moment(at_ms)})


async def in_force(engine: AsyncEngine, centre: Centre) -> Staff:
    """Who works here by what is kept, and by this file."""
    async with engine.connect() as connection:
        query = select(staff.c.roster, staff.c.since).where(staff.c.id == 1)
        row = (await connection.execute(query)).one_or_none()
    since = epoch_ms(row.since) if row is not None and row.since is not None else 0
    if row is None or not row.roster:
        return Staff(FILE, since, team(centre))
    return Staff(IMPORTED, since, _ROSTER.validate_json(row.roster))
