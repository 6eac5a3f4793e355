"""Why this pair, and why not that one: a waiting caller and every person, with reason codes and values."""

from typing import NamedTuple

from routing import call
from routing.index import admitted, spoken, step_of
from routing.select import REASONS, verdict
from routing.world import Visit, World


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


def candidates(world: World, visit: Visit, now: int) -> tuple[Candidate, ...]:
    """Everybody's verdict for this caller at `now`, in roster order; empty once nobody is sought."""
    policy = world.policy
    if policy is None or visit.state not in (call.WAITING, call.OFFERED, call.RINGING):
        return ()
    step = policy.steps[step_of(policy, visit, now)]
    languages = admitted(policy, step, visit.language, visit.second)
    asked = {agent for agent, until in visit.asked if until > now}
    found: list[Candidate] = []
    for key, person in world.people.items():
        best = max(languages, key=lambda each: spoken(policy, person, each), default=visit.language)
        speaks, knows = spoken(policy, person, best), person.agent.concern_level(visit.concern)
        code = verdict(speaks, step.language, knows, step.concern, int(person.free), int(key in asked))
        found.append(
            Candidate(key, REASONS[code], best, speaks, step.language, knows, step.concern, person.appears)
        )
    return tuple(found)
