"""From the queue to a person: hold, the dial that the daemon asks for, and the dial of a dialplan alone."""

from acd.pbx import calling, consent, display, message
from acd.pbx.contexts import NOW_MS, caught, landing, note
from acd.pbx.files import CODECS, WIDEBAND
from agents.model import UNDETERMINED
from config import keys
from config.schema import Centre

CASE_PATIENCE_S = 10
CASE_ASKED = 15
"""So often, 0.1 s apart, it is looked whether the daemon has said that it knows the case."""
BEAT_LOST_S = 6
"""Without a beat of the daemon for this long, callers are served by the dialplan alone."""
DEGRADED_RING_S = 8
ALONE_OVERTIME_S = 1_800
"""So long after closing the dialplan alone serves who was in line, where the centre's file sets no time: it
cannot see that nobody is at work any more."""
CLAIMS = 16
CLAIM_S = 0.02
"""So often and so far apart a phone that seems taken is looked at before its offer goes back: who has just
hung up is shown free a few milliseconds later."""
_OPEN = f'ExecIf($["${{ACD_OPEN}}"="1"]?{note("e${ACD_RING}", "CANCEL")})'
"""A dial or talk that a Redirect ended: nobody came back from Dial to write so."""


def hold(centre: Centre) -> str:
    """On hold: music, keys, and an eye on the daemon."""
    rules = centre.routing
    silent = f"${{EPOCH}}-${{ACD_SINCE}}>={BEAT_LOST_S}"
    known = f' & "${{ACD_LANG}}"!="{UNDETERMINED}"'
    sentences = (
        ("hold_first", ""),
        ("second_offer", known),
        ("case_offer", known),
        *([("callback_offer", known)] if centre.callback is not None else []),
        *([("message_offer", known)] if centre.message is not None else []),
        ("again_offer&acd/menu_offer", ""),
    )
    greeting = "\n".join(
        f' same => n,ExecIf($["${{ACD_GREETED}}"="{turn}"{only}]?Background(acd/{name}))'
        for turn, (name, only) in enumerate(sentences, 1)
    )
    # where a state is told for number and PIN, nobody learns here which numbers there are
    always = " | 1=1" if centre.case_line is not None else ""
    watch = f'GotoIf($["${{ACD_ALIVE}}"="${{ACD_SEEN}}" & {silent}]?acd-degraded,s,1)'
    return f"""
; --- on hold: music, and an eye on the daemon ---
[acd-hold]
include => acd-end
exten => enter,1,GotoIf($["${{ACD_QUEUED}}"!=""]?anew)
 same => n,Set(ACD_QUEUED=${{EPOCH}})
 same => n,{note("w", "${ACD_LANG}", "${ACD_CONCERN}")}
 same => n,Goto(s,1)
; from the menus again: the place in line stays, and so does the time since when
 same => n(anew),{note("n", "${ACD_LANG}", "${ACD_CONCERN}")}
 same => n,Goto(s,1)
; the talk broke: one sentence, then on as before, with the old place (ACD_QUEUED stays)
{landing("lost")}
 same => n,Set(ACD_SAY=acd/phone_lost)
 same => n,Goto(s,again)
{landing("s")}
 same => n(again),UserEvent(ACDWaiting,Call: ${{ACD_CALL}},Lang: ${{ACD_LANG}},Concern: ${{ACD_CONCERN}},\
Second: ${{ACD_SECOND}},Arrived: ${{ACD_ARRIVED}},Queued: ${{ACD_QUEUED}})
; what a Redirect left behind: the phone claimed, the dial not closed in the ledger, who hung up then
 same => n,Set(GROUP(acdring)=)
 same => n,{_OPEN}
 same => n,Set(ACD_OPEN=)
 same => n,Set(ACD_LEFT_OVER=${{CHANNEL(hangupsource)}})
 same => n,Set(ACD_AT=hold)
 same => n,Set(TIMEOUT(digit)=1)
; silence counts from the last beat that this caller saw, whatever they heard or pressed since
 same => n,ExecIf($["${{ACD_ALIVE}}"!="${{ACD_SEEN}}" | "${{ACD_SINCE}}"=""]?Set(ACD_SINCE=${{EPOCH}}))
 same => n,Set(ACD_SEEN=${{ACD_ALIVE}})
 same => n(greet),GotoIf($["${{ACD_SAY}}"!=""]?t,say)
 same => n,{watch}
; the greeting, one sentence a turn, so that a key or what the daemon has said ends one and not all
 same => n,GotoIf($[0${{ACD_GREETED}}>={len(sentences)}]?music)
 same => n,Set(ACD_GREETED=$[0${{ACD_GREETED}}+1])
{greeting}
 same => n,Goto(greet)
 same => n(music),StartMusicOnHold()
 same => n(loop),WaitExten(2)
 same => n,Goto(t,1)
; Background and not Playback: that would end the music for good and lose keys. Then s, which starts it again
exten => t,1,GotoIf($["${{ACD_AT}}"!="hold"]?s,again)
 same => n,GotoIf($["${{ACD_SAY}}"=""]?watch)
 same => n(say),Set(ACD_SAID=${{ACD_SAY}})
 same => n,Set(ACD_SAY=)
 same => n,UserEvent(ACDSays,Call: ${{ACD_CALL}},Sound: ${{ACD_SAID}})
 same => n,Background(${{ACD_SAID}})
 same => n,Goto(s,again)
 same => n(watch),GotoIf($["${{ACD_ALIVE}}"="${{ACD_SEEN}}"]?still)
 same => n,Set(ACD_SEEN=${{ACD_ALIVE}})
 same => n,Set(ACD_SINCE=${{EPOCH}})
 same => n,Goto(s,loop)
 same => n(still),GotoIf($[{silent}]?acd-degraded,s,1)
 same => n,Goto(s,loop)
exten => {keys.SECOND},1,GotoIf($["${{ACD_LANG}}"="{UNDETERMINED}"]?s,loop)
 same => n,Set(ACD_SECOND=${{IF($["${{ACD_LANG}}"="{rules.second_language}"]?\
{rules.second_language_for_it}:{rules.second_language})}})
 same => n,{note("s", "${ACD_SECOND}")}
 same => n,UserEvent(ACDSecond,Call: ${{ACD_CALL}},Lang: ${{ACD_SECOND}})
 same => n,{watch}
 same => n,Background(acd/second_added)
 same => n,Goto(s,again)
exten => {keys.CASE},1,GotoIf($["${{ACD_LANG}}"="{UNDETERMINED}"]?s,loop)
 same => n,Set(ACD_ACK=)
 same => n,StartMusicOnHold()
 same => n,Read(ACD_CASE,,{keys.CASE_DIGITS},,1,{CASE_PATIENCE_S})
 same => n,GotoIf($["${{ACD_CASE}}"=""]?s,again)
 same => n,UserEvent(ACDCase,Call: ${{ACD_CALL}},Case: ${{ACD_CASE}})
; the daemon says whether anybody knows it; where it does not say so soon, nothing is promised
 same => n,Set(ACD_CASE={CASE_ASKED})
 same => n(asked),GotoIf($["${{ACD_ACK}}"!="" | ${{ACD_CASE}}<=0]?told)
 same => n,Set(ACD_CASE=$[${{ACD_CASE}}-1])
 same => n,Wait(0.1)
 same => n,Goto(asked)
 same => n(told),Set(ACD_CASE=${{IF($["${{ACD_ACK}}"="ok"]?noted:unknown)}})
 same => n,ExecIf($["${{ACD_ACK}}"=""{always}]?Set(ACD_CASE=taken))
 same => n,UserEvent(ACDSays,Call: ${{ACD_CALL}},Sound: acd/case_${{ACD_CASE}})
 same => n,Background(acd/case_${{ACD_CASE}})
 same => n,Goto(s,again)
{calling.key(centre)}\
{message.key(centre)}\
; the greeting again; the daemon says how it stands by now, and is heard behind its first sentence
exten => {keys.AGAIN},1,Set(ACD_GREETED=0)
 same => n,UserEvent(ACDAgain,Call: ${{ACD_CALL}})
 same => n,Goto(s,again)
; the menus again; whoever presses nothing there is back with what they had
exten => {keys.MENU},1,Set(ACD_AT=menu)
 same => n,Set(ACD_GREETED=0)
 same => n,UserEvent(ACDMenu,Call: ${{ACD_CALL}})
 same => n,StopMusicOnHold()
 same => n,Goto(acd-language,s,1)
exten => i,1,GotoIf($["${{ACD_AT}}"!="hold"]?s,again)
 same => n,Goto(s,loop)
exten => e,1,Goto(s,again)
"""


