"""What one member of staff sees at their desk: a picture of the world for that person alone."""

from typing import NamedTuple

from agents.model import UNDETERMINED
from agents.state import TALKING, WRAP_UP
from routing import visit as table
from routing.board import WaitingCell
from routing.listening import present
from routing.need import spoken, step_of, steps_of
from routing.world import Closed, Engagement, Handover, Person, Visit, World


class Call(NamedTuple):
    """A call that rings at this desk, is talked or is written up. Never who calls: no number, no token.

    state: one of agents.state.ACTIVITY, since since_ms (epoch ms). until_ms: when the ring or the wrap-up is
    over, 0 where that is open. queued_ms: since when they waited, 0 where not known any more; step: of their
    plan, when it began to ring; offers, people: how often they were offered by then, and to how many.
    overflowed: the rules of overflow that took effect. case, owner: "" where none. rejoined: they have the
    place of an earlier call. interpreter: the caller's language if one is needed, else ""; interpreting: what
    became of that. closed: what was said of it here, if that was said last. kind: how they came to us
    (of routing.visit.KINDS); attempts: how often we called them back by now; wanted_from_ms, wanted_until_ms:
    when they want to be called, 0: at any time. message: they left one. listened: how a supervisor is in the
    talk (of routing.listening.HOW), "" for nobody.
    """

    visit: int
    state: str
    since_ms: int
    until_ms: int
    language: str
    concern: str
    second: str = ""
    queued_ms: int = 0
    step: int = 0
    offers: int = 0
    people: int = 0
    overflowed: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    case: str = ""
    owner: str = ""
    rejoined: bool = False
    interpreter: str = ""
    interpreting: str = ""
    closed: Closed | None = None
    kind: str = table.VOICE
    attempts: int = 0
    wanted_from_ms: int = 0
    wanted_until_ms: int = 0
    message: bool = False
    listened: str = ""


class Last(NamedTuple):
    """A call that was over at ended_ms, and can still be closed."""

    visit: int
    language: str
    concern: str
    ended_ms: int


class DeskView(NamedTuple):
    """The whole desk at `at_ms`. state, reason, since_ms: as others see them; presence: what they want.

    quiet_min: they take one call in so many minutes at most, 0: as many as come; quiet_until_ms: so long
    nobody is offered, 0: somebody may be. calls: the most pressing first. last: the newest first.
    waiting: who waits in their languages. handovers: on this desk; left: on others' by them.
    """

    at_ms: int
    agent: str
    name: str
    state: str
    reason: str
    since_ms: int
    presence: str
    quiet_min: int
    quiet_until_ms: int
    calls: tuple[Call, ...]
    last: tuple[Last, ...]
    waiting: tuple[WaitingCell, ...]
    handovers: tuple[Handover, ...]
    left: tuple[Handover, ...]
    open: bool
    link_up: bool


class OpenThreat(NamedTuple):
    """A threat that nobody has seen to. until_ms: so long the caller is not served, 0: they are."""

    visit: int
    agent: str
    at_ms: int
    until_ms: int


Lines = dict[tuple[str, str, str], tuple[int, int]]
"""(language, second, concern) -> how many wait with these, and since when the first of them (epoch ms)."""


def lines(world: World) -> Lines:
    """Who waits: worked out once, for however many desks."""
    found: Lines = {}
    for visit in world.visits.values():
        if visit.state == table.WAITING and visit.kind not in table.OUTBOUND:
            key = visit.language, visit.second, visit.concern
            callers, since = found.get(key, (0, visit.queued_ms))
            found[key] = callers + 1, min(since, visit.queued_ms)
    return found


def desk(world: World, agent: str, now: int, waiting: Lines | None = None) -> DeskView | None:
    """This person's desk at `now` (epoch ms); None if they are not of the staff. waiting: as `lines` says."""
    person = world.people.get(agent)
    if person is None:
        return None
    handovers = world.handovers.values()
    return DeskView(
        at_ms=now,
        agent=agent,
        name=person.agent.name,
        state=person.shown,
        reason=person.shown_reason,
        since_ms=person.shown_ms,
        presence=person.presence,
        quiet_min=person.quiet_min,
        quiet_until_ms=person.quiet_until_ms,
        calls=tuple(_call(world, person, each) for each in person.engagements),
        last=tuple(Last(e.visit, e.language, e.concern, e.ended_ms) for e in reversed(person.handled)),
        waiting=_theirs(world, person, lines(world) if waiting is None else waiting),
        handovers=tuple(each for each in handovers if each.to == agent),
        left=tuple(each for each in handovers if each.agent == agent != each.to),
        open=world.open,
        link_up=world.link_up,
    )


def _call(world: World, person: Person, engaged: Engagement) -> Call:
    closed = person.closed if person.closed is not None and person.closed.visit == engaged.visit else None
    offer = world.offers.get(engaged.offer)
    until_ms = engaged.until_ms or (offer.deadline_ms if offer is not None else 0)
    begin = engaged.visit, engaged.activity, engaged.since_ms, until_ms
    visit = world.visits.get(engaged.visit)
    if visit is None:
        kept = next((each for each in person.handled if each.visit == engaged.visit), None)
        return Call(*begin, *((kept.language, kept.concern) if kept is not None else ("", "")), closed=closed)
    return Call(
        *begin,
        visit.language,
        visit.concern,
        visit.second,
        visit.queued_ms,
        _step(world, visit, engaged),
        visit.offers,
        len(visit.offered),
        visit.overflowed,
        visit.classes,
        visit.case,
        visit.owner,
        visit.rejoined,
        visit.interpreter,
        visit.interpreting,
        closed,
        visit.kind,
        visit.attempts,
        visit.from_ms,
        visit.until_ms,
        visit.message != "",
        present(visit) if engaged.activity == TALKING else "",
    )


def _step(world: World, visit: Visit, engaged: Engagement) -> int:
    """At which step of their plan the caller was by then."""
    if world.policy is None or not visit.queued_ms or engaged.activity == WRAP_UP:
        return 0
    return step_of(steps_of(world.policy, visit), max(0, engaged.since_ms - visit.order_from_ms))


def _theirs(world: World, person: Person, waiting: Lines) -> tuple[WaitingCell, ...]:
    """By language and concern, as far as this person speaks the language, or the second one."""
    cells: dict[tuple[str, str], tuple[int, int]] = {}
    for (language, second, concern), (callers, since) in waiting.items():
        if not any(_speaks(world, person, each) for each in (language, second)):
            continue
        before, first = cells.get((language, concern), (0, since))
        cells[language, concern] = before + callers, min(first, since)
    return tuple(WaitingCell(*cell, *cells[cell]) for cell in sorted(cells))


def _speaks(world: World, person: Person, language: str) -> bool:
    if language == UNDETERMINED and world.policy is not None:
        return spoken(world.policy, person, language) > 0
    return person.agent.language_level(language) > 0


def open_threats(world: World) -> tuple[OpenThreat, ...]:
    """The threats that nobody has seen to, the oldest first."""
    until = {each.visit: each.until_ms for each in world.blocked.values()}
    return tuple(
        OpenThreat(visit, each.agent, each.at_ms, until.get(visit, 0))
        for visit, each in world.threats.items()
    )


def handles(world: World, agent: str, visit: int) -> str | None:
    """The token ("" where unknown) of the caller of a visit that this person is engaged with or handled
    lately; None if it is none of theirs."""
    person = world.people.get(agent)
    if person is None:
        return None
    here = world.visits.get(visit)
    if here is not None and person.engaged_with(visit) is not None:
        return here.token
    return next((each.token for each in person.handled if each.visit == visit), None)
