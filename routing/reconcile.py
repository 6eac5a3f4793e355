"""After a snapshot of a PBX: it wins on what exists, the world on order, need and waiting time.

Every change goes through the moves and their tables, as if the events that were missed had come.
"""

from typing import Final, NamedTuple

from agents import state as staff
from routing import events as ev
from routing import facts, listening, standing
from routing import visit as table
from routing.commands import PHONE_LOST
from routing.events import Leg, LegSeen
from routing.moves import Moves
from routing.world import Person, Visit, World, device_key, leg_key

HOLD: Final = "acd-hold"
CONNECT: Final = "acd-connect"
DEGRADED: Final = "acd-degraded"
CLOSED: Final = "acd-closed"
OUTSIDE: Final = "acd-outside"
PROMISED: Final = "acd-promised"
MENUS: Final = frozenset(
    {"acd-entry", "acd-language", "acd-concern", "acd-consent", "acd-hours", "acd-announced"}
)
"""The dialplan's contexts in which a caller can stand. In any other a subroutine runs for a moment."""

GONE: Final = "gone"
UNKNOWN: Final = "unknown"

Difference = tuple[str, str, str]
"""(subject, as the world has it, as the PBX has it)."""


class Seen(NamedTuple):
    """A caller as the PBX holds them: the state of the visit that this means, and the phone's leg if any."""

    row: LegSeen
    state: str
    phone: LegSeen | None


def seen(world: World, legs: tuple[LegSeen, ...]) -> dict[Leg, Seen]:
    """Every caller of a snapshot with the state they are in, in the order in which they came.

    A call is a talk if caller and phone share a bridge; it rings if the caller has a phone's leg. Legs that
    have ended since are left out.
    """
    legs = tuple(each for each in legs if leg_key(each.leg) not in world.gone and not each.callback)
    phones: dict[Leg, list[LegSeen]] = {}
    for leg in legs:
        if leg.phone and leg.caller != leg.leg:
            phones.setdefault(leg.caller, []).append(leg)
    calls: dict[Leg, Seen] = {}
    callers = [leg for leg in legs if not leg.phone and leg.caller == leg.leg]
    for row in sorted(callers, key=lambda each: (each.queued_ms or each.arrived_ms, each.leg)):
        theirs = sorted(phones.get(row.leg, []), key=lambda each: each.leg)
        if (found := _seen(row, theirs)) is not None:
            calls[row.leg] = found
    return calls


def _seen(row: LegSeen, phones: list[LegSeen]) -> Seen | None:
    """What a caller's leg with these phones' legs means; None if it is no call of ours yet."""
    bridged = [leg for leg in phones if row.bridge and leg.bridge == row.bridge]
    phone = phones[0] if phones else None
    if row.context == OUTSIDE:
        return Seen(row, table.OUTSIDE, None)
    if bridged:
        return Seen(row, table.TALKING, bridged[0])
    if row.context == DEGRADED:
        return Seen(row, table.DEGRADED, phone)
    if phone is not None:
        return Seen(row, table.RINGING, phone)
    if row.context == CONNECT:
        return Seen(row, table.OFFERED, None)
    if row.context == PROMISED:
        return Seen(row, table.PROMISED, None)
    if row.context == CLOSED:
        return Seen(row, table.CLOSING, None)
    if row.context in MENUS:
        return Seen(row, table.GREETED, None)
    if row.context == HOLD or row.queued_ms:
        return Seen(row, table.WAITING, None)
    return Seen(row, table.GREETED, None) if row.arrived_ms else None


def differences(world: World, calls: dict[Leg, Seen], event: ev.PbxSnapshot) -> list[Difference]:
    """All that disagrees on this PBX.

    What changed since the snapshot was asked for is newer than it and left out; so is a phone of which the
    PBX says nothing: it has no state to tell yet.
    """
    found: list[Difference] = []
    here = [visit for visit in world.visits.values() if _is_here(visit, event.node)]
    known = {visit.caller for visit in here}
    for visit in here:
        if visit.changed_ms < event.asked_ms and visit.caller is not None:
            there = calls.get(visit.caller)
            state = there.state if there else GONE
            if not _same(state, visit.state):
                found.append((visit.caller.uid, visit.state, state))
    found.extend((leg.uid, UNKNOWN, there.state) for leg, there in calls.items() if leg not in known)
    states = dict(event.devices)
    for person in world.people.values():
        reach = person.agent.reach
        state = states.get(reach.address, person.device)
        if reach.node in ("", event.node) and person.changed_ms < event.asked_ms and person.device != state:
            found.append((reach.address, person.device, state))
    return found + standing.differences(world, event)


