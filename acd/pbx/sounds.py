"""Sentences become sound files, NAME.wav at 8 kHz and NAME.wav16 at 16 kHz; a person's recording stays.

What was made here says so in its own last bytes, with what it was made from. A file that does not, or whose
sound was changed since, is somebody's recording: it is never overwritten, and nothing is rendered beside it.
"""

import hashlib
import json
import os
import struct
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from acd.pbx.speech import (
    NARROW,
    WIDE,
    Cache,
    SoundFault,
    Speech,
    key,
    opened,
    recorded,
    replaced,
    spoken,
)
from acd.pbx.voices import Speaker, not_installed, speaker
from config.prompts import Sentence, Sounds
from config.tables.calls import Voice

RATES = {"wav": NARROW, "wav16": WIDE}
"""Ending -> samples a second, as Asterisk takes them; 16 bit, one channel."""
PLAYED = (*RATES, "alaw", "al", "ulaw", "ul", "mu", "pcm", "g722", "au")
"""Endings of recordings that our Asterisk plays (its formats: files.MODULES)."""
PAUSE_S = {False: 0.25, True: 0.4}
"""Silence at the end: of one sentence, of several."""
OLD_MANIFEST = ".rendered.json"
"""Of releases whose files did not say themselves who made them."""
_MARK = "WelcomeCenter ACD rendered "
_DIGEST = 32
_TAIL = 20 + len(_MARK) + 1 + 2 * _DIGEST


def made_of(sentences: Sequence[Sentence], voices: Sequence[Voice], folder: Path) -> str:
    """What a rendered sound depends on, in short. folder: where recordings of its parts may lie."""
    parts = [
        _digest(own.read_bytes())
        if (own := _recorded_part(each, folder))
        else key(each.text, speaker(each.language, voices))
        for each in sentences
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:_DIGEST]


def rendered_of(path: Path) -> str:
    """What a file was made from that was made here (made_of) and is as it was; "" for any other."""
    try:
        raw = path.read_bytes()
    except OSError:
        return ""
    tail = raw[-_TAIL:]
    if len(raw) <= 44 + _TAIL or tail[20 : 20 + len(_MARK)] != _MARK.encode():
        return ""
    digest, sound = tail[20 + len(_MARK) :].decode("ascii", errors="replace").split(" ", 1)
    return digest if sound == _digest(raw[44:-_TAIL]) else ""


def _recorded_part(sentence: Sentence, folder: Path) -> Path | None:
    """Somebody's recording of one sentence of a sound that has several."""
    found = recordings(folder, sentence.language, sentence.part) if sentence.part else []
    return next((path for path in reversed(found) if path.suffix[1:] in RATES), None)


def recordings(folder: Path, language: str, name: str) -> list[Path]:
    """Somebody's own files of a sound, whatever their form."""
    found = _files(folder / language / "acd" / name, PLAYED)
    return [path for path in found if path.exists() and not rendered_of(path)]


def render(
    sounds: Sounds,
    folder: Path,
    voices: Sequence[Voice] = (),
    tell: Callable[[int, int], None] = lambda done, of: None,
    *,
    keep: Collection[tuple[str, str]] = (),
) -> list[Path]:
    """Write <folder>/<language>/acd/<name> at both rates for each sound, and take away what was made here and
    is no sound any more; returns the files made now. tell: how many sentences are spoken, and of how many.
    keep: sounds that are none of these and still played.

    Raises SoundFault, OSError.
    """
    old = _old(folder)
    wanted: dict[tuple[str, str], tuple[Sentence, ...]] = {}
    for (language, name), sentences in sounds.items():
        base = folder / language / "acd" / name
        of = made_of(sentences, voices, folder)
        found = {path: rendered_of(path) for path in _files(base, PLAYED) if path.exists()}
        if any(not made and path not in old for path, made in found.items()):
            for path in (each for each, made in found.items() if made):
                path.unlink()
        elif any(found.get(path) != of for path in _files(base, RATES)):
            wanted[language, name] = sentences
    with opened() as kept:
        speakers = {
            each: speaker(each.language, voices)
            for sentences in wanted.values()
            for each in sentences
            if _recorded_part(each, folder) is None
        }
        _speak(speakers, kept, tell)
        made = [
            path
            for (language, name), sentences in wanted.items()
            for path in _write(
                folder / language / "acd" / name,
                [_part(each, folder, speaker(each.language, voices), kept) for each in sentences],
                made_of(sentences, voices, folder),
            )
        ]
        kept.prune(time.time())
    _tidy({*sounds, *keep}, folder, old)
    return made


