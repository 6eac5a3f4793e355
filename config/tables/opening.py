"""[hours], [[closure]]: when it is open."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
)

from config.tables.kinds import CHARACTERS_MAX, DAYS, Code, Key, OneLine, Table, doubles


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
        found = doubles("hours.concern.concern", [each.concern for each in self.concern])
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


def _moment(value: object) -> object:
    if not isinstance(value, date):
        raise ValueError("is no date; write one like 2026-12-24, or with its time 2026-12-24T12:00:00")
    if isinstance(value, datetime) and (value.tzinfo is not None or value.second or value.microsecond):
        raise ValueError("is a time of whole minutes on the centre's own clock, like 2026-12-24T12:00:00")
    if not 2000 <= value.year < 2200:
        raise ValueError(f"is in the year {value.year}; write one from 2000 to 2199")
    return value


Moment = Annotated[date | datetime, BeforeValidator(_moment)]


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
