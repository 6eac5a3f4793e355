"""Why this pair, and why not that one: callers and people against each other, with reasons and values.

The reasons are those by which the index decides. A look at everybody costs what there are of needs, callers
and people, and not callers times people.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from routing import visit as table
from routing.index import Index
from routing.need import Need, Needs, best_language, fitting, steps_of
from routing.policy import Policy
from routing.select import REASONS
from routing.world import Visit, World

Counts = tuple[tuple[str, int], ...]
"""(reason code of routing.select, how many), in the order of the codes; none is 0."""

SOUGHT = frozenset({table.WAITING, table.OFFERED, table.RINGING})
"""In these states of a visit somebody is sought for it, or might be again."""


class Candidate(NamedTuple):
    """One person for one caller: the reason code (of routing.select) and the values behind it."""

    agent: str
    reason: str
    language: str
    language_level: int
    language_needed: int
    concern_level: int
    concern_needed: int
    state: str


class Sought(NamedTuple):
    """A caller for whom somebody is sought, and how many people there are by reason. held: why it is not the
    turn of one who is to be called back (of routing.turn), "" for all others."""

    visit: Visit
    people: Counts
    held: str = ""


class Idle(NamedTuple):
    """A free person, and how many waiting callers there are by the reason why they are not offered."""

    agent: str
    callers: Counts


def candidates(index: Index, world: World, policy: Policy, visit: Visit, now: int) -> Iterator[Candidate]:
    """Everybody's verdict for this caller now, in team order; nobody's once nobody is sought."""
    if visit.state not in SOUGHT:
        return
    need = Needs(policy, world.people).at(visit, now)[0]
    steps = (steps_of(policy, visit)[need.step], *need.wider)
    reasons = {
        person.agent.id: reason for reason, bits in index.verdicts(need).items() for person in index.who(bits)
    }
    for person in list(world.people.values()):
        if (reason := reasons.get(person.agent.id)) is not None:
            step = fitting(policy, person, steps, need)
            best, level = best_language(policy, person, step, need.language, need.second)
            yield Candidate(
                person.agent.id,
                reason,
                best,
                level,
                step.language,
                person.agent.concern_level(need.concern),
                step.concern,
                person.appears,
            )


def look(
    index: Index, world: World, policy: Policy, now: int, held: Callable[[Visit], str] = lambda visit: ""
) -> Iterator[Sought | Idle | None]:
    """Every caller for whom somebody is sought, by whom they could be served and by whom not; then every
    free person with the reasons why those who wait are not offered to them.

    Others may go on after each of them and after each None; who is gone by then is told all the same.
    """
    said: dict[Need, Counts] = {}
    waiting: Counter[Need] = Counter()
    free: dict[Need, dict[str, int]] = {}
    needs = Needs(policy, world.people)
    for visit in list(world.visits.values()):
        if visit.state not in SOUGHT:
            continue
        need = needs.at(visit, now)[0]
        if need not in said:
            verdicts = index.verdicts(need)
            said[need] = _sorted({reason: bits.bit_count() for reason, bits in verdicts.items()})
            free[need] = {reason: bits & index.free for reason, bits in verdicts.items()}
        why = held(visit)
        waiting[need] += visit.state == table.WAITING and not why
        yield Sought(visit, said[need], why)
    reasons: dict[str, Counter[str]] = {key: Counter() for key, one in world.people.items() if one.free}
    for need, callers in waiting.items():
        for reason, bits in free[need].items() if callers else ():
            for person in index.who(bits):
                if person.agent.id in reasons:
                    reasons[person.agent.id][reason] += callers
        yield None
    for key, counts in reasons.items():
        yield Idle(key, _sorted(counts))


def _sorted(counts: dict[str, int]) -> Counts:
    return tuple((reason, counts[reason]) for reason in REASONS if counts.get(reason))
