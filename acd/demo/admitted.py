"""Who is let in to a hotline that is tried out or tested: put into its store beside the daemon."""

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from acd import opening
from acd.identity import Action, Role
from acd.people import local
from acd.people.service import StoredPeople, operator
from acd.store import open as stores
from config.schema import Centre

HERE = "127.0.0.1"


async def program(centre: Centre, may: frozenset[Action] = local.FORMER_MAY) -> str:
    """A new token that may do this for a day. Raises StoreFault where the centre has no records yet."""
    async with _people(centre) as people:
        name = f"tried-{secrets.token_hex(4)}"
        return await people.add_token(operator(), name, frozenset(), may, 1)


async def screen(centre: Centre) -> str:
    """A new token for a screen on a wall."""
    async with _people(centre) as people:
        name = f"wall-{secrets.token_hex(4)}"
        return await people.add_token(operator(), name, frozenset({Role.WALL}), frozenset(), 1)


async def person(
    centre: Centre, id: str, name: str, role: Role, agent: str = "", also: frozenset[Role] = frozenset()
) -> str:
    """The cookie of a new session of this person, whose account is made if there is none. Raises StoreFault
    as `program` does."""
    async with _people(centre) as people:
        signed = await people.admit(
            f"demo:{id}", id, name, frozenset({role}) | also, agent, HERE, "", factor=True
        )
        return signed.cookie


@asynccontextmanager
async def _people(centre: Centre) -> AsyncIterator[StoredPeople]:
    engine = await stores.ready("records", opening.store_urls(centre)["records"])
    team = frozenset(each.id for each in centre.staff)
    try:
        yield StoredPeople(engine, lambda: centre, lambda: team, lambda: round(time.time() * 1000))
    finally:
        await engine.dispose()
