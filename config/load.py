"""From a file to a Centre: every fault at once, each with file, key and what would be right."""

import tomllib
from collections.abc import Sequence
from contextlib import suppress
from copy import deepcopy
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from config.schema import Centre

SHOWN_MAX = 60
SHIPPED = Path(__file__).parent / "welcomecenter.toml"
DESCRIBED = ("language", "concern")
"""Lists that others refer to: without an entry of theirs much would be told that is not so."""


class Fault(NamedTuple):
    """One thing to mend: in which file, at which key (or line), and why."""

    file: str
    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.reason}"


class ConfigFaults(Exception):
    """The file cannot be used; `faults` names every reason."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def cleaned(value: object) -> str:
    """A value as it may be shown: one line, no control characters, not too long."""
    text = "".join(c if c.isprintable() else "?" for c in str(value))
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…"


def load(path: Path) -> Centre:
    """Read the centre. Raises ConfigFaults with all faults."""
    name = str(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as fault:
        raise ConfigFaults([Fault(name, "file", f"cannot be read: {fault.strerror}")]) from None
    except UnicodeDecodeError:
        raise ConfigFaults([Fault(name, "file", "is not UTF-8 text; save it as UTF-8")]) from None
    except tomllib.TOMLDecodeError as fault:
        raise ConfigFaults([Fault(name, "file", f"is not valid TOML: {cleaned(fault)}")]) from None
    except RecursionError:
        raise ConfigFaults([Fault(name, "file", "is nested too deeply; no key here is")]) from None
    except ValueError:
        raise ConfigFaults([Fault(name, "file", "holds a number of too many digits")]) from None
    faults = [Fault(name, "base", "is no key of this file; take it out")] if raw.pop("base", None) else []
    try:
        centre = _made(raw, path)
    except ValidationError as fault:
        faults += [_fault(name, error, raw) for error in fault.errors()]
        rest = _rest(raw, fault.errors(), path)
        faults += [Fault(name, *each) for each in (rest.faults() if rest is not None else [])]
        raise ConfigFaults(faults) from None
    faults += [Fault(name, key, reason) for key, reason in centre.faults()]
    if faults:
        raise ConfigFaults(faults)
    return centre


def _made(raw: dict[str, Any], path: Path) -> Centre:
    return Centre.model_validate({**raw, "base": path.resolve().parent})


def _rest(raw: dict[str, Any], errors: Sequence[Any], path: Path) -> Centre | None:
    """The centre without what is wrong, so that what does not fit together is told in the same breath; None
    where too much is wrong for that. Keys go; an entry of a list that cannot be without one goes whole."""
    left = deepcopy(raw)
    entries: set[tuple[str, int]] = set()
    for error in errors:
        *way, last = error["loc"]
        if error["type"] == "missing" and len(error["loc"]) >= 2 and isinstance(error["loc"][1], int):
            entries.add((str(error["loc"][0]), error["loc"][1]))
            continue
        there: Any = left
        try:
            for part in way:
                there = there[part]
            del there[last]
        except (KeyError, IndexError, TypeError):
            continue
    try:
        return _made(left, path)
    except ValidationError as again:
        for each in again.errors():
            key, *more = each["loc"]
            if more and isinstance(more[0], int):
                entries.add((str(key), more[0]))
            else:
                _stand_in(left, each["loc"])
    for key, place in sorted(entries, reverse=True):
        if key in DESCRIBED:
            return None
        with suppress(KeyError, IndexError, TypeError):
            del left[key][place]
    try:
        return _made(left, path)
    except ValidationError:
        return None


def _stand_in(raw: dict[str, Any], loc: Sequence[Any]) -> None:
    """Put in what the shipped file has there: of one value nothing else depends."""
    there: Any = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    with suppress(KeyError, IndexError, TypeError):
        for part in loc[:-1]:
            there, raw = there[part], raw[part]
        raw[loc[-1]] = there[loc[-1]]


def _fault(file: str, error: Any, raw: dict[str, Any]) -> Fault:
    where = _key(error["loc"], raw)
    kind, value = error["type"], cleaned(error.get("input"))
    if kind == "missing":
        return Fault(file, where, "is missing")
    if kind == "extra_forbidden":
        return Fault(file, where, f"is no key of this table{_did_you_mean(error['loc'])}")
    if kind == "value_error":
        return Fault(file, where, str(error["ctx"]["error"]))
    return Fault(file, where, f"{error['msg'].lower().replace('input should', 'should')}, but is {value!r}")


def _key(loc: tuple[int | str, ...], raw: Any) -> str:
    """Dotted key; an item of a list is named by its id, key or code where it has one."""
    parts: list[str] = []
    for part in loc:
        try:
            raw = raw[part]
        except (KeyError, IndexError, TypeError):
            raw = None
        if isinstance(part, int) and isinstance(raw, dict):
            parts.append(cleaned(raw.get("id") or raw.get("key") or raw.get("code") or part + 1))
        else:
            parts.append(str(part + 1) if isinstance(part, int) else cleaned(part))
    return ".".join(parts)


def _did_you_mean(loc: tuple[int | str, ...]) -> str:
    model: Any = Centre
    for part in loc[:-1]:
        if isinstance(part, str) and isinstance(model, type) and issubclass(model, BaseModel):
            annotation = model.model_fields[part].annotation if part in model.model_fields else None
            model = next((t for t in _models(annotation)), None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return ""
    close = get_close_matches(str(loc[-1]), model.model_fields, 1)
    return f"; did you mean {close[0]}?" if close else ""


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for inner in getattr(annotation, "__args__", ()) for m in _models(inner)]
