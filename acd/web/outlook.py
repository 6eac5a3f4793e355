"""The outlook's routes: what each waiting caller has to expect, and "what if"."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field, model_validator

from acd import prospects
from acd.identity import Action
from acd.prospects import BEYOND, Closed, Unanswered, WishesRefused
from acd.web.deps import WebDeps
from acd.web.rights import may
from acd.web.shapes import Shape
from config.tables.kinds import Level

CHANGES_MAX = 20
PEOPLE_MAX = 100
Code = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Expectation(Shape):
    """What a waiting caller has to expect: 10, 50 and 90 % of the remaining wait from at_ms on (null: not
    within the horizon), and how often (permille) they were served before we close."""

    visit: int
    language: str
    concern: str
    waited_ms: int
    q10_ms: int | None
    q50_ms: int | None
    q90_ms: int | None
    served: int


class Waits(Shape):
    """The last outlook: from which moment on (epoch ms; 0: there is none), how old it is, what it cost, on
    how many futures it rests. state: "ok", or why there is none."""

    at_ms: int
    age_ms: int
    took_ms: int
    cpu_ms: int
    futures: int
    state: str
    callers: list[Expectation]


class Figure(Shape):
    """The mean over all futures, and the bounds between which nine in ten lie; of a difference the 95 %
    bounds of its mean."""

    mean: float
    low: float
    high: float


class Compared(Shape):
    """A figure without and with the changes, and the difference of each future with itself."""

    without: Figure
    changed: Figure
    difference: Figure


class LanguageWait(Shape):
    """How long callers of a language wait (s), answered or not; how many there are without the changes."""

    language: str
    callers: float
    wait_s: Compared


class WhatIf(Shape):
    """What comes until until_ms (epoch ms), when the last one in line is served or we give up counting:
    service level in percent, callers answered and who gave up; null where nobody calls."""

    at_ms: int
    until_ms: int
    futures: int
    service_level: Compared | None
    answered: Compared | None
    gave_up: Compared | None
    waits: list[LanguageWait]


class Wished(BaseModel):
    """One change. at: a time of today; left out: now."""

    model_config = ConfigDict(extra="forbid")
    at: Clock | Literal[""] = ""


class OneMore(Wished):
    """One more person, with these levels."""

    what: Literal["one_more"]
    languages: Annotated[dict[Code, Level], Field(min_length=1, max_length=50)]
    concerns: Annotated[dict[Key, Annotated[int, Field(ge=1, le=5)]], Field(max_length=100)] = {}


class Come(Wished):
    """These people take calls."""

    what: Literal["come"]
    people: Annotated[list[Key], Field(min_length=1, max_length=PEOPLE_MAX)]


class Leave(Wished):
    """These people leave, or so many of those who are ready, whoever they are."""

    what: Literal["leave"]
    people: Annotated[list[Key], Field(max_length=PEOPLE_MAX)] = []
    how_many: Annotated[int, Field(ge=0, le=10_000)] = 0

    @model_validator(mode="after")
    def _one_of_both(self) -> "Leave":
        if bool(self.people) == bool(self.how_many):
            raise ValueError("name people, or say how_many: one of both")
        return self


class Reserve(BaseModel):
    """People of a language are kept free of other calls from now on, or are not."""

    model_config = ConfigDict(extra="forbid")
    what: Literal["reserve"]
    language: Code
    on: bool


class Calls(BaseModel):
    """So many times the calls that are expected come."""

    model_config = ConfigDict(extra="forbid")
    what: Literal["calls"]
    factor: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]


Change = Annotated[OneMore | Come | Leave | Reserve | Calls, Field(discriminator="what")]


class Asked(BaseModel):
    """What would be otherwise, all of it at once."""

    model_config = ConfigDict(extra="forbid")
    changes: Annotated[list[Change], Field(min_length=1, max_length=CHANGES_MAX)]


def wish(change: BaseModel) -> prospects.Wish:
    """A change as a value of the house."""
    given = change.model_dump()
    for key in ("languages", "concerns"):
        if key in given:
            given[key] = tuple(given[key].items())
    if "people" in given:
        given["people"] = tuple(given["people"])
    return prospects.Wish(**given)


def routes(deps: WebDeps) -> APIRouter:
    """The routes, for who has the token: what is said is of single callers."""
    router = APIRouter(dependencies=[Depends(may(Action.SEE_OUTLOOK))])

    @router.get("/api/outlook", summary="What callers have to expect")
    async def waits() -> Waits:
        """What each caller who waits has to expect, as it was found last."""
        found = deps.outlook()
        callers = []
        for each in found.callers:
            values: dict[str, Any] = each._asdict()
            for key in ("q10_ms", "q50_ms", "q90_ms"):
                values[key] = None if values[key] == BEYOND else values[key]
            callers.append(Expectation(**values))
        return Waits(**found._asdict() | {"callers": callers})

    @router.post(
        "/api/outlook",
        summary="What would come of some changes",
        responses={
            409: {"description": "We are closed: nothing comes before we close."},
            503: {"description": "There is no answer now; ask again."},
        },
    )
    async def what_if(body: Asked) -> WhatIf:
        """What comes until we close, without and with these changes, in the same futures."""
        try:
            return WhatIf.model_validate(await deps.what_if([wish(each) for each in body.changes]))
        except WishesRefused as refused:
            named = [
                {"type": "value_error", "loc": ["body", "changes", place, key], "msg": why}
                for place, key, why in refused.faults
            ]
            raise HTTPException(422, named) from None
        except Closed as closed:
            raise HTTPException(409, str(closed)) from None
        except Unanswered as fault:
            raise HTTPException(503, str(fault), {"Retry-After": "5"}) from None

    return router
