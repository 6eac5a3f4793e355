"""What the API answers with, named field by field: the shapes that OpenAPI shows."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from acd import __version__
from acd.web.deps import REASON_MAX, Explained
from acd.web.pieces import array
from routing.steering import marks

COPIED = (
    "language",
    "concern",
    "second",
    "classes",
    "case",
    "owner",
    "state",
    "overflowed",
    "kind",
    "attempts",
)


class Shape(BaseModel):
    """Made from a value of the house by its fields' names."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class WaitingCell(Shape):
    """Callers waiting with one language and concern; longest_since_ms: when the oldest was queued.

    Both are "*" for those of all languages and concerns that so few people could serve that they are shown
    as one (privacy.smallest_cell).
    """

    language: str
    concern: str
    callers: int
    longest_since_ms: int


class StaffState(Shape):
    """A member of staff: the state that others see, since when (epoch ms), why not ready.

    Without privacy.agreement others see ready, not_ready or talking; since_ms is 0 and reason "".
    """

    id: str
    name: str
    state: str
    reason: str
    since_ms: int


class Board(Shape):
    """The hotline now; times in epoch ms. announcing: an emergency announcement is on. threats: told by
    staff, and seen to by nobody yet. callbacks: promised, and carried out by nobody now; calling: at this
    moment."""

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
    staff: list[StaffState]
    announcing: bool
    outside: int
    threats: int
    callbacks: int
    calling: int


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


class StaffSource(Shape):
    """Where the staff in force comes from (file, import; empty: not known just now), since when (epoch ms; 0:
    not known), how many; and how many people of the file are not in force."""

    source: str
    since_ms: int
    people: int
    unused: int


class AlarmCell(Shape):
    """A need behind an alarm; both "*" where it may not stand alone (privacy.smallest_cell)."""

    language: str
    concern: str


class AlarmState(Shape):
    """An alarm that is raised: by which rule ([[alarm]]), of whom ("" for all, "*" for who may not stand
    alone), of which part of the daemon; since when it is so (epoch ms). value, limit: minutes, percent or
    people, as the kind has them. cells: the needs behind it, the worst first; more: how many others. at_ms:
    of coverage, from when on people are missing. de, en: why it matters."""

    rule: str
    language: str
    concern: str
    part: str
    kind: str
    since_ms: int
    value: float
    limit: float
    cells: list[AlarmCell]
    more: int
    at_ms: int
    de: str
    en: str


class AlarmsTried(Shape):
    """What came of a test, by way out ("notify" or a hook's name): "ok", or why not."""

    ways: dict[str, str]


class State(Shape):
    """Everything the page shows, whole every time. trouble: what /readyz says of parts that are not well.
    called: a mark of what things are called, and of the release. own: what who asks sees of themselves; null
    for who is no member of staff. alarms: those that are raised, the longest first."""

    board: Board
    service_level: ServiceLevel
    trouble: dict[str, str]
    staff_source: StaffSource
    called: str
    alarms: list[AlarmState] = []
    own: StaffState | None = None
    release: str = __version__


class Candidate(Shape):
    """One person for one caller: why they may or may not take them now, and the values behind it."""

    agent: str
    reason: str
    language: str
    language_level: int
    language_needed: int
    concern_level: int
    concern_needed: int
    state: str


class WaitingCall(Shape):
    """A caller who waits or rings, and how many people there are by reason (suits, or why not). overflowed:
    the rules of overflow that took effect for them, by name. kind: how they came (voice, callback, web);
    attempts: how often they were called back; held: why it is not their turn to be called (early, on_line,
    shut, calls_used_up, no_way_out, share). steered: how they stand otherwise than by the rules, since a
    supervisor said so: front, back (moved there), other_need (their need was changed), named (kept for one
    person)."""

    visit: int
    language: str
    concern: str
    second: str
    classes: tuple[str, ...]
    case: str
    owner: str
    state: str
    waited_ms: int
    people: dict[str, int]
    overflowed: tuple[str, ...] = ()
    kind: str = "voice"
    attempts: int = 0
    held: str = ""
    steered: tuple[str, ...] = ()


class Idle(Shape):
    """A free person, and how many waiting callers there are by the reason why they are not offered."""

    agent: str
    callers: dict[str, int]


class Explanation(Shape):
    """Why each waiting caller waits, and why each free person is free."""

    waiting: list[WaitingCall]
    idle: list[Idle]


