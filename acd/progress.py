"""How far long work is: on a terminal one line that is written over, in a log a line at each tenth."""

import sys
from typing import TextIO


class Progress:
    """Called with how many are done, of how many."""

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        self._what = what
        self._stream = stream or sys.stderr
        self._tenth = 0

    def __call__(self, done: int, of: int) -> None:
        """Say so, if it is time to."""
        tenth = done * 10 // of
        if self._stream.isatty():
            self._say(f"\r{self._what}: {done} of {of}", end="\n" if done == of else "")
        elif tenth > self._tenth:
            self._say(f"{self._what}: {done} of {of}", end="\n")
        self._tenth = 0 if done == of else tenth

    def _say(self, text: str, end: str) -> None:
        print(text, end=end, file=self._stream, flush=True)
