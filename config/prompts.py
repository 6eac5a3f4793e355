"""The sentences that callers and staff hear, by language, checked for completeness.

What a sentence names of the configuration (a language, a key, how long) stands in it as a blank, so that none
can contradict it.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from agents.model import UNDETERMINED
from config import keys, menu, spoken_hours, waits
from config.blanks import filled, unfit
from config.load import ConfigFaults, Fault, cleaned
from config.schema import Centre
from config.spoken_hours import Words

IN_LINE = ("nobody_here", "last_in_line", "turned_away")
"""What those in line hear when nobody is at work, when we close, and when nobody serves them any more."""
WAITING = (
    "next_in_line",
    "kind_1",
    "kind_2",
    "kind_3",
    "nobody_language",
    "widened",
    "rejoined",
    "outside",
    "outside_failed",
    "not_now",
    "blocked",
    "again_offer",
    "menu_offer",
    "back_to_menu",
    "emergency_stock",
)
"""What those in line hear beside how long it will be."""
ANYWHERE = ("wrong_key", "hold_first", "second_added", "phone_lost", "closed", *IN_LINE, *WAITING)
"""What also those hear whose language is not known."""
KNOWN = ("second_offer", "case_offer", "case_noted", "case_unknown", "case_taken")
"""What only those hear whose language is known."""
RECORDED = ("consent_question", "consent_yes", "recording_stopped", "recording_paused", "recording_resumed")
"""What callers hear only where talks may be recorded, and where their language is known."""
CALLBACK = (
    "callback_offer",
    "callback_this",
    "callback_other",
    "callback_key",
    "callback_heard",
    "callback_right",
    "callback_wrong",
    "callback_promised",
    "callback_later",
    "callback_already",
    "callback_full",
    "callback_abroad",
    "callback_failed",
    "callback_closed",
    "callback_here",
)
"""What callers hear only where they are called back, and where their language is known."""
FORM = ("callback_form",)
"""What callers hear only where there is the public form too, and where their language is known."""
MESSAGE = (
    "message_offer",
    "message_closed",
    "message_begin",
    "message_consent",
    "message_kept",
    "message_none",
)
"""What callers hear only where they can leave a message, and where their language is known."""
CASE_LINE = (
    "case_line_number",
    "case_line_pin",
    "case_line_wrong",
    "case_line_refused",
    "case_line_closed",
    "case_line_stay",
    "case_line_shut",
    "case_line_later",
    "case_line_again",
)
"""What callers hear only where they can ask by phone how their case is, and where their language is known."""
LISTENED = ("listen_question", "listen_yes")
"""What callers hear only where a supervisor may be in talks, and where their language is known."""
CASE_STATE = "case_state"
OTHER_STATE = "other"
DIGITS = "0123456789"
CALLER = (
    "greeting",
    "choose_language",
    "press",
    "more_concerns",
    *ANYWHERE,
    *KNOWN,
    *RECORDED,
    *CALLBACK,
    *FORM,
    *MESSAGE,
    *CASE_LINE,
    *LISTENED,
)
STAFF = ("staff_login", "staff_logout", "staff_ready", "staff_notready", "staff_failed", "staff_recorded")
RECORDS = (
    "record_language",
    "record_all",
    "record_begin",
    "record_quiet",
    "record_choice",
    "record_on",
    "record_on_alone",
    "record_kept",
    "record_dropped",
    "record_failed",
    "record_not_allowed",
)
"""What phones of the staff hear that record an announcement, in the language of [announcement] spoken."""
CALLS = (
    "callback_brief",
    "callback_brief_und",
    "callback_concern",
    "callback_case",
    "callback_case_shown",
    "callback_press",
    "callback_missing",
    "message_brief",
    "message_brief_und",
    "message_call",
    "message_again",
    "message_done",
)
"""What phones of the staff hear that are to call somebody back, in German as all that these phones hear."""
MESSAGE_KEYS = {"message_call": keys.YES, "message_again": keys.AGAIN_THAT, "message_done": keys.DONE}
RECORD_ALL = "#"
"""The key for an announcement that every language is told."""
HELP = "no_help"
"""What phones of the staff hear whose 112 leads nowhere: in German, and in English where it is spoken."""
KEYS = {
    "more_concerns": menu.MORE,
    "second_offer": keys.SECOND,
    "case_offer": keys.CASE,
    "again_offer": keys.AGAIN,
    "menu_offer": keys.MENU,
    "consent_yes": keys.YES,
    "callback_offer": keys.CALLBACK,
    "callback_closed": keys.CALLBACK,
    "callback_this": keys.YES,
    "callback_other": keys.NO,
    "callback_right": keys.YES,
    "callback_wrong": keys.NO,
    "message_offer": keys.MESSAGE,
    "message_closed": keys.MESSAGE,
    "case_line_stay": keys.YES,
    "case_line_shut": keys.CASE,
    "case_line_again": keys.YES,
    "listen_yes": keys.YES,
}
"""Which key a sentence tells to press."""
_KEY = {"key": "the key to press"}
_LANGUAGE = {"language": "the second language ([routing] second_language)"}
BLANKS: dict[str, dict[str, str]] = {
    **dict.fromkeys(KEYS, _KEY),
    "choose_language": _KEY,
    "press": {"concern": "the concern", **_KEY},
    "second_offer": {**_LANGUAGE, **_KEY},
    "second_added": _LANGUAGE,
    "record_language": {"language": "the language of callers", **_KEY},
    "record_all": _KEY,
    "callback_brief": {"language": "the language of callers"},
    "callback_concern": {"concern": "the concern"},
    "callback_press": _KEY,
    "message_brief": {"language": "the language of callers"},
    "message_call": _KEY,
    "message_again": _KEY,
    "message_done": _KEY,
    "message_consent": {"days": "how long it is kept ([message] days)"},
    "consent_question": {"digit": "the key that stops a recording ([recording] stop_code)"},
}
"""Sentence -> its blanks, and what each is the place of. All others have none."""


SECONDS_MAX = 12.0
"""No sentence takes longer; CHARACTERS_MAX of config.schema likewise.
A sound of several may take as much for each."""


class About(NamedTuple):
    """What a language's file says of itself: who has reviewed it, and how to pronounce what, by sentence."""

    reviewed_by: str
    notes: dict[str, str]


