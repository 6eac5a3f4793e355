"""The centre as its configuration file describes it: shapes, limits and cross-checks, no behaviour."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from ipaddress import ip_address, ip_network
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyAddress,
    StringConstraints,
    field_validator,
)

from agents.model import CONCERN_MAX, CONCERN_MIN, Cefr
from config.cells import harm
from routing.others import Others
from routing.select import CRITERIA

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
RESERVED_PHONES = frozenset({"trunk", "transport", "global", "system", "general", "anonymous"})
"""Names that mean something else to Asterisk: who has one would be taken for that."""


def _not_reserved(name: str) -> str:
    if name in RESERVED_PHONES:
        raise ValueError(f"is reserved by Asterisk, as are {', '.join(sorted(RESERVED_PHONES - {name}))}")
    return name


Phone = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,20}$"), AfterValidator(_not_reserved)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _harmless(text: str) -> str:
    if why := harm(text):
        raise ValueError(why)
    return text


Name = Annotated[str, StringConstraints(min_length=1, max_length=120), AfterValidator(_harmless)]


def _one_line(text: str) -> str:
    if len(text) > TEXT_MAX or not text.isprintable():
        raise ValueError(f"is one line of {TEXT_MAX} characters at most, none of them for control")
    return text


TEXT_MAX = 1_000
OneLine = Annotated[str, AfterValidator(_one_line)]


def _in_talk(code: str) -> str:
    if len(code) != 2 or code[0] != "*" or code[1] not in "012356789":
        raise ValueError("is * and one digit, and not *4, with which the codes of phones begin (*41 to *44)")
    return code


InTalk = Annotated[str, AfterValidator(_in_talk)]
"""A code that is pressed in a talk."""
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:\[\]-]{1,253}$")]


def _is_address(text: str) -> str:
    try:
        ip_address(text)
    except ValueError:
        raise ValueError("is no IP address; write one like 127.0.0.1") from None
    return text


def _is_trunk(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            "is no IP address and no network; write one like 192.0.2.10 or 192.0.2.0/28"
        ) from None
    if not network.prefixlen:
        raise ValueError("would make everybody the trunk; name the provider's own addresses")
    return text


Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=1, le=65535)]
Level = Literal["A1", "A2", "B1", "B2", "C1", "C2", "native"]
SHARES_APART = 0.005
"""So far may shares that were rounded sum from 1."""
FOLDER = "/srv/welcomecenter"
"""Asterisk's own system lets us be there, and no package of a distribution is."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Table(BaseModel):
    """A table of the file: closed to unknown keys, and never changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Place(Table):
    """[centre]: who this is and what it is called by."""

    name: Text
    timezone: str
    hotline: Annotated[str, StringConstraints(pattern=r"^\+[0-9]{6,15}$")]
    numbers: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{2,16}$")]], Field(min_length=1)
    ]
    node: Key

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is no time zone; write one like Europe/Berlin")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which opening hours are meant."""
        return ZoneInfo(self.timezone)


class Language(Table):
    """A language of the menu, named in itself. share: of all callers; the largest is said first."""

    code: Code
    name: Text
    share: Share | None = None


SHORT_MAX = 16
"""Characters of a concern's short name: with a language's code before it, one line of any phone."""


def _short(text: str) -> str:
    if not re.fullmatch(rf"([A-Za-z0-9][A-Za-z0-9 ./-]{{0,{SHORT_MAX - 1}}})?", text):
        raise ValueError(
            f"is for phones' displays: {SHORT_MAX} characters at most, plain letters, digits, space and . / "
            "and -, beginning with a letter or digit"
        )
    return text


class Concern(Table):
    """What callers come for. share: of all callers, as with languages.

    short: its name on phones' displays; "": made from the German one (config.display).
    """

    key: Key
    de: Text
    en: Text
    share: Share | None = None
    law: str = ""
    short: Annotated[str, AfterValidator(_short)] = ""


class Span(Table):
    """From one time of a day to a later one of the same day; 24:00 is written as the end of the day."""

    begin: time
    end_minute: int

    @classmethod
    def parse(cls, text: str) -> "Span":
        """From "08:00-16:00". Raises ValueError."""
        try:
            first, last = text.split("-")
            begin = time.fromisoformat(first.strip())
            end = 24 * 60 if last.strip() == "24:00" else _minute(time.fromisoformat(last.strip()))
        except ValueError:
            raise ValueError(f"{text!r} is no span of a day; write one like 08:00-16:00") from None
        if end <= _minute(begin):
            raise ValueError(f"{text!r} ends before it begins; a night is written as two spans")
        return cls(begin=begin, end_minute=end)

    @property
    def begin_minute(self) -> int:
        """Minutes after midnight at which it begins."""
        return _minute(self.begin)

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end_minute // 60:02}:{self.end_minute % 60:02}"


