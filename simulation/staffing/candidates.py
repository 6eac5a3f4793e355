"""Candidate staffs for a number of people: as they come in the scenario's order, and by mixes of skills.

A mix is the choice of people with whom most callers find somebody present who could serve them at once, by
an integer programme: the first person who could serve a caller is worth the chance of being there, the second
the chance that the first is not but the second is, and so on. It guesses good mixes; simulation judges them.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from ortools.sat.python import cp_model

from agents.model import Agent
from config.people import agent
from routing.policy import Policy
from simulation.scenarios.quantity import Quantity
from simulation.scenarios.scenario import Hire, Scenario
from simulation.staffing.coverage import AT_ONCE, READINGS, able

ORDER: Final = "in the scenario's order"
KNOWN: Final = "known people, most callers"
KNOWN_EVEN: Final = "known people, languages alike"
NEW: Final = "with new people, most callers"
NEW_EVEN: Final = "with new people, languages alike"
TUNED: Final = "tuned to the languages that miss"

LEVEL: Final = 4
"""A new person's level in each of their concerns."""
DEPTH: Final = 4
"""How many who could serve the same caller are worth something."""
PARTS: Final = 1_000_000
EFFORT: Final = 5.0
"""Deterministic seconds of the solver for one mix."""


class Candidate(NamedTuple):
    """A staff. how: by which of the ways above it came about."""

    staff: tuple[str, ...]
    how: str


class Pool(NamedTuple):
    """People out of whom mixes are chosen, and what these are called. stay: by person, whether in each."""

    most_callers: str
    alike: str
    people: tuple[Agent, ...]
    stay: tuple[bool, ...]


def staffed(scenario: Scenario, staff: Sequence[str], new: Sequence[Hire] = ()) -> Scenario:
    """The scenario with these people as its staff, in the scenario's order and new ones last."""
    known = [each for each in scenario.staff.order if each in staff]
    hired = [each.id for each in new if each.id in staff]
    return scenario.model_copy(
        update={
            "staff": scenario.staff.model_copy(
                update={
                    "people": Quantity(value=len(staff), unit="persons", source="chosen"),
                    "order": [*known, *hired],
                    "hire": (*scenario.staff.hire, *new),
                }
            )
        }
    )


def new_people(scenario: Scenario) -> tuple[Hire, ...]:
    """Two people to be hired for each language but German and English, who do not exist: one for the concerns
    that are asked for most, one for the others. Each holds as many as the median of the known staff."""
    house, cases = scenario.house, scenario.cases
    known = [each for each in (*house.staff, *scenario.staff.hire) if each.id in scenario.staff.order]
    asked = sorted(
        (key for key, each in cases.concern.items() if each.value > 0),
        key=lambda key: -cases.concern[key].value,
    )
    held = [sum(key in each.concerns for key in asked) for each in known]
    many = max(1, round(float(np.median(held))))
    found: list[Hire] = []
    for language in (code for code, each in cases.language.items() if each.value > 0):
        if language not in house.languages or language in ("de", "en"):
            continue
        for number, concerns in enumerate((asked[:many], asked[::-1][:many])):
            found.append(
                Hire(
                    id=f"new_{language}_{number + 1}",
                    name=f"New {language} {number + 1}",
                    phone=f"n{len(found) + 1}",
                    languages={language: "native", "de": "C1", "en": "C1"},
                    concerns=dict.fromkeys(concerns, LEVEL),
                )
            )
    return tuple(found)


def pools(scenario: Scenario, number: int, new: Sequence[Hire], keep: Sequence[str]) -> list[Pool]:
    """Out of whom that many people may be chosen, the widest last; keep: who stays (of them, if there are
    more than number)."""
    order = list(scenario.staff.order)
    if len(keep) >= number:
        listed, keep = [(KNOWN, KNOWN_EVEN, list(keep))], ()
    else:
        listed = [(KNOWN, KNOWN_EVEN, order), (NEW, NEW_EVEN, [*order, *(each.id for each in new)])]
    everybody = {each.id: each for each in (*scenario.house.staff, *scenario.staff.hire, *new)}
    return [
        Pool(how, even, tuple(agent(everybody[each]) for each in ids), tuple(each in keep for each in ids))
        for how, even, ids in listed
        if len(ids) >= number
    ]


def candidates(
    scenario: Scenario, policy: Policy, number: int, chosen_from: Sequence[Pool], share_there: float
) -> list[Candidate]:
    """Different staffs of that many people. share_there: of the staff, on average."""
    order = scenario.staff.order
    found = [Candidate(tuple(order[:number]), ORDER)] if len(order) >= number else []
    for pool in chosen_from:
        for name, even in ((pool.most_callers, False), (pool.alike, True)):
            mixed = mix(policy, pool, number, worths(scenario, even=even), share_there)
            if mixed not in [each.staff for each in found]:
                found.append(Candidate(mixed, name))
    return found


def worths(scenario: Scenario, *, even: bool) -> dict[tuple[str, str], float]:
    """By language and concern, adding up to 1: the share of callers; even: all languages count alike."""
    cases = scenario.cases
    languages = {code: 1.0 if even else each.value for code, each in cases.language.items() if each.value > 0}
    concerns = {key: each.value for key, each in cases.concern.items() if each.value > 0}
    whole = sum(languages.values()) * sum(concerns.values())
    return {(code, key): a * b / whole for code, a in languages.items() for key, b in concerns.items()}


def mix(
    policy: Policy,
    chosen_from: Pool,
    number: int,
    worth: Mapping[tuple[str, str], float],
    share_there: float,
) -> tuple[str, ...]:
    """Ids of the `number` people who are worth most together, in the pool's order."""
    people = chosen_from.people
    cells = list(worth)
    could = able(policy, people, cells)[READINGS.index(AT_ONCE)]
    model = cp_model.CpModel()
    taken = [model.new_bool_var(each.id) for each in people]
    model.add(sum(taken) == number)
    for x, stays in zip(taken, chosen_from.stay, strict=True):
        if stays:
            model.add(x == 1)
    value = []
    for cell, row in zip(cells, could.tolist(), strict=True):
        steps = [model.new_bool_var("") for _ in range(DEPTH)]
        model.add(sum(x for x, holds in zip(taken, row, strict=True) if holds) >= sum(steps))
        for nth, step in enumerate(steps):
            there = share_there * (1 - share_there) ** nth
            value.append(round(PARTS * worth[cell] * there) * step)
    model.maximize(sum(value))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.catch_sigint_signal = False  # it would leave the process without a handler
    solver.parameters.max_deterministic_time = EFFORT
    solver.solve(model)
    return tuple(each.id for each, x in zip(people, taken, strict=True) if solver.boolean_value(x))
