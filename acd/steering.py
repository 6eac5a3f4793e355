"""What who is in charge does to callers, people and the hotline: asked of the engine under their name.

Each with its reason, and audited. Whether it can be done the engine says (routing.steering, routing.hotline);
what is refused here is what the centre does not know.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import structlog

from acd.identity import Asker, Refusal
from acd.ports import Arrival
from acd.runner import Runner
from acd.web.deps import Accepted, Because
from agents.model import UNDETERMINED, Reach
from config.schema import Centre
from routing import by_hand
from routing import events as ev
from routing.events import Event
from routing.facts import EventRefused, StaffRefused
from routing.handovers import UNKNOWN_PERSON
from routing.steering import UNKNOWN_VISIT

UNKNOWN_CLASS: Final = "unknown_class"
UNKNOWN_LANGUAGE: Final = "unknown_language"
UNKNOWN_CONCERN: Final = "unknown_concern"
NO_PHONE: Final = "no_phone"
"""Who asks is no member of staff: nobody knows which phone is theirs."""
UNKNOWN_REASON: Final = "unknown_reason"
NOT_KEPT: Final = "not_kept"
"""In place of a reason's reference where the vault did not take it in time: what is steered cannot wait."""
KEEP_S: Final = 2.0
YES: Final = Accepted(True, "")

log = structlog.get_logger(__name__)


class Texts(Protocol):
    """Where free text lies."""

    async def keep(self, text: Mapping[str, str], about: str, by: str, now_ms: int) -> str: ...


class Audit(Protocol):
    """Where it stands who did what."""

    async def done(self, by: Asker, action: str, subject: str, reason: str, address: str) -> None: ...


