"""An act of who is in charge: why, in words, into the vault; the words' reference into event and audit."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import structlog

from acd.identity import Asker, Refusal
from acd.ports import Arrival
from acd.runner import Runner
from acd.web.deps import Accepted, Because
from routing.events import Event
from routing.facts import EventRefused, StaffRefused

NOT_KEPT: Final = "not_kept"
"""In place of a reason's reference where the vault did not take it in time: what is done cannot wait."""
KEEP_S: Final = 2.0
YES: Final = Accepted(True, "")

log = structlog.get_logger(__name__)


class Texts(Protocol):
    """Where free text lies."""

    async def keep(self, text: Mapping[str, str], about: str, by: str, now_ms: int) -> str: ...


class Audit(Protocol):
    """Where it stands who did what."""

    async def done(self, by: Asker, action: str, subject: str, reason: str, address: str) -> None: ...


class Acts:
    """The one way in of everything that somebody does to callers, staff or the hotline."""

    def __init__(self, runner: Runner, texts: Texts, audit: Audit, now_ms: Callable[[], int]) -> None:
        self._runner = runner
        self._texts = texts
        self._audit = audit
        self._now_ms = now_ms

    async def say(self, by: Asker, event: Event, why: Because, subject: str, about: str) -> Accepted:
        """Ask it of the engine. subject: what the audit says of it. about: whose the reason's text is.

        Raises QueueFull where more has arrived than can be decided."""
        reason = await self.reason(by, why.reason, about)
        told = await self._runner.ask(Arrival(event, by.actor, reason))
        for fact in told.facts:
            if isinstance(fact, (EventRefused, StaffRefused)):
                return Accepted(False, fact.state if isinstance(fact, EventRefused) else fact.why)
        await self.done(by, type(event).__name__, subject, reason, why.address)
        return YES

    async def reason(self, by: Asker, words: str, about: str, within_s: float = KEEP_S) -> str:
        """The reference to these words, "" for none."""
        if not words.strip():
            return ""
        try:
            async with asyncio.timeout(within_s):
                return await self._texts.keep({"why": words}, about, by.actor, self._now_ms())
        except Exception as fault:  # noqa: BLE001 the vault's own faults differ by driver
            log.warning("a reason was not kept", error=type(fault).__name__)
            return NOT_KEPT

    async def done(self, by: Asker, action: str, subject: str, reason: str, address: str) -> None:
        """It is in the audit. reason: a reference, or ""."""
        try:
            await self._audit.done(by, action, subject, reason, address)
        except Refusal:  # it is done
            log.warning("not in the audit", action=action)
