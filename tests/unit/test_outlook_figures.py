"""What /metrics tells of the outlook: whether there is one, how old, what it cost."""

from prometheus_client import CollectorRegistry

from acd.metrics import OutlookFigures
from acd.prospects import Expectation, Waits


def figures(waits: Waits) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(OutlookFigures(lambda: waits, lambda: 300))
    return {
        sample.name: sample.value
        for family in registry.collect()
        for sample in family.samples
        if not sample.labels
    }


def test_an_outlook_is_told_by_its_age_and_cost_and_by_no_caller() -> None:
    caller = Expectation(7, "fa", "study", 9_000, 1_000, 2_000, 3_000, 990)
    assert figures(Waits(1_000, 420, 280, 150, "ok", 2_500, (caller,))) == {
        "acd_outlook_up": 1,
        "acd_outlook_age_seconds": 2.5,
        "acd_outlook_duration_seconds": 0.42,
        "acd_outlook_cpu_seconds": 0.28,
        "acd_outlook_futures": 150,
        "acd_outlook_futures_run_total": 300,
    }


def test_without_one_nothing_is_told_that_could_be_taken_for_its_age() -> None:
    told = figures(Waits(0, 0, 0, 0, "nobody waits", 0, ()))
    assert told == {"acd_outlook_up": 0, "acd_outlook_futures_run_total": 300}
