"""Signs of life that AMI does not tell by itself: a phone (or what stands before it) that answers only 100.

Asterisk says nothing of a 100 or 182, but keeps the last SIP answer of every phone that a caller's Dial
rings: HANGUPCAUSE(channel,tech) on the caller's channel. It is asked when a dial has been silent for a while.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from routing.events import Leg, PhoneRang

ASK_AFTER_S = (0.4, 0.4, 0.8)
"""Pauses before each question; all lie within two seconds, the shortest time after which a silent phone may
be given up."""
SILENT_MAX = 1_000
"""So many silent dials are watched at once; more than that are left to their deadlines."""


class Frame(Protocol):
    """What is needed of an AMI frame."""

    def get(self, name: str, default: str = "") -> str: ...


Asks = Callable[[str, str], Awaitable[str]]
"""(Uniqueid, variable) -> its value; "" where there is none to be had."""


class Signs:
    """Watches the dials of one link, from DialBegin to the first word of the phone.

    ask: reads a variable of a channel. rang: is told of a phone that gave a sign.
    """

    def __init__(
        self,
        node: str,
        ask: Asks,
        rang: Callable[[PhoneRang], None],
        *,
        pauses_s: tuple[float, ...] = ASK_AFTER_S,
    ) -> None:
        self._node = node
        self._ask = ask
        self._rang = rang
        self._pauses_s = pauses_s
        self._watched: dict[str, asyncio.Task[None]] = {}

    def saw(self, frame: Frame) -> None:
        """A frame came; those of dials are heeded."""
        kind, phone = frame.get("Event"), frame.get("DestUniqueid")
        if kind == "DialBegin" and phone and len(self._watched) < SILENT_MAX:
            caller, channel = frame.get("Uniqueid"), frame.get("DestChannel")
            if caller and channel.startswith("PJSIP/"):
                self._leave(phone)
                watch = self._watch(caller, channel, phone)
                self._watched[phone] = asyncio.create_task(watch, name=f"sign of {channel}")
        elif kind == "DialState":
            self._leave(phone)
        elif kind in ("Hangup", "BridgeEnter"):
            self._leave(frame.get("Uniqueid"))

    def close(self) -> None:
        """Watch nothing more."""
        for phone in list(self._watched):
            self._leave(phone)

    def _leave(self, phone: str) -> None:
        if (watching := self._watched.pop(phone, None)) is not None:
            watching.cancel()

    async def _watch(self, caller: str, channel: str, phone: str) -> None:
        for pause_s in self._pauses_s:
            await asyncio.sleep(pause_s)
            said = await self._ask(caller, f"HANGUPCAUSE({channel},tech)")
            if said.startswith("SIP 1"):
                self._rang(PhoneRang(Leg(self._node, phone[:80])))
                break
        self._watched.pop(phone, None)
