"""The emergency announcement, put on and off by somebody: under their name, with their reason, audited."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog

from acd.acts import Acts
from acd.announcement.emergency import STOCK, STOCK_KIND, EmergencyAnnouncement, chosen
from acd.announcement.recorded import Unfit
from acd.identity import Asker
from acd.ports import Announced, KeptAnnouncement
from acd.web.deps import AnnouncementChoices, Because, NoRecording
from config import prompts
from config.load import ConfigFaults
from config.schema import Centre
from routing.events import AnnouncementSet

ACTION: Final = AnnouncementSet.__name__
ABOUT: Final = "hotline"
KEEP_S: Final = 0.5
"""So long the vault has to take the reason: an emergency waits for less than what else is done."""

log = structlog.get_logger(__name__)


class AnnouncingByHand:
    """The doors (acd.web.deps.Announcing).

    emergency: asked for at each use, since it tells of phones here. source: the centre's file.
    """

    def __init__(
        self,
        acts: Acts,
        emergency: Callable[[], EmergencyAnnouncement],
        centre: Callable[[], Centre],
        source: Path,
    ) -> None:
        self._acts = acts
        self._emergency = emergency
        self._centre = centre
        self._source = source
        self._stock: tuple[Centre, Mapping[str, str]] | None = None

    async def on(
        self,
        by: Asker,
        texts: Mapping[str, str],
        recordings: Sequence[str],
        ends_calls: bool,
        why: Because,
    ) -> Announced:
        """Raises NoRecording, QueueFull."""
        reason = await self._acts.reason(by, why.reason, ABOUT, KEEP_S)
        try:
            found = await self._emergency().on(texts, ends_calls, by.actor, reason, recordings)
        except Unfit as fault:
            raise NoRecording(str(fault)) from None
        await self._acts.done(by, ACTION, told(texts, recordings, ends_calls), reason, why.address)
        return found

    async def off(self, by: Asker, why: Because) -> Announced:
        """Raises QueueFull."""
        reason = await self._acts.reason(by, why.reason, ABOUT, KEEP_S)
        found = await self._emergency().off(by.actor, reason)
        await self._acts.done(by, ACTION, "off", reason, why.address)
        return found

    def choices(self) -> AnnouncementChoices:
        """What can be told here."""
        centre = self._centre()
        return AnnouncementChoices(
            tuple(centre.languages), tuple(centre.routing.unknown_languages), bool(centre.announcement.folder)
        )

    async def stock(self) -> Mapping[str, str]:
        """Language -> the sentence that it is told where it has no words of its own; {} where the sentences
        cannot be read now. Read once for each centre's file: it takes a while."""
        centre = self._centre()
        if self._stock is None or self._stock[0] is not centre:
            try:
                spoken = await asyncio.to_thread(prompts.sounds, prompts.beside(self._source), centre)
            except (ConfigFaults, OSError) as fault:
                log.warning("stock sentences cannot be read", error=type(fault).__name__)
                return {}
            said = {code: spoken[code, STOCK] for code in centre.languages}
            self._stock = (centre, {code: " ".join(each.text for each in said[code]) for code in said})
        return self._stock[1]

    async def heard(self, texts: Mapping[str, str], recordings: Sequence[str]) -> Mapping[str, str]:
        """Language -> by what it would be told this ("text", "recording", "stock"). Raises NoRecording."""
        try:
            named = await self._emergency().named(recordings)
        except Unfit as fault:
            raise NoRecording(str(fault)) from None
        told = self.choices()
        return {code: chosen(code, texts, named)[0] if told.speaks else STOCK_KIND for code in told.languages}

    async def kept(self) -> Sequence[KeptAnnouncement]:
        """What was recorded by phone, the oldest first."""
        return await self._emergency().recordings()

    async def delete(self, by: Asker, name: str, why: Because) -> bool:
        """A recording; False if it is on, or there is none."""
        gone = await self._emergency().delete(name)
        if gone:
            reason = await self._acts.reason(by, why.reason, ABOUT, KEEP_S)
            await self._acts.done(by, "delete_recording", name, reason, why.address)
        return gone

    async def spoken(self, phone: str, name: str, language: str, ends_calls: bool) -> None:
        """Somebody put a recording of theirs on by phone; what else is on stays on."""
        by = Asker(phone, phone, f"phone:{phone}", frozenset(), frozenset())
        heard = f"on by phone: {language} by {name}{_ends(ends_calls)}"
        await self._acts.done(by, ACTION, heard, "", "")


def told(texts: Mapping[str, str], recordings: Sequence[str], ends_calls: bool) -> str:
    """What was put on, as the audit has it: never the words, which are kept by the name of their sound."""
    own = [f"own words {' '.join(sorted(texts))}"] if texts else []
    own += [f"recordings {' '.join(sorted(recordings))}"] if recordings else []
    return f"on: {', '.join(own) or 'the stock sentence'}{_ends(ends_calls)}"


def _ends(ends_calls: bool) -> str:
    return "; ends calls" if ends_calls else ""
