"""The HTTP side: the live page, its stream, the API for the staff's states, figures and health."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Literal, cast

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi import Path as PathParam
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware.trustedhost import TrustedHostMiddleware

from acd import __version__
from acd.ports import Case, QueueFull
from acd.web import outlook
from acd.web.deps import WebDeps
from acd.web.door import ASKED, Door, is_known
from acd.web.live import Live, TooMany
from acd.web.pieces import array
from acd.web.shapes import (
    AnnouncementBody,
    AnnouncementState,
    Candidate,
    CaseBody,
    CaseFile,
    Difference,
    Explanation,
    Reason,
    Reloaded,
    State,
    explanation,
)
from acd.web.shown import FRESH_S, Shown, marked
from acd.web.words import PAGE_LANGUAGES, WORDS, wanted
from agents.model import UNDETERMINED
from agents.state import SHOWN
from routing.events import UNKNOWN_CASE
from routing.privacy import MERGED

JSON = "application/json"
VisitId = Annotated[int, PathParam(ge=1, lt=2**63)]
HERE = Path(__file__).parent
CODE = r"^[a-z][a-z0-9_]{0,31}$"
REFERENCE = r"^[A-Za-z0-9_-]{1,40}$"
"""A case number as the office writes it, and as a telephone's keys can say it."""


