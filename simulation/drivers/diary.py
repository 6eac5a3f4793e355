"""What falls due on later days, compiled: kept by spans of a few hours, and put into the calendar's heap as
the span begins. A year's appointments and waits in one heap would make every other event of the day slow.
"""

from typing import Any

from numba import njit

from simulation.drivers.cache import CACHED
from simulation.drivers.kernel import TOO_MANY_AT_ONCE, push
from simulation.drivers.layout import (
    DIARY,
    DIARY_MAX,
    END,
    FAULT,
    ID_BITS,
    RANK_BITS,
    SPAN_BITS,
    SPAN_NOW,
    TORN_OUT,
)

_SHIFT = RANK_BITS + ID_BITS
_ID = (1 << ID_BITS) - 1
_RANK = (1 << RANK_BITS) - 1

Int = Any
World = Any


@njit(cache=CACHED)
def later(w: World, at: Int, rank: Int, key: Int) -> None:
    """Into the calendar, or the diary; what lies behind the end never comes. TORN_OUT: the first of the lines
    that are free again, from 1."""
    g = w.g
    span = at >> SPAN_BITS
    if span <= g[SPAN_NOW]:
        push(g, w.heap, at, rank, key)
        return
    if at >= g[END]:
        return
    line = g[TORN_OUT] - 1
    if line >= 0:
        g[TORN_OUT] = w.diary[line, 1]
    elif g[DIARY] < DIARY_MAX:
        line = g[DIARY]
        g[DIARY] += 1
    else:
        g[FAULT] = TOO_MANY_AT_ONCE
        return
    w.diary[line, 0] = at << _SHIFT | rank << ID_BITS | key
    w.diary[line, 1] = w.pages[span]
    w.pages[span] = line + 1


@njit(cache=CACHED)
def turn_over(w: World) -> None:
    """The next span begins."""
    g = w.g
    g[SPAN_NOW] += 1
    line = w.pages[g[SPAN_NOW]] - 1
    w.pages[g[SPAN_NOW]] = 0
    while line >= 0:
        event, behind = w.diary[line, 0], w.diary[line, 1]
        push(g, w.heap, event >> _SHIFT, (event >> ID_BITS) & _RANK, event & _ID)
        w.diary[line, 1] = g[TORN_OUT]
        g[TORN_OUT] = line + 1
        line = behind - 1
