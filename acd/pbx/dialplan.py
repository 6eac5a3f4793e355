"""From the centre to Asterisk's extensions.conf: everything a call can do without the daemon.

Each context is a state that Asterisk alone can finish. The daemon moves callers by Redirect; what it is
told, and by which words, is the contract that acd/pbx/translate.py reads.
"""

from datetime import date

from agents.model import UNDETERMINED
from config.hours import closed_days
from config.schema import DAYS, Centre

PATIENCE_S = 10
"""How long a menu waits for a key."""
MENU_BOUND_S = 22
"""Whoever presses nothing useful is sent on by then, counted from the first end of the language menu."""
WRONG_KEY_S = 9
"""An upper bound for the length of the sentence about a wrong key."""
TRIES = 3
CASE_DIGITS = 12
"""The longest case number that a caller can key in; # ends a shorter one."""
BEAT_LOST_S = 6
"""Without a beat of the daemon for this long, callers are served by the dialplan alone."""
DEGRADED_RING_S = 8
CLOSED_YEARS = 3


def extensions(centre: Centre, today: date) -> str:
    """The whole extensions.conf. `today` decides for which years holidays are written out."""
    parts = [
        _globals(),
        _trunk(centre),
        _language(centre),
        _concern(centre),
        _hours(centre, today),
        _hold(centre),
        _connect(centre),
        _degraded(centre),
        _phones(),
    ]
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def _globals() -> str:
    return """
; Rendered from the centre's configuration; changes belong there.
[general]
static=yes
writeprotect=yes
clearglobalvars=no

[globals]
ACD_TERM=0
ACD_ALIVE=0
ACD_PHONES=
"""


def _trunk(centre: Centre) -> str:
    lines = ["; --- from outside ---", "[acd-trunk]"]
    for number in dict.fromkeys([centre.centre.hotline, *centre.centre.numbers]):
        lines.append(f"exten => {number},1,Set(ACD_LINE={centre.centre.hotline})")
        lines.append(" same => n,Goto(acd-entry,s,1)")
    lines.append("exten => _[+0-9].,1,Hangup(1)")
    recorded = "1" if centre.recording.enabled else "0"
    lines.append(
        f"""
[acd-entry]
exten => s,1,Answer()
 same => n,Set(ACD_CALL=${{UNIQUEID}})
 same => n,Set(ACD_ARRIVED=${{EPOCH}})
 same => n,Set(ACD_RECORD={recorded})
 same => n,Set(CHANNEL(language)={UNDETERMINED})
 same => n,UserEvent(ACDEntry,Call: ${{ACD_CALL}},Line: ${{ACD_LINE}})
 same => n,Goto(acd-language,s,1)"""
    )
    return "\n".join(lines)


def _keys(count: int) -> list[tuple[str, int]]:
    """(extension, entry) for each key; where 1 could become 10, 1# ends it at once."""
    keys = [(str(entry), entry) for entry in range(1, count + 1)]
    longer = {key[:-1] for key, _ in keys if len(key) > 1}
    return keys + [(f"{key}#", entry) for key, entry in keys if key in longer]


