"""That something on one person's desk has changed, told to that desk: it may miss a step, never the last."""

import asyncio
from collections.abc import Sequence
from typing import Final

from routing import facts
from routing.facts import Fact

OF_ONE: Final = (
    facts.AgentChanged,
    facts.OfferRang,
    facts.TalkBegan,
    facts.TalkEnded,
    facts.TalkFailed,
    facts.WrapUpEnded,
    facts.WrapUpExtended,
    facts.QuietChanged,
    facts.HandlingClosed,
    facts.StaffRefused,
)
"""Facts that change the desk of their `agent` and no other. All others but OF_NONE may change any desk: who
waits, what is known of a caller, a follow-up."""
OF_NONE: Final = (
    facts.CallerTold,
    facts.WaitJudged,
    facts.RecordingChanged,
    facts.ShadowDiffered,
    facts.EventRefused,
    facts.DriftFound,
)
"""Facts that change no desk."""


class Woken:
    """Implements ports.Listener. Each desk remembers the version it has shown, and waits for another."""

    def __init__(self) -> None:
        self._everybody = 0
        self._versions: dict[str, int] = {}
        self._waiting: dict[str, asyncio.Event] = {}

    def facts(self, seq: int, facts: Sequence[Fact]) -> None:
        """Something happened: whoever it concerns is woken."""
        everybody, some = False, set()
        for fact in facts:
            if isinstance(fact, OF_ONE):
                some.add(fact.agent)
            elif not isinstance(fact, OF_NONE):
                everybody = True
        if everybody:
            self.touch()
        for agent in some:
            self._versions[agent] = self._versions.get(agent, 0) + 1
            self._wake(agent)

    def touch(self) -> None:
        """Something changed that may be on any desk."""
        self._everybody += 1
        for agent in list(self._waiting):
            self._wake(agent)

    def _wake(self, agent: str) -> None:
        if (event := self._waiting.pop(agent, None)) is not None:
            event.set()

    @property
    def everybody(self) -> int:
        """Of what may be on any desk alone."""
        return self._everybody

    def version(self, agent: str) -> int:
        """Of this person's desk; it only rises."""
        return self._everybody + self._versions.get(agent, 0)

    async def after(self, agent: str, version: int) -> int:
        """The version of this desk, once it is another than this one."""
        while (now := self.version(agent)) == version:
            await self._waiting.setdefault(agent, asyncio.Event()).wait()
        return now
