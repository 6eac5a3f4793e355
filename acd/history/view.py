"""What is asked of the history: a span of days, in which steps, of whom, and what stands side by side."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from acd.history.sums import CLOCKS, QUARTER_MS, WAIT_QUEUE, Cell
from routing.visit import KINDS, VOICE

QUARTER, HOUR, DAY, WEEK, MONTH, WHOLE = "quarter", "hour", "day", "week", "month", "whole"
STEPS: Final = (QUARTER, HOUR, DAY, WEEK, MONTH, WHOLE)
NOTHING: Final = ""
NEED: Final = "need"
BY: Final = (NOTHING, "language", "concern", NEED, "classes", "kind", "outcome", "served_by")
"""By what visits stand side by side: nothing, or a part of their cell; NEED: language and concern."""
DAYS_MAX: Final = {QUARTER: 31, HOUR: 93, DAY: 731, WEEK: 3_653, MONTH: 3_653, WHOLE: 3_653}
"""So many days at most in such steps, so that an answer stays an answer that is read."""


class View(NamedTuple):
    """From the first day to the last, both in it, as the centre's zone has them. language, concern: only
    these, "" for all. kind: one of routing.visit.KINDS. clock: since when waits are counted."""

    first: date
    last: date
    step: str = DAY
    by: str = NOTHING
    language: str = ""
    concern: str = ""
    kind: str = VOICE
    clock: str = WAIT_QUEUE


def last_days(today: date, days: int = 28) -> View:
    """What is shown where nothing is asked: the last days, today among them."""
    return View(today - timedelta(days=days - 1), today)


class ViewFault(ValueError):
    """What is asked cannot be answered; key: the field, code: why."""

    def __init__(self, key: str, code: str) -> None:
        super().__init__(f"{key}: {code}")
        self.key, self.code = key, code


def checked(view: View) -> View:
    """The view itself. Raises ViewFault."""
    for key, value, known in (
        ("step", view.step, STEPS),
        ("by", view.by, BY),
        ("kind", view.kind, KINDS),
        ("clock", view.clock, CLOCKS),
    ):
        if value not in known:
            raise ViewFault(key, "unknown")
    if not 2000 <= view.first.year < 2200 or not 2000 <= view.last.year < 2200:
        raise ViewFault("first", "year")
    if view.last < view.first:
        raise ViewFault("last", "before_first")
    if (view.last - view.first).days >= DAYS_MAX[view.step]:
        raise ViewFault("step", "too_many")
    return view


class Stretch(NamedTuple):
    """Quarter hours of the epoch [begin, end) in which the zone's clock goes before UTC by so many."""

    begin: int
    end: int
    ahead: int


def stretches(view: View, zone: tzinfo) -> list[Stretch]:
    """The view's span in pieces, between two changes of the clock."""
    found: list[Stretch] = []
    day, end = _quarter(view.first, zone), _quarter(view.last + timedelta(days=1), zone)
    while day < end:
        ahead = _ahead(day, zone)
        until = day
        while until < end and _ahead(until, zone) == ahead:
            until += min(96, end - until)
        while until > day + 1 and _ahead(until - 1, zone) != ahead:
            until -= 1
        found.append(Stretch(day, until, ahead))
        day = until
    return found


def _quarter(day: date, zone: tzinfo) -> int:
    """Where this day begins."""
    begin = datetime(day.year, day.month, day.day, tzinfo=zone)
    return round(begin.timestamp() * 1000) // QUARTER_MS


def _ahead(quarter: int, zone: tzinfo) -> int:
    offset = datetime.fromtimestamp(quarter * QUARTER_MS / 1000, UTC).astimezone(zone).utcoffset()
    return round((offset or timedelta()).total_seconds() * 1000) // QUARTER_MS


class Pieces(NamedTuple):
    """In pieces of so many quarter hours of the zone's clock the database counts, the first of them so many
    before the epoch."""

    size: int
    before: int = 0


PIECES: Final = {
    QUARTER: Pieces(1),
    HOUR: Pieces(4),
    DAY: Pieces(96),
    WEEK: Pieces(7 * 96, 3 * 96),
    MONTH: Pieces(96),
}
"""The epoch is a Thursday."""


def begin_of(step: str, local: int) -> datetime:
    """Where the step begins in which this piece lies. local: its number, in PIECES; the zone's clock, without
    saying which zone. WHOLE: the epoch."""
    if step == WHOLE:
        return datetime(1970, 1, 1)
    size, before = PIECES[step]
    at = datetime(1970, 1, 1) + timedelta(minutes=15 * (size * local - before))
    return at.replace(day=1) if step == MONTH else at


def names_of(view: View, cells: Iterable[Cell]) -> set[tuple[str, ...]]:
    """The names of a view."""
    return {label for cell in cells if (label := label_of(view, cell)) is not None}


def need_label(view: View, need: tuple[str, str]) -> tuple[str, ...] | None:
    """Under which name a language and concern stand in this view, by one of both or by NEED; None where they
    are not asked for."""
    return label_of(view, Cell(*need, "", view.kind, "", ""))


def label_of(view: View, cell: Cell) -> tuple[str, ...] | None:
    """Under which name a cell's visits stand in this view; None where they are not asked for."""
    if view.by != "kind" and cell.kind != view.kind:
        return None
    if view.language and cell.language != view.language:
        return None
    if view.concern and cell.concern != view.concern:
        return None
    if view.by == NEED:
        return cell.language, cell.concern
    return (str(getattr(cell, view.by)),) if view.by else ()
