"""[privacy], [pbx], [[emergency]], [store], [web], [mqtt]: the house around it."""

from datetime import date, datetime
from ipaddress import ip_address, ip_network
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    IPvAnyAddress,
    StringConstraints,
)

from config.tables.kinds import FOLDER, Host, Key, Name, OneLine, Phone, Port, Table, Text
from routing.others import Others


def _is_address(text: str) -> str:
    try:
        ip_address(text)
    except ValueError:
        raise ValueError("is no IP address; write one like 127.0.0.1") from None
    return text


def _is_trunk(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            "is no IP address and no network; write one like 192.0.2.10 or 192.0.2.0/28"
        ) from None
    if not network.prefixlen:
        raise ValueError("would make everybody the trunk; name the provider's own addresses")
    return text


def _day(value: object) -> object:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("is no date; write one like 2026-01-15, without quotes")
    if not 2000 <= value.year < 2200:
        raise ValueError(f"is in the year {value.year}; write one from 2000 to 2199")
    return value


FEW = 5
"""Of so many people a figure says nothing of one."""


class Agreement(Table):
    """[privacy.agreement]: the service agreement (Dienstvereinbarung) that lets supervisors see more of a
    person than whether they are ready, not ready or on a call. Without it nothing more is shown.

    allows: what it lets them do in talks, of callers who have said yes to it by a key: hear them, be heard by
    the person alone, or by both.
    """

    name: Name
    date: Annotated[date, BeforeValidator(_day)]
    allows: list[Literal["listen", "whisper", "barge"]] = []


class Privacy(Table):
    """[privacy]: how long numbers and records are kept, whose number gets no token, what figures stand alone.

    number_days: a number is forgotten after so many; 0: none is kept. visit_days: calls, callbacks, messages
    and incidents leave the records so long after they ended. staff_days: so does what the staff was doing.
    smallest_cell: figures by language and concern that fewer people could serve are shown as one; 0: none.
    Figures that are kept, or go to other systems, stand for FEW people at least without an agreement.
    """

    number_days: Annotated[int, Field(ge=0, le=3650)]
    visit_days: Annotated[int, Field(ge=30, le=3650)] = 1095
    staff_days: Annotated[int, Field(ge=30, le=3650)] = 365
    switchboard_numbers: list[str] = []
    smallest_cell: Annotated[int, Field(ge=0, le=100)] = 0
    agreement: Agreement | None = None

    @property
    def smallest_figure(self) -> int:
        """As smallest_cell, for figures that are kept or go to other systems: by and by they say how a few
        people work, so without an agreement they stand for FEW at least."""
        return self.smallest_cell if self.agreement else max(self.smallest_cell, FEW)

    @property
    def others(self) -> Others:
        """What is seen of one person by others."""
        return Others(self.agreement is not None)


class Pbx(Table):
    """[pbx]: where Asterisk listens. Everything is loopback unless said otherwise.

    qualify_seconds: how often a phone is asked whether it lives; it has 3 s to answer, and one that dies in a
    talk is found after both. 0: never asked. folder: of its files, as Asterisk sees it.
    """

    ami_host: Host = "127.0.0.1"
    ami_port: Port = 5038
    ami_user: Key = "acd"
    sip_address: Annotated[str, AfterValidator(_is_address)] = "127.0.0.1"
    sip_port: Port = 5060
    rtp_from: Port = 10000
    rtp_to: Port = 10999
    trunk_addresses: Annotated[list[Annotated[str, AfterValidator(_is_trunk)]], Field(min_length=1)]
    qualify_seconds: Annotated[int, Field(ge=0, le=60)] = 10
    folder: Annotated[
        str, StringConstraints(pattern=r"^(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$", max_length=200)
    ] = FOLDER


class Emergency(Table):
    """[[emergency]]: where 112 and 110 go that phones of the staff dial, by the place where they stand.

    phones: [] for all that no other entry names. gateway: a SIP URI of whoever takes such calls; it has to
    know the address of this place. number: by which the control centre calls back.
    """

    site: Text
    phones: list[Phone] = []
    gateway: Annotated[str, StringConstraints(pattern=r"^sips?:[A-Za-z0-9.-]+(:[0-9]{1,5})?$")]
    number: Annotated[str, StringConstraints(pattern=r"^\+[0-9]{6,15}$")]


class Store(Table):
    """[store]: where things are kept. URLs name PostgreSQL; without them SQLite files lie in the folder."""

    folder: OneLine
    journal_days: Annotated[int, Field(ge=1, le=3650)] = 90
    journal_url: OneLine = ""
    records_url: OneLine = ""
    vault_url: OneLine = ""


LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_loopback(url: str) -> bool:
    """Whether it is an address on this machine; raises ValueError for one that is none."""
    return urlsplit(url).hostname in LOOPBACK


def _protected(url: str) -> str:
    said = urlsplit(url)
    if not said.hostname or said.query or said.fragment or "@" in said.netloc or not url.isprintable():
        raise ValueError("is no plain address like https://login.example.org/realms/city")
    if said.scheme != "https" and not (said.scheme == "http" and is_loopback(url)):
        raise ValueError("begins with https:// (http:// is for this machine alone)")
    return url


def _origin(url: str) -> str:
    if urlsplit(url).path not in ("", "/"):
        raise ValueError("is without a path: https://hotline.example.org")
    return url


Protected = Annotated[str, StringConstraints(max_length=200), AfterValidator(_protected)]


Origin = Annotated[Protected, AfterValidator(_origin)]


class Web(Table):
    """[web]: the live page and the API.

    hosts: by which names browsers may ask, beside the address itself (what a proxy sends on as Host).
    proxies: addresses of proxies that are believed when they name whom they ask for (X-Forwarded-For).
    public_url: how browsers reach it, "https://hotline.example.org"; a directory sends them back there.
    """

    host: Host = "127.0.0.1"
    port: Port = 8080
    hosts: list[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,253}$")]] = []
    proxies: list[IPvAnyAddress] = []
    public_url: Literal[""] | Origin = ""


class Mqtt(Table):
    """[mqtt]: the broker to which counts are published.

    ca_file: of the authority that signed the broker's certificate; "": those that the system knows.
    discovery: Home Assistant's prefix, below which it is told what there is; "": it is told nothing.
    language: of what its sensors are called.
    """

    host: Host
    port: Port = 1883
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_/-]{1,80}$")] = "welcomecenter"
    user: OneLine = ""
    password_file: OneLine = ""
    tls: bool = False
    ca_file: OneLine = ""
    discovery: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_/-]{0,80}$")] = "homeassistant"
    language: Literal["de", "en"] = "de"

    def faults(self) -> list[tuple[str, str]]:
        """(key, reason) for what does not fit together."""
        found = []
        if self.ca_file and not self.tls:
            found.append(("mqtt.ca_file", "needs tls = true"))
        if self.password_file and not self.tls and self.host not in LOOPBACK:
            found.append(("mqtt.password_file", "would go over the network unprotected: set tls = true"))
        return found
