"""[trunk]: the provider through whom calls go out, and how we prove who we are."""

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from config.tables.kinds import Table

PROVIDER: Final = r"^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?$"


class Trunk(Table):
    """[trunk]: without it nobody is called; who may call in stands in [pbx] trunk_addresses.

    provider: host, or host:port. user: as the provider knows us, "": by our address alone; its password
    stands as `trunk` in the secrets file. registers: whether we register there, every expires_seconds.
    caller_id: what the called see, one of our own numbers; "": the hotline's.
    """

    provider: Annotated[str, StringConstraints(pattern=PROVIDER, max_length=120)]
    user: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+._-]{0,64}$")] = ""
    registers: bool = False
    expires_seconds: Annotated[int, Field(ge=60, le=7_200)] = 300
    caller_id: Annotated[str, StringConstraints(pattern=r"^(\+[0-9]{6,15})?$")] = ""
