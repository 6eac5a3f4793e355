"""The sentences that callers and staff hear, by language, checked for completeness."""

import tomllib
from pathlib import Path
from typing import NamedTuple

from agents.model import UNDETERMINED
from config import menu
from config.load import ConfigFaults, Fault
from config.schema import Centre

IN_LINE = ("nobody_here", "last_in_line", "turned_away")
"""What those in line hear when nobody is at work, when we close, and when nobody serves them any more."""
CALLER = (
    "greeting",
    "choose_language",
    "press",
    "more_concerns",
    "wrong_key",
    "hold_first",
    "second_offer",
    "second_added",
    "case_offer",
    "case_noted",
    "case_unknown",
    "case_taken",
    "consent_question",
    "consent_yes",
    "recording_stopped",
    "recording_paused",
    "recording_resumed",
    "phone_lost",
    "closed",
    *IN_LINE,
)
STAFF = ("staff_login", "staff_logout", "staff_ready", "staff_notready", "staff_failed", "staff_recorded")
HELP = "no_help"
"""What phones of the staff hear whose 112 leads nowhere: in German, and in English where it is spoken."""
PLACEHOLDERS = {
    "choose_language": ("{key}",),
    "press": ("{concern}", "{key}"),
    "consent_question": ("{digit}",),
}
RECORDED = ("consent_question", "consent_yes", "recording_stopped", "recording_paused", "recording_resumed")
"""What callers hear only where talks may be recorded, and where their language is known."""


class Sentence(NamedTuple):
    """A sentence and the language in which it is spoken."""

    language: str
    text: str


Sounds = dict[tuple[str, str], tuple[Sentence, ...]]
"""(folder, name) of a sound -> the sentences that it consists of, in order."""


def beside(config: Path) -> Path:
    """Where the sentences of a centre's file lie: in `prompts` beside it, else as shipped."""
    own = config.resolve().parent / "prompts"
    return own if own.is_dir() else Path(__file__).parent / "prompts"


def sounds(folder: Path, centre: Centre) -> Sounds:
    """Every sound that the dialplan plays. Raises ConfigFaults for all that is missing.

    A sound of the folder "und" speaks each of the languages of those who serve an unknown one.
    """
    says = _read(folder, centre)
    made: Sounds = {}
    unknown = centre.routing.unknown_languages
    names = ("wrong_key", "hold_first", "second_added", "phone_lost", "closed", *IN_LINE)
    for code in centre.languages:
        for name in (*names, "second_offer", "case_offer", "case_noted", "case_unknown", "case_taken"):
            made[code, name] = (Sentence(code, says[code][name]),)
        for name in RECORDED if centre.recording.allowed else ():
            spoken = says[code][name].format(digit=centre.recording.stop_code[1])
            made[code, name] = (Sentence(code, spoken),)
        found = menu.pages(len(centre.concerns))
        for number, page in enumerate(found, start=1):
            lines = [
                says[code]["press"].format(
                    concern=says[code][f"concern.{centre.concerns[each.place]}"], key=each.key
                )
                for each in page
            ]
            lines += [says[code]["more_concerns"]] if len(found) > 1 else []
            made[code, f"concern_menu_{number}"] = tuple(Sentence(code, line) for line in lines)
    for name in names:
        made[UNDETERMINED, name] = tuple(Sentence(code, says[code][name]) for code in unknown)
    made[UNDETERMINED, "greeting"] = tuple(Sentence(code, says[code]["greeting"]) for code in unknown)
    offering = menu.pages(len(centre.languages))
    for number, languages in enumerate(offering, start=1):
        offered = [(centre.languages[each.place], each.key) for each in languages]
        # whose language is on another page hears it named with the key that leads there
        others = [each for page in offering if page is not languages for each in page]
        offered += [(centre.languages[each.place], menu.MORE) for each in others]
        made[UNDETERMINED, f"language_menu_{number}"] = tuple(
            Sentence(code, says[code]["choose_language"].format(key=key)) for code, key in offered
        )
    for name in STAFF:
        made["de", name] = (Sentence("de", says["de"][name]),)
    made["de", HELP] = tuple(Sentence(code, says[code][HELP]) for code in ("de", "en") if code in says)
    return made


def _read(folder: Path, centre: Centre) -> dict[str, dict[str, str]]:
    faults: list[Fault] = []
    says: dict[str, dict[str, str]] = {}
    for code in dict.fromkeys((*centre.languages, "de")):
        path = folder / f"{code}.toml"
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
            faults.append(Fault(str(path), "file", f"cannot be used: {fault}"))
            continue
        concerns = raw.pop("concern", {})
        flat = {**raw, **{f"concern.{key}": text for key, text in concerns.items()}}
        wanted = [*CALLER, *(f"concern.{key}" for key in centre.concerns)]
        wanted += [*STAFF, HELP] if code == "de" else [HELP] if code == "en" else []
        for key in wanted:
            text = flat.get(key)
            if not isinstance(text, str) or not text.strip():
                faults.append(Fault(str(path), key, "is missing: write the sentence"))
                continue
            faults += [
                Fault(str(path), key, f"lacks {mark}, the place of what is read out")
                for mark in PLACEHOLDERS.get(key, ())
                if mark not in text
            ]
        says[code] = {key: str(text) for key, text in flat.items()}
    if faults:
        raise ConfigFaults(faults)
    return says
