"""What is to be seen now: the world as a supervisor's page, a metric or a broker shows it."""

from collections.abc import Container
from typing import NamedTuple

from routing import visit as table
from routing.privacy import MERGED
from routing.world import World


class WaitingCell(NamedTuple):
    """Callers waiting with one language and concern, or with MERGED for both: with any that are not shown
    apart. longest_since_ms: when the oldest was queued."""

    language: str
    concern: str
    callers: int
    longest_since_ms: int


class StaffState(NamedTuple):
    """A member of staff as shown: state (a name of agents.state), since when, why not ready."""

    id: str
    name: str
    state: str
    reason: str
    since_ms: int


class Board(NamedTuple):
    """The whole picture at `at_ms`. No caller stands in it alone: only counts by language and concern.

    in_menu: callers still choosing. ringing: offered or ringing. talking: in conversation.
    degraded: callers the dialplan serves alone. announcing: an emergency announcement is on.
    outside: callers sent to somebody who is none of us. threats: told, and seen to by nobody yet.
    callbacks: promised, and carried out by nobody now. calling: somebody calls them at this moment.
    """

    at_ms: int
    link_up: bool
    link_why: str
    open: bool
    term: int
    in_menu: int
    ringing: int
    talking: int
    degraded: int
    waiting: tuple[WaitingCell, ...]
    staff: tuple[StaffState, ...]
    announcing: bool = False
    outside: int = 0
    threats: int = 0
    callbacks: int = 0
    calling: int = 0


def board(world: World, now: int, apart: Container[tuple[str, str]] | None = None) -> Board:
    """The picture of this world at `now` (epoch ms). apart: the (language, concern) that may be shown by
    themselves (routing.privacy); None: all."""
    cells: dict[tuple[str, str], list[int]] = {}
    states = dict.fromkeys(table.STATES, 0)
    promised = 0
    for visit in world.visits.values():
        states[visit.state] += 1
        if visit.state == table.WAITING and visit.kind in table.OUTBOUND:
            promised += 1
        elif visit.state == table.WAITING:
            cell = (visit.language, visit.concern)
            shown = cell if apart is None or cell in apart else (MERGED, MERGED)
            cells.setdefault(shown, []).append(visit.queued_ms)
    return Board(
        at_ms=now,
        link_up=world.link_up,
        link_why=world.link_why,
        open=world.open,
        term=world.term,
        in_menu=states[table.GREETED],
        ringing=states[table.OFFERED] + states[table.RINGING],
        talking=states[table.TALKING],
        degraded=states[table.DEGRADED],
        waiting=tuple(
            WaitingCell(language, concern, len(since), min(since))
            for (language, concern), since in sorted(cells.items())
        ),
        staff=tuple(
            StaffState(key, person.agent.name, person.shown, person.shown_reason, person.shown_ms)
            for key, person in world.people.items()
        ),
        announcing=world.announcement is not None,
        outside=states[table.OUTSIDE],
        threats=len(world.threats),
        callbacks=promised,
        calling=states[table.CALLING],
    )
