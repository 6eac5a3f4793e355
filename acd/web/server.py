"""Runs the application in the daemon's own loop, on an address that is taken before anything else starts."""

import asyncio
import socket
from collections.abc import Sequence

import uvicorn
from starlette.types import ASGIApp

GRACE_S = 3


class PortTaken(Exception):
    """Another program listens there; the message says which key to change."""


def listen(host: str, port: int) -> socket.socket:
    """Take the address. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host.strip("[]"), port))
        taken.listen(100)
    except OSError as fault:
        taken.close()
        raise PortTaken(f"web.port: {host}:{port} cannot be used: {fault.strerror}; choose another") from None
    taken.setblocking(False)
    return taken


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """Signals are the daemon's."""


class WebServer:
    """One uvicorn beside the loop."""

    def __init__(self, app: ASGIApp, taken: socket.socket, proxies: Sequence[str] = ()) -> None:
        """proxies: whose word on whom they ask for is believed."""
        self._taken = taken
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACE_S,
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
        )
        self._server = _Server(config)

    async def run(self) -> None:
        """Serve until stopped; cancelling stops it with a deadline."""
        serving = asyncio.create_task(self._server._serve([self._taken]), name="uvicorn")
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            self._server.should_exit = True
            await serving
            raise