class Sentence(NamedTuple):
    """A sentence and the language in which it is spoken.

    part: by which name somebody may record it alone, where it is one of several of a sound; "": by none.
    """

    language: str
    text: str
    part: str = ""


Sounds = dict[tuple[str, str], tuple[Sentence, ...]]
"""(folder, name) of a sound -> the sentences that it consists of, in order."""


def beside(config: Path) -> Path:
    """Where the sentences of a centre's file lie: in `prompts` beside it, else as shipped."""
    own = config.resolve().parent / "prompts"
    return own if own.is_dir() else Path(__file__).parent / "prompts"


def sounds(folder: Path, centre: Centre, today: date | None = None) -> Sounds:
    """Every sound that the dialplan plays. Raises ConfigFaults for all that is missing.

    today: decides for which years days on which it opens are spoken, as in the dialplan; None: the clock's.

    A sound of the folder "und" speaks each of the languages of those who serve an unknown one.
    """
    says, hours = _read(folder, centre)
    made: Sounds = {}
    unknown, agreement = centre.routing.unknown_languages, centre.privacy.agreement
    anywhere = (*ANYWHERE, *(each.name for each in waits.bands(centre.waiting.band_minutes)))
    for code in centre.languages:
        for name in (
            *anywhere,
            *KNOWN,
            *(RECORDED if centre.recording.allowed else ()),
            *(CALLBACK if centre.callback is not None else ()),
            *(FORM if centre.request is not None else ()),
            *(MESSAGE if centre.message is not None else ()),
            *(CASE_LINE if centre.case_line is not None else ()),
            *(LISTENED if agreement is not None and agreement.allows else ()),
        ):
            made[code, name] = (Sentence(code, says[code][name]),)
        for state in _states(centre):
            made[code, f"{CASE_STATE}_{state}"] = (Sentence(code, says[code][f"{CASE_STATE}.{state}"]),)
        found = menu.pages(len(centre.concerns))
        for number, page in enumerate(found, start=1):
            lines = [
                filled(
                    says[code]["press"],
                    concern=says[code][f"concern.{centre.concerns[each.place]}"],
                    key=each.key,
                )
                for each in page
            ]
            lines += [says[code]["more_concerns"]] if len(found) > 1 else []
            made[code, f"concern_menu_{number}"] = tuple(Sentence(code, line) for line in lines)
    for name in ("greeting", *anywhere):
        made[UNDETERMINED, name] = tuple(Sentence(code, says[code][name], name) for code in unknown)
    offering = menu.pages(len(centre.languages))
    for number, languages in enumerate(offering, start=1):
        offered = [(centre.languages[each.place], each.key) for each in languages]
        # whose language is on another page hears it named with the key that leads there
        others = [each for page in offering if page is not languages for each in page]
        offered += [(centre.languages[each.place], menu.MORE) for each in others]
        made[UNDETERMINED, f"language_menu_{number}"] = tuple(
            Sentence(code, filled(says[code]["choose_language"], key=key), f"choose_language_{key}")
            for code, key in offered
        )
    year = (today or date.today()).replace(month=1, day=1)
    closed = {code: says[code]["closed"] for code in centre.languages}
    of_hours = {
        key: tuple(Sentence(key[0], text) for text in texts)
        for key, texts in spoken_hours.sentences(centre, hours, closed, year).items()
    }
    made |= of_hours
    for name in dict.fromkeys(name for _, name in of_hours):
        made[UNDETERMINED, name] = tuple(each for code in unknown for each in of_hours[code, name])
    if centre.callback is not None:
        made |= _calling(says, centre)
    if centre.announcement.record_code:
        made |= _recording(says[centre.announcement.spoken], centre)
    for name in STAFF:
        made["de", name] = (Sentence("de", says["de"][name]),)
    made["de", HELP] = tuple(Sentence(code, says[code][HELP]) for code in ("de", "en") if code in says)
    return made


