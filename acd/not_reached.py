"""Not reached today: who was not served since, and is called back if somebody in charge says so."""

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Final, NamedTuple, Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from acd import missed
from acd.identity import Asker
from acd.missed import Missed, Today
from acd.runner import Runner
from acd.store import day
from acd.store.moments import moment
from acd.web.deps import Accepted, Because, NotReached, ToReach
from routing.callback import AGAIN, REFUSED
from routing.events import CallbackGiven
from routing.visit import OUTBOUND

SHOWN_MAX: Final = 200
NOT_MISSED: Final = "not_missed"
NOT_DIALLED: Final = "not_dialled"
"""Their number is forgotten, or may not be dialled."""
ON_LINE: Final = "on_line"
PROMISED: Final = "promised"
REFUSALS: Final = (AGAIN, *REFUSED)
"""The engine's own, told as callback_...: other rooms use the same words for something else."""


class Numbers(Protocol):
    """Who knows which tokens may be dialled (acd.wishes)."""

    async def number(self, token: str) -> str: ...
    async def keep(self, token: str) -> str: ...


class Asks(Protocol):
    """Asks the engine in somebody's name, with a reason, and keeps it in the audit (acd.acts)."""

    async def call_back(self, by: Asker, event: CallbackGiven, why: Because) -> Accepted: ...


class Doors(NamedTuple):
    """What the list is made of."""

    runner: Runner
    records: AsyncEngine
    numbers: Numbers
    asks: Asks
    zone: Callable[[], tzinfo]
    now_ms: Callable[[], int]


class NotReachedToday:
    """The list, and calling back who is on it. Raises what the driver of records or vault does."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def today(self) -> NotReached:
        """SHOWN_MAX callers at most, the longest missed first."""
        found = await self._found()
        callers = []
        for each in found.callers[:SHOWN_MAX]:
            state = self._now(each)
            possible = not state and await self._doors.numbers.number(each.token) != ""
            callers.append(ToReach(each, state, possible))
        return NotReached(
            self._doors.now_ms(), tuple(callers), len(found.callers), found.nameless, found.ends
        )

    async def call_back(self, by: Asker, visit: int, why: Because) -> Accepted:
        """Who made this visit is called by whoever suits, in turn from now on."""
        mine = next((each for each in (await self._found()).callers if each.visit == visit), None)
        if mine is None:
            return Accepted(False, NOT_MISSED)
        if state := self._now(mine):
            return Accepted(False, state)
        token = await self._doors.numbers.keep(mine.token)
        if token != mine.token:
            return Accepted(False, NOT_DIALLED)
        event = CallbackGiven(visit, token, mine.language, mine.concern, mine.case)
        said = await self._doors.asks.call_back(by, event, why)
        return said._replace(why=f"callback_{said.why}") if said.why in REFUSALS else said

    async def _found(self) -> Today:
        doors = self._doors
        midnight = datetime.fromtimestamp(doors.now_ms() / 1000, doors.zone()).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        begin, end = (round(each.timestamp() * 1000) for each in (midnight, midnight + timedelta(days=1)))
        return missed.today(await day.calls(doors.records, moment(begin), moment(end)))

    def _now(self, each: Missed) -> str:
        """What becomes of them at this moment, "" if nothing."""
        found = [
            visit for visit in self._doors.runner.engine.world.visits.values() if visit.token == each.token
        ]
        if any(visit.kind in OUTBOUND for visit in found):
            return PROMISED
        return ON_LINE if found else ""
