"""Opening hours of centre and concerns: mistakes in them, what is open when, and what callers hear of it."""

import tomllib
from copy import deepcopy
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from acd.cli import app
from acd.pbx.dialplan import extensions
from config.hours import AHEAD_DAYS, EVERYBODY, Calendar, Whose, calendar_of, opening, own
from config.load import SHIPPED, ConfigFaults, load
from config.people import policy
from config.prompts import beside, sounds
from config.schema import Centre
from config.spoken_hours import openings, words
from config.tables.kinds import CHARACTERS_MAX, DAYS
from routing.policy import Hours
from routing.spans import holds
from tests.oracles.asked import Hours as Asked

RAW = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
TODAY = date(2026, 1, 1)
BERLIN = ZoneInfo("Europe/Berlin")
CARDS = {"concern": "card_collection", "tue": ["08:00-12:00"], "thu": ["14:00-18:00"]}
NIGHT: dict[str, list[str]] = {day: [] for day in DAYS}


def centre(**changed: Any) -> Centre:
    """The shipped centre with other hours and closures; hours are added to its own."""
    raw = deepcopy(RAW)
    raw["centre"] |= {"timezone": changed.pop("timezone", "Europe/Berlin")}
    raw["hours"] |= changed.pop("hours", {})
    return Centre.model_validate({**raw, **changed})