def _minute(value: time) -> int:
    return value.hour * 60 + value.minute


def _spans(value: object) -> list[Span]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError('is a list of spans like ["08:00-12:00", "13:00-16:00"]')
    spans = sorted((Span.parse(each) for each in value), key=lambda span: span.begin_minute)
    for before, after in pairwise(spans):
        if after.begin_minute < before.end_minute:
            raise ValueError("has spans that overlap")
    return spans


Spans = Annotated[list[Span], BeforeValidator(_spans)]


class Week(Table):
    """Opening spans by weekday."""

    mon: Spans = []
    tue: Spans = []
    wed: Spans = []
    thu: Spans = []
    fri: Spans = []
    sat: Spans = []
    sun: Spans = []

    @property
    def opens(self) -> bool:
        """Whether anything opens on any day."""
        return any(self.of(weekday) for weekday in range(len(DAYS)))

    def of(self, weekday: int) -> list[Span]:
        """The spans of a weekday, Monday being 0."""
        spans: list[Span] = getattr(self, DAYS[weekday])
        return spans


class ConcernHours(Week):
    """[[hours.concern]]: hours of a concern's own, within the centre's. A day that is not named is closed."""

    concern: Key


class Hours(Week):
    """[hours]: opening spans by weekday, and the days on which nothing opens."""

    mon: Spans
    tue: Spans
    wed: Spans
    thu: Spans
    fri: Spans
    sat: Spans
    sun: Spans
    holidays: Literal[
        "", "BW", "BY", "BE", "BB", "HB", "HH", "HE", "MV", "NI", "NW", "RP", "SL", "SN", "ST", "SH", "TH"
    ]
    extra_closed: list[date] = []
    after_closing_minutes: Annotated[int, Field(ge=0, le=1_440)] | None = None
    """So long after closing who was in line is still served; None: until all of them are."""
    concern: list[ConcernHours] = []

    def week(self, concern: str) -> Week:
        """The week of a concern: its own, else the centre's."""
        return next((each for each in self.concern if each.concern == concern), self)

    def faults(self) -> list[tuple[str, str]]:
        """As Centre.faults."""
        found = _doubles("hours.concern.concern", [each.concern for each in self.concern])
        for own in self.concern:
            for weekday, day in enumerate(DAYS):
                there = _together(self.of(weekday))
                for span in own.of(weekday):
                    if not any(a <= span.begin_minute and span.end_minute <= b for a, b in there):
                        ours = ", ".join(map(str, self.of(weekday))) or "none"
                        found.append(
                            (
                                f"hours.concern.{own.concern}.{day}",
                                f"has {span}, which lies outside of the centre's hours of that day ({ours}): "
                                "shorten it, or let the centre open too",
                            )
                        )
        return found


def _together(spans: list[Span]) -> list[tuple[int, int]]:
    """Spans as minutes, those that touch as one."""
    found: list[tuple[int, int]] = []
    for span in spans:
        if found and found[-1][1] == span.begin_minute:
            found[-1] = (found[-1][0], span.end_minute)
        else:
            found.append((span.begin_minute, span.end_minute))
    return found


CLOSURE_DAYS_MAX = 366
CHARACTERS_MAX = 160
"""Characters of a sentence that callers hear; who is worried remembers no more."""


def _moment(value: object) -> object:
    if not isinstance(value, date):
        raise ValueError("is no date; write one like 2026-12-24, or with its time 2026-12-24T12:00:00")
    if isinstance(value, datetime) and (value.tzinfo is not None or value.second or value.microsecond):
        raise ValueError("is a time of whole minutes on the centre's own clock, like 2026-12-24T12:00:00")
    if not 2000 <= value.year < 2200:
        raise ValueError(f"is in the year {value.year}; write one from 2000 to 2199")
    return value


Moment = Annotated[date | datetime, BeforeValidator(_moment)]


def _day(value: object) -> object:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("is no date; write one like 2026-01-15, without quotes")
    if not 2000 <= value.year < 2200:
        raise ValueError(f"is in the year {value.year}; write one from 2000 to 2199")
    return value


