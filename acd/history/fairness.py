"""Who waits longer than others, and whether that is more than chance: languages side by side."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from acd.history.figures import Figures, Share
from acd.history.shares import ENOUGH, difference, quantile, wilson

LONGER, AS_LONG, TOO_FEW = "longer", "as_long", "too_few"
VERDICTS: Final = (LONGER, AS_LONG, TOO_FEW)


class Standing(NamedTuple):
    """How one group's callers wait. late: who was not served in time, of all who count (the centre's
    service level); low, high: its 95 % interval. more: the interval of this share less that of all others,
    so wide that all groups' hold together. verdict: LONGER where all of it is above 0."""

    name: str
    late: Share
    low: float
    high: float
    others: Share
    more: tuple[float, float]
    verdict: str


def standings(groups: Mapping[str, Figures], variant: str) -> list[Standing]:
    """Each group beside all others together, who is served worst first."""
    late = {
        name: (total - met, total) for name, each in groups.items() for met, total in [each.levels[variant]]
    }
    whole = sum(each for each, _ in late.values()), sum(total for _, total in late.values())
    z = quantile(sum(total >= ENOUGH for _, total in late.values()))
    found = []
    for name, (missed, total) in late.items():
        others = whole[0] - missed, whole[1] - total
        more = difference(missed, total, *others, z)
        verdict = LONGER if more[0] > 0 else AS_LONG
        if total < ENOUGH or others[1] < ENOUGH:
            verdict = TOO_FEW
        found.append(Standing(name, (missed, total), *wilson(missed, total), others, more, verdict))
    return sorted(found, key=lambda each: (-each.late[0] / max(1, each.late[1]), each.name))


def verdict(found: list[Standing]) -> tuple[str, list[Standing]]:
    """The one sentence: LONGER with who waits longer than others by more than chance; AS_LONG; TOO_FEW where
    fewer than two groups can be compared."""
    longer = [each for each in found if each.verdict == LONGER]
    if longer:
        return LONGER, longer
    return (TOO_FEW if all(each.verdict == TOO_FEW for each in found) else AS_LONG), []


def said(
    found: Sequence[Standing], seconds: int, name: Callable[[str], str], words: Mapping[str, str]
) -> str:
    """The sentence in words ("fair_..."), "" where nothing stands beside anything. seconds: of the target."""
    if not found:
        return ""
    code, longer = verdict(list(found))
    told = [
        words["fair_one"].format(
            language=name(each.name),
            late=round(100 * each.late[0] / each.late[1]),
            others=round(100 * each.others[0] / each.others[1]),
        )
        for each in longer
    ]
    return words[f"fair_{code}"].format(who="; ".join(told), s=seconds)
