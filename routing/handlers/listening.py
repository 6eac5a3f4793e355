"""Supervisors in talks: the caller's yes, who asks, and that it is over."""

from collections.abc import Callable
from typing import Any, Final

from routing import events as ev
from routing import facts, listening
from routing.moves import Moves
from routing.steering import UNKNOWN_VISIT


def allowed(moves: Moves, event: ev.ListeningAllowed) -> None:
    """The caller said yes, for this call."""
    visit = moves.derived.expected(event.leg, "ListeningAllowed")
    if visit is not None and not visit.may_listen:
        visit.may_listen = True
        moves.derived.say(facts.ListeningAllowed(moves.world.now_ms, visit.id))


def asked(moves: Moves, event: ev.ListeningAsked) -> None:
    """A supervisor wants to be in a talk."""
    visit = moves.world.visits.get(event.visit)
    why = UNKNOWN_VISIT
    if visit is not None:
        why = listening.listen(moves.derived, visit, event.how, event.reach)
    if why:
        moves.derived.refuse("ListeningAsked", f"visit {event.visit}", why)


def ended(moves: Moves, event: ev.ListeningEnded) -> None:
    """It may come late, of a talk that is over."""
    listening.over(moves.derived, event.listening)


HANDLERS: Final[dict[type, Callable[[Moves, Any], None]]] = {
    ev.ListeningAllowed: allowed,
    ev.ListeningAsked: asked,
    ev.ListeningEnded: ended,
}
