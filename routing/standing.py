"""Callbacks after a snapshot of a PBX or its ledger: what stands goes on, what is over is told, once."""

from collections.abc import Container, Iterator
from typing import NamedTuple

from routing import events as ev
from routing import facts
from routing import visit as table
from routing.callback import LEFT
from routing.events import LegSeen
from routing.moves import Moves
from routing.world import GONE_MAX, Visit, World, leg_key, remember

SAYS_MS = 4_000
"""So long at least it takes to say who calls: who is gone by then talked with nobody."""
AWAY = "gone_while_we_were_away"


class Standing(NamedTuple):
    """What a PBX holds of a callback: the leg of who calls, and of whom they call."""

    phone: LegSeen | None = None
    caller: LegSeen | None = None

    @property
    def talks(self) -> bool:
        """Whether both can talk."""
        both = self.phone is not None and self.caller is not None
        return both and bool(self.phone.bridge) and self.phone.bridge == self.caller.bridge  # type: ignore[union-attr]


def standing(world: World, legs: tuple[LegSeen, ...]) -> dict[int, Standing]:
    """By offer. Legs that have ended since are left out, and phones that hear what came of an offer that is
    over."""
    found: dict[int, Standing] = {}
    for each in legs:
        key = leg_key(each.leg)
        if (
            each.callback
            and key not in world.gone
            and (each.callback in world.offers or key not in world.over)
        ):
            before = found.get(each.callback, Standing())
            now = before._replace(phone=each) if each.phone else before._replace(caller=each)
            found[each.callback] = now
    return found


def subject(visit: Visit) -> str:
    """What a difference calls a callback."""
    return f"callback {visit.id}"


def _number(world: World, visit: Visit) -> int:
    """The offer under which it is carried out."""
    person = world.people.get(visit.agent)
    engaged = person.engaged_with(visit.id) if person is not None else None
    return visit.offer or (engaged.offer if engaged is not None else 0)


def carried_out(world: World, node: str) -> Iterator[tuple[int, Visit]]:
    """The callbacks that somebody carries out on this PBX, with the offer."""
    for visit in list(world.visits.values()):
        here = not visit.node or node in ("", visit.node)
        if here and visit.kind in table.OUTBOUND and visit.state != table.WAITING:
            yield _number(world, visit), visit


def differences(world: World, event: ev.PbxSnapshot) -> list[tuple[str, str, str]]:
    """Callbacks of which nothing stands, and what stands of none; as in routing.reconcile."""
    there = standing(world, event.legs)
    found = []
    for number, visit in carried_out(world, event.node):
        if there.pop(number, None) is None and visit.changed_ms < event.asked_ms:
            found.append((subject(visit), visit.state, "gone"))
    return found + [
        (f"offer {number}", "unknown", table.CALLING) for number, each in there.items() if not each.talks
    ]


def align(moves: Moves, event: ev.PbxSnapshot, only: set[str] | None, newer: Container[int]) -> None:
    """Make callbacks agree with what this PBX holds; with `only` given, just these subjects. newer: visits
    that had changed since it was asked."""
    world = moves.world
    there = standing(world, event.legs)
    for number, visit in carried_out(world, event.node):
        stands = there.pop(number, None)
        if only is not None and subject(visit) not in only:
            continue
        if visit.id in newer:
            _go_on(moves, visit)
        elif stands is None:
            _gone(moves, number, visit)
        else:
            _stands(moves, number, visit, stands)
    for number, each in there.items():
        if not each.talks and (only is None or f"offer {number}" in only):
            moves.callbacks.unknown(number, event.node)
    if only is None:
        moves.callbacks.settle()


def _go_on(moves: Moves, visit: Visit) -> None:
    offer = moves.world.offers.get(visit.offer)
    if offer is not None:
        moves.offers.lease(offer, moves.world.rules.lease_ms)
    elif visit.state == table.PARTING:
        moves.visits.part_again(visit)


def _gone(moves: Moves, number: int, visit: Visit) -> None:
    """Nobody heard it end."""
    offer = moves.world.offers.get(visit.offer)
    if offer is None:
        moves.leave_line(visit, AWAY)
    elif visit.dialled:
        moves.callbacks.over(number, "")
    else:
        moves.offers.end(offer, facts.FAILED)
        moves.visits.back_on_hold(visit)


def _stands(moves: Moves, number: int, visit: Visit, stands: Standing) -> None:
    phone, caller = stands.phone, stands.caller
    offer = moves.world.offers.get(visit.offer)
    if phone is None:
        _gone(moves, number, visit)  # who calls has left
    elif visit.state == table.PARTING:
        moves.visits.part_again(visit)
    elif not phone.up and offer is not None:
        moves.offers.lease(offer, moves.world.rules.lease_ms)
        moves.offers.rang(visit, offer, phone.leg)
    else:
        moves.callbacks.lifted(number, phone.leg, phone.phone)
        if caller is not None:
            moves.callbacks.calls(number, phone.leg, caller.leg)
            moves.callbacks.holds(visit, caller.leg)
        if stands.talks:
            person = moves.world.people.get(visit.agent)
            moves.talks.begin(visit, person, phone.leg, phone.phone, number)
        elif visit.state == table.TALKING:
            moves.leave_line(visit, AWAY)
        else:
            _go_on(moves, visit)


def tell(moves: Moves, rows: tuple[ev.LedgerCallback, ...]) -> None:
    """What the dialplan wrote down of callbacks becomes what was missed, at its own times."""
    world = moves.world
    now = world.now_ms
    for row in sorted(rows, key=lambda each: (each.lifted_ms, each.offer)):
        visit = _told_of(world, row)
        if visit is not None:
            _tell(moves, visit, row, now)
        if row.over_ms or row.status:
            remember(world.over, leg_key(row.phone_leg), now, GONE_MAX)
    world.now_ms = now


def _told_of(world: World, row: ev.LedgerCallback) -> Visit | None:
    """The callback of a row; None if all of it is known."""
    offer = world.offers.get(row.offer)
    if offer is not None:
        return world.visits[offer.visit]
    if leg_key(row.phone_leg) in world.over:
        return None
    visit = world.visits.get(row.visit)
    return visit if visit is not None and visit.kind in table.OUTBOUND else None


def _tell(moves: Moves, visit: Visit, row: ev.LedgerCallback, now: int) -> None:
    world = moves.world

    def at(when: int) -> None:
        """Never before what is known of this callback: two clocks agree to a few ms only."""
        world.now_ms = min(now, max(when, visit.changed_ms))

    at(row.lifted_ms)
    person = moves.derived.person_at(row.phone, row.phone_leg.node)
    if visit.state == table.WAITING and person is not None:
        moves.offers.take_up(visit, person, row.offer, row.phone_leg)  # its record was lost
    number = visit.offer
    moves.callbacks.lifted(number, row.phone_leg, row.phone)
    if row.called_ms:
        at(row.called_ms)
        moves.callbacks.calls(number, row.phone_leg, None)
    # they lift, hear who calls, and only then talk: of one that goes on the snapshot tells
    talked = row.answered_ms > 0 and row.over_ms - row.answered_ms >= SAYS_MS
    if talked and visit.state == table.CALLING:
        at(row.answered_ms)
        moves.talks.begin(visit, world.people.get(visit.agent), row.phone_leg, row.phone, number)
    if not row.over_ms and not row.status:
        return
    at(row.over_ms)
    if visit.state in (table.TALKING, table.PARTING):
        moves.leave_line(visit)
    else:
        moves.callbacks.over(number, row.status or LEFT, row.sip)
