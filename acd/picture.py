"""The picture of the hotline that leaves the house: page and API show it, broker and figures a coarse one."""

import asyncio
from collections.abc import Callable
from functools import partial

from routing.board import Board, StaffState, board
from routing.others import STRICT, Others
from routing.privacy import ALL, MERGED, NONE, Apart, apart
from routing.world import World

FEW = 50
"""People of whom it is worked out at once."""


class Picture:
    """The board of a world, as others see it. smallest: cells that fewer people could serve are merged; 0:
    none are. others: what is seen of one person.

    still: whether the world may be looked at; while it may not, the last board is shown.
    """

    def __init__(
        self,
        world: Callable[[], World],
        now_ms: Callable[[], int],
        smallest: int = 0,
        still: Callable[[], bool] = lambda: True,
        others: Others = STRICT,
    ) -> None:
        self.smallest = smallest
        self.others = others
        self._still = still
        self._last: Board | None = None
        self._world = world
        self._now_ms = now_ms
        self._of: tuple[str, str, int, int] | None = None
        self._apart = ALL

    def __call__(self) -> Board:
        """As it is now."""
        if self._last is None or self._still():
            world = self._world()
            self._last = board(world, self._now_ms(), self._shown(world).cells)
        return self._last._replace(staff=tuple(map(self.others.person, self._last.staff)))

    def own(self, agent: str) -> StaffState | None:
        """What somebody sees of themselves: all of it; None for who is no member of staff."""
        if self._last is None:
            self()
        return next((each for each in self._last.staff if each.id == agent), None) if self._last else None

    @property
    def apart(self) -> Apart:
        """What may be shown by itself."""
        return self._shown(self._world()) if self._still() else self._apart

    def language(self, tongue: str) -> str:
        """Under which name figures of this language are shown."""
        alone = self.apart.languages
        return tongue if alone is None or tongue in alone else MERGED

    def _shown(self, world: World) -> Apart:
        """Worked out anew when policy, people or the setting are others; of many people beside the loop, and
        until that is done all are shown as one."""
        of = (world.policy_digest, world.team_digest, len(world.people), self.smallest)
        if of == self._of:
            return self._apart
        self._of, self._apart = of, ALL
        if self.smallest > 0 and world.policy is not None:
            work = partial(apart, world.policy, list(world.people.values()), self.smallest)
            loop = _running() if len(world.people) > FEW else None
            if loop is None:
                self._apart = work()
            else:
                self._apart = NONE
                loop.run_in_executor(None, work).add_done_callback(partial(self._found, of))
        return self._apart

    def _found(self, of: tuple[str, str, int, int], done: "asyncio.Future[Apart]") -> None:
        if of == self._of and not done.cancelled() and done.exception() is None:
            self._apart = done.result()


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
