"""What is sent of the alarms, in words: a title and a text in one language, for mail and messengers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final, NamedTuple

from acd.alarmed import News, OpenAlarm
from config.schema import Centre
from config.words import words
from routing.privacy import MERGED

LINES_MAX: Final = 30
"""Alarms of one message; more are counted."""


class Message(NamedTuple):
    """What is sent."""

    title: str
    text: str


def message(news: News, centre: Centre, language: str) -> Message:
    """The news in this language (of config.words.PAGE_LANGUAGES)."""
    said = words(language, "live", "alarms")
    name = centre.centre.name
    if news.test:
        return Message(f"{name}: {said['test_title']}", said["test_text"])
    speak = _Names(centre, language, said)
    parts = []
    if news.raised:
        parts.append((said["sent_raised"], [_raised(each, speak, said) for each in news.raised]))
    if news.over:
        parts.append((said["sent_over"], [_reason(each, language) for each in news.over]))
    first = _reason((*news.raised, *news.over)[0], language)
    count = len(news.raised) + len(news.over)
    more = f" {said['alarm_more'].format(n=count - 1)}" if count > 1 else ""
    begin = f"{said['sent_raised' if news.raised else 'sent_over']}: {first}"
    return Message(f"{name}: {begin}{more}", "\n\n".join(_part(*part, said) for part in parts))


class _Names:
    """What things are called in a message."""

    def __init__(self, centre: Centre, language: str, said: Mapping[str, str]) -> None:
        self.language = language
        self.zone: tzinfo = centre.centre.zone
        self._languages = {each.code: each.name for each in centre.language} | {
            MERGED: said["merged_languages"],
            "": "",
        }
        self._concerns = {each.key: each.de if language == "de" else each.en for each in centre.concern} | {
            MERGED: said["merged_concerns"],
            "": "",
        }

    def need(self, language: str, concern: str) -> str:
        """A need, or that half of it that there is."""
        both = self._languages.get(language, language), self._concerns.get(concern, concern)
        return ", ".join(each for each in both if each)

    def time(self, at_ms: int) -> str:
        """A time of the day in the centre's zone."""
        return f"{datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self.zone):%H:%M}"


def _reason(alarm: OpenAlarm, language: str) -> str:
    return alarm.de if language == "de" else alarm.en


def _raised(alarm: OpenAlarm, speak: _Names, said: Mapping[str, str]) -> str:
    value, limit = f"{alarm.value:g}", f"{alarm.limit:g}"
    measure = said[f"alarm_{alarm.kind}"].format(value=value, limit=limit)
    if alarm.at_ms > alarm.since_ms:
        measure += f" {said['alarm_from'].format(time=speak.time(alarm.at_ms))}"
    cause = alarm.cause
    if cause.part:
        whom = said.get(f"trouble_{cause.part}", cause.part)
    else:
        whom = "; ".join(speak.need(*each) for each in alarm.cells) or speak.need(
            cause.language, cause.concern
        )
    if alarm.more:
        whom += f" {said['alarm_more'].format(n=alarm.more)}"
    since = said["alarm_since"].format(time=speak.time(alarm.since_ms))
    about = f"{measure} {whom}" if cause.part or not whom else f"{measure}: {whom}"
    return f"{_reason(alarm, speak.language)}\n  {about.strip()} ({since})"


def _part(heading: str, lines: Sequence[str], said: Mapping[str, str]) -> str:
    shown = [f"- {each}" for each in lines[:LINES_MAX]]
    if len(lines) > LINES_MAX:
        shown.append(f"- {said['alarm_more'].format(n=len(lines) - LINES_MAX)}")
    return "\n".join((f"{heading}:", *shown))
