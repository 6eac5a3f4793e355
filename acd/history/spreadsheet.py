"""A table as CSV and XLSX: numbers are numbers, and no text of somebody's becomes a formula."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO, StringIO
from typing import Final

from xlsxwriter import Workbook

Value = str | int | float | datetime | None
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""How a text begins that a spreadsheet would work out."""
COMMA: Final = {"de": (";", ","), "en": (",", ".")}
"""What stands between values, and before decimals, where spreadsheets speak this language."""


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Value]], language: str) -> bytes:
    """UTF-8 with the mark by which spreadsheets know it. A time is one of the centre's zone."""
    between, decimal = COMMA[language]
    text = StringIO()
    writer = csv.writer(text, delimiter=between, lineterminator="\r\n")
    writer.writerow([harmless(each) for each in head])
    for row in rows:
        writer.writerow([_said(each, decimal) for each in row])
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(title: str, head: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """One sheet of this title, its head fixed."""
    held = BytesIO()
    with Workbook(held, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("".join(" " if each in "[]:*?/\\'" else each for each in title)[:31])
        bold, clock = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for place, name in enumerate(head):
            sheet.write_string(0, place, name, bold)
        for line, row in enumerate(rows, 1):
            for place, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(line, place, value)
                elif isinstance(value, datetime):
                    sheet.write_datetime(line, place, value, clock)
                elif value is not None:
                    sheet.write_number(line, place, value)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(0, len(head) - 1), 14)
    return held.getvalue()


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: where it could, an apostrophe stands before it."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def _said(value: Value, decimal: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value) if isinstance(value, int) else f"{value:.1f}".replace(".", decimal)
