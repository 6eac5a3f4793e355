"""[trunk]: the provider through whom calls go out, and how we prove who we are."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from config.tables.kinds import Table

PORT_MAX: Final = 65_535


def _reached(provider: str) -> str:
    host, colon, port = provider.partition(":")
    named = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", host) and len(provider) <= 120
    if not named or (colon and not (port.isascii() and port.isdigit() and 0 < int(port) <= PORT_MAX)):
        raise ValueError("is no host or host:port, like sip.provider.example or 192.0.2.30:5060")
    return provider


class Trunk(Table):
    """[trunk]: without it nobody is called; who may call in stands in [pbx] trunk_addresses.

    provider: host, or host:port. user: as the provider knows us, "": by our address alone; its password
    stands as `trunk` in the secrets file. registers: whether we register there, every expires_seconds.
    caller_id: what the called see, one of our own numbers; "": the hotline's.
    """

    provider: Annotated[str, AfterValidator(_reached)]
    user: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+._-]{0,64}$")] = ""
    registers: bool = False
    expires_seconds: Annotated[int, Field(ge=60, le=7_200)] = 300
    caller_id: Annotated[str, StringConstraints(pattern=r"^(\+[0-9]{6,15})?$")] = ""
