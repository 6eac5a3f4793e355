"""The emergency announcement as who is in charge sees it: what is told, by whom, since when; put on and off.

It is put on in two steps: what is filled in, then what each language would hear of it. Without a script, and
by the door of the API.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acd.identity import Action, Asker
from acd.ports import KeptAnnouncement
from acd.web.deps import REASON_MAX, Because, NoRecording, WebDeps
from acd.web.door import address_of
from acd.web.frame import language_of, page, page_words
from acd.web.naming import names
from acd.web.rights import fields, may
from acd.web.shapes import TEXT_MAX, is_line
from config.words import RIGHT_TO_LEFT

InCharge = Annotated[Asker, Depends(may(Action.STEER_CALLS))]
ALL: Final = "all"
"""Of a recording that is for all languages."""
DIRECTIONS: Final = dict.fromkeys(
    map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
)
"""Marks that come along where a text is copied, and that nobody speaks."""


class Filled(NamedTuple):
    """What was filled in. texts: by language, those that are not empty. recordings: names, by language or
    ALL."""

    texts: Mapping[str, str] = {}
    recordings: Mapping[str, str] = {}
    ends_calls: bool = False
    reason: str = ""


def filled(given: Mapping[str, str], languages: tuple[str, ...]) -> Filled:
    """From a form's fields: a text is one line, however it was broken."""
    texts = {
        code: " ".join(given.get(f"text_{code}", "").translate(DIRECTIONS).split()) for code in languages
    }
    recordings = {code: given.get(f"recording_{code}", "")[:60] for code in (ALL, *languages)}
    return Filled(
        {code: text for code, text in texts.items() if text},
        {code: name for code, name in recordings.items() if name},
        "ends_calls" in given,
        given.get("reason", "").strip()[:REASON_MAX],
    )


def faults(asked: Filled, called: Mapping[str, str], said: Mapping[str, str]) -> list[str]:
    """Everything that is wrong with it, each as one sentence."""
    long = [
        said["fault_long"].format(language=called.get(code, code), most=TEXT_MAX, length=len(text))
        for code, text in asked.texts.items()
        if len(text) > TEXT_MAX
    ]
    hidden = [
        said["fault_hidden"].format(language=called.get(code, code))
        for code, text in asked.texts.items()
        if not is_line(text)
    ]
    return long + hidden + ([] if asked.reason.isprintable() else [said["fault_reason"]])


def routes(deps: WebDeps, centre: Callable[[], str]) -> APIRouter:
    """The page /announcement. centre: its name."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def clock(at_s: float) -> str:
        return f"{datetime.fromtimestamp(at_s, deps.zone()):%d.%m.%Y %H:%M}"

    def recording(each: KeptAnnouncement) -> tuple[str, str]:
        """Its name, and what it is called."""
        return each.name, f"{clock(each.at_s)} ({round(each.seconds)} s)"

    async def shown(
        request: Request, asked: Filled, wrong: list[str], heard: Mapping[str, str] | None = None
    ) -> Response:
        """heard: by what each language would be told it, once it was asked; None: it is filled in."""
        told, choices = deps.announcement(), deps.announcing.choices()
        called = names(deps, language_of(request))["languages"]
        kept = await deps.announcing.kept()
        values: dict[str, Any] = {
            "told": told,
            "since": clock(told.since_ms / 1000) if told.since_ms else "–",
            "languages": [(code, called.get(code, code), kind) for code, kind in told.languages.items()],
            "choices": choices,
            "called": called,
            "unknown": ", ".join(called.get(code, code) for code in choices.unknown),
            "stock": await deps.announcing.stock(),
            "recordings": {
                code: [recording(each) for each in kept if each.language == code]
                for code in (ALL, *choices.languages)
            },
            "asked": asked,
            "heard": heard,
            "faults": wrong,
            "text_max": TEXT_MAX,
            "reason_max": REASON_MAX,
            "rtl": RIGHT_TO_LEFT,
        }
        status = 422 if wrong else 200
        return page(request, "announcement.html", centre(), "announcement", status=status, **values)

    async def checked(request: Request, asked: Filled) -> tuple[list[str], Mapping[str, str]]:
        """(what is wrong with it, by what each language would be told it)."""
        said = page_words(request, "announcement")
        wrong = faults(asked, names(deps, language_of(request))["languages"], said)
        try:
            return wrong, await deps.announcing.heard(asked.texts, list(asked.recordings.values()))
        except NoRecording:
            return [*wrong, said["fault_recording"]], {}

    @router.get("/announcement")
    async def announcement(request: Request, by: InCharge) -> Response:
        return await shown(request, Filled(), [])

    @router.post("/announcement")
    async def check(request: Request, by: InCharge) -> Response:
        """What it would be; nothing is told yet."""
        given = await fields(request)
        asked = filled(given, deps.announcing.choices().languages)
        if given.get("what") == "change":
            return await shown(request, asked, [])
        wrong, heard = await checked(request, asked)
        return await shown(request, asked, wrong, None if wrong else heard)

    @router.post("/announcement/on")
    async def on(request: Request, by: InCharge) -> Response:
        """In place of what is told now."""
        asked = filled(await fields(request), deps.announcing.choices().languages)
        wrong, _ = await checked(request, asked)
        if wrong:
            return await shown(request, asked, wrong)
        why, named = Because(asked.reason, address_of(request)), list(asked.recordings.values())
        await deps.announcing.on(by, asked.texts, named, asked.ends_calls, why)
        return RedirectResponse("/announcement", 303)

    @router.post("/announcement/off")
    async def off(request: Request, by: InCharge) -> Response:
        """Nobody is told it any more."""
        reason = (await fields(request)).get("reason", "")[:REASON_MAX]
        await deps.announcing.off(by, Because(reason, address_of(request)))
        return RedirectResponse("/announcement", 303)

    return router
