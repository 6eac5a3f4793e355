"""The columns of an answer: what pages, CSV and XLSX all show, in the same order and under the same keys."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from acd.history.figures import Figures, Share
from routing.service_level import VARIANTS

Kind = Literal["count", "seconds", "share"]
Value = int | float | Share | None


class Column(NamedTuple):
    """key: of its words. A share is (met, out of)."""

    key: str
    kind: Kind


FIGURES: Final = (
    Column("visits", "count"),
    Column("queued", "count"),
    Column("answered", "count"),
    Column("abandoned", "count"),
    Column("short", "count"),
    Column("turned_away", "count"),
    *(Column(name, "share") for name in VARIANTS),
    Column("p50", "seconds"),
    Column("p90", "seconds"),
    Column("p95", "seconds"),
    Column("longest", "seconds"),
    Column("mean_wait", "seconds"),
    Column("handle", "seconds"),
    Column("resolved", "share"),
    Column("repeats", "share"),
    Column("kept", "share"),
    Column("held", "share"),
    Column("case_asked", "count"),
    Column("content", "share"),
)


def columns(variant: str) -> list[Column]:
    """Those of a page: of the service levels the one that the centre goes by; short ones are in abandoned."""
    return [each for each in FIGURES if each.key not in (*VARIANTS, "short") or each.key == variant]


def value(figures: Figures, column: Column) -> Value:
    """What stands there."""
    if column.key in figures.levels:
        return figures.levels[column.key]
    found: Value = getattr(figures, column.key)
    return found


def flat(figures: Figures, of: Sequence[Column] = FIGURES) -> list[int | float | None]:
    """As numbers: each share as two, what met and out of how many."""
    found: list[int | float | None] = []
    for column in of:
        held = value(figures, column)
        found += held if isinstance(held, tuple) else [held]
    return found
