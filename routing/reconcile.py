"""What a snapshot of the PBX says about each call, and where it differs from the world."""

from typing import NamedTuple

from routing import call
from routing.events import Leg, LegSeen
from routing.world import World

HOLD = "acd-hold"
CONNECT = "acd-connect"
DEGRADED = "acd-degraded"
CLOSED = "acd-closed"
MENUS = frozenset({"acd-entry", "acd-language", "acd-concern"})
"""The dialplan's contexts in which a caller can stand."""


class Seen(NamedTuple):
    """A caller as the PBX holds them: the state of the visit that this means, and the phone's leg if any."""

    row: LegSeen
    state: str
    phone: LegSeen | None


def seen(legs: tuple[LegSeen, ...]) -> dict[Leg, Seen]:
    """Every caller of a snapshot with the state they are in, in the order in which they came.

    A call is a talk if caller and phone share a bridge; it rings if the caller has a phone's leg.
    """
    phones: dict[Leg, list[LegSeen]] = {}
    for leg in legs:
        if leg.phone and leg.caller != leg.leg:
            phones.setdefault(leg.caller, []).append(leg)
    calls: dict[Leg, Seen] = {}
    callers = [leg for leg in legs if not leg.phone and leg.caller == leg.leg]
    for row in sorted(callers, key=lambda each: (each.queued_ms or each.arrived_ms, each.leg)):
        theirs = sorted(phones.get(row.leg, []), key=lambda each: each.leg)
        bridged = [leg for leg in theirs if row.bridge and leg.bridge == row.bridge]
        if bridged:
            calls[row.leg] = Seen(row, call.TALKING, bridged[0])
        elif row.context == DEGRADED:
            calls[row.leg] = Seen(row, call.DEGRADED, None)
        elif theirs:
            calls[row.leg] = Seen(row, call.RINGING, theirs[0])
        elif row.context == CONNECT:
            calls[row.leg] = Seen(row, call.OFFERED, None)
        elif row.context == CLOSED:
            calls[row.leg] = Seen(row, call.CLOSING, None)
        elif row.context == HOLD:
            calls[row.leg] = Seen(row, call.WAITING, None)
        elif row.context in MENUS:
            calls[row.leg] = Seen(row, call.GREETED, None)
    return calls


def differences(
    world: World, calls: dict[Leg, Seen], devices: tuple[tuple[str, str], ...], asked_ms: int
) -> list[tuple[str, str, str]]:
    """(subject, as the world has it, as the PBX has it) for all that disagrees.

    What changed since the snapshot was asked for is newer than it and left out.
    """
    found: list[tuple[str, str, str]] = []
    known = {visit.caller for visit in world.visits.values()}
    for visit in world.visits.values():
        if visit.changed_ms >= asked_ms:
            continue
        there = calls.get(visit.caller)
        state = there.state if there else "gone"
        same = state == visit.state or {state, visit.state} == {call.OFFERED, call.RINGING}
        if not same:
            found.append((visit.caller.uid, visit.state, state))
    found.extend((leg.uid, "unknown", there.state) for leg, there in calls.items() if leg not in known)
    states = dict(devices)
    for person in world.people.values():
        state = states.get(person.agent.reach.address, "UNKNOWN")
        if person.changed_ms < asked_ms and person.device != state:
            found.append((person.agent.reach.address, person.device, state))
    return found
