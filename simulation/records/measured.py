"""A number as the records have it: with its interval, what was counted, and why it may not be used."""

from typing import Final, NamedTuple

from simulation.records.shares import Share

ENOUGH: Final = 30
"""Below so many observations a number is shown, and the scenario's own stays (metrics.md)."""


class Interval(NamedTuple):
    """An estimate and its 95 % interval."""

    value: float
    low: float
    high: float


NOTHING: Final = Interval(float("nan"), float("nan"), float("nan"))


class Measured(NamedTuple):
    """A number of the scenario. key: dotted, "" for what the scenario has no place for; counted: what there
    were `count` of; kept: why the scenario's own number stays, or ""."""

    key: str
    what: str
    interval: Interval
    unit: str
    n: int
    counted: str
    kept: str = ""


class Shaped(NamedTuple):
    """How it is distributed, what a number is the mean of. key: dotted; family: the one that the simulator
    takes where shares (rising from 0 to 1) and values (in means) are empty."""

    key: str
    family: str
    n: int
    shares: tuple[float, ...] = ()
    values: tuple[float, ...] = ()


class Part(NamedTuple):
    """Numbers that belong together, what is to be known about them, a line each, and their distributions."""

    title: str
    numbers: list[Measured]
    said: list[str]
    shapes: tuple[Shaped, ...] = ()


def few(count: int) -> str:
    """Why the scenario's own number stays, or ""."""
    return f"too few data (n < {ENOUGH})" if count < ENOUGH else ""


def shared(key: str, what: str, share: Share, counted: str) -> Measured:
    """A share that stands alone."""
    return Measured(key, what, Interval(*share[:3]), "1", share.total, counted, few(share.total))
