"""Which figures by language and concern may stand alone: those that point to no single person.

A cell that only a few could serve says how these few work. All such cells are shown as one.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from agents.model import UNDETERMINED
from routing.need import admitted, spoken
from routing.policy import Policy
from routing.world import Person

Cell = TypeVar("Cell", str, tuple[str, str], tuple[str, ...])

MERGED = "*"
"""Stands for language and concern of what is shown as one; no language or concern is called so."""


def servers(policy: Policy, people: Iterable[Person], language: str, concern: str) -> frozenset[str]:
    """Who could serve such callers as soon as they come: by the first step, which nearly all of them get."""
    step = policy.plan(language, concern).steps[0]
    tongues = admitted(policy, step, language, "")
    return frozenset(
        person.agent.id
        for person in people
        if max((spoken(policy, person, each) for each in tongues), default=0) >= step.language
        and person.agent.concern_level(concern) >= step.concern
    )


def shown_apart(policy: Policy, people: Sequence[Person], smallest: int) -> frozenset[tuple[str, str]]:
    """The (language, concern) that may be shown by themselves; everything else is one merged cell.

    At least `smallest` people could serve each of them, and at least as many the merged cell together: if
    the small cells alone have too few, the next larger ones are merged too.
    """
    languages = sorted({code for p in people for code, _ in p.agent.languages} | {UNDETERMINED})
    concerns = sorted({key for p in people for key, _ in p.agent.concerns})
    who = {(tongue, each): servers(policy, people, tongue, each) for tongue in languages for each in concerns}
    return _apart(who, smallest)


def languages_apart(policy: Policy, people: Sequence[Person], smallest: int) -> frozenset[str]:
    """The languages that may be shown by themselves, whatever the concern; all others are one, on the same
    terms as with shown_apart."""
    who: dict[str, frozenset[str]] = {}
    concerns = {key for p in people for key, _ in p.agent.concerns}
    for tongue in {code for p in people for code, _ in p.agent.languages} | {UNDETERMINED}:
        who[tongue] = frozenset().union(*(servers(policy, people, tongue, each) for each in concerns))
    return _apart(who, smallest)


def _apart(who: Mapping[Cell, frozenset[str]], smallest: int) -> frozenset[Cell]:
    """The larger of these, so that no one of them and not the rest together has fewer than `smallest`."""
    order = sorted(who, key=lambda cell: (len(who[cell]), cell))
    merged: frozenset[str] = frozenset()
    for place, cell in enumerate(order):
        if len(who[cell]) >= smallest and (not merged or len(merged) >= smallest):
            return frozenset(order[place:])
        merged |= who[cell]
    return frozenset()


def groups_apart(
    policy: Policy,
    people: Sequence[Person],
    smallest: int,
    groups: Mapping[tuple[str, ...], Iterable[tuple[str, str]]],
) -> frozenset[tuple[str, ...]]:
    """Of groups of (language, concern), those whose figures may stand by themselves beside the others', which
    are one; on the same terms as with shown_apart. "" is what nobody knows yet: any language, or any
    concern, of those that people have."""
    concerns = sorted({key for person in people for key, _ in person.agent.concerns})
    who: dict[tuple[str, ...], frozenset[str]] = {
        group: frozenset().union(
            *(
                servers(policy, people, language or UNDETERMINED, each)
                for language, concern in needs
                for each in ([concern] if concern else concerns)
            )
        )
        for group, needs in groups.items()
    }
    return _apart(who, smallest)
