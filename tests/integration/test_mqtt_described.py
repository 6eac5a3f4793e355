"""What a real broker passes on is what docs/asyncapi.yaml says, and what Home Assistant makes of it; TLS."""

import asyncio
import datetime
import ipaddress
import json
import os
import re
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from jinja2 import Environment
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from acd.alarmed import Cause, OpenAlarm
from acd.changes import Changes
from acd.mqtt import discovery
from acd.mqtt.broker import Broker
from acd.mqtt.discovery import SENSORS, SWITCHED, Described
from acd.mqtt.messages import messages
from acd.mqtt.publisher import EXPIRE_S, Publisher
from agents.state import READY
from routing.board import WaitingCell
from routing.privacy import MERGED
from tests.integration.test_mqtt import BOARD, Mosquitto

PROJECT = Path(__file__).resolve().parents[2]
DESCRIBED = yaml.safe_load((PROJECT / "docs" / "asyncapi.yaml").read_text(encoding="utf-8"))
ALARM = OpenAlarm(
    Cause("long_wait", "uk"), "longest_wait", 1_000, 12.0, 10.0, (("uk", "study"),), 0, 0, "Lange", "Long"
).plain()
ALL = BOARD._replace(waiting=(*BOARD.waiting, WaitingCell(MERGED, MERGED, 1, 2_000)))
AMONG = Registry().with_resource("urn:described", Resource.from_contents(DESCRIBED, DRAFT202012))
PREFIX, DISCOVERY = "city/hotline", "homeassistant"
CONFIG = "homeassistant/device/city_hotline/config"

Message = aiomqtt.Message


@pytest.fixture
async def mosquitto() -> AsyncIterator[Mosquitto]:
    broker = Mosquitto()
    await broker.start()
    yield broker
    await broker.stop()


def publisher(port: int, **more: Any) -> Publisher:
    broker = Broker("127.0.0.1", port, PREFIX, discovery=DISCOVERY, **more)
    return Publisher(
        broker,
        lambda: ALL,
        Changes(),
        lambda: 0.0,
        lambda: Described("Welcome Center", "de", "https://hotline.example.org"),
        lambda: [ALARM],
    )


def pattern(address: str) -> str:
    """Which topics a channel is about; a prefix may have several levels."""
    return re.sub(r"\\\{(\w+)\\\}", lambda name: ".+" if name[1] == "prefix" else "[^/]+", re.escape(address))


def channels(action: str) -> dict[str, dict[str, Any]]:
    named = [each["channel"]["$ref"] for each in DESCRIBED["operations"].values() if each["action"] == action]
    return {ref.rpartition("/")[2]: DESCRIBED["channels"][ref.rpartition("/")[2]] for ref in named}


def faults(channel: dict[str, Any], payload: bytes) -> list[str]:
    """What the description does not allow of it."""
    (ref,) = (each["$ref"] for each in channel["messages"].values())
    message = DESCRIBED["components"]["messages"][ref.rpartition("/")[2]]
    plain = message.get("contentType") == "text/plain"
    value = payload.decode() if plain else json.loads(payload)
    whole = {"$ref": f"urn:described{ref}/payload"}
    schema = Draft202012Validator(whole, registry=AMONG, format_checker=FormatChecker())
    return [each.message for each in schema.iter_errors(value)]


async def heard(port: int, wanted: Callable[[dict[str, Message]], bool]) -> dict[str, Message]:
    """By topic what is heard, once it is as wanted."""
    found: dict[str, Message] = {}
    async with (
        asyncio.timeout(30),
        aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client,
    ):
        await client.subscribe("#", qos=1)
        async for message in client.messages:
            found[str(message.topic)] = message
            if wanted(found):
                break
    return found


def test_every_example_is_as_described() -> None:
    for key, channel in DESCRIBED["channels"].items():
        (message,) = (each["$ref"].rpartition("/")[2] for each in channel["messages"].values())
        for example in DESCRIBED["components"]["messages"][message].get("examples", []):
            told = example["payload"]
            payload = told if isinstance(told, str) else json.dumps(told)
            assert faults(channel, payload.encode()) == [], key


