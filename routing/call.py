"""The states of a visit as a table: from the greeting to exactly one end."""

from typing import Final

GREETED: Final = "greeted"
WAITING: Final = "waiting"
OFFERED: Final = "offered"
RINGING: Final = "ringing"
TALKING: Final = "talking"
DEGRADED: Final = "degraded"
CLOSING: Final = "closing"
ENDED: Final = "ended"

STATES: Final = (GREETED, WAITING, OFFERED, RINGING, TALKING, DEGRADED, CLOSING, ENDED)

ARRIVE: Final = "arrive"
CHOOSE: Final = "choose"
QUEUE: Final = "queue"
ADD_LANGUAGE: Final = "add_language"
OFFER: Final = "offer"
RING: Final = "ring"
CONNECT: Final = "connect"
RETURN: Final = "return"
DEGRADE: Final = "degrade"
TURN_AWAY: Final = "turn_away"
END: Final = "end"

TRANSITIONS: Final[dict[tuple[str, str], str]] = {
    (GREETED, ARRIVE): GREETED,
    (GREETED, CHOOSE): GREETED,
    (GREETED, QUEUE): WAITING,
    (GREETED, TURN_AWAY): CLOSING,
    (GREETED, DEGRADE): DEGRADED,
    (GREETED, END): ENDED,
    (WAITING, QUEUE): WAITING,
    (WAITING, ADD_LANGUAGE): WAITING,
    (WAITING, OFFER): OFFERED,
    (WAITING, DEGRADE): DEGRADED,
    (WAITING, CONNECT): TALKING,  # answered in the instant in which the offer was given up
    (WAITING, RETURN): WAITING,
    (WAITING, END): ENDED,
    (OFFERED, QUEUE): OFFERED,  # said on hold just before the redirect took the caller away
    (OFFERED, ADD_LANGUAGE): OFFERED,
    (OFFERED, DEGRADE): OFFERED,
    (OFFERED, RING): RINGING,
    (OFFERED, CONNECT): TALKING,
    (OFFERED, RETURN): WAITING,
    (OFFERED, END): ENDED,
    (RINGING, QUEUE): RINGING,
    (RINGING, RING): RINGING,
    (RINGING, CONNECT): TALKING,
    (RINGING, RETURN): WAITING,
    (RINGING, END): ENDED,
    (TALKING, CONNECT): TALKING,
    (TALKING, END): ENDED,
    (DEGRADED, DEGRADE): DEGRADED,
    (DEGRADED, ADD_LANGUAGE): DEGRADED,
    (DEGRADED, QUEUE): WAITING,
    (DEGRADED, CONNECT): TALKING,
    (DEGRADED, END): ENDED,
    (CLOSING, TURN_AWAY): CLOSING,
    (CLOSING, END): ENDED,
}

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