class Closure(Table):
    """[[closure]]: closed by way of exception, from a day or moment to another, by the centre's clock.

    to: a day is closed to its end, a moment is the first that is open again. concerns, languages: whose
    callers find it closed; [] for all. say: by language, what they hear instead of the general sentence.
    """

    begins: Annotated[Moment, Field(alias="from")]
    to: Moment
    concerns: list[Key] = []
    languages: list[Code] = []
    say: dict[Code, Annotated[OneLine, StringConstraints(min_length=1, max_length=CHARACTERS_MAX)]] = {}

    @property
    def first(self) -> datetime:
        """The first moment that is closed."""
        return self.begins if isinstance(self.begins, datetime) else datetime.combine(self.begins, time())

    @property
    def end(self) -> datetime:
        """The first moment that is open again."""
        day = timedelta(days=1)
        return self.to if isinstance(self.to, datetime) else datetime.combine(self.to, time()) + day

    def closes(self, language: str, concern: str) -> bool:
        """Whether it is for these callers; "" is none that could be named."""
        everybody = not self.languages or language in self.languages
        return everybody and (not self.concerns or concern in self.concerns)

    def faults(self, languages: tuple[str, ...], concerns: tuple[str, ...]) -> list[tuple[str, str]]:
        """(key, reason), as Centre.faults; the key within this entry."""
        found = []
        if self.end <= self.first:
            found.append(("to", f"is {self.to}, which does not lie behind from ({self.begins}): swap them"))
        elif self.end - self.first > timedelta(days=CLOSURE_DAYS_MAX):
            found.append(("to", f"is {self.to}, more than a year after from ({self.begins}): change [hours]"))
        found += [
            ("concerns", f"names {key!r}; known are {', '.join(concerns)}")
            for key in self.concerns
            if key not in concerns
        ]
        found += [
            (key, f"names {code!r}; known are {', '.join(languages)}")
            for key, named in (("languages", self.languages), ("say", self.say))
            for code in named
            if code not in languages
        ]
        return found

    def overlaps(self, other: "Closure") -> bool:
        """Whether some caller would find both in force at some time."""
        together = self.first < other.end and other.first < self.end
        return together and all(
            not ours or not theirs or set(ours) & set(theirs)
            for ours, theirs in ((self.concerns, other.concerns), (self.languages, other.languages))
        )


class RoutingStep(Table):
    """[[routing.step]]: what is asked of a person from this waiting time on."""

    after_seconds: Annotated[int, Field(ge=0, le=86_400)]
    languages: Annotated[
        list[Literal["own", "second", "fallback", "interpreter", "anybody"]], Field(min_length=1)
    ]
    language: Level
    concern: Annotated[int, Field(ge=0, le=CONCERN_MAX)]
    prefer_language: Level | None = None
    prefer_concern: Annotated[int, Field(ge=0, le=CONCERN_MAX)] = 0


def _rising(value: list[RoutingStep]) -> list[RoutingStep]:
    after = [step.after_seconds for step in value]
    if after[0] != 0 or any(a >= b for a, b in pairwise(after)):
        raise ValueError("begins with after_seconds = 0, and each step comes later than the one before")
    return value


Steps = Annotated[list[RoutingStep], Field(min_length=1), AfterValidator(_rising)]


class RoutingPlan(Table):
    """[[routing.plan]]: steps of their own for a language, a concern, or a concern in a language."""

    language: Code | Literal[""] = ""
    concern: Key | Literal[""] = ""
    step: Steps


class PriorityClass(Table):
    """[[routing.class]]: callers who count as if they had waited longer, and who is one.

    case_states: whoever's case is in one of these states. numbers: whoever calls from one of these.
    The class "repeat" is given to those who called already: routing.repeat_same_day, routing.repeat_hours.
    """

    name: Key
    worth_seconds: Annotated[int, Field(ge=0, le=86_400)]
    case_states: list[Key] = []
    numbers: list[Annotated[str, StringConstraints(pattern=r"^\+[0-9]{6,15}$")]] = []


class RoutingReserve(Table):
    """[[routing.reserve]]: people of a scarce language who are kept free of other calls."""

    language: Code
    level: Level
    keep: Annotated[int, Field(ge=1, le=1000)]
    release_seconds: Annotated[int, Field(ge=0, le=86_400)]
    hours: Spans = []


class Refused(Table):
    """[routing.refused.OUTCOME]: what follows when a phone does not take an offer in this way."""

    away_after: Annotated[int, Field(ge=0, le=20)]
    retry_seconds: Annotated[int, Field(ge=0, le=3600)]


class Refusals(Table):
    """[routing.refused]: by how the phone refused."""

    busy: Refused = Refused(away_after=0, retry_seconds=30)
    declined: Refused = Refused(away_after=2, retry_seconds=30)
    no_answer: Refused = Refused(away_after=2, retry_seconds=30)
    unreachable: Refused = Refused(away_after=2, retry_seconds=30)


