"""How is my case, asked by phone: number and PIN are proved, and the dialplan hears which sentence to say."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from acd import case_key
from acd.pbx.case_line import CLOSED, HEARD, OPEN, REFUSED
from acd.ports import DAEMON, Arrival, CaseAsk, CaseWords, Directory, QueueFull
from acd.runner import Runner
from acd.store.case_proof import CaseProof, Limits, Proved
from config.prompts import OTHER_STATE
from config.schema import Centre
from routing.events import CallerKnown, CaseAsked, Leg
from routing.facts import CASE_HEARD, CASE_REFUSED

WAITING_MAX: Final = 200
"""So many callers may wait for their answer; one more is not answered, and is in line."""
AT_ONCE: Final = 20
LOOK_S: Final = 600.0
ANSWER_S: Final = 0.5
"""An answer takes so long at least, whatever it is: how long it took tells nothing."""

log = structlog.get_logger(__name__)


class CaseLine:
    """Answers who asks. No trouble with the records ends anything: who asks then is in line."""

    def __init__(
        self,
        centre: Callable[[], Centre],
        records: AsyncEngine,
        directory: Directory,
        words: CaseWords,
        runner: Runner,
    ) -> None:
        self._centre = centre
        self._records = records
        self._directory = directory
        self._words = words
        self._runner = runner
        self._asks: asyncio.Queue[CaseAsk] = asyncio.Queue(WAITING_MAX)
        self._proof: CaseProof | None = None
        self._key = b""
        self.trouble = ""

    def asked(self, ask: CaseAsk) -> None:
        """A caller on the line; returns at once."""
        with suppress(asyncio.QueueFull):
            self._asks.put_nowait(ask)

    async def run(self) -> None:
        """For ever, so many at once."""
        places = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look())
            while True:
                ask = await self._asks.get()
                await places.acquire()
                group.create_task(self._one(ask)).add_done_callback(lambda _: places.release())

    async def _look(self) -> None:
        """What is wrong is known before somebody asks, and past when it is past."""
        while True:
            if self._centre().case_line is not None:
                await self._whether_closed()
            await asyncio.sleep(LOOK_S)

    async def _one(self, ask: CaseAsk) -> None:
        if not ask.keyed:
            self._words.told(ask.leg, CLOSED if await self._whether_closed() else OPEN)
            return
        number, pin = await self._words.keyed(ask.leg)
        if not number:
            return
        proved, _ = await asyncio.gather(self._proved(number, pin), asyncio.sleep(ANSWER_S))
        if proved is None:
            self._words.told(ask.leg, CLOSED)
            return
        if not self._words.told(ask.leg, self._answer(proved)):
            return
        with suppress(QueueFull):  # a figure less
            self._runner.submit(Arrival(CaseAsked(ask.leg, proved.became), DAEMON))
        if proved.became == CASE_HEARD:
            await self._recognise(ask.leg, number)

    def _answer(self, proved: Proved) -> str:
        """A word of the dialplan."""
        if proved.became != CASE_HEARD:
            return REFUSED if proved.became == CASE_REFUSED else CLOSED
        rules = self._centre().case_line
        known = rules is not None and proved.state in rules.states
        return HEARD + (proved.state if known else OTHER_STATE)

    async def _whether_closed(self) -> bool:
        """Also where nobody can be told anything."""
        try:
            closed = await (await self._ready()).closed()
        except case_key.KeyFault as fault:
            self.trouble = str(fault)
            return True
        except Exception as fault:  # noqa: BLE001 the database's own faults differ by driver
            self._away(fault)
            return True
        self.trouble = (
            "closed until tomorrow: too many wrong numbers and PINs today; is somebody trying them out?"
            if closed
            else ""
        )
        return closed

    async def _proved(self, number: str, pin: str) -> Proved | None:
        """None where it cannot be found out."""
        try:
            proved = await (await self._ready()).prove(number, pin)
        except case_key.KeyFault as fault:
            self.trouble = str(fault)
            return None
        except Exception as fault:  # noqa: BLE001 the database's own faults differ by driver
            self._away(fault)
            return None
        if proved.became != CASE_HEARD:
            await self._whether_closed()
        return proved

    async def _recognise(self, leg: Leg, number: str) -> None:
        """Whose case it is, so that who stays in line comes to the person who has it."""
        try:
            known = await self._directory.known("", "", number)
        except Exception as fault:  # noqa: BLE001 the database's own faults differ by driver
            self._away(fault)
            return
        with suppress(QueueFull):  # they wait as anybody does
            self._runner.submit(Arrival(CallerKnown(leg, *known), DAEMON))

    async def _ready(self) -> CaseProof:
        """By the key as it is now. Raises KeyFault."""
        key = await asyncio.to_thread(case_key.own, self._centre())
        if self._proof is None or key != self._key:
            self._key = key
            self._proof = CaseProof(
                self._records, key, lambda: datetime.now(self._centre().centre.zone).date(), self._limits
            )
        if not await self._proof.fits():
            raise case_key.KeyFault(f"{case_key.path_of(self._centre())}: {case_key.ANOTHER}")
        return self._proof

    def _limits(self) -> Limits:
        rules = self._centre().case_line
        return Limits(rules.per_case, rules.failures) if rules is not None else Limits(0, 0)

    def _away(self, fault: Exception) -> None:
        self.trouble = f"the records cannot be asked: {type(fault).__name__}"
        log.warning("a case was not told", error=type(fault).__name__)
