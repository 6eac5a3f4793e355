"""Whether the next commit may be made in the loop itself: while all of the last ones were swift.

A hop to a thread and back costs more than a commit into the system's cache (0.6 against 0.05 ms). A disk that
is slow holds the loop once at most: after one slow commit the thread makes them, until so many in a row were
swift again.
"""

SLOW_S = 0.003
PROVEN = 50
ROWS_MAX = 32
"""A larger batch is for the thread: it takes longer by itself."""


class Swift:
    """Told how long each commit took, wherever it was made."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def took(self, seconds: float) -> None:
        """One commit took so long."""
        self._in_a_row = self._in_a_row + 1 if seconds < SLOW_S else 0

    def failed(self) -> None:
        """One was refused, or the file was locked."""
        self._in_a_row = 0

    def may(self, rows: int) -> bool:
        """Whether a commit of so many rows may hold the loop."""
        return rows <= ROWS_MAX and self._in_a_row >= PROVEN
