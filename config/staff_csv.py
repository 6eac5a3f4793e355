"""Members of staff from a spreadsheet's CSV: all of it or nothing, every fault with its line."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from agents.model import Team
from config import sheet
from config.cells import harm
from config.load import ConfigFaults, Fault, cleaned
from config.people import agent, member
from config.schema import Centre
from config.tables.people import StaffMember

COLUMNS = ("id", "name", "phone", "languages", "concerns")
LEVELS = "A1 A2 B1 B2 C1 C2 native"


def read(path: Path, centre: Centre) -> Team:
    """The roster in `path`: columns id, name, phone, languages ("de:native en:C1"), concerns ("study:4").

    Raises ConfigFaults.
    """
    given = sheet.read(path, COLUMNS)
    faults = list(given.faults)
    members: list[StaffMember] = []
    seen: dict[tuple[str, str], int] = {}
    for line in given.lines:
        faults += [given.fault(line, *found) for found in _member(line.cells, centre, members)]
        for column in ("id", "phone"):
            value = line.cells[column]
            if value and (before := seen.setdefault((column, value), line.number)) != line.number:
                faults.append(given.fault(line, column, f"{cleaned(value)!r} stands in line {before} too"))
    if not members and not faults:
        faults.append(Fault(given.name, "file", "names nobody"))
    if faults:
        raise ConfigFaults(faults)
    return Team(tuple(agent(member) for member in sorted(members, key=lambda each: each.id)))


def write(path: Path, team: Team) -> None:
    """The same columns, for `read` to read again. Raises OSError."""
    people = [member(each) for each in team.agents]
    rows = [
        (each.id, each.name, each.phone, _words(each.languages), _words(each.concerns)) for each in people
    ]
    sheet.write(path, COLUMNS, rows)


def _words(levels: Mapping[str, object]) -> str:
    return " ".join(f"{key}:{level}" for key, level in levels.items())


def _member(row: dict[str, str], centre: Centre, members: list[StaffMember]) -> list[tuple[str, str]]:
    """Append the row's person, or return (column, reason) for each fault."""
    faults: list[tuple[str, str]] = [
        (column, f"{cleaned(cell)!r} {why}")
        for column, cell in row.items()
        if column != "name" and (why := harm(cell))
    ]
    languages, bad = _pairs(row["languages"])
    faults += [("languages", f"{each!r} is not like de:C1") for each in bad]
    concerns, bad = _pairs(row["concerns"])
    faults += [("concerns", f"{each!r} is not like study:4") for each in bad]
    try:
        member = StaffMember.model_validate(
            {
                "id": row["id"],
                "name": row["name"],
                "phone": row["phone"],
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
