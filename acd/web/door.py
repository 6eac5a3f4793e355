"""At the door, before anything is parsed: who asks, who may send a body, how long, what answers carry.

Who asks is told by a session's cookie or a program's bearer token. Whoever writes is known, or signs in; and
what a browser writes comes from our own pages: its Origin says so, and its CSRF token (acd.web.rights).
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acd.identity import RIGHTS, Asker, People, Refusal, Role

BODY_MAX = 10_000
LONG_FORMS: Final[Mapping[str, int]] = {"/announcement": 100_000, "/announcement/on": 100_000}
"""What takes a text in each language: a form writes a letter of most of them with six characters and more."""
READS = frozenset({"GET", "HEAD", "OPTIONS"})
SIGN_IN: Final = "/sign-in"
UNASKED: Final = frozenset({"/healthz", "/readyz", SIGN_IN})
"""What nobody is asked for who they are: these, what lies below signing in, and the files of pages."""
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; media-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


def cookie_name(scheme: str) -> str:
    """Behind TLS a cookie of this name is taken from this very host only, and only over TLS."""
    return "__Host-acd" if scheme == "https" else "acd"


def screen_cookie(scheme: str) -> str:
    """Under which name a screen on a wall keeps its token."""
    return f"{cookie_name(scheme)}-screen"


def is_screen(asker: Asker) -> bool:
    """Whether this is a token for a screen: it sees the board, and can do nothing."""
    return asker.may == RIGHTS[Role.WALL]


def address_of(connection: HTTPConnection) -> str:
    """Where a request comes from."""
    return connection.client.host if connection.client is not None else ""


def is_unasked(path: str) -> bool:
    """Whether nobody is asked for who they are there."""
    return path in UNASKED or path.startswith((f"{SIGN_IN}/", "/static/"))


class Door:
    """An ASGI application around another. It leaves in the request's state who asks (`asker`, None: nobody)
    and whether a browser's cookie tells so (`by_cookie`)."""

    def __init__(self, app: ASGIApp, people: People) -> None:
        self._app = app
        self._people = people

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
            await send(message)

        try:
            asker, by_cookie = await asker_of(self._people, connection)
        except Refusal:
            await AWAY(scope, receive, with_headers)
            return
        scope.setdefault("state", {}).update(asker=asker, by_cookie=by_cookie)
        if scope["method"] in READS:
            await self._app(scope, receive, with_headers)
            return
        most = LONG_FORMS.get(scope["path"], BODY_MAX)
        if (refused := _refused(connection, asker, by_cookie, most)) is not None:
            await refused(scope, receive, with_headers)
            return
        body = await _body(receive, most)
        if body is None:
            await too_long(most)(scope, receive, with_headers)
            return
        await self._app(scope, _again(body, receive), with_headers)


async def asker_of(people: People, connection: HTTPConnection) -> tuple[Asker | None, bool]:
    """Who asks, and whether a browser's cookie tells so. Raises Refusal while it cannot be told."""
    if connection.url.path.startswith("/static/") or connection.url.path in ("/healthz", "/readyz"):
        return None, False
    address = address_of(connection)
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await people.program(given.strip(), address), False
    cookie = connection.cookies.get(cookie_name(connection.url.scheme), "")
    try:
        asker = await people.asker(cookie, address) if cookie else None
    except Refusal:
        if is_unasked(connection.url.path):
            return None, False
        raise
    if asker is not None:
        return asker, True
    token = connection.cookies.get(screen_cookie(connection.url.scheme), "")
    screen = await people.program(token, address) if token else None
    return (screen, True) if screen is not None and is_screen(screen) else (None, False)


def _refused(connection: HTTPConnection, asker: Asker | None, by_cookie: bool, most: int) -> Response | None:
    """Why this is not to be written, before its body is read; None if it may be. most: bytes."""
    open_to_all = is_unasked(connection.url.path)
    if asker is None and not open_to_all:
        return JSONResponse({"detail": ASKED}, 401, {"WWW-Authenticate": "Bearer"})
    if (by_cookie or open_to_all) and not is_ours(connection):
        return JSONResponse({"detail": "cross_site"}, 403)
    length = connection.headers.get("content-length", "0")
    return too_long(most) if not length.isdigit() or int(length[:20]) > most else None


def is_ours(connection: HTTPConnection) -> bool:
    """Whether a browser sends this from a page of ours: by Fetch metadata and Origin, as far as it tells;
    one that tells neither is no browser of today."""
    headers: Headers = connection.headers
    site = headers.get("sec-fetch-site", "")
    if site not in ("", "same-origin", "none"):
        return False
    origin = headers.get("origin", "")
    if not origin:
        return bool(site)
    said = urlsplit(origin)
    return (said.scheme, said.netloc) == (connection.url.scheme, headers.get("host", ""))


ASKED = "sign in, or send the bearer token of a program"
AWAY = JSONResponse({"detail": "later"}, 503, {"Retry-After": "5"})


def too_long(most: int) -> JSONResponse:
    """What is answered to more than so many bytes."""
    return JSONResponse({"detail": f"at most {most} bytes"}, 413, {"Connection": "close"})


async def _body(receive: Receive, most: int) -> bytes | None:
    """The whole of it, or None as soon as it is longer than allowed."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > most:
            return None
        if message["type"] != "http.request" or not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body as if it had just come, then whatever comes."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
