"""From outside to the queue: the trunk, and the menus of language and concern."""

from collections.abc import Sequence

from acd.pbx import case_line, opening_hours
from acd.pbx.contexts import caught, note
from agents.model import UNDETERMINED
from config import menu
from config.schema import Centre

PATIENCE_S = 10
"""How long a menu waits for a key."""
MENU_BOUND_S = 22
"""Whoever presses nothing useful is sent on by then, counted from the first end of the language menu."""
WRONG_KEY_S = 9
"""An upper bound for the length of the sentence about a wrong key."""
TRIES = 3
RESPONSE_S = 0.2
"""Who lost the step they were on gets t after so long, and t leads on."""


def trunk(centre: Centre) -> str:
    """Where calls come in, and the begin of each."""
    lines = ["; --- from outside ---", "[acd-trunk]"]
    for number in dict.fromkeys([centre.centre.hotline, *centre.centre.numbers]):
        lines.append(f"exten => {number},1,Set(ACD_LINE={centre.centre.hotline})")
        lines.append(" same => n,Goto(acd-entry,s,1)")
    lines.append("exten => _[+0-9].,1,Hangup(1)")
    lines += [f"exten => {each},1,Goto(acd-entry,s,1)" for each in "tie"]
    lines.append(
        f"""
[acd-entry]
include => acd-end
exten => s,1,Answer()
 same => n,Set(TIMEOUT(response)={RESPONSE_S})
 same => n,Set(ACD_CALL=${{UNIQUEID}})
 same => n,Set(ACD_AT=menu)
 same => n,Set(ACD_ARRIVED=${{EPOCH}})
 same => n,{note("a", "${ACD_LINE}")}
 same => n,Set(CHANNEL(language)={UNDETERMINED})
 same => n,UserEvent(ACDEntry,Call: ${{ACD_CALL}},Line: ${{ACD_LINE}})
 same => n,Goto(acd-language,s,1)
{caught("t", "i", "e")}"""
    )
    return "\n".join(lines)


def choices(context: str, variable: str, values: Sequence[str]) -> list[str]:
    """What each key does on each page (ACD_PAGE). A key that the page does not have is a wrong one."""
    found = menu.pages(len(values))
    goal = "p${ACD_PAGE}k${EXTEN}"
    lines = [f"exten => _X,1,GotoIf($[${{DIALPLAN_EXISTS({context},{goal},1)}}]?{goal},1)"]
    lines.append(" same => n,Goto(i,1)")
    for number, page in enumerate(found, start=1):
        for entry in page:
            lines.append(f"exten => p{number}k{entry.key},1,Set({variable}={values[entry.place]})")
            lines.append(" same => n,Goto(chosen,1)")
        if len(found) > 1:
            lines.append(f"exten => p{number}k{menu.MORE},1,Set(ACD_PAGE={number % len(found) + 1})")
            lines.append(" same => n,Set(ACD_UNTIL=0)")
            lines.append(" same => n,Goto(s,menu)")
    return lines


