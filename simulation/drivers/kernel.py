"""The engine's rules compiled: one replication of a model, as fast as the machine allows.

Who may take whom and in which order are the functions of routing.select themselves. How events follow each
other is the engine's (routing.engine, routing.moves, routing.index), kept row by row; the reference runs
those, and tests hold the two traces equal. People are bits of one integer, so there are at most 62: who may
be offered is then one AND of what suits and who is free, for whatever number of people.

An event is never taken out of the calendar. It names a visit, an offer or a person by id, and whoever
handles it asks first whether it still stands (the id in the row, the deadline's own time): a deadline that
was moved is pushed again, and the old one finds nothing to do.
"""

from typing import Any

import numpy as np
from numba import njit
from numba.cpython.unsafe.numbers import trailing_zeros

from routing import select
from simulation.drivers import sampler
from simulation.drivers.cache import CACHED
from simulation.drivers.layout import (
    ACT_RINGING,
    ACT_TALKING,
    ACT_WRAP_UP,
    AGENT,
    ANSWER,
    ATTEMPTS,
    AWAY,
    BACK,
    BY_TIERS,
    CALL_ENDS,
    CALLS_AGAIN,
    CHANGED,
    DIRTY,
    END,
    FAULT,
    FREE,
    FREE_PEOPLE,
    GIVES_UP,
    H_ABLE,
    H_ENDS,
    H_INTERPRETED,
    H_NEEDED,
    H_PREFERRED,
    H_RELEASED,
    H_SPEAKING,
    H_STEP,
    HEAP,
    HEAP_MAX,
    HOLDING,
    HOLE,
    HOURS_OF_WEEK,
    ID_BITS,
    IDLE,
    INTERPRETER,
    IS_LATE,
    IS_OPEN,
    LEASE,
    LETS_GO,
    LOGGED_OUT,
    NEVER,
    NOT_READY,
    OFFER_ENDED,
    OFFERED,
    OFFERED_,
    OFFERS,
    OPEN,
    OVER,
    P_ACTIVITY,
    P_BUSY,
    P_BUSY_SINCE,
    P_CALLS,
    P_IDLE,
    P_IDLE_SINCE,
    P_MISSES,
    P_ON_SINCE,
    P_PLANNED,
    P_PRESENCE,
    P_REASON,
    P_SHOWN,
    P_VISIT,
    P_WRAP_UP,
    PHONE_ENDS,
    QUEUED,
    RANG,
    RANK_BITS,
    READY,
    RESERVED,
    RETRY,
    RING,
    RING_MAX,
    RINGING,
    ROWS,
    TALK_BEGAN,
    TALK_ENDED,
    TALKING,
    V_AGENT,
    V_ALONE,
    V_ASKED,
    V_ATTEMPT,
    V_CALLER,
    V_ENDS,
    V_GIVES_UP,
    V_ID,
    V_INTERPRETER,
    V_KIND,
    V_LEASE,
    V_MASK,
    V_OFFER,
    V_OFFERS,
    V_ORDER,
    V_OWNER,
    V_PHASE,
    V_PUSHED,
    V_QUEUED,
    V_RANG,
    V_RETRY,
    V_STATE,
    V_TALK,
    V_WIDEN,
    VISIT_ENDED,
    VISITS,
    WAITERS,
    WAITING,
    WANTED,
    WIDEN,
    WRAP_UP,
    WRAP_UP_ENDED,
)
from simulation.drivers.wait_bins import wait_bin

_keeps = njit(cache=CACHED, inline="always")(select.keeps)
_waits_for_owner = njit(cache=CACHED, inline="always")(select.waits_for_owner)
_person_order = njit(cache=CACHED, inline="always")(select.person_order)
_caller_order = njit(cache=CACHED, inline="always")(select.caller_order)

_trailing_zeros: Any = trailing_zeros

DONE, TRACE_FULL, TOO_MANY_AT_ONCE, TOO_MANY_CALLERS, TOO_MANY_IDS = range(5)
"""How a replication came back."""

_NEVER = np.int64(NEVER)
_SHIFT = RANK_BITS + ID_BITS
_ID = (1 << ID_BITS) - 1
_RANK = (1 << RANK_BITS) - 1
_PLACES = 2 * HEAP_MAX - 1
"""A mask that keeps a place of the heap as it is. It shows the compiler that no place is negative: else it
adds code to each access that counts negative places from the end."""

Int = Any
World = Any
"""Compiled types: 64-bit integers, and a record of simulation.drivers.layout.WORLD."""


