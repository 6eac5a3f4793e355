"""What a member of staff asks for, says and sees at their desk: the doors of the desk page.

Whoever asks acts for themselves, and is the actor of the event. Each door says what became of it: accepted,
or a stable code why not (routing.handovers, routing.handlers, and those here).
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from acd.deskwork import Before, Day
from acd.identity import Asker
from acd.ports import NEW_CASE, Arrival, Case, Cases
from acd.runner import Runner
from acd.store import handled
from acd.store.moments import moment
from acd.store.plain import plain
from acd.web.deps import Accepted
from acd.woken import Woken
from agents import state as staff
from config.schema import Centre
from routing import events as ev
from routing.desk import DeskView, Lines, OpenThreat, desk, handles, lines, open_threats
from routing.events import Event
from routing.facts import EventRefused, StaffRefused, ThreatTold

NO_DESK: Final = "no_desk"
NOT_YOURS: Final = "not_yours"
UNKNOWN_REASON: Final = "unknown_reason"
UNKNOWN_OUTCOME: Final = "unknown_outcome"
NOT_POSSIBLE: Final = "not_possible"
UNKNOWN_CASE: Final = "unknown_case"
CASE_TAKEN: Final = "case_taken"
NOT_BLOCKED: Final = "not_blocked"
"""Of a threat that was told: who called has no token, and so cannot be blocked."""
ASKED: Final = (
    staff.LOGIN,
    staff.LOGOUT,
    staff.ASK_READY,
    staff.ASK_NOT_READY,
    staff.WRAP_LONGER,
    staff.WRAP_OVER,
)
YES: Final = Accepted(True, "")
CASE_MAX: Final = 40
HOUR_MS: Final = 3_600_000


class DeskRules(NamedTuple):
    """What the centre allows at a desk. reasons, outcomes: codes. quiet_minutes: what may be asked for beside
    0. block_ms: for how long a key blocks who threatened. names: who said what of an earlier visit may be
    seen by others. messages: the folder where callers' messages lie; None: there are none."""

    reasons: frozenset[str]
    outcomes: frozenset[str]
    quiet_minutes: tuple[int, ...]
    block_ms: int
    names: bool
    zone: tzinfo
    messages: Path | None = None


def rules_of(centre: Centre) -> DeskRules:
    """As this centre allows; without a service agreement nobody sees who else said what."""
    desk = centre.desk
    return DeskRules(
        frozenset(each.code for each in desk.reasons),
        frozenset(each.code for each in desk.outcomes),
        tuple(desk.quiet_minutes),
        desk.block_hours * HOUR_MS,
        centre.privacy.agreement is not None,
        centre.centre.zone,
        centre.path(centre.message.folder) if centre.message is not None else None,
    )


class Texts(Protocol):
    """Where free text lies."""

    async def keep(self, text: Mapping[str, str], about: str, by: str, now_ms: int) -> str:
        """A reference to these fields, which are about a token, or a visit where that is not known."""
        ...

    async def read(self, refs: list[str]) -> Mapping[str, Mapping[str, str]]:
        """The fields under each of these references that is still there."""
        ...