class Routing(Table):
    """[routing]: how callers and people come together."""

    unknown_languages: Annotated[list[Code], Field(min_length=1)]
    fallback_languages: list[Code]
    second_language: Code
    second_language_for_it: Code
    choose: Annotated[list[str], Field(min_length=1)]
    owner_seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    repeat_same_day: bool = False
    repeat_hours: Annotated[int, Field(ge=0, le=48)] = 0
    shadow: str = ""
    step: Steps
    plan: list[RoutingPlan] = []
    classes: Annotated[list[PriorityClass], Field(alias="class")] = []
    reserve: list[RoutingReserve] = []
    refused: Refusals = Refusals()

    @field_validator("choose")
    @classmethod
    def _criteria(cls, value: list[str]) -> list[str]:
        unknown = [each for each in value if each not in CRITERIA]
        if unknown or len(set(value)) != len(value):
            raise ValueError(f"lists criteria once each, out of: {', '.join(CRITERIA)}")
        return value

    def second_for(self, language: str) -> str:
        """Which language callers of this one are offered besides."""
        return self.second_language_for_it if language == self.second_language else self.second_language


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
        found = _doubles("announcement.phones", self.phones)
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


class Agreement(Table):
    """[privacy.agreement]: the service agreement (Dienstvereinbarung) that lets supervisors see more of a
    person than whether they are ready, not ready or on a call. Without it nothing more is shown."""

    name: Name
    date: Annotated[date, BeforeValidator(_day)]


class Privacy(Table):
    """[privacy]: how long a number is known, which numbers get no token, and which figures stand alone.

    smallest_cell: figures by language and concern that fewer people could serve are shown as one; 0: none.
    """

    number_days: Annotated[int, Field(ge=0, le=3650)]
    switchboard_numbers: list[str] = []
    smallest_cell: Annotated[int, Field(ge=0, le=100)] = 0
    agreement: Agreement | None = None

    @property
    def others(self) -> Others:
        """What is seen of one person by others."""
        return Others(self.agreement is not None)


class ServiceLevel(Table):
    """[service_level]: the named figure that pages show."""

    seconds: Annotated[int, Field(ge=1, le=3600)]
    variant: Literal["answered_only", "abandons_within_met", "short_abandons_excluded", "all_offered"]
    clock: Literal["since_queue", "since_answer"]
    short_abandon_seconds: Annotated[int, Field(ge=0, le=60)] = 5


class Pbx(Table):
    """[pbx]: where Asterisk listens. Everything is loopback unless said otherwise.

    qualify_seconds: how often a phone is asked whether it lives; it has 3 s to answer, and one that dies in a
    talk is found after both. 0: never asked. folder: of its files, as Asterisk sees it.
    """

    ami_host: Host = "127.0.0.1"
    ami_port: Port = 5038
    ami_user: Key = "acd"
    sip_address: Annotated[str, AfterValidator(_is_address)] = "127.0.0.1"
    sip_port: Port = 5060
    rtp_from: Port = 10000
    rtp_to: Port = 10999
    trunk_addresses: Annotated[list[Annotated[str, AfterValidator(_is_trunk)]], Field(min_length=1)]
    qualify_seconds: Annotated[int, Field(ge=0, le=60)] = 10
    folder: Annotated[
        str, StringConstraints(pattern=r"^(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$", max_length=200)
    ] = FOLDER


class Emergency(Table):
    """[[emergency]]: where 112 and 110 go that phones of the staff dial, by the place where they stand.

    phones: [] for all that no other entry names. gateway: a SIP URI of whoever takes such calls; it has to
    know the address of this place. number: by which the control centre calls back.
    """

    site: Text
    phones: list[Phone] = []
    gateway: Annotated[str, StringConstraints(pattern=r"^sips?:[A-Za-z0-9.-]+(:[0-9]{1,5})?$")]
    number: Annotated[str, StringConstraints(pattern=r"^\+[0-9]{6,15}$")]


class OverflowStep(Table):
    """[overflow.step]: who is asked too once a fallback took effect; as in [[routing.step]]."""

    languages: Annotated[
        list[Literal["own", "second", "fallback", "interpreter", "anybody"]], Field(min_length=1)
    ]
    language: Level
    concern: Annotated[int, Field(ge=0, le=CONCERN_MAX)]


class Outside(Table):
    """[overflow.outside]: somebody else who takes calls. gateway: a SIP URI that leads there."""

    name: Text
    number: Annotated[str, StringConstraints(pattern=r"^\+[0-9]{6,15}$")]
    gateway: Annotated[str, StringConstraints(pattern=r"^sips?:[A-Za-z0-9.-]+(:[0-9]{1,5})?$")]


