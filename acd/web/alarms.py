"""The alarms that are raised, and a test of all ways on which they are told."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request

from acd.identity import Action, Asker
from acd.web.deps import WebDeps
from acd.web.door import address_of
from acd.web.rights import may
from acd.web.shapes import AlarmState, AlarmsTried


def routes(deps: WebDeps) -> APIRouter:
    """Who may not see the staff sees no need that points to few people."""
    router = APIRouter()

    @router.get("/api/alarms", summary="What is raised now")
    async def alarms(by: Annotated[Asker, Depends(may(Action.SEE_BOARD))]) -> list[AlarmState]:
        """Those that are raised, the longest first."""
        seen = deps.alarms() if Action.SEE_STAFF in by.may else deps.alarms_outside()
        return [AlarmState.model_validate(each.plain()) for each in seen]

    @router.post(
        "/api/alarms/test",
        summary="Try every way out",
        responses={409: {"description": "`busy`: somebody tries them at this moment."}},
    )
    async def test(request: Request, by: Annotated[Asker, Depends(may(Action.STEER_CALLS))]) -> AlarmsTried:
        """Send a test on every way ([notify], each [[hook]]), and say what came of it."""
        await deps.people.done(by, "test_alarms", "", "", address_of(request))
        said = await deps.test_alarms() if deps.test_alarms is not None else {}
        if said is None:
            raise HTTPException(409, "busy")
        return AlarmsTried(ways=dict(said))

    return router
