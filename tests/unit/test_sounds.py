"""Sentences become sounds by espeak-ng and sox: both rates, once, whole, and never over a recording."""

import io
import json
import os
import subprocess
import sys
import time
import wave
from array import array
from pathlib import Path

import pytest

from acd.pbx import voices
from acd.pbx.sounds import made_of, recordings, render, rendered_of
from acd.pbx.speech import Cache, SoundFault, Speech, cache_folder
from acd.progress import Progress
from config.load import ConfigFaults, load
from config.prompts import Sentence, Sounds
from config.schema import Centre
from config.tables.calls import Voice

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "welcomecenter.toml"
HELLO: Sounds = {
    ("de", "hello"): (Sentence("de", "Guten Tag."),),
    ("pl", "bye"): (Sentence("pl", "Do widzenia."),),
}
BOTH: Sounds = {("und", "both"): (HELLO["de", "hello"][0], HELLO["pl", "bye"][0])}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "welcomecenter-acd" / "sounds"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "sounds"


def person(path: Path, rate: int = 8_000) -> bytes:
    """Somebody's recording."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", "NONE"))
        file.writeframes(array("h", [3_000, -3_000] * rate).tobytes())
    return path.read_bytes()


def command(code: str) -> Voice:
    """A voice that is a program: Python, with the files of text and sound as its arguments."""
    words = [sys.executable, "-c", code, "{text}", "{out}"]
    return Voice.model_validate({"language": "de", "engine": "command", "name": "ours", "command": words})


SILENT = """import sys, wave; file = wave.open(sys.argv[2], "wb")
file.setparams((1, 2, 16000, 0, "NONE", "NONE"))
file.writeframes(bytes(320 * len(open(sys.argv[1], encoding="utf-8").read())))""".replace("\n", "; ")


def test_a_sound_is_there_at_both_rates_and_as_long_at_each(out: Path) -> None:
    made = render(HELLO | BOTH, out)
    names = {path.relative_to(out).as_posix() for path in made}
    assert names == {
        f"{each}.{end}" for each in ("de/acd/hello", "pl/acd/bye", "und/acd/both") for end in ("wav", "wav16")
    }
    lengths = {}
    for path in made:
        with wave.open(str(path)) as sound:
            assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
            assert sound.getframerate() == {".wav": 8_000, ".wav16": 16_000}[path.suffix]
            lengths[path.relative_to(out).as_posix()] = sound.getnframes() / sound.getframerate()
            assert max(array("h", sound.readframes(sound.getnframes()))) > 1_000
    for name in ("de/acd/hello", "pl/acd/bye", "und/acd/both"):
        assert lengths[f"{name}.wav"] == pytest.approx(lengths[f"{name}.wav16"], abs=0.002)
    assert lengths["und/acd/both.wav"] > lengths["de/acd/hello.wav"] + lengths["pl/acd/bye.wav"] - 0.3


def test_what_is_there_is_not_made_again_until_its_text_or_voice_is_another(out: Path) -> None:
    render(HELLO, out)
    assert render(HELLO, out) == []
    other = {**HELLO, ("de", "hello"): (Sentence("de", "Guten Abend."),)}
    assert {path.stem for path in render(other, out)} == {"hello"}
    deep = Voice.model_validate({"language": "pl", "engine": "espeak-ng", "name": "pl+m3"})
    assert {path.stem for path in render(other, out, [deep])} == {"bye"}
    told = deep.model_copy(update={"licence": "as the author said"})
    assert render(other, out, [told]) == []


@pytest.mark.parametrize("ending", ["wav", "wav16", "alaw", "g722"])
def test_a_recording_stays_and_nothing_is_rendered_beside_it(out: Path, ending: str) -> None:
    """Whichever rate it has: a caller of the other hears the person too."""
    render(HELLO, out)
    theirs = out / "de" / "acd" / f"hello.{ending}"
    content = person(theirs)
    assert render({**HELLO, ("de", "hello"): (Sentence("de", "Ganz anders."),)}, out) == []
    assert theirs.read_bytes() == content
    assert sorted(each.name for each in theirs.parent.iterdir()) == [theirs.name]
    assert recordings(out, "de", "hello") == [theirs]
    theirs.unlink()
    assert {path.stem for path in render(HELLO, out)} == {"hello"}


def test_a_sound_of_several_is_put_together_from_recordings_where_they_are(out: Path) -> None:
    """Anew when one comes, changes or goes; one that cannot be read is no reason to be silent."""
    parts = {("und", "both"): (Sentence("de", "Guten Tag.", "hello"), Sentence("pl", "Do widzenia.", "bye"))}
    und, theirs = out / "und/acd/both.wav", out / "pl/acd/bye.wav16"
    render(parts, out)
    by_voices = und.read_bytes()
    content = person(theirs, 16_000)
    assert len(render(parts, out)) == 2
    with_theirs = und.read_bytes()
    with wave.open(io.BytesIO(with_theirs)) as sound:
        heard = array("h", sound.readframes(sound.getnframes()))
    loud = [sum(map(abs, heard[at : at + 800])) / 800 for at in range(0, len(heard) - 4_000, 800)]
    assert min(loud[-15:]) < 10  # a tone of half the rate is none at this one: what came last is theirs
    assert render(parts, out) == []
    theirs.write_bytes(content[:100] + b"x" * 40)
    assert len(render(parts, out)) == 2
    theirs.write_bytes(b"no sound at all")
    render(parts, out)
    theirs.unlink()
    render(parts, out)
    assert und.read_bytes() == by_voices != with_theirs


def test_what_was_rendered_and_then_edited_is_a_recording(out: Path) -> None:
    """An editor that keeps what a file says of itself changes the sound all the same."""
    render(HELLO, out)
    path = out / "de" / "acd" / "hello.wav"
    raw = bytearray(path.read_bytes())
    assert rendered_of(path) == made_of(HELLO["de", "hello"], (), out)
    raw[1_000] ^= 1
    path.write_bytes(raw)
    assert rendered_of(path) == ""
    assert render(HELLO, out) == []
    assert path.read_bytes() == raw


def test_what_an_older_release_made_is_made_anew_and_a_recording_of_then_stays(out: Path) -> None:
    """Its files did not say who made them; its manifest does."""
    for name in ("de/acd/hello", "de/acd/gone", "pl/acd/bye"):
        person(out / f"{name}.wav")
    (out / ".rendered.json").write_text(json.dumps({"de/acd/hello": "1", "de/acd/gone": "2"}))
    assert {path.name for path in render(HELLO, out)} == {"hello.wav", "hello.wav16"}
    assert rendered_of(out / "de/acd/hello.wav")
    assert recordings(out, "pl", "bye") == [out / "pl/acd/bye.wav"]
    assert not (out / "de/acd/gone.wav").exists()
    assert not (out / ".rendered.json").exists()


def test_what_is_no_sound_any_more_goes_and_a_recording_of_it_stays(out: Path) -> None:
    render(HELLO | BOTH, out)
    theirs = out / "und" / "acd" / "mine.wav"
    person(theirs)
    render(HELLO, out)
    assert [path.name for path in (out / "und" / "acd").iterdir()] == ["mine.wav"]


def test_a_sentence_is_spoken_once_for_all_folders(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []
    render(HELLO | BOTH, out, tell=lambda done, of: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]
    monkeypatch.setenv("PATH", "/nowhere")
    assert len(render(HELLO | BOTH, tmp_path / "another")) == 6
    for path in out.rglob("*.wav*"):
        assert (tmp_path / "another" / path.relative_to(out)).read_bytes() == path.read_bytes()


def test_an_entry_of_the_cache_that_is_not_whole_is_made_again(
    out: Path, cache: Path, tmp_path: Path
) -> None:
    render(HELLO, out)
    for entry in cache.iterdir():
        entry.write_bytes(entry.read_bytes()[:-7])
    render(HELLO, tmp_path / "another")
    for path in out.rglob("*.wav*"):
        assert (tmp_path / "another" / path.relative_to(out)).read_bytes() == path.read_bytes()


def test_over_its_limit_the_cache_forgets_what_was_not_used_for_longest(tmp_path: Path) -> None:
    kept = Cache(tmp_path, limit_bytes=2_500)
    now = time.time()
    for age, name in enumerate("cba"):
        kept.put(name, Speech(bytes(400), bytes(500)))
        os.utime(tmp_path / name, (now - age, now - age))
    assert kept.get("a") == Speech(bytes(400), bytes(500))  # and so it is the newest
    (tmp_path / ".draft").write_bytes(b"")
    (tmp_path / "somebody's").mkdir()
    (tmp_path / ".left").write_bytes(b"")
    os.utime(tmp_path / ".left", (now - 7_200, now - 7_200))
    kept.prune(now)
    assert sorted(each.name for each in tmp_path.iterdir()) == [".draft", "a", "c", "somebody's"]


def test_without_a_folder_for_the_cache_sounds_are_made_all_the_same(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(render(HELLO, out)) == 4


def test_the_cache_is_where_the_desktop_standard_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/no/path")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert cache_folder() == Path("/home/somebody/.cache/welcomecenter-acd/sounds")


TWO = """
import sys
from pathlib import Path
from acd.pbx.sounds import render
from config.prompts import Sentence
sounds = {("de", str(n)): (Sentence("de", "Nummer " + str(n)),) for n in range(12)}
render(sounds, Path(sys.argv[1]))
"""


def test_two_who_render_at_once_disturb_each_other_in_nothing(out: Path) -> None:
    """The same cache and even the same folder."""
    both = [subprocess.Popen([sys.executable, "-c", TWO, str(out)]) for _ in range(2)]
    assert [each.wait() for each in both] == [0, 0]
    files = sorted(path for path in out.rglob("*") if path.is_file())
    assert len(files) == 24
    assert all(rendered_of(path) for path in files)


def test_an_engine_that_is_not_installed_is_one_clear_fault(out: Path) -> None:
    rhvoice = Voice.model_validate({"language": "pl", "engine": "rhvoice", "name": "Magda"})
    with pytest.raises(SoundFault) as raised:
        render(HELLO, out, [rhvoice])
    assert str(raised.value) == (
        "the program RHVoice-test is not installed, which speaks pl (rhvoice): install it, or name another "
        "engine in [[voice]]"
    )
    assert not out.exists()


def test_a_program_of_ones_own_speaks_and_no_shell_reads_the_sentence(out: Path, tmp_path: Path) -> None:
    text = f"; touch {tmp_path}/harm `touch {tmp_path}/harm` $(touch {tmp_path}/harm)"
    render({("de", "x"): (Sentence("de", text),)}, out, [command(SILENT)])
    with wave.open(str(out / "de/acd/x.wav16")) as sound:
        assert sound.getnframes() == 160 * (len(text) + 1) + 4_000
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit('no such model')", "failed: no such model"),
        ("pass", "wrote no sound for 'Guten Tag.'"),
        ("import sys; open(sys.argv[2], 'w').write('no sound')", "sox failed"),
    ],
)
def test_a_program_that_fails_is_told_and_leaves_what_was_there(out: Path, code: str, said: str) -> None:
    render(HELLO, out)
    before = {path: path.read_bytes() for path in out.rglob("*.wav*")}
    with pytest.raises(SoundFault, match=said):
        render(HELLO, out, [command(code)])
    assert {path: path.read_bytes() for path in out.rglob("*.wav*")} == before


def test_a_language_is_spoken_by_its_configured_voice_and_the_licence_is_told() -> None:
    made = [
        Voice.model_validate({"language": "pl", "engine": "rhvoice", "name": "Magda"}),
        Voice.model_validate({"language": "de", "engine": "mbrola", "name": "mb-de5", "licence": "asked"}),
        command("pass"),
    ]
    pl, de, fa = (voices.speaker(each, made) for each in ("pl", "de", "fa"))
    assert pl.command == ("RHVoice-test", "-p", "Magda", "-i", "{text}", "-o", "{out}")
    assert pl.licence.startswith("engine: LGPL-2.1-or-later")
    assert "ask its author" in pl.licence
    assert (de.programs, de.licence) == (("espeak-ng", "mbrola"), "asked")
    assert (fa.engine, fa.name, fa.licence) == ("espeak-ng", "fa", "engine and voice: GPL-3.0-or-later")


def with_voice(tmp_path: Path, table: str) -> Centre:
    path = tmp_path / "centre.toml"
    path.write_text(SHIPPED.read_text(encoding="utf-8") + f"\n[[voice]]\n{table}\n", encoding="utf-8")
    return load(path)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('language = "xx"\nengine = "espeak-ng"', "voice.language: names 'xx'"),
        ('language = "de"\nengine = "rhvoice"', "voice.de.name: is missing: which voice of rhvoice"),
        ('language = "de"\nengine = "command"', "voice.de.command: is missing"),
        ('language = "de"\nengine = "command"\ncommand = ["x", "{text}"]', "voice.de.command: lacks {out}"),
        ('language = "de"\nengine = "espeak-ng"\ncommand = ["x"]', "voice.de.command: is only for engine"),
        ('language = "de"\nengine = "espeak-ng"\nname = "-w"', "name"),
        ('language = "de"\nengine = "flite"', "engine"),
    ],
)
def test_a_voice_that_cannot_be_is_told(tmp_path: Path, table: str, said: str) -> None:
    with pytest.raises(ConfigFaults) as raised:
        with_voice(tmp_path, table)
    assert [each for each in raised.value.faults if said in str(each)], raised.value


def test_a_good_voice_is_read(tmp_path: Path) -> None:
    (voice,) = with_voice(tmp_path, 'language = "pl"\nengine = "rhvoice"\nname = "Magda"').voice
    assert (voice.language, voice.called) == ("pl", "Magda")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_line_that_is_written_over_or_a_line_at_each_tenth() -> None:
    screen, log = Terminal(), io.StringIO()
    for stream in (screen, log):
        for _ in range(2):
            told = Progress("sentences spoken", stream)
            for done in range(1, 31):
                told(done, 30)
    assert screen.getvalue().count("\r") == 60
    assert screen.getvalue().endswith("\rsentences spoken: 30 of 30\n")
    assert log.getvalue().splitlines()[:10] == [f"sentences spoken: {n} of 30" for n in range(3, 31, 3)]
    assert len(log.getvalue().splitlines()) == 20
