"""What the pages and the API need from the daemon: values and doors, nothing of its inside."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from prometheus_client import CollectorRegistry

from acd.alarmed import OpenAlarm
from acd.changes import Changes
from acd.deskwork import Before, Day
from acd.history.answer import Answer
from acd.history.course import Here
from acd.history.single import Course, PastVisit, Search
from acd.history.view import View
from acd.identity import Asker, People
from acd.missed import Missed
from acd.ports import Announced, Cases, Health, KeptAnnouncement
from acd.prospects import Expectation, Waits, WhatIf, Wish
from acd.reloaded import Reloaded
from routing.board import Board, StaffState
from routing.desk import DeskView, OpenThreat
from routing.explain import Candidate, Counts, Idle, Sought
from routing.facts import ShadowDiffered
from routing.world import ByHand, Visit


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


class Names(NamedTuple):
    """What the page calls things. languages and concerns: code or key -> name (by page language)."""

    centre: str
    languages: Mapping[str, str]
    concerns: Mapping[str, Mapping[str, str]]


class StaffSource(NamedTuple):
    """Where the staff in force comes from: "file", "import", or "" where that is not known at the moment.

    since_ms: epoch ms, 0: not known. people: how many. unused: people of the file who are not in force.
    """

    source: str
    since_ms: int
    people: int
    unused: int


class Accepted(NamedTuple):
    """What became of a request: accepted, or a stable code why not."""

    accepted: bool
    why: str


class Explained(NamedTuple):
    """At `at_ms`: why each waiting caller waits, and why each free person is free."""

    at_ms: int
    sought: tuple[Sought, ...]
    idle: tuple[Idle, ...]


class InLine(NamedTuple):
    """A caller for whom somebody is sought, or is being connected. place: in line, from 1; 0: is offered.
    people, held: as in routing.explain.Sought. expects: None where the outlook knows nothing yet. offered_to:
    the id of whom, where that may be seen. marks: names of routing.steering.STEERED."""

    visit: Visit
    place: int
    people: Counts
    held: str
    expects: Expectation | None
    offered_to: str
    marks: tuple[str, ...]


class Working(NamedTuple):
    """A member of staff as others see them. language, concern: of whom they serve, "" where that may not be
    seen. languages, concerns: (key, level). idle: why they are offered nobody; None: they are not free.
    lent_until_ms: until then what they can do is not the roster's, 0: it is. visit: of whom they talk with
    where somebody may be in that talk, 0 else; listens: how; listened: how somebody is."""

    person: StaffState
    language: str
    concern: str
    languages: tuple[tuple[str, int], ...]
    concerns: tuple[tuple[str, int], ...]
    idle: Counts | None
    lent_until_ms: int = 0
    visit: int = 0
    listens: tuple[str, ...] = ()
    listened: str = ""


class LeadView(NamedTuple):
    """What who is in charge sees at `at_ms`. line: as they stand in it, then who is being connected. by_hand:
    what is set for the whole hotline (routing.by_hand), by key. reserves, overflows: what of it can be set,
    languages and names of rules."""

    at_ms: int
    board: Board
    line: tuple[InLine, ...]
    working: tuple[Working, ...]
    by_hand: Mapping[str, ByHand] = MappingProxyType({})
    reserves: tuple[str, ...] = ()
    overflows: tuple[str, ...] = ()


class ToReach(NamedTuple):
    """Who was not reached. now: "on_line" or "promised" (to be called), "" for neither. possible: they can be
    called back."""

    missed: Missed
    now: str
    possible: bool


class NotReached(NamedTuple):
    """Today's list at `at_ms`. total: how many there are. nameless, ends: as in acd.missed.Today."""

    at_ms: int
    callers: tuple[ToReach, ...]
    total: int
    nameless: int
    ends: Mapping[str, int]


class Reaching(Protocol):
    """Who was not reached today (acd.not_reached)."""

    async def today(self) -> NotReached: ...
    async def call_back(self, by: Asker, visit: int, why: "Because") -> Accepted: ...


