"""Counts at a real broker: retained, with a last will, and a broker in trouble is seen and delays nothing."""

import asyncio
import json
import signal
import subprocess
from collections.abc import AsyncIterator, Callable

import aiomqtt
import pytest

from acd.changes import Changes
from acd.demo.ports import free_port
from acd.mqtt.broker import Broker
from acd.mqtt.publisher import Publisher
from routing.board import Board, StaffState, WaitingCell

BOARD = Board(
    at_ms=5_000,
    link_up=True,
    link_why="",
    open=True,
    term=1,
    in_menu=0,
    ringing=0,
    talking=0,
    degraded=0,
    waiting=(WaitingCell("uk", "study", 2, 1_000),),
    staff=(StaffState("a", "A", "ready", "", 0),),
)


class Mosquitto:
    def __init__(self, *options: str) -> None:
        """options: beside the port; with a file of its own the port stands there."""
        self.port = free_port()
        self.options = options

    async def start(self) -> None:
        options = self.options or ("-p", str(self.port))
        self.process = await asyncio.create_subprocess_exec(
            "mosquitto", *options, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        async with asyncio.timeout(10):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    return
                except OSError:
                    await asyncio.sleep(0.05)

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


@pytest.fixture
async def mosquitto() -> AsyncIterator[Mosquitto]:
    broker = Mosquitto()
    await broker.start()
    yield broker
    await broker.stop()


async def seen(port: int, wanted: Callable[[dict[str, str]], bool]) -> dict[str, str]:
    """Retained messages, once they are as wanted."""
    found: dict[str, str] = {}
    async with asyncio.timeout(20), aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("centre/#")
        async for message in client.messages:
            found[str(message.topic)] = str(bytes(message.payload).decode())  # type: ignore[arg-type]
            if wanted(found):
                return found
    return found


async def until(publisher: Publisher, well: bool) -> None:
    async with asyncio.timeout(20):
        while (publisher.health() == "ok") != well:  # noqa: ASYNC110 a state, not an event
            await asyncio.sleep(0.05)


async def test_counts_are_retained_and_the_will_is_spoken(mosquitto: Mosquitto) -> None:
    publisher = Publisher(
        Broker("127.0.0.1", mosquitto.port, "centre"), lambda: BOARD, Changes(), lambda: 0.0
    )
    running = asyncio.ensure_future(publisher.run())
    found = await seen(mosquitto.port, lambda messages: len(messages) == 6)
    assert found["centre/status"] == "online"
    assert json.loads(found["centre/queue"]) == [
        {"language": "uk", "concern": "study", "callers": 2, "oldest_since_ms": 1_000}
    ]
    assert json.loads(found["centre/staff"]) == {"ready": 1}
    assert publisher.health() == "ok"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await seen(mosquitto.port, lambda messages: messages.get("centre/status") == "offline")


async def test_a_broker_that_goes_is_seen_and_told_again_when_it_is_back(mosquitto: Mosquitto) -> None:
    changes = Changes()
    publisher = Publisher(Broker("127.0.0.1", mosquitto.port, "centre"), lambda: BOARD, changes, lambda: 0.0)
    running = asyncio.ensure_future(publisher.run())
    await until(publisher, True)
    await mosquitto.stop()
    changes.touch()
    await until(publisher, False)
    await mosquitto.start()
    await until(publisher, True)
    await seen(mosquitto.port, lambda messages: messages.get("centre/status") == "online")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_broker_that_takes_nothing_is_seen(mosquitto: Mosquitto) -> None:
    board = [BOARD]
    changes = Changes()
    publisher = Publisher(
        Broker("127.0.0.1", mosquitto.port, "centre"), lambda: board[0], changes, lambda: 0.0
    )
    running = asyncio.ensure_future(publisher.run())
    await until(publisher, True)
    mosquitto.process.send_signal(signal.SIGSTOP)
    board[0] = BOARD._replace(waiting=())
    changes.touch()
    await until(publisher, False)
    mosquitto.process.send_signal(signal.SIGCONT)
    await until(publisher, True)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
