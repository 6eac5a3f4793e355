"""A world with everything derived from it, and what the step at hand has led to so far."""

from collections.abc import Callable

from routing.commands import Command, SetFallback
from routing.deadlines import Deadlines
from routing.events import Leg
from routing.facts import EventRefused, Fact
from routing.index import Index
from routing.specific import most_specific
from routing.visit import CALLING, MESSAGE, OFFERED, OUTBOUND, OVER, RINGING, TALKING
from routing.world import Person, Visit, World

CARRIED_OUT = frozenset({OFFERED, RINGING, CALLING, TALKING})
"""States of a callback that keep a person."""


class Derived:
    """What every move works with. It decides nothing and changes no state of a visit or a person.

    legs: the visit that holds a leg. other_legs: whose phone has a leg that serves no visit. indexes: of
    the policy in force and of the shadow, as far as there are. all_up: whether every PBX is linked.
    dirty: whether somebody may have become free or begun to wait since callers were last matched, or one of
    the following is to be looked at.
    departed: whether somebody who left the staff has nothing left to do. at_work, reached: who is,
    and at a phone that can be reached. attended: whether these or the hours changed in a way that matters to
    who waits; prospect: what these have to expect; prospects: the same for those with hours of their own, by
    language and concern as in the policy, and empty without such. hands: the same for those whose hours are
    set by hand, and since when they are closed, 0 where open; drains_ms: since when nobody new is let in
    line, 0 while everybody is. joined: who began to wait since, and has to hear of it (routing.closing).
    on_line: token -> the calls of its caller that go on. callbacks: token -> the callback that was promised.
    messages: those that wait. running: the callbacks that somebody carries out.
    lined_up: who waits, or waits for something else, since overflow was looked at last; newcomers: who joined
    the line in the step at hand; thinned: whether somebody who was at work is no more (routing.overflow).
    """

    def __init__(self, world: World, like: Index | None = None) -> None:
        """like: as in routing.index, for the world as it is now."""
        self.world = world
        self.commands: list[Command] = []
        said: list[Fact] = []
        self.say: Callable[[Fact], None] = said.append
        self.deadlines = Deadlines(world)
        self.legs: dict[Leg, int] = {}
        self.other_legs: dict[Leg, str] = {}
        self.on_line: dict[str, set[int]] = {}
        self.callbacks: dict[str, int] = {}
        self.messages: set[int] = set()
        self.running: set[int] = set()
        self.index: Index | None = None
        self.shadow: Index | None = None
        self.indexes: tuple[Index, ...] = ()
        self.all_up: bool
        self.dirty: bool
        self.departed: bool
        self.at_work: set[str] = set()
        self.reached: set[str] = set()
        self.attended: bool
        self.prospect = ""
        self.prospects: dict[tuple[str, str], str] = {}
        self.hands: dict[tuple[str, str], tuple[str, int]] = {}
        self.drains_ms = 0
        self.joined: list[int] = []
        self.lined_up: list[int] = []
        self.newcomers: set[int] = set()
        self.thinned = False
        self._at_phone: dict[str, dict[str, str]] = {}
        self.index_all(like)

    def index_all(self, like: Index | None = None) -> None:
        """Everything that follows from the world but the queues and deadlines, which the moves lay anew."""
        world = self.world
        self.legs = {each.leg: visit.id for visit in world.visits.values() for each in visit.legs}
        self.other_legs = {leg: key for key, p in world.people.items() for leg in p.other_legs}
        self.on_line, self.callbacks, self.messages, self.running = {}, {}, set(), set()
        for visit in world.visits.values():
            self.knows(visit)
            if visit.kind in OUTBOUND and visit.state in CARRIED_OUT:
                self.running.add(visit.id)
        self._at_phone = {}
        for key, person in world.people.items():
            self._at_phone.setdefault(person.agent.reach.address, {})[person.agent.reach.node] = key
        self.index = Index(world, world.policy, like) if world.policy is not None else None
        self.shadow = Index(world, world.shadow) if world.shadow is not None else None
        self.indexes = tuple(each for each in (self.index, self.shadow) if each is not None)
        self.departed = False
        somebody = bool(self.reached)
        self.at_work = {key for key, person in world.people.items() if person.at_work}
        self.reached = {key for key in self.at_work if world.people[key].reached}
        if somebody and not self.reached:
            world.unreached_ms = world.now_ms
        self.attended = self.dirty = True
        self.links_changed()

    def links_changed(self) -> None:
        """A PBX is linked, or is no more."""
        self.all_up = self.world.link_up
        self.deadlines.awake = self.world.linked("")
        for index in self.indexes:
            index.set_links()

    def hears(self, visit: Visit) -> bool:
        """Whether what the PBX of this visit says can be heard."""
        return self.all_up or self.world.linked(visit.node)

    def awaits(self, visit: Visit) -> str:
        """What this caller has to expect who waits."""
        if self.hands or self.drains_ms:
            return self._by_hand(visit)
        return self._by_rule(visit)

    def closed_by_hand(self, visit: Visit) -> bool:
        """Whether a supervisor has closed for them, or lets nobody who came when they did in line."""
        found = most_specific(self.hands, visit.language, visit.concern) if self.hands else None
        return (found is not None and found[1] > 0) or 0 < self.drains_ms < visit.queued_ms

    def _by_hand(self, visit: Visit) -> str:
        found = most_specific(self.hands, visit.language, visit.concern) if self.hands else None
        awaits, closed_ms = found or ("", 0)
        if 0 < self.drains_ms < visit.queued_ms or 0 < closed_ms < visit.queued_ms:
            return OVER
        by_rule = self._by_rule(visit)
        return by_rule if found is None or (closed_ms and by_rule == OVER) else awaits

    def _by_rule(self, visit: Visit) -> str:
        found = None
        if self.prospects:
            found = most_specific(self.prospects, visit.language, visit.concern)
        return self.prospect if found is None else found

    def knows(self, visit: Visit) -> None:
        """A visit goes on whose caller's token is known, if it is."""
        if visit.kind == MESSAGE:
            self.messages.add(visit.id)
            return
        if not visit.token:
            return
        if visit.kind in OUTBOUND:
            self.callbacks[visit.token] = visit.id
        else:
            self.on_line.setdefault(visit.token, set()).add(visit.id)

    def forgets(self, visit: Visit) -> None:
        """It is over."""
        self.running.discard(visit.id)
        self.messages.discard(visit.id)
        if self.callbacks.get(visit.token) == visit.id:
            del self.callbacks[visit.token]
        theirs = self.on_line.get(visit.token)
        if theirs is not None:
            theirs.discard(visit.id)
            if not theirs:
                del self.on_line[visit.token]

    def attends(self, person: Person) -> None:
        """Somebody came to work or left, or their phone did."""
        before = bool(self.at_work), bool(self.reached)
        key = person.agent.id
        if key in self.at_work and not person.at_work:
            self.thinned = self.dirty = True
        self.at_work.discard(key)
        self.reached.discard(key)
        if person.at_work:
            self.at_work.add(key)
            if person.reached:
                self.reached.add(key)
        if before != (bool(self.at_work), bool(self.reached)):
            self.attended = self.dirty = True
            if before[1] and not self.reached:
                self.world.unreached_ms = self.world.now_ms

    def new_id(self) -> int:
        """An id that was never used and never will be."""
        self.world.counter += 1
        return (self.world.term << 32) + self.world.counter

    def refuse(self, kind: str, subject: str, state: str) -> None:
        """Say that something came which the tables do not allow; nothing has changed."""
        self.say(EventRefused(self.world.now_ms, kind, subject, state))

    def visit_of(self, leg: Leg) -> Visit | None:
        """The visit that holds this leg."""
        key = self.legs.get(leg)
        return self.world.visits[key] if key is not None else None

    def expected(self, leg: Leg, kind: str) -> Visit | None:
        """The visit that holds this leg; if none does, an event of this kind is refused."""
        visit = self.visit_of(leg)
        if visit is None:
            self.refuse(kind, f"leg {leg.uid}", "unknown")
        return visit

    def person_at(self, phone: str, node: str) -> Person | None:
        """Whose phone this is. A person whose phone names no PBX is reached at any."""
        at = self._at_phone.get(phone)
        if at is None:
            return None
        key = at.get(node) or at.get("")
        if key is None and not node:
            key = next(iter(at.values()))
        return self.world.people[key] if key is not None else None

    def full(self) -> bool:
        """Whether as many messages wait to be heard as may."""
        policy = self.world.policy
        callbacks = policy.callbacks if policy is not None else None
        return callbacks is not None and len(self.messages) >= callbacks.messages_max

    def tell_fallback(self, node: str | None = None) -> None:
        """Tell the dialplans whom to ring if they were alone, whenever that changes, and `node` anyhow."""
        world = self.world
        if self.index is None:
            return
        phones, full = self.index.on_duty(), self.full()
        nodes = [name for name, link in world.links.items() if link.up]
        if (phones, full) == (world.fallback, world.messages_full):
            nodes = [name for name in nodes if name == node]
        elif nodes:
            world.fallback, world.messages_full = phones, full
        for name in nodes:
            self.commands.append(SetFallback(self.new_id(), world.term, phones, name, full))