def _states(centre: Centre) -> tuple[str, ...]:
    """Those of cases that have a sentence."""
    return () if centre.case_line is None else (*centre.case_line.states, OTHER_STATE)


def _calling(says: Mapping[str, Mapping[str, str]], centre: Centre) -> Sounds:
    """Digits as they are read back, and what who calls somebody back hears of them."""
    made: Sounds = {}
    for code in dict.fromkeys((*centre.languages, "de")):
        for digit in DIGITS:
            made[code, f"digit_{digit}"] = (Sentence(code, says[code][f"digit.{digit}"]),)
    own = says["de"]
    for name in ("callback_brief_und", "callback_case", "callback_case_shown", "callback_missing"):
        made["de", name] = (Sentence("de", own[name]),)
    if centre.message is not None:
        made["de", "message_brief_und"] = (Sentence("de", own["message_brief_und"]),)
        for name, pressed in MESSAGE_KEYS.items():
            made["de", name] = (Sentence("de", filled(own[name], key=pressed)),)
        for code in centre.languages:
            text = filled(own["message_brief"], language=own[f"language.{code}"])
            made["de", f"message_brief_{code}"] = (Sentence("de", text),)
    made["de", "callback_press"] = (Sentence("de", filled(own["callback_press"], key=keys.YES)),)
    for code in centre.languages:
        text = filled(own["callback_brief"], language=own[f"language.{code}"])
        made["de", f"callback_brief_{code}"] = (Sentence("de", text),)
    for key in centre.concerns:
        text = filled(own["callback_concern"], concern=own[f"concern.{key}"])
        made["de", f"callback_concern_{key}"] = (Sentence("de", text),)
    return made


def _recording(says: Mapping[str, str], centre: Centre) -> Sounds:
    """What the person hears who records an announcement: for which language it is, and what becomes of it."""
    by = centre.announcement.spoken
    made: Sounds = {(by, name): (Sentence(by, says[name]),) for name in RECORDS[2:]}
    found = menu.pages(len(centre.languages))
    for number, page in enumerate(found, start=1):
        lines = [
            filled(
                says["record_language"],
                language=says[f"language.{centre.languages[each.place]}"],
                key=each.key,
            )
            for each in page
        ]
        lines += [filled(says["more_concerns"], key=menu.MORE)] if len(found) > 1 else []
        lines.append(filled(says["record_all"], key=says[f"key.{RECORD_ALL}"]))
        made[by, f"record_menu_{number}"] = tuple(Sentence(by, line) for line in lines)
    return made


