"""Service level, its four named variants written once: for records, simulated years and staffing alike."""

from typing import Any, Final, TypeVar

VARIANTS: Final = ("answered_only", "abandons_within_met", "short_abandons_excluded", "all_offered")

Quantity = TypeVar("Quantity", bound=Any)
"""Counts, arrays of counts, or shares of all callers: whatever can be added and taken away."""


def service_level(
    variant: str, answered: Quantity, in_time: Quantity, abandoned: Quantity, abandoned_in_time: Quantity
) -> tuple[Quantity, Quantity]:
    """(met, out of) of a named variant. Raises KeyError for an unknown name.

    With A answered, a of them in time, B abandoned, b of them in time: answered_only a/A;
    abandons_within_met (a+b)/(A+B); short_abandons_excluded a/(A+B-b); all_offered a/(A+B).
    Source: Koole, Call Center Optimization, and the vendors' manuals.
    """
    everybody = answered + abandoned
    met, total = {
        "answered_only": (in_time, answered),
        "abandons_within_met": (in_time + abandoned_in_time, everybody),
        "short_abandons_excluded": (in_time, everybody - abandoned_in_time),
        "all_offered": (in_time, everybody),
    }[variant]
    return met, total
