"""The PBX's side alone: real Asterisk and real SIP, and a link that sends what a daemon would send."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from acd.demo.hotline import Hotline
from acd.pbx.codec import Frame
from acd.pbx.link import AmiLink, LinkLost
from acd.pbx.translate import Translator
from acd.ports import Arrival
from config import menu
from config.load import load
from routing.commands import Command, SetFallback
from tests.integration.conftest import QUICK, SOURCE

NODE = "pbx1"
AS_SHIPPED = QUICK | {"staffing": {"wrap_up_seconds": 1, "ring_seconds": 5}}
"""Quick, but a talk that the phone's side ends at once is none."""
TERM = 7
LANGUAGES = tuple(load(SOURCE).languages)
"""In the order of the menu."""


@pytest.fixture
async def hotline(running: Hotline) -> AsyncIterator[Hotline]:
    """The one that a module's tests share (`running`), without calls after each."""
    yield running
    await running.sipp.end_all()
    await running.asterisk.cli("channel request hangup all")


def keys(language: str) -> list[tuple[int, str]]:
    """What a caller presses for a language and the concern "registration"."""
    pressed = [*menu.keys(len(LANGUAGES), LANGUAGES.index(language)), "9"]
    return [(300 if i == 0 else 400, key) for i, key in enumerate(pressed)]


class Wire:
    """A link of a daemon's rights, and every frame and arrival that came over it, in order."""

    def __init__(self, hotline: Hotline) -> None:
        self._hotline = hotline
        self.frames: list[Frame] = []
        self.arrivals: list[Arrival] = []
        self.translator = Translator(NODE)
        self._more = asyncio.Event()
        self.link: AmiLink | None = None
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Wire":
        pbx, own = self._hotline.centre.pbx, self._hotline.secrets
        self.link = await AmiLink.connect(pbx.ami_host, pbx.ami_port, pbx.ami_user, own.ami)
        self._reading = asyncio.create_task(self._read(self.link))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            print(self.story())
        if self.link is not None:
            await self.link.aclose()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self, link: AmiLink) -> None:
        try:
            while True:
                frame = await link.next()
                self.frames.append(frame)
                self.arrivals += self.translator.events(frame)
                self._more.set()
        except LinkLost:
            return

    def story(self, last: int = 80) -> str:
        """What was said last, for the report of a test that failed."""
        hidden = ("Privilege", "Language", "AccountCode", "CallerID", "Connected", "Dest", "ChannelState")
        shown = [[f"{k}={v}" for k, v in frame if v and not k.startswith(hidden)] for frame in self.frames]
        return "\n".join(map(" ".join, shown[-last:]))

    async def ask(self, **action: str) -> Frame:
        """One action and its answer."""
        assert self.link is not None
        return await self.link.ask(action)

    async def listed(self, **action: str) -> Sequence[Frame]:
        """One action and the list it gives."""
        assert self.link is not None
        return await self.link.ask_list(action)

    async def do(self, *commands: Command) -> None:
        """What the daemon would send for these."""
        for command in commands:
            for action in self.translator.actions(command):
                await self.ask(**action)

    async def set(self, **values: str) -> None:
        """Global variables."""
        for name, value in values.items():
            await self.ask(Action="Setvar", Variable=name, Value=value)

    async def hears(
        self,
        kind: type | tuple[type, ...],
        where: Callable[[Any], bool] = lambda _: True,
        after: int = 0,
        within_s: float = 20,
    ) -> Any:
        """The first such event among the arrivals after the first `after`."""
        async with asyncio.timeout(within_s):
            while True:
                for arrival in self.arrivals[after:]:
                    if isinstance(arrival.event, kind) and where(arrival.event):
                        return arrival.event
                self._more.clear()
                await self._more.wait()

    async def sees(self, after: int = 0, within_s: float = 20, **headers: str) -> Frame:
        """The first frame with these headers among those after the first `after`."""
        async with asyncio.timeout(within_s):
            while True:
                for frame in self.frames[after:]:
                    if all(frame.get(name) == value for name, value in headers.items()):
                        return frame
                self._more.clear()
                await self._more.wait()

    def every(self, **headers: str) -> list[Frame]:
        """Every frame with these headers."""
        return [f for f in self.frames if all(f.get(name) == value for name, value in headers.items())]


def beats(wire: Wire) -> "asyncio.Task[None]":
    """A daemon that lives, until the task is cancelled."""

    async def beat() -> None:
        count = 1
        with suppress(LinkLost):
            while True:
                await wire.set(ACD_ALIVE=str(count))
                count += 1
                await asyncio.sleep(1)

    return asyncio.create_task(beat())


@asynccontextmanager
async def deciding(hotline: Hotline) -> AsyncIterator[Wire]:
    """A link of a daemon that beats."""
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, ()))
        living = beats(wire)
        try:
            yield wire
        finally:
            living.cancel()
