"""Phones of every temper, each with an account of every ring: what it did, and what was done to it."""

import asyncio
import random
import time
from dataclasses import dataclass

from tests.chaos.sip import Message, Stack, proof, uri, user

EXPIRES_S = 3600
BACK_AFTER_DEATH_S = (4.0, 25.0)
TEMPERS = {
    "answers": 46.0,
    "answers slowly": 14.0,
    "early media": 7.0,
    "rings late": 9.0,
    "declines": 5.0,
    "busy": 4.0,
    "rings out": 4.0,
    "answers and ends": 6.0,
    "dies ringing": 1.5,
    "dies talking": 1.0,
    "unplugged": 2.5,
}
"""What a phone does with a ring, and how often of a hundred."""


@dataclass
class Ring:
    """One INVITE at a phone, as the phone saw it. Epoch seconds, 0 where it did not happen."""

    phone: str
    number: str
    temper: str
    began: float
    rang: float = 0.0
    answered: float = 0.0
    hung_up: float = 0.0
    """The phone's side ended the talk, or its BYE was on its way."""
    cut_off: float = 0.0
    """A BYE came though the phone had said none."""
    cancelled: float = 0.0
    refused: float = 0.0
    died: float = 0.0
    beside: int = 0
    """How many other calls this phone rang for or talked with when the INVITE came."""
    beside_numbers: tuple[str, ...] = ()
    excused: str = ""

    @property
    def open(self) -> bool:
        """Whether the phone still rings or talks."""
        return not (
            self.hung_up or self.cut_off or self.cancelled or self.refused or self.died or self.excused
        )


