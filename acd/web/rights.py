"""What who asks may: each route asks for one right, and denied attempts are told."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated, Final
from urllib.parse import parse_qs, quote

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from acd.identity import Action, Asker, People
from acd.web.door import ASKED, READS, SIGN_IN, address_of, is_ours

CSRF_HEADER: Final = "x-acd-csrf"
CSRF_FIELD: Final = "csrf"
FIELD_MAX: Final = 2_000
FIELDS_MAX: Final = 250

_bearer = HTTPBearer(auto_error=False)
"""For the description of the API; who asks is known from the door."""


class SignInFirst(Exception):
    """A page is asked for by nobody we know: it comes after signing in."""

    def __init__(self, page: str) -> None:
        super().__init__(page)
        self.page = page


class Denied(Exception):
    """Who asks is known, and may not."""


def may(action: Action) -> Callable[..., Awaitable[Asker]]:
    """A dependency that gives who asks, if they may do this.

    Raises 401, or SignInFirst where a browser asks for a page; Denied, which is in the audit; 403 for a
    browser's write without its session's CSRF token, and for what another site reads but by a link.
    """

    async def asked(
        request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Asker:
        asker: Asker | None = request.state.asker
        if asker is None:
            if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
                query = f"?{request.url.query}" if request.url.query else ""
                raise SignInFirst(f"{request.url.path}{query}")
            raise HTTPException(401, ASKED, {"WWW-Authenticate": "Bearer"})
        if action not in asker.may:
            people: People = request.app.state.people
            await people.denied(asker, action, request.url.path, address_of(request))
            raise Denied(action)
        if request.state.by_cookie:
            await _from_our_pages(request, asker)
        return asker

    asked.__dict__["action"] = action
    return asked


async def _from_our_pages(request: Request, asker: Asker) -> None:
    if request.method in READS:
        headers = request.headers
        follows_a_link = headers.get("sec-fetch-mode", "navigate") == "navigate"
        streams = "text/event-stream" in headers.get("accept", "")
        if (streams or not follows_a_link) and not is_ours(request):
            raise HTTPException(403, "cross_site")
        return
    given = request.headers.get(CSRF_HEADER, "")
    if not given and "json" not in request.headers.get("content-type", ""):
        given = (await fields(request)).get(CSRF_FIELD, "")
    if not asker.csrf or not hmac.compare_digest(given.encode(), asker.csrf.encode()):
        raise HTTPException(403, "stale_form")


async def fields(request: Request) -> dict[str, str]:
    """The fields of a form, each the last one of its name, cut to FIELD_MAX."""
    try:
        found = parse_qs(
            (await request.body()).decode("utf-8"), keep_blank_values=True, max_num_fields=FIELDS_MAX
        )
    except ValueError:
        raise HTTPException(422, "no form") from None
    return {name: values[-1][:FIELD_MAX] for name, values in found.items()}


def safe_page(asked: str) -> str:
    """A page of ours to go to after signing in: a path without a host; else the first one."""
    plain = asked.isprintable() and "\\" not in asked and not asked.startswith("//")
    return asked if plain and asked.startswith("/") and not asked.startswith(SIGN_IN) else "/"


def to_sign_in(page: str) -> str:
    """Where to sign in, and to be led on from."""
    return SIGN_IN if page == "/" else f"{SIGN_IN}?next={quote(page, safe='/')}"
