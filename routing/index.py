"""Finds the candidates fast: staff as bits of integers, callers in queues by what they need.

Derived from the world and rebuilt on load; equal to a plain search by routing.select.
"""

from bisect import insort
from collections.abc import Iterator
from typing import NamedTuple

from agents.model import CONCERN_MAX, UNDETERMINED, Cefr
from routing.policy import FALLBACK, OWN, SECOND, Policy, Step
from routing.select import (
    BY_CONCERN,
    BY_LANGUAGE,
    CRITERIA,
    caller_order,
    person_order,
    step_at,
)
from routing.world import Person, Visit, World


class Need(NamedTuple):
    """What decides who may take a caller now. asked: bits of the people not to be asked again yet."""

    language: str
    second: str
    concern: str
    step: int
    asked: int


def admitted(policy: Policy, step: Step, language: str, second: str) -> tuple[str, ...]:
    """The languages in which a caller may be served at this step, the caller's own first."""
    languages: list[str] = []
    if step.scope & OWN:
        languages.append(language)
    if step.scope & SECOND and second:
        languages.append(second)
    if step.scope & FALLBACK:
        languages.extend(policy.fallback_languages)
    return tuple(dict.fromkeys(languages))


def step_of(policy: Policy, visit: Visit, now: int) -> int:
    """Index of the widening step that the caller has reached: from policy, age and now, never stored."""
    waited = now - visit.order_from_ms
    return max(i for i, step in enumerate(policy.steps) if i == 0 or step_at(waited, step.after_ms))


def spoken(policy: Policy, person: Person, language: str) -> int:
    """The person's CEFR level; for an undetermined language the least over all that it may be."""
    if language == UNDETERMINED:
        return min(person.agent.language_level(each) for each in policy.unknown_languages)
    return person.agent.language_level(language)


class Index:
    """Bits of people by skill and state, and queues of waiting callers by need."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._people = list(world.people.values())
        self._bit = {person.agent.id: 1 << i for i, person in enumerate(self._people)}
        self._speak: dict[tuple[str, int], int] = {}
        self._know: dict[tuple[str, int], int] = {}
        self._able: dict[tuple[str, str, str, int], int] = {}
        self._queues: dict[Need, list[tuple[int, int]]] = {}
        self._where: dict[int, tuple[Need, tuple[int, int]]] = {}
        self.free = 0
        for person in self._people:
            self.refresh(person)

    # --- people --------------------------------------------------------------------------------------

    def refresh(self, person: Person) -> None:
        """Take over whether a person is free, after any change of theirs."""
        bit = self._bit[person.agent.id]
        self.free = self.free | bit if person.free else self.free & ~bit

    def is_free(self, person: Person) -> bool:
        """Whether the person was free when last refreshed."""
        return bool(self.free & self._bit[person.agent.id])

    def bits(self, agents: tuple[str, ...]) -> int:
        """The bits of these people; unknown ids have none."""
        mask = 0
        for agent in agents:
            mask |= self._bit.get(agent, 0)
        return mask

    def people(self, mask: int) -> Iterator[Person]:
        """The people of a mask in roster order."""
        while mask:
            low = mask & -mask
            yield self._people[low.bit_length() - 1]
            mask ^= low

    def _speakers(self, policy: Policy, language: str, level: int) -> int:
        key = (language, level)
        if key not in self._speak:
            self._speak[key] = sum(
                self._bit[p.agent.id] for p in self._people if spoken(policy, p, language) >= level
            )
        return self._speak[key]

    def _knowers(self, concern: str, level: int) -> int:
        key = (concern, level)
        if key not in self._know:
            self._know[key] = sum(
                self._bit[p.agent.id] for p in self._people if p.agent.concern_level(concern) >= level
            )
        return self._know[key]

    def able(self, need: Need) -> int:
        """Everybody who has the skills for this need, free or not, asked or not."""
        key = need[:4]
        mask = self._able.get(key)
        if mask is None:
            policy = self._world.rules
            step = policy.steps[need.step]
            mask = 0
            for language in admitted(policy, step, need.language, need.second):
                mask |= self._speakers(policy, language, step.language)
            mask &= self._knowers(need.concern, step.concern)
            self._able[key] = mask
        return mask

    # --- callers -------------------------------------------------------------------------------------

    def enqueue(self, visit: Visit, now: int) -> None:
        """Put a waiting caller where their present need belongs, or move them there."""
        self.dequeue(visit.id)
        policy = self._world.rules
        asked = self.bits(tuple(agent for agent, until in visit.asked if until > now))
        need = Need(visit.language, visit.second, visit.concern, step_of(policy, visit, now), asked)
        order = (caller_order(visit.order_from_ms, 0), visit.id)
        insort(self._queues.setdefault(need, []), order)
        self._where[visit.id] = (need, order)

    def dequeue(self, visit: int) -> None:
        """Take a caller out; nothing happens if they are not in."""
        place = self._where.pop(visit, None)
        if place is None:
            return
        need, order = place
        queue = self._queues[need]
        queue.remove(order)
        if not queue:
            del self._queues[need]

    def next_match(self) -> tuple[int, Need, int] | None:
        """(visit, need, mask of free candidates) of the first caller who has any; None if nobody has."""
        best: tuple[int, int] | None = None
        found: tuple[Need, int] | None = None
        if not self.free:
            return None
        for need, queue in self._queues.items():
            candidates = self.able(need) & self.free & ~need.asked
            if candidates and (best is None or queue[0] < best):
                best, found = queue[0], (need, candidates)
        if best is None or found is None:
            return None
        return best[1], found[0], found[1]

    # --- choice --------------------------------------------------------------------------------------

    def choose(self, need: Need, candidates: int) -> Person:
        """The best of the candidates by the policy's criteria; the roster's order decides the rest."""
        policy = self._world.rules
        languages = admitted(policy, policy.steps[need.step], need.language, need.second)
        for name in policy.choose:
            if candidates & (candidates - 1) == 0:
                break
            criterion = CRITERIA[name]
            if criterion == BY_CONCERN:
                candidates = self._best_concern(need.concern, candidates)
            elif criterion == BY_LANGUAGE:
                candidates = self._best_language(policy, languages, candidates)
            else:
                candidates = self._least(criterion, candidates)
        return next(self.people(candidates))

    def _best_concern(self, concern: str, candidates: int) -> int:
        for level in range(CONCERN_MAX, 0, -1):
            if best := candidates & self._knowers(concern, level):
                return best
        return candidates

    def _best_language(self, policy: Policy, languages: tuple[str, ...], candidates: int) -> int:
        for level in range(Cefr.NATIVE, 0, -1):
            speakers = 0
            for language in languages:
                speakers |= self._speakers(policy, language, level)
            if best := candidates & speakers:
                return best
        return candidates

    def _least(self, criterion: int, candidates: int) -> int:
        least, best = None, 0
        for person in self.people(candidates):
            order = person_order(
                criterion, 0, 0, len(person.agent.languages), person.idle_since_ms, person.calls
            )
            if least is None or order < least:
                least, best = order, self._bit[person.agent.id]
            elif order == least:
                best |= self._bit[person.agent.id]
        return best
