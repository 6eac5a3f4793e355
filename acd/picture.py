"""The one picture of the hotline that leaves the house: page, API, broker and figures all show this board."""

from collections.abc import Callable

from routing.board import Board, board
from routing.privacy import shown_apart
from routing.world import World


class Picture:
    """The board of a world. smallest: cells that fewer people could serve are merged; 0: none are."""

    def __init__(self, world: Callable[[], World], now_ms: Callable[[], int], smallest: int = 0) -> None:
        self.smallest = smallest
        self._world = world
        self._now_ms = now_ms
        self._of: tuple[str, str, int, int] | None = None
        self._apart: frozenset[tuple[str, str]] | None = None

    def __call__(self) -> Board:
        """As it is now."""
        world = self._world()
        return board(world, self._now_ms(), self._shown(world))

    def _shown(self, world: World) -> frozenset[tuple[str, str]] | None:
        """Worked out anew when policy, people or the setting are others."""
        of = (world.policy_digest, world.roster_digest, len(world.people), self.smallest)
        if of != self._of:
            merges = self.smallest > 0 and world.policy is not None
            people = list(world.people.values())
            self._apart = shown_apart(world.rules, people, self.smallest) if merges else None
            self._of = of
        return self._apart
