"""The recorder: facts become rows, with the recorder's own position in the same transaction."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.store.gathered import (
    ANSWERED,
    CLOSED,
    NO_TALK,
    NOT_ANSWERED,
    ONE_MORE_OFFER,
    TALK_ENDED,
    THREAT_SEEN,
    UNBLOCKED,
    WRAPPED,
    Gathered,
)
from acd.store.moments import epoch_ms, moment
from acd.store.plain import plain
from acd.store.summing import Summing
from acd.store.tables import (
    announcements,
    callback_attempts,
    emergencies,
    handlings,
    handovers,
    incidents,
    offers,
    overflows,
    position,
    recordings,
    set_aside,
    shadow_differences,
    threats,
    told_waits,
    visits,
)
from routing import facts
from routing.facts import Fact
from routing.index import Choice

THE_ONE = 1
DETAIL_MAX = 8_000
CONSENT, WITHDRAWN = {facts.CONSENTED: "yes", facts.REFUSED: "no"}, "withdrawn"
"""A caller's last word on being recorded; "" where they were not asked."""
DATA, INTEGRITY = "22", "23"
"""Classes of PostgreSQL's SQLSTATE by which it says that a value, not the moment, is what is wrong."""

log = structlog.get_logger(__name__)


class SqlRecorder:
    """Implements ports.Recorder. A batch that fails leaves nothing behind and is recorded again.

    A batch's changes are gathered by kind and written with one statement each: rows are made before they
    are changed, and changes of different kinds to one row touch different columns, so their order is free.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = self.engine = engine
        self.set_aside = 0
        self._came: dict[int, tuple[int, int]] = {}
        self._summing = Summing()
        self._take: dict[type, Callable[[Gathered, Any], None]] = {
            facts.VisitBegan: self._visit_began,
            facts.CallbackPromised: self._promised,
            facts.MessageTaken: self._message,
            facts.CallbackDialled: self._dialled,
            facts.CallbackFailed: self._not_there,
            facts.CallbackNotOut: self._not_out,
            facts.CallerRecognised: self._recognised,
            facts.CaseTold: self._case_told,
            facts.ListeningAllowed: _no_row,
            facts.Listened: _no_row,
            facts.ListeningEnded: _no_row,
            facts.NeedKnown: self._need,
            facts.RecordingChanged: self._recording,
            facts.Queued: self._queued,
            facts.CallerTold: self._told,
            facts.WaitJudged: self._wait_judged,
            facts.AnnouncementChanged: self._announcement,
            facts.Rejoined: self._rejoined,
            facts.Overflowed: self._overflowed,
            facts.Degraded: self._degraded,
            facts.OfferMade: self._offer_made,
            facts.OfferRang: self._offer_rang,
            facts.OfferEnded: self._offer_ended,
            facts.TalkBegan: self._talk_began,
            facts.TalkFailed: self._talk_failed,
            facts.TalkEnded: self._talk_ended,
            facts.WrapUpEnded: self._wrapped,
            facts.WrapUpExtended: _no_row,
            facts.QuietChanged: _no_row,
            facts.HandlingClosed: self._closed,
            facts.HandedOver: self._handed_over,
            facts.HandoverGivenBack: self._given_back,
            facts.HandoverDone: self._handover_done,
            facts.ThreatTold: self._threat_told,
            facts.ThreatSeen: self._threat_seen,
            facts.TokenUnblocked: self._unblocked,
            facts.VisitEnded: self._visit_ended,
            facts.AgentChanged: self._agent_changed,
            facts.ShadowDiffered: self._shadow_differed,
        }

    async def position(self) -> int:
        async with self._engine.connect() as connection:
            return (await self._position(connection))[0]

    async def term(self) -> int:
        async with self._engine.connect() as connection:
            return (await self._position(connection))[1]

    async def highest_term(self) -> int:
        """The highest term that counted an id which stands in the rows."""
        async with self._engine.connect() as connection:
            _, term = await self._position(connection)
            for table in (visits, offers):
                newest = (await connection.execute(select(func.max(table.c.id)))).scalar()
                term = max(term, int(newest or 0) >> 32)
        return term

    async def _position(self, connection: AsyncConnection) -> tuple[int, int]:
        row = (await connection.execute(select(position).where(position.c.id == THE_ONE))).first()
        return (row.seq, row.term) if row else (0, 0)

    async def rewind(self, seq: int, term: int) -> None:
        async with self._engine.begin() as connection:
            await self._go_to(connection, seq, term)

    async def _go_to(self, connection: AsyncConnection, seq: int, term: int) -> None:
        await connection.execute(delete(position))
        await connection.execute(insert(position), {"id": THE_ONE, "seq": seq, "term": term})

    async def record(self, batch: Sequence[tuple[int, Sequence[Fact]]]) -> None:
        """A batch that the database refuses is given to it event by event, and a refused event fact by
        fact: what it refuses alone is set aside, so that nothing that can be kept waits behind it."""
        try:
            await self._record(batch)
        except (SQLAlchemyError, ValueError, OverflowError, TypeError) as fault:
            if not _refused(fault):
                raise
            for seq, told in batch:
                try:
                    await self._record([(seq, told)])
                except (SQLAlchemyError, ValueError, OverflowError, TypeError) as mine:
                    if not _refused(mine):
                        raise
                    await self._record_singly(seq, told)

    async def _record(self, batch: Sequence[tuple[int, Sequence[Fact]]]) -> None:
        async with self._engine.begin() as connection:
            reached, term = await self._position(connection)
            told = [fact for seq, some in batch if seq > reached for fact in some]
            await self._find_open(connection, told)
            await self._summing.before(connection, told)
            gathered = Gathered()
            for fact in told:
                again = isinstance(fact, facts.TalkBegan) and (fact.visit, fact.agent) in gathered.ended
                if again or isinstance(fact, facts.TalkFailed):
                    await gathered.write(connection)
                self._take.get(type(fact), self._incident)(gathered, fact)
                if isinstance(fact, facts.TalkFailed):
                    await gathered.write(connection)
            await gathered.write(connection)
            await self._summing.after(connection)
            last = max(seq for seq, _ in batch)
            if last > reached:
                await self._go_to(connection, last, _term_of(told, term))
        self._summing.done(told)
        self._forget(told)

    async def _record_singly(self, seq: int, told: Sequence[Fact]) -> None:
        """One event, each fact for itself; in one transaction all the same."""
        async with self._engine.begin() as connection:
            reached, term = await self._position(connection)
            if seq <= reached:
                return
            # First of all, since SQLite begins a transaction with a change, not with a savepoint.
            await self._go_to(connection, seq, _term_of(told, term))
            await self._find_open(connection, told)
            await self._summing.before(connection, told)
            refused = []
            for fact in told:
                try:
                    async with connection.begin_nested():
                        gathered = Gathered()
                        self._take.get(type(fact), self._incident)(gathered, fact)
                        await gathered.write(connection)
                except (SQLAlchemyError, ValueError, OverflowError, TypeError) as fault:
                    if not _refused(fault):
                        raise
                    kind = type(fact).__name__
                    origin = getattr(fault, "orig", None) or fault
                    refused.append(
                        {
                            "seq": seq,
                            "kind": kind,
                            "fact": plain(json.dumps(fact._asdict(), default=str), DETAIL_MAX),
                            "why": plain(f"{type(origin).__name__}: {origin}".splitlines()[0], 300),
                        }
                    )
                    log.error("a fact is set aside: the records refuse it", seq=seq, kind=kind)
            if refused:
                await connection.execute(insert(set_aside), refused)
            await self._summing.after(connection)
        self.set_aside += len(refused)
        self._summing.done(told, whole=False)
        self._forget(told)

    async def count_set_aside(self) -> int:
        """How many facts the database has refused and nobody has looked after yet."""
        async with self._engine.connect() as connection:
            found = (await connection.execute(select(func.count()).select_from(set_aside))).scalar()
        self.set_aside = int(found or 0)
        return self.set_aside

    def _forget(self, told: Sequence[Fact]) -> None:
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

    def _visit_began(self, batch: Gathered, fact: facts.VisitBegan) -> None:
        self._came[fact.visit] = (fact.arrived_ms, 0)
        row = {
            "id": fact.visit,
            "node": fact.leg.node if fact.leg is not None else "",
            "call": fact.leg.uid if fact.leg is not None else "",
            "line": fact.line,
            "kind": fact.kind,
            "origin": fact.origin,
            "adopted": fact.adopted,
            "arrived_at": moment(fact.arrived_ms),
        }
        batch.insert(visits, row)

    def _promised(self, batch: Gathered, fact: facts.CallbackPromised) -> None:
        between = [moment(each) if each else None for each in (fact.from_ms, fact.until_ms)]
        batch.set(visits, fact.visit, promised_from=between[0], promised_until=between[1])

    def _message(self, batch: Gathered, fact: facts.MessageTaken) -> None:
        batch.set(visits, fact.visit, message=fact.file[:40])

    def _dialled(self, batch: Gathered, fact: facts.CallbackDialled) -> None:
        row = {"id": fact.offer, "visit": fact.visit, "attempt": fact.attempt, "agent": fact.agent}
        batch.insert(callback_attempts, row | {"dialled_at": moment(fact.at_ms)})
        batch.set(visits, fact.visit, attempts=fact.attempt)

    def _not_there(self, batch: Gathered, fact: facts.CallbackFailed) -> None:
        again = moment(fact.again_ms) if fact.again_ms else None
        batch.set(callback_attempts, fact.offer, status=fact.status[:20], again_at=again)

    def _not_out(self, batch: Gathered, fact: facts.CallbackNotOut) -> None:
        """As no attempt: number 0, with the provider's last word."""
        again = moment(fact.again_ms) if fact.again_ms else None
        said = {"attempt": 0, "status": f"NOT_OUT {max(fact.sip, 0)}", "again_at": again}
        if not fact.dialled:
            row = {"id": fact.offer, "visit": fact.visit, "attempt": 0, "agent": fact.agent}
            batch.insert(callback_attempts, row | {"dialled_at": moment(fact.at_ms)})
        batch.set(callback_attempts, fact.offer, **said)
        batch.set(visits, fact.visit, attempts=fact.attempts)

    def _recognised(self, batch: Gathered, fact: facts.CallerRecognised) -> None:
        known = {"token": fact.token, "case": fact.case[:40], "owner": fact.owner}
        batch.set(visits, fact.visit, classes=" ".join(fact.classes)[:200], **known)

    def _need(self, batch: Gathered, fact: facts.NeedKnown) -> None:
        """chose_*: "" where it is the caller's own."""
        language, concern = fact.chose or ("", "")
        batch.set(visits, fact.visit, language=fact.language, concern=fact.concern, second=fact.second)
        batch.set(visits, fact.visit, chose_language=language, chose_concern=concern)

    def _recording(self, batch: Gathered, fact: facts.RecordingChanged) -> None:
        row = {"visit": fact.visit, "at": moment(fact.at_ms), "what": fact.what, "by": fact.by}
        batch.insert(recordings, row | {"step": fact.step})
        if fact.what == facts.STOPPED and fact.by == facts.BY_CALLER:
            batch.set(visits, fact.visit, consent=WITHDRAWN)
        elif fact.what in CONSENT:
            batch.set(visits, fact.visit, consent=CONSENT[fact.what])

    def _case_told(self, batch: Gathered, fact: facts.CaseTold) -> None:
        """The last word counts."""
        batch.set(visits, fact.visit, case_line=fact.became)

    def _queued(self, batch: Gathered, fact: facts.Queued) -> None:
        if fact.visit in self._came:
            self._came[fact.visit] = (self._came[fact.visit][0], fact.queued_ms)
        batch.set(visits, fact.visit, queued_at=moment(fact.queued_ms))

    def _told(self, batch: Gathered, fact: facts.CallerTold) -> None:
        batch.insert(
            announcements, {"visit": fact.visit, "at": moment(fact.at_ms), "sentence": fact.sentence}
        )

    def _announcement(self, batch: Gathered, fact: facts.AnnouncementChanged) -> None:
        sounds = json.dumps(dict(fact.sounds))
        row = {"at": moment(fact.at_ms), "sounds": sounds, "ends_calls": fact.ends_calls}
        batch.insert(emergencies, row)

    def _wait_judged(self, batch: Gathered, fact: facts.WaitJudged) -> None:
        batch.insert(
            told_waits,
            {
                "visit": fact.visit,
                "language": fact.language,
                "told_at": moment(fact.told_ms),
                "low_ms": fact.low_ms,
                "high_ms": None if fact.high_ms < 0 else fact.high_ms,
                "spoken": fact.spoken,
                "waited_ms": fact.waited_ms,
                "came": fact.came,
            },
        )

    def _rejoined(self, batch: Gathered, fact: facts.Rejoined) -> None:
        batch.set(visits, fact.visit, rejoins=fact.before)

    def _overflowed(self, batch: Gathered, fact: facts.Overflowed) -> None:
        row = {"visit": fact.visit, "at": moment(fact.at_ms), "rule": fact.rule, "then": fact.then}
        batch.insert(overflows, row)

    def _degraded(self, batch: Gathered, fact: facts.Degraded) -> None:
        batch.set(visits, fact.visit, degraded=True)

    def _offer_made(self, batch: Gathered, fact: facts.OfferMade) -> None:
        row = fact.choice._asdict()
        row |= {"id": fact.offer, "visit": fact.visit, "agent": fact.agent, "made_at": moment(fact.at_ms)}
        row["lost"] = json.dumps([each._asdict() for each in fact.choice.lost])
        batch.insert(offers, row)
        batch.run(ONE_MORE_OFFER, {"key": fact.visit})

    def _offer_rang(self, batch: Gathered, fact: facts.OfferRang) -> None:
        batch.set(offers, fact.offer, rang_at=moment(fact.at_ms))

    def _offer_ended(self, batch: Gathered, fact: facts.OfferEnded) -> None:
        batch.set(offers, fact.offer, ended_at=moment(fact.at_ms), outcome=fact.outcome, cause=fact.cause)

    def _talk_began(self, batch: Gathered, fact: facts.TalkBegan) -> None:
        now = moment(fact.at_ms)
        batch.insert(
            handlings, {"visit": fact.visit, "agent": fact.agent, "began_at": now, "offer": fact.offer}
        )
        waits = self._waits(fact.visit, fact.at_ms)
        batch.run(ANSWERED, {"key": fact.visit, "at": now, "by": fact.agent, **waits})

    def _talk_ended(self, batch: Gathered, fact: facts.TalkEnded) -> None:
        batch.ended.add((fact.visit, fact.agent))
        batch.run(TALK_ENDED, {"key": fact.visit, "who": fact.agent, "at": moment(fact.at_ms)})

    def _talk_failed(self, batch: Gathered, fact: facts.TalkFailed) -> None:
        """What it had left in the rows goes: it was no talk, and its offer was not answered."""
        batch.run(NO_TALK, {"key": fact.visit, "who": fact.agent})
        batch.run(NOT_ANSWERED, {"key": fact.visit})
        if fact.offer:
            batch.set(offers, fact.offer, outcome=facts.NO_ANSWER)

    def _wrapped(self, batch: Gathered, fact: facts.WrapUpEnded) -> None:
        batch.ended.add((fact.visit, fact.agent))
        batch.run(WRAPPED, {"key": fact.visit, "who": fact.agent, "at": moment(fact.at_ms)})

    def _closed(self, batch: Gathered, fact: facts.HandlingClosed) -> None:
        """Of the last talk that they had with it; a later one is told in another batch."""
        batch.ended.add((fact.visit, fact.agent))
        said = {"new_outcome": fact.outcome[:40], "new_note": fact.note[:40], "new_case": fact.case[:40]}
        batch.run(CLOSED, {"key": fact.visit, "who": fact.agent, **said})

    def _handed_over(self, batch: Gathered, fact: facts.HandedOver) -> None:
        about = {"id": fact.handover, "visit": fact.visit, "at": moment(fact.at_ms), "note": fact.note[:40]}
        batch.insert(handovers, about | {"agent": fact.agent, "to_agent": fact.to})

    def _given_back(self, batch: Gathered, fact: facts.HandoverGivenBack) -> None:
        batch.set(handovers, fact.handover, to_agent=fact.to)

    def _handover_done(self, batch: Gathered, fact: facts.HandoverDone) -> None:
        batch.set(handovers, fact.handover, done_at=moment(fact.at_ms), done_by=fact.agent)

    def _threat_told(self, batch: Gathered, fact: facts.ThreatTold) -> None:
        until = moment(fact.until_ms) if fact.until_ms else None
        about = {"visit": fact.visit, "agent": fact.agent, "note": fact.note[:40]}
        batch.insert(threats, about | {"at": moment(fact.at_ms), "blocked_until": until})

    def _threat_seen(self, batch: Gathered, fact: facts.ThreatSeen) -> None:
        batch.run(THREAT_SEEN, {"key": fact.visit, "new_at": moment(fact.at_ms)})

    def _unblocked(self, batch: Gathered, fact: facts.TokenUnblocked) -> None:
        batch.run(UNBLOCKED, {"key": fact.visit, "new_at": moment(fact.at_ms)})

    def _visit_ended(self, batch: Gathered, fact: facts.VisitEnded) -> None:
        ended = {"ended_at": moment(fact.at_ms), "outcome": fact.outcome, "ended_by": fact.ended_by}
        batch.set(visits, fact.visit, reason=fact.reason, **ended)
        if fact.outcome != facts.ANSWERED:
            batch.set(visits, fact.visit, **self._waits(fact.visit, fact.at_ms))

    def _agent_changed(self, batch: Gathered, fact: facts.AgentChanged) -> None:
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

    def _shadow_differed(self, batch: Gathered, fact: facts.ShadowDiffered) -> None:
        both = {"live": _explained(fact.live), "shadow": _explained(fact.shadow)}
        batch.insert(shadow_differences, {"at": moment(fact.at_ms), **both})

    def _incident(self, batch: Gathered, fact: Fact) -> None:
        """Everything about the house itself: links, terms, refusals, drift."""
        values = fact._asdict()
        at_ms = values.pop("at_ms")
        detail = " ".join(f"{key}={value}" for key, value in values.items())
        row = {"at": moment(at_ms), "kind": type(fact).__name__, "detail": detail[:DETAIL_MAX]}
        batch.insert(incidents, row)


def _no_row(batch: Gathered, fact: Fact) -> None:
    """What the states of staff tell by themselves, or what is one person's own."""


def _refused(fault: Exception) -> bool:
    """Whether the database refuses what it is given, and would at any other moment too."""
    if isinstance(fault, IntegrityError) or not isinstance(fault, SQLAlchemyError):
        return True
    if not isinstance(fault, DBAPIError):
        return isinstance(fault.__cause__, (ValueError, OverflowError, TypeError))
    if fault.connection_invalidated:
        return False
    origin = fault.orig
    state = str(getattr(origin, "sqlstate", None) or getattr(origin, "pgcode", None) or "")
    if state:
        return state[:2] in (DATA, INTEGRITY)
    cause = getattr(origin, "__cause__", None)
    return isinstance(cause or origin, (ValueError, OverflowError, TypeError))


def _term_of(told: Sequence[Fact], before: int) -> int:
    return max((fact.term for fact in told if isinstance(fact, facts.TermOpened)), default=before)


def _explained(choice: Choice | None) -> str:
    """A choice with its reasons as JSON, its fields named."""
    if choice is None:
        return "null"
    return json.dumps(choice._asdict() | {"lost": [each._asdict() for each in choice.lost]})
