"""Members of staff from a spreadsheet's CSV: all of it or nothing, every fault with its line."""

import csv
import io
from pathlib import Path

from pydantic import ValidationError

from agents.model import Roster
from config.load import ConfigFaults, Fault, cleaned
from config.people import agent
from config.schema import Centre, StaffMember

COLUMNS = ("id", "name", "phone", "languages", "concerns")
LEVELS = "A1 A2 B1 B2 C1 C2 native"
SIZE_MAX = 1_000_000


def read(path: Path, centre: Centre) -> Roster:
    """The roster in `path`: columns id, name, phone, languages ("de:native en:C1"), concerns ("study:4").

    UTF-8 with or without a byte order mark; separated by comma or semicolon. Raises ConfigFaults.
    """
    name = str(path)
    try:
        text = path.read_bytes()[: SIZE_MAX + 1].decode("utf-8-sig")
    except OSError as fault:
        raise ConfigFaults([Fault(name, "file", f"cannot be read: {fault.strerror}")]) from None
    except UnicodeDecodeError:
        raise ConfigFaults([Fault(name, "file", "is not UTF-8; save it as 'CSV UTF-8'")]) from None
    if len(text) > SIZE_MAX:
        raise ConfigFaults([Fault(name, "file", f"is larger than {SIZE_MAX} bytes")])
    header = text.splitlines()[0] if text.strip() else ""
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in header else ",", strict=True)
    try:
        given = [(column or "").strip().lower() for column in rows.fieldnames or ()]
    except csv.Error as fault:
        raise ConfigFaults([Fault(name, "line 1", f"is broken CSV: {fault}")]) from None
    if sorted(given) != sorted(COLUMNS):
        wanted = ", ".join(COLUMNS)
        raise ConfigFaults([Fault(name, "line 1", f"has the columns {cleaned(given)}; wanted are {wanted}")])
    rows.fieldnames = given
    return _roster(name, rows, centre)


def _roster(name: str, rows: "csv.DictReader[str]", centre: Centre) -> Roster:
    faults: list[Fault] = []
    members: list[StaffMember] = []
    seen: dict[tuple[str, str], int] = {}
    try:
        for row in rows:
            line = rows.line_num
            if not any((value or "").strip() for value in row.values() if not isinstance(value, list)):
                continue
            found = _member(row, centre, members)
            faults += [Fault(name, f"line {line}, {column}", reason) for column, reason in found]
            for column in ("id", "phone"):
                value = (row.get(column) or "").strip()
                if value and (before := seen.setdefault((column, value), line)) != line:
                    faults.append(
                        Fault(
                            name, f"line {line}, {column}", f"{cleaned(value)!r} stands in line {before} too"
                        )
                    )
    except csv.Error as fault:
        faults.append(Fault(name, f"line {rows.line_num}", f"is broken CSV: {fault}"))
    if not members and not faults:
        faults.append(Fault(name, "file", "names nobody"))
    if faults:
        raise ConfigFaults(faults)
    return Roster(tuple(agent(member) for member in sorted(members, key=lambda each: each.id)))


def _member(row: dict[str, str], centre: Centre, members: list[StaffMember]) -> list[tuple[str, str]]:
    """Append the row's person, or return (column, reason) for each fault."""
    if None in row or None in row.values():
        return [("row", f"has not the {len(COLUMNS)} columns of the first line")]
    faults: list[tuple[str, str]] = []
    languages, bad = _pairs(row["languages"])
    faults += [("languages", f"{each!r} is not like de:C1") for each in bad]
    concerns, bad = _pairs(row["concerns"])
    faults += [("concerns", f"{each!r} is not like study:4") for each in bad]
    try:
        member = StaffMember.model_validate(
            {
                "id": row["id"].strip(),
                "name": row["name"].strip(),
                "phone": row["phone"].strip(),
                "languages": {code: _level(level) for code, level in languages.items()},
                "concerns": concerns,
            }
        )
    except ValidationError as errors:
        for error in errors.errors():
            column, value = str(error["loc"][0]), cleaned(error.get("input"))
            right = f"; levels are {LEVELS}" if error["type"] == "literal_error" else ""
            faults.append((column, f"{value!r}: {error['msg'].lower()}{right}"))
        return faults
    faults += centre.person_faults(member)
    if not faults:
        members.append(member)
    return faults


def _level(text: str) -> str:
    return "native" if text.lower() == "native" else text.upper()


def _pairs(text: str) -> tuple[dict[str, str], list[str]]:
    pairs: dict[str, str] = {}
    bad: list[str] = []
    for word in text.replace(",", " ").split():
        key, colon, value = word.partition(":")
        if colon and key and value:
            pairs[key.lower()] = value
        else:
            bad.append(cleaned(word))
    return pairs, bad
