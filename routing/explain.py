"""Why this pair, and why not that one: callers and people against each other, with reasons and values."""

from typing import NamedTuple

from routing import visit as table
from routing.need import Need, best_language, need_of, spoken, steps_of
from routing.policy import Policy
from routing.select import REASONS, SUITS, keeps, verdict
from routing.world import Person, Visit, World


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


class Idle(NamedTuple):
    """A free person and, for each waiting caller, why they are not offered to this person."""

    agent: str
    reasons: tuple[tuple[int, str], ...]


def held(world: World, policy: Policy, person: Person, need: Need, firmly: bool) -> bool:
    """Whether a reserve keeps this person from a caller with this need; `firmly`: even if released."""
    for i, reserve in enumerate(policy.reserves):
        if reserve.when and not any(begin <= world.now_ms < end for begin, end in reserve.when):
            continue
        if spoken(policy, person, reserve.language) < reserve.level or (firmly and i in need.released):
            continue
        members = sum(
            each.free and spoken(policy, each, reserve.language) >= reserve.level
            for each in world.people.values()
        )
        if keeps(int(need.language == reserve.language), members, reserve.keep):
            return True
    return False


def candidates(world: World, policy: Policy, visit: Visit) -> tuple[Candidate, ...]:
    """Everybody's verdict for this caller now, in roster order; empty once nobody is sought."""
    if visit.state not in (table.WAITING, table.OFFERED, table.RINGING):
        return ()
    need = need_of(policy, world.people, visit, world.now_ms)
    everybody = world.people.values()
    open_to = any(
        _judge(world, policy, need, visit, person, firmly=False)[1] == SUITS for person in everybody
    )
    return tuple(_judge(world, policy, need, visit, person, firmly=not open_to)[0] for person in everybody)


def _judge(
    world: World, policy: Policy, need: Need, visit: Visit, person: Person, firmly: bool
) -> tuple[Candidate, int]:
    step, key = steps_of(policy, visit)[need.step], person.agent.id
    best = best_language(policy, person, step, need.language, need.second)
    speaks, knows = spoken(policy, person, best), person.agent.concern_level(need.concern)
    code = verdict(
        speaks,
        step.language,
        knows,
        step.concern,
        int(person.free),
        int(key in need.asked),
        int(bool(need.owner)),
        int(key == need.owner),
        int(held(world, policy, person, need, firmly)),
    )
    return Candidate(
        key, REASONS[code], best, speaks, step.language, knows, step.concern, person.appears
    ), code


def idle(world: World, policy: Policy) -> tuple[Idle, ...]:
    """Every free person with the reason, for each waiting caller, why nobody is offered to them."""
    waiting = [visit for visit in world.visits.values() if visit.state == table.WAITING]
    reasons: dict[str, list[tuple[int, str]]] = {key: [] for key, p in world.people.items() if p.free}
    for visit in waiting:
        for each in candidates(world, policy, visit):
            if each.agent in reasons:
                reasons[each.agent].append((visit.id, each.reason))
    return tuple(Idle(key, tuple(said)) for key, said in reasons.items())
