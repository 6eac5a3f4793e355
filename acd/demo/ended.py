"""Ends a process that we started, by asking first."""

import asyncio
import signal


async def ended(process: asyncio.subprocess.Process | None, patience_s: float, kill: bool = False) -> None:
    """It is gone when this returns: it was asked, or is killed at once (`kill`), or after so many seconds."""
    if process is None or process.returncode is not None:
        return
    process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
    try:
        async with asyncio.timeout(patience_s):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
