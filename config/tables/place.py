"""[centre], [[language]], [[concern]]: where it is, in which languages, about what."""

import re
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    field_validator,
)

from config.tables.kinds import Code, Key, Share, Table, Text


class Place(Table):
    """[centre]: who this is and what it is called by."""

    name: Text
    timezone: str
    hotline: Annotated[str, StringConstraints(pattern=r"^\+[0-9]{6,15}$")]
    numbers: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{2,16}$")]], Field(min_length=1)
    ]
    node: Key

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is no time zone; write one like Europe/Berlin")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which opening hours are meant."""
        return ZoneInfo(self.timezone)


class Language(Table):
    """A language of the menu, named in itself. share: of all callers; the largest is said first."""

    code: Code
    name: Text
    share: Share | None = None


SHORT_MAX = 16
"""Characters of a concern's short name: with a language's code before it, one line of any phone."""


def _short(text: str) -> str:
    if not re.fullmatch(rf"([A-Za-z0-9][A-Za-z0-9 ./-]{{0,{SHORT_MAX - 1}}})?", text):
        raise ValueError(
            f"is for phones' displays: {SHORT_MAX} characters at most, plain letters, digits, space and . / "
            "and -, beginning with a letter or digit"
        )
    return text


class Concern(Table):
    """What callers come for. share: of all callers, as with languages.

    short: its name on phones' displays; "": made from the German one (config.display).
    """

    key: Key
    de: Text
    en: Text
    share: Share | None = None
    law: str = ""
    short: Annotated[str, AfterValidator(_short)] = ""
