"""The centre's file: good as shipped, and every mistake named at once with its key."""

import re
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.pbx.files import pjsip
from agents.model import CONCERN_MAX, CONCERN_MIN, Cefr, Team
from config import staff_csv
from config.cells import harm
from config.hours import closed_days, opening
from config.load import ConfigFaults, load
from config.people import policy, team
from config.prompts import sounds
from config.tables.kinds import RESERVED_PHONES, Level
from config.tables.people import StaffMember

FOLDER = Path(__file__).resolve().parents[2] / "config"
SHIPPED = FOLDER / "welcomecenter.toml"
CENTRE = load(SHIPPED)


def changed(tmp_path: Path, *pairs: tuple[str, str]) -> Path:
    text = SHIPPED.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "centre.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(ConfigFaults) as caught:
        load(path)
    return [str(fault).removeprefix(f"{path}: ") for fault in caught.value.faults]


def test_the_shipped_centre_is_good() -> None:
    assert len(CENTRE.concerns) == 12
    people = team(CENTRE).agents
    assert len(people) == 15
    assert people[0].language_level("ar") == Cefr.NATIVE
    spoken = sounds(FOLDER / "prompts", CENTRE)
    assert spoken["tr", "concern_menu_1"][8].text.endswith("9 tuşuna basın.")
    assert spoken["tr", "concern_menu_1"][9].text.endswith("0 tuşuna basın.")
    assert spoken["tr", "concern_menu_2"][0].text.endswith("1 tuşuna basın.")
    assert [each.language for each in spoken["und", "language_menu_1"]] == list(CENTRE.languages)


OFF = "[recording]\nenabled = false"
ON = '[recording]\nenabled = true\nfolder = "recordings"'
AGREED = f'{ON}\nagreement = "Dienstvereinbarung 7 vom 1.3.2026"'


def test_recording_is_off_as_shipped_and_needs_an_agreement_and_a_folder(tmp_path: Path) -> None:
    assert not CENTRE.recording.enabled
    for mine in ("[recording]\nenabled = true", f'{ON}\nagreement = " "'):
        with pytest.raises(ConfigFaults) as raised:
            load(changed(tmp_path, (OFF, mine)))
        said = [str(each) for each in raised.value.faults]
        (wanted,) = [each for each in said if "recording.agreement" in each]
        assert "name the service agreement (Dienstvereinbarung)" in wanted
        assert any("recording.folder" in each for each in said) == ("folder" not in mine)
    assert load(changed(tmp_path, (OFF, AGREED))).recording.allowed


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ('stop_code = "*4"', "not *4"),
        ('stop_code = "1"', "is * and one digit"),
        ('pause_code = "*1"', "choose another"),
        ('pause_code = "**"', "is * and one digit"),
    ],
)
def test_the_codes_of_a_talk_are_two_and_begin_no_other(tmp_path: Path, codes: str, said: str) -> None:
    with pytest.raises(ConfigFaults, match=re.escape(said)):
        load(changed(tmp_path, (OFF, f"{AGREED}\n{codes}")))


def test_the_question_is_asked_in_every_language_and_names_the_code_that_stops_it(tmp_path: Path) -> None:
    """And the greeting says nothing of recording, in no language: nobody is recorded for not objecting."""
    centre = load(changed(tmp_path, (OFF, f'{AGREED}\nstop_code = "*7"')))
    spoken, silent = (sounds(FOLDER / "prompts", each) for each in (centre, CENTRE))
    assert spoken["und", "greeting"] == silent["und", "greeting"]
    assert len(centre.languages) == 10
    for code in centre.languages:
        (question,), (yes,) = spoken[code, "consent_question"], spoken[code, "consent_yes"]
        assert (question.language, yes.language) == (code, code)
        assert "7" in question.text
        assert "1" in yes.text
        assert {name for folder, name in spoken if folder == code} - {
            name for folder, name in silent if folder == code
        } >= {"consent_question", "recording_stopped", "recording_paused", "recording_resumed"}


