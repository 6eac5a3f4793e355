"""Text as every database takes it: PostgreSQL refuses NUL, and no UTF-8 holds half a surrogate pair."""

import re

_REFUSED = re.compile("[\x00\ud800-\udfff]")


def plain(text: str, longest: int | None = None) -> str:
    """The text, cut to so many characters, with what no database takes as U+FFFD."""
    return _REFUSED.sub("\ufffd", text[:longest])
