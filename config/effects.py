"""When a changed key of the centre's file takes effect: now, once Asterisk has it, or at the next start."""

from collections.abc import Iterator
from enum import Flag, auto
from typing import Any, NamedTuple

from pydantic import BaseModel

from config.schema import Centre


class Effect(Flag):
    """NOW: at a reload. RENDER: once Asterisk's files are written anew. RESTART: at the daemon's start."""

    NOW = auto()
    RENDER = auto()
    RESTART = auto()


NOW, RENDER, RESTART = Effect.NOW, Effect.RENDER, Effect.RESTART
EFFECTS = {
    "centre.name": NOW,
    "centre.timezone": NOW | RENDER,
    "centre.hotline": RENDER,
    "centre.numbers": RENDER,
    "centre.node": RESTART,
    "language": NOW | RENDER,
    "language.name": NOW,
    "concern": NOW | RENDER,
    "concern.de": NOW | RENDER,
    "concern.short": RENDER,
    "concern.en": NOW,
    "concern.law": NOW,
    "hours": NOW | RENDER,
    "closure": NOW | RENDER,
    "routing": NOW,
    "routing.unknown_languages": NOW | RENDER,
    "routing.second_language": NOW | RENDER,
    "routing.second_language_for_it": NOW | RENDER,
    "staffing": NOW,
    "staffing.ring_seconds": NOW | RENDER,
    "staffing.short_talk_seconds": NOW | RENDER,
    "waiting": NOW,
    "waiting.band_minutes": NOW | RENDER,
    "announcement": NOW,
    "announcement.record_code": RENDER,
    "announcement.phones": NOW | RENDER,
    "announcement.spoken": RENDER,
    "recording": RENDER,
    "recording.agreement": NOW,
    "recording.folder": NOW,
    "recording.days": NOW,
    "privacy": NOW,
    "privacy.agreement": NOW | RENDER,
    "privacy.agreement.name": NOW,
    "privacy.agreement.date": NOW,
    "service_level": NOW,
    "pbx": RENDER,
    "pbx.ami_host": RENDER | RESTART,
    "pbx.ami_port": RENDER | RESTART,
    "pbx.ami_user": RENDER | RESTART,
    "emergency": RENDER,
    "overflow": NOW | RENDER,
    "callback": NOW | RENDER,
    "callback.lift_dials": RENDER,
    "callback.prefixes": NOW,
    "callback.share_percent": NOW,
    "callback.again_minutes": NOW,
    "callback.per_number_day": NOW,
    "callback.per_day": NOW,
    "callback.open_most": NOW,
    "callback.offer_minutes": NOW,
    "message": RENDER,
    "message.folder": NOW,
    "message.most": NOW,
    "message.days": NOW | RENDER,
    "trunk": RENDER,
    "request": RESTART,
    "cases": NOW,
    "case_line": NOW | RENDER,
    "case_line.key_file": RESTART,
    "case_line.per_case": NOW,
    "case_line.failures": NOW,
    "case_line.tries": RENDER,
    "alarm": NOW,
    "notify": NOW,
    "hook": RESTART,
    **{
        f"overflow.{each}": NOW
        for each in ("language", "concern", "after_seconds", "length", "nobody", "then")
    },
    "overflow.step": NOW,
    "overflow.outside.name": NOW,
    "overflow.outside.number": RENDER,
    "overflow.outside.gateway": RENDER,
    "voice": RENDER,
    "store": RESTART,
    "store.journal_days": NOW,
    "web": RESTART,
    "web.public_url": NOW,
    "mqtt": RESTART,
    "outlook": NOW,
    "desk": NOW,
    "people": NOW,
    "desk.show_number": RENDER,
    "staff": NOW | RENDER,
    "staff.name": NOW,
    "staff.languages": NOW,
    "staff.concerns": NOW,
}
"""By key, and by table for those of its keys that are not named; entries of lists are left out of it."""
NAMES = ("id", "key", "code", "name")
"""By which of its keys an entry of a list is called."""


class Changed(NamedTuple):
    """A key as people read it ("staff.anna.name"), and as EFFECTS knows it ("staff.name")."""

    shown: str
    key: str

    @property
    def effect(self) -> Effect:
        """When it takes effect. Raises KeyError for a key that nobody has thought about."""
        key = self.key
        while key not in EFFECTS and "." in key:
            key, _, _ = key.rpartition(".")
        return EFFECTS[key]


def changed(before: Centre, after: Centre) -> list[Changed]:
    """The keys that differ, as the file is written; an entry that came or went is one."""
    return sorted(set(_between(before, after, "", "")))


def _between(before: Any, after: Any, shown: str, key: str) -> Iterator[Changed]:
    if before == after:
        return
    if isinstance(before, BaseModel) and isinstance(after, BaseModel):
        for name, field in type(after).model_fields.items():
            if field.exclude:
                continue
            word = field.alias or name
            at = (f"{shown}.{word}", f"{key}.{word}") if key else (word, word)
            yield from _between(getattr(before, name), getattr(after, name), *at)
    elif (old := _named(before)) is not None and (new := _named(after)) is not None:
        if list(old) != list(new) and sorted(old) == sorted(new):
            yield Changed(shown, key)
        for name in old.keys() | new.keys():
            if name in old and name in new:
                yield from _between(old[name], new[name], f"{shown}.{name}", key)
            else:
                yield Changed(f"{shown}.{name}", key)
    else:
        yield Changed(shown, key)


def _named(value: Any) -> dict[str, BaseModel] | None:
    """Entries of a list by what they are called; None if it is no list of such."""
    if not isinstance(value, list) or not all(isinstance(each, BaseModel) for each in value):
        return None
    names = [next((getattr(each, n) for n in NAMES if n in type(each).model_fields), "") for each in value]
    return dict(zip(names, value, strict=True)) if all(names) else None
