"""[callback]: who is called back, when, and how often."""

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from config.tables.kinds import Table

Prefix = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{0,7}$")]


class Callback(Table):
    """[callback]: without it nobody is promised a call.

    prefixes: what numbers that are dialled begin with.
    lift_dials: it is dialled as soon as who is to call lifts; else they press a key for it. share_percent:
    while callers wait on the line, so many of a hundred people at most call back. again_minutes: who was not
    there is called again after so long, once for each. per_number_day, per_day: so many calls a day to one
    number, and in all. open_most: so many are promised at a time. offer_minutes: who hears that they wait at
    least so long hears that they can be called back.
    """

    prefixes: Annotated[list[Prefix], Field(min_length=1)] = ["+49"]
    lift_dials: bool = False
    share_percent: Annotated[int, Field(ge=1, le=100)] = 50
    again_minutes: list[Annotated[int, Field(ge=1, le=2_880)]] = [15, 120]
    per_number_day: Annotated[int, Field(ge=1, le=20)] = 4
    per_day: Annotated[int, Field(ge=1, le=10_000)] = 300
    open_most: Annotated[int, Field(ge=1, le=2_000)] = 300
    offer_minutes: Annotated[int, Field(ge=1, le=180)] = 10
    ring_seconds: Annotated[int, Field(ge=10, le=120)] = 40

    @field_validator("again_minutes")
    @classmethod
    def _few(cls, value: list[int]) -> list[int]:
        if len(value) > 10:
            raise ValueError("at most ten more calls to one caller")
        return value
