"""What stands for the code: compiled code and kept results are told apart by the hash of their sources.

The compiler notices a change in a file, but not in another file that it took functions from.
"""

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Final

import numba

CACHED: Final = True
_SIMULATED = ("simulation/drivers", "simulation/scenarios", "simulation/runs", "simulation/staffing")
_HOUSE = Path(__file__).resolve().parents[2]
_SOURCES = (
    "routing/select.py",
    "simulation/drivers/cache.py",
    "simulation/drivers/casework.py",
    "simulation/drivers/clockwork.py",
    "simulation/drivers/diary.py",
    "simulation/drivers/jobs.py",
    "simulation/drivers/kaplan_meier.py",
    "simulation/drivers/kernel.py",
    "simulation/drivers/layout.py",
    "simulation/drivers/sampler.py",
    "simulation/drivers/wait_bins.py",
)


def folder() -> Path:
    """The folder for the sources as they are now, below the user's cache folder."""
    taken = hashlib.sha256(numba.__version__.encode())
    for name in _SOURCES:
        taken.update((_HOUSE / name).read_bytes())
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "welcomecenter-acd" / "kernel" / taken.hexdigest()[:16]


@cache
def code_hash() -> str:
    """Hash of all sources that a simulated result depends on: another release's results are told apart."""
    taken = hashlib.sha256()
    for room in ("agents", "routing", "config", *_SIMULATED):
        for path in sorted((_HOUSE / room).glob("*.py")):
            taken.update(path.read_bytes())
    return taken.hexdigest()[:16]


numba.config.CACHE_DIR = str(folder())  # type: ignore[attr-defined]
