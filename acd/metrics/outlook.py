"""What callers have to expect, and what it costs to find out."""

import math
from collections.abc import Callable, Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from acd.prospects import BEYOND, Waits


class OutlookFigures(Collector):
    """The last outlook, what it expects and what it cost. futures: how many were run in all. language: under
    which name figures of one are shown."""

    def __init__(
        self,
        waits: Callable[[], Waits],
        futures: Callable[[], int],
        language: Callable[[str], str] = lambda tongue: tongue,
    ) -> None:
        self._waits = waits
        self._futures = futures
        self._language = language

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
            yield self._expected(waits)
        made = CounterMetricFamily("acd_outlook_futures_run", "Futures run in all", value=self._futures())
        yield made

    def _expected(self, waits: Waits) -> Metric:
        """Of those who wait now, as long as the last of them will; +Inf: not within the horizon."""
        found = GaugeMetricFamily(
            "acd_expected_wait_seconds",
            "How long whoever waits longest from now on still waits, by language, in so many of all futures",
            labels=["language", "quantile"],
        )
        longest: dict[tuple[str, str], float] = {}
        for each in waits.callers:
            tongue = self._language(each.language)
            for quantile, ms in (("0.1", each.q10_ms), ("0.5", each.q50_ms), ("0.9", each.q90_ms)):
                wait = math.inf if ms == BEYOND else ms / 1000
                longest[tongue, quantile] = max(wait, longest.get((tongue, quantile), 0.0))
        for labels, wait in sorted(longest.items()):
            found.add_metric(labels, wait)
        return found
