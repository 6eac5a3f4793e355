"""What every page has around it: words in the page's language, its name, where one may go, signing out."""

from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import Response
from fastapi.templating import Jinja2Templates

from acd.identity import Action, Asker
from config.words import PAGE_LANGUAGES, wanted, words

TEMPLATES: Final = Jinja2Templates(Path(__file__).parent / "templates")
LANGUAGE_COOKIE: Final = "acd-language"
PAGES: Final = (
    ("/desk", "desk", Action.OWN_DESK),
    ("/lead", "lead_page", Action.SEE_LEAD),
    ("/", "wall", Action.SEE_BOARD),
    ("/history", "history", Action.SEE_HISTORY),
    ("/threats", "threats_page", Action.STEER_CALLS),
    ("/people", "people", Action.MANAGE_PEOPLE),
    ("/audit", "audit", Action.SEE_AUDIT),
    ("/account", "account", Action.OWN_ACCOUNT),
)
"""Address, name in the words' section [frame], and the right that it asks for."""


def language_of(request: Request) -> str:
    """The page's language: as asked for, as it was chosen last, as the browser would have it."""
    asked = request.query_params.get("lang", "") or request.cookies.get(LANGUAGE_COOKIE, "")
    return wanted(asked, request.headers.get("accept-language", ""))


def page_words(request: Request, *sections: str) -> dict[str, str]:
    """The words of these sections in the page's language."""
    return words(language_of(request), *sections)


def page(
    request: Request,
    template: str,
    centre: str,
    *sections: str,
    status: int = 200,
    title: str = "title",
    **more: Any,
) -> Response:
    """A page: its template, with the words of these sections (the last one's `title` is its name)."""
    code = language_of(request)
    said = words(code, *sections)
    asker: Asker | None = getattr(request.state, "asker", None)
    there = [(path, said[name]) for path, name, action in PAGES if asker is not None and action in asker.may]
    context = {
        "centre": centre,
        "lang": code,
        "langs": PAGE_LANGUAGES,
        "words": said,
        "title": said[title],
        "asker": asker,
        "csrf": asker.csrf if asker is not None else "",
        "pages": there,
        "here": request.url.path,
        "elsewise": lambda code: str(request.url.include_query_params(lang=code).query),
    }
    answer = TEMPLATES.TemplateResponse(request, template, context | more, status)
    if request.query_params.get("lang", "") in PAGE_LANGUAGES:
        answer.set_cookie(
            LANGUAGE_COOKIE,
            code,
            max_age=365 * 86_400,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
    return answer
