"""Keeps a broker told, by retained MQTT 5 messages. The latest wins; a broker in trouble delays nothing."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

import aiomqtt
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from acd.changes import Changes
from acd.mqtt import discovery
from acd.mqtt.broker import Broker
from acd.mqtt.discovery import Described
from acd.mqtt.messages import OFFLINE, ONLINE, STATUS, messages
from routing.board import Board

INTERVAL_S = 0.5
REFRESH_S = 10.0
EXPIRE_S: Final = 60
"""So long a figure holds that is not told anew; the broker forgets it then."""
SEND_S = 5.0
KEEPALIVE_S = 15
LONGEST_S = 30.0
BORN: Final = b"online"
"""What Home Assistant says of itself when it has started."""
HEARD_MAX: Final = 20

log = structlog.get_logger(__name__)


class _Client(aiomqtt.Client):
    """Knows what the broker refused; aiomqtt passes over it. refused: why the last message was, or ""."""

    refused = ""

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any) -> None:
        self.refused = str(reason_code) if reason_code.is_failure else ""
        super()._on_publish(client, userdata, mid, reason_code, properties)


class Publisher:
    """Keeps a broker told of every change of the board; run it beside the loop. alarms: those that are
    raised, as others may see them."""

    def __init__(
        self,
        broker: Broker,
        board: Callable[[], Board],
        changes: Changes,
        jitter: Callable[[], float],
        described: Callable[[], Described] = lambda: Described("WelcomeCenter", "en"),
        alarms: Callable[[], Sequence[Mapping[str, Any]]] = tuple,
    ) -> None:
        self._broker = broker
        self._board = board
        self._changes = changes
        self._jitter = jitter
        self._described = described
        self._alarms = alarms
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
                self._is(f"cannot be used: {str(fault)[:120] or type(fault).__name__}")
            failures = 0 if not self._trouble else min(failures + 1, 8)
            await asyncio.sleep(min(LONGEST_S, 0.5 * 2**failures) * (0.5 + self._jitter() / 2))

    def _is(self, wrong: str) -> None:
        trouble = wrong and f"the MQTT broker {wrong}"
        if trouble and trouble != self._trouble:
            log.warning("broker in trouble", why=trouble)
        self._trouble = trouble

    async def _session(self) -> None:
        b = self._broker
        status = f"{b.prefix}/{STATUS}"
        client = _Client(
            b.host,
            b.port,
            username=b.user or None,
            password=b.password or None,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=aiomqtt.Will(status, OFFLINE, qos=1, retain=True),
            tls_context=b.tls,
            timeout=SEND_S,
            keepalive=KEEPALIVE_S,
            max_queued_outgoing_messages=20,
            max_queued_incoming_messages=HEARD_MAX,
        )
        born = asyncio.Event()
        async with client:
            if b.discovery:
                await client.subscribe(f"{b.discovery}/status", qos=1)
            born.set()
            telling = asyncio.ensure_future(self._tell(client, born))
            hearing = asyncio.ensure_future(_hear(client, born))
            try:
                done, _ = await asyncio.wait({telling, hearing}, return_when=asyncio.FIRST_COMPLETED)
                for each in done:
                    each.result()
            except asyncio.CancelledError:
                await client.publish(status, OFFLINE, qos=1, retain=True)
                raise
            finally:
                for each in (telling, hearing):
                    each.cancel()
                await asyncio.gather(telling, hearing, return_exceptions=True)

    async def _tell(self, client: _Client, born: asyncio.Event) -> None:
        """Publish what changed, everything at least every REFRESH_S, and when somebody new listens also what
        there is to be known."""
        b = self._broker
        told: Mapping[str, str] = {}
        refused: dict[str, str] = {}
        now = asyncio.get_running_loop().time
        anew_at = now()

        async def publish(topic: str, payload: str | bytes, properties: Properties | None = None) -> None:
            await client.publish(topic, payload, qos=1, retain=True, properties=properties)
            refused[topic] = client.refused

        while True:
            version = self._changes.version
            if born.is_set():
                born.clear()
                anew_at = now()
                if b.discovery:
                    known = discovery.payload(self._described(), b.prefix, EXPIRE_S)
                    await publish(discovery.topic(b.discovery, b.prefix), known)
            if now() >= anew_at:
                told = {}
                anew_at = now() + REFRESH_S
                await publish(f"{b.prefix}/{STATUS}", ONLINE)
            found = messages(self._board(), self._alarms())
            for topic, payload in found.items():
                if told.get(topic) != payload:
                    await publish(f"{b.prefix}/{topic}", payload, _expiring())
            told = found
            self._is(next((f"refuses {topic}: {why}" for topic, why in refused.items() if why), ""))
            await asyncio.sleep(INTERVAL_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(anew_at):
                    await _first(self._changes.after(version), born.wait())


async def _first(*works: Coroutine[Any, Any, object]) -> None:
    """Return once one of them has; the others are ended."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in tasks:
            each.cancel()


async def _hear(client: aiomqtt.Client, born: asyncio.Event) -> None:
    """Raises MqttError as soon as the broker is gone. All that is heard is that Home Assistant has started:
    whoever says so is told again what is told anyway."""
    async for message in client.messages:
        if message.payload == BORN:
            born.set()


def _expiring() -> Properties:
    found = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    found.MessageExpiryInterval = EXPIRE_S
    return found
