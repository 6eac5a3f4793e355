"""How long ago the PBX said something: its own stamps, corrected for the distance of the two clocks.

The distance is unknown, and so is how long a message was on its way. But the message that was on its way
for the shortest time tells the distance best: so the smallest difference between our clock and a stamp,
seen within the last half minute to a minute, is taken for the distance, and what a message has above it is
its age. While we stand still ages grow and the distance stays.

A question and its answer bound the distance; if two clocks that show the same lie within, they do.

The PBX's clock may be set. Ahead: stamps come nearer, and the smallest difference is right at once. Back:
a stamp lies before an earlier one, or an answer is stamped before its question was asked; then the
distance is learned anew.
"""

from math import inf

WINDOW_S = 30.0
BACK_S = 0.5
"""Stamps come from several threads of the PBX, a little out of order; further back, its clock was set."""


class PbxTime:
    """One PBX's clock, as seen from ours. Times in seconds; ours is a steady clock from any point on."""

    def __init__(self) -> None:
        self._least = inf
        self._before = inf
        self._since = -inf
        self._newest = -inf

    def age(self, stamp: float, now: float, *, in_turn: bool = True) -> float:
        """How long ago something stamped so was said, read now. in_turn: nothing older comes behind it."""
        if in_turn:
            if stamp < self._newest - BACK_S:
                self._forget()
            self._newest = max(self._newest, stamp)
        return self._seen(stamp, now)

    def _seen(self, stamp: float, now: float) -> float:
        apart = now - stamp
        if now - self._since > WINDOW_S:
            self._before, self._least, self._since = self._least, inf, now
        self._least = min(self._least, apart)
        return apart - min(self._least, self._before)

    def shows(self, now: float) -> float:
        """What the PBX's clock shows now (epoch seconds); 0 where nothing has told it yet."""
        distance = min(self._least, self._before)
        return now - distance if distance < inf else 0.0

    def answered(self, asked: float, stamp: float, now: float, same: float = inf) -> None:
        """A question asked then was answered with this stamp, read now.

        same: the distance if both wall clocks show the same. Wherever that may be so it is taken to be so:
        over a slow link the first messages tell how far away the PBX is only with their delay.
        """
        if min(self._least, self._before) < asked - stamp - BACK_S:
            self._forget()
        self._seen(stamp, now)  # not as the newest: events that wait to be told were said before it
        if asked - stamp <= same <= now - stamp:
            self._least = min(self._least, same)

    def _forget(self) -> None:
        self._least = self._before = inf
        self._newest = -inf


def stamped(text: str) -> float:
    """A Timestamp header (seconds, microseconds after the point); 0 where there is none."""
    try:
        found = float(text)
    except ValueError:
        return 0.0
    return found if 0.0 < found < 1e11 else 0.0
