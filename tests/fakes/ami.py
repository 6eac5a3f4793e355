"""An AMI server that does wrong on purpose, over real TCP: each test says what it answers."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType

Action = dict[str, str]
Answer = Callable[[Action, "FakeAmi"], Awaitable[None] | None]


class FakeAmi:
    """Logs everybody in with its secret ("right"), answers Ping, and gives all else to `answer`."""

    def __init__(self, answer: Answer | None = None, booted: bool = True, mute: bool = False) -> None:
        self.got: list[Action] = []
        self.port = 0
        self.secret = "right"
        self._answer = answer
        self._booted = booted
        self.mute = mute
        self.now: Callable[[], float] = time.time
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> "FakeAmi":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drop()
        self._server.close()
        await self._server.wait_closed()

    def send(self, raw: bytes) -> None:
        """Bytes to whoever is connected, if anybody is."""
        for writer in self._writers[-1:]:
            writer.write(raw)

    def say(self, **headers: str) -> None:
        """One frame; events and pongs are stamped, as `timestampevents` has it."""
        if "Event" in headers or "Ping" in headers:
            headers.setdefault("Timestamp", f"{self.now():.6f}")
        self.send("".join(f"{k}: {v}\r\n" for k, v in headers.items()).encode() + b"\r\n")

    def drop(self) -> None:
        """The connection is gone at once."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self.send(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while raw := await reader.readuntil(b"\r\n\r\n"):
                pairs = (line.partition(": ") for line in raw.decode().strip().split("\r\n"))
                await self._take({name: value for name, _, value in pairs})
        except (asyncio.IncompleteReadError, ConnectionError):
            if writer in self._writers:
                self._writers.remove(writer)
            writer.close()

    async def _take(self, action: Action) -> None:
        self.got.append(action)
        key = action["ActionID"]
        if self.mute:
            return
        if action["Action"] == "Login":
            good = action["Secret"] == self.secret
            self.say(Response="Success" if good else "Error", ActionID=key, Message="Authentication")
            if good and self._booted:
                self.say(Event="FullyBooted")
        elif action["Action"] == "Ping":
            self.say(Response="Success", ActionID=key, Ping="Pong")
        elif self._answer is not None:
            waited = self._answer(action, self)
            if waited is not None:
                await waited
