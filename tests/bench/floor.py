"""Asterisk's own floor: the next caller is redirected on the Hangup of a phone's leg, and that is all.

No journal, no rules, no daemon: what a distributor outside Asterisk can at best reach.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Mapping
from types import TracebackType

from acd.demo.hotline import Hotline
from acd.pbx.codec import Frame, FrameReader, encode

TERM = 1
BEAT_S = 2.0


class Floor:
    """Serves callers by language with one phone each, until the block is left."""

    def __init__(self, running: Hotline, phones: Mapping[str, str]) -> None:
        """phones: language -> the one phone that serves it."""
        self._running = running
        self._phones = dict(phones)
        self._language = {phone: language for language, phone in phones.items()}
        self._waiting: dict[str, deque[str]] = {language: deque() for language in phones}
        self._idle = set(phones)
        self._offers = 0

    async def __aenter__(self) -> "Floor":
        pbx = self._running.centre.pbx
        reader, self._writer = await asyncio.open_connection(pbx.ami_host, pbx.ami_port)
        self._act(Action="Login", Username=pbx.ami_user, Secret=self._running.secrets.ami)
        self._act(Action="Setvar", Variable="ACD_TERM", Value=str(TERM))
        self._tasks = [asyncio.create_task(self._listen(reader)), asyncio.create_task(self._beat())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._writer.close()

    def _act(self, **fields: str) -> None:
        self._writer.write(encode(fields))

    async def _beat(self) -> None:
        beats = 0
        while True:
            beats += 1
            self._act(Action="Setvar", Variable="ACD_ALIVE", Value=str(beats))
            await asyncio.sleep(BEAT_S)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        frames = FrameReader()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                for frame in frames.feed(data):
                    self._take(frame)

    def _take(self, frame: Frame) -> None:
        if frame.get("Event") == "Hangup":
            phone = frame.get("Channel").removeprefix("PJSIP/").rpartition("-")[0]
            if (language := self._language.get(phone)) is not None:
                self._free(language)
        elif frame.get("UserEvent") == "ACDWaiting" and frame.get("Lang") in self._waiting:
            self._waiting[frame.get("Lang")].append(frame.get("Call"))
            if frame.get("Lang") in self._idle:
                self._free(frame.get("Lang"))

    def _free(self, language: str) -> None:
        self._idle.add(language)
        if not self._waiting[language]:
            return
        self._idle.discard(language)
        self._offers += 1
        extension = f"{self._offers}*{TERM}*{self._phones[language]}"
        caller = self._waiting[language].popleft()
        self._act(Action="Redirect", Channel=caller, Context="acd-connect", Exten=extension, Priority="1")
