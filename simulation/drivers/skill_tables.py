"""What skills decide, laid out for the kernel: who suits in each phase of a wait, and who comes before whom.

The rules are those of routing.need and routing.select; here they are asked once for each kind of caller.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from routing.need import Need, admitted, best_language, interpreted, lay_out, spoken
from routing.policy import Policy, Step
from routing.select import (
    BY_SKILL,
    CRITERIA,
    SUITS,
    person_order,
    verdict,
)
from routing.world import Person
from simulation.drivers import layout
from simulation.drivers.model import Kind

Ints = npt.NDArray[np.int64]

_BY_SKILLS: Final = frozenset(CRITERIA[name] for name in BY_SKILL)


def skill_tables(policy: Policy, kinds: Sequence[Kind], people: Sequence[Person]) -> dict[str, Any]:
    """Fields of layout.TABLES, by kind of caller, step of its plan and person."""
    plans = [policy.plan(kind.language, kind.concern).steps for kind in kinds]
    most = max(len(steps) for steps in plans)

    def by_step(of_people: Callable[[Kind, Step], list[int]]) -> Ints:
        found = np.zeros((len(kinds), most, len(people)), np.int64)
        for k, kind in enumerate(kinds):
            for s, step in enumerate(plans[k]):
                found[k, s] = of_people(kind, step)
        return found

    @cache
    def levels(language: str, second: str, step: Step) -> list[int]:
        """By person: the best level in any language that the step admits."""
        spoken_in = admitted(policy, step, language, second)
        return [max((spoken(policy, each, code) for code in spoken_in), default=0) for each in people]

    @cache
    def tongues(language: str, second: str, step: Step) -> list[str]:
        """By person: in which language they would talk."""
        return [best_language(policy, each, step, language, second)[0] for each in people]

    def level(kind: Kind, step: Step) -> list[int]:
        return levels(kind.language, kind.second, step)

    def keeper(kind: Kind, step: Step) -> list[int]:
        said = tongues(kind.language, kind.second, step)
        return [spoken(policy, each, code) for each, code in zip(people, said, strict=True)]

    def helped(kind: Kind, step: Step) -> int:
        need = Need(kind.language, kind.second, kind.concern, 0, (), "", ())
        return bits(interpreted(step, need, code) for code in tongues(kind.language, kind.second, step))

    def skilled(kind: Kind, step: Step, alone: int) -> int:
        return bits(
            verdict(
                known,
                step.language,
                each.agent.concern_level(kind.concern),
                step.concern,
                1,
                0,
                alone,
                1,
                0,
            )
            == SUITS
            for each, known in zip(people, level(kind, step), strict=True)
        )

    def preferred(kind: Kind, step: Step) -> int:
        return bits(
            known >= step.prefer_language and each.agent.concern_level(kind.concern) >= step.prefer_concern
            for each, known in zip(people, level(kind, step), strict=True)
        )

    @cache
    def of_step(kind: Kind, step: Step) -> tuple[int, ...]:
        """From H_ABLE on."""
        suiting = skilled(kind, step, 0), skilled(kind, step, 1)
        return *suiting, preferred(kind, step), step.language, helped(kind, step)

    choose, by_skills = _merged([CRITERIA[name] for name in policy.choose])

    @cache
    def ranked(known: tuple[int, ...], concern: str) -> list[int]:
        orders = [
            tuple(
                person_order(
                    by, 0, each.agent.concern_level(concern), level, len(each.agent.languages), 0, 0, 0, 0
                )
                for by in by_skills
            )
            for each, level in zip(people, known, strict=True)
        ]
        tiers = [bits(each == order for each in orders) for order in sorted(set(orders))]
        return tiers + [0] * (len(people) - len(tiers))

    def tiers(kind: Kind, step: Step) -> list[int]:
        return ranked(tuple(level(kind, step)), kind.concern)

    phases = np.zeros((len(kinds), layout.PHASES_MAX, layout.H_FIELDS), np.int64)
    phases[:, :, layout.H_ENDS] = layout.NEVER
    for k, kind in enumerate(kinds):
        laid_out = lay_out(policy, kind.language, kind.second, kind.concern)
        ends = (*laid_out.ends, layout.NEVER)
        for i, (until, need) in enumerate(zip(ends, laid_out.needs, strict=True)):
            phases[k, i] = (
                until,
                need.step,
                sum(1 << each for each in need.released),
                *of_step(kind, plans[k][need.step]),
            )

    return {
        "phases": phases,
        "tiers": by_step(tiers),
        "level": by_step(level),
        "keeper": by_step(keeper),
        "concern": np.array(
            [[each.agent.concern_level(kind.concern) for each in people] for kind in kinds], np.int64
        ),
        "versatility": np.array([len(each.agent.languages) for each in people], np.int64),
        "choose": np.array(choose, np.int64),
        "n_choose": len(choose),
    }


def _merged(criteria: list[int]) -> tuple[list[int], list[int]]:
    """The criteria with the first ones in a row that skills alone decide as one, BY_TIERS; and those."""
    begin = next((i for i, by in enumerate(criteria) if by in _BY_SKILLS), len(criteria))
    end = next((i for i in range(begin, len(criteria)) if criteria[i] not in _BY_SKILLS), len(criteria))
    merged = criteria[begin:end]
    return [*criteria[:begin], *([layout.BY_TIERS] if merged else []), *criteria[end:]], merged


def bits(flags: Any) -> int:
    """Flags as bits of one integer, the first one lowest."""
    return sum(1 << i for i, flag in enumerate(flags) if flag)