@njit(cache=CACHED)
def push(g: Any, heap: Any, at: Int, rank: Int, key: Int) -> None:
    """Into the calendar, at once in the place of the event that is over; what lies behind the end never
    comes."""
    if at >= g[END]:
        return
    value = (at << _SHIFT) | (rank << ID_BITS) | key
    if g[HOLE]:
        g[HOLE] = 0
        _sink(heap, g[HEAP], value)
        return
    n = g[HEAP]
    if n == HEAP_MAX:
        g[FAULT] = TOO_MANY_AT_ONCE
        return
    g[HEAP] = n + 1
    n &= _PLACES
    while n > 0:
        parent = (n - 1) >> 1
        if heap[parent] <= value:
            break
        heap[n] = heap[parent]
        n = parent
    heap[n] = value


@njit(cache=CACHED)
def pop(g: Any, heap: Any) -> None:
    """The earliest is taken; what is pushed next takes its place, or the next `pop` fills it."""
    if g[HOLE]:
        n = g[HEAP] - 1
        g[HEAP] = n
        value = heap[n]
        heap[n] = _NEVER
        if n:
            _sink(heap, n, value)
    g[HOLE] = 1


@njit(cache=CACHED, inline="always")
def head(g: Any, heap: Any) -> Int:
    """The earliest; behind the last one all is never."""
    return min(heap[1], heap[2]) if g[HOLE] else heap[0]


@njit(cache=CACHED)
def _sink(heap: Any, n: Int, value: Int) -> None:
    """From the first place down. Which child is earlier is added, not asked: a branch here is guessed wrong
    each other time; a mark behind the last one spares the question whether there are two."""
    at = 0
    child = 1
    while child < n:
        child = (child + (heap[child + 1] < heap[child])) & _PLACES
        least = heap[child]
        if least >= value:
            break
        heap[at] = least
        at = child
        child = (2 * at + 1) & _PLACES
    heap[at] = value


@njit(cache=CACHED, inline="always")
def say(w: World, now: Int, kind: Int, visit: Int, agent: Int, value: Int) -> None:
    """A row of the trace, if it is asked for."""
    g, rows = w.g, w.rows
    if w.trace == 0:
        return
    n = g[ROWS]
    rows[n, 0], rows[n, 1], rows[n, 2], rows[n, 3], rows[n, 4] = now, kind, visit, agent, value
    g[ROWS] = n + 1


@njit(cache=CACHED, inline="always")
def count_bits(mask: Int) -> Int:
    """How many."""
    x = np.uint64(mask)
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(cache=CACHED, inline="always")
def first(mask: Int) -> Int:
    """The place of the lowest bit."""
    return np.int64(_trailing_zeros(np.int64(mask)))


# --- people ----------------------------------------------------------------------------------------------


@njit(cache=CACHED)
def _show(w: World, now: Int, agent: Int) -> None:
    """After any change of a person: who is free, since when, and what others see."""
    p = w.people[agent]
    presence, activity = p[P_PRESENCE], p[P_ACTIVITY]
    shown = 0
    if activity == RESERVED:
        shown = 16
    elif activity == ACT_RINGING:
        shown = 32
    elif activity == ACT_TALKING:
        shown = 48
    elif activity == ACT_WRAP_UP:
        shown = 64
    elif presence == AWAY:
        shown = 96 + 1 + p[P_REASON]
    elif presence == NOT_READY:
        shown = 80
    elif presence == LOGGED_OUT:
        shown = 144
    before = p[P_SHOWN]
    if shown != before:
        if before == 0:
            p[P_IDLE] += now - p[P_IDLE_SINCE]
        if shown == 0:
            p[P_IDLE_SINCE] = now
        p[P_SHOWN] = shown
        say(w, now, AGENT, -1, agent, shown)
        if activity == IDLE and presence == AWAY:
            push(w.g, w.heap, now + w.back_ms, BACK, agent)
    bit = np.int64(1) << agent
    if presence != READY and presence != NOT_READY and not w.g[IS_OPEN]:
        w.g[DIRTY] = 1
    if activity <= RESERVED:
        w.g[CHANGED] |= bit & w.works
    if shown == 0:
        if w.g[FREE_PEOPLE] & bit == 0:
            w.g[FREE_PEOPLE] |= bit
            w.g[DIRTY] = 1
    else:
        w.g[FREE_PEOPLE] &= ~bit


