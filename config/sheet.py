"""A spreadsheet's CSV: its rows with their lines, and every fault of its form at once."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from config.cells import FORMULA
from config.load import ConfigFaults, Fault, cleaned

SIZE_MAX: Final = 10_000_000
NUMBER_DIGITS: Final = 4
HIDDEN: Final = "…"
"""Stands for a value that is not shown."""


class Line(NamedTuple):
    """A row that has as many cells as the first line. number: its last line in the file, from 1."""

    number: int
    cells: dict[str, str]


class Sheet(NamedTuple):
    """What a file holds. columns: of the first line, in lower case. faults: rows that could not be read; they
    end in the lines `unread`, and behind broken CSV nothing is read."""

    name: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]
    unread: tuple[int, ...] = ()

    def fault(self, line: Line, column: str, reason: str) -> Fault:
        """What is wrong in one cell."""
        return Fault(self.name, f"line {line.number}, {column}", reason)


def read(path: Path, columns: Sequence[str], also: Iterable[str] = (), *, or_windows: bool = False) -> Sheet:
    """The rows of a CSV file that are not empty, cells without blanks around them.

    UTF-8 with or without a byte order mark, or with `or_windows` the Windows-1252 that older programs of
    offices write; separated by comma or semicolon. columns: have to be there, in any order; also: may be.
    Raises ConfigFaults for a file that cannot be read, or has other columns.
    """
    name = str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(SIZE_MAX + 1)
        text = _text(raw, or_windows) if len(raw) <= SIZE_MAX else ""
    except OSError as fault:
        raise ConfigFaults([Fault(name, "file", f"cannot be read: {fault.strerror}")]) from None
    except UnicodeDecodeError:
        neither = "is neither UTF-8 nor Windows-1252" if or_windows else "is not UTF-8"
        raise ConfigFaults([Fault(name, "file", f"{neither}; save it as 'CSV UTF-8'")]) from None
    if len(raw) > SIZE_MAX:
        raise ConfigFaults([Fault(name, "file", f"is larger than {SIZE_MAX} bytes")])
    header = text.splitlines()[0] if text.strip() else ""
    rows = csv.reader(io.StringIO(text), delimiter=";" if ";" in header else ",", strict=True)
    try:
        given = [column.strip().lower() for column in next(rows, [])]
    except csv.Error as fault:
        raise ConfigFaults([Fault(name, "line 1", f"is broken CSV: {fault}")]) from None
    if len({*given}) < len(given) or not {*columns} <= {*given} <= {*columns, *also}:
        wanted, may = ", ".join(columns), ", ".join(also)
        more = f"; there may be {may}" if may else ""
        raise ConfigFaults(
            [Fault(name, "line 1", f"has the columns {cleaned(_named(given))}; wanted are {wanted}{more}")]
        )
    lines: list[Line] = []
    faults: list[Fault] = []
    unread: list[int] = []
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if len(cells) == len(given):
                lines.append(Line(rows.line_num, dict(zip(given, cells, strict=True))))
            else:
                unread.append(rows.line_num)
                at = f"line {rows.line_num}, row"
                faults.append(Fault(name, at, f"has not the {len(given)} columns of the first line"))
    except csv.Error as fault:
        unread.append(rows.line_num)
        faults.append(Fault(name, f"line {rows.line_num}", f"is broken CSV: {fault}"))
    return Sheet(name, tuple(given), tuple(lines), tuple(faults), tuple(unread))


def numbered(text: str) -> bool:
    """Whether it has as many digits as a PIN or a telephone number may have; a name has fewer."""
    return sum(each.isdigit() for each in text) >= NUMBER_DIGITS


def _named(columns: list[str]) -> list[str]:
    """As they may be quoted: a first line that names no columns is somebody's data."""
    return [HIDDEN if numbered(each) else each for each in columns]


def _text(raw: bytes, or_windows: bool) -> str:
    """Raises UnicodeDecodeError."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        if not or_windows:
            raise
        return raw.decode("cp1252")


def write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows as CSV in UTF-8, with nothing in it that a spreadsheet would take for a formula."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns)
        out.writerows([guarded(cell) for cell in row] for row in rows)


def guarded(cell: object) -> object:
    """A text that would be a formula gets an apostrophe before it; numbers stay."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
