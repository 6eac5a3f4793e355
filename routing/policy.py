"""The rules of the house as values: what a caller needs at which age, and how long things may take."""

from typing import NamedTuple

OWN = 1
SECOND = 2
FALLBACK = 4
"""Which of a caller's languages a step admits; a step's `scope` is a sum of these."""


class Step(NamedTuple):
    """What is asked of a person from `after_ms` of waiting on.

    scope: sum of OWN, SECOND, FALLBACK; language: least CEFR level (1 to 7) in an admitted language;
    concern: least level (0 to 5; 0 admits everybody) in the caller's concern.
    """

    after_ms: int
    scope: int
    language: int
    concern: int


class Policy(NamedTuple):
    """All that the engine decides by. Times are integer milliseconds.

    steps: sorted by after_ms, the first at 0. unknown_languages: who serves an undetermined language
    speaks all of these. fallback_languages: any of these once a step admits FALLBACK.
    choose: the order of criteria among the eligible (names in routing.select).
    opening: sorted, disjoint [from, to) intervals of epoch milliseconds.
    lease_ms: the longest time from an offer to its end, ring included, whatever is lost on the way.
    silent_ms: a phone that has not rung this long after the offer is taken for dead.
    misses_until_away: after so many offers in a row not taken, a person is away until they say ready.
    retry_ms: how long a person who did not take a caller is not asked for the same caller again.
    """

    steps: tuple[Step, ...]
    unknown_languages: tuple[str, ...]
    fallback_languages: tuple[str, ...]
    choose: tuple[str, ...]
    ring_ms: int
    lease_ms: int
    silent_ms: int
    wrap_up_ms: int
    misses_until_away: int
    opening: tuple[tuple[int, int], ...]
    retry_ms: int = 30_000