def _language(centre: Centre) -> str:
    lines = [
        f"""
; --- the language, each offered in itself; * repeats; silence and wrong keys lead on, never out ---
[acd-language]
exten => s,1,Set(ACD_TRIES=0)
 same => n,Set(ACD_UNTIL=0)
 same => n,Set(TIMEOUT(digit)=2)
 same => n,Background(acd/greeting)
 same => n(menu),Background(acd/language_menu)
 same => n(key),ExecIf($[${{ACD_UNTIL}}=0]?Set(ACD_UNTIL=$[${{EPOCH}}+{MENU_BOUND_S}]))
 same => n,Set(ACD_LEFT=$[${{ACD_UNTIL}}-${{EPOCH}}])
 same => n,GotoIf($[${{ACD_LEFT}}<=0]?none,1)
 same => n,WaitExten(${{IF($[${{ACD_LEFT}}<{PATIENCE_S}]?${{ACD_LEFT}}:{PATIENCE_S})}})
exten => t,1,Goto(none,1)
exten => *,1,Set(ACD_UNTIL=0)
 same => n,Goto(s,menu)
exten => i,1,Set(ACD_TRIES=$[${{ACD_TRIES}}+1])
 same => n,ExecIf($[${{ACD_UNTIL}}=0]?Set(ACD_UNTIL=$[${{EPOCH}}+{MENU_BOUND_S}]))
 same => n,GotoIf($[${{ACD_TRIES}}>={TRIES} | ${{EPOCH}}+{WRONG_KEY_S}>${{ACD_UNTIL}}]?none,1)
 same => n,Background(acd/wrong_key)
 same => n,Goto(s,key)
exten => none,1,Set(ACD_LANG={UNDETERMINED})
 same => n,Set(ACD_CONCERN=other)
 same => n,UserEvent(ACDLanguage,Call: ${{ACD_CALL}},Lang: ${{ACD_LANG}})
 same => n,Gosub(acd-hours,s,1)
 same => n,GotoIf($["${{GOSUB_RETVAL}}"="closed"]?acd-closed,s,1)
 same => n,Goto(acd-hold,enter,1)
exten => chosen,1,Set(CHANNEL(language)=${{ACD_LANG}})
 same => n,UserEvent(ACDLanguage,Call: ${{ACD_CALL}},Lang: ${{ACD_LANG}})
 same => n,Gosub(acd-hours,s,1)
 same => n,GotoIf($["${{GOSUB_RETVAL}}"="closed"]?acd-closed,s,1)
 same => n,Goto(acd-concern,s,1)""".strip()
    ]
    for key, entry in _keys(len(centre.languages)):
        lines.append(f"exten => {key},1,Set(ACD_LANG={centre.languages[entry - 1]})")
        lines.append(" same => n,Goto(chosen,1)")
    return "\n".join(lines)


def _concern(centre: Centre) -> str:
    lines = [
        f"""
; --- the concern, in the language chosen ---
[acd-concern]
exten => s,1,Set(ACD_TRIES=0)
 same => n,Set(TIMEOUT(digit)=2)
 same => n(menu),Background(acd/concern_menu)
 same => n(key),WaitExten({PATIENCE_S})
exten => t,1,Goto(none,1)
exten => *,1,Goto(s,menu)
exten => i,1,Set(ACD_TRIES=$[${{ACD_TRIES}}+1])
 same => n,GotoIf($[${{ACD_TRIES}}>={TRIES}]?none,1)
 same => n,Background(acd/wrong_key)
 same => n,Goto(s,key)
exten => none,1,Set(ACD_CONCERN=other)
 same => n,Goto(chosen,1)
exten => chosen,1,UserEvent(ACDConcern,Call: ${{ACD_CALL}},Concern: ${{ACD_CONCERN}})
 same => n,Goto(acd-hold,enter,1)""".strip()
    ]
    for key, entry in _keys(len(centre.concerns)):
        lines.append(f"exten => {key},1,Set(ACD_CONCERN={centre.concerns[entry - 1]})")
        lines.append(" same => n,Goto(chosen,1)")
    return "\n".join(lines)


def _hours(centre: Centre, today: date) -> str:
    zone = centre.centre.timezone
    lines = [
        "; --- opening hours, so that the dialplan closes too when it is alone ---",
        "[acd-hours]",
        "exten => s,1,GotoIf($[${DIALPLAN_EXISTS(acd-closed-days,"
        f"${{STRFTIME(${{EPOCH}},{zone},%Y%m%d)}},1)}}]?closed)",
    ]
    for weekday, name in enumerate(DAYS):
        for span in centre.hours.of(weekday):
            last = span.end_minute - 1
            times = f"{span.begin:%H:%M}-{last // 60:02}:{last % 60:02}"
            lines.append(f" same => n,GotoIfTime({times},{name},*,*,{zone}?open)")
    lines += [" same => n(closed),Return(closed)", " same => n(open),Return(open)", "", "[acd-closed-days]"]
    for day in closed_days(centre, today, today.replace(year=today.year + CLOSED_YEARS, day=28)):
        lines.append(f"exten => {day:%Y%m%d},1,NoOp()")
    lines.append(
        """
[acd-closed]
exten => s,1,UserEvent(ACDClosed,Call: ${ACD_CALL},Lang: ${ACD_LANG})
 same => n,Playback(acd/closed)
 same => n,Hangup(16)"""
    )
    return "\n".join(lines)


