"""Figures of a benchmark: printed as they come, and kept in build/bench.json."""

import json
from collections.abc import Sequence
from pathlib import Path


def spread(values: Sequence[float], scale: float = 1.0) -> dict[str, float]:
    """Count, median, 99th percentile (nearest rank) and largest, each times `scale`."""
    ranked = sorted(values)

    def rank(share: float) -> float:
        return round(ranked[min(len(ranked) - 1, int(share * len(ranked)))] * scale, 4)

    return {"count": len(ranked), "median": rank(0.5), "p99": rank(0.99), "max": round(ranked[-1] * scale, 4)}


class Figures:
    """Collects named figures; what earlier runs left in the file stays until it is measured again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._all: dict[str, dict[str, float]] = {}
        if path.exists():
            self._all = json.loads(path.read_text(encoding="utf-8"))

    def add(self, name: str, **values: float) -> None:
        """Print and keep."""
        self._all[name] = values
        print(name)
        for key, value in values.items():
            print(f"  {key:32} {value:>14,}")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self._all, indent=2) + "\n", encoding="utf-8")
