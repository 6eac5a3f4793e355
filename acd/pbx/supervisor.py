"""Keeps one live link: connects, reports up and down, waits longer after each failure."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from acd.pbx.codec import Frame
from acd.pbx.link import AmiLink, AskFailed, LinkLost, LoginRefused

FIRST_S = 0.25
LONGEST_S = 10.0
REFUSED_S = 60.0
AT_ONCE = 200
"""Events handed on before others may use the loop."""

log = structlog.get_logger(__name__)

Sleep = Callable[[float], Awaitable[None]]


class Supervisor:
    """Runs one link after another, for ever.

    on_up finishes (snapshot and all) before the first event that came meanwhile is given to on_frame.
    jitter: from [0, 1), given from outside.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[AmiLink]],
        on_up: Callable[[AmiLink], Awaitable[None]],
        on_frame: Callable[[Frame], None],
        on_down: Callable[[str], None],
        *,
        jitter: Callable[[], float],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._connect = connect
        self._on_up = on_up
        self._on_frame = on_frame
        self._on_down = on_down
        self._jitter = jitter
        self._sleep = sleep
        self.trouble = "not connected yet"

    async def run(self) -> None:
        """Until cancelled."""
        failures = 0
        while True:
            up = False
            try:
                link = await self._connect()
            except LoginRefused as fault:
                self._troubled(str(fault))
                await self._sleep(REFUSED_S)
                continue
            except (OSError, LinkLost, TimeoutError) as fault:
                self._troubled(f"no link to Asterisk: {fault or type(fault).__name__}")
            else:
                try:
                    await self._on_up(link)
                    self.trouble, up, failures = "", True, 0
                    log.info("link up")
                    while True:
                        for _ in range(AT_ONCE):
                            self._on_frame(await link.next())
                        await asyncio.sleep(0)
                except (LinkLost, AskFailed) as fault:
                    self._troubled(f"the link to Asterisk is lost: {fault}")
                finally:
                    await link.aclose()
                    if up:
                        self._on_down(self.trouble)
            await self._sleep(min(LONGEST_S, FIRST_S * 2**failures) * (0.5 + self._jitter() / 2))
            failures = min(failures + 1, 10)

    def _troubled(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning("no link", why=trouble)
        self.trouble = trouble
