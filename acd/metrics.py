"""Figures for Prometheus: gauges from the board, counters from facts; no label names a caller."""

from collections import Counter as Counted
from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from acd.prospects import Waits
from agents.state import SHOWN
from routing import facts
from routing.board import Board
from routing.facts import Fact

SECONDS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 2)


class BoardFigures(Collector):
    """What is to be seen at this moment. Register it with a registry. depths: queue -> entries."""

    def __init__(self, board: Callable[[], Board], depths: Callable[[], dict[str, int]]) -> None:
        self._board = board
        self._depths = depths

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        board = self._board()
        need = ["language", "concern"]
        length = GaugeMetricFamily("acd_queue_callers", "Callers waiting", labels=need)
        oldest = GaugeMetricFamily("acd_queue_longest_wait_seconds", "Wait of the oldest caller", labels=need)
        for cell in board.waiting:
            length.add_metric([cell.language, cell.concern], cell.callers)
            age = max(0, board.at_ms - cell.longest_since_ms) / 1000
            oldest.add_metric([cell.language, cell.concern], age)
        staff = GaugeMetricFamily("acd_staff", "Staff by state", labels=["state"])
        states = Counted(person.state for person in board.staff)
        for state in SHOWN:
            staff.add_metric([state], states[state])
        calls = GaugeMetricFamily("acd_calls", "Calls by where they are", labels=["state"])
        for state in ("in_menu", "ringing", "talking", "degraded", "outside", "callbacks", "calling"):
            calls.add_metric([state], getattr(board, state))
        depth = GaugeMetricFamily("acd_queue_depth", "Entries in inner queues", labels=["queue"])
        for name, entries in self._depths().items():
            depth.add_metric([name], entries)
        yield from (length, oldest, staff, calls, depth)
        yield GaugeMetricFamily("acd_link_up", "Whether the PBX is linked", value=float(board.link_up))
        yield GaugeMetricFamily("acd_open", "Whether the centre is open", value=float(board.open))


class OutlookFigures(Collector):
    """The last outlook and what it cost. futures: how many were run in all."""

    def __init__(self, waits: Callable[[], Waits], futures: Callable[[], int]) -> None:
        self._waits = waits
        self._futures = futures

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        waits = self._waits()
        there = GaugeMetricFamily(
            "acd_outlook_up", "Whether there is an outlook", value=float(waits.at_ms > 0)
        )
        yield there
        if waits.at_ms:
            age = "How old the last outlook is"
            yield GaugeMetricFamily("acd_outlook_age_seconds", age, value=waits.age_ms / 1000)
            took = "How long the last outlook took"
            yield GaugeMetricFamily("acd_outlook_duration_seconds", took, value=waits.took_ms / 1000)
            cpu = "Processor time of the last outlook"
            yield GaugeMetricFamily("acd_outlook_cpu_seconds", cpu, value=waits.cpu_ms / 1000)
            rests = "On how many futures the last outlook rests"
            yield GaugeMetricFamily("acd_outlook_futures", rests, value=waits.futures)
        made = CounterMetricFamily("acd_outlook_futures_run", "Futures run in all", value=self._futures())
        yield made


class Metrics:
    """Implements ports.Listener: what has happened, counted."""

    def __init__(
        self, registry: CollectorRegistry, language: Callable[[str], str] = lambda tongue: tongue
    ) -> None:
        """language: under which name figures of one are shown."""
        self._language = language
        self._told = Counter(
            "acd_announced_waits",
            "Waits announced to callers, by language and by what came of them",
            ["language", "came"],
            registry=registry,
        )
        self._offers = Counter("acd_offers", "Offers ended, by outcome", ["outcome"], registry=registry)
        self._visits = Counter("acd_visits", "Visits ended, by outcome", ["outcome"], registry=registry)
        self._cases = Counter(
            "acd_case_line",
            "Callers who asked in what state their case is, by what became of it",
            ["became"],
            registry=registry,
        )
        self._answers = Counter("acd_answers", "Talks begun", registry=registry)
        self._notes = Counter("acd_incidents", "What should not happen, by kind", ["kind"], registry=registry)
        self._seconds = {
            "decision": Histogram("acd_decision_seconds", "One step", buckets=SECONDS, registry=registry),
            "commit": Histogram(
                "acd_commit_seconds", "One journal commit", buckets=SECONDS, registry=registry
            ),
        }
        for outcome in facts.OFFER_OUTCOMES:
            self._offers.labels(outcome)
        for became in facts.CASE_LINE:
            self._cases.labels(became)
        for outcome in facts.VISIT_OUTCOMES:
            self._visits.labels(outcome)

    def observe(self, what: str, seconds: float) -> None:
        """A duration of the loop: "decision" or "commit"."""
        self._seconds[what].observe(seconds)

    def facts(self, seq: int, told: Sequence[Fact]) -> None:
        """Count what happened."""
        for fact in told:
            if isinstance(fact, facts.OfferEnded):
                self._offers.labels(fact.outcome).inc()
            elif isinstance(fact, facts.VisitEnded):
                self._visits.labels(fact.outcome).inc()
            elif isinstance(fact, facts.WaitJudged):
                if fact.spoken:
                    self._told.labels(self._language(fact.language), fact.came).inc()
            elif isinstance(fact, facts.CaseTold):
                self._cases.labels(fact.became).inc()
            elif isinstance(fact, facts.TalkBegan):
                self._answers.inc()
            elif isinstance(
                fact,
                (
                    facts.EventRefused,
                    facts.EventSkipped,
                    facts.DriftFound,
                    facts.CommandLost,
                    facts.TalkFailed,
                ),
            ):
                self._notes.labels(type(fact).__name__).inc()
