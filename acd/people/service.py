"""The accounts as pages and API see them: acd.identity.People over the records."""

import asyncio
import os
import pwd
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.identity import Asker, Refusal, Role, granted
from acd.people import audit, local, sessions, tokens
from acd.people.administration import Administration
from acd.people.around import Around
from acd.people.entry import Entry
from acd.people.oidc import Directory
from acd.people.passwords import Passwords
from acd.people.requests import Requests
from config.schema import Centre

log = structlog.get_logger(__name__)

TAKEN_OVER: Final = "the API's one token is a program's now; give each program its own: acd people tokens add"


class StoredPeople(Requests, Entry, Administration, Directory):
    """Implements acd.identity.People, a part a base: each request, signing in, and what is done to accounts.

    local_token: the local commands'; "" for none.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        centre: Callable[[], Centre],
        agents: Callable[[], Collection[str]],
        now_ms: Callable[[], int],
        local_token: str = "",
        passwords: Passwords | None = None,
    ) -> None:
        around = Around(engine, centre, agents, now_ms, passwords or Passwords())
        Requests.__init__(self, around, local_token)
        Entry.__init__(self, around)
        Administration.__init__(self, around, self)
        Directory.__init__(self, around, self)

    async def tidy(self) -> int:
        """Sessions that are over go, and what the audit has kept long enough; each hour. How many lines of
        the audit went. Raises Refusal where the store is away."""
        around = self._around
        days = around.centre().people.audit_days
        async with around.writing() as connection:
            await sessions.purge(connection, around.limits(), around.now_ms())
        async with around.writing() as connection:
            if gone := await audit.purge(connection, around.now_ms() - days * tokens.DAY_MS):
                await around.audit.done(
                    connection, "daemon", "purge", "audit", f"{gone} lines older than {days} days"
                )
        return gone

    async def take_over(self, former: Path) -> None:
        """The one token of former releases becomes a program's; its file goes. It stays where the store is
        away, or the file cannot be used, for the next time this is done."""
        try:
            await self._take_over(former)
        except OSError as fault:
            log.warning("the API's one token cannot be taken over", file=str(former), why=fault.strerror)

    async def _take_over(self, former: Path) -> None:
        token = await asyncio.to_thread(local.former, former)
        if token is None:
            return
        if not token:
            log.warning("others could read the API's one token, or it is damaged: it is worth nothing now")
        else:
            try:
                async with self._around.writing() as connection:
                    expires = tokens.expires_ms(local.FORMER_DAYS, self._around.now_ms())
                    rights = local.FORMER_MAY
                    await tokens.add(connection, local.FORMER, frozenset(), rights, expires, "daemon", token)
                    reason = f"for {local.FORMER_DAYS} days"
                    await self._around.audit.done(connection, "daemon", "add_token", local.FORMER, reason)
            except Refusal as fault:
                if fault.code != "token_taken":
                    log.warning("the API's one token is taken over later", why=fault.code)
                    return
            log.warning(TAKEN_OVER, program=local.FORMER, days=local.FORMER_DAYS)
        await asyncio.to_thread(former.unlink)


def operator() -> Asker:
    """Who works on this machine with the `acd` command: the user it runs as."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    behind = os.environ.get("SUDO_USER", "")
    if os.getuid() == 0 and re.fullmatch(r"[\w.-]{1,32}", behind):
        name = f"{behind} as {name}"
    roles = frozenset({Role.ADMINISTRATOR})
    return Asker("", name, f"command:{name}", roles, granted(roles))
