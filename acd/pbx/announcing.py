"""An emergency announcement recorded by a phone of the staff: its language, its words, what becomes of it.

The sound is a draft until its person has decided. The daemon judges drafts and does what was decided
(ACDDraft, answered by ACD_ACK); while it is dead, the dialplan puts one on alone, for those who call, and
leaves word of it in the global ACD_RECORDED for the daemon that comes back.
"""

from typing import NamedTuple

from acd.pbx import menus
from acd.pbx.place import DRAFTS
from agents.model import UNDETERMINED
from config import prompts
from config.schema import Centre

CONTEXT = "acd-announce"
DECIDED = "acd-draft"
SECONDS_MAX = 60
SILENCE_S = 5
"""Who says nothing for so long has finished."""
CHOICE_S = 15
ACK_STEPS = 20
"""Tenths of a second for which the daemon's answer is waited for."""
CHECK, PUT_ON, KEEP, DROP = "check", "put_on", "keep", "drop"
"""What the daemon is asked for. drop: nobody decided for it, or they threw it away."""
ASKED = (CHECK, PUT_ON, KEEP, DROP)
ALL = "all"
"""In the place of a language: every one."""
LEFT = "ACD_RECORDED"


class Draft(NamedTuple):
    """What a phone asks for a recording. language: a code, or ALL. leg: whom to answer, "" for nobody."""

    name: str
    language: str
    do: str
    phone: str
    leg: str


def left(value: str) -> Draft | None:
    """What the dialplan put on while nobody decided, by the global LEFT; None: nothing."""
    name, _, rest = value.partition("*")
    language, _, phone = rest.partition("*")
    return Draft(name, language, PUT_ON, phone, "") if name and language and phone else None