class Overflow(Table):
    """[[overflow]]: what becomes of callers of a language, a concern, both, or all ("") whom the steps alone
    do not serve, once any of its conditions holds.

    after_seconds: of waiting. length: more than so many of these callers wait when one joins them. nobody:
    nobody at work could take the caller at any step. then: "fallback" asks those of `step` too, "closed"
    tells the caller that nobody can take the call now, "outside" sends them to `outside`.
    """

    name: Key
    language: Code | Literal[""] = ""
    concern: Key | Literal[""] = ""
    after_seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None
    length: Annotated[int, Field(ge=0, le=10_000)] | None = None
    nobody: bool = False
    then: Literal["fallback", "closed", "outside", "callback", "message"]
    step: OverflowStep | None = None
    outside: Outside | None = None

    def faults(self) -> list[tuple[str, str]]:
        """As Centre.faults."""
        where = f"overflow.{self.name}"
        if self.then in LATER:
            return [(f"{where}.then", f"is {self.then!r}, which is not there yet: write {', '.join(NOW)}")]
        found = []
        if self.after_seconds is None and self.length is None and not self.nobody:
            found.append((where, "names no condition: after_seconds, length or nobody = true"))
        for key, then, what in (
            ("step", "fallback", "languages, language and concern of who is asked too"),
            ("outside", "outside", "name, number and gateway of who takes the call"),
        ):
            given = getattr(self, key) is not None
            if given and then != self.then:
                found.append((f"{where}.{key}", f"is only for then = {then!r}"))
            elif not given and then == self.then:
                found.append((f"{where}.{key}", f"is missing: {what}"))
        return found


NOW = ("fallback", "closed", "outside")
LATER = ("callback", "message")
"""What an overflow does, and what it will do besides."""


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


class Store(Table):
    """[store]: where things are kept. URLs name PostgreSQL; without them SQLite files lie in the folder."""

    folder: OneLine
    journal_days: Annotated[int, Field(ge=1, le=3650)] = 90
    journal_url: OneLine = ""
    records_url: OneLine = ""
    vault_url: OneLine = ""


def is_loopback(url: str) -> bool:
    """Whether it is an address on this machine; raises ValueError for one that is none."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def _protected(url: str) -> str:
    said = urlsplit(url)
    if not said.hostname or said.query or said.fragment or "@" in said.netloc or not url.isprintable():
        raise ValueError("is no plain address like https://login.example.org/realms/city")
    if said.scheme != "https" and not (said.scheme == "http" and is_loopback(url)):
        raise ValueError("begins with https:// (http:// is for this machine alone)")
    return url


def _origin(url: str) -> str:
    if urlsplit(url).path not in ("", "/"):
        raise ValueError("is without a path: https://hotline.example.org")
    return url


Protected = Annotated[str, StringConstraints(max_length=200), AfterValidator(_protected)]
Origin = Annotated[Protected, AfterValidator(_origin)]


class Web(Table):
    """[web]: the live page and the API.

    hosts: by which names browsers may ask, beside the address itself (what a proxy sends on as Host).
    proxies: addresses of proxies that are believed when they name whom they ask for (X-Forwarded-For).
    public_url: how browsers reach it, "https://hotline.example.org"; a directory sends them back there.
    """

    host: Host = "127.0.0.1"
    port: Port = 8080
    hosts: list[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,253}$")]] = []
    proxies: list[IPvAnyAddress] = []
    public_url: Literal[""] | Origin = ""


class Mqtt(Table):
    """[mqtt]: the broker to which counts are published."""

    host: Host
    port: Port = 1883
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_/-]{1,80}$")] = "welcomecenter"
    user: OneLine = ""
    password_file: OneLine = ""
    tls: bool = False


Number = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Hour = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3])$")]
DayOfWeek = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Outlook(Table):
    """[outlook]: how the waits that callers have to expect are found, and what is believed until the
    records of the last `weeks` say it. `weighs` observations outweigh what is written here.

    futures: how many are run each time, if cpu_ms are enough for them. horizon_minutes: longer waits are not
    told apart. weekday, hour, concern: how much each weighs; what is not named weighs 1.
    """

    enabled: bool = True
    every_seconds: Annotated[int, Field(ge=1, le=300)] = 5
    futures: Annotated[int, Field(ge=20, le=2_000)] = 150
    cpu_ms: Annotated[int, Field(ge=50, le=5_000)] = 300
    horizon_minutes: Annotated[int, Field(ge=10, le=1_440)] = 120
    weeks: Annotated[int, Field(ge=1, le=52)] = 8
    weighs: Annotated[int, Field(ge=1, le=1_000)] = 30
    calls_per_year: Annotated[int, Field(ge=0, le=10**9)] = 12_000
    day_variation: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] = 0.05
    weekday: dict[DayOfWeek, Number] = {}
    hour: dict[Hour, Number] = {}
    concern: dict[Key, Number] = {}
    second_language: Share = 0.4
    menu_seconds: Annotated[int, Field(ge=1, le=600)] = 30
    patience_minutes: Annotated[float, Field(ge=0.1, le=1_440)] = 6.0
    talk_minutes: Annotated[float, Field(ge=0.1, le=240)] = 7.0
    talk_variation: Annotated[float, Field(ge=0.01, le=20)] = 1.2
    answer_from_seconds: Annotated[int, Field(ge=0, le=120)] = 2
    answer_to_seconds: Annotated[int, Field(ge=0, le=120)] = 9
    not_answered: Share = 0.04
    pause_every_minutes: Annotated[float, Field(ge=0, le=10_000)] = 120.0
    pause_minutes: Annotated[float, Field(ge=0.1, le=1_440)] = 10.0
    pause_variation: Annotated[float, Field(ge=0.01, le=20)] = 1.0
    away_minutes: Annotated[float, Field(ge=0.1, le=1_440)] = 10.0


def _template(url: str) -> str:
    if not url:
        return url
    if not url.startswith("https://"):
        raise ValueError("is no address that begins with https://")
    head, mark, tail = url.partition(REFERENCE)
    host, slash, path = head.removeprefix("https://").partition("/")
    if not mark or REFERENCE in tail or not slash or "{" in path + tail or "}" in path + tail:
        raise ValueError(f"names {REFERENCE} not exactly once, behind the host, and nothing else in braces")
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?", host):
        raise ValueError("has no plain host, like files.example.org, which never comes from a reference")
    if not re.fullmatch(r"[!-~]*", path + tail):
        raise ValueError("holds blanks or letters that an address writes otherwise")
    return url


REFERENCE = "{reference}"
"""Where the case's reference stands in case_url."""


