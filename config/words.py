"""The words of all pages, one file a language (config/words/), one section a page."""

import string
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "words"
PAGE_LANGUAGES: Final = {"de": "Deutsch", "en": "English"}
RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur", "ps", "ckb"})
"""Languages that are written so, of those that callers speak."""

Words = Mapping[str, str]
Book = Mapping[str, Mapping[str, str]]
"""Section -> key -> words."""


class WordsFault(Exception):
    """Two languages do not say the same; the message names every section and key."""


@cache
def book(language: str) -> Book:
    """All words of a language of PAGE_LANGUAGES. Raises WordsFault unless all languages have the same keys,
    with the same places to fill in."""
    books = {code: _read(FOLDER / f"{code}.toml") for code in PAGE_LANGUAGES}
    first, *others = books
    faults = [each for other in others for each in _unlike(first, books[first], other, books[other])]
    if faults:
        raise WordsFault("\n".join(faults))
    return books[language]


def words(language: str, *sections: str) -> dict[str, str]:
    """The words of some sections, as one; later ones go before."""
    return {key: said for section in ("frame", *sections) for key, said in book(language)[section].items()}


def wanted(asked: str, accept: str) -> str:
    """The page's language: the one asked for, else the browser's first that we have, else German."""
    if asked in PAGE_LANGUAGES:
        return asked
    for part in accept.split(",")[:10]:
        code = part.split(";")[0].strip()[:2].lower()
        if code in PAGE_LANGUAGES:
            return code
    return next(iter(PAGE_LANGUAGES))


def _read(path: Path) -> Book:
    found: Book = tomllib.loads(path.read_text(encoding="utf-8"))
    return found


def _unlike(first: str, one: Book, second: str, other: Book) -> list[str]:
    faults = []
    for section in sorted({*one, *other}):
        ours, theirs = one.get(section, {}), other.get(section, {})
        for key in sorted({*ours, *theirs}):
            if key not in ours or key not in theirs:
                missing = first if key not in ours else second
                faults.append(f"words/{missing}.toml: {section}.{key}: is missing")
            elif places(ours[key]) != places(theirs[key]):
                faults.append(f"words/{second}.toml: {section}.{key}: has other places than {first}.toml")
    return faults


def places(said: str) -> frozenset[str]:
    """The names of what is filled in."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(said) if name)
