"""Which of several entries counts for a caller: that of language and concern goes before that of the concern,
of the language, of everybody."""

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

Key = tuple[str, str]
"""(language, concern) of an entry; "" for any."""


def keys(language: str, concern: str) -> tuple[Key, ...]:
    """Under which an entry may count for these callers, the most specific first."""
    return (language, concern), ("", concern), (language, ""), ("", "")


def most_specific(entries: Mapping[Key, T], language: str, concern: str) -> T | None:
    """The entry that counts for these callers; None if none does."""
    for key in keys(language, concern):
        if key in entries:
            return entries[key]
    return None
