"""From a file to a Centre: every fault at once, each with file, key and what would be right."""

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from config.schema import Centre

SHOWN_MAX = 60


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
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ConfigFaults([Fault(name, "file", f"cannot be read: {fault.strerror}")]) from None
    except UnicodeDecodeError:
        raise ConfigFaults([Fault(name, "file", "is not UTF-8 text; save it as UTF-8")]) from None
    except tomllib.TOMLDecodeError as fault:
        raise ConfigFaults([Fault(name, "file", f"is not valid TOML: {fault}")]) from None
    if "base" in raw:
        raise ConfigFaults([Fault(name, "base", "is no key of this file; take it out")])
    try:
        centre = Centre.model_validate({**raw, "base": path.resolve().parent})
    except ValidationError as fault:
        raise ConfigFaults([_fault(name, error, raw) for error in fault.errors()]) from None
    if faults := centre.faults():
        raise ConfigFaults([Fault(name, key, reason) for key, reason in faults])
    return centre


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
