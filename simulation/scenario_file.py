"""From a scenario file to scenarios: every fault at once, each with file, key and what would be right.

The file's tables are the scenario that all others begin from; `[[scenario]]` names one and says what it sets
otherwise.
"""

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.load import ConfigFaults, Fault, cleaned
from config.load import load as load_centre
from simulation.scenario import Scenario, faults


def names(path: Path) -> tuple[str, ...]:
    """The scenarios that a file names, in its order. Raises ConfigFaults."""
    return tuple(str(each.get("name", "")) for each in _read(path).get("scenario", []))


def load(path: Path, name: str) -> Scenario:
    """One scenario of a file. Raises ConfigFaults with every reason why it cannot be."""
    raw = _read(path)
    listed = raw.pop("scenario", [])
    known = [str(each.get("name", "")) for each in listed]
    if name not in known:
        close = get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]}?" if close else f"it knows {', '.join(known)}"
        raise ConfigFaults([Fault(str(path), "scenario", f"has no {cleaned(name)!r}; {hint}")])
    chosen = listed[known.index(name)]
    try:
        _overlay(raw, chosen.get("set", {}))
    except KeyError as fault:
        key = f"scenario.{name}.set.{fault.args[0]}"
        raise ConfigFaults([Fault(str(path), key, "is no key of the file")]) from None
    titled = {key: value for key, value in chosen.items() if key != "set"}
    house_path = (path.resolve().parent / str(raw.get("centre", ""))).resolve()
    if not house_path.is_file():
        raise ConfigFaults([Fault(str(path), "centre", "names no file; it is the centre's configuration")])
    house = load_centre(house_path)
    try:
        scenario = Scenario.model_validate({**raw, **titled, "house": house})
    except ValidationError as fault:
        raise ConfigFaults([_fault(path, error) for error in fault.errors()]) from None
    if wrong := faults(scenario):
        raise ConfigFaults([Fault(str(path), key, reason) for key, reason in wrong])
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


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ConfigFaults([Fault(str(path), "file", f"cannot be read: {fault.strerror}")]) from None
    except UnicodeDecodeError:
        raise ConfigFaults([Fault(str(path), "file", "is not UTF-8 text; save it as UTF-8")]) from None
    except tomllib.TOMLDecodeError as fault:
        raise ConfigFaults([Fault(str(path), "file", f"is not valid TOML: {fault}")]) from None
    if not isinstance(raw.get("scenario"), list) or not raw["scenario"]:
        raise ConfigFaults([Fault(str(path), "scenario", "is missing: a file names at least one scenario")])
    return raw


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


def _fault(path: Path, error: Any) -> Fault:
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
    return Fault(str(path), where, reason)
