"""Recordings of talks where Asterisk writes them: whose they are, and deleted when it is time or asked for.

A file's name begins with its caller's call, CALL-OFFER-LEG.wav (acd/pbx/consent.py), as the records name it.
"""

import re
from collections.abc import Iterable
from pathlib import Path

DAY_S = 86_400
_NAME = re.compile(r"([0-9]{1,12}\.[0-9]{1,12})-[0-9]{0,19}-[0-9]{1,12}\.[0-9]{1,12}\.wav")


def _all(folder: Path) -> list[tuple[str, Path]]:
    """(call, file) of every recording; what else lies there is nobody's business of ours. Raises OSError."""
    named = [(_NAME.fullmatch(each.name), each) for each in sorted(folder.iterdir())]
    return [(found[1], each) for found, each in named if found is not None]


def delete_older(folder: Path, days: int, now_s: float) -> int:
    """Delete what was not written to for so many days until now_s (epoch s); how many. Raises OSError."""
    old = [each for _, each in _all(folder) if each.stat().st_mtime < now_s - days * DAY_S]
    for each in old:
        each.unlink(missing_ok=True)
    return len(old)


def delete_of(folder: Path, calls: Iterable[str]) -> int:
    """Delete every recording of these calls, named by their callers' Uniqueids; how many. Raises OSError."""
    wanted = set(calls)
    theirs = [each for call, each in _all(folder) if call in wanted]
    for each in theirs:
        each.unlink(missing_ok=True)
    return len(theirs)
