"""Recording a talk: only after the caller's yes, and until either side stops it by a key in the talk.

What records runs on the phone's leg, which alone hears both voices to the end. The yes is the caller's
variable ACD_RECORD: it stands for every talk of the call, and is taken back for all that are left. The codes
are Asterisk's own (applicationmap): no key that somebody presses in a talk comes to the daemon. Where the
centre records nothing, nothing of this stands in the dialplan.
"""

from acd.pbx import listening
from acd.pbx.contexts import note
from config.keys import YES
from config.schema import Centre
from routing.facts import BY_CALLER, BY_STAFF, CONSENTED, PAUSED, REFUSED, RESUMED, STARTED, STOPPED

CONTEXT = "acd-consent"
PATIENCE_S = 3
"""How long the question waits for a key. Silence is a no."""
KEY_PAUSE_MS = 2000
"""Between two keys of a code in the talk."""
TELL = "av(ACD_LANG=${MASTER_CHANNEL(ACD_LANG)})"


def goal(centre: Centre) -> str:
    """Where a caller goes on who has a language and a concern."""
    return f"{CONTEXT},s,1" if centre.recording.allowed else listening.goal(centre)


def question(centre: Centre) -> str:
    """Whether this caller's talks may be recorded, in their language. Only a yes is one.

    It is asked once a call: the answer stands, also for who is back in the menus. The question is heard to
    its end: keys that are pressed before were meant for a menu, and are no answer.
    """
    if not centre.recording.allowed:
        return ""
    return f"""
; --- whether they may be recorded: {YES} is yes, everything else is no ---
[{CONTEXT}]
include => acd-end
exten => s,1,GotoIf($["${{ACD_STEP}}"!=""]?{listening.goal(centre)})
 same => n,Playback(acd/consent_question)
 same => n,GotoIf($["${{PLAYBACKSTATUS}}"!="SUCCESS"]?no,1)
 same => n,Background(acd/consent_yes)
 same => n,WaitExten({PATIENCE_S})
 same => n,Goto(no,1)
exten => {YES},1,Set(ACD_RECORD=1)
 same => n,Set(ACD_STEP=1)
{_said(CONSENTED, BY_CALLER, "ACD_CALL")}
 same => n,Goto({listening.goal(centre)})
exten => no,1,Set(ACD_RECORD=0)
 same => n,Set(ACD_STEP=1)
{_said(REFUSED, BY_CALLER, "ACD_CALL")}
 same => n,Goto({listening.goal(centre)})
exten => t,1,Goto(no,1)
exten => i,1,Goto(no,1)
exten => e,1,Goto(no,1)
"""


def _said(what: str, by: str, call: str) -> str:
    """Lines that write down and say a step (ACD_STEP); call: the variable with the caller's Uniqueid."""
    return f"""\
 same => n,{note("m${ACD_STEP}", what, by, call=call)}
 same => n,UserEvent(ACDRecord,Call: ${{{call}}},What: {what},By: {by},Step: ${{ACD_STEP}})"""


def _told(what: str, by: str = "") -> str:
    """Lines on the phone's leg that count, write down and say a step; the count is the caller's."""
    return f"""\
 same => n,Set(ACD_STEP=$[0${{MASTER_CHANNEL(ACD_STEP)}}+1])
 same => n,Set(MASTER_CHANNEL(ACD_STEP)=${{ACD_STEP}})
{_said(what, by, "ACD_LEG")}"""


def _tell(what: str) -> str:
    """Both sides hear it over their talk, in the caller's language."""
    return f"Originate(Local/${{UNIQUEID}}@acd-tell/n,exten,acd-told,{what},1,,{TELL})"


def _codes(side: str) -> str:
    """The application that lets a leg use the codes if this call is recorded, and no others."""
    names = "#".join(f"acd-{what}-{side}" for what in (STOPPED, PAUSED))
    return f'Set(DYNAMIC_FEATURES=${{IF($["${{ACD_RECORD}}"="1"]?{names})}})'


def callers_codes(centre: Centre) -> str:
    """Lines on the caller's leg before it dials."""
    return f" same => n,{_codes(BY_CALLER)}\n" if centre.recording.allowed else ""


def phones_codes(centre: Centre) -> str:
    """Lines on the phone's leg before it rings. ARG2: the caller's ACD_RECORD."""
    if not centre.recording.allowed:
        return ""
    return f" same => n,Set(ACD_RECORD=${{ARG2}})\n same => n,{_codes(BY_STAFF)}\n"


