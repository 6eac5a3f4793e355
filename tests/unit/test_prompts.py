"""Every sentence in every language: whole, in the right form, and never against the configuration."""

import re
import shutil
import tomllib
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from agents.model import UNDETERMINED
from config import keys, prompts, waits
from config.load import ConfigFaults, load
from config.people import policy
from config.schema import Centre
from config.tables.calls import Announcement
from routing.announce import KIND, MINUTE_MS, NEXT, NOBODY_SPEAKS, OPEN, REJOINED, phrase
from routing.policy import Announcing

FOLDER = Path(__file__).resolve().parents[2] / "config"
SHIPPED = FOLDER / "prompts"
CENTRE = load(FOLDER / "welcomecenter.toml")
FILE = tomllib.loads((FOLDER / "welcomecenter.toml").read_text(encoding="utf-8"))
RAW = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(SHIPPED.glob("*.toml"))}
SPELT = sorted(map(int, RAW["de"]["number"]["plain"]))


def with_edges(edges: list[int]) -> Centre:
    return Centre.model_validate({**FILE, "waiting": {"band_minutes": edges}})


def text(centre: Centre, code: str, name: str) -> str:
    (sentence,) = prompts.sounds(SHIPPED, centre)[code, name]
    assert sentence.language == code
    return sentence.text


ALL = prompts.sounds(SHIPPED, CENTRE)


def test_every_sentence_and_every_band_is_there_in_every_language() -> None:
    """Also in the folder of those whose language nobody knows, where each of their languages is spoken."""
    names = {*prompts.ANYWHERE, *(band.name for band in waits.bands(CENTRE.waiting.band_minutes))}
    assert {NEXT, NOBODY_SPEAKS, REJOINED, *KIND, "outside", "emergency_stock"} <= names
    assert len(CENTRE.languages) == 10
    for code in CENTRE.languages:
        assert names | set(prompts.KNOWN) <= {name for folder, name in ALL if folder == code}
    for name in names:
        spoken = [each.language for each in ALL[UNDETERMINED, name]]
        assert spoken == CENTRE.routing.unknown_languages


def test_nothing_that_is_spoken_has_a_blank_left() -> None:
    for sentences in ALL.values():
        for sentence in sentences:
            assert not re.search(r"[{}]", sentence.text), sentence


@given(
    st.lists(st.sampled_from(SPELT), min_size=1, max_size=10, unique=True).map(sorted),
    st.integers(0, 200 * MINUTE_MS),
    st.integers(0, 200 * MINUTE_MS) | st.just(OPEN),
)
def test_what_the_rules_say_of_a_wait_is_a_band_with_a_sound(edges: list[int], low: int, more: int) -> None:
    said = phrase(tuple(edges), low, OPEN if more == OPEN else low + more)
    if said is not None:
        assert said.sentence in {band.name for band in waits.bands(edges)}


@given(st.sampled_from(sorted(RAW)), st.lists(st.sampled_from(SPELT), min_size=1, max_size=10, unique=True))
def test_any_edges_whose_words_are_there_make_whole_sentences(code: str, edges: list[int]) -> None:
    """One for each band, each another, no digit in it, and only words of this language's file."""
    edges.sort()
    said, faults = waits.spoken(code, f"{code}.toml", RAW[code], edges)
    assert faults == []
    assert set(said) == {band.name for band in waits.bands(edges)}
    assert len(set(said.values())) == len(said)
    for sentence in said.values():
        assert sentence[-1] == "."
        assert not re.search(r"[\d{}]", sentence)


def used(raw: Any) -> set[str]:
    """The forms of minutes that the sentences of a file use."""
    return {form for each in raw["wait"].values() for form in re.findall(r":minutes\.(\w+)", each)}


@pytest.mark.parametrize("code", sorted(RAW))
def test_each_plural_category_of_the_numbers_is_written_in_each_form(code: str) -> None:
    category = Locale.parse(code).plural_form
    for form in used(RAW[code]):
        assert {category(number) for number in SPELT} <= set(RAW[code]["minutes"][form])
    assert used(RAW[code]) == set(RAW[code]["minutes"])


