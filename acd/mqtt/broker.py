"""Which broker is told, and how it is known: from the centre's file, and the files that it names."""

import ssl
from dataclasses import dataclass

from config.load import ConfigFaults, Fault
from config.schema import Centre


@dataclass(frozen=True)
class Broker:
    """Where to publish, and under which prefix. discovery: Home Assistant's prefix; "": it is told nothing.
    tls: by which certificates the broker is known; None: it is not encrypted."""

    host: str
    port: int
    prefix: str
    user: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None
    discovery: str = ""


def broker(centre: Centre) -> Broker | None:
    """The one of [mqtt]; None without it. Raises ConfigFaults for a file that cannot be used."""
    mqtt = centre.mqtt
    if mqtt is None:
        return None
    password = _read(centre, mqtt.password_file, "mqtt.password_file").strip()
    tls = ssl.create_default_context() if mqtt.tls else None
    if tls is not None and mqtt.ca_file:
        signers = _read(centre, mqtt.ca_file, "mqtt.ca_file")
        try:
            tls = ssl.create_default_context(cadata=signers)
        except (ssl.SSLError, ValueError):
            raise ConfigFaults([Fault(mqtt.ca_file, "mqtt.ca_file", "is no certificate (PEM)")]) from None
    return Broker(mqtt.host, mqtt.port, mqtt.prefix, mqtt.user, password, tls, mqtt.discovery)


def _read(centre: Centre, file: str, key: str) -> str:
    try:
        return centre.path(file).read_text(encoding="utf-8") if file else ""
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or "is no text"
        raise ConfigFaults([Fault(file, key, f"cannot be read: {why}")]) from None
