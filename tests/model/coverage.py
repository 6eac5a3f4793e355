"""Which transitions of the tables were taken: the tables are watched while the engine looks into them."""

import sys
from typing import Any

from agents import state as staff
from routing import visit as visits

TABLES = {
    "visit": visits.TRANSITIONS,
    "activity": staff.ACTIVITY,
    "presence": staff.PRESENCE,
    "interpreting": visits.INTERPRETING,
}
"""Name -> table, as the engine knows them."""


class Watched(dict[tuple[str, str], str]):
    """A table that counts what is looked up in it and found."""

    def __init__(self, table: dict[tuple[str, str], str]) -> None:
        super().__init__(table)
        self.taken: dict[tuple[str, str], int] = dict.fromkeys(table, 0)

    def get(self, key: Any, default: Any = None) -> Any:
        found = super().get(key, default)
        if key in self.taken:
            self.taken[key] += 1
        return found

    def __getitem__(self, key: tuple[str, str]) -> str:
        if key in self.taken:
            self.taken[key] += 1
        return super().__getitem__(key)


WATCHED: dict[str, Watched] = {}


def watch() -> None:
    """Put watched tables in the place of all that hold them. Once a process."""
    if WATCHED:
        return
    for name, table in TABLES.items():
        watched = WATCHED[name] = Watched(table)
        for module in list(sys.modules.values()):
            if getattr(module, "__name__", "").partition(".")[0] not in ("agents", "routing"):
                continue
            for attribute, value in list(vars(module).items()):
                if value is table:
                    setattr(module, attribute, watched)


OF_CALLBACKS = frozenset(
    {visits.PROMISED, visits.CALLING, visits.PROMISE, visits.LIFT, staff.CALLING, staff.LIFT}
)
"""States and triggers of callbacks, of which the model's callers ask for none: they have random histories of
their own, and a test for each transition (tests/properties/test_callback_histories.py)."""


def taken() -> dict[str, int]:
    """How often each transition was taken so far, as "table state trigger"; those of callbacks left out."""
    return {
        f"{name} {state} {trigger}": times
        for name, table in WATCHED.items()
        for (state, trigger), times in table.taken.items()
        if not OF_CALLBACKS & {state, trigger}
    }
