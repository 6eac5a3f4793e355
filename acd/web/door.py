"""At the door, before anything is parsed: who may send a body, how long it may be, what answers carry."""

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acd.web import token

BODY_MAX = 10_000
READS = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def is_known(headers: Headers, expected: str) -> bool:
    """Whether a request shows the centre's token."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and token.same(given.strip(), expected)


class Door:
    """An ASGI application around another. Whoever writes shows the token first; then the body is read, and
    its bytes are counted, whatever length it was said to have."""

    def __init__(self, app: ASGIApp, expected: str) -> None:
        self._app = app
        self._token = expected

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["method"] in READS:
            await self._app(scope, receive, with_headers)
            return
        if (refused := self._refused(Headers(scope=scope))) is not None:
            await refused(scope, receive, with_headers)
            return
        body = await _body(receive)
        if body is None:
            await TOO_LONG(scope, receive, with_headers)
            return
        await self._app(scope, _again(body, receive), with_headers)

    def _refused(self, headers: Headers) -> Response | None:
        if not is_known(headers, self._token):
            return JSONResponse({"detail": ASKED}, 401, {"WWW-Authenticate": "Bearer"})
        length = headers.get("content-length", "0")
        return TOO_LONG if not length.isdigit() or int(length[:20]) > BODY_MAX else None


ASKED = "send the bearer token of this centre"
TOO_LONG = JSONResponse({"detail": f"at most {BODY_MAX} bytes"}, 413, {"Connection": "close"})


async def _body(receive: Receive) -> bytes | None:
    """The whole of it, or None as soon as it is longer than allowed."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_MAX:
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
