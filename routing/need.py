"""What a caller needs at this moment: computed from policy, people, visit and now, never stored."""

from bisect import bisect_right
from collections.abc import Mapping
from typing import NamedTuple

from agents.model import UNDETERMINED, Cefr
from agents.state import READY
from routing.policy import ANYBODY, FALLBACK, INTERPRETER, OWN, SECOND, Overflow, Policy, Step
from routing.select import step_at, waits_for_owner
from routing.specific import keys
from routing.visit import OUTBOUND
from routing.world import Person, Visit

ANY_LANGUAGE = "*"
"""What a step with ANYBODY admits: everybody speaks it."""


class Need(NamedTuple):
    """What decides who may take a caller now.

    step: index in the caller's plan. asked: the people not to be asked again yet, sorted. owner: who alone
    may take the caller now, or "". released: the reserves (by index) whose release time this caller has
    waited. wider: what is admitted beside the step since an overflow took effect. called: they are not on the
    line, and are called. named: the owner is none of a case: a supervisor keeps the caller for them, and no
    skill is asked.
    """

    language: str
    second: str
    concern: str
    step: int
    asked: tuple[str, ...]
    owner: str
    released: tuple[int, ...]
    wider: tuple[Step, ...] = ()
    called: bool = False
    named: bool = False


def admitted(policy: Policy, step: Step, language: str, second: str) -> tuple[str, ...]:
    """The languages in which a caller may be served at this step, the caller's own first."""
    languages: list[str] = []
    scope = step.scope
    if scope & OWN:
        languages.append(language)
    if scope & SECOND and second:
        languages.append(second)
    if scope & (FALLBACK | INTERPRETER):
        languages.extend(policy.fallback_languages)
    if scope & ANYBODY:
        languages.append(ANY_LANGUAGE)
    return tuple(dict.fromkeys(languages))


def interpreted(step: Step, need: Need, language: str) -> str:
    """The caller's language if a talk in `language` needs an interpreter at this step, else ""."""
    helped = step.scope & INTERPRETER and not step.scope & FALLBACK
    return need.language if helped and language not in (need.language, need.second) else ""


def spoken(policy: Policy, person: Person, language: str) -> int:
    """The person's CEFR level; for an undetermined language the least over all that it may be."""
    if language == UNDETERMINED:
        return min(person.agent.language_level(each) for each in policy.unknown_languages)
    if language == ANY_LANGUAGE:
        return Cefr.NATIVE
    return person.agent.language_level(language)


def best_language(policy: Policy, person: Person, step: Step, language: str, second: str) -> tuple[str, int]:
    """The admitted language that the person speaks best, and how well; the caller's own before equals."""
    best, most = "", -1
    for each in admitted(policy, step, language, second) or (language,):
        level = spoken(policy, person, each)
        if level > most:
            best, most = each, level
    return best, most


def fitting(policy: Policy, person: Person, steps: tuple[Step, ...], need: Need) -> Step:
    """The first of these steps at which the person suits the need; the first of all if they suit at none."""
    for step in steps[1:] and steps:
        _, level = best_language(policy, person, step, need.language, need.second)
        if level >= step.language and (
            need.owner or person.agent.concern_level(need.concern) >= step.concern
        ):
            return step
    return steps[0]


def steps_of(policy: Policy, visit: Visit) -> tuple[Step, ...]:
    """The widening steps of this caller's plan."""
    return policy.plan(visit.language, visit.concern).steps


def step_of(steps: tuple[Step, ...], waited_ms: int) -> int:
    """Index of the widening step reached after `waited_ms`."""
    return max(i for i, step in enumerate(steps) if step_at(waited_ms, step.after_ms))


def overflows(policy: Policy, language: str, concern: str) -> tuple[Overflow, ...]:
    """The rules of overflow for these callers, in the order in which they are looked at: the most specific
    first, then as the file has them."""
    order = keys(language, concern)
    theirs = [each for each in policy.overflow if (each.language, each.concern) in order]
    return tuple(sorted(theirs, key=lambda each: order.index((each.language, each.concern))))


