"""The page /history/today: how today goes, quarter hour by quarter hour, beside what is usual."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from acd.history import drawing
from acd.history.answer import Answer
from acd.history.course import Quarter, course, same_weekdays
from acd.history.shares import ENOUGH
from acd.history.view import QUARTER, View, ViewFault
from acd.identity import Action, Asker
from acd.web import history_told as told
from acd.web.deps import WebDeps
from acd.web.frame import language_of, page, page_words
from acd.web.rights import may

Reader = Annotated[Asker, Depends(may(Action.SEE_HISTORY))]
CODE_MAX: Final = 10


def routes(deps: WebDeps, centre: Callable[[], str]) -> APIRouter:
    """The page. centre: the centre's name."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    async def day_of(view: View) -> Answer:
        return await deps.history.answer(view)

    @router.get("/history/today")
    async def today(request: Request, by: Reader) -> Response:
        said = page_words(request, "history", "today")
        language = request.query_params.get("language", "")[:CODE_MAX]
        now = datetime.now(deps.zone())
        day = View(now.date(), now.date(), QUARTER, clock=deps.history.clock())
        whole = await day_of(day)
        fault = ""
        answer = whole
        if language and language not in whole.languages:
            language, fault = "", said["fault_language"]
        try:
            if language:
                answer = await day_of(day._replace(language=language))
            before = [
                (await day_of(day._replace(first=each, last=each, language=language))).rows
                for each in same_weekdays(now.date())
            ]
        except ViewFault:
            before, fault = [], said["fault_language"]
        here = await deps.history.here(now.replace(hour=0, minute=0, second=0, microsecond=0), language)
        quarters = course(answer.rows, here, before, answer.aim.variant)
        name = told.namer(deps.names(), said, language_of(request))
        return page(
            request,
            "today.html",
            centre(),
            "history",
            "today",
            fault=fault,
            language=language,
            languages=[(code, name("language", code)) for code in whole.languages],
            quarters=[_row(each) for each in quarters],
            picture=_picture(quarters, said) if quarters else None,
            aim=answer.aim,
            as_of=f"{now:%H:%M}",
        )

    return router


def _row(each: Quarter) -> tuple[str, str, int, int, int, int, str]:
    usual = "–" if each.usual is None else f"{each.usual[0]}–{each.usual[1]}"
    met, of = each.level
    level = "–" if not of else f"{100 * met / of:.0f} %" if of >= ENOUGH else f"{met}/{of}"
    return f"{each.began:%H:%M}", usual, each.queued, each.waiting, each.answered, each.unserved, level


def _picture(quarters: list[Quarter], said: dict[str, str]) -> dict[str, object]:
    came = [float(each.queued) for each in quarters]
    low, high = (
        [None if each.usual is None else float(each.usual[place]) for each in quarters] for place in (0, 1)
    )
    drawn = drawing.lines([came, low, high], [f"{each.began:%H:%M}" for each in quarters])
    legend = list(enumerate((said["came"], said["usual_low"], said["usual_high"])))
    return {"key": "today", "title": said["picture"], "legend": legend, "drawn": drawn}
