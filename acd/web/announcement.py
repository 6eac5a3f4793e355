"""The emergency announcement as who is in charge sees it: what is told, by whom, since when; its end."""

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
    """The page /announcement. centre: its name."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/announcement")
    async def announcement(request: Request, by: InCharge) -> Response:
        told, names = deps.announcement(), deps.names().languages
        at = datetime.fromtimestamp(told.since_ms / 1000, deps.zone())
        values: dict[str, Any] = {
            "told": told,
            "since": f"{at:%d.%m.%Y %H:%M}" if told.since_ms else "–",
            "languages": [(code, names.get(code, code), kind) for code, kind in told.languages.items()],
        }
        return page(request, "announcement.html", centre(), "announcement", **values)

    @router.post("/announcement/off")
    async def off(request: Request, by: InCharge) -> Response:
        """Nobody is told it any more."""
        reason = (await fields(request)).get("reason", "")[:REASON_MAX]
        await deps.announcing.off(by, Because(reason, address_of(request)))
        return RedirectResponse("/announcement", 303)

    return router
