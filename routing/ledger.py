"""What the dialplan did without us: its ledger's rows become the facts that were missed, at their own times.

A row tells a whole call; what we know of it already is passed over, step by step: needs and times by their
values, talks by their number. So a row may be read twice, and rows of calls that we followed change nothing.
"""

from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final, NamedTuple

from agents import state as staff
from routing import events as ev
from routing import facts, standing
from routing import visit as table
from routing.moves import Moves
from routing.offers import refusal
from routing.world import Person, Visit, leg_key

CANCEL: Final = "CANCEL"
"""Asterisk's word for a dial that its caller left, by hanging up or by a redirect."""

AT_ONCE_MS: Final = 1_000
"""What ends together may be written down so far apart: times may be whole seconds."""

ALONE_FROM: Final = frozenset({table.GREETED, table.WAITING, table.OFFERED, table.RINGING, table.LEAVING})
"""Where a caller can be, as we know it, when the dialplan begins to serve them alone."""

CLOSED_FROM: Final = frozenset({table.GREETED, table.WAITING, table.DEGRADED, table.LEAVING})
"""Where a caller can be, as we know it, when the dialplan tells them that we are closed."""

OUTSIDE_FROM: Final = frozenset({table.WAITING, table.DEGRADED, table.LEAVING})
"""Where a caller can be, as we know it, when the dialplan sends them outside."""

What = Callable[[Moves, Visit], None]


class Step(NamedTuple):
    """One thing that happened, in the order of (at_ms, row, place)."""

    at_ms: int
    row: int
    place: int
    what: What


def apply(moves: Moves, event: ev.LedgerRead) -> None:
    """Tell what happened in the order in which it did; then it is now again."""
    world = moves.world
    now = world.now_ms
    fresh = [row for row in event.rows if leg_key(row.leg) not in world.over]
    steps = [
        Step(at_ms, number, place, what)
        for number, row in enumerate(fresh)
        for place, (at_ms, what) in enumerate(_steps(row))
    ]
    later = count(len(steps))
    heapify(steps)
    began: dict[int, Visit] = {}
    while steps:
        step = heappop(steps)
        row = fresh[step.row]
        visit = began.get(step.row) or moves.derived.visit_of(row.leg)
        # never before what is known of this visit: two clocks agree to a few ms only
        world.now_ms = min(now, step.at_ms if visit is None else max(step.at_ms, visit.changed_ms))
        if visit is None:
            visit = moves.visits.begin(row.leg, row.line, row.arrived_ms, adopted=True)
        began[step.row] = visit
        talker = world.people.get(visit.agent)
        step.what(moves, visit)
        writing = talker.engaged_with(visit.id) if talker is not None else None
        if talker is None or writing is None or writing.activity != staff.WRAP_UP:
            continue
        if writing.until_ms <= now:
            heappush(steps, Step(writing.until_ms, step.row, next(later), _wrapped(talker)))
    world.now_ms = now
    for row in fresh:
        visit = moves.derived.visit_of(row.leg)
        if visit is not None and leg_key(row.leg) in world.gone:
            moves.leave_line(visit)  # its end was heard before anything else of it was known
    standing.tell(moves, event.callbacks)


def _steps(row: ev.LedgerRow) -> Iterator[tuple[int, What]]:
    """What a row tells and when (epoch ms). Of one millisecond, in the order in which a call can go: what the
    dialplan dialled for us is over before it serves the caller alone."""

    def need(moves: Moves, visit: Visit) -> None:
        known = ("", "") if visit.queued_ms else (row.language, row.concern)
        moves.visits.set_need(visit, *known, row.second)

    def queued(moves: Moves, visit: Visit) -> None:
        alone = visit.state == table.DEGRADED
        if not visit.queued_ms and (alone or moves.visits.move(visit, table.QUEUE)):
            moves.visits.queue(visit, row.queued_ms)

    def degraded(moves: Moves, visit: Visit) -> None:
        if visit.degraded or visit.state not in ALONE_FROM:
            return
        if (offer := moves.world.offers.get(visit.offer)) is not None:
            moves.offers.end(offer, facts.WITHDRAWN)
            moves.visits.back_on_hold(visit)
        moves.serves_alone(visit)

    def closed(moves: Moves, visit: Visit) -> None:
        if visit.state in CLOSED_FROM:
            moves.hears_closed(visit)

    def left_message(moves: Moves, visit: Visit) -> None:
        if not visit.message:
            moves.callbacks.leave(visit, row.message)

    def ended(moves: Moves, visit: Visit) -> None:
        visit.hung_up_by = row.by or visit.hung_up_by
        moves.leave_line(visit, cause=row.cause)

    def dials(alone: bool) -> Iterator[tuple[int, What]]:
        for ring in row.rings:
            if alone == (ring.at_ms >= row.degraded_ms):
                yield ring.at_ms, _rings(ring)
                if _ends_alone(ring, row):
                    yield ring.ended_ms or ring.at_ms, _ring_ended(ring)
        for each, talk in enumerate(row.talks):
            if alone == (talk.began_ms >= row.degraded_ms):
                yield talk.began_ms, _talk_began(each, talk, row.leg.node)
                if talk.ended_ms:
                    yield talk.ended_ms, _talk_ended(each, row)

    yield row.arrived_ms, need
    if row.queued_ms:
        yield row.queued_ms, queued
    yield from dials(alone=False)
    for number, way in enumerate(row.outside):
        yield from _outside(number, way)
    if row.degraded_ms:
        yield row.degraded_ms, degraded
    yield from dials(alone=True)
    for each in row.recording:
        yield each.at_ms, _recorded(each)
    if row.closed_ms:
        yield row.closed_ms, closed
    if row.message:
        yield row.ended_ms, left_message
    if row.ended_ms:
        yield row.ended_ms, ended