class Desks:
    """The doors. Raises QueueFull where more has arrived than can be decided."""

    def __init__(
        self,
        runner: Runner,
        records: AsyncEngine,
        texts: Texts,
        cases: Cases,
        woken: Woken,
        rules: Callable[[], DeskRules],
        now_ms: Callable[[], int],
    ) -> None:
        self._runner = runner
        self._records = records
        self._texts = texts
        self._cases = cases
        self._woken = woken
        self._rules = rules
        self._now_ms = now_ms
        self._lines: Lines = {}
        self._lines_of = -1

    # --- seeing --------------------------------------------------------------------------------------

    async def view(self, by: Asker) -> DeskView | None:
        """Their desk as it is now; None for who is not of the staff."""
        await self._runner.settled.wait()
        world = self._runner.engine.world
        if self._lines_of != self._woken.everybody:
            self._lines, self._lines_of = lines(world), self._woken.everybody
        return desk(world, by.agent, self._now_ms(), self._lines)

    def version(self, by: Asker) -> int:
        """Of their desk: what `changed` waits for another than."""
        return self._woken.version(by.agent)

    async def changed(self, by: Asker, version: int) -> int:
        """The version of their desk, once it is another than this one."""
        return await self._woken.after(by.agent, version)

    async def before(self, by: Asker, visit: int, limit: int = 5) -> Before:
        """What the caller of a visit of theirs called about before, with the notes; nothing of others'."""
        await self._runner.settled.wait()
        token = handles(self._runner.engine.world, by.agent, visit) if by.agent else None
        only = None if self._rules().names else by.agent
        found = await handled.earlier(self._records, token or "", visit, limit, only)
        notes = [each.note for one in found for each in one.said if each.note]
        return Before(found, await self._texts.read(notes) if notes else {})

    async def message(self, by: Asker, visit: int) -> Path | None:
        """The file of a message that they are to see to; None if it is none of theirs, or over."""
        await self._runner.settled.wait()
        world, folder = self._runner.engine.world, self._rules().messages
        left = world.visits.get(visit)
        if left is None or not left.message or folder is None or not by.agent:
            return None
        return folder / f"{left.message}.wav" if handles(world, by.agent, visit) is not None else None

    async def notes(self, by: Asker) -> Mapping[str, Mapping[str, str]]:
        """The texts of the follow-ups on their desk, of those they left, and of what they said of their
        call, by reference."""
        view = await self.view(by)
        if view is None:
            return {}
        notes = [each.note for each in (*view.handovers, *view.left) if each.note]
        notes += [each.closed.note for each in view.calls if each.closed is not None and each.closed.note]
        return await self._texts.read(notes) if notes else {}

    async def today(self, by: Asker) -> Day:
        """Their own day in numbers."""
        midnight = datetime.fromtimestamp(self._now_ms() / 1000, self._rules().zone).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        begin, end = (round(each.timestamp() * 1000) for each in (midnight, midnight + timedelta(days=1)))
        return await handled.day(self._records, by.agent, moment(begin), moment(end))

    # --- oneself -------------------------------------------------------------------------------------

    async def ask(self, by: Asker, what: str, reason: str = "") -> Accepted:
        """what: one of ASKED. reason: for notready, one of the centre's codes, or ""."""
        if what not in ASKED:
            return Accepted(False, NOT_POSSIBLE)
        if reason and reason not in self._rules().reasons:
            return Accepted(False, UNKNOWN_REASON)
        return await self._tell(by, ev.StaffAsked(by.agent, "", what, reason, None), reason)

    async def quiet(self, by: Asker, minutes: int) -> Accepted:
        """One call in so many minutes at most; 0: as many as come."""
        if minutes and minutes not in self._rules().quiet_minutes:
            return Accepted(False, NOT_POSSIBLE)
        return await self._tell(by, ev.QuietAsked(by.agent, minutes))

    # --- a call --------------------------------------------------------------------------------------

    async def close(
        self, by: Asker, visit: int, outcome: str, note: Mapping[str, str], case: str = ""
    ) -> Accepted:
        """Say what a call of theirs came to; said again, the last counts. case: one that is known, or ""."""
        if outcome and outcome not in self._rules().outcomes:
            return Accepted(False, UNKNOWN_OUTCOME)
        if (token := await self._own(by, visit)) is None:
            return Accepted(False, NOT_YOURS)
        if case and await self._cases.get(plain(case)) is None:
            return Accepted(False, UNKNOWN_CASE)
        kept = await self._keep(by, note, visit, token)
        return await self._close(by, ev.HandlingClosed(visit, by.agent, outcome, kept, plain(case)))

    async def case(self, by: Asker, visit: int, reference: str, *, new: bool = False) -> Accepted:
        """A call of theirs is about this case, and so are its caller's next ones; what else was said stays.
        new: it begins now, and is theirs."""
        if await self._own(by, visit) is None:
            return Accepted(False, NOT_YOURS)
        if (
            not 0 < len(reference) <= CASE_MAX
            or reference == ev.UNKNOWN_CASE
            or plain(reference) != reference
        ):
            return Accepted(False, UNKNOWN_CASE)
        known = await self._cases.get(reference) is not None
        if known == new:
            return Accepted(False, CASE_TAKEN if known else UNKNOWN_CASE)
        closed = self._runner.engine.world.people[by.agent].closed
        said = (closed.outcome, closed.note) if closed is not None and closed.visit == visit else ("", "")
        begins = Case(reference, by.agent, await self._concern(by, visit), NEW_CASE, (), "") if new else None
        return await self._close(by, ev.HandlingClosed(visit, by.agent, *said, reference), begins)

    async def _concern(self, by: Asker, visit: int) -> str:
        view = await self.view(by)
        calls = [(each.visit, each.concern) for each in view.calls] if view is not None else []
        calls += [(each.visit, each.concern) for each in view.last] if view is not None else []
        return dict(calls).get(visit, "")

    async def _close(self, by: Asker, event: ev.HandlingClosed, begins: Case | None = None) -> Accepted:
        """begins: a case that is kept once the engine has accepted it."""
        became = await self._tell(by, event)
        if became.accepted and begins is not None:
            await self._cases.put(begins)
        if became.accepted and event.case:
            await self._cases.link(event.case, event.visit)
        return became

    async def hand_over(self, by: Asker, visit: int, to: str, note: Mapping[str, str]) -> Accepted:
        """Leave a follow-up of a call of theirs on a colleague's desk."""
        if (token := await self._own(by, visit)) is None:
            return Accepted(False, NOT_YOURS)
        kept = await self._keep(by, note, visit, token)
        return await self._tell(by, ev.HandedOver(visit, by.agent, to, kept))

    async def handover_done(self, by: Asker, handover: int) -> Accepted:
        """A follow-up on their desk, or one that they left, is done."""
        return await self._tell(by, ev.HandoverDone(handover, by.agent))

    async def threat(self, by: Asker, visit: int, note: Mapping[str, str], block: bool) -> Accepted:
        """They were threatened in a call of theirs; NOT_BLOCKED where nobody knows who called."""
        if (token := await self._own(by, visit)) is None:
            return Accepted(False, NOT_YOURS)
        kept = await self._keep(by, note, visit, token)
        block_ms = self._rules().block_ms if block else 0
        said = await self._say(by, ev.ThreatTold(visit, by.agent, kept, block_ms))
        blocked = [each.until_ms for each in said if isinstance(each, ThreatTold)] != [0]
        return _became(said) if blocked or not block else Accepted(True, NOT_BLOCKED)

    async def _own(self, by: Asker, visit: int) -> str | None:
        """The token of who called; None if the call is none of theirs. The engine has the last word."""
        await self._runner.settled.wait()
        return handles(self._runner.engine.world, by.agent, visit) if by.agent else None

    async def _keep(self, by: Asker, note: Mapping[str, str], visit: int, token: str) -> str:
        """A reference to the text, "" for none."""
        if not any(note.values()):
            return ""
        return await self._texts.keep(note, token or f"visit:{visit}", by.actor, self._now_ms())

    # --- supervisors ---------------------------------------------------------------------------------

    async def threats(self) -> tuple[OpenThreat, ...]:
        """Told, and seen to by nobody yet."""
        await self._runner.settled.wait()
        return open_threats(self._runner.engine.world)

    # --- the way in ----------------------------------------------------------------------------------

    async def _tell(self, by: Asker, event: Event, reason: str = "") -> Accepted:
        return _became(await self._say(by, event, reason)) if by.agent else Accepted(False, NO_DESK)

    async def _say(self, by: Asker, event: Event, reason: str = "") -> tuple[object, ...]:
        told = await self._runner.ask(Arrival(event, by.actor, plain(reason)))
        return told.facts


def _became(said: tuple[object, ...]) -> Accepted:
    for fact in said:
        if isinstance(fact, StaffRefused):
            return Accepted(False, fact.why)
        if isinstance(fact, EventRefused):
            return Accepted(False, fact.state)
    return YES