def test_the_prompts_are_those_of_the_menu() -> None:
    assert {path.stem for path in (FOLDER / "prompts").glob("*.toml")} == set(CENTRE.languages)


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        ("ring_seconds = 15", "rin_seconds = 15"),
        ('"08:00-18:00"', '"18:00-08:00"'),
        ('phone = "p02"', 'phone = "P\\u0007 2"'),
        ("port = 8080", "port = 80800"),
    )
    found = faults(path)
    assert "staffing.rin_seconds: is no key of this table; did you mean ring_seconds?" in found
    assert "staffing.ring_seconds: is missing" in found
    assert [each for each in found if each.startswith("hours.thu: '18:00-08:00' ends before")]
    assert [each for each in found if each.startswith("staff.anna.phone:") and "P? 2" in each]
    assert [each for each in found if each.startswith("web.port:") and "80800" in each]


def test_what_does_not_fit_together_is_named(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        ('phone = "p02"', 'phone = "p01"'),
        ('unknown_languages = ["de", "en"]', 'unknown_languages = ["de", "xx"]'),
        ('ar = "native"', 'zz = "native"'),
    )
    found = faults(path)
    assert "staff.phone: has 'p01' more than once" in found
    assert "routing.unknown_languages: names 'xx', which no [[language]] describes" in found
    assert [each for each in found if each.startswith("staff.amal.languages: names 'zz'")]


OVERFLOWS = """
[[overflow]]
name = "a"
then = "closed"
[[overflow]]
name = "a"
language = "xx"
concern = "nothing"
nobody = true
then = "fallback"
[[overflow]]
name = "b"
length = 3
then = "closed"
step = { languages = ["anybody"], language = "A1", concern = 0 }
[[overflow]]
name = "c"
nobody = true
then = "callback"
[[overflow]]
name = "d"
nobody = true
then = "message"
"""


WRONG_ALARMS = """
[[alarm]]
name = "a"
kind = "parts"
limit = 1
de = "x"
en = "x"
[[alarm]]
name = "a"
kind = "coverage"
limit = 2
clear = 1
language = "xx"
concern = "nothing"
parts = ["link"]
each = ["language", "language"]
de = "x"
en = "x"
[[alarm]]
name = "b"
kind = "abandonment"
limit = 101
minutes = 0
de = "x"
en = "x"
[[alarm]]
name = "c"
kind = "expected_wait"
limit = 121
clear = 122
de = "x"
en = "x"
[[alarm]]
name = "d"
kind = "overdue"
de = "x"
en = "x"
"""


def test_each_fault_of_an_alarm_is_named_at_once(tmp_path: Path) -> None:
    said = faults(changed(tmp_path, ("[service_level]", f"{WRONG_ALARMS}\n[service_level]")))
    for key, why in (
        ("alarm.name", "has 'a' more than once"),
        ("alarm.a.limit", 'is not for kind "parts"'),
        ("alarm.a.parts", 'is only for kind "parts"'),
        ("alarm.a.clear", "is less than limit"),
        ("alarm.a.each", "names one more than once"),
        ("alarm.a.language", "names 'xx'"),
        ("alarm.a.concern", "names 'nothing'"),
        ("alarm.b.limit", "is more than 100 percent"),
        ("alarm.b.minutes", "is 0"),
        ("alarm.c.limit", "is beyond outlook.horizon_minutes (120)"),
        ("alarm.c.clear", "is more than limit"),
        ("alarm.d.limit", "is missing"),
    ):
        assert any(each.startswith(f"{key}: {why}") for each in said), (key, said)
    assert len(said) == 12


def test_each_fault_of_overflow_is_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "centre.toml"
    path.write_text(SHIPPED.read_text(encoding="utf-8") + OVERFLOWS, encoding="utf-8")
    with pytest.raises(ConfigFaults) as caught:
        load(path)
    assert {(fault.key, fault.reason.partition(",")[0]) for fault in caught.value.faults} == {
        ("overflow.name", "has 'a' more than once"),
        ("overflow.a", "names no condition: after_seconds"),
        ("overflow.a.language", "names 'xx'"),
        ("overflow.a.concern", "names 'nothing'"),
        ("overflow.a.step", "is missing: languages"),
        ("overflow.b.step", "is only for then = 'fallback'"),
        ("overflow.c.then", "is 'callback'"),
        ("overflow.d.then", "is 'message'"),
    }


