"""Cases of the office from its CSV file: all of it or nothing, every fault with its line."""

import csv
import io
import re
from collections.abc import Collection
from pathlib import Path
from typing import Final, NamedTuple

from config import keys, sheet
from config.cells import harm
from config.load import ConfigFaults, Fault, cleaned
from routing.events import UNKNOWN_CASE

PIN: Final = "pin"
COLUMNS: Final = ("case", "state")
ALSO: Final = ("owner", "concern", "link", PIN)
LINK_MAX: Final = 400
_CASE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", re.ASCII)
_STATE: Final = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


class CaseRow(NamedTuple):
    """One case as the office knows it; "" for what its file does not say. pin: None where the file has no
    such column; it stands in no fault."""

    case: str
    state: str
    owner: str
    concern: str
    link: str
    pin: str | None = None


def read(
    path: Path, concerns: Collection[str], owners: Collection[str], *, pins: bool = False
) -> tuple[CaseRow, ...]:
    """The cases in `path`, in its order. concerns, owners: the keys and ids that may stand there. pins:
    there may be PINs.

    Raises ConfigFaults.
    """
    given = sheet.read(path, COLUMNS, ALSO, or_windows=True)
    faults = list(given.faults)
    if PIN in given.columns and not pins:
        faults.append(Fault(given.name, "line 1", f"has the column {PIN}, which is for [case_line]"))
    found: list[CaseRow] = []
    seen: dict[str, int] = {}
    for line in given.lines:
        case, state, owner, concern, link = (
            line.cells.get(column, "") for column in CaseRow._fields if column != PIN
        )
        row = CaseRow(case, state, owner, concern, link, line.cells.get(PIN))
        faults += [given.fault(line, *wrong) for wrong in _faults(row, concerns, owners)]
        if row.case and (before := seen.setdefault(row.case, line.number)) != line.number:
            faults.append(given.fault(line, "case", f"{cleaned(row.case)!r} stands in line {before} too"))
        found.append(row)
    if not found and not faults:
        faults.append(Fault(given.name, "file", "names no case"))
    if faults:
        raise ConfigFaults(faults)
    return tuple(found)


def without_pins(path: Path) -> str:
    """What may be kept of a file that was not taken, as CSV: each row on its line, without the column of
    PINs, what may be one in another column hidden, and rows that cannot be read hidden whole. Empty where
    nobody can tell which column is which. Made of its own result it is the same.
    """
    try:
        given = sheet.read(path, COLUMNS, ALSO, or_windows=True)
    except ConfigFaults:
        return ""
    kept = [column for column in given.columns if column != PIN]
    rows = {1: kept, **{number: [sheet.HIDDEN] for number in given.unread}}
    for line in given.lines:
        cells = [_keepable(column, line.cells[column]) for column in kept]
        rows[line.number] = cells if any(cells) else [sheet.HIDDEN]
    made = io.StringIO()
    out = csv.writer(made, lineterminator="\n")
    for number in range(1, max(rows) + 1):
        out.writerow(rows.get(number, []))
    return made.getvalue()


def _keepable(column: str, value: str) -> str:
    """A case has its number, and a link may have it; no other cell has reason for one."""
    right = column == "case" or (column == "link" and _web(value))
    return " ".join(value.split()) if right or not sheet.numbered(value) else sheet.HIDDEN


def _faults(row: CaseRow, concerns: Collection[str], owners: Collection[str]) -> list[tuple[str, str]]:
    """(column, reason) for each."""
    found: list[tuple[str, str]] = []
    if not _CASE.fullmatch(row.case) or row.case == UNKNOWN_CASE:
        right = f"1 to 40 letters, digits, - and _, a letter or digit first, and not {UNKNOWN_CASE!r}"
        found.append(("case", f"{cleaned(row.case)!r} is no case number: {right}"))
    if not _STATE.fullmatch(row.state):
        right = "small letters, digits and _, like permit_expiring"
        found.append(("state", f"{_shown(row, row.state)!r} is no state: {right}"))
    if row.owner and row.owner not in owners:
        found.append(("owner", f"{_shown(row, row.owner)!r} is the id of nobody; acd staff list names them"))
    if row.concern and row.concern not in concerns:
        found.append(("concern", f"{_shown(row, row.concern)!r} is none of {', '.join(concerns)}"))
    if row.link and (harm(row.link) or len(row.link) > LINK_MAX or not _web(row.link)):
        found.append(("link", f"{_shown(row, row.link)!r} is no address like https://files.example.org/4711"))
    if row.pin and not is_pin(row.pin):
        least, most = keys.PIN_DIGITS
        found.append((PIN, f"is no PIN (it is not shown here): {least} to {most} digits"))
    if row.pin and not (row.case.isdigit() and len(row.case) <= keys.CASE_DIGITS):
        right = f"1 to {keys.CASE_DIGITS} digits, since a case with a PIN is keyed in"
        found.append(("case", f"{cleaned(row.case)!r} cannot be keyed in: {right}"))
    return found


def _shown(row: CaseRow, value: str) -> str:
    """As it may be quoted: where there are PINs, what looks like one may be one in another column."""
    return sheet.HIDDEN if row.pin is not None and sheet.numbered(value) else cleaned(value)


def is_pin(text: str) -> bool:
    """Whether it is of ASCII digits, six at least."""
    least, most = keys.PIN_DIGITS
    return least <= len(text) <= most and text.isascii() and text.isdigit()


def _web(link: str) -> bool:
    """Whether a page may lead there."""
    kind, _, rest = link.partition("://")
    return kind.lower() in ("http", "https") and bool(rest) and " " not in link
