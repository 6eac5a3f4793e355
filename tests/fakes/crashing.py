"""The real daemon with a kill -9 between two of its parts: `crashing.py POINT NTH run --config FILE`.

The parts are the real ones; each wrapper only counts, and ends the process where it is told to.
"""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from acd import cli, daemon
from routing.commands import Command, Connect


class Bomb:
    """Goes off the nth time the point is passed."""

    def __init__(self, point: str, nth: int) -> None:
        self._point = point
        self._left = nth

    def at(self, point: str) -> None:
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class Around:
    """Everything that is not wrapped goes to the real part."""

    def __init__(self, part: Any, bomb: Bomb) -> None:
        self._part = part
        self._bomb = bomb

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)


class Journal(Around):
    async def append(self, batch: Sequence[Any], decided: Sequence[Any] = ()) -> None:
        mine = any(type(each.event).__name__ == "CallWaiting" for each in batch)
        if mine:
            self._bomb.at("before commit")
        await self._part.append(batch, decided)
        if mine:
            self._bomb.at("commit and step")


class Link(Around):
    def send(self, commands: Sequence[Command]) -> None:
        mine = any(isinstance(each, Connect) for each in commands)
        if mine:
            self._bomb.at("step and send")
        self._part.send(commands)
        if mine:
            self._bomb.at("send and reply")


class Recorder(Around):
    async def record(self, batch: Sequence[tuple[int, Sequence[Any]]]) -> None:
        mine = any(type(fact).__name__ == "Queued" for _, facts in batch for fact in facts)
        if mine:
            self._bomb.at("before record")
        await self._part.record(batch)
        if mine:
            self._bomb.at("after record")


def main() -> None:
    bomb = Bomb(sys.argv[1], int(sys.argv[2]))
    wraps = daemon.Wraps(
        journal=lambda part: Journal(part, bomb),  # type: ignore[arg-type,return-value]
        recorder=lambda part: Recorder(part, bomb),  # type: ignore[arg-type,return-value]
        link=lambda part: Link(part, bomb),  # type: ignore[arg-type,return-value]
    )
    real = daemon.run
    daemon.run = lambda path, started: real(path, started, wraps)  # type: ignore[assignment]
    sys.argv = ["acd", *sys.argv[3:]]
    cli.main()


if __name__ == "__main__":
    main()
