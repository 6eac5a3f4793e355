"""Why this pair, and why not that one: callers and people against each other, with reasons and values.

The reasons are those by which the index decides. A look at everybody costs what there are of needs, callers
and people, and not callers times people.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from routing import visit as table
from routing.index import Index
from routing.need import Need, Needs, best_language, spoken, steps_of
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
    """A caller for whom somebody is sought, and how many people there are by reason."""

    visit: Visit
    people: Counts


class Idle(NamedTuple):
    """A free person, and how many waiting callers there are by the reason why they are not offered."""

    agent: str
    callers: Counts


def candidates(index: Index, world: World, policy: Policy, visit: Visit, now: int) -> tuple[Candidate, ...]:
    """Everybody's verdict for this caller now, in roster order; empty once nobody is sought."""
    if visit.state not in SOUGHT:
        return ()
    need = Needs(policy, world.people).at(visit, now)[0]
    step = steps_of(policy, visit)[need.step]
    found: dict[str, Candidate] = {}
    for reason, bits in index.verdicts(need).items():
        for person in index.who(bits):
            best = best_language(policy, person, step, need.language, need.second)
            found[person.agent.id] = Candidate(
                person.agent.id,
                reason,
                best,
                spoken(policy, person, best),
                step.language,
                person.agent.concern_level(need.concern),
                step.concern,
                person.appears,
            )
    return tuple(found[key] for key in world.people if key in found)


def sought(index: Index, world: World, policy: Policy, now: int) -> tuple[Sought, ...]:
    """Every caller for whom somebody is sought, by whom they could be served and by whom not."""
    said: dict[Need, Counts] = {}
    found = []
    for visit, need in _needs(world, policy, now):
        if need not in said:
            counts = {reason: bits.bit_count() for reason, bits in index.verdicts(need).items()}
            said[need] = _sorted(counts)
        found.append(Sought(visit, said[need]))
    return tuple(found)


def idle(index: Index, world: World, policy: Policy, now: int) -> tuple[Idle, ...]:
    """Every free person with the reasons why those who wait are not offered to them."""
    needs = Counter(need for visit, need in _needs(world, policy, now) if visit.state == table.WAITING)
    reasons: dict[str, Counter[str]] = {key: Counter() for key, p in world.people.items() if p.free}
    for need, callers in needs.items():
        for reason, bits in index.verdicts(need).items():
            for person in index.who(bits & index.free):
                reasons[person.agent.id][reason] += callers
    return tuple(Idle(key, _sorted(counts)) for key, counts in reasons.items())


def _needs(world: World, policy: Policy, now: int) -> Iterator[tuple[Visit, Need]]:
    needs = Needs(policy, world.people)
    for visit in world.visits.values():
        if visit.state in SOUGHT:
            yield visit, needs.at(visit, now)[0]


def _sorted(counts: dict[str, int]) -> Counts:
    return tuple((reason, counts[reason]) for reason in REASONS if counts.get(reason))