def about(folder: Path, code: str) -> About:
    """Of a file that sounds() takes. Raises OSError, ValueError."""
    raw = tomllib.loads((folder / f"{code}.toml").read_text(encoding="utf-8"))
    by, notes = raw.get("reviewed_by", ""), raw.get("note", {})
    told = {key: str(note) for key, note in notes.items()} if isinstance(notes, Mapping) else {}
    return About(by.strip() if isinstance(by, str) else "", told)


def _read(folder: Path, centre: Centre) -> tuple[dict[str, dict[str, str]], dict[str, Words]]:
    """Language -> name -> sentence, those of the menus still with their blanks; and the words for hours of
    each language of callers. Raises ConfigFaults."""
    faults: list[Fault] = []
    hours: dict[str, Words] = {}
    says: dict[str, dict[str, str]] = {}
    recording = (centre.announcement.spoken,) if centre.announcement.record_code else ()
    for code in dict.fromkeys((*centre.languages, "de", *recording)):
        path = folder / f"{code}.toml"
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
            faults.append(Fault(str(path), "file", f"cannot be used: {fault}"))
            continue
        says[code], found = _sentences(code, str(path), raw, centre)
        faults += found
        if code in centre.languages:
            words, wrong = spoken_hours.words(raw.get("opening", {}))
            faults += [Fault(str(path), key, reason) for key, reason in wrong]
            if words is not None:
                hours[code] = words
    if faults:
        raise ConfigFaults(faults)
    return says, hours


def _sentences(
    code: str, file: str, raw: Mapping[str, Any], centre: Centre
) -> tuple[dict[str, str], list[Fault]]:
    """Those of one language, and what its file lacks."""
    says: dict[str, str] = {}
    faults: list[Fault] = []

    def text(key: str) -> str:
        *table, last = key.split(".")
        found: Any = raw
        for part in (*table, last):
            found = found.get(part) if isinstance(found, Mapping) else None
        if isinstance(found, str) and found.strip():
            return found
        faults.append(Fault(file, key, "is missing: write the sentence"))
        return ""

    caller = code in centre.languages
    wanted = [*CALLER, *(f"concern.{key}" for key in centre.concerns)] if caller else []
    wanted += [f"{CASE_STATE}.{state}" for state in _states(centre)] if caller else []
    wanted += [*STAFF, HELP] if code == "de" else [HELP] if code == "en" else []
    if centre.callback is not None:
        wanted += [f"digit.{each}" for each in DIGITS]
        if code == "de":
            wanted += [*CALLS, *(f"language.{each}" for each in centre.languages)]
            wanted += [f"concern.{key}" for key in centre.concerns]
    if centre.announcement.record_code and code == centre.announcement.spoken:
        wanted += [*RECORDS, "more_concerns", f"key.{RECORD_ALL}"]
        wanted += [f"language.{each}" for each in centre.languages]
    for key in dict.fromkeys(wanted):
        if says.setdefault(key, text(key)):
            faults += [Fault(file, key, wrong) for wrong in _wrong(key, says[key], raw)]
    if not caller or faults:
        return says, faults
    for key in CALLER:
        words: dict[str, str] = {}
        if "digit" in BLANKS.get(key, {}):
            words["digit"] = centre.recording.stop_code[1]
        if "days" in BLANKS.get(key, {}):
            words["days"] = str(centre.message.days if centre.message is not None else 0)
        if key in KEYS:
            words["key"] = KEYS[key] if KEYS[key].isdigit() else text(f"key.{KEYS[key]}")
        if "language" in BLANKS.get(key, {}):
            words["language"] = text(f"language.{centre.routing.second_for(code)}")
        if words:
            says[key] = filled(says[key], **words)
    bands, lacking = waits.spoken(code, file, raw, centre.waiting.band_minutes)
    return says | bands, list(dict.fromkeys((*faults, *lacking)))


def _wrong(key: str, text: str, raw: Mapping[str, Any]) -> list[str]:
    """How a sentence contradicts the configuration, or could."""
    wanted = BLANKS.get(key, {})
    found = unfit(text, wanted)
    if wanted and (digit := re.search(r"\d", text)):
        found.append(f"names {digit[0]} itself: keys come from the configuration, write {{key}} there")
    if "language" in wanted:
        names = raw.get("language", {})
        for name in names.values() if isinstance(names, Mapping) else ():
            if isinstance(name, str) and re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE):
                found.append(
                    f"names {cleaned(name)} itself: it depends on [routing], write {{language}} there"
                )
    return found