async def test_every_message_is_described_and_every_channel_is_told(mosquitto: Mosquitto) -> None:
    """All are retained, and figures are forgotten by the broker when nobody renews them."""
    telling = channels("send")
    running = asyncio.ensure_future(publisher(mosquitto.port).run())
    found = await heard(mosquitto.port, lambda messages: len(messages) == len(telling))
    retained = await heard(mosquitto.port, lambda messages: len(messages) == len(telling))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert set(retained) == set(found)
    told = set()
    for topic, message in retained.items():
        (key,) = (key for key, each in telling.items() if re.fullmatch(pattern(each["address"]), topic))
        told.add(key)
        assert faults(telling[key], message.payload) == [], topic  # type: ignore[arg-type]
        assert message.retain, topic
        lasts = getattr(message.properties, "MessageExpiryInterval", None)
        if key in ("status", "discovery"):
            assert lasts is None, topic
        else:
            assert 0 < lasts <= EXPIRE_S, topic
    assert told == set(telling)


def test_nothing_can_be_commanded() -> None:
    """The one thing heard is that somebody new listens."""
    assert set(channels("receive")) == {"birth"}


@pytest.mark.parametrize("language", ["de", "en"])
def test_home_assistant_reads_every_sensor_from_what_is_told(language: str) -> None:
    told = json.loads(discovery.payload(Described("Welcome Center", language), PREFIX, EXPIRE_S))
    state = messages(ALL, [ALARM])[told["state_topic"].removeprefix(f"{PREFIX}/")]
    assert told["availability"][0]["topic"] == f"{PREFIX}/status"
    value = json.loads(state)
    shown = {
        key: Environment(autoescape=True).from_string(each["value_template"]).render(value_json=value)
        for key, each in told["components"].items()
    }
    assert set(shown) == {each.key for each in (*SENSORS, *SWITCHED)} == set(value)
    assert len({each["unique_id"] for each in told["components"].values()}) == len(shown)
    assert (shown["waiting"], shown["alarms"]) == ("3", "1")
    assert shown["ready"] == str(sum(each.state == READY for each in ALL.staff))
    assert shown["waiting_since"] == "1970-01-01T00:00:01+00:00"
    assert (shown["open"], shown["link"], shown["announcing"]) == ("ON", "ON", "OFF")
    nobody = json.loads(messages(ALL._replace(waiting=()))["centre"])
    assert nobody["waiting_since"] is None


async def test_when_home_assistant_has_started_it_is_told_everything_again(mosquitto: Mosquitto) -> None:
    """Anything else that is said there is passed over."""
    running = asyncio.ensure_future(publisher(mosquitto.port).run())
    await heard(mosquitto.port, lambda messages: len(messages) == len(channels("send")))
    async with (
        asyncio.timeout(30),
        aiomqtt.Client("127.0.0.1", mosquitto.port) as client,
    ):
        await client.subscribe(CONFIG, qos=1)
        told = aiter(client.messages)
        assert (await anext(told)).retain
        await client.publish(f"{DISCOVERY}/status", b"offline", qos=1)
        await client.publish(f"{DISCOVERY}/status", b"online", qos=1)
        assert not (await anext(told)).retain
        await client.subscribe(f"{PREFIX}/#", qos=1)
        again = set()
        await client.publish(f"{DISCOVERY}/status", b"online", qos=1)
        async for message in client.messages:
            if not message.retain:
                again.add(str(message.topic))
            if len(again) == len(channels("send")):
                break
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


CHILD = """
import asyncio, sys
from acd.changes import Changes
from acd.mqtt.broker import Broker
from acd.mqtt.publisher import Publisher
from tests.integration.test_mqtt import BOARD
broker = Broker("127.0.0.1", int(sys.argv[1]), "city/hotline")
asyncio.run(Publisher(broker, lambda: BOARD, Changes(), lambda: 0.0).run())
"""


