"""Music for those who wait: minutes of slow chords and a quiet melody, made here and so free of rights.

A carpet of sound that never stops keeps it evenly loud, each note begins and ends softly, and what rings on
over the end is heard at the begin, so that the loop has no seam.
"""

import hashlib
import random
import wave
from array import array
from collections.abc import Callable
from functools import cache
from math import cos, pi, sin, sqrt
from pathlib import Path

from acd.pbx.speech import Speech, opened

RATE = 8000
CHORD_S = 4.0
OVERLAP_S = 1.6
BEATS = 8
NOTE_S = 2.0
LOUD = 0.05
"""Root mean square of the whole, of full scale: about -26 dB."""

_SECTIONS = (
    ("C E G B", "A C E G", "F A C E", "G B D A"),
    ("A C E G", "E G B D", "F A C G", "C E G D"),
    ("D F A C", "G B D F", "E G B D", "A C E B"),
    ("F A C E", "C E G D", "D F A C", "G C D A"),
    ("C E G A", "F A C G", "A C E G", "E G B D"),
)
_ORDER = (0, 1, 0, 2, 3, 1, 4, 2, 0, 3, 4, 1, 2, 3, 4)
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SEED = 1913


def _hz(name: str, octave: int) -> float:
    return float(440 * 2 ** ((_STEPS[name] - 9) / 12 + octave - 4))


def _tone(
    hz: float, seconds: float, loud: Callable[[float], float], overtones: tuple[float, ...]
) -> list[float]:
    turn = 2 * pi * hz / RATE
    return [
        loud(each / RATE) * sum(part * sin(turn * n * each) for n, part in enumerate(overtones, start=1))
        for each in range(int(seconds * RATE))
    ]


def _swell(at_s: float) -> float:
    """In and out so that two that overlap are together as loud as one."""
    return sin(pi / 2 * min(1.0, at_s / OVERLAP_S, (CHORD_S + OVERLAP_S - at_s) / OVERLAP_S))


def _struck(at_s: float) -> float:
    """A soft stroke that dies away, and is silent at its end."""
    rise = 0.5 - 0.5 * cos(pi * min(1.0, at_s / 0.03))
    return rise * (1 - at_s / NOTE_S) ** 2


@cache
def _carpet(chord: str) -> list[float]:
    """A chord with its root below, for its time and the overlap into the next."""
    names = chord.split()
    voices = [(_hz(names[0], 3), 0.5), *((_hz(name, 4), 0.3) for name in names[1:]), (_hz(names[0], 4), 0.25)]
    tones = [
        [loud * value for value in _tone(hz, CHORD_S + OVERLAP_S, _swell, (1.0, 0.25, 0.08))]
        for hz, loud in voices
    ]
    return [sum(each) for each in zip(*tones, strict=True)]


@cache
def _note(name: str, octave: int) -> list[float]:
    return [0.35 * value for value in _tone(_hz(name, octave), NOTE_S, _struck, (1.0, 0.3, 0.1))]


@cache
def samples() -> "array[int]":
    """The whole piece, 16 bit at RATE."""
    chance = random.Random(_SEED)  # noqa: S311 a melody, no secret
    chords = [chord for section in _ORDER for chord in _SECTIONS[section]]
    whole = int(len(chords) * CHORD_S * RATE)
    mixed = [0.0] * whole

    def put(at_s: float, sound: list[float]) -> None:
        begin = int(at_s * RATE)
        fits = min(len(sound), whole - begin)
        for start, part in ((begin, sound[:fits]), (0, sound[fits:])):
            span = slice(start, start + len(part))
            mixed[span] = [one + other for one, other in zip(mixed[span], part, strict=True)]

    for place, chord in enumerate(chords):
        put(place * CHORD_S, _carpet(chord))
        names = chord.split()
        for beat in range(BEATS):
            if beat == 0 or chance.random() < 0.55:
                name = names[beat % len(names)] if chance.random() < 0.6 else chance.choice(names)
                put(place * CHORD_S + beat * CHORD_S / BEATS, _note(name, chance.choice((4, 5, 5))))
    scale = LOUD * 32767 / sqrt(sum(value * value for value in mixed) / whole)
    return array("h", (round(value * scale) for value in mixed))


def _kept() -> bytes:
    """The same as it is written; kept for the next time, since it takes seconds to make."""
    name = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    with opened() as kept:
        found = kept.get(name)
        if found is None:
            found = Speech(samples().tobytes(), b"")
            kept.put(name, found)
    return found.narrow


def write(folder: Path) -> None:
    """hold.wav, unless there is music of somebody's own (or made before) in the folder."""
    if any(folder.glob("*.wav")):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with wave.open(str(folder / "hold.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(_kept())
