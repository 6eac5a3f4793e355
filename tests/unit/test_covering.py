"""The covering programme finds the fewest, against every subset of a small staff; mixes are worth most."""

import subprocess
import sys
from itertools import combinations
from math import isclose
from pathlib import Path

import pytest

from agents.model import Agent
from config.people import agent
from routing.policy import Policy
from simulation.scenarios import scenario_file
from simulation.scenarios.scenario import Scenario, faults
from simulation.scenarios.year import year
from simulation.staffing.candidates import (
    NEW,
    ORDER,
    Pool,
    candidates,
    mix,
    new_people,
    pools,
    staffed,
    worths,
)
from simulation.staffing.coverage import able
from simulation.staffing.covering import CONCERN, LANGUAGE, PEOPLE, NotCovered, Skill, counts, covering, needs
from simulation.staffing.required import required

PLANNING = Path("config/planning.toml")


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return scenario_file.load(PLANNING, "2016")


@pytest.fixture(scope="module")
def policy(scenario: Scenario) -> Policy:
    return year(scenario, case_work=False).model.policy


@pytest.fixture(scope="module")
def people(scenario: Scenario) -> list[Agent]:
    return [agent(each) for each in scenario.house.staff[:9]]


def test_no_smaller_staff_covers(policy: Policy, people: list[Agent]) -> None:
    """All subsets of nine people, tried one after the other."""
    wanted = {
        Skill(PEOPLE, ""): 2,
        Skill(LANGUAGE, "ar"): 1,
        Skill(LANGUAGE, "tr"): 2,
        Skill(CONCERN, "study"): 2,
        Skill(CONCERN, "employer"): 1,
    }
    found = covering(policy, people, wanted)
    assert found.proved
    for size in range(1, len(people) + 1):
        covers = [
            chosen
            for chosen in combinations(people, size)
            if all(sum(counts(policy, p, skill) for p in chosen) >= n for skill, n in wanted.items())
        ]
        if covers:
            break
    assert len(found.staff) == size
    assert any({p.id for p in chosen} == {*found.staff} for chosen in covers)
    assert found.have[Skill(LANGUAGE, "tr")] == 2


def test_a_flexible_person_counts_fully_for_each_skill(policy: Policy, people: list[Agent]) -> None:
    """One who speaks German and Turkish covers one of each: this is where the programme is too kind."""
    found = covering(policy, people, {Skill(LANGUAGE, "de"): 1, Skill(LANGUAGE, "tr"): 1})
    assert len(found.staff) == 1


def test_what_cannot_be_covered_is_named(policy: Policy, people: list[Agent]) -> None:
    with pytest.raises(NotCovered, match="language ar: 3 are needed, 1 could"):
        covering(policy, people, {Skill(LANGUAGE, "ar"): 3, Skill(PEOPLE, ""): 2})


def test_needs_are_the_busiest_half_hour_made_up_for_absence(scenario: Scenario) -> None:
    curve = required(scenario, case_work=False)
    wanted = needs(curve, 0.5, posts=3.1)
    assert wanted[Skill(LANGUAGE, "ar")] == 2 * curve.by_language[:, curve.languages.index("ar")].max()
    assert wanted[Skill(PEOPLE, "")] == max(4, 2 * curve.people.max())
    assert wanted[Skill(CONCERN, "study")] == 2 * curve.by_concern[:, curve.concerns.index("study")].max()


def test_no_other_choice_is_worth_more(scenario: Scenario, policy: Policy, people: list[Agent]) -> None:
    """All threes out of nine, by the chance that a caller finds somebody there."""
    worth = worths(scenario, even=False)
    cells = list(worth)
    could = able(policy, people, cells)[0]
    names = [each.id for each in people]

    def value(chosen: tuple[str, ...]) -> float:
        held = could[:, [names.index(each) for each in chosen]].sum(1)
        return sum(w * (1 - 0.25 ** int(k)) for w, k in zip(worth.values(), held, strict=True))

    found = mix(policy, Pool("", "", tuple(people), (False,) * 9), 3, worth, 0.75)
    assert value(found) >= max(map(value, combinations(names, 3))) - 1e-4


def test_who_stays_stays(scenario: Scenario, policy: Policy) -> None:
    new = new_people(scenario)
    chosen_from = pools(scenario, 7, new, ("markus", "birgit"))
    found = candidates(scenario, policy, 7, chosen_from, 0.75)
    chosen = [each for each in found if each.how != ORDER]
    assert chosen
    assert all({"markus", "birgit"} <= {*each.staff} for each in chosen)
    chosen_from = pools(scenario, 2, new, ("markus", "birgit", "anna"))
    fewer = candidates(scenario, policy, 2, chosen_from, 0.75)
    assert all({*each.staff} <= {"markus", "birgit", "anna"} for each in fewer if each.how != ORDER)


def test_candidates_are_different_and_can_be_simulated(scenario: Scenario, policy: Policy) -> None:
    new = new_people(scenario)
    found = candidates(scenario, policy, 6, pools(scenario, 6, new, ()), 0.75)
    assert found[0].how == ORDER
    assert found[0].staff == tuple(scenario.staff.order[:6])
    assert NEW in [each.how for each in found]
    assert len({each.staff for each in found}) == len(found)
    for each in found:
        made = staffed(scenario, each.staff, new)
        assert len(each.staff) == 6
        assert faults(made) == []
        assert {*made.staff.order} == {*each.staff}


def test_worths_add_up(scenario: Scenario) -> None:
    for even in (False, True):
        worth = worths(scenario, even=even)
        assert isclose(sum(worth.values()), 1)
    assert isclose(sum(w for (code, _), w in worth.items() if code == "pl"), 0.1)


INTERRUPTED = """
import os, signal
from agents.model import Agent, Reach
from routing.policy import Plan, Policy, Step
from simulation.staffing.candidates import Pool, mix
from simulation.staffing.covering import PEOPLE, Skill, covering

one = Agent("p", "P", Reach("phone", "1"), (("de", 7),), (("other", 4),))
policy = Policy((Plan("", "", (Step(0, 1, 5, 3),)),), (), (), (), 0, 0, 0, (), ())
covering(policy, [one], {Skill(PEOPLE, ""): 1})
mix(policy, Pool("", "", (one,), (False,)), 1, {("de", "other"): 1.0}, 0.75)
try:
    os.kill(os.getpid(), signal.SIGINT)
    signal.pause()
except KeyboardInterrupt:
    print("heard")
"""


def test_an_interruption_is_still_heard_after_solving() -> None:
    """The solver would leave the process without Python's handler for Ctrl-C, and it would die at once."""
    ran = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout) == (0, "heard\n"), ran.stderr
