"""What members of staff say at their desk: of their calls, to colleagues, of threats."""

from collections.abc import Callable
from typing import Any, Final

from agents import state as staff
from routing import events as ev
from routing import facts
from routing.handovers import NOT_YOURS, UNKNOWN_PERSON
from routing.moves import Moves
from routing.world import Closed, Person

CLOSE: Final = "close"
HAND_OVER: Final = "handover"
DONE: Final = "handover_done"
THREAT: Final = "threat"


def _refuse(moves: Moves, agent: str, what: str, why: str) -> None:
    moves.derived.say(facts.StaffRefused(moves.world.now_ms, agent, what, why))


def _handled(moves: Moves, agent: str, visit: int, what: str) -> Person | None:
    """Who handles this visit, or handled it lately; anybody else is refused."""
    person = moves.world.people.get(agent)
    if person is None:
        _refuse(moves, agent, what, UNKNOWN_PERSON)
        return None
    engaged = person.engaged_with(visit)
    talks = engaged is not None and engaged.activity == staff.TALKING
    if talks or visit in [each.visit for each in person.handled]:
        return person
    _refuse(moves, agent, what, NOT_YOURS)
    return None


def closed(moves: Moves, event: ev.HandlingClosed) -> None:
    """A case is the caller's from now on, too: if the talk breaks, who takes them next sees it."""
    person = _handled(moves, event.agent, event.visit, CLOSE)
    if person is None:
        return
    person.closed = Closed(event.visit, event.outcome, event.note, event.case)
    moves.derived.say(facts.HandlingClosed(moves.world.now_ms, *event))
    visit = moves.world.visits.get(event.visit)
    if visit is not None and event.case and visit.case != event.case:
        visit.case, visit.owner = event.case, ""
        moves.visits.recognised(visit)


def handed_over(moves: Moves, event: ev.HandedOver) -> None:
    """A follow-up for a colleague."""
    if _handled(moves, event.agent, event.visit, HAND_OVER) is None:
        return
    if why := moves.handovers.leave(*event):
        _refuse(moves, event.agent, HAND_OVER, why)


def handover_done(moves: Moves, event: ev.HandoverDone) -> None:
    """A follow-up is done."""
    if why := moves.handovers.done(*event):
        _refuse(moves, event.agent, DONE, why)


def threat_told(moves: Moves, event: ev.ThreatTold) -> None:
    """Told, whatever becomes of the talk; who called is known by the visit, or by what was kept of it."""
    person = _handled(moves, event.agent, event.visit, THREAT)
    if person is not None:
        visit = moves.world.visits.get(event.visit)
        tokens = (
            [visit.token]
            if visit is not None
            else [e.token for e in person.handled if e.visit == event.visit]
        )
        moves.threats.tell(event.visit, tokens[0], event.agent, event.note, event.block_ms)


def threat_seen(moves: Moves, event: ev.ThreatSeen) -> None:
    """A supervisor's word."""
    if not moves.threats.seen(event.visit):
        moves.derived.refuse("ThreatSeen", f"visit {event.visit}", "none_open")


def token_unblocked(moves: Moves, event: ev.TokenUnblocked) -> None:
    """A supervisor's word."""
    if not moves.threats.unblock(event.visit):
        moves.derived.refuse("TokenUnblocked", f"visit {event.visit}", "not_blocked")


HANDLERS: Final[dict[type, Callable[[Moves, Any], None]]] = {
    ev.HandlingClosed: closed,
    ev.HandedOver: handed_over,
    ev.HandoverDone: handover_done,
    ev.ThreatTold: threat_told,
    ev.ThreatSeen: threat_seen,
    ev.TokenUnblocked: token_unblocked,
}
