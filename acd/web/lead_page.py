"""The page of who is in charge: who waits, who works, what is being done; and its stream."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from acd.identity import Action, Asker
from acd.prospects import BEYOND, Expectation
from acd.web.deps import InLine, WebDeps, Working
from acd.web.frame import language_of, page
from acd.web.fresh import FRESH_S, Fresh
from acd.web.live import Live, seat
from acd.web.naming import names
from acd.web.pieces import array
from acd.web.rights import may
from acd.web.shown import marked
from agents.model import Cefr
from config.words import words
from routing.select import REASONS
from routing.steering import BACK, FRONT, NAMED, OTHER_NEED
from routing.turn import HELD
from routing.world import ByHand

MARKS: Final = (FRONT, BACK, OTHER_NEED, NAMED)
JSON: Final = "application/json"
Sees = Annotated[Asker, Depends(may(Action.SEE_LEAD))]


def routes(deps: WebDeps, live: Live) -> APIRouter:
    """The page, its stream, and what it shows as JSON."""
    router = APIRouter()
    shown = Fresh(deps.changes, lambda: _text(deps))

    @router.get("/lead", response_class=HTMLResponse, include_in_schema=False)
    async def lead(request: Request, by: Sees) -> Response:
        code, called = language_of(request), deps.names()
        said = words(code, "alarms", "live", "lead")
        levels = {int(level): said["native"] if level == Cefr.NATIVE else level.name for level in Cefr}
        more: dict[str, Any] = {
            "called": marked(called),
            "names": names(deps, code) | {"levels": levels},
            "why": {key: said[f"why_{key}"] for key in (*REASONS, *HELD)},
            "classes": deps.classes(),
            "of_file": deps.staff_source().source == "file",
            "levels": [(level.name.lower(), level.name) for level in Cefr if Cefr.NONE < level < Cefr.NATIVE],
        }
        return page(request, "lead.html", called.centre, "alarms", "live", "lead", **more)

    @router.get(
        "/api/lead/events",
        summary="Who waits and who works, as a stream",
        response_class=EventSourceResponse,
        dependencies=[Depends(seat(live, Action.SEE_LEAD))],
    )
    async def events(request: Request) -> AsyncIterator[ServerSentEvent]:
        """What `GET /api/lead` shows: at once and after each change."""
        async for _ in live.told(request, Action.SEE_LEAD):
            yield ServerSentEvent(raw_data=await shown.text(FRESH_S))

    @router.get("/api/lead", tags=["lead"], summary="Who waits and who works", response_model=dict[str, Any])
    async def view(by: Sees) -> Response:
        """Callers in line with the reasons why nobody came yet, people with the reasons why they are free.
        Numbers of visits are text: they are longer than a script's numbers are exact."""
        return Response(await shown.text(), media_type=JSON)

    return router


async def _text(deps: WebDeps) -> str:
    view = await deps.lead()
    board = {name: value for name, value in view.board._asdict().items() if name not in ("staff", "waiting")}
    line = await array(view.line, _waits)
    working = await array(view.working, _works)
    wrong = {part: said for part, said in deps.health().items() if said != "ok"}
    hands = [_set(key, each) for key, each in view.by_hand.items()]
    raised = [each.plain() for each in deps.alarms()]
    said = {
        "alarms": raised,
        "at_ms": view.at_ms,
        "board": board,
        "trouble": wrong,
        "called": marked(deps.names()),
    }
    rest = json.dumps(said | {"by_hand": hands, "reserves": view.reserves, "overflows": view.overflows})
    return f'{rest[:-1]}, "line": {line}, "working": {working}}}'


def _set(key: str, each: ByHand) -> dict[str, Any]:
    what, _, of = key.partition("/")
    return {"what": what, "of": of, **each._asdict()}


def _waits(each: InLine) -> dict[str, Any]:
    visit = each.visit
    return {
        "visit": str(visit.id),
        "place": each.place,
        "kind": visit.kind,
        "state": visit.state,
        "language": visit.language,
        "concern": visit.concern,
        "second": visit.second,
        "classes": visit.classes,
        "case": visit.case,
        "since_ms": visit.queued_ms or visit.arrived_ms,
        "from_ms": visit.from_ms,
        "until_ms": visit.until_ms,
        "attempts": visit.attempts,
        "people": dict(each.people),
        "held": each.held,
        "expects": _expects(each.expects),
        "offered_to": each.offered_to,
        "only": visit.only,
        "marks": each.marks,
    }


def _expects(found: Expectation | None) -> dict[str, int | None] | None:
    if found is None:
        return None
    waits = {"low_ms": found.q10_ms, "middle_ms": found.q50_ms, "high_ms": found.q90_ms}
    return {name: None if ms == BEYOND else ms for name, ms in waits.items()} | {"served": found.served}


def _works(each: Working) -> dict[str, Any]:
    return {
        **each.person._asdict(),
        "serves": [each.language, each.concern] if each.language or each.concern else None,
        "languages": dict(each.languages),
        "concerns": dict(each.concerns),
        "idle": dict(each.idle) if each.idle is not None else None,
        "lent_until_ms": each.lent_until_ms,
        "talk": {"visit": str(each.visit), "how": each.listens, "now": each.listened} if each.visit else None,
    }
