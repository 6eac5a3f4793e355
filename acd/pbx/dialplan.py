"""From the centre to Asterisk's extensions.conf: everything a call can do without the daemon.

Each context is a state that Asterisk alone can finish. The daemon moves callers by Redirect; what it is
told, and by which words, is the contract that acd/pbx/translate.py reads.
"""

from datetime import date

from acd.pbx import (
    announcing,
    calling,
    case_line,
    consent,
    contexts,
    display,
    emergency,
    listening,
    menus,
    message,
    opening_hours,
    outside,
    waiting,
)
from config.schema import Centre
from config.tables.calls import STAFF_CODES


def extensions(centre: Centre, today: date, marks: str = "") -> str:
    """The whole extensions.conf. `today` decides for which years holidays are written out; marks: lines of
    [globals] that say what the files were made from."""
    parts = [
        _globals(marks + display.names(centre)),
        menus.trunk(centre),
        menus.language(centre),
        menus.ANNOUNCED,
        menus.concern(centre),
        case_line.context(centre),
        consent.question(centre),
        listening.context(centre),
        opening_hours.hours(centre, today),
        waiting.hold(centre),
        waiting.connect(centre),
        waiting.degraded(centre),
        outside.context(centre),
        calling.asking(centre),
        message.context(centre),
        calling.context(centre),
        consent.recorder(centre),
        contexts.end(message.at_the_end(centre)),
        contexts.FORGET,
        _phones(centre),
        emergency.context(),
        announcing.context(centre),
    ]
    return "\n".join(part.strip("\n") + "\n" for part in parts if part)


def _globals(marks: str) -> str:
    return f"""
; Rendered from the centre's configuration; changes belong there.
[general]
static=yes
writeprotect=yes
autofallthrough=no
clearglobalvars=no

[globals]
ACD_PLAN={contexts.PLAN}
{marks}; What the daemon sets (ACD_TERM, ACD_ALIVE, ACD_PHONES) is not named here: a reload would set it back.
"""


def _phones(centre: Centre) -> str:
    lines = [
        "; --- what phones of the staff may dial: feature codes and help, nothing else ---",
        "[acd-phones]",
    ]
    lines += [f"exten => {number},1,Goto(acd-emergency,{number},1)" for number in emergency.NUMBERS]
    for code, action in STAFF_CODES.items():
        lines.append(f"exten => {code},1,Set(ACD_ACTION={action})")
        lines.append(" same => n,Goto(acd-staff,s,1)")
    if code := centre.announcement.record_code:
        lines.append(f"exten => {code},1,Goto({announcing.CONTEXT},s,1)")
    lines += [f"exten => {each},1,Hangup(1)" for each in "tie"]
    lines.append(
        """
[acd-staff]
exten => s,1,Answer()
 same => n,Set(CHANNEL(language)=de)
 same => n,Set(N=0)
 same => n,UserEvent(ACDStaff,Phone: ${CHANNEL(endpoint)},Action: ${ACD_ACTION},Leg: ${UNIQUEID})
 same => n(wait),GotoIf($["${ACD_ACK}"!=""]?done)
 same => n,Wait(0.1)
 same => n,Set(N=$[${N}+1])
 same => n,GotoIf($[${N}<20]?wait)
 same => n(done),Playback(acd/staff_${IF($["${ACD_ACK}"="ok"]?${ACD_ACTION}:failed)})
 same => n,Hangup(16)
exten => t,1,Hangup(16)
exten => i,1,Hangup(16)
exten => e,1,Hangup(16)"""
    )
    return "\n".join(lines)
