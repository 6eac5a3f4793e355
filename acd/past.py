"""What pages ask of the history: figures of a view, cells that few people could serve merged."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from acd.history.answer import Answer, Label, summed
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
from acd.history.view import NEED, WHOLE, View, ViewFault, label_of, needs_of
from acd.store import looking_back, single
from acd.store.looking_back import Found
from config.schema import Centre
from routing.policy import Policy
from routing.privacy import MERGED, groups_apart
from routing.world import Person

BY_NEED: Final = ("language", "concern", NEED)


class Numbers(Protocol):
    """The vault, as far as it is asked."""

    async def known(self, number: str) -> str: ...


class Staffed(Protocol):
    """Rules and people in force (routing.world.World)."""

    @property
    def policy(self) -> Policy | None: ...
    @property
    def people(self) -> Mapping[str, Person]: ...


class Past:
    """One of the doors of acd.web.deps."""

    def __init__(
        self,
        records: AsyncEngine,
        vault: Numbers,
        centre: Callable[[], Centre],
        world: Callable[[], Staffed],
    ) -> None:
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
        shown = await self._shown(view, cells)
        found = await looking_back.look(self._records, view, zone, partial(_named, view, shown))
        languages = {} if view.language else await self._by_language(view, cells, found)
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
            merged=any(name[0] == MERGED for name in shown.values() if name),
            since=since,
            languages=_alone(await self._shown(every, cells)),
            concerns=_alone(await self._shown(concerns, cells)),
        )

    async def visits(self, sought: Search) -> Sequence[PastVisit]:
        """Single visits that ended, persons only as a service agreement allows; of needs that few people
        could serve it is not told which they were. Raises ViewFault: these may not be asked for alone."""
        needs = await self._needs()
        language, concern = sought.language, sought.concern
        of = {each for each in needs if language in ("", each[0]) and concern in ("", each[1])}
        if (language or concern) and of and await self._apart({(): of}) == frozenset():
            raise ViewFault("language" if language else "concern", "few_people")
        apart = await self._apart({need: {need} for need in needs})
        found = await single.find(self._records, sought)
        return [each if apart is None else merged(each, apart) for each in map(self._person, found)]

    async def course(self, visit: int) -> Course | None:
        """One of them, with all that happened; None for one that is not known."""
        found = await single.course(self._records, visit)
        if found is None:
            return None
        apart = await self._apart({need: {need} for need in await self._needs()})
        if apart is not None:
            found = merged_course(found, apart)
        return found if self._agreed() else without_persons(found)

    def _person(self, visit: PastVisit) -> PastVisit:
        return visit if self._agreed() else nameless(visit)

    async def _needs(self) -> set[tuple[str, str]]:
        """Every language and concern of which there were visits."""
        cells = await looking_back.cells(self._records)
        return {(each.language, each.concern) for each in cells.values()}

    async def token(self, number: str) -> str:
        """Under which token the visits of a number stand; "" for one that is not known."""
        return await self._vault.known(number)

    def _agreed(self) -> bool:
        return self._centre().privacy.agreement is not None

    async def _by_language(self, view: View, cells: list[Cell], found: Found) -> dict[Label, Group]:
        """Waits of the view's visits by language."""
        groups: dict[Label, Group] = {}
        if view.by != "language":
            fair = view._replace(step=WHOLE, by="language")
            shown = await self._shown(fair, cells)
            label = partial(_named, fair, shown)
            found = await looking_back.look(
                self._records, fair, self._centre().centre.zone, label, counts=False
            )
        for (_, name), group in found.groups.items():
            groups.setdefault(name, Group()).take(group)
        return groups

    async def _shown(self, view: View, cells: list[Cell]) -> dict[Label, Label]:
        """The names of a view, and under which they are shown. Raises ViewFault."""
        needs = needs_of(view, cells)
        apart = await self._apart(needs)
        if apart is None:
            return {name: name for name in needs}
        if view.language or view.concern:
            whole: dict[Label, set[tuple[str, str]]] = {
                (): {each for some in needs.values() for each in some}
            }
            if needs and not await self._apart(whole):
                raise ViewFault("language" if view.language else "concern", "few_people")
        if view.by not in BY_NEED:
            return {name: name for name in needs}
        return {name: name if name in apart else tuple(MERGED for _ in name) for name in needs}

    async def _apart(self, needs: Mapping[Label, set[tuple[str, str]]]) -> frozenset[Label] | None:
        """Which names may stand alone; None: all. Of many people it is worked out beside the loop."""
        smallest, world = self._centre().privacy.smallest_figure, self._world()
        if not smallest or world.policy is None:
            return None
        work = partial(_found_apart, world.policy, list(world.people.values()), smallest, needs)
        return await asyncio.to_thread(work)


def _found_apart(
    policy: Policy, people: list[Person], smallest: int, needs: Mapping[Label, set[tuple[str, str]]]
) -> frozenset[Label]:
    return groups_apart(policy, people, smallest, needs)


def _named(view: View, shown: Mapping[Label, Label], cell: Cell) -> Label | None:
    label = label_of(view, cell)
    return None if label is None else shown.get(label)


def _alone(shown: Mapping[Label, Label]) -> list[str]:
    return sorted({name[0] for name in shown.values() if name[0] not in (MERGED, "")})
