"""What has happened, counted over the whole house; what it costs to decide."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram

from routing import facts
from routing.facts import Fact

SECONDS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 2)


class Metrics:
    """Implements ports.Listener: what has happened, counted."""

    def __init__(self, registry: CollectorRegistry) -> None:
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