@njit(cache=CACHED)
def attend(w: World, now: Int, agent: Int, presence: Int, reason: Int) -> None:
    """A person's presence; callers who wait for them alone are told."""
    p = w.people[agent]
    before = p[P_PRESENCE]
    p[P_PRESENCE], p[P_REASON], p[P_MISSES] = presence, reason, 0
    _show(w, now, agent)
    if (before == READY) != (presence == READY) and w.any_owned:
        i = 0
        while i < w.g[WAITERS]:
            visit = w.waiting[i]
            if w.visits[visit & w.ring, V_OWNER] == agent:
                _wait(w, now, visit, True)
            i += 1


@njit(cache=CACHED)
def plan(w: World, now: Int, agent: Int, login: Int) -> None:
    """From now on a person is there, or no longer there, by plan."""
    p = w.people[agent]
    if login and not p[P_PLANNED]:
        p[P_ON_SINCE] = now
    if p[P_PLANNED] and not login:
        count_on(w, now, agent)
    p[P_PLANNED] = login


@njit(cache=CACHED, inline="always")
def count_on(w: World, now: Int, agent: Int) -> None:
    """Time of a person who was there until now."""
    since = max(w.people[agent, P_ON_SINCE], w.warm_ms)
    if now > since:
        w.worked[agent, 2] += now - since


@njit(cache=CACHED)
def _wrapped(w: World, now: Int, agent: Int) -> None:
    p = w.people[agent]
    p[P_WRAP_UP] = 0
    p[P_BUSY] += now - p[P_BUSY_SINCE]
    since = max(p[P_BUSY_SINCE], w.warm_ms)
    if now > since:
        w.worked[agent, 1] += now - since
    say(w, now, WRAP_UP_ENDED, p[P_VISIT], agent, 0)
    p[P_ACTIVITY] = IDLE
    _show(w, now, agent)


# --- waiting ---------------------------------------------------------------------------------------------


@njit(cache=CACHED)
def _wait(w: World, now: Int, visit: Int, push: bool) -> None:
    """What the caller needs now, and when that changes."""
    t = w
    row = visit & w.ring
    v = w.visits[row]
    kind = v[V_KIND]
    waited = now - v[V_QUEUED]
    retry = np.int64(0)
    asked = v[V_ASKED]
    rest = asked
    while rest:
        agent = first(rest)
        rest &= rest - 1
        until = w.until[row, agent]
        if until > now:
            retry = until if retry == 0 or until < retry else retry
        else:
            asked &= ~(np.int64(1) << agent)
    v[V_ASKED] = asked
    phase = 0
    while t.phases[kind, phase, H_ENDS] <= waited:
        phase += 1
    h = t.phases[kind, phase]
    step, widen = h[H_STEP], h[H_ENDS]
    owner, alone = v[V_OWNER], 0
    if owner >= 0:
        if waited < t.owner_ms < widen:
            widen = t.owner_ms
        could = t.keeper[kind, step, owner] >= h[H_NEEDED] and not (asked >> owner) & 1
        on_duty = 1 if could and w.people[owner, P_PRESENCE] == READY else 0
        alone = _waits_for_owner(waited, t.owner_ms, on_duty)
    if alone:
        v[V_MASK] = h[H_SPEAKING] & ~asked & (np.int64(1) << owner)
    else:
        v[V_MASK] = h[H_ABLE] & ~asked
    w.g[WANTED] |= v[V_MASK]
    v[V_PHASE], v[V_ALONE] = phase, alone
    v[V_WIDEN] = v[V_QUEUED] + widen if widen < _NEVER else 0
    v[V_RETRY] = retry
    if push:
        _push_waits(w, visit)
    w.g[DIRTY] = 1


@njit(cache=CACHED)
def _push_waits(w: World, visit: Int) -> None:
    """What ends this phase of the wait. Giving up follows with the last one: most are answered before."""
    v = w.visits[visit & w.ring]
    changes = False
    if v[V_WIDEN] and v[V_WIDEN] <= v[V_GIVES_UP]:
        push(w.g, w.heap, v[V_WIDEN], WIDEN, visit)
        changes = True
    if v[V_RETRY] and v[V_RETRY] <= v[V_GIVES_UP]:
        push(w.g, w.heap, v[V_RETRY], RETRY, visit)
        changes = True
    if not changes and not v[V_PUSHED]:
        v[V_PUSHED] = 1
        push(w.g, w.heap, v[V_GIVES_UP], GIVES_UP, visit)


