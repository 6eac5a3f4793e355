"""What callers hear, as commands tell it: states, lengths, loudness, licences, a script for a speaker."""

import json
import re
import tomllib
import wave
from array import array
from math import pi, sin
from pathlib import Path, PurePosixPath

import pytest
import tomli_w
from typer.testing import CliRunner

from acd import heard
from acd.cli import app
from acd.pbx import place
from acd.pbx.place import NoAsterisk, Place
from acd.pbx.sounds import render
from acd.pbx.speech import LIMIT_BYTES
from config import prompts
from config.load import load
from config.prompts import SECONDS_MAX, Sentence, Sounds
from config.tables.kinds import CHARACTERS_MAX

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "welcomecenter.toml"
GUIDE = SHIPPED.parents[1] / "docs" / "prompts.md"
CENTRE = load(SHIPPED)
SPOKEN: Sounds = {
    ("de", name): (Sentence("de", text),)
    for name, text in (
        ("hello", "Guten Tag."),
        ("bye", "Auf Wiederhören."),
        ("gone", "Weg."),
        ("mine", "Ich."),
    )
}


def recorded(path: Path, seconds: float, loud: float, rate: int = 8_000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = [round(32_767 * loud * sin(2 * pi * 440 * each / rate)) for each in range(int(seconds * rate))]
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", "NONE"))
        file.writeframes(array("h", tone).tobytes())


def one(found: list[heard.Heard], name: str) -> heard.Heard:
    return next(each for each in found if each.name == name)


def test_each_sound_is_told_as_it_lies_there(tmp_path: Path) -> None:
    render({key: SPOKEN[key] for key in (("de", "hello"), ("de", "bye"))}, tmp_path)
    recorded(tmp_path / "de/acd/mine.wav", 2.0, 0.2)
    changed = SPOKEN | {("de", "bye"): (Sentence("de", "Tschüss."),)}
    found = heard.heard(changed, CENTRE, tmp_path)
    states = {each.name: each.state for each in found}
    assert states == {"hello": "rendered", "bye": "old", "gone": "missing", "mine": "recorded"}
    assert one(found, "mine").seconds == pytest.approx(2.0)
    assert one(found, "mine").decibels == pytest.approx(-17, abs=0.2)
    assert -26 < (one(found, "hello").decibels or 0) < -18
    assert all(each.wrong == () for each in found)


@pytest.mark.parametrize(
    ("seconds", "loud", "rate", "said"),
    [
        (SECONDS_MAX + 0.5, 0.2, 8_000, "too long (more than 12 s)"),
        (2.0, 0.01, 8_000, "too quiet (less than -32 dB)"),
        (2.0, 0.2, 44_100, "has 44100 Hz, 1 channel(s), 16 bit: Asterisk plays a .wav of 8000 Hz"),
    ],
)
def test_what_is_wrong_with_a_recording_is_told(
    tmp_path: Path, seconds: float, loud: float, rate: int, said: str
) -> None:
    recorded(tmp_path / "de/acd/mine.wav", seconds, loud, rate)
    mine = one(heard.heard(SPOKEN, CENTRE, tmp_path), "mine")
    assert mine.state == "recorded"
    assert [each for each in mine.wrong if each.startswith(said)], mine


def test_what_is_no_sound_at_all_is_told(tmp_path: Path) -> None:
    (tmp_path / "de/acd").mkdir(parents=True)
    (tmp_path / "de/acd/mine.wav").write_bytes(b"nothing")
    (said,) = one(heard.heard(SPOKEN, CENTRE, tmp_path), "mine").wrong
    assert said.startswith("is no sound that can be played")


@pytest.fixture
def asterisk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the shipped centre's sounds lie."""
    where = Place(tmp_path, PurePosixPath("/srv/welcomecenter"))
    monkeypatch.setattr(place, "of", lambda centre, *, quiet=False: where)
    return heard.folder(where)


def acd(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*words, "--config", str(SHIPPED)])
    return done.exit_code, done.output


def test_the_list_for_people_and_for_programs(asterisk: Path) -> None:
    recorded(asterisk / "pl/acd/kind_1.wav", 3.0, 0.2)
    code, said = acd("sounds", "list")
    assert code == 0
    paragraph = said[said.index("\npl: ") :].partition("\n\n")[0]
    assert re.search(r"^pl: 1 recorded, \d+ missing$", paragraph, re.MULTILINE)
    assert "  voice of pl: espeak-ng pl (engine and voice: GPL-3.0-or-later)" in paragraph
    assert re.search(r"^  kind_1 +recorded +3\.0 s +-17 dB$", paragraph, re.MULTILINE)
    code, said = acd("sounds", "list", "--json")
    found = json.loads(said)
    assert {each["language"] for each in found["voices"]} == set(CENTRE.languages)
    assert all(each["licence"] for each in found["voices"])
    spoken = prompts.sounds(prompts.beside(SHIPPED), CENTRE)
    assert {(each["language"], each["name"]) for each in found["sounds"]} == set(spoken)


