"""What really happened on the PBX, written down beside it: the truth that records are held against."""

from dataclasses import dataclass, field

from routing.events import LedgerStep, Leg

LAST_MS = 1_000
"""What Asterisk did in its last moments may not have reached the disk."""


@dataclass(slots=True)
class Talk:
    """Caller and phone in one bridge. heard_ms: when the daemon had it in its socket, 0 if never.

    by: who ended it: caller, staff, pbx; "cut" if a Redirect took the caller out of it. deaf: the phone died
    in it.
    """

    phone: str
    offer: int
    began_ms: int
    ended_ms: int = 0
    by: str = ""
    heard_ms: int = 0
    deaf: bool = False

    @property
    def counts(self) -> bool:
        """Whether records must hold it: one that was over at once is one only if the caller ended it."""
        length = self.ended_ms - self.began_ms
        return length >= (500 if self.by == "caller" else 4_000 if self.by == "cut" else 2_100)


@dataclass(slots=True)
class Call:
    """One caller. by: who ended the call: caller, staff, pbx, asterisk (its own death)."""

    leg: Leg
    arrived_ms: int
    queued_ms: int = 0
    degraded_ms: int = 0
    closed: bool = False
    forwarded: bool = False
    recording: list[LedgerStep] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    ended_ms: int = 0
    by: str = ""


@dataclass(slots=True)
class Dialled:
    """What became of an offer at its phone. by: how the phone took it, "" while it rings."""

    phone: str
    began_ms: int
    alive_ms: int = 0
    answered_ms: int = 0
    by: str = ""


@dataclass(slots=True)
class Book:
    """All of a run. wrong: (kind, what, when). faults: how often each was done. story: (when, who, what)."""

    calls: dict[Leg, Call] = field(default_factory=dict)
    dialled: dict[int, Dialled] = field(default_factory=dict)
    wrong: list[tuple[str, str, int]] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)
    deaths: list[int] = field(default_factory=list)
    story: list[tuple[int, str, str]] | None = None

    def lost(self, when: int) -> bool:
        """Whether this was written down just before Asterisk died, and perhaps never reached the disk."""
        return any(0 <= death - when <= LAST_MS for death in self.deaths)

    def did(self, what: str) -> None:
        self.faults[what] = self.faults.get(what, 0) + 1

    def tell(self, when: int, who: str, what: object) -> None:
        """A line of the story, if one is kept."""
        if self.story is not None:
            self.story.append((when, who, str(what)))

    def blame(self, kind: str, what: str, when: int) -> None:
        """Something is wrong; the same is said once."""
        if len(self.wrong) < 50 and not any(each[:2] == (kind, what) for each in self.wrong):
            self.wrong.append((kind, what, when))
            self.tell(when, "WRONG", f"{kind}: {what}")