@njit(cache=CACHED)
def _enter(w: World, visit: Int) -> None:
    """Into the queue, by order and id."""
    n = w.g[WAITERS]
    if n == RING_MAX:
        w.g[FAULT] = TOO_MANY_AT_ONCE
        return
    order = w.visits[visit & w.ring, V_ORDER]
    while n > 0:
        other = w.waiting[n - 1]
        theirs = w.visits[other & w.ring, V_ORDER]
        if theirs < order or (theirs == order and other < visit):
            break
        w.waiting[n] = other
        n -= 1
    w.waiting[n] = visit
    w.g[WAITERS] += 1


@njit(cache=CACHED)
def _leave(w: World, place: Int) -> None:
    last = w.g[WAITERS] - 1
    for i in range(place, last):
        w.waiting[i] = w.waiting[i + 1]
    w.g[WAITERS] = last


@njit(cache=CACHED)
def _leave_queue(w: World, visit: Int) -> None:
    v = w.visits[visit & w.ring]
    v[V_WIDEN] = v[V_RETRY] = 0
    for i in range(w.g[WAITERS]):
        if w.waiting[i] == visit:
            _leave(w, i)
            return


# --- decision --------------------------------------------------------------------------------------------


@njit(cache=CACHED)
def _choose(w: World, now: Int, v: Any, candidates: Int) -> Int:
    """The best of the candidates by the policy's criteria; the order of ids decides the rest."""
    t = w
    if not candidates & (candidates - 1):
        return first(candidates)
    kind = v[V_KIND]
    h = t.phases[kind, v[V_PHASE]]
    step = h[H_STEP]
    preferred = candidates & h[H_PREFERRED]
    if preferred:
        candidates = preferred
    for place in range(t.n_choose):
        criterion = t.choose[place]
        if not candidates & (candidates - 1):
            break
        if criterion == BY_TIERS:
            tier = 0
            while not candidates & t.tiers[kind, step, tier]:
                tier += 1
            candidates &= t.tiers[kind, step, tier]
            continue
        if criterion == select.BY_OWNER and v[V_OWNER] < 0:
            continue
        best: Int = _NEVER
        kept: Int = np.int64(0)
        rest = candidates
        while rest:
            agent = first(rest)
            rest &= rest - 1
            p = w.people[agent]
            order = _person_order(
                criterion,
                1 if agent == v[V_OWNER] else 0,
                t.concern[kind, agent],
                t.level[kind, step, agent],
                t.versatility[agent],
                p[P_IDLE_SINCE],
                p[P_CALLS],
                p[P_BUSY],
                p[P_IDLE] + now - p[P_IDLE_SINCE],
            )
            if order < best:
                best, kept = order, np.int64(1) << agent
            elif order == best:
                kept |= np.int64(1) << agent
        candidates = kept
    found = first(candidates)
    candidates &= candidates - 1
    while candidates:
        agent = first(candidates)
        candidates &= candidates - 1
        if t.by_id[agent] < t.by_id[found]:
            found = agent
    return found


@njit(cache=CACHED)
def _anybody_here(w: World) -> bool:
    """Whether somebody is at work."""
    for agent in range(w.n_people):
        presence = w.people[agent, P_PRESENCE]
        if presence in (READY, NOT_READY):
            return True
    return False


@njit(cache=CACHED)
def _turn_away(w: World, now: Int) -> None:
    """Nobody serves any more who still waits: the first is let go, and the others one by one after that."""
    g = w.g
    visit = w.waiting[0]
    for i in range(1, g[WAITERS]):
        visit = min(visit, w.waiting[i])
    _leave_queue(w, visit)
    v = w.visits[visit & w.ring]
    v[V_STATE] = FREE
    caller = v[V_CALLER]
    w.last_end[caller] = now
    g[OVER] = caller + 1
    g[LETS_GO] = g[WAITERS] > 0
    say(w, now, VISIT_ENDED, visit, -1, 6)
    if v[V_QUEUED] >= w.warm_ms:
        waited = now - v[V_QUEUED]
        counted = w.counts[v[V_KIND]]
        counted[8] += waited
        counted[10] += waited > w.no_wait_ms
        counted[14] += 1
        _count_hour(w, v[V_QUEUED], _NEVER, 2)


