"""The moves of a callback: promised once, given to a person who calls, called again, and ended once."""

from collections.abc import Callable
from typing import Final

from agents import state as staff
from agents.model import UNDETERMINED
from routing import events as ev
from routing import facts, trunk
from routing import visit as table
from routing.commands import AnswerCallback, CancelCallback
from routing.derived import Derived
from routing.events import Leg
from routing.offers import Offers, refusal
from routing.people import People
from routing.turn import rules
from routing.visits import Visits
from routing.world import CALLS_MAX, Offer, Visit, VisitLeg, remember

OK: Final = "ok"
AGAIN: Final = "again"
FULL: Final = "full"
ANSWERS: Final = (OK, AGAIN, FULL)
"""What who asks to be called back hears: promised, was promised already, none is promised now."""

NOT_OFFERED: Final = "not_offered"
TOO_MANY: Final = "too_many"
TOO_OFTEN: Final = "too_often"
REFUSED: Final = (NOT_OFFERED, TOO_MANY, TOO_OFTEN)
"""Why none is promised: the rules have none, too many are open, this number was called too often today."""

SKIPPED: Final = "SKIPPED"
"""CallbackOver.status where the person never let it dial."""
HEARD: Final = "HEARD"
"""Where they heard a message, and need call nobody."""
LEFT: Final = "CANCEL"
"""Where they hung up while it was being dialled."""

NO_NUMBER: Final = "no_number"
"""CommandFailed.why where nobody can be called: their number was forgotten."""
MESSAGE_GONE: Final = "message_gone"
"""VisitEnded.reason of a message whose sound is no longer there."""
AGAIN_MS: Final = 30_000
"""So long a callback rests of which a command failed: what failed once may fail for everybody."""

HEARS_MS: Final = 900_000
"""So long somebody may take to hear a message, again and again."""
MARGIN_MS: Final = 10_000
"""So much later than the dialplan's own limits a lease ends."""

End = Callable[[Visit, str, str, str], None]
"""Ends a visit: with this outcome, by whom, why."""