def _outside(number: int, told: ev.LedgerOutside) -> Iterator[tuple[int, What]]:
    """The time with this number, counted from 0, that the caller went outside, and what came of it."""

    def there(visit: Visit) -> bool:
        return visit.state == table.OUTSIDE and visit.outsides == number + 1

    def went(moves: Moves, visit: Visit) -> None:
        if visit.outsides == number and visit.state in OUTSIDE_FROM:
            moves.goes_outside(visit, told.rule)

    def answered(moves: Moves, visit: Visit) -> None:
        if there(visit):
            moves.answered_outside(visit)

    def failed(moves: Moves, visit: Visit) -> None:
        if there(visit) and moves.visits.move(visit, table.QUEUE):
            moves.visits.wait(visit)

    yield told.at_ms, went
    if told.answered_ms:
        yield told.answered_ms, answered
    elif told.ended_ms:
        yield told.ended_ms, failed


def _rings(ring: ev.LedgerRing) -> What:
    """A phone that the dialplan rings for an offer of ours."""

    def what(moves: Moves, visit: Visit) -> None:
        offer = moves.world.offers.get(visit.offer)
        if offer is not None and offer.is_called(ring.offer) and not offer.rang:
            moves.offers.rang(visit, offer, None)

    return what


def _ring_ended(ring: ev.LedgerRing) -> What:
    """How that ended. CANCEL is nobody's miss: the caller was taken out of the dial."""

    def what(moves: Moves, visit: Visit) -> None:
        offer = moves.world.offers.get(visit.offer)
        if offer is None or not offer.is_called(ring.offer):
            return
        outcome = facts.WITHDRAWN if ring.status == CANCEL else refusal(offer.cause, True, ring.status)
        moves.offers.end(offer, outcome, offer.cause)
        moves.visits.back_on_hold(visit)

    return what


def _talk_began(number: int, talk: ev.LedgerTalk, node: str) -> What:
    """The talk with this number, counted from 0."""

    def what(moves: Moves, visit: Visit) -> None:
        if visit.talks == number:
            person = moves.derived.person_at(talk.phone, node)
            moves.talks.begin(visit, person, None, talk.phone, talk.offer)

    return what


def _talk_ended(number: int, row: ev.LedgerRow) -> What:
    """The end of the talk with this number: the call's, or the caller was on hold again."""

    def what(moves: Moves, visit: Visit) -> None:
        if visit.talks != number + 1 or not visit.in_talk:
            return
        parts = _was_last(row, row.talks[number])
        if not parts and (visit.undecided or moves.talks.short(visit)):
            moves.talks.failed(visit)
        else:
            moves.talks.over(visit)
            if visit.state == table.TALKING:
                moves.visits.part(visit)
        if not parts:
            moves.visits.back_on_hold(visit)

    return what


def _recorded(told: ev.LedgerStep) -> What:
    """What became of recording the caller."""

    def what(moves: Moves, visit: Visit) -> None:
        moves.visits.recorded(visit, told.step, told.what, told.by)

    return what


def _wrapped(person: Person) -> What:
    """What this person wrote up after the talk is done."""

    def what(moves: Moves, visit: Visit) -> None:
        writing = person.engaged_with(visit.id)
        if writing is not None and writing.activity == staff.WRAP_UP:
            moves.people.wrapped(person, writing)

    return what


def _ends_alone(ring: ev.LedgerRing, row: ev.LedgerRow) -> bool:
    """Whether this dial ended without a talk, and without the whole call: that would tell of it itself."""
    ended = ring.status not in ("", "ANSWER")
    with_the_call = row.ended_ms and ring == row.rings[-1] and ring.status == CANCEL
    return ended and not (with_the_call and row.ended_ms - (ring.ended_ms or row.ended_ms) <= AT_ONCE_MS)


def _was_last(row: ev.LedgerRow, talk: ev.LedgerTalk) -> bool:
    """Whether the call ended with this talk; else the caller was on hold again after it.

    If the caller ended it, nobody wrote an end of the talk apart from the call's. If staff did, the dialplan
    hung up behind the talk, however late its disk let it write that down.
    """
    if talk.ended_ms == row.ended_ms:
        return True
    on_hold = any(at_ms > talk.ended_ms for at_ms in (row.degraded_ms, *(ring.at_ms for ring in row.rings)))
    return row.by == facts.BY_STAFF and not on_hold
