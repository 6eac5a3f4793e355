"""Why a value is refused, in words: the one check of files, of options and of what is varied."""

import re
from typing import Any, Final

from config.load import cleaned

_PLAIN: Final = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_THOUSANDS: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+", re.ASCII)


class Unfit(ValueError):
    """Values that a scenario cannot have. faults: (key, reason) each."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("\n".join(f"{key} {reason}" for key, reason in faults))
        self.faults = faults


def doubt(text: str) -> str:
    """Why a number with groups of three digits behind points is not read: it is a thousand to Germans. "" for
    any other."""
    if not _THOUSANDS.fullmatch(text):
        return ""
    whole = text.replace(".", "")
    if text.count(".") > 1:
        return f"has points between thousands; write {whole}"
    decimal = f"{float(text)}"
    decimal = decimal if not _THOUSANDS.fullmatch(decimal) else f"{decimal}0"
    return f"can be read in two ways; write {whole} or {decimal}"


def number(text: str) -> float:
    """The number that a person typed. Raises ValueError with the reason, to follow what was typed."""
    if said := doubt(text):
        raise ValueError(said)
    if not _PLAIN.fullmatch(text):
        raise ValueError("is no number; write one like 5, 0.5 or 8000")
    return float(text)


def reason(error: Any) -> str:
    """Of one of pydantic's errors."""
    kind = error["type"]
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is no key of this table"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "model_type":
        given = cleaned(error["input"])
        return f"is {given}; a number is written {{ value = ..., unit = ..., source = ... }}"
    said = error["msg"].lower().replace("input should", "should")
    return f"{said}, but is {cleaned(error.get('input'))!r}"
