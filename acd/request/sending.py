"""From the form to the daemon: one wish through the local socket, and its answer."""

import asyncio
import json
from pathlib import Path
from typing import Final

from acd.ports import Wish

ANSWER_S: Final = 5.0
ANSWER_MAX: Final = 200
TROUBLE: Final = "trouble"


class Socket:
    """Implements ports.Wishes by the daemon's socket: whatever is wrong with it is "trouble"."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def wish(self, wish: Wish) -> str:
        """See ports.Wishes."""
        try:
            async with asyncio.timeout(ANSWER_S):
                reader, writer = await asyncio.open_unix_connection(str(self._path), limit=ANSWER_MAX)
                try:
                    writer.write(json.dumps(wish._asdict()).encode() + b"\n")
                    await writer.drain()
                    answer = json.loads(await reader.readline())
                finally:
                    writer.close()
        except (OSError, TimeoutError, ValueError):
            return TROUBLE
        became = answer.get("became") if isinstance(answer, dict) else None
        return became if isinstance(became, str) else TROUBLE