def _hold(centre: Centre) -> str:
    rules = centre.routing
    silent = f"${{EPOCH}}-${{ACD_SINCE}}>={BEAT_LOST_S}"
    watch = f'GotoIf($["${{ACD_ALIVE}}"="${{ACD_SEEN}}" & {silent}]?acd-degraded,s,1)'
    return f"""
; --- on hold: music, and an eye on the daemon ---
[acd-hold]
exten => enter,1,Set(ACD_QUEUED=${{EPOCH}})
 same => n,Goto(s,1)
exten => s,1,UserEvent(ACDWaiting,Call: ${{ACD_CALL}},Lang: ${{ACD_LANG}},Concern: ${{ACD_CONCERN}},\
Second: ${{ACD_SECOND}},Arrived: ${{ACD_ARRIVED}},Queued: ${{ACD_QUEUED}})
 same => n,Set(TIMEOUT(digit)=1)
 same => n,Set(ACD_SEEN=${{ACD_ALIVE}})
 same => n,Set(ACD_SINCE=${{EPOCH}})
 same => n,GotoIf($["${{ACD_GREETED}}"="1"]?music)
 same => n,Set(ACD_GREETED=1)
 same => n,Background(acd/hold_first)
 same => n,{watch}
 same => n,ExecIf($["${{ACD_LANG}}"!="{UNDETERMINED}"]?Background(acd/second_offer))
 same => n,{watch}
 same => n,ExecIf($["${{ACD_LANG}}"!="{UNDETERMINED}"]?Background(acd/case_offer))
 same => n,{watch}
 same => n(music),StartMusicOnHold()
 same => n(loop),WaitExten(2)
exten => t,1,GotoIf($["${{ACD_SAY}}"=""]?watch)
 same => n,Set(ACD_SAID=${{ACD_SAY}})
 same => n,Set(ACD_SAY=)
 same => n,Background(${{ACD_SAID}})
 same => n,Goto(s,1)
 same => n(watch),GotoIf($["${{ACD_ALIVE}}"="${{ACD_SEEN}}"]?still)
 same => n,Set(ACD_SEEN=${{ACD_ALIVE}})
 same => n,Set(ACD_SINCE=${{EPOCH}})
 same => n,Goto(s,loop)
 same => n(still),GotoIf($[{silent}]?acd-degraded,s,1)
 same => n,Goto(s,loop)
exten => 1,1,GotoIf($["${{ACD_LANG}}"="{UNDETERMINED}"]?s,loop)
 same => n,Set(ACD_SECOND=${{IF($["${{ACD_LANG}}"="{rules.second_language}"]?\
{rules.second_language_for_it}:{rules.second_language})}})
 same => n,UserEvent(ACDSecond,Call: ${{ACD_CALL}},Lang: ${{ACD_SECOND}})
 same => n,Background(acd/second_added)
 same => n,Goto(s,1)
exten => 5,1,GotoIf($["${{ACD_LANG}}"="{UNDETERMINED}"]?s,loop)
 same => n,Read(ACD_CASE,,{CASE_DIGITS},,1,{PATIENCE_S})
 same => n,GotoIf($["${{ACD_CASE}}"=""]?s,1)
 same => n,UserEvent(ACDCase,Call: ${{ACD_CALL}},Case: ${{ACD_CASE}})
 same => n,Background(acd/case_noted)
 same => n,Goto(s,1)
exten => 9,1,Set(ACD_RECORD=0)
 same => n,UserEvent(ACDRecord,Call: ${{ACD_CALL}},Record: 0)
 same => n,Background(acd/no_recording)
 same => n,Goto(s,1)
exten => i,1,Goto(s,loop)
"""