class Steerings:
    """The doors (acd.web.deps.Steering). Raises QueueFull where more has arrived than can be decided."""

    def __init__(
        self,
        runner: Runner,
        texts: Texts,
        audit: Audit,
        centre: Callable[[], Centre],
        now_ms: Callable[[], int],
    ) -> None:
        self._runner = runner
        self._texts = texts
        self._audit = audit
        self._centre = centre
        self._now_ms = now_ms

    # --- a visit -------------------------------------------------------------------------------------

    async def place(self, by: Asker, visit: int, where: str, why: Because) -> Accepted:
        """where: one of routing.steering.PLACES."""
        return await self._visit(by, ev.VisitPlaced(visit, where), why)

    async def classed(self, by: Asker, visit: int, name: str, why: Because, *, on: bool) -> Accepted:
        """Into a priority class of the centre, or out of it."""
        if name not in dict(self._runner.engine.world.rules.classes):
            return Accepted(False, UNKNOWN_CLASS)
        event = ev.PriorityGiven(visit, name) if on else ev.PriorityTaken(visit, name)
        return await self._visit(by, event, why)

    async def need(self, by: Asker, visit: int, language: str, concern: str, why: Because) -> Accepted:
        """Another language or concern of the centre, "" for the one it has; both "": its own again."""
        if language not in ("", UNDETERMINED, *(each.code for each in self._centre().language)):
            return Accepted(False, UNKNOWN_LANGUAGE)
        if concern not in ("", *(each.key for each in self._centre().concern)):
            return Accepted(False, UNKNOWN_CONCERN)
        return await self._visit(by, ev.NeedGiven(visit, language, concern), why)

    async def name(self, by: Asker, visit: int, agent: str, why: Because) -> Accepted:
        """For this person alone; "": for everybody."""
        return await self._visit(by, ev.PersonNamed(visit, agent), why)

    async def offer(self, by: Asker, visit: int, agent: str, why: Because) -> Accepted:
        """To this free person now."""
        return await self._visit(by, ev.OfferedByHand(visit, agent), why)

    async def pull_back(self, by: Asker, visit: int, why: Because) -> Accepted:
        """From whom it is offered."""
        return await self._visit(by, ev.OfferPulledBack(visit), why)

    async def cancel(self, by: Asker, visit: int, why: Because) -> Accepted:
        """A callback that is promised, or a message, needs nobody any more. It cannot be undone."""
        return await self._visit(by, ev.CallbackCancelled(visit), why)

    async def call_back(self, by: Asker, event: ev.CallbackGiven, why: Because) -> Accepted:
        """Who was not reached today."""
        return await self._say(by, event, why, f"visit {event.visit}", event.token)

    # --- people --------------------------------------------------------------------------------------

    async def staff(self, by: Asker, agent: str, what: str, code: str, why: Because) -> Accepted:
        """what: login, logout, ready, notready. code: for notready, one of the centre's, or ""."""
        if code and code not in [each.code for each in self._centre().desk.reasons]:
            return Accepted(False, UNKNOWN_REASON)
        return await self._person(by, agent, ev.StaffAsked(agent, "", what, code, None), why)

    async def lend(
        self, by: Asker, agent: str, languages: Mapping[str, int], concerns: Mapping[str, int], why: Because
    ) -> Accepted:
        """What they can do until we close for the day."""
        if not set(languages) <= {each.code for each in self._centre().language}:
            return Accepted(False, UNKNOWN_LANGUAGE)
        if not set(concerns) <= {each.key for each in self._centre().concern}:
            return Accepted(False, UNKNOWN_CONCERN)
        until_ms = by_hand.day_over(self._runner.engine.world.rules, self._now_ms())
        levels = tuple(sorted(languages.items())), tuple(sorted(concerns.items()))
        return await self._person(by, agent, ev.SkillsLent(agent, *levels, until_ms), why)

    async def own_skills(self, by: Asker, agent: str, why: Because) -> Accepted:
        """What the roster says."""
        return await self._person(by, agent, ev.SkillsLent(agent, (), (), 0), why)

    # --- the hotline ---------------------------------------------------------------------------------

    async def set(
        self, by: Asker, what: str, of: str, how: str, until_ms: int | None, why: Because
    ) -> Accepted:
        """As in routing.by_hand.HOW. until_ms: None for until we close for the day, 0 until it is undone."""
        if what == by_hand.HOURS:
            language, _, concern = of.partition("/")
            if language not in ("", UNDETERMINED, *(each.code for each in self._centre().language)):
                return Accepted(False, UNKNOWN_LANGUAGE)
            if concern not in ("", *(each.key for each in self._centre().concern)):
                return Accepted(False, UNKNOWN_CONCERN)
        if until_ms is None:
            until_ms = by_hand.day_over(self._runner.engine.world.rules, self._now_ms())
        event = ev.SetByHand(what, of, how, 0 if how == by_hand.RULES else until_ms)
        return await self._say(by, event, why, f"{what} {of}: {how}", "hotline")

    async def listen(self, by: Asker, visit: int, how: str, why: Because) -> Accepted:
        """Into the talk of this visit, by their own phone. how: of routing.listening.HOW."""
        person = self._runner.engine.world.people.get(by.agent)
        if person is None:
            return Accepted(False, NO_PHONE)
        return await self._visit(by, ev.ListeningAsked(visit, how, person.agent.reach), why)

    # --- the way in ----------------------------------------------------------------------------------

    async def _visit(self, by: Asker, event: ev.SteersVisit, why: Because) -> Accepted:
        visit = self._runner.engine.world.visits.get(event.visit)
        if visit is None:
            return Accepted(False, UNKNOWN_VISIT)
        what = " ".join([f"visit {event.visit}", *map(_told, event[1:])])
        if isinstance(event, ev.ListeningAsked):
            what += f", person {visit.agent}"
        return await self._say(by, event, why, what, visit.token or f"visit:{event.visit}")

    async def _person(
        self, by: Asker, agent: str, event: ev.StaffAsked | ev.SkillsLent, why: Because
    ) -> Accepted:
        if agent not in self._runner.engine.world.people:
            return Accepted(False, UNKNOWN_PERSON)
        done = event.what if isinstance(event, ev.StaffAsked) else "skills"
        return await self._say(by, event, why, f"person {agent}: {done}", f"person:{agent}")

    async def _say(self, by: Asker, event: Event, why: Because, subject: str, about: str) -> Accepted:
        """about: whose the reason's text is."""
        reason = await self._keep(by, why.reason, about)
        told = await self._runner.ask(Arrival(event, by.actor, reason))
        for fact in told.facts:
            if isinstance(fact, (EventRefused, StaffRefused)):
                return Accepted(False, fact.state if isinstance(fact, EventRefused) else fact.why)
        try:
            await self._audit.done(by, type(event).__name__, subject, reason, why.address)
        except Refusal:  # it is done, and stands in the journal
            log.warning("not in the audit", seq=told.seq)
        return YES

    async def _keep(self, by: Asker, reason: str, about: str) -> str:
        """A reference to the text, "" for none."""
        if not reason:
            return ""
        try:
            async with asyncio.timeout(KEEP_S):
                return await self._texts.keep({"why": reason}, about, by.actor, self._now_ms())
        except Exception as fault:  # noqa: BLE001 the vault's own faults differ by driver
            log.warning("a reason was not kept", error=type(fault).__name__)
            return NOT_KEPT


def _told(value: object) -> str:
    """Part of what was asked, as the audit has it."""
    return value.address if isinstance(value, Reach) else str(value)
