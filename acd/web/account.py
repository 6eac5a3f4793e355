"""My account: password, second factor, recovery codes, my sessions. Forms that work without a script."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acd.identity import Action, Asker, People, Refusal
from acd.web.door import address_of, cookie_name
from acd.web.frame import page, page_words
from acd.web.rights import fields, may
from acd.web.sign_in import picture, set_session

Mine = Annotated[Asker, Depends(may(Action.OWN_ACCOUNT))]


def routes(people: People, centre: Callable[[], str]) -> APIRouter:
    """The pages below /account. centre: its name."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    async def shown(request: Request, by: Asker, status: int = 200, **more: Any) -> Response:
        found = {each.id: each for each in await people.accounts()}.get(by.id)
        values = {
            "account": found,
            "sessions": await people.sessions(by.id),
            "left": await people.recovery_codes_left(by),
            "fault": "",
            "done": request.query_params.get("done", "") in DONE and request.query_params["done"],
        }
        return page(request, "account.html", centre(), "account", status=status, **(values | more))

    async def refused(request: Request, by: Asker, fault: Refusal) -> Response:
        said = page_words(request, "account")
        return await shown(request, by, 422, fault=said.get(fault.code, said["later"]))

    def codes_once(request: Request, made: Sequence[str]) -> Response:
        """Recovery codes, which are shown this once."""
        more: dict[str, Any] = {"step": "codes", "codes": made, "next": "/account", "fault": ""}
        return page(request, "sign_in.html", centre(), "sign_in", title="codes_title", **more)

    @router.get("/account")
    async def account(request: Request, by: Mine) -> Response:
        return await shown(request, by)

    @router.post("/account/password")
    async def password(request: Request, by: Mine) -> Response:
        given = await fields(request)
        try:
            await people.change_password(by, given.get("old", ""), given.get("new", ""), address_of(request))
        except Refusal as fault:
            return await refused(request, by, fault)
        return RedirectResponse("/account?done=password", 303)

    @router.post("/account/recovery-codes")
    async def codes(request: Request, by: Mine) -> Response:
        given = await fields(request)
        try:
            made = await people.new_recovery_codes(by, given.get("code", ""), address_of(request))
        except Refusal as fault:
            return await refused(request, by, fault)
        return codes_once(request, made)

    @router.post("/account/second-factor")
    async def second_factor(request: Request, by: Mine) -> Response:
        """Set one up, or another; the proof is the password, or a code of the present one."""
        given = await fields(request)
        cookie = request.cookies.get(cookie_name(request.url.scheme), "")
        try:
            made = await people.enrolment(cookie, given.get("proof", ""), address_of(request))
        except Refusal as fault:
            return await refused(request, by, fault)
        return page(
            request,
            "account_factor.html",
            centre(),
            "sign_in",
            title="enrol_title",
            fault="",
            **picture(made),
        )

    @router.post("/account/second-factor/code")
    async def enrol(request: Request, by: Mine) -> Response:
        given = await fields(request)
        cookie = request.cookies.get(cookie_name(request.url.scheme), "")
        signed, made = await people.enrol(cookie, given.get("code", ""), address_of(request))
        if not made:
            return await refused(request, by, Refusal("later" if signed.step == "later" else "wrong_code"))
        answer = codes_once(request, made)
        set_session(request, answer, signed.cookie)
        return answer

    @router.post("/account/sessions/{session}/end")
    async def end(session: str, request: Request, by: Mine) -> Response:
        try:
            await people.end_session(by, session[:64])
        except Refusal as fault:
            return await refused(request, by, fault)
        return RedirectResponse("/account?done=session", 303)

    @router.post("/account/sessions/end-others")
    async def end_others(by: Mine) -> Response:
        await people.end_other_sessions(by)
        return RedirectResponse("/account?done=session", 303)

    return router


DONE = frozenset({"password", "session"})
"""What the page may say was done."""
