"""Recordings are deleted when their time is over, or with their caller's number, and nothing else is."""

import os
from pathlib import Path

import pytest

from acd.recordings import delete_of, delete_older

NOW_S = 1_795_777_000.0
DAY_S = 86_400
MINE, OTHER = "1795776906.1", "1795776906.10"
FILES = (
    f"{MINE}-4294967301-1795776907.2.wav",
    f"{MINE}-0-1795776950.4.wav",
    f"{OTHER}-4294967302-1795776960.11.wav",
)
FOREIGN = ("notes.txt", f"{MINE}.wav", "4294967301-1795776907.2.wav", f"{MINE}-x-1.1.wav")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for place, name in enumerate((*FILES, *FOREIGN)):
        (tmp_path / name).write_bytes(b"RIFF")
        age_s = 40 * DAY_S if place in (0, 4) else 29 * DAY_S
        os.utime(tmp_path / name, (NOW_S - age_s, NOW_S - age_s))
    return tmp_path


def left(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def test_what_is_too_old_goes(folder: Path) -> None:
    assert delete_older(folder, NOW_S - 30 * DAY_S) == 1
    assert left(folder) == {*FILES[1:], *FOREIGN}
    assert delete_older(folder, NOW_S - 30 * DAY_S) == 0


def test_what_is_of_a_call_goes_and_of_no_other(folder: Path) -> None:
    assert delete_of(folder, [MINE, "1.1"]) == 2
    assert left(folder) == {FILES[2], *FOREIGN}
    assert delete_of(folder, []) == 0


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"):
        delete_older(tmp_path / "gone", NOW_S)
