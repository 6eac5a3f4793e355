"""A message that a caller leaves: recorded, and told; whoever hangs up has left it too."""

from typing import Final

from acd.pbx.contexts import note
from acd.pbx.place import RECORDINGS
from config import keys
from config.schema import Centre

CONTEXT: Final = "acd-message"
NOTE: Final = "g"
"""Letter of the ledger's line."""
ENDING: Final = "-message"
"""Of a file's name, behind the caller's Uniqueid."""
FULL: Final = "ACD_FULL"
"""A global that the daemon sets: as many wait to be heard as may."""
SILENCE_S: Final = 5
LEAST_BYTES: Final = 24_000
"""About a second and a half of 8 kHz, 16 bit: what is shorter was none."""
ASK_S: Final = 5


def offered_in(centre: Centre) -> tuple[str, ...]:
    """The languages in which a message can be left."""
    if centre.message is None:
        return ()
    return tuple(centre.message.languages) or centre.languages


def _known(centre: Centre) -> str:
    """An expression: whether this caller's language is one of these."""
    return f'$[${{REGEX("^({"|".join(offered_in(centre))})$" ${{ACD_LANG}})}}=1]'


def possible(centre: Centre) -> str:
    """An expression without its brackets: whether this caller can leave one now. Only with [message]."""
    return f'"${{{FULL}}}"!="1" & {_known(centre)}'


def path(centre: Centre) -> str:
    """Of a file, without its ending, as Asterisk sees it; ${ACD_FILE} is its name."""
    return f"{centre.pbx.folder}/{RECORDINGS}/${{ACD_FILE}}"


def key(centre: Centre) -> str:
    """On hold: the key that leads there."""
    if centre.message is None:
        return ""
    return f"""\
exten => {keys.MESSAGE},1,GotoIf($["${{{FULL}}}"="1"]?full)
 same => n,GotoIf({_known(centre)}?{CONTEXT},s,1)
 same => n,Goto(s,loop)
 same => n(full),Background(acd/callback_failed)
 same => n,Goto(s,again)
"""


def offer(centre: Centre) -> str:
    """To who is let go: a message instead. Lines of acd-closed."""
    if centre.message is None:
        return ""
    return f"""\
 same => n,Set(ACD_KEY=)
 same => n,ExecIf($[{possible(centre)}]?Read(ACD_KEY,acd/message_closed,1,,1,{ASK_S}))
 same => n,Set(ACD_SHUT_CALL=1)
 same => n,GotoIf($["${{ACD_KEY}}"="{keys.MESSAGE}"]?{CONTEXT},s,1)
"""


def _left(centre: Centre) -> str:
    """Written down, and told; nothing where it was too short."""
    long = f"$[0${{STAT(s,{path(centre)}.wav)}}>={LEAST_BYTES}]"
    return f"""\
 same => n,Set(ACD_RECORDS=)
 same => n,GotoIf({long}?left:none)
 same => n(left),{note(NOTE, "${ACD_FILE}")}
 same => n,UserEvent(ACDMessage,Call: ${{ACD_CALL}},File: ${{ACD_FILE}})
"""


def context(centre: Centre) -> str:
    """Empty where nobody leaves one."""
    if centre.message is None:
        return ""
    return f"""
; --- a message: leaving it is the consent, and the caller is told so ---
[{CONTEXT}]
include => acd-end
exten => s,1,Set(ACD_FILE=${{UNIQUEID}}{ENDING})
 same => n,StopMusicOnHold()
 same => n,Playback(acd/message_consent&acd/message_begin)
 same => n,Set(ACD_RECORDS=1)
 same => n,Record({path(centre)}.wav,{SILENCE_S},{centre.message.seconds},kq)
{_left(centre)}\
 same => n,UserEvent(ACDSays,Call: ${{ACD_CALL}},Sound: acd/message_kept)
 same => n,Playback(acd/message_kept)
 same => n,Set(ACD_BY=pbx)
 same => n,Hangup(16)
 same => n(none),UserEvent(ACDSays,Call: ${{ACD_CALL}},Sound: acd/message_none)
 same => n,Playback(acd/message_none)
 same => n,GotoIf($["${{ACD_SHUT_CALL}}"="1"]?acd-closed,over,1)
 same => n,Goto(acd-hold,s,again)
exten => t,1,Goto(acd-hold,s,again)
exten => i,1,Goto(acd-hold,s,again)
exten => e,1,Goto(acd-hold,s,again)
"""


def at_the_end(centre: Centre) -> str:
    """Of every call: whoever hung up while it was recorded has left it all the same. Lines of acd-end."""
    if centre.message is None:
        return ""
    return f"""\
 same => n,GotoIf($["${{ACD_RECORDS}}"=""]?none)
{_left(centre)}\
 same => n(none),NoOp()
"""