def language(centre: Centre) -> str:
    """The language, each offered in itself."""
    lines = [
        f"""
; --- the language, each offered in itself; * repeats; silence and wrong keys lead on, never out ---
[acd-language]
include => acd-end
exten => s,1,Set(ACD_TRIES=0)
 same => n,Set(ACD_UNTIL=0)
 same => n,Set(ACD_PAGE=1)
 same => n,Background(acd/${{IF($["${{ACD_QUEUED}}"=""]?greeting:back_to_menu)}})
 same => n,Set(CHANNEL(language)={UNDETERMINED})
 same => n(menu),Background(acd/language_menu_${{ACD_PAGE}})
 same => n(key),ExecIf($[${{ACD_UNTIL}}=0]?Set(ACD_UNTIL=$[${{EPOCH}}+{MENU_BOUND_S}]))
 same => n,Set(ACD_LEFT=$[${{ACD_UNTIL}}-${{EPOCH}}])
 same => n,GotoIf($[${{ACD_LEFT}}<=0]?none,1)
 same => n,WaitExten(${{IF($[${{ACD_LEFT}}<{PATIENCE_S}]?${{ACD_LEFT}}:{PATIENCE_S})}})
 same => n,Goto(none,1)
exten => t,1,Goto(none,1)
exten => e,1,Goto(none,1)
exten => *,1,Set(ACD_UNTIL=0)
 same => n,Goto(s,menu)
exten => i,1,Set(ACD_TRIES=$[${{ACD_TRIES}}+1])
 same => n,ExecIf($[${{ACD_UNTIL}}=0]?Set(ACD_UNTIL=$[${{EPOCH}}+{MENU_BOUND_S}]))
 same => n,GotoIf($[${{ACD_TRIES}}>={TRIES} | ${{EPOCH}}+{WRONG_KEY_S}>${{ACD_UNTIL}}]?none,1)
 same => n,Background(acd/wrong_key)
 same => n,Goto(s,key)
exten => none,1,GotoIf($["${{ACD_QUEUED}}"!=""]?stays)
 same => n,Set(ACD_LANG={UNDETERMINED})
 same => n,Set(ACD_CONCERN=other)
 same => n,Set(ACD_NEXT=acd-hold,enter,1)
 same => n,Goto(known,1)
; who was on hold before is there again, as they were
 same => n(stays),Set(CHANNEL(language)=${{ACD_LANG}})
 same => n,Goto(acd-hold,s,1)
exten => chosen,1,Set(CHANNEL(language)=${{ACD_LANG}})
 same => n,Set(ACD_NEXT=acd-concern,s,1)
 same => n,Goto(known,1)
exten => known,1,{note("l", "${ACD_LANG}")}
 same => n,UserEvent(ACDLanguage,Call: ${{ACD_CALL}},Lang: ${{ACD_LANG}})
 same => n,GotoIf($["${{ACD_TELLS}}"="1"]?acd-announced,s,1)
 same => n,Goto(acd-hours,s,1)""".strip()
    ]
    return "\n".join([*lines, *choices("acd-language", "ACD_LANG", centre.languages)])


ANNOUNCED = """
; --- an emergency announcement, in the language chosen; any key leads on, unless it ends calls ---
[acd-announced]
include => acd-end
exten => s,1,Set(ACD_SAID=${ACD_TELLS_${ACD_LANG}})
 same => n,ExecIf($["${ACD_SAID}"=""]?Set(ACD_SAID=acd/emergency_stock))
 same => n,UserEvent(ACDTells,Call: ${ACD_CALL},Sound: ${ACD_SAID})
 same => n,GotoIf($["${ACD_TELLS_END}"="1"]?acd-closed,s,1)
 same => n,Background(${ACD_SAID})
 same => n,Goto(acd-hours,s,1)
exten => _[0-9*#],1,Goto(acd-hours,s,1)
exten => t,1,Goto(acd-hours,s,1)
exten => i,1,Goto(acd-hours,s,1)
exten => e,1,Goto(acd-hours,s,1)
"""


def concern(centre: Centre) -> str:
    """The concern, in the language chosen."""
    lines = [
        f"""
; --- the concern, in the language chosen ---
[acd-concern]
include => acd-end
exten => s,1,Set(ACD_TRIES=0)
 same => n,Set(ACD_PAGE=1)
 same => n(menu),Background(acd/concern_menu_${{ACD_PAGE}})
 same => n(key),WaitExten({PATIENCE_S})
 same => n,Goto(none,1)
exten => t,1,Goto(none,1)
exten => e,1,Goto(none,1)
exten => *,1,Goto(s,menu)
exten => i,1,Set(ACD_TRIES=$[${{ACD_TRIES}}+1])
 same => n,GotoIf($[${{ACD_TRIES}}>={TRIES}]?none,1)
 same => n,Background(acd/wrong_key)
 same => n,Goto(s,key)
exten => none,1,ExecIf($["${{ACD_CONCERN}}"=""]?Set(ACD_CONCERN=other))
 same => n,Goto(chosen,1)
exten => chosen,1,UserEvent(ACDConcern,Call: ${{ACD_CALL}},Concern: ${{ACD_CONCERN}})
{opening_hours.own(centre, case_line.goal(centre))}""".strip()
    ]
    return "\n".join([*lines, *choices("acd-concern", "ACD_CONCERN", centre.concerns)])
