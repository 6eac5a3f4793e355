"""The emergency announcement from a person's texts to the engine: spoken beside the loop, on within a second.

A language without a text of its own, and each whose voice is not ready in time, is told the shipped stock
sentence; one whose voice becomes ready later is told its own text from then on. Nothing is translated.
The last word counts: what was put on is not told any more once another one, or off, was asked for after it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import NamedTuple

import structlog
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.pbx.sounds import made_of, render
from acd.pbx.speech import SoundFault
from acd.ports import Announced, Arrival
from acd.store.tables import announcement_texts
from agents.model import UNDETERMINED
from config import prompts
from config.load import ConfigFaults
from config.prompts import Sentence
from config.schema import Centre
from routing.events import AnnouncementSet

STOCK = "emergency_stock"
FOLDER = "any"
"""In the place of a language: which one a sound speaks is part of its name."""
READY_S = 1.0
"""So long voices are waited for before the stock sentence is told in their place."""
NOT_READY = "the voices are not ready yet: until they are, the stock sentence is told"
OVERTAKEN = "another one was put on, or it was taken off, meanwhile"
RECORDS_S = 2.0

log = structlog.get_logger(__name__)


class Wanted(NamedTuple):
    """Sounds by language, and the sentences of those that are made for it."""

    sounds: tuple[tuple[str, str], ...]
    made: dict[tuple[str, str], tuple[Sentence, ...]]


def wanted(centre: Centre, spoken: prompts.Sounds, texts: Mapping[str, str]) -> Wanted:
    """What every language of the centre is told; the undetermined one hears each unknown language in turn."""
    sounds: list[tuple[str, str]] = []
    made: dict[tuple[str, str], tuple[Sentence, ...]] = {}
    unknown = centre.routing.unknown_languages
    for code in (*centre.languages, UNDETERMINED):
        mine = unknown if code == UNDETERMINED else [code]
        if not any(each in texts for each in mine):
            sounds.append((code, STOCK))
            continue
        sentences: tuple[Sentence, ...] = ()
        for each in mine:
            sentences += (Sentence(each, texts[each]),) if each in texts else spoken[each, STOCK]
        name = f"made_{made_of(sentences, centre.voice, centre.path(centre.announcement.folder))}"
        sounds.append((code, name))
        made[FOLDER, name] = sentences
    return Wanted(tuple(sorted(sounds)), made)


class EmergencyAnnouncement:
    """Puts it on and off. tell: to the engine. in_force: what it has now. source: the centre's file."""

    def __init__(
        self,
        centre: Callable[[], Centre],
        source: Path,
        records: AsyncEngine,
        tell: Callable[[Arrival], Awaitable[object]],
        in_force: Callable[[], AnnouncementSet | None],
    ) -> None:
        self._centre, self._source, self._records = centre, source, records
        self._tell, self._in_force = tell, in_force
        self._later: asyncio.Task[None] | None = None
        self._turn = 0
        self._voice = asyncio.Lock()

    async def on(self, texts: Mapping[str, str], ends_calls: bool, actor: str, reason: str) -> Announced:
        """It is on when this returns: by which words in which language. Raises QueueFull."""
        turn = self._begin()
        centre = self._centre()
        sounds = tuple(sorted((code, STOCK) for code in (*centre.languages, UNDETERMINED)))
        trouble = ""
        speaking: asyncio.Task[Wanted] | None = None
        if texts and not centre.announcement.folder:
            trouble = "announcement.folder names no folder for what is spoken: the stock sentence is told"
        elif texts:
            speaking = asyncio.create_task(self._spoken(centre, texts, turn), name="announcement")
            speaking.add_done_callback(lambda done: done.cancelled() or done.exception())
            await asyncio.wait({speaking}, timeout=READY_S)
            if self._turn != turn:
                return self.now()._replace(trouble=OVERTAKEN)
            trouble = _why(speaking) if speaking.done() else NOT_READY
            if not trouble:
                sounds = speaking.result().sounds
        await self._tell(Arrival(AnnouncementSet(sounds, ends_calls), actor, reason))
        if speaking is not None and self._turn == turn:
            self._later = asyncio.create_task(self._when_spoken(speaking, ends_calls, actor, reason))
        return self.now()._replace(trouble=trouble)

    async def off(self, actor: str, reason: str) -> Announced:
        """Nobody is told anything any more. Raises QueueFull."""
        self._begin()
        await self._tell(Arrival(AnnouncementSet((), False), actor, reason))
        return self.now()

    def now(self) -> Announced:
        """What is told at this moment."""
        event = self._in_force()
        if event is None:
            return Announced(False, False, {}, "")
        told = {code: "stock" if sound == STOCK else "text" for code, sound in event.sounds}
        return Announced(True, event.ends_calls, told, "")

    async def settled(self) -> None:
        """Once nothing more comes of the last one that was put on."""
        if self._later is not None:
            await asyncio.wait({self._later})

    def _begin(self) -> int:
        """Nothing more comes of what was asked for before; returns which turn this is."""
        self._turn += 1
        if self._later is not None:
            self._later.cancel()
            self._later = None
        return self._turn

    async def _spoken(self, centre: Centre, texts: Mapping[str, str], turn: int) -> Wanted:
        """One after the other, for each takes away what the folder has no need of; none that is overtaken."""
        async with self._voice:
            if self._turn != turn:
                return Wanted((), {})
            event = self._in_force()
            told = {(FOLDER, sound) for _, sound in event.sounds} if event is not None else set()
            return await asyncio.to_thread(self._speak, centre, texts, told)

    def _speak(self, centre: Centre, texts: Mapping[str, str], told: Collection[tuple[str, str]]) -> Wanted:
        """Into the folder, from which all is taken away but this and what is told now. In a thread."""
        want = wanted(centre, prompts.sounds(prompts.beside(self._source), centre), texts)
        render(want.made, centre.path(centre.announcement.folder), centre.voice, keep=told)
        return want

    async def _when_spoken(
        self, speaking: "asyncio.Task[Wanted]", ends_calls: bool, actor: str, reason: str
    ) -> None:
        """Its own words from when they are spoken on; and they are kept."""
        await asyncio.wait({speaking})
        if why := _why(speaking):
            log.warning("the emergency announcement stays the stock sentence", why=why)
            return
        event = AnnouncementSet(speaking.result().sounds, ends_calls)
        if event != self._in_force():
            await self._tell(Arrival(event, actor, reason))
        await self._keep(speaking.result())

    async def _keep(self, want: Wanted) -> None:
        """What was said to the public is kept: the words by the name of their sound."""
        try:
            async with asyncio.timeout(RECORDS_S), self._records.begin() as connection:
                for (_, name), sentences in want.made.items():
                    known = select(announcement_texts.c.sound).where(announcement_texts.c.sound == name)
                    if (await connection.execute(known)).first() is None:
                        text = "\n".join(f"{each.language}: {each.text}" for each in sentences)
                        await connection.execute(insert(announcement_texts), {"sound": name, "text": text})
        except Exception as fault:  # noqa: BLE001 a database's own faults differ by driver; it is on all the same
            log.warning("the words of the announcement are not kept", error=type(fault).__name__)


def _why(speaking: "asyncio.Task[Wanted]") -> str:
    """Why a voice failed, "" if none did."""
    fault = speaking.exception()
    if fault is None:
        return ""
    return (
        str(fault)[:300] if isinstance(fault, (SoundFault, OSError, ConfigFaults)) else type(fault).__name__
    )
