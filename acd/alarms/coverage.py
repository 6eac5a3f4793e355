"""How few people could serve each need, now and by the duty roster ahead. Pure; it sweeps over time once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from config.duties import Presence
from routing.policy import Policy
from routing.spans import Spans, holds
from routing.specific import most_specific

Cell = tuple[str, str]
"""(language, concern)."""

Fewest = Mapping[Cell, tuple[int, int]]
"""By need: how few people there are, and from when on (epoch ms)."""

COMES: Final = True


def fewest(
    policy: Policy,
    able: Mapping[Cell, frozenset[str]],
    here: frozenset[str],
    presences: Iterable[Presence],
    now: int,
    until: int,
) -> Fewest:
    """The fewest people of each need, over all moments of [now, until] at which it is open for it; needs that
    are shut all the time are left out.

    able: whoever could serve a need. here: who is at work now; of later the roster tells: who is here stays
    until the end of their duty, and who has duty is there. Without a roster only now counts.
    """
    near = [each for each in presences if each.begin_ms <= until and each.end_ms > now]
    opened = _Opened(policy, able)
    count = {cell: len(people & here) for cell, people in able.items()}
    found = {cell: (count[cell], now) for cell in able if opened.at(cell, now)}
    if not near:
        return found
    cells_of: dict[str, list[Cell]] = {}
    for cell, people in able.items():
        for person in people:
            cells_of.setdefault(person, []).append(cell)
    there = set(here)

    def move(person: str, comes: bool) -> None:
        if comes != (person in there):
            (there.add if comes else there.discard)(person)
            for cell in cells_of.get(person, ()):
                count[cell] += 1 if comes else -1

    changes = _changes(near, now, until)
    for person in changes.pop(now, {}):
        move(person, COMES)
    for at in sorted(changes.keys() | opened.begins(now, until)):
        moved = changes.get(at, {})
        for person, comes in moved.items():
            move(person, comes)
        fewer = {cell for person, comes in moved.items() if not comes for cell in cells_of.get(person, ())}
        for cell in able if opened.opens(at) else fewer:
            if count[cell] < found.get(cell, (len(there) + 1, 0))[0] and opened.at(cell, at):
                found[cell] = (count[cell], at)
    return found


def _changes(near: Sequence[Presence], now: int, until: int) -> dict[int, dict[str, bool]]:
    """Who comes (True) and goes at which moment; at `now` who has duty already. Duties that touch are one."""
    duties: dict[str, list[tuple[int, int]]] = {}
    for each in near:
        duties.setdefault(each.person, []).append((each.begin_ms, each.end_ms))
    changes: dict[int, dict[str, bool]] = {}
    for person, spans in duties.items():
        end: int | None = None
        for begin, ends in sorted(spans):
            if end is None or begin > end:
                if end is not None and now < end <= until:
                    changes.setdefault(end, {})[person] = not COMES
                changes.setdefault(max(begin, now), {})[person] = COMES
            end = ends if end is None else max(end, ends)
        if end is not None and now < end <= until:
            changes.setdefault(end, {})[person] = not COMES
    return changes


class _Opened:
    """When it is open for each need."""

    def __init__(self, policy: Policy, cells: Iterable[Cell]) -> None:
        self._all = policy.opening
        own = {(each.language, each.concern): each.when for each in policy.hours}
        self._own: dict[Cell, Spans | None] = {cell: most_specific(own, *cell) for cell in cells}
        self._begins = {begin for spans in (policy.opening, *own.values()) for begin, _ in spans}

    def at(self, cell: Cell, at: int) -> bool:
        own = self._own[cell]
        return holds(self._all, at) and (own is None or holds(own, at))

    def opens(self, at: int) -> bool:
        """Whether it opens for some at this moment."""
        return at in self._begins

    def begins(self, now: int, until: int) -> set[int]:
        """The moments at which it opens for some."""
        return {at for at in self._begins if now < at <= until}
