"""Callbacks: who wants one, and what phones say of carrying it out."""

from collections.abc import Callable
from typing import Any, Final

from routing import events as ev
from routing import facts
from routing import visit as table
from routing.callback import MESSAGE_GONE
from routing.moves import Moves


def asked(moves: Moves, event: ev.CallbackAsked) -> None:
    """By a caller on the line."""
    visit = moves.derived.expected(event.leg, "CallbackAsked")
    if visit is not None:
        moves.callbacks.ask(visit, event)


def message(moves: Moves, event: ev.MessageLeft) -> None:
    """By a caller on the line."""
    visit = moves.derived.expected(event.leg, "MessageLeft")
    if visit is not None:
        moves.callbacks.leave(visit, event.file)


def wished(moves: Moves, event: ev.CallbackWished) -> None:
    """By somebody who is not."""
    moves.callbacks.wish(event)


def given(moves: Moves, event: ev.CallbackGiven) -> None:
    """By somebody in charge."""
    if why := moves.callbacks.give(event):
        moves.derived.refuse("CallbackGiven", f"visit {event.visit}", why)


def cancelled(moves: Moves, event: ev.CallbackCancelled) -> None:
    """A person's word. One that is being carried out goes on."""
    visit = moves.world.visits.get(event.visit)
    if visit is None or visit.kind not in table.OUTBOUND or visit.state != table.WAITING:
        state = "unknown_visit" if visit is None else visit.state
        moves.derived.refuse("CallbackCancelled", f"visit {event.visit}", state)
        return
    moves.callbacks.cancel(visit, facts.CANCELLED, facts.BY_STAFF)


def message_gone(moves: Moves, event: ev.MessageGone) -> None:
    """Nobody can hear it any more. One that is being carried out goes on."""
    visit = moves.world.visits.get(event.visit)
    if visit is None or visit.kind != table.MESSAGE or visit.state != table.WAITING:
        state = "unknown_visit" if visit is None else visit.state
        moves.derived.refuse("MessageGone", f"visit {event.visit}", state)
        return
    moves.callbacks.cancel(visit, facts.CANCELLED, facts.BY_PBX, MESSAGE_GONE)


def rings(moves: Moves, event: ev.CallbackRings) -> None:
    """The phone of who is to call."""
    if event.offer in moves.world.offers:
        moves.callbacks.rings(event)
    else:
        moves.callbacks.unknown(event.offer, event.phone_leg.node)


def lifted(moves: Moves, event: ev.CallbackLifted) -> None:
    """They did."""
    if event.offer in moves.world.offers:
        moves.callbacks.lifted(event.offer, event.phone_leg)
    else:
        moves.callbacks.unknown(event.offer, event.phone_leg.node)


def calls(moves: Moves, event: ev.CallbackCalls) -> None:
    """The caller's telephone."""
    if event.offer in moves.world.offers:
        moves.callbacks.calls(event.offer, event.phone_leg, event.leg)
    else:
        moves.callbacks.unknown(event.offer, event.phone_leg.node)


def over(moves: Moves, event: ev.CallbackOver) -> None:
    """Of one that led to a talk, the legs tell."""
    moves.callbacks.over(event.offer, event.status, event.sip)


HANDLERS: Final[dict[type, Callable[[Moves, Any], None]]] = {
    ev.CallbackAsked: asked,
    ev.CallbackWished: wished,
    ev.CallbackGiven: given,
    ev.MessageLeft: message,
    ev.CallbackCancelled: cancelled,
    ev.MessageGone: message_gone,
    ev.CallbackRings: rings,
    ev.CallbackLifted: lifted,
    ev.CallbackCalls: calls,
    ev.CallbackOver: over,
}
