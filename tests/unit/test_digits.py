"""The keys of simulated callers are one well-formed RTP stream, however many there are."""

import struct
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.demo import digits

PRESSED = st.lists(st.tuples(st.integers(220, 5000), st.sampled_from(digits.KEYS)), min_size=1, max_size=20)


def packets(capture: bytes) -> list[tuple[int, int, int, int, bool, bool]]:
    """(ms, sequence, stamp, event code, marker, end) of each packet."""
    found, at = [], 24
    while at < len(capture):
        seconds, micros, length, _ = struct.unpack_from("<IIII", capture, at)
        rtp = capture[at + 16 + 14 + 20 + 8 : at + 16 + length]
        _, kind, sequence, stamp, _ = struct.unpack_from(">BBHII", rtp)
        code, flags, _ = struct.unpack_from(">BBH", rtp, 12)
        found.append(
            (seconds * 1000 + micros // 1000, sequence, stamp, code, bool(kind & 0x80), bool(flags & 0x80))
        )
        at += 16 + length
    return found


@given(keys=PRESSED)
def test_keys_are_one_stream(keys: list[tuple[int, str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Sequence numbers go on by one, the clock never goes back, each key has its own time and one marker."""
    path = tmp_path_factory.mktemp("keys") / "keys.pcap"
    lasts_ms = digits.write(path, keys)
    found = packets(path.read_bytes())
    assert [each[1] for each in found] == list(range(1, len(found) + 1))
    assert all(before[0] < after[0] and before[2] <= after[2] for before, after in pairwise(found))
    begins = [each for each in found if each[4]]
    assert [digits.KEYS[each[3]] for each in begins] == [key for _, key in keys]
    assert len({each[2] for each in found}) == len(keys)
    assert [after[0] - before[0] for before, after in pairwise(begins)] == [pause for pause, _ in keys[1:]]
    assert sum(each[5] for each in found) == len(keys) * (digits.END_REPEATS + 1)
    assert lasts_ms == found[-1][0] + digits.STEP_MS


@pytest.mark.parametrize("keys", [[], [(300, "A")], [(300, "12")], [(300, "1"), (219, "2")]])
def test_what_no_finger_can_do_is_refused(keys: list[tuple[int, str]], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="key"):
        digits.write(tmp_path / "keys.pcap", keys)


def test_tones_are_as_long_as_the_keys_take(tmp_path: Path) -> None:
    path = tmp_path / "keys.al"
    lasts_ms = digits.tones(path, [(300, "1"), (500, "0"), (400, "#")])
    sound = path.read_bytes()
    assert len(sound) == lasts_ms * digits.CLOCK
    heard = [at // digits.CLOCK for at in range(1, len(sound)) if sound[at - 1 : at + 1] == b"\xd5\xd5"]
    assert len(heard) > 700, "silence between them"


def test_keys_that_are_none_have_no_tone(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no keys"):
        digits.tones(tmp_path / "keys.al", [(300, "A")])