def at(text: str, zone: ZoneInfo = BERLIN) -> int:
    """Epoch seconds of a time on the wall."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


def faults(tmp_path: Path, **changed: Any) -> list[str]:
    raw = deepcopy(RAW)
    raw["hours"] |= changed.pop("hours", {})
    path = tmp_path / "centre.toml"
    path.write_text(tomli_w.dumps({**raw, **changed}), encoding="utf-8")
    with pytest.raises(ConfigFaults) as caught:
        load(path)
    return [str(each).removeprefix(f"{path}: ") for each in caught.value.faults]


# --- mistakes --------------------------------------------------------------------------------------------


def test_every_mistake_in_hours_and_closures_is_named_at_once(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        hours={
            "concern": [
                {"concern": "study", "tue": ["07:00-12:00"], "sat": ["09:00-10:00"]},
                {"concern": "visa"},
                {"concern": "visa"},
            ]
        },
        closure=[
            {"from": date(2026, 12, 10), "to": date(2026, 12, 9)},
            {"from": date(2026, 1, 1), "to": date(2027, 1, 2), "concerns": ["visa"]},
            {
                "from": datetime(2026, 3, 2, 12),
                "to": date(2026, 3, 3),
                "languages": ["xx"],
                "say": {"yy": "So"},
            },
        ],
    )
    known = "known are employment, blue_card, study"
    for wanted in (
        "hours.concern.study.tue: has 07:00-12:00, which lies outside of the centre's hours of that day "
        "(08:00-16:00): shorten it, or let the centre open too",
        "hours.concern.study.sat: has 09:00-10:00, which lies outside of the centre's hours of that day",
        "hours.concern.concern: has 'visa' more than once",
        f"hours.concern.concern: names 'visa'; {known}",
        "closure.1.to: is 2026-12-09, which does not lie behind from (2026-12-10): swap them",
        "closure.2.to: is 2027-01-02, more than a year after from (2026-01-01): change [hours]",
        f"closure.2.concerns: names 'visa'; {known}",
        "closure.3.languages: names 'xx'; known are de, en",
        "closure.3.say: names 'yy'; known are de, en",
    ):
        assert [each for each in found if each.startswith(wanted)], (wanted, found)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("soon", "is no date; write one like 2026-12-24"),
        (datetime(2026, 1, 2, 10, 0, 30), "is a time of whole minutes on the centre's own clock"),
        (
            datetime.fromisoformat("2026-01-02T10:00:00+01:00"),
            "is a time of whole minutes on the centre's own",
        ),
        (date(1, 1, 1), "is in the year 1; write one from 2000 to 2199"),
    ],
)
def test_a_moment_that_is_none_is_named(tmp_path: Path, value: object, reason: str) -> None:
    found = faults(tmp_path, closure=[{"from": value, "to": date(2026, 1, 3)}])
    assert [each for each in found if each.startswith(f"closure.1.from: {reason}")], found


@pytest.mark.parametrize(
    ("first", "second", "wrong"),
    [
        ({}, {}, True),
        ({"concerns": ["study"]}, {}, True),
        ({"concerns": ["study"]}, {"concerns": ["other"]}, False),
        ({"languages": ["uk"]}, {"languages": ["tr"], "concerns": ["study"]}, False),
        ({"languages": ["uk"]}, {"concerns": ["study"]}, True),
        ({"to": datetime(2026, 5, 4, 12)}, {"from": datetime(2026, 5, 4, 12)}, False),
        ({"to": datetime(2026, 5, 4, 12, 1)}, {"from": datetime(2026, 5, 4, 12)}, True),
    ],
)
def test_closures_that_overlap_for_the_same_callers_are_a_mistake(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], wrong: bool
) -> None:
    day = {"from": date(2026, 5, 4), "to": date(2026, 5, 4)}
    both = [day | first, day | second]
    if not wrong:
        assert len(centre(closure=both).closure) == 2
        return
    found = faults(tmp_path, closure=both)
    assert len(found) == 1
    assert found[0].startswith("closure.2: (2026-05-04")
    assert "overlaps closure 1 (2026-05-04" in found[0]


def test_what_is_wrong_in_the_words_is_named() -> None:
    table = tomllib.loads((beside(SHIPPED) / "de.toml").read_text(encoding="utf-8"))["opening"]
    assert words(table)[1] == []
    wrong = {**table, "hours": "Immer.", "on_day": table["on_day"][1:], "hour": "Uhr", "span": "von bis"}
    del wrong["goodbye"]
    found, said = words(wrong)
    assert found is None
    assert {key for key, _ in said} >= {
        "opening.hours",
        "opening.on_day",
        "opening.hour",
        "opening.span",
        "opening.goodbye",
    }
    assert ("opening.hours", "lacks {days}, the place of days and their hours") in said
    assert (
        "opening.span",
        "lacks {begin}, the place of a time of day; lacks {end}, the place of a time of day",
    ) in said
    assert ("opening.goodbye", "is missing: write it") in said


# --- what is open when -----------------------------------------------------------------------------------


def spans(text: str) -> tuple[tuple[int, int], ...]:
    """ "8-12, 13-16:30" in minutes."""
    found = []
    for part in filter(None, text.split(", ")):
        begin, end = (
            int(h) * 60 + int(m or 0) for h, _, m in (each.partition(":") for each in part.split("-"))
        )
        found.append((begin, end))
    return tuple(found)


def test_a_closure_takes_its_time_out_of_the_days_of_those_whom_it_is_for() -> None:
    made = centre(
        hours={"concern": [CARDS], "tue": ["08:00-12:00", "12:00-16:00"]},
        closure=[
            {"from": datetime(2026, 5, 4, 12), "to": datetime(2026, 5, 5, 10), "concerns": ["study"]},
            {"from": date(2026, 5, 7), "to": date(2026, 5, 7), "languages": ["uk"]},
            {"from": datetime(2026, 5, 12, 9), "to": datetime(2026, 5, 12, 9, 30)},
        ],
    )
    calendar = Calendar(made, date(2026, 1, 1), date(2026, 12, 31))
    for who, day, wanted in (
        (EVERYBODY, 4, "8-16"),
        (Whose("", "study"), 4, "8-12"),
        (Whose("", "study"), 5, "10-16"),
        (EVERYBODY, 5, "8-16"),
        (Whose("", "card_collection"), 5, "8-12"),
        (Whose("uk", ""), 7, ""),
        (Whose("uk", "card_collection"), 7, ""),
        (Whose("", "card_collection"), 7, "14-18"),
        (EVERYBODY, 12, "8-9, 9:30-16"),
        (Whose("", "card_collection"), 12, "8-9, 9:30-12"),
        (EVERYBODY, 14, ""),  # Ascension Day
        (Whose("", "card_collection"), 14, ""),
    ):
        assert calendar.on(who, date(2026, 5, day)) == spans(wanted), (who, day)
    assert calendar.usual(EVERYBODY, 1) == spans("8-16"), "spans that touch are one"


def test_whose_hours_are_others_and_what_the_engine_is_told() -> None:
    now = at("2026-05-04 00:00") * 1000
    assert own(centre(), now, 3) == policy(centre(), now).hours == ()
    uk = {"from": date(2026, 5, 5), "to": date(2026, 5, 5), "languages": ["uk"]}
    found = own(centre(hours={"concern": [CARDS]}, closure=[uk]), now, 4)
    monday, tuesday, wednesday, thursday = opening(centre(), now, 4)
    noon = at("2026-05-05 12:00") * 1000
    afternoon = (at("2026-05-07 14:00") * 1000, thursday[1])
    assert found == (
        Hours("", "card_collection", ((tuesday[0], noon), afternoon)),
        Hours("uk", "", (monday, wednesday, thursday)),
        Hours("uk", "card_collection", (afternoon,)),
    )


def test_an_hour_that_comes_twice_is_open_twice_and_one_that_is_skipped_never() -> None:
    hours = NIGHT | {"sun": ["01:30-02:30", "02:45-04:00"], "holidays": ""}
    made = centre(hours=hours)

    def minutes(text: str) -> list[tuple[int, int]]:
        midnight = at(text)
        return [
            ((a // 1000 - midnight) // 60, (b // 1000 - midnight) // 60)
            for a, b in opening(made, midnight * 1000, 1)
        ]

    assert minutes("2026-10-18 00:00") == [(90, 150), (165, 240)]
    assert minutes("2026-10-25 00:00") == [(90, 150), (165, 210), (225, 300)]
    assert minutes("2026-03-29 00:00") == [(90, 120), (120, 180)] or minutes("2026-03-29 00:00") == [
        (90, 180)
    ]


# --- the dialplan ----------------------------------------------------------------------------------------


def test_the_menus_ask_again_for_concerns_with_hours_of_their_own_and_for_no_others() -> None:
    assert (
        "acd-hours,s,1" not in extensions(centre(), TODAY).split("[acd-concern]")[1].split("[acd-hours]")[0]
    )
    text = extensions(centre(hours={"concern": [CARDS]}), TODAY)
    asked = text.split("[acd-concern]")[1].split("[acd-hours]")[0]
    assert "Set(ACD_NEXT=acd-hold,enter,1)" in asked
    assert "?acd-hours,s,1)" in asked


@pytest.mark.parametrize(
    ("now", "concern", "wanted"),
    [
        ("2026-11-23 07:00", "", "opens_today_480"),
        ("2026-11-23 16:00", "", "opens_tomorrow_480"),
        ("2026-11-27 13:00", "", "opens_1_480"),  # Friday
        ("2026-11-28 23:59", "", "opens_1_480"),
        ("2026-11-29 00:00", "", "opens_tomorrow_480"),
        ("2026-12-23 13:00", "", "opens_1_480"),  # closed until Monday
        ("2026-11-24 12:00", "card_collection", "opens_4_840"),  # Tuesday noon: on Thursday at 14
        ("2026-11-26 18:00", "card_collection", "opens_2_480"),
        ("2026-12-22 12:00", "card_collection", "opens_20261229_480"),  # Christmas Eve is a Thursday
        ("2026-12-24 12:00", "card_collection", "opens_2_480"),
    ],
)
def test_the_next_opening_is_the_one_of_the_callers_concern(now: str, concern: str, wanted: str) -> None:
    text = extensions(centre(hours={"concern": [CARDS]}), TODAY)
    assert Asked(text, "de", concern).opens(at(now)) == wanted


def test_the_sentence_of_a_closure_is_for_those_whom_it_turns_away() -> None:
    made = centre(
        closure=[
            {
                "from": datetime(2026, 5, 4, 12),
                "to": date(2026, 5, 5),
                "concerns": ["study"],
                "say": {"de": "Wir ziehen um."},
            },
            {"from": date(2026, 5, 6), "to": date(2026, 5, 6)},
        ]
    )
    text = extensions(made, TODAY)
    for concern, now, wanted in (
        ("study", "2026-05-04 11:59", ""),
        ("study", "2026-05-04 12:00", "closure_1"),
        ("study", "2026-05-05 09:00", "closure_1"),
        ("other", "2026-05-05 07:00", ""),
        ("study", "2026-05-06 09:00", ""),
    ):
        assert Asked(text, "de", concern).why(at(now)) == wanted, (concern, now)
    spoken = sounds(beside(SHIPPED), made, TODAY)
    assert [each.text for each in spoken["de", "closure_1"]] == ["Wir ziehen um."]
    assert spoken["tr", "closure_1"] == spoken["tr", "closed"], "the general sentence where it has none"
    assert ("de", "closure_2") not in spoken


def test_who_is_in_line_passes_whatever_the_hour() -> None:
    text = extensions(centre(hours=NIGHT), TODAY)
    asked = Asked(text)
    assert not asked.open(at("2026-05-04 10:00"))
    asked._caller["ACD_QUEUED"] = "1"
    assert asked.open(at("2026-05-04 10:00"))


def test_closed_for_ever_is_told_no_day_and_no_hours() -> None:
    made = centre(hours=NIGHT)
    assert Asked(extensions(made, TODAY)).opens(at("2026-05-04 10:00")) == ""
    assert not [
        name for _, name in sounds(beside(SHIPPED), made, TODAY) if name.startswith(("opens", "hours"))
    ]


ZONES = ("Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Africa/Cairo")
"""Among them one whose clock is set at midnight, and one that is set by half an hour."""
BEGIN, END = date(2026, 1, 1), date(2027, 12, 31)
QUARTERS = 96


@st.composite
def day(draw: st.DrawFn, within: list[str]) -> list[str]:
    """Spans of a day, each within one of these."""
    found = []
    for span in within:
        begin, end = (int(h) * 4 + int(m) // 15 for h, m in (each.split(":") for each in span.split("-")))
        count = draw(st.integers(0, 2)) * 2
        size = st.lists(st.integers(begin, end), min_size=count, max_size=count, unique=True)
        edges = sorted(draw(size)) if end - begin >= count else []
        pairs = zip(edges[::2], edges[1::2], strict=True)
        found += [f"{a // 4:02}:{a % 4 * 15:02}-{b // 4:02}:{b % 4 * 15:02}" for a, b in pairs]
    return found


@st.composite
def centres(draw: st.DrawFn) -> Centre:
    """Hours of any kind, of a concern's own, and closures of some days for everybody or some."""
    week: dict[str, Any] = {each: draw(day(["00:00-24:00"])) for each in DAYS}
    mine: dict[str, Any] = {each: draw(day(week[each])) for each in DAYS}
    closures = []
    at_first = datetime(2026, 1, 1)
    for _ in range(draw(st.integers(0, 3))):
        first = at_first + timedelta(minutes=draw(st.integers(0, 150 * 24 * 60)))
        at_first = first + timedelta(minutes=draw(st.integers(1, 20 * 24 * 60)))
        closure: dict[str, Any] = {"from": first, "to": at_first}
        closure["concerns"] = draw(st.sampled_from(([], ["study"], ["card_collection", "other"])))
        closure["languages"] = draw(st.sampled_from(([], ["uk"])))
        closures.append(closure)
    week |= {"holidays": draw(st.sampled_from(("", "NW"))), "concern": [{"concern": "study", **mine}]}
    return centre(timezone=draw(st.sampled_from(ZONES)), hours=week, closure=closures)


