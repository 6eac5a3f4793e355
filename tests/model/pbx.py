"""Asterisk itself: channels come and go, bridges hold and break, events are said, commands are done."""

from collections.abc import Callable
from random import Random
from typing import Any

from routing import events as ev
from routing.commands import (
    BLOCKED,
    NOT_NOW,
    Command,
    Confirm,
    Connect,
    Say,
    SendOutside,
    SetAnnouncement,
    SetFallback,
    SetHours,
    TurnAway,
    Withdraw,
    moved,
)
from routing.events import Event, LedgerRow, Leg, LegSeen
from tests.model.book import Book, Call, Talk
from tests.model.channels import CALLER, PHONE, Channel, Dial, Phone
from tests.model.ledger import Ledger
from tests.model.settings import Settings
from tests.model.timeline import Timeline

TIE_MS = 50
"""An answer so close to the decision that ends its lease is a tie that nobody can win."""
GONE = "Channel does not exist"


class Pbx:
    """One Asterisk. `say` is where events go (the AMI); `dialplan` is set by the dialplan that runs on it."""

    def __init__(self, node: str, time: Timeline, settings: Settings, book: Book) -> None:
        self.node = node
        self.time = time
        self.settings = settings
        self.book = book
        self.rng: Random = settings.random(f"pbx {node}")
        self.channels: dict[Leg, Channel] = {}
        self.phones: dict[str, Phone] = {}
        self.ledger = Ledger()
        self.term = 0
        self.alive = 0
        self.alive_ms = 0
        self.announced: dict[str, tuple[str, ...]] = {}
        self.tells: dict[str, str] = {}
        self.tells_end = False
        self.ended_ms = 0
        self.born_ms = time.now
        self.say: Callable[[Event, Talk | None], None] = lambda _event, _talk: None
        self.on_connect: Callable[[Channel, int, int, str], None] = lambda *_: None
        self.on_hold: Callable[[Channel], None] = lambda _: None
        self.on_closed: Callable[[Channel], None] = lambda _: None
        self.on_outside: Callable[[Channel, str], None] = lambda *_: None
        self.on_caught: Callable[[Channel], None] = lambda _: None
        self._count = 0

    # --- legs ----------------------------------------------------------------------------------------

    def new(self, role: str, phone: str = "", caller: Channel | None = None) -> Channel:
        """A channel with an id that is never used twice."""
        self._count += 1
        leg = Leg(self.node, f"{self.born_ms // 1000}.{self._count}")
        channel = Channel(leg, role, phone, caller)
        self.channels[leg] = channel
        if role == CALLER:
            channel.arrived_ms = self.time.now
            self.book.calls[leg] = Call(leg, self.time.now)
        if phone:
            self.phones[phone].legs.append(channel)
        return channel

    def later(self, channel: Channel, ms: int, do: Callable[..., None], *args: Any) -> None:
        """The channel does this next, unless it is gone or sent elsewhere meanwhile."""
        self.time.after(ms, self._then, channel, channel.turn, do, args)

    def _then(self, channel: Channel, turn: int, do: Callable[..., None], args: tuple[Any, ...]) -> None:
        if not channel.gone and channel.turn == turn:
            do(*args)

    def emit(self, event: Event, talk: Talk | None = None) -> None:
        """Say an event on AMI, at this moment."""
        self.book.tell(self.time.now, self.node, event)
        self.say(event, talk)

    def end(self, channel: Channel, cause: int, *, vanished: bool = False) -> None:
        """The channel is gone: Hangup."""
        if channel.gone:
            return
        channel.gone = True
        self.channels.pop(channel.leg, None)
        self.emit(ev.LegEnded(channel.leg, cause, vanished))
        if channel.phone:
            phone = self.phones[channel.phone]
            phone.legs.remove(channel)
            self.device(phone)

    def end_caller(self, channel: Channel, cause: int, by: str) -> None:
        """The caller is gone, and this is who ended it."""
        if channel.gone:
            return
        call = self.book.calls[channel.leg]
        vanished = by == "vanished"  # the channel's own end tells it; the dialplan takes it for the caller's
        call.ended_ms, call.by = self.time.now, by
        said = "caller" if vanished else by
        self.ledger.ended(channel, self.time.now, said, cause)
        self.emit(ev.CallEnds(channel.leg, said))
        self.end(channel, cause, vanished=vanished)

    def device(self, phone: Phone) -> None:
        """Tell the phone's state in a moment, if it is another one then."""
        self.time.after(self.rng.choice((0, 0, 1, 3)), self._tell_device, phone)

    def _tell_device(self, phone: Phone) -> None:
        state = phone.state
        if state != phone.said and phone.listed:
            phone.said = state
            self.emit(ev.DeviceChanged(phone.name, state, self.node))

    # --- bridges -------------------------------------------------------------------------------------

    def bridge(self, dial: Dial) -> None:
        """Caller and phone talk from now on."""
        caller, leg, now = dial.caller, dial.leg, self.time.now
        caller.bridge = leg.bridge = f"bridge-{leg.leg.uid}"
        talk = Talk(dial.phone, dial.offer, now)
        caller.talk = leg.talk = talk
        self.book.calls[caller.leg].talks.append(talk)
        self.ledger.talk(caller, dial, now)
        self.emit(ev.Bridged(caller.leg, leg.leg, dial.phone), talk)

    def recording(self, caller: Channel, what: str, by: str) -> None:
        """A step of recording this caller: written down and said."""
        caller.steps += 1
        step = ev.LedgerStep(self.time.now, caller.steps, what, by)
        self.book.calls[caller.leg].recording.append(step)
        self.ledger.recording(caller, step)
        self.emit(ev.RecordingTold(caller.leg, what, by, caller.steps))

    def part(self, caller: Channel, by: str) -> Channel | None:
        """The bridge ends; the phone's leg, still there, or None."""
        dial, talk = caller.dial, caller.talk
        if talk is None or dial is None:
            return None
        talk.ended_ms, talk.by = self.time.now, by
        self.ledger.parted(caller, self.time.now)
        caller.bridge = dial.leg.bridge = ""
        caller.talk = dial.leg.talk = None
        caller.dial = None
        dial.over = True
        return dial.leg

    # --- what the daemon asks for --------------------------------------------------------------------

    def do(self, command: Command, knew_ms: int) -> str:
        """Carry out a command; why not, or "". knew_ms: until when its decision knew everything."""
        self.book.tell(self.time.now, self.node, f"does {command}")
        if isinstance(command, SetFallback):
            self.term = command.term
            self.announced = dict(command.phones)
            return ""
        if isinstance(command, SetHours):
            return ""  # who comes all the same is let go from the line
        if isinstance(command, SetAnnouncement):
            self.tells = dict(command.sounds)
            if self.tells_end or command.ends_calls:
                self.ended_ms = self.time.now
            self.tells_end = command.ends_calls
            return ""
        if isinstance(command, Confirm):
            return "" if command.leg in self.channels else GONE
        if (
            not isinstance(command, Connect | Say | TurnAway | SendOutside | Withdraw)
            or moved(command) is None
        ):
            return ""
        channel = self.channels.get(command.caller)
        if channel is None:
            return GONE
        if channel.dying:
            return ""
        has, rng = self.settings.has, self.rng
        if isinstance(command, Connect | TurnAway | SendOutside) and has("swallowed") and rng.random() < 0.05:
            self.book.did("swallowed")
            return ""
        self._judge_redirect(channel, command, knew_ms)
        self.leave(channel)
        if isinstance(command, Say | Withdraw):
            self.on_hold(channel)
            return ""
        if isinstance(command, TurnAway):
            channel.not_now = command.sentence in (NOT_NOW, BLOCKED)
            self.on_closed(channel)
            return ""
        channel.context = "acd-outside" if isinstance(command, SendOutside) else "acd-connect"
        if has("caught") and rng.random() < 0.1:
            self.book.did("caught")
            self.later(channel, rng.choice((0, 1, 200)), self.on_caught, channel)
            return ""
        if isinstance(command, SendOutside):
            self.on_outside(channel, command.destination)
            return ""
        channel.offer = command.id
        self.on_connect(channel, command.id, command.term, command.reach.address)
        return ""

    def _judge_redirect(
        self, channel: Channel, command: Connect | Say | TurnAway | SendOutside | Withdraw, knew_ms: int
    ) -> None:
        """Nobody is taken out of a talk that the daemon could have known of."""
        talk, now = channel.talk, self.time.now
        if talk is None or talk.deaf or self.phones[talk.phone].dead:
            return
        known = talk.heard_ms and talk.heard_ms <= knew_ms and knew_ms - talk.began_ms > TIE_MS
        kind = type(command).__name__
        if known or now - talk.began_ms > 2_000:
            age = now - talk.began_ms
            self.book.blame(
                "torn", f"{kind} {command.id} takes {channel.leg.uid} out of {age} ms of talk", now
            )
        else:
            self.book.did("raced")

    def leave(self, channel: Channel) -> None:
        """A Redirect takes the caller out of whatever they are in."""
        channel.turn += 1
        dial = channel.dial
        if channel.talk is not None:
            leg = self.part(channel, "cut")
            if leg is not None:
                self.end(leg, 16)
        elif dial is not None:
            self.cancel(dial, 16)

    def cancel(self, dial: Dial, cause: int) -> None:
        """A dial that nobody answered ends from the caller's side."""
        if dial.over:
            return
        dial.over, dial.caller.dial = True, None
        if (dialled := self.book.dialled.get(dial.offer)) is not None and not dialled.by:
            dialled.by = "cancelled"
        self.ledger.rang(dial, "CANCEL", self.time.now)
        self.end(dial.leg, cause)

    def beat(self, count: int) -> None:
        """The daemon lives."""
        self.alive, self.alive_ms = count, self.time.now

    # --- what it lists -------------------------------------------------------------------------------

    def status(self) -> tuple[LegSeen, ...]:
        """Every channel, in no order that matters."""
        return tuple(channel.row() for channel in self.channels.values())

    def read_ledger(self) -> tuple[LedgerRow, ...]:
        """What the dialplan wrote down."""
        return self.ledger.read()

    def devices(self) -> tuple[tuple[str, str], ...]:
        """Every phone that ever had a state."""
        return tuple(sorted((phone.name, phone.state) for phone in self.phones.values() if phone.listed))

    def unreachable(self) -> tuple[str, ...]:
        """Phones in a talk of which it knows that nobody answers there."""
        talking = {each.phone for each in self.channels.values() if each.role == PHONE and each.talk}
        dead = {each.name for each in self.phones.values() if each.dead and not each.registered}
        return tuple(sorted(talking & dead))

    def callers(self) -> list[Channel]:
        return [channel for channel in self.channels.values() if channel.role == CALLER]

    # --- its own death -------------------------------------------------------------------------------

    def die(self) -> None:
        """Everything that lives in memory is gone, and nobody says so."""
        now = self.time.now
        self.book.deaths.append(now)
        for channel in self.channels.values():
            channel.gone = True
            channel.turn += 1
            if channel.role == CALLER:
                call = self.book.calls[channel.leg]
                call.ended_ms, call.by = now, "asterisk"
                if channel.talk is not None:
                    channel.talk.ended_ms, channel.talk.by = now, "asterisk"
        self.channels.clear()
        self.tells, self.tells_end = {}, False
        self.ledger.lose_last(now, self.rng.choice((0, 20, 800)))
        for phone in self.phones.values():
            phone.legs.clear()
            phone.said = phone.state
        self.term, self.announced = 0, {}
        self.alive = 0
        self.alive_ms = self.born_ms = now


__all__ = ["CALLER", "PHONE", "Pbx"]
