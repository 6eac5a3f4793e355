"""The desk: one person's page, its stream, and what is asked of it; who asks acts for themselves."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable
from typing import Annotated, Any, Final, Literal, TypeVar

import structlog
from babel import Locale
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi import Path as PathParam
from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field

from acd.identity import Action, Asker
from acd.web.deps import Accepted, Named, WebDeps
from acd.web.frame import language_of, page
from acd.web.live import Live, seat
from acd.web.rights import may
from acd.web.shapes import Reason
from acd.web.shown import marked
from agents.model import UNDETERMINED
from config.words import words
from routing.desk import DeskView

APART_S: Final = 0.1
"""No desk is told more often."""
ANSWER_S: Final = 3.0
"""How long records and vault have for an answer."""
MARK_S: Final = 1.0
TEXT: Final = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
"""Free text: lines and tabs, no other control character."""

IDS: Final = ("visit", "id")
log = structlog.get_logger(__name__)
T = TypeVar("T")
Here = Annotated[Asker, Depends(may(Action.OWN_DESK))]
VisitId = Annotated[int, PathParam(ge=1, lt=2**63)]
Text = Annotated[str, Field(max_length=500, pattern=TEXT)]
Code = Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9_]*$")]
Reference = Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9_-]*$")]


class Body(BaseModel):
    """What a desk sends."""

    model_config = ConfigDict(extra="forbid")


class Note(Body):
    """A short note; it lies in the vault, everything else has its reference."""

    what: Text = ""
    promised: Text = ""
    by_when: Text = ""
    by_whom: Text = ""
    language: Text = ""


class Quiet(Body):
    """One call in so many minutes at most; 0: as many as come."""

    minutes: Annotated[int, Field(ge=0, le=1440)]


class Closing(Body):
    """What a call came to. outcome: a code of the centre. case: one that is known, or ""."""

    outcome: Code = ""
    note: Note = Note()
    case: Reference = ""


class Linking(Body):
    """What a call is about. new: the case begins now."""

    reference: Reference
    new: bool = False


class HandingOver(Body):
    """Whose desk a follow-up goes to."""

    to: Annotated[str, Field(max_length=40)]
    note: Note = Note()


class Threat(Body):
    """block: the caller is not served for the centre's block_hours."""

    note: Note = Note()
    block: bool = False


REFUSED: Any = {409: {"description": "Not as things are: a code such as `not_yours`."}}


def routes(deps: WebDeps, live: Live) -> APIRouter:
    """The page, its stream and its doors."""
    router = APIRouter()
    mark = _Mark(deps)

    @router.get("/desk", response_class=HTMLResponse, include_in_schema=False)
    async def desk(request: Request, by: Here) -> Response:
        code, called = language_of(request), deps.names()
        more: dict[str, Any] = {"called": mark.now(), "view": await deps.desk.view(by)}
        if more["view"] is not None:
            choices = deps.desk_choices()
            more["choices"] = choices
            more["reasons"], more["outcomes"] = _named(choices.reasons, code), _named(choices.outcomes, code)
            more["people"] = sorted(
                ((each.id, each.name) for each in deps.board().staff if each.id != by.agent),
                key=lambda each: each[1].casefold(),
            )
            more["names"] = {
                "languages": {**called.languages, UNDETERMINED: words(code, "live")["undetermined"]},
                "translated": _translated(called.languages, code),
                "concerns": _named(called.concerns, code),
                "reasons": more["reasons"],
                "outcomes": more["outcomes"],
                "people": dict([*more["people"], (by.agent, more["view"].name)]),
            }
        return page(request, "desk.html", called.centre, "live", "desk", **more)

    @router.get(
        "/desk/events",
        response_class=EventSourceResponse,
        include_in_schema=False,
        dependencies=[Depends(seat(live, Action.OWN_DESK))],
    )
    async def events(request: Request) -> AsyncIterator[ServerSentEvent]:
        async for here in live.told(request, Action.OWN_DESK, deps.desk, APART_S):
            view = await deps.desk.view(here)
            yield ServerSentEvent(raw_data=_told(deps, mark.now(), view))

    @router.get("/api/desk", response_model=dict[str, Any], summary="One's own desk now")
    async def state(by: Here) -> Response:
        """One's own desk as it is now."""
        return Response(_told(deps, mark.now(), await deps.desk.view(by)), media_type="application/json")

    @router.get("/api/desk/visits/{visit}/before", summary="What this caller called about before")
    async def before(visit: VisitId, by: Here) -> dict[str, Any]:
        """What the caller of one's own call called about before, the newest first, with the notes."""
        found = await _in_time(deps.desk.before(by, visit))
        visits = [
            each._asdict()
            | {"said": [word._asdict() | {"link": deps.case_link(word.case)} for word in each.said]}
            for each in found.visits
        ]
        return {"visits": visits, "notes": found.notes}

    @router.get(
        "/api/desk/visits/{visit}/message",
        summary="The message that was left",
        responses={404: {"description": "`not here`: one has none of this number to see to."}},
        response_class=FileResponse,
    )
    async def message(visit: VisitId, by: Here) -> Response:
        """The message that one is to see to, to be heard; 404 for any other."""
        path = await _in_time(deps.desk.message(by, visit))
        if path is None or not await asyncio.to_thread(path.is_file):
            raise HTTPException(404, "not here")
        return FileResponse(path, media_type="audio/wav")

    @router.get("/api/desk/notes", summary="The notes of one's calls and follow-ups")
    async def notes(by: Here) -> dict[str, Any]:
        """The texts of one's follow-ups, and of what one said of a call, by reference."""
        return dict(await _in_time(deps.desk.notes(by)))

    @router.get("/api/desk/today", summary="One's own day in numbers")
    async def today(by: Here) -> dict[str, int]:
        """One's own day in numbers, for oneself alone."""
        return (await _in_time(deps.desk.today(by)))._asdict()

    @router.post("/api/desk/quiet", summary="Take one call in so many minutes at most", responses=REFUSED)
    async def quiet(body: Quiet, by: Here) -> dict[str, str]:
        """From now on at most one call in so many minutes."""
        return _said(await deps.desk.quiet(by, body.minutes))

    @router.post("/api/desk/visits/{visit}/close", summary="Say what a call came to", responses=REFUSED)
    async def close(visit: VisitId, body: Closing, by: Here) -> dict[str, str]:
        """Say what one's own call came to; said again, the last counts."""
        return _said(await deps.desk.close(by, visit, body.outcome, body.note.model_dump(), body.case))

    @router.post("/api/desk/visits/{visit}/case", summary="A call is about this case", responses=REFUSED)
    async def case(visit: VisitId, body: Linking, by: Here) -> dict[str, str]:
        """One's own call is about this case."""
        return _said(await deps.desk.case(by, visit, body.reference, new=body.new))

    @router.post(
        "/api/desk/visits/{visit}/handover", summary="Leave a follow-up to a colleague", responses=REFUSED
    )
    async def hand_over(visit: VisitId, body: HandingOver, by: Here) -> dict[str, str]:
        """Leave a follow-up of one's own call on a colleague's desk."""
        return _said(await deps.desk.hand_over(by, visit, body.to, body.note.model_dump()))

    @router.post("/api/desk/visits/{visit}/threat", summary="Report a threat", responses=REFUSED)
    async def threat(visit: VisitId, body: Threat, by: Here) -> dict[str, str]:
        """One was threatened in one's own call: supervisors see it at once."""
        return _said(await deps.desk.threat(by, visit, body.note.model_dump(), body.block))

    @router.post("/api/desk/handovers/{handover}/done", summary="A follow-up is done", responses=REFUSED)
    async def done(handover: VisitId, by: Here) -> dict[str, str]:
        """A follow-up on one's desk, or one that one left, is done."""
        return _said(await deps.desk.handover_done(by, handover))

    @router.post("/api/desk/{what}", summary="Log oneself in or out, be ready or not", responses=REFUSED)
    async def ask(
        what: Literal["login", "logout", "ready", "notready", "wrap_longer", "wrap_over"],
        by: Here,
        body: Reason | None = None,
    ) -> dict[str, str]:
        """Log oneself in or out, be ready or not with a reason of the centre, write up longer or be done."""
        return _said(await deps.desk.ask(by, what, body.reason if body else ""))

    return router