@njit(cache=CACHED)
def match(w: World, now: Int) -> None:
    """Callers in order; each takes the best who may take them, and who has none is passed over."""
    t, g = w, w.g
    g[DIRTY] = g[LETS_GO] = 0
    if not g[IS_OPEN] and g[WAITERS] and (g[IS_LATE] or not _anybody_here(w)):
        if w.works and g[OVER]:
            g[LETS_GO] = 1  # what follows from a call that is over comes first
        else:
            _turn_away(w, now)
        return
    if not g[WANTED] & g[FREE_PEOPLE]:
        return
    i, wanted = 0, np.int64(0)
    while i < g[WAITERS] and g[FREE_PEOPLE] != 0:
        visit = w.waiting[i]
        v = w.visits[visit & w.ring]
        free = g[FREE_PEOPLE]
        candidates = v[V_MASK] & free
        if candidates and not v[V_ALONE] and g[HOLDING]:
            kept: Int = np.int64(0)
            firmly: Int = kept
            for each in range(t.n_reserves):
                members = t.members[each] & free
                if not (g[HOLDING] >> each) & 1 or not _keeps(0, count_bits(members), t.keep[each]):
                    continue
                if _keeps((t.same[v[V_KIND]] >> each) & 1, 0, 0):
                    kept |= members
                    if not (t.phases[v[V_KIND], v[V_PHASE], H_RELEASED] >> each) & 1:
                        firmly |= members
            others = candidates & ~kept
            candidates = others if others else candidates & ~firmly
        if not candidates:
            wanted |= v[V_MASK]
            i += 1
            continue
        agent = _choose(w, now, v, candidates)
        _leave(w, i)
        _offer(w, now, visit, agent, candidates)
    if i >= g[WAITERS]:
        g[WANTED] = wanted


@njit(cache=CACHED)
def _phone(w: World, caller: Int, attempt: Int) -> Any:
    """What a phone does with an offer, and after so many ms."""
    a, b = sampler.draw(w.seed, w.replication, sampler.PHONE, caller, attempt)
    return _phone_does(w, a, b)


@njit(cache=CACHED)
def _phone_does(t: World, a: float, b: float) -> Any:
    does: Int = np.int64(0)
    takes: Int = np.int64(t.rings_after_ms)
    while a > t.phone_shares[does]:
        does += 1
    if does == 0:
        takes = max(takes, sampler.duration(t.answer_kind, t.answer_a, t.answer_b, b, t.tick_ms, t.shapes))
    elif does == 1:
        takes = max(takes, t.ring_ms)
    elif does == 3:
        takes = max(takes, sampler.duration(t.decline_kind, t.decline_a, t.decline_b, b, t.tick_ms, t.shapes))
    return does, takes


@njit(cache=CACHED)
def _call(w: World, caller: Int, attempt: Int) -> Any:
    """A call's patience and talk, in ms."""
    patience, talk = sampler.draw(w.seed, w.replication, sampler.CALLER, caller, attempt)
    return _call_takes(w, patience, talk)


@njit(cache=CACHED)
def _call_takes(t: World, patience: float, talk: float) -> Any:
    return (
        sampler.duration(t.patience_kind, t.patience_a, t.patience_b, patience, t.tick_ms, t.shapes),
        sampler.duration(t.talk_kind, t.talk_a, t.talk_b, talk, t.tick_ms, t.shapes),
    )


@njit(cache=CACHED)
def first_calls(w: World, callers: Int) -> None:
    """Draw what so many callers' first calls need, as far as it is not there."""
    first, a, b = w.first, w.block[0], w.block[1]
    for begin in range(w.drawn[3], callers, sampler.BLOCK):
        count = min(sampler.BLOCK, callers - begin)
        sampler.draws(w.seed, w.replication, sampler.CALLER, begin, count, a, b)
        for i in range(count):
            first[begin + i, 0], first[begin + i, 1] = _call_takes(w, a[i], b[i])
        if w.certain == 0:
            sampler.draws(w.seed, w.replication, sampler.PHONE, begin, count, a, b)
            for i in range(count):
                first[begin + i, 2], first[begin + i, 3] = _phone_does(w, a[i], b[i])
    w.drawn[3] = max(w.drawn[3], callers)


