"""What a caller needs at this moment: computed from policy, people, visit and now, never stored."""

from collections.abc import Mapping
from typing import NamedTuple

from agents.model import UNDETERMINED, Cefr
from agents.state import READY
from routing.policy import ANYBODY, FALLBACK, INTERPRETER, OWN, SECOND, Policy, Step
from routing.select import step_at, waits_for_owner
from routing.world import Person, Visit

ANY_LANGUAGE = "*"
"""What a step with ANYBODY admits: everybody speaks it."""


class Need(NamedTuple):
    """What decides who may take a caller now.

    step: index in the caller's plan. asked: the people not to be asked again yet, sorted. owner: who alone
    may take the caller now, or "". case_owner: the owner of the caller's case, or "". released: the
    reserves (by index) whose release time this caller has waited.
    """

    language: str
    second: str
    concern: str
    step: int
    asked: tuple[str, ...]
    owner: str
    released: tuple[int, ...]


def admitted(policy: Policy, step: Step, language: str, second: str) -> tuple[str, ...]:
    """The languages in which a caller may be served at this step, the caller's own first."""
    languages: list[str] = []
    if step.scope & OWN:
        languages.append(language)
    if step.scope & SECOND and second:
        languages.append(second)
    if step.scope & (FALLBACK | INTERPRETER):
        languages.extend(policy.fallback_languages)
    if step.scope & ANYBODY:
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


def best_language(policy: Policy, person: Person, step: Step, language: str, second: str) -> str:
    """The admitted language that the person speaks best; the caller's own before equals."""
    languages = admitted(policy, step, language, second)
    return max(languages, key=lambda each: spoken(policy, person, each), default=language)


def steps_of(policy: Policy, visit: Visit) -> tuple[Step, ...]:
    """The widening steps of this caller's plan."""
    return policy.plan(visit.language, visit.concern).steps


def step_of(steps: tuple[Step, ...], waited_ms: int) -> int:
    """Index of the widening step reached after `waited_ms`."""
    return max(i for i, step in enumerate(steps) if i == 0 or step_at(waited_ms, step.after_ms))


def need_of(policy: Policy, people: Mapping[str, Person], visit: Visit, now: int) -> Need:
    """What the caller needs at `now`."""
    steps, waited = steps_of(policy, visit), now - visit.order_from_ms
    number = step_of(steps, waited)
    asked = tuple(sorted(agent for agent, until in visit.asked if until > now))
    owner = ""
    keeper = people.get(visit.owner)
    if keeper is not None:
        step = steps[number]
        tongue = best_language(policy, keeper, step, visit.language, visit.second)
        could = spoken(policy, keeper, tongue) >= step.language and visit.owner not in asked
        on_duty = int(could and keeper.presence == READY)
        owner = visit.owner if waits_for_owner(waited, policy.owner_ms, on_duty) else ""
    released = tuple(i for i, each in enumerate(policy.reserves) if waited >= each.release_ms)
    return Need(visit.language, visit.second, visit.concern, number, asked, owner, released)


def next_change(policy: Policy, visit: Visit, now: int) -> int:
    """When the need changes by the passing of time alone, in epoch ms; 0 if it does not."""
    begin = visit.order_from_ms
    changes = [begin + step.after_ms for step in steps_of(policy, visit)]
    changes += [begin + each.release_ms for each in policy.reserves]
    if visit.owner:
        changes.append(begin + policy.owner_ms)
    return min((when for when in changes if when > now), default=0)
