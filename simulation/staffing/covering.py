"""The covering integer programme: the fewest people by skill cover, each counted fully for each skill.

This is what staffing tables do (set covering; G. B. Dantzig, A comment on Edie's "Traffic delays at toll
booths", 1954): enough who speak Arabic, enough who know studies, enough in all. It does not see that the one
who speaks Arabic may not be the one who knows studies, may be in another talk, or away together with the only
other one; simulation does.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final, NamedTuple

from ortools.sat.python import cp_model

from agents.model import Agent
from routing.need import admitted, spoken
from routing.policy import Policy
from routing.world import Person
from simulation.staffing.required import Required

PEOPLE, LANGUAGE, CONCERN = "people", "language", "concern"
EFFORT: Final = 20.0
"""Deterministic seconds of the solver: the same programme gives the same answer on every machine."""


class Skill(NamedTuple):
    """What is covered: people at all, a language, or a concern."""

    kind: str
    key: str


class Cover(NamedTuple):
    """A staff by the programme. staff: ids. have: by skill, how many of them count for it. proved: whether
    fewer are proved not to do."""

    staff: tuple[str, ...]
    have: dict[Skill, int]
    proved: bool


class NotCovered(ValueError):
    """A programme without a solution; says which skills too few people have."""


def needs(found: Required, share_there: float, posts: float = 0.0) -> dict[Skill, int]:
    """How many of the staff: those of the busiest half-hour, made up for absence.

    share_there: of the staff, on average. posts: full-time posts that the work takes (absence is in them).
    """
    on_phone = {Skill(PEOPLE, ""): int(found.people.max(initial=0))}
    for kind, keys, counts in (
        (LANGUAGE, found.languages, found.by_language),
        (CONCERN, found.concerns, found.by_concern),
    ):
        on_phone |= {
            Skill(kind, key): int(each.max(initial=0)) for key, each in zip(keys, counts.T, strict=True)
        }
    staff = {skill: ceil(count / share_there - 1e-9) for skill, count in on_phone.items()}
    staff[Skill(PEOPLE, "")] = max(staff[Skill(PEOPLE, "")], ceil(posts - 1e-9))
    return staff


def covering(policy: Policy, people: Sequence[Agent], wanted: Mapping[Skill, int]) -> Cover:
    """The fewest of `people`, earlier ones before later ones. Raises NotCovered."""
    holders = {skill: [counts(policy, each, skill) for each in people] for skill in wanted}
    if short := [
        f"{skill.kind} {skill.key}: {number} are needed, {sum(holders[skill])} could".replace(" :", ":")
        for skill, number in wanted.items()
        if sum(holders[skill]) < number
    ]:
        raise NotCovered("\n".join(short))
    model = cp_model.CpModel()
    taken = [model.new_bool_var(each.id) for each in people]
    for skill, number in wanted.items():
        model.add(sum(x for x, able in zip(taken, holders[skill], strict=True) if able) >= number)
    whole = len(people) ** 2
    model.minimize(sum((whole + place) * x for place, x in enumerate(taken)))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.catch_sigint_signal = False  # it would leave the process without a handler
    solver.parameters.max_deterministic_time = EFFORT
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise NotCovered(f"the solver found no staff within its effort: {solver.status_name(status)}")
    chosen = [solver.boolean_value(x) for x in taken]
    have = {
        skill: sum(able and x for able, x in zip(holders[skill], chosen, strict=True)) for skill in wanted
    }
    staff = tuple(each.id for each, x in zip(people, chosen, strict=True) if x)
    return Cover(staff, have, status == cp_model.OPTIMAL)


def counts(policy: Policy, agent: Agent, skill: Skill) -> bool:
    """Whether a person counts for a skill, at the level that the rules' first step asks for."""
    if skill.kind == PEOPLE:
        return True
    if skill.kind == LANGUAGE:
        step = policy.plan(skill.key, "").steps[0]
        tongues = admitted(policy, step, skill.key, "")
        return max((spoken(policy, Person(agent), each) for each in tongues), default=0) >= step.language
    return agent.concern_level(skill.key) >= policy.plan("", skill.key).steps[0].concern