def test_who_has_the_larger_share_is_said_first(tmp_path: Path) -> None:
    path = changed(tmp_path, ('name = "Русский"\nshare = 0.06', 'name = "Русский"\nshare = 0.08'))
    assert faults(path) == ["language.share: sums to 1.020 over all; it has to be 1"]
    path = changed(
        tmp_path,
        ('name = "Русский"\nshare = 0.06', 'name = "Русский"\nshare = 0.09'),
        ('name = "Türkçe"\nshare = 0.09', 'name = "Türkçe"\nshare = 0.06'),
    )
    assert load(path).languages[3:6] == ("ru", "uk", "tr")
    path = changed(tmp_path, ('name = "Русский"\nshare = 0.06\n', 'name = "Русский"\n'))
    assert faults(path)[0].startswith("language.share: is given for 9 of 10")


EMERGENCY = """
[[emergency]]
site = "Office"
gateway = "sip:192.0.2.10:5060"
number = "+4920188000000"
phones = %s

[store]
"""


def test_phones_whose_calls_for_help_lead_nowhere_are_known(tmp_path: Path) -> None:
    phones = [each.phone for each in CENTRE.staff]
    assert CENTRE.without_help(phones) == sorted(phones)
    named = load(changed(tmp_path, ("[store]\n", EMERGENCY % '["p01", "p02"]')))
    assert named.without_help(phones) == sorted(set(phones) - {"p01", "p02"})
    assert load(changed(tmp_path, ("[store]\n", EMERGENCY % "[]"))).without_help(phones) == []


def test_two_routes_for_help_are_told_apart_by_their_phones(tmp_path: Path) -> None:
    two = EMERGENCY.replace("[store]\n", "") % "[]" + EMERGENCY % "[]"
    assert "emergency.phones: is left out more than once: name the phones of each place" in faults(
        changed(tmp_path, ("[store]\n", two))
    )
    two = EMERGENCY.replace("[store]\n", "") % '["p01"]' + EMERGENCY % '["p01"]'
    assert "emergency.phones: has 'p01' more than once" in faults(changed(tmp_path, ("[store]\n", two)))


def test_no_phone_has_a_name_that_means_something_else_to_asterisk(tmp_path: Path) -> None:
    """Every section of pjsip.conf that is no phone's is one of them."""
    people = team(CENTRE)
    phones = {each.reach.address for each in people.agents}
    text = pjsip(CENTRE, people, dict.fromkeys(phones, "x"))
    assert set(re.findall(r"^\[(.+)\]$", text, re.MULTILINE)) - phones <= RESERVED_PHONES
    for name in RESERVED_PHONES:
        found = faults(changed(tmp_path, ('phone = "p02"', f'phone = "{name}"')))
        assert any("phone: is reserved by Asterisk" in each for each in found), found


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (
            "sip_port = 5060",
            "sip_prot = 5060",
            "pbx.sip_prot: is no key of this table; did you mean sip_port?",
        ),
        ("wrap_up_seconds = ", "wrap_up_seconds = -", "staffing.wrap_up_seconds"),
        ('phone = "p03"', 'phone = "P 3"', "staff."),
        ('phone = "p03"\n', "", "phone: is missing"),
        (
            'trunk_addresses = ["127.0.0.2"]',
            'trunk_addresses = ["0.0.0.0/0"]',
            "would make everybody the trunk",
        ),
        (
            'trunk_addresses = ["127.0.0.2"]',
            'trunk_addresses = ["1.2.3.4\\nx"]',
            "is no IP address",
        ),
        ('sip_address = "127.0.0.1"', 'sip_address = "127.0.0.1\\nbind = 0.0.0.0"', "is no IP address"),
        ('ami_host = "127.0.0.1"', 'ami_host = "a\\r\\nb"', "pbx.ami_host"),
        ('folder = "../var"', 'folder = "a\\nb"', "store.folder"),
    ],
)
def test_one_kind_of_mistake_hides_no_other(tmp_path: Path, old: str, new: str, wanted: str) -> None:
    """A phone that two have is told beside whatever else is wrong, each in one line."""
    found = faults(changed(tmp_path, (old, new), ('phone = "p02"', 'phone = "p01"')))
    assert [each for each in found if wanted in each], found
    assert "staff.phone: has 'p01' more than once" in found
    assert all(each.isprintable() for each in found)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a = " + "[" * 3_000 + "]" * 3_000, "file: is nested too deeply; no key here is"),
        ("a = " + "9" * 10_000, "file: holds a number of too many digits"),
        ('a = "\x07"', "file: is not valid TOML"),
    ],
)
def test_a_strange_file_gets_one_sentence(tmp_path: Path, text: str, wanted: str) -> None:
    (tmp_path / "x.toml").write_text(text)
    (said,) = faults(tmp_path / "x.toml")
    assert said.startswith(wanted)
    assert said.isprintable()


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "centre.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SHIPPED.read_bytes())
    assert load(path).centre == CENTRE.centre


