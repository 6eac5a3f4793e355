"""One compiled replication from its begin to its end: every event in the one total order.

The telephone's events go to simulation.drivers.kernel, those of case work to simulation.drivers.casework.
"""

from typing import Any

import numpy as np
from numba import njit

from simulation.drivers import casework, diary, sampler
from simulation.drivers.cache import CACHED
from simulation.drivers.casework import TOO_MANY_VISITORS
from simulation.drivers.kernel import (
    DONE,
    TOO_MANY_AT_ONCE,
    TOO_MANY_CALLERS,
    TOO_MANY_IDS,
    TRACE_FULL,
    arrive,
    attend,
    count_on,
    falls_due,
    first_calls,
    from_outside,
    head,
    match,
    pass_hours,
    plan,
    pop,
)
from simulation.drivers.layout import (
    CALLERS,
    CALLS,
    CALLS_AGAIN,
    CHANGED,
    DAY,
    DAYS_MAX,
    DIRTY,
    END,
    FAULT,
    HOURS,
    ID_BITS,
    JOB_ENDS,
    LETS_GO,
    LOGGED_OUT,
    NEXT_CALLER,
    NEXT_HOUR,
    NEXT_SHIFT,
    NOW,
    OPEN_CASES,
    OVER,
    P_PLANNED,
    RANK_BITS,
    READY,
    ROWS,
    ROWS_MAX,
    ROWS_OF_ONE_EVENT,
    SETTLE,
    SETTLES,
    SPAN_BITS,
    SPAN_NOW,
    STAFF,
)

FAULTS = {
    TOO_MANY_AT_ONCE: "more callers are there or cases are open at once than the kernel has room for",
    TOO_MANY_CALLERS: "more callers come in one replication than the kernel has room for",
    TOO_MANY_IDS: "more offers are made in one replication than the kernel can count",
    TOO_MANY_VISITORS: "more visitors wait at the counter at once than the kernel has room for",
}
"""By how a replication came back, in words."""

_SHIFT = RANK_BITS + ID_BITS
_ID = (1 << ID_BITS) - 1
_RANK = (1 << RANK_BITS) - 1

Int = Any
World = Any


@njit(cache=CACHED)
def start(w: World, begins: Any, ends: Any, expected: Any, mixes: Any) -> Int:
    """Draw a replication's callers; what the replication before drew at another load is there already."""
    drawn = w.drawn
    if drawn[0] != w.seed or drawn[1] != w.replication:
        drawn[:] = 0
        drawn[0], drawn[1] = w.seed, w.replication
    callers, drawn[2] = sampler.arrivals(
        w.seed,
        w.replication,
        begins,
        ends,
        expected,
        mixes,
        w.kind_shares,
        w.kind_guide,
        w.tick_ms,
        w.levels,
        w.picks,
        drawn[2],
        w.times,
        w.kinds,
    )
    first_calls(w, callers)
    if w.works:
        casework.draw(w, callers)
    for caller in range(callers):
        w.attempts[caller] = 0
        w.last_end[caller] = -1
    w.g[CALLERS] = callers
    w.g[END] = w.end_ms
    casework.start(w)
    return DONE if callers >= 0 else TOO_MANY_CALLERS


@njit(cache=CACHED)
def replicate(worlds: Any, hours: Any, shifts: Any) -> Int:
    """Run the started replication in worlds[0] to its end.

    Returns how it came back: on TRACE_FULL the rows are to be taken out (register ROWS set to 0) and the
    call repeated; it goes on where it was.
    """
    w = worlds[0]
    g, heap = w.g, w.heap
    callers = g[CALLERS]
    end = w.end_ms << _SHIFT
    listed: Int = np.int64(-1)
    while True:
        hour, shift, caller = g[NEXT_HOUR], g[NEXT_SHIFT], g[NEXT_CALLER]
        if listed < 0:
            listed = end
            if hour < len(hours):
                listed = min(listed, hours[hour, 0] << _SHIFT | HOURS << ID_BITS)
            if shift < len(shifts):
                listed = min(listed, shifts[shift, 0] << _SHIFT | STAFF << ID_BITS | shifts[shift, 1])
            if caller < callers:
                listed = min(listed, w.times[caller] << _SHIFT | CALLS << ID_BITS | caller)
        event = listed
        first = head(g, heap)
        if first < listed:
            event = first
        if g[ROWS] > ROWS_MAX - ROWS_OF_ONE_EVENT:
            return TRACE_FULL
        if g[LETS_GO]:
            match(w, g[NOW])
            if w.works and g[OVER]:
                casework.call_over(w, g[NOW])
            continue
        if g[CHANGED] | g[SETTLE] and event > g[NOW] << _SHIFT | SETTLES << ID_BITS:
            casework.settle(w, g[NOW])
            continue
        if w.works and event >> (_SHIFT + SPAN_BITS) > g[SPAN_NOW]:
            diary.turn_over(w)
            continue
        if event >= end:
            break
        now, rank, key = event >> _SHIFT, (event >> ID_BITS) & _RANK, event & _ID
        g[NOW] = now
        if event == listed:
            listed = -1
            if rank == CALLS:
                g[NEXT_CALLER] = caller + 1
                if w.works:
                    casework.opens(w, now, key)
                else:
                    arrive(w, now, key)
            elif rank == STAFF:
                g[NEXT_SHIFT] = shift + 1
                agent, login = shifts[shift, 1], shifts[shift, 2]
                if w.works:
                    casework.staff(w, now, agent, login, shifts[shift, 3], shifts[shift, 4])
                else:
                    plan(w, now, agent, login)
                    attend(w, now, agent, READY if login else LOGGED_OUT, 0)
            else:
                g[NEXT_HOUR] = hour + 1
                pass_hours(w, now, hours[hour, 1], hours[hour, 2], hours[hour, 3], hours[hour, 4])
                if hours[hour, 3] and now >= w.warm_ms and g[DAY] < DAYS_MAX - 1:
                    w.backlog[g[DAY]] += g[OPEN_CASES]
                    g[DAY] += 1
        else:
            pop(g, heap)
            if rank < HOURS:
                falls_due(w, now, rank, key)
            elif rank < JOB_ENDS or not w.works:
                from_outside(w, now, rank, key)
            elif rank == CALLS_AGAIN:
                casework.calls_again(w, now, key)
            else:
                casework.come_to_pass(w, now, rank, key)
        if g[DIRTY]:
            match(w, now)
        if w.works and g[OVER]:
            casework.call_over(w, now)
        if g[FAULT]:
            return g[FAULT]
    for agent in range(w.n_people):
        if w.people[agent, P_PLANNED]:
            count_on(w, w.end_ms, agent)
    if w.works:
        casework.stop(w, callers)
        w.backlog[g[DAY]] += g[OPEN_CASES]
    return DONE
