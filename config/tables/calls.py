"""[staffing], [waiting], [recording], [announcement], [[voice]], [service_level]: the telephone."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
)

from config.tables.kinds import Code, InTalk, OneLine, Phone, Table, doubles


class Staffing(Table):
    """[staffing]: how long things at a phone take.

    short_talk_seconds: a talk that the phone's side ends sooner was none; the caller waits again. duties: the
    duty roster's file (config.duties), "" for none.
    """

    ring_seconds: Annotated[int, Field(ge=5, le=120)]
    wrap_up_seconds: Annotated[int, Field(ge=0, le=3600)]
    silent_seconds: Annotated[int, Field(ge=1, le=10)] = 2
    short_talk_seconds: Annotated[int, Field(ge=0, le=10)] = 2
    duties: str = ""


BAND_MINUTES_MAX = 180


def _edges(value: list[int]) -> list[int]:
    if any(not 1 <= each <= BAND_MINUTES_MAX for each in value) or any(a >= b for a, b in pairwise(value)):
        raise ValueError(f"is a rising list of minutes from 1 to {BAND_MINUTES_MAX}, like [2, 5, 10, 15]")
    return value


Edges = Annotated[list[int], Field(min_length=1, max_length=10), AfterValidator(_edges)]


class Waiting(Table):
    """[waiting]: what callers hear while they wait, and how long their place is kept.

    first_seconds: so long after joining an outlook is waited for before what is known is said.
    announce_seconds: the gaps from then on, the last for ever. band_minutes: the edges to which a wait is
    rounded outward. coverage_percent: of the waits that were told in a language so many have to hold, or no
    more are told in it. rejoin_minutes: so long after they left the line, or their talk was cut, who calls
    again for the same need has the old place; 0: never. cut_talk_seconds: a talk that ends from the caller's
    side sooner counts as cut.
    """

    first_seconds: Annotated[int, Field(ge=0, le=10)] = 2
    announce_seconds: Annotated[
        list[Annotated[int, Field(ge=20, le=3600)]], Field(min_length=1, max_length=10)
    ] = [60, 120]
    band_minutes: Annotated[list[int], Field(min_length=1, max_length=10), AfterValidator(_edges)] = [
        2, 5, 10, 15, 20, 30, 45, 60,
    ]  # fmt: skip
    coverage_percent: Annotated[int, Field(ge=0, le=100)] = 65
    rejoin_minutes: Annotated[int, Field(ge=0, le=240)] = 10
    cut_talk_seconds: Annotated[int, Field(ge=0, le=600)] = 60


class Recording(Table):
    """[recording]: whether callers are asked if their talks may be recorded; without their yes none is.

    agreement: the service agreement (Dienstvereinbarung) that allows it, by name and date. stop_code,
    pause_code: what either side presses in the talk. folder: where the daemon finds the recordings, which is
    spool/monitor of what `acd pbx render` wrote; days: after so many they are deleted.
    """

    enabled: bool
    agreement: OneLine = ""
    stop_code: InTalk = "*1"
    pause_code: InTalk = "*2"
    folder: OneLine = ""
    days: Annotated[int, Field(ge=1, le=3650)] = 30

    @property
    def allowed(self) -> bool:
        """Whether anything may be recorded."""
        return self.enabled and bool(self.agreement.strip())

    def faults(self) -> list[tuple[str, str]]:
        """As Centre.faults."""
        found = []
        if self.enabled and not self.allowed:
            found.append(
                (
                    "recording.agreement",
                    "is missing: name the service agreement (Dienstvereinbarung) that allows recording, with "
                    "its date, or set enabled = false",
                )
            )
        if self.enabled and not self.folder:
            found.append(
                ("recording.folder", "is missing: name the folder spool/monitor of what acd pbx render wrote")
            )
        if self.stop_code == self.pause_code:
            found.append(("recording.pause_code", f"is {self.pause_code!r} as stop_code is: choose another"))
        return found


STAFF_CODES = {"*41": "login", "*42": "logout", "*43": "ready", "*44": "notready"}
"""What phones of the staff dial, and what they ask for by it."""


class Announcement(Table):
    """[announcement]: emergency announcements in texts of one's own, or recorded by phone.

    folder: where the daemon writes what a voice speaks, which is spool/announcement of what
    `acd pbx render` wrote; "": every language is told the stock sentence.
    record_code: what `phones` dial to record one; "": nothing can be recorded. spoken: what the person hears
    who records. days: recordings are deleted after so many.
    """

    folder: OneLine = ""
    record_code: Annotated[str, StringConstraints(pattern=r"^(\*[0-9]{2})?$")] = ""
    phones: list[Phone] = []
    spoken: Literal["de", "en"] = "de"
    days: Annotated[int, Field(ge=1, le=3650)] = 365

    def faults(self) -> list[tuple[str, str]]:
        """As Centre.faults."""
        found = doubles("announcement.phones", self.phones)
        if self.record_code in STAFF_CODES:
            found.append(("announcement.record_code", f"is {self.record_code}, which staff dial already"))
        if self.record_code and not self.folder:
            found.append(("announcement.folder", "is missing: it is where recordings lie"))
        if self.record_code and not self.phones:
            found.append(("announcement.phones", "is missing: name the phones that may record"))
        return found

    def unknown_phones(self, phones: Iterable[str]) -> list[str]:
        """Those that may record and are none of these."""
        return sorted(set(self.phones) - set(phones))


class ServiceLevel(Table):
    """[service_level]: the named figure that pages show."""

    seconds: Annotated[int, Field(ge=1, le=3600)]
    variant: Literal["answered_only", "abandons_within_met", "short_abandons_excluded", "all_offered"]
    clock: Literal["since_queue", "since_answer"]
    short_abandon_seconds: Annotated[int, Field(ge=0, le=60)] = 5


class Voice(Table):
    """[[voice]]: who speaks a language's sentences that no person has recorded.

    engine: espeak-ng, rhvoice, mbrola (led by espeak-ng), or the program of `command`. name: of the voice, as
    the engine calls it. command: a program and its arguments, read by no shell; {text} is put for the file
    with the sentence (UTF-8), {out} for the WAV file that is to be written. licence: as its author told it.
    """

    language: Code
    engine: Literal["espeak-ng", "rhvoice", "mbrola", "command"]
    called: Annotated[
        str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9 +_.-]{0,59})?$"), Field(alias="name")
    ] = ""
    command: list[OneLine] = []
    licence: OneLine = ""

    def faults(self) -> list[tuple[str, str]]:
        """As Centre.faults."""
        where = f"voice.{self.language}"
        if self.engine != "command":
            found = [(f"{where}.command", 'is only for engine = "command"')] if self.command else []
            if self.engine in ("rhvoice", "mbrola") and not self.called:
                found.append((f"{where}.name", f"is missing: which voice of {self.engine}"))
            return found
        if not self.command:
            return [(f"{where}.command", "is missing: the program and its arguments, with {text} and {out}")]
        return [
            (f"{where}.command", f"lacks {blank} as an argument of its own")
            for blank in ("{text}", "{out}")
            if blank not in self.command[1:]
        ]
