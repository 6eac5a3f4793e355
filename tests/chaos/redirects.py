"""Redirects at random moments, thousands a second, against parked callers: nobody may fall out (B7)."""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field

from tests.chaos.hotline import ACTOR, Attacked

PARKED = 200
OUTSTANDING = 60
TERM = 5
STALE, NOBODY, ABSENT, HOLD = "1*0*p01", f"2*{TERM}*nobody", f"3*{TERM}*p15", "s"
"""A term that is over, a phone that is none, a phone that is not there, and back to hold."""
BEAT_S = 2.0
SETTLE_S = 3.0


@dataclass
class Redirected:
    """redirects: answered with Success. lost: callers hung up. caught: said ACDCaught."""

    redirects: int = 0
    refused: int = 0
    lost: int = 0
    caught: int = 0
    astray: int = 0
    """Callers who stood in no context of ours at the end."""
    seconds: float = 0.0
    where: dict[str, int] = field(default_factory=dict)
    why: dict[str, int] = field(default_factory=dict)
    """Where the lost ones were: context, extension and priority; and why redirects were refused."""


async def redirect(hotline: Attacked, count: int, seed: int, seconds: float) -> Redirected:
    """That many redirects, or as many as fit into that time; the hotline needs no daemon."""
    park = _Park(hotline, random.Random(seed))
    await park.open()
    try:
        await park.run(count, seconds)
        return park.result
    finally:
        await park.close()


class _Park:
    """Callers on hold by Local channels, and an AMI session that moves them."""

    def __init__(self, hotline: Attacked, chance: random.Random) -> None:
        self.result = Redirected()
        self._hotline = hotline
        self._chance = chance
        self._made = 0
        self._parked: list[str] = []
        self._asked = 0
        self._answered = 0
        self._free = asyncio.Event()
        self._listed: dict[str, str] | None = None
        self._list_over = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Log in and fill the park."""
        pbx = self._hotline.centre.pbx
        reader, self._writer = await asyncio.open_connection(pbx.ami_host, pbx.ami_port)
        self._act("Login", Username=ACTOR, Secret=self._hotline.eye_secret)
        self._tasks = [asyncio.create_task(self._read(reader)), asyncio.create_task(self._beat())]
        self._act("Setvar", Variable="ACD_TERM", Value=str(TERM))
        for _ in range(PARKED):
            self._park()
            await asyncio.sleep(0.005)
        await asyncio.sleep(1)

    async def close(self) -> None:
        """Leave them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._writer.transport.abort()

    def _act(self, action: str, **fields: str) -> None:
        lines = [f"Action: {action}", *(f"{name}: {value}" for name, value in fields.items())]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    def _park(self) -> None:
        self._made += 1
        uid = f"parked-{self._made}"
        self._parked.append(uid)
        said = f"ACD_CALL={uid},ACD_LANG=de,ACD_CONCERN=other,ACD_GREETED=4,ACD_ARRIVED={int(time.time())}"
        self._act(
            "Originate",
            Channel="Local/park@chaos-park/n",
            ChannelId=uid,
            Context="acd-hold",
            Exten="enter",
            Priority="1",
            Async="true",
            Variable=f"{said},TIMEOUT(response)=0.2",
        )

    async def _beat(self) -> None:
        """As a daemon would, so that nobody is served by the dialplan alone."""
        beats = 0
        while True:
            beats += 1
            self._act("Setvar", Variable="ACD_ALIVE", Value=str(TERM * 1_000_000 + beats))
            await asyncio.sleep(BEAT_S)

    # --- moving --------------------------------------------------------------------------------------

    async def run(self, count: int, seconds: float) -> None:
        """Redirect at random; now and then twice within a few milliseconds."""
        began = time.monotonic()
        chance = self._chance
        self._asked = self._answered = self.result.redirects = self.result.refused = 0
        while self.result.redirects < count and time.monotonic() - began < seconds:
            uid = chance.choice(self._parked)
            self._move(uid)
            if chance.random() < 0.3:
                await asyncio.sleep(chance.uniform(0, 0.004))
                self._move(uid)
            elif chance.random() < 0.3:
                await asyncio.sleep(chance.uniform(0, 0.001))
            while self._asked - self._answered > OUTSTANDING:
                self._free.clear()
                await self._free.wait()
        await asyncio.sleep(SETTLE_S)
        self.result.seconds = time.monotonic() - began
        await self._count()

    def _move(self, uid: str) -> None:
        target = self._chance.choice((STALE, NOBODY, ABSENT, HOLD))
        context = "acd-hold" if target == HOLD else "acd-connect"
        self._asked += 1
        self._act(
            "Redirect", ActionID=f"r{self._asked}", Channel=uid, Context=context, Exten=target, Priority="1"
        )

    async def _count(self) -> None:
        """Where everybody is at the end."""
        self._listed = {}
        self._act("Status", ActionID="where")
        async with asyncio.timeout(10):
            await self._list_over.wait()
        for uid in self._parked:
            if not self._listed.get(uid, "").startswith("acd-"):
                self.result.astray += 1

    # --- what comes ----------------------------------------------------------------------------------

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                data = await reader.readuntil(b"\r\n\r\n")
                pairs = (line.partition(": ") for line in data.decode(errors="replace").split("\r\n"))
                self._seen({name: value for name, _, value in pairs})

    def _seen(self, frame: dict[str, str]) -> None:
        if frame.get("ActionID", "").startswith("r") and "Response" in frame:
            self._answered += 1
            self._free.set()
            if frame["Response"] == "Success":
                self.result.redirects += 1
            else:
                self.result.refused += 1
                why = frame.get("Message", "").partition(":")[0]
                self.result.why[why] = self.result.why.get(why, 0) + 1
        elif frame.get("Event") == "Hangup" and frame.get("Uniqueid", "") in self._parked:
            self._parked.remove(frame["Uniqueid"])
            self.result.lost += 1
            place = (
                f"{frame.get('Context')},{frame.get('Exten')},{frame.get('Priority')} {frame.get('Cause')}"
            )
            self.result.where[place] = self.result.where.get(place, 0) + 1
            self._park()
        elif frame.get("UserEvent") == "ACDCaught":
            self.result.caught += 1
        elif frame.get("Event") == "Status" and self._listed is not None:
            self._listed[frame.get("Uniqueid", "")] = frame.get("Context", "")
        elif frame.get("Event") == "StatusComplete":
            self._list_over.set()
