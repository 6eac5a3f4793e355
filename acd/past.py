"""What pages ask of the history: figures of a view, cells that few people could serve merged."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from acd.history.answer import Answer, Label, summed
from acd.history.course import NOBODY_HERE, Here
from acd.history.figures import Aim, Group
from acd.history.single import (
    Course,
    PastVisit,
    Search,
    merged,
    merged_course,
    nameless,
    without_persons,
)
from acd.history.sums import QUARTER_MS, Cell
from acd.history.view import NEED, WHOLE, View, ViewFault, label_of, names_of, need_label
from acd.store import looking_back, single
from acd.store.looking_back import Found
from config.schema import Centre
from routing.policy import Policy
from routing.privacy import MERGED, Need, Partition, partition
from routing.visit import VOICE
from routing.world import Person, Visit


class Numbers(Protocol):
    """The vault, as far as it is asked."""

    async def known(self, number: str) -> str: ...


class Staffed(Protocol):
    """Rules and people in force, and who is there (routing.world.World)."""

    @property
    def policy(self) -> Policy | None: ...
    @property
    def people(self) -> Mapping[str, Person]: ...
    @property
    def visits(self) -> Mapping[int, Visit]: ...


async def _at_once() -> None:
    """Nothing to wait for."""


class Past:
    """One of the doors of acd.web.deps. settled: until the world may be looked at."""

    def __init__(
        self,
        records: AsyncEngine,
        vault: Numbers,
        centre: Callable[[], Centre],
        world: Callable[[], Staffed],
        settled: Callable[[], Awaitable[object]] = _at_once,
    ) -> None:
        self._settled = settled
        self._records = records
        self._vault = vault
        self._centre = centre
        self._world = world

    def clock(self) -> str:
        """That of the centre's service level."""
        return self._centre().service_level.clock

    async def answer(self, view: View) -> Answer:
        """The figures of a view. Raises ViewFault: what is asked for alone may not be."""
        centre, zone = self._centre(), self._centre().centre.zone
        cells = list((await looking_back.cells(self._records)).values())
        groups = await self._groups(cells)
        shown = _shown(view, cells, groups)
        found = await looking_back.look(self._records, view, zone, partial(_named, view, shown))
        languages = {} if view.language else await self._by_language(view, cells, groups, found)
        level = centre.service_level
        aim = Aim(level.variant, level.seconds, level.short_abandon_seconds)
        since = (
            None
            if found.since is None
            else datetime.fromtimestamp(found.since * QUARTER_MS / 1000, UTC).astimezone(zone).date()
        )
        every = View(view.first, view.last, by="language", kind=view.kind)
        concerns = View(view.first, view.last, by="concern", kind=view.kind)
        answer = await asyncio.to_thread(summed, view, aim, found.groups, languages)
        return answer._replace(
            merged=any(MERGED in name for name in shown.values()),
            since=since,
            languages=_alone(_shown(every, cells, groups)),
            concerns=_alone(_shown(concerns, cells, groups)),
        )

    async def visits(self, sought: Search) -> Sequence[PastVisit]:
        """Single visits that ended, persons only as a service agreement allows; of needs that few people
        could serve it is not told which they were. Raises ViewFault: these may not be asked for alone."""
        groups = await self._groups()
        _check(groups, sought.language, sought.concern)
        found = await single.find(self._records, sought)
        return [merged(each, groups) if groups else each for each in map(self._person, found)]

    async def course(self, visit: int) -> Course | None:
        """One of them, with all that happened; None for one that is not known."""
        found = await single.course(self._records, visit)
        if found is None:
            return None
        if groups := await self._groups():
            found = merged_course(found, groups)
        return found if self._agreed() else without_persons(found)

    async def here(self, since: datetime, language: str) -> Mapping[datetime, Here]:
        """Calls that came since then, were in line and are not over, by the quarter hour (the centre's clock)
        in which they came. language: only this one, which may be asked for alone; "" for all."""
        found: dict[datetime, Here] = {}
        await self._settled()
        for visit in self._world().visits.values():
            came = datetime.fromtimestamp(visit.arrived_ms / 1000, since.tzinfo)
            if visit.kind == VOICE and visit.queued_ms and came >= since and language in ("", visit.language):
                begin = came.replace(minute=came.minute // 15 * 15, second=0, microsecond=0, tzinfo=None)
                found[begin] = found.get(begin, NOBODY_HERE).and_one(visit.state)
        return found

    def _person(self, visit: PastVisit) -> PastVisit:
        return visit if self._agreed() else nameless(visit)

    async def token(self, number: str) -> str:
        """Under which token the visits of a number stand; "" for one that is not known."""
        return await self._vault.known(number)

    def _agreed(self) -> bool:
        return self._centre().privacy.agreement is not None

    async def _by_language(
        self, view: View, cells: list[Cell], apart: Partition | None, found: Found
    ) -> dict[Label, Group]:
        """Waits of the view's visits by language."""
        groups: dict[Label, Group] = {}
        if view.by != "language":
            fair = view._replace(step=WHOLE, by="language")
            shown = _shown(fair, cells, apart)
            label = partial(_named, fair, shown)
            found = await looking_back.look(
                self._records, fair, self._centre().centre.zone, label, counts=False
            )
        for (_, name), group in found.groups.items():
            groups.setdefault(name, Group()).take(group)
        return groups

    async def _groups(self, cells: Iterable[Cell] | None = None) -> Partition | None:
        """The groups in which needs are shown; None: each by itself. Of many people it is worked out beside
        the loop. cells: all that were ever counted in, if they are known already."""
        smallest, world = self._centre().privacy.smallest_figure, self._world()
        if not smallest or world.policy is None:
            return None
        if cells is None:
            cells = (await looking_back.cells(self._records)).values()
        seen = {(each.language, each.concern) for each in cells}
        return await asyncio.to_thread(partition, world.policy, list(world.people.values()), smallest, seen)


def _shown(view: View, cells: list[Cell], groups: Partition | None) -> dict[Label, Label]:
    """The names of a view, and under which they are shown. Raises ViewFault."""
    names = names_of(view, cells)
    if groups is None:
        return {name: name for name in names}
    _check(groups, view.language, view.concern)
    if view.by == NEED:
        return {name: groups.name((name[0], name[1])) for name in names}
    if view.by not in ("language", "concern"):
        return {name: name for name in names}
    alone = groups.alone(partial(need_label, view))
    return {name: name if name in alone else (MERGED,) for name in names}


def _check(groups: Partition | None, language: str, concern: str) -> None:
    """Raises ViewFault: these may not be asked for alone."""
    if groups is None or not (language or concern):
        return

    def asked(need: Need) -> bool | None:
        return (language in ("", need[0]) and concern in ("", need[1])) or None

    if groups.knows(asked) and not groups.alone(asked):
        raise ViewFault("language" if language else "concern", "few_people")


def _named(view: View, shown: Mapping[Label, Label], cell: Cell) -> Label | None:
    label = label_of(view, cell)
    return None if label is None else shown.get(label)


def _alone(shown: Mapping[Label, Label]) -> list[str]:
    return sorted({name[0] for name in shown.values() if name[0] not in (MERGED, "")})
