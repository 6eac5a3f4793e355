"""How long what is kept: every kind of data with the setting that says it, purged each hour and written down.

A kind that cannot be purged holds up no other, and is told of.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from acd.beside import said
from acd.store import purging
from acd.store.purging import Purged
from acd.store.scrubbing import StillInTheLog
from config.schema import Centre

DAY_MS: Final = 86_400_000


class Kind(NamedTuple):
    """A kind of data; setting: by which key of the file it is kept so many days."""

    name: str
    setting: str
    what: str


NUMBERS: Final = Kind("numbers", "privacy.number_days", "telephone numbers of callers")
TEXTS: Final = Kind("texts", "desk.note_days", "notes of the staff about callers")
CASE_CALLERS: Final = Kind("case_callers", "privacy.number_days", "which caller has which case")
TALKS: Final = Kind("talks", "recording.days", "recordings of talks")
MESSAGES: Final = Kind("messages", "message.days", "messages that callers spoke")
VISITS: Final = Kind("visits", "privacy.visit_days", "calls and callbacks, and who served them")
INCIDENTS: Final = Kind("incidents", "privacy.visit_days", "incidents and decisions that were compared")
STAFF_STATES: Final = Kind("staff_states", "privacy.staff_days", "who was ready, on a call or away, and when")
JOURNAL: Final = Kind("journal", "store.journal_days", "events of the journal")
ANNOUNCEMENTS: Final = Kind(
    "announcements", "announcement.days", "announcements that staff recorded by phone"
)
AUDIT: Final = Kind("audit", "people.audit_days", "who did what with accounts and data")
PURGES: Final = Kind("purges", "people.audit_days", "what was purged when")
KINDS: Final = (
    NUMBERS,
    TEXTS,
    CASE_CALLERS,
    TALKS,
    MESSAGES,
    VISITS,
    INCIDENTS,
    STAFF_STATES,
    JOURNAL,
    ANNOUNCEMENTS,
    AUDIT,
    PURGES,
)

Purging = Callable[[int], Awaitable[int]]
"""Forgets what is older than a moment (epoch ms), or past a deadline of its own; how many went."""


class NotPurged(Exception):
    """Of some kinds more is kept than should be; the message names them and says why."""


def days(centre: Centre, kind: Kind) -> int | None:
    """How long a kind is kept; None where this centre has none of it."""
    value: object = centre
    for key in kind.setting.split("."):
        value = getattr(value, key, None)
    return value if isinstance(value, int) else None


class Retention:
    """works: how a kind is purged; a kind that is not in it is another's to purge, who tells of it by `gone`.

    Lines that the records cannot take now are written with the next ones: one a kind, whose number grows.
    """

    def __init__(
        self, records: AsyncEngine, centre: Callable[[], Centre], works: Mapping[Kind, Purging]
    ) -> None:
        self._records = records
        self._centre = centre
        self._works = works
        self._unwritten: dict[str, Purged] = {}

    async def purge(self, now_ms: int) -> None:
        """Once, every kind. Raises NotPurged after all were tried."""
        faults = []
        for kind, work in self._works.items():
            if (kept := days(self._centre(), kind)) is None:
                continue
            try:
                self.gone(kind, await work(now_ms - kept * DAY_MS), now_ms)
            except Exception as fault:  # noqa: BLE001 databases' and files' own faults; none holds up another
                if isinstance(fault, StillInTheLog):
                    self.gone(kind, fault.gone, now_ms)
                faults.append(f"{kind.name}: {said(fault)}")
        try:
            await self._write(now_ms)
        except Exception as fault:  # noqa: BLE001 the databases' own faults differ by driver
            faults.append(f"{PURGES.name}: {said(fault)}")
        if faults:
            raise NotPurged("; ".join(faults))

    def gone(self, kind: Kind, number: int, now_ms: int) -> None:
        """So many of a kind went just now."""
        centre = self._centre()
        at = datetime.fromtimestamp(now_ms / 1000, UTC)
        before = self._unwritten.get(kind.name)
        day, kept = at.astimezone(centre.centre.zone).date(), days(centre, kind) or 0
        self._unwritten[kind.name] = Purged(day, kind.name, kept, number + (before.gone if before else 0), at)

    async def _write(self, now_ms: int) -> None:
        lines = self._unwritten
        self._unwritten = {}
        try:
            await purging.write_down(self._records, list(lines.values()))
        except BaseException:
            for name, line in lines.items():
                later = self._unwritten.get(name)
                self._unwritten[name] = later._replace(gone=later.gone + line.gone) if later else line
            raise
        centre = self._centre()
        today = datetime.fromtimestamp(now_ms / 1000, centre.centre.zone).date()
        oldest = today - timedelta(days=days(centre, PURGES) or 0)
        self.gone(PURGES, await purging.old_lines(self._records, oldest), now_ms)
