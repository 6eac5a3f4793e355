"""Opening hours as the dialplan knows them, so that it closes rightly too when it is alone.

One context asks whether it is open for this caller, and when it is next. Its tables are days: what is open on
each weekday, and on each day that is an exception, both out of the calendar of which the policy is made. No
Gosub on a caller's leg: a list of channels names the context of a call, and a subroutine's would say nothing
of where the caller stands.
"""

from datetime import date

from acd.pbx import calling, case_line, message
from acd.pbx.contexts import caught, landing, note
from config.hours import AHEAD_DAYS, EVERYBODY, Calendar, Minutes, Whose, calendar_of, whose
from config.schema import Centre
from routing.by_hand import CLOSED, OPEN
from routing.commands import BLOCKED, NOT_NOW

NOON_S = 43_200
DAY_S = 86_400


def own(centre: Centre, goes_on: str) -> str:
    """Lines that send a caller on who has chosen a concern: past its hours, if any has hours of its own."""
    by_hand = f""" same => n,Set(ACD_NEXT={goes_on})
 same => n,GotoIf($["${{ACD_HAND}}"!="" & "${{ACD_QUEUED}}"=""]?acd-hours,hand,1)
"""
    if not any(each.concern for each in whose(centre)):
        return f"{by_hand} same => n,Goto({goes_on})"
    tables = [
        f"${{DIALPLAN_EXISTS(acd-hours,w1_{table},1)}}"
        for table in ("_${ACD_CONCERN}", "${ACD_LANG}_${ACD_CONCERN}")
    ]
    return f"""{by_hand} same => n,GotoIf($[{" | ".join(tables)}]?acd-hours,s,1)
 same => n,Goto(${{ACD_NEXT}})"""


def hours(centre: Centre, today: date) -> str:
    """The contexts acd-hours and acd-closed. `today` decides for which years exceptions are written out."""
    calendar = calendar_of(centre, today)
    tables = [_table(centre, calendar, who) for who in (EVERYBODY, *whose(centre))]
    return "\n".join([_asked(centre), *tables, _closed(centre)])


