"""How visits went, by language: waits, talks, service level, callbacks, announced waits. From facts alone."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final, NamedTuple

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from agents.model import UNDETERMINED
from routing import facts
from routing.facts import (
    CallbackPromised,
    CallbackRefused,
    Fact,
    NeedKnown,
    Queued,
    TalkBegan,
    TalkEnded,
    TalkFailed,
    VisitBegan,
    VisitEnded,
    WaitJudged,
)
from routing.service_level import VARIANTS, service_level
from routing.visit import OUTBOUND, VOICE
from routing.world import World

WAITS_S: Final = (5.0, 10.0, 20.0, 30.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)
TALKS_S: Final = (15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 420.0, 600.0, 900.0, 1200.0, 1800.0, 3600.0)
OPEN_MAX: Final = 20_000
"""Visits that are followed at a time; with more, the oldest is counted nowhere."""

CALLBACK_CAME: Final = (
    "promised",
    "promised_again",
    "refused",
    facts.ANSWERED,
    facts.NOT_REACHED,
    facts.SERVED_ON_LINE,
    facts.HEARD,
    facts.CANCELLED,
)
"""What usually comes of a callback; each is told from the beginning."""
GAVE_UP: Final = frozenset({facts.ABANDONED_QUEUE, facts.ABANDONED_RINGING})


class Target(NamedTuple):
    """What the centre holds itself to: within so many seconds, by this clock ("since_queue" or
    "since_answer")."""

    seconds: int
    clock: str


@dataclass
class _Open:
    """A visit that is not over. Times in epoch ms, 0 where not yet."""

    kind: str
    arrived_ms: int
    queued_ms: int = 0
    language: str = ""
    answered_ms: int = 0
    talks: dict[str, int] = field(default_factory=dict)
    """Person -> since when they talk."""
    talked: int = 0


class _Spread:
    """Durations by class: a histogram that can be read back."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def told(self) -> tuple[list[tuple[str, float]], float]:
        """(Upper bound, how many up to it) for each class; their sum."""
        bounds = [*map(str, self._bounds), "+Inf"]
        return list(zip(bounds, accumulate(self._counts), strict=True)), self._sum


Labels = tuple[str, ...]
"""The language first."""


