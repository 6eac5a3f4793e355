"""Delivers messages to one address: in order, again after growing pauses, from a bounded queue."""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import httpx
import structlog

from acd.hooks.signed import headers, secret
from acd.hooks.told import Told

QUEUE_MAX: Final = 1_000
"""Messages that wait; of more the oldest is given up."""
PAUSES_S: Final = (1.0, 5.0, 30.0, 120.0, 600.0)
"""After each failure of a message; after one more it is given up."""
ANSWER_S: Final = 10.0
BYTES_MAX: Final = 1_000

log = structlog.get_logger(__name__)


class Undelivered(Exception):
    """It did not arrive; the reason is the message, and holds nothing of secret or address."""


class Delivery:
    """name: of the hook. now_s: the wall's time. trouble: what is wrong, or ""."""

    def __init__(
        self,
        name: str,
        url: str,
        secret_path: Path,
        now_s: Callable[[], float],
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self.name = name
        self._url = url
        self._secret_path = secret_path
        self._now_s = now_s
        self._pauses_s = tuple(pauses_s)
        self._queue: deque[Told] = deque()
        self._more = asyncio.Event()
        self._client: httpx.AsyncClient | None = None
        self.trouble = ""
        self.given_up = 0

    def put(self, told: Told) -> None:
        """Deliver it by and by; returns at once."""
        self._queue.append(told)
        if len(self._queue) > QUEUE_MAX:
            self._queue.popleft()
            self._give_up("too many messages wait")
        self._more.set()

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            self._more.clear()
            while self._queue:
                await self._deliver(self._queue.popleft())
            await self._more.wait()

    async def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def send(self, told: Told, within_s: float = ANSWER_S) -> None:
        """Once, now. Raises Undelivered."""
        key = await asyncio.to_thread(self._secret)
        if self._client is None:
            trusted = await asyncio.to_thread(ssl.create_default_context)  # those that the system trusts
            self._client = httpx.AsyncClient(
                timeout=ANSWER_S, trust_env=False, follow_redirects=False, verify=trusted
            )
        try:
            async with asyncio.timeout(within_s):
                sent = headers(key, told.id, int(self._now_s()), told.body)
                async with self._client.stream("POST", self._url, content=told.body, headers=sent) as answer:
                    status = answer.status_code  # what else it says is not read
        except TimeoutError:
            raise Undelivered(f"no answer within {within_s:.0f} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise Undelivered(f"cannot be reached ({type(fault).__name__})") from None
        if not 200 <= status < 300:
            raise Undelivered(f"answers with status {status}")

    async def _deliver(self, told: Told) -> None:
        for pause_s in (*self._pauses_s, None):
            try:
                await self.send(told)
            except Undelivered as fault:
                self.trouble = str(fault)
                if pause_s is None:
                    self._give_up(str(fault))
                else:
                    await asyncio.sleep(pause_s)
            else:
                self.trouble = ""
                return

    def _give_up(self, why: str) -> None:
        self.given_up += 1
        self.trouble = f"{why}; messages given up since the start: {self.given_up}"
        log.warning("a web hook's message was given up", hook=self.name, why=why)

    def _secret(self) -> bytes:
        file = self._secret_path
        try:
            if file.stat().st_mode & 0o077:
                raise Undelivered(f"secret_file: others may read {file.name}: chmod 600")
            with file.open(encoding="utf-8") as opened:
                return secret(opened.read(BYTES_MAX))
        except OSError as fault:
            raise Undelivered(f"secret_file: {file.name} cannot be read: {fault.strerror}") from None
        except ValueError as fault:
            why = "is no text" if isinstance(fault, UnicodeError) else str(fault)
            raise Undelivered(f"secret_file: {file.name} {why}") from None
