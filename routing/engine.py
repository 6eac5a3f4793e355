"""The pure engine: step(event, now) -> Effects(commands, facts); due() -> the next deadline.

It reads no clock, draws no random number and keeps nothing outside its World.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from routing import events as ev
from routing import facts, trunk
from routing.commands import Command
from routing.deadlines import HOURS, LEASE, OVERFLOW, PARTING, QUIET, SAY, WRAP_UP
from routing.events import Event
from routing.facts import Fact
from routing.handlers import callback, caller, centre, desk, listening, phone, staff, steering
from routing.index import Choice, Index
from routing.moves import Moves
from routing.turn import NO_WAY_OUT, SHARE, rules, turn
from routing.visit import OUTBOUND, TALKING, WAITING
from routing.world import ALIKE, Visit, World

HANDLERS: Final[dict[type, Callable[[Moves, Any], None]]] = {
    **caller.HANDLERS,
    **phone.HANDLERS,
    **staff.HANDLERS,
    **desk.HANDLERS,
    **callback.HANDLERS,
    **steering.HANDLERS,
    **listening.HANDLERS,
    **centre.HANDLERS,
}
"""What each event means."""


UNTIMELY: Final = frozenset({ev.TermBegan, ev.LinkDown, ev.LedgerRead, ev.PbxSnapshot})
"""What goes before all that fell due until then: that may be void, or waits for a snapshot. Of snapshots only
the one of a link-up does."""


class Effects(NamedTuple):
    """What a step led to, in order."""

    commands: tuple[Command, ...]
    facts: tuple[Fact, ...]


NOTHING: Final = Effects((), ())
"""What most steps lead to."""


class Engine:
    """One hotline. Give it every event in order; it answers with what to do and what happened."""

    def __init__(self, world: World | None = None, like: "Engine | None" = None) -> None:
        """like: one of the same policy and the same people in the same order, in whatever state: what follows
        from these alone is taken over from it."""
        self._moves = Moves(world if world is not None else World(), like.index if like is not None else None)
        self.due = self._moves.derived.deadlines.due

    @property
    def world(self) -> World:
        """All that it knows."""
        return self._moves.world

    @property
    def index(self) -> Index | None:
        """Who could take whom, to explain it; None before any policy is in force. To read only."""
        return self._moves.derived.index

    def held(self, visit: Visit) -> str:
        """Why it is not the turn of one who is to be called back; "" if it is, and for all others."""
        derived = self._moves.derived
        if visit.kind not in OUTBOUND or visit.state != WAITING:
            return ""
        held = derived.index is not None and derived.index.held_back
        return turn(derived, visit) or (self._why_held_back() if held else "")

    def step(self, event: Event, now: int) -> Effects:
        """Pass every deadline up to now, then the event, then match callers with people.

        The first snapshot after a lost link is applied before overdue deadlines, since they may be void.
        """
        return self.steps((event,), now)

    def steps(self, events: Iterable[Event], now: int) -> Effects:
        """What came at the same ms: the effects of a step for each, in order, as one."""
        moves = self._moves
        derived, world = moves.derived, moves.world
        heap = derived.deadlines.heap
        commands: list[Command] = []
        said: list[Fact] = []
        derived.commands, derived.say = commands, said.append
        if now < world.now_ms:
            now = world.now_ms
        for event in events:
            early = type(event) in UNTIMELY and (type(event) is not ev.PbxSnapshot or event.linkup)
            if heap and heap[0][0] <= now and not early:
                self._pass_deadlines(now)
            world.now_ms = now
            HANDLERS[type(event)](moves, event)
            if early:
                self._pass_deadlines(now)
            if derived.dirty:
                self._settle()
        return Effects(tuple(commands), tuple(said)) if commands or said else NOTHING

    def _pass_deadlines(self, now: int) -> None:
        """Each at its own time, and matched at it."""
        moves = self._moves
        world, derived = moves.world, moves.derived
        while (deadline := derived.deadlines.take(now)) is not None:
            when, rank, key = deadline
            if world.now_ms < when:
                world.now_ms = when
            if rank == LEASE:
                moves.lease_over(world.offers[key])
            elif rank == WRAP_UP:
                person = world.people[key[0]]
                if (engaged := person.engaged_with(key[1])) is not None:
                    moves.people.wrapped(person, engaged)
            elif rank == HOURS:
                moves.pass_hours()
            elif rank == PARTING:
                moves.parted_too_long(world.visits[key])
            elif rank == SAY:
                moves.announcer.due(world.visits[key])
            elif rank == QUIET:
                moves.people.rests(world.people[key], 0)
            elif rank == OVERFLOW:
                moves.overflows.due(world.visits[key])
            else:
                moves.visits.wait(world.visits[key])
            self._settle()

    def _settle(self) -> None:
        """After an event or a deadline: what follows from it for others than it named."""
        moves = self._moves
        derived = moves.derived
        if derived.departed:
            centre.depart(moves)
        if derived.attended or derived.joined:
            anew = derived.attended and bool(derived.callbacks or derived.messages)
            moves.threats.settle()
            moves.emergency.settle()
            moves.closing.settle()
            if anew:
                moves.callbacks.settle()
        if derived.dirty:
            self._match()
        while derived.lined_up or derived.thinned:
            moves.overflows.settle()  # who is served now needs none
            if derived.dirty:
                self._match()
        if derived.newcomers:
            derived.newcomers.clear()
        if (derived.messages or self.world.messages_full) and derived.full() != self.world.messages_full:
            derived.tell_fallback()

    def _match(self) -> None:
        """Offer until no waiting caller stands beside a free person who may take them."""
        moves = self._moves
        derived = moves.derived
        if derived.index is None or not derived.deadlines.awake:
            return
        derived.dirty = False
        index, shadow = derived.index, derived.shadow
        while index.free:  # the shadow's people are the same, and nobody else is free to it
            if derived.callbacks or derived.messages:
                self._hold_back(index)
            choice = index.decide()
            if shadow is not None:
                self._compare(choice, shadow.decide())
            if choice is None:
                return
            moves.offers.make(choice)
        if shadow is not None:
            self._compare(None, None)

    def _why_held_back(self) -> str:
        return NO_WAY_OUT if trunk.shown_away(self.world) else SHARE

    def _hold_back(self, index: Index) -> None:
        """Callers on the line and those whom we call share who takes calls; while calls do not get out, one
        at a time is tried."""
        derived = self._moves.derived
        most = max(1, index.taking * rules(derived).share_percent // 100)
        held = index.line > 0 and len(derived.running) >= most
        held |= trunk.shown_away(derived.world) and self._is_tried()
        for each in derived.indexes:
            each.hold_back(held)

    def _is_tried(self) -> bool:
        """Whether a call to the outside is under way; one that is a talk by now has got out."""
        visits = self._moves.world.visits
        return any(visits[key].state != TALKING for key in self._moves.derived.running)

    def _compare(self, live: Choice | None, shadow: Choice | None) -> None:
        """Tell where the shadow would have decided otherwise; the same difference only once in a row."""
        world = self._moves.world
        ours = (live.visit, live.agent) if live else (0, "")
        theirs = (shadow.visit, shadow.agent) if shadow else (0, "")
        said = (*ours, *theirs) if ours != theirs else ALIKE
        if said != world.shadow_said:
            world.shadow_said = said
            if ours != theirs:
                self._moves.derived.say(facts.ShadowDiffered(world.now_ms, live, shadow))
