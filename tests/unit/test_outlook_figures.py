"""What /metrics tells of the outlook: whether there is one, how old, what it cost."""

import math

from prometheus_client import CollectorRegistry

from acd.metrics.outlook import OutlookFigures
from acd.prospects import BEYOND, Expectation, Waits
from routing.privacy import MERGED


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


def test_what_is_expected_is_that_of_the_last_in_line_by_language_and_merged_where_few_could_serve() -> None:
    callers = (
        Expectation(7, "fa", "study", 9_000, 1_000, 2_000, 3_000, 990),
        Expectation(8, "de", "study", 9_000, 500, 4_000, 5_000, 990),
        Expectation(9, "de", "other", 9_000, 600, 3_000, BEYOND, 990),
    )
    found = figures_by_language(Waits(1_000, 420, 280, 150, "ok", 2_500, callers), {"fa"})
    assert found == {
        (MERGED, "0.1"): 1.0,
        (MERGED, "0.5"): 2.0,
        (MERGED, "0.9"): 3.0,
        ("de", "0.1"): 0.6,
        ("de", "0.5"): 4.0,
        ("de", "0.9"): math.inf,
    }


def figures_by_language(waits: Waits, few: set[str]) -> dict[tuple[str, str], float]:
    shown = OutlookFigures(lambda: waits, lambda: 300, lambda each: MERGED if each in few else each)
    return {
        (sample.labels["language"], sample.labels["quantile"]): sample.value
        for family in shown.collect()
        for sample in family.samples
        if sample.name == "acd_expected_wait_seconds"
    }
