"""The daemon's end of the public form: a local socket that takes one wish a connection."""

import asyncio
import json
import os
import pwd
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from acd.ports import Wish, Wishes
from config.hours import opening_for
from config.schema import Centre

LINE_MAX: Final = 4_096
AT_ONCE: Final = 16
LINE_S: Final = 2.0
NAME: Final = "request.sock"
NOT_OURS: Final = "not_ours"
TROUBLE: Final = "trouble"
SHUT_THEN: Final = "shut_then"
AHEAD_DAYS: Final = 16
DAYS_MS: Final = (AHEAD_DAYS - 1) * 86_400_000

log = structlog.get_logger(__name__)


class Line(BaseModel):
    """What stands on the line, and no more."""

    model_config = ConfigDict(extra="forbid", strict=True)
    language: Annotated[str, Field(max_length=10)]
    concern: Annotated[str, Field(max_length=40)]
    number: Annotated[str, Field(max_length=40)]
    case: Annotated[str, Field(max_length=40)]
    from_ms: Annotated[int, Field(ge=0)]
    until_ms: Annotated[int, Field(ge=0)]


def path_of(centre: Centre) -> Path:
    """Where the socket lies. Only with [request]."""
    return centre.path(centre.request.folder if centre.request is not None else ".") / NAME


class Requests:
    """Takes wishes for as long as it runs. now_ms: engine time."""

    def __init__(self, centre: Callable[[], Centre], wishes: Wishes, now_ms: Callable[[], int]) -> None:
        self._centre = centre
        self._wishes = wishes
        self._now_ms = now_ms
        self._open = 0
        self.refused = 0

    async def run(self) -> None:
        """Until cancelled: listen, or do nothing where there is no [request]."""
        centre = self._centre()
        if centre.request is None:
            await asyncio.Event().wait()
        path = path_of(centre)
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            path.unlink()
        server = await asyncio.start_unix_server(self._serve, str(path), limit=LINE_MAX)
        # Whoever connects is known by the kernel's word (SO_PEERCRED); the mode lets them come so far.
        path.chmod(0o666)
        try:
            async with server:
                await server.serve_forever()
        finally:
            with suppress(FileNotFoundError):
                path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= AT_ONCE or not self._is_known(writer):
            self.refused += 1
            writer.close()
            return
        self._open += 1
        try:
            async with asyncio.timeout(LINE_S):
                line = await reader.readline()
            became = await self._taken(line)
            writer.write(json.dumps({"became": became}).encode() + b"\n")
            await writer.drain()
        except (TimeoutError, ValueError, OSError) as fault:
            log.warning("a request was not read", error=type(fault).__name__)
        finally:
            self._open -= 1
            writer.close()

    async def _taken(self, line: bytes) -> str:
        try:
            wish = Line.model_validate_json(line)
        except ValidationError:
            return NOT_OURS
        centre, now = self._centre(), self._now_ms()
        ours = wish.language in centre.languages and wish.concern in centre.concerns
        timely = wish.from_ms <= wish.until_ms <= now + DAYS_MS
        if not (ours and timely and wish.case.isprintable()):
            return NOT_OURS
        if wish.until_ms and not self._opens(centre, wish, now):
            return SHUT_THEN
        return await self._wishes.wish(Wish(**wish.model_dump()))

    def _opens(self, centre: Centre, wish: Line, now: int) -> bool:
        """Whether we are there for what they want in all of that time."""
        spans = opening_for(centre, now, AHEAD_DAYS, wish.language, wish.concern)
        return any(begin <= wish.from_ms and wish.until_ms <= end for begin, end in spans)

    def _is_known(self, writer: asyncio.StreamWriter) -> bool:
        """Whether the other end runs as our own user or as the form's."""
        other: socket.socket = writer.get_extra_info("socket")
        asked = other.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        _, uid, _ = struct.unpack("3i", asked)
        request = self._centre().request
        known = {os.geteuid()}
        with suppress(KeyError):
            known.add(pwd.getpwnam(request.user).pw_uid if request is not None else os.geteuid())
        return uid in known
