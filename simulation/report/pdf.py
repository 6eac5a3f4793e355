"""A report as PDF: tagged, with bookmarks, its fonts inside; the same report gives the same bytes."""

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from importlib.resources import files
from typing import Final

from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos
from fpdf.fonts import TTFFont

from simulation.pictures import size_of
from simulation.report.document import Answer, Document, Listing, Picture, Section, Table, Tiles
from simulation.report.tags import Tags

FONT: Final = "DejaVu"
_FACES: Final = {"": "DejaVuSans.ttf", "B": "DejaVuSans-Bold.ttf"}
_INK, _SOFT, _LINE, _ACCENT = (20, 33, 43), (74, 90, 102), (207, 216, 222), (11, 79, 108)
_MARGIN, _TOP, _BOTTOM = 18.0, 18.0, 20.0
_BODY, _SMALL, _TINY = 9.0, 7.5, 6.5
_LEADING: Final = 0.5
"""Millimetres of line for each point of type."""
_SHORT: Final = 24
"""Rows of a picture's numbers that stand below it; longer ones come at the end."""
_BROAD: Final = 620
"""Points of a drawing's width from which on it lies on a page turned sideways."""
_LONGEST: Final = 38.0
"""Millimetres: a word that is longer is cut."""
_TOGETHER: Final = 90.0
"""Millimetres up to which a table is kept on one page."""
_UNSET: Final = 315_532_800
"""1 January 1980: the date of a file that says nothing of when it was made."""


def pdf(document: Document) -> bytes:
    """The whole file. SOURCE_DATE_EPOCH, where set, is its date; it has no other."""
    with closing(_Writer(document, {})) as first:
        pages = first.write().places
    with closing(_Writer(document, pages)) as second:
        return bytes(second.write().output())


