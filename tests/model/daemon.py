"""The daemon around the engine, by the runner's contract: what is true of it whatever its code looks like.

An event carries the time at which it happened, and they are decided in that order; what has arrived is
decided before any deadline passes; whoever stood still for longer than half of the shortest open lease says
LinkDown first, throws away what was decided and not sent, and asks for a snapshot.
"""

from collections.abc import Callable
from random import Random

from acd import replay
from agents.model import Roster
from routing import events as ev
from routing.commands import Command
from routing.engine import Engine
from routing.events import Event
from routing.facts import Fact, VisitBegan, VisitEnded
from routing.policy import Policy
from tests.model.book import Book
from tests.model.settings import Settings
from tests.model.timeline import Timeline
from tests.model.wire import Wire

BEAT_MS = 2_000
STUCK_MS = 2_000
CAUSE_MS = 500
SILENT_WITH_OFFERS_MS = 4_000
SILENT_MS = 11_500

Told = Callable[[Event, int, tuple[Fact, ...]], None]


class Daemon:
    """Runs, stands still, dies and is started again. `told` hears of the facts of every event."""

    def __init__(self, wire: Wire, time: Timeline, settings: Settings, book: Book, policy: Policy) -> None:
        self.engine = Engine()
        self.wire = wire
        self.policy, self.roster = policy, Roster(())
        self.alive = False
        self.linked_since = 0
        self.journal: list[tuple[Event, int]] = []
        self.said: list[tuple[Fact, ...]] = []
        self.told: Told = lambda *_: None
        self._time = time
        self._book = book
        self._rng: Random = settings.random("daemon")
        self._without = settings.without
        self._queue: list[tuple[int, Event]] = []
        self._held: list[tuple[int, Event]] | None = None
        self._life = 0
        self._term = 0
        self._beats = 0
        self._last_ms = 0
        self._skew = self._rng.choice((0, 0, -3, 5, 20, -20))
        self._busy = False
        self._still_until = 0
        self._stuck_ms = 0
        self._due_planned = 0
        self._rules_told: tuple[Policy | None, Roster | None] = (None, None)
        self._unsaid: list[ev.Leg] = []
        self._legs: dict[int, ev.Leg] = {}
        self._batch: list[tuple[int, Event]] = []
        self._taken_ms = self._late_until = 0
        wire.on_event = self._heard

    # --- life ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """A new daemon takes the lead, under the rules as they are now."""
        self.alive = True
        self._life += 1
        self._term += 1
        self._busy, self._held, self._queue = False, None, []
        self._due_planned = 0
        events: list[Event] = []
        policy, roster = self._rules_told
        if policy != self.policy:
            events.append(ev.PolicyChanged(f"policy {id(self.policy)}", self.policy))
        if roster != self.roster:
            events.append(ev.RosterChanged(f"roster {self._term}", self.roster))
        self._rules_told = (self.policy, self.roster)
        events.append(ev.TermBegan(self._term))
        for event in events:
            self.put(event)
        self._time.after(self._rng.randrange(10, 300), self._connect, self._life)
        self._time.after(BEAT_MS, self._beat, self._life)

    def kill(self) -> None:
        """At any moment: what is not in the journal is lost, and so is what was not sent."""
        self.alive = False
        self._life += 1
        self._still_until = self._stuck_ms = 0
        self.linked_since = 0
        self.wire.cut()
        if self._busy and self._batch and self._rng.random() < 0.5:
            self._step(self._batch)
        self._batch = []
        if self._rng.random() < 0.5:
            self.engine, _ = replay.thaw(replay.freeze(self.engine, 0))
        else:
            again = Engine()
            for event, at_ms in self.journal:
                again.step(event, at_ms)
            if again.world != self.engine.world:
                self._book.blame("replay", "a replayed journal makes another world", self._time.now)
            self.engine = again

    def new_rules(self, policy: Policy, roster: Roster) -> None:
        """Policy or people are loaded anew, now or at the next start."""
        self.policy, self.roster = policy, roster
        if not self.alive:
            return
        told = self._rules_told
        self._rules_told = (policy, roster)
        if told[0] != policy:
            self.put(ev.PolicyChanged(f"policy {self._time.now}", policy))
        if told[1] != roster:
            self.put(ev.RosterChanged(f"roster {self._time.now}", roster))

    # --- the link ------------------------------------------------------------------------------------

    def _connect(self, life: int) -> None:
        if life != self._life or not self.alive or self.wire.up:
            return
        if self.wire.silent or self.wire.refused or self.still:
            self._time.after(500, self._connect, life)
            return
        self.wire.connect()
        self._held = []
        self.wire.ask(True, True, self._synced)

    def _synced(self, found: list[Event]) -> None:
        """Ledger and snapshot first, then what came since the connection was made."""
        held, self._held = self._held or [], None
        now = self._time.now
        if "held" in self._without:
            self._queue += held
            held = []
        self._queue += [(now, event) for event in found] + held
        self._wake()

    def cut(self, notice_ms: int) -> None:
        """The connection breaks; noticed a moment later."""
        if self.wire.up:
            lost = self.wire.cut()
            self._time.after(notice_ms, self._down, self._life, "the connection was closed", lost)

    def _down(self, life: int, why: str, lost: list[Command]) -> None:
        """The waiters hear the cause, then the engine; or the other way round."""
        if life != self._life:
            return
        self._held = None
        failed: list[Event] = [ev.CommandFailed(each.id, why) for each in lost if not hasattr(each, "phones")]
        down: list[Event] = [ev.LinkDown(why, self.wire.pbx.node)]
        for event in failed + down if self._rng.random() < 0.5 else down + failed:
            self.put(event)
        self._time.after(self._rng.randrange(125, 1_500), self._connect, life)

    def silence(self, ms: int) -> None:
        """Nothing passes for `ms`; too long a silence is the end of the connection."""
        self.wire.swallow(ms)
        limit = SILENT_WITH_OFFERS_MS if self.engine.world.offers else SILENT_MS
        if self.wire.up and ms > limit:
            self._time.after(limit, self._give_up, self._life, self.wire.number)

    def _give_up(self, life: int, number: int) -> None:
        if life == self._life and number == self.wire.number and self.wire.up:
            self._down(life, "the PBX said nothing", self.wire.cut())

    def drift(self) -> None:
        """Look for drift."""
        if self.alive and self.wire.up and self._held is None:
            self.wire.ask(False, False, self._found)

    def resync(self) -> None:
        """After a standstill: routing goes on with the snapshot. Some hold events back meanwhile, some not."""
        if not self.wire.up or self._held is not None:
            return
        if self._rng.random() < 0.5:
            self._held = []
            self.wire.ask(True, True, self._synced)
        else:
            self.wire.ask(True, True, self._found)

    def _found(self, found: list[Event]) -> None:
        for event in found:
            self.put(event)

    # --- in ------------------------------------------------------------------------------------------

    def _heard(self, event: Event, stamp: int) -> None:
        if not self.alive:
            return
        what = (stamp + self._skew, event)
        if self._time.now - stamp > self._limit() and self._time.now > self._late_until:
            self._late_until = self._time.now  # the network stood still: as good as we ourselves
            self._stood_still(self._time.now - stamp)
        if self._held is not None:
            self._held.append(what)
            return
        self._queue.append(what)
        self._wake()

    def put(self, event: Event) -> None:
        """Something of our own, which happens now."""
        if self.alive:
            self._queue.append((self._time.now, event))
            self._wake()

    def stall(self, ms: int) -> None:
        """The process stands still."""
        if self.alive and self._time.now >= self._still_until:
            self._still_until = self._time.now + ms
            self._time.after(ms, self._go_on, self._life, self._time.now)

    @property
    def still(self) -> bool:
        """Whether nothing is decided at the moment: stopped, or the journal does not answer."""
        stuck = bool(self._batch) and self._time.now - self._taken_ms > 100
        return stuck or self._time.now < self._still_until

    def stick(self, ms: int) -> None:
        """The next commit takes so long."""
        self._stuck_ms = ms

    def _limit(self) -> int:
        """Half of the shortest open lease."""
        offers = self.engine.world.offers.values()
        if any(offer.status for offer in offers):
            return CAUSE_MS // 2
        return STUCK_MS // 2

    def _go_on(self, life: int, since: int) -> None:
        if life == self._life:
            self._stood_still(self._time.now - since)
            self._wake()

    def _stood_still(self, ms: int) -> None:
        """LinkDown comes before what piled up, at the time of what was decided last."""
        if ms > self._limit() and self.wire.up and "linkdown_first" not in self._without:
            self._queue.insert(0, (self._last_ms, ev.LinkDown("we stood still", "")))
            self._book.did("stood still")
            self.resync()

    # --- the loop ------------------------------------------------------------------------------------

    def _wake(self) -> None:
        if not self._busy and self.alive and self._time.now >= self._still_until:
            self._busy = True
            self._time.after(0, self._take, self._life)

    def _due(self, life: int, when: int) -> None:
        if life == self._life and when == self._due_planned:
            self._due_planned = 0
            self._wake()

    def _take(self, life: int) -> None:
        """What has arrived is one batch: into the journal, then decided."""
        if life != self._life:
            return
        now = self._time.now
        if now < self._still_until:
            self._busy = False
            return
        due = self.engine.due()
        overdue = due is not None and due <= now
        if overdue and self.wire.up and self.wire.silent and "pinged" not in self._without:
            self._busy = False  # a lease is over only once the PBX has said all that it knows
            self._time.after(50, self._wake_if, life)
            return
        batch, self._queue = self._queue, []
        if not batch:
            if not overdue:
                self._busy = False
                self._plan(due)
                return
            batch = [(now, ev.Elapsed())]
        if "stamp" in self._without:
            batch = [(now, event) for _, event in batch]
        took = self._rng.choice((0, 0, 1, 2))
        if self._stuck_ms:
            took, self._stuck_ms = self._stuck_ms, 0
        self._batch, self._taken_ms = batch, now
        self._time.after(took, self._decide, life, batch, now)

    def _wake_if(self, life: int) -> None:
        if life == self._life:
            self._wake()

    def _decide(self, life: int, batch: list[tuple[int, Event]], taken_ms: int) -> None:
        """The batch is committed; it is decided, and what follows from it leaves."""
        if life != self._life:
            return
        if self._time.now < self._still_until:
            self._time.at(self._still_until, self._decide, life, batch, taken_ms)
            return
        commands, self._batch = self._step(batch), []
        waited = self._time.now - taken_ms
        late = waited > self._limit() and "thrown" not in self._without
        if late:
            commands = []
        if waited > self._limit():
            self._stood_still(waited)
        self._time.after(self._rng.choice((0, 0, 1)), self._send, life, commands, taken_ms)

    def _step(self, batch: list[tuple[int, Event]]) -> list[Command]:
        commands: list[Command] = []
        for stamp, event in batch:
            at_ms = self._last_ms = max(self._last_ms, min(stamp, self._time.now))
            self.journal.append((event, at_ms))
            self._book.tell(self._time.now, "engine", f"@{at_ms % 1_000_000} {event}")
            effects = self.engine.step(event, at_ms)
            self.said.append(effects.facts)
            commands += effects.commands
            for fact in effects.facts:
                self._book.tell(self._time.now, "fact", fact)
            self.told(event, at_ms, effects.facts)
            self._record(event, effects.facts)
        return commands

    def _send(self, life: int, commands: list[Command], taken_ms: int) -> None:
        if life != self._life:
            return
        if self._time.now < self._still_until:
            self._time.at(self._still_until, self._send, life, commands, taken_ms)
            return
        if self._time.now - taken_ms > max(STUCK_MS // 2, self._limit()) and "thrown" not in self._without:
            commands = []
        if commands:
            self.wire.send(commands, taken_ms)
        for leg in self._unsaid if self.wire.up else ():
            self.wire.delete(leg)
        if self.wire.up:
            self._unsaid = []
        self._busy = False
        if self._queue:
            self._wake()
        else:
            self._plan(self.engine.due())

    def _plan(self, due: int | None) -> None:
        if due is not None and due != self._due_planned:
            self._due_planned = due
            self._time.at(due, self._due, self._life, due)

    def _record(self, event: Event, facts: tuple[Fact, ...]) -> None:
        """The vault tells what it knows of a caller; a row of the ledger that is recorded may be deleted."""
        if isinstance(event, ev.PbxSnapshot) and event.linkup and not self.linked_since:
            self.linked_since = self._time.now
        elif isinstance(event, ev.LinkDown):
            self.linked_since = 0
        for fact in facts:
            if isinstance(fact, VisitBegan):
                self._legs[fact.visit] = fact.leg
            elif isinstance(fact, VisitEnded) and (leg := self._legs.get(fact.visit)) is not None:
                self._unsaid.append(leg)

    def _beat(self, life: int) -> None:
        """Only while the loop goes round, the journal takes writes and the link is up."""
        if life != self._life:
            return
        now = self._time.now
        if now < self._still_until:
            self._time.at(self._still_until, self._beat, life)
            return
        if self.engine.world.link_up and not (self._batch and now - self._taken_ms >= STUCK_MS):
            self._beats += 1
            self.wire.beat(self._term * 1_000_000 + self._beats)
        self._time.after(BEAT_MS, self._beat, life)
