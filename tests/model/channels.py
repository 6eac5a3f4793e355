"""What Asterisk holds: channels, the phones of the staff, and a dial on its way."""

from dataclasses import dataclass, field

from routing.events import Leg, LegSeen
from tests.model.book import Talk

CALLER = "caller"
PHONE = "phone"
STAFF = "staff"
PRIVATE = "private"


@dataclass(slots=True, eq=False)
class Channel:
    """A leg. turn: rises with every jump, so that what was planned before it does not happen any more.

    seen, since_ms: the daemon's beat as this caller's loop saw it last, and when. dying: hung up, not yet
    gone. not_now: let go by an overflow. records: the caller said yes to a recording, and nobody stopped one;
    steps: what was told of it.
    """

    leg: Leg
    role: str
    phone: str = ""
    caller: "Channel | None" = None
    context: str = ""
    bridge: str = ""
    turn: int = 0
    gone: bool = False
    dying: bool = False
    language: str = ""
    concern: str = ""
    second: str = ""
    arrived_ms: int = 0
    queued_ms: int = 0
    offer: int = 0
    answered_ms: int = 0
    records: bool = False
    steps: int = 0
    seen: int = -1
    since_ms: int = 0
    shut_ms: int = 0
    anew_ms: int = 0
    not_now: bool = False
    dial: "Dial | None" = None
    talk: Talk | None = None

    def row(self) -> LegSeen:
        """As Status lists it."""
        caller = self.caller.leg if self.caller is not None else self.leg
        own = self.role == CALLER
        return LegSeen(
            leg=self.leg,
            caller=caller,
            phone=self.phone,
            context=self.context,
            bridge=self.bridge,
            up=own or bool(self.answered_ms),
            language=self.language,
            concern=self.concern,
            second=self.second,
            arrived_ms=self.arrived_ms // 1000 * 1000,
            queued_ms=self.queued_ms // 1000 * 1000,
            offer=self.offer,
            answered_ms=self.answered_ms // 1000 * 1000,
        )


@dataclass(slots=True, eq=False)
class Dial:
    """One Dial of the dialplan. offer: 0 where it rings by itself (alone)."""

    caller: Channel
    leg: Channel
    phone: str
    offer: int
    alone: bool
    began_ms: int
    rang: bool = False
    over: bool = False


@dataclass(slots=True, eq=False)
class Phone:
    """A phone: whether it is registered, whether anybody is behind its socket, and its channels.

    listed: whether Asterisk has ever had a state of it. said: the state that was last told.
    """

    name: str
    registered: bool = True
    dead: bool = False
    listed: bool = True
    died_ms: int = 0
    legs: list[Channel] = field(default_factory=list)
    said: str = "NOT_INUSE"

    @property
    def dialled(self) -> bool:
        """Whether a Dial to it is open and not answered, whatever its device state says."""
        return any(leg.role == PHONE and not leg.answered_ms for leg in self.legs)

    @property
    def state(self) -> str:
        """As Asterisk names it."""
        if not self.legs:
            return "NOT_INUSE" if self.registered else "UNAVAILABLE"
        up = any(leg.answered_ms for leg in self.legs)
        rings = any(leg.dial is not None and leg.dial.rang and not leg.answered_ms for leg in self.legs)
        if up:
            return "RINGINUSE" if rings else "INUSE"
        return "RINGING" if rings else "NOT_INUSE"