def make_app(deps: WebDeps) -> FastAPI:
    """The application."""
    app = FastAPI(title="WelcomeCenter ACD", version=__version__, docs_url=None, redoc_url=None)
    templates = Jinja2Templates(HERE / "templates")
    live = Live(deps.changes)
    shown = Shown(
        deps.board,
        deps.service_level,
        deps.health,
        deps.changes,
        deps.staff_source,
        lambda: marked(deps.names()),
    )
    bearer = HTTPBearer(auto_error=False)

    def authorised(
        request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
    ) -> None:
        if not is_known(request.headers, deps.token):
            raise HTTPException(401, ASKED, {"WWW-Authenticate": "Bearer"})

    @app.exception_handler(QueueFull)
    async def full(request: Request, fault: Exception) -> Response:
        return JSONResponse({"detail": str(fault)}, 503, {"Retry-After": "5"})

    @app.exception_handler(RequestValidationError)
    async def refused(request: Request, fault: Exception) -> Response:
        # Without the value: it may be one that no answer can carry (infinite, half a character).
        faults = cast(RequestValidationError, fault).errors()
        named = [{key: each[key] for key in ("type", "loc", "msg")} for each in faults]
        return Response(json.dumps({"detail": named}), 422, media_type=JSON)

    app.add_middleware(Door, expected=deps.token)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(deps.hosts))
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def page(request: Request, lang: str = "") -> Response:
        code = wanted(lang, request.headers.get("accept-language", ""))
        called = deps.names()
        context = {
            "centre": called.centre,
            "called": marked(called),
            "lang": code,
            "langs": PAGE_LANGUAGES,
            "words": WORDS[code],
            "states": SHOWN,
            "names": {
                "languages": {
                    **called.languages,
                    UNDETERMINED: WORDS[code]["undetermined"],
                    MERGED: WORDS[code]["merged_languages"],
                },
                "concerns": {
                    **{key: names.get(code, key) for key, names in called.concerns.items()},
                    MERGED: WORDS[code]["merged_concerns"],
                },
            },
        }
        return templates.TemplateResponse(request, "live.html", context)

    def seat(request: Request) -> str:
        address = request.client.host if request.client is not None else ""
        try:
            live.enter(address, known=is_known(request.headers, deps.token))
        except TooMany as full:
            raise HTTPException(503, str(full), {"Retry-After": "5"}) from None
        return address

    @app.get("/events", response_class=EventSourceResponse)
    async def events(address: Annotated[str, Depends(seat)]) -> AsyncIterator[ServerSentEvent]:
        async for _ in live.told(address):
            yield ServerSentEvent(raw_data=await shown.text(FRESH_S))

    @app.get("/api/board", response_model=State)
    async def board() -> Response:
        """What the page shows."""
        return Response(await shown.text(), media_type=JSON)

    @app.get("/api/explain", response_model=Explanation, dependencies=[Depends(authorised)])
    async def explain() -> Response:
        """How many people suit each waiting call, and why others do not; the same for each free person."""
        return Response(await explanation(await deps.explain()), media_type=JSON)

    @app.get("/api/explain/{visit}", response_model=list[Candidate], dependencies=[Depends(authorised)])
    async def explain_visit(visit: VisitId) -> Response:
        """Everybody's verdict for one waiting call, in the order of the roster."""
        found = await deps.explain_visit(visit)
        if found is None:
            raise HTTPException(404, "unknown_visit")
        return Response(await array(found, lambda each: each._asdict()), media_type=JSON)

    @app.get("/api/shadow", dependencies=[Depends(authorised)])
    async def shadow(limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[Difference]:
        """The last decisions that the shadow policy would have made otherwise, the newest first."""
        return [Difference.model_validate(each) for each in await deps.differences(limit)]

    @app.post("/api/staff/{agent}/{what}", dependencies=[Depends(authorised)])
    async def staff(
        agent: str, what: Literal["login", "logout", "ready", "notready"], body: Reason | None = None
    ) -> dict[str, str]:
        """Log a person in or out, make them ready or not ready."""
        answer = await deps.staff(agent[:40], what, body.reason if body else "")
        if not answer.accepted:
            raise HTTPException(404 if answer.why == "unknown_person" else 409, answer.why)
        return {"agent": agent, "accepted": what}

    @app.post("/api/visits/{visit}/class/{name}", dependencies=[Depends(authorised)])
    async def prioritise(visit: VisitId, name: Annotated[str, PathParam(pattern=CODE)]) -> dict[str, str]:
        """Put a waiting visit into a priority class, beside those it has."""
        answer = await deps.prioritise(visit, name)
        if not answer.accepted:
            raise HTTPException(404, answer.why)
        return {"accepted": name}

    @app.get("/api/cases/{reference}", dependencies=[Depends(authorised)])
    async def case(reference: Annotated[str, PathParam(pattern=REFERENCE)]) -> CaseFile:
        """A case and its visits."""
        found = await deps.cases.get(reference)
        if found is None:
            raise HTTPException(404, "unknown_case")
        return CaseFile(visits=found[1], **found[0]._asdict())

    @app.put("/api/cases/{reference}", dependencies=[Depends(authorised)])
    async def put_case(reference: Annotated[str, PathParam(pattern=REFERENCE)], body: CaseBody) -> None:
        """Keep a case: its owner, concern, state, outcome codes and the link to its digital file."""
        if reference == UNKNOWN_CASE:
            raise HTTPException(422, f"{UNKNOWN_CASE} is what a case is called that nobody knows")
        values = body.model_dump() | {"outcomes": tuple(body.outcomes)}
        await deps.cases.put(Case(reference, **values))

    @app.post("/api/cases/{reference}/visits/{visit}", dependencies=[Depends(authorised)])
    async def link_case(reference: Annotated[str, PathParam(pattern=REFERENCE)], visit: VisitId) -> None:
        """Whoever made this visit has this case: their next calls go to its owner first."""
        if not await deps.cases.link(reference, visit):
            raise HTTPException(409, "caller_unknown")

    @app.get("/api/announcement", dependencies=[Depends(authorised)])
    async def announcement() -> AnnouncementState:
        """The emergency announcement as it is now."""
        return AnnouncementState.model_validate(deps.announcement())

    @app.put("/api/announcement", dependencies=[Depends(authorised)])
    async def announce(body: AnnouncementBody) -> AnnouncementState:
        """Tell it to everybody who waits, at once, and to everybody who calls."""
        if faults := body.faults(deps.names().languages):
            raise HTTPException(422, faults)
        return AnnouncementState.model_validate(await deps.announce(body.texts, body.ends_calls, body.reason))

    @app.delete("/api/announcement", dependencies=[Depends(authorised)])
    async def announce_no_more(
        reason: Annotated[str, Query(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")] = "",
    ) -> AnnouncementState:
        """Tell it to nobody any more."""
        return AnnouncementState.model_validate(await deps.announce_no_more(reason))

    @app.post("/api/reload", dependencies=[Depends(authorised)])
    async def reload() -> Reloaded:
        """Read configuration and roster again: all of it or nothing."""
        found = await deps.reload()
        if found.faults:
            raise HTTPException(422, list(found.faults))
        return Reloaded.model_validate(found)

    @app.post("/api/resync", dependencies=[Depends(authorised)])
    async def resync() -> dict[str, str]:
        """Compare with the PBX now; what differs twice is drift and a fact."""
        await deps.resync()
        return {"resync": "done"}

    app.include_router(outlook.routes(deps, authorised))

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(deps.registry), media_type=CONTENT_TYPE_LATEST)

    @app.get("/healthz")
    async def healthz() -> Response:
        """Whether this daemon can decide at all; says what is wrong."""
        said = {part: words for part, words in deps.health().items() if part in deps.essential}
        return JSONResponse(said, 200 if set(said.values()) <= {"ok"} else 503)

    @app.get("/readyz")
    async def readyz() -> Response:
        """Whether every part works; says what is wrong."""
        said = deps.health()
        return JSONResponse(dict(said), 200 if set(said.values()) <= {"ok"} else 503)

    return app
