"""The history's sums, kept with the rows they are made of: in the recorder's transaction, or anew from all.

A change is what the visits it touches add after it less what they added before; so it does not matter which
facts come, in which order, or how late.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table, bindparam, delete, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.history.sums import (
    CLOCKS,
    COUNTS,
    QUARTER_MS,
    VISITS,
    WEEK_MS,
    Cell,
    Ended,
    Key,
    Sums,
    changes,
    served_by,
    sums,
)
from acd.store.moments import epoch_ms, moment
from acd.store.tables import (
    handlings,
    history_cells,
    history_counts,
    history_floor,
    history_waits,
    offers,
    told_waits,
    visits,
)
from routing import facts
from routing.facts import Fact

THE_ONE: Final = 1
AT_ONCE: Final = 500
"""So many ids stand in one statement."""
DAYS_AT_ONCE: Final = 7
"""So much is made anew in one transaction: the recorder waits for no more."""
SUMMED: Final = (
    facts.VisitEnded,
    facts.CallerRecognised,
    facts.NeedKnown,
    facts.Queued,
    facts.OfferMade,
    facts.OfferEnded,
    facts.TalkBegan,
    facts.TalkFailed,
    facts.TalkEnded,
    facts.WrapUpEnded,
    facts.WaitJudged,
    facts.CallbackPromised,
    facts.CallbackDialled,
    facts.CaseTold,
)
"""Facts that may change what a visit adds."""


class Summing:
    """Keeps the sums in the recorder's transactions: `before` its changes, `after` them, and `done` when
    they are committed."""

    def __init__(self) -> None:
        self._open: set[int] = set()
        self._touched: list[int] = []
        self._tokens: list[str] = []
        self._span: tuple[int, int] | None = None
        self._before: Sums = Sums()

    async def before(self, connection: AsyncConnection, told: Sequence[Fact]) -> None:
        """Look at what these facts may change. A visit adds nothing until it has ended."""
        ended = {fact.visit for fact in told if isinstance(fact, facts.VisitEnded)}
        touched = {fact.visit for fact in told if isinstance(fact, SUMMED)}
        self._touched = sorted(touched & (ended | (touched - self._open)))
        self._tokens, self._span, self._before = [], None, Sums()
        if not self._touched:
            return
        of = set(self._touched)
        begun = [fact for fact in told if isinstance(fact, facts.VisitBegan) and fact.visit in of]
        known = [fact for fact in told if isinstance(fact, facts.CallerRecognised) and fact.visit in of]
        arrived = [fact.arrived_ms for fact in begun]
        tokens = {fact.token for fact in known if fact.token}
        for some in _parts(self._touched):
            asked = select(visits.c.arrived_at, visits.c.token).where(visits.c.id.in_(some))
            for row in await connection.execute(asked):
                arrived.append(epoch_ms(row.arrived_at))
                tokens |= {row.token} - {""}
        self._tokens = sorted(tokens)
        if arrived:
            self._span = min(arrived) - WEEK_MS, max(arrived) + WEEK_MS
            self._before = await self._now(connection)

    async def after(self, connection: AsyncConnection) -> None:
        """Add what has changed."""
        if self._span is not None:
            await add(connection, changes(self._before, await self._now(connection)))

    def done(self, told: Sequence[Fact], *, whole: bool = True) -> None:
        """The facts are kept: which visits are open by now. whole: none of them was refused."""
        for fact in told:
            if whole and isinstance(fact, facts.VisitBegan):
                self._open.add(fact.visit)
            elif isinstance(fact, (facts.VisitBegan, facts.VisitEnded)):
                self._open.discard(fact.visit)

    async def _now(self, connection: AsyncConnection) -> Sums:
        """What the touched visits, and those of the same callers near them, add as the rows are now."""
        begin, end = self._span or (0, 0)
        rows: dict[int, Any] = {}
        for some in _parts(self._touched):
            asked = select(visits).where(visits.c.id.in_(some), visits.c.ended_at.is_not(None))
            rows |= {row.id: row for row in await connection.execute(asked)}
        for names in _parts(self._tokens):
            near = visits.c.arrived_at.between(moment(begin - WEEK_MS), moment(end + WEEK_MS))
            asked = select(visits).where(visits.c.token.in_(names), near, visits.c.ended_at.is_not(None))
            rows |= {row.id: row for row in await connection.execute(asked)}
        found = await _ended(connection, rows.values())
        touched = set(self._touched)
        wanted = {each.visit for each in found if each.visit in touched or begin <= each.arrived_ms <= end}
        return sums(found, frozenset(wanted))


async def add(connection: AsyncConnection, by: Mapping[Key, int]) -> None:
    """Add these numbers; what becomes nothing is no row."""
    if not by:
        return
    ids = await _cells(connection, sorted({key.cell for key in by}))
    counts: dict[tuple[int, int], dict[str, int]] = {}
    waits: dict[tuple[str, int, int, int], dict[str, int]] = {}
    for key, n in sorted(by.items()):
        cell = ids[key.cell]
        if key.measure in CLOCKS:
            waits[key.measure, key.quarter, cell, key.bin] = {"n": n}
        else:
            counts.setdefault((key.quarter, cell), dict.fromkeys(COUNTS, 0))[key.measure] = n
    await _added(connection, history_counts, counts, VISITS)
    await _added(connection, history_waits, waits, "n")


async def _added(
    connection: AsyncConnection,
    table: Table,
    by: Mapping[tuple[Any, ...], Mapping[str, int]],
    least: str,
) -> None:
    """least: the column that is 0 only where all are."""
    if not by:
        return
    place = [each.name for each in table.primary_key]
    made = _insert(connection, table)
    sums = {each.name: each + made.excluded[each.name] for each in table.c if each.name not in place}
    rows = [dict(zip(place, at, strict=True)) | dict(values) for at, values in by.items()]
    await connection.execute(made.on_conflict_do_update(index_elements=place, set_=sums), rows)
    if less := [at for at, values in by.items() if values[least] < 0]:
        here = [table.c[name] == bindparam(f"at_{name}") for name in place]
        gone = [{f"at_{name}": value for name, value in zip(place, at, strict=True)} for at in less]
        await connection.execute(delete(table).where(*here, table.c[least] == 0), gone)


async def forgotten(connection: AsyncConnection, before: datetime) -> None:
    """Visits that arrived before may be forgotten from now on: their sums are made anew no more."""
    made = _insert(connection, history_floor)
    later = func.max if connection.dialect.name == "sqlite" else func.greatest
    kept = made.on_conflict_do_update(
        index_elements=["id"], set_={"at": later(history_floor.c.at, made.excluded.at)}
    )
    await connection.execute(kept, {"id": THE_ONE, "at": before})


async def rebuild(engine: AsyncEngine) -> int:
    """Make the sums anew from the rows, a week at a time, while the recorder works or not; returns how many
    visits they are of. Sums of a time whose rows are not all there any more stay as they are, and those of a
    week more: of that it is not known any more who had called before."""
    async with engine.connect() as connection:
        first, last = (
            await connection.execute(select(func.min(visits.c.arrived_at), func.max(visits.c.arrived_at)))
        ).one()
        floor = (await connection.execute(select(history_floor.c.at))).scalar()
        oldest, newest = (
            await connection.execute(
                select(func.min(history_counts.c.quarter), func.max(history_counts.c.quarter))
            )
        ).one()
    begins = [] if first is None else [epoch_ms(first) // QUARTER_MS]
    begins += [] if oldest is None else [oldest]
    if not begins:
        return 0
    begin = min(begins)
    if floor is not None:
        begin = max(begin, (epoch_ms(floor) + WEEK_MS) // QUARTER_MS + 1)
    end = max(newest or 0, 0 if last is None else epoch_ms(last) // QUARTER_MS) + 1
    count, step = 0, DAYS_AT_ONCE * 86_400_000 // QUARTER_MS
    for quarter in range(begin, end, step):
        async with engine.begin() as connection:
            count += await _rebuilt(connection, quarter, quarter + step)
    return count


async def _rebuilt(connection: AsyncConnection, begin: int, end: int) -> int:
    if connection.dialect.name == "postgresql":
        await connection.execute(text("LOCK TABLE visit, handling, offer, told_wait IN SHARE MODE"))
    # First of all, since SQLite begins a transaction with a change.
    for table in (history_counts, history_waits):
        await connection.execute(delete(table).where(table.c.quarter >= begin, table.c.quarter < end))
    since, until = moment(begin * QUARTER_MS), moment(end * QUARTER_MS)
    here = (visits.c.arrived_at >= since) & (visits.c.arrived_at < until) & visits.c.ended_at.is_not(None)
    week = timedelta(milliseconds=WEEK_MS)
    rows = (await connection.execute(select(visits).where(here))).all()
    tokens = select(visits.c.token).where(here, visits.c.token != "")
    near = visits.c.arrived_at.between(since - week, until + week) & visits.c.ended_at.is_not(None)
    beside = (await connection.execute(select(visits).where(near, visits.c.token.in_(tokens)))).all()
    wanted = frozenset(row.id for row in rows)
    found = await _ended(connection, rows)
    found += [_bare(row) for row in beside if row.id not in wanted]
    await add(connection, sums(found, wanted))
    return len(wanted)


async def _ended(connection: AsyncConnection, rows: Iterable[Any]) -> list[Ended]:
    """Visits with what other rows say of them."""
    by_id = {row.id: row for row in rows}
    talks: dict[int, list[Any]] = {}
    suits: dict[int, dict[int, Any]] = {}
    told: dict[int, list[str]] = {}
    for some in _parts(sorted(by_id)):
        for row in await connection.execute(select(handlings).where(handlings.c.visit.in_(some))):
            talks.setdefault(row.visit, []).append(row)
        offered = select(offers.c.id, offers.c.visit, offers.c.step, offers.c.interpreter)
        for row in await connection.execute(offered.where(offers.c.visit.in_(some))):
            suits.setdefault(row.visit, {})[row.id] = row
        spoken = select(told_waits.c.visit, told_waits.c.came).where(told_waits.c.spoken)
        for row in await connection.execute(spoken.where(told_waits.c.visit.in_(some))):
            told.setdefault(row.visit, []).append(row.came)
    return [
        _whole(row, talks.get(id, []), suits.get(id, {}), tuple(sorted(told.get(id, ()))))
        for id, row in by_id.items()
    ]


def _whole(row: Any, talks: list[Any], suits: dict[int, Any], told: tuple[str, ...]) -> Ended:
    first = min(talks, key=lambda each: (epoch_ms(each.began_at), each.agent), default=None)
    offer = suits.get(first.offer) if first is not None else None
    chosen = (
        None
        if offer is None
        else (offer.step, offer.interpreter, bool(row.owner) and row.owner == row.answered_by)
    )
    who = served_by(row.outcome, row.answered_at is not None, chosen)
    return _bare(row)._replace(
        cell=Cell(row.language, row.concern, row.classes, row.kind, row.outcome, who),
        talk_ms=_together((each.began_at, each.ended_at) for each in talks),
        wrap_up_ms=_together((each.ended_at, each.wrapped_at) for each in talks),
        told=tuple(each for each in told if each in facts.CAME),
    )


def _bare(row: Any) -> Ended:
    """A visit by its own row alone."""
    return Ended(
        visit=row.id,
        arrived_ms=epoch_ms(row.arrived_at),
        cell=Cell(row.language, row.concern, row.classes, row.kind, row.outcome, ""),
        token=row.token,
        queued=row.queued_at is not None,
        answered_ms=_at(row.answered_at),
        wait_queue_ms=row.wait_since_queue_ms,
        wait_answer_ms=row.wait_since_answer_ms,
        talk_ms=None,
        wrap_up_ms=None,
        offers=row.offers,
        attempts=row.attempts,
        promised_until_ms=_at(row.promised_until),
        told=(),
        case_line=row.case_line,
    )


def _at(at: datetime | None) -> int | None:
    return None if at is None else epoch_ms(at)


def _together(spans: Iterable[tuple[datetime | None, datetime | None]]) -> int | None:
    """How long all of these lasted that have an end; None where none has."""
    whole = [epoch_ms(end) - epoch_ms(begin) for begin, end in spans if begin is not None and end is not None]
    return sum(whole) if whole else None


async def _cells(connection: AsyncConnection, cells: Sequence[Cell]) -> dict[Cell, int]:
    """The numbers of these cells; new ones are made."""
    missing = [each._asdict() for each in cells]
    await connection.execute(_insert(connection, history_cells).on_conflict_do_nothing(), missing)
    found: dict[Cell, int] = {}
    columns = [history_cells.c[name] for name in Cell._fields]
    for language in sorted({each.language for each in cells}):
        asked = select(history_cells.c.id, *columns).where(history_cells.c.language == language)
        for row in await connection.execute(asked):
            found[Cell(*row[1:])] = row.id
    return found


def _insert(connection: AsyncConnection, table: Table) -> Any:
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


def _parts(of: Collection[Any]) -> Iterable[list[Any]]:
    whole = list(of)
    return (whole[at : at + AT_ONCE] for at in range(0, len(whole), AT_ONCE))
