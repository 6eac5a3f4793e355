"""A small SIP user agent over one UDP socket: messages, transactions, and nothing that decides anything.

SIPp tells only whether a whole scenario went as written. Chaos needs one account for each call, of several
hundred at once, with behaviour drawn for each: so its callers and phones speak SIP themselves.
"""

import asyncio
import hashlib
import itertools
import re
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

RETRY_S = (0.5, 1.0, 2.0, 2.0, 2.0)
"""Pauses before a message is sent again; then it is given up."""
KEPT_S = 10.0
"""How long an answer is kept, to be sent again when its request is."""
SDP = """v=0
o=ua 1 1 IN IP4 {host}
s=-
c=IN IP4 {host}
t=0 0
m=audio {port} RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
"""

Address = tuple[str, int]


@dataclass
class Message:
    """One SIP message. start: its first line. headers: (name in lower case, value), in order."""

    start: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""

    @property
    def code(self) -> int:
        """The status of an answer; 0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0") else 0

    @property
    def method(self) -> str:
        """The method, of an answer that of its request."""
        return self.get("cseq").split()[-1]

    def get(self, name: str) -> str:
        """The first header of that name, or ""."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def branch(self) -> str:
        """What the transaction is known by."""
        found = re.search(r"branch=([^;,\s]+)", self.get("via"))
        return found.group(1) if found else ""

    def encode(self) -> bytes:
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        body = self.body.replace("\n", "\r\n")
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()

    @classmethod
    def decode(cls, data: bytes) -> "Message | None":
        """None for what is no message (a keep-alive)."""
        head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
        lines = head.split("\r\n")
        if not lines[0].strip():
            return None
        pairs = [line.partition(":") for line in lines[1:]]
        headers = [(name.strip().lower(), value.strip()) for name, _, value in pairs]
        return cls(lines[0], [each for each in headers if each[0] != "content-length"], body)


def uri(value: str) -> str:
    """The URI within a From, To or Contact."""
    found = re.search(r"<([^>]*)>", value)
    return found.group(1) if found else value.split(";")[0]


def user(value: str) -> str:
    """The user part of a URI."""
    found = re.match(r"<?sips?:([^@;>]*)@", uri(value))
    return found.group(1) if found else ""


def tag(value: str) -> str:
    """The tag of a From or To."""
    found = re.search(r";tag=([^;>\s]+)", value)
    return found.group(1) if found else ""