def _asked(centre: Centre) -> str:
    zone = centre.centre.timezone
    table = "\n".join(
        f" same => n,ExecIf($[${{DIALPLAN_EXISTS(acd-hours,w1_{each},1)}}]?Set(ACD_TABLE={each}))"
        for each in ("${ACD_LANG}_", "_${ACD_CONCERN}", "${ACD_LANG}_${ACD_CONCERN}")
    )
    row = "d${ACD_DATE}_${ACD_TABLE}"
    by_hand = "\n".join(
        f' same => n,ExecIf($[${{REGEX("-{each}={how}-" ${{ACD_HAND}})}}]?Set(ACD_BY_HAND={how}))'
        for each in ("_", "${ACD_LANG}_", "_${ACD_CONCERN}", "${ACD_LANG}_${ACD_CONCERN}")
        for how in (OPEN, CLOSED)
    )
    ahead = "-(${ACD_LANG})?_[^=-]+=" + OPEN + "-"  # some concern of theirs, which they are still to choose
    return f"""
; --- opening hours: where to if it is open (ACD_NEXT), if not (ACD_ELSE); without that, when it is next ---
[acd-hours]
include => acd-end
; who is in line has their place, whatever the hour
exten => s,1,GotoIf($["${{ACD_QUEUED}}"!=""]?open)
 same => n,Set(ACD_ELSE=acd-closed,s,1)
 same => n,GotoIf($["${{ACD_HAND}}"!=""]?hand,1)
 same => n,Goto(look,1)
 same => n(open),Goto(${{ACD_NEXT}})
; closed or opened by hand until a time, as the daemon said last: of several the most special one counts
exten => hand,1,Set(ACD_BY_HAND=)
 same => n,GotoIf($[${{ACD_HAND_UNTIL}}>0 & ${{EPOCH}}>=${{ACD_HAND_UNTIL}}]?said)
{by_hand}
 same => n,ExecIf($["${{ACD_CONCERN}}${{ACD_QUEUED}}"="" & ${{REGEX("{ahead}" ${{ACD_HAND}})}}=1]?\
Set(ACD_BY_HAND={OPEN}))
 same => n,ExecIf($["${{ACD_QUEUED}}"="" & ${{REGEX("-drain-" ${{ACD_HAND}})}}=1]?Set(ACD_BY_HAND={CLOSED}))
 same => n(said),GotoIf($["${{ACD_BY_HAND}}"="{OPEN}"]?s,open)
 same => n,GotoIf($["${{ACD_BY_HAND}}"!="{CLOSED}"]?look,1)
; who is in line, and alone with the dialplan, is served for as long as after closing
 same => n,GotoIf($["${{ACD_QUEUED}}"!=""]?later,shut)
 same => n,Goto(acd-closed,{NOT_NOW},1)
; from noon to noon no day is lost or met twice, whatever the clock is set to between
exten => look,1,Set(ACD_NOON=${{EPOCH}})
 same => n,Set(ACD_DATE=${{STRFTIME(${{ACD_NOON}},{zone},%H-%M-%S)}})
 same => n,Set(ACD_MINUTE=$[${{CUT(ACD_DATE,-,1)}}*60+${{CUT(ACD_DATE,-,2)}}])
 same => n,Set(ACD_NOON=$[${{ACD_NOON}}-${{ACD_MINUTE}}*60-${{CUT(ACD_DATE,-,3)}}+{NOON_S}])
 same => n,Set(ACD_DAY=0)
 same => n,Set(ACD_WHY=)
 same => n,Set(ACD_OPENS=)
 same => n,Set(ACD_TABLE=_)
{table}
 same => n,Goto(day,1)
exten => day,1,Set(ACD_DATE=${{STRFTIME($[${{ACD_NOON}}+${{ACD_DAY}}*{DAY_S}],{zone},%Y%m%d-%u)}})
 same => n,Set(ACD_WEEKDAY=${{CUT(ACD_DATE,-,2)}})
 same => n,Set(ACD_DATE=${{CUT(ACD_DATE,-,1)}})
 same => n,GotoIf($[${{DIALPLAN_EXISTS(acd-hours,{row},1)}}]?{row},1)
 same => n,Goto(w${{ACD_WEEKDAY}}_${{ACD_TABLE}},1)
exten => spans,1,Set(ACD_SPAN=${{SHIFT(ACD_SPANS,+)}})
 same => n,GotoIf($["${{ACD_SPAN}}"=""]?over,1)
 same => n,GotoIf($[${{CUT(ACD_SPAN,-,2)}}<=${{ACD_MINUTE}}]?spans,1)
 same => n,GotoIf($[${{CUT(ACD_SPAN,-,1)}}>${{ACD_MINUTE}}]?later,1)
 same => n,GotoIf($["${{ACD_ELSE}}"=""]?spans,1)
 same => n,Goto(${{ACD_NEXT}})
exten => later,1,GotoIf($["${{ACD_ELSE}}"!=""]?shut)
 same => n,Set(ACD_OPENS=${{ACD_WEEKDAY}})
 same => n,ExecIf($[${{ACD_DAY}}=0]?Set(ACD_OPENS=today))
 same => n,ExecIf($[${{ACD_DAY}}=1]?Set(ACD_OPENS=tomorrow))
 same => n,ExecIf($[${{ACD_DAY}}>6]?Set(ACD_OPENS=${{ACD_DATE}}))
 same => n,Set(ACD_OPENS=opens_${{ACD_OPENS}}_${{CUT(ACD_SPAN,-,1)}})
 same => n,Goto(acd-closed,say,1)
 same => n(shut),Goto(${{ACD_ELSE}})
exten => over,1,GotoIf($["${{ACD_ELSE}}"!=""]?later,shut)
 same => n,Set(ACD_DAY=$[${{ACD_DAY}}+1])
 same => n,Set(ACD_MINUTE=-1)
 same => n,GotoIf($[${{ACD_DAY}}<={AHEAD_DAYS}]?day,1)
 same => n,Goto(acd-closed,say,1)
{caught("t", "i", "e")}"""


def _table(centre: Centre, calendar: Calendar, who: Whose) -> str:
    """Weekdays (w1 is Monday) and exceptions of these callers, with the spans in minutes of the day."""
    name = f"{who.language}_{who.concern}"
    lines = [
        f"; the days of {'everybody else' if who == EVERYBODY else name.strip('_').replace('_', ' ', 1)}"
    ]
    for weekday in range(7):
        lines.append(
            f"exten => w{weekday + 1}_{name},1,Set(ACD_SPANS={_written(calendar.usual(who, weekday))})"
        )
        lines.append(" same => n,Goto(spans,1)")
    for day in calendar.exceptions(who):
        lines.append(f"exten => d{day:%Y%m%d}_{name},1,Set(ACD_SPANS={_written(calendar.on(who, day))})")
        for begin, end, number in calendar.why(who, day):
            if not centre.closure[number - 1].say:
                continue
            within = f"${{ACD_MINUTE}}>={begin} & ${{ACD_MINUTE}}<{end}"
            lines.append(f" same => n,ExecIf($[{within}]?Set(ACD_WHY=closure_{number}))")
        lines.append(" same => n,Goto(spans,1)")
    return "\n".join(lines)


