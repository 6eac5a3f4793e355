"""What a phone's own display says of who calls: language and concern, in few letters that old phones have."""

import re
import unicodedata

from config.schema import Centre
from config.tables.place import SHORT_MAX, Concern

CHARACTERS = 20
"""Of a display's line that is seen on every phone: a language's code, a space and a concern's short name."""
SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
OTHERS = re.compile(r"[^A-Za-z0-9 ./-]+")
"""What is no letter of every phone, or means something to a dialplan."""


def short(concern: Concern) -> str:
    """The short name of a concern: its own, else the German one cut at the end of a word."""
    return concern.short or _cut(_plain(concern.de)) or _cut(_plain(concern.key.replace("_", " ")))


def shorts(centre: Centre) -> dict[str, str]:
    """Key -> short name, of every concern."""
    return {each.key: short(each) for each in centre.concern}


def _plain(text: str) -> str:
    spelt = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", text).translate(SPELT))
    bare = "".join(each for each in spelt if not unicodedata.combining(each))
    return " ".join(OTHERS.sub(" ", bare).split())


def _cut(text: str) -> str:
    """The words that there is room for; of a first one that is too long its begin. No "und" ends it."""
    if len(text) <= SHORT_MAX:
        return text
    words = text[: SHORT_MAX + 1].rpartition(" ")[0].split() or [text[:SHORT_MAX]]
    while len(words) > 1 and len(words[-1]) <= 3:
        words.pop()
    return " ".join(words)
