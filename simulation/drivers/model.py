"""What is simulated, as values: a policy and a roster as the daemon has them, and the world around them.

All times are integer ms from the same zero as the policy's hours; durations are drawn, see
simulation.drivers.sampler.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from agents.model import Team
from routing.policy import Policy
from simulation.drivers.sampler import EMPIRICAL, POINTS_MAX

ANSWERED, NO_ANSWER, BUSY, DECLINED, UNREACHABLE, SILENT = range(6)
"""What a phone does with a call. SILENT: not even a sign that it was dialled."""


class Duration(NamedTuple):
    """A distribution of simulation.drivers.sampler with its two parameters. shape: of an empirical one,
    (share, value in means) from share 0 to 1, straight between; its b is not used."""

    kind: int
    a: float
    b: float = 0.0
    shape: tuple[tuple[float, float], ...] = ()


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


def cells(kinds: Sequence[Kind]) -> tuple[tuple[str, str], ...]:
    """The kinds' languages and then their concerns, as they come: ("language", code), ("concern", key)."""
    languages = dict.fromkeys(("language", kind.language) for kind in kinds)
    concerns = dict.fromkeys(("concern", kind.concern) for kind in kinds)
    return (*languages, *concerns)


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
    """How many callers are expected in the interval [begin_ms, end_ms), spread evenly.

    mix: which shares of the kinds hold then: 0 their own, from 1 on those of Model.mixes.
    """

    begin_ms: int
    end_ms: int
    expected: float
    mix: int = 0


class Shift(NamedTuple):
    """A person logs in or out.

    pace: with a login, how long case work and appointments take this person until the next login, in
    thousandths of what they take somebody experienced. hands_over: with a logout, whether work begun goes
    back to the others, because the person is away for long.
    """

    at_ms: int
    agent: str
    login: bool
    pace: int = 1_000
    hands_over: bool = False


class WorkStep(NamedTuple):
    """A step of the work on a case: the work itself, and the wait for others (papers, another office)
    between this step and the next one; the last step's wait is not used."""

    work: Duration
    waits: Duration


class CaseWork(NamedTuple):
    """What cases are beside their calls: with it, a model's arrivals are cases, not calls.

    first_call: share of cases that begin with a call; the others come in writing. steps: the first can be
    worked at once; the case is done when the last one is. level: least concern level of who works on a case
    (where nobody with a shift has it, the highest level that one of them has). follow_up: chance of a call
    while a step's wait lasts, `follow_after` after its begin. chase_ms: a case not done so long after it
    began makes a call with chance `chase`, and once more after each further such time; 0: never.
    appointment: share of cases with an appointment at the counter, booked when step `appointment_before`
    could begin, which waits for it; `lead` from booking to date, moved to the next counter hour.
    counter: sorted, disjoint [from, to) of those hours. appointment_language: least level in the case's
    language, or its second one, of who holds the appointment, besides `level` (where nobody who is there has
    both, who has `level`).
    switch_ms: what coming back to interrupted work costs, or taking over somebody else's. promised_ms: the
    turnaround that is promised; it decides nothing.

    A call begins in opening hours: one that falls due in closed time comes at a time of the next opening, all
    of them equally likely. A case makes one call at a time: an occasion for another one passes while the
    first is not over (with its retrials), and nobody calls about a case that is done. An abandoned first call
    that is not tried again does not lose the case. Desk work needs no language; the
    case that came first goes first, at whichever step it is.
    """

    first_call: float
    steps: tuple[WorkStep, ...]
    level: int
    follow_up: float
    follow_after: Duration
    chase_ms: int
    chase: float
    appointment: float
    appointment_before: int
    lead: Duration
    appointment_takes: Duration
    appointment_language: int
    counter: tuple[tuple[int, int], ...]
    switch_ms: int
    promised_ms: int = 0


class Model(NamedTuple):
    """One hotline over the time [begin_ms, end_ms).

    kinds: shares adding up to 1. mixes: other shares of the kinds, for times at which arrivals name them.
    retrial: share of those who gave up who call again because of it, after `again`.
    back_ms: how long after being set away a person says ready. warm_ms: visits that were queued before are
    not counted. tick_ms: every drawn time is a multiple of it. within_ms: the service level's time; short_ms:
    who gives up sooner counts as a short abandon.
    """

    policy: Policy
    roster: Team
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
    case_work: CaseWork | None = None
    mixes: tuple[tuple[float, ...], ...] = ()

    @property
    def shares(self) -> tuple[tuple[float, ...], ...]:
        """Of the kinds, by mix."""
        return (tuple(kind.share for kind in self.kinds), *self.mixes)