def _same(there: str, ours: str) -> bool:
    if ours == table.PARTING:
        return there in (table.TALKING, table.OFFERED)
    if ours == table.LEAVING:
        return there in (table.CLOSING, table.OUTSIDE)
    return there == ours or {there, ours} <= {table.OFFERED, table.RINGING}


def _is_here(visit: Visit, node: str) -> bool:
    here = visit.caller is not None and visit.kind not in table.OUTBOUND
    return here and node in ("", visit.node)


def drift(moves: Moves, event: ev.PbxSnapshot) -> None:
    """What differs in two snapshots in a row is said and mended."""
    world = moves.world
    found = differences(world, seen(world, event.legs), event)
    before = world.suspects.get(event.node, ())
    confirmed = [each for each in found if each in before]
    world.suspects[event.node] = tuple(each for each in found if each not in confirmed)
    for subject, ours, theirs in confirmed:
        moves.derived.say(facts.DriftFound(world.now_ms, subject, ours, theirs))
    if confirmed:
        reconcile(moves, event, {subject for subject, _, _ in confirmed})


def reconcile(moves: Moves, event: ev.PbxSnapshot, only: set[str] | None) -> None:
    """Make the world agree with what this PBX holds; with `only` given, just these subjects.

    A visit that changed after the snapshot was asked for is newer than it: it only goes on.
    """
    world = moves.world
    # Before anything is mended: what that changes is no newer than the snapshot.
    newer = {each.id for each in world.visits.values() if each.changed_ms > event.asked_ms}
    for phone, state in event.devices:
        lost = state in staff.IN_USE and _lost(moves, phone, event.node)
        if (only is None or phone in only) and not lost:
            moves.people.set_device(phone, state, event.node)
    calls = seen(world, event.legs)
    for visit in [each for each in world.visits.values() if _is_here(each, event.node)]:
        there = calls.get(visit.caller) if visit.caller is not None else None
        if only is not None and (visit.caller is None or visit.caller.uid not in only):
            continue
        if visit.id in newer:
            _go_on(moves, visit)
        elif there is None:
            _gone(moves, visit)
        else:
            _align(moves, visit, there)
    for leg, there in calls.items():
        if moves.derived.visit_of(leg) is None and (only is None or leg.uid in only):
            arrived_ms = there.row.arrived_ms or world.now_ms
            _align(moves, moves.visits.begin(leg, "", arrived_ms, adopted=True), there)
    standing.align(moves, event, only, newer)
    if only is None:
        listeners = frozenset(each.listening for each in event.legs if each.listening)
        listening.settle(moves.derived, event.node, listeners)
    _take_phones(moves, event)


def _take_phones(moves: Moves, event: ev.PbxSnapshot) -> None:
    """A phone with a leg is in use, even if its device does not say so yet: nobody may ring it now."""
    there = {row.leg for row in event.legs if leg_key(row.leg) not in moves.world.gone}
    for leg in [leg for leg in moves.derived.other_legs if leg.node == event.node and leg not in there]:
        moves.people.lost_leg(leg)
    for row in event.legs:
        person = moves.derived.person_at(row.phone, event.node) if row.phone else None
        if person is not None and row.leg in there and moves.derived.visit_of(row.leg) is None:
            moves.people.has_leg(person, row.leg)


def _gone(moves: Moves, visit: Visit) -> None:
    """Nobody heard this caller's leg end. Who ended the call may be known all the same."""
    reason = "gone_while_we_were_away"
    if visit.hung_up_by:
        moves.leave_line(visit, reason)
    else:
        if visit.talked or visit.in_talk:
            outcome = facts.ANSWERED
        else:
            outcome = facts.FORWARDED if visit.forwarded else facts.LOST
        moves.end_visit(visit, outcome, facts.BY_PBX, reason)


def _go_on(moves: Moves, visit: Visit) -> None:
    """What stood still while the link was down goes on as it stands."""
    offer = moves.world.offers.get(visit.offer)
    if offer is not None:
        moves.offers.lease(offer, moves.world.rules.lease_ms)
    elif visit.state == table.WAITING:
        moves.visits.wait(visit)
    elif visit.state in (table.PARTING, table.LEAVING):
        moves.visits.part_again(visit)


