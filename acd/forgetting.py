"""Each kind of data with the store that forgets it."""

import asyncio
from collections.abc import Callable, Mapping

from acd import recordings, retention
from acd.announcement.emergency import EmergencyAnnouncement
from acd.opening import Stores
from acd.retention import Kind, Purging
from acd.store import purging
from acd.store.moments import moment
from config.schema import Centre


def works(
    stores: Stores,
    centre: Callable[[], Centre],
    announcements: EmergencyAnnouncement,
    recorded: Callable[[], int],
    now_ms: Callable[[], int],
) -> Mapping[Kind, Purging]:
    """For Retention. recorded: seq of the last event in the records: what the journal keeps behind it is
    needed."""
    records = stores.records.engine

    async def old_recordings(kind: Kind, before_ms: int) -> int:
        """Of talks, or messages."""
        talks = kind is retention.TALKS
        table = centre().recording if talks else centre().message
        if table is None or not table.folder:
            return 0
        named = recordings.TALKS if talks else recordings.MESSAGES
        folder = centre().path(table.folder)
        return await asyncio.to_thread(recordings.delete_older, folder, before_ms / 1000, named)

    return {
        retention.NUMBERS: lambda _: stores.vault.purge(now_ms()),
        retention.TEXTS: lambda _: stores.texts.purge(now_ms()),
        retention.JOURNAL: lambda before_ms: stores.sql.trim(before_ms, recorded()),
        retention.ANNOUNCEMENTS: lambda _: announcements.forget(now_ms() / 1000),
        retention.TALKS: lambda before_ms: old_recordings(retention.TALKS, before_ms),
        retention.MESSAGES: lambda before_ms: old_recordings(retention.MESSAGES, before_ms),
        retention.CASE_CALLERS: lambda _: purging.lost_callers(records, stores.vault.leading),
        retention.VISITS: lambda before_ms: purging.old_visits(records, moment(before_ms)),
        retention.INCIDENTS: lambda before_ms: purging.old_incidents(records, moment(before_ms)),
        retention.STAFF_STATES: lambda before_ms: purging.old_staff_states(records, moment(before_ms)),
    }