@njit(cache=CACHED)
def _offer(w: World, now: Int, visit: Int, agent: Int, candidates: Int) -> None:
    """A lease, a reserved person, and what their phone will do."""
    t, g = w, w.g
    v = w.visits[visit & w.ring]
    offer = g[OFFERS]
    g[OFFERS] = offer + 1
    if offer > _ID:
        g[FAULT] = TOO_MANY_IDS
        return
    old = w.offers[offer & w.ring]
    if offer > w.ring and w.visits[old & w.ring, V_OFFER] == offer - w.ring - 1:
        g[FAULT] = TOO_MANY_AT_ONCE
        return
    w.offers[offer & w.ring] = visit
    kind = v[V_KIND]
    h = t.phases[kind, v[V_PHASE]]
    step = h[H_STEP]
    v[V_STATE], v[V_OFFER], v[V_AGENT], v[V_RANG] = OFFERED_, offer, agent, 0
    v[V_WIDEN] = v[V_RETRY] = 0
    v[V_LEASE] = now + t.silent_ms
    v[V_INTERPRETER] = (h[H_INTERPRETED] >> agent) & 1
    p = w.people[agent]
    p[P_ACTIVITY], p[P_VISIT] = RESERVED, visit
    _show(w, now, agent)
    say(w, now, OFFERED, visit, agent, step * 64 + count_bits(candidates))
    if v[V_QUEUED] >= t.warm_ms:
        counted = w.counts[kind]
        counted[11] += step > 0
        counted[12] += v[V_ALONE]
        counted[13] += v[V_OFFERS] > 0
    does, takes = np.int64(0), np.int64(max(t.rings_after_ms, t.answer_a_ms))
    if t.certain == 0:
        if v[V_ATTEMPT] or v[V_OFFERS]:
            does, takes = _phone(w, v[V_CALLER], (v[V_ATTEMPT] << 10) | (v[V_OFFERS] & 1023))
        else:
            does, takes = w.first[v[V_CALLER], 2], w.first[v[V_CALLER], 3]
    v[V_OFFERS] += 1
    v[V_ENDS] = does
    sure = (
        does == 0
        and t.rings_after_ms < t.silent_ms
        and takes - t.rings_after_ms < t.lease_ms
        and now + takes <= v[V_GIVES_UP]
    )
    if not sure:
        push(g, w.heap, v[V_LEASE], LEASE, offer)
        if not v[V_PUSHED]:
            v[V_PUSHED] = 1
            push(g, w.heap, v[V_GIVES_UP], GIVES_UP, visit)
    if does == 0 or does == 1 or does == 3:
        if not sure or w.trace:
            push(g, w.heap, now + t.rings_after_ms, RING, offer)
        push(g, w.heap, now + takes, ANSWER if does == 0 else PHONE_ENDS, offer)
    elif does != 5:
        push(g, w.heap, now + takes, PHONE_ENDS, offer)


@njit(cache=CACHED)
def _end_offer(w: World, now: Int, visit: Int, outcome: Int) -> None:
    """An offer that did not lead to a talk. outcome: place in facts.OFFER_OUTCOMES."""
    t = w
    row = visit & w.ring
    v = w.visits[row]
    agent = v[V_AGENT]
    v[V_OFFER] = v[V_AGENT] = -1
    say(w, now, OFFER_ENDED, visit, agent, outcome)
    refused = 1 <= outcome <= 4
    if refused and t.retry_ms[outcome]:
        v[V_ASKED] |= np.int64(1) << agent
        w.until[row, agent] = now + t.retry_ms[outcome]
    p = w.people[agent]
    if refused and t.away_after[outcome]:
        p[P_MISSES] += 1
        if p[P_MISSES] >= t.away_after[outcome] and p[P_PRESENCE] == READY:
            attend(w, now, agent, AWAY, outcome)
    p[P_ACTIVITY], p[P_VISIT] = IDLE, -1
    _show(w, now, agent)


@njit(cache=CACHED)
def _return(w: World, now: Int, visit: Int) -> None:
    w.visits[visit & w.ring, V_STATE] = WAITING
    _enter(w, visit)
    _wait(w, now, visit, True)


# --- callers ---------------------------------------------------------------------------------------------


@njit(cache=CACHED)
def arrive(w: World, now: Int, caller: Int) -> None:
    """A caller comes; after hours only to hear so."""
    t, g = w, w.g
    kind, attempt = w.kinds[caller], w.attempts[caller]
    visit = g[VISITS]
    g[VISITS] = visit + 1
    if visit > _ID:
        g[FAULT] = TOO_MANY_IDS
        return
    counted = now >= t.warm_ms
    if not g[IS_OPEN]:
        w.last_end[caller] = now
        g[OVER] = caller + 1
        w.counts[kind, 6] += counted
        say(w, now, VISIT_ENDED, visit, -1, 4)
        return
    v = w.visits[visit & w.ring]
    if v[V_STATE] != FREE:
        g[FAULT] = TOO_MANY_AT_ONCE
        return
    if attempt:
        patience, talk = _call(w, caller, attempt)
    else:
        patience, talk = w.first[caller, 0], w.first[caller, 1]
    worth = t.worth[kind]
    last = w.last_end[caller]
    if last >= 0 and (now - last < t.repeat_ms or (t.repeat_today and last >= w.day_began)):
        worth = max(worth, t.repeat_worth)
    v[V_ID], v[V_STATE], v[V_KIND], v[V_CALLER], v[V_ATTEMPT] = visit, WAITING, kind, caller, attempt
    v[V_QUEUED], v[V_ORDER] = now, _caller_order(now, worth)
    v[V_OWNER] = -1
    if t.owned[kind] > 0.0:
        has, which = sampler.draw(w.seed, w.replication, sampler.OWNER, caller, 0)
        if has < t.owned[kind]:
            v[V_OWNER] = t.owners[kind, int(which * t.n_owners[kind])]
    v[V_ASKED] = v[V_OFFERS] = v[V_PUSHED] = v[V_INTERPRETER] = 0
    v[V_OFFER] = v[V_AGENT] = -1
    v[V_GIVES_UP] = now + patience
    v[V_TALK] = talk
    w.counts[kind, 0] += counted
    say(w, now, QUEUED, visit, -1, 0)
    _enter(w, visit)
    _wait(w, now, visit, False)
    match(w, now)
    if v[V_STATE] == WAITING:
        _push_waits(w, visit)


