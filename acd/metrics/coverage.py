"""How many needs nobody at work, or one person alone, could serve now: counted, without naming them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agents.state import AT_WORK
from routing.policy import Policy
from routing.privacy import servers
from routing.world import Person, World

FEW: Final = 50
"""People of whom it is worked out at once; of more beside the loop, for the next time."""

Able = Sequence[frozenset[str]]
"""Of each need who could serve it."""


class Coverage(Collector):
    """needs: the languages and concerns that callers can choose."""

    def __init__(
        self, world: Callable[[], World], needs: Callable[[], tuple[Sequence[str], Sequence[str]]]
    ) -> None:
        self._world = world
        self._needs = needs
        self._of: object = None
        self._able: Able = ()

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        world = self._world()
        found = GaugeMetricFamily(
            "acd_coverage_needs",
            "Needs (language and concern) by how many people at work could serve them",
            labels=["people"],
        )
        at_work = {key for key, person in world.people.items() if person.presence in AT_WORK}
        able = self._found(world)
        counted = Counter(("none", "one")[n] if (n := len(who & at_work)) < 2 else "more" for who in able)
        if able:
            for people in ("none", "one", "more"):
                found.add_metric([people], counted[people])
        yield found

    def _found(self, world: World) -> Able:
        if (policy := world.policy) is None:
            return ()
        languages, concerns = self._needs()
        needs = tuple((tongue, each) for tongue in languages for each in concerns)
        of = (world.policy_digest, world.team_digest, needs)
        if of != self._of:
            self._of, self._able = of, ()
            people = list(world.people.values())
            if len(people) <= FEW:
                self._able = _able(policy, people, needs)
            else:
                loop = asyncio.get_running_loop()
                agents = [Person(each.agent) for each in people]
                loop.run_in_executor(None, _able, policy, agents, needs).add_done_callback(
                    lambda done: self._take(of, done)
                )
        return self._able

    def _take(self, of: object, done: "asyncio.Future[Able]") -> None:
        if of == self._of and not done.cancelled() and done.exception() is None:
            self._able = done.result()


def _able(policy: Policy, people: Sequence[Person], needs: Sequence[tuple[str, str]]) -> Able:
    return [servers(policy, people, language, concern) for language, concern in needs]
