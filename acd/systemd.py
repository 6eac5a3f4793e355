"""What systemd is told: that we are ready, that we still decide, that we stop; if it started us."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping

import structlog

READY = "READY=1"
ALIVE = "WATCHDOG=1"
STOPPING = "STOPPING=1"

log = structlog.get_logger(__name__)


class Systemd:
    """The service manager that started us, if one did. env: the process's environment."""

    def __init__(self, env: Mapping[str, str] = os.environ) -> None:
        address = env.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        mine = env.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        said = env.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(said) / 1e6 if said.isdigit() and mine and address else 0.0

    def tell(self, state: str) -> None:
        """One of the states above; a manager that cannot be told is no reason to end."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.setblocking(False)
                out.sendto(state.encode("ascii"), self._address)
        except OSError as fault:
            log.warning("systemd is not told", state=state, why=str(fault))

    async def watch(self, decides: Callable[[], Awaitable[object]]) -> None:
        """Until cancelled: say that we are alive whenever something has gone the whole way, through queue,
        journal and engine. While that hangs or fails, nothing is said, and systemd starts us again."""
        while True:
            try:
                async with asyncio.timeout(self.watchdog_s):
                    await decides()
                self.tell(ALIVE)
            except Exception as fault:  # noqa: BLE001 whatever it is, it is no sign of life
                log.error(
                    "nothing is decided; systemd is not told that we are alive", why=type(fault).__name__
                )
            await asyncio.sleep(self.watchdog_s / 4)
