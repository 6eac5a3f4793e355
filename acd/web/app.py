"""The HTTP side: the live page, its stream, the API for the staff's states, figures and health."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi import Path as PathParam
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.staticfiles import StaticFiles
from prometheus_client.exposition import choose_encoder
from starlette.middleware.trustedhost import TrustedHostMiddleware

from acd import __version__
from acd.identity import Action, Asker, Refusal
from acd.ports import Case, QueueFull
from acd.web import (
    account,
    admin,
    alarms,
    announcement,
    desk,
    history,
    history_visits,
    hooks,
    lead,
    lead_page,
    oidc,
    outlook,
    sign_in,
    threats,
    today,
)
from acd.web.deps import REASON_MAX, Because, NoRecording, WebDeps
from acd.web.described import described as described_api
from acd.web.door import HEADERS, Door, address_of
from acd.web.frame import language_of, page, page_words
from acd.web.fresh import FRESH_S
from acd.web.live import Live, seat
from acd.web.naming import names
from acd.web.pieces import array
from acd.web.rights import Denied, SignInFirst, may, to_sign_in
from acd.web.shapes import (
    RECORDING_NAME,
    AnnouncementBody,
    AnnouncementState,
    Candidate,
    CaseBody,
    CaseFile,
    Difference,
    Explanation,
    Reason,
    RecordedState,
    Reloaded,
    State,
    explanation,
)
from acd.web.shown import Shown, marked
from agents.state import SHOWN
from routing.events import UNKNOWN_CASE

JSON = "application/json"
NOTHING: Any = {"content": {JSON: {"schema": {"type": "null"}}}}
"""What is answered where there is nothing to say."""
VisitId = Annotated[int, PathParam(ge=1, lt=2**63)]
HERE = Path(__file__).parent
CODE = r"^[a-z][a-z0-9_]{0,31}$"
REFERENCE = r"^[A-Za-z0-9_-]{1,40}$"
"""A case number as the office writes it, and as a telephone's keys can say it."""