class Stack(asyncio.DatagramProtocol):
    """One socket's transactions. `asked` is called with each new request; it answers by `reply`."""

    def __init__(self, host: str, peer: Address, asked: Callable[[Message], None]) -> None:
        self.host = host
        self.port = 0
        self.peer = peer
        self._asked = asked
        self._transport: asyncio.DatagramTransport | None = None
        self._media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._waiting: dict[tuple[str, str], asyncio.Queue[Message]] = {}
        self._answered: dict[tuple[str, str], bytes | None] = {}
        self._repeating: dict[str, asyncio.Task[None]] = {}
        self._branches = itertools.count()
        self._salt = secrets.token_hex(4)

    async def open(self) -> None:
        """Bind to a free port; media goes to a socket that nobody reads."""
        self._media.bind((self.host, 0))
        self._media.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self._media.setblocking(False)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=(self.host, 0)
        )
        self._transport = transport
        self.port = int(transport.get_extra_info("sockname")[1])

    def close(self) -> None:
        """Nobody is told."""
        for task in self._repeating.values():
            task.cancel()
        if self._transport is not None:
            self._transport.close()
        self._media.close()

    # --- what is sent --------------------------------------------------------------------------------

    @property
    def sdp(self) -> str:
        """An offer or an answer: A-law and telephone events."""
        return SDP.format(host=self.host, port=self._media.getsockname()[1])

    def murmur(self, sdp: str) -> None:
        """A packet of silence to the other side's media port: whoever says nothing at all is cut off."""
        found = re.search(r"m=audio (\d+)", sdp)
        if found:
            port = int(found.group(1))
            rtp = bytes([0x80, 8]) + secrets.token_bytes(2) + bytes(4) + b"acd!" + b"\xd5" * 160
            rtcp = bytes([0x80, 201, 0, 1]) + b"acd!"
            try:
                self._media.sendto(rtp, (self.peer[0], port))
                self._media.sendto(rtcp, (self.peer[0], port + 1))
            except OSError:
                pass

    def via(self) -> str:
        """A Via of a new transaction."""
        branch = f"z9hG4bK{self._salt}{next(self._branches)}"
        return f"SIP/2.0/UDP {self.host}:{self.port};branch={branch};rport"

    def send(self, data: bytes) -> None:
        """Onto the wire."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, self.peer)

    def request(self, message: Message) -> "asyncio.Queue[Message]":
        """Send a request, again while nothing comes; its answers come into the queue that is returned."""
        key = (message.branch, message.method)
        queue: asyncio.Queue[Message] = asyncio.Queue()
        self._waiting[key] = queue
        asyncio.get_running_loop().call_later(60, self._waiting.pop, key, None)
        data = message.encode()
        self.send(data)
        self._repeat(f"{key}", data)
        return queue

    async def final(self, message: Message, wait_s: float = 9.0) -> Message | None:
        """Send a request and wait for its final answer; None if there is none in time."""
        queue = self.request(message)
        try:
            async with asyncio.timeout(wait_s):
                while True:
                    answer = await queue.get()
                    if answer.code >= 200:
                        return answer
        except TimeoutError:
            return None

    def reply(
        self, request: Message, code: int, own_tag: str, *more: tuple[str, str], body: str = ""
    ) -> None:
        """Answer a request; a final answer to an INVITE is repeated until its ACK."""
        words = {100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 486: "Busy Here"}
        headers = [pair for pair in request.headers if pair[0] in ("via", "record-route")]
        to = request.get("to")
        headers += [("From", request.get("from")), ("To", to if tag(to) else f"{to};tag={own_tag}")]
        headers += [("Call-ID", request.get("call-id")), ("CSeq", request.get("cseq")), *more]
        data = Message(f"SIP/2.0 {code} {words.get(code, 'Said')}", headers, body).encode()
        key = (request.branch, request.method)
        self._answered[key] = data
        self.send(data)
        if code >= 200 and request.method == "INVITE":
            self._repeat(_acknowledged(request), data)

    def _heard(self, name: str) -> None:
        """What is sent again until it is heard has been."""
        task = self._repeating.pop(name, None)
        if task is not None:
            task.cancel()

    def _repeat(self, name: str, data: bytes) -> None:
        async def again() -> None:
            for pause in RETRY_S:
                await asyncio.sleep(pause)
                self.send(data)
            self._repeating.pop(name, None)

        self._repeating[name] = asyncio.create_task(again())

    # --- what comes ----------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: Address) -> None:
        message = Message.decode(data)
        if message is None:
            return
        if message.code:
            key = (message.branch, message.method)
            self._heard(f"{key}")
            if key in self._waiting:
                self._waiting[key].put_nowait(message)
            return
        if message.method == "ACK":
            self._heard(_acknowledged(message))
            return
        key = (message.branch, message.method)
        if key in self._answered:
            if (kept := self._answered[key]) is not None:
                self.send(kept)
            return
        self._answered[key] = None
        asyncio.get_running_loop().call_later(KEPT_S, self._answered.pop, key, None)
        self._asked(message)

    def error_received(self, exc: Exception) -> None:
        """Nobody is there at the moment (Asterisk is dead)."""


def _acknowledged(message: Message) -> str:
    """What an INVITE's final answer and its ACK have in common."""
    return f"final {message.get('call-id')} {message.get('cseq').split()[0]}"


def proof(challenge: str, method: str, target: str, name: str, password: str) -> str:
    """An Authorization header's value for a challenge (RFC 2617, with or without qop)."""
    given = dict(re.findall(r'(\w+)="?([^",]*)"?', challenge.partition(" ")[2]))
    realm, nonce = given.get("realm", ""), given.get("nonce", "")

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    first, second = md5(f"{name}:{realm}:{password}"), md5(f"{method}:{target}")
    said = f'Digest username="{name}", realm="{realm}", nonce="{nonce}", uri="{target}", algorithm=MD5'
    if "qop" in given:
        own = secrets.token_hex(8)
        response = md5(f"{first}:{nonce}:00000001:{own}:auth:{second}")
        said += f', qop=auth, nc=00000001, cnonce="{own}"'
    else:
        response = md5(f"{first}:{nonce}:{second}")
    if "opaque" in given:
        said += f', opaque="{given["opaque"]}"'
    return f'{said}, response="{response}"'
