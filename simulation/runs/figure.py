"""What a figure is called: its key, its unit, and its names on pages."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Figure(NamedTuple):
    """A figure's key, its unit, and how pages call it."""

    key: str
    unit: str
    de: str
    en: str


def share(part: Ints, whole: Ints) -> Floats:
    """part / whole; nan where the whole is nothing."""
    found: Floats = np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)
    return found