class _Writer(FPDF):
    """One report. known: the page of each section, from a first pass that draws no picture."""

    def __init__(self, document: Document, known: dict[str, int]) -> None:
        super().__init__(format="A4")
        self._document, self._known = document, known
        self.places: dict[str, int] = {}
        self._figures = self._tables = 0
        self._later: list[tuple[str, Table]] = []
        self.struct_builder: Tags = Tags()
        fonts = files("matplotlib") / "mpl-data" / "fonts" / "ttf"
        for style, name in _FACES.items():
            self.add_font(FONT, style, str(fonts / name))
        self.set_margins(_MARGIN, _TOP)
        self.set_auto_page_break(True, _BOTTOM)
        self.set_title(document.title)
        self.set_subject(document.subtitle)
        self.set_lang(document.language)
        self.set_creator("acd plan report")
        seconds = int(os.environ.get("SOURCE_DATE_EPOCH", _UNSET))
        self.set_creation_date(datetime.fromtimestamp(seconds, UTC))
        self.set_draw_color(*_LINE)

    def close(self) -> None:
        """Close the font files, which the library leaves open."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()

    def footer(self) -> None:
        with self._artifact():
            self._type(_SMALL, _SOFT)
            self.set_y(-_BOTTOM + 7)
            words = self._document.words["page"]
            total = str(self._known.get("", 0))
            self.cell(0, 5, self._document.title)
            self.set_x(_MARGIN)
            self.cell(0, 5, words.format(n=self.page_no(), of=total), align="R")

    def write(self) -> "_Writer":  # type: ignore[override]
        document = self._document
        self.add_page()
        self._text(document.title, "H1", 20, _INK, "B")
        self.ln(1.5)
        self._text(document.subtitle, "P", _BODY + 1, _SOFT)
        self.ln(4)
        self._contents(document)
        for section in document.sections:
            self._section(section)
        if self._later:
            self._heading("appendix", self._document.words["appendix"])
            for _, table in self._later:
                self._table(table)
        self.places[""] = self.page_no()
        return self

    def _contents(self, document: Document) -> None:
        listed = [(each.key, each.title) for each in document.sections]
        shown = [each for section in document.sections for each in section.blocks]
        if any(isinstance(each, Picture) and not self._stands_below(each.numbers) for each in shown):
            listed.append(("appendix", document.words["appendix"]))
        with self.struct_builder.branch("TOC", self.page):
            for key, title in listed:
                with self._marked("TOCI"):
                    self._type(_BODY, _INK)
                    number = str(self._known.get(key, ""))
                    self.cell(self.epw - 12, 5.2, title)
                    self.cell(12, 5.2, number, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(3)

    def _section(self, section: Section) -> None:
        first = section.blocks[0]
        self._heading(section.key, section.title, self._tall(first) if isinstance(first, Picture) else 0.0)
        for block in section.blocks:
            match block:
                case str():
                    self._text(block, "P", _BODY, _INK)
                    self.ln(2.2)
                case Tiles():
                    self._tiles(block)
                case Listing():
                    self._list(block.items)
                case Answer():
                    self._subheading(block.question, _BODY * len(block.sentences[:1]) * 1.5)
                    self._list(block.sentences)
                case Table():
                    self._table(block)
                case Picture():
                    self._picture(block)

    def _heading(self, key: str, title: str, room: float = 0.0) -> None:
        self._space(max(60, 40 + room))
        self.ln(5)
        self.places[key] = self.page_no()
        self.start_section(title, 0)
        self._text(title, "H2", 14, _ACCENT, "B")
        self.ln(2.5)

    def _subheading(self, title: str, room: float = 0) -> None:
        self._space(14 + room)
        self.ln(1.5)
        self.start_section(title, 1)
        self._text(title, "H3", 10, _INK, "B")
        self.ln(1.2)

    def _text(self, text: str, kind: str, size: float, colour: tuple[int, int, int], style: str = "") -> None:
        """On one page; what does not fit begins on the next one."""
        self._type(size, colour, style)
        self._space(self._height(self.epw, text, size))
        with self._marked(kind):
            self.multi_cell(0, size * _LEADING, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _list(self, items: Sequence[str]) -> None:
        for item in items:
            self._type(_BODY, _INK)
            self._space(self._height(self.epw - 4.5, item, _BODY))
            with self.struct_builder.branch("L", self.page), self.struct_builder.branch("LI", self.page):
                with self._marked("Lbl"):
                    self.cell(4.5, _BODY * _LEADING, "•")
                with self._marked("LBody"):
                    self.multi_cell(0, _BODY * _LEADING, item, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.ln(1.1)
        self.ln(1.5)

    def _tiles(self, block: Tiles) -> None:
        across, gap, tall = 4 if len(block.tiles) == 4 else 3, 4.0, 21.0
        wide = (self.epw - gap * (across - 1)) / across
        self._space(tall * -(-len(block.tiles) // across) + gap)
        begin = self.y
        for place, tile in enumerate(block.tiles):
            row, column = divmod(place, across)
            left, top = _MARGIN + column * (wide + gap), begin + row * (tall + gap)
            with self._artifact():
                self.rect(left, top, wide, tall, round_corners=True, corner_radius=1.8)
            for text, size, colour, style, down in (
                (tile.label, _SMALL, _SOFT, "", 2.6),
                (tile.value, 15, _ACCENT, "B", 7.2),
                (tile.note, _SMALL, _SOFT, "", 15.2),
            ):
                self._type(size, colour, style)
                self.set_xy(left + 3, top + down)
                with self._marked("P"):
                    self.cell(wide - 6, size * _LEADING, text)
        self.set_xy(_MARGIN, begin + -(-len(block.tiles) // across) * (tall + gap))

    def _picture(self, picture: Picture) -> None:
        if size_of(picture.svg)[0] > _BROAD:
            self.add_page(orientation="landscape")
        tall = self._tall(picture)
        self._figures += 1
        self._subheading(f"{self._numbered('figure', self._figures)}: {picture.title}", tall + 6)
        if self._known:
            self.struct_builder.next_is("Figure")
            self.image(io.BytesIO(picture.svg), x=_MARGIN, w=self.epw, h=tall, alt_text=picture.alt)
        else:
            self._space(tall)
            with self._marked("Figure"):
                self.y += tall
        self.ln(1.5)
        if picture.note:
            self._text(picture.note, "P", _SMALL, _SOFT)
            self.ln(2)
        if self._stands_below(picture.numbers):
            self._table(picture.numbers)
        else:
            self._later.append((picture.title, picture.numbers))

    def _stands_below(self, numbers: Table) -> bool:
        """Whether a picture's numbers are few enough to stand under it."""
        return len(numbers.rows) <= _SHORT and self._fits(numbers)

    def _tall(self, picture: Picture) -> float:
        width, height = size_of(picture.svg)
        return self.epw * height / width if width <= _BROAD or self.w > self.h else 0.0

    def _numbered(self, what: str, number: int) -> str:
        return self._document.words[what].format(n=number)

    def _fits(self, table: Table) -> bool:
        return bool(table.widths) or sum(self._natural(table, _SMALL)) <= self.epw

    def _natural(self, table: Table, size: float) -> list[float]:
        """As wide as the longest cell, and as the longest word of the head."""
        self._type(size, _INK, "B")
        heads = [max(map(self.get_string_width, head.split(" "))) for head in table.head]
        self._type(size, _INK)
        return [
            max(head, *(self.get_string_width(row[i]) for row in table.rows)) + 3.4
            for i, head in enumerate(heads)
        ]

    def _least(self, table: Table, size: float) -> list[float]:
        """So wide that no word is cut, but for very long ones."""
        found = []
        for column in zip(table.head, *table.rows, strict=True):
            self._type(size, _INK, "B")
            widest = max(map(self.get_string_width, column[0].split(" ")))
            self._type(size, _INK)
            words = (word for cell in column[1:] for word in cell.split(" "))
            found.append(min(max([widest, *map(self.get_string_width, words)]) + 2.2, _LONGEST))
        return found

    def _shared(self, table: Table, size: float) -> list[float]:
        """The page's width, shared out as the table asks, but no column below its least."""
        least, asked = self._least(table, size), list(table.widths)
        fixed: set[int] = set()
        while True:
            left = self.epw - sum(least[i] for i in fixed)
            whole = sum(each for i, each in enumerate(asked) if i not in fixed)
            widths = [least[i] if i in fixed else left * each / whole for i, each in enumerate(asked)]
            narrow = {i for i, width in enumerate(widths) if width < least[i] - 1e-9}
            if not narrow or len(fixed | narrow) == len(asked):
                return widths
            fixed |= narrow

    def _table(self, table: Table) -> None:
        """Split side by side where it is too wide, the first column in each part."""
        if table.widths:
            size = _SMALL if sum(self._least(table, _SMALL)) <= self.epw else _TINY
            self._part(table, self._shared(table, size), size)
            return
        size = _SMALL if self._fits(table) else _TINY
        widths = self._natural(table, size)
        first = 1
        while first < len(widths):
            upto, used = first, widths[0]
            while upto < len(widths) and (upto == first or used + widths[upto] <= self.epw):
                used += widths[upto]
                upto += 1
            keep = [0, *range(first, upto)]
            part = table._replace(
                head=tuple(table.head[i] for i in keep),
                rows=tuple(tuple(row[i] for i in keep) for row in table.rows),
            )
            self._part(part, [widths[i] for i in keep], size)
            first = upto

    def _part(self, table: Table, widths: list[float], size: float) -> None:
        self._tables += 1
        caption = f"{self._numbered('table', self._tables)}: {table.caption}"
        heights = [self._row_height(table.head, widths, size, "B")]
        heights += [self._row_height(row, widths, size) for row in table.rows]
        whole = sum(heights)
        self._type(_SMALL, _SOFT)
        self._space(
            self._height(self.epw, caption, _SMALL) + (whole if whole <= _TOGETHER else sum(heights[:4])) + 6
        )
        self.ln(2)
        self._text(caption, "Caption", _SMALL, _SOFT)
        self.ln(0.8)
        place, fresh = 0, True
        while place < len(table.rows):
            with self.struct_builder.branch("Table", self.page):
                self._row(table.head, widths, size, heights[0], table.words, head=True, artifact=not fresh)
                while place < len(table.rows) and self.y + heights[place + 1] <= self.page_break_trigger:
                    self._row(table.rows[place], widths, size, heights[place + 1], table.words)
                    place += 1
            fresh = False
            if place < len(table.rows):
                self.add_page()
        self.ln(4)

    def _row_height(self, row: Sequence[str], widths: list[float], size: float, style: str = "") -> float:
        self._type(size, _INK, style)
        return max(self._height(width, text, size) for width, text in zip(widths, row, strict=True)) + 1.8

    def _row(
        self,
        row: Sequence[str],
        widths: list[float],
        size: float,
        height: float,
        words: int,
        *,
        head: bool = False,
        artifact: bool = False,
    ) -> None:
        top, left = self.y, _MARGIN
        self._type(size, _SOFT if head else _INK, "B" if head else "")
        with self.struct_builder.branch("TR", self.page):
            for place, (text, width) in enumerate(zip(row, widths, strict=True)):
                self.set_xy(left, top + 0.9)
                kind = "TH" if head or place == 0 else "TD"
                with self._artifact() if artifact else self._marked(kind):
                    align = "L" if place < words else "R"
                    if self._one_line(width, text):
                        self.cell(width, size * _LEADING, text, align=align)
                    else:
                        self.multi_cell(width, size * _LEADING, text, align=align)
                left += width
        with self._artifact():
            self.set_line_width(0.35 if head else 0.15)
            self.line(_MARGIN, top + height, left, top + height)
        self.set_xy(_MARGIN, top + height)

    def _one_line(self, width: float, text: str) -> bool:
        return "\n" not in text and self.get_string_width(text) <= width - 2 * self.c_margin

    def _height(self, width: float, text: str, size: float) -> float:
        if self._one_line(width, text):
            return size * _LEADING
        found = self.multi_cell(
            width, size * _LEADING, text, align="L", dry_run=True, output=MethodReturnValue.HEIGHT
        )
        return float(found)  # type: ignore[arg-type]

    def _space(self, height: float) -> None:
        """A new page, where this one has no room for it."""
        if self.y + height > self.page_break_trigger and self.y > _TOP:
            self.add_page()

    def _type(self, size: float, colour: tuple[int, int, int], style: str = "") -> None:
        self.set_font(FONT, style, size)
        self.set_text_color(*colour)

    @contextmanager
    def _marked(self, kind: str) -> Iterator[None]:
        self.struct_builder.next_is(kind)
        with self._marked_sequence():
            yield

    @contextmanager
    def _artifact(self) -> Iterator[None]:
        """What a screen reader passes over."""
        self._out("/Artifact BMC")
        yield
        self._out("EMC")
