"""The states of a person at the phone, as tables: presence is what they want, activity what they do.

An event that a table does not list is refused and changes nothing. What is shown to others is derived
from presence, activity and the phone's device state in one place, `shown`.
"""

from typing import Final

# --- presence: does this person take calls at all? ---------------------------------------------------

LOGGED_OUT: Final = "logged_out"
READY: Final = "ready"
NOT_READY: Final = "not_ready"
AWAY: Final = "away"

AT_WORK: Final = frozenset({READY, NOT_READY})
"""Who is away did not take what they were offered: nobody knows whether they are there."""

LOGIN: Final = "login"
LOGOUT: Final = "logout"
ASK_READY: Final = "ready"
ASK_NOT_READY: Final = "notready"
MISSED_TOO_OFTEN: Final = "missed_too_often"

WRAP_LONGER: Final = "wrap_longer"
WRAP_OVER: Final = "wrap_over"
"""Asked for while something is written up: they leave presence as it is."""

PRESENCE: Final[dict[tuple[str, str], str]] = {
    (LOGGED_OUT, LOGIN): READY,
    (READY, LOGIN): READY,
    (NOT_READY, LOGIN): READY,
    (AWAY, LOGIN): READY,
    (LOGGED_OUT, LOGOUT): LOGGED_OUT,
    (READY, LOGOUT): LOGGED_OUT,
    (NOT_READY, LOGOUT): LOGGED_OUT,
    (AWAY, LOGOUT): LOGGED_OUT,
    (READY, ASK_READY): READY,
    (NOT_READY, ASK_READY): READY,
    (AWAY, ASK_READY): READY,
    (READY, ASK_NOT_READY): NOT_READY,
    (NOT_READY, ASK_NOT_READY): NOT_READY,
    (AWAY, ASK_NOT_READY): NOT_READY,
    (READY, MISSED_TOO_OFTEN): AWAY,
}
"""Logged out and asking for ready or not ready is refused: log in first."""

# --- activity: what does this person do for one visit? A person may be engaged with several -----------

IDLE: Final = "idle"
RESERVED: Final = "reserved"
RINGING: Final = "ringing"
CALLING: Final = "calling"
TALKING: Final = "talking"
WRAP_UP: Final = "wrap_up"

RESERVE: Final = "reserve"
RING: Final = "ring"
LIFT: Final = "lift"
CONNECT: Final = "connect"
RELEASE: Final = "release"
FINISH: Final = "finish"
WRAPPED: Final = "wrapped"

ACTIVITY: Final[dict[tuple[str, str], str]] = {
    (IDLE, RESERVE): RESERVED,
    (RESERVED, RING): RINGING,
    (RESERVED, RELEASE): IDLE,
    (RINGING, RELEASE): IDLE,
    (RESERVED, LIFT): CALLING,
    (RINGING, LIFT): CALLING,
    (CALLING, RELEASE): IDLE,
    (CALLING, CONNECT): TALKING,
    (RESERVED, CONNECT): TALKING,
    (RINGING, CONNECT): TALKING,
    (IDLE, RING): RINGING,  # the dialplan rings them alone
    (IDLE, CONNECT): TALKING,  # the dialplan connected them alone, or they answered as the lease ran out
    (TALKING, RELEASE): IDLE,  # over as soon as it had begun
    (TALKING, FINISH): WRAP_UP,
    (WRAP_UP, WRAPPED): IDLE,
}

PRESSING: Final = (TALKING, CALLING, RINGING, RESERVED, WRAP_UP)
"""CALLING: lifted, and calls somebody back. Of several engagements the first of these is what others see."""

# --- the phone as Asterisk sees it -------------------------------------------------------------------

IN_USE: Final = frozenset({"INUSE", "BUSY", "RINGING", "RINGINUSE", "ONHOLD"})
USABLE: Final = "NOT_INUSE"
TALKS_ELSEWHERE: Final = "INUSE"
REACHED: Final = IN_USE | {USABLE}
"""What a phone says of itself that can be reached."""

LOST: Final = "LOST"
"""Our own word beside Asterisk's: the phone does not answer the PBX, whatever calls stand on it."""

QUIET: Final = "quiet"
"""Ready but for the quiet time between two calls that they asked for."""

BUSY_OUTSIDE: Final = "busy_outside"
UNREACHABLE: Final = "unreachable"

SHOWN: Final = (
    READY,
    RESERVED,
    RINGING,
    TALKING,
    WRAP_UP,
    NOT_READY,
    AWAY,
    BUSY_OUTSIDE,
    UNREACHABLE,
    LOGGED_OUT,
    QUIET,
    CALLING,
)
"""Every state that pages, metrics and records show. Traces name one by its place here."""


def shown(presence: str, activity: str, device: str, quiet: bool = False) -> str:
    """The one state (of SHOWN) that others see. quiet: their quiet time lasts."""
    if activity != IDLE:
        return activity
    if presence != READY:
        return presence
    if device in IN_USE:
        return BUSY_OUTSIDE
    if device != USABLE:
        return UNREACHABLE
    return QUIET if quiet else READY


def takes_offers(presence: str, activity: str, device: str, quiet: bool = False) -> bool:
    """Whether a caller may be offered: ready, doing nothing for us, the phone is free, no quiet time."""
    return presence == READY and activity == IDLE and device == USABLE and not quiet