class Course(Collector):
    """Implements ports.Listener. A visit is counted once it is over, as the records count it (acd.store).

    target: of the service level. language: under which name figures of one are shown; what may not stand
    alone any more is told no more, and what comes is counted with the others.
    """

    def __init__(
        self, target: Callable[[], Target], language: Callable[[str], str] = lambda tongue: tongue
    ) -> None:
        self._target = target
        self._language = language
        self._open: dict[int, _Open] = {}
        self._waits: dict[Labels, _Spread] = {}
        self._talks: dict[Labels, _Spread] = {}
        self._told: Counter[Labels] = Counter()
        self._callbacks: Counter[str] = Counter()
        self._levels: dict[Target, Counter[str]] = {}
        self._takes: dict[type, Callable[[Any], None]] = {
            VisitBegan: self._began,
            NeedKnown: self._need,
            Queued: self._queued,
            TalkBegan: self._talk_began,
            TalkFailed: self._talk_failed,
            TalkEnded: self._talk_ended,
            VisitEnded: self._ended,
            WaitJudged: self._judged,
            CallbackPromised: self._promised,
            CallbackRefused: self._refused,
        }

    def begin(self, world: World) -> None:
        """Visits that came before we began; who was answered by then is counted nowhere."""
        for visit in world.visits.values():
            if not visit.talks:
                self._open[visit.id] = _Open(visit.kind, visit.arrived_ms, visit.queued_ms, visit.language)

    def facts(self, seq: int, told: Sequence[Fact]) -> None:
        """Count what happened."""
        for fact in told:
            if (takes := self._takes.get(type(fact))) is not None:
                takes(fact)

    def _began(self, fact: VisitBegan) -> None:
        if len(self._open) >= OPEN_MAX:
            del self._open[next(iter(self._open))]
        self._open[fact.visit] = _Open(fact.kind, fact.arrived_ms)

    def _need(self, fact: NeedKnown) -> None:
        if visit := self._open.get(fact.visit):
            visit.language = fact.language

    def _queued(self, fact: Queued) -> None:
        if visit := self._open.get(fact.visit):
            visit.queued_ms = fact.queued_ms

    def _talk_began(self, fact: TalkBegan) -> None:
        if visit := self._open.get(fact.visit):
            visit.answered_ms = visit.answered_ms or fact.at_ms
            visit.talked += 1
            visit.talks[fact.agent] = fact.at_ms

    def _talk_failed(self, fact: TalkFailed) -> None:
        """It was no talk, as if it had never begun."""
        if visit := self._open.get(fact.visit):
            visit.talked -= 1
            visit.talks.pop(fact.agent, None)
            visit.answered_ms = visit.answered_ms if visit.talked > 0 else 0

    def _talk_ended(self, fact: TalkEnded) -> None:
        if visit := self._open.get(fact.visit):
            self._talk_over(visit, fact.agent, fact.at_ms)

    def _ended(self, fact: VisitEnded) -> None:
        if visit := self._open.pop(fact.visit, None):
            for agent in list(visit.talks):
                self._talk_over(visit, agent, fact.at_ms)
            self._over(visit, fact)

    def _judged(self, fact: WaitJudged) -> None:
        if fact.spoken:
            self._told[self._named(fact.language), fact.came] += 1

    def _promised(self, fact: CallbackPromised) -> None:
        self._callbacks["promised_again" if fact.again else "promised"] += 1

    def _refused(self, fact: CallbackRefused) -> None:
        self._callbacks["refused"] += 1

    def _talk_over(self, visit: _Open, agent: str, at_ms: int) -> None:
        if began := visit.talks.pop(agent, 0):
            labels = (self._named(visit.language),)
            self._talks.setdefault(labels, _Spread(TALKS_S)).add((at_ms - began) / 1000)

    def _over(self, visit: _Open, fact: VisitEnded) -> None:
        if visit.kind in OUTBOUND:
            self._callbacks[fact.outcome] += 1
        if visit.kind != VOICE or not visit.queued_ms:
            return
        until = visit.answered_ms or fact.at_ms
        came = "answered" if visit.answered_ms else "abandoned" if fact.outcome in GAVE_UP else "other"
        labels = (self._named(visit.language), came)
        self._waits.setdefault(labels, _Spread(WAITS_S)).add((until - visit.queued_ms) / 1000)
        target = self._target()
        since = visit.queued_ms if target.clock == "since_queue" else visit.arrived_ms
        in_time = until - since <= target.seconds * 1000
        counts = self._levels.setdefault(target, Counter())
        if visit.answered_ms:
            counts["answered"] += 1
            counts["answered_in_time"] += in_time
        elif came == "abandoned" or fact.outcome == facts.TURNED_AWAY:
            counts["abandoned"] += 1
            counts["abandoned_in_time"] += in_time and came == "abandoned"

    def _named(self, language: str) -> str:
        return self._language(language or UNDETERMINED)

    # --- told ------------------------------------------------------------------------------------------

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        for kept in (self._waits, self._talks, self._told):
            self._forget_merged(kept)
        waits = HistogramMetricFamily(
            "acd_wait_seconds",
            "Time from the line to an answer or an end, of calls that are over",
            labels=["language", "came"],
        )
        _add(waits, self._waits)
        talks = HistogramMetricFamily("acd_talk_seconds", "Talks that are over", labels=["language"])
        _add(talks, self._talks)
        told = CounterMetricFamily(
            "acd_announced_waits",
            "Waits announced to callers, by language and by what came of them",
            labels=["language", "came"],
        )
        for labels, count in sorted(self._told.items()):
            told.add_metric(labels, count)
        callbacks = CounterMetricFamily("acd_callbacks", "Callbacks by what came of them", labels=["came"])
        for came in sorted({*CALLBACK_CAME, *self._callbacks}):
            callbacks.add_metric([came], self._callbacks[came])
        yield from (waits, talks, told, callbacks, *self._service_level())

    def _service_level(self) -> Iterable[Metric]:
        """Each variant by its name; what was counted for another target is told no more."""
        target = self._target()
        counts = self._levels.get(target, Counter[str]())
        self._levels = {target: counts}
        names = ["variant", "clock", "seconds"]
        met = CounterMetricFamily("acd_service_level_met", "Calls that met the service level", labels=names)
        calls = CounterMetricFamily(
            "acd_service_level_calls", "Calls of which the service level is a share", labels=names
        )
        for variant in VARIANTS:
            labels = [variant, target.clock, str(target.seconds)]
            within, total = service_level(
                variant,
                counts["answered"],
                counts["answered_in_time"],
                counts["abandoned"],
                counts["abandoned_in_time"],
            )
            met.add_metric(labels, within)
            calls.add_metric(labels, total)
        return met, calls

    def _forget_merged(self, kept: dict[Labels, _Spread] | Counter[Labels]) -> None:
        for labels in list(kept):
            if self._language(labels[0]) != labels[0]:
                del kept[labels]


def _add(family: HistogramMetricFamily, kept: dict[Labels, _Spread]) -> None:
    for labels, spread in sorted(kept.items()):
        buckets, total = spread.told()
        family.add_metric(labels, buckets, total)
