"""A caller and a phone with voices and ears: real SIP and RTP, keys, and tones to look for in a recording."""

import asyncio
import re
import socket
import struct
import subprocess
import time
import wave
from array import array
from collections.abc import Callable, Iterator
from math import cos, pi
from pathlib import Path

from acd.demo.digits import KEYS
from acd.demo.sipp import CALLER_ADDRESS, PHONE_ADDRESS
from tests.chaos.callers import Account, Dialog, Plan
from tests.chaos.sip import SDP, Message, Stack, proof, uri

FRAME = 160
"""Samples of 20 ms."""
SILENCE = b"\xd5" * FRAME
VOICE, EVENT = 8, 101
EVENT_STEPS, EVENT_ENDS, AFTER_KEY = 8, 3, 5
NEARLY_SILENT = frozenset(b"\xd5\x55\xd4\x54")
"""Bytes of A-law that nobody hears."""


def tone(hz: int) -> bytes:
    """A second of it in A-law, which can be repeated."""
    form = ["-r", "8000", "-c", "1", "-e", "a-law", "-t", "raw", "-"]
    command = ["sox", "-n", *form, "synth", "1", "sine", str(hz), "gain", "-6"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def tones(recording: Path) -> dict[int, float]:
    """Of each tone, how many seconds of a recording hold it, by Goertzel's filter over tenths of a second."""
    with wave.open(str(recording)) as sound:
        samples = array("h", sound.readframes(sound.getnframes()))
    found = dict.fromkeys(TONES, 0.0)
    for at in range(0, len(samples) - 800, 800):
        for hz in TONES:
            turn = 2 * cos(2 * pi * hz / 8000)
            one = two = 0.0
            for sample in samples[at : at + 800]:
                one, two = sample + turn * one - two, one
            if (one * one + two * two - turn * one * two) ** 0.5 / 400 > 1_000:
                found[hz] += 0.1
    return found


HEAD = 44
"""Bytes of a WAV file before its sound; the last four say how long that is, once the file is closed."""
TONES = (300, 440, 700, 1000, 1700, 2300)


async def heard(recording: Path) -> dict[int, float]:
    """The tones of a recording that is over, once Asterisk has closed it."""
    async with asyncio.timeout(5):
        while True:
            written = recording.read_bytes()
            if len(written) > HEAD and written[HEAD - 4 : HEAD] == struct.pack("<I", len(written) - HEAD):
                return await asyncio.to_thread(tones, recording)
            await asyncio.sleep(0.05)


class Voice:
    """One end of a talk's sound. heard: (when, A-law) of each frame that came."""

    def __init__(self, host: str) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._socket.setblocking(False)
        self.port = int(self._socket.getsockname()[1])
        self.heard: list[tuple[float, bytes]] = []
        self.kind = VOICE
        """The payload type of what it sends and hears; what it says is A-law's."""
        self._tone, self._at = SILENCE, 0
        self._events: asyncio.Queue[tuple[str, asyncio.Event]] = asyncio.Queue()
        self._count = self._stamp = 0
        self._running: asyncio.Task[None] | None = None

    def begin(self, to: tuple[str, int]) -> None:
        """From now on it sends and listens."""
        if self._running is None:
            asyncio.get_running_loop().add_reader(self._socket, self._hear)
            self._running = asyncio.create_task(self._run(to))

    def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def says(self, hz: int) -> None:
        """A tone, or nothing (0)."""
        self._tone, self._at = tone(hz) if hz else SILENCE, 0

    async def presses(self, keys: str) -> None:
        """One key after the other, until the last one was sent."""
        for key in keys:
            sent = asyncio.Event()
            self._events.put_nowait((key, sent))
            await sent.wait()

    def loud_s(self, since: float) -> float:
        """For how long anything was heard since then."""
        loud = [at for at, frame in self.heard if at >= since and not NEARLY_SILENT.issuperset(frame)]
        return len(loud) * 0.02

    def _hear(self) -> None:
        data = self._socket.recv(2048)
        if len(data) > 12 and data[1] & 0x7F == self.kind:
            self.heard.append((time.monotonic(), data[12:]))

    async def _run(self, to: tuple[str, int]) -> None:
        due = time.monotonic()
        frames = self._frames()
        while True:
            kind, stamp, payload = next(frames)
            self._count = (self._count + 1) % 65536
            head = struct.pack(">BBHII", 0x80, kind, self._count, stamp, 0xACD)
            self._socket.sendto(head + payload, to)
            due += 0.02
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _frames(self) -> Iterator[tuple[int, int, bytes]]:
        """Payload type (with marker), time stamp and payload of each packet, without end."""
        while True:
            if not self._events.empty():
                key, sent = self._events.get_nowait()
                begin = self._stamp
                for step in range(EVENT_STEPS + EVENT_ENDS):
                    last = step >= EVENT_STEPS - 1
                    ticks = min(step + 1, EVENT_STEPS) * FRAME
                    body = struct.pack(">BBH", KEYS.index(key), (0x80 if last else 0) | 10, ticks)
                    yield EVENT | (0x80 if step == 0 else 0), begin, body
                    self._stamp += FRAME
                for _ in range(AFTER_KEY):
                    yield self.kind, self._stamp, SILENCE
                    self._stamp += FRAME
                sent.set()
            else:
                yield self.kind, self._stamp, self._tone[self._at : self._at + FRAME]
                self._at = (self._at + FRAME) % len(self._tone)
                self._stamp += FRAME


class Line(Stack):
    """A socket for SIP whose sound is a voice's."""

    def __init__(self, host: str, peer: tuple[str, int], asked: Callable[[Message], None]) -> None:
        super().__init__(host, peer, asked)
        self.voice = Voice(host)

    @property
    def sdp(self) -> str:
        return SDP.format(host=self.host, port=self.voice.port)

    def begin(self, sdp: str) -> None:
        """Talk to whom this session description names."""
        found = re.search(r"m=audio (\d+)", sdp)
        assert found is not None, sdp
        self.voice.begin((self.peer[0], int(found[1])))

    def close(self) -> None:
        self.voice.close()
        super().close()


class Caller(Dialog):
    """Somebody who calls from outside."""

    def __init__(self, peer: tuple[str, int], dialled: str, number: str = "02018812345") -> None:
        self.line = Line(CALLER_ADDRESS, peer, lambda message: self.asked(message))
        self._dialled, self._number = dialled, number

    @property
    def voice(self) -> Voice:
        return self.line.voice

    async def __aenter__(self) -> "Caller":
        await self.line.open()
        account = Account(self._number, Plan("patient", (), 0))
        super().__init__(self.line, account, self._dialled)
        account.call_id = f"{self._number}-{self.line.port}@{CALLER_ADDRESS}"
        assert await self._answered(), account
        self.line.begin(self._sdp)
        return self

    async def over(self) -> None:
        """Until the other side has hung up."""
        async with asyncio.timeout(60):
            await self._ended.wait()

    async def __aexit__(self, *_: object) -> None:
        if not self._ended.is_set():
            await self.line.final(self._request("BYE"))
        self.line.close()


class Phone:
    """A phone of the staff: it answers at once."""

    def __init__(self, peer: tuple[str, int], name: str) -> None:
        self.name = name
        self.line = Line(PHONE_ADDRESS, peer, self._asked)
        self._invite: Message | None = None

    @property
    def voice(self) -> Voice:
        return self.line.voice

    async def __aenter__(self) -> "Phone":
        await self.line.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.hang_up()
        self.line.close()

    async def hang_up(self) -> None:
        """The phone's side ends the talk, if there is one."""
        invite, self._invite = self._invite, None
        if invite is None:
            return
        headers = [
            ("via", self.line.via()),
            ("from", f"{invite.get('to')};tag={self.name}"),
            ("to", invite.get("from")),
            ("call-id", invite.get("call-id")),
            ("cseq", "1 BYE"),
            ("max-forwards", "70"),
        ]
        await self.line.final(Message(f"BYE {uri(invite.get('contact'))} SIP/2.0", headers))

    def _asked(self, message: Message) -> None:
        contact = ("Contact", f"<sip:{self.name}@{self.line.host}:{self.line.port}>")
        typed = ("Content-Type", "application/sdp")
        if message.method == "INVITE":
            self._invite = message
            self.line.reply(message, 180, self.name, contact)
            self.line.reply(message, 200, self.name, contact, typed, body=self.line.sdp)
            self.line.begin(message.body)
        elif message.method == "BYE":
            self._invite = None
            self.line.reply(message, 200, self.name)
        else:
            self.line.reply(message, 200, self.name)


class Dialling:
    """A phone of the staff that dials a code, as the one its password says it is."""

    def __init__(self, peer: tuple[str, int], name: str, password: str, code: str) -> None:
        self.line = Line(PHONE_ADDRESS, peer, self._asked)
        self._name, self._password = name, password
        self._target = f"sip:{code}@{peer[0]}:{peer[1]}"
        self._to, self._remote, self._cseq = f"<{self._target}>", self._target, 0
        self._ended = asyncio.Event()

    @property
    def voice(self) -> Voice:
        return self.line.voice

    async def __aenter__(self) -> "Dialling":
        await self.line.open()
        asked = await self.line.final(self._request("INVITE", body=self.line.sdp))
        assert asked is not None
        assert asked.code == 401
        self._acknowledge(asked)
        word = proof(asked.get("www-authenticate"), "INVITE", self._target, self._name, self._password)
        said = await self.line.final(self._request("INVITE", ("authorization", word), body=self.line.sdp))
        assert said is not None
        assert said.code == 200, said
        self._to, self._remote = said.get("to"), uri(said.get("contact"))
        self._acknowledge(said)
        self.line.begin(said.body)
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self._ended.is_set():
            await self.line.final(self._request("BYE"))
        self.line.close()

    async def over(self) -> None:
        """Until the other side has hung up."""
        async with asyncio.timeout(60):
            await self._ended.wait()

    def _request(self, method: str, *more: tuple[str, str], body: str = "") -> Message:
        self._cseq += 1
        me = f"sip:{self._name}@{self.line.host}:{self.line.port}"
        headers = [
            ("via", self.line.via()),
            ("from", f"<sip:{self._name}@{self.line.peer[0]}>;tag={self._name}"),
            ("to", self._to),
            ("call-id", f"{self._name}-{self.line.port}@{self.line.host}"),
            ("cseq", f"{self._cseq} {method}"),
            ("max-forwards", "70"),
            ("contact", f"<{me}>"),
            *more,
            *([("content-type", "application/sdp")] if body else []),
        ]
        return Message(f"{method} {self._remote} SIP/2.0", headers, body)

    def _acknowledge(self, answer: Message) -> None:
        """An ACK: of a refusal in the same transaction, of a 200 in one of its own."""
        via = answer.get("via") if answer.code >= 300 else self.line.via()
        headers = [
            ("via", via),
            ("from", answer.get("from")),
            ("to", answer.get("to")),
            ("call-id", answer.get("call-id")),
            ("cseq", f"{self._cseq} ACK"),
            ("max-forwards", "70"),
        ]
        self.line.send(Message(f"ACK {self._remote} SIP/2.0", headers).encode())

    def _asked(self, message: Message) -> None:
        self.line.reply(message, 200, self._name)
        if message.method == "BYE":
            self._ended.set()


def hears(voice: Voice, since: float, hz: int) -> bool:
    """Whether a quarter of a second of this tone was heard since then."""
    sound = b"".join(frame for at, frame in voice.heard if at >= since)
    turn, found = 2 * cos(2 * pi * hz / 8000), 0
    for at in range(0, len(sound) - 400, 400):
        one = two = 0.0
        for byte in sound[at : at + 400]:
            one, two = _linear(byte) + turn * one - two, one
        found += (one * one + two * two - turn * one * two) ** 0.5 / 200 > 1_000
    return found >= 5


def _linear(byte: int) -> int:
    """A sample of A-law, 16 bit (G.711)."""
    byte ^= 0x55
    value = ((byte & 0x0F) << 4) + 8
    if segment := (byte & 0x70) >> 4:
        value = (value + 0x100) << (segment - 1)
    return value if byte & 0x80 else -value
