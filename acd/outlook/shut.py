"""When a supervisor let nobody in line: few callers then are no sign of a quiet day."""

from typing import Final

from routing import by_hand
from routing.facts import ByHandChanged
from routing.spans import Spans
from routing.world import World

FOR_ALL: Final = {(by_hand.HOURS, "/"): by_hand.CLOSED, (by_hand.DRAIN, ""): by_hand.ON}
"""What shuts for everybody, and how it does."""


class Shut:
    """Follows what is set by hand, from `begin` on."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], int] = {}
        self._over: list[tuple[int, int]] = []

    def begin(self, world: World, now: int) -> None:
        """From now on, as the world has it."""
        shut = [each for each, how in FOR_ALL.items() if by_hand.how(world, *each) == how]
        self._since, self._over = dict.fromkeys(shut, now), []

    def hear(self, fact: ByHandChanged) -> None:
        """Something was set, or given back."""
        about = (fact.what, fact.of)
        if about not in FOR_ALL:
            return
        if fact.how == FOR_ALL[about]:
            self._since.setdefault(about, fact.at_ms)
        elif (since := self._since.pop(about, None)) is not None:
            self._over.append((since, fact.at_ms))

    def spans(self, now: int) -> Spans:
        """When it was so until now, in order; none touches another (epoch ms)."""
        found: list[tuple[int, int]] = []
        for begin, end in sorted([*self._over, *((since, now) for since in self._since.values())]):
            if found and begin <= found[-1][1]:
                found[-1] = (found[-1][0], max(end, found[-1][1]))
            else:
                found.append((begin, end))
        return tuple(found)
