"""Whom we call back: the person's phone first, who hears whom they are to call; then the caller's own.

The daemon originates the phone's leg into acd-callback under an id of ours, cbOFFER. What becomes of it is
written down under that id, so that a daemon that was away calls nobody twice.
"""

import re
from typing import Final

from acd.pbx import message
from acd.pbx.contexts import NOW_MS, note
from acd.pbx.display import NOBODY as NOBODY
from agents.model import UNDETERMINED
from config import keys
from config.schema import Centre
from routing.callback import HEARD, SKIPPED

CONTEXT: Final = "acd-callback"
ID: Final = re.compile(r"cb([0-9]{1,19})")
"""The Uniqueid of the phone's leg, with its offer."""

LIFTED: Final = "l"
CALLED: Final = "d"
ANSWERED: Final = "t"
OVER: Final = "o"
"""Letters of the ledger's lines."""

ASK: Final = "acd-ask-callback"
PROMISED: Final = "acd-promised"
DIALLED_LEAST: Final = 6
"""A caller id with fewer digits is no number that can be called."""
DIALLED_MOST: Final = 20
KEYED_PATIENCE_S: Final = 10
ANSWER_TENTHS: Final = 30
"""So many tenths of a second the daemon has to say what becomes of it."""
ASKED: Final = 3
PATIENCE_S: Final = 8


def channel_id(offer: int) -> str:
    """Under which the phone's leg of this offer is known."""
    return f"cb{offer}"


def offer_of(uid: str) -> int:
    """The offer of a phone's leg by its Uniqueid; 0 if it is none of a callback."""
    found = ID.fullmatch(uid)
    return int(found[1]) if found else 0


def _over(status: str) -> str:
    """Both ways to say how it ended: to whoever hears, and for whoever was away."""
    return (
        f" same => n,{note(OVER, status, '${ACD_SIP}')}\n"
        f" same => n,UserEvent(ACDCalledBack,Call: ${{ACD_CALL}},Offer: ${{ACD_OFFER}},Status: {status},"
        "Talked: ${ACD_TALKED},Sip: ${ACD_SIP})\n"
    )


def _heard(centre: Centre, brief: str) -> str:
    """Of a message: it is played, and a key says what becomes of it."""
    if centre.message is None:
        return ""
    sound = message.path(centre)
    asked = "acd/message_again&acd/message_done"
    return f"""\
 same => n,GotoIf($["${{ACD_FILE}}"=""]?call)
 same => n,Set(ACD_ASKED=0)
 same => n,Playback({brief})
 same => n(hear),Set(ACD_ASKED=$[${{ACD_ASKED}}+1])
 same => n,Set(ACD_CALLS=${{IF($["${{ACD_TO}}"=""]?:acd/message_call&)}})
 same => n,Read(ACD_KEY,{sound}&${{ACD_CALLS}}{asked},1,,1,{PATIENCE_S})
 same => n,GotoIf($["${{ACD_KEY}}"="{keys.YES}"]?dial)
 same => n,Set(ACD_STATUS={HEARD})
 same => n,GotoIf($["${{ACD_KEY}}"="{keys.DONE}"]?over)
 same => n,Set(ACD_STATUS={SKIPPED})
 same => n,GotoIf($[${{ACD_ASKED}}<{ASKED}]?hear:over)
 same => n(call),NoOp()
"""


