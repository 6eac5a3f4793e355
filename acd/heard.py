"""What callers hear, sound by sound: recorded, rendered or missing, and a script for who records the rest."""

import json
import wave
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from math import log10, sqrt
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from acd.pbx import place
from acd.pbx.place import NoAsterisk, Place
from acd.pbx.sounds import RATES, made_of, recordings, rendered_of
from acd.pbx.voices import ESPEAK, HARD_TO_FOLLOW, not_installed, speaker
from config import menu, prompts
from config.prompts import SECONDS_MAX, Sentence, Sounds
from config.schema import Centre

State = Literal["recorded", "rendered", "old", "missing"]
"""old: rendered from another text or by another voice; rendering makes it anew."""
QUIET_DB = -32.0
"""Below this a sound is hard to hear on a telephone; rendered ones have -25 to -19 dB."""
PACE = {"ar": 9.5, "fa": 11.0, "tr": 12.0, "pl": 13.0, "ru": 14.0, "fr": 18.0}
USUAL_PACE = 14.5
"""Characters a second of a sentence that is read slowly and clearly."""
STEP = 3
"""Each so many-th sample is enough for how loud a sound is."""
BYTES_A_SECOND = 8_000
"""Of a-law, u-law and G.722."""


class Heard(NamedTuple):
    """A sound as it lies there. seconds, decibels: None where that cannot be told; the latter of full scale.
    wrong: what is wrong with it."""

    language: str
    name: str
    state: State
    seconds: float | None
    decibels: float | None
    wrong: tuple[str, ...]
    text: str


def folder(where: Place) -> Path:
    """Where a centre's sounds lie, as this machine sees it."""
    return where.here / "data" / "sounds"


def heard(spoken: Sounds, centre: Centre, sounds: Path) -> list[Heard]:
    """Every sound of the centre, as it lies in the folder `sounds`."""
    return [
        _heard(language, name, sentences, centre, sounds)
        for (language, name), sentences in sorted(spoken.items())
    ]


def _heard(language: str, name: str, sentences: tuple[Sentence, ...], centre: Centre, sounds: Path) -> Heard:
    text = " ".join(each.text for each in sentences)
    files = recordings(sounds, language, name)
    state: State = "recorded"
    if not files:
        files = [sounds / language / "acd" / f"{name}.{ending}" for ending in RATES]
        made = {rendered_of(path) for path in files}
        if made == {made_of(sentences, centre.voice, sounds)}:
            state = "rendered"
        elif "" not in made:
            state = "old"
        else:
            return Heard(language, name, "missing", None, None, (), text)
    seconds, decibels, wrong = _measured(files[-1])
    if seconds is not None and seconds > SECONDS_MAX * len(sentences):
        wrong.append(f"too long (more than {SECONDS_MAX * len(sentences):.0f} s)")
    if decibels is not None and decibels < QUIET_DB:
        wrong.append(f"too quiet (less than {QUIET_DB:.0f} dB)")
    return Heard(language, name, state, seconds, decibels, tuple(wrong), text)