def test_numbers_are_said_in_the_form_that_the_sentence_needs() -> None:
    edges = with_edges([1, 2, 5, 12, 20])
    for code, name, whole in [
        ("de", "wait_less_1", "Sie warten voraussichtlich weniger als eine Minute."),
        ("en", "wait_between_1_2", "You will probably wait between one and two minutes."),
        ("pl", "wait_between_5_12", "Czas oczekiwania to prawdopodobnie od pięciu do dwunastu minut."),
        ("pl", "wait_less_2", "Czas oczekiwania to prawdopodobnie mniej niż dwie minuty."),
        ("pl", "wait_less_5", "Czas oczekiwania to prawdopodobnie mniej niż pięć minut."),
        ("ru", "wait_less_1", "Время ожидания, вероятно, меньше одной минуты."),
        ("ru", "wait_between_2_5", "Время ожидания, вероятно, от двух до пяти минут."),
        ("uk", "wait_more_20", "Час очікування, ймовірно, більше двадцяти хвилин."),
        ("ar", "wait_between_2_5", "مدة الانتظار المتوقعة بين دقيقتين وخمس دقائق."),
        ("ar", "wait_between_5_20", "مدة الانتظار المتوقعة بين خمس دقائق وعشرين دقيقة."),
        ("fr", "wait_less_1", "Vous attendrez probablement moins d'une minute."),
        ("fr", "wait_more_5", "Vous attendrez probablement plus de cinq minutes."),
        ("es", "wait_between_1_2", "Probablemente esperará entre uno y dos minutos."),
        ("es", "wait_more_1", "Probablemente esperará más de un minuto."),
        ("tr", "wait_less_12", "Tahmini bekleme süreniz on iki dakikadan az."),
        ("fa", "wait_more_20", "زمان انتظار شما احتمالاً بیش از بیست دقیقه است."),
    ]:
        assert text(edges, code, name) == whole


@pytest.mark.parametrize(("second", "for_it"), list(combinations(sorted(RAW), 2)))
def test_the_second_language_is_the_configured_one_for_every_pair(second: str, for_it: str) -> None:
    rules = FILE["routing"] | {"second_language": second, "second_language_for_it": for_it}
    spoken = prompts.sounds(SHIPPED, Centre.model_validate({**FILE, "routing": rules}))
    for code in CENTRE.languages:
        named = RAW[code]["language"][for_it if code == second else second]
        for name in ("second_offer", "second_added"):
            (sentence,) = spoken[code, name]
            assert named in sentence.text
        assert keys.SECOND in spoken[code, "second_offer"][0].text


def test_languages_are_told_apart_by_their_names() -> None:
    for raw in RAW.values():
        assert set(raw["language"]) == set(RAW)
        assert len(set(raw["language"].values())) == len(RAW)


def test_a_key_stands_behind_what_it_is_for() -> None:
    """Who hears the key first has forgotten it when they know what it does."""
    for raw in RAW.values():
        for name in prompts.KEYS:
            assert raw[name].index("{key}") > 5, raw[name]
        assert raw["press"].startswith("{concern}")


@pytest.mark.parametrize(
    ("code", "old", "new", "said"),
    [
        ("de", "drücken Sie die {key}.", "drücken Sie die 9.", "de.toml: press: lacks {key}"),
        ("de", "auch {language} für", "auch Englisch für", "de.toml: second_offer: lacks {language}"),
        ("de", "auch {language} für", "auch {language}, Englisch, für", "offer: names Englisch itself"),
        ("de", "drücken Sie die {key}, geben", "drücken Sie {key}, 5, geben", "case_offer: names 5 itself"),
        ("fr", "Merci de votre patience", "Merci {name}", "fr.toml: kind_1: has {name}, which is no blank"),
        ("fr", "Merci de votre patience", "Merci }", "fr.toml: kind_1: has a } that belongs to no {name}"),
        ("tr", 'en = "İngilizce"\n', "", "tr.toml: language.en: is missing"),
        ("uk", '"*" = "зірочку"\n', "", "uk.toml: key.*: is missing"),
        ("uk", "kind_2 = ", "kind_22 = ", "uk.toml: kind_2: is missing: write the sentence"),
        ("pl", '15 = "piętnastu"\n', "", "pl.toml: number.genitive.15: is missing: write this number"),
        ("uk", 'few = "{number:genitive} хвилин"\n', "", "minutes.genitive.few: is missing: write how 2"),
        ("ru", '"{number:genitive} минут"', '"минут"', "genitive.few: lacks {number:FORM}: it is said of 2"),
        ("en", "{high:minutes.plain}", "{high}", "en.toml: wait.less: has {high} in no form"),
        ("en", "{high:minutes.plain}", "{hi:minutes.plain}", "en.toml: wait.less: lacks {high}"),
    ],
)  # fmt: skip
def test_a_file_that_lacks_something_or_contradicts_the_configuration_is_told(
    tmp_path: Path, code: str, old: str, new: str, said: str
) -> None:
    folder = tmp_path / "prompts"
    shutil.copytree(SHIPPED, folder)
    path = folder / f"{code}.toml"
    whole = path.read_text(encoding="utf-8")
    assert old in whole
    path.write_text(whole.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigFaults) as raised:
        prompts.sounds(folder, CENTRE)
    found = [str(each) for each in raised.value.faults]
    assert [each for each in found if said in each], found