async def _in_time(asked: Awaitable[T]) -> T:
    """What records and vault say; 503 where they do not."""
    try:
        async with asyncio.timeout(ANSWER_S):
            return await asked
    except Exception as fault:  # noqa: BLE001 the stores' own faults differ by driver
        log.warning("no answer for a desk", error=type(fault).__name__)
        raise HTTPException(503, "later", {"Retry-After": "5"}) from None


def _said(became: Accepted) -> dict[str, str]:
    """409 with the code why not; of what was done only in part, the code too."""
    if not became.accepted:
        raise HTTPException(409, became.why)
    return {"accepted": "yes", "but": became.why}


def _named(found: Named, code: str) -> dict[str, str]:
    return {key: each.get(code, key) for key, each in found.items()}


def _translated(languages: Any, code: str) -> dict[str, str]:
    """The names of languages in the page's language, as far as they are known."""
    known = Locale.parse(code).languages
    return {each: known[each] for each in languages if each in known}


class _Mark:
    """A short mark of what a page is made with: one that was made with another loads anew. Made for all desks
    at once, every MARK_S."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._text = ""
        self._until = 0.0

    def now(self) -> str:
        """As it was at most MARK_S ago."""
        clock = asyncio.get_running_loop().time()
        if clock >= self._until:
            self._until = clock + MARK_S
            deps = self._deps
            made = [marked(deps.names()), deps.desk_choices(), deps.staff_source()]
            self._text = hashlib.sha256(json.dumps(made).encode()).hexdigest()[:16]
        return self._text


def _exact(values: dict[str, Any]) -> dict[str, Any]:
    """The same with its ids as text: a script's numbers are exact up to 2^53 only, and ids are greater."""
    return values | {key: str(values[key]) for key in IDS if key in values}


def _told(deps: WebDeps, called: str, view: DeskView | None) -> str:
    """The desk as a page's script reads it; "desk" is null for who is not of the staff any more."""
    if view is None:
        return json.dumps({"desk": None, "called": ""})
    calls = []
    for each in view.calls:
        case = (each.closed.case if each.closed is not None else "") or each.case
        closed = each.closed._asdict() if each.closed is not None else None
        calls.append(_exact(each._asdict()) | {"link": deps.case_link(case), "closed": closed})
    shown = view._asdict() | {
        "calls": calls,
        "last": [_exact(each._asdict()) for each in view.last],
        "waiting": [each._asdict() for each in view.waiting],
        "handovers": [_exact(each._asdict()) for each in view.handovers],
        "left": [_exact(each._asdict()) for each in view.left],
    }
    return json.dumps({"desk": shown, "called": called})
