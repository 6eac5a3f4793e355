"""A visit: its kinds, the legs it holds, and its states as a table, from the greeting to exactly one end."""

from typing import Final

# --- kinds: how somebody came to us -----------------------------------------------------------------------

VOICE: Final = "voice"
CALLBACK: Final = "callback"
MESSAGE: Final = "message"
WEB: Final = "web"

KINDS: Final = (VOICE, CALLBACK, MESSAGE, WEB)

OUTBOUND: Final = frozenset({CALLBACK, MESSAGE, WEB})
"""Who is called by us: asked for on the line, left a message, or asked by web."""

# --- legs: who is on the line -----------------------------------------------------------------------------

CALLER: Final = "caller"
PHONE: Final = "phone"
CONSULTATION: Final = "consultation"
INTERPRETER: Final = "interpreter"

ROLES: Final = (CALLER, PHONE, CONSULTATION, INTERPRETER)

# --- states -----------------------------------------------------------------------------------------------

GREETED: Final = "greeted"
WAITING: Final = "waiting"
OFFERED: Final = "offered"
RINGING: Final = "ringing"
TALKING: Final = "talking"
PARTING: Final = "parting"
DEGRADED: Final = "degraded"
LEAVING: Final = "leaving"
CLOSING: Final = "closing"
OUTSIDE: Final = "outside"
PROMISED: Final = "promised"
CALLING: Final = "calling"
ENDED: Final = "ended"

STATES: Final = (
    GREETED,
    WAITING,
    OFFERED,
    RINGING,
    TALKING,
    PARTING,
    DEGRADED,
    LEAVING,
    CLOSING,
    OUTSIDE,
    PROMISED,
    CALLING,
    ENDED,
)
"""PARTING: the phone's leg of a talk is gone; the caller's is about to end, or to be on hold again. LEAVING:
let go from the line by us; CLOSING: hears that we are closed. OUTSIDE: rings
at or talks with somebody who is none of us. PROMISED: hears that they will be called back, and goes. CALLING:
who is to call them back has lifted, and their telephone rings or is about to."""

ARRIVE: Final = "arrive"
CHOOSE: Final = "choose"
QUEUE: Final = "queue"
ADD_LANGUAGE: Final = "add_language"
CHOOSE_ANEW: Final = "choose_anew"
OFFER: Final = "offer"
RING: Final = "ring"
CONNECT: Final = "connect"
PART: Final = "part"
RETURN: Final = "return"
DEGRADE: Final = "degrade"
DISMISS: Final = "dismiss"
TURN_AWAY: Final = "turn_away"
GO_OUTSIDE: Final = "go_outside"
PROMISE: Final = "promise"
LIFT: Final = "lift"
END: Final = "end"

