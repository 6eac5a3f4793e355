"""What passes between the records, the vault's texts and a desk: values of what was, and of one's own day."""

from collections.abc import Mapping
from typing import NamedTuple


class Word(NamedTuple):
    """What somebody said of an earlier visit. note, case: references. "" where none; agent: "" where the one
    who asks may not see who it was."""

    at_ms: int
    agent: str
    outcome: str
    note: str
    case: str


class Earlier(NamedTuple):
    """An earlier visit of a caller. outcome: one of routing.facts.VISIT_OUTCOMES, "" where it is not over.
    said: of each talk, the first one first."""

    visit: int
    at_ms: int
    language: str
    concern: str
    outcome: str
    said: tuple[Word, ...]


class Before(NamedTuple):
    """Earlier visits of a caller, and the texts of their notes by reference."""

    visits: tuple[Earlier, ...]
    notes: Mapping[str, Mapping[str, str]]


class Day(NamedTuple):
    """What a person did in a span. handled: talks begun; talk_ms, wrap_up_ms: of those that are over; missed:
    offers that they did not take."""

    handled: int
    talk_ms: int
    wrap_up_ms: int
    missed: int