def _written(spans: Minutes) -> str:
    return "+".join(f"{begin}-{end}" for begin, end in spans)


def _closed(centre: Centre) -> str:
    week = [("", "hours")] + [(each.concern, f"hours_{each.concern}") for each in centre.hours.concern]
    named = [(concern, sound if centre.hours.week(concern).opens else "") for concern, sound in week]
    named_lines = "\n".join(
        f' same => n,ExecIf($["${{ACD_CONCERN}}"="{concern}"]?Set(ACD_HOURS={sound}))'
        for concern, sound in named[1:]
    )
    waited, none = '"${ACD_QUEUED}"!=""', '"${ACD_QUEUED}"=""'
    says = """\
 same => n,UserEvent(ACDSays,Call: ${ACD_CALL},Sound: ${ACD_SAID})
 same => n,Playback(${ACD_SAID})
"""
    leave = calling.offer(centre) + message.offer(centre)
    offers = f"""\
; what they can do instead; who is asked that hears goodbye behind it
exten => offers,1,NoOp()
{case_line.offer(centre)}\
 same => n,Goto(leave,1)
exten => leave,1,NoOp()
{leave}\
 same => n,ExecIf($["${{ACD_NOW}}"=""]?Playback(acd/goodbye))
 same => n,Goto(over,1)
"""
    goodbye = " same => n,Set(ACD_SAID=${ACD_SAID}&acd/goodbye)\n"
    offered = bool(leave or case_line.offer(centre))
    said, goes_on = (says, "offers") if offered else (f"{goodbye}{says}", "over")
    lines = f"""
; what is closed, its hours, when it opens next; who waited and is let go at last comes here by a Redirect
[acd-closed]
include => acd-end
{landing(NOT_NOW)}
 same => n,Set(ACD_NOW={NOT_NOW})
 same => n,Goto(s,1)
{landing(BLOCKED)}
 same => n,Set(ACD_NOW={BLOCKED})
 same => n,Goto(s,1)
{landing("s")}
 same => n,{note("q")}
 same => n,Set(ACD_AT=closed)
 same => n,UserEvent(ACDClosed,Call: ${{ACD_CALL}},Lang: ${{ACD_LANG}})
 same => n,StopMusicOnHold()
 same => n,GotoIf($["${{ACD_TELLS}}${{ACD_TELLS_END}}"="11"]?tells)
 same => n,GotoIf($["${{ACD_NOW}}"!=""]?now,1)
 same => n,Set(ACD_ELSE=)
 same => n,Goto(acd-hours,look,1)
; nobody stays on the line: whatever else would be said, this is
 same => n(tells),Set(ACD_SAID=${{ACD_TELLS_${{ACD_LANG}}}})
 same => n,Playback(${{IF($["${{ACD_SAID}}"=""]?acd/emergency_stock:${{ACD_SAID}})}})
 same => n,Goto(over,1)
exten => say,1,Set(ACD_HOURS={named[0][1]})
{named_lines}
 same => n,ExecIf($["${{ACD_WHY}}"=""]?Set(ACD_WHY=closed))
 same => n,ExecIf($[{waited}]?Set(ACD_WHY=turned_away))
 same => n,Set(ACD_SAID=acd/${{ACD_WHY}})
 same => n,ExecIf($[{none} & "${{ACD_HOURS}}"!=""]?Set(ACD_SAID=${{ACD_SAID}}&acd/${{ACD_HOURS}}))
 same => n,ExecIf($["${{ACD_OPENS}}"!=""]?Set(ACD_SAID=${{ACD_SAID}}&acd/${{ACD_OPENS}}))
{said}\
 same => n,Goto({goes_on},1)
; an overflow: nobody can take the call now; or this caller is not served for a while
exten => now,1,UserEvent(ACDSays,Call: ${{ACD_CALL}},Sound: acd/${{ACD_NOW}})
 same => n,Playback(acd/${{ACD_NOW}})
 same => n,GotoIf($["${{ACD_NOW}}"="{BLOCKED}"]?over,1)
 same => n,Goto({goes_on},1)
{offers if offered else ""}\
; who is not called back after all
exten => instead,1,NoOp()
{message.offer(centre)}\
 same => n,Playback(acd/goodbye)
 same => n,Goto(over,1)
exten => over,1,Set(ACD_BY=pbx)
 same => n,Hangup(16)
exten => t,1,Goto(s,1)
exten => i,1,Goto(s,1)
exten => e,1,Goto(s,1)"""
    return "\n".join(line for line in lines.splitlines() if line) + "\n"
