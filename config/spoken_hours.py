"""Opening hours in whole sentences: what is open on which days, and when it opens next, in each language."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from config.blanks import filled, unfit
from config.hours import DAY, EVERYBODY, Calendar, Minutes, Whose, calendar_of, whose
from config.schema import Centre
from config.tables.kinds import Table

WEEKDAYS_AHEAD = 6
"""So many days ahead a weekday alone says which day is meant."""
HOUR_MINUTES = 60
DAY_HOURS = 24


BLANKS = {
    "days": "days and their hours",
    "time": "a time of day",
    "day": "a day of the week",
    "date": "a day of a month",
    "begin": "a time of day",
    "end": "a time of day",
    "h": "an hour",
    "m": "a minute",
    "minute": "the minute, if there is one",
    "d": "a day of a month",
    "month": "its month",
}


def _has(*names: str) -> AfterValidator:
    """A text has these blanks and no others."""

    def check(text: str) -> str:
        if wrong := unfit(text, {name: BLANKS[name] for name in names}):
            raise ValueError("; ".join(wrong))
        return text

    return AfterValidator(check)


def _hours(texts: list[str]) -> list[str]:
    """Each may have the place of the minute; what is never said with one may be without."""
    for hour, text in enumerate(texts):
        names = ("minute",) if hour < DAY_HOURS else ()
        if wrong := unfit(text, {name: BLANKS[name] for name in names}):
            raise ValueError(f"{hour}: {'; '.join(wrong)}")
    return texts


Said = Annotated[str, Field(min_length=1)]
Days = Annotated[list[Said], Field(min_length=7, max_length=7)]
OfHours = Annotated[list[Said], Field(min_length=25, max_length=25), AfterValidator(_hours)]
OfMinutes = Annotated[list[Said], Field(min_length=60, max_length=60)]


class Words(Table):
    """[opening] of a language's file; what each key is for stands there."""

    model_config = ConfigDict(str_strip_whitespace=False)

    hours: Annotated[Said, _has("days")]
    hours_concern: Annotated[Said, _has("days")]
    opens_today: Annotated[Said, _has("time")]
    opens_tomorrow: Annotated[Said, _has("time")]
    opens_day: Annotated[Said, _has("day", "time")]
    opens_date: Annotated[Said, _has("day", "date", "time")]
    goodbye: Said
    on_day: Days
    every_day: Days | None = None
    from_day: Days
    to_day: Days
    two: Said
    span: Annotated[Said, _has("begin", "end")]
    hour: Annotated[Said, _has("h", "minute")] | OfHours
    minute: Annotated[Said, _has("m")] | OfMinutes
    dates: Annotated[Said, _has("d", "month")]
    day_of_month: Annotated[list[Said], Field(min_length=31, max_length=31)] | None = None
    month: Annotated[list[Said], Field(min_length=12, max_length=12)]

    def time(self, at: int) -> str:
        """A time of day, in minutes."""
        h, m = divmod(at, HOUR_MINUTES)
        minute = ""
        if m:
            minute = filled(self.minute, m=f"{m:02}") if isinstance(self.minute, str) else self.minute[m]
        if isinstance(self.hour, str):
            return filled(self.hour, h=str(h), minute=minute)
        return filled(self.hour[h], minute=minute)

    def week(self, open_on: list[Minutes]) -> list[str]:
        """What is open in a week, Monday first, in short parts: days in a row that open alike are said
        together, each further span by itself."""
        every_day = self.every_day or self.on_day
        parts = []
        for spans, group in groupby(range(7), key=lambda weekday: open_on[weekday]):
            days = list(group)
            if not spans:
                continue
            if len(days) > 2:
                said = f"{self.from_day[days[0]]} {self.to_day[days[-1]]}"
            else:
                said = self.two.join(every_day[day] for day in days)
            times = [filled(self.span, begin=self.time(begin), end=self.time(end)) for begin, end in spans]
            parts.append(f"{said} {times[0]}")
            parts += [f"{self.two}{each}".lstrip() for each in times[1:]]
        return parts

    def on_date(self, day: date) -> str:
        """A day of a month."""
        said = self.day_of_month[day.day - 1] if self.day_of_month else str(day.day)
        return filled(self.dates, d=said, month=self.month[day.month - 1])