def _dial(centre: Centre, ring_s: int) -> str:
    """Ring ACD_PHONE, which is claimed, and go on with whatever becomes of it.

    Option g comes back here when the phone's side ends a talk, so that a phone that dies at once or at all
    never takes the caller along. Who is redirected or hangs up does not come back.

    A talk lasts from when both can talk until Dial is over: what is written down may wait for a disk.
    """
    short_ms = centre.staffing.short_talk_seconds * 1000
    contact = "${PJSIP_AOR(${ACD_PHONE},contact)}"
    wide = f'${{IF($["${{CHANNEL(audionativeformat)}}"="({WIDEBAND})"]?1)}}'
    return f"""\
 same => n,Set(ACD_RING=$[0${{ACD_RING}}+1])
 same => n,Set(ACD_OPEN=1)
 same => n,{note("r${ACD_RING}", "${ACD_PHONE}", "${ACD_OFFER}")}
 same => n,Set(__ACD_LEG=${{ACD_CALL}})
{consent.callers_codes(centre)}\
 same => n,Set(ACD_CONTACT={contact})
 same => n,Set(ACD_BEGAN=)
 same => n,Set(ACD_CAUSE=1)
 same => n,Dial(PJSIP/${{ACD_PHONE}},{ring_s},\
gmb(acd-leg^s^1(${{ACD_OFFER}}^${{ACD_RECORD}}^{wide}^{display.text()}))\
U(acd-ans^${{ACD_OFFER}}^${{ACD_RECORD}}^${{ACD_RING}}))
 same => n,Set(ACD_OVER={NOW_MS})
 same => n,Set(ACD_CAUSE=${{HANGUPCAUSE}})
 same => n,Set(ACD_OPEN=)
; not ANSWEREDTIME_MS: that counts from the caller's own answer, long ago in the menu
 same => n,Set(ACD_TALKED=0)
 same => n,ExecIf($["${{ACD_BEGAN}}"!=""]?Set(ACD_TALKED=$[${{ACD_OVER}}-${{ACD_BEGAN}}]))
 same => n,{note("e${ACD_RING}", "${DIALSTATUS}", "${ACD_TALKED}")}
 same => n,GotoIf($["${{DIALSTATUS}}"!="ANSWER"]?after)
 same => n,GotoIf($[${{ACD_TALKED}}<{short_ms}]?after)
; Asterisk ends a talk too, when nobody answers its session refresh, and no cause tells that from a phone's
; own goodbye. But a phone that died is unreachable by now, or has registered anew from elsewhere.
 same => n,GotoIf($["{contact}"="" | "{contact}"!="${{ACD_CONTACT}}"]?acd-hold,lost,1)
 same => n,GotoIf($["${{PJSIP_CONTACT(${{ACD_CONTACT}},status)}}"="Unreachable"]?acd-hold,lost,1)
 same => n,Set(ACD_BY=staff)
 same => n,Hangup(16)
 same => n(after),UserEvent(ACDAfterDial,Call: ${{ACD_CALL}},Offer: ${{ACD_OFFER}},Status: ${{DIALSTATUS}},\
Talked: ${{ACD_TALKED}})"""


