"""What members of staff ask for, themselves or somebody for them."""

from collections.abc import Callable
from typing import Any, Final

from agents import state as staff
from routing import events as ev
from routing import facts
from routing.commands import Confirm
from routing.moves import Moves
from routing.world import Person


def asked(moves: Moves, event: ev.StaffAsked) -> None:
    """Log in or out, ready or not; the phone that asked hears whether it took effect."""
    world, derived = moves.world, moves.derived
    person = world.people.get(event.agent) if event.agent else derived.person_at(event.phone, event.node)
    why = "unknown_person" if person is None or person.leaving else _refused(moves, person, event)
    if why:
        subject = person.agent.id if person else event.agent or event.phone
        derived.say(facts.StaffRefused(world.now_ms, subject, event.what, why))
    if event.leg is not None:
        derived.commands.append(Confirm(derived.new_id(), event.leg, not why))


def _refused(moves: Moves, person: Person, event: ev.StaffAsked) -> str:
    """Do it; why not, if it cannot be done, else ""."""
    was_out = person.presence == staff.LOGGED_OUT
    reason = event.reason if event.what == staff.ASK_NOT_READY else ""
    if not moves.people.attend(person, event.what, reason):
        return "not_logged_in" if was_out else "not_possible"
    if event.what == staff.ASK_READY:
        for engaged in person.engagements:
            if engaged.activity == staff.WRAP_UP:
                moves.people.wrapped(person, engaged)
    return ""


HANDLERS: Final[dict[type, Callable[[Moves, Any], None]]] = {ev.StaffAsked: asked}
