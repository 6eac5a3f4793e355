"""Turnaround of many groups of cases at once by E. L. Kaplan and P. Meier (1958), compiled: every language
and concern asks for it after every replication.
"""

from typing import Any

import numpy as np
from numba import njit

from simulation.drivers.cache import CACHED

Floats = Any
Ints = Any


@njit(cache=CACHED)
def days_until(done: Ints, still_open: Ints, shares: Floats, few: int) -> Floats:
    """Days after which these shares of a group's cases are done, by (group, share).

    done, still_open: cases by (group, day) of their turnaround or age; within a day the share done grows
    evenly. shares: ascending. A share that was not reached: the longest that could be seen, so at least that.
    nan for a group of less than `few` cases.
    """
    found = np.full((len(done), len(shares)), np.nan)
    for group in range(len(done)):
        there, last = np.int64(0), -1
        for day in range(done.shape[1]):
            here = done[group, day] + still_open[group, day]
            if here:
                there += here
                last = day
        if there < few:
            continue
        found[group] = last + 1
        stays, asked = 1.0, 0
        for day in range(last + 1):
            before = stays
            stays *= 1 - done[group, day] / there
            while asked < len(shares) and stays <= 1 - shares[asked] + 1e-12:
                found[group, asked] = day + (before - 1 + shares[asked]) / (before - stays)
                asked += 1
            if asked == len(shares):
                break
            there -= done[group, day] + still_open[group, day]
    return found
