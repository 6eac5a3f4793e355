"""Links that sign in as an invented person, on this machine alone, for as long as the demonstration runs.

Each role has a host name of its own (all are loopback), so that one browser can be all of them at once:
cookies belong to hosts.
"""

import hmac
import secrets
from collections.abc import Mapping
from typing import Final, NamedTuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from acd.demo import admitted
from acd.identity import Role
from acd.web.door import cookie_name, screen_cookie
from acd.web.server import WebServer, listen
from config.schema import Centre


class Guest(NamedTuple):
    """Whom a link signs in as. agent: which member of staff they are, or "". page: where it leads to."""

    name: str
    role: Role
    agent: str
    page: str


GUESTS: Final[Mapping[str, Guest]] = {
    "desk": Guest("Jonas Weber", Role.STAFF, "jonas", "/desk"),
    "wall": Guest("a screen", Role.WALL, "", "/"),
    "supervisor": Guest("Rana Aziz", Role.SUPERVISOR, "", "/lead"),
}


def host(role: str) -> str:
    """Under which name the pages are asked for; browsers take it for this machine."""
    return f"{role}.localhost"


HOSTS: Final = tuple(host(role) for role in GUESTS)


class Links:
    """A server beside the daemon; `run` until cancelled. web_port: the daemon's."""

    def __init__(self, centre: Centre, web_port: int) -> None:
        self._centre = centre
        self._web_port = web_port
        self._secret = secrets.token_urlsafe(18)
        self._taken = listen("127.0.0.1", 0)
        self._port = self._taken.getsockname()[1]

    def of(self, role: str) -> str:
        """The link of one role."""
        return f"http://{host(role)}:{self._port}/{self._secret}/{role}"

    async def run(self) -> None:
        """Serve."""
        app = Starlette(routes=[Route("/{secret}/{role}", self._sign_in)])
        await WebServer(app, self._taken).run()

    async def _sign_in(self, request: Request) -> Response:
        role, given = request.path_params["role"], request.path_params["secret"]
        known = hmac.compare_digest(given.encode(), self._secret.encode())
        if not known or role not in GUESTS or request.headers.get("host") != f"{host(role)}:{self._port}":
            return PlainTextResponse("unknown link", 404)
        guest = GUESTS[role]
        if guest.role is Role.WALL:
            name, cookie = screen_cookie("http"), await admitted.screen(self._centre)
        else:
            name = cookie_name("http")
            cookie = await admitted.person(self._centre, role, guest.name, guest.role, guest.agent)
        answer = RedirectResponse(f"http://{host(role)}:{self._web_port}{guest.page}", 303)
        answer.set_cookie(name, cookie, path="/", httponly=True, samesite="lax")
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer
