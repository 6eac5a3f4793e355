"""[callback]: who is called back, when, how often, and by which way."""

from typing import Annotated, Final

from pydantic import Field, StringConstraints, field_validator

from config.tables.kinds import Table

Prefix = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{0,7}$")]
GATEWAY: Final = r"^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?$"


class Callback(Table):
    """[callback]: without it nobody is promised a call.

    gateway: of the provider (host or host:port), where calls go out by the trunk. caller_id: what the called
    see, one of our own numbers; "": the hotline's. prefixes: what numbers that are dialled begin with.
    lift_dials: it is dialled as soon as who is to call lifts; else they press a key for it. share_percent:
    while callers wait on the line, so many of a hundred people at most call back. again_minutes: who was not
    there is called again after so long, once for each. per_number_day, per_day: so many calls a day to one
    number, and in all. open_most: so many are promised at a time.
    """

    gateway: Annotated[str, StringConstraints(pattern=GATEWAY, max_length=120)]
    caller_id: Annotated[str, StringConstraints(pattern=r"^(\+[0-9]{6,15})?$")] = ""
    prefixes: Annotated[list[Prefix], Field(min_length=1)] = ["+49"]
    lift_dials: bool = False
    share_percent: Annotated[int, Field(ge=1, le=100)] = 50
    again_minutes: list[Annotated[int, Field(ge=1, le=2_880)]] = [15, 120]
    per_number_day: Annotated[int, Field(ge=1, le=20)] = 4
    per_day: Annotated[int, Field(ge=1, le=10_000)] = 300
    open_most: Annotated[int, Field(ge=1, le=2_000)] = 300
    ring_seconds: Annotated[int, Field(ge=10, le=120)] = 40

    @field_validator("again_minutes")
    @classmethod
    def _few(cls, value: list[int]) -> list[int]:
        if len(value) > 10:
            raise ValueError("at most ten more calls to one caller")
        return value