def connect(centre: Centre) -> str:
    """To the person whom the daemon names."""
    busy = 'REGEX("^(RINGING|INUSE|RINGINUSE|BUSY|ONHOLD)$" ${DEVICE_STATE(PJSIP/${ACD_PHONE})})'
    return f"""
; --- to a person: the daemon redirects here, to OFFER*TERM*PHONE ---
[acd-connect]
include => acd-end
{landing("_X.")}
 same => n,{_OPEN}
 same => n,Set(ACD_OPEN=)
 same => n,Set(ACD_AT=connect)
 same => n,Set(ACD_OFFER=${{CUT(EXTEN,*,1)}})
 same => n,Set(ACD_PHONE=${{CUT(EXTEN,*,3)}})
 same => n,GotoIf($[${{CUT(EXTEN,*,2)}} < 0${{ACD_TERM}}]?stale)
; Nobody else rings or uses this phone: claim first, look then. Of two who claim at once both see two and
; both step back, so that no phone is rung twice, and nobody can keep a lock that others wait for. A claim is
; the channel's group: it lasts while the phone rings and talks, and is gone with the channel.
 same => n,Set(ACD_ASKED=1)
 same => n(claim),Set(GROUP(acdring)=${{ACD_PHONE}})
 same => n,GotoIf($[${{GROUP_COUNT(${{ACD_PHONE}}@acdring)}}>1]?held)
 same => n,GotoIf($[${{{busy}}}=0]?free)
 same => n(held),Set(GROUP(acdring)=)
 same => n,GotoIf($[${{ACD_ASKED}}>={CLAIMS}]?taken)
 same => n,Set(ACD_ASKED=$[${{ACD_ASKED}}+1])
 same => n,Wait({CLAIM_S})
 same => n,Goto(claim)
 same => n(free),NoOp()
{_dial(centre, centre.staffing.ring_seconds)}
 same => n,Goto(acd-hold,s,1)
 same => n(taken),UserEvent(ACDAfterDial,Call: ${{ACD_CALL}},Offer: ${{ACD_OFFER}},Status: TAKEN)
 same => n,Goto(acd-hold,s,1)
 same => n(stale),UserEvent(ACDStale,Call: ${{ACD_CALL}},Offer: ${{ACD_OFFER}},Term: ${{CUT(EXTEN,*,2)}})
 same => n,Goto(acd-hold,s,1)
{caught("t", "i", "e")}

; on the phone's leg, before it rings
[acd-leg]
exten => s,1,Set(ACD_OFFER=${{ARG1}})
 same => n,Set(ACD_RANG=${{EPOCH}})
; a wideband caller's phone is offered that first, else what most callers have (files.CODECS)
 same => n,ExecIf($["${{ARG3}}"="1"]?Set(PJSIP_MEDIA_OFFER(audio)=!all,{WIDEBAND},{CODECS}))
{display.shown(centre, "ARG4")}\
{consent.phones_codes(centre)}\
 same => n,Return()

; on the phone's leg, when it is answered
[acd-ans]
exten => s,1,Set(ACD_ANSWERED=${{EPOCH}})
{consent.answered(centre)}\
 same => n,{note("t${ARG3}", call="ACD_LEG")}
 same => n,Set(MASTER_CHANNEL(ACD_BEGAN)={NOW_MS})
{consent.begins(centre)}\
 same => n,Return()
"""


