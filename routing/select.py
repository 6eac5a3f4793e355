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
OWNERS_TIME: Final = 5
HELD_IN_RESERVE: Final = 6
IN_QUIET_TIME: Final = 7
NAMED_ANOTHER: Final = 8

REASONS: Final = (
    "suits",
    "language_too_low",
    "concern_too_low",
    "not_free",
    "asked_already",
    "owners_time",
    "held_in_reserve",
    "quiet",
    "named_another",
)
"""Stable reason codes, by verdict."""


def verdict(
    language_level: int,
    language_needed: int,
    concern_level: int,
    concern_needed: int,
    free: int,
    asked_already: int,
    owners_time: int,
    is_owner: int,
    held: int,
    quiet: int = 0,
    named: int = 0,
    is_named: int = 0,
) -> int:
    """Whether a person may take a caller at the caller's present step, or the first reason why not.

    language_level: the best level in any language that the step admits. owners_time: the caller still
    waits for the owner of their case alone; the owner needs no level in the concern. held: the person
    is kept for callers of a scarce language. quiet: nothing but their quiet time keeps them from being free.
    named: a supervisor keeps the caller for somebody alone, of whom no skill is asked, and whom no reserve
    holds.
    Flags are 0 or 1. A caller's need comes before the person's
    state, so that the reason given is the lasting one.
    """
    if named != 0:
        if is_named == 0:
            return 8
    elif language_level < language_needed:
        return 1
    elif owners_time != 0:
        if is_owner == 0:
            return 5
    elif concern_level < concern_needed:
        return 2
    if asked_already != 0:
        return 4
    if free == 0:
        if quiet != 0:
            return 7
        return 3
    if held != 0 and owners_time == 0 and named == 0:
        return 6
    return 0


def waits_for_owner(waited_ms: int, owner_ms: int, owner_on_duty: int) -> int:
    """1 while a caller waits for the owner of their case alone."""
    if owner_on_duty != 0 and waited_ms < owner_ms:
        return 1
    return 0


def keeps(same_language: int, free_members: int, keep: int) -> int:
    """1 if a reserve holds its free members back from a caller: of another language, and too few free."""
    if same_language == 0 and free_members <= keep:
        return 1
    return 0


# --- the order of the eligible ------------------------------------------------------------------------

BY_OWNER: Final = 0
BY_CONCERN: Final = 1
BY_LANGUAGE: Final = 2
BY_VERSATILITY: Final = 3
BY_IDLE: Final = 4
BY_CALLS: Final = 5
BY_OCCUPANCY: Final = 6

CRITERIA: Final = {
    "owner": BY_OWNER,
    "concern": BY_CONCERN,
    "language": BY_LANGUAGE,
    "least_versatile": BY_VERSATILITY,
    "longest_idle": BY_IDLE,
    "fewest_calls": BY_CALLS,
    "lowest_occupancy": BY_OCCUPANCY,
}
"""Names as a policy's `choose` writes them."""

BY_SKILL: Final = frozenset({"concern", "language", "least_versatile"})
"""Those that skills alone decide: engine and planner rank a team by them once, and not at each decision."""


def person_order(
    criterion: int,
    is_owner: int,
    concern_level: int,
    language_level: int,
    versatility: int,
    idle_since_ms: int,
    calls: int,
    busy_ms: int,
    idle_ms: int,
) -> int:
    """The order of a person by one criterion; equal ones are told apart by the next criterion.

    versatility: how many languages the person speaks. idle_since_ms: epoch ms. calls: taken today.
    busy_ms, idle_ms: time in talks and wrap-up, and idle and ready, today; occupancy is busy/(busy+idle)
    in parts of ten thousand.
    """
    if criterion == 0:
        return 1 - is_owner
    if criterion == 1:
        return -concern_level
    if criterion == 2:
        return -language_level
    if criterion == 3:
        return versatility
    if criterion == 4:
        return idle_since_ms
    if criterion == 5:
        return calls
    if busy_ms + idle_ms <= 0:
        return 0
    return busy_ms * 10_000 // (busy_ms + idle_ms)


def caller_order(order_from_ms: int, worth_ms: int) -> int:
    """The order of a caller. A priority class is worth time, so two callers' order never changes."""
    return order_from_ms - worth_ms


def step_at(waited_ms: int, after_ms: int) -> int:
    """1 if a widening step that begins `after_ms` of waiting is reached, else 0."""
    if waited_ms >= after_ms:
        return 1
    return 0
