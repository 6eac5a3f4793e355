"""What the parts of the accounts have in common: the store and how it is reached, the clock, the centre."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.identity import Refusal, Role
from acd.people.accounts import needs_factor
from acd.people.audit import Audit
from acd.people.passwords import Passwords
from acd.people.sessions import Limits
from acd.people.throttle import Throttle
from config.schema import Centre

PATIENCE_S: Final = 5.0
"""How long the records have for one thing that a person waits for."""


class Around:
    """centre: as it is in force. agents: ids of the members of staff. Nothing is read of them beforehand."""

    def __init__(
        self,
        engine: AsyncEngine,
        centre: Callable[[], Centre],
        agents: Callable[[], Collection[str]],
        now_ms: Callable[[], int],
        passwords: Passwords,
    ) -> None:
        self._engine = engine
        self.centre = centre
        self.agents = agents
        self.now_ms = now_ms
        self.passwords = passwords
        self.throttle = Throttle(now_ms)
        self.audit = Audit(now_ms)

    def limits(self) -> Limits:
        """As configured."""
        people = self.centre().people
        return Limits(people.idle_minutes * 60_000, people.session_hours * 3_600_000)

    def needs_factor(self, roles: frozenset[Role]) -> bool:
        """As configured."""
        return needs_factor(roles, self.centre().people.staff_second_factor)

    @asynccontextmanager
    async def reading(self, patience_s: float | None = None) -> AsyncIterator[AsyncConnection]:
        """Raises Refusal, "later", where the store is away."""
        try:
            async with asyncio.timeout(patience_s or PATIENCE_S), self._engine.connect() as connection:
                yield connection
        except Exception as fault:  # noqa: BLE001 raised again, as what it means
            raise _later(fault) from None

    @asynccontextmanager
    async def writing(self, patience_s: float | None = None) -> AsyncIterator[AsyncConnection]:
        """A transaction; what is raised in it undoes it. Raises Refusal, "later", where the store is away."""
        try:
            async with asyncio.timeout(patience_s or PATIENCE_S), self._engine.begin() as connection:
                yield connection
        except Exception as fault:  # noqa: BLE001 raised again, as what it means
            raise _later(fault) from None


def _later(fault: Exception) -> Exception:
    """The databases' own faults differ by driver; a fault of ours stays what it is."""
    driver = type(fault).__module__.partition(".")[0] in ("asyncpg", "sqlite3", "aiosqlite")
    return Refusal("later") if driver or isinstance(fault, (SQLAlchemyError, OSError)) else fault
