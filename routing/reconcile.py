"""After a snapshot of the PBX: it wins on what exists, the world on order, need and waiting time."""

from typing import NamedTuple

from agents import state as staff
from routing import call, facts
from routing.commands import Withdraw
from routing.events import Leg, LegSeen
from routing.moves import LEASE, Moves
from routing.world import Offer, Person, Visit, World

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


class Reconciling(Moves):
    """The moves that make the world agree with what was seen."""

    def _reconcile(self, calls: dict[Leg, Seen], only: set[str]) -> None:
        """Make the world agree with what was seen; with `only` subjects given, just those."""
        world = self.world
        for visit in list(world.visits.values()):
            if only and str(visit.caller.uid) not in only:
                continue
            if visit.caller not in calls:
                self._end_visit(visit, self._lost(visit), facts.BY_PBX, "gone_while_we_were_away")
        for leg, now_seen in calls.items():
            if only and leg.uid not in only:
                continue
            key = self._callers.get(leg)
            visit = world.visits[key] if key is not None else self._adopt(now_seen)
            self._align(visit, now_seen)
        for person in world.people.values():
            if person.activity == staff.TALKING and person.visit not in world.visits:
                self._end_talk(person)

    def _lost(self, visit: Visit) -> str:
        return facts.ANSWERED if visit.talked else facts.LOST

    def _adopt(self, call_seen: Seen) -> Visit:
        row = call_seen.row
        visit = self._begin_visit(row.leg, "", row.arrived_ms or self.world.now_ms, adopted=True)
        visit.language, visit.concern, visit.second = row.language, row.concern, row.second
        if row.language or row.concern:
            self._need(visit)
        return visit

    def _align(self, visit: Visit, call_seen: Seen) -> None:
        """Bring one visit to the state in which the PBX holds it."""
        world, row = self.world, call_seen.row
        self._catch_up(visit, row, call_seen.state)
        person = self._person_at(call_seen.phone.phone) if call_seen.phone else None
        offer = world.offers.get(visit.offer)
        for other in world.people.values():
            if other.activity == staff.TALKING and other.visit == visit.id:
                if call_seen.state == call.TALKING and other is person:
                    continue
                self._end_talk(other)
                visit.state, visit.agent = call.WAITING, ""
        if call_seen.state == call.TALKING and person is not None and call_seen.phone:
            self._begin_talk(visit, person, call_seen.phone.leg)
            return
        if call_seen.state in (call.OFFERED, call.RINGING) and offer is not None:
            offer.deadline_ms = world.now_ms + self.world.rules.lease_ms
            self._at(offer.deadline_ms, LEASE, offer.id)
            if call_seen.phone and person is not None and person.offer == offer.id:
                self._ring(visit, offer, person, call_seen.phone.leg)
            return
        if offer is not None:
            self._end_offer(offer, facts.WITHDRAWN)
        if call_seen.state == call.RINGING and person is not None and call_seen.phone:
            self._readopt_offer(visit, person, call_seen.phone)
            return
        if call_seen.state == call.OFFERED:
            self._commands.append(Withdraw(self._new_id(), visit.caller))
        visit.state = call.WAITING if call_seen.state == call.OFFERED else call_seen.state
        visit.changed_ms = world.now_ms
        if visit.state == call.WAITING:
            self._wait(visit)
        else:
            self._leave_queue(visit)

    def _catch_up(self, visit: Visit, row: LegSeen, state: str) -> None:
        """What the caller chose while nobody listened stands on the channel."""
        if visit.queued_ms:
            language, concern = visit.language, visit.concern
        else:
            language, concern = row.language or visit.language, row.concern or visit.concern
        second = row.second or visit.second
        if (language, concern, second) != (visit.language, visit.concern, visit.second):
            visit.language, visit.concern, visit.second = language, concern, second
            self._need(visit)
        if not visit.queued_ms and state not in (call.GREETED, call.CLOSING):
            self._queue(visit, row.queued_ms or self.world.now_ms)
            visit.state = call.WAITING

    def _readopt_offer(self, visit: Visit, person: Person, phone: LegSeen) -> None:
        """A phone rings for a caller under an offer whose record was lost: it becomes ours again."""
        world = self.world
        if (person.activity, staff.RESERVE) in staff.ACTIVITY:
            offer = Offer(phone.offer or self._new_id(), visit.id, person.agent.id, world.now_ms, 0)
            offer.deadline_ms = world.now_ms + self.world.rules.lease_ms
            world.offers[offer.id] = offer
            self._at(offer.deadline_ms, LEASE, offer.id)
            self._leave_queue(visit)
            visit.state, visit.offer, visit.agent = call.OFFERED, offer.id, person.agent.id
            person.visit, person.offer = visit.id, offer.id
            person.activity = staff.RESERVED
            self._ring(visit, offer, person, phone.leg)