def _measured(path: Path) -> tuple[float | None, float | None, list[str]]:
    """Seconds, decibels, and why Asterisk could not play it."""
    ending = path.suffix[1:]
    if ending not in RATES:
        return (path.stat().st_size / BYTES_A_SECOND if ending != "au" else None), None, []
    try:
        with wave.open(str(path)) as file:
            form = (file.getframerate(), file.getnchannels(), 8 * file.getsampwidth())
            count, raw = file.getnframes(), file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as fault:
        return None, None, [f"is no sound that can be played: {fault}"]
    wanted = (RATES[ending], 1, 16)
    if form != wanted:
        told = "{} Hz, {} channel(s), {} bit".format
        return count / form[0], None, [f"has {told(*form)}: Asterisk plays a .{ending} of {told(*wanted)}"]
    some = array("h", raw[: len(raw) // 2 * 2])[::STEP]
    power = sum(each * each for each in some) / len(some) if some else 0.0
    return count / form[0], 20 * log10(max(sqrt(power), 1.0) / 32_768), []


# --- told ------------------------------------------------------------------------------------------------


def table(found: Sequence[Heard], centre: Centre) -> str:
    """A paragraph a language: its voice with the licence, how many sounds are what, and each of them."""
    lines: list[str] = []
    for language in dict.fromkeys(each.language for each in found):
        own = [each for each in found if each.language == language]
        counted = Counter(each.state for each in own)
        states = ", ".join(f"{counted[state]} {state}" for state in get_args(State) if counted[state])
        wrong = sum(bool(each.wrong) for each in own)
        lines += ["", f"{language}: {states}" + (f", {wrong} with something wrong" if wrong else "")]
        for code in dict.fromkeys(each.language for each in _voiced(language, centre)):
            by = speaker(code, centre.voice)
            lines.append(f"  voice of {code}: {by.engine} {by.name} ({by.licence})")
        for each in own:
            seconds = f"{each.seconds:5.1f} s" if each.seconds is not None else "       "
            decibels = f"{each.decibels:4.0f} dB" if each.decibels is not None else "       "
            told = f"  {each.name:<24} {each.state:<9} {seconds} {decibels}  {'; '.join(each.wrong)}"
            lines.append(told.rstrip())
    return "\n".join(lines[1:])


def _voiced(language: str, centre: Centre) -> list[Sentence]:
    codes = centre.languages if language not in centre.languages else (language,)
    return [Sentence(code, "") for code in codes]


def as_json(found: Sequence[Heard], centre: Centre) -> str:
    """The same for programs: {"voices": [...], "sounds": [...]}."""
    voices = [
        {"language": by.language, "engine": by.engine, "name": by.name, "licence": by.licence}
        for by in (speaker(code, centre.voice) for code in centre.languages)
    ]
    sounds = [each._asdict() for each in found]
    return json.dumps({"voices": voices, "sounds": sounds}, ensure_ascii=False, indent=1)


def book(spoken: Sounds, centre: Centre, language: str, notes: dict[str, str]) -> str:
    """A script for a speaker of this language, in Markdown."""
    name = next(each.name for each in centre.language if each.code == language)
    own: dict[str, tuple[Sentence, ...]] = {
        each.part: (each,)
        for sentences in spoken.values()
        for each in sentences
        if each.language == language and each.part and (language, each.part) not in spoken
    }
    own |= {
        name: sentences
        for (code, name), sentences in spoken.items()
        if code == language and {each.language for each in sentences} == {language}
    }
    seconds = sum(_expected(sentences) for sentences in own.values())
    lines = [
        f"# {centre.centre.name}: sentences in {name} ({language})",
        "",
        f"{len(own)} recordings, about {seconds / 60:.0f} minutes in all. Read calmly and clearly, as to",
        "somebody who is learning the language; in a quiet room, with the same distance to the microphone",
        "throughout, and a quarter of a second of silence at the end. No sentence takes longer than "
        f"{SECONDS_MAX:.0f} s.",
        "Record with one channel and 16 bit; then make both files of each recording, for instance:",
        "",
        "    sox mine.wav -r 16000 -c 1 -b 16 -t wav NAME.wav16",
        "    sox mine.wav -r 8000 -c 1 -b 16 NAME.wav",
        "",
        f"and put them into `data/sounds/{language}/acd/` of the folder that `[pbx]` names.",
    ]
    for number, (sound, sentences) in enumerate(own.items(), start=1):
        lines += ["", f"{number}. `{language}/acd/{sound}.wav` (about {_expected(sentences):.0f} s)", ""]
        lines += [f"   {each.text}" for each in sentences]
        lines += [f"   Note: {note}" for note in _noted(sound, notes, centre)]
    return "\n".join(lines)


def _expected(sentences: Iterable[Sentence]) -> float:
    return sum(1 + len(each.text) / PACE.get(each.language, USUAL_PACE) for each in sentences)


def _noted(sound: str, notes: dict[str, str], centre: Centre) -> list[str]:
    """What is to be known of a sound: by its name, or by a concern that its menu names."""
    named = [sound]
    for number, page in enumerate(menu.pages(len(centre.concerns)), start=1):
        if sound == f"concern_menu_{number}":
            named += [centre.concerns[each.place] for each in page]
    return [notes[each] for each in named if each in notes]


# --- warned ----------------------------------------------------------------------------------------------


def warnings(spoken: Sounds, centre: Centre, sentences: Path) -> list[str]:
    """What a person should still do for each language; sentences: the folder of their files."""
    unseen = [code for code in centre.languages if not prompts.about(sentences, code).reviewed_by]
    found = []
    if unseen:
        found.append(
            f"no named speaker has reviewed the sentences in {', '.join(unseen)}: who has, stands as "
            f"reviewed_by in {sentences}/LANGUAGE.toml"
        )
    rendered = _only_rendered(spoken, centre)
    hard = [
        each for each in rendered if each in HARD_TO_FOLLOW and speaker(each, centre.voice).engine == ESPEAK
    ]
    if rendered:
        said = f"; by {ESPEAK} callers hardly follow {' and '.join(hard)}" if hard else ""
        found.append(
            f"no person's recording is there in {', '.join(rendered)}: all is rendered{said} (a script for a "
            "speaker: acd sounds book LANGUAGE)"
        )
    found += not_installed(speaker(code, centre.voice) for code in centre.languages)
    return found


def _only_rendered(spoken: Sounds, centre: Centre) -> list[str]:
    """Languages of which nothing is recorded, as far as this machine shows."""
    try:
        sounds = folder(place.of(centre, quiet=True))
    except NoAsterisk:
        return list(centre.languages)
    recorded = {language for language, name in spoken if recordings(sounds, language, name)}
    return [code for code in centre.languages if code not in recorded]
