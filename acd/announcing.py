"""The emergency announcement, put on and off by somebody: under their name, with their reason, audited."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from acd.acts import Acts
from acd.announcement.emergency import EmergencyAnnouncement
from acd.announcement.recorded import Unfit
from acd.identity import Asker
from acd.ports import Announced, KeptAnnouncement
from acd.web.deps import Because, NoRecording
from routing.events import AnnouncementSet

ACTION: Final = AnnouncementSet.__name__
ABOUT: Final = "hotline"
KEEP_S: Final = 0.5
"""So long the vault has to take the reason: an emergency waits for less than what else is done."""


class AnnouncingByHand:
    """The doors (acd.web.deps.Announcing).

    emergency: asked for at each use, since it tells of phones here.
    """

    def __init__(self, acts: Acts, emergency: Callable[[], EmergencyAnnouncement]) -> None:
        self._acts = acts
        self._emergency = emergency

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
