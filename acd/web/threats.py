"""Threats that staff told of: who is in charge looks after them, and lifts a caller's block."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acd.identity import Action, Asker
from acd.web.deps import REASON_MAX, Because, WebDeps
from acd.web.door import address_of
from acd.web.frame import page
from acd.web.rights import fields, may

InCharge = Annotated[Asker, Depends(may(Action.STEER_CALLS))]


def routes(deps: WebDeps, centre: Callable[[], str]) -> APIRouter:
    """The page /threats. centre: its name."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/threats")
    async def threats(request: Request, by: InCharge) -> Response:
        zone, names = deps.zone(), dict(deps.agents())
        shown: list[dict[str, Any]] = [
            {
                "visit": each.visit,
                "who": names.get(each.agent, each.agent),
                "at": f"{datetime.fromtimestamp(each.at_ms / 1000, zone):%d.%m.%Y %H:%M}",
                "until": f"{datetime.fromtimestamp(each.until_ms / 1000, zone):%d.%m.%Y %H:%M}"
                if each.until_ms
                else "",
            }
            for each in await deps.desk.threats()
        ]
        return page(request, "threats.html", centre(), "threats", threats=shown)

    @router.post("/threats/{visit}")
    async def looked_after(visit: int, request: Request, by: InCharge) -> Response:
        """What was done already, by somebody else, is done."""
        given = await fields(request)
        why = Because(given.get("reason", "")[:REASON_MAX], address_of(request))
        if given.get("what") == "unblock":
            await deps.steering.unblock(by, visit, why)
        else:
            await deps.steering.threat_seen(by, visit, why)
        return RedirectResponse("/threats", 303)

    return router