def test_a_file_that_is_no_toml_or_not_there_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("[centre")
    assert faults(tmp_path / "x.toml")[0].startswith("file: is not valid TOML")
    assert faults(tmp_path / "none.toml")[0].startswith("file: cannot be read")


def test_hours_know_holidays_and_daylight_saving() -> None:
    closed = closed_days(CENTRE, date(2026, 1, 1), date(2026, 12, 31))
    assert date(2026, 11, 1) in closed, "All Saints is a holiday in North Rhine-Westphalia"
    assert date(2026, 12, 24) in closed, "closed by the file"
    monday_winter = opening(CENTRE, 1_774_310_400_000, 1)
    monday_summer = opening(CENTRE, 1_774_310_400_000 + 6 * 86_400_000, 1)
    assert (monday_winter[0][0] // 3_600_000) % 24 == 7, "Tuesday 24 March 2026, 8:00 is 7:00 UTC"
    assert (monday_summer[0][0] // 3_600_000) % 24 == 6, "Monday 30 March 2026, 8:00 is 6:00 UTC"


@settings(max_examples=30)
@given(st.integers(1_700_000_000, 2_000_000_000), st.integers(1, 400))
def test_opening_intervals_are_sorted_and_apart(second: int, days: int) -> None:
    found = opening(CENTRE, second * 1000, days)
    edges = [edge for pair in found for edge in pair]
    assert edges == sorted(set(edges))


def test_policy_is_the_same_value_for_the_same_day() -> None:
    assert policy(CENTRE, 1_774_310_400_000) == policy(CENTRE, 1_774_310_500_000)


def test_the_same_day_is_the_centre_s_own_also_when_the_clock_is_set() -> None:
    """29 March 2026 in Essen begins at 23:00 UTC and has 23 hours."""
    begin = 1_774_738_800_000
    rules = policy(CENTRE, begin)
    assert rules.days[:2] == (begin, begin + 23 * 3_600_000)
    evening = rules.days[1] - 60_000
    assert rules.is_repeat(begin, evening)
    assert not rules.is_repeat(begin - 1, evening)
    assert not rules.is_repeat(evening, rules.days[1])


def csv(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "staff.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_spreadsheet_is_the_shipped_staff(tmp_path: Path) -> None:
    assert staff_csv.read(FOLDER / "staff.example.csv", CENTRE) == team(CENTRE)
    text = (FOLDER / "staff.example.csv").read_text(encoding="utf-8")
    assert staff_csv.read(csv(tmp_path, "\ufeff" + text), CENTRE) == team(CENTRE), "as a spreadsheet saves it"


def test_every_line_that_is_wrong_is_named_and_nothing_is_imported(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "id;name;phone;languages;concerns\n"
        "ada;Ada;p01;de:native;study:4\n"
        "bob;Bob;p01;de:D9;study:4\n"
        "cyd;Cyd;p03;de:C1 xx:A1;study:9\n"
        "dan;Dan;p04;de;study:4\n",
    )
    with pytest.raises(ConfigFaults) as caught:
        staff_csv.read(path, CENTRE)
    found = [str(fault).removeprefix(f"{path}: ") for fault in caught.value.faults]
    assert [each.split(":")[0] for each in found] == [
        "line 3, languages",
        "line 3, phone",
        "line 4, concerns",
        "line 5, languages",
        "line 5, languages",
    ]


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        with pytest.raises(ConfigFaults):
            staff_csv.read(path, CENTRE)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("=1+1", "begins like a formula"),
        ("@x", "begins like a formula"),
        ("A\u202eB", "holds characters that are not seen"),
        ("A\u2066B", "holds characters that are not seen"),
        ("A\x07B", "holds characters that are not seen"),
        ("A\u200bB", "holds characters that are not seen"),
    ],
)
def test_a_cell_that_would_do_harm_is_refused_with_its_line(tmp_path: Path, name: str, why: str) -> None:
    path = csv(tmp_path, f"id,name,phone,languages,concerns\nanna,{name},p1,de:C1,other:3\n")
    with pytest.raises(ConfigFaults) as caught:
        staff_csv.read(path, CENTRE)
    told = [str(each) for each in caught.value.faults if each.key == "line 2, name" and why in each.reason]
    assert len(told) == 1
    assert told[0].isprintable()


def test_a_name_in_arabic_is_a_name(tmp_path: Path) -> None:
    path = csv(tmp_path, "id,name,phone,languages,concerns\nanna,أمل حداد,p1,de:C1,other:3\n")
    assert staff_csv.read(path, CENTRE).agents[0].name == "أمل حداد"


WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).map(str.strip)
LEVELS = st.sampled_from(get_args(Level))
PEOPLE = st.lists(
    st.builds(
        StaffMember,
        id=st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True),
        name=WORDS.filter(lambda each: each and not harm(each)),
        phone=st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True).filter(lambda p: p not in RESERVED_PHONES),
        languages=st.dictionaries(st.sampled_from(CENTRE.languages), LEVELS, min_size=1),
        concerns=st.dictionaries(st.sampled_from(CENTRE.concerns), st.integers(CONCERN_MIN, CONCERN_MAX)),
    ),
    min_size=1,
    max_size=8,
    unique_by=(lambda each: each.id, lambda each: each.phone),
)


