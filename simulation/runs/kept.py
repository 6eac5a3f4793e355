"""Finished blocks of work in a folder, a file each, so that what was interrupted goes on where it was.

A block gives arrays that depend on it alone; its name and its folder say all that they depend on.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from pathlib import Path
from typing import TypeVar
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from simulation.drivers.cache import code_hash

Arrays = tuple[npt.NDArray[np.float64], ...]
B = TypeVar("B")


class NotKept(OSError):
    """A folder that finished blocks cannot be written to, and why."""


def digest(*parts: object) -> str:
    """Hash of the code and of these: the folder's name of all blocks that have them in common."""
    return hashlib.sha256("|".join([code_hash(), *map(str, parts)]).encode()).hexdigest()[:16]


def run(
    work: Callable[[B], Arrays],
    blocks: Mapping[str, B],
    pool: Executor,
    folder: Path | None,
    progress: Callable[[Sequence[str]], None] = lambda names: None,
) -> dict[str, Arrays]:
    """What `work` gives for each block, by name: from the folder where it lies there, else by the pool.

    folder: each block is kept there as soon as it is done; None: none is. progress: told the names of blocks
    that are done, first of all that lay there. Raises NotKept, and whatever `work` does.
    """
    found = {}
    if folder is not None:
        read = {name: _read(folder / f"{name}.npz") for name in blocks}
        found = {name: arrays for name, arrays in read.items() if arrays is not None}
    progress(list(found))
    futures = {pool.submit(work, block): name for name, block in blocks.items() if name not in found}
    try:
        for future in as_completed(futures):
            name = futures[future]
            found[name] = future.result()
            if folder is not None:
                _write(folder, name, found[name])
            progress([name])
    finally:
        for future in futures:
            future.cancel()
    return found


def _write(folder: Path, name: str, arrays: Arrays) -> None:
    part = folder / f"{name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez(file, *arrays)
        part.replace(folder / f"{name}.npz")
    except OSError as fault:
        raise NotKept(f"{folder}: cannot be written: {fault.strerror}") from None


def _read(path: Path) -> Arrays | None:
    """None for a file that is not there or not whole: its block is run again."""
    try:
        with path.open("rb") as file, np.load(file) as data:
            return tuple(data[name] for name in data.files)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
