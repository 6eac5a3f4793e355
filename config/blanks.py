"""Sentences with blanks: {name}, or {name:table.form} where a language needs one of several forms."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

_BLANK = re.compile(r"\{([a-z]+)(?::([a-z_.]+))?\}")


class Blank(NamedTuple):
    """As it stands in a sentence; form is "" where none is named."""

    name: str
    form: str


def blanks(text: str) -> list[Blank]:
    """Those of a sentence. Raises ValueError for a brace that belongs to none."""
    if stray := re.search(r"[{}]", _BLANK.sub("", text)):
        raise ValueError(f"has a {stray[0]} that belongs to no {{name}}")
    return [Blank(name, form) for name, form in _BLANK.findall(text)]


def fill(text: str, told: Callable[[Blank], str]) -> str:
    """The sentence with what stands in each blank."""
    return _BLANK.sub(lambda found: told(Blank(found[1], found[2] or "")), text)


def filled(text: str, **words: str) -> str:
    """The sentence with these words in its blanks."""
    return fill(text, lambda blank: words[blank.name])


def unfit(text: str, wanted: Mapping[str, str]) -> list[str]:
    """What is wrong with a sentence that has to have these blanks and no others; wanted: what each is for."""
    try:
        found = blanks(text)
    except ValueError as fault:
        return [str(fault)]
    names = {each.name for each in found}
    wrong = [f"lacks {{{name}}}, the place of {what}" for name, what in wanted.items() if name not in names]
    known = ", ".join(f"{{{each}}}" for each in wanted) or "none"
    wrong += [
        f"has {{{name}}}, which is no blank of it; known: {known}" for name in sorted(names - wanted.keys())
    ]
    return wrong
