"""The music on hold as it is written: long, varied, evenly loud, soft, without a seam, and replaceable."""

import wave
from array import array
from itertools import pairwise
from math import log10, sqrt
from pathlib import Path
from statistics import median

import pytest

from acd.pbx import music


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> "array[int]":
    folder = tmp_path_factory.mktemp("moh")
    music.write(folder)
    with wave.open(str(folder / "hold.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        return array("h", sound.readframes(sound.getnframes()))


def _db(samples: "array[int]") -> float:
    return 20 * log10(sqrt(sum(each * each for each in samples) / len(samples)) / 32768 + 1e-9)


def test_no_second_is_much_quieter_or_louder_than_the_rest(played: "array[int]") -> None:
    seconds = [_db(played[begin : begin + 8000]) for begin in range(0, len(played) - 7999, 2000)]
    middle = median(seconds)
    print(f"{len(played) / 8000} s, median {middle:.1f} dB, {min(seconds):.1f} to {max(seconds):.1f} dB")
    assert min(seconds) > middle - 12
    assert max(seconds) < middle + 6
    assert -30 < middle < -22


def test_it_is_soft_and_does_not_clip(played: "array[int]") -> None:
    assert max(map(abs, played)) < 32768 * 0.4


def test_it_is_minutes_long_and_does_not_repeat(played: "array[int]") -> None:
    assert len(played) >= 180 * 8000
    bars = [played[begin : begin + 32000 : 40].tobytes() for begin in range(0, len(played) - 31999, 32000)]
    assert len(set(bars)) == len(bars)


def test_the_loop_has_no_click(played: "array[int]") -> None:
    within = max(abs(one - other) for one, other in pairwise(played))
    assert abs(played[0] - played[-1]) <= within


def test_music_of_the_administrator_stays_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.wav"
    theirs.write_bytes(b"RIFF")
    music.write(tmp_path)
    assert list(tmp_path.iterdir()) == [theirs]