def durations(model: Model) -> dict[str, Duration]:
    """All that a model draws times from, by name; those of the steps of case work with their place."""
    found = {
        "patience": model.patience,
        "talk": model.talk,
        "again": model.again,
        "answer": model.phones.answer,
        "decline": model.phones.decline,
    }
    if (work := model.case_work) is not None:
        found |= {
            "follow_after": work.follow_after,
            "lead": work.lead,
            "takes": work.appointment_takes,
        }
        for place, step in enumerate(work.steps):
            found |= {f"work {place}": step.work, f"waits {place}": step.waits}
    return found


class Row(NamedTuple):
    """One line of a trace: what happened, as integers. visit: counted from 0, or the case in rows of case
    work; agent: place in the roster, -1 for none; value: by kind, see simulation.drivers.layout."""

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
    found += [
        f"the shares of the {len(model.kinds)} kinds are {len(shares)} and add up to {sum(shares):.6f}, not 1"
        for shares in model.shares
        if abs(sum(shares) - 1) > 1e-9 or len(shares) != len(model.kinds)
    ]
    if abs(sum(model.phones.shares) - 1) > 1e-9:
        found.append(f"the shares of the phones add up to {sum(model.phones.shares):.6f}, not 1")
    for kind in model.kinds:
        if unknown := sorted({*kind.owners} - ids):
            found.append(f"owners {unknown} of {kind.language}/{kind.concern} are not in the roster")
        if kind.owned > 0 and not kind.owners:
            found.append(f"{kind.language}/{kind.concern} has owned = {kind.owned} and no owners")
    if unknown := sorted({shift.agent for shift in model.shifts} - ids):
        found.append(f"shifts of {unknown}, who are not in the roster")
    for name, drawn in durations(model).items():
        if drawn.kind == EMPIRICAL and not _is_shape(drawn.shape):
            found.append(
                f"the shape of {name} does not rise from share 0 to 1, its values with it, "
                f"at 2 to {POINTS_MAX} points"
            )
    if model.case_work is not None:
        found += _case_faults(model.case_work)
    begin = model.begin_ms
    for each in model.arrivals:
        if not 0 <= each.mix <= len(model.mixes):
            found.append(f"the arrivals of {each} name a mix that is not there")
            break
        if not begin <= each.begin_ms < each.end_ms <= model.end_ms or each.expected < 0:
            found.append(f"the arrivals of {each} overlap, are empty, negative or outside of the model")
            break
        begin = each.end_ms
    return found


def _is_shape(points: tuple[tuple[float, float], ...]) -> bool:
    shares, values = [share for share, _ in points], [value for _, value in points]
    return (
        2 <= len(points) <= POINTS_MAX
        and (shares[0], shares[-1]) == (0.0, 1.0)
        and all(a < b for a, b in pairwise(shares))
        and all(0 <= a <= b for a, b in pairwise(values))
    )


def _case_faults(work: CaseWork) -> list[str]:
    found = []
    if not work.steps:
        found.append("a case has no steps")
    if work.appointment > 0 and not 0 <= work.appointment_before < len(work.steps):
        found.append(f"appointment_before = {work.appointment_before} is none of {len(work.steps)} steps")
    if work.appointment > 0 and not work.counter:
        found.append("there are appointments, but no counter hours")
    end = 0
    for span in work.counter:
        if not end <= span[0] < span[1]:
            found.append(f"the counter hours {span} are empty or overlap those before")
            break
        end = span[1]
    found += [
        f"{name} = {getattr(work, name)} is no share"
        for name in ("first_call", "follow_up", "chase", "appointment")
        if not 0 <= getattr(work, name) <= 1
    ]
    if min(work.chase_ms, work.switch_ms) < 0:
        found.append(f"chase_ms = {work.chase_ms} or switch_ms = {work.switch_ms} is negative")
    return found
