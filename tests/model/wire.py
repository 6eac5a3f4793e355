"""AMI between one Asterisk and the daemon: events in order with delay, commands out, breaks and silences."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from routing import events as ev
from routing.commands import Command, SetAnnouncement, SetFallback, SetHours, moved
from routing.events import Event, Leg
from tests.model.book import Book, Talk
from tests.model.pbx import Pbx
from tests.model.settings import Settings
from tests.model.timeline import Timeline


class Wire:
    """One connection after another. What is under way when one breaks is lost.

    on_event(event, stamp): what arrives, with the time at which it happened. number: of the connection.
    """

    def __init__(self, pbx: Pbx, time: Timeline, settings: Settings, book: Book) -> None:
        self.pbx = pbx
        self.up = False
        self.number = 0
        self.on_event: Callable[[Event, int], None] = lambda _event, _stamp: None
        self._time = time
        self._book = book
        self._rng: Random = settings.random(f"wire {pbx.node}")
        self._slow_in = settings.has("slow_events")
        self._slow_out = settings.has("slow_commands")
        self._last_in = self._last_out = 0
        self._silent_until = 0
        self._void = self._refused_until = 0
        self._moving: set[int] = set()
        pbx.say = self._said

    # --- connections ---------------------------------------------------------------------------------

    def connect(self) -> None:
        """A new connection: from now on events are heard."""
        self.number += 1
        self.up = True
        self._last_in = self._last_out = self._time.now

    def cut(self) -> None:
        """The connection is gone. Nobody knows what became of the commands under way."""
        self.up = False
        self._moving.clear()
        if self.silent:
            self._void = self.number
        self.number += 1

    def swallow(self, ms: int) -> None:
        """For so long nothing passes; what is sent meanwhile comes after it, if the connection lives on."""
        self._silent_until = max(self._silent_until, self._time.now + ms)

    def refuse(self, ms: int) -> None:
        """For so long nobody can connect."""
        self._refused_until = self._time.now + ms

    @property
    def refused(self) -> bool:
        return self._time.now < self._refused_until

    @property
    def silent(self) -> bool:
        return self._time.now < self._silent_until

    # --- in ------------------------------------------------------------------------------------------

    def _delay(self, slow: bool) -> int:
        if slow and self._rng.random() < 0.2:
            return self._rng.randrange(300)
        return self._rng.choice((0, 0, 1, 1, 3))

    def _arrival(self) -> int:
        self._last_in = max(self._last_in, self._time.now + self._delay(self._slow_in), self._silent_until)
        return self._last_in

    def _said(self, event: Event, talk: Talk | None) -> None:
        if self.up:
            self._time.at(self._arrival(), self._hear, self.number, event, self._time.now, talk)

    def _hear(self, number: int, event: Event, stamp: int, talk: Talk | None) -> None:
        if number == self.number:
            if talk is not None:
                talk.heard_ms = self._time.now
            self.on_event(event, stamp)

    # --- out -----------------------------------------------------------------------------------------

    def _departure(self) -> int:
        self._last_out = max(self._last_out, self._time.now + self._delay(self._slow_out), self._silent_until)
        return self._last_out

    def send(self, commands: Sequence[Command], knew_ms: int) -> None:
        """All in one write."""
        when = self._departure()
        for command in commands:
            if self.up:
                self._time.at(when, self._do, self.number, command, knew_ms)
                if moved(command) is not None:
                    self._moving.add(command.id)

    @property
    def moving(self) -> bool:
        """Whether a command that takes a caller somewhere is not answered yet."""
        return bool(self._moving)

    def _do(self, number: int, command: Command, knew_ms: int) -> None:
        """What a broken connection had already carried may be done all the same; its answer is lost."""
        if number == self._void:
            return
        if number != self.number and (self.pbx.born_ms > knew_ms or self._rng.random() < 0.5):
            return
        why = self.pbx.do(command, knew_ms)
        if number == self.number:
            self._time.at(self._arrival(), self._answered, number, command, why)

    def _answered(self, number: int, command: Command, why: str) -> None:
        self._moving.discard(command.id)
        if number == self.number and why:
            self._fail(command, why)

    def _fail(self, command: Command, why: str) -> None:
        if not isinstance(command, SetAnnouncement | SetFallback | SetHours):
            self.on_event(ev.CommandFailed(command.id, why), self._time.now)

    def beat(self, count: int) -> None:
        if self.up:
            self._time.at(self._departure(), self._beaten, self.number, count)

    def _beaten(self, number: int, count: int) -> None:
        if number == self.number:
            self.pbx.beat(count)

    def ping(self, then: Callable[[], None]) -> None:
        """Ask for a sign of life: `then` comes after all that was said until it was answered."""
        self._time.at(self._departure(), self._pinged, self.number, then)

    def _pinged(self, number: int, then: Callable[[], None]) -> None:
        if number == self.number:
            self._time.at(self._arrival(), self._ponged, number, then)

    def _ponged(self, number: int, then: Callable[[], None]) -> None:
        if number == self.number:
            then()

    def delete(self, leg: Leg) -> None:
        """A row of the ledger is recorded: it may go."""
        if self.up:
            self._time.at(self._departure(), self._deleted, self.number, leg)

    def _deleted(self, number: int, leg: Leg) -> None:
        if number == self.number:
            self.pbx.ledger.delete(leg)

    # --- lists ---------------------------------------------------------------------------------------

    def ask(self, what: Callable[[Pbx], Any], then: Callable[[Any], None]) -> None:
        """Ask for a list: `then` gets it at the place in the stream where it was made."""
        if self.up:
            self._time.at(self._departure(), self._list, self.number, what, then)

    def _list(self, number: int, what: Callable[[Pbx], Any], then: Callable[[Any], None]) -> None:
        if number == self.number:
            self._time.at(self._arrival(), self._listed, number, what(self.pbx), then)

    def _listed(self, number: int, found: Any, then: Callable[[Any], None]) -> None:
        if number == self.number:
            then(found)
