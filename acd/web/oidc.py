"""Signing in from the city's directory: to its page, and back from there."""

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acd.identity import People, Refusal
from acd.web.door import SIGN_IN, address_of
from acd.web.frame import page, page_words
from acd.web.rights import safe_page
from acd.web.sign_in import BROWSER_MAX, went

BEGIN: Final = f"{SIGN_IN}/oidc"
BACK: Final = f"{SIGN_IN}/oidc/back"
ATTEMPT_S: Final = 600
FAULTS: Final = {
    "unknown_session": ("expired", 401),
    "provider_away": ("oidc_away", 503),
    "not_vouched": ("oidc_not_vouched", 401),
    "refused": ("oidc_refused", 403),
    "later": ("later", 503),
}
"""Why not: the words for it, and the status."""


def attempt_cookie(scheme: str) -> str:
    """What binds an attempt to the browser that began it."""
    return "__Host-acd-oidc" if scheme == "https" else "acd-oidc"


def routes(people: People, centre: Callable[[], str]) -> APIRouter:
    """The two addresses. centre: its name."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def failed(request: Request, code: str, after: str) -> Response:
        word, status = FAULTS[code if code in FAULTS else "not_vouched"]
        fault = page_words(request, "sign_in")[word].format(seconds=5)
        more = {"step": "password", "next": after, "name": "", "directory": people.oidc_name()}
        return page(request, "sign_in.html", centre(), "sign_in", status=status, fault=fault, **more)

    @router.get(BEGIN)
    async def begin(request: Request) -> Response:
        after = safe_page(request.query_params.get("next", "/"))
        try:
            url, cookie = await people.oidc_begin(after, address_of(request))
        except Refusal as fault:
            return failed(request, fault.code, after)
        answer = RedirectResponse(url, 303)
        scheme = request.url.scheme
        answer.set_cookie(
            attempt_cookie(scheme),
            cookie,
            max_age=ATTEMPT_S,
            path="/",
            secure=scheme == "https",
            httponly=True,
            samesite="lax",  # it has to come along when the directory sends the browser back
        )
        return answer

    @router.get(BACK)
    async def back(request: Request) -> Response:
        name = attempt_cookie(request.url.scheme)
        browser = request.headers.get("user-agent", "")[:BROWSER_MAX]
        try:
            signed, after = await people.oidc_end(
                request.cookies.get(name, ""), request.query_params, address_of(request), browser
            )
        except Refusal as fault:
            return failed(request, fault.code, "/")
        led = await went(people, request, signed, safe_page(after))
        answer = led or failed(request, signed.step, after)
        answer.delete_cookie(
            name, path="/", secure=request.url.scheme == "https", httponly=True, samesite="lax"
        )
        return answer

    return router
