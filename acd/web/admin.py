"""For administrators: accounts, programs' tokens, everybody's sessions, the audit."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acd.identity import Action, Asker, People, Refusal, Role
from acd.web.frame import page, page_words
from acd.web.rights import fields, may

Manager = Annotated[Asker, Depends(may(Action.MANAGE_PEOPLE))]
Auditor = Annotated[Asker, Depends(may(Action.SEE_AUDIT))]
AUDIT_PAGE = 100
log = structlog.get_logger(__name__)
PROGRAMS_MAY = sorted(set(Action) - {Action.OWN_DESK, Action.OWN_ACCOUNT})
"""What a program may be given."""


Reasons = Callable[[Sequence[str]], Awaitable[Mapping[str, Mapping[str, str]]]]
REFERENCE: Final = re.compile(r"[0-9a-f]{32}")
"""A reason in words stands in the vault, and the audit has this."""
ANSWER_S: Final = 2.0


async def _words(reasons: Reasons | None, refs: Sequence[str]) -> Mapping[str, str] | None:
    """Why somebody steered, and no note about a caller; None where nobody answers now."""
    if reasons is None or not refs:
        return None
    try:
        async with asyncio.timeout(ANSWER_S):
            found = await reasons(refs)
    except Exception as fault:  # noqa: BLE001 the vault's own faults differ by driver
        log.warning("reasons are not shown", error=type(fault).__name__)
        return None
    return {ref: text["why"] for ref, text in found.items() if "why" in text}


def routes(
    people: People,
    centre: Callable[[], str],
    agents: Callable[[], Collection[tuple[str, str]]],
    zone: Callable[[], tzinfo] = lambda: UTC,
    reasons: Reasons | None = None,
) -> APIRouter:
    """The pages /people and /audit. agents: the staff, (id, name). zone: of the times that are shown.
    reasons: the words behind references, as long as they are there."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def clock(at_ms: int) -> str:
        return f"{datetime.fromtimestamp(at_ms / 1000, zone()):%d.%m.%Y %H:%M}" if at_ms else "–"

    async def shown(request: Request, status: int = 200, **more: Any) -> Response:
        values: dict[str, Any] = {
            "accounts": await people.accounts(),
            "tokens": await people.tokens(),
            "sessions": await people.sessions(None),
            "agents": sorted(agents()),
            "roles": [each for each in Role if each != Role.WALL],
            "all_roles": list(Role),
            "actions": PROGRAMS_MAY,
            "clock": clock,
            "fault": "",
            "secret": "",
            "secret_of": "",
        }
        return page(request, "people.html", centre(), "people", status=status, **(values | more))

    async def refused(request: Request, fault: Refusal) -> Response:
        said = page_words(request, "people")
        return await shown(request, 422, fault=said.get(f"fault_{fault.code}", said["fault_later"]))

    @router.get("/people")
    async def everybody(request: Request, by: Manager) -> Response:
        return await shown(request)

    @router.post("/people")
    async def add(request: Request, by: Manager) -> Response:
        given = await fields(request)
        id = given.get("id", "").strip()
        try:
            roles = frozenset(each for each in Role if each != Role.WALL and f"role_{each}" in given)
            name, agent = given.get("name", "").strip(), given.get("agent", "")
            first = await people.add(by, id, name, roles, agent)
        except Refusal as fault:
            return await refused(request, fault)
        return await shown(request, secret=first, secret_of=id)

    @router.post("/people/{id}")
    async def change(id: str, request: Request, by: Manager) -> Response:
        given = await fields(request)
        try:
            if given.get("what") == "reset":
                return await shown(request, secret=await people.reset(by, id), secret_of=id)
            if given.get("what") in ("disable", "enable"):
                await people.disable(by, id, given["what"] == "disable")
            else:
                roles = frozenset(each for each in Role if each != Role.WALL and f"role_{each}" in given)
                await people.change(by, id, given.get("name", "").strip(), roles, given.get("agent", ""))
        except Refusal as fault:
            return await refused(request, fault)
        return RedirectResponse("/people", 303)

    @router.post("/tokens")
    async def add_token(request: Request, by: Manager) -> Response:
        given = await fields(request)
        name, days = given.get("name", "").strip(), given.get("days", "")
        try:
            roles = frozenset(each for each in Role if f"role_{each}" in given)
            actions = frozenset(each for each in PROGRAMS_MAY if f"may_{each}" in given)
            made = await people.add_token(by, name, roles, actions, int(days) if days.isdecimal() else 0)
        except Refusal as fault:
            return await refused(request, fault)
        return await shown(request, secret=made, secret_of=name)

    @router.post("/tokens/{name}/revoke")
    async def revoke(name: str, request: Request, by: Manager) -> Response:
        try:
            await people.revoke_token(by, name)
        except Refusal as fault:
            return await refused(request, fault)
        return RedirectResponse("/people", 303)

    @router.post("/sessions/{session}/end")
    async def end(session: str, request: Request, by: Manager) -> Response:
        try:
            await people.end_session(by, session[:64])
        except Refusal as fault:
            return await refused(request, fault)
        return RedirectResponse("/people", 303)

    @router.get("/audit")
    async def audit(
        request: Request, by: Auditor, before: Annotated[int, Query(ge=0, lt=2**63)] = 0
    ) -> Response:
        lines = await people.audit(before, AUDIT_PAGE)
        refs = [each.reason for each in lines if REFERENCE.fullmatch(each.reason)]
        said, forgotten = await _words(reasons, refs), page_words(request, "audit")["forgotten"]
        why = {} if said is None else {ref: said.get(ref, forgotten) for ref in refs}
        older = lines[-1].id if len(lines) == AUDIT_PAGE else 0
        return page(request, "audit.html", centre(), "audit", lines=lines, why=why, older=older, clock=clock)

    return router