def _files(base: Path, endings: Iterable[str]) -> list[Path]:
    return [base.with_name(f"{base.name}.{ending}") for ending in endings]


def _part(sentence: Sentence, folder: Path, by: Speaker, kept: Cache) -> Speech:
    """By a person where one has recorded it and that can be read, else by a voice."""
    if (own := _recorded_part(sentence, folder)) is not None:
        with suppress(SoundFault):
            return recorded(sentence.text, sentence.language, own)
    return _speech(sentence, by, kept)


def _speech(sentence: Sentence, by: Speaker, kept: Cache) -> Speech:
    name = key(sentence.text, by)
    found = kept.get(name)
    if found is None:
        found = spoken(sentence.text, by)
        kept.put(name, found)
    return found


def _speak(speakers: dict[Sentence, Speaker], kept: Cache, tell: Callable[[int, int], None]) -> None:
    """Whatever is not in the cache yet, on all cores. Raises SoundFault."""
    missing = {key(each.text, by): (each, by) for each, by in speakers.items()}
    missing = {name: both for name, both in missing.items() if kept.get(name) is None}
    if lacking := not_installed(by for _, by in missing.values()):
        raise SoundFault("\n".join(lacking))
    if not missing:
        return
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:
            each = pool.map(lambda both: _speech(both[0], both[1], kept), missing.values())
            for done, _ in enumerate(each, start=1):
                tell(done, len(missing))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _write(base: Path, parts: list[Speech], of: str) -> list[Path]:
    base.parent.mkdir(parents=True, exist_ok=True)
    made = []
    for path, rate in zip(_files(base, RATES), RATES.values(), strict=True):
        silence = bytes(2 * int(PAUSE_S[len(parts) > 1] * rate))
        sound = b"".join(part.narrow if rate == NARROW else part.wide for part in parts) + silence
        replaced(path, _wav(sound, rate, of))
        made.append(path)
    return made


def _wav(sound: bytes, rate: int, of: str) -> bytes:
    said = f"{_MARK}{of} {_digest(sound)}".encode()
    mark = struct.pack("<4sI4s4sI", b"LIST", 12 + len(said), b"INFO", b"ICMT", len(said)) + said
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    content = b"WAVE" + form + struct.pack("<4sI", b"data", len(sound)) + sound + mark
    return struct.pack("<4sI", b"RIFF", len(content)) + content


def _digest(sound: bytes) -> str:
    return hashlib.blake2b(sound).hexdigest()[:_DIGEST]


def _old(folder: Path) -> set[Path]:
    """What an older release made."""
    try:
        names = json.loads((folder / OLD_MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return {folder / f"{name}.wav" for name in names} if isinstance(names, dict) else set()


def _tidy(played: Collection[tuple[str, str]], folder: Path, old: set[Path]) -> None:
    """Take away what was made here and is not played any more."""
    for path in (each for ending in RATES for each in folder.glob(f"*/acd/[!.]*.{ending}")):
        language, name = path.parent.parent.name, path.name.removesuffix(path.suffix)
        if (language, name) not in played and (path in old or rendered_of(path)):
            path.unlink(missing_ok=True)
    (folder / OLD_MANIFEST).unlink(missing_ok=True)