Named = Mapping[str, Mapping[str, str]]
"""Code -> page language -> name."""


class DeskChoices(NamedTuple):
    """What staff choose from at their desk, in the order of the file. quiet_minutes: beside 0, which is off.
    block_hours: for how long who threatened can be blocked."""

    reasons: Named
    outcomes: Named
    quiet_minutes: tuple[int, ...]
    block_hours: int


class Desk(Protocol):
    """What a desk sees and says (acd.desk.Desks); `by` acts for themselves. threats is for who
    is in charge."""

    async def view(self, by: Asker) -> DeskView | None: ...
    def version(self, by: Asker) -> int: ...
    async def changed(self, by: Asker, version: int) -> int: ...
    async def before(self, by: Asker, visit: int) -> Before: ...
    async def message(self, by: Asker, visit: int) -> Path | None: ...
    async def notes(self, by: Asker) -> Mapping[str, Mapping[str, str]]: ...
    async def today(self, by: Asker) -> Day: ...
    async def ask(self, by: Asker, what: str, reason: str) -> Accepted: ...
    async def quiet(self, by: Asker, minutes: int) -> Accepted: ...
    async def close(
        self, by: Asker, visit: int, outcome: str, note: Mapping[str, str], case: str
    ) -> Accepted: ...
    async def case(self, by: Asker, visit: int, reference: str, *, new: bool) -> Accepted: ...
    async def hand_over(self, by: Asker, visit: int, to: str, note: Mapping[str, str]) -> Accepted: ...
    async def handover_done(self, by: Asker, handover: int) -> Accepted: ...
    async def threat(self, by: Asker, visit: int, note: Mapping[str, str], block: bool) -> Accepted: ...
    async def threats(self) -> Sequence[OpenThreat]: ...


REASON_MAX: Final = 200
"""Characters of a reason in words."""


class Because(NamedTuple):
    """reason: free text of who steers, "" for none: it goes to the vault, the event and the audit have its
    reference. address: from where they ask."""

    reason: str = ""
    address: str = ""


class Steering(Protocol):
    """What who is in charge does (acd.steering.Steerings): each says what became of it."""

    async def place(self, by: Asker, visit: int, where: str, why: Because) -> Accepted: ...
    async def classed(self, by: Asker, visit: int, name: str, why: Because, *, on: bool) -> Accepted: ...
    async def need(self, by: Asker, visit: int, language: str, concern: str, why: Because) -> Accepted: ...
    async def name(self, by: Asker, visit: int, agent: str, why: Because) -> Accepted: ...
    async def offer(self, by: Asker, visit: int, agent: str, why: Because) -> Accepted: ...
    async def pull_back(self, by: Asker, visit: int, why: Because) -> Accepted: ...
    async def cancel(self, by: Asker, visit: int, why: Because) -> Accepted: ...
    async def listen(self, by: Asker, visit: int, how: str, why: Because) -> Accepted: ...
    async def staff(self, by: Asker, agent: str, what: str, code: str, why: Because) -> Accepted: ...
    async def lend(
        self, by: Asker, agent: str, languages: Mapping[str, int], concerns: Mapping[str, int], why: Because
    ) -> Accepted: ...
    async def own_skills(self, by: Asker, agent: str, why: Because) -> Accepted: ...
    async def set(
        self, by: Asker, what: str, of: str, how: str, until_ms: int | None, why: Because
    ) -> Accepted: ...
    async def threat_seen(self, by: Asker, visit: int, why: Because) -> Accepted: ...
    async def unblock(self, by: Asker, visit: int, why: Because) -> Accepted: ...


class Teaching(Protocol):
    """What somebody can do, for good (acd.skills.SkillsForGood)."""

    async def set(
        self,
        by: Asker,
        agent: str,
        languages: Mapping[str, int],
        concerns: Mapping[str, int],
        why: Because,
        *,
        leave_file: bool,
    ) -> Accepted: ...
    async def undo(self, by: Asker, agent: str, why: Because) -> Accepted: ...


