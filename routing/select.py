"""Who may take whom, and in which order: scalar functions over integers, written once.

CPython runs them here; a compiler runs the very same functions in the planner. So they take and
return plain integers and call nothing. A lower order goes first.
"""

from typing import Final

# --- verdicts on one person for one caller -----------------------------------------------------------

SUITS: Final = 0
LANGUAGE_TOO_LOW: Final = 1
CONCERN_TOO_LOW: Final = 2
NOT_FREE: Final = 3
ASKED_ALREADY: Final = 4

REASONS: Final = ("suits", "language_too_low", "concern_too_low", "not_free", "asked_already")
"""Stable reason codes, by verdict."""


def verdict(
    language_level: int,
    language_needed: int,
    concern_level: int,
    concern_needed: int,
    free: int,
    asked_already: int,
) -> int:
    """Whether a person may take a caller at the caller's present step, or the first reason why not.

    language_level is the best level in any language that the step admits; free and asked_already
    are 0 or 1. A caller's need comes before the person's state, so that the reason given is the lasting one.
    """
    if language_level < language_needed:
        return 1
    if concern_level < concern_needed:
        return 2
    if asked_already != 0:
        return 4
    if free == 0:
        return 3
    return 0


# --- the order of the eligible ------------------------------------------------------------------------

BY_CONCERN: Final = 0
BY_LANGUAGE: Final = 1
BY_VERSATILITY: Final = 2
BY_IDLE: Final = 3
BY_CALLS: Final = 4

CRITERIA: Final = {
    "concern": BY_CONCERN,
    "language": BY_LANGUAGE,
    "least_versatile": BY_VERSATILITY,
    "longest_idle": BY_IDLE,
    "fewest_calls": BY_CALLS,
}
"""Names as a policy's `choose` writes them."""


def person_order(
    criterion: int,
    concern_level: int,
    language_level: int,
    versatility: int,
    idle_since_ms: int,
    calls: int,
) -> int:
    """The order of a person by one criterion; equal ones are told apart by the next criterion.

    versatility: how many languages the person speaks. idle_since_ms: epoch ms. calls: taken since login.
    """
    if criterion == 0:
        return -concern_level
    if criterion == 1:
        return -language_level
    if criterion == 2:
        return versatility
    if criterion == 3:
        return idle_since_ms
    return calls


def caller_order(order_from_ms: int, worth_ms: int) -> int:
    """The order of a caller. A priority class is worth time, so two callers' order never changes."""
    return order_from_ms - worth_ms


def step_at(waited_ms: int, after_ms: int) -> int:
    """1 if a widening step that begins `after_ms` of waiting is reached, else 0."""
    if waited_ms >= after_ms:
        return 1
    return 0