async def test_a_daemon_that_is_killed_is_told_of_by_its_last_will(mosquitto: Mosquitto) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(mosquitto.port), cwd=PROJECT, env={**os.environ, "PYTHONPATH": "."}
    )
    status = f"{PREFIX}/status"
    await heard(mosquitto.port, lambda messages: status in messages and messages[status].payload == b"online")
    child.send_signal(signal.SIGKILL)
    await child.wait()
    await heard(
        mosquitto.port, lambda messages: status in messages and messages[status].payload == b"offline"
    )


# --- TLS -----------------------------------------------------------------------------------------------


def certificate(folder: Path, name: str, signer: tuple[x509.Certificate, Any] | None = None) -> Any:
    """(certificate, key), for 127.0.0.1; both lie in the folder. Without a signer it is an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    by, signing = signer if signer is not None else (None, key)
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(by.subject if by is not None else called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(signing, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return made, key


@asynccontextmanager
async def secured(folder: Path, *settings: str) -> AsyncIterator[Mosquitto]:
    """A broker that lets in who has the password ("acd", "a password") alone; it may read the folder."""
    made = await asyncio.create_subprocess_exec(
        "mosquitto_passwd", "-c", "-b", str(folder / "passwords"), "acd", "a password"
    )
    assert await made.wait() == 0
    broker = Mosquitto("-c", str(folder / "mosquitto.conf"))
    lines = (
        "user root",
        f"listener {broker.port} 127.0.0.1",
        "allow_anonymous false",
        f"password_file {folder}/passwords",
        *settings,
    )
    (folder / "mosquitto.conf").write_text("\n".join(lines), encoding="utf-8")
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


async def said(telling: Publisher, why: str) -> None:
    """It runs until its health says so."""
    running = asyncio.ensure_future(telling.run())
    try:
        async with asyncio.timeout(20):
            while why not in telling.health():  # noqa: ASYNC110 a state, not an event
                await asyncio.sleep(0.05)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho's own socket
async def test_by_tls_with_a_password_and_to_nobody_else(tmp_path: Path) -> None:
    """The broker is known by its authority; one that another signed is told nothing, the password least."""
    ours = certificate(tmp_path, "ours")
    certificate(tmp_path, "theirs")
    certificate(tmp_path, "broker", ours)
    known = {
        name: ssl.create_default_context(cafile=str(tmp_path / f"{name}.pem")) for name in ("ours", "theirs")
    }
    files = (f"certfile {tmp_path}/broker.pem", f"keyfile {tmp_path}/broker.key")
    async with secured(tmp_path, *files) as broker:
        for signer, password, why in (
            ("ours", "a password", "ok"),
            ("ours", "another", "ot authorized"),
            ("theirs", "a password", "certificate verify failed"),
        ):
            await said(publisher(broker.port, user="acd", password=password, tls=known[signer]), why)


DOCUMENTED = re.findall(
    r"```\n(user acd\n.*?)```", (PROJECT / "docs" / "mqtt.md").read_text(encoding="utf-8"), re.DOTALL
)


@pytest.mark.parametrize(
    ("allowed", "why"),
    [
        (DOCUMENTED[0], "ok"),
        ("user acd\ntopic write city/hotline/#\n", f"refuses {CONFIG}: Not authorized"),
        (
            "user acd\ntopic write homeassistant/#\ntopic write city/hotline/status\n",
            "refuses city/hotline/centre: Not authorized",
        ),
    ],
)
async def test_what_the_broker_refuses_is_told_by_its_topic(tmp_path: Path, allowed: str, why: str) -> None:
    """The rights that the document names are enough."""
    rights = allowed.replace("welcomecenter/#", "city/hotline/#").replace("/welcomecenter/", "/city_hotline/")
    (tmp_path / "rights").write_text(rights, encoding="utf-8")
    async with secured(tmp_path, f"acl_file {tmp_path}/rights") as broker:
        await said(publisher(broker.port, user="acd", password="a password"), why)
