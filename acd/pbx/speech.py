"""Sentences spoken by a voice, at both rates that calls have; kept by text and voice for the next time.

A cache beside the user's others, never the only place of anything: it may be deleted at any time. An entry is
one file with a digest, put there whole: two who render at once write the same, and one that was cut is made
again. Over its limit those go that were not used for longest.
"""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from acd.pbx.voices import OUT, TEXT, Speaker

NARROW, WIDE = 8_000, 16_000
"""Samples a second: of a call as the telephone network has it, and of G.722."""
FOLDER = "welcomecenter-acd/sounds"
LIMIT_BYTES = 600_000_000
"""About three times what the shipped centre's sentences take."""
AGE_OF_DRAFTS_S = 3_600
SPEAK_S = 60
FORM = "1"
"""Another whenever a sentence would be made otherwise from the same text and voice."""
_HEAD = 32 + 4


class SoundFault(Exception):
    """A sound could not be made; the message names it and the program."""


class Speech(NamedTuple):
    """16-bit signed mono, least byte first."""

    narrow: bytes
    wide: bytes


def cache_folder() -> Path:
    """Where it lies: $XDG_CACHE_HOME, else ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / FOLDER


@contextmanager
def opened() -> Iterator["Cache"]:
    """The user's, or for this time alone where that cannot be."""
    with ExitStack() as stack:
        try:
            found = Cache(cache_folder())
        except (OSError, RuntimeError):
            found = Cache(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="acd-speech-"))))
        yield found


class Cache:
    """Spoken sentences by key. Raises OSError where its folder cannot be written to."""

    def __init__(self, folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        self._folder = folder
        self._limit_bytes = limit_bytes

    def get(self, key: str) -> Speech | None:
        """None: not there, or not whole."""
        path = self._folder / key
        try:
            raw = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        if len(raw) < _HEAD or hashlib.sha256(raw[32:]).digest() != raw[:32]:
            return None
        middle = _HEAD + int.from_bytes(raw[32:_HEAD], "little")
        return Speech(raw[_HEAD:middle], raw[middle:])

    def put(self, key: str, speech: Speech) -> None:
        """Whole or not at all. Raises OSError."""
        content = len(speech.narrow).to_bytes(4, "little") + speech.narrow + speech.wide
        replaced(self._folder / key, hashlib.sha256(content).digest() + content)

    def prune(self, now_s: float) -> None:
        """Down to the limit: what was not used for longest goes first, and what others began and left."""
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.iterdir():
            if not path.is_file():
                continue
            with suppress(OSError):
                stat = path.stat()
                if path.name.startswith("."):
                    if stat.st_mtime < now_s - AGE_OF_DRAFTS_S:
                        path.unlink()
                else:
                    found.append((stat.st_mtime, stat.st_size, path))
        whole = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if whole <= self._limit_bytes:
                break
            path.unlink(missing_ok=True)
            whole -= size


def replaced(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, whoever else writes it. Raises OSError."""
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(draft, 0o644)
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def key(text: str, speaker: Speaker) -> str:
    """By which a spoken sentence is kept."""
    return hashlib.sha256(repr((FORM, text, speaker.key())).encode()).hexdigest()


def spoken(text: str, speaker: Speaker) -> Speech:
    """Raises SoundFault."""
    with tempfile.TemporaryDirectory(prefix="acd-speech-") as folder:
        written, out = Path(folder, "text"), Path(folder, "out.wav")
        written.write_text(text + "\n", encoding="utf-8")
        put = {TEXT: str(written), OUT: str(out)}
        _run(speaker.language, text, [put.get(word, word) for word in speaker.command])
        if not out.exists() or not out.stat().st_size:
            raise SoundFault(f"{speaker.language}: {speaker.command[0]} wrote no sound for {text[:60]!r}")
        return _both(speaker.language, text, out, Path(folder))


def recorded(text: str, language: str, recording: Path) -> Speech:
    """The same of somebody's recording, whatever its rate. Raises SoundFault."""
    with tempfile.TemporaryDirectory(prefix="acd-speech-") as folder:
        return _both(language, text, recording, Path(folder))


def _both(language: str, text: str, sound: Path, folder: Path) -> Speech:
    return Speech(*(_at(language, text, sound, folder / f"{rate}.raw", rate) for rate in (NARROW, WIDE)))


def _at(language: str, text: str, sound: Path, raw: Path, rate: int) -> bytes:
    form = ("-r", str(rate), "-c", "1", "-b", "16", "-e", "signed-integer", "-L", "-t", "raw")
    _run(
        language, text, ["sox", "-D", "-t", "wav", str(sound), *form, str(raw)]
    )  # no dither: the same each time
    return raw.read_bytes()


def _run(language: str, text: str, command: list[str]) -> None:
    told = f"{language}: {text[:60]!r}: {command[0]}"
    try:
        subprocess.run(  # noqa: S603 no shell
            command, check=True, capture_output=True, timeout=SPEAK_S, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise SoundFault(f"{told} is not installed") from None
    except subprocess.TimeoutExpired:
        raise SoundFault(f"{told} took longer than {SPEAK_S} s") from None
    except subprocess.CalledProcessError as fault:
        said = fault.stderr.decode(errors="replace").strip()[-200:]
        raise SoundFault(f"{told} failed: {said or f'exit code {fault.returncode}'}") from None
