"""Kept blocks: done once however often they are asked for, and never taken for another's."""

from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from simulation.runs import kept
from simulation.runs.kept import Arrays, NotKept

BLOCKS = {f"block-{number}": number for number in range(6)}


class Work:
    """Gives arrays with nan, by a block's number, and counts how often it was asked for each."""

    def __init__(self) -> None:
        self.ran: list[int] = []

    def __call__(self, number: int) -> Arrays:
        self.ran.append(number)
        return np.full((2, 3), number / 7), np.array([np.nan, number])


def _pool() -> Executor:
    return ThreadPoolExecutor(1)


def _interrupted_after(blocks: int, work: Work, folder: Path) -> None:
    done: list[str] = []

    def progress(names: Sequence[str]) -> None:
        done.extend(names)
        if len(done) == blocks:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), _pool() as pool:
        kept.run(work, BLOCKS, pool, folder, progress)


def _bytes(found: dict[str, Arrays]) -> dict[str, list[bytes]]:
    return {name: [each.tobytes() for each in found[name]] for name in sorted(found)}


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    """After an interruption only the blocks that were not kept are run; what comes out is the same."""
    with _pool() as pool:
        whole = kept.run(Work(), BLOCKS, pool, None)
    _interrupted_after(2, Work(), tmp_path)
    left = len(BLOCKS) - len(list(tmp_path.glob("*.npz")))
    again, told = Work(), []
    with _pool() as pool:
        found = kept.run(again, BLOCKS, pool, tmp_path, lambda names: told.append(len(names)))
    assert len(again.ran) == left <= 4
    assert told == [len(BLOCKS) - left, *[1] * left]
    assert _bytes(found) == _bytes(whole)
    with _pool() as pool:
        third = Work()
        assert _bytes(kept.run(third, BLOCKS, pool, tmp_path)) == _bytes(whole)
    assert third.ran == []


@pytest.mark.parametrize("left", [0, 1, 100, -1])
def test_a_torn_file_is_run_again(tmp_path: Path, left: int) -> None:
    """Cut anywhere: nothing, a byte, a header or all but the last byte."""
    with _pool() as pool:
        whole = kept.run(Work(), BLOCKS, pool, tmp_path)
        torn = tmp_path / "block-3.npz"
        torn.write_bytes(torn.read_bytes()[:left])
        again = Work()
        assert _bytes(kept.run(again, BLOCKS, pool, tmp_path)) == _bytes(whole)
    assert again.ran == [3]


def test_a_block_that_fails_leaves_the_others_kept(tmp_path: Path) -> None:
    def fails(number: int) -> Arrays:
        if number == 3:
            raise ZeroDivisionError
        return (np.zeros(1),)

    with pytest.raises(ZeroDivisionError), _pool() as pool:
        kept.run(fails, BLOCKS, pool, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"block-{number}.npz" for number in range(3)}


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no folder", "utf-8")
    with pytest.raises(NotKept, match="file/kept: cannot be written: Not a directory"), _pool() as pool:
        kept.run(Work(), BLOCKS, pool, file / "kept")


def test_other_code_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept.digest("2016", 1)
    assert before == kept.digest("2016", 1) != kept.digest("2016", 2)
    monkeypatch.setattr(kept, "code_hash", lambda: "another release")
    assert kept.digest("2016", 1) != before
