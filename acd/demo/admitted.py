"""A program's token for a hotline that is tried out or tested, put into its store beside the daemon."""

import secrets
import time

from acd import opening
from acd.identity import Action
from acd.people import local
from acd.people.service import StoredPeople, operator
from acd.store import open as stores
from config.schema import Centre


async def program(centre: Centre, may: frozenset[Action] = local.FORMER_MAY) -> str:
    """A new token that may do this for a day. Raises StoreFault where the centre has no records yet."""
    engine = await stores.ready("records", opening.store_urls(centre)["records"])
    try:
        people = StoredPeople(engine, lambda: centre, frozenset, lambda: round(time.time() * 1000))
        name = f"tried-{secrets.token_hex(4)}"
        return await people.add_token(operator(), name, frozenset(), may, 1)
    finally:
        await engine.dispose()
