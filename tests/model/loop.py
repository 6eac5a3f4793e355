"""The live loop by its contract (acd/runner.py), in virtual time.

An event carries the time at which it happened, and they are decided in that order. No deadline passes before
all that the PBX said until then is in: it is asked if need be. Whoever stood still, or hears what is old, for
longer than half of the shortest open lease says LinkDown first, throws away what was decided and not sent,
and asks for a snapshot.
"""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from random import Random

from routing import events as ev
from routing.commands import Command, moved
from routing.engine import Engine
from routing.events import Event
from routing.facts import Fact
from tests.model.book import Book
from tests.model.settings import Settings
from tests.model.timeline import Timeline
from tests.model.wire import Wire

STUCK_MS = 2_000
PAUSE_MS = 50
FIRST = -1
"""Before everything: its time is that of what was decided last."""

Entry = tuple[int, int, Event]
"""When it happened, in which order it came, what."""


class Loop:
    """One engine and its queue. `told` hears of the facts of every event; `resync` asks for a snapshot."""

    def __init__(self, wire: Wire, time: Timeline, settings: Settings, book: Book) -> None:
        self.engine = Engine()
        self.journal: list[tuple[Event, int]] = []
        self.said: list[tuple[Fact, ...]] = []
        self.told: Callable[[Event, int, tuple[Fact, ...]], None] = lambda *_: None
        self.resync: Callable[[], None] = lambda: None
        self.running = False
        self._wire, self._time, self._book = wire, time, book
        self._rng: Random = settings.random("loop")
        self._without = settings.without
        self._queue: list[Entry] = []
        self._count = 0
        self._life = 0
        self._turn = 0
        self._busy = False
        self._batch: list[Entry] = []
        self._taken_ms = self._still_until = self._stuck_ms = self._due_planned = 0
        self._known_ms = self._own_ms = self._last_ms = self._late_ms = 0

    # --- life ----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """A process starts with an empty queue."""
        self.running = True
        self._life += 1
        self._queue, self._batch = [], []
        self._busy = False
        self._due_planned = self._known_ms = self._own_ms = self._late_ms = 0

    def end(self) -> None:
        """Killed. What was just written down is decided at the next start; its commands never leave."""
        self.running = False
        self._life += 1
        self._still_until = self._stuck_ms = 0
        if self._batch and self._rng.random() < 0.5:
            self._step(self._batch)
        self._batch = []

    @property
    def still(self) -> bool:
        """Whether nothing is decided at the moment: stopped, or the journal does not answer."""
        stuck = self._busy and self._time.now - self._taken_ms > 2 * PAUSE_MS
        return stuck or self._time.now < self._still_until

    def stall(self, ms: int) -> None:
        """The process stands still."""
        if self.running and self._time.now >= self._still_until:
            self._still_until = self._time.now + ms
            self._time.after(ms, self._go_on, self._life, ms)

    def stick(self, ms: int) -> None:
        """The next commit takes so long."""
        self._stuck_ms = ms

    def _go_on(self, life: int, stood_ms: int) -> None:
        if life == self._life:
            self._stood(stood_ms)
            self._wake()

    # --- in ------------------------------------------------------------------------------------------

    def put(self, event: Event, stamp: int = 0) -> None:
        """Something to decide. stamp: when the PBX said it; 0: it happens now."""
        if not self.running:
            return
        now = self._time.now
        if stamp:
            self._known_ms = max(self._known_ms, stamp)
            if now - stamp > self._limit() and stamp > self._late_ms and "late" not in self._without:
                self._late_ms = now
                self._stood(now - stamp)
        else:
            self._own_ms = now
        self._count += 1
        heappush(self._queue, (stamp or now, self._count, event))
        self._wake()

    def _limit(self) -> int:
        """The longest that we may stand still and go on: half of the shortest open lease."""
        world = self.engine.world
        if not world.offers or world.policy is None:
            return STUCK_MS
        rang = all(offer.rang for offer in world.offers.values())
        lease_ms = world.policy.lease_ms if rang else min(world.policy.lease_ms, world.policy.silent_ms)
        return min(STUCK_MS, lease_ms // 2)

    def _stood(self, ms: int) -> bool:
        """LinkDown is next if that was too long, then a new snapshot."""
        if ms <= self._limit() or not self._wire.up or "linkdown_first" in self._without:
            return False
        self._book.did("stood still")
        linkups = [each for each in self._queue if isinstance(each[2], ev.PbxSnapshot) and each[2].linkup]
        for each in linkups:
            self._queue.remove(each)
        heapify(self._queue)
        if self.engine.world.link_up:
            self._count += 1
            heappush(self._queue, (FIRST, self._count, ev.LinkDown("we stood still", "")))
        self.resync()
        return True

    # --- round and round -----------------------------------------------------------------------------

    def _wake(self) -> None:
        if not self._busy and self.running and self._time.now >= self._still_until:
            self._busy = True
            self._taken_ms = self._time.now
            self._time.after(0, self._take, self._life)

    def _due(self, life: int, when: int) -> None:
        if life == self._life and when == self._due_planned:
            self._due_planned = 0
            self._wake()

    def _later(self, do: Callable[..., None], *args: object) -> bool:
        """Whether the process stands still just now: then this comes after it."""
        if self._time.now >= self._still_until:
            return False
        self._time.at(self._still_until, do, *args)
        return True

    def _take(self, life: int) -> None:
        """Is everything known up to now, as far as a deadline needs it? Else the PBX is asked."""
        if life != self._life or self._later(self._take, life):
            return
        now, due = self._time.now, self.engine.due()
        if due is None or "asked" in self._without:
            sure = True
        elif due <= now:
            sure = due <= self._known_ms
        else:
            oldest = self._queue[0][0] if self._queue else now
            sure = oldest >= now - PAUSE_MS or self._own_ms <= self._known_ms
        until = self._known_ms if sure and due is not None and due <= now else max(now, self._known_ms)
        if "asked" in self._without:
            until = now
        if sure:
            self._batch_up(life, until)
        else:
            self._ask(self._taken, life, now)

    def _ask(self, then: Callable[..., None], *args: object) -> None:
        """Go on once all that the PBX had said when asked is in, or the link is down."""
        self._turn += 1
        self._asked = (self._turn, then, args)
        if self._wire.up:
            self._wire.ping(lambda turn=self._turn: self.answered(turn))  # type: ignore[misc]
        else:
            self._time.after(0, self.answered, self._turn)

    def answered(self, turn: int = 0) -> None:
        """The PBX has answered, or nobody waits for it any more."""
        asked = self._asked
        if asked is not None and turn in (0, asked[0]):
            self._asked = None
            self._time.after(0, asked[1], *asked[2])

    _asked: tuple[int, Callable[..., None], tuple[object, ...]] | None = None

    def _taken(self, life: int, asked_ms: int) -> None:
        if life != self._life or self._later(self._taken, life, asked_ms):
            return
        self._stood(self._time.now - asked_ms)
        self._batch_up(life, max(self._time.now, self._known_ms))

    def _batch_up(self, life: int, until: int) -> None:
        """What happened up to `until` is one batch: into the journal, then decided."""
        now, queue = self._time.now, self._queue
        batch: list[Entry] = []
        while queue and (queue[0][0] <= until or "stamp" in self._without):
            batch.append(heappop(queue))
        if "stamp" in self._without:
            batch = [(now, number, event) for _, number, event in batch]
        if not batch:
            due = self.engine.due()
            if due is None or due > until:
                self._rest(due)
                return
            batch = [(until, 0, ev.Elapsed())]
        self._commit(life, batch)

    def _commit(self, life: int, batch: list[Entry]) -> None:
        took = self._rng.choice((0, 0, 1, 2))
        if self._stuck_ms:
            took, self._stuck_ms = self._stuck_ms, 0
        self._batch, self._taken_ms = batch, self._time.now
        self._time.after(took, self._decide, life, self._time.now)

    def _decide(self, life: int, taken_ms: int) -> None:
        """The batch is committed; it is decided, and what follows from it leaves."""
        if life != self._life or self._later(self._decide, life, taken_ms):
            return
        commands = self._step(self._batch)
        self._batch = []
        if self._stood(self._time.now - taken_ms) and "thrown" not in self._without:
            commands = []
        self._time.after(self._rng.choice((0, 0, 1)), self._sending, life, commands, taken_ms)

    def _step(self, batch: list[Entry]) -> list[Command]:
        commands: list[Command] = []
        book, engine = self._book, self.engine
        for stamp, _, event in batch:
            at_ms = self._last_ms = max(self._last_ms, min(stamp, self._time.now))
            self.journal.append((event, at_ms))
            book.tell(self._time.now, "engine", f"@{at_ms % 1_000_000} {event}")
            effects = engine.step(event, at_ms)
            self.said.append(effects.facts)
            commands += effects.commands
            if isinstance(event, ev.Bridged) and commands and "overtaken" not in self._without:
                commands = [each for each in commands if moved(each) != event.caller]
            if not engine.world.link_up and "thrown" not in self._without:
                commands.clear()
            for fact in effects.facts:
                book.tell(self._time.now, "fact", fact)
            self.told(event, at_ms, effects.facts)
        return commands

    def _sending(self, life: int, commands: list[Command], taken_ms: int) -> None:
        """After a pause: has a talk begun meanwhile?"""
        if life != self._life or self._later(self._sending, life, commands, taken_ms):
            return
        waited = self._time.now - taken_ms
        if commands and waited > self._limit() and "thrown" not in self._without:
            commands = []
        if commands and waited > PAUSE_MS and "overtaken" not in self._without:
            self._ask(self._overtaken, life, commands, taken_ms)
        else:
            self._send(life, commands, taken_ms)

    def _overtaken(self, life: int, commands: list[Command], taken_ms: int) -> None:
        if life != self._life or self._later(self._overtaken, life, commands, taken_ms):
            return
        talking = {each[2].caller for each in self._queue if isinstance(each[2], ev.Bridged)}
        if any(getattr(command, "caller", None) in talking for command in commands):
            commands = []
            self._stood(STUCK_MS + 1)
        self._send(life, commands, self._time.now)

    def _send(self, life: int, commands: list[Command], knew_ms: int) -> None:
        if commands:
            self._wire.send(commands, knew_ms)
        self._rest(self.engine.due())

    def _rest(self, due: int | None) -> None:
        self._busy = False
        if self._queue:
            self._wake()
        elif due is not None and due != self._due_planned:
            self._due_planned = due
            self._time.at(due, self._due, self._life, due)

    def may_beat(self) -> bool:
        """Whether the journal has just taken a write, or takes one now."""
        if self._busy or self._time.now < self._still_until:
            return False
        if self._stuck_ms:
            self._busy = True
            self._commit(self._life, [])
            return False
        return self.engine.world.link_up
