"""The moves of a visit: the only place where its state, its legs and its place among those waiting change."""

from typing import Final

from agents.model import UNDETERMINED
from routing import facts, trunk
from routing import visit as table
from routing.announce import REJOINED, Announcer
from routing.deadlines import CALL, OVERFLOW, PARTING, RETRY, WIDEN
from routing.derived import CARRIED_OUT, Derived
from routing.events import Leg
from routing.need import overflows_at
from routing.policy import REPEAT
from routing.turn import DEFERS, EARLY, NO_WAY_OUT, turn
from routing.world import GONE_MAX, LEFT_MAX, RECENT_MAX, Left, Visit, VisitLeg, leg_key, remember

PARTING_MS: Final = 5_000
"""So long after a talk the caller's leg may take to end or to be on hold again; usually some ms, but seconds
where the PBX waits for its disk."""


class Visits:
    """Moves visits, each with its facts."""

    def __init__(self, derived: Derived, announcer: Announcer) -> None:
        self._derived = derived
        self._announcer = announcer

    # --- begin and state -----------------------------------------------------------------------------

    def begin(self, leg: Leg, line: str, arrived_ms: int, adopted: bool, kind: str = table.VOICE) -> Visit:
        """Somebody came in on this leg."""
        derived = self._derived
        world = derived.world
        now = world.now_ms
        legs = (VisitLeg(leg, table.CALLER),)
        visit = Visit(derived.new_id(), legs, line, min(arrived_ms, now), kind, changed_ms=now)
        world.visits[visit.id] = visit
        derived.legs[leg] = visit.id
        derived.say(facts.VisitBegan(now, visit.id, leg, line, visit.arrived_ms, adopted, kind))
        return visit

    def begin_called(self, kind: str, token: str, asked_on: Visit | None = None, origin: int = 0) -> Visit:
        """Somebody is to be called, at the number behind this token; with the place of the visit on which
        they asked. origin: the visit for which they are called, where it is over."""
        derived = self._derived
        world = derived.world
        now = world.now_ms
        visit = Visit(derived.new_id(), (), "", now, kind, table.WAITING, now, now, now, token=token)
        visit.origin = origin
        if asked_on is not None:
            visit.line, visit.origin = asked_on.line, asked_on.id
            if asked_on.queued_ms:
                visit.queued_ms, visit.order_from_ms = asked_on.queued_ms, asked_on.order_from_ms
                visit.place_ms, visit.only = asked_on.place_ms, asked_on.only
        world.visits[visit.id] = visit
        derived.knows(visit)
        derived.say(facts.VisitBegan(now, visit.id, None, visit.line, now, False, kind, visit.origin))
        derived.say(facts.CallerRecognised(now, visit.id, token))
        derived.say(facts.Queued(now, visit.id, visit.queued_ms))
        return visit

    def move(self, visit: Visit, trigger: str) -> bool:
        """Move a visit along its table; a trigger that is not in it is refused."""
        target = table.TRANSITIONS.get((visit.state, trigger))
        if target is None:
            self._derived.refuse(trigger, f"visit {visit.id}", visit.state)
        elif target != visit.state:
            visit.state = target
            visit.changed_ms = self._derived.world.now_ms
            visit.parting_ms = 0
            if visit.kind in table.OUTBOUND:
                self._carried_out(visit)
            if visit.sent and target not in (table.LEAVING, table.WAITING):
                visit.sent = ""
        return target is not None

    def _carried_out(self, visit: Visit) -> None:
        """Whether somebody carries this callback out, as far as its state says."""
        derived = self._derived
        if visit.state in CARRIED_OUT:
            derived.running.add(visit.id)
            if visit.state == table.TALKING and derived.world.trunk.faults:
                derived.world.trunk = trunk.found(derived.world)
                derived.dirty = True
            return
        derived.running.discard(visit.id)
        derived.dirty = True  # another one may be taken now
        if visit.state == table.WAITING:
            self.let_go(visit, visit.caller)
            visit.dialled, visit.at = False, ""

    def part(self, visit: Visit) -> None:
        """A talk is over on the phone's side: soon the caller's leg ends, or says that it is on hold."""
        if self.move(visit, table.PART):
            self.part_again(visit)

    def part_again(self, visit: Visit) -> None:
        """From now on the caller's leg has its time to end or to be on hold, as soon as it can be heard."""
        if not self._derived.hears(visit):
            return
        visit.parting_ms = self._derived.world.now_ms + PARTING_MS
        self._derived.deadlines.at(visit.parting_ms, PARTING, visit.id)

    # --- legs ----------------------------------------------------------------------------------------

    def hold(self, visit: Visit, held: VisitLeg) -> None:
        """From now on the visit has this leg of a phone; it takes the place of the phone's before."""
        before = visit.phone
        if before == held:
            return
        if before is not None:
            self.let_go(visit, before.leg)
        if (other := self._derived.visit_of(held.leg)) is not None:
            self.let_go(other, held.leg)  # a leg is one visit's: what was said of another is no longer so
        visit.legs = (*visit.legs, held)
        self._derived.legs[held.leg] = visit.id

    def let_go(self, visit: Visit, leg: Leg | None, *, over: bool = False) -> None:
        """The visit has this leg no more. over: so is what it was dialled for, however long it stands."""
        if leg is not None and self._derived.legs.get(leg) == visit.id:
            del self._derived.legs[leg]
            if over and visit.kind in table.OUTBOUND:
                world = self._derived.world  # its ledger tells no more
                remember(world.over, leg_key(leg), world.now_ms, GONE_MAX)
            visit.legs = tuple([each for each in visit.legs if each[0] != leg])

    def forget(self, visit: Visit) -> None:
        """A visit that has ended leaves the world, and its legs with it."""
        world = self._derived.world
        for each in visit.legs:
            self._derived.legs.pop(each.leg, None)
            if (key := leg_key(each.leg)) not in world.gone:
                remember(world.gone, key, world.now_ms, GONE_MAX)
            if each.role == table.CALLER:
                remember(world.over, key, world.now_ms, GONE_MAX)
        del world.visits[visit.id]
        self._derived.forgets(visit)
        policy = world.policy
        if visit.token and policy is not None and policy.asks_for_repeats:
            remember(world.recent, visit.token, world.now_ms, RECENT_MAX)

    def keep_place(self, visit: Visit) -> None:
        """A visit that ends leaves its place in line to the same caller's next call."""
        world = self._derived.world
        if visit.token and visit.queued_ms and world.rules.rejoin_ms:
            need = visit.chose or (visit.language, visit.concern)
            place = Left(world.now_ms, visit.id, *need, visit.order_from_ms)
            remember(world.left, visit.token, place, LEFT_MAX)

    # --- what is known -------------------------------------------------------------------------------

    def say_need(self, visit: Visit) -> None:
        """Say what the caller needs."""
        need = visit.language, visit.concern, visit.second
        self._derived.say(facts.NeedKnown(self._derived.world.now_ms, visit.id, *need, visit.chose))

    def set_need(self, visit: Visit, language: str, concern: str, second: str) -> bool:
        """Take over what is known of the need, and say it if that is new; "" leaves what was known."""
        known = (visit.language, visit.concern, visit.second)
        visit.language, visit.concern = language or visit.language, concern or visit.concern
        visit.second = second or visit.second
        new = known != (visit.language, visit.concern, visit.second)
        if new:
            self.say_need(visit)
        return new

    def give_classes(self, visit: Visit, classes: tuple[str, ...]) -> None:
        """Put a caller into these priority classes too, and into "repeat" if they were here lately."""
        world = self._derived.world
        lately = world.recent.get(visit.token)
        if lately is not None and world.rules.is_repeat(lately, world.now_ms):
            classes = (*classes, REPEAT)
        if classes:
            visit.classes = tuple(sorted({*visit.classes, *classes}))

    def recognised(self, visit: Visit) -> None:
        """Say who the caller is; a waiting one finds their place anew."""
        self._derived.say(
            facts.CallerRecognised(
                self._derived.world.now_ms, visit.id, visit.token, visit.case, visit.owner, visit.classes
            )
        )
        self._rejoin(visit)
        if visit.kind not in table.OUTBOUND:
            self._derived.knows(visit)
            self._holds_back(visit.token)
        if visit.state == table.WAITING:
            self.wait(visit)

    def _holds_back(self, token: str) -> None:
        """Who is on the line is not called."""
        called = self._derived.world.visits.get(self._derived.callbacks.get(token, 0))
        if called is not None and called.state == table.WAITING:
            self.wait(called)

    def recorded(self, visit: Visit, step: int, what: str, by: str) -> None:
        """What became of recording it (see facts.RecordingChanged). A step may come by event and by ledger,
        and is told once."""
        if step and step <= visit.recording:
            return
        visit.recording = max(visit.recording, step)
        self._derived.say(facts.RecordingChanged(self._derived.world.now_ms, visit.id, what, by, step))

    # --- waiting -------------------------------------------------------------------------------------

    def queue(self, visit: Visit, queued_ms: int) -> None:
        """Start the visit's waiting time, once."""
        now = self._derived.world.now_ms
        visit.queued_ms = visit.order_from_ms = min(queued_ms, now)
        self.set_need(visit, visit.language or UNDETERMINED, visit.concern or "other", "")
        self._derived.say(facts.Queued(now, visit.id, visit.queued_ms))
        self._derived.newcomers.add(visit.id)
        self._rejoin(visit)

    def _rejoin(self, visit: Visit) -> None:
        """Give a caller who is back the place that they left, if it was for the same need and lately."""
        world = self._derived.world
        left = world.left.get(visit.token)
        if left is None or not visit.queued_ms or visit.rejoined:
            return
        if world.now_ms - left.at_ms > world.rules.rejoin_ms:
            del world.left[visit.token]
        elif (left.language, left.concern) == (visit.language, visit.concern):
            del world.left[visit.token]
            visit.rejoined = True
            visit.order_from_ms = min(visit.order_from_ms, left.order_from_ms)
            self._derived.say(facts.Rejoined(world.now_ms, visit.id, left.visit, visit.order_from_ms))
            self._announcer.add(visit, REJOINED)

    def wait(self, visit: Visit) -> None:
        """Queue a waiting caller by their present need, and note when that need changes.

        While their PBX cannot be reached they keep their place and are offered to nobody.
        """
        derived = self._derived
        now = derived.world.now_ms
        if visit.asked:
            visit.asked = tuple((agent, until) for agent, until in visit.asked if until > now)
        if not derived.hears(visit):
            return
        if visit.kind in table.OUTBOUND and not self._has_turn(visit):
            return
        widen_ms = 0
        for index in derived.indexes:
            changes_ms = index.enqueue(visit)
            if changes_ms and (not widen_ms or changes_ms < widen_ms):
                widen_ms = changes_ms
        world = derived.world
        if (
            derived.awaits(visit) != visit.told
            or world.announcement is not None
            or (world.blocked and visit.token in world.blocked)
        ):
            derived.joined.append(visit.id)
        visit.overflow_ms = 0
        policy = derived.world.policy
        here = visit.kind not in table.OUTBOUND
        if here and policy is not None and policy.overflow and derived.index is not None:
            derived.lined_up.append(visit.id)
            visit.overflow_ms = overflows_at(derived.index.overflows(visit), visit)
            derived.deadlines.at(visit.overflow_ms, OVERFLOW, visit.id)
        self._announcer.begin(visit)
        visit.widen_ms = widen_ms
        derived.deadlines.at(widen_ms, WIDEN, visit.id)
        visit.retry_ms = 0
        if visit.asked:
            visit.retry_ms = min([until for _, until in visit.asked])
            derived.deadlines.at(visit.retry_ms, RETRY, visit.id)
        derived.dirty = True

    def _has_turn(self, visit: Visit) -> bool:
        """Whether a callback is among those who wait, with the place that it has since its time came."""
        derived = self._derived
        now = derived.world.now_ms
        why = turn(derived, visit)
        if why:
            self.leave_queue(visit)
            visit.deferred = visit.deferred or why in DEFERS
            if why == EARLY:
                derived.deadlines.at(visit.due_ms, CALL, visit.id)
            elif why == NO_WAY_OUT:
                derived.deadlines.at(derived.world.trunk.again_ms, CALL, visit.id)
            return False
        since = max(visit.due_ms, now if visit.deferred else 0)
        visit.order_from_ms = max(visit.order_from_ms, since)
        visit.due_ms, visit.deferred = 0, False
        return True

    def leave_queue(self, visit: Visit) -> None:
        """No longer waiting: what falls due for those who wait is void."""
        if self._derived.running:
            self._derived.dirty = True  # nobody on the line any more, perhaps
        visit.widen_ms = visit.retry_ms = visit.overflow_ms = 0
        for index in self._derived.indexes:
            index.dequeue(visit.id)
        if self._derived.shadow is not None:
            self._derived.dirty = True

    def dismiss(self, visit: Visit) -> bool:
        """A waiting caller is let go from the line; they have a while to be seen elsewhere."""
        if not self.move(visit, table.DISMISS):
            return False
        visit.sent = ""
        self.leave_queue(visit)
        self.part_again(visit)
        return True

    def back_on_hold(self, visit: Visit) -> None:
        """The caller is back on hold, with everything they had."""
        if self.move(visit, table.RETURN):
            self.wait(visit)

    def not_again(self, visit: Visit, agent: str, ms: int) -> None:
        """This person is not asked for this caller for so long."""
        visit.asked = (*visit.asked, (agent, self._derived.world.now_ms + ms))
