"""What pages and API show, as JSON: made once for all who look, and in pieces, which hold nobody up."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from acd import __version__
from acd.web.deps import ServiceLevel
from routing.board import Board

FRESH_S = 0.25
PIECE = 500
"""Rows that are written without a break: about a millisecond."""


class Shown:
    """The state of the hotline as one text. version: another one is another state."""

    def __init__(
        self,
        board: Callable[[], Board],
        level: Callable[[], Awaitable[ServiceLevel]],
        version: Callable[[], int],
    ) -> None:
        self._board = board
        self._level = level
        self._version = version
        self._one = asyncio.Lock()
        self._text = ""
        self._of = -1
        self._at = 0.0

    async def text(self, old_s: float = 0.0) -> str:
        """The state (shapes.State) as it is now, or as it was at most `old_s` ago."""
        async with self._one:
            now = asyncio.get_running_loop().time()
            same = self._of == self._version() and now - self._at < FRESH_S
            if not (same or now - self._at < old_s) or not self._text:
                self._of, self._at = self._version(), now
                self._text = await self._made()
            return self._text

    async def _made(self) -> str:
        level = json.dumps((await self._level())._asdict())
        board = self._board()
        rest = board._asdict() | {"waiting": [each._asdict() for each in board.waiting]}
        del rest["staff"]
        head, release = json.dumps(rest)[1:-1], json.dumps(__version__)
        staff = await _rows(board.staff)
        return f'{{"board": {{{head}, "staff": [{staff}]}}, "service_level": {level}, "release": {release}}}'


async def _rows(rows: Sequence[Any]) -> str:
    """Values with named fields, between commas."""
    pieces = []
    for start in range(0, len(rows), PIECE):
        pieces.append(json.dumps([each._asdict() for each in rows[start : start + PIECE]])[1:-1])
        await asyncio.sleep(0)
    return ", ".join(pieces)
