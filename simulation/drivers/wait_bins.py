"""Waits counted by length: every second for a quarter of an hour and more, then 64 bins for each doubling.

There is no last bin that holds all the rest: a wait as long as a model can be has its own.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from simulation.drivers.cache import CACHED
from simulation.drivers.layout import FINE


@njit(cache=CACHED)
def wait_bin(seconds: int) -> Any:
    """Which of layout.BINS a wait of so many whole seconds, below 2**27, is counted in."""
    if seconds < FINE:
        return seconds
    octave = 10
    while seconds >> (octave + 1):
        octave += 1
    return FINE + (octave - 10) * 64 + ((seconds >> (octave - 6)) & 63)


WAIT_ENDS_S: Final = np.array(
    [*range(1, FINE + 1), *((64 + sub + 1) << octave - 6 for octave in range(10, 27) for sub in range(64))]
)
"""By bin, the seconds that its waits are shorter than."""
