"""What goes wrong in a run, and when: kills, cuts, stalls, silences, deaths, looks for drift."""

from collections.abc import Callable

from routing import events as ev
from tests.model.book import Book
from tests.model.daemon import Daemon
from tests.model.pbx import Pbx
from tests.model.settings import START_MS, Settings
from tests.model.timeline import Timeline


class Faults:
    """Each fault that is on happens at random moments until the last caller has come."""

    def __init__(self, pbx: Pbx, daemon: Daemon, time: Timeline, settings: Settings, book: Book) -> None:
        self._pbx, self._daemon, self._time, self._book = pbx, daemon, time, book
        self._rng = settings.random("faults")
        self._until = START_MS + settings.seconds * 1000
        self._dead_until = 0
        for fault, every, do in (
            ("stall", 30_000, self._stall),
            ("stuck_commit", 40_000, self._stick),
            ("kill", 60_000, self._kill),
            ("cut", 40_000, self._cut),
            ("silence", 60_000, self._silence),
            ("pbx_death", 120_000, self._die),
            ("drift", 8_000, self._drift),
            ("emergency", 40_000, self._announce),
        ):
            if settings.has(fault):
                self._again(fault, every, do)
        if not settings.has("drift"):
            self._again("look", 60_000, self._drift)

    def _again(self, fault: str, every: int, do: Callable[[], None]) -> None:
        self._time.after(5_000 + int(self._rng.expovariate(1 / every)), self._happen, fault, every, do)

    def _happen(self, fault: str, every: int, do: Callable[[], None]) -> None:
        if self._time.now < self._until:
            self._book.did(fault)
            self._book.tell(self._time.now, "FAULT", fault)
            do()
            self._again(fault, every, do)

    def _length(self, *borders: int) -> int:
        """Mostly short, now and then long."""
        place = self._rng.randrange(len(borders) - 1)
        return self._rng.randrange(borders[place], borders[place + 1])

    def _stall(self) -> None:
        self._daemon.loop.stall(self._length(20, 400, 3_000, 20_000))

    def _stick(self) -> None:
        self._daemon.loop.stick(self._length(100, 900, 3_000, 12_000))

    def _announce(self) -> None:
        """On, another one, or off; seldom one that ends calls, and not for long."""
        sounds = self._rng.choice(
            ((), (("de", "fire"), ("und", "stock")), (("de", "flood"), ("und", "stock")))
        )
        ends = bool(sounds) and self._rng.random() < 0.2
        self._daemon.put(ev.AnnouncementSet(sounds, ends))
        if ends:
            self._time.after(5_000, self._daemon.put, ev.AnnouncementSet((), False))

    def _cut(self) -> None:
        self._daemon.cut(self._rng.choice((0, 1, 5, 200)))

    def _silence(self) -> None:
        self._daemon.silence(self._length(300, 3_900, 20_000))

    def _drift(self) -> None:
        self._daemon.drift()

    def _kill(self) -> None:
        if self._daemon.alive:
            self._daemon.kill()
            self._time.after(self._length(50, 2_000, 15_000, 40_000), self._daemon.start)

    def _die(self) -> None:
        """Asterisk is back after some seconds; until then nobody can connect."""
        if self._time.now < self._dead_until:
            return
        down = self._rng.randrange(1_000, 8_000)
        self._dead_until = self._time.now + down
        self._pbx.die()
        self._daemon.cut(self._rng.choice((0, 1, 5)))
        self._daemon.wire.refuse(down)