async def explanation(found: Explained) -> str:
    """The daemon's values as an Explanation in JSON."""
    waiting = await array(
        found.sought,
        lambda each: {
            "visit": each.visit.id,
            "waited_ms": found.at_ms - each.visit.queued_ms,
            "people": dict(each.people),
            "held": each.held,
            "steered": marks(each.visit),
            **{key: getattr(each.visit, key) for key in COPIED},
        },
    )
    idle = await array(found.idle, lambda each: {"agent": each.agent, "callers": dict(each.callers)})
    return f'{{"waiting": {waiting}, "idle": {idle}}}'


class Lost(Shape):
    """Somebody who could have taken the caller; by this criterion (lower goes first) another was before."""

    agent: str
    criterion: str
    order: int
    best: int


class Choice(Shape):
    """Who takes whom, by which step, language and levels; of how many, and which criterion decided."""

    visit: int
    agent: str
    step: int
    language: str
    language_level: int
    concern_level: int
    interpreter: str
    candidates: int
    decided_by: str
    lost: list[Lost]


class Difference(Shape):
    """In the same situation the shadow policy would have decided otherwise; null: nobody is offered yet."""

    at_ms: int
    live: Choice | None
    shadow: Choice | None


class Reloaded(Shape):
    """What came of a reload, key by key; see acd/reloaded.py."""

    faults: list[str]
    now: list[str]
    render: list[str]
    restart: list[str]
    unused: list[str]
    asterisk: str
    staff: str


RECORDING_NAME = r"^rec_[0-9]{1,12}_[0-9]{1,24}$"
TEXT_MAX = 300
"""Characters of an emergency announcement in one language."""
JOINERS = dict.fromkeys(map(ord, "\u200c\u200d"))


def is_line(text: str) -> bool:
    """Whether this is one line without characters for control; what joins letters or parts them in Persian
    is none."""
    return text.translate(JOINERS).isprintable()


class Reason(BaseModel):
    """Why, in one's own words, which lie in the vault; or for notready one of the centre's codes."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, Field(max_length=REASON_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class AnnouncementBody(BaseModel):
    """An emergency announcement. texts: by language, one line of TEXT_MAX characters at most; who has none is
    told the stock sentence. recordings: names of what somebody recorded, one a language. ends_calls: who
    hears it is let go."""

    model_config = ConfigDict(extra="forbid")
    texts: Annotated[dict[str, str], Field(max_length=100)] = {}
    recordings: Annotated[list[Annotated[str, Field(pattern=RECORDING_NAME)]], Field(max_length=100)] = []
    ends_calls: bool = False
    reason: Annotated[str, Field(max_length=REASON_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""

    def faults(self, languages: Iterable[str]) -> list[str]:
        """Everything that is wrong with the texts of a centre with these languages, each as one sentence."""
        known = list(languages)
        found = []
        for code, text in self.texts.items():
            shown = "".join(c for c in code[:20] if c.isprintable())
            if code not in known:
                found.append(f"texts.{shown}: is no language of this centre; known: {', '.join(known)}")
            if not text.strip() or len(text) > TEXT_MAX or not is_line(text):
                found.append(
                    f"texts.{shown}: is one line of 1 to {TEXT_MAX} characters, none of them for control; "
                    f"this has {len(text)}"
                )
        return found


class AnnouncementState(Shape):
    """Whether one is on, whether it ends calls, by which words each language is told it ("text" and
    "recording" are its own; "stock"), what keeps some from being told in their own, who put it on, and when
    (epoch ms)."""

    on: bool
    ends_calls: bool
    languages: dict[str, str]
    trouble: str
    by: str
    since_ms: int


class RecordedState(Shape):
    """A recorded announcement that is kept. language: of those who are told it, or "all". at_s: epoch s."""

    name: str
    language: str
    at_s: int
    seconds: float


class CaseBody(BaseModel):
    """What is kept of a case: nothing of its content. link: the http(s) address of its digital file."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)
    owner: Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9_]*$")] = ""
    concern: Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9_]*$")] = ""
    state: Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9_]*$")] = ""
    outcomes: Annotated[list[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]], Field(max_length=9)] = []
    link: Annotated[str, Field(max_length=400, pattern=r"^((?i:https?)://[^\x00-\x20\x7f]+)?$")] = ""


class CaseFile(CaseBody):
    """A case with its visits, oldest first."""

    reference: str
    visits: list[int]
    link: str = ""
    """As it is kept: one of an earlier release need not be an http(s) address."""