class Coded(Table):
    """Something of the house that has a code in the records and a name on pages."""

    code: Key
    de: Name
    en: Name


class Desk(Table):
    """[desk]: what staff choose from and see at their desk.

    reasons: why somebody is not ready. outcomes: what a call came to. case_url: where a case's digital file
    is, {reference} filled in (encoded). show_number: what of the caller's number the phone's display shows.
    note_days: free text is forgotten after so many. quiet_minutes: times between two calls that may be asked
    for. block_hours: who threatened is not served for so long.
    """

    reasons: Annotated[list[Coded], Field(max_length=30)] = []
    outcomes: Annotated[list[Coded], Field(max_length=30)] = []
    case_url: Annotated[str, Field(max_length=400), AfterValidator(_template)] = ""
    show_number: Literal["none", "last4", "full"] = "none"
    note_days: Annotated[int, Field(ge=1, le=3650)] = 90
    quiet_minutes: Annotated[list[Annotated[int, Field(ge=1, le=240)]], Field(max_length=8)] = [10, 20, 30]
    block_hours: Annotated[int, Field(ge=1, le=168)] = 24

    def case_link(self, reference: str) -> str:
        """Where the file of a case is; "" where there is no such place, or no reference."""
        return self.case_url.replace(REFERENCE, quote(reference, safe="")) if reference else ""


PersonRole = Literal["staff", "supervisor", "planner", "editor", "administrator", "auditor"]
"""What acd.identity calls the roles of people."""
Claim = Annotated[OneLine, StringConstraints(min_length=1, max_length=100)]


class OpenId(Table):
    """[people.oidc]: the city's directory, by OpenID Connect. name: as the page calls it.

    groups: a group there -> its roles here; who is in none of them does not come in. account_claim: the name
    of a new account (what stands before an @); agent_claim: which member of staff they are (an id of
    [[staff]]), "" for nobody. factor_amr, factor_acr: what the directory says where it has asked for a second
    factor; where it does not say so, ours is asked for.
    """

    name: Name
    issuer: Protected
    client_id: Annotated[OneLine, StringConstraints(min_length=1, max_length=200)]
    client_secret_file: Annotated[OneLine, StringConstraints(min_length=1)]
    scopes: list[Annotated[str, StringConstraints(pattern=r"^[!#-\[\]-~]{1,80}$")]] = ["openid", "profile"]
    groups_claim: Claim = "groups"
    groups: Annotated[dict[OneLine, list[PersonRole]], Field(min_length=1, max_length=500)]
    account_claim: Claim = "preferred_username"
    name_claim: Claim = "name"
    agent_claim: Literal[""] | Claim = ""
    factor_amr: list[OneLine] = []
    factor_acr: list[OneLine] = []


