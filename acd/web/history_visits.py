"""Single visits that ended: a list found by time and need or by a number, and the course of one."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from acd.history.single import VISITS_MAX, PastVisit, Search
from acd.history.view import ViewFault
from acd.identity import Action, Asker, People
from acd.web.deps import WebDeps
from acd.web.door import address_of
from acd.web.frame import language_of, page, page_words
from acd.web.history_told import namer
from acd.web.rights import fields, may
from routing.facts import VISIT_OUTCOMES

InCharge = Annotated[Asker, Depends(may(Action.SEE_VISITS))]
Finder = Annotated[Asker, Depends(may(Action.FIND_CALLER))]
ID_MAX: Final = 2**63 - 1


def routes(deps: WebDeps, centre: Callable[[], str]) -> APIRouter:
    """The pages /history/visits and /history/visits/ID. centre: the centre's name."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def words_of(request: Request) -> dict[str, str]:
        return page_words(request, "history", "history_visits")

    def clock(at_ms: int) -> str:
        return f"{datetime.fromtimestamp(at_ms / 1000, deps.zone()):%d.%m.%Y %H:%M:%S}"

    def listed(
        request: Request, by: Asker, found: Sequence[PastVisit], search: Mapping[str, str], **more: Any
    ) -> Response:
        said = words_of(request)
        code, called = language_of(request), deps.names()
        values: dict[str, Any] = {
            "found": found,
            "search": search,
            "clock": clock,
            "lasted": lasted,
            "name": namer(called, said, code),
            "people": dict(deps.agents()),
            "languages": list(called.languages),
            "concerns": list(called.concerns),
            "outcomes": VISIT_OUTCOMES,
            "may_find": Action.FIND_CALLER in by.may,
            "older": "",
            "fault": "",
        }
        sections = ("history", "history_visits")
        return page(request, "history_visits.html", centre(), *sections, **(values | more))

    @router.get("/history/visits")
    async def visits(request: Request, by: InCharge) -> Response:
        given = {key: value[:40] for key, value in request.query_params.items()}
        today = datetime.now(deps.zone()).date()
        try:
            first, last = (_day(given.get(key, ""), today) for key in ("first", "last"))
        except ValueError:
            fault = words_of(request)["fault_dates"]
            return listed(request, by, [], given, status=422, fault=fault)
        before = given.get("before", "")
        number = int(before) if before.isascii() and before.isdecimal() else 0
        search = Search(
            _begin(first, deps),
            _begin(last + timedelta(days=1), deps),
            language=given.get("language", ""),
            concern=given.get("concern", ""),
            outcome=given.get("outcome", ""),
            case=given.get("case", "").strip(),
            before=min(number, ID_MAX),
        )
        try:
            found = await deps.history.visits(search)
        except ViewFault as fault:
            said = words_of(request)
            why = said[f"fault_{fault.code}"].format(field=said[fault.key])
            return listed(request, by, [], given, status=422, fault=why)
        older = str(found[-1].visit) if len(found) == VISITS_MAX else ""
        given |= {"first": str(first), "last": str(last)}
        link = str(request.url.include_query_params(before=older).query) if older else ""
        return listed(request, by, found, given, older=link)

    @router.post("/history/visits")
    async def of_number(request: Request, by: Finder) -> Response:
        """Of one caller: the number stands in no address, and in the audit stands who looked."""
        number = (await fields(request)).get("number", "").strip()
        people: People = request.app.state.people
        await people.done(by, "find_caller", "", "", address_of(request))
        token = await deps.history.token(number)
        found = await deps.history.visits(Search(0, 0, token=token)) if token else []
        fault = "" if token else words_of(request)["unknown_number"]
        return listed(request, by, found, {}, fault=fault)

    @router.get("/history/visits/{visit}")
    async def course(request: Request, visit: int, by: InCharge) -> Response:
        found = await deps.history.course(visit) if 0 < visit <= ID_MAX else None
        if found is None:
            raise HTTPException(404, "unknown_visit")
        said = words_of(request)
        return page(
            request,
            "history_visit.html",
            centre(),
            "history",
            "history_visits",
            title="title_one",
            visit=found.visit,
            steps=found.steps,
            clock=clock,
            lasted=lasted,
            name=namer(deps.names(), said, language_of(request)),
            people=dict(deps.agents()),
            value=lambda name, code: _value(said, name, code),
        )

    return router


def _value(said: Mapping[str, str], name: str, code: str) -> str:
    """A value of a step in words, where it has some."""
    return said.get(f"{name}_{code}") or said.get(f"value_{code}") or code


def lasted(ms: int) -> str:
    """Minutes and seconds; "–" for none."""
    minutes, seconds = divmod(ms // 1000, 60)
    return f"{minutes}:{seconds:02}" if ms >= 0 else "–"


def _day(said: str, usual: date) -> date:
    """Raises ValueError."""
    found = date.fromisoformat(said) if said else usual
    if not 2000 <= found.year < 2200:
        raise ValueError(said)
    return found


def _begin(day: date, deps: WebDeps) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=deps.zone()).timestamp() * 1000)