def _connect(centre: Centre) -> str:
    return f"""
; --- to a person: the daemon redirects here, to OFFER*TERM*PHONE ---
[acd-connect]
exten => _X.,1,Set(ACD_OFFER=${{CUT(EXTEN,*,1)}})
 same => n,Set(ACD_PHONE=${{CUT(EXTEN,*,3)}})
 same => n,GotoIf($[${{CUT(EXTEN,*,2)}} < 0${{ACD_TERM}}]?stale)
 same => n,Set(__ACD_LEG=${{ACD_CALL}})
 same => n,Dial(PJSIP/${{ACD_PHONE}},{centre.staffing.ring_seconds},\
mb(acd-leg^s^1(${{ACD_OFFER}}))U(acd-ans^${{ACD_OFFER}}^${{ACD_RECORD}}))
 same => n,UserEvent(ACDAfterDial,Call: ${{ACD_CALL}},Offer: ${{ACD_OFFER}},Status: ${{DIALSTATUS}})
 same => n,Goto(acd-hold,s,1)
 same => n(stale),UserEvent(ACDStale,Call: ${{ACD_CALL}},Offer: ${{ACD_OFFER}},Term: ${{CUT(EXTEN,*,2)}})
 same => n,Goto(acd-hold,s,1)

; on the phone's leg, before it rings
[acd-leg]
exten => s,1,Set(ACD_OFFER=${{ARG1}})
 same => n,Set(ACD_RANG=${{EPOCH}})
 same => n,Return()

; on the phone's leg, when it is answered; only this leg hears both voices to the end
[acd-ans]
exten => s,1,Set(ACD_ANSWERED=${{EPOCH}})
 same => n,ExecIf($["${{ARG2}}"="1"]?MixMonitor(${{ARG1}}-${{UNIQUEID}}.wav))
 same => n,UserEvent(ACDAnswered,Call: ${{ACD_LEG}},Offer: ${{ARG1}})
 same => n,Return()
"""


def _degraded(centre: Centre) -> str:
    return f"""
; --- alone: ring whoever was on duty, each phone once at a time, until the daemon beats again ---
[acd-degraded]
exten => s,1,UserEvent(ACDDegraded,Call: ${{ACD_CALL}})
 same => n,Set(ACD_SEEN=${{ACD_ALIVE}})
 same => n(top),GotoIf($["${{ACD_ALIVE}}"!="${{ACD_SEEN}}"]?acd-hold,s,1)
 same => n,Set(L=${{ACD_PHONES_${{ACD_LANG}}}})
 same => n,ExecIf($["${{L}}"=""]?Set(L=${{ACD_PHONES}}))
 same => n,Set(DS=)
 same => n,GotoIf($["${{LOCK(acdpick)}}"!="1"]?rest)
 same => n(pick),Set(P=${{SHIFT(L)}})
 same => n,GotoIf($["${{P}}"=""]?picked)
 same => n,GotoIf($["${{DEVICE_STATE(PJSIP/${{P}})}}"!="NOT_INUSE"]?pick)
 same => n,GotoIf($["${{GROUP_COUNT(${{P}}@acdring)}}"!="0"]?pick)
 same => n,Set(DS=PJSIP/${{P}})
 same => n,Set(GROUP(acdring)=${{P}})
 same => n(picked),Set(X=${{UNLOCK(acdpick)}})
 same => n,GotoIf($["${{DS}}"=""]?rest)
 same => n,Set(__ACD_LEG=${{ACD_CALL}})
 same => n,Dial(${{DS}},{DEGRADED_RING_S},mb(acd-leg^s^1(0))U(acd-ans^0^${{ACD_RECORD}}))
 same => n,Set(GROUP(acdring)=)
 same => n(rest),WaitExten(1,m)
exten => t,1,Goto(s,top)
exten => i,1,Goto(s,top)
"""


def _phones() -> str:
    lines = ["; --- what phones of the staff may dial: feature codes, nothing else ---", "[acd-phones]"]
    for code, action in (("*41", "login"), ("*42", "logout"), ("*43", "ready"), ("*44", "notready")):
        lines.append(f"exten => {code},1,Set(ACD_ACTION={action})")
        lines.append(" same => n,Goto(acd-staff,s,1)")
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
 same => n,Hangup(16)"""
    )
    return "\n".join(lines)
