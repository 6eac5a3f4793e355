"""From a scenario file to scenarios: every fault at once, each with file, key and what would be right.

The file's tables are the scenario that all others begin from; `[[scenario]]` names one and says what it sets
otherwise. A file may begin with `extends`, another file of which it says only what is different: whole tables
are laid over each other key by key.
"""

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from config.load import ConfigFaults, Fault, cleaned
from config.load import load as load_centre
from simulation.scenarios.scenario import Scenario, faults


class _Read(NamedTuple):
    """A file's tables with what it extends; files: itself first, each with its own tables alone."""

    tables: dict[str, Any]
    files: tuple[tuple[Path, dict[str, Any]], ...]

    def says(self, key: str) -> Path:
        """The first file that has the dotted key, or as much of it as any has."""
        path = key.split(".")
        while path:
            for file, tables in self.files:
                if _there(tables, path):
                    return file
            path.pop()
        return self.files[0][0]

    def fault(self, key: str, reason: str) -> Fault:
        """Named by the file that says it."""
        return Fault(str(self.says(key)), key, reason)


def names(path: Path) -> tuple[str, ...]:
    """The scenarios that a file names, in its order. Raises ConfigFaults."""
    return tuple(str(each.get("name", "")) for each in _read(path).tables.get("scenario", []))


def load(path: Path, name: str) -> Scenario:
    """One scenario of a file. Raises ConfigFaults with every reason why it cannot be."""
    read = _read(path)
    return _scenario(read, _named(read, path, name))


def said(path: Path, name: str) -> dict[str, Any]:
    """What a file says of one scenario: its table of [[scenario]], as read. Raises ConfigFaults."""
    return _named(_read(path), path, name)


def _named(read: _Read, path: Path, name: str) -> dict[str, Any]:
    listed: list[dict[str, Any]] = read.tables["scenario"]
    known = [str(each.get("name", "")) for each in listed]
    if name not in known:
        close = get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]}?" if close else f"it knows {', '.join(known)}"
        raise ConfigFaults([Fault(str(path), "scenario", f"has no {cleaned(name)!r}; {hint}")])
    return listed[known.index(name)]


def plain(path: Path) -> Scenario:
    """The scenario that all others of a file begin from. Raises ConfigFaults."""
    return _scenario(_read(path), {"name": "plain", "de": "Grundlage", "en": "what all others begin from"})


def _scenario(read: _Read, chosen: dict[str, Any]) -> Scenario:
    raw = {key: value for key, value in read.tables.items() if key not in ("scenario", "extends")}
    name = chosen.get("name")
    try:
        _overlay(raw, chosen.get("set", {}))
    except KeyError as fault:
        key = f"scenario.{name}.set.{fault.args[0]}"
        raise ConfigFaults([read.fault(key, "is no key of the file")]) from None
    titled = {key: value for key, value in chosen.items() if key != "set"}
    house_path = (read.says("centre").resolve().parent / str(raw.get("centre", ""))).resolve()
    if not house_path.is_file():
        raise ConfigFaults([read.fault("centre", "names no file; it is the centre's configuration")])
    house = load_centre(house_path)
    try:
        scenario = Scenario.model_validate({**raw, **titled, "house": house})
    except ValidationError as fault:
        raise ConfigFaults([_fault(read, error) for error in fault.errors()]) from None
    if wrong := faults(scenario):
        raise ConfigFaults([read.fault(key, reason) for key, reason in wrong])
    return scenario


def check(path: Path) -> tuple[Scenario, ...]:
    """All scenarios of a file. Raises ConfigFaults with the faults of all of them, each once."""
    good: list[Scenario] = []
    wrong: dict[Fault, None] = {}
    for name in names(path):
        try:
            good.append(load(path, name))
        except ConfigFaults as found:
            wrong |= dict.fromkeys(found.faults)
    if wrong:
        raise ConfigFaults(list(wrong))
    return tuple(good)


def _read(path: Path) -> _Read:
    files: list[tuple[Path, dict[str, Any]]] = []
    following: Path | None = path
    while following is not None:
        here, raw = following, _toml(following)
        files.append((here, raw))
        following = None
        if "extends" in raw:
            following = here.resolve().parent / str(raw["extends"])
            if following.resolve() in [each.resolve() for each, _ in files]:
                raise ConfigFaults([Fault(str(here), "extends", "goes round in a circle")])
            if not following.is_file():
                reason = f"names no file: {cleaned(raw['extends'])!r}"
                raise ConfigFaults([Fault(str(here), "extends", reason)])
    merged: dict[str, Any] = {}
    for _, raw in reversed(files):
        merged = _over(merged, raw)
    if not isinstance(merged.get("scenario"), list) or not merged["scenario"]:
        raise ConfigFaults([Fault(str(path), "scenario", "is missing: a file names at least one scenario")])
    return _Read(merged, tuple(files))


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ConfigFaults([Fault(str(path), "file", f"cannot be read: {fault.strerror}")]) from None
    except UnicodeDecodeError:
        raise ConfigFaults([Fault(str(path), "file", "is not UTF-8 text; save it as UTF-8")]) from None
    except tomllib.TOMLDecodeError as fault:
        raise ConfigFaults([Fault(str(path), "file", f"is not valid TOML: {fault}")]) from None


def _over(below: Any, above: Any) -> Any:
    """Tables laid over each other; anything else replaces what is below."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: _over(below.get(key), value) for key, value in above.items()}}
    return above


def _there(table: Any, path: list[str]) -> bool:
    for part in path:
        if isinstance(table, list) and part.isdigit() and 0 < int(part) <= len(table):
            table = table[int(part) - 1]
        elif isinstance(table, dict) and part in table:
            table = table[part]
        else:
            return False
    return True


def _overlay(raw: dict[str, Any], changes: dict[str, Any]) -> None:
    """Dotted keys name what is there already; whole tables and lists at the top may be new."""
    for dotted, value in changes.items():
        *path, last = dotted.split(".")
        table: Any = raw
        for part in path:
            table = table[int(part) - 1] if isinstance(table, list) else table.get(part)
            if not isinstance(table, dict | list):
                raise KeyError(cleaned(dotted))
        if path and last not in table and path[-1] not in ("part",):
            raise KeyError(cleaned(dotted))
        table[last] = value


def _fault(read: _Read, error: Any) -> Fault:
    where = ".".join(
        str(part + 1) if isinstance(part, int) else cleaned(part)
        for part in error["loc"]
        if not str(part).startswith("function-")
    )
    kind = error["type"]
    if kind == "missing":
        reason = "is missing"
    elif kind == "extra_forbidden":
        reason = "is no key of this table"
    elif kind == "value_error":
        reason = str(error["ctx"]["error"])
    elif kind == "model_type":
        given = cleaned(error["input"])
        reason = f"is {given}; a number is written {{ value = ..., unit = ..., source = ... }}"
    else:
        said = error["msg"].lower().replace("input should", "should")
        reason = f"{said}, but is {cleaned(error.get('input'))!r}"
    return read.fault(where, reason)
