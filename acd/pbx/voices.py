"""Who speaks a sentence that nobody has recorded: each language's engine, its command and its licence."""

import shutil
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from config.tables.calls import Voice

TEXT, OUT = "{text}", "{out}"
"""In a command: the file with the sentence (UTF-8), and the WAV file that is to be written."""
ESPEAK = "espeak-ng"
WORDS_PER_MINUTE = "160"
NAMED = {"fa": "fa", "en": "en-gb"}
"""espeak-ng's voices where they are named otherwise than the language."""
HARD_TO_FOLLOW = ("ar", "fa")
"""Languages whose sentences by espeak-ng callers hardly understand: it guesses the vowels that are not
written."""
ASK = "the voice: ask its author"
LICENCES = {
    "espeak-ng": "engine and voice: GPL-3.0-or-later",
    "rhvoice": f"engine: LGPL-2.1-or-later, with MAGE GPL-3.0-or-later; {ASK} (many: no commercial use)",
    "mbrola": "engines: GPL-3.0-or-later (espeak-ng), AGPL-3.0-or-later (mbrola); "
    f"{ASK} (many: no commercial use)",
    "command": f"the engine: ask its author; {ASK}",
}
"""What is known of an engine's licence; what the file says (licence) is told instead."""


class Speaker(NamedTuple):
    """programs: without which it cannot speak. The licence changes nothing that is heard."""

    language: str
    engine: str
    name: str
    command: tuple[str, ...]
    programs: tuple[str, ...]
    licence: str

    def key(self) -> str:
        """What it depends on how a sentence sounds."""
        return repr((self.language, self.engine, self.name, self.command))


def speaker(language: str, voices: Sequence[Voice]) -> Speaker:
    """Who speaks a language: its [[voice]], else espeak-ng."""
    for voice in voices:
        if voice.language == language:
            return _configured(voice)
    name = NAMED.get(language, language)
    return Speaker(language, ESPEAK, name, _espeak(name), (ESPEAK,), LICENCES[ESPEAK])


def _configured(voice: Voice) -> Speaker:
    licence = voice.licence or LICENCES[voice.engine]
    name = voice.called
    if voice.engine == "command":
        command = tuple(voice.command)
        return Speaker(voice.language, voice.engine, name, command, command[:1], licence)
    if voice.engine == "rhvoice":
        command = ("RHVoice-test", "-p", name, "-i", TEXT, "-o", OUT)
        return Speaker(voice.language, voice.engine, name, command, command[:1], licence)
    name = name or NAMED.get(voice.language, voice.language)
    programs = (ESPEAK, "mbrola") if voice.engine == "mbrola" else (ESPEAK,)
    return Speaker(voice.language, voice.engine, name, _espeak(name), programs, licence)


def _espeak(name: str) -> tuple[str, ...]:
    return (ESPEAK, "-v", name, "-s", WORDS_PER_MINUTE, "-w", OUT, "-f", TEXT)


def not_installed(speakers: Iterable[Speaker]) -> list[str]:
    """One sentence for each program that somebody needs and this machine has not."""
    needed: dict[str, list[str]] = {}
    for each in dict.fromkeys(speakers):
        for program in each.programs:
            if shutil.which(program) is None:
                needed.setdefault(program, []).append(f"{each.language} ({each.engine})")
    return [
        f"the program {program} is not installed, which speaks {', '.join(languages)}: install it, or name "
        "another engine in [[voice]]"
        for program, languages in needed.items()
    ]
