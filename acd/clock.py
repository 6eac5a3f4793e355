"""The daemon's clock: wall time at the start, carried on monotonically, so that it never goes back."""

import time

STEP_MS = 1_000


class SystemClock:
    """Implements ports.Clock. not_before: engine time of the newest journalled event."""

    def __init__(self, not_before: int = 0) -> None:
        self._mono = time.monotonic_ns()
        self._wall = max(time.time_ns() // 1_000_000, not_before)
        self._offset = self._difference()

    def now_ms(self) -> int:
        return self._wall + (time.monotonic_ns() - self._mono) // 1_000_000

    def _difference(self) -> int:
        return time.time_ns() // 1_000_000 - self.now_ms()

    def stepped_ms(self) -> int:
        moved = self._difference() - self._offset
        if abs(moved) < STEP_MS:
            return 0
        self._offset += moved
        return moved
