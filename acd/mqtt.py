"""Publishes counts as retained MQTT 5 messages. The latest wins; a broker in trouble delays nothing."""

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiomqtt
import structlog

from acd.changes import Changes
from routing.board import Board

INTERVAL_S = 0.5
REFRESH_S = 10.0
SEND_S = 5.0
LONGEST_S = 30.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Broker:
    """Where to publish, and under which prefix."""

    host: str
    port: int
    prefix: str
    user: str = ""
    password: str = ""
    tls: bool = False


def messages(board: Board) -> Mapping[str, str]:
    """Topic below the prefix -> payload. Counts only: nothing of a single caller or person."""
    staff: dict[str, int] = {}
    for person in board.staff:
        staff[person.state] = staff.get(person.state, 0) + 1
    queue = [
        {
            "language": c.language,
            "concern": c.concern,
            "callers": c.callers,
            "oldest_since_ms": c.longest_since_ms,
        }
        for c in board.waiting
    ]
    link = {"up": board.link_up, "why": board.link_why, "open": board.open}
    parts = {"queue": queue, "staff": staff, "link": link}
    return {topic: json.dumps(part, sort_keys=True) for topic, part in parts.items()}


class Publisher:
    """Keeps a broker told of every change of the board; run it beside the loop."""

    def __init__(
        self, broker: Broker, board: Callable[[], Board], changes: Changes, jitter: Callable[[], float]
    ) -> None:
        self._broker = broker
        self._board = board
        self._changes = changes
        self._jitter = jitter
        self._trouble = "not connected yet"

    def health(self) -> str:
        """ "ok", or what is wrong with the broker."""
        return self._trouble or "ok"

    async def run(self) -> None:
        """Publish for ever; waits longer after each failure."""
        failures = 0
        while True:
            try:
                await self._session()
            except (aiomqtt.MqttError, OSError, TimeoutError) as fault:
                trouble = f"the MQTT broker cannot be used: {str(fault)[:120] or type(fault).__name__}"
                if trouble != self._trouble:
                    log.warning("broker away", why=trouble)
                self._trouble = trouble
            failures = 0 if not self._trouble else min(failures + 1, 8)
            await asyncio.sleep(min(LONGEST_S, 0.5 * 2**failures) * (0.5 + self._jitter() / 2))

    async def _session(self) -> None:
        b = self._broker
        status = f"{b.prefix}/status"
        client = aiomqtt.Client(
            b.host,
            b.port,
            username=b.user or None,
            password=b.password or None,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=aiomqtt.Will(status, b"offline", qos=1, retain=True),
            tls_context=ssl.create_default_context() if b.tls else None,
            timeout=SEND_S,
            max_queued_outgoing_messages=20,
        )
        async with client:
            await client.publish(status, b"online", qos=1, retain=True)
            self._trouble = ""
            telling = asyncio.ensure_future(self._tell(client, status))
            gone = asyncio.ensure_future(_until_gone(client))
            try:
                done, _ = await asyncio.wait({telling, gone}, return_when=asyncio.FIRST_COMPLETED)
                for each in done:
                    each.result()
            except asyncio.CancelledError:
                await client.publish(status, b"offline", qos=1, retain=True)
                raise
            finally:
                for each in (telling, gone):
                    each.cancel()
                await asyncio.gather(telling, gone, return_exceptions=True)

    async def _tell(self, client: aiomqtt.Client, status: str) -> None:
        """Publish what changed, and a sign of life when nothing does."""
        told: dict[str, str] = {}
        while True:
            version = self._changes.version
            for topic, payload in messages(self._board()).items():
                if told.get(topic) != payload:
                    await client.publish(f"{self._broker.prefix}/{topic}", payload, qos=1, retain=True)
                    told[topic] = payload
            await asyncio.sleep(INTERVAL_S)
            try:
                async with asyncio.timeout(REFRESH_S):
                    await self._changes.after(version)
            except TimeoutError:
                await client.publish(status, b"online", qos=1, retain=True)


async def _until_gone(client: aiomqtt.Client) -> None:
    """Raises MqttError as soon as the broker is gone; we subscribe to nothing."""
    async for _ in client.messages:
        continue