@pytest.mark.parametrize("language", CENTRE.languages)
def test_the_book_of_a_language_has_each_of_its_sounds_once(language: str) -> None:
    code, said = acd("sounds", "book", language)
    assert code == 0
    spoken = prompts.sounds(prompts.beside(SHIPPED), CENTRE)
    named = re.findall(rf"^(\d+)\. `{language}/acd/(\w+)\.wav` \(about \d+ s\)$", said, re.MULTILINE)
    assert [int(number) for number, _ in named] == list(range(1, len(named) + 1))
    own = {name for code, name in spoken if code == language} - {prompts.HELP}  # speaks English too
    parts = {
        each.part for sound in spoken.values() for each in sound if each.language == language and each.part
    }
    assert {name for _, name in named} == own | parts
    assert {f"choose_language_{(CENTRE.languages.index(language) + 1) % 10}"} <= parts
    for name in ("kind_1", "wait_between_5_10"):
        assert f"   {spoken[language, name][0].text}\n" in said
    assert "Note: The key is the one with the sign *." in said


def test_a_note_stands_with_the_menu_that_it_is_about() -> None:
    said = acd("sounds", "book", "pl")[1]
    menus = {each[:1]: each for each in said.split("concern_menu_")[1:]}
    assert '"U E" is spelt' in menus["1"].partition("\n\n")[2].partition(". `")[0]
    assert '"U E" is spelt' not in menus["2"].partition("\n\n")[2].partition(". `")[0]


def test_a_language_that_nobody_speaks_here_has_no_book() -> None:
    code, said = acd("sounds", "book", "xx")
    assert (code, "'xx' is no language of this centre; known: de, en" in said) == (2, True)


def test_check_warns_of_what_nobody_reviewed_or_recorded_and_still_is_good(asterisk: Path) -> None:
    everybody = ", ".join(CENTRE.languages)
    code, said = acd("check")
    assert code == 0
    assert f"warning: no named speaker has reviewed the sentences in {everybody}: " in said
    assert f"warning: no person's recording is there in {everybody}: all is rendered; " in said
    assert "by espeak-ng callers hardly follow ar and fa" in said
    recorded(asterisk / "ar/acd/kind_1.wav", 3.0, 0.2)
    said = acd("check")[1]
    assert f"recording is there in {everybody.replace('ar, ', '')}: " in said
    assert "callers hardly follow fa (" in said


def test_check_needs_no_asterisk_for_that(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(centre: object, *, quiet: bool = False) -> Place:
        assert quiet
        raise NoAsterisk

    monkeypatch.setattr(place, "of", nowhere)
    assert "no person's recording is there in de, en" in acd("check")[1]


def test_who_is_named_has_reviewed(tmp_path: Path, asterisk: Path) -> None:
    own = tmp_path / "prompts"
    own.mkdir()
    for path in prompts.beside(SHIPPED).glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        if path.stem == "tr":
            text = text.replace('reviewed_by = ""', 'reviewed_by = "Ayşe Yılmaz, 1.12.2026"')
        (own / path.name).write_text(text, encoding="utf-8")
    (said, *_) = heard.warnings(prompts.sounds(own, CENTRE), CENTRE, own)
    assert "tr" not in said.partition(":")[0].split(" in ")[1].split(", ")


def test_no_sentence_is_long_to_read_or_to_hear(tmp_path: Path) -> None:
    """Of each language the longest are rendered and measured."""
    raw = CENTRE.recording.model_copy(update={"enabled": True, "agreement": "x", "folder": "x"})
    spoken = prompts.sounds(prompts.beside(SHIPPED), CENTRE.model_copy(update={"recording": raw}))
    sentences = dict.fromkeys(each for sound in spoken.values() for each in sound)
    assert max(len(each.text) for each in sentences) <= CHARACTERS_MAX
    alone: Sounds = {}
    for code in CENTRE.languages:
        own = sorted((each for each in sentences if each.language == code), key=lambda each: -len(each.text))
        alone |= {(code, str(number)): (each,) for number, each in enumerate(own[:8])}
    render(alone, tmp_path)
    for each in heard.heard(alone, CENTRE, tmp_path):
        assert each.state == "rendered"
        assert each.seconds is not None
        assert each.seconds <= SECONDS_MAX, each
        assert each.wrong == ()


def test_the_guide_is_true(asterisk: Path, tmp_path: Path) -> None:
    """Each of its commands runs, each of its tables is accepted, and its bounds are those of the code."""
    guide = GUIDE.read_text(encoding="utf-8")
    commands = [
        line for block in re.findall(r"```console\n(.*?)```", guide, re.DOTALL) for line in block.splitlines()
    ]
    assert len(commands) == 4
    for line in commands:
        program, *words = line.split()
        assert program == "acd"
        done = CliRunner().invoke(app, [SHIPPED.as_posix() if "/" in each else each for each in words])
        assert done.exit_code == 0, done.output
    raw = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    for block in re.findall(r"```toml\n(.*?)```", guide, re.DOTALL):
        raw |= {key: raw[key] | each if key in raw else each for key, each in tomllib.loads(block).items()}
    (tmp_path / "centre.toml").write_text(tomli_w.dumps(raw), encoding="utf-8")
    assert [each.engine for each in load(tmp_path / "centre.toml").voice] == ["rhvoice", "command"]
    assert f"more than {CHARACTERS_MAX} characters or takes more than {SECONDS_MAX:.0f} seconds" in guide
    assert f"{LIMIT_BYTES // 1_000_000} MB at" in guide