def answered(centre: Centre) -> str:
    """Lines on the phone's leg when it is answered: who serves this caller hears that they are recorded."""
    if not centre.recording.allowed:
        return ""
    return """\
 same => n,GotoIf($["${ARG2}"!="1"]?unheard)
 same => n,Set(CHANNEL(language)=de)
 same => n,Playback(acd/staff_recorded)
 same => n(unheard),NoOp()
"""


def begins(centre: Centre) -> str:
    """Lines on the phone's leg when the talk begins. ARG1: the offer."""
    if not centre.recording.allowed:
        return ""
    return ' same => n,GosubIf($["${ARG2}"="1"]?acd-record,start,1(${ARG1}))\n'


def recorder(centre: Centre) -> str:
    """What begins, pauses and ends a recording, on the phone's leg; ARG1 of a code says whose key it was.

    Asterisk's own number of the recording (ACD_TAPE) is there while it runs. A pause ends it, and it goes on
    behind in the same file: what is said in a pause is nowhere. Who paused goes on, nobody else; a talk that
    breaks in a pause is followed by none that is recorded.
    """
    if not centre.recording.allowed:
        return ""
    return f"""
; --- on the phone's leg: the recording of a talk, and the codes by which either side stops or pauses it ---
[acd-record]
exten => start,1,Set(ACD_FILE=${{ACD_LEG}}-${{ARG1}}-${{UNIQUEID}}.wav)
 same => n,MixMonitor(${{ACD_FILE}},i(ACD_TAPE))
{_told(STARTED)}
 same => n,Return()
exten => stop,1,GotoIf($["${{ACD_TAPE}}${{ACD_PAUSED}}"=""]?over)
 same => n,ExecIf($["${{ACD_TAPE}}"!=""]?StopMixMonitor(${{ACD_TAPE}}))
 same => n,Set(ACD_TAPE=)
 same => n,Set(ACD_PAUSED=)
 same => n,Set(MASTER_CHANNEL(ACD_RECORD)=0)
{_told(STOPPED, "${ARG1}")}
 same => n,{_tell(STOPPED)}
 same => n(over),Return()
exten => pause,1,GotoIf($["${{ACD_PAUSED}}"="${{ARG1}}"]?resume)
 same => n,GotoIf($["${{ACD_TAPE}}"=""]?over)
 same => n,StopMixMonitor(${{ACD_TAPE}})
 same => n,Set(ACD_TAPE=)
 same => n,Set(ACD_PAUSED=${{ARG1}})
 same => n,Set(MASTER_CHANNEL(ACD_RECORD)=0)
{_told(PAUSED, "${ARG1}")}
 same => n,{_tell(PAUSED)}
 same => n(over),Return()
 same => n(resume),MixMonitor(${{ACD_FILE}},ai(ACD_TAPE))
 same => n,Set(ACD_PAUSED=)
 same => n,Set(MASTER_CHANNEL(ACD_RECORD)=1)
{_told(RESUMED, "${ARG1}")}
 same => n,{_tell(RESUMED)}
 same => n,Return()

; one half of a helper listens in on the talk, the other says a sentence into it
[acd-tell]
exten => _X.,1,Answer()
 same => n,ChanSpy(${{EXTEN}},uqSB)
 same => n,Hangup()

[acd-told]
{"".join(_sentence(what) for what in (STOPPED, PAUSED, RESUMED))}"""


def _sentence(what: str) -> str:
    return f"""\
exten => {what},1,Set(CHANNEL(language)=${{ACD_LANG}})
 same => n,Wait(0.2)
 same => n,Playback(acd/recording_{what})
 same => n,Hangup()
"""


def features(centre: Centre) -> str:
    """features.conf: a code works for the side that pressed it, and what it does runs on the phone's leg."""
    lines = ["[general]", f"featuredigittimeout = {KEY_PAUSE_MS}", "", "[applicationmap]"]
    if centre.recording.allowed:
        for what, does, code in (
            (STOPPED, "stop", centre.recording.stop_code),
            (PAUSED, "pause", centre.recording.pause_code),
        ):
            for side, where in ((BY_CALLER, "peer"), (BY_STAFF, "self")):
                lines.append(f"acd-{what}-{side} => {code},{where},Gosub(acd-record,{does},1({side}))")
    return "\n".join([*lines, ""])
