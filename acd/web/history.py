"""The page /history: figures of what was, by time and need, as table, pictures, CSV and XLSX. A view is its
address: whoever keeps the link keeps the view."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acd.history import spreadsheet, table, view
from acd.history.answer import Answer
from acd.history.sums import CLOCKS
from acd.history.view import View, ViewFault, checked, last_days
from acd.identity import Action, Asker
from acd.web import history_told as told
from acd.web.deps import WebDeps
from acd.web.frame import language_of, page, page_words
from acd.web.rights import may
from routing.visit import KINDS

Reader = Annotated[Asker, Depends(may(Action.SEE_HISTORY))]
ROWS_MAX: Final = 1_000
"""So many rows are on the page; CSV and XLSX have all."""
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def routes(deps: WebDeps, centre: Callable[[], str]) -> APIRouter:
    """The page and its files. centre: the centre's name."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def asked(request: Request) -> View:
        """Raises ViewFault."""
        given = {key: value[:40] for key, value in request.query_params.items()}
        usual = last_days(datetime.now(deps.zone()).date())
        return checked(
            View(
                _day("first", given.get("first", ""), usual.first),
                _day("last", given.get("last", ""), usual.last),
                given.get("step", usual.step),
                given.get("by", usual.by),
                given.get("language", ""),
                given.get("concern", ""),
                given.get("kind", usual.kind),
                given.get("clock", deps.history.clock()),
            )
        )

    @router.get("/history")
    async def history(request: Request, by: Reader) -> Response:
        said = page_words(request, "history")
        fixed: dict[str, Any] = {
            "steps": view.STEPS,
            "bys": view.BY,
            "kinds": KINDS,
            "clocks": CLOCKS,
            "given": request.query_params,
            "query": request.url.query,
            "single": Action.SEE_VISITS in by.may,
        }
        try:
            shown = asked(request)
            answer = await deps.history.answer(shown)
        except ViewFault as fault:
            why = said[f"fault_{fault.code}"].format(field=said[fault.key])
            return page(request, "history.html", centre(), "history", status=422, fault=why, **fixed)
        return await asyncio.to_thread(shown_page, request, answer, said, fixed)

    def shown_page(
        request: Request, answer: Answer, said: Mapping[str, str], fixed: dict[str, Any]
    ) -> Response:
        """Beside the loop: so many cells take their time."""
        name = told.namer(deps.names(), said, language_of(request))
        columns = table.columns(answer.aim.variant)
        when = told.when_of(answer.view.step, said)
        rows = [
            (
                when(row.begin),
                told.label_of(answer, row, name),
                [told.cell(each, table.value(row.figures, each)) for each in columns],
            )
            for row in answer.rows[:ROWS_MAX]
        ]
        return page(
            request,
            "history.html",
            centre(),
            "history",
            fault="",
            answer=answer,
            columns=columns,
            rows=rows,
            more=max(0, len(answer.rows) - ROWS_MAX),
            name=name,
            totals=told.totals(answer, said),
            bands=told.bands(answer, said),
            fairness=told.fairness(answer, name, said),
            sentence=told.sentence(answer, name, said),
            pictures=told.pictures(answer, name, said),
            **fixed,
        )

    async def sheet(request: Request) -> tuple[View, list[str], list[list[spreadsheet.Value]]] | Response:
        try:
            shown = asked(request)
            answer = await deps.history.answer(shown)
        except ViewFault:
            return RedirectResponse(f"/history?{request.url.query}", 303)
        said = page_words(request, "history")
        return shown, *told.sheet(answer, told.namer(deps.names(), said, language_of(request)), said)

    @router.get("/history.csv")
    async def as_csv(request: Request, by: Reader) -> Response:
        found = await sheet(request)
        if isinstance(found, Response):
            return found
        shown, head, rows = found
        body = await asyncio.to_thread(spreadsheet.as_csv, head, rows, language_of(request))
        return Response(body, media_type="text/csv; charset=utf-8", headers=_file(shown, "csv"))

    @router.get("/history.xlsx")
    async def as_xlsx(request: Request, by: Reader) -> Response:
        found = await sheet(request)
        if isinstance(found, Response):
            return found
        shown, head, rows = found
        title = page_words(request, "history")["title"]
        body = await asyncio.to_thread(spreadsheet.as_xlsx, title, head, rows)
        return Response(body, media_type=XLSX, headers=_file(shown, "xlsx"))

    return router


def _day(key: str, said: str, usual: date) -> date:
    """Raises ViewFault."""
    try:
        return date.fromisoformat(said) if said else usual
    except ValueError:
        raise ViewFault(key, "no_date") from None


def _file(shown: View, end: str) -> dict[str, str]:
    name = f"history-{shown.first}-{shown.last}.{end}"
    return {"Content-Disposition": f'attachment; filename="{name}"'}
