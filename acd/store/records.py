"""The recorder: facts become rows, with the recorder's own position in the same transaction."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.store.tables import handlings, incidents, offers, position, staff_intervals, visits
from routing import facts
from routing.facts import Fact

THE_ONE = 1


def moment(at_ms: int) -> datetime:
    """A time of the engine as a UTC time."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


class SqlRecorder:
    """Implements ports.Recorder. A batch that fails leaves nothing behind and is recorded again."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = self.engine = engine
        self._write: dict[type, Callable[[AsyncConnection, Any], Awaitable[None]]] = {
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
            for seq, told in batch:
                if seq > reached:
                    for fact in told:
                        write = self._write.get(type(fact), self._incident)
                        await write(connection, fact)
            last = max(seq for seq, _ in batch)
            if last > reached:
                await connection.execute(delete(position))
                await connection.execute(insert(position), {"id": THE_ONE, "seq": last})

    async def close(self) -> None:
        await self._engine.dispose()

    # --- one fact, one statement or two --------------------------------------------------------------

    async def _set(self, connection: AsyncConnection, table: Table, key: int, **values: object) -> None:
        await connection.execute(update(table).where(table.c.id == key).values(**values))

    async def _visit_began(self, connection: AsyncConnection, fact: facts.VisitBegan) -> None:
        row = {
            "id": fact.visit,
            "node": fact.leg.node,
            "call": fact.leg.uid,
            "line": fact.line,
            "adopted": fact.adopted,
            "arrived_at": moment(fact.arrived_ms),
        }
        await connection.execute(insert(visits), row)

    async def _recognised(self, connection: AsyncConnection, fact: facts.CallerRecognised) -> None:
        known = {"token": fact.token, "case": fact.case[:40], "owner": fact.owner}
        await self._set(connection, visits, fact.visit, classes=" ".join(fact.classes)[:200], **known)

    async def _need(self, connection: AsyncConnection, fact: facts.NeedKnown) -> None:
        need = {"language": fact.language, "concern": fact.concern, "second": fact.second}
        await self._set(connection, visits, fact.visit, **need)

    async def _declined(self, connection: AsyncConnection, fact: facts.RecordingDeclined) -> None:
        await self._set(connection, visits, fact.visit, recording_declined=True)

    async def _queued(self, connection: AsyncConnection, fact: facts.Queued) -> None:
        await self._set(connection, visits, fact.visit, queued_at=moment(fact.queued_ms))

    async def _degraded(self, connection: AsyncConnection, fact: facts.Degraded) -> None:
        await self._set(connection, visits, fact.visit, degraded=True)

    async def _offer_made(self, connection: AsyncConnection, fact: facts.OfferMade) -> None:
        row = fact.choice._asdict()
        row |= {"id": fact.offer, "visit": fact.visit, "agent": fact.agent, "made_at": moment(fact.at_ms)}
        row["lost"] = json.dumps([each._asdict() for each in fact.choice.lost])
        await connection.execute(insert(offers), row)
        more = update(visits).where(visits.c.id == fact.visit).values(offers=visits.c.offers + 1)
        await connection.execute(more)

    async def _offer_rang(self, connection: AsyncConnection, fact: facts.OfferRang) -> None:
        await self._set(connection, offers, fact.offer, rang_at=moment(fact.at_ms))

    async def _offer_ended(self, connection: AsyncConnection, fact: facts.OfferEnded) -> None:
        ended = {"ended_at": moment(fact.at_ms), "outcome": fact.outcome, "cause": fact.cause}
        await self._set(connection, offers, fact.offer, **ended)

    async def _talk_began(self, connection: AsyncConnection, fact: facts.TalkBegan) -> None:
        now = moment(fact.at_ms)
        row = {"visit": fact.visit, "agent": fact.agent, "began_at": now, "offer": fact.offer}
        await connection.execute(insert(handlings), row)
        waits = await self._waits(connection, fact.visit, fact.at_ms)
        first = update(visits).where(visits.c.id == fact.visit, visits.c.answered_at.is_(None))
        await connection.execute(first.values(answered_at=now, answered_by=fact.agent, **waits))

    async def _waits(self, connection: AsyncConnection, visit: int, at_ms: int) -> dict[str, int | None]:
        query = select(visits.c.arrived_at, visits.c.queued_at).where(visits.c.id == visit)
        row = (await connection.execute(query)).first()
        if row is None:
            return {}
        return {
            "wait_since_answer_ms": at_ms - epoch_ms(row.arrived_at),
            "wait_since_queue_ms": at_ms - epoch_ms(row.queued_at) if row.queued_at else None,
        }

    async def _talk_ended(self, connection: AsyncConnection, fact: facts.TalkEnded) -> None:
        mine = (handlings.c.visit == fact.visit) & (handlings.c.agent == fact.agent)
        still = update(handlings).where(mine, handlings.c.ended_at.is_(None))
        await connection.execute(still.values(ended_at=moment(fact.at_ms)))

    async def _wrapped(self, connection: AsyncConnection, fact: facts.WrapUpEnded) -> None:
        mine = (handlings.c.visit == fact.visit) & (handlings.c.agent == fact.agent)
        still = update(handlings).where(mine, handlings.c.wrapped_at.is_(None))
        await connection.execute(still.values(wrapped_at=moment(fact.at_ms)))

    async def _visit_ended(self, connection: AsyncConnection, fact: facts.VisitEnded) -> None:
        ended = {"ended_at": moment(fact.at_ms), "outcome": fact.outcome, "ended_by": fact.ended_by}
        await self._set(connection, visits, fact.visit, reason=fact.reason, **ended)
        if fact.outcome != facts.ANSWERED:
            waits = await self._waits(connection, fact.visit, fact.at_ms)
            await self._set(connection, visits, fact.visit, **waits)

    async def _agent_changed(self, connection: AsyncConnection, fact: facts.AgentChanged) -> None:
        now = moment(fact.at_ms)
        still = (staff_intervals.c.agent == fact.agent) & staff_intervals.c.to_at.is_(None)
        await connection.execute(update(staff_intervals).where(still).values(to_at=now))
        row = {"agent": fact.agent, "state": fact.state, "reason": fact.reason[:80], "from_at": now}
        await connection.execute(insert(staff_intervals), row)

    async def _incident(self, connection: AsyncConnection, fact: Fact) -> None:
        """Everything about the house itself: links, terms, refusals, drift."""
        values = fact._asdict()
        at_ms = values.pop("at_ms")
        detail = " ".join(f"{key}={value}" for key, value in values.items())
        row = {"at": moment(at_ms), "kind": type(fact).__name__, "detail": detail[:1000]}
        await connection.execute(insert(incidents), row)


def epoch_ms(at: datetime) -> int:
    """A time of the records as engine time; SQLite gives UTC without saying so."""
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