class CallbackMoves:
    """Moves callbacks, each with its facts."""

    def __init__(self, derived: Derived, visits: Visits, people: People, offers: Offers, end: End) -> None:
        self._derived = derived
        self._visits = visits
        self._people = people
        self._offers = offers
        self._end = end

    # --- asked for -----------------------------------------------------------------------------------

    def ask(self, visit: Visit, event: ev.CallbackAsked) -> None:
        """A caller on the line wants one: it has their place, and they may hang up."""
        if (visit.state, table.PROMISE) not in table.TRANSITIONS:
            self._derived.refuse(table.PROMISE, f"visit {visit.id}", visit.state)
            return
        known = self._derived.callbacks.get(event.token, 0)
        why = "" if known else self._refused(event.token)
        answer = AGAIN if known else FULL if why else OK
        if why:
            self._derived.say(facts.CallbackRefused(self._derived.world.now_ms, visit.id, why))
        else:
            visit.promised = known or self._of(visit, table.CALLBACK, event.token).id
            self._promised(visit.promised, visit.id, event.from_ms, event.until_ms, again=bool(known))
            self._visits.move(visit, table.PROMISE)
            self._visits.leave_queue(visit)
        if visit.caller is not None:
            answered = AnswerCallback(self._derived.new_id(), visit.caller, answer)
            self._derived.commands.append(answered)

    def leave(self, visit: Visit, file: str) -> None:
        """A caller on the line has left a message: it has their place, and they go."""
        if visit.message or (visit.state, table.PROMISE) not in table.TRANSITIONS:
            self._derived.refuse("message", f"visit {visit.id}", visit.state)
            return
        derived = self._derived
        made = self._of(visit, table.MESSAGE, visit.token)
        visit.message = made.message = file
        derived.say(facts.MessageTaken(derived.world.now_ms, made.id, visit.id, file))
        self._visits.move(visit, table.PROMISE)
        self._visits.leave_queue(visit)
        self._visits.wait(made)

    def wish(self, event: ev.CallbackWished) -> None:
        """Somebody who is not on the line wants one."""
        known = self._derived.callbacks.get(event.token, 0)
        why = "" if known and not event.blind else self._refused(event.token)
        if why and not (event.blind and why == TOO_OFTEN):
            self._derived.say(facts.CallbackRefused(self._derived.world.now_ms, 0, why))
            return
        callback = known or self._by_web(event).id
        self._promised(callback, 0, event.from_ms, event.until_ms, again=bool(known))

    def give(self, event: ev.CallbackGiven) -> str:
        """Who was not served is called; why not, "" if they are."""
        if event.token in self._derived.callbacks:
            return AGAIN
        if why := self._refused(event.token):
            return why
        made = self._visits.begin_called(table.CALLBACK, event.token, origin=event.visit)
        made.case = event.case
        self._visits.set_need(made, event.language or UNDETERMINED, event.concern or "other", "")
        self._visits.wait(made)
        return ""

    def _by_web(self, event: ev.CallbackWished) -> Visit:
        made = self._visits.begin_called(table.WEB, event.token)
        made.case = event.case
        self._visits.set_need(made, event.language, event.concern, "")
        return made

    def _refused(self, token: str) -> str:
        world = self._derived.world
        offered = world.policy.callbacks if world.policy is not None else None
        if offered is None or not token:
            return NOT_OFFERED
        if len(self._derived.callbacks) >= offered.open_max:
            return TOO_MANY
        return TOO_OFTEN if world.calls_made.get(token, 0) >= offered.per_number_day else ""

    def _of(self, visit: Visit, kind: str, token: str) -> Visit:
        """A callback or message with all that is known of whose it is, and their place."""
        made = self._visits.begin_called(kind, token, visit)
        made.case, made.owner, made.classes = visit.case, visit.owner, visit.classes
        self._visits.set_need(made, visit.language or UNDETERMINED, visit.concern or "other", visit.second)
        return made

    def _promised(self, callback: int, asked_on: int, from_ms: int, until_ms: int, *, again: bool) -> None:
        """From now on they expect it, between these two; what they said last counts."""
        world = self._derived.world
        visit = world.visits[callback]
        visit.from_ms, visit.until_ms = from_ms, until_ms
        if from_ms:
            visit.due_ms = max(from_ms, world.now_ms)
        said = facts.CallbackPromised(world.now_ms, callback, asked_on, from_ms, until_ms, again)
        self._derived.say(said)
        if visit.state == table.WAITING:
            self._visits.wait(visit)

    def cancel(self, visit: Visit, outcome: str, by: str, why: str = "") -> None:
        """It is no longer needed; one that is being dialled goes on."""
        if visit.state == table.WAITING:
            self._end(visit, outcome, by, why)

    # --- whose turn ----------------------------------------------------------------------------------

    def settle(self) -> None:
        """After the hours or the day changed: whose turn it is now, or no more."""
        world = self._derived.world
        for key in [*self._derived.callbacks.values(), *sorted(self._derived.messages)]:
            if (visit := world.visits[key]).state == table.WAITING:
                self._visits.wait(visit)

    def left_line(self, token: str, visit: Visit, *, served: bool) -> None:
        """A call of theirs is over. Served, they need no callback any more."""
        world = self._derived.world
        theirs = [self._derived.callbacks.get(token, 0), visit.promised]
        if visit.message:
            theirs += [key for key in sorted(self._derived.messages) if world.visits[key].origin == visit.id]
        for key in dict.fromkeys(theirs):
            called = world.visits.get(key)
            if called is None or called.state != table.WAITING:
                continue
            if served and called.kind != table.MESSAGE:
                self.cancel(called, facts.SERVED_ON_LINE, facts.BY_STAFF)
            else:
                self._visits.wait(called)

    # --- carried out ---------------------------------------------------------------------------------

    def rings(self, event: ev.CallbackRings) -> None:
        """The person's phone is being rung."""
        visit, offer = self._open(event.offer)
        if visit is not None and offer is not None and offer.phone_leg is None:
            self._offers.dials(visit, offer, event.phone_leg, event.phone)

    def lifted(self, number: int, phone_leg: Leg | None, phone: str = "") -> None:
        """They hear whom they call. phone_leg: None where only the ledger told of it."""
        visit, offer = self._open(number)
        if visit is None or offer is None:
            return
        if phone_leg is not None and offer.phone_leg != phone_leg:
            self._offers.dials(visit, offer, phone_leg, phone)
        if visit.state == table.CALLING or not self._visits.move(visit, table.LIFT):
            return
        offer.rang, offer.pulled = True, False
        self._people.engage(self._derived.world.people[offer.agent], visit.id, staff.LIFT, offer.id)
        brief_ms = HEARS_MS if visit.message else rules(self._derived).brief_ms
        self._offers.lease(offer, brief_ms + MARGIN_MS)

    def calls(self, number: int, phone_leg: Leg | None, leg: Leg | None) -> None:
        """Their telephone is being called; that is told once. leg: theirs, None where it is not known."""
        self.lifted(number, phone_leg)
        visit, offer = self._open(number)
        if visit is None or offer is None or visit.state != table.CALLING:
            return
        if leg is not None:
            self.holds(visit, leg)
        if visit.dialled:
            return
        world = self._derived.world
        visit.dialled = True
        visit.attempts += 1
        world.calls_today += 1
        remember(world.calls_made, visit.token, world.calls_made.get(visit.token, 0) + 1, CALLS_MAX)
        said = facts.CallbackDialled(world.now_ms, visit.id, offer.id, offer.agent, visit.attempts)
        self._derived.say(said)
        self._offers.lease(offer, rules(self._derived).ring_ms + MARGIN_MS)

    def holds(self, visit: Visit, leg: Leg) -> None:
        """Their leg is this one from now on."""
        if visit.caller != leg:
            self._visits.let_go(visit, visit.caller)
            visit.legs = (*visit.legs, VisitLeg(leg, table.CALLER))
            self._derived.legs[leg] = visit.id

    def over(self, number: int, status: str, sip: int = trunk.NOT_TOLD) -> None:
        """It led to no talk: they were not there, it did not get out, or the person let it be."""
        visit, offer = self._open(number)
        if visit is None or offer is None:
            return
        offer.status = status  # what stands of it ends by itself
        if status == HEARD:
            self._heard(visit, offer)
            return
        if trunk.failed(status, sip):
            self._not_out(visit, offer, status, sip)
            return
        world = self._derived.world
        if sip > trunk.UNHEARD and world.trunk.faults:
            world.trunk = trunk.found(world)
        if visit.dialled:
            self._not_there(visit, offer, status)
        else:
            self._offers.end(offer, facts.DECLINED)
            self._visits.back_on_hold(visit)

    def phone_left(self, visit: Visit, offer: Offer, cause: int) -> None:
        """The person's leg is gone before there was a talk."""
        offer.cause = cause
        if visit.state == table.CALLING:
            self.over(offer.id, LEFT)
            return
        self._offers.end(offer, refusal(cause, offer.rang, ""), cause)
        self._visits.back_on_hold(visit)

    def lease_over(self, visit: Visit, offer: Offer) -> None:
        """Nothing came of it in time."""
        if visit.dialled:
            self._not_there(visit, offer, "")
        else:
            self._offers.lease_over(offer)

    def failed(self, visit: Visit, offer: Offer, why: str) -> None:
        """What was to ring the person's phone could not be sent, or was refused."""
        self._offers.end(offer, facts.FAILED, 0)
        if why == NO_NUMBER:
            self._end(visit, facts.CANCELLED, facts.BY_PBX, why)
            return
        visit.due_ms = self._derived.world.now_ms + AGAIN_MS
        self._visits.back_on_hold(visit)

    def unknown(self, number: int, node: str) -> None:
        """Something rings or calls for an offer that is over: it ends, so that nobody is called twice."""
        self._derived.commands.append(CancelCallback(self._derived.new_id(), number, node))

    def _open(self, number: int) -> tuple[Visit | None, Offer | None]:
        offer = self._derived.world.offers.get(number)
        visit = self._derived.world.visits[offer.visit] if offer is not None else None
        return (visit, offer) if visit is not None and visit.kind in table.OUTBOUND else (None, None)

    def _heard(self, visit: Visit, offer: Offer) -> None:
        """The message needs no call: it is done, and can still be closed at the desk."""
        person = self._derived.world.people[offer.agent]
        self._offers.end(offer, facts.ANSWERED)
        self._people.talked(person, visit)
        self._end(visit, facts.HEARD, facts.BY_STAFF, "")

    def _not_out(self, visit: Visit, offer: Offer, status: str, sip: int) -> None:
        """The call never got out: no attempt on who was to be called, and nobody is rung for the next one for
        a while. Those that did not get out wait longer than the others, so that one number alone holds nobody
        up."""
        world = self._derived.world
        dialled, visit.not_out = visit.dialled, visit.not_out + 1
        if dialled:
            visit.attempts -= 1
            world.calls_today = max(0, world.calls_today - 1)
            made = world.calls_made.get(visit.token, 0)
            remember(world.calls_made, visit.token, max(0, made - 1), CALLS_MAX)
        world.trunk = trunk.lost(world, sip)
        again_ms = max(world.trunk.again_ms, world.now_ms + trunk.gap_ms(visit.not_out)) + 1
        again_ms = again_ms if visit.not_out < trunk.TRIES_MAX else 0
        self._offers.end(offer, facts.FAILED)
        told = visit.id, offer.id, offer.agent, visit.attempts, dialled, status, sip, again_ms
        self._derived.say(facts.CallbackNotOut(world.now_ms, *told))
        if again_ms:
            visit.due_ms = again_ms
            self._visits.back_on_hold(visit)
        else:
            self._end(visit, facts.NOT_REACHED, facts.BY_PBX, "")
        self.settle()

    def _not_there(self, visit: Visit, offer: Offer, status: str) -> None:
        world = self._derived.world
        self._offers.end(offer, facts.NOT_REACHED)
        gaps = rules(self._derived).gaps_ms
        again_ms = world.now_ms + gaps[visit.attempts - 1] if visit.attempts <= len(gaps) else 0
        told = visit.id, offer.id, offer.agent, visit.attempts, status, again_ms
        said = facts.CallbackFailed(world.now_ms, *told)
        self._derived.say(said)
        if not again_ms:
            self._end(visit, facts.NOT_REACHED, facts.BY_PBX, "")
            return
        visit.due_ms = again_ms
        self._visits.back_on_hold(visit)
