"""The daemon itself: which build it is, whether its parts work, what the process takes."""

import platform
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from acd import __version__


class Parts(Collector):
    """health: part -> "ok" or what is wrong."""

    def __init__(self, health: Callable[[], Mapping[str, str]]) -> None:
        self._health = health

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("acd_part_up", "Whether a part of the daemon works", labels=["part"])
        for part, said in self._health().items():
            up.add_metric([part], float(said == "ok"))
        yield up
        build = {"version": __version__, "python": platform.python_version()}
        yield InfoMetricFamily("acd_build", "The release that runs", value=build)


def register(registry: CollectorRegistry, health: Callable[[], Mapping[str, str]]) -> None:
    """All of it."""
    registry.register(Parts(health))
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
