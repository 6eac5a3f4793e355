"""What people did today, by the facts alone: calls taken, time in talks and wrap-up, time idle and ready."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from routing import facts
from routing.facts import Fact
from routing.world import World


@dataclass
class Day:
    """One person's day. works: visits they talk with or write up, with whether that counts as today's call.
    busy_from, idle_from: since when a stretch goes on (epoch ms), 0 for none."""

    works: dict[int, bool] = field(default_factory=dict)
    calls: int = 0
    busy_ms: int = 0
    idle_ms: int = 0
    busy_from: int = 0
    idle_from: int = 0


class Accounts:
    """Everybody's day, from facts."""

    def __init__(self) -> None:
        self._days: dict[str, Day] = {}
        self._now = 0
        self._day = 0

    def hear(self, said: Iterable[Fact], now: int, midnights: tuple[int, ...]) -> None:
        """What one step said; midnights that passed on the way begin the day anew."""
        for fact in said:
            self._pass(fact.at_ms, midnights)
            if not getattr(fact, "agent", ""):
                continue
            day, at = self._of(fact.agent), max(fact.at_ms, self._day)  # what was yesterday is told late
            if isinstance(fact, facts.TalkBegan):
                day.works[fact.visit] = fact.at_ms >= self._day
                day.calls += day.works[fact.visit]
                day.busy_from = day.busy_from or at
            elif isinstance(fact, facts.WrapUpEnded | facts.TalkFailed):
                counted = day.works.pop(fact.visit)
                day.calls -= counted and isinstance(fact, facts.TalkFailed)
                if not day.works:
                    day.busy_ms += at - day.busy_from
                    day.busy_from = 0
            elif isinstance(fact, facts.AgentChanged):
                day.idle_ms += at - day.idle_from if day.idle_from else 0
                day.idle_from = at if fact.state == "ready" else 0
        self._pass(now, midnights)

    def _pass(self, now: int, midnights: tuple[int, ...]) -> None:
        for midnight in midnights:
            if self._now < midnight <= now:
                self._day = midnight
                for day in self._days.values():
                    day.calls = day.busy_ms = day.idle_ms = 0
                    day.works = dict.fromkeys(day.works, False)
                    day.busy_from = midnight if day.busy_from else 0
                    day.idle_from = midnight if day.idle_from else 0
        self._now = max(self._now, now)

    def _of(self, agent: str) -> Day:
        return self._days.setdefault(agent, Day())

    def agree_with(self, world: World) -> None:
        """Assert that the world counts the same."""
        now = world.now_ms
        self._days = {key: day for key, day in self._days.items() if key in world.people}
        for key, person in world.people.items():
            day = self._of(key)
            busy = any(each.activity in ("talking", "wrap_up") for each in person.engagements)
            idle = person.shown == "ready"
            assert person.calls == day.calls
            assert person.busy_ms + (now - person.busy_since_ms if busy else 0) == day.busy_ms + (
                now - day.busy_from if day.busy_from else 0
            )
            assert person.idle_ms + (now - person.idle_since_ms if idle else 0) == day.idle_ms + (
                now - day.idle_from if day.idle_from else 0
            )
