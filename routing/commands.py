"""Everything the engine can ask of the PBX: immutable values, each with an id that is never used twice."""

from typing import NamedTuple

from agents.model import Reach
from routing.events import Leg


class Connect(NamedTuple):
    """Send the caller to a person: one Redirect into the context that dials.

    id: the offer's id too. The dialplan refuses a term below the one it was told last.
    """

    id: int
    caller: Leg
    reach: Reach
    term: int


class CallBack(NamedTuple):
    """Ring this person, say whom they are to call, and let them dial the number behind `token`.

    id: the offer. visit: the callback; its caller's language, concern and case ("" for none). message: the
    file of what they left, which the person hears, "" for none; then token may be "": nobody can be called.
    """

    id: int
    visit: int
    token: str
    reach: Reach
    term: int
    language: str
    concern: str
    case: str
    message: str = ""


class Listen(NamedTuple):
    """Ring this phone, and put it into the talk of the person's leg. how: of routing.listening.HOW."""

    id: int
    leg: Leg
    how: str
    reach: Reach


class EndListening(NamedTuple):
    """Take whoever listens under this number (Listen.id) out of it."""

    id: int
    listening: int
    node: str


class CancelCallback(NamedTuple):
    """Ring the person of an offer (CallBack.id) no more, and dial nobody for it: whatever stands of it ends.

    node: of their phone.
    """

    id: int
    offer: int
    node: str


class AnswerCallback(NamedTuple):
    """Tell who asked on this leg to be called back what became of it: one of routing.callback.ANSWERS."""

    id: int
    caller: Leg
    answer: str


class Withdraw(NamedTuple):
    """Take the caller out of a dial or a dead talk and put them back on hold.

    sentence: what they hear first (PHONE_LOST), or "".
    """

    id: int
    caller: Leg
    sentence: str = ""


PHONE_LOST = "phone_lost"
"""The connection to the colleague broke; the caller is first in line again."""


class Say(NamedTuple):
    """Let a caller on hold hear sentences, one after the other. An offer goes before them, and nothing
    depends on their end.

    sentences: names of sounds (config/prompts). at_once: whatever the caller hears now is cut short; else
    they follow it.
    """

    id: int
    caller: Leg
    sentences: tuple[str, ...]
    at_once: bool = False


class TurnAway(NamedTuple):
    """Tell a caller who waited that nobody will serve them any more, and let them go.

    sentence: NOT_NOW where somebody may later on the same day, BLOCKED where they threatened us, else "".
    """

    id: int
    caller: Leg
    sentence: str = ""


NOT_NOW = "not_now"
"""Nobody can take the call now."""

BLOCKED = "blocked"
"""They threatened us, and are not served for a while."""


class SendOutside(NamedTuple):
    """Send a caller who waited to somebody outside. destination: the rule of overflow that names them."""

    id: int
    caller: Leg
    destination: str


class CallInterpreter(NamedTuple):
    """Bring an interpreter for `language` into the talk of this caller."""

    id: int
    caller: Leg
    language: str


class Confirm(NamedTuple):
    """Tell who keyed something on this leg (a feature code, a case number) whether it took effect."""

    id: int
    leg: Leg
    accepted: bool


class SetAnnouncement(NamedTuple):
    """Tell the dialplan which emergency announcement to say to who calls: see events.AnnouncementSet. No
    sounds: none. node: the PBX that is told."""

    id: int
    sounds: tuple[tuple[str, str], ...]
    ends_calls: bool
    node: str = ""


class SetHours(NamedTuple):
    """Tell the dialplan for whom somebody in charge closed or opened by hand, and whether nobody new is let
    in line.

    hours: sorted ("language/concern", routing.by_hand.CLOSED or OPEN). until_ms: from then on it no longer
    holds unless it is told anew (epoch ms), 0: for ever. node: the PBX that is told.
    """

    id: int
    hours: tuple[tuple[str, str], ...]
    drains: bool
    until_ms: int
    node: str = ""


class SetFallback(NamedTuple):
    """Tell the dialplan what it needs to go on alone: the term, the phones to ring by language, and whether
    no more messages are taken (full).

    phones: sorted (language, phones) pairs; the pair ("", phones) names everybody who takes calls.
    node: the PBX that is told.
    """

    id: int
    term: int
    phones: tuple[tuple[str, tuple[str, ...]], ...]
    node: str = ""
    full: bool = False


def moved(command: object) -> Leg | None:
    """The caller whom a command takes elsewhere in the dialplan; None if it takes nobody."""
    if isinstance(command, Say):
        return command.caller if command.at_once else None
    return command.caller if isinstance(command, (Connect, Withdraw, TurnAway, SendOutside)) else None


Command = (
    Connect
    | CallBack
    | Listen
    | EndListening
    | CancelCallback
    | AnswerCallback
    | Withdraw
    | Say
    | TurnAway
    | SendOutside
    | CallInterpreter
    | Confirm
    | SetAnnouncement
    | SetHours
    | SetFallback
)
