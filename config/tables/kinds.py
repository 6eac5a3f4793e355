"""Kinds of values that the centre's file is made of, and what every table of it keeps to."""

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

from config.cells import harm

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


Code = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


RESERVED_PHONES = frozenset({"trunk", "transport", "global", "system", "general", "anonymous"})
"""Names that mean something else to Asterisk: who has one would be taken for that."""


def _not_reserved(name: str) -> str:
    if name in RESERVED_PHONES:
        raise ValueError(f"is reserved by Asterisk, as are {', '.join(sorted(RESERVED_PHONES - {name}))}")
    return name


Phone = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,20}$"), AfterValidator(_not_reserved)]


Text = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _harmless(text: str) -> str:
    if why := harm(text):
        raise ValueError(why)
    return text


Name = Annotated[str, StringConstraints(min_length=1, max_length=120), AfterValidator(_harmless)]


def _one_line(text: str) -> str:
    if len(text) > TEXT_MAX or not text.isprintable():
        raise ValueError(f"is one line of {TEXT_MAX} characters at most, none of them for control")
    return text


TEXT_MAX = 1_000


OneLine = Annotated[str, AfterValidator(_one_line)]


def _in_talk(code: str) -> str:
    if len(code) != 2 or code[0] != "*" or code[1] not in "012356789":
        raise ValueError("is * and one digit, and not *4, with which the codes of phones begin (*41 to *44)")
    return code


InTalk = Annotated[str, AfterValidator(_in_talk)]
"""A code that is pressed in a talk."""


Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:\[\]-]{1,253}$")]


Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


Port = Annotated[int, Field(ge=1, le=65535)]


Level = Literal["A1", "A2", "B1", "B2", "C1", "C2", "native"]


SHARES_APART = 0.005
"""So far may shares that were rounded sum from 1."""


FOLDER = "/srv/welcomecenter"
"""Asterisk's own system lets us be there, and no package of a distribution is."""


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Table(BaseModel):
    """A table of the file: closed to unknown keys, and never changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


CHARACTERS_MAX = 160
"""Characters of a sentence that callers hear; who is worried remembers no more."""


Number = Annotated[float, Field(ge=0, allow_inf_nan=False)]


Hour = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3])$")]


DayOfWeek = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def doubles(key: str, values: list[str]) -> list[tuple[str, str]]:
    """(key, reason) for each value that stands there more than once."""
    return [
        (key, f"has {value!r} more than once") for value in sorted(set(values)) if values.count(value) > 1
    ]