def make_app(deps: WebDeps) -> FastAPI:
    """The application."""
    app = FastAPI(title="WelcomeCenter ACD", version=__version__, openapi_url=None)
    live = Live(deps.changes, deps.people)
    shown = {
        named: Shown(
            deps.board,
            deps.service_level,
            deps.health,
            deps.changes,
            deps.staff_source,
            lambda: marked(deps.names()),
            deps.own,
            named=named,
            alarms=deps.alarms if named else deps.alarms_outside,
        )
        for named in (True, False)
    }
    app.state.people = deps.people
    app.webhooks.include_router(hooks.router)

    def centre() -> str:
        return deps.names().centre

    @app.exception_handler(SignInFirst)
    async def sign_in_first(request: Request, fault: Exception) -> Response:
        return RedirectResponse(to_sign_in(str(fault)), 303)

    @app.exception_handler(Denied)
    async def denied(request: Request, fault: Exception) -> Response:
        if "text/html" not in request.headers.get("accept", ""):
            return JSONResponse({"detail": "denied"}, 403)
        said = page_words(request, "sign_in")["denied"]
        return page(request, "said.html", centre(), "sign_in", status=403, title="denied_title", said=said)

    @app.exception_handler(Refusal)
    async def away(request: Request, fault: Exception) -> Response:
        return JSONResponse({"detail": "later"}, 503, {"Retry-After": "5"})

    @app.exception_handler(QueueFull)
    async def full(request: Request, fault: Exception) -> Response:
        return JSONResponse({"detail": str(fault)}, 503, {"Retry-After": "5"})

    @app.exception_handler(RequestValidationError)
    async def refused(request: Request, fault: Exception) -> Response:
        # Without the value: it may be one that no answer can carry (infinite, half a character).
        faults = cast(RequestValidationError, fault).errors()
        named = [{key: each[key] for key in ("type", "loc", "msg")} for each in faults]
        return Response(json.dumps({"detail": named}), 422, media_type=JSON)

    @app.exception_handler(Exception)
    async def broken(request: Request, fault: Exception) -> Response:
        # It stands before the door, and is logged after this.
        return JSONResponse({"detail": "internal"}, 500, HEADERS)

    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(deps.hosts))
    app.add_middleware(
        Door, people=deps.people
    )  # added last: before all others, so that theirs carry its headers
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def wall(request: Request, by: Annotated[Asker, Depends(may(Action.SEE_BOARD))]) -> Response:
        code, called = language_of(request), deps.names()
        seen: dict[str, Any] = {"called": marked(called), "states": SHOWN, "names": names(deps, code)}
        return page(request, "live.html", called.centre, "alarms", "live", **seen)

    @app.get(
        "/events",
        summary="The hotline as a stream",
        response_class=EventSourceResponse,
        dependencies=[Depends(seat(live, Action.SEE_BOARD))],
    )
    async def events(request: Request) -> AsyncIterator[ServerSentEvent]:
        """What `GET /api/board` shows: at once, after each change, and every one and a half seconds."""
        async for by in live.told(request, Action.SEE_BOARD):
            seen = shown[Action.SEE_STAFF in by.may]
            yield ServerSentEvent(raw_data=await seen.text_for(by.agent, FRESH_S))

    @app.get("/api/board", summary="The hotline now", response_model=State)
    async def board(by: Annotated[Asker, Depends(may(Action.SEE_BOARD))]) -> Response:
        """What the page shows; who may not see the staff sees no names."""
        return Response(await shown[Action.SEE_STAFF in by.may].text_for(by.agent), media_type=JSON)

    @app.get(
        "/api/explain",
        summary="Why callers wait and people are free",
        response_model=Explanation,
        dependencies=[Depends(may(Action.SEE_DECISIONS))],
    )
    async def explain() -> Response:
        """How many people suit each waiting call, and why others do not; the same for each free person."""
        return Response(await explanation(await deps.explain()), media_type=JSON)

    @app.get(
        "/api/explain/{visit}",
        summary="Everybody's verdict for one call",
        responses={404: {"description": "`unknown_visit`: no call of this number waits."}},
        response_model=list[Candidate],
        dependencies=[Depends(may(Action.SEE_DECISIONS))],
    )
    async def explain_visit(visit: VisitId) -> Response:
        """Everybody's verdict for one waiting call, in the order of the roster."""
        found = await deps.explain_visit(visit)
        if found is None:
            raise HTTPException(404, "unknown_visit")
        return Response(await array(found, lambda each: each._asdict()), media_type=JSON)

    @app.get(
        "/api/shadow",
        summary="What the shadow policy would have decided",
        dependencies=[Depends(may(Action.SEE_DECISIONS))],
    )
    async def shadow(limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[Difference]:
        """The last decisions that the shadow policy would have made otherwise, the newest first."""
        return [Difference.model_validate(each) for each in await deps.differences(limit)]

    @app.post(
        "/api/staff/{agent}/{what}",
        summary="Log somebody in or out, make them ready or not",
        responses={
            404: {"description": "`unknown_person`: nobody of the staff is called so."},
            409: {"description": "Not as things are; a code such as `not_logged_in`."},
        },
    )
    async def staff(
        agent: str,
        what: Literal["login", "logout", "ready", "notready"],
        by: Annotated[Asker, Depends(may(Action.STEER_STAFF))],
        request: Request,
        body: Reason | None = None,
    ) -> dict[str, str]:
        """Log a person in or out, make them ready or not ready. For notready, a reason that is one of the
        centre's codes is what others see; any other words lie in the vault."""
        said = body.reason if body else ""
        code = said if what == "notready" and said in deps.desk_choices().reasons else ""
        why = Because("" if code else said, address_of(request))
        answer = await deps.steering.staff(by, agent[:40], what, code, why)
        if not answer.accepted:
            raise HTTPException(404 if answer.why == "unknown_person" else 409, answer.why)
        return {"agent": agent, "accepted": what}

    @app.post(
        "/api/visits/{visit}/class/{name}",
        summary="Put a waiting call into a priority class",
        responses={404: {"description": "`unknown_visit` or `unknown_class`."}},
    )
    async def prioritise(
        visit: VisitId,
        name: Annotated[str, PathParam(pattern=CODE)],
        by: Annotated[Asker, Depends(may(Action.STEER_CALLS))],
        request: Request,
        body: Reason | None = None,
    ) -> dict[str, str]:
        """Put a waiting visit into a priority class, beside those it has."""
        why = Because(body.reason if body else "", address_of(request))
        answer = await deps.steering.classed(by, visit, name, why, on=True)
        if not answer.accepted:
            raise HTTPException(404, answer.why)
        return {"accepted": name}

    @app.get(
        "/api/cases/{reference}",
        summary="A case and its calls",
        responses={404: {"description": "`unknown_case`: none of this number is kept."}},
        dependencies=[Depends(may(Action.SEE_CASES))],
    )
    async def case(reference: Annotated[str, PathParam(pattern=REFERENCE)]) -> CaseFile:
        """A case and its visits."""
        found = await deps.cases.get(reference)
        if found is None:
            raise HTTPException(404, "unknown_case")
        return CaseFile(visits=found[1], **found[0]._asdict())

    @app.put(
        "/api/cases/{reference}",
        summary="Keep a case",
        responses={200: {"description": "Kept.", **NOTHING}},
    )
    async def put_case(
        reference: Annotated[str, PathParam(pattern=REFERENCE)],
        body: CaseBody,
        by: Annotated[Asker, Depends(may(Action.KEEP_CASES))],
        request: Request,
    ) -> None:
        """Keep a case: its owner, concern, state, outcome codes and the link to its digital file."""
        if reference == UNKNOWN_CASE:
            raise HTTPException(422, f"{UNKNOWN_CASE} is what a case is called that nobody knows")
        values = body.model_dump() | {"outcomes": tuple(body.outcomes)}
        await deps.cases.put(Case(reference, **values))
        owner = f": owner {body.owner}" if body.owner else ""
        await deps.people.done(by, "keep_case", f"case {reference}{owner}", "", address_of(request))

    @app.post(
        "/api/cases/{reference}/visits/{visit}",
        summary="A call was about this case",
        responses={
            200: {"description": "Kept.", **NOTHING},
            409: {"description": "`caller_unknown`: who called is not known, or nothing of the two is kept."},
        },
    )
    async def link_case(
        reference: Annotated[str, PathParam(pattern=REFERENCE)],
        visit: VisitId,
        by: Annotated[Asker, Depends(may(Action.KEEP_CASES))],
        request: Request,
    ) -> None:
        """Whoever made this visit has this case: their next calls go to its owner first."""
        if not await deps.cases.link(reference, visit):
            raise HTTPException(409, "caller_unknown")
        # Whose case it is, is forgotten with the number: the audit does not outlive that.
        await deps.people.done(by, "link_case", f"visit {visit}", "", address_of(request))

    @app.get(
        "/api/announcement",
        summary="The emergency announcement now",
        dependencies=[Depends(may(Action.SEE_BOARD))],
    )
    async def announced() -> AnnouncementState:
        """The emergency announcement as it is now."""
        return AnnouncementState.model_validate(deps.announcement())

    @app.put("/api/announcement", summary="Put an emergency announcement on")
    async def announce(
        body: AnnouncementBody, by: Annotated[Asker, Depends(may(Action.STEER_CALLS))], request: Request
    ) -> AnnouncementState:
        """Tell it to everybody who waits, at once, and to everybody who calls."""
        faults = body.faults(deps.names().languages)
        if faults:
            raise HTTPException(422, faults)
        why = Because(body.reason, address_of(request))
        try:
            found = await deps.announcing.on(by, body.texts, body.recordings, body.ends_calls, why)
        except NoRecording as fault:
            raise HTTPException(422, [f"recordings: {fault}"]) from None
        return AnnouncementState.model_validate(found)

    @app.delete("/api/announcement", summary="Take the emergency announcement off")
    async def announce_no_more(
        by: Annotated[Asker, Depends(may(Action.STEER_CALLS))],
        request: Request,
        reason: Annotated[str, Query(max_length=REASON_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")] = "",
    ) -> AnnouncementState:
        """Tell it to nobody any more."""
        why = Because(reason, address_of(request))
        return AnnouncementState.model_validate(await deps.announcing.off(by, why))

    @app.get(
        "/api/announcement/recordings",
        summary="What was recorded by phone",
        dependencies=[Depends(may(Action.STEER_CALLS))],
    )
    async def announcements_kept() -> list[RecordedState]:
        """What was recorded by phone and is kept, the oldest first."""
        return [RecordedState.model_validate(each) for each in await deps.announcing.kept()]

    @app.delete(
        "/api/announcement/recordings/{name}",
        summary="Delete a recording",
        responses={409: {"description": "`unknown_or_on`: there is none of this name, or it is on."}},
        status_code=204,
    )
    async def delete_announcement(
        name: Annotated[str, PathParam(pattern=RECORDING_NAME)],
        by: Annotated[Asker, Depends(may(Action.STEER_CALLS))],
        request: Request,
    ) -> None:
        """Delete a recording that is not on."""
        if not await deps.announcing.delete(by, name, Because("", address_of(request))):
            raise HTTPException(409, "unknown_or_on")

    @app.post(
        "/api/reload",
        summary="Read configuration and roster again",
        responses={422: {"description": "What is wrong with the file."}},
    )
    async def reload(by: Annotated[Asker, Depends(may(Action.OPERATE))], request: Request) -> Reloaded:
        """Read configuration and roster again: all of it or nothing."""
        found = await deps.reload()
        if found.faults:
            raise HTTPException(422, list(found.faults))
        await deps.people.done(by, "reload", "", "", address_of(request))
        return Reloaded.model_validate(found)

    @app.post("/api/resync", summary="Compare with the PBX now", dependencies=[Depends(may(Action.OPERATE))])
    async def resync() -> dict[str, str]:
        """Compare with the PBX now; what differs twice is drift and a fact."""
        await deps.resync()
        return {"resync": "done"}

    app.include_router(outlook.routes(deps))
    app.include_router(alarms.routes(deps))
    app.include_router(desk.routes(deps, live))
    app.include_router(lead.routes(deps))
    app.include_router(lead_page.routes(deps, live))
    app.include_router(threats.routes(deps, centre))
    app.include_router(today.routes(deps, centre))
    app.include_router(history.routes(deps, centre))
    app.include_router(history_visits.routes(deps, centre))
    app.include_router(announcement.routes(deps, centre))
    app.include_router(sign_in.routes(deps.people, centre))
    app.include_router(account.routes(deps.people, centre))
    app.include_router(admin.routes(deps.people, centre, deps.agents, deps.zone, deps.reasons))
    app.include_router(oidc.routes(deps.people, centre))

    @app.get(
        "/metrics",
        summary="Figures for Prometheus",
        response_class=PlainTextResponse,
        dependencies=[Depends(may(Action.SEE_METRICS))],
    )
    async def metrics(request: Request) -> Response:
        """In OpenMetrics where who asks accepts it, else in Prometheus' text form; see docs/metrics.md."""
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(deps.registry), media_type=kind)

    @app.get("/openapi.json", summary="This description", dependencies=[Depends(may(Action.SEE_BOARD))])
    async def described() -> dict[str, Any]:
        """What the API can do."""
        return described_api(app)

    @app.get(
        "/healthz",
        response_model=dict[str, str],
        summary="Whether it can decide",
        responses={503: {"description": "It cannot; each part says why.", "model": dict[str, str]}},
    )
    async def healthz() -> Response:
        """Whether this daemon can decide at all; says what is wrong."""
        said = {part: words for part, words in deps.health().items() if part in deps.essential}
        return JSONResponse(said, 200 if set(said.values()) <= {"ok"} else 503)

    @app.get(
        "/readyz",
        response_model=dict[str, str],
        summary="Whether every part works",
        responses={503: {"description": "Some do not; each says why.", "model": dict[str, str]}},
    )
    async def readyz() -> Response:
        """Whether every part works; says what is wrong."""
        said = deps.health()
        return JSONResponse(dict(said), 200 if set(said.values()) <= {"ok"} else 503)

    return app
