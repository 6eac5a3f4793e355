"""What is to be seen at this moment: gauges of the one picture that leaves the house."""

from collections import Counter as Counted
from collections.abc import Callable, Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agents.state import SHOWN
from routing.board import Board


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
