"""[[hook]]: other systems that are told what happens."""

from typing import Annotated, Literal

from pydantic import Field

from config.tables.house import Protected
from config.tables.kinds import Key, OneLine, Table

HookEvent = Literal["visit_ended", "callback_due", "alarm"]


class Hook(Table):
    """[[hook]]: an address that is sent a signed message for each of these events.

    secret_file: a file with the secret of the signature, "whsec_" and its base64, nobody else's to read.
    """

    name: Key
    url: Protected
    secret_file: Annotated[OneLine, Field(min_length=1)]
    tells: Annotated[list[HookEvent], Field(min_length=1)]
