"""What supervisors say of visits, of what people can do, and of the whole hotline."""

from collections.abc import Callable
from typing import Any, Final

from routing import events as ev
from routing import facts
from routing.by_hand import OVERFLOW
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


def lent(moves: Moves, event: ev.SkillsLent) -> None:
    """Who may be offered whom is worked out anew."""
    why = moves.hotline.lend(event)
    if why:
        moves.derived.say(facts.StaffRefused(moves.world.now_ms, event.agent, "skills", why))
        return
    moves.rebuild()
    moves.derived.tell_fallback()


def by_hand(moves: Moves, event: ev.SetByHand) -> None:
    """Everybody who waits does so by what holds now; of hours and reserves they learn by the settling."""
    why = moves.hotline.set(event)
    if why:
        moves.derived.refuse("SetByHand", f"{event.what} {event.of}", why)
        return
    moves.pass_hours()
    if event.what == OVERFLOW:
        moves.wait_anew()


HANDLERS: Final[dict[type, Callable[[Moves, Any], None]]] = {
    ev.VisitPlaced: _of(Steering.place),
    ev.PriorityTaken: _of(Steering.take_class),
    ev.NeedGiven: _of(Steering.need),
    ev.PersonNamed: _of(Steering.name),
    ev.OfferedByHand: _of(Steering.offer),
    ev.OfferPulledBack: _of(Steering.pull_back),
    ev.SkillsLent: lent,
    ev.SetByHand: by_hand,
}