@njit(cache=CACHED)
def _answer(w: World, now: Int, visit: Int) -> None:
    t = w
    row = visit & w.ring
    v = w.visits[row]
    agent, kind = v[V_AGENT], v[V_KIND]
    say(w, now, OFFER_ENDED, visit, agent, 0)
    v[V_STATE], v[V_OFFER] = TALKING, -1
    p = w.people[agent]
    p[P_MISSES], p[P_WRAP_UP], p[P_BUSY_SINCE] = 0, 0, now
    p[P_CALLS] += 1
    p[P_ACTIVITY], p[P_VISIT] = ACT_TALKING, visit
    _show(w, now, agent)
    say(w, now, TALK_BEGAN, visit, agent, 0)
    if v[V_INTERPRETER]:
        say(w, now, INTERPRETER, visit, agent, 0)
    lasts = v[V_TALK]
    push(w.g, w.heap, now + lasts, CALL_ENDS, visit)
    if v[V_QUEUED] >= t.warm_ms:
        waited = now - v[V_QUEUED]
        counted = w.counts[kind]
        counted[1] += 1
        counted[2] += waited <= t.within_ms
        counted[7] += waited
        counted[8] += waited
        counted[9] += lasts
        counted[10] += waited > t.no_wait_ms
        _count_hour(w, v[V_QUEUED], waited, 0)
        w.worked[agent, 0] += 1
        w.waits[wait_bin(waited // 1000)] += 1


@njit(cache=CACHED)
def _count_hour(w: World, queued: Int, waited: Int, ended: Int) -> None:
    """Who was queued before midnight counts for the day before."""
    hour = (24 * w.weekday + (queued - w.day_began) // 3_600_000) % HOURS_OF_WEEK
    w.by_hour[hour, ended] += 1
    w.by_hour[hour, ended + 1] += waited <= w.within_ms


@njit(cache=CACHED)
def _end_talk(w: World, now: Int, visit: Int) -> None:
    v = w.visits[visit & w.ring]
    agent = v[V_AGENT]
    p = w.people[agent]
    say(w, now, TALK_ENDED, visit, agent, 0)
    p[P_ACTIVITY] = ACT_WRAP_UP
    _show(w, now, agent)
    if w.wrap_up_ms <= 0:
        _wrapped(w, now, agent)
    else:
        p[P_WRAP_UP] = now + w.wrap_up_ms
        push(w.g, w.heap, p[P_WRAP_UP], WRAP_UP, w.by_id[agent])
    v[V_STATE] = FREE
    w.last_end[v[V_CALLER]] = now
    w.g[OVER] = v[V_CALLER] + 1
    say(w, now, VISIT_ENDED, visit, -1, 0)


@njit(cache=CACHED)
def _give_up(w: World, now: Int, visit: Int) -> None:
    t = w
    v = w.visits[visit & w.ring]
    outcome = 3 if v[V_STATE] == RINGING else 2
    if v[V_STATE] == WAITING:
        _leave_queue(w, visit)
    else:
        _end_offer(w, now, visit, 5)
    v[V_STATE] = FREE
    caller, kind = v[V_CALLER], v[V_KIND]
    w.last_end[caller] = now
    say(w, now, VISIT_ENDED, visit, -1, outcome)
    if v[V_QUEUED] >= t.warm_ms:
        waited = now - v[V_QUEUED]
        counted = w.counts[kind]
        counted[3] += 1
        counted[4] += waited < t.short_ms
        counted[5] += waited <= t.within_ms
        counted[8] += waited
        counted[10] += waited > t.no_wait_ms
        _count_hour(w, v[V_QUEUED], waited, 2)
    w.g[OVER] = caller + 1
    if t.retrial > 0.0 and (not w.works or v[V_ATTEMPT] % ATTEMPTS < ATTEMPTS - 1):
        calls, after = sampler.draw(w.seed, w.replication, sampler.RETRIAL, caller, v[V_ATTEMPT])
        if calls < t.retrial:
            w.g[OVER] = 0
            w.attempts[caller] += 1
            again = sampler.duration(t.again_kind, t.again_a, t.again_b, after, t.tick_ms, t.shapes)
            push(w.g, w.heap, now + again, CALLS_AGAIN, caller)


# --- the hours -------------------------------------------------------------------------------------------


@njit(cache=CACHED)
def pass_hours(w: World, now: Int, is_open: Int, holding: Int, new_day: Int, is_late: Int) -> None:
    """What changes with this hour."""
    g = w.g
    if is_open != g[IS_OPEN]:
        g[IS_OPEN] = is_open
        say(w, now, OPEN, -1, -1, is_open)
    if new_day:
        w.weekday, w.day_began = (w.weekday + 1) % 7, now
        for agent in range(w.n_people):
            p = w.people[agent]
            activity = p[P_ACTIVITY]
            p[P_CALLS] = 0
            p[P_IDLE] = p[P_IDLE_SINCE] - now if p[P_SHOWN] == 0 else 0
            busy = activity in (ACT_TALKING, ACT_WRAP_UP)
            p[P_BUSY] = p[P_BUSY_SINCE] - now if busy else 0
    g[HOLDING], g[IS_LATE] = holding, is_late
    g[DIRTY] = 1


@njit(cache=CACHED)
def from_outside(w: World, now: Int, rank: Int, key: Int) -> None:
    """A phone, a caller or a member of staff does something; late ones name what is over, and are void."""
    t = w
    if rank == CALLS_AGAIN:
        arrive(w, now, key)
        return
    if rank == BACK:
        p = w.people[key]
        if p[P_PRESENCE] == READY or p[P_PRESENCE] == AWAY:
            w.g[CHANGED] |= (np.int64(1) << key) & w.works
            attend(w, now, key, READY, 0)
            if p[P_ACTIVITY] == ACT_WRAP_UP:
                _wrapped(w, now, key)
        return
    if rank == CALL_ENDS:
        _end_talk(w, now, key)
        return
    if rank == GIVES_UP:
        v = w.visits[key & w.ring]
        if v[V_ID] == key and v[V_STATE] != FREE and v[V_STATE] != TALKING:
            _give_up(w, now, key)
        return
    visit = w.offers[key & w.ring]
    v = w.visits[visit & w.ring]
    if v[V_OFFER] != key:
        return
    agent = v[V_AGENT]
    if rank == RING:
        v[V_LEASE] = now + t.lease_ms
        push(w.g, w.heap, v[V_LEASE], LEASE, key)
        v[V_RANG], v[V_STATE] = 1, RINGING
        w.people[agent, P_ACTIVITY] = ACT_RINGING
        _show(w, now, agent)
        say(w, now, RANG, visit, agent, 0)
    elif rank == ANSWER:
        _answer(w, now, visit)
    else:
        does = v[V_ENDS]
        _end_offer(w, now, visit, 3 if does == 1 else 1 if does == 2 else 2 if does == 3 else 4)
        _return(w, now, visit)


@njit(cache=CACHED)
def falls_due(w: World, now: Int, rank: Int, key: Int) -> None:
    """One of the engine's deadlines, if it still stands."""
    if rank == WRAP_UP:
        agent = w.with_id[key]
        if w.people[agent, P_WRAP_UP] == now:
            _wrapped(w, now, agent)
        return
    visit = key
    if rank == LEASE:
        visit = w.offers[key & w.ring]
    v = w.visits[visit & w.ring]
    if rank == LEASE:
        if v[V_OFFER] == key and v[V_LEASE] == now:
            _end_offer(w, now, visit, 3 if v[V_RANG] else 4)
            _return(w, now, visit)
    elif v[V_ID] == visit and v[V_STATE] == WAITING:
        if rank == WIDEN and v[V_WIDEN] == now:
            v[V_WIDEN] = 0
            _wait(w, now, visit, True)
        elif rank == RETRY and v[V_RETRY] == now:
            v[V_RETRY] = 0
            _wait(w, now, visit, True)
