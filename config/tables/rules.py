"""[routing], [[overflow]]: who may take whom, and what becomes of whom nobody takes."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    field_validator,
)

from agents.model import CONCERN_MAX
from config.tables.kinds import Code, Key, Level, Table, Text
from config.tables.opening import Spans
from routing.select import CRITERIA


class RoutingStep(Table):
    """[[routing.step]]: what is asked of a person from this waiting time on."""

    after_seconds: Annotated[int, Field(ge=0, le=86_400)]
    languages: Annotated[
        list[Literal["own", "second", "fallback", "interpreter", "anybody"]], Field(min_length=1)
    ]
    language: Level
    concern: Annotated[int, Field(ge=0, le=CONCERN_MAX)]
    prefer_language: Level | None = None
    prefer_concern: Annotated[int, Field(ge=0, le=CONCERN_MAX)] = 0


def _rising(value: list[RoutingStep]) -> list[RoutingStep]:
    after = [step.after_seconds for step in value]
    if after[0] != 0 or any(a >= b for a, b in pairwise(after)):
        raise ValueError("begins with after_seconds = 0, and each step comes later than the one before")
    return value


Steps = Annotated[list[RoutingStep], Field(min_length=1), AfterValidator(_rising)]


class RoutingPlan(Table):
    """[[routing.plan]]: steps of their own for a language, a concern, or a concern in a language."""

    language: Code | Literal[""] = ""
    concern: Key | Literal[""] = ""
    step: Steps


class PriorityClass(Table):
    """[[routing.class]]: callers who count as if they had waited longer, and who is one.

    case_states: whoever's case is in one of these states. numbers: whoever calls from one of these.
    The class "repeat" is given to those who called already: routing.repeat_same_day, routing.repeat_hours.
    """

    name: Key
    worth_seconds: Annotated[int, Field(ge=0, le=86_400)]
    case_states: list[Key] = []
    numbers: list[Annotated[str, StringConstraints(pattern=r"^\+[0-9]{6,15}$")]] = []


class RoutingReserve(Table):
    """[[routing.reserve]]: people of a scarce language who are kept free of other calls."""

    language: Code
    level: Level
    keep: Annotated[int, Field(ge=1, le=1000)]
    release_seconds: Annotated[int, Field(ge=0, le=86_400)]
    hours: Spans = []


class Refused(Table):
    """[routing.refused.OUTCOME]: what follows when a phone does not take an offer in this way."""

    away_after: Annotated[int, Field(ge=0, le=20)]
    retry_seconds: Annotated[int, Field(ge=0, le=3600)]


class Refusals(Table):
    """[routing.refused]: by how the phone refused."""

    busy: Refused = Refused(away_after=0, retry_seconds=30)
    declined: Refused = Refused(away_after=2, retry_seconds=30)
    no_answer: Refused = Refused(away_after=2, retry_seconds=30)
    unreachable: Refused = Refused(away_after=2, retry_seconds=30)


class Routing(Table):
    """[routing]: how callers and people come together."""

    unknown_languages: Annotated[list[Code], Field(min_length=1)]
    fallback_languages: list[Code]
    second_language: Code
    second_language_for_it: Code
    choose: Annotated[list[str], Field(min_length=1)]
    owner_seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    repeat_same_day: bool = False
    repeat_hours: Annotated[int, Field(ge=0, le=48)] = 0
    shadow: str = ""
    step: Steps
    plan: list[RoutingPlan] = []
    classes: Annotated[list[PriorityClass], Field(alias="class")] = []
    reserve: list[RoutingReserve] = []
    refused: Refusals = Refusals()

    @field_validator("choose")
    @classmethod
    def _criteria(cls, value: list[str]) -> list[str]:
        unknown = [each for each in value if each not in CRITERIA]
        if unknown or len(set(value)) != len(value):
            raise ValueError(f"lists criteria once each, out of: {', '.join(CRITERIA)}")
        return value

    def second_for(self, language: str) -> str:
        """Which language callers of this one are offered besides."""
        return self.second_language_for_it if language == self.second_language else self.second_language


class OverflowStep(Table):
    """[overflow.step]: who is asked too once a fallback took effect; as in [[routing.step]]."""

    languages: Annotated[
        list[Literal["own", "second", "fallback", "interpreter", "anybody"]], Field(min_length=1)
    ]
    language: Level
    concern: Annotated[int, Field(ge=0, le=CONCERN_MAX)]


class Outside(Table):
    """[overflow.outside]: somebody else who takes calls. gateway: a SIP URI that leads there."""

    name: Text
    number: Annotated[str, StringConstraints(pattern=r"^\+[0-9]{6,15}$")]
    gateway: Annotated[str, StringConstraints(pattern=r"^sips?:[A-Za-z0-9.-]+(:[0-9]{1,5})?$")]


class Overflow(Table):
    """[[overflow]]: what becomes of callers of a language, a concern, both, or all ("") whom the steps alone
    do not serve, once any of its conditions holds.

    after_seconds: of waiting. length: more than so many of these callers wait when one joins them. nobody:
    nobody at work could take the caller at any step. then: "fallback" asks those of `step` too, "closed"
    tells the caller that nobody can take the call now, "outside" sends them to `outside`.
    """

    name: Key
    language: Code | Literal[""] = ""
    concern: Key | Literal[""] = ""
    after_seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None
    length: Annotated[int, Field(ge=0, le=10_000)] | None = None
    nobody: bool = False
    then: Literal["fallback", "closed", "outside", "callback", "message"]
    step: OverflowStep | None = None
    outside: Outside | None = None

    def faults(self) -> list[tuple[str, str]]:
        """As Centre.faults."""
        where = f"overflow.{self.name}"
        if self.then in LATER:
            return [(f"{where}.then", f"is {self.then!r}, which is not there yet: write {', '.join(NOW)}")]
        found = []
        if self.after_seconds is None and self.length is None and not self.nobody:
            found.append((where, "names no condition: after_seconds, length or nobody = true"))
        for key, then, what in (
            ("step", "fallback", "languages, language and concern of who is asked too"),
            ("outside", "outside", "name, number and gateway of who takes the call"),
        ):
            given = getattr(self, key) is not None
            if given and then != self.then:
                found.append((f"{where}.{key}", f"is only for then = {then!r}"))
            elif not given and then == self.then:
                found.append((f"{where}.{key}", f"is missing: {what}"))
        return found


NOW = ("fallback", "closed", "outside")


LATER = ("callback", "message")
"""What an overflow does, and what it will do besides."""
