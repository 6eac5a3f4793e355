"""When phones hang up and ring again, from the time stamps that Asterisk puts on its own events."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from acd.pbx.codec import Frame, FrameReader, encode

USER = "bench"
SECRET = "only on loopback, only in a benchmark"
SEEN = ("DialBegin", "Hangup", "HangupRequest", "Newstate", "QueueCallerJoin", "UserEvent")
FILES = (
    ("manager.conf", "\n[general](+)\ntimestampevents = yes\n"),
    (
        "manager.conf",
        f"\n[{USER}]\nsecret = {SECRET}\nread = call,user,agent\nwrite = reporting\nwritetimeout = 5000\n"
        + "".join(f"eventfilter(name({name})) =\n" for name in SEEN),
    ),
)
"""What a private Asterisk needs so that it can be watched."""


@dataclass
class Group:
    """One group of phones served by one distributor. Times in seconds of Asterisk's clock.

    gaps: from a phone's hang-up to its next ring, where more callers waited at the hang-up than other
    phones were free: so one of them was due to this phone. in_use: phone seconds from ring to hang-up.
    parts: of each gap, from asking for the hang-up to the leg's end, to the next dial, to its ringing.
    """

    phones: int
    waiting: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    gaps: list[float] = field(default_factory=list)
    parts: list[tuple[float, float, float]] = field(default_factory=list)
    in_use: float = 0.0


class Watch:
    """Listens to one Asterisk's manager until the block is left."""

    def __init__(self, host: str, port: int, groups: Mapping[str, Sequence[str]]) -> None:
        """Watch these groups of phones. A group is named KIND/LANGUAGE: acd/tr or queue/tr."""
        self.groups = {name: Group(len(phones)) for name, phones in groups.items()}
        self._group_of = {phone: self.groups[name] for name, phones in groups.items() for phone in phones}
        self._host, self._port = host, port
        self._heard = asyncio.Event()
        self._rang: dict[str, float] = {}
        self._hung_up: dict[str, float] = {}
        self._ended: dict[str, float] = {}
        self._dialled: dict[str, float] = {}

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

    def of(self, kind: str) -> list[Group]:
        """The groups of a distributor."""
        return [group for name, group in self.groups.items() if name.startswith(f"{kind}/")]

    def count(self, kind: str) -> int:
        """How many gaps of a distributor were seen."""
        return sum(len(group.gaps) for group in self.of(kind))

    async def gaps(self, wanted: int, kinds: Sequence[str]) -> None:
        """Until each of these has that many gaps."""
        while any(self.count(kind) < wanted for kind in kinds):
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
        if event == "QueueCallerJoin":
            self._wait(f"queue/{frame.get('Queue').removeprefix('bench-')}", uid)
        elif event == "UserEvent" and frame.get("UserEvent") == "ACDWaiting":
            self._wait(f"acd/{frame.get('Lang')}", uid)
        elif event == "DialBegin":
            self._served(uid)
            self._dialled[_name(frame.get("DestChannel"))] = at
        elif event == "Newstate" and frame.get("ChannelStateDesc") == "Ringing":
            self._ring(_phone(frame), uid, at)
        elif event == "HangupRequest" and uid in self._rang:
            self._hang_up(_phone(frame), uid, at)
        elif event == "Hangup":
            if self._rang.pop(uid, None) is not None:
                self._ended[_phone(frame)] = at
            self._served(uid)

    def _wait(self, group: str, caller: str) -> None:
        if group in self.groups:
            self.groups[group].waiting.add(caller)

    def _served(self, caller: str) -> None:
        for group in self.groups.values():
            group.waiting.discard(caller)

    def _ring(self, phone: str, leg: str, at: float) -> None:
        group = self._group_of.get(phone)
        if group is None:
            return
        group.taken.add(phone)
        self._rang[leg] = at
        hung_up = self._hung_up.pop(phone, None)
        if hung_up is not None:
            group.gaps.append(at - hung_up)
            ended, dialled = self._ended.get(phone, hung_up), self._dialled.get(phone, at)
            group.parts.append((ended - hung_up, dialled - ended, at - dialled))

    def _hang_up(self, phone: str, leg: str, at: float) -> None:
        group = self._group_of[phone]
        free = group.phones - len(group.taken)
        group.taken.discard(phone)
        group.in_use += at - self._rang[leg]
        if len(group.waiting) > free:
            self._hung_up[phone] = at


def _phone(frame: Frame) -> str:
    return _name(frame.get("Channel"))


def _name(channel: str) -> str:
    return channel.removeprefix("PJSIP/").rpartition("-")[0]