@cache
def set_at(zone: ZoneInfo) -> tuple[int, ...]:
    """Whole hours in which the clock is set, in these two years."""
    first = int(datetime(2026, 1, 1, tzinfo=zone).timestamp())
    ahead = [datetime.fromtimestamp(first + h * 3_600, zone).utcoffset() for h in range(365 * 48)]
    return tuple(first + h * 3_600 for h in range(len(ahead) - 1) if ahead[h] != ahead[h + 1])


def looked_at(draw: st.DrawFn, zone: ZoneInfo, spans_of: tuple[tuple[int, int], ...]) -> list[int]:
    """Seconds to ask at: around edges, around the days on which the clock is set, and any."""
    edges = [edge // 1000 for span in spans_of for edge in span] or [at("2026-05-04 10:00")]
    found = [
        each + draw(st.sampled_from((-60, -1, 0, 1, 59, 60)))
        for each in draw(st.lists(st.sampled_from(edges), max_size=8))
    ]
    first = int(datetime(2026, 1, 1, tzinfo=zone).timestamp())
    found += [
        first + minute * 60 for minute in draw(st.lists(st.integers(0, 365 * 2 * 1440 - 1), max_size=6))
    ]
    changes = set_at(zone)
    if changes:
        around = st.tuples(st.sampled_from(changes), st.integers(-240, 240))
        found += [hour + minute * 60 for hour, minute in draw(st.lists(around, max_size=8))]
    last = int(datetime(2027, 12, 31, 23, 59, tzinfo=zone).timestamp())
    return [each for each in found if first <= each < last]


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), centres())
def test_dialplan_and_policy_are_open_at_the_same_minutes_and_what_comes_next_can_be_said(
    data: st.DataObject, made: Centre
) -> None:
    """Two years, in zones that set their clocks in different ways; each of the callers in turn."""
    zone = made.centre.zone
    first = int(datetime(2026, 1, 1, tzinfo=zone).timestamp()) * 1000
    rules = policy(made, first, 2 * 365 + AHEAD_DAYS + 2)
    text = extensions(made, TODAY)
    spoken = {each.sound for each in openings(calendar_of(made, TODAY), made)}
    for language, concern in (
        ("de", ""),
        ("de", "study"),
        ("uk", "study"),
        ("uk", "other"),
        ("tr", "blue_card"),
    ):
        mine = [h for h in rules.hours if h.language in ("", language) and h.concern in ("", concern)]
        theirs = max(mine, key=lambda each: (bool(each.concern), bool(each.language)), default=None)
        when = rules.opening if theirs is None else theirs.when
        asked = Asked(text, language, concern)
        for second in looked_at(data.draw, zone, when):
            is_open = holds(when, second * 1000)
            assert asked.open(second) == is_open, datetime.fromtimestamp(second, zone)
            name = asked.opens(second)
            assert not name or name in spoken
            wanted, by = following(when, second, zone)
            if not is_open and not [each for each in set_at(zone) if second - 86_400 < each < by]:
                assert name == wanted