def words(table: object) -> tuple[Words | None, list[tuple[str, str]]]:
    """[opening] of a file; or None, and (key, reason) for each fault."""
    try:
        return Words.model_validate(table), []
    except ValidationError as fault:
        return None, [(_key(each["loc"]), _reason(each)) for each in fault.errors()]


def _key(loc: tuple[int | str, ...]) -> str:
    found = [str(part + 1) if isinstance(part, int) else part for part in loc if "[" not in str(part)]
    return ".".join(["opening", *found])


def _reason(error: Any) -> str:
    kind, said = error["type"], error["msg"]
    if kind == "missing":
        return "is missing: write it"
    return str(error["ctx"]["error"]) if kind == "value_error" else str(said).lower()


class Opens(NamedTuple):
    """When it opens next, as it is said. sound: its name; at: in minutes of the day; day: the one that is
    named: none for today and tomorrow, a weekday from 0, or a date."""

    sound: str
    at: int
    day: int | date | None


def openings(calendar: Calendar, centre: Centre) -> tuple[Opens, ...]:
    """All that may have to be said of when it opens next, sorted by name."""
    found = {each for who in (EVERYBODY, *whose(centre)) for each in _openings(calendar, who)}
    return tuple(sorted(found, key=lambda each: each.sound))


def _openings(calendar: Calendar, who: Whose) -> Iterator[Opens]:
    """The last day that was open, and all since, may ask for the next that is."""
    day, before = calendar.first, calendar.first
    while day <= calendar.last:
        if spans := calendar.on(who, day):
            for begin, _ in spans:
                yield Opens(f"opens_today_{begin}", begin, None)
            first = spans[0][0]
            yield Opens(f"opens_tomorrow_{first}", first, None)
            if (day - before).days > 1:
                yield Opens(f"opens_{day.isoweekday()}_{first}", first, day.weekday())
            if (day - before).days > WEEKDAYS_AHEAD:
                yield Opens(f"opens_{day:%Y%m%d}_{first}", first, day)
            before = day
        day += DAY


def sentences(
    centre: Centre, said: dict[str, Words], closed: dict[str, str], today: date
) -> dict[tuple[str, str], tuple[str, ...]]:
    """(language, name of the sound) -> the sentences that are said, for a dialplan that is written today.

    closed: the general sentence, for languages in which a closure has none of its own.
    """
    calendar = calendar_of(centre, today)
    weeks = {"hours": ""} | {f"hours_{each.concern}": each.concern for each in centre.hours.concern}
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for code, using in said.items():
        found[code, "goodbye"] = (using.goodbye,)
        for name, concern in weeks.items():
            if centre.hours.week(concern).opens:
                who = EVERYBODY._replace(concern=concern)
                first, *more = using.week([calendar.usual(who, weekday) for weekday in range(7)])
                said_first = filled(using.hours_concern if concern else using.hours, days=first)
                found[code, name] = (said_first, *(f"{each}." for each in more))
        for number, closure in enumerate(centre.closure, start=1):
            if closure.say:
                found[code, f"closure_{number}"] = (closure.say.get(code, closed[code]),)
        for opens in openings(calendar, centre):
            found[code, opens.sound] = (_opens(using, opens),)
    return found


def _opens(using: Words, opens: Opens) -> str:
    time = using.time(opens.at)
    if opens.day is None:
        pattern = using.opens_today if opens.sound.startswith("opens_today") else using.opens_tomorrow
        return filled(pattern, time=time)
    if isinstance(opens.day, int):
        return filled(using.opens_day, day=using.on_day[opens.day], time=time)
    day = using.on_day[opens.day.weekday()]
    return filled(using.opens_date, day=day, date=using.on_date(opens.day), time=time)