def degraded(centre: Centre) -> str:
    """Alone: whoever was on duty is rung."""
    minutes = centre.hours.after_closing_minutes
    overtime_s = ALONE_OVERTIME_S if minutes is None else minutes * 60
    return f"""
; --- alone: ring whoever was on duty, each phone once at a time, until the daemon beats again ---
[acd-degraded]
include => acd-end
exten => s,1,UserEvent(ACDDegraded,Call: ${{ACD_CALL}})
 same => n,ExecIf($["${{ACD_ALONE}}"=""]?{note("d")})
 same => n,Set(ACD_ALONE=1)
 same => n,Set(ACD_AT=degraded)
 same => n,Set(ACD_OFFER=0)
 same => n,Set(ACD_SEEN=${{ACD_ALIVE}})
 same => n(top),GotoIf($["${{ACD_ALIVE}}"!="${{ACD_SEEN}}"]?acd-hold,s,1)
 same => n,Set(L=${{ACD_PHONES_${{ACD_LANG}}}})
 same => n,ExecIf($["${{L}}"=""]?Set(L=${{ACD_PHONES}}))
 same => n(pick),Set(GROUP(acdring)=)
 same => n,Set(ACD_PHONE=${{SHIFT(L)}})
 same => n,GotoIf($["${{ACD_PHONE}}"=""]?rest)
 same => n,GotoIf($[${{REGEX(":${{ACD_PHONE}}:" ${{ACD_TRIED}})}}=1]?pick)
 same => n,GotoIf($["${{DEVICE_STATE(PJSIP/${{ACD_PHONE}})}}"!="NOT_INUSE"]?pick)
 same => n,Set(GROUP(acdring)=${{ACD_PHONE}})
 same => n,GotoIf($[${{GROUP_COUNT(${{ACD_PHONE}}@acdring)}}>1]?pick)
; claimed, as in acd-connect; a phone that another began to use between look and claim is shown so by now
 same => n,GotoIf($["${{DEVICE_STATE(PJSIP/${{ACD_PHONE}})}}"!="NOT_INUSE"]?pick)
 same => n,Set(ACD_TRIED=${{ACD_TRIED}}:${{ACD_PHONE}}:)
{_dial(centre, DEGRADED_RING_S)}
 same => n,GotoIf($["${{DIALSTATUS}}"="ANSWER"]?acd-hold,s,1)
 same => n,Goto(top)
; every free phone was tried: one that does not answer never stands before the others
 same => n(rest),Set(ACD_TRIED=)
; after closing who is in line is served for a while yet
 same => n,Set(ACD_NEXT=acd-degraded,s,open)
 same => n,Set(ACD_ELSE=acd-degraded,s,shut)
 same => n,Goto(acd-hours,${{IF($["${{ACD_HAND}}"!=""]?hand:look)}},1)
 same => n(shut),ExecIf($["${{ACD_SHUT}}"=""]?Set(ACD_SHUT=${{EPOCH}}))
 same => n,GotoIf($[${{EPOCH}}-${{ACD_SHUT}}>={overtime_s}]?acd-closed,s,1:on)
 same => n(open),Set(ACD_SHUT=)
 same => n(on),WaitExten(1,m)
 same => n,Goto(top)
exten => t,1,Goto(s,top)
exten => i,1,Goto(s,top)
exten => e,1,Goto(s,top)
"""
