"""What is to be seen now: the world as a supervisor's page, a metric or a broker shows it."""

from typing import NamedTuple


class WaitingCell(NamedTuple):
    """Callers waiting with one language and concern. longest_since_ms: when the oldest was queued."""

    language: str
    concern: str
    count: int
    longest_since_ms: int


class Person(NamedTuple):
    """A member of staff as shown: state (a name of agents.state), since when, why not ready."""

    id: str
    name: str
    state: str
    reason: str
    since_ms: int


class Board(NamedTuple):
    """The whole picture at `at_ms`. No caller stands in it alone: only counts by language and concern.

    in_menu: callers still choosing. ringing: offered or ringing. talking: in conversation.
    degraded: callers the dialplan serves alone.
    """

    at_ms: int
    link_up: bool
    link_why: str
    open: bool
    term: int
    in_menu: int
    ringing: int
    talking: int
    degraded: int
    waiting: tuple[WaitingCell, ...]
    staff: tuple[Person, ...]