@given(PEOPLE)
def test_an_export_is_read_as_what_was_written(people: list[StaffMember]) -> None:
    """Whoever may stand in the file comes through: quotes, semicolons, any script."""
    import tempfile

    there = team(CENTRE.model_copy(update={"staff": people}))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "staff.csv"
        staff_csv.write(path, there)
        assert staff_csv.read(path, CENTRE) == there


def test_an_export_of_a_name_that_an_earlier_release_let_in_does_no_harm(tmp_path: Path) -> None:
    (first, *_) = team(CENTRE).agents
    staff_csv.write(tmp_path / "staff.csv", Team((first._replace(name="=1+1"),)))
    assert (tmp_path / "staff.csv").read_text(encoding="utf-8").splitlines()[1].startswith("amal,'=1+1,p01,")


@pytest.mark.parametrize("name", ["=1+1", "A\u202eB"])
def test_a_name_is_held_to_the_same_in_the_file_as_in_a_spreadsheet(tmp_path: Path, name: str) -> None:
    path = changed(tmp_path, ('name = "Amal Haddad"', f'name = "{name}"'))
    assert [each for each in faults(path) if each.startswith("staff.amal.name:")]


ANNOUNCING = "[announcement] "


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ('folder = "x"\nphones = ["p01"]\nrecord_code = "*41"', "announcement.record_code: is *41"),
        ('phones = ["p01"]\nrecord_code = "*45"', "announcement.folder: is missing"),
        ('folder = "x"\nrecord_code = "*45"', "announcement.phones: is missing"),
        ('folder = "x"\nrecord_code = "*45"\nphones = ["p01", "p01"]', "announcement.phones: "),
        ('folder = "x"\nrecord_code = "45"\nphones = ["p01"]', "announcement.record_code: "),
    ],
)
def test_what_is_wrong_with_recording_announcements_is_named(tmp_path: Path, lines: str, why: str) -> None:
    assert any(why in each for each in faults(changed(tmp_path, (ANNOUNCING, f"[announcement]\n{lines}\n"))))


def test_phones_that_may_record_and_are_nobodys_are_known(tmp_path: Path) -> None:
    lines = '[announcement]\nfolder = "x"\nrecord_code = "*45"\nphones = ["p01", "p99"]\n'
    announcing = load(changed(tmp_path, (ANNOUNCING, lines))).announcement
    assert announcing.unknown_phones(each.phone for each in CENTRE.staff) == ["p99"]


@pytest.mark.parametrize(
    "provider", ["sip.example:99999", "sip.example:0", "sip.example:", "two words", "-a", "a:5060:1", ""]
)
def test_a_provider_that_cannot_be_reached_is_named(tmp_path: Path, provider: str) -> None:
    path = tmp_path / "centre.toml"
    path.write_text(SHIPPED.read_text("utf-8") + f'\n[trunk]\nprovider = "{provider}"\n', "utf-8")
    with pytest.raises(ConfigFaults, match=r"trunk\.provider.*host:port, like"):
        load(path)
