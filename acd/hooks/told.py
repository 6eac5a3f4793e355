"""What web hooks tell: visits that ended, callbacks whose turn it is, alarms. No number, case or person."""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from acd.alarmed import News, OpenAlarm
from config.tables.hook import HookEvent
from routing import facts
from routing.facts import Fact
from routing.privacy import MERGED
from routing.visit import OUTBOUND, WAITING
from routing.world import World

VISITS_MAX: Final = 5_000
"""Visits that are followed at a time; the oldest is forgotten first."""


class Told(NamedTuple):
    """A message. id: the same whenever the same is told. kind: by which a hook asks for it."""

    kind: HookEvent
    id: str
    body: bytes


class Followed(NamedTuple):
    """What is known of a visit while it lasts. Times in epoch ms, 0 where not yet."""

    kind: str = ""
    arrived_ms: int = 0
    language: str = ""
    concern: str = ""
    queued_ms: int = 0
    answered_ms: int = 0


Cells = frozenset[tuple[str, str]]


class Visits:
    """Follows visits by their facts, and callbacks by the world. cells: needs that may stand alone; None:
    all."""

    def __init__(self, cells: Callable[[], Cells | None]) -> None:
        self._cells = cells
        self._followed: dict[int, Followed] = {}
        self._due: dict[int, int] = {}

    def begin(self, world: World) -> None:
        """Whoever is there already."""
        for each in world.visits.values():
            answered_ms = each.changed_ms if each.talks else 0
            self._followed[each.id] = Followed(
                each.kind, each.arrived_ms, each.language, each.concern, each.queued_ms, answered_ms
            )

    def ended(self, told: Sequence[Fact]) -> list[Told]:
        """What is to be told of these facts."""
        found = []
        for fact in told:
            if isinstance(fact, facts.VisitBegan):
                self._followed[fact.visit] = Followed(fact.kind, fact.arrived_ms)
                if len(self._followed) > VISITS_MAX:
                    del self._followed[next(iter(self._followed))]
            elif isinstance(fact, facts.NeedKnown):
                self._know(fact.visit, language=fact.language, concern=fact.concern)
            elif isinstance(fact, facts.Queued):
                self._know(fact.visit, queued_ms=fact.queued_ms)
            elif isinstance(fact, facts.TalkBegan):
                self._know(fact.visit, answered_ms=fact.at_ms)
            elif isinstance(fact, facts.VisitEnded):
                found.append(self._end(fact, self._followed.pop(fact.visit, Followed())))
        return found

    def due(self, world: World, now: int) -> list[Told]:
        """Callbacks and messages whose turn came since the last look, once for each time."""
        if not world.open:
            return []
        found, due = [], {}
        for each in world.visits.values():
            if each.kind not in OUTBOUND or each.state != WAITING or each.due_ms > now:
                continue
            due[each.id] = each.attempts
            if self._due.get(each.id) != each.attempts:
                data = self._need(each.language, each.concern) | {
                    "visit": each.id,
                    "kind": each.kind,
                    "attempts": each.attempts,
                    "wanted_until": moment(each.until_ms),
                }
                message = f"callback_due-{each.id}-{each.attempts}"
                found.append(_told("callback_due", message, "callback.due", now, data))
        self._due = due
        return found

    def _know(self, visit: int, **known: Any) -> None:
        if (before := self._followed.get(visit)) is not None:
            if known.get("answered_ms") and before.answered_ms:
                return
            self._followed[visit] = before._replace(**known)

    def _end(self, fact: facts.VisitEnded, known: Followed) -> Told:
        until_ms = known.answered_ms or fact.at_ms
        data = self._need(known.language, known.concern) | {
            "visit": fact.visit,
            "kind": known.kind,
            "outcome": fact.outcome,
            "arrived": moment(known.arrived_ms),
            "waited_ms": max(0, until_ms - known.queued_ms) if known.queued_ms else None,
            "answered": bool(known.answered_ms),
        }
        return _told("visit_ended", f"visit_ended-{fact.visit}", "visit.ended", fact.at_ms, data)

    def _need(self, language: str, concern: str) -> dict[str, Any]:
        cells = self._cells()
        alone = cells is None or not (language or concern) or (language, concern) in cells
        return {"language": language if alone else MERGED, "concern": concern if alone else MERGED}


def of_alarms(news: News) -> list[Told]:
    """Each alarm that is raised or over, or the test."""
    if news.test:
        return [_told("alarm", f"test-{news.at_ms}", "test", news.at_ms, {})]
    found = [_alarm(each, "raised", news.at_ms) for each in news.raised]
    return [*found, *(_alarm(each, "over", news.at_ms) for each in news.over)]


def moment(at_ms: int) -> str | None:
    """A time as ISO 8601 in UTC; None for none."""
    if not at_ms:
        return None
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _alarm(alarm: OpenAlarm, what: str, at_ms: int) -> Told:
    mark = hashlib.sha256(json.dumps(alarm.cause).encode()).hexdigest()[:16]
    return _told("alarm", f"alarm-{what}-{mark}-{at_ms}", f"alarm.{what}", at_ms, alarm.plain())


def _told(kind: HookEvent, message: str, name: str, at_ms: int, data: dict[str, Any]) -> Told:
    body = {"type": name, "timestamp": moment(at_ms), "data": data}
    return Told(kind, message, json.dumps(body, ensure_ascii=False).encode())
