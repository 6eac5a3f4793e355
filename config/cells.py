"""What a text may be that people read in a file, on a page and in a spreadsheet."""

import unicodedata
from typing import Final

DIRECTIONS: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Of Unicode's bidirectional classes those that only turn direction."""
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""With these a cell begins that a spreadsheet would take for a formula."""


def harm(cell: str) -> str:
    """Why a cell is not to be kept as text that people and spreadsheets read, or ""."""
    if cell.startswith(FORMULA):
        return "begins like a formula; a spreadsheet would work it out"
    if any(unicodedata.bidirectional(each) in DIRECTIONS or not each.isprintable() for each in cell):
        return "holds characters that are not seen, or turn the direction of what follows"
    return ""
