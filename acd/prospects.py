"""What passes between the outlook, the records and the pages: values of what is expected and recorded."""

from collections.abc import Sequence
from typing import Final, NamedTuple

BEYOND: Final = -1
"""A wait that does not end within the horizon."""


# --- what the records say -----------------------------------------------------------------------------


class Seen(NamedTuple):
    """Durations that were recorded: how many, their sum (ms), the sum of their squares."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def with_(self, ms: float) -> "Seen":
        """And one more."""
        return Seen(self.n + 1, self.total + ms, self.squares + ms * ms)

    @property
    def mean(self) -> float:
        """Their mean; 0 for none."""
        return self.total / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        """Their variance; 0 for fewer than two."""
        return max(0.0, (self.squares - self.total**2 / self.n) / (self.n - 1)) if self.n > 1 else 0.0


class Observed(NamedTuple):
    """What the records say of the time from since_ms to until_ms (epoch ms).

    talks: by (language, concern). needs: how many waited, by the same. calls: how many waited, by weekday
    (Monday being 0) and hour. gave_up, waited_ms: who left the line, and how long everybody waited in all.
    wrap_ups: of all talks. answers: from offer to talk; offers, missed: how many there were, and were not
    taken. pauses, away: stretches of people not ready and away; ready: of all else that people at work do.
    """

    since_ms: int
    until_ms: int
    talks: dict[tuple[str, str], Seen]
    needs: dict[tuple[str, str], int]
    calls: dict[tuple[int, int], int]
    gave_up: int = 0
    waited_ms: int = 0
    menus: Seen = Seen()
    wrap_ups: Seen = Seen()
    answers: Seen = Seen()
    offers: int = 0
    missed: int = 0
    pauses: Seen = Seen()
    away: Seen = Seen()
    ready: Seen = Seen()


# --- what callers have to expect ----------------------------------------------------------------------


class Expectation(NamedTuple):
    """The remaining wait of a caller from the outlook's time on: 10, 50 and 90 % of it, in ms (BEYOND: not
    within the horizon). served: how often (permille) they were served before we close."""

    visit: int
    language: str
    concern: str
    waited_ms: int
    q10_ms: int
    q50_ms: int
    q90_ms: int
    served: int


class Waits(NamedTuple):
    """An outlook. at_ms: from which moment on, 0: there is none. took_ms, cpu_ms: what it cost. futures: on
    how many it rests. state: "ok", or why there is none.
    age_ms: how old it was when it was asked for."""

    at_ms: int
    took_ms: int
    cpu_ms: int
    futures: int
    state: str
    age_ms: int
    callers: tuple[Expectation, ...]


# --- what if --------------------------------------------------------------------------------------------


ONE_MORE: Final = "one_more"
COME: Final = "come"
LEAVE: Final = "leave"
RESERVE: Final = "reserve"
CALLS: Final = "calls"


class Wish(NamedTuple):
    """One change. what: of the names above. at: a time of today as HH:MM; "" for now. The others as `what`
    needs them. languages: code -> level as in the centre's file."""

    what: str
    at: str = ""
    people: tuple[str, ...] = ()
    how_many: int = 0
    languages: tuple[tuple[str, str], ...] = ()
    concerns: tuple[tuple[str, int], ...] = ()
    language: str = ""
    on: bool = True
    factor: float = 1.0


class WishFault(NamedTuple):
    """What is wrong with the wish at this place: with which of its keys, and why."""

    place: int
    key: str
    why: str


class WishesRefused(Exception):
    """Some of what was asked cannot be."""

    def __init__(self, faults: Sequence[WishFault]) -> None:
        super().__init__("; ".join(f"changes {each.place + 1}, {each.key}: {each.why}" for each in faults))
        self.faults = tuple(faults)


class OneMore(NamedTuple):
    """One more person from at_ms on. languages, concerns: as in agents.model.Agent."""

    at_ms: int
    languages: tuple[tuple[str, int], ...]
    concerns: tuple[tuple[str, int], ...]


class Comes(NamedTuple):
    """This person takes calls from at_ms on."""

    at_ms: int
    agent: str


class Goes(NamedTuple):
    """This person leaves at at_ms."""

    at_ms: int
    agent: str


class SomeGo(NamedTuple):
    """So many of those who are ready now leave at at_ms, whoever they are."""

    at_ms: int
    people: int


class Reserving(NamedTuple):
    """People of this language are kept free from now on, or are not."""

    language: str
    on: bool


class MoreCalls(NamedTuple):
    """So many times the calls that are expected come."""

    factor: float


Change = OneMore | Comes | Goes | SomeGo | Reserving | MoreCalls


class Figure(NamedTuple):
    """A figure over all futures: its mean, and the bounds between which nine in ten lie."""

    mean: float
    low: float
    high: float


class Compared(NamedTuple):
    """A figure without and with the changes. difference: of each future with itself; its bounds are those of
    its mean (95 %)."""

    without: Figure
    changed: Figure
    difference: Figure


class LanguageWait(NamedTuple):
    """How long callers of a language wait (s), answered or not. callers: mean number, without changes."""

    language: str
    callers: float
    wait_s: Compared


class WhatIf(NamedTuple):
    """What comes until until_ms. service_level: percent, as the centre defines it; answered, gave_up:
    callers; None where nobody calls in any future."""

    at_ms: int
    until_ms: int
    futures: int
    service_level: Compared | None
    answered: Compared | None
    gave_up: Compared | None
    waits: tuple[LanguageWait, ...]


class Unanswered(Exception):
    """The outlook has no answer; the reason is the message."""


class Closed(Unanswered):
    """We are closed: nothing comes before we close."""
