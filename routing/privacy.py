"""Which figures by language and concern may stand alone: those that point to no single person.

A cell that only a few could serve says how these few work. It is shown as one with others, and always with
the same ones: what is shown anywhere is made of whole groups, so that no two figures differ by such a cell.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from agents.model import UNDETERMINED
from routing.need import admitted, spoken
from routing.policy import Policy
from routing.world import Person

Need = tuple[str, str]
"""Language and concern. "" is what nobody knows yet: any language, or any concern, that people have."""
Label = TypeVar("Label", bound=Hashable)

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


class Partition:
    """Needs in groups, each under a name of its own, with MERGED for what several have in common.

    enough: whether people are enough for any of them to stand alone.
    """

    def __init__(self, names: Mapping[Need, Need], *, enough: bool) -> None:
        self._names = dict(names)
        self._enough = enough
        self._groups: dict[Need, list[Need]] = {}
        for need, name in self._names.items():
            self._groups.setdefault(name, []).append(need)

    def name(self, need: Need) -> Need:
        """Under which a need is shown; one that is in no group is shown as nothing of its own."""
        return self._names.get(need, (MERGED, MERGED))

    def knows(self, asked: Callable[[Need], bool | None]) -> bool:
        """Whether there is such a need."""
        return any(map(asked, self._names))

    def alone(self, label: Callable[[Need], Label | None]) -> frozenset[Label]:
        """The labels that may stand by themselves: their needs are whole groups. label: None for needs that
        are not asked for."""
        if not self._enough:
            return frozenset()
        found, split = set[Label | None](), set[Label | None]([None])
        for needs in self._groups.values():
            labels = {label(need) for need in needs}
            found |= labels
            if len(labels) > 1:
                split |= labels
        return frozenset(each for each in found - split if each is not None)


def partition(
    policy: Policy, people: Sequence[Person], smallest: int, seen: Iterable[Need] = ()
) -> Partition:
    """The groups in which needs are shown: those that any of these people could serve, and those seen.

    At least `smallest` people could serve each group, unless the whole centre has fewer. Languages that fewer
    could serve are one, and so are, of each language, the concerns that fewer could serve; where these have
    too few together, they take the next smallest with them.
    """
    who = _servers_of(policy, people, seen)
    tongues: dict[str, frozenset[str]] = {}
    for (language, _), able in who.items():
        tongues[language] = tongues.get(language, frozenset()) | able
    rare = _few(tongues, smallest)
    shown = {language: MERGED if language in rare else language for language in tongues}
    beside: dict[str, dict[str, frozenset[str]]] = {}
    for (language, concern), able in who.items():
        concerns = beside.setdefault(shown[language], {})
        concerns[concern] = concerns.get(concern, frozenset()) | able
    few = {language: _few(concerns, smallest) for language, concerns in beside.items()}
    return Partition(
        {
            (language, concern): (shown[language], MERGED if concern in few[shown[language]] else concern)
            for language, concern in who
        },
        enough=len(frozenset[str]().union(*who.values())) >= smallest,
    )


def _servers_of(
    policy: Policy, people: Sequence[Person], seen: Iterable[Need]
) -> Mapping[Need, frozenset[str]]:
    """Of what somebody could serve and of what was seen: who could."""
    languages = {code for each in people for code, _ in each.agent.languages} | {UNDETERMINED}
    concerns = sorted({key for each in people for key, _ in each.agent.concerns})
    came = frozenset(seen)
    found = {
        (language, concern): frozenset[str]().union(
            *(
                servers(policy, people, language or UNDETERMINED, each)
                for each in ([concern] if concern else concerns)
            )
        )
        for language, concern in {(language, each) for language in languages for each in concerns} | came
    }
    return {need: able for need, able in sorted(found.items()) if able or need in came}


def _few(who: Mapping[str, frozenset[str]], smallest: int) -> frozenset[str]:
    """Those of fewer than `smallest`; where all of these together are of fewer, with the next smallest."""
    order = sorted(who, key=lambda each: (len(who[each]), each))
    together: frozenset[str] = frozenset()
    for place, each in enumerate(order):
        if len(who[each]) >= smallest and (place == 0 or len(together) >= smallest):
            return frozenset(order[:place])
        together |= who[each]
    return frozenset(order)


class Apart(NamedTuple):
    """What may be shown by itself: cells of language and concern, languages, concerns; None: all."""

    cells: frozenset[Need] | None
    languages: frozenset[str] | None
    concerns: frozenset[str] | None


ALL: Final = Apart(None, None, None)
NONE: Final = Apart(frozenset(), frozenset(), frozenset())


def apart(policy: Policy, people: Sequence[Person], smallest: int) -> Apart:
    """Of all languages and concerns that these people have; everything else is shown as one."""
    found = partition(policy, people, smallest)
    return Apart(
        found.alone(lambda need: need), found.alone(lambda need: need[0]), found.alone(lambda need: need[1])
    )
