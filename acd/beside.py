"""What runs beside the deciding: its faults are visible states, and end neither the daemon nor each other."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

import structlog

AGAIN_S = 5.0
WELL_S = 60.0
"""A part that has run this long since it failed is well again."""

log = structlog.get_logger(__name__)


def said(fault: BaseException) -> str:
    """A fault in one line of 160 characters at most, its kind first."""
    words = str(fault).splitlines()[0][:160] if str(fault) else ""
    return f"{type(fault).__name__}: {words}" if words else type(fault).__name__


class Kept:
    """A part that runs for ever. One that fails or ends is told of, and begun again."""

    def __init__(
        self,
        name: str,
        part: Callable[[], Coroutine[Any, Any, None]],
        again_s: float = AGAIN_S,
        well_s: float = WELL_S,
    ) -> None:
        self.name = name
        self._part = part
        self._again_s = again_s
        self._well_s = well_s
        self.trouble = ""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            running = asyncio.create_task(self._part(), name=self.name)
            try:
                await asyncio.wait({running}, timeout=self._well_s)
                if not running.done():
                    self.trouble = ""
                await asyncio.wait({running})
                running.result()
                self.trouble = "ended by itself; begun again"
            except Exception as fault:
                self.trouble = f"failed ({said(fault)}); begun again"
                log.exception("a part failed", part=self.name)
            finally:
                if not running.done():
                    running.cancel()
                    await asyncio.wait({running})
            await asyncio.sleep(self._again_s)


class Regularly:
    """Work that is done every so often, and early if that is set. What fails is told of, is tried again, and
    stops nothing else."""

    def __init__(
        self,
        name: str,
        seconds: float,
        work: Callable[[], Awaitable[None]],
        early: asyncio.Event | None = None,
    ) -> None:
        self.name = name
        self._seconds = seconds
        self._work = work
        self._early = early or asyncio.Event()
        self.trouble = ""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await self._early.wait()
            self._early.clear()
            await self.once()

    async def once(self) -> None:
        """Now."""
        try:
            await self._work()
            self.trouble = ""
        except Exception as fault:  # noqa: BLE001 the databases' own faults differ by driver
            self.trouble = f"{said(fault)}; tried again"
            log.warning("not done", work=self.name, why=self.trouble)
