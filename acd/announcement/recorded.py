"""Emergency announcements that people recorded by phone, as files: drafts, and what was kept of them.

A draft is Asterisk's own file. What is kept lies in the folder of its language, or of all, under a name that
says when it was recorded; it is what a voice's sentence would be, and spoken in its place (acd.pbx.sounds).
All functions here read and write files: call them in a thread.
"""

import re
import wave
from array import array
from collections.abc import Collection
from math import log10, sqrt
from pathlib import Path

from acd.pbx.place import DRAFTS
from acd.pbx.speech import replaced
from acd.ports import KeptAnnouncement

FORM = "wav16"
RATE = 16_000
DRAFT_S = 3_600
"""A draft that nobody decided on is deleted when it is so old."""
KEPT_MAX = 50
"""Recordings that are kept; beyond that the oldest that is not wanted now is deleted for a new one."""
LEAST_S = 1.0
LEAST_DB = -40.0
"""Of full scale, in the loudest second: less is nothing that a caller could understand."""
DAY_S = 86_400
_DRAFT = re.compile(r"draft_([0-9]{9,11})_([0-9]{1,24})")
_KEPT = re.compile(r"rec_([0-9]{9,11})_[0-9]{1,24}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


class Unfit(Exception):
    """A recording that cannot be told to callers, or is not there; the message says why."""


def judged(folder: Path, draft: str) -> None:
    """Raises Unfit for a draft that is empty, too quiet or gone."""
    _fit(_draft(folder, draft))


def keep(folder: Path, draft: str, language: str, wanted: Collection[str]) -> tuple[str, bool]:
    """Keep a draft for a language; its name, and whether it is kept since now. Its file stays until `drop`.

    wanted: names that are not deleted for it. Raises Unfit, OSError.
    """
    name = named(draft)
    path = _path(folder, name, language)
    if path.exists():
        return name, False
    draft_path = _draft(folder, draft)
    _fit(draft_path)
    others = [each for each in kept(folder) if each.name not in wanted]
    for each in others[: max(0, len(kept(folder)) - KEPT_MAX + 1)]:
        _path(folder, each.name, each.language).unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    replaced(path, draft_path.read_bytes())
    return name, True


def named(draft: str) -> str:
    """The name under which a draft is kept. Raises Unfit."""
    if not _DRAFT.fullmatch(draft):
        raise Unfit(f"{draft[:60]!r} is no draft")
    return draft.replace("draft_", "rec_", 1)


def drop(folder: Path, draft: str) -> None:
    """Delete a draft, if it is there. Raises Unfit, OSError."""
    _draft(folder, draft).unlink(missing_ok=True)


def kept(folder: Path) -> list[KeptAnnouncement]:
    """All that are kept, the oldest first. Raises OSError."""
    found = []
    for path in folder.glob(f"*/acd/rec_*.{FORM}"):
        match, language = _KEPT.fullmatch(path.stem), path.parent.parent.name
        if match and _LANGUAGE.fullmatch(language):
            seconds = max(0, path.stat().st_size - 44) / (2 * RATE)
            found.append(KeptAnnouncement(path.stem, language, int(match[1]), round(seconds, 1)))
    return sorted(found, key=lambda each: (each.at_s, each.name))


def delete(folder: Path, name: str) -> bool:
    """Delete one that is kept; whether there was one of this name. Raises OSError."""
    for each in kept(folder):
        if each.name == name:
            _path(folder, each.name, each.language).unlink(missing_ok=True)
            return True
    return False


def forget(folder: Path, days: int, now_s: float, wanted: Collection[str]) -> int:
    """Delete what is older than so many days and not wanted; how many. now_s: epoch s. Raises OSError."""
    old = [each for each in kept(folder) if each.at_s < now_s - days * DAY_S and each.name not in wanted]
    for each in old:
        _path(folder, each.name, each.language).unlink(missing_ok=True)
    return len(old)


def forget_drafts(folder: Path, now_s: float) -> None:
    """Delete drafts that nobody decided on. Raises OSError."""
    for path in (folder / Path(DRAFTS).name).glob(f"draft_*.{FORM}"):
        if path.stat().st_mtime < now_s - DRAFT_S:
            path.unlink(missing_ok=True)


def _draft(folder: Path, draft: str) -> Path:
    named(draft)
    return folder / Path(DRAFTS).name / f"{draft}.{FORM}"


def _path(folder: Path, name: str, language: str) -> Path:
    if not _LANGUAGE.fullmatch(language):
        raise Unfit(f"{language[:20]!r} is no language")
    return folder / language / "acd" / f"{name}.{FORM}"


def _fit(path: Path) -> None:
    """Raises Unfit for what is empty, too quiet, or no recording of our form."""
    try:
        with wave.open(str(path)) as file:
            form = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            raw = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as fault:
        raise Unfit(f"the recording cannot be read: {fault}") from None
    if form != (RATE, 1, 2):
        raise Unfit(f"the recording has {form[0]} Hz, {form[1]} channel(s): wanted are {RATE} Hz and one")
    samples = array("h", raw[: len(raw) // 2 * 2])
    if len(samples) < LEAST_S * RATE:
        raise Unfit(f"the recording is shorter than {LEAST_S:.0f} s")
    seconds = [samples[at : at + RATE : 4] for at in range(0, len(samples) - RATE + 1, RATE)]
    loudest = max(sqrt(sum(each * each for each in one) / len(one)) for one in seconds)
    if 20 * log10(max(loudest, 1.0) / 32_768) < LEAST_DB:
        raise Unfit(f"the recording is too quiet (less than {LEAST_DB:.0f} dB)")
