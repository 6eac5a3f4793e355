"""The process that runs futures, seen from the loop: one question at a time, each with a deadline.

One that stalls, dies or says what cannot be read is killed, and another begun with the next question.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import acd
from acd.outlook.asked import FRAME_MAX, LENGTH, Answer, Asked, answer, framed
from acd.prospects import Unanswered

COMMAND: Final = (sys.executable, "-P", "-m", "acd.outlook.child")
HOUSE: Final = Path(acd.__file__).resolve().parents[1]
GIVEN: Final = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TZ")
"""What of our environment it gets: no secret is in these."""


class Process:
    """Begun when it is asked first. deadline_s: for each answer, its start included. running: None while
    there is none."""

    def __init__(self, deadline_s: float, command: Sequence[str] = COMMAND) -> None:
        self._deadline_s = deadline_s
        self._command = tuple(command)
        self._one = asyncio.Lock()
        self.running: asyncio.subprocess.Process | None = None

    async def ask(self, asked: Asked) -> Answer:
        """Its answer. Raises Unanswered."""
        frame = await asyncio.to_thread(framed, asked)
        if len(frame) > FRAME_MAX:
            raise Unanswered(f"the world is too large ({len(frame)} bytes)")
        async with self._one:
            try:
                async with asyncio.timeout(self._deadline_s):
                    found = await self._told(frame)
            except TimeoutError:
                await self.close()
                raise Unanswered(
                    f"no answer for {self._deadline_s:.0f} s; the process is begun anew"
                ) from None
            except (OSError, ValueError, asyncio.IncompleteReadError) as fault:
                code = self.running.returncode if self.running is not None else None
                await self.close()
                why = f"ended (code {code})" if code is not None else f"failed ({type(fault).__name__})"
                raise Unanswered(f"the process {why}; it is begun anew") from None
            except BaseException:
                await self.close()
                raise
        if found.number != asked.number:
            await self.close()
            raise Unanswered("the process answered something else; it is begun anew")
        if found.fault:
            raise Unanswered(found.fault)
        return found

    async def begin(self) -> None:
        """Begin it before anything is asked: the first answer comes no later than others. If that fails, the
        first question tells."""
        async with self._one:
            with suppress(OSError):
                await self._begun()

    async def _begun(self) -> asyncio.subprocess.Process:
        if self.running is None or self.running.returncode is not None:
            self.running = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=_environment(),
            )
        return self.running

    async def _told(self, frame: bytes) -> Answer:
        running = await self._begun()
        incoming, outgoing = running.stdout, running.stdin
        if incoming is None or outgoing is None:
            raise OSError("has no pipes")
        outgoing.write(frame)
        await outgoing.drain()
        (length,) = LENGTH.unpack(await incoming.readexactly(LENGTH.size))
        if length > FRAME_MAX:
            raise ValueError("says too much")
        return await asyncio.to_thread(answer, await incoming.readexactly(length))

    async def close(self) -> None:
        """End it now, if it runs."""
        running, self.running = self.running, None
        if running is None:
            return
        with suppress(ProcessLookupError):
            running.kill()
        await running.wait()


def _environment() -> dict[str, str]:
    """What it needs of ours, and this very house first of all to import from."""
    given = {key: os.environ[key] for key in GIVEN if key in os.environ}
    before = given.get("PYTHONPATH", "")
    given["PYTHONPATH"] = os.pathsep.join([str(HOUSE), *([before] if before else [])])
    return given