TRANSITIONS: Final[dict[tuple[str, str], str]] = {
    (GREETED, ARRIVE): GREETED,
    (GREETED, CHOOSE): GREETED,
    (GREETED, QUEUE): WAITING,
    (GREETED, TURN_AWAY): CLOSING,
    (GREETED, DEGRADE): DEGRADED,
    (GREETED, CONNECT): TALKING,  # what led there was lost
    (GREETED, END): ENDED,
    (WAITING, QUEUE): WAITING,
    (WAITING, ADD_LANGUAGE): WAITING,
    (WAITING, CHOOSE_ANEW): GREETED,
    (WAITING, OFFER): OFFERED,
    (WAITING, DEGRADE): DEGRADED,
    (WAITING, CONNECT): TALKING,  # answered in the instant in which the offer was given up
    (WAITING, TURN_AWAY): CLOSING,
    (WAITING, GO_OUTSIDE): OUTSIDE,  # the redirect was given up, and took hold after all
    (WAITING, END): ENDED,
    (WAITING, DISMISS): LEAVING,
    (LEAVING, QUEUE): LEAVING,  # said on hold just before the redirect took the caller away
    (LEAVING, ADD_LANGUAGE): LEAVING,
    (LEAVING, CHOOSE_ANEW): LEAVING,
    (LEAVING, DEGRADE): DEGRADED,
    (LEAVING, RETURN): WAITING,  # the redirect did not take hold
    (LEAVING, CONNECT): TALKING,  # nor did it, and somebody took them who was not heard of
    (LEAVING, TURN_AWAY): CLOSING,
    (LEAVING, GO_OUTSIDE): OUTSIDE,
    (LEAVING, END): ENDED,
    (OFFERED, QUEUE): OFFERED,  # said on hold just before the redirect took the caller away
    (OFFERED, ADD_LANGUAGE): OFFERED,
    (OFFERED, CHOOSE_ANEW): OFFERED,
    (OFFERED, DEGRADE): OFFERED,
    (OFFERED, GO_OUTSIDE): OFFERED,  # said just before the redirect took the caller away
    (OFFERED, RING): RINGING,
    (OFFERED, CONNECT): TALKING,
    (OFFERED, RETURN): WAITING,
    (OFFERED, END): ENDED,
    (RINGING, QUEUE): RINGING,
    (RINGING, CONNECT): TALKING,
    (RINGING, RETURN): WAITING,
    (RINGING, END): ENDED,
    (TALKING, CONNECT): TALKING,
    (TALKING, PART): PARTING,
    (TALKING, QUEUE): WAITING,  # the caller says on hold what the phone's leg has not said yet
    (TALKING, DEGRADE): DEGRADED,
    (TALKING, END): ENDED,
    (PARTING, QUEUE): WAITING,
    (PARTING, RETURN): WAITING,
    (PARTING, CONNECT): TALKING,
    (PARTING, DEGRADE): DEGRADED,
    (PARTING, TURN_AWAY): CLOSING,
    (PARTING, END): ENDED,
    (DEGRADED, DEGRADE): DEGRADED,
    (DEGRADED, ADD_LANGUAGE): DEGRADED,
    (DEGRADED, QUEUE): WAITING,
    (DEGRADED, CONNECT): TALKING,
    (DEGRADED, TURN_AWAY): CLOSING,
    (DEGRADED, GO_OUTSIDE): OUTSIDE,
    (DEGRADED, END): ENDED,
    (OUTSIDE, GO_OUTSIDE): OUTSIDE,
    (OUTSIDE, QUEUE): WAITING,
    (OUTSIDE, CHOOSE_ANEW): GREETED,
    (OUTSIDE, DEGRADE): DEGRADED,
    (OUTSIDE, CONNECT): TALKING,  # what led there was lost
    (OUTSIDE, TURN_AWAY): CLOSING,
    (OUTSIDE, END): ENDED,
    (GREETED, PROMISE): PROMISED,
    (WAITING, PROMISE): PROMISED,
    (LEAVING, PROMISE): PROMISED,
    (DEGRADED, PROMISE): PROMISED,
    (CLOSING, PROMISE): PROMISED,
    (PROMISED, PROMISE): PROMISED,
    (PROMISED, QUEUE): WAITING,  # they stayed after all
    (PROMISED, CHOOSE_ANEW): GREETED,
    (PROMISED, DEGRADE): DEGRADED,
    (PROMISED, TURN_AWAY): CLOSING,
    (PROMISED, GO_OUTSIDE): OUTSIDE,
    (PROMISED, CONNECT): TALKING,  # an offer of before took hold
    (PROMISED, END): ENDED,
    (OFFERED, LIFT): CALLING,
    (RINGING, LIFT): CALLING,
    (CALLING, CONNECT): TALKING,
    (CALLING, RETURN): WAITING,
    (CALLING, END): ENDED,
    (CLOSING, TURN_AWAY): CLOSING,
    (CLOSING, END): ENDED,
}

LEGS_NEEDED: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(
        (GREETED, WAITING, OFFERED, RINGING, PARTING, DEGRADED, LEAVING, CLOSING, OUTSIDE, PROMISED),
        frozenset({CALLER}),
    ),
    CALLING: frozenset({PHONE}),
    TALKING: frozenset({CALLER, PHONE}),
}
"""What a state cannot be without. Without the phone's leg a talk parts, without the caller's a visit ends."""

WITHOUT_LEGS: Final = frozenset(
    (kind, state) for kind in (CALLBACK, MESSAGE, WEB) for state in (WAITING, OFFERED, RINGING)
)
"""What waits although nobody is on the line: a callback before it is dialled, a message, a request."""


def needs(kind: str, state: str) -> frozenset[str]:
    """The roles whose legs a visit of this kind needs in this state."""
    return frozenset() if (kind, state) in WITHOUT_LEGS else LEGS_NEEDED[state]


# --- what who waits has to expect (routing.closing) --------------------------------------------------------

SERVED: Final = ""
"""What who waits now has to expect: to be served as always."""
NOBODY_HERE: Final = "nobody_here"
"""We are open, but nobody is at work: who stays is served when somebody comes."""
LAST_IN_LINE: Final = "last_in_line"
"""We have closed; who is in line is still served."""
OVER: Final = "over"
"""We have closed, and nobody serves who still waits."""

# --- the interpreter of a talk --------------------------------------------------------------------------

NO_INTERPRETER: Final = ""
CALLED: Final = "called"
PRESENT: Final = "present"
MISSED: Final = "missed"
LEFT: Final = "left"

CALL_INTERPRETER: Final = "call_interpreter"
JOIN: Final = "join"
FAIL: Final = "fail"
LEAVE: Final = "leave"

INTERPRETING: Final[dict[tuple[str, str], str]] = {
    (NO_INTERPRETER, CALL_INTERPRETER): CALLED,
    (CALLED, JOIN): PRESENT,
    (CALLED, FAIL): MISSED,
    (PRESENT, LEAVE): LEFT,
}
"""Only while the visit is talking; caller and person talk on whatever becomes of the interpreter."""