def context(centre: Centre) -> str:
    """Empty where nobody is called back."""
    rules, trunk = centre.callback, centre.trunk
    if rules is None or trunk is None:
        return ""
    brief = "acd/${ACD_WHAT}_brief_${ACD_LANG}&acd/callback_concern_${ACD_CONCERN}${ACD_SPELT}"
    heard = _heard(centre, brief)
    if rules.lift_dials:
        ask = f" same => n,Playback({brief})\n same => n,Goto(dial)\n"
    else:
        ask = f"""\
 same => n,Set(ACD_ASKED=0)
 same => n(ask),Set(ACD_ASKED=$[${{ACD_ASKED}}+1])
 same => n,Read(ACD_KEY,{brief}&acd/callback_press,1,,1,{PATIENCE_S})
 same => n,GotoIf($["${{ACD_KEY}}"="{keys.YES}"]?dial)
 same => n,GotoIf($[${{ACD_ASKED}}<{ASKED}]?ask)
 same => n,Set(ACD_STATUS={SKIPPED})
 same => n,Goto(over)
"""
    return f"""
; --- a callback: on the phone of who is to call, once they lifted. ACD_TO is whom, never written down ---
[{CONTEXT}]
exten => s,1,NoOp()
 same => n,Set(ACD_TALKED=0)
 same => n,Set(CHANNEL(language)=de)
 same => n,{note(LIFTED, "${CHANNEL(endpoint)}", "${ACD_VISIT}")}
 same => n,UserEvent(ACDLifted,Call: ${{ACD_CALL}},Offer: ${{ACD_OFFER}},Phone: ${{CHANNEL(endpoint)}})
; a case number is read out if it is one, else it is seen at the desk
 same => n,Set(ACD_SPELT=)
 same => n,GotoIf($["${{ACD_CASE}}"=""]?known)
 same => n,Set(ACD_SPELT=&acd/callback_case_shown)
 same => n,GotoIf($["${{FILTER(0-9,${{ACD_CASE}})}}"!="${{ACD_CASE}}"]?known)
 same => n,Set(ACD_SPELT=&acd/callback_case)
 same => n,Set(ACD_AT_DIGIT=0)
 same => n(spell),GotoIf($[${{ACD_AT_DIGIT}}>=${{LEN(${{ACD_CASE}})}}]?known)
 same => n,Set(ACD_SPELT=${{ACD_SPELT}}&acd/digit_${{ACD_CASE:${{ACD_AT_DIGIT}}:1}})
 same => n,Set(ACD_AT_DIGIT=$[${{ACD_AT_DIGIT}}+1])
 same => n,Goto(spell)
 same => n(known),NoOp()
; a message is heard first
 same => n,Set(ACD_WHAT=${{IF($["${{ACD_FILE}}"=""]?callback:message)}})
; two terms never call at once: what an older one asked for is not dialled any more
 same => n,GotoIf($[0${{ACD_ASKED_IN}} < 0${{ACD_TERM}}]?stale)
{heard}{ask} same => n(dial),GotoIf($["${{ACD_TO}}"=""]?skip)
 same => n,Set(__ACD_LEG=${{ACD_CALL}})
 same => n,Set(CALLERID(num)={trunk.caller_id or centre.centre.hotline})
 same => n,Set(CALLERID(name)=)
 same => n,Set(ACD_BEGAN=)
 same => n,Set(ACD_RANG=1)
 same => n,Dial(PJSIP/trunk/sip:${{ACD_TO}}@{trunk.provider},{rules.ring_seconds},\
gb(acd-called^s^1(${{ACD_OFFER}}^${{ACD_LANG}}))U(acd-called-ans))
 same => n,Set(ACD_STATUS=${{DIALSTATUS}})
; what the provider answered last, as "SIP 503 Service Unavailable"; nothing: 0
 same => n,ExecIf($["${{ACD_OUT}}"!=""]?Set(ACD_SIP=${{HANGUPCAUSE(${{ACD_OUT}},tech)}}))
 same => n,Set(ACD_SIP=0${{FILTER(0-9,${{ACD_SIP:4:3}})}})
 same => n,ExecIf($["${{ACD_BEGAN}}"!=""]?Set(ACD_TALKED=$[{NOW_MS}-${{ACD_BEGAN}}]))
 same => n(over),NoOp()
{_over("${ACD_STATUS}")}\
 same => n,Set(ACD_STATUS=)
 same => n,GotoIf($[${{ACD_TALKED}}>0]?bye)
 same => n,ExecIf($["${{ACD_RANG}}"="1"]?Playback(acd/callback_missing))
 same => n(bye),Hangup(16)
 same => n(stale),Hangup(16)
 same => n(skip),Set(ACD_STATUS={SKIPPED})
 same => n,Goto(over)
exten => h,1,GotoIf($["${{ACD_CALL}}"!="${{UNIQUEID}}" | ${{DB_EXISTS(acd/${{ACD_CALL}}/{OVER})}}]?left)
 same => n,ExecIf($["${{ACD_BEGAN}}"!=""]?Set(ACD_TALKED=$[{NOW_MS}-${{ACD_BEGAN}}]))
 same => n,Set(ACD_STATUS=${{IF($["${{ACD_BEGAN}}"=""]?CANCEL:ANSWER)}})
{_over("${ACD_STATUS}")}\
 same => n(left),Hangup()
exten => t,1,Hangup(16)
exten => i,1,Hangup(16)
exten => e,1,Hangup(16)

; on the caller's leg, before it rings
[acd-called]
exten => s,1,Set(ACD_CALLBACK=${{ARG1}})
 same => n,Set(CHANNEL(language)=${{ARG2}})
 same => n,Set(MASTER_CHANNEL(ACD_OUT)=${{CHANNEL}})
 same => n,{note(CALLED, call="ACD_LEG")}
 same => n,UserEvent(ACDCalls,Call: ${{ACD_LEG}},Offer: ${{ARG1}},Leg: ${{UNIQUEID}})
 same => n,Return()

; on the caller's leg, when it is answered: who calls
[acd-called-ans]
exten => s,1,{note(ANSWERED, call="ACD_LEG")}
 same => n,Set(MASTER_CHANNEL(ACD_BEGAN)={NOW_MS})
 same => n,Playback(acd/callback_here)
 same => n,Return()
"""


