"""How is my case, asked by phone: number and PIN are keyed in, and the daemon names the sentence.

Neither stands in what the dialplan tells: the daemon reads both from the channel, over its own link, and they
are wiped as soon as it has answered, or did not. Where nobody answers, the caller is in line as without this.
While we are closed it is offered by a key: whoever did not wait asks the same way, and then hears what else
they can do, and goodbye.
"""

from typing import Final

from acd.pbx import consent
from agents.model import UNDETERMINED
from config import keys
from config.prompts import CASE_STATE
from config.schema import Centre

CONTEXT: Final = "acd-case-line"
EVENT: Final = "ACDCaseLine"
ASKS: Final = "asks"
KEYED: Final = "keyed"
"""Steps of the event: whether it can be asked now, and that both were keyed in."""
NUMBER: Final = "ACD_CASE_NUMBER"
PIN: Final = "ACD_CASE_PIN"
ANSWER: Final = "ACD_CASE_ANSWER"
"""Channel variables: two that the daemon reads, one that it sets."""
OPEN: Final = "open"
CLOSED: Final = "closed"
REFUSED: Final = "refused"
HEARD: Final = "heard_"
"""The daemon's answers; the state stands behind the last."""

SHUT: Final = "shut"
"""Extension of who asks while we are closed."""
OPEN_TENTHS: Final = 15
PROVED_TENTHS: Final = 30
"""So many tenths of a second the daemon has to answer each step."""
PATIENCE_S: Final = 10
STAY_S: Final = 4
SHUT_S: Final = 5
HEARD_MOST: Final = 5


def goal(centre: Centre) -> str:
    """Where a caller goes on who has a language and a concern."""
    return consent.goal(centre) if centre.case_line is None else f"{CONTEXT},s,1"


def offer(centre: Centre) -> str:
    """To who calls while we are closed, and was not in line. Lines of acd-closed."""
    rules = centre.case_line
    if rules is None:
        return ""
    new = '"${ACD_QUEUED}"=""'
    known = f'"${{ACD_LANG}}"!="" & "${{ACD_LANG}}"!="{UNDETERMINED}"'
    about = f'("${{ACD_CONCERN}}"="" | "${{ACD_CONCERN}}"="{rules.concern}")'
    return f" same => n,GotoIf($[{new} & {known} & {about}]?{CONTEXT},{SHUT},1)\n"


def _asked(step: str, tenths: int, label: str) -> str:
    return f"""\
 same => n,Set({ANSWER}=)
 same => n,UserEvent({EVENT},Call: ${{ACD_CALL}},Step: {step})
 same => n,Set(ACD_ASKED={tenths})
 same => n({label}),Set(ACD_ASKED=$[${{ACD_ASKED}}-1])
 same => n,ExecIf($["${{{ANSWER}}}"=""]?Wait(0.1))
 same => n,GotoIf($["${{{ANSWER}}}"="" & ${{ACD_ASKED}}>0]?{label})
"""


def context(centre: Centre) -> str:
    """Empty where nobody is told so."""
    rules = centre.case_line
    if rules is None:
        return ""
    tries = f"0${{ACD_CASE_TRIES}}>={rules.tries}"
    read = f"{keys.CASE_DIGITS},,1,{PATIENCE_S}"
    state = f"${{{ANSWER}:{len(HEARD)}}}"
    shut = '$["${ACD_AT}"="closed"]'
    return f"""
; --- in what state a case is, for who has its number and PIN; then they may stay in line, if we are open ---
[{CONTEXT}]
include => acd-end
exten => s,1,GotoIf($["${{ACD_CONCERN}}"!="{rules.concern}" | {tries}]?over,1)
{_asked(ASKS, OPEN_TENTHS, "whether")}\
 same => n,GotoIf($["${{{ANSWER}}}"="{CLOSED}"]?closed)
 same => n,GotoIf($["${{{ANSWER}}}"!="{OPEN}"]?over,1)
 same => n(number),Read({NUMBER},acd/case_line_number,{read})
 same => n,GotoIf($["${{{NUMBER}}}"=""]?wiped)
 same => n,Read({PIN},acd/case_line_pin,{keys.PIN_DIGITS[1]},,1,{PATIENCE_S})
{_asked(KEYED, PROVED_TENTHS, "proved")}\
 same => n(wiped),Set({PIN}=)
 same => n,GotoIf($["${{{NUMBER}}}"=""]?over,1)
 same => n,Set({NUMBER}=)
 same => n,Set(ACD_HEARD=0)
 same => n,GotoIf($["${{{ANSWER}:0:{len(HEARD)}}}"="{HEARD}"]?heard)
 same => n,GotoIf($["${{{ANSWER}}}"!="{REFUSED}"]?closed)
 same => n,Set(ACD_CASE_TRIES=$[0${{ACD_CASE_TRIES}}+1])
 same => n,GotoIf($[{tries}]?refused)
 same => n,Playback(acd/case_line_wrong)
 same => n,Goto(number)
 same => n(refused),Playback(acd/case_line_${{IF({shut}?later:refused)}})
 same => n,Goto(over,1)
 same => n(closed),Playback(acd/case_line_${{IF({shut}?later:closed)}})
 same => n,Goto(over,1)
 same => n(heard),Set(ACD_HEARD=$[${{ACD_HEARD}}+1])
 same => n,Read(ACD_KEY,acd/{CASE_STATE}_{state}&acd/case_line_${{IF({shut}?again:stay)}},1,,1,{STAY_S})
 same => n,GotoIf($["${{ACD_KEY}}"="{keys.YES}" & ${{ACD_HEARD}}<{HEARD_MOST}]?heard)
 same => n,Goto(over,1)
; closed: where it cannot be asked it is not offered
exten => {SHUT},1,GotoIf($[{tries}]?over,1)
{_asked(ASKS, OPEN_TENTHS, "offers")}\
 same => n,GotoIf($["${{{ANSWER}}}"!="{OPEN}"]?over,1)
 same => n,Read(ACD_KEY,acd/case_line_shut,1,,1,{SHUT_S})
 same => n,GotoIf($["${{ACD_KEY}}"="{keys.CASE}"]?s,number)
 same => n,Goto(over,1)
exten => over,1,Set({NUMBER}=)
 same => n,Set({PIN}=)
 same => n,GotoIf({shut}?acd-closed,leave,1)
 same => n,Goto({consent.goal(centre)})
exten => t,1,Goto(over,1)
exten => i,1,Goto(over,1)
exten => e,1,Goto(over,1)
"""
