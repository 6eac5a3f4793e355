"""When phones hang up and ring again, from the time stamps that Asterisk puts on its own events."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from acd.pbx.codec import Frame, FrameReader, encode

USER = "bench"
SECRET = "only on loopback, only in a benchmark"
FILES = (
    ("manager.conf", "\n[general](+)\ntimestampevents = yes\n"),
    (
        "manager.conf",
        f"\n[{USER}]\nsecret = {SECRET}\nread = call,user,agent\nwrite = reporting\nwritetimeout = 5000\n",
    ),
)
"""What a private Asterisk needs so that it can be watched."""


@dataclass
class Group:
    """One group of phones served by one distributor. Times in seconds of Asterisk's clock.

    gaps: from a phone's hang-up to its next ring, where the caller rung then waited already at the
    hang-up. in_use: phone seconds from ring to hang-up. rings: how many.
    """

    gaps: list[float] = field(default_factory=list)
    in_use: float = 0.0
    rings: int = 0


class Watch:
    """Listens to one Asterisk's manager until the block is left."""

    def __init__(self, host: str, port: int, group_of: Callable[[str], str]) -> None:
        self.groups: dict[str, Group] = {}
        self._host, self._port = host, port
        self._group_of = group_of
        self._heard = asyncio.Event()
        self._joined: dict[str, float] = {}
        self._caller: dict[str, str] = {}
        self._rang: dict[str, float] = {}
        self._hung_up: dict[str, float] = {}

    async def __aenter__(self) -> "Watch":
        reader, self._writer = await asyncio.open_connection(self._host, self._port)
        self._writer.write(encode({"Action": "Login", "Username": USER, "Secret": SECRET}))
        self._task = asyncio.create_task(self._listen(reader))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def group(self, name: str) -> Group:
        """What was seen of a group so far."""
        return self.groups.setdefault(name, Group())

    async def gaps(self, wanted: int, groups: Sequence[str]) -> None:
        """Until each of these groups has that many gaps."""
        while any(len(self.group(name).gaps) < wanted for name in groups):
            self._heard.clear()
            await self._heard.wait()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        frames = FrameReader()
        while data := await reader.read(1 << 16):
            for frame in frames.feed(data):
                self._take(frame)
            self._heard.set()

    def _take(self, frame: Frame) -> None:
        event, uid = frame.get("Event"), frame.get("Uniqueid")
        if not frame.get("Timestamp"):
            return
        at = float(frame.get("Timestamp"))
        if event == "QueueCallerJoin" or (event == "UserEvent" and frame.get("UserEvent") == "ACDWaiting"):
            self._joined.setdefault(uid, at)
        elif event == "DialBegin":
            self._caller[frame.get("DestUniqueid")] = uid
        elif event == "Newstate" and frame.get("ChannelStateDesc") == "Ringing" and uid in self._caller:
            self._ring(_phone(frame), uid, at)
        elif event == "HangupRequest" and uid in self._rang:
            phone = _phone(frame)
            self._hung_up[phone] = at
            self.group(self._group_of(phone)).in_use += at - self._rang[uid]
        elif event == "Hangup":
            for known in (self._joined, self._caller, self._rang):
                known.pop(uid, None)

    def _ring(self, phone: str, leg: str, at: float) -> None:
        group = self.group(self._group_of(phone))
        group.rings += 1
        self._rang[leg] = at
        hung_up = self._hung_up.pop(phone, None)
        joined = self._joined.get(self._caller[leg])
        if hung_up is not None and joined is not None and joined <= hung_up:
            group.gaps.append(at - hung_up)


def _phone(frame: Frame) -> str:
    return frame.get("Channel").removeprefix("PJSIP/").rpartition("-")[0]