def test_an_edge_without_words_is_told_with_the_word_that_is_missing() -> None:
    with pytest.raises(ConfigFaults) as raised:
        prompts.sounds(SHIPPED, with_edges([5, 13]))
    found = {str(each).removeprefix(f"{SHIPPED}/") for each in raised.value.faults}
    wanted = "is missing: write this number in words, [waiting] band_minutes names it"
    assert f"de.toml: number.plain.13: {wanted}" in found
    assert f"pl.toml: number.genitive.13: {wanted}" in found
    assert f"pl.toml: number.nominative.13: {wanted}" in found


@pytest.mark.parametrize("edges", [[], [0, 5], [5, 5], [10, 5], [5, 181], list(range(1, 12))])
def test_edges_are_a_short_rising_list_of_minutes(edges: list[int]) -> None:
    with pytest.raises(ValueError, match="band_minutes"):
        with_edges(edges)


def test_the_rules_of_what_is_told_are_those_of_the_file() -> None:
    """As shipped, and as written; edges are the same for the rules and for the sounds."""
    told = policy(CENTRE, 0, 1)
    assert told.announcing == Announcing(2_000, (60_000, 120_000), tuple(CENTRE.waiting.band_minutes), 650)
    assert (told.rejoin_ms, told.cut_talk_ms) == (600_000, 60_000)
    mine = {
        "first_seconds": 0,
        "announce_seconds": [20, 40, 3600],
        "band_minutes": [5],
        "coverage_percent": 100,
        "rejoin_minutes": 0,
        "cut_talk_seconds": 0,
    }
    told = policy(Centre.model_validate({**FILE, "waiting": mine}), 0, 1)
    assert told.announcing == Announcing(0, (20_000, 40_000, 3_600_000), (5,), 1_000)
    assert (told.rejoin_ms, told.cut_talk_ms) == (0, 0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("first_seconds", 11),
        ("announce_seconds", []),
        ("announce_seconds", [19]),
        ("announce_seconds", [60] * 11),
        ("coverage_percent", 101),
        ("rejoin_minutes", 241),
        ("cut_talk_seconds", 601),
    ],
)
def test_what_is_told_has_bounds(key: str, value: object) -> None:
    with pytest.raises(ValueError, match=key):
        Centre.model_validate({**FILE, "waiting": {key: value}})


# --- who records an announcement -----------------------------------------------------------------------


@pytest.mark.parametrize("spoken", ["de", "en"])
def test_who_records_an_announcement_hears_every_sentence_and_every_language_with_its_key(
    spoken: str,
) -> None:
    rules = Announcement.model_validate(
        {"folder": "x", "record_code": "*45", "phones": ["p01"], "spoken": spoken}
    )
    centre = CENTRE.model_copy(update={"announcement": rules})
    made = prompts.sounds(SHIPPED, centre)
    for name in prompts.RECORDS[2:]:
        (sentence,) = made[spoken, name]
        assert (sentence.language, bool(sentence.text)) == (spoken, True)
        assert (spoken, name) not in prompts.sounds(SHIPPED, CENTRE)
    lines = [each.text for (_, name), page in made.items() if name.startswith("record_menu") for each in page]
    named = tomllib.loads((SHIPPED / f"{spoken}.toml").read_text(encoding="utf-8"))["language"]
    for code in centre.languages:
        assert [line for line in lines if line.startswith(f"{named[code]}: ")], code


def test_a_sentence_that_lacks_for_who_records_is_named(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "prompts")
    file = tmp_path / "prompts" / "en.toml"
    file.write_text(re.sub(r"(?m)^record_quiet.*\n", "", file.read_text(encoding="utf-8")), encoding="utf-8")
    rules = Announcement(folder="x", record_code="*45", phones=["p01"], spoken="en")
    with pytest.raises(ConfigFaults, match="record_quiet"):
        prompts.sounds(tmp_path / "prompts", CENTRE.model_copy(update={"announcement": rules}))
