"""The emergency announcement from a person's words to the engine: made beside the loop, on within a second.

The words are texts that a voice speaks, or recordings by phone; both become sounds of one kind. A language
without words of its own, and each whose voice is not ready in time, is told the shipped stock sentence; one
whose voice becomes ready later is told its own words from then on. Nothing is translated.
The last word counts: what was put on is not told any more once another one, or off, was asked for after it.
What was asked for is kept first, so that a daemon that died on the way finishes it when it is back.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import NamedTuple

import structlog
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.announcement import asked as asked_for
from acd.announcement import recorded
from acd.announcement.asked import NOTHING, Asked
from acd.announcement.recorded import Unfit
from acd.pbx.announcing import ALL, CHECK, DROP, KEEP, Draft
from acd.pbx.sounds import made_of, render
from acd.pbx.speech import SoundFault
from acd.ports import Announced, Arrival, KeptAnnouncement, QueueFull
from acd.store.tables import announcement_texts
from agents.model import UNDETERMINED
from config import prompts
from config.load import ConfigFaults
from config.prompts import Sentence
from config.schema import Centre
from routing.events import AnnouncementSet

STOCK = "emergency_stock"
TEXT, RECORDING, STOCK_KIND = "text", "recording", "stock"
"""By what a language is told it, as acd.ports.Announced has it."""
FOLDER = "any"
"""In the place of a language: which one a sound speaks is part of its name."""
READY_S = 1.0
"""So long voices are waited for before the stock sentence is told in their place."""
NOT_READY = "the voices are not ready yet: until they are, the stock sentence is told"
OVERTAKEN = "another one was put on, or it was taken off, meanwhile"
RECORDS_S = 2.0
KEEPING_S = 1.0
"""So long what was asked for is waited for to be kept; it is on all the same."""
DRAFTS_MAX = 20
"""Phones that wait for an answer; more are not answered."""

log = structlog.get_logger(__name__)


class Wanted(NamedTuple):
    """Sounds by language, and the sentences of those that are made for it."""

    sounds: tuple[tuple[str, str], ...]
    made: dict[tuple[str, str], tuple[Sentence, ...]]


def chosen(code: str, texts: Mapping[str, str], recordings: Mapping[str, str]) -> tuple[str, str]:
    """By what a language is told it: a recording (its name), a text (its words), or stock ("")."""
    if code in recordings:
        return RECORDING, recordings[code]
    if code in texts:
        return TEXT, texts[code]
    return (RECORDING, recordings[ALL]) if ALL in recordings else (STOCK_KIND, "")


def wanted(
    centre: Centre,
    spoken: Callable[[], prompts.Sounds],
    texts: Mapping[str, str],
    recordings: Mapping[str, str],
) -> Wanted:
    """What every language of the centre is told; the undetermined one hears each unknown language in turn.

    spoken: the shipped sentences, which take a while to read; asked only where one stands beside own words.
    """

    def own(code: str) -> Sentence | None:
        kind, what = chosen(code, texts, recordings)
        if kind == TEXT:
            return Sentence(code, what)
        mine = code if code in recordings else ALL
        return Sentence(mine, "", what) if kind == RECORDING else None

    sounds: list[tuple[str, str]] = []
    made: dict[tuple[str, str], tuple[Sentence, ...]] = {}
    unknown = centre.routing.unknown_languages
    for code in (*centre.languages, UNDETERMINED):
        mine = unknown if code == UNDETERMINED else [code]
        if not any(own(each) for each in mine):
            sounds.append((code, STOCK))
            continue
        parts: list[Sentence] = []
        for each in mine:
            words = own(each)
            parts += [words] if words is not None else spoken()[each, STOCK]
        sentences = tuple(dict.fromkeys(parts))  # one that all are told is told once
        name = f"made_{made_of(sentences, centre.voice, centre.path(centre.announcement.folder))}"
        sounds.append((code, name))
        made[FOLDER, name] = sentences
    return Wanted(tuple(sorted(sounds)), made)


class EmergencyAnnouncement:
    """Puts it on and off. tell: to the engine. in_force: what it has now. source: the centre's file.

    answer: tells a phone what became of the draft it asked for. spoken: is told what a phone put on (the
    phone, the recording, its language, whether it ends calls). now_ms: epoch ms.
    """

    def __init__(
        self,
        centre: Callable[[], Centre],
        source: Path,
        records: AsyncEngine,
        tell: Callable[[Arrival], Awaitable[object]],
        in_force: Callable[[], AnnouncementSet | None],
        answer: Callable[[Draft, bool], None] = lambda draft, done: None,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        spoken: Callable[[str, str, str, bool], Awaitable[None]] | None = None,
    ) -> None:
        self._heard_of = spoken
        self._centre, self._source, self._records = centre, source, records
        self._tell, self._in_force = tell, in_force
        self._answer, self._now_ms = answer, now_ms
        self._later: asyncio.Task[None] | None = None
        self._turn = 0
        self._voice = asyncio.Lock()
        self._keeping = asyncio.Lock()
        self._asked = NOTHING
        self._drafts: asyncio.Queue[Draft] = asyncio.Queue(DRAFTS_MAX)
        self._resumed = self._linked = False

    async def run(self) -> None:
        """For ever: finish what was asked for before this daemon, then do as phones ask that record."""
        if not self._resumed:
            await self.resume()
        while True:
            await self._done(await self._drafts.get())

    def told(self, draft: Draft) -> None:
        """A phone asks for this. Never waits; who is not answered in time hears that it did not work."""
        try:
            self._drafts.put_nowait(draft)
        except asyncio.QueueFull:
            log.warning("too many phones record announcements at once")

    async def resume(self) -> None:
        """What was asked for before a daemon died is so; off stays off. Raises QueueFull, OSError."""
        asked = await asyncio.to_thread(asked_for.read, self._store)
        self._resumed = True
        if asked is None or self._turn:
            return
        self._asked = asked
        if asked.on:
            await self._put_on(self._begin(), asked, stock_first=self._in_force() is None)
        elif self._in_force() is not None:
            await self._tell(Arrival(AnnouncementSet((), False), asked.by, asked.reason))

    async def on(
        self,
        texts: Mapping[str, str],
        ends_calls: bool,
        actor: str,
        reason: str,
        recordings: Collection[str] = (),
    ) -> Announced:
        """It is on when this returns: by which words in which language. reason: a reference to it, or "".
        recordings: names of those that are kept. Raises QueueFull, Unfit."""
        named = await self.named(recordings)  # where one is unknown, what is on stays as it is
        turn = self._begin()
        asked = Asked(True, dict(texts), named, ends_calls, actor, reason, self._now_ms())
        return await self._ask(turn, asked)

    async def off(self, actor: str, reason: str) -> Announced:
        """Nobody is told anything any more. Raises QueueFull."""
        turn, before = self._begin(), self._asked
        await self._keep_asked(turn, Asked(by=actor, reason=reason, since_ms=self._now_ms()))
        try:
            await self._tell(Arrival(AnnouncementSet((), False), actor, reason))
        except QueueFull:
            await self._keep_asked(turn, before)
            raise
        return self.now()

    async def recordings(self) -> list[KeptAnnouncement]:
        """All that are kept, the oldest first. Raises OSError."""
        folder = self._folder()
        return await asyncio.to_thread(recorded.kept, folder) if folder else []

    async def named(self, recordings: Collection[str]) -> dict[str, str]:
        """These recordings by language, or ALL; of two the last counts. Raises Unfit, OSError."""
        known = {each.name: each.language for each in await self.recordings()} if recordings else {}
        if unknown := [name for name in recordings if name not in known]:
            raise Unfit(f"there is no recording {unknown[0][:60]!r}")
        return {known[name]: name for name in recordings}

    async def delete(self, name: str) -> bool:
        """Delete a recording; False if it is told now, or there is none. Raises OSError."""
        folder = self._folder()
        if folder is None or name in self._wanted_names():
            return False
        return await asyncio.to_thread(recorded.delete, folder, name)

    async def forget(self, now_s: float) -> int:
        """Delete recordings that are too old, and drafts (not the first time); how many recordings. now_s:
        epoch s."""
        gone = 0
        if (folder := self._folder()) is not None and self._resumed:
            days, names = self._centre().announcement.days, self._wanted_names()
            gone = await asyncio.to_thread(recorded.forget, folder, days, now_s, names)
            if self._linked:  # until then, one that the dialplan put on alone may be among them
                await asyncio.to_thread(recorded.forget_drafts, folder, now_s)
            self._linked = True
        return gone

    async def _done(self, draft: Draft) -> None:
        """What a phone asks for."""
        rules, folder = self._centre().announcement, self._folder()
        done = False
        try:
            if folder is None or not rules.record_code or draft.phone not in rules.phones:
                raise Unfit(f"{draft.phone} is no phone that may record ([announcement])")
            if draft.language not in (ALL, *self._centre().languages):
                raise Unfit(f"{draft.language} is no language of this centre")
            await self._did(draft, folder)
            done = True
        except (Unfit, OSError, QueueFull) as fault:
            log.warning("a recorded announcement is refused", asked=draft.do, why=str(fault)[:200])
        self._answer(draft, done)

    async def _did(self, draft: Draft, folder: Path) -> None:
        """Raises Unfit, OSError, QueueFull."""
        if draft.do == CHECK:
            await asyncio.to_thread(recorded.judged, folder, draft.name)
            return
        if draft.do != DROP:
            name, new = await asyncio.to_thread(
                recorded.keep, folder, draft.name, draft.language, self._wanted_names()
            )
            if draft.do != KEEP and (new or draft.leg):
                await self._add(name, draft.language, draft.phone)
        await asyncio.to_thread(recorded.drop, folder, draft.name)

    async def _add(self, name: str, language: str, phone: str) -> None:
        """This recording is on for a language, or for all; whatever else is on stays on."""
        turn, before = self._begin(), self._asked if self._in_force() is not None else NOTHING
        texts, recordings = dict(before.texts), dict(before.recordings)
        if language == ALL:
            texts, recordings = {}, {}
        texts.pop(language, None)
        recordings[language] = name
        asked = Asked(True, texts, recordings, before.ends_calls, f"phone:{phone}", name, self._now_ms())
        await self._ask(turn, asked)
        if self._heard_of is not None:
            await self._heard_of(phone, name, language, before.ends_calls)

    async def _ask(self, turn: int, asked: Asked) -> Announced:
        before = self._asked
        await self._keep_asked(turn, asked)
        try:
            return await self._put_on(turn, asked, stock_first=True)
        except QueueFull:
            await self._keep_asked(turn, before)
            raise

    async def _put_on(self, turn: int, asked: Asked, *, stock_first: bool) -> Announced:
        """stock_first: whose voice is not ready in time is told the stock sentence until then."""
        centre = self._centre()
        sounds = tuple(sorted((code, STOCK) for code in (*centre.languages, UNDETERMINED)))
        trouble = ""
        speaking: asyncio.Task[Wanted] | None = None
        if (asked.texts or asked.recordings) and not centre.announcement.folder:
            trouble = "announcement.folder names no folder for what is spoken: the stock sentence is told"
        elif asked.texts or asked.recordings:
            speaking = asyncio.create_task(self._spoken(centre, asked, turn), name="announcement")
            speaking.add_done_callback(lambda done: done.cancelled() or done.exception())
            await asyncio.wait({speaking}, timeout=READY_S if stock_first else None)
            if self._turn != turn:
                return self.now()._replace(trouble=OVERTAKEN)
            trouble = _why(speaking) if speaking.done() else NOT_READY
            if not trouble:
                sounds = speaking.result().sounds
        if stock_first or not trouble:
            event = AnnouncementSet(sounds, asked.ends_calls)
            if event != self._in_force():
                await self._tell(Arrival(event, asked.by, asked.reason))
        if speaking is not None and self._turn == turn:
            self._later = asyncio.create_task(self._when_spoken(speaking, asked))
        return self.now()._replace(trouble=trouble)

    def now(self) -> Announced:
        """What is told at this moment."""
        event, asked = self._in_force(), self._asked
        if event is None:
            return Announced(False, False, {}, "")
        told = {code: STOCK_KIND if sound == STOCK else self._kind(code) for code, sound in event.sounds}
        return Announced(True, event.ends_calls, told, "", asked.by, asked.since_ms)

    def _kind(self, code: str) -> str:
        """By what a language is told its own words."""
        asked = self._asked
        mine = self._centre().routing.unknown_languages if code == UNDETERMINED else [code]
        kinds = [chosen(each, asked.texts, asked.recordings)[0] for each in mine]
        return RECORDING if RECORDING in kinds else TEXT

    @property
    def _store(self) -> Path:
        centre = self._centre()
        return centre.path(centre.store.folder)

    def _folder(self) -> Path | None:
        centre = self._centre()
        return centre.path(centre.announcement.folder) if centre.announcement.folder else None

    def _wanted_names(self) -> set[str]:
        """Recordings that are on."""
        return set(self._asked.recordings.values()) if self._asked.on else set()

    async def _keep_asked(self, turn: int, asked: Asked) -> None:
        """It is on, or off, whatever keeps this from being kept. The last one that was asked for stays."""
        if turn == self._turn:
            self._asked = asked
        try:
            async with asyncio.timeout(KEEPING_S), self._keeping:
                if turn == self._turn:
                    await asyncio.to_thread(asked_for.write, self._store, asked)
        except (OSError, TimeoutError) as fault:
            log.warning("what was asked for is not kept for after a restart", error=type(fault).__name__)

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

    async def _spoken(self, centre: Centre, asked: Asked, turn: int) -> Wanted:
        """One after the other, for each takes away what the folder has no need of; none that is overtaken."""
        async with self._voice:
            if self._turn != turn:
                return Wanted((), {})
            event = self._in_force()
            told = {(FOLDER, sound) for _, sound in event.sounds} if event is not None else set()
            return await asyncio.to_thread(self._speak, centre, asked, told)

    def _speak(self, centre: Centre, asked: Asked, told: Collection[tuple[str, str]]) -> Wanted:
        """Into the folder, from which all is taken away but this and what is told now. In a thread."""
        want = wanted(
            centre,
            lambda: prompts.sounds(prompts.beside(self._source), centre),
            asked.texts,
            asked.recordings,
        )
        render(want.made, centre.path(centre.announcement.folder), centre.voice, keep=told)
        return want

    async def _when_spoken(self, speaking: "asyncio.Task[Wanted]", asked: Asked) -> None:
        """Its own words from when they are spoken on; and they are kept."""
        await asyncio.wait({speaking})
        if why := _why(speaking):
            log.warning("the emergency announcement stays the stock sentence", why=why)
            return
        event = AnnouncementSet(speaking.result().sounds, asked.ends_calls)
        if event != self._in_force():
            await self._tell(Arrival(event, asked.by, asked.reason))
        await self._keep(speaking.result())

    async def _keep(self, want: Wanted) -> None:
        """What was said to the public is kept: the words by the name of their sound."""
        try:
            async with asyncio.timeout(RECORDS_S), self._records.begin() as connection:
                for (_, name), sentences in want.made.items():
                    known = select(announcement_texts.c.sound).where(announcement_texts.c.sound == name)
                    if (await connection.execute(known)).first() is None:
                        text = "\n".join(f"{each.language}: {each.text or each.part}" for each in sentences)
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
