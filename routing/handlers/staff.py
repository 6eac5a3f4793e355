"""What members of staff ask for, themselves or somebody for them."""

from collections.abc import Callable
from typing import Any, Final

from agents import state as staff
from routing import events as ev
from routing import facts
from routing.commands import Confirm
from routing.moves import Moves
from routing.people import QUIET_MAX_MIN
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
    if event.what == staff.WRAP_LONGER:
        return moves.people.writes_longer(person)
    if event.what == staff.WRAP_OVER:
        return "" if moves.people.writes_no_more(person) else "no_wrap_up"
    was_out = person.presence == staff.LOGGED_OUT
    reason = event.reason if event.what == staff.ASK_NOT_READY else ""
    if not moves.people.attend(person, event.what, reason):
        return "not_logged_in" if was_out else "not_possible"
    if event.what == staff.ASK_READY:
        moves.people.writes_no_more(person)
    return ""


def quiet_asked(moves: Moves, event: ev.QuietAsked) -> None:
    """Only who is logged in can have it; it ends when they log out."""
    world = moves.world
    person = world.people.get(event.agent)
    why = ""
    if person is None or person.leaving:
        why = "unknown_person"
    elif person.presence == staff.LOGGED_OUT:
        why = "not_logged_in"
    elif not 0 <= event.minutes <= QUIET_MAX_MIN:
        why = "not_possible"
    else:
        moves.people.wants_quiet(person, event.minutes)
    if why:
        moves.derived.say(facts.StaffRefused(world.now_ms, event.agent, staff.QUIET, why))


HANDLERS: Final[dict[type, Callable[[Moves, Any], None]]] = {
    ev.StaffAsked: asked,
    ev.QuietAsked: quiet_asked,
}
