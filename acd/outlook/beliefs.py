"""What is believed of the hours to come: how long things take, who calls when, who comes and goes. Values."""

from typing import NamedTuple


class Lasts(NamedTuple):
    """How long something takes: log-normal with this mean and squared coefficient of variation. n: how many
    observations stand behind it; the fewer, the less sure the mean is."""

    mean_ms: float
    scv: float
    n: float = 0.0


class Talk(NamedTuple):
    """Talks in a language about a concern."""

    language: str
    concern: str
    lasts: Lasts


class Share(NamedTuple):
    """How many of all callers come with this language and concern."""

    language: str
    concern: str
    share: float


class Calls(NamedTuple):
    """Calls from begin_ms (epoch) on. expected: how many in each step of step_ms. shape, rate: how busy the
    day is, a factor on all of these, is Gamma distributed with mean shape/rate. second: how many of those
    who speak neither language of the second-language key take the other one too."""

    begin_ms: int
    step_ms: int
    expected: tuple[float, ...]
    shares: tuple[Share, ...]
    shape: float
    rate: float
    second: float = 0.0
    second_language: str = ""
    second_language_for_it: str = ""


class Phones(NamedTuple):
    """How phones are answered: evenly after from_ms to to_ms, but for a share of `missed`, whose phones ring
    for ring_ms in vain."""

    from_ms: int
    to_ms: int
    missed: float
    ring_ms: int


class Pauses(NamedTuple):
    """How people who are ready take breaks: after how long (mean; 0: never), for how long; how long somebody
    stays away who did not answer, or whose phone cannot be reached."""

    every_ms: float
    lasts: Lasts
    away: Lasts


class Beliefs(NamedTuple):
    """All of it. talks: of what is not listed the talk is `talk`. patience_ms: mean, exponential. wrap_up:
    None where everybody takes all the time that the rules give; nobody takes longer. menu_ms: mean time
    from the greeting to waiting. leaves, comes: when people are known to, (id, epoch
    ms)."""

    talk: Lasts
    talks: tuple[Talk, ...]
    wrap_up: Lasts | None
    patience_ms: float
    menu_ms: float
    phones: Phones
    pauses: Pauses
    calls: Calls
    leaves: tuple[tuple[str, int], ...] = ()
    comes: tuple[tuple[str, int], ...] = ()
