"""Sentences become sound files by espeak-ng and sox; a person's recording of the same name stays.

What was made here is noted in a manifest with the text it speaks, so that rendering again is quick and a
file that somebody else put there is never overwritten.
"""

import hashlib
import json
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from config.prompts import Sentence, Sounds

VOICES = {"fa": "fa", "en": "en-gb"}
"""espeak-ng voices where they are named otherwise than the language."""
WORDS_PER_MINUTE = "160"
MANIFEST = ".rendered.json"


class SoundFault(Exception):
    """A sound could not be made; the message names it and the program."""


def _run(name: str, *command: str, text: str = "") -> None:
    try:
        subprocess.run(command, input=text.encode(), check=True, capture_output=True, timeout=60)  # noqa: S603
    except FileNotFoundError:
        raise SoundFault(f"{name}: the program {command[0]} is not installed") from None
    except subprocess.CalledProcessError as fault:
        said = fault.stderr.decode(errors="replace").strip()[-200:]
        raise SoundFault(f"{name}: {command[0]} failed: {said}") from None


def _speak(name: str, sentences: tuple[Sentence, ...], target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        parts: list[str] = []
        for i, sentence in enumerate(sentences):
            part = f"{folder}/{i}.wav"
            voice = VOICES.get(sentence.language, sentence.language)
            _run(
                name,
                "espeak-ng",
                "-v",
                voice,
                "-s",
                WORDS_PER_MINUTE,
                "-w",
                part,
                "--stdin",
                text=sentence.text,
            )
            parts.append(part)
        target.parent.mkdir(parents=True, exist_ok=True)
        pad = ("pad", "0", "0.25") if len(parts) == 1 else ("pad", "0", "0.4")
        _run(name, "sox", *parts, "-r", "8000", "-c", "1", "-b", "16", f"{folder}/all.wav", *pad)
        target.write_bytes(Path(f"{folder}/all.wav").read_bytes())


def render(sounds: Sounds, folder: Path) -> list[Path]:
    """Write <folder>/<language>/acd/<name>.wav for each sound; returns those made now. Raises SoundFault."""
    manifest_path = folder / MANIFEST
    manifest: dict[str, str] = json.loads(manifest_path.read_text()) if manifest_path.exists() else {}
    wanted: list[tuple[str, tuple[Sentence, ...], Path, str]] = []
    for (language, name), sentences in sounds.items():
        key = f"{language}/acd/{name}"
        target = folder / f"{key}.wav"
        text = hashlib.sha256(repr(sentences).encode()).hexdigest()
        theirs = target.exists() and key not in manifest
        if not theirs and (manifest.get(key) != text or not target.exists()):
            wanted.append((key, sentences, target, text))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda each: _speak(each[0], each[1], each[2]), wanted))
    if wanted:
        manifest |= {key: text for key, _, _, text in wanted}
        manifest_path.write_text(json.dumps(manifest, indent=1, sort_keys=True))
    return [target for _, _, target, _ in wanted]
