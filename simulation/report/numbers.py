"""Numbers as they are written in German and in English."""

from math import isfinite
from typing import Final, Literal

Language = Literal["de", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("de", "en")
NONE: Final = "–"
_BLANK: Final = "\N{NO-BREAK SPACE}"
_UNITS: Final = {
    "s": ("s", "s"),
    "min": ("min", "min"),
    "h": ("Std.", "h"),
    "hours": ("Std.", "h"),
    "days": ("Tage", "days"),
    "calls": ("Anrufe", "calls"),
    "cases": ("Fälle", "cases"),
    "appointments": ("Termine", "appointments"),
    "visits": ("Termine", "visits"),
    "calls/case": ("Anrufe/Fall", "calls/case"),
    "persons": ("Personen", "persons"),
}
_WHOLE: Final = ("calls", "cases", "appointments", "visits", "persons")


def number(value: float, digits: int, language: Language) -> str:
    """With thousands apart and this many decimals: 1.234,5 in German, 1,234.5 in English; a dash for nan."""
    if not isfinite(value):
        return NONE
    text = f"{abs(value):,.{digits}f}"
    if language == "de":
        text = text.translate(str.maketrans(",.", ".,"))
    negative = round(value, digits) < 0
    return f"\N{MINUS SIGN}{text}" if negative else text


def percent(value: float, language: Language, digits: int = 1) -> str:
    """A share as per cent, the sign as the language sets it."""
    text = number(value * 100, digits, language)
    return text if text == NONE else text + (f"{_BLANK}%" if language == "de" else "%")


def digits_of(unit: str, value: float) -> int:
    """How many decimals a figure of this unit deserves."""
    if unit in _WHOLE or not isfinite(value):
        return 0
    return 1 if abs(value) < 100 else 0


def amount(value: float, unit: str, language: Language) -> str:
    """A figure without its unit, but per cent where it is a share (unit "1")."""
    return percent(value, language) if unit == "1" else number(value, digits_of(unit, value), language)


def with_unit(value: float, unit: str, language: Language) -> str:
    """A figure with its unit."""
    text = amount(value, unit, language)
    return text if unit == "1" or text == NONE else f"{text}{_BLANK}{unit_name(unit, language)}"


def unit_name(unit: str, language: Language) -> str:
    """How a unit is called; per cent for a share."""
    if unit == "1":
        return "%"
    return _UNITS.get(unit, (unit, unit))[language == "en"]


def span(low: float, high: float, unit: str, language: Language) -> str:
    """From ... to ..., the per cent sign once."""
    if not (isfinite(low) and isfinite(high)):
        return NONE
    begin, end = amount(low, unit, language), amount(high, unit, language)
    word = "bis" if language == "de" else "to"
    return f"{begin.rstrip(f'%{_BLANK}')}{_BLANK}{word}{_BLANK}{end}"


def difference(value: float, unit: str, language: Language) -> str:
    """With its sign; a difference of shares in points of per cent, without a unit."""
    scaled = value * 100 if unit == "1" else value
    digits = 1 if unit == "1" else digits_of(unit, value)
    text = number(scaled, digits, language)
    return f"+{text}" if isfinite(scaled) and round(scaled, digits) > 0 else text


def exact(value: float, language: Language) -> str:
    """A given number as it was given: no decimals but those that it has."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    _, _, decimals = text.partition(".")
    return number(value, len(decimals), language)
