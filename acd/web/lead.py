"""What who is in charge of the hotline sees and does: the doors under /api/lead."""

import asyncio
from collections.abc import Awaitable
from typing import Annotated, Final, Literal, TypeVar

import structlog
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi import Path as PathParam
from pydantic import BaseModel, ConfigDict, Field

from acd.identity import Action, Asker
from acd.ports import QueueFull
from acd.web.deps import REASON_MAX, Accepted, Because, WebDeps
from acd.web.door import address_of
from acd.web.rights import may
from acd.web.shapes import Shape
from agents.model import Cefr
from config.tables.kinds import Level

UNKNOWN = frozenset({"unknown_visit", "unknown_person", "not_missed"})
"""Codes for what is not there; every other refusal is about its state."""
ANSWER_S: Final = 5.0
log = structlog.get_logger(__name__)
T = TypeVar("T")
Sees = Annotated[Asker, Depends(may(Action.SEE_LEAD))]
Steers = Annotated[Asker, Depends(may(Action.STEER_CALLS))]
SteersStaff = Annotated[Asker, Depends(may(Action.STEER_STAFF))]
SteersHotline = Annotated[Asker, Depends(may(Action.STEER_HOTLINE))]
Agent = Annotated[str, PathParam(max_length=40)]
VisitId = Annotated[int, PathParam(ge=1, lt=2**63)]
Key = Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9_]*$")]
REFUSALS = {
    404: {"description": "Nobody and nothing of that name: `unknown_visit`, `unknown_person`."},
    409: {"description": "Not as things are: the visit's state, or a code such as `not_free`, `as_it_is`."},
}


class NotReachedCaller(Shape):
    """why: how their last call ended, or "cut". calls: how often they called today. now: "on_line" or
    "promised", "" for neither. possible: they can be called back."""

    visit: str
    language: str
    concern: str
    case: str
    ended_ms: int
    waited_ms: int
    why: str
    calls: int
    first_ms: int
    now: str
    possible: bool


MISSED = tuple(name for name in NotReachedCaller.model_fields if name not in ("visit", "now", "possible"))


class NotReachedList(Shape):
    """total: how many there are, of whom the first are listed. nameless: visits of callers whose number is
    withheld. ends: of callbacks that were given to who is or was on the list, by outcome; "" if open."""

    at_ms: int
    callers: list[NotReachedCaller]
    total: int
    nameless: int
    ends: dict[str, int]


class Why(BaseModel):
    """reason: in one's own words; it lies in the vault, the journal has its reference."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, Field(max_length=REASON_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class Placing(Why):
    """Before all who wait, behind all who wait now, or the place by the rules again."""

    where: Literal["front", "back", "own_place"]


class Classing(Why):
    """Into a priority class, or out of it."""

    name: Annotated[str, Field(max_length=40, pattern=r"^[a-z][a-z0-9_]*$")]
    on: bool = True


class OtherNeed(Why):
    """ "" leaves what is; both "" give back what the caller chose."""

    language: Key = ""
    concern: Key = ""


class Listening(Why):
    """Hear both; be heard by the person alone, too; be heard by both."""

    how: Literal["listen", "whisper", "barge"]


class ForWhom(Why):
    """The id of a member of staff; "" where everybody is meant."""

    agent: Key = ""


class StaffWhy(Why):
    """code: for notready, one of the centre's reasons, which others see."""

    code: Key = ""


class Skills(Why):
    """What somebody can do until we close for the day: language -> level (A1 to C2, native), concern -> 1 to
    5. own: as the roster says again; the others count for nothing then."""

    languages: Annotated[dict[Key, Level], Field(max_length=60)] = {}
    concerns: Annotated[dict[Key, Annotated[int, Field(ge=1, le=5)]], Field(max_length=60)] = {}
    own: bool = False


class SkillsForGood(Skills):
    """The same for good. undo: as before their last change for good; the others count for nothing then.
    leave_file: where the staff is the configuration file's, it becomes an imported one."""

    own: Literal[False] = False
    undo: bool = False
    leave_file: bool = False


class Setting(Why):
    """until_ms: epoch ms; left out: until we close for the day; 0: until it is undone."""

    how: Literal["closed", "open", "on", "off", "rules"]
    until_ms: Annotated[int, Field(ge=0, lt=2**53)] | None = None


