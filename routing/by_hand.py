"""What who is in charge sets by hand for the whole hotline, until a time: hours, reserves, overflow, drain.

Each stands in World.by_hand under its key until its time is over or it is given back to the rules.
"""

from collections.abc import Mapping
from typing import Final

from routing.policy import Policy
from routing.spans import next_day
from routing.world import ByHand, World

HOURS: Final = "hours"
RESERVE: Final = "reserve"
OVERFLOW: Final = "overflow"
DRAIN: Final = "drain"

CLOSED: Final = "closed"
OPEN: Final = "open"
ON: Final = "on"
OFF: Final = "off"
RULES: Final = "rules"
HOW: Final[Mapping[str, frozenset[str]]] = {
    HOURS: frozenset({CLOSED, OPEN, RULES}),
    RESERVE: frozenset({ON, OFF, RULES}),
    OVERFLOW: frozenset({ON, OFF, RULES}),
    DRAIN: frozenset({ON, RULES}),
}
"""What can be set, and how; RULES: by the rules again. HOURS of callers ("language/concern", "" for any):
closed, who waits is served as after closing and nobody new is; open, whatever the hours say. RESERVE of a
language: kept at any hour, or at none. OVERFLOW, a rule by its name: it takes effect for everybody whom it is
for, or for nobody. DRAIN: who waits is served, and nobody new is let in line."""

UNKNOWN: Final = "unknown"
OVER_ALREADY: Final = "over_already"
AS_IT_IS: Final = "as_it_is"
TOO_MANY: Final = "too_many"
BY_HAND_MAX: Final = 200
DAY_MS: Final = 86_400_000


def key(what: str, of: str) -> str:
    """Under which World.by_hand holds it."""
    return f"{what}/{of}"


def how(world: World, what: str, of: str) -> str:
    """How it is set, RULES where it is not."""
    found = world.by_hand.get(key(what, of))
    return found.how if found is not None else RULES


def refused(world: World, policy: Policy, what: str, of: str, wanted: str, until_ms: int) -> str:
    """Why it cannot be set so, "" if it can."""
    if wanted not in HOW.get(what, ()):
        return UNKNOWN
    there = {
        HOURS: of.count("/") == 1,
        RESERVE: of in [each.language for each in policy.reserves],
        OVERFLOW: of in [each.name for each in policy.overflow],
        DRAIN: of == "",
    }[what]
    if wanted == RULES:
        return "" if key(what, of) in world.by_hand else AS_IT_IS
    if not there:
        return UNKNOWN
    if until_ms and until_ms <= world.now_ms:
        return OVER_ALREADY
    full = len(world.by_hand) >= BY_HAND_MAX and key(what, of) not in world.by_hand
    return TOO_MANY if full else ""


def hours(world: World) -> dict[tuple[str, str], ByHand]:
    """Whose hours are set, by language and concern."""
    found = {}
    for name, each in world.by_hand.items():
        what, _, of = name.partition("/")
        if what == HOURS:
            language, _, concern = of.partition("/")
            found[language, concern] = each
    return found


def day_over(policy: Policy, now: int) -> int:
    """When we close for the last time before midnight (epoch ms); midnight where we do not any more."""
    midnight = next_day(policy.days, now) or now + DAY_MS
    return max((end for _, end in policy.opening if now < end <= midnight), default=midnight)


def edges(world: World) -> list[int]:
    """When something that was set is over (epoch ms)."""
    untils = [each.until_ms for each in world.by_hand.values()]
    return [each for each in (*untils, *(lent.until_ms for lent in world.lent.values())) if each]
