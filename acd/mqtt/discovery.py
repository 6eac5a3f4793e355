"""How Home Assistant comes to know the hotline: one device, its figures as sensors, by a retained message."""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from acd import __version__
from acd.mqtt.messages import CENTRE, OFFLINE, ONLINE, STATUS
from config.words import book

SECTION: Final = "mqtt"
"""Of config/words: what the sensors are called."""


class Sensor(NamedTuple):
    """key: of the topic CENTRE, and of the words. device_class: Home Assistant's name for such values; "":
    a count."""

    key: str
    icon: str
    device_class: str = ""


SENSORS: Final = (
    Sensor("waiting", "mdi:phone-clock"),
    Sensor("waiting_since", "mdi:timer-sand", "timestamp"),
    Sensor("in_menu", "mdi:dialpad"),
    Sensor("ringing", "mdi:phone-ring"),
    Sensor("talking", "mdi:phone-in-talk"),
    Sensor("outside", "mdi:phone-forward"),
    Sensor("callbacks", "mdi:phone-return"),
    Sensor("ready", "mdi:account-check"),
    Sensor("alone", "mdi:phone-alert"),
    Sensor("alarms", "mdi:alert"),
)
SWITCHED: Final = (
    Sensor("open", "mdi:door-open"),
    Sensor("link", "mdi:lan-connect", "connectivity"),
    Sensor("announcing", "mdi:bullhorn"),
)
"""Those that are on or off."""


class Described(NamedTuple):
    """The hotline as a device. language: of the sensors' names. url: of its pages, "" where not known."""

    name: str
    language: str
    url: str = ""


def topic(discovery: str, prefix: str) -> str:
    """Where it is told. discovery: Home Assistant's prefix."""
    return f"{discovery}/device/{_id(prefix)}/config"


def payload(described: Described, prefix: str, expire_s: int) -> str:
    """expire_s: so long a value holds that is not told anew."""
    device: dict[str, Any] = {
        "identifiers": [_id(prefix)],
        "name": described.name,
        "model": "WelcomeCenter ACD",
        "sw_version": __version__,
    }
    if described.url:
        device["configuration_url"] = described.url
    parts = {each.key: _sensor(each, described, prefix, expire_s) for each in SENSORS}
    parts |= {each.key: _switched(each, described, prefix, expire_s) for each in SWITCHED}
    told = {
        "device": device,
        "origin": {"name": "WelcomeCenter ACD", "sw_version": __version__},
        "availability": [
            {
                "topic": f"{prefix}/{STATUS}",
                "payload_available": ONLINE.decode(),
                "payload_not_available": OFFLINE.decode(),
            }
        ],
        "state_topic": f"{prefix}/{CENTRE}",
        "qos": 1,
        "components": parts,
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True)


def _sensor(each: Sensor, described: Described, prefix: str, expire_s: int) -> Mapping[str, Any]:
    found = _entity(each, "sensor", described, prefix, expire_s)
    found["value_template"] = f"{{{{ value_json.{each.key} }}}}"
    if not each.device_class:
        found["state_class"] = "measurement"
    return found


def _switched(each: Sensor, described: Described, prefix: str, expire_s: int) -> Mapping[str, Any]:
    found = _entity(each, "binary_sensor", described, prefix, expire_s)
    found["value_template"] = f"{{{{ 'ON' if value_json.{each.key} else 'OFF' }}}}"
    return found


def _entity(each: Sensor, platform: str, described: Described, prefix: str, expire_s: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "platform": platform,
        "unique_id": f"{_id(prefix)}_{each.key}",
        "name": book(described.language)[SECTION][each.key],
        "icon": each.icon,
        "expire_after": expire_s,
    }
    if each.device_class:
        found["device_class"] = each.device_class
    return found


def _id(prefix: str) -> str:
    return prefix.strip("/").replace("/", "_")