class NoRecording(Exception):
    """A recording that is asked for is not kept (any more)."""


class AnnouncementChoices(NamedTuple):
    """languages: of the centre. unknown: those that are told who has chosen none. speaks: whether other words
    than the stock sentences can be told."""

    languages: tuple[str, ...]
    unknown: tuple[str, ...]
    speaks: bool


class Announcing(Protocol):
    """The emergency announcement, put on and off (acd.announcing.AnnouncingByHand)."""

    async def on(
        self,
        by: Asker,
        texts: Mapping[str, str],
        recordings: Sequence[str],
        ends_calls: bool,
        why: Because,
    ) -> Announced:
        """recordings: names of those that are kept, one a language. Raises NoRecording, QueueFull."""

    async def off(self, by: Asker, why: Because) -> Announced: ...
    def choices(self) -> AnnouncementChoices: ...
    async def stock(self) -> Mapping[str, str]: ...
    async def heard(self, texts: Mapping[str, str], recordings: Sequence[str]) -> Mapping[str, str]:
        """Raises NoRecording."""

    async def kept(self) -> Sequence[KeptAnnouncement]: ...
    async def delete(self, by: Asker, name: str, why: Because) -> bool: ...


class History(Protocol):
    """What was (acd.past.Past)."""

    def clock(self) -> str:
        """Since when waits are counted where nobody says otherwise: one of acd.history.sums.CLOCKS."""

    async def answer(self, view: View) -> Answer:
        """Raises ViewFault: what is asked for alone may not be."""

    async def here(self, since: datetime, language: str) -> Mapping[datetime, Here]: ...
    async def visits(self, sought: Search) -> Sequence[PastVisit]:
        """Raises ViewFault: what is asked for alone may not be."""

    async def course(self, visit: int) -> Course | None: ...
    async def token(self, number: str) -> str: ...


@dataclass(frozen=True)
class WebDeps:
    """Filled by the daemon.

    agents: the staff, (id, name). classes: names of the priority classes. zone: of the times that pages show.
    """

    names: Callable[[], Names]
    board: Callable[[], Board]
    changes: Changes
    service_level: Callable[[], Awaitable[ServiceLevel]]
    explain: Callable[[], Awaitable[Explained]]
    explain_visit: Callable[[int], Awaitable[tuple[Candidate, ...] | None]]
    differences: Callable[[int], Awaitable[list[ShadowDiffered]]]
    cases: Cases
    staff_source: Callable[[], StaffSource]
    announcement: Callable[[], Announced]
    announcing: Announcing
    reload: Callable[[], Awaitable[Reloaded]]
    resync: Callable[[], Awaitable[None]]
    outlook: Callable[[], Waits]
    what_if: Callable[[Sequence[Wish]], Awaitable[WhatIf]]
    health: Callable[[], Health]
    people: People
    agents: Callable[[], Collection[tuple[str, str]]]
    zone: Callable[[], tzinfo]
    desk: Desk
    steering: Steering
    teaching: Teaching
    reasons: Callable[[Sequence[str]], Awaitable[Mapping[str, Mapping[str, str]]]]
    not_reached: Reaching
    lead: Callable[[], Awaitable[LeadView]]
    classes: Callable[[], Sequence[str]]
    history: History
    desk_choices: Callable[[], DeskChoices]
    case_link: Callable[[str], str]
    registry: CollectorRegistry
    own: Callable[[str], StaffState | None]
    """What somebody sees of themselves, by their id as a member of staff."""
    alarms: Callable[[], Sequence[OpenAlarm]] = lambda: ()
    """Those that are raised, for who sees the staff; alarms_outside: the same for everybody else."""
    alarms_outside: Callable[[], Sequence[OpenAlarm]] = lambda: ()
    test_alarms: Callable[[], Awaitable[Mapping[str, str] | None]] | None = None
    """By way out what came of a test; None while another is being made."""
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    essential: tuple[str, ...] = field(default=("journal",))
