"""Signing in and out: pages of forms, step by step, that work without a script."""

from collections.abc import Callable
from typing import Annotated, Any, Final
from urllib.parse import quote

import segno
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from acd.identity import Action, Asker, Enrolment, People, Refusal, SignIn
from acd.web.door import SIGN_IN, address_of, cookie_name, is_screen, screen_cookie
from acd.web.frame import page, page_words
from acd.web.rights import fields, may, safe_page

STEPS: Final = {
    "second_factor": f"{SIGN_IN}/code",
    "enrol": f"{SIGN_IN}/second-factor",
    "change": f"{SIGN_IN}/password",
}
"""Where a missing step is taken."""
BROWSER_MAX: Final = 200
SCREEN: Final = f"{SIGN_IN}/screen"
START: Final = "/start"
SCREEN_S: Final = 365 * 86_400


def set_session(request: Request, answer: Response, cookie: str) -> None:
    """The browser keeps the session's secret where no script and no other site has it; "" takes it away."""
    secure = request.url.scheme == "https"
    name = cookie_name(request.url.scheme)
    if cookie:
        answer.set_cookie(name, cookie, path="/", secure=secure, httponly=True, samesite="lax")
    else:
        answer.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")


def _led_on(path: str, after: str) -> Response:
    """To a step, and from there to where one wanted to."""
    where = path if after == "/" else f"{path}?next={quote(after)}"
    return RedirectResponse(where, 303)


async def went(people: People, request: Request, signed: SignIn, after: str) -> Response | None:
    """To the next step, or where one wanted to; None where this one failed. A browser has one session: the
    one that its cookie named until now ends."""
    if signed.step in ("refused", "later"):
        return None
    before: Asker | None = request.state.asker
    if before is not None and before.session:
        await people.sign_out(before)
    there = START if after == "/" else after
    answer = _led_on(STEPS[signed.step], after) if signed.step in STEPS else RedirectResponse(there, 303)
    set_session(request, answer, signed.cookie)
    return answer


