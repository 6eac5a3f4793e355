"""[outlook]: what is believed of the hours to come until the records say it."""

from typing import Annotated

from pydantic import (
    Field,
)

from config.tables.kinds import DayOfWeek, Hour, Key, Number, Share, Table


class Outlook(Table):
    """[outlook]: how the waits that callers have to expect are found, and what is believed until the
    records of the last `weeks` say it. `weighs` observations outweigh what is written here.

    futures: how many are run each time, if cpu_ms are enough for them. horizon_minutes: longer waits are not
    told apart. weekday, hour, concern: how much each weighs; what is not named weighs 1.
    """

    enabled: bool = True
    every_seconds: Annotated[int, Field(ge=1, le=300)] = 5
    futures: Annotated[int, Field(ge=20, le=2_000)] = 150
    cpu_ms: Annotated[int, Field(ge=50, le=5_000)] = 300
    horizon_minutes: Annotated[int, Field(ge=10, le=1_440)] = 120
    weeks: Annotated[int, Field(ge=1, le=52)] = 8
    weighs: Annotated[int, Field(ge=1, le=1_000)] = 30
    calls_per_year: Annotated[int, Field(ge=0, le=10**9)] = 12_000
    day_variation: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] = 0.05
    weekday: dict[DayOfWeek, Number] = {}
    hour: dict[Hour, Number] = {}
    concern: dict[Key, Number] = {}
    second_language: Share = 0.4
    menu_seconds: Annotated[int, Field(ge=1, le=600)] = 30
    patience_minutes: Annotated[float, Field(ge=0.1, le=1_440)] = 6.0
    talk_minutes: Annotated[float, Field(ge=0.1, le=240)] = 7.0
    talk_variation: Annotated[float, Field(ge=0.01, le=20)] = 1.2
    answer_from_seconds: Annotated[int, Field(ge=0, le=120)] = 2
    answer_to_seconds: Annotated[int, Field(ge=0, le=120)] = 9
    not_answered: Share = 0.04
    pause_every_minutes: Annotated[float, Field(ge=0, le=10_000)] = 120.0
    pause_minutes: Annotated[float, Field(ge=0.1, le=1_440)] = 10.0
    pause_variation: Annotated[float, Field(ge=0.01, le=20)] = 1.0
    away_minutes: Annotated[float, Field(ge=0.1, le=1_440)] = 10.0
