"""Who wants to be called back, by phone or web: the number goes to the vault, the wish to the engine."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

import structlog

from acd.dialling import WITHHELD, dialled
from acd.ports import DAEMON, KEPT_DAYS, Arrival, Asked, QueueFull, Vault, Wish
from acd.runner import Runner
from routing.events import CallbackAsked, CallbackWished, Leg
from routing.facts import CallbackRefused

WAITING_MAX: Final = 200
"""So many callers on the line may wait for their answer; one more is not answered, and keeps their place."""
KEPT_MS: Final = KEPT_DAYS * 86_400_000
NOT_DIALLED: Final = "not_dialled"
FULL: Final = "full"
TROUBLE: Final = "trouble"
PUBLIC: Final = "program:request"

log = structlog.get_logger(__name__)


class Refuse(Protocol):
    """Tells who asks on this leg why they are not called: a word of the dialplan."""

    def __call__(self, leg: Leg, answer: str) -> None: ...


class Wishes:
    """Implements ports.Wishes, and answers who asks on the line."""

    def __init__(
        self,
        runner: Runner,
        vault: Vault,
        refuse: Refuse,
        prefixes: Callable[[], Sequence[str]],
        ours: Callable[[], Sequence[str]],
        now_ms: Callable[[], int],
    ) -> None:
        """prefixes: of numbers that may be dialled; none: nobody is called back. ours: our own numbers."""
        self._runner = runner
        self._vault = vault
        self._refuse = refuse
        self._prefixes = prefixes
        self._ours = ours
        self._now_ms = now_ms
        self._asked: asyncio.Queue[Asked] = asyncio.Queue(WAITING_MAX)
        self.trouble = ""

    def asked(self, asked: Asked) -> None:
        """A caller on the line; returns at once."""
        with suppress(asyncio.QueueFull):
            self._asked.put_nowait(asked)

    async def run(self) -> None:
        """For ever: one after another. No trouble with the vault ends anything: the caller hears that it is
        not possible, and is on hold as before."""
        while True:
            asked = await self._asked.get()
            try:
                await self._answer(asked)
                self.trouble = ""
            except Exception as fault:  # noqa: BLE001 the database's own faults differ by driver
                self.trouble = f"callbacks cannot be kept: {type(fault).__name__}"
                log.warning("a callback was not kept", error=type(fault).__name__)

    async def _answer(self, asked: Asked) -> None:
        found = dialled(asked.number, self._prefixes(), self._ours())
        if not found.number:
            self._refuse(asked.leg, WITHHELD if found.why == WITHHELD else NOT_DIALLED)
            return
        token = await self._kept(found.number, 0)
        if not token:  # a switchboard's: nobody knows who would lift there
            self._refuse(asked.leg, NOT_DIALLED)
            return
        self._runner.submit(Arrival(CallbackAsked(asked.leg, token, 0, 0), DAEMON))

    async def number(self, token: str) -> str:
        """Whom to dial for a token; "" where the number is forgotten, or may not be dialled: whoever left a
        message was never asked at which number."""
        found = await self._vault.number(token)
        return dialled(found, self._prefixes(), self._ours()).number

    async def keep(self, token: str) -> str:
        """The token under which a number is kept until it was called; "" if it may not be dialled."""
        number = await self.number(token)
        return await self._kept(number, 0) if number else ""

    async def _kept(self, number: str, from_ms: int) -> str:
        """The token of a number that is kept until it was called."""
        now_ms = self._now_ms()
        return await self._vault.promised(number, now_ms, max(now_ms, from_ms) + KEPT_MS)

    async def wish(self, wish: Wish) -> str:
        """See ports.Wishes."""
        found = dialled(wish.number, self._prefixes(), self._ours())
        if not found.number:
            return NOT_DIALLED
        try:
            token = await self._kept(found.number, wish.from_ms)
            if not token:
                return NOT_DIALLED
            wanted = wish.language, wish.concern, wish.case, wish.from_ms, wish.until_ms
            event = CallbackWished(token, *wanted, blind=True)
            told = await self._runner.ask(Arrival(event, PUBLIC))
        except QueueFull:
            return FULL
        except Exception as fault:  # noqa: BLE001 the database's own faults differ by driver
            log.warning("a wish was not kept", error=type(fault).__name__)
            return TROUBLE
        return FULL if any(isinstance(each, CallbackRefused) for each in told.facts) else ""
