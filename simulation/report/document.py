"""A report in one language as values: sections of paragraphs, tables and pictures, however they are shown."""

from typing import NamedTuple


class Table(NamedTuple):
    """words: how many columns from the left are words; the others are numbers, set to the right.

    widths: of the columns, in any unit; empty: as their content asks.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    widths: tuple[float, ...] = ()


class Picture(NamedTuple):
    """svg: the drawing; alt: what it shows, in words; numbers: the same as a table."""

    key: str
    title: str
    alt: str
    svg: bytes
    note: str
    numbers: Table


class Tile(NamedTuple):
    """One figure that is seen first."""

    label: str
    value: str
    note: str


class Tiles(NamedTuple):
    """Figures side by side."""

    tiles: tuple[Tile, ...]


class Listing(NamedTuple):
    """Sentences, each a point of its own."""

    items: tuple[str, ...]


class Answer(NamedTuple):
    """A question that a planner asks, and the sentences that answer it."""

    question: str
    sentences: tuple[str, ...]


Block = str | Table | Picture | Tiles | Listing | Answer
"""A str is a paragraph."""


class Section(NamedTuple):
    """key: its anchor on the page."""

    key: str
    title: str
    blocks: tuple[Block, ...]


class Document(NamedTuple):
    """A whole report. language: "de" or "en". words: those that only the frame needs, by key."""

    language: str
    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    words: dict[str, str]
