"""What pages and API show, as JSON: made once for all who look, and in pieces, which hold nobody up."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence

from acd import __version__
from acd.alarmed import OpenAlarm
from acd.changes import Changes
from acd.ports import Health
from acd.web.deps import Names, ServiceLevel, StaffSource
from acd.web.fresh import Fresh
from acd.web.pieces import array
from routing.board import Board, StaffState


def marked(names: Names) -> str:
    """A short mark of what things are called, and of the release: a page made with another loads anew."""
    return hashlib.sha256(json.dumps([__version__, names]).encode()).hexdigest()[:16]


def nameless(person: StaffState) -> StaffState:
    """The state of somebody, whoever it is."""
    return StaffState("", "", person.state, "", 0)


class Shown:
    """The state of the hotline (shapes.State) as one text."""

    def __init__(
        self,
        board: Callable[[], Board],
        level: Callable[[], Awaitable[ServiceLevel]],
        health: Callable[[], Health],
        changes: Changes,
        staff: Callable[[], StaffSource],
        called: Callable[[], str],
        own: Callable[[str], StaffState | None] = lambda agent: None,
        named: bool = True,
        alarms: Callable[[], Sequence[OpenAlarm]] = lambda: (),
    ) -> None:
        """own: what somebody sees of themselves. named: with the names of the staff; else only how many are
        in which state. alarms: those that are raised."""
        self._own = own
        self._alarms = alarms
        self._named = named
        self._board = board
        self._health = health
        self._level = level
        self._fresh = Fresh(changes, self._made)
        self._staff = staff
        self._called = called

    async def text(self, apart_s: float = 0.0) -> str:
        """See Fresh.text."""
        return await self._fresh.text(apart_s)

    async def text_for(self, agent: str, apart_s: float = 0.0) -> str:
        """The same, and what they see of themselves; agent: "" for who is no member of staff."""
        text, own = await self.text(apart_s), self._own(agent) if agent else None
        return f'{text[:-1]}, "own": {json.dumps(own._asdict() if own else None)}}}'

    async def _made(self) -> str:
        level = json.dumps((await self._level())._asdict())
        board = self._board()
        rest = board._asdict() | {"waiting": [each._asdict() for each in board.waiting]}
        del rest["staff"]
        head, release = json.dumps(rest)[1:-1], json.dumps(__version__)
        staff = await array(board.staff, lambda each: (each if self._named else nameless(each))._asdict())
        wrong = json.dumps({part: said for part, said in self._health().items() if said != "ok"})
        source, called = json.dumps(self._staff()._asdict()), json.dumps(self._called())
        shown = f'"service_level": {level}, "trouble": {wrong}, "release": {release}'
        shown += f', "alarms": {json.dumps([each.plain() for each in self._alarms()])}'
        shown += f', "staff_source": {source}, "called": {called}'
        return f'{{"board": {{{head}, "staff": {staff}}}, {shown}}}'
