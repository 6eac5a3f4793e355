"""Callers of every kind, each with an account of its own: what it did, and what was done to it."""

import asyncio
import random
import re
import time
from dataclasses import dataclass

from config import menu
from tests.chaos.sip import Message, Stack, tag, uri

ANSWER_S = 6.0
"""So long Asterisk may take to answer at all."""
MURMUR_S = 9.0


@dataclass
class Plan:
    """What a caller means to do. keys: (pause before it in s, key). stays_s: from the answer to hanging up.

    vanishes: it ends as a cable that is pulled, without a word.
    """

    kind: str
    keys: tuple[tuple[float, str], ...]
    stays_s: float
    language: str = ""
    concern: str = ""


@dataclass
class Account:
    """One call as its caller saw it. Epoch seconds, 0 where it did not happen."""

    number: str
    plan: Plan
    call_id: str = ""
    invited: float = 0.0
    answered: float = 0.0
    hung_up: float = 0.0
    """The caller ended it, or its BYE was on its way."""
    cut_off: float = 0.0
    """A BYE came though the caller had said none."""
    refused: int = 0
    """The final status in place of an answer; 1 if none came."""
    excused: str = ""
    """Asterisk itself died meanwhile."""
    over: bool = False


def draw(chance: random.Random, languages: list[str], concerns: list[str]) -> Plan:
    """A caller: impatient in a menu, on hold, or patient; pressing keys quickly, slowly, or none."""
    kind = chance.choices(("language menu", "concern menu", "hold", "patient", "silent"), (7, 7, 26, 57, 3))[
        0
    ]
    language = min(chance.randrange(len(languages)), chance.randrange(len(languages)))
    concern = chance.randrange(len(concerns))
    keys: list[tuple[float, str]] = []
    if kind != "silent":
        for entry, count in ((language, len(languages)), (concern, len(concerns))):
            for place, key in enumerate(menu.keys(count, entry)):
                keys.append((0.35 if place else chance.uniform(0.4, 1.5), key))
    if kind == "language menu":
        keys = []
    elif kind == "concern menu":
        keys = keys[: len(keys) // 2] if len(keys) % 2 == 0 else keys[:1]
    pressing = sum(pause for pause, _ in keys)
    stays = (
        pressing
        + {
            "language menu": chance.uniform(0.2, 4.0),
            "concern menu": chance.uniform(0.3, 4.0),
            "hold": chance.uniform(0.3, 12.0),
            "patient": chance.uniform(25.0, 55.0),
            "silent": chance.uniform(3.0, 40.0),
        }[kind]
    )
    return Plan(kind, tuple(keys), stays, languages[language], concerns[concern])


class Callers:
    """All callers of a run, from one address, the trunk's."""

    def __init__(self, host: str, peer: tuple[str, int], dialled: str) -> None:
        self.stack = Stack(host, peer, self._asked)
        self.accounts: list[Account] = []
        self._dialled = dialled
        self._dialogs: dict[str, Dialog] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def going(self) -> int:
        """How many calls there are at the moment."""
        return len(self._dialogs)

    def call(self, number: str, plan: Plan) -> Account:
        """One call begins; its account is filled as it goes."""
        account = Account(number, plan)
        self.accounts.append(account)
        task = asyncio.create_task(self._run(account))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return account

    async def _run(self, account: Account) -> None:
        dialog = Dialog(self.stack, account, self._dialled)
        self._dialogs[account.call_id] = dialog
        try:
            await dialog.run()
        finally:
            account.over = True
            self._dialogs.pop(account.call_id, None)

    def _asked(self, message: Message) -> None:
        dialog = self._dialogs.get(message.get("call-id"))
        if dialog is None:
            code = 200 if message.method == "OPTIONS" else 481
            self.stack.reply(message, code, "none")
        else:
            dialog.asked(message)

    def excuse(self, why: str) -> None:
        """Asterisk is dead: every call there is ends here, and not by anybody's fault."""
        for dialog in list(self._dialogs.values()):
            dialog.account.excused = why
            dialog.end()

    def hang_up_all(self) -> None:
        """Everybody hangs up now."""
        for dialog in list(self._dialogs.values()):
            dialog.leave()

    async def drained(self, timeout_s: float) -> None:
        """Until no call is left."""
        async with asyncio.timeout(timeout_s):
            while self._tasks:
                await asyncio.wait(self._tasks)


class Dialog:
    """One call on the wire."""

    def __init__(self, stack: Stack, account: Account, dialled: str) -> None:
        self.account = account
        self._stack = stack
        self._own = f"c{account.number}"
        account.call_id = f"{account.number}@{stack.host}"
        self._target = f"sip:{dialled}@{stack.peer[0]}:{stack.peer[1]}"
        self._to = f"<{self._target}>"
        self._from = f'"Caller" <sip:{account.number}@{stack.host}:{stack.port}>;tag={self._own}'
        self._remote = self._target
        self._cseq = 1
        self._sdp = ""
        self._ended = asyncio.Event()
        self._leaving = asyncio.Event()

    def _request(self, method: str, body: str = "", kind: str = "") -> Message:
        if method not in ("ACK", "INVITE"):
            self._cseq += 1
        headers = [
            ("Via", self._stack.via()),
            ("From", self._from),
            ("To", self._to),
            ("Call-ID", self.account.call_id),
            ("CSeq", f"{self._cseq} {method}"),
            ("Max-Forwards", "70"),
            ("Contact", f"<sip:caller@{self._stack.host}:{self._stack.port}>"),
        ]
        if body:
            headers.append(("Content-Type", kind))
        lowered = [(name.lower(), value) for name, value in headers]
        return Message(f"{method} {self._remote} SIP/2.0", lowered, body)

    async def run(self) -> None:
        """From INVITE to the end."""
        self.account.invited = time.time()
        if not await self._answered():
            return
        murmur = asyncio.create_task(self._murmur())
        try:
            over = asyncio.create_task(self._until_over())
            keys = asyncio.create_task(self._press())
            await over
            keys.cancel()
            await asyncio.gather(keys, return_exceptions=True)
        finally:
            murmur.cancel()
        if self._ended.is_set() or self.account.cut_off:
            return
        self.account.hung_up = time.time()
        await self._stack.final(self._request("BYE"))

    async def _answered(self) -> bool:
        invite = self._request("INVITE", self._stack.sdp, "application/sdp")
        answers = self._stack.request(invite)
        try:
            async with asyncio.timeout(ANSWER_S):
                while True:
                    answer = await answers.get()
                    if answer.code >= 200:
                        break
        except TimeoutError:
            self.account.refused = 0 if self._ended.is_set() else 1
            return False
        self._to = answer.get("to")
        if answer.code >= 300:
            ack = Message(f"ACK {self._target} SIP/2.0", list(invite.headers))
            ack.headers = [(n, v if n != "cseq" else "1 ACK") for n, v in ack.headers if n != "content-type"]
            ack.headers = [(n, v if n != "to" else self._to) for n, v in ack.headers]
            self._stack.send(ack.encode())
            self.account.refused = answer.code
            return False
        self.account.answered = time.time()
        self._remote = uri(answer.get("contact")) or self._target
        self._sdp = answer.body
        self._stack.send(self._request("ACK").encode())
        return True

    async def _press(self) -> None:
        for pause, key in self.account.plan.keys:
            await asyncio.sleep(pause)
            info = self._request("INFO", f"Signal={key}\nDuration=160\n", "application/dtmf-relay")
            await self._stack.final(info)

    async def _until_over(self) -> None:
        """Until the other side ends it, or the caller has had enough."""
        waits = [asyncio.create_task(each.wait()) for each in (self._ended, self._leaving)]
        await asyncio.wait(waits, timeout=self.account.plan.stays_s, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()

    async def _murmur(self) -> None:
        while True:
            self._stack.murmur(self._sdp)
            await asyncio.sleep(MURMUR_S)

    def leave(self) -> None:
        """The caller hangs up now."""
        self._leaving.set()

    def end(self) -> None:
        """It is over, whoever ended it."""
        self._ended.set()

    def asked(self, message: Message) -> None:
        """A request of Asterisk within this call."""
        method = message.method
        contact = ("Contact", f"<sip:caller@{self._stack.host}:{self._stack.port}>")
        if method == "BYE":
            if not self.account.hung_up and not self.account.cut_off:
                self.account.cut_off = time.time()
            self._stack.reply(message, 200, tag(self._from))
            self.end()
        elif method in ("INVITE", "UPDATE"):
            if re.search(r"m=audio", message.body):
                self._sdp = message.body
            body = self._stack.sdp if message.body or method == "INVITE" else ""
            more = [contact, ("Content-Type", "application/sdp")] if body else [contact]
            self._stack.reply(message, 200, tag(self._from), *more, body=body)
        else:
            self._stack.reply(message, 200, tag(self._from))
