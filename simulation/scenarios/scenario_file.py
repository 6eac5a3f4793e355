"""From a scenario file to scenarios: every fault at once, each with file, key and what would be right.

The file's tables are the scenario that all others begin from; `[[scenario]]` names one and says what it sets
otherwise. A file may begin with `extends`, another file of which it says only what is different: whole tables
are laid over each other key by key.
"""

import tomllib
from collections.abc import Iterator
from copy import deepcopy
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from config.load import SHIPPED, ConfigFaults, Fault, cleaned
from config.load import load as load_centre
from config.schema import Centre
from simulation.scenarios.refusal import doubt
from simulation.scenarios.refusal import reason as reason_of
from simulation.scenarios.scenario import Scenario, faults


class _Read(NamedTuple):
    """A file's tables with what it extends; files: itself first, each with its own tables alone. doubts:
    numbers in them that can be read in two ways."""

    tables: dict[str, Any]
    files: tuple[tuple[Path, dict[str, Any]], ...]
    doubts: tuple[Fault, ...]

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


class _Said(NamedTuple):
    """Who says what of one scenario: its own table, or the tables that all begin from."""

    read: _Read
    name: str
    own: dict[str, Any]

    @property
    def changes(self) -> dict[str, Any]:
        """What the scenario sets otherwise, by dotted key."""
        changes: dict[str, Any] = self.own.get("set", {})
        return changes

    def fault(self, key: str, reason: str) -> Fault:
        """Named by the file, and in it by the scenario, where that is who says it."""
        for dotted in self.changes:
            if key == dotted or key.startswith(f"{dotted}.") or dotted.startswith(f"{key}."):
                return Fault(str(self._file()), f"scenario.{self.name}.set.{key}", reason)
        if key.partition(".")[0] in self.own:
            return Fault(str(self._file()), f"scenario.{self.name}.{key}", reason)
        return self.read.fault(key, reason)

    def _file(self) -> Path:
        for file, tables in self.read.files:
            if self.own in tables.get("scenario", []):
                return file
        return self.read.files[0][0]


def names(path: Path) -> tuple[str, ...]:
    """The scenarios that a file names, in its order. Raises ConfigFaults."""
    return tuple(str(each.get("name", "")) for each in _read(path).tables["scenario"])


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
    raw = deepcopy({key: value for key, value in read.tables.items() if key not in ("scenario", "extends")})
    said = _Said(read, str(chosen.get("name")), chosen)
    wrong = [*read.doubts]
    if "house" in raw:
        wrong.append(said.fault("house", "is no key of this table"))
    for dotted, value in said.changes.items():
        try:
            _overlay(raw, dotted, value)
        except KeyError:
            wrong.append(said.fault(cleaned(dotted), "is no key of the file"))
    titled = {key: value for key, value in chosen.items() if key != "set"}
    house, house_faults = _house(read, raw)
    wrong += house_faults
    try:
        scenario = Scenario.model_validate({**raw, **titled, "house": house})
    except ValidationError as fault:
        raise ConfigFaults([*wrong, *(_fault(said, error) for error in fault.errors())]) from None
    if wrong := wrong or [said.fault(key, reason) for key, reason in faults(scenario)]:
        raise ConfigFaults(wrong)
    return scenario


def _house(read: _Read, raw: dict[str, Any]) -> tuple[Centre, list[Fault]]:
    """The centre; where it cannot be, the shipped one, so that the scenario's own faults are told too."""
    path = read.says("centre").resolve().parent / str(raw.get("centre", ""))
    if not is_file(path):
        return load_centre(SHIPPED), [read.fault("centre", "names no file; it is the centre's configuration")]
    try:
        return load_centre(path.resolve()), []
    except ConfigFaults as fault:
        return load_centre(SHIPPED), fault.faults


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
            if not is_file(following):
                reason = f"names no file: {cleaned(raw['extends'])!r}"
                raise ConfigFaults([Fault(str(here), "extends", reason)])
            if following.resolve() in [each.resolve() for each, _ in files]:
                raise ConfigFaults([Fault(str(here), "extends", "goes round in a circle")])
    doubts = tuple(Fault(str(file), key, reason) for file, raw in files for key, reason in _settle(raw))
    merged: dict[str, Any] = {}
    for _, raw in reversed(files):
        merged = _over(merged, raw)
    listed = merged.get("scenario")
    if not isinstance(listed, list) or not listed:
        raise ConfigFaults([Fault(str(path), "scenario", "is missing: a file names at least one scenario")])
    read = _Read(merged, tuple(files), doubts)
    for place, each in enumerate(listed, 1):
        if not isinstance(each, dict) or not isinstance(each.get("set", {}), dict):
            raise ConfigFaults([read.fault(f"scenario.{place}", "is no table with a table `set`")])
    return read


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=_float)
    except OSError as fault:
        raise ConfigFaults([Fault(str(path), "file", f"cannot be read: {fault.strerror}")]) from None
    except UnicodeDecodeError:
        raise ConfigFaults([Fault(str(path), "file", "is not UTF-8 text; save it as UTF-8")]) from None
    except tomllib.TOMLDecodeError as fault:
        raise ConfigFaults([Fault(str(path), "file", f"is not valid TOML: {cleaned(fault)}")]) from None
    except RecursionError:
        raise ConfigFaults([Fault(str(path), "file", "is nested too deeply; no key here is")]) from None
    except ValueError:
        raise ConfigFaults([Fault(str(path), "file", "holds a number of too many digits")]) from None


def is_file(path: Path) -> bool:
    """Whether there is one that can be looked at, whatever the name."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


class _Doubtful(float):
    """A number that can be read in two ways, as it was written."""

    text: str


def _float(text: str) -> float:
    if not doubt(text):
        return float(text)
    made = _Doubtful(text)
    made.text = text
    return made


def _settle(table: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """(key, reason) of every number that can be read in two ways; scenarios go by their name."""
    entries = table.items() if isinstance(table, dict) else enumerate(table, 1)
    for name, value in entries:
        if key == "scenario" and isinstance(value, dict):
            name = value.get("name", name)
        inner = f"{key}.{cleaned(name)}".lstrip(".")
        if isinstance(value, _Doubtful):
            yield inner.removesuffix(".value"), f"is {value.text}, which {doubt(value.text)}"
        elif isinstance(value, dict | list):
            yield from _settle(value, inner)


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


def _overlay(raw: dict[str, Any], dotted: str, value: Any) -> None:
    """A dotted key names what is there already; whole tables and lists at the top may be new. Raises KeyError
    for one that is not there."""
    *path, last = dotted.split(".")
    table: Any = raw
    for part in path:
        table = table.get(part) if isinstance(table, dict) else table[_place(table, part)]
        if not isinstance(table, dict | list):
            raise KeyError(dotted)
    if isinstance(table, list):
        table[_place(table, last)] = value
        return
    if path and last not in table and path[-1] not in ("part",):
        raise KeyError(dotted)
    table[last] = value


def _place(listed: list[Any], part: str) -> int:
    if not (part.isascii() and part.isdigit() and 0 < int(part[:6]) <= len(listed)):
        raise KeyError(part)
    return int(part) - 1


def _fault(said: _Said, error: Any) -> Fault:
    where = ".".join(
        str(part + 1) if isinstance(part, int) else cleaned(part)
        for part in error["loc"]
        if not str(part).startswith("function-")
    )
    return said.fault(where, reason_of(error))