class Hours(Setting):
    """Whose; "" for any."""

    language: Key = ""
    concern: Key = ""


def routes(deps: WebDeps) -> APIRouter:
    """The doors of the API."""
    router = APIRouter(prefix="/api/lead", tags=["lead"], responses=REFUSALS)  # type: ignore[arg-type]

    def because(body: Why | None, request: Request) -> Because:
        return Because(body.reason if body is not None else "", address_of(request))

    @router.post("/visits/{visit}/place", summary="Put a waiting visit elsewhere in line")
    async def place(visit: VisitId, body: Placing, by: Steers, request: Request) -> dict[str, str]:
        """It holds until the visit ends; `own_place` undoes it."""
        return _said(await deps.steering.place(by, visit, body.where, because(body, request)))

    @router.post("/visits/{visit}/class", summary="Put a visit into a priority class, or out of it")
    async def classed(visit: VisitId, body: Classing, by: Steers, request: Request) -> dict[str, str]:
        """Of several classes the dearest counts."""
        return _said(await deps.steering.classed(by, visit, body.name, because(body, request), on=body.on))

    @router.post("/visits/{visit}/need", summary="Give a waiting visit another language or concern")
    async def need(visit: VisitId, body: OtherNeed, by: Steers, request: Request) -> dict[str, str]:
        """Who serves it follows from these; what the caller hears stays in the language that they chose."""
        why = because(body, request)
        return _said(await deps.steering.need(by, visit, body.language, body.concern, why))

    @router.post("/visits/{visit}/person", summary="Keep a waiting visit for one person")
    async def person(visit: VisitId, body: ForWhom, by: Steers, request: Request) -> dict[str, str]:
        """As long as they are at work, whatever they can do; "" undoes it."""
        return _said(await deps.steering.name(by, visit, body.agent, because(body, request)))

    @router.post("/visits/{visit}/offer", summary="Offer a waiting visit to a free person now")
    async def offer(visit: VisitId, body: ForWhom, by: Steers, request: Request) -> dict[str, str]:
        """If they do not take it, it waits on by the rules."""
        return _said(await deps.steering.offer(by, visit, body.agent, because(body, request)))

    @router.post("/visits/{visit}/pull-back", summary="Take an offer back before anybody talks")
    async def pull_back(
        visit: VisitId, by: Steers, request: Request, body: Why | None = None
    ) -> dict[str, str]:
        """The visit waits again, and they are not asked for it for a minute; they are not to blame."""
        return _said(await deps.steering.pull_back(by, visit, because(body, request)))

    @router.post("/visits/{visit}/listen", summary="Be in a talk, by one's own phone")
    async def listen(
        visit: VisitId,
        body: Listening,
        by: Annotated[Asker, Depends(may(Action.LISTEN))],
        request: Request,
    ) -> dict[str, str]:
        """Where the agreement allows it and the caller said yes; the person sees it at their desk."""
        return _said(await deps.steering.listen(by, visit, body.how, because(body, request)))

    @router.post("/visits/{visit}/cancel", summary="Cancel a callback or message")
    async def cancel(visit: VisitId, by: Steers, request: Request, body: Why | None = None) -> dict[str, str]:
        """Nobody is called any more. It cannot be undone."""
        return _said(await deps.steering.cancel(by, visit, because(body, request)))

    @router.post("/staff/{agent}/skills", summary="Say what somebody can do until we close for the day")
    async def skills(agent: Agent, body: Skills, by: SteersStaff, request: Request) -> dict[str, str]:
        """It takes the place of all that the roster says of them; calls that wait are offered anew by it."""
        why = because(body, request)
        if body.own:
            return _said(await deps.steering.own_skills(by, agent, why))
        return _said(await deps.steering.lend(by, agent, _levels(body), body.concerns, why))

    @router.post(
        "/staff/{agent}/skills-for-good",
        summary="Say what somebody can do from now on",
        responses={
            409: {
                "description": "`staff_of_file`: the staff is the configuration file's, and `leave_file` "
                "was not said; `as_it_is`; `nothing_to_undo`; `no_language`."
            }
        },
    )
    async def for_good(
        agent: Agent,
        body: SkillsForGood,
        by: Annotated[Asker, Depends(may(Action.SET_SKILLS))],
        request: Request,
    ) -> dict[str, str]:
        """Kept in the roster, and in force at once in place of what was said for today."""
        why = because(body, request)
        if body.undo:
            return _said(await _in_time(deps.teaching.undo(by, agent, why)))
        asked = deps.teaching.set(by, agent, _levels(body), body.concerns, why, leave_file=body.leave_file)
        return _said(await _in_time(asked))

    @router.post("/staff/{agent}/{what}", summary="Log somebody in or out, make them ready or not")
    async def staff(
        agent: Agent,
        what: Literal["login", "logout", "ready", "notready"],
        by: SteersStaff,
        request: Request,
        body: StaffWhy | None = None,
    ) -> dict[str, str]:
        """A talk that goes on goes on."""
        code = body.code if body is not None else ""
        return _said(await deps.steering.staff(by, agent, what, code, because(body, request)))

    @router.get("/not-reached", summary="Who called today and was not served since")
    async def not_reached(by: Sees) -> NotReachedList:
        """One line a caller, the longest missed first; a caller whose number is withheld is only counted.
        Numbers of visits are text: they are longer than a script's numbers are exact."""
        found = await _in_time(deps.not_reached.today())
        callers = [
            NotReachedCaller(
                visit=str(each.missed.visit),
                **{key: getattr(each.missed, key) for key in MISSED},
                now=each.now,
                possible=each.possible,
            )
            for each in found.callers
        ]
        return NotReachedList(
            at_ms=found.at_ms,
            callers=callers,
            total=found.total,
            nameless=found.nameless,
            ends=dict(found.ends),
        )

    @router.post("/not-reached/{visit}/callback", summary="Have somebody called back who was not reached")
    async def call_back(
        visit: VisitId, by: Steers, request: Request, body: Why | None = None
    ) -> dict[str, str]:
        """By whoever suits, in turn from now on; the number stays in the vault."""
        return _said(await _in_time(deps.not_reached.call_back(by, visit, because(body, request))))

    @router.post("/hotline/hours", summary="Close or open by hand: all, a language, a concern")
    async def hours(body: Hours, by: SteersHotline, request: Request) -> dict[str, str]:
        """Closed: who is in line is served as after closing, and nobody new is. `rules` undoes it."""
        of = f"{body.language}/{body.concern}"
        return _said(
            await deps.steering.set(by, "hours", of, body.how, body.until_ms, because(body, request))
        )

    @router.post("/hotline/reserve/{language}", summary="Keep people of a language free, or do not")
    async def reserve(
        language: Annotated[str, PathParam(max_length=40)], body: Setting, by: SteersHotline, request: Request
    ) -> dict[str, str]:
        """A reserve of the centre: `on` at any hour, `off` at none, `rules` as it says itself."""
        why = because(body, request)
        return _said(await deps.steering.set(by, "reserve", language, body.how, body.until_ms, why))

    @router.post("/hotline/overflow/{rule}", summary="Let a rule of overflow take effect, or not")
    async def overflow(
        rule: Annotated[str, PathParam(max_length=40)], body: Setting, by: SteersHotline, request: Request
    ) -> dict[str, str]:
        """`on` for everybody whom it is for, whatever its conditions; `off` for nobody."""
        why = because(body, request)
        return _said(await deps.steering.set(by, "overflow", rule, body.how, body.until_ms, why))

    @router.post("/hotline/drain", summary="Let nobody new in line")
    async def drain(body: Setting, by: SteersHotline, request: Request) -> dict[str, str]:
        """Before maintenance: who waits is served; who comes hears that nobody can take the call now."""
        return _said(
            await deps.steering.set(by, "drain", "", body.how, body.until_ms, because(body, request))
        )

    return router


def _levels(body: Skills) -> dict[str, int]:
    """Of languages, as routing has them."""
    return {each: int(Cefr[level.upper()]) for each, level in body.languages.items()}


async def _in_time(asked: Awaitable[T]) -> T:
    """What records and vault say; 503 where they do not."""
    try:
        async with asyncio.timeout(ANSWER_S):
            return await asked
    except QueueFull:
        raise
    except Exception as fault:  # noqa: BLE001 the stores' own faults differ by driver
        log.warning("records or vault do not answer", error=type(fault).__name__)
        raise HTTPException(503, "later", {"Retry-After": "5"}) from None


def _said(became: Accepted) -> dict[str, str]:
    if not became.accepted:
        raise HTTPException(404 if became.why in UNKNOWN else 409, became.why)
    return {"accepted": "yes"}
