"""The daemon's clock: engine time, which never goes back and always comes to agree with the wall clock.

Engine time is the wall time at the start (not before the newest journalled event), carried on by the
machine's steady clock, which also counts while the machine is suspended. The two part when the wall clock
is set, or was wrong at the start, or ran behind the journal. Then, by how far engine time is

- behind by a second or more, because the wall clock was set ahead: it jumps to the wall clock, once. Whoever
  asks `stepped_ms` is told, and has to treat the time between as time in which we were away;
- behind by less: it runs half as fast again until it is there;
- ahead: it runs at half speed until the wall clock is there. It does not stand: a lease must end, even if
  late. An hour ahead is made good in two. More than a day ahead would take days: `health` says what to do.

So hours, days and deadlines are right again once the clocks agree, and no time in the journal ever falls.
"""

import time
from collections.abc import Callable

STEP_MS = 1_000
CLOSE_MS = 20
"""Two clocks cannot be read at once: less than this between them is no difference."""
SHOWN_MS = 60_000
LONG_MS = 86_400_000
MS = 1_000_000

_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady_ns() -> int:
    """Nanoseconds that nobody sets, counting while the machine is suspended too where the system can."""
    return time.clock_gettime_ns(_STEADY)


class SystemClock:
    """Implements ports.Clock. not_before: engine time of the newest journalled event."""

    def __init__(
        self,
        not_before: int = 0,
        wall_ns: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = steady_ns,
    ) -> None:
        self._wall_ns = wall_ns
        self._steady = steady
        self._from = steady()
        wall = wall_ns()
        self._apart = wall - self._from
        self._engine = max(wall, not_before * MS)
        self._sign = 0
        self._slews = 0
        self._behind = 0
        self._follow(self._from, wall, jump=False)

    def now_ms(self) -> int:
        return self._at(self._steady()) // MS

    def elapsed_ms(self) -> int:
        return self._steady() // MS

    def stepped_ms(self) -> int:
        steady, wall = self._steady(), self._wall_ns()
        moved = wall - steady - self._apart
        stepped = abs(moved) >= STEP_MS * MS
        if stepped:
            self._apart += moved
        self._follow(steady, wall, jump=stepped)
        return int(moved / MS) if stepped else 0

    def health(self) -> str:
        """ "ok", or how far engine time is from the wall clock, and what to do."""
        ahead = -self._behind // MS
        if ahead < SHOWN_MS:
            return "ok"
        if ahead < LONG_MS:
            return (
                f"engine time is {ahead // 60_000} min ahead of the wall clock, which was set back or ran "
                "ahead before; it runs at half speed until they agree"
            )
        return (
            f"engine time is {ahead // LONG_MS} days ahead of the wall clock: if the wall clock is right, "
            "stop the daemon, move journal.db away and start again"
        )

    def _at(self, steady: int) -> int:
        """Engine time at a reading of the steady clock, in ns."""
        run = steady - self._from
        slewed = self._sign * min(run, self._slews) // 2 if self._sign else 0
        return self._engine + run + slewed

    def _follow(self, steady: int, wall: int, *, jump: bool) -> None:
        """From here on towards the wall clock. jump: the wall clock was set since the last look."""
        self._engine, self._from = self._at(steady), steady
        behind = wall - self._engine
        if jump and behind >= STEP_MS * MS:
            self._engine, behind = wall, 0
        self._behind = behind
        self._sign = 0 if abs(behind) <= CLOSE_MS * MS else 1 if behind > 0 else -1
        self._slews = 2 * abs(behind)