def routes(people: People, centre: Callable[[], str]) -> APIRouter:
    """The pages below /sign-in, and /sign-out. centre: its name."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def shown(request: Request, step: str, title: str, **more: Any) -> Response:
        after = safe_page(request.query_params.get("next", "/"))
        values: dict[str, Any] = {"fault": "", "next": after, "name": "", "status": 200} | more
        values["directory"] = people.oidc_name()
        return page(request, "sign_in.html", centre(), "sign_in", title=title, step=step, **values)

    def cookie_of(request: Request) -> str:
        return request.cookies.get(cookie_name(request.url.scheme), "")

    def why(request: Request, signed: SignIn, refused: str) -> dict[str, Any]:
        said = page_words(request, "sign_in")
        if signed.step == "later":
            seconds = max(1, signed.wait_s)
            return {"fault": said["later"].format(seconds=seconds), "status": 429}
        return {"fault": said[refused], "status": 401}

    def begin_again(request: Request) -> Response:
        said = page_words(request, "sign_in")
        return shown(request, "password", "title", fault=said["expired"], status=401)

    @router.get(SIGN_IN)
    async def begin(request: Request) -> Response:
        return shown(request, "password", "title")

    @router.post(SIGN_IN)
    async def sign_in(request: Request) -> Response:
        given = await fields(request)
        name, after = given.get("name", ""), safe_page(given.get("next", "/"))
        browser = request.headers.get("user-agent", "")[:BROWSER_MAX]
        signed = await people.sign_in(name, given.get("password", ""), address_of(request), browser)
        failed = {"next": after, "name": name} | why(request, signed, "refused")
        return await went(people, request, signed, after) or shown(request, "password", "title", **failed)

    @router.get(STEPS["second_factor"])
    async def code(request: Request) -> Response:
        return shown(request, "second_factor", "code_title")

    @router.post(STEPS["second_factor"])
    async def second_factor(request: Request) -> Response:
        given = await fields(request)
        after = safe_page(given.get("next", "/"))
        signed = await people.second_factor(cookie_of(request), given.get("code", ""), address_of(request))
        failed = {"next": after} | why(request, signed, "wrong_code")
        return await went(people, request, signed, after) or shown(
            request, "second_factor", "code_title", **failed
        )

    @router.get(STEPS["enrol"])
    async def enrolment(request: Request) -> Response:
        try:
            made = await people.enrolment(cookie_of(request))
        except Refusal:
            return begin_again(request)
        return shown(request, "enrol", "enrol_title", **picture(made))

    @router.post(STEPS["enrol"])
    async def enrol(request: Request) -> Response:
        given = await fields(request)
        after = safe_page(given.get("next", "/"))
        signed, codes = await people.enrol(cookie_of(request), given.get("code", ""), address_of(request))
        if not codes:
            try:
                made = await people.enrolment(cookie_of(request))
            except Refusal:
                return begin_again(request)
            failed = {"next": after} | picture(made) | why(request, signed, "wrong_code")
            return shown(request, "enrol", "enrol_title", **failed)
        answer = shown(request, "codes", "codes_title", codes=codes, next=START if after == "/" else after)
        set_session(request, answer, signed.cookie)
        return answer

    @router.get(STEPS["change"])
    async def first(request: Request) -> Response:
        return shown(request, "change", "change_title")

    @router.post(STEPS["change"])
    async def change(request: Request) -> Response:
        given = await fields(request)
        after = safe_page(given.get("next", "/"))
        try:
            signed = await people.change_first(cookie_of(request), given.get("new", ""), address_of(request))
        except Refusal as fault:
            said = page_words(request, "sign_in")
            if fault.code not in said:
                return begin_again(request)
            return shown(request, "change", "change_title", fault=said[fault.code], status=422, next=after)
        failed = {"next": after} | why(request, signed, "expired")
        return await went(people, request, signed, after) or shown(request, "password", "title", **failed)

    @router.get(START)
    async def start(by: Annotated[Asker, Depends(may(Action.SEE_BOARD))]) -> Response:
        """Where whoever named no page begins: staff at their desk, all others at the live page."""
        return RedirectResponse("/desk" if by.agent and Action.OWN_DESK in by.may else "/", 303)

    @router.get(SCREEN)
    async def screen(request: Request) -> Response:
        return shown(request, "screen", "wall_title")

    @router.post(SCREEN)
    async def show(request: Request) -> Response:
        """A screen keeps its token, which may see the board and nothing else; or forgets it."""
        given = await fields(request)
        if given.get("what") == "forget":
            answer: Response = RedirectResponse(SIGN_IN, 303)
            secure = request.url.scheme == "https"  # of a __Host- cookie only such a one is taken
            answer.delete_cookie(screen_cookie(request.url.scheme), path="/", secure=secure, httponly=True)
            return answer
        token = given.get("token", "").strip()
        found = await people.program(token, address_of(request))
        if found is None or not is_screen(found):
            said = page_words(request, "sign_in")["wall_refused"]
            return shown(request, "screen", "wall_title", fault=said, status=401)
        answer = RedirectResponse("/", 303)
        name, secure = screen_cookie(request.url.scheme), request.url.scheme == "https"
        answer.set_cookie(
            name, token, max_age=SCREEN_S, path="/", secure=secure, httponly=True, samesite="lax"
        )
        return answer

    @router.post("/sign-out")
    async def sign_out(request: Request, by: Annotated[Asker, Depends(may(Action.SEE_BOARD))]) -> Response:
        await people.sign_out(by)
        answer = RedirectResponse(SIGN_IN, 303)
        set_session(request, answer, "")
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        return answer

    return router


def picture(made: Enrolment) -> dict[str, Any]:
    """The key for an authenticator: as text, and as a picture that is part of the page."""
    drawn = segno.make(made.uri, error="m").svg_inline(scale=4, omitsize=True)
    return {"secret": made.secret, "picture": Markup(drawn)}  # noqa: S704 drawn by us, of base32 and our names
