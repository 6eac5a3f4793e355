"""Files of cases that the office's own program leaves in a folder: taken by themselves, or set aside."""

import asyncio
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from acd import case_key
from acd.pbx.secrets import private
from acd.store.cases import TooFew, take_over
from config import cases_csv
from config.load import ConfigFaults, Fault
from config.schema import Centre

SETTLED_S: Final = 30.0
"""A file that was written to less long ago may still grow."""
AT_ONCE: Final = 5
ASIDE_MAX: Final = 10
TOLD_MAX: Final = 1_000
TAKING: Final = ".taking"
ASIDE: Final = ".faulty"
REPORT: Final = ".faulty.txt"

log = structlog.get_logger(__name__)


class CasesDropped:
    """centre, owners: the file in force, and the ids of who may have a case.

    A file's name while it is read ends in TAKING, so that the next of its name is another file, and it is
    read again if we end meanwhile. What was taken is deleted. What is faulty is set aside without PINs,
    its name ending in ASIDE, with a report beside it, and is told until a whole file was taken or somebody
    deletes it.
    """

    def __init__(
        self, centre: Callable[[], Centre], owners: Callable[[], Collection[str]], records: AsyncEngine
    ) -> None:
        self._centre = centre
        self._owners = owners
        self._records = records
        self._bare = frozenset[tuple[Path, int]]()
        self.trouble = ""

    async def look(self, now_s: float) -> None:
        """Take what lies there, oldest first, at most AT_ONCE. now_s: epoch s, as files have it.

        Raises OSError, KeyFault, and what the records' driver raises: what lies there stays then.
        """
        centre = self._centre()
        if not centre.cases.folder:
            self.trouble = ""
            return
        folder = centre.path(centre.cases.folder)
        for file in await asyncio.to_thread(_ready, folder, now_s):
            await self._take(file, centre)
        aside = await asyncio.to_thread(_aside, folder)
        self._bare = await asyncio.to_thread(_cleaned, aside, self._bare)
        self.trouble = (
            f"{folder}: cases could not be taken from {len(aside)} file(s), last {aside[-1].name}; "
            f"why stands in {aside[-1].name}.txt; what was known before stays in force"
            if aside
            else ""
        )

    async def _take(self, file: Path, centre: Centre) -> None:
        taking = file if file.name.endswith(TAKING) else file.with_name(f"{file.name}{TAKING}")
        given = taking.name.removesuffix(TAKING)
        await asyncio.to_thread(file.replace, taking)
        try:
            rows = await asyncio.to_thread(_read, taking, centre, self._owners())
            key = await asyncio.to_thread(case_key.own, centre) if centre.case_line is not None else b""
            taken = await take_over(self._records, rows, key)
        except ConfigFaults as faults:
            await asyncio.to_thread(_set_aside, taking, faults.faults)
            log.warning("cases not taken", faults=len(faults.faults))
        except TooFew as fault:
            await asyncio.to_thread(_set_aside, taking, [Fault(given, "file", str(fault))])
            log.warning("cases not taken", faults=1)
        else:
            await asyncio.to_thread(_done, taking)
            log.info("cases taken", **taken._asdict())


def _read(taking: Path, centre: Centre, owners: Collection[str]) -> tuple[cases_csv.CaseRow, ...]:
    """Raises ConfigFaults."""
    return cases_csv.read(taking, centre.concerns, owners, pins=centre.case_line is not None)


def _ready(folder: Path, now_s: float) -> list[Path]:
    """What may be taken, links and folders not; first what was begun. Raises OSError."""
    begun, come = list[Path](), list[tuple[float, Path]]()
    for each in folder.iterdir():
        if each.is_symlink() or not each.is_file():
            continue
        if each.name.endswith(TAKING):
            begun.append(each)
        elif each.suffix.lower() == ".csv" and (at := each.stat().st_mtime) <= now_s - SETTLED_S:
            come.append((at, each))
    return [*sorted(begun), *(each for _, each in sorted(come))][:AT_ONCE]


def _aside(folder: Path) -> list[Path]:
    """What was set aside, oldest first; of more than ASIDE_MAX the oldest go. Raises OSError."""
    found = sorted(
        (each for each in folder.iterdir() if each.name.endswith(ASIDE)),
        key=lambda each: each.stat().st_mtime,
    )
    for each in found[:-ASIDE_MAX]:
        _forget(each)
    return found[-ASIDE_MAX:]


def _cleaned(aside: list[Path], bare: frozenset[tuple[Path, int]]) -> frozenset[tuple[Path, int]]:
    """Also what an older version or somebody else put there has no PIN. bare: files that have none, with
    their time of change in ns, and so the answer. Raises OSError."""
    found = set[tuple[Path, int]]()
    for each in aside:
        if each.is_symlink() or not each.is_file():
            continue
        at = each.stat()
        if (each, at.st_mtime_ns) not in bare:
            kept = cases_csv.without_pins(each)
            if each.read_bytes() != kept.encode():
                private(each, kept)
                os.utime(each, ns=(at.st_atime_ns, at.st_mtime_ns))
        found.add((each, at.st_mtime_ns))
    return frozenset(found)


def _set_aside(taking: Path, faults: list[Fault]) -> None:
    """Raises OSError."""
    name = taking.name.removesuffix(TAKING)
    told = [str(each).replace(taking.name, name) for each in faults[:TOLD_MAX]]
    if len(faults) > TOLD_MAX:
        told.append(f"and {len(faults) - TOLD_MAX} more")
    private(taking.with_name(f"{name}{REPORT}"), "\n".join(told) + "\n")
    aside = taking.with_name(f"{name}{ASIDE}")
    private(aside, cases_csv.without_pins(taking))
    taking.unlink()


def _done(taking: Path) -> None:
    """It is in the records; what was set aside before is past. Raises OSError."""
    for each in taking.parent.iterdir():
        if each.name.endswith(ASIDE):
            _forget(each)
    taking.unlink(missing_ok=True)


def _forget(aside: Path) -> None:
    aside.with_name(f"{aside.name}.txt").unlink(missing_ok=True)
    aside.unlink(missing_ok=True)