def following(when: tuple[tuple[int, int], ...], second: int, zone: ZoneInfo) -> tuple[str, int]:
    """The sound for the first begin behind this second, as people would count days, and a day behind that;
    where the clock is set before, a begin may be skipped, or come twice."""
    begins = [begin // 1000 for begin, _ in when if begin > second * 1000]
    if not begins:
        return "", second
    now, then = (datetime.fromtimestamp(each, zone) for each in (second, begins[0]))
    ahead = (then.date() - now.date()).days
    day = ("today", "tomorrow")[ahead] if ahead < 2 else str(then.isoweekday())
    if ahead > 6:
        day = f"{then:%Y%m%d}"
    sound = f"opens_{day}_{then.hour * 60 + then.minute}"
    return sound if ahead <= AHEAD_DAYS else "", begins[0] + 86_400


# --- what is said ----------------------------------------------------------------------------------------

SPLIT = {
    "mon": ["08:00-12:00", "13:30-16:00"],
    **{each: ["08:00-16:00"] for each in ("tue", "wed", "thu")},
    "fri": [],
    "sat": ["00:00-24:00"],
    "sun": [],
}


def test_days_and_times_are_said_as_people_say_them() -> None:
    made = centre(hours=SPLIT | {"concern": [{"concern": "study", "tue": ["09:05-13:00"]}]})
    spoken = sounds(beside(SHIPPED), made, TODAY)

    def said(code: str, name: str) -> list[str]:
        return [each.text for each in spoken[code, name]]

    assert said("de", "hours") == [
        "Sie erreichen uns am Montag von 8 Uhr bis 12 Uhr.",
        "und von 13 Uhr 30 bis 16 Uhr.",
        "von Dienstag bis Donnerstag von 8 Uhr bis 16 Uhr.",
        "am Samstag von 0 Uhr bis 24 Uhr.",
    ]
    assert said("de", "hours_study") == [
        "Für dieses Anliegen erreichen Sie uns am Dienstag von 9 Uhr 05 bis 13 Uhr."
    ]
    for code, whole in {
        "en": "For this concern you can reach us on Tuesdays from 9:05 AM to 1 PM.",
        "ru": "По этому вопросу мы работаем во вторник с девяти часов пяти минут до тринадцати часов.",
        "uk": "З цього питання ми працюємо у вівторок з дев'ятої години п'яти хвилин до тринадцятої години.",
        "pl": "W tej sprawie przyjmujemy telefony we wtorek od godziny dziewiątej 05 do godziny trzynastej.",
        "fr": "Pour cette demande, vous pouvez nous joindre le mardi de 9 heures 05 à 13 heures.",
        "es": "Para este asunto puede llamarnos los martes de las 9 y 05 a las 13.",
        "tr": "Bu konudaki çalışma saatlerimiz: salı günü saat 9 05 ile 13 arasında.",
        "fa": "ساعات پاسخ‌گویی برای این موضوع: روز سه‌شنبه از ساعت 9 و 05 دقیقه تا ساعت 13.",
        "ar": "لهذا الطلب يمكنكم الاتصال بنا يوم الثلاثاء "
        "من الساعة التاسعة و05 دقيقة صباحاً حتى الساعة الواحدة ظهراً.",
    }.items():
        assert said(code, "hours_study") == [whole]
    assert said("und", "hours_study") == said("de", "hours_study") + said("en", "hours_study")


def test_when_it_opens_next_is_said_with_the_date_from_a_week_on() -> None:
    closed = {"from": date(2027, 1, 1), "to": date(2027, 1, 11)}
    spoken = sounds(beside(SHIPPED), centre(closure=[closed]), TODAY)
    for code, whole in {
        "de": "Wir sind am Dienstag, dem zwölften Januar, ab 8 Uhr wieder für Sie da.",
        "en": "We are here for you again on Tuesday, January 12th, from 8 AM.",
        "ru": "Мы снова работаем во вторник, двенадцатого января, с восьми часов.",
        "uk": "Ми знову працюємо у вівторок, дванадцятого січня, з восьмої години.",
        "pl": "Ponownie przyjmujemy telefony we wtorek, dwunastego stycznia, od godziny ósmej.",
        "fr": "Vous pourrez de nouveau nous joindre mardi 12 janvier à partir de 8 heures.",
        "es": "Volveremos a atenderle el martes 12 de enero a partir de las 8.",
        "tr": "Bir sonraki açılışımız 12 Ocak, salı günü saat 8.",
    }.items():
        assert [each.text for each in spoken[code, "opens_20270112_480"]] == [whole]
    assert spoken["de", "opens_1_480"][0].text == "Wir sind am Montag ab 8 Uhr wieder für Sie da."
    assert spoken["de", "opens_tomorrow_480"][0].text == "Morgen sind wir ab 8 Uhr wieder für Sie da."


@pytest.mark.parametrize("code", centre().languages)
def test_every_day_and_minute_can_be_said_in_every_language_shortly(code: str) -> None:
    table = tomllib.loads((beside(SHIPPED) / f"{code}.toml").read_text(encoding="utf-8"))["opening"]
    using, wrong = words(table)
    assert using is not None, wrong
    times = [using.time(minute) for minute in range(1, 24 * 60 + 1)]
    assert len(set(times)) == 24 * 60, "no two are said alike"
    assert not [each for each in times if "{" in each or "  " in each or each != each.strip()]
    dates = {using.on_date(date(2028, 1, 1) + timedelta(days=each)) for each in range(366)}
    assert len(dates) == 366
    longest = [(8 * 60 + 59, 12 * 60 + 58), (13 * 60 + 57, 17 * 60 + 56)]
    assert max(map(len, using.week([tuple(longest)] * 7))) <= CHARACTERS_MAX
    for names in (using.on_day, using.from_day, using.to_day, using.month):
        assert len(set(names)) == len(names)


# --- the command ---------------------------------------------------------------------------------------


def test_check_names_what_is_wrong(tmp_path: Path) -> None:
    raw = deepcopy(RAW)
    raw["closure"] = [{"from": date(2026, 12, 10), "to": date(2026, 12, 9)}]
    path = tmp_path / "centre.toml"
    path.write_text(tomli_w.dumps(raw), encoding="utf-8")
    found = CliRunner().invoke(app, ["check", "--config", str(path)])
    assert found.exit_code != 0
    assert (
        "closure.1.to: is 2026-12-09, which does not lie behind from (2026-12-10): swap them" in found.output
    )
