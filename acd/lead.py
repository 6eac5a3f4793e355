"""What who is in charge sees of callers and people, one by one: from the world, the rules and the outlook."""

from collections.abc import Callable
from typing import Final

from acd.piecemeal import gathered
from acd.prospects import Waits
from acd.rules_in_force import RulesInForce
from acd.runner import Runner
from acd.web.deps import InLine, LeadView, Working
from routing import visit as table
from routing.board import Board
from routing.explain import Idle, Sought, look
from routing.index import Index
from routing.listening import HOW, present, refused
from routing.steering import marks
from routing.world import Visit

OFFERED: Final = frozenset({table.OFFERED, table.RINGING})


class Lead:
    """Makes the view. board: as others see it. waits: the last outlook."""

    def __init__(
        self,
        rules: RulesInForce,
        runner: Runner,
        board: Callable[[], Board],
        waits: Callable[[], Waits],
        now_ms: Callable[[], int],
    ) -> None:
        self._rules = rules
        self._runner = runner
        self._board = board
        self._waits = waits
        self._now_ms = now_ms

    async def view(self) -> LeadView:
        """As it is now; while the loop decides, as it is right after."""
        await self._runner.settled.wait()
        engine, now = self._runner.engine, self._now_ms()
        world, index = engine.world, engine.index
        board = self._board()
        if index is None:
            return LeadView(now, board, (), ())
        found = await gathered(look(index, world, world.rules, now, engine.held))
        agreed = self._rules.centre.privacy.others
        idle = {each.agent: agreed.idle(each).callers for each in found if isinstance(each, Idle)}
        sought = [agreed.sought(each) for each in found if isinstance(each, Sought)]
        serving = {each.agent: each for each in world.visits.values() if each.agent} if agreed.agreed else {}
        working = []
        for person in board.staff:
            agent = world.people[person.id].agent if person.id in world.people else None
            if agent is not None:
                served = serving.get(person.id)
                need = (served.language, served.concern) if served is not None else ("", "")
                lent = world.lent.get(person.id)
                can = agent.languages, agent.concerns
                until_ms = lent.until_ms if lent is not None else 0
                visit, listens, there = _talk(world.rules.listens, served)
                working.append(
                    Working(person, *need, *can, idle.get(person.id), until_ms, visit, listens, there)
                )
        reserves = tuple(each.language for each in world.rules.reserves)
        overflows = tuple(each.name for each in world.rules.overflow)
        return LeadView(
            now, board, self._line(index, sought), tuple(working), world.by_hand, reserves, overflows
        )

    def _line(self, index: Index, sought: list[Sought]) -> tuple[InLine, ...]:
        """Who waits as they stand in line, then who is being connected."""
        agreed = self._rules.centre.privacy.agreement is not None
        expects = {each.visit: each for each in self._waits().callers}
        offers = self._runner.engine.world.offers
        waiting = [each for each in sought if each.visit.state == table.WAITING]
        waiting.sort(key=lambda each: index.order(each.visit))
        rest = [each for each in sought if each.visit.state != table.WAITING]
        made = []
        for place, each in enumerate([*waiting, *rest], start=1):
            visit = each.visit
            offer = offers.get(visit.offer) if visit.state in OFFERED and agreed else None
            made.append(
                InLine(
                    visit=visit,
                    place=place if visit.state == table.WAITING else 0,
                    people=each.people,
                    held=each.held,
                    expects=expects.get(visit.id),
                    offered_to=offer.agent if offer is not None else "",
                    marks=marks(visit),
                )
            )
        return tuple(made)


def _talk(listens: tuple[str, ...], visit: Visit | None) -> tuple[int, tuple[str, ...], str]:
    """Whose talk somebody may be in, how, and how somebody is."""
    if visit is None:
        return 0, (), ""
    there = present(visit)
    hows = tuple(how for how in HOW if not refused(listens, visit, how))
    return (visit.id if hows or there else 0), hows, there
