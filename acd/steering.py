"""What who is in charge does to callers, people and the hotline: asked of the engine under their name.

Each goes the way of acd.acts. Whether it can be done the engine says (routing.steering, routing.hotline,
routing.threats); what is refused here is what the centre does not know.
"""

from collections.abc import Callable, Mapping
from typing import Final

from acd.acts import Acts
from acd.identity import Asker
from acd.runner import Runner
from acd.web.deps import Accepted, Because
from agents.model import UNDETERMINED, Reach
from config.schema import Centre
from routing import by_hand
from routing import events as ev
from routing.handovers import UNKNOWN_PERSON
from routing.steering import UNKNOWN_VISIT

UNKNOWN_CLASS: Final = "unknown_class"
UNKNOWN_LANGUAGE: Final = "unknown_language"
UNKNOWN_CONCERN: Final = "unknown_concern"
NO_PHONE: Final = "no_phone"
"""Who asks is no member of staff: nobody knows which phone is theirs."""
UNKNOWN_REASON: Final = "unknown_reason"


class Steerings:
    """The doors (acd.web.deps.Steering). Raises QueueFull where more has arrived than can be decided."""

    def __init__(
        self,
        runner: Runner,
        acts: Acts,
        centre: Callable[[], Centre],
        now_ms: Callable[[], int],
    ) -> None:
        self._runner = runner
        self._acts = acts
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
        return await self._acts.say(by, event, why, f"visit {event.visit}", event.token)

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
        return await self._acts.say(by, event, why, f"{what} {of}: {how}", "hotline")

    async def listen(self, by: Asker, visit: int, how: str, why: Because) -> Accepted:
        """Into the talk of this visit, by their own phone. how: of routing.listening.HOW."""
        person = self._runner.engine.world.people.get(by.agent)
        if person is None:
            return Accepted(False, NO_PHONE)
        return await self._visit(by, ev.ListeningAsked(visit, how, person.agent.reach), why)

    # --- threats -------------------------------------------------------------------------------------

    async def threat_seen(self, by: Asker, visit: int, why: Because) -> Accepted:
        """Somebody sees to a threat that was told."""
        return await self._acts.say(by, ev.ThreatSeen(visit), why, f"visit {visit}", f"visit:{visit}")

    async def unblock(self, by: Asker, visit: int, why: Because) -> Accepted:
        """Who was blocked on this visit is served again."""
        blocked = self._runner.engine.world.blocked.items()
        token = next((each for each, told in blocked if told.visit == visit), f"visit:{visit}")
        return await self._acts.say(by, ev.TokenUnblocked(visit), why, f"visit {visit}", token)

    # --- the way in ----------------------------------------------------------------------------------

    async def _visit(self, by: Asker, event: ev.SteersVisit, why: Because) -> Accepted:
        visit = self._runner.engine.world.visits.get(event.visit)
        if visit is None:
            return Accepted(False, UNKNOWN_VISIT)
        what = " ".join([f"visit {event.visit}", *map(_told, event[1:])])
        if isinstance(event, ev.ListeningAsked):
            what += f", person {visit.agent}"
        return await self._acts.say(by, event, why, what, visit.token or f"visit:{event.visit}")

    async def _person(
        self, by: Asker, agent: str, event: ev.StaffAsked | ev.SkillsLent, why: Because
    ) -> Accepted:
        if agent not in self._runner.engine.world.people:
            return Accepted(False, UNKNOWN_PERSON)
        done = event.what if isinstance(event, ev.StaffAsked) else "skills"
        return await self._acts.say(by, event, why, f"person {agent}: {done}", f"person:{agent}")


def _told(value: object) -> str:
    """Part of what was asked, as the audit has it."""
    return value.address if isinstance(value, Reach) else str(value)