def key(centre: Centre) -> str:
    """On hold: the key that asks for it."""
    if centre.callback is None:
        return ""
    return f"""\
exten => {keys.CALLBACK},1,GotoIf($["${{ACD_LANG}}"="{UNDETERMINED}"]?s,loop)
 same => n,StopMusicOnHold()
 same => n,Set(ACD_SHUT_CALL=)
 same => n,Goto({ASK},s,1)
"""


def offer(centre: Centre) -> str:
    """To who is let go because we are closed: are we to call once we are open? Lines of acd-closed."""
    if centre.callback is None:
        return ""
    known = f'$["${{ACD_LANG}}"!="{UNDETERMINED}" & "${{ACD_LANG}}"!=""]'
    return f"""\
 same => n,Set(ACD_KEY=)
 same => n,ExecIf({known}?Read(ACD_KEY,acd/callback_closed,1,,1,5))
 same => n,Set(ACD_SHUT_CALL=1)
 same => n,GotoIf($["${{ACD_KEY}}"="{keys.CALLBACK}"]?{ASK},s,1)
"""


def asking(centre: Centre) -> str:
    """Who asks to be called back says or keys in where, and hears what becomes of it; empty where nobody is.

    They have their place in line all the while, and are connected if it is their turn. Who is not called is
    offered a message, and told of the form, as far as there are these.
    """
    if centre.callback is None:
        return ""
    withheld = (
        '$["${CALLERID(num-pres):0:7}"!="allowed" | ${LEN(${FILTER(0-9,${CALLERID(num)})})}<'
        f"{DIALLED_LEAST}]"
    )
    form = message_instead = ""
    if centre.request is not None:
        form = """\
 same => n,ExecIf($["${ACD_SPELT}"="abroad"]?Set(ACD_SAID=${ACD_SAID}&acd/callback_form))
"""
    if centre.message is not None:
        message_instead = f"""\
 same => n,GotoIf($["${{ACD_SHUT_CALL}}"!="1" & {message.possible(centre)}]?instead:said)
 same => n(instead),Read(ACD_KEY,${{ACD_SAID}}&acd/message_offer,1,,1,{message.ASK_S})
 same => n,GotoIf($["${{ACD_KEY}}"="{keys.MESSAGE}"]?{message.CONTEXT},s,1)
 same => n,Goto(back)
"""
    return f"""
; --- who wants to be called back: at which number, and whether that is possible ---
[{ASK}]
include => acd-end
exten => s,1,Set(ACD_KEYED=)
 same => n,GotoIf({withheld}?key)
 same => n,Read(ACD_KEY,acd/callback_this&acd/callback_other,1,,1,{PATIENCE_S})
 same => n,GotoIf($["${{ACD_KEY}}"="{keys.YES}"]?ask)
 same => n,GotoIf($["${{ACD_KEY}}"!="{keys.NO}"]?back)
 same => n(key),Set(ACD_TRY=0)
 same => n(anew),Set(ACD_TRY=$[${{ACD_TRY}}+1])
 same => n,GotoIf($[${{ACD_TRY}}>{ASKED}]?back)
 same => n,Read(ACD_KEYED,acd/callback_key,{DIALLED_MOST},,1,{KEYED_PATIENCE_S})
 same => n,Set(ACD_KEYED=${{FILTER(0-9,${{ACD_KEYED}})}})
 same => n,GotoIf($["${{ACD_KEYED}}"=""]?back)
 same => n,Set(ACD_SPELT=acd/callback_heard)
 same => n,Set(ACD_AT_DIGIT=0)
 same => n(spell),GotoIf($[${{ACD_AT_DIGIT}}>=${{LEN(${{ACD_KEYED}})}}]?spelt)
 same => n,Set(ACD_SPELT=${{ACD_SPELT}}&acd/digit_${{ACD_KEYED:${{ACD_AT_DIGIT}}:1}})
 same => n,Set(ACD_AT_DIGIT=$[${{ACD_AT_DIGIT}}+1])
 same => n,Goto(spell)
 same => n(spelt),Read(ACD_KEY,${{ACD_SPELT}}&acd/callback_right&acd/callback_wrong,1,,1,{PATIENCE_S})
 same => n,GotoIf($["${{ACD_KEY}}"="{keys.YES}"]?ask:anew)
; the daemon says what becomes of it; where it does not say so soon, nothing is promised
 same => n(ask),Set(ACD_ACK=)
 same => n,UserEvent(ACDCallback,Call: ${{ACD_CALL}},Number: ${{ACD_KEYED}})
 same => n,Set(ACD_KEYED=)
 same => n,Set(ACD_TRY_S={ANSWER_TENTHS})
 same => n(wait),GotoIf($["${{ACD_ACK}}"!="" | ${{ACD_TRY_S}}<=0]?told)
 same => n,Set(ACD_TRY_S=$[${{ACD_TRY_S}}-1])
 same => n,Wait(0.1)
 same => n,Goto(wait)
 same => n(told),Set(ACD_KEY=${{ACD_ACK}})
 same => n,GotoIf($["${{ACD_KEY}}"="ok" | "${{ACD_KEY}}"="again"]?{PROMISED},s,1)
 same => n,GotoIf($["${{ACD_KEY}}"="withheld" & "${{ACD_TRY}}"=""]?key)
 same => n,Set(ACD_SPELT=failed)
 same => n,ExecIf($["${{ACD_KEY}}"="full"]?Set(ACD_SPELT=full))
 same => n,ExecIf($["${{ACD_KEY}}"="not_dialled"]?Set(ACD_SPELT=abroad))
 same => n,UserEvent(ACDSays,Call: ${{ACD_CALL}},Sound: acd/callback_${{ACD_SPELT}})
 same => n,Set(ACD_SAID=acd/callback_${{ACD_SPELT}})
{form}{message_instead} same => n(said),Background(${{ACD_SAID}})
 same => n(back),Set(ACD_KEYED=)
 same => n,GotoIf($["${{ACD_SHUT_CALL}}"="1"]?acd-closed,instead,1)
 same => n,Goto(acd-hold,s,again)
exten => t,1,Goto(s,back)
exten => i,1,Goto(s,back)
exten => e,1,Goto(s,back)

[{PROMISED}]
include => acd-end
exten => s,1,Set(ACD_AT=promised)
 same => n,Set(ACD_SPELT=promised)
 same => n,ExecIf($["${{ACD_SHUT_CALL}}"="1"]?Set(ACD_SPELT=later))
 same => n,ExecIf($["${{ACD_KEY}}"="again"]?Set(ACD_SPELT=already))
 same => n,UserEvent(ACDSays,Call: ${{ACD_CALL}},Sound: acd/callback_${{ACD_SPELT}})
 same => n,Playback(acd/callback_${{ACD_SPELT}})
 same => n,Set(ACD_BY=pbx)
 same => n,Hangup(16)
exten => t,1,Goto(acd-hold,s,again)
exten => i,1,Goto(acd-hold,s,again)
exten => e,1,Goto(acd-hold,s,again)
"""