def _align(moves: Moves, visit: Visit, there: Seen) -> None:
    """Bring one visit to the state in which the PBX holds it."""
    _catch_up(moves, visit, there)
    phone = there.phone
    person = _whose(moves, visit, phone, there.row.leg.node) if phone is not None else None
    if visit.state == table.TALKING and there.state != table.TALKING:
        moves.talks.part(visit)
    if visit.state == table.PARTING and there.state != table.OFFERED:
        moves.talks.settle(visit, failed=True)
    if visit.state == table.PARTING and there.state == table.OFFERED:
        moves.visits.part_again(visit)  # behind the dial, and about to end or to be on hold
    elif there.state == table.TALKING and phone is not None:
        if phone.leg == visit.dead_leg or _lost(moves, phone.phone, there.row.leg.node):
            _free(moves, visit)
        else:
            moves.talks.begin(visit, person, phone.leg, phone.phone, phone.offer)
    elif there.state == table.DEGRADED:
        _end_offer(moves, visit)
        moves.serves_alone(visit)
        if phone is not None and visit.state == table.DEGRADED:
            moves.offers.rings_alone(visit, person, phone.leg, phone.phone)
        else:
            moves.offers.stops_alone(visit)
    elif there.state in (table.OFFERED, table.RINGING):
        _align_offer(moves, visit, person, phone)
    elif there.state == table.CLOSING:
        _end_offer(moves, visit)
        moves.hears_closed(visit)
    elif there.state == table.OUTSIDE:
        _end_offer(moves, visit)
        if visit.state in (table.GREETED, table.PARTING):
            moves.visits.move(visit, table.QUEUE)
        moves.goes_outside(visit, "")
        if there.row.bridge:
            moves.answered_outside(visit)
    elif there.state == table.PROMISED:
        if visit.promised and (visit.state, table.PROMISE) in table.TRANSITIONS:
            moves.visits.move(visit, table.PROMISE)
            moves.visits.leave_queue(visit)
    elif there.state == table.WAITING:
        _hold(moves, visit)
    elif visit.state in (table.WAITING, table.OFFERED, table.RINGING, table.OUTSIDE):
        _end_offer(moves, visit)
        moves.to_menus(visit)
    else:
        _go_on(moves, visit)


def _lost(moves: Moves, phone: str, node: str) -> bool:
    """Whether this phone was lost over this link and nothing else was heard of it since."""
    return moves.world.devices.get(device_key(node, phone)) == staff.LOST


def _free(moves: Moves, visit: Visit) -> None:
    """Take a caller out of the talk with a phone that was lost."""
    if visit.state == table.TALKING:
        moves.talks.over(visit)
        moves.visits.part(visit)
    else:
        _hold(moves, visit)
    moves.offers.withdraw(visit, PHONE_LOST)


def _whose(moves: Moves, visit: Visit, phone: LegSeen, node: str) -> Person | None:
    """Who is at the phone's leg: as it was dialled, or as the ledger told, else as phones are now."""
    held = visit.phone
    if visit.talks_at == phone.phone:
        return moves.world.people.get(visit.agent)
    if held is not None and held.leg == phone.leg and held.agent:
        return moves.world.people.get(held.agent)
    return moves.derived.person_at(phone.phone, node)


def _hold(moves: Moves, visit: Visit) -> None:
    """The caller is on hold."""
    _end_offer(moves, visit)
    if visit.state == table.DEGRADED:
        moves.offers.stops_alone(visit)
    on_hold = table.RETURN if visit.state == table.LEAVING else table.QUEUE
    if visit.state == table.WAITING or moves.visits.move(visit, on_hold):
        moves.visits.wait(visit)


def _end_offer(moves: Moves, visit: Visit) -> None:
    if (offer := moves.world.offers.get(visit.offer)) is not None:
        moves.offers.end(offer, facts.WITHDRAWN)
        moves.visits.back_on_hold(visit)


def _align_offer(moves: Moves, visit: Visit, person: Person | None, phone: LegSeen | None) -> None:
    """The caller is on the way to a person or rings there, as we know it or under a record that was lost."""
    offer = moves.world.offers.get(visit.offer)
    if offer is not None and (phone is None or (person is not None and person.agent.id == offer.agent)):
        moves.offers.lease(offer, moves.world.rules.lease_ms)
        if phone is not None:
            moves.offers.rang(visit, offer, phone.leg)
        return
    _hold(moves, visit)
    if phone is not None and person is not None:
        moves.offers.take_up(visit, person, phone.offer, phone.leg)
    if visit.state == table.WAITING:
        moves.offers.withdraw(visit)


def _catch_up(moves: Moves, visit: Visit, there: Seen) -> None:
    """What the caller chose while nobody listened stands on the channel."""
    row = there.row
    if (visit.state, table.QUEUE) not in table.TRANSITIONS:
        return
    if visit.queued_ms and there.state != table.WAITING:
        moves.visits.set_need(visit, "", "", row.second)
    else:
        moves.visits.set_need(visit, row.language, row.concern, row.second)
    waited = row.queued_ms or there.state not in (table.GREETED, table.CLOSING)
    if not visit.queued_ms and waited:
        moves.visits.queue(visit, row.queued_ms or moves.world.now_ms)
