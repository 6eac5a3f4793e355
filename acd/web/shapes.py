"""What the API answers with, named field by field: the shapes that OpenAPI shows."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from acd import __version__


class Shape(BaseModel):
    """Made from a value of the house by its fields' names."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class WaitingCell(Shape):
    """Callers waiting with one language and concern; longest_since_ms: when the oldest was queued."""

    language: str
    concern: str
    callers: int
    longest_since_ms: int


class Person(Shape):
    """A member of staff: the state that others see, since when (epoch ms), why not ready."""

    id: str
    name: str
    state: str
    reason: str
    since_ms: int


class Board(Shape):
    """The hotline now; times in epoch ms."""

    at_ms: int
    link_up: bool
    link_why: str
    open: bool
    term: int
    in_menu: int
    ringing: int
    talking: int
    degraded: int
    waiting: list[WaitingCell]
    staff: list[Person]


class ServiceLevel(Shape):
    """Today's service level: met of total, with the 95 % interval from low to high."""

    variant: str
    clock: str
    seconds: int
    met: int
    total: int
    answered: int
    abandoned: int
    low: float
    high: float


class State(Shape):
    """Everything the page shows, whole every time."""

    board: Board
    service_level: ServiceLevel
    release: str = __version__


class Reason(BaseModel):
    """Why a person is not ready."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, Field(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
