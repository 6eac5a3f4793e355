"""What who is in charge of the hotline sees and does: the doors under /api/lead."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi import Path as PathParam
from pydantic import BaseModel, ConfigDict, Field

from acd.identity import Action, Asker
from acd.web.deps import Accepted, Because, WebDeps
from acd.web.door import address_of
from acd.web.rights import may

UNKNOWN = frozenset({"unknown_visit", "unknown_person"})
"""Codes for what is not there; every other refusal is about its state."""
Steers = Annotated[Asker, Depends(may(Action.STEER_CALLS))]
VisitId = Annotated[int, PathParam(ge=1, lt=2**63)]
Key = Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9_]*$")]
REFUSALS = {
    404: {"description": "Nobody and nothing of that name: `unknown_visit`, `unknown_person`."},
    409: {"description": "Not as things are: the visit's state, or a code such as `not_free`, `as_it_is`."},
}


class Why(BaseModel):
    """reason: in one's own words; it lies in the vault, the journal has its reference."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class Placing(Why):
    """Before all who wait, behind all who wait now, or the place by the rules again."""

    where: Literal["front", "back", "own_place"]


class Classing(Why):
    """Into a priority class, or out of it."""

    name: Annotated[str, Field(max_length=40, pattern=r"^[a-z][a-z0-9_]*$")]
    on: bool = True


class OtherNeed(Why):
    """ "" leaves what is; both "" give back what the caller chose."""

    language: Key = ""
    concern: Key = ""


class ForWhom(Why):
    """The id of a member of staff; "" where everybody is meant."""

    agent: Key = ""


def routes(deps: WebDeps) -> APIRouter:
    """The doors of the API."""
    router = APIRouter(prefix="/api/lead", tags=["lead"], responses=REFUSALS)  # type: ignore[arg-type]

    def because(body: Why | None, request: Request) -> Because:
        return Because(body.reason if body is not None else "", address_of(request))

    @router.post("/visits/{visit}/place", summary="Put a waiting visit elsewhere in line")
    async def place(visit: VisitId, body: Placing, by: Steers, request: Request) -> dict[str, str]:
        """It holds until the visit ends; `own_place` undoes it."""
        return _said(await deps.steering.place(by, visit, body.where, because(body, request)))

    @router.post("/visits/{visit}/class", summary="Put a visit into a priority class, or out of it")
    async def classed(visit: VisitId, body: Classing, by: Steers, request: Request) -> dict[str, str]:
        """Of several classes the dearest counts."""
        return _said(await deps.steering.classed(by, visit, body.name, because(body, request), on=body.on))

    @router.post("/visits/{visit}/need", summary="Give a waiting visit another language or concern")
    async def need(visit: VisitId, body: OtherNeed, by: Steers, request: Request) -> dict[str, str]:
        """Who serves it follows from these; what the caller hears stays in the language that they chose."""
        why = because(body, request)
        return _said(await deps.steering.need(by, visit, body.language, body.concern, why))

    @router.post("/visits/{visit}/person", summary="Keep a waiting visit for one person")
    async def person(visit: VisitId, body: ForWhom, by: Steers, request: Request) -> dict[str, str]:
        """As long as they are at work, whatever they can do; "" undoes it."""
        return _said(await deps.steering.name(by, visit, body.agent, because(body, request)))

    @router.post("/visits/{visit}/offer", summary="Offer a waiting visit to a free person now")
    async def offer(visit: VisitId, body: ForWhom, by: Steers, request: Request) -> dict[str, str]:
        """If they do not take it, it waits on by the rules."""
        return _said(await deps.steering.offer(by, visit, body.agent, because(body, request)))

    @router.post("/visits/{visit}/pull-back", summary="Take an offer back before anybody talks")
    async def pull_back(
        visit: VisitId, by: Steers, request: Request, body: Why | None = None
    ) -> dict[str, str]:
        """The visit waits again, and they are not asked for it for a minute; they are not to blame."""
        return _said(await deps.steering.pull_back(by, visit, because(body, request)))

    @router.post("/visits/{visit}/cancel", summary="Cancel a callback or message")
    async def cancel(visit: VisitId, by: Steers, request: Request, body: Why | None = None) -> dict[str, str]:
        """Nobody is called any more. It cannot be undone."""
        return _said(await deps.steering.cancel(by, visit, because(body, request)))

    return router


def _said(became: Accepted) -> dict[str, str]:
    if not became.accepted:
        raise HTTPException(404 if became.why in UNKNOWN else 409, became.why)
    return {"accepted": "yes"}