def overflows_at(rules: tuple[Overflow, ...], visit: Visit) -> int:
    """When next one of these rules takes effect by waiting alone (epoch ms); 0: none does, and none does for
    whose talk broke: they are the first in line."""
    ages = [each.after_ms for each in rules if each.after_ms >= 0 and not visit.talks]
    return visit.queued_ms + min(ages) if ages else 0


class Phases(NamedTuple):
    """A wait from change to change: between two changes the same is needed, whoever has been asked.

    ends: of each phase but the last, which has none; sorted times of waiting (ms). needs: of each phase.
    """

    ends: tuple[int, ...]
    needs: tuple[Need, ...]


def lay_out(policy: Policy, language: str, second: str, concern: str) -> Phases:
    """The phases of the wait of a caller without an owner."""
    steps, reserves = policy.plan(language, concern).steps, policy.reserves
    changes = sorted({*(step.after_ms for step in steps), *(each.release_ms for each in reserves)})
    needs = []
    for waited in changes:
        released = tuple(i for i, each in enumerate(reserves) if waited >= each.release_ms)
        needs.append(Need(language, second, concern, step_of(steps, waited), (), "", released))
    return Phases(tuple(changes[1:]), tuple(needs))


class Needs:
    """What callers need, under one policy and with one team's people. A wait's phases are laid out once."""

    def __init__(self, policy: Policy, people: Mapping[str, Person], like: "Needs | None" = None) -> None:
        """like: those of a world with the same policy and equal people; what was found there once is so
        here."""
        self._policy = policy
        self._people = people
        self._phases: dict[tuple[str, str, str], Phases] = like._phases if like is not None else {}
        self._understands: dict[tuple[str, Need], bool] = like._understands if like is not None else {}

    def at(self, visit: Visit, now: int) -> tuple[Need, int]:
        """What the caller needs at `now`, and when time alone changes that (epoch ms; 0: never)."""
        key = (visit.language, visit.second, visit.concern)
        phases = self._phases.get(key)
        if phases is None:
            phases = self._phases[key] = lay_out(self._policy, *key)
        waited = now - visit.order_from_ms
        place = bisect_right(phases.ends, waited)
        need = phases.needs[place]
        change = phases.ends[place] if place < len(phases.ends) else None
        asked: tuple[str, ...] = ()
        wider: tuple[Step, ...] = ()
        owner = ""
        if visit.overflowed:
            wider = self._policy.widened_by(visit.overflowed)
        if visit.asked:
            asked = tuple(sorted([agent for agent, until in visit.asked if until > now]))
        if visit.owner and waited < (owner_ms := self._policy.owner_ms):
            change = owner_ms if change is None else min(owner_ms, change)
            owner = self._awaited(visit.owner, need, asked, waited, wider)
        named = visit.only != "" and self._at_work(visit.only)
        if named:
            owner = visit.only
        called = visit.kind in OUTBOUND
        if asked or owner or wider or called:
            need = Need(*need[:4], asked, owner, need.released, wider, called, named)
        return need, 0 if change is None else visit.order_from_ms + change

    def _at_work(self, agent: str) -> bool:
        person = self._people.get(agent)
        return person is not None and person.at_work

    def _awaited(
        self, owner: str, need: Need, asked: tuple[str, ...], waited_ms: int, wider: tuple[Step, ...]
    ) -> str:
        """The owner of the caller's case while the caller waits for that person alone, else ""."""
        keeper = self._people.get(owner)
        could = (
            keeper is not None
            and keeper.presence == READY
            and not keeper.quiet
            and owner not in asked
            and self._understood(keeper, need._replace(wider=wider) if wider else need)
        )
        return owner if waits_for_owner(waited_ms, self._policy.owner_ms, int(could)) else ""

    def _understood(self, keeper: Person, need: Need) -> bool:
        """Whether the owner of a case speaks what the caller's step asks for."""
        key = (keeper.agent.id, need)
        found = self._understands.get(key)
        if found is None:
            policy = self._policy
            step = policy.plan(need.language, need.concern).steps[need.step]
            found = self._understands[key] = any(
                best_language(policy, keeper, each, need.language, need.second)[1] >= each.language
                for each in (step, *need.wider)
            )
        return found
