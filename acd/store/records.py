"""The recorder: facts become rows, with the recorder's own position in the same transaction."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Table, Update, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.store.tables import (
    handlings,
    incidents,
    offers,
    position,
    shadow_differences,
    staff_intervals,
    visits,
)
from routing import facts
from routing.facts import Fact
from routing.index import Choice

THE_ONE = 1
DETAIL_MAX = 8_000


def moment(at_ms: int) -> datetime:
    """A time of the engine as a UTC time."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


class SqlRecorder:
    """Implements ports.Recorder. A batch that fails leaves nothing behind and is recorded again.

    A batch's changes are gathered by kind and written with one statement each: rows are made before they
    are changed, and changes of different kinds to one row touch different columns, so their order is free.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = self.engine = engine
        self._came: dict[int, tuple[int, int]] = {}
        self._take: dict[type, Callable[[_Batch, Any], None]] = {
            facts.VisitBegan: self._visit_began,
            facts.CallerRecognised: self._recognised,
            facts.NeedKnown: self._need,
            facts.RecordingDeclined: self._declined,
            facts.Queued: self._queued,
            facts.Degraded: self._degraded,
            facts.OfferMade: self._offer_made,
            facts.OfferRang: self._offer_rang,
            facts.OfferEnded: self._offer_ended,
            facts.TalkBegan: self._talk_began,
            facts.TalkEnded: self._talk_ended,
            facts.WrapUpEnded: self._wrapped,
            facts.VisitEnded: self._visit_ended,
            facts.AgentChanged: self._agent_changed,
            facts.ShadowDiffered: self._shadow_differed,
        }

    async def position(self) -> int:
        async with self._engine.connect() as connection:
            return await self._position(connection)

    async def _position(self, connection: AsyncConnection) -> int:
        seq = (await connection.execute(select(position.c.seq).where(position.c.id == THE_ONE))).scalar()
        return int(seq or 0)

    async def record(self, batch: Sequence[tuple[int, Sequence[Fact]]]) -> None:
        async with self._engine.begin() as connection:
            reached = await self._position(connection)
            told = [fact for seq, some in batch if seq > reached for fact in some]
            await self._find_open(connection, told)
            gathered = _Batch()
            for fact in told:
                if isinstance(fact, facts.TalkBegan) and (fact.visit, fact.agent) in gathered.ended:
                    await gathered.write(connection)
                self._take.get(type(fact), self._incident)(gathered, fact)
            await gathered.write(connection)
            last = max(seq for seq, _ in batch)
            if last > reached:
                await connection.execute(delete(position))
                await connection.execute(insert(position), {"id": THE_ONE, "seq": last})
        for fact in told:
            if isinstance(fact, facts.VisitEnded):
                self._came.pop(fact.visit, None)

    async def close(self) -> None:
        await self._engine.dispose()

    async def _find_open(self, connection: AsyncConnection, told: Sequence[Fact]) -> None:
        """Since when visits wait that began before this recorder did."""
        begun = {fact.visit for fact in told if isinstance(fact, facts.VisitBegan)}
        wanted = {fact.visit for fact in told if isinstance(fact, (facts.TalkBegan, facts.VisitEnded))}
        missing = sorted(wanted - begun - self._came.keys())
        if missing:
            query = select(visits.c.id, visits.c.arrived_at, visits.c.queued_at)
            for row in await connection.execute(query.where(visits.c.id.in_(missing))):
                queued = epoch_ms(row.queued_at) if row.queued_at else 0
                self._came[row.id] = (epoch_ms(row.arrived_at), queued)

    def _waits(self, visit: int, at_ms: int) -> dict[str, int | None]:
        arrived, queued = self._came.get(visit, (0, 0))
        return {
            "wait_since_answer_ms": at_ms - arrived if arrived else None,
            "wait_since_queue_ms": at_ms - queued if queued else None,
        }

    # --- one fact each -------------------------------------------------------------------------------

    def _visit_began(self, batch: "_Batch", fact: facts.VisitBegan) -> None:
        self._came[fact.visit] = (fact.arrived_ms, 0)
        row = {
            "id": fact.visit,
            "node": fact.leg.node,
            "call": fact.leg.uid,
            "line": fact.line,
            "adopted": fact.adopted,
            "arrived_at": moment(fact.arrived_ms),
        }
        batch.insert(visits, row)

    def _recognised(self, batch: "_Batch", fact: facts.CallerRecognised) -> None:
        known = {"token": fact.token, "case": fact.case[:40], "owner": fact.owner}
        batch.set(visits, fact.visit, classes=" ".join(fact.classes)[:200], **known)

    def _need(self, batch: "_Batch", fact: facts.NeedKnown) -> None:
        batch.set(visits, fact.visit, language=fact.language, concern=fact.concern, second=fact.second)

    def _declined(self, batch: "_Batch", fact: facts.RecordingDeclined) -> None:
        batch.set(visits, fact.visit, recording_declined=True)

    def _queued(self, batch: "_Batch", fact: facts.Queued) -> None:
        if fact.visit in self._came:
            self._came[fact.visit] = (self._came[fact.visit][0], fact.queued_ms)
        batch.set(visits, fact.visit, queued_at=moment(fact.queued_ms))

    def _degraded(self, batch: "_Batch", fact: facts.Degraded) -> None:
        batch.set(visits, fact.visit, degraded=True)

    def _offer_made(self, batch: "_Batch", fact: facts.OfferMade) -> None:
        row = fact.choice._asdict()
        row |= {"id": fact.offer, "visit": fact.visit, "agent": fact.agent, "made_at": moment(fact.at_ms)}
        row["lost"] = json.dumps([each._asdict() for each in fact.choice.lost])
        batch.insert(offers, row)
        batch.run(ONE_MORE_OFFER, {"key": fact.visit})

    def _offer_rang(self, batch: "_Batch", fact: facts.OfferRang) -> None:
        batch.set(offers, fact.offer, rang_at=moment(fact.at_ms))

    def _offer_ended(self, batch: "_Batch", fact: facts.OfferEnded) -> None:
        batch.set(offers, fact.offer, ended_at=moment(fact.at_ms), outcome=fact.outcome, cause=fact.cause)

    def _talk_began(self, batch: "_Batch", fact: facts.TalkBegan) -> None:
        now = moment(fact.at_ms)
        batch.insert(
            handlings, {"visit": fact.visit, "agent": fact.agent, "began_at": now, "offer": fact.offer}
        )
        waits = self._waits(fact.visit, fact.at_ms)
        batch.run(ANSWERED, {"key": fact.visit, "at": now, "by": fact.agent, **waits})

    def _talk_ended(self, batch: "_Batch", fact: facts.TalkEnded) -> None:
        batch.ended.add((fact.visit, fact.agent))
        batch.run(TALK_ENDED, {"key": fact.visit, "who": fact.agent, "at": moment(fact.at_ms)})

    def _wrapped(self, batch: "_Batch", fact: facts.WrapUpEnded) -> None:
        batch.ended.add((fact.visit, fact.agent))
        batch.run(WRAPPED, {"key": fact.visit, "who": fact.agent, "at": moment(fact.at_ms)})

    def _visit_ended(self, batch: "_Batch", fact: facts.VisitEnded) -> None:
        ended = {"ended_at": moment(fact.at_ms), "outcome": fact.outcome, "ended_by": fact.ended_by}
        batch.set(visits, fact.visit, reason=fact.reason, **ended)
        if fact.outcome != facts.ANSWERED:
            batch.set(visits, fact.visit, **self._waits(fact.visit, fact.at_ms))

    def _agent_changed(self, batch: "_Batch", fact: facts.AgentChanged) -> None:
        now = moment(fact.at_ms)
        batch.intervals.setdefault(fact.agent, []).append(
            {
                "agent": fact.agent,
                "state": fact.state,
                "reason": fact.reason[:80],
                "from_at": now,
                "to_at": None,
            }
        )

    def _shadow_differed(self, batch: "_Batch", fact: facts.ShadowDiffered) -> None:
        both = {"live": _explained(fact.live), "shadow": _explained(fact.shadow)}
        batch.insert(shadow_differences, {"at": moment(fact.at_ms), **both})

    def _incident(self, batch: "_Batch", fact: Fact) -> None:
        """Everything about the house itself: links, terms, refusals, drift."""
        values = fact._asdict()
        at_ms = values.pop("at_ms")
        detail = " ".join(f"{key}={value}" for key, value in values.items())
        row = {"at": moment(at_ms), "kind": type(fact).__name__, "detail": detail[:DETAIL_MAX]}
        batch.insert(incidents, row)


def _explained(choice: Choice | None) -> str:
    """A choice with its reasons as JSON, its fields named."""
    if choice is None:
        return "null"
    return json.dumps(choice._asdict() | {"lost": [each._asdict() for each in choice.lost]})


def _still(column: str, at: str) -> Update:
    open_one = handlings.c[column].is_(None)
    mine = (handlings.c.visit == bindparam("key")) & (handlings.c.agent == bindparam("who"))
    return update(handlings).where(mine, open_one).values({column: bindparam(at)})


ONE_MORE_OFFER = update(visits).where(visits.c.id == bindparam("key")).values(offers=visits.c.offers + 1)
ANSWERED = (
    update(visits)
    .where(visits.c.id == bindparam("key"), visits.c.answered_at.is_(None))
    .values(
        answered_at=bindparam("at"),
        answered_by=bindparam("by"),
        wait_since_answer_ms=bindparam("wait_since_answer_ms"),
        wait_since_queue_ms=bindparam("wait_since_queue_ms"),
    )
)
TALK_ENDED = _still("ended_at", "at")
WRAPPED = _still("wrapped_at", "at")
INTERVAL_ENDED = (
    update(staff_intervals)
    .where(staff_intervals.c.agent == bindparam("who"), staff_intervals.c.to_at.is_(None))
    .values(to_at=bindparam("at"))
)


class _Batch:
    """Changes gathered by statement. ended: (visit, agent) whose talk ended in here."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self.ended: set[tuple[int, str]] = set()
        self.intervals: dict[str, list[dict[str, Any]]] = {}
        self._inserts: dict[Table, list[dict[str, Any]]] = {}
        self._sets: dict[tuple[Table, tuple[str, ...]], list[dict[str, Any]]] = {}
        self._runs: dict[Update, list[dict[str, Any]]] = {}

    def insert(self, table: Table, row: dict[str, Any]) -> None:
        self._inserts.setdefault(table, []).append(row)

    def set(self, table: Table, key: int, **values: object) -> None:
        named = {f"new_{name}": value for name, value in values.items()}
        self._sets.setdefault((table, tuple(sorted(values))), []).append({"key": key, **named})

    def run(self, statement: Update, values: dict[str, Any]) -> None:
        self._runs.setdefault(statement, []).append(values)

    async def write(self, connection: AsyncConnection) -> None:
        """All of it, and be empty again."""
        for table, rows in self._inserts.items():
            await connection.execute(insert(table), rows)
        for (table, names), rows in self._sets.items():
            values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
            statement = update(table).where(table.c.id == bindparam("key")).values(values)
            await connection.execute(statement, rows)
        for statement, rows in self._runs.items():
            await connection.execute(statement, rows)
        await self._write_intervals(connection)
        self._clear()

    async def _write_intervals(self, connection: AsyncConnection) -> None:
        """Each person's open interval ends with the first change; each change ends the one before."""
        if not self.intervals:
            return
        begins = [{"who": agent, "at": rows[0]["from_at"]} for agent, rows in self.intervals.items()]
        await connection.execute(INTERVAL_ENDED, begins)
        for rows in self.intervals.values():
            for row, following in pairwise(rows):
                row["to_at"] = following["from_at"]
        made = [row for rows in self.intervals.values() for row in rows]
        await connection.execute(insert(staff_intervals), made)


def epoch_ms(at: datetime) -> int:
    """A time of the records as engine time; SQLite gives UTC without saying so."""
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