def context(centre: Centre) -> str:
    """What the code leads to; nothing where none is configured."""
    if not centre.announcement.record_code:
        return ""
    allowed = "\n".join(f"exten => by_{each},1,Goto(s,menu)" for each in centre.announcement.phones)
    keys = "\n".join(menus.choices(CONTEXT, "ACD_FOR", centre.languages))
    file = f"{centre.pbx.folder}/{DRAFTS}/${{ACD_DRAFT}}"
    dropped = (
        "UserEvent(ACDDraft,Phone: ${CHANNEL(endpoint)},Draft: ${ACD_DRAFT},For: ${ACD_FOR},"
        f"Do: {DROP},Leg: ${{UNIQUEID}})"
    )
    codes = (*centre.languages, UNDETERMINED)
    forgotten = "\n".join(
        f' same => n,ExecIf($["${{ACD_TELLS}}"!="1"]?Set(GLOBAL(ACD_TELLS_{each})=))' for each in codes
    )
    told = "\n".join(
        f' same => n,ExecIf($["${{ACD_FOR}}"="{each}" | "${{ACD_FOR}}"="{ALL}"]?'
        f"Set(GLOBAL(ACD_TELLS_{each})={file}))"
        for each in codes
    )
    return f"""
; --- an emergency announcement recorded by a phone of the staff; who hangs up keeps nothing undecided ---
[{CONTEXT}]
exten => s,1,Answer()
 same => n,Set(CHANNEL(language)={centre.announcement.spoken})
 same => n,Set(TIMEOUT(response)={menus.PATIENCE_S})
 same => n,Set(ACD_DRAFT=)
 same => n,Set(ACD_TRIES=0)
 same => n,Set(ACD_PAGE=1)
 same => n,GotoIf($[${{DIALPLAN_EXISTS({CONTEXT},by_${{CHANNEL(endpoint)}},1)}}]?by_${{CHANNEL(endpoint)}},1)
 same => n,Playback(acd/record_not_allowed)
 same => n,Hangup(16)
 same => n(menu),Background(acd/record_menu_${{ACD_PAGE}})
 same => n,WaitExten({menus.PATIENCE_S})
 same => n,Goto(t,1)
{allowed}
exten => {prompts.RECORD_ALL},1,Set(ACD_FOR={ALL})
 same => n,Goto(chosen,1)
exten => *,1,Goto(s,menu)
exten => t,1,Hangup(16)
exten => i,1,Goto(s,menu)
exten => e,1,Hangup(16)
exten => chosen,1,ExecIf($["${{ACD_DRAFT}}"!=""]?{dropped})
 same => n,Set(ACD_DRAFT=draft_${{EPOCH}}_${{FILTER(0-9,${{UNIQUEID}})}})
 same => n,Playback(acd/record_begin)
 same => n,Record({file}.wav16,{SILENCE_S},{SECONDS_MAX},q)
 same => n,Set(ACD_DO={CHECK})
 same => n,Goto({DECIDED},s,1)
{keys}
exten => h,1,Hangup()

; the daemon is asked (ACD_DO); what it does not answer in time it cannot do
[{DECIDED}]
exten => s,1,Set(ACD_ACK=)
 same => n,Set(N=0)
 same => n,UserEvent(ACDDraft,Phone: ${{CHANNEL(endpoint)}},Draft: ${{ACD_DRAFT}},For: ${{ACD_FOR}},\
Do: ${{ACD_DO}},Leg: ${{UNIQUEID}})
 same => n(wait),GotoIf($["${{ACD_ACK}}"!=""]?done)
 same => n,Wait(0.1)
 same => n,Set(N=$[${{N}}+1])
 same => n,GotoIf($[${{N}}<{ACK_STEPS}]?wait)
 same => n(done),Goto(${{ACD_DO}},1)
exten => {CHECK},1,GotoIf($["${{ACD_ACK}}"="refused"]?quiet)
 same => n,Background({file}&acd/record_choice)
 same => n,WaitExten({CHOICE_S})
 same => n,Goto(t,1)
 same => n(quiet),Set(ACD_TRIES=$[${{ACD_TRIES}}+1])
 same => n,GotoIf($[${{ACD_TRIES}}>={menus.TRIES}]?failed,1)
 same => n,Playback(acd/record_quiet)
 same => n,Goto({CONTEXT},chosen,1)
exten => 1,1,Set(ACD_DO={PUT_ON})
 same => n,Goto(s,1)
exten => 2,1,Set(ACD_DO={KEEP})
 same => n,Goto(s,1)
exten => 3,1,Goto({CONTEXT},chosen,1)
exten => 4,1,Set(ACD_DO={DROP})
 same => n,Goto(s,1)
exten => i,1,Set(ACD_ACK=)
 same => n,Goto({CHECK},1)
exten => t,1,Set(ACD_DO={DROP})
 same => n,Goto(s,1)
exten => e,1,Hangup(16)
exten => {PUT_ON},1,GotoIf($["${{ACD_ACK}}"="refused"]?failed,1)
 same => n,GotoIf($["${{ACD_ACK}}"!=""]?on)
{forgotten}
{told}
 same => n,ExecIf($["${{ACD_TELLS}}"!="1"]?Set(GLOBAL(ACD_TELLS_END)=))
 same => n,Set(GLOBAL({LEFT})=${{ACD_DRAFT}}*${{ACD_FOR}}*${{CHANNEL(endpoint)}})
 same => n,Set(GLOBAL(ACD_TELLS)=1)
 same => n,Set(ACD_DRAFT=)
 same => n,Playback(acd/record_on_alone)
 same => n,Hangup(16)
 same => n(on),Set(ACD_DRAFT=)
 same => n,Playback(acd/record_on)
 same => n,Hangup(16)
exten => {KEEP},1,GotoIf($["${{ACD_ACK}}"!="ok"]?failed,1)
 same => n,Set(ACD_DRAFT=)
 same => n,Playback(acd/record_kept)
 same => n,Hangup(16)
exten => {DROP},1,Set(ACD_DRAFT=)
 same => n,Playback(acd/record_dropped)
 same => n,Hangup(16)
exten => failed,1,{dropped}
 same => n,Set(ACD_DRAFT=)
 same => n,Playback(acd/record_failed)
 same => n,Hangup(16)
; whoever hangs up undecided: nothing is kept
exten => h,1,ExecIf($["${{ACD_DRAFT}}"!="" & "${{ACD_DO}}"="{CHECK}"]?{dropped})
 same => n,Hangup()
"""
