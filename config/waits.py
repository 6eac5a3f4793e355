"""The sentences that say how long somebody waits: one whole sentence for each band between two edges.

A language's file gives three sentences ([wait]), its forms of so many minutes by the plural categories of
CLDR ([minutes.FORM]) and its numbers in words ([number.FORM]). So no number is ever put together by ear.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from babel import Locale, UnknownLocaleError

from config.blanks import Blank, fill, unfit
from config.load import Fault
from config.tables.calls import BAND_MINUTES_MAX

LESS, BETWEEN, MORE = "less", "between", "more"
BLANKS = {
    LESS: {"high": "the edge below which the wait is"},
    BETWEEN: {"low": "the lower edge of the wait", "high": "the upper edge of the wait"},
    MORE: {"low": "the edge above which the wait is"},
}
"""Blanks of each sentence."""


class Band(NamedTuple):
    """A sound: its name, the sentence of [wait] and the edges (minutes) that stand in it."""

    name: str
    sentence: str
    edges: dict[str, int]


def bands(edges: Sequence[int]) -> Iterator[Band]:
    """Every band that can be said with these edges (minutes, rising)."""
    for edge in edges:
        yield Band(f"wait_less_{edge}", LESS, {"high": edge})
        yield Band(f"wait_more_{edge}", MORE, {"low": edge})
    for low, high in combinations(edges, 2):
        yield Band(f"wait_between_{low}_{high}", BETWEEN, {"low": low, "high": high})


class _Lacking(Exception):
    """key: of the file; reason: what is wrong with it."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key, self.reason = key, reason


def spoken(
    code: str, file: str, raw: Mapping[str, Any], edges: Sequence[int]
) -> tuple[dict[str, str], list[Fault]]:
    """Name of each band -> its sentence in this language, and what the file lacks for that."""
    try:
        words = _Words(code, raw)
    except UnknownLocaleError:
        return {}, [
            Fault(file, "file", f"is of a language ({code}) whose plural forms nobody knows: see CLDR")
        ]
    said: dict[str, str] = {}
    faults: dict[Fault, None] = {}
    for band in bands(edges):
        try:
            said[band.name] = words.sentence(band)
        except _Lacking as lacking:
            faults[Fault(file, lacking.key, lacking.reason)] = None
    return said, list(faults)


class _Words:
    """A language's words for minutes. Raises UnknownLocaleError."""

    def __init__(self, code: str, raw: Mapping[str, Any]) -> None:
        self._category = Locale.parse(code).plural_form
        self._raw = raw

    def sentence(self, band: Band) -> str:
        """Raises _Lacking."""
        key = f"wait.{band.sentence}"
        text = self._text(key, "write the sentence")
        for wrong in unfit(text, BLANKS[band.sentence]):
            raise _Lacking(key, wrong)
        return fill(text, lambda blank: self._edge(key, blank, band.edges[blank.name]))

    def _edge(self, key: str, blank: Blank, edge: int) -> str:
        table, _, form = blank.form.partition(".")
        if table == "number":
            return self._number(form, edge)
        if table == "minutes":
            return self._minutes(form, edge)
        raise _Lacking(
            key, f"has {{{blank.name}}} in no form: write {{{blank.name}:minutes.FORM}} or :number.FORM"
        )

    def _minutes(self, form: str, edge: int) -> str:
        category = self._category(edge)
        key = f"minutes.{form}.{category}"
        text = self._text(key, f"write how {edge} minutes are said there (CLDR calls {edge} {category})")
        if "{" not in text:  # right for a dual or the like, that is said of one number alone
            several = [each for each in range(1, BAND_MINUTES_MAX + 1) if self._category(each) == category]
            if len(several) > 1:
                raise _Lacking(key, f"lacks {{number:FORM}}: it is said of {several[0]} and of {several[1]}")
        for wrong in unfit(text, {"number": "the number"} if "{" in text else {}):
            raise _Lacking(key, wrong)
        return fill(text, lambda blank: self._number(blank.form, edge))

    def _number(self, form: str, edge: int) -> str:
        return self._text(
            f"number.{form}.{edge}", "write this number in words, [waiting] band_minutes names it"
        )

    def _text(self, key: str, what: str) -> str:
        found: Any = self._raw
        for part in key.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        if not isinstance(found, str) or not found.strip():
            raise _Lacking(key, f"is missing: {what}")
        return found