class Phones:
    """Registered phones at one address."""

    def __init__(
        self,
        host: str,
        peer: tuple[str, int],
        passwords: dict[str, str],
        chance: random.Random,
    ) -> None:
        self.stack = Stack(host, peer, self._asked)
        self.rings: list[Ring] = []
        self.dead: dict[str, float] = {}
        self.gentle = False
        """Every phone answers, so that a run can come to its end."""
        self._passwords = passwords
        self._chance = chance
        self._open: dict[str, _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._missed: set[str] = set()

    async def register(self, phone: str) -> bool:
        """Tell Asterisk where a phone is; whether it took it."""
        target = f"sip:{self.stack.peer[0]}:{self.stack.peer[1]}"
        address = f"<sip:{phone}@{self.stack.peer[0]}:{self.stack.peer[1]}>"
        headers = [
            ("from", f"{address};tag={phone}{self._chance.randrange(10**9)}"),
            ("to", address),
            ("call-id", f"register-{phone}-{self._chance.randrange(10**9)}"),
            ("contact", f"<sip:{phone}@{self.stack.host}:{self.stack.port}>"),
            ("expires", str(EXPIRES_S)),
            ("max-forwards", "70"),
        ]
        first = [("via", self.stack.via()), ("cseq", "1 REGISTER"), *headers]
        answer = await self.stack.final(Message(f"REGISTER {target} SIP/2.0", first))
        if answer is None or answer.code != 401:
            return answer is not None and answer.code == 200
        word = proof(answer.get("www-authenticate"), "REGISTER", target, phone, self._passwords[phone])
        second = [("via", self.stack.via()), ("cseq", "2 REGISTER"), *headers, ("authorization", word)]
        answer = await self.stack.final(Message(f"REGISTER {target} SIP/2.0", second))
        return answer is not None and answer.code == 200

    def excuse(self, why: str) -> None:
        """Asterisk is dead: every ring and talk there is ends here."""
        for line in list(self._open.values()):
            line.ring.excused = why
            line.over()

    def close(self) -> None:
        """Nobody is told."""
        for task in self._tasks:
            task.cancel()
        self.stack.close()

    # --- what comes ----------------------------------------------------------------------------------

    def _asked(self, message: Message) -> None:
        phone = user(message.start.split()[1])
        line = self._open.get(message.get("call-id"))
        name = line.ring.phone if line is not None else phone
        if self.dead.get(name, 0) > time.time() or message.get("call-id") in self._missed:
            self._missed.add(
                message.get("call-id")
            )  # Asterisk repeats it for half a minute: of no use any more
            return
        self.dead.pop(name, None)
        if message.method == "INVITE" and line is None:
            self._rung(message, phone)
        elif line is not None:
            line.asked(message)
        else:
            code = 200 if message.method in ("OPTIONS", "NOTIFY") else 481
            self.stack.reply(message, code, "none")

    def _rung(self, message: Message, phone: str) -> None:
        temper = self._chance.choices(list(TEMPERS), list(TEMPERS.values()))[0]
        if self.gentle:
            temper = "answers"
        ring = Ring(phone, user(message.get("from")), temper, time.time())
        beside = [line.ring for line in self._open.values() if line.ring.phone == phone and line.ring.open]
        ring.beside, ring.beside_numbers = len(beside), tuple(each.number for each in beside)
        self.rings.append(ring)
        if temper == "unplugged":
            self._missed.add(message.get("call-id"))
            self._die(ring)
            return
        if beside:
            ring.temper, temper = "busy", "busy"
        line = _Line(self.stack, message, ring, self._chance)
        self._open[message.get("call-id")] = line
        task = asyncio.create_task(self._serve(line, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, line: "_Line", message: Message) -> None:
        try:
            await line.run()
            if line.ring.died:
                self._die(line.ring)
        finally:
            self._open.pop(message.get("call-id"), None)

    def _die(self, ring: Ring) -> None:
        """The phone falls silent altogether for a while."""
        ring.died = ring.died or time.time()
        self.dead[ring.phone] = ring.died + self._chance.uniform(*BACK_AFTER_DEATH_S)
        for line in list(self._open.values()):
            if line.ring.phone == ring.phone and line.ring is not ring:
                line.ring.died = ring.died
                line.over()


class _Line:
    """One ring or talk at a phone."""

    def __init__(
        self,
        stack: Stack,
        invite: Message,
        ring: Ring,
        chance: random.Random,
    ) -> None:
        self.ring = ring
        self._stack = stack
        self._invite = invite
        self._chance = chance
        self._own = f"p{chance.randrange(10**9)}"
        self._over = asyncio.Event()
        self._contact = ("Contact", f"<sip:{ring.phone}@{stack.host}:{stack.port}>")
        self._cseq = 0

    def over(self) -> None:
        """It is over, whoever ended it."""
        self._over.set()

    async def _wait(self, seconds: float) -> bool:
        """That long, or until it is over; whether it is."""
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            pass
        return self._over.is_set()

    async def run(self) -> None:
        """As its temper says."""
        ring, chance, temper = self.ring, self._chance, self.ring.temper
        self._stack.reply(self._invite, 100, self._own)
        if temper == "rings late" and await self._wait(chance.uniform(0.3, 1.2)):
            return
        if temper == "busy":
            self._refuse(486)
            return
        early = temper == "early media"
        self._ring(183 if early else 180)
        if temper == "declines":
            if not await self._wait(chance.uniform(0.2, 2.0)):
                self._refuse(603)
            return
        if temper == "rings out":
            await self._wait(90)
            return
        if temper == "dies ringing":
            if not await self._wait(chance.uniform(0.1, 2.0)):
                ring.died = time.time()
            return
        quick = temper == "answers and ends"
        slow = temper == "answers slowly"
        if await self._wait(chance.uniform(2.0, 4.5) if slow else chance.uniform(0.05, 1.8)):
            return
        self._answer()
        self._stack.murmur(self._invite.body)
        if temper == "dies talking":
            if not await self._wait(chance.uniform(0.5, 6.0)):
                ring.died = time.time()
            return
        talk = chance.uniform(0.0, 0.3) if quick else chance.uniform(3.0, 9.0)
        if not quick and chance.random() < 0.25:
            talk = chance.uniform(20.0, 30.0)
        if not await self._wait(talk):
            ring.hung_up = time.time()
            await self._stack.final(self._bye())

    def _refuse(self, code: int) -> None:
        self.ring.refused = time.time()
        self._stack.reply(self._invite, code, self._own)

    def _ring(self, code: int) -> None:
        self.ring.rang = time.time()
        if code == 183:
            typed = ("Content-Type", "application/sdp")
            self._stack.reply(self._invite, 183, self._own, self._contact, typed, body=self._stack.sdp)
        else:
            self._stack.reply(self._invite, 180, self._own, self._contact)

    def _answer(self) -> None:
        self.ring.answered = time.time()
        typed = ("Content-Type", "application/sdp")
        self._stack.reply(self._invite, 200, self._own, self._contact, typed, body=self._stack.sdp)

    def _bye(self) -> Message:
        invite = self._invite
        self._cseq += 1
        headers = [
            ("via", self._stack.via()),
            ("from", f"{invite.get('to')};tag={self._own}"),
            ("to", invite.get("from")),
            ("call-id", invite.get("call-id")),
            ("cseq", f"{self._cseq} BYE"),
            ("max-forwards", "70"),
        ]
        return Message(f"BYE {uri(invite.get('contact'))} SIP/2.0", headers)

    def asked(self, message: Message) -> None:
        """A request of Asterisk within this ring or talk."""
        method, ring = message.method, self.ring
        if method == "CANCEL":
            self._stack.reply(message, 200, self._own)
            if ring.open and not ring.answered:
                ring.cancelled = time.time()
                self._stack.reply(self._invite, 487, self._own)
            self.over()
        elif method == "BYE":
            if ring.open:
                ring.cut_off = time.time()
            self._stack.reply(message, 200, self._own)
            self.over()
        elif method in ("INVITE", "UPDATE"):
            body = self._stack.sdp if message.body or method == "INVITE" else ""
            more = [self._contact, ("Content-Type", "application/sdp")] if body else [self._contact]
            self._stack.reply(message, 200, self._own, *more, body=body)
        else:
            self._stack.reply(message, 200, self._own)
