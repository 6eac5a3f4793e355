"""Who can do what, as bits of integers and ranks: all that follows from a policy and a team alone."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from routing.need import Need, admitted, best_language, fitting, interpreted, spoken
from routing.policy import Policy, Step
from routing.select import BY_SKILL, CRITERIA, person_order
from routing.world import Person

PREFERRED: Final = "preferred_levels"


class Ranking(NamedTuple):
    """Everybody by one criterion. orders: by place. tiers: bits of those of equal order, the first first."""

    orders: Sequence[int]
    tiers: tuple[int, ...]


Criteria = tuple[tuple[str, Ranking | None], ...]
"""Criteria in their order, with the ranking of those that only a new team can make decide otherwise."""


class Terms(NamedTuple):
    """On which terms a person would take a caller (see routing.index.Choice)."""

    step: int
    language: str
    language_level: int
    concern_level: int
    interpreter: str


class Skills:
    """The people of a team as bits by place, and what a need asks of them. Nothing is worked out twice."""

    def __init__(self, policy: Policy, people: Sequence[Person]) -> None:
        self._policy = policy
        self._people = people
        self._steps: dict[tuple[str, str], tuple[Step, ...]] = {}
        self._speak: dict[tuple[str, int], int] = {}
        self._know: dict[tuple[str, int], int] = {}
        self._suited: dict[tuple[str, str, str, int, bool, tuple[Step, ...]], int] = {}
        self._rankings: dict[tuple[object, ...], Ranking] = {}

    def speakers(self, language: str, level: int) -> int:
        """Who speaks a language at this level or better."""
        key = (language, level)
        if key not in self._speak:
            self._speak[key] = self._all(lambda p: spoken(self._policy, p, language) >= level)
        return self._speak[key]

    def knowers(self, concern: str, level: int) -> int:
        """Who knows a concern at this level or better."""
        key = (concern, level)
        if key not in self._know:
            self._know[key] = self._all(lambda p: p.agent.concern_level(concern) >= level)
        return self._know[key]

    def step(self, need: Need) -> Step:
        """The widening step of this need."""
        key = (need.language, need.concern)
        steps = self._steps.get(key)
        if steps is None:
            steps = self._steps[key] = self._policy.plan(*key).steps
        return steps[need.step]

    def admitted(self, need: Need) -> tuple[str, ...]:
        """The languages in which it may be served."""
        found = admitted(self._policy, self.step(need), need.language, need.second)
        for step in need.wider:
            found += admitted(self._policy, step, need.language, need.second)
        return tuple(dict.fromkeys(found)) if need.wider else found

    def understand(self, need: Need) -> int:
        """Everybody who speaks what this need asks for."""
        mask = 0
        for step in (self.step(need), *need.wider):
            for language in admitted(self._policy, step, need.language, need.second):
                mask |= self.speakers(language, step.language)
        return mask

    def suited(self, need: Need) -> int:
        """Everybody whose skills suit this need; a case's owner in their own time needs no concern, and whom
        a supervisor named needs nothing."""
        if need.named:
            return (1 << len(self._people)) - 1
        key = (*need[:4], bool(need.owner), need.wider)
        mask = self._suited.get(key)
        if mask is None:
            mask = 0
            for step in (self.step(need), *need.wider):
                speak = 0
                for language in admitted(self._policy, step, need.language, need.second):
                    speak |= self.speakers(language, step.language)
                mask |= speak if need.owner else speak & self.knowers(need.concern, step.concern)
            self._suited[key] = mask
        return mask

    def criteria(self, need: Need) -> Criteria:
        """By what the best for this need is found: the step's preferred levels, then the policy's choice."""
        step = self.step(need)
        first = (PREFERRED,) if step.prefer_language or step.prefer_concern else ()
        named = (
            (name, self._ranking(name, need) if name in BY_SKILL else None) for name in self._policy.choose
        )
        return (*((name, self._ranking(name, need)) for name in first), *named)

    def _ranking(self, name: str, need: Need) -> Ranking:
        step, languages = self.step(need), self.admitted(need)
        key: tuple[object, ...] = {
            PREFERRED: (name, step.prefer_language, step.prefer_concern, languages, need.concern),
            "concern": (name, need.concern),
            "language": (name, languages),
        }.get(name, (name,))
        found = self._rankings.get(key)
        if found is None:
            orders = [self._order(name, step, languages, need.concern, each) for each in self._people]
            tiers = dict.fromkeys(sorted(set(orders)), 0)
            for place, order in enumerate(orders):
                tiers[order] |= 1 << place
            found = self._rankings[key] = Ranking(orders, tuple(tiers.values()))
        return found

    def terms(self, need: Need, person: Person) -> Terms:
        """On which terms this person would take a caller with this need."""
        policy = self._policy
        step = fitting(policy, person, (self.step(need), *need.wider), need)
        language, level = best_language(policy, person, step, need.language, need.second)
        known = person.agent.concern_level(need.concern)
        return Terms(need.step, language, level, known, interpreted(step, need, language))

    def _order(self, name: str, step: Step, languages: tuple[str, ...], concern: str, person: Person) -> int:
        level = max(spoken(self._policy, person, each) for each in languages)
        known = person.agent.concern_level(concern)
        if name == PREFERRED:
            return int(level < step.prefer_language or known < step.prefer_concern)
        return person_order(CRITERIA[name], 0, known, level, len(person.agent.languages), 0, 0, 0, 0)

    def _all(self, has: Callable[[Person], bool]) -> int:
        digits = ("1" if has(person) else "0" for person in reversed(self._people))
        return int("".join(digits) or "0", 2)


def places(mask: int) -> Iterator[int]:
    """The places of a mask's people, in team order."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