class People(Table):
    """[people]: who signs in. A session ends after so long without a request, and so long after it began.

    staff_second_factor: everybody needs a second factor; else supervisors, editors and administrators do.
    audit_days: how long the audit is kept; the database itself keeps it for a year.
    """

    staff_second_factor: bool = False
    idle_minutes: Annotated[int, Field(ge=5, le=720)] = 60
    session_hours: Annotated[int, Field(ge=1, le=24)] = 12
    audit_days: Annotated[int, Field(ge=366, le=3650)] = 1095
    oidc: OpenId | None = None


class StaffMember(Table):
    """[[staff]]: a person, their phone and their skills."""

    id: Key
    name: Name
    phone: Phone
    languages: Annotated[dict[Code, Level], Field(min_length=1)]
    concerns: dict[Key, Annotated[int, Field(ge=CONCERN_MIN, le=CONCERN_MAX)]]


def cefr(level: str) -> Cefr:
    """The level of agents.model for a level as the file writes it."""
    return Cefr[level.upper()]


class Centre(Table):
    """The whole file. `base` is the folder that relative paths start from."""

    centre: Place
    language: Annotated[list[Language], Field(min_length=1)]
    concern: Annotated[list[Concern], Field(min_length=1)]
    hours: Hours
    closure: list[Closure] = []
    routing: Routing
    staffing: Staffing
    waiting: Waiting = Waiting()
    recording: Recording
    announcement: Announcement = Announcement()
    privacy: Privacy
    service_level: ServiceLevel
    pbx: Pbx
    store: Store
    web: Web = Web()
    mqtt: Mqtt | None = None
    outlook: Outlook = Outlook()
    emergency: list[Emergency] = []
    overflow: list[Overflow] = []
    voice: list[Voice] = []
    staff: list[StaffMember] = []
    people: People = People()
    desk: Desk = Desk()
    base: Annotated[Path, Field(exclude=True)] = Path()

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes in menu order."""
        return tuple(each.code for each in _frequent_first(self.language))

    @property
    def concerns(self) -> tuple[str, ...]:
        """Keys in menu order."""
        return tuple(each.key for each in _frequent_first(self.concern))

    def path(self, text: str) -> Path:
        """A path of the file, resolved against the file's folder."""
        return (self.base / text).resolve()

    def faults(self) -> list[tuple[str, str]]:
        """(key, reason) for everything that is well-formed but does not fit together."""
        found: list[tuple[str, str]] = []
        found += _doubles("language", [each.code for each in self.language])
        found += _doubles("concern", [each.key for each in self.concern])
        found += _doubles("staff.id", [each.id for each in self.staff])
        found += _doubles("staff.phone", [each.phone for each in self.staff])
        found += _doubles("desk.reasons", [each.code for each in self.desk.reasons])
        found += _doubles("desk.outcomes", [each.code for each in self.desk.outcomes])
        found += _share_faults("language", [each.share for each in self.language])
        found += _share_faults("concern", [each.share for each in self.concern])
        found += self.recording.faults()
        found += self.announcement.faults()
        found += self._hours_faults()
        found += _doubles("voice.language", [each.language for each in self.voice])
        for voice in self.voice:
            found += voice.faults()
            if voice.language not in self.languages:
                found.append(("voice.language", f"names {voice.language!r}, which no [[language]] describes"))
        found += self._directory_faults()
        if "other" not in self.concerns:
            found.append(("concern", 'lacks the key "other", where callers go who choose nothing'))
        for key in ("unknown_languages", "fallback_languages", "second_language", "second_language_for_it"):
            value = getattr(self.routing, key)
            for code in [value] if isinstance(value, str) else value:
                if code not in self.languages:
                    found.append((f"routing.{key}", f"names {code!r}, which no [[language]] describes"))
        found += self._routing_faults()
        found += self._outlook_faults()
        found += self._overflow_faults()
        for person in self.staff:
            found += [(f"staff.{person.id}.{key}", reason) for key, reason in self.person_faults(person)]
        found += _doubles("emergency.phones", [phone for each in self.emergency for phone in each.phones])
        if sum(not each.phones for each in self.emergency) > 1:
            found.append(("emergency.phones", "is left out more than once: name the phones of each place"))
        if self.pbx.rtp_to - self.pbx.rtp_from < 100:
            found.append(("pbx.rtp_to", "leaves fewer than 100 ports above rtp_from"))
        return found

    def _directory_faults(self) -> list[tuple[str, str]]:
        if (oidc := self.people.oidc) is None:
            return []
        url, found = self.web.public_url, list[tuple[str, str]]()
        if not url:
            found.append(("web.public_url", "is needed by [people.oidc]: https://hotline.example.org"))
        elif not is_loopback(url) and (host := urlsplit(url).hostname) not in (
            self.web.host,
            *self.web.hosts,
        ):
            found.append(("web.public_url", f"names {host!r}, which is not in web.hosts"))
        if "openid" not in oidc.scopes:
            found.append(("people.oidc.scopes", 'lacks "openid"'))
        return found

    def without_help(self, phones: Iterable[str]) -> list[str]:
        """Those of these phones whose 112 and 110 lead nowhere."""
        if any(not each.phones for each in self.emergency):
            return []
        named = {phone for each in self.emergency for phone in each.phones}
        return sorted(set(phones) - named)

    def _hours_faults(self) -> list[tuple[str, str]]:
        found = self.hours.faults()
        found += [
            ("hours.concern.concern", f"names {each.concern!r}; known are {', '.join(self.concerns)}")
            for each in self.hours.concern
            if each.concern not in self.concerns
        ]
        for number, closure in enumerate(self.closure, start=1):
            faults = closure.faults(self.languages, self.concerns)
            found += [(f"closure.{number}.{key}", reason) for key, reason in faults]
            for before, other in enumerate(self.closure[: number - 1], start=1):
                if closure.overlaps(other):
                    found.append(
                        (
                            f"closure.{number}",
                            f"({closure.begins} to {closure.to}) overlaps closure {before} "
                            f"({other.begins} to {other.to}) for the same callers: write one, or let one end "
                            "where the other begins",
                        )
                    )
        return found

    def _routing_faults(self) -> list[tuple[str, str]]:
        rules = self.routing
        found = _doubles("routing.class", [each.name for each in rules.classes])
        found += _doubles("routing.plan", [f"{each.language}/{each.concern}" for each in rules.plan])
        for plan in rules.plan:
            if not plan.language and not plan.concern:
                found.append(
                    ("routing.plan", "names neither language nor concern; those are [[routing.step]]")
                )
            if plan.concern and plan.concern not in self.concerns:
                found.append(
                    ("routing.plan.concern", f"names {plan.concern!r}, which no [[concern]] describes")
                )
        named = [("routing.plan.language", each.language) for each in rules.plan if each.language]
        named += [("routing.reserve.language", each.language) for each in rules.reserve]
        found += [
            (key, f"names {code!r}, which no [[language]] describes")
            for key, code in named
            if code not in self.languages
        ]
        return found

    def _outlook_faults(self) -> list[tuple[str, str]]:
        beliefs = self.outlook
        found = [
            ("outlook.concern", f"names {key!r}, which no [[concern]] describes")
            for key in beliefs.concern
            if key not in self.concerns
        ]
        if beliefs.answer_to_seconds < beliefs.answer_from_seconds:
            found.append(("outlook.answer_to_seconds", "is less than answer_from_seconds"))
        for key in ("weekday", "concern"):
            given = getattr(beliefs, key)
            if given and not any(given.values()):
                found.append((f"outlook.{key}", "weighs nothing at all: give one of them more than 0"))
        return found

    def _overflow_faults(self) -> list[tuple[str, str]]:
        found = _doubles("overflow.name", [each.name for each in self.overflow])
        for each in self.overflow:
            found += each.faults()
            for key, value, known in (
                ("language", each.language, self.languages),
                ("concern", each.concern, self.concerns),
            ):
                if value and value not in known:
                    found.append(
                        (f"overflow.{each.name}.{key}", f"names {value!r}, which no [[{key}]] describes")
                    )
        return found

    def person_faults(self, person: StaffMember) -> list[tuple[str, str]]:
        """(key, reason) for skills that this centre does not know."""
        found = [
            ("languages", f"names {code!r}; known are {', '.join(self.languages)}")
            for code in person.languages
            if code not in self.languages
        ]
        found += [
            ("concerns", f"names {key!r}; known are {', '.join(self.concerns)}")
            for key in person.concerns
            if key not in self.concerns
        ]
        return found


MenuEntry = TypeVar("MenuEntry", Language, Concern)


def _frequent_first(entries: list[MenuEntry]) -> list[MenuEntry]:
    """As the file has them where it gives no shares, or the same."""
    return sorted(entries, key=lambda each: -(each.share or 0))


def _share_faults(key: str, shares: list[float | None]) -> list[tuple[str, str]]:
    given = [share for share in shares if share is not None]
    if given and len(given) < len(shares):
        return [
            (f"{key}.share", f"is given for {len(given)} of {len(shares)}: give it for each, or for none")
        ]
    if given and abs(sum(given) - 1) > SHARES_APART:
        return [(f"{key}.share", f"sums to {sum(given):.3f} over all; it has to be 1")]
    return []


def _doubles(key: str, values: list[str]) -> list[tuple[str, str]]:
    return [
        (key, f"has {value!r} more than once") for value in sorted(set(values)) if values.count(value) > 1
    ]
