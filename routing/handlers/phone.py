"""What phones do: they are dialled, ring, are connected, refuse, are lost; and what becomes of commands."""

from collections.abc import Callable
from typing import Any, Final

from agents import state as staff
from routing import events as ev
from routing import facts, listening
from routing import visit as table
from routing.commands import PHONE_LOST
from routing.moves import Moves
from routing.offers import ANSWERED_STATUS

CAUSE_MS: Final = 500
"""How long the cause of a phone's leg may come after the end of its dial; usually a few milliseconds."""


def dial_began(moves: Moves, event: ev.DialBegan) -> None:
    """For an offer, or by the dialplan alone. A dial of an offer that is over ends by itself.

    Where the dialplan dials alone, the redirect of an open offer did not take hold by then: it is given up,
    and taken up again if it takes hold after all.
    """
    visit = moves.derived.expected(event.caller, "DialBegan")
    if visit is None:
        return
    person = moves.derived.person_at(event.phone, event.phone_leg.node)
    offer = moves.world.offers.get(visit.offer)
    if offer is not None and event.offer == 0:
        moves.offers.end(offer, facts.FAILED)
        moves.visits.back_on_hold(visit)
        moves.serves_alone(visit)
    elif offer is not None and (event.offer is None or offer.is_called(event.offer)):
        if person is not None and offer.agent == person.agent.id:
            moves.offers.dials(visit, offer, event.phone_leg, event.phone)
        return
    if visit.state != table.DEGRADED:
        return
    if not event.offer:
        moves.offers.rings_alone(visit, person, event.phone_leg, event.phone)
        return
    moves.offers.stops_alone(visit)
    if moves.visits.move(visit, table.QUEUE) and person is not None:
        moves.offers.take_up(visit, person, event.offer, event.phone_leg, rings=False)


def rang(moves: Moves, event: ev.PhoneRang) -> None:
    """The phone lives: from here on the whole lease counts."""
    visit = moves.derived.visit_of(event.phone_leg)
    offer = moves.world.offers.get(visit.offer) if visit is not None else None
    if visit is None or offer is None or offer.phone_leg != event.phone_leg or offer.rang:
        return
    moves.offers.lease(offer, moves.world.rules.lease_ms)
    moves.offers.rang(visit, offer, event.phone_leg)


def bridged(moves: Moves, event: ev.Bridged) -> None:
    """They can talk, whoever's phone it is. A leg that has ended already talks no more."""
    visit = moves.derived.expected(event.caller, "Bridged")
    if visit is None:
        return
    if (agent := _rung_at(moves, event.phone_leg)) is not None:
        person = moves.world.people.get(agent)
    else:
        person = moves.derived.person_at(event.phone, event.phone_leg.node)
    moves.talks.begin(visit, person, event.phone_leg, event.phone)


def _rung_at(moves: Moves, phone_leg: ev.Leg) -> str | None:
    """Whose phone was dialled under this leg; their phone may be another by now."""
    visit = moves.derived.visit_of(phone_leg)
    phone = visit.phone if visit is not None else None
    return phone.agent or None if phone is not None and phone.leg == phone_leg else None


def dial_ended(moves: Moves, event: ev.DialEnded) -> None:
    """Late ones name an offer that is over already, and change nothing."""
    visit = moves.derived.expected(event.leg, "DialEnded")
    if visit is None:
        return
    if event.status == ANSWERED_STATUS and visit.in_talk:
        moves.talks.failed(visit)
    offer = moves.world.offers.get(visit.offer)
    if offer is None or not offer.is_called(event.offer):
        return
    offer.status = event.status
    if offer.phone_leg is not None and offer.cause < 0:
        moves.offers.lease(offer, CAUSE_MS)
        return
    moves.offers.dial_over(offer)


def command_failed(moves: Moves, event: ev.CommandFailed) -> None:
    """An offer that never left is given up at once; the caller's own events tell the rest."""
    world = moves.world
    moves.derived.say(facts.CommandLost(world.now_ms, event.command, event.why))
    if listening.over(moves.derived, event.command):
        return
    offer = world.offers.get(event.command)
    if offer is not None:
        visit = world.visits[offer.visit]
        if visit.kind in table.OUTBOUND:
            moves.callbacks.failed(visit, offer, event.why)
            return
        moves.visits.not_again(visit, offer.agent, world.rules.silent_ms)
        moves.offers.end(offer, facts.FAILED)
        moves.visits.back_on_hold(visit)


def device_changed(moves: Moves, event: ev.DeviceChanged) -> None:
    """A phone's state."""
    moves.people.set_device(event.phone, event.state, event.node)


def phone_lost(moves: Moves, event: ev.PhoneLost) -> None:
    """A phone that died in a talk: the caller, who hears nothing, is told and is first in line again."""
    moves.people.set_device(event.phone, staff.LOST, event.node)
    for visit in list(moves.world.visits.values()):
        phone = visit.phone
        if visit.state != table.TALKING or phone is None or phone.phone != event.phone:
            continue
        if event.node in ("", phone.leg.node):
            visit.dead_leg = phone.leg
            moves.talks.over(visit)
            moves.visits.part(visit)
            moves.offers.withdraw(visit, PHONE_LOST)


def interpreter(trigger: str) -> Callable[[Moves, Any], None]:
    """What becomes of the interpreter of a talk."""

    def handle(moves: Moves, event: ev.InterpreterJoined) -> None:
        if (visit := moves.derived.expected(event.caller, trigger)) is not None:
            moves.talks.interpret(visit, trigger)

    return handle


HANDLERS: Final[dict[type, Callable[[Moves, Any], None]]] = {
    ev.DialBegan: dial_began,
    ev.PhoneRang: rang,
    ev.Bridged: bridged,
    ev.DialEnded: dial_ended,
    ev.CommandFailed: command_failed,
    ev.DeviceChanged: device_changed,
    ev.PhoneLost: phone_lost,
    ev.InterpreterJoined: interpreter(table.JOIN),
    ev.InterpreterFailed: interpreter(table.FAIL),
    ev.InterpreterLeft: interpreter(table.LEAVE),
}
