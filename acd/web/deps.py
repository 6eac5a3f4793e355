"""What the pages and the API need from the daemon: values and doors, nothing of its inside."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from prometheus_client import CollectorRegistry

from acd.changes import Changes
from acd.ports import Cases, Health
from routing.board import Board
from routing.explain import Candidate, Idle, Sought
from routing.facts import ShadowDiffered


class ServiceLevel(NamedTuple):
    """Today's service level: met of total, by its named variant and clock, with the 95 % interval."""

    variant: str
    clock: str
    seconds: int
    met: int
    total: int
    answered: int
    abandoned: int
    low: float
    high: float


class Accepted(NamedTuple):
    """What became of a request: accepted, or a stable code why not."""

    accepted: bool
    why: str


class Explained(NamedTuple):
    """At `at_ms`: why each waiting caller waits, and why each free person is free."""

    at_ms: int
    sought: tuple[Sought, ...]
    idle: tuple[Idle, ...]


@dataclass(frozen=True)
class WebDeps:
    """Filled by the daemon. languages and concerns: code or key -> name by page language."""

    centre: str
    board: Callable[[], Board]
    changes: Changes
    service_level: Callable[[], Awaitable[ServiceLevel]]
    staff: Callable[[str, str, str], Awaitable[Accepted]]
    explain: Callable[[], Awaitable[Explained]]
    explain_visit: Callable[[int], Awaitable[tuple[Candidate, ...] | None]]
    differences: Callable[[int], Awaitable[list[ShadowDiffered]]]
    prioritise: Callable[[int, str], Awaitable[Accepted]]
    cases: Cases
    reload: Callable[[], Awaitable[list[str]]]
    resync: Callable[[], Awaitable[None]]
    health: Callable[[], Health]
    token: str
    languages: Mapping[str, str]
    concerns: Mapping[str, Mapping[str, str]]
    registry: CollectorRegistry
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    essential: tuple[str, ...] = field(default=("journal",))
