"""Jobs that wait, compiled: by class a set of cases, of which the oldest is found at once.

A case is a bit; a word tells which 64 of them have any, a page which 64 words. However long the backlog, a
case goes in and the oldest comes out in the same few steps.
"""

from typing import Any

import numpy as np
from numba import njit

from simulation.drivers.cache import CACHED
from simulation.drivers.kernel import first
from simulation.drivers.layout import CLASSES, CLASSES_MAX

Int = Any
World = Any


@njit(cache=CACHED, inline="always")
def _bit(place: Int) -> Int:
    return np.int64(1) << (place & 63)


@njit(cache=CACHED)
def line_up(w: World, line: Int, case: Int) -> None:
    """Into the queue of a class, where cases stand in the order in which they came."""
    g = w.g
    w.jobs[line, case >> 6] |= _bit(case)
    w.job_words[line, case >> 12] |= _bit(case >> 6)
    w.job_pages[line] |= _bit(case >> 12)
    if not g[CLASSES] & _bit(line) or case < w.heads[line]:
        w.heads[line] = case
    g[CLASSES] |= _bit(line)


@njit(cache=CACHED)
def take(w: World, line: Int) -> Int:
    """The oldest case out of the queue of a class that has one."""
    case = w.heads[line]
    word, page = case >> 6, case >> 12
    w.jobs[line, word] &= ~_bit(case)
    if w.jobs[line, word] == 0:
        w.job_words[line, page] &= ~_bit(word)
        if w.job_words[line, page] == 0:
            w.job_pages[line] &= ~_bit(page)
            if w.job_pages[line] == 0:
                w.g[CLASSES] &= ~_bit(line)
                return case
            page = first(w.job_pages[line])
        word = page << 6 | first(w.job_words[line, page])
    w.heads[line] = word << 6 | first(w.jobs[line, word])
    return case


@njit(cache=CACHED)
def clear(w: World) -> None:
    """No job waits: what a replication left behind is taken out."""
    for line in range(CLASSES_MAX):
        pages = w.job_pages[line]
        while pages:
            page = first(pages)
            pages &= ~_bit(page)
            words = w.job_words[line, page]
            while words:
                word = first(words)
                words &= ~_bit(word)
                w.jobs[line, page << 6 | word] = 0
            w.job_words[line, page] = 0
        w.job_pages[line] = 0
