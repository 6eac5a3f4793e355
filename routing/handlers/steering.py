"""What supervisors say of visits."""

from collections.abc import Callable
from typing import Any, Final

from routing import events as ev
from routing.moves import Moves
from routing.steering import UNKNOWN_VISIT, Steering
from routing.world import Visit


def _of(move: Callable[..., str]) -> Callable[[Moves, Any], None]:
    """An event about a visit, and what else it names; refused with the code that the move gives."""

    def handle(moves: Moves, event: Any) -> None:
        visit: Visit | None = moves.world.visits.get(event.visit)
        why = UNKNOWN_VISIT if visit is None else move(moves.steering, visit, *event[1:])
        if why:
            moves.derived.refuse(type(event).__name__, f"visit {event.visit}", why)

    return handle


HANDLERS: Final[dict[type, Callable[[Moves, Any], None]]] = {
    ev.VisitPlaced: _of(Steering.place),
    ev.PriorityTaken: _of(Steering.take_class),
    ev.NeedGiven: _of(Steering.need),
    ev.PersonNamed: _of(Steering.name),
    ev.OfferedByHand: _of(Steering.offer),
    ev.OfferPulledBack: _of(Steering.pull_back),
}
