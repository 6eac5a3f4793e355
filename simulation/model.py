"""What is simulated, as values: a policy and a roster as the daemon has them, and the world around them.

All times are integer ms from the same zero as the policy's hours; durations are drawn, see
simulation.sampler.
"""

from typing import NamedTuple

from agents.model import Roster
from routing.policy import Policy

ANSWERED, NO_ANSWER, BUSY, DECLINED, UNREACHABLE, SILENT = range(6)
"""What a phone does with a call. SILENT: not even a sign that it was dialled."""


class Duration(NamedTuple):
    """A distribution of simulation.sampler with its two parameters."""

    kind: int
    a: float
    b: float = 0.0


class Kind(NamedTuple):
    """Callers who are alike: what they need, how many of all they are, and who may have their case.

    share: of all callers. classes: priority classes. owned: share of them who have a case with one of
    `owners`, each as often.
    """

    share: float
    language: str
    concern: str
    second: str = ""
    classes: tuple[str, ...] = ()
    owned: float = 0.0
    owners: tuple[str, ...] = ()


class Phones(NamedTuple):
    """How phones behave. shares: of what they do, in the order ANSWERED to SILENT, adding up to 1.

    rings_after_ms: from the offer to the first ring. answer, decline: from the offer to that, not before the
    ring. ring_ms: when the PBX gives up a phone that nobody answers.
    """

    shares: tuple[float, float, float, float, float, float]
    rings_after_ms: int
    answer: Duration
    decline: Duration
    ring_ms: int


class Arrivals(NamedTuple):
    """How many callers are expected in the interval [begin_ms, end_ms), spread evenly."""

    begin_ms: int
    end_ms: int
    expected: float


class Shift(NamedTuple):
    """A person logs in or out."""

    at_ms: int
    agent: str
    login: bool


class Model(NamedTuple):
    """One hotline over the time [begin_ms, end_ms).

    kinds: shares adding up to 1. retrial: share of those who gave up who call again, after `again`.
    back_ms: how long after being set away a person says ready. warm_ms: visits that were queued before are
    not counted. tick_ms: every drawn time is a multiple of it. within_ms: the service level's time; short_ms:
    who gives up sooner counts as a short abandon.
    """

    policy: Policy
    roster: Roster
    begin_ms: int
    end_ms: int
    kinds: tuple[Kind, ...]
    arrivals: tuple[Arrivals, ...]
    shifts: tuple[Shift, ...]
    patience: Duration
    talk: Duration
    retrial: float
    again: Duration
    phones: Phones
    back_ms: int
    warm_ms: int = 0
    tick_ms: int = 1
    within_ms: int = 20_000
    short_ms: int = 5_000


class Row(NamedTuple):
    """One line of a trace: what happened, as integers. visit: counted from 0; agent: place in the roster, -1
    for none; value: by kind, see simulation.layout."""

    at_ms: int
    kind: int
    visit: int
    agent: int
    value: int


def faults(model: Model) -> list[str]:
    """Everything in a model that cannot be, each as one sentence; empty if it can."""
    found = []
    ids = {agent.id for agent in model.roster.agents}
    if not model.end_ms > model.begin_ms >= 0:
        found.append(f"end_ms = {model.end_ms} is not after begin_ms = {model.begin_ms}")
    if abs(sum(kind.share for kind in model.kinds) - 1) > 1e-9:
        found.append(f"the shares of the kinds add up to {sum(k.share for k in model.kinds):.6f}, not 1")
    if abs(sum(model.phones.shares) - 1) > 1e-9:
        found.append(f"the shares of the phones add up to {sum(model.phones.shares):.6f}, not 1")
    for kind in model.kinds:
        if unknown := sorted({*kind.owners} - ids):
            found.append(f"owners {unknown} of {kind.language}/{kind.concern} are not in the roster")
        if kind.owned > 0 and not kind.owners:
            found.append(f"{kind.language}/{kind.concern} has owned = {kind.owned} and no owners")
    if unknown := sorted({shift.agent for shift in model.shifts} - ids):
        found.append(f"shifts of {unknown}, who are not in the roster")
    begin = model.begin_ms
    for each in model.arrivals:
        if not begin <= each.begin_ms < each.end_ms <= model.end_ms or each.expected < 0:
            found.append(f"the arrivals of {each} overlap, are empty, negative or outside of the model")
            break
        begin = each.end_ms
    return found
