"""All that is kept of one caller, found by their number: written down whole, or ended."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from acd import opening, recordings
from acd.people.audit import Audit
from acd.retention import KINDS, days
from acd.store import about
from acd.store.texts import SqlTexts
from acd.store.vault import SqlVault
from config.schema import Centre


class Unknown(Exception):
    """the number is not known"""


class Erased(NamedTuple):
    """How many went: recordings of talks and messages, notes, links to a case."""

    recordings: int
    notes: int
    cases: int


def folders(centre: Centre) -> list[Path]:
    """Where recordings and messages lie, each folder once."""
    named = [centre.recording.folder, centre.message.folder if centre.message is not None else ""]
    return sorted({centre.path(each) for each in named if each})


async def erase(centre: Centre, number: str, by: str) -> Erased:
    """The number (E.164) goes last: all else is found by it, and what was not done can be tried again. Who
    did it and when stands in the audit; whom it was about does not. Raises Unknown, StoreFault, OSError where
    a folder cannot be used, StillInTheLog."""
    async with opening.read(centre, changes=True) as (_, records, numbers):
        vault = SqlVault(numbers, centre.privacy.number_days, [])
        if not (token := await vault.known(number)):
            raise Unknown
        calls = await about.calls_of(records, token)
        files = sum([recordings.delete_of(folder, calls) for folder in folders(centre)])
        notes = await SqlTexts(numbers, vault.scrubbing, centre.desk.note_days).erase_about(token)
        cases = await about.erase(records, token)
        await vault.erase(number)
        async with records.begin() as connection:
            await Audit(_now_ms).done(connection, by, "erase_caller", "a caller")
        return Erased(files, notes, cases)


async def told(centre: Centre, number: str, by: str) -> dict[str, Any]:
    """As JSON has it; recordings by where they lie. Stands in the audit as an erasure does. Raises Unknown,
    StoreFault, OSError."""
    zone = centre.centre.zone

    def at(at_ms: int) -> str:
        return datetime.fromtimestamp(at_ms / 1000, zone).isoformat(timespec="seconds")

    async with opening.read(centre, changes=True) as (journal, records, numbers):
        vault = SqlVault(numbers, centre.privacy.number_days, [])
        if not (token := await vault.known(number)):
            raise Unknown
        notes = await SqlTexts(numbers, vault.scrubbing, centre.desk.note_days).about(token)
        calls = await about.calls_of(records, token)
        files = [each for folder in folders(centre) for each in recordings.all_of(folder, calls)]
        found = {
            "centre": centre.centre.name,
            "made_at": at(_now_ms()),
            "number": {"number": number, "kept_until": at(await vault.until(token))},
            **await about.told(records, token, zone),
            "notes": [
                {"at": at(since), "kept_until": at(until), "text": dict(text)} for since, until, text in notes
            ],
            "recordings": [str(each) for each in files],
            "journal": await about.journalled(journal, records, token, zone),
            "kept_for_days": {each.name: kept for each in KINDS if (kept := days(centre, each)) is not None},
        }
        async with records.begin() as connection:
            await Audit(_now_ms).done(connection, by, "export_caller", "a caller")
        return found


def _now_ms() -> int:
    return round(time.time() * 1000)
