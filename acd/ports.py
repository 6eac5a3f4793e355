"""The doors between the live loop and the world: small protocols, and the values that pass through them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from routing.commands import Command
from routing.events import Envelope, Event, Leg
from routing.facts import Fact

DAEMON = "daemon"
"""The actor of what the daemon itself does."""


class Arrival(NamedTuple):
    """Something that came in from outside, not yet journalled.

    number: the caller's number as the PBX gave it, for the vault only; it never goes further.
    at_ms: when it happened, in engine time (the PBX's own stamp, corrected); 0: now.
    keyed: what the caller keyed in as their case number, for the directory only; it may be anything.
    """

    event: Event
    actor: str
    reason: str = ""
    cause: int = 0
    number: str = ""
    at_ms: int = 0
    keyed: str = ""


class Asked(NamedTuple):
    """A caller on this leg wants to be called back, at this number: "" where it is withheld. It goes to the
    vault, and never further."""

    leg: Leg
    number: str


class CaseAsk(NamedTuple):
    """A caller on this leg asks whether they can ask for their case, or has keyed in its number and PIN."""

    leg: Leg
    keyed: bool


class CaseWords(Protocol):
    """What the case line has of the PBX."""

    async def keyed(self, leg: Leg) -> tuple[str, str]:
        """(number, PIN) that the caller on this leg keyed in; "" for what is not there any more."""
        ...

    def told(self, leg: Leg, answer: str) -> bool:
        """Answer the caller on this leg, with a word of the dialplan; False where there is no link."""
        ...


KEPT_DAYS = 8
"""So long a number is kept for a callback at least, whatever its own deadline: with every further call, and
over a holiday, it has ended by then."""


class Wish(NamedTuple):
    """Somebody who is not on the line wants to be called: between these two (epoch ms; 0: at any time).
    number: as they wrote it. case: "" for none."""

    language: str
    concern: str
    number: str
    case: str
    from_ms: int
    until_ms: int


class Wishes(Protocol):
    """Takes wishes to be called."""

    async def wish(self, wish: Wish) -> str:
        """ "" for a promise, else why not: "not_dialled" (we may not call that number), "full" (none is
        promised now), "trouble". It never says whether a number is known."""
        ...


class Clock(Protocol):
    """Time for the edges."""

    def now_ms(self) -> int:
        """Engine time: never goes back, and comes to agree with the wall clock (acd.clock)."""
        ...

    def elapsed_ms(self) -> int:
        """A steady clock from any point on, which counts while the machine is suspended too."""
        ...

    def stepped_ms(self) -> int:
        """How far the wall clock has been set since the last call; 0 for less than a second.

        Where it was set ahead, engine time follows here, in one leap.
        """
        ...


class Snapshot(NamedTuple):
    """A world as it was after event `seq`, as the engine's own plain data in JSON bytes."""

    seq: int
    release: str
    world: bytes


class Decision(NamedTuple):
    """What event `seq` led to: an offer of a visit to a person, as a replay has to make it again."""

    seq: int
    offer: int
    visit: int
    agent: str


class Journal(Protocol):
    """The ordered log of everything that decides. Nothing is decided before it is in here."""

    async def append(self, batch: Sequence[Envelope], decided: Sequence[Decision] = ()) -> None:
        """Write and commit the batch as one, with what earlier ones led to: decisions need no commit of
        their own. Nothing at all is a write too, and proves that writing goes. What is in already, the
        same, is success: the word that it was committed can be lost.

        Raises JournalRefused; then nothing of it is in, or it can be given again. Raises Fenced."""
        ...

    def read(self, after: int) -> AsyncIterator[Envelope]:
        """All kept events with seq > after in order, skipped and damaged ones left out."""
        ...

    async def last(self) -> tuple[int, int, int]:
        """(seq, term, at_ms) of the newest event; zeros in an empty journal."""
        ...

    async def decisions(self, after: int) -> list[Decision]:
        """What events with seq > after led to, in order, as far as it was written down."""
        ...

    async def skip(self, seq: int, error: str) -> None:
        """Mark an event whose step raised, so that no replay meets it again; twice is once.

        Raises JournalRefused."""
        ...

    async def save_snapshot(self, snapshot: Snapshot, recorded: int) -> None:
        """Keep a world. recorded: seq of the last event in the records (0: not known); the world from
        which the recorder can go on is kept too. Raises JournalRefused."""
        ...

    async def latest_snapshot(self, not_after: int) -> Snapshot | None:
        """The newest kept world not after this event that is not damaged."""
        ...

    async def begin(self) -> Snapshot | None:
        """The kept world from which every kept event follows; None if the first event of all is kept."""
        ...

    async def reached(self, seq: int, term: int) -> int:
        """How far somebody has read this journal who last read event `seq` of `term`: less than `seq` where
        the journal has lost events since, and others stand in their place."""
        ...

    async def close(self) -> None: ...


class QueueFull(Exception):
    """More has arrived than can be decided; the link is to be cut and asked for a snapshot."""


class JournalRefused(Exception):
    """The journal took nothing; the reason is the message."""


class Fenced(Exception):
    """Another daemon writes to this journal under a higher term: this one no longer leads, and has to end."""


class Recorder(Protocol):
    """Turns facts into rows, with its own position in one transaction: each row exactly once."""

    async def position(self) -> int:
        """seq of the last whole event whose facts are in the rows."""
        ...

    async def term(self) -> int:
        """The term of that event; 0 where it is not known."""
        ...

    async def rewind(self, seq: int, term: int) -> None:
        """Set the position back: what follows event `seq` of `term` is new."""
        ...

    async def record(self, batch: Sequence[tuple[int, Sequence[Fact]]]) -> None:
        """Write the facts of whole events (seq, facts), in order, and the new position, as one."""
        ...

    async def close(self) -> None: ...


class Vault(Protocol):
    """The one place where callers' numbers lie, each with a deadline."""

    async def token(self, number: str, now_ms: int) -> str:
        """The number's random token; a new one where it has none in force. "" for withheld ones."""
        ...

    async def promised(self, number: str, now_ms: int, until_ms: int) -> str:
        """The token of somebody who is to be called: their number is kept until then at least."""
        ...

    async def number(self, token: str) -> str:
        """The number behind a token, to be dialled; "" where it is forgotten."""
        ...

    async def erase(self, number: str) -> bool:
        """Forget a number for good; True if it was there."""
        ...

    async def purge(self, now_ms: int) -> int:
        """Forget every number past its deadline; how many."""
        ...

    async def close(self) -> None: ...


class Known(NamedTuple):
    """What is known of a caller: token, case, the case's owner, priority classes ("" or none where not)."""

    token: str
    case: str
    owner: str
    classes: tuple[str, ...]


class Directory(Protocol):
    """Knows callers by token, by number (for its class only) or by a case's reference."""

    async def known(self, token: str, number: str, reference: str) -> Known: ...


class Case(NamedTuple):
    """A case of the office. link: where its digital file is; outcomes: codes, oldest first."""

    reference: str
    owner: str
    concern: str
    state: str
    outcomes: tuple[str, ...]
    link: str


NEW_CASE: Final = "open"
"""The state of a case that begins at a desk; its owner is who began it. The office's file may say another."""


class Cases(Protocol):
    """Where cases are kept."""

    async def get(self, reference: str) -> tuple[Case, list[int]] | None: ...

    async def put(self, case: Case) -> None: ...

    async def link(self, reference: str, visit: int) -> bool: ...


class Announced(NamedTuple):
    """The emergency announcement: by which words each language is told it ("text", "recording", "stock"), and
    what keeps some from being told in their own, or "". by, since_ms: who put it on, and when; "" and 0 where
    that is not known."""

    on: bool
    ends_calls: bool
    languages: Mapping[str, str]
    trouble: str
    by: str = ""
    since_ms: int = 0


class KeptAnnouncement(NamedTuple):
    """An emergency announcement that somebody recorded. language: a code, or "all". at_s: epoch s."""

    name: str
    language: str
    at_s: int
    seconds: float


class PbxLink(Protocol):
    """The way out to the PBX."""

    def send(self, commands: Sequence[Command]) -> None:
        """Put the commands on the wire in one write, without waiting; what the PBX refuses comes back as
        an event. What became of those that a lost link took with it, the next snapshot shows."""
        ...

    def beat(self, count: int) -> None:
        """Tell the dialplan that somebody is deciding."""
        ...

    def resync(self) -> None:
        """Ask for a snapshot after a standstill; it is asked for until it is there, and comes as an event.

        One that was asked for before does not come any more.
        """
        ...

    async def emptied(self) -> None:
        """Return once everything that the PBX had sent when asked has been submitted; if the PBX does not
        answer, once LinkDown has been."""
        ...

    @property
    def linking(self) -> bool:
        """Whether a link-up snapshot is on its way over a link that is there. What the PBX said before it
        comes with its own times, so nothing is decided ahead of it. Never for long."""
        ...

    def hurry(self, offers: bool) -> None:
        """Whether offers are open: silence of the PBX is then noticed within 4 s."""
        ...


class Listener(Protocol):
    """Is told of facts after they happened. Must return at once and never raise for lack of room."""

    def facts(self, seq: int, facts: Sequence[Fact]) -> None: ...


Health = Mapping[str, str]
"""Part of the house -> "ok", or one sentence that says what is wrong and what to do."""

__all__ = [
    "DAEMON",
    "Announced",
    "Arrival",
    "Case",
    "Cases",
    "Clock",
    "Decision",
    "Directory",
    "Fenced",
    "Health",
    "Journal",
    "JournalRefused",
    "Known",
    "Leg",
    "Listener",
    "PbxLink",
    "QueueFull",
    "Recorder",
    "Snapshot",
    "Vault",
]
