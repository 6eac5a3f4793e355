"""The daemon around the loop: it connects, loses its link, looks for drift, is killed and started again."""

from dataclasses import dataclass
from functools import partial
from random import Random

from acd import replay
from agents.model import Team
from routing import events as ev
from routing.engine import Engine
from routing.events import Event
from routing.facts import Fact, VisitBegan, VisitEnded
from routing.policy import Policy
from tests.model.book import Book
from tests.model.loop import Loop
from tests.model.pbx import Pbx
from tests.model.settings import Settings
from tests.model.timeline import Timeline
from tests.model.wire import Wire

BEAT_MS = 2_000
SILENT_WITH_OFFERS_MS = 4_000
SILENT_MS = 11_500
LISTEN_MS = 500


IN_LEDGER = (
    ev.DialBegan,
    ev.PhoneRang,
    ev.Bridged,
    ev.DialEnded,
    ev.CallWaiting,
    ev.DegradedEntered,
    ev.CallerCaught,
)
"""Events whose story the ledger has."""


@dataclass
class Linkup:
    """What has been listed so far of a link-up. anew: over a new connection; first: no ledger told there."""

    asked_ms: int
    anew: bool
    first: bool
    legs: tuple[ev.LegSeen, ...] = ()


class Daemon:
    """One after another on the same journal, on one Asterisk."""

    def __init__(self, wire: Wire, time: Timeline, settings: Settings, book: Book, policy: Policy) -> None:
        self.wire = wire
        self.loop = Loop(wire, time, settings, book)
        self.policy, self.roster = policy, Team(())
        self.linked_since = 0
        self._time = time
        self._book = book
        self._rng: Random = settings.random("daemon")
        self._skew = self._rng.choice((0, 0, -3, 5, 20, -20))
        self._without = settings.without
        self._announces = settings.has("announces")
        self._chance: Random = settings.random("outlook")
        self._held: list[tuple[Event, int]] | None = None
        self._void = False
        self._said_ms = 0
        self._life = 0
        self._term = 0
        self._beats = 0
        self._digests = ("policy", "roster")
        self._told_digests = ("", "")
        self._recorded: list[ev.Leg] = []
        self.lost: dict[str, int] = {}
        self._legs: dict[int, ev.Leg] = {}
        wire.on_event = self._heard
        self.loop.resync = self._resync

    @property
    def alive(self) -> bool:
        return self.loop.running

    @property
    def engine(self) -> Engine:
        return self.loop.engine

    def put(self, event: Event) -> None:
        """A person's wish or our own, which happens now."""
        self.loop.put(event)

    # --- life ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """A new daemon takes the lead, under the rules as they are now."""
        self._life += 1
        self._term += 1
        self._held, self._void = None, False
        self.loop.begin()
        self.put(ev.TermBegan(self._term))
        world = self.engine.world
        self._tell_rules((world.policy_digest, world.team_digest))
        self._time.after(self._rng.randrange(10, 300), self._connect, self._life)
        self._time.after(BEAT_MS, self._beat, self._life)

    def kill(self) -> None:
        """At any moment. The world of the next one comes from a kept one, or from the journal alone."""
        self._life += 1
        self.linked_since = 0
        self.wire.cut()
        loop = self.loop
        loop.end()
        if self._rng.random() < 0.5:
            loop.engine, _ = replay.thaw(replay.freeze(loop.engine, 0))
            return
        again = Engine()
        for event, at_ms in loop.journal:
            again.step(event, at_ms)
        if again.world != loop.engine.world:
            self._book.blame("replay", "a replayed journal makes another world", self._time.now)
        loop.engine = again

    def new_rules(self, policy: Policy, roster: Team) -> None:
        """Policy or people are loaded anew: now, or at the next start."""
        if policy != self.policy:
            self.policy, self._digests = policy, (f"policy {self._time.now}", self._digests[1])
        if roster != self.roster:
            self.roster, self._digests = roster, (self._digests[0], f"roster {self._time.now}")
        if self.alive:
            self._tell_rules(self._told_digests)

    def _tell_rules(self, told: tuple[str, str]) -> None:
        """What is in force and what was told differ."""
        if told[0] != self._digests[0]:
            self.put(ev.PolicyChanged(self._digests[0], self.policy))
        if told[1] != self._digests[1]:
            self.put(ev.TeamChanged(self._digests[1], self.roster))
        self._told_digests = self._digests

    def _beat(self, life: int) -> None:
        """Only while the loop goes round, the journal takes writes and the link is up."""
        if life == self._life:
            if self.loop.may_beat():
                self._beats += 1
                self.wire.beat(self._term * 1_000_000 + self._beats)
            if self._announces:
                self._look_ahead()
            self._time.after(BEAT_MS, self._beat, life)

    def _look_ahead(self) -> None:
        """An outlook on those who wait, right or wrong."""
        waiting = [each.id for each in self.engine.world.visits.values() if each.state == "waiting"]
        if waiting:
            bands = [(self._chance.randrange(120_000), self._chance.randrange(-1, 400_000)) for _ in waiting]
            self.put(
                ev.WaitsExpected(
                    tuple(
                        ev.Expected(visit, low, high if high > low else -1, 900)
                        for visit, (low, high) in zip(waiting, bands, strict=True)
                    )
                )
            )

    # --- the link ------------------------------------------------------------------------------------

    def _connect(self, life: int) -> None:
        if life != self._life or not self.alive or self.wire.up:
            return
        if self.wire.silent or self.wire.refused or self.loop.still:
            self._time.after(500, self._connect, life)
            return
        self.wire.connect()
        self._ask_linkup(anew=True, first=True)

    def _ask_linkup(self, anew: bool = False, first: bool = False) -> None:
        """Ledger, channels, phones. What came before an answer is older than it and goes before it."""
        self._void = False
        self._held = self._held or []
        self.wire.ask(Pbx.read_ledger, partial(self._ledger_read, Linkup(self._time.now, anew, first)))

    def _ledger_read(self, linkup: "Linkup", rows: tuple[ev.LedgerRow, ...]) -> None:
        """Over a new connection the ledger comes first: what it tells began long before, and what was said
        until then of dials, talks and waits is in it."""
        if not linkup.first:
            self._older()
        at_ms = max(linkup.asked_ms, self._said_ms) if linkup.first else self._said_ms
        self._put(ev.LedgerRead(self.wire.pbx.node, rows), at_ms)
        if linkup.first:
            self._held = [each for each in self._held or [] if not isinstance(each[0], IN_LEDGER)]
            self._older()
        self.wire.ask(Pbx.status, partial(self._legs_listed, linkup))

    def _legs_listed(self, linkup: "Linkup", legs: tuple[ev.LegSeen, ...]) -> None:
        self._older()
        linkup.legs, linkup.asked_ms = legs, self._time.now
        self.wire.ask(Pbx.devices, partial(self._devices_listed, linkup))

    def _older(self) -> None:
        held, self._held = self._held or [], []
        for event, stamp in held:
            self._put(event, stamp)

    def _devices_listed(self, linkup: "Linkup", devices: tuple[tuple[str, str], ...]) -> None:
        """Over a new connection phones are asked for that died in a talk while we did not listen."""
        if linkup.anew:
            self.wire.ask(Pbx.unreachable, partial(self._linked, linkup, devices))
        else:
            self._linked(linkup, devices, ())

    def _linked(
        self, linkup: "Linkup", devices: tuple[tuple[str, str], ...], unreachable: tuple[str, ...]
    ) -> None:
        """Asked again if we stood still meanwhile."""
        if self._void:
            self._ask_linkup(linkup.anew)  # its ledger was told
            return
        held, self._held = self._held or [], None
        for phone in unreachable:
            self._put(ev.PhoneLost(phone, self.wire.pbx.node), self._said_ms)
        snapshot = ev.PbxSnapshot(linkup.asked_ms, True, linkup.legs, devices, self.wire.pbx.node)
        self._put(snapshot, self._said_ms)
        for event, stamp in held:
            self._put(event, stamp)

    def _put(self, event: Event, stamp: int) -> None:
        """What a connection says is never dated before what it said."""
        self._said_ms = max(self._said_ms, stamp)
        self.loop.put(event, self._said_ms)

    def _resync(self) -> None:
        """After a standstill: routing goes on with a snapshot that is asked for from now on."""
        self._void = True
        if self.wire.up and self._held is None:
            self._ask_linkup()

    def drift(self) -> None:
        """Look for drift, while events are on their way."""
        if self.alive and self.wire.up and self._held is None:
            self.wire.ask(Pbx.status, partial(self._drift_devices, self._time.now))

    def _drift_devices(self, asked_ms: int, legs: tuple[ev.LegSeen, ...]) -> None:
        self.wire.ask(Pbx.devices, partial(self._drifted, asked_ms, legs))

    def _drifted(
        self, asked_ms: int, legs: tuple[ev.LegSeen, ...], devices: tuple[tuple[str, str], ...]
    ) -> None:
        self.put(ev.PbxSnapshot(asked_ms, False, legs, devices, self.wire.pbx.node))

    def cut(self, notice_ms: int) -> None:
        """The connection breaks; noticed a moment later."""
        if self.wire.up:
            self.wire.cut()
            self._time.after(notice_ms, self._down, self._life, "the connection was closed", 0)

    def _down(self, life: int, why: str, heard_ms: int) -> None:
        """The link is down since the PBX was last heard."""
        if life != self._life:
            return
        held, self._held = self._held, None
        for event, stamp in held or ():
            self._put(event, stamp)
        self._put(ev.LinkDown(why, self.wire.pbx.node), heard_ms or self._time.now)
        self.loop.answered()
        self._time.after(self._rng.randrange(125, 1_500), self._connect, life)

    def silence(self, ms: int) -> None:
        """Nothing passes for `ms`; too long a silence is the end of the connection."""
        self.wire.swallow(ms)
        if self.wire.up:
            self._time.after(LISTEN_MS, self._listen, self._life, self.wire.number, self._time.now)

    def _listen(self, life: int, number: int, since: int) -> None:
        if life != self._life or number != self.wire.number or not self.wire.silent:
            return
        limit = SILENT_WITH_OFFERS_MS if self.engine.world.offers or self.wire.moving else SILENT_MS
        if self._time.now - since >= limit:
            self.wire.cut()
            self._down(life, "the PBX said nothing", since + self._skew)
        else:
            self._time.after(LISTEN_MS, self._listen, life, number, since)

    # --- in ------------------------------------------------------------------------------------------

    def _heard(self, event: Event, stamp: int) -> None:
        """Events follow a link-up snapshot that is on its way. A refused command is told at once."""
        if not self.alive:
            return
        if self._held is not None and not isinstance(event, ev.CommandFailed):
            self._held.append((event, stamp + self._skew))
        elif isinstance(event, ev.CommandFailed):
            self.loop.put(event)
        else:
            self._put(event, stamp + self._skew)

    def told(self, event: Event, facts: tuple[Fact, ...]) -> None:
        """A row of the ledger that is recorded may be deleted."""
        if isinstance(event, ev.PbxSnapshot) and event.linkup:
            self.linked_since = self.linked_since or self._time.now
        elif isinstance(event, ev.LinkDown):
            self.linked_since = 0
        elif isinstance(event, ev.PhoneLost):
            self.lost[event.phone] = self._time.now
        for fact in facts:
            if isinstance(fact, VisitBegan):
                self._legs[fact.visit] = fact.leg
            elif isinstance(fact, VisitEnded) and fact.visit in self._legs:
                self._recorded.append(self._legs[fact.visit])
        if self.wire.up and self._held is None:
            for leg in self._recorded:
                self.wire.delete(leg)
            self._recorded = []
