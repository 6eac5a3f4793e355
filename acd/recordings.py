"""Recordings where Asterisk writes them, of talks and messages: whose they are, and deleted when it is time.

A file's name begins with its caller's call, as the records name it: CALL-OFFER-LEG.wav of a talk
(acd/pbx/consent.py), CALL-message.wav of a message (acd/pbx/message.py).
"""

import re
from collections.abc import Iterable
from pathlib import Path

_CALL = r"([0-9]{1,12}\.[0-9]{1,12})"
TALKS = re.compile(_CALL + r"-[0-9]{0,19}-[0-9]{1,12}\.[0-9]{1,12}\.wav")
MESSAGES = re.compile(_CALL + r"-message\.wav")
"""The names of either kind."""


def _all(folder: Path, *kinds: re.Pattern[str]) -> list[tuple[str, Path]]:
    """(call, file) of every recording; what else lies there is nobody's business of ours. Raises OSError."""
    named = [(kind.fullmatch(each.name), each) for each in sorted(folder.iterdir()) for kind in kinds]
    return [(found[1], each) for found, each in named if found is not None]


def delete_older(folder: Path, since_s: float, kind: re.Pattern[str] = TALKS) -> int:
    """Delete those of a kind that nobody wrote to since (epoch s); how many. Raises OSError."""
    old = [each for _, each in _all(folder, kind) if each.stat().st_mtime < since_s]
    for each in old:
        each.unlink(missing_ok=True)
    return len(old)


def all_of(folder: Path, calls: Iterable[str]) -> list[Path]:
    """Every recording of these calls (their callers' Uniqueids), talks and messages. Raises OSError."""
    wanted = set(calls)
    return [each for call, each in _all(folder, TALKS, MESSAGES) if call in wanted]


def names(folder: Path, kind: re.Pattern[str]) -> frozenset[str]:
    """The files of a kind that are there. Raises OSError."""
    return frozenset(each.name for _, each in _all(folder, kind))


def held(folder: Path, kind: re.Pattern[str]) -> list[float]:
    """When each of a kind was last written to (epoch s), the oldest first. Raises OSError."""
    return sorted(each.stat().st_mtime for _, each in _all(folder, kind))


def delete_of(folder: Path, calls: Iterable[str]) -> int:
    """Delete what all_of names; how many. Raises OSError."""
    theirs = all_of(folder, calls)
    for each in theirs:
        each.unlink(missing_ok=True)
    return len(theirs)
