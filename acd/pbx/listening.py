"""A supervisor in a talk: callers are asked for their yes, and a phone of ours is put into it (ChanSpy)."""

import re
from typing import Final

from config import keys
from config.schema import Centre
from routing.listening import BARGE, WHISPER

CONTEXT: Final = "acd-may-listen"
EVENT: Final = "ACDListen"
ID: Final = re.compile(r"ls([0-9]{1,19})")
"""Uniqueid of the supervisor's leg, with the command's id."""
PATIENCE_S: Final = 3
OPTIONS: Final = "qSu"
"""Quiet, over with the talk, the talk's leg by its Uniqueid."""
ALSO: Final = {WHISPER: "w", BARGE: "B"}


def allowed(centre: Centre) -> bool:
    """Whether callers are asked for their yes."""
    agreement = centre.privacy.agreement
    return agreement is not None and bool(agreement.allows)


def goal(centre: Centre) -> str:
    """Where a caller goes on who has been asked all else."""
    return f"{CONTEXT},s,1" if allowed(centre) else "acd-hold,enter,1"


def context(centre: Centre) -> str:
    """Only a yes is one; it stands for this call. Empty where nobody may listen."""
    if not allowed(centre):
        return ""
    return f"""
; --- whether a supervisor may be in their talks: {keys.YES} is yes, everything else is no; asked once ---
[{CONTEXT}]
include => acd-end
exten => s,1,GotoIf($["${{ACD_LISTEN}}"!=""]?acd-hold,enter,1)
 same => n,Set(ACD_LISTEN=0)
 same => n,Playback(acd/listen_question)
 same => n,GotoIf($["${{PLAYBACKSTATUS}}"!="SUCCESS"]?acd-hold,enter,1)
 same => n,Background(acd/listen_yes)
 same => n,WaitExten({PATIENCE_S})
 same => n,Goto(acd-hold,enter,1)
exten => {keys.YES},1,Set(ACD_LISTEN=1)
 same => n,UserEvent({EVENT},Call: ${{ACD_CALL}})
 same => n,Goto(acd-hold,enter,1)
exten => t,1,Goto(acd-hold,enter,1)
exten => i,1,Goto(acd-hold,enter,1)
exten => e,1,Goto(acd-hold,enter,1)
"""


def channel_id(listening: int) -> str:
    """Under which the supervisor's leg is known."""
    return f"ls{listening}"


def listening_of(uid: str) -> int:
    """The command of a supervisor's leg by its Uniqueid; 0 if it is none."""
    found = ID.fullmatch(uid)
    return int(found[1]) if found else 0
