"""Beliefs for tests: as plain as they can be, each number given where it matters."""

from typing import Any

from acd.outlook.beliefs import Beliefs, Calls, Lasts, Pauses, Phones, Share

QUIET = Calls(0, 900_000, (), (Share("de", "other", 1.0),), 0.0, 1.0)
"""Nobody calls."""


def believed(**values: Any) -> Beliefs:
    """Everybody answers at once, nobody takes a break, talks last a minute on average (exponential-like)."""
    given: dict[str, Any] = {
        "talk": Lasts(60_000, 1.0),
        "talks": (),
        "wrap_up": None,
        "patience_ms": 1e12,
        "menu_ms": 1_000.0,
        "phones": Phones(0, 0, 0.0, 15_000),
        "pauses": Pauses(0.0, Lasts(600_000, 1.0), Lasts(600_000, 1.0)),
        "calls": QUIET,
    }
    return Beliefs(**(given | values))
