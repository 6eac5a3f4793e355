"""Whom to hire, in one line: who of a chosen staff is not there yet, with which languages and concerns."""

from collections import Counter
from collections.abc import Mapping, Sequence

from simulation.scenarios.scenario import Hire, Scenario


def whom(asked: Scenario, chosen: Sequence[str], new: Sequence[Hire]) -> str:
    """The line. chosen: the staff, by id; new: profiles of people whom no file names. People of the scenario
    file who are not among its present staff are named by id."""
    present = asked.staff.order[: int(asked.staff.people.value)]
    known = {each.id: each for each in (*asked.house.staff, *asked.staff.hire, *new)}
    without_name = {each.id for each in new}
    come = [each for each in chosen if each not in present]
    lines = Counter(
        f"{'' if each in without_name else f'{each} '}({skills(known[each].languages, known[each].concerns)})"
        for each in come
    )
    listed = "; ".join(text if count == 1 else f"{count} times {text}" for text, count in lines.items())
    hire = f"Hire {len(come)}: {listed}." if come else "Hire nobody."
    left = [each for each in present if each not in chosen]
    stay = len(present) - len(left)
    if not left:
        return f"{hire} All {len(present)} of the present staff stay."
    return f"{hire} {stay} of the {len(present)} present staff stay; not needed: {', '.join(left)}."


def skills(languages: Mapping[str, object], concerns: Mapping[str, object]) -> str:
    """Languages and concerns with their levels."""
    return f"{levels(languages)}; {levels(concerns)}"


def levels(given: Mapping[str, object]) -> str:
    """As `acd staff import` reads them."""
    return " ".join(f"{key}:{level}" for key, level in given.items())
